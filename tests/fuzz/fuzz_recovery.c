/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recovery from a drive whose content was changed in any way. It ends, with DONE or REFUSED; after DONE the
 * log's invariants hold, every entry can be read back, and the log takes a next entry. A second recovery from what the
 * first one left ends in the same way.
 *
 * Input: one byte for the watermark, then changes of a valid image, each a byte that says which: a chunk's
 * header or bytes (the checksum made right or not), a block zeroed, moved, or taken from an older state of the drive.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/fuzz/input.h"
#include "tests/unit/dataplane/log/log_fixture.h"

#define SEGMENTS 2u
#define IMAGE_BYTES (192u << 10) /* all that the image fills of the first segment */
#define CHUNKS_MAX 32u

static struct log_fixture fixture;
static uint8_t valid[IMAGE_BYTES], older[IMAGE_BYTES];
static uint64_t chunk_at[CHUNKS_MAX];
static unsigned chunk_count;
static uint64_t end_of_image, ring_bytes_max;

int LLVMFuzzerInitialize(int *count, char ***arguments);

static void write_entries(uint64_t term, unsigned entries, uint32_t bytes)
{
	for (unsigned entry = 0; entry < entries; entry++)
		log_fixture_append(&fixture, term, bytes + entry * 100);
	log_fixture_settle(&fixture);
}

/* Some terms, small and large entries, and a tail that was cut away and written again. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	log_fixture_choose_sizes(1);
	log_fixture_init(&fixture, SEGMENTS);
	ring_bytes_max = fixture.config.ring_bytes;
	write_entries(1, 3, 10);
	write_entries(1, 2, 9000);
	write_entries(2, 4, 700);
	memcpy(older, fixture.drive.stable, sizeof(older));
	wl_log_truncate(&fixture.log, 6);
	write_entries(3, 3, 60);
	write_entries(3, 2, 20000);
	write_entries(4, 1, 5);
	end_of_image = fixture.log.durable_offset;
	FUZZ_PROMISE(end_of_image <= IMAGE_BYTES);
	memcpy(valid, fixture.drive.stable, sizeof(valid));
	for (uint64_t at = WL_BLOCK_BYTES; at < end_of_image; at += WL_BLOCK_BYTES) {
		struct wl_chunk_header header;

		if (chunk_count < CHUNKS_MAX &&
		    wl_chunk_decode_header(valid + at, WL_CHUNK_HEADER_BYTES, &header))
			chunk_at[chunk_count++] = at;
	}
	FUZZ_PROMISE(chunk_count >= 5);
	return 0;
}

static void repair_chunk(uint8_t *chunk, uint64_t at)
{
	uint32_t bytes = wl_load_u32(chunk + 48);
	struct wl_chunk_header header;

	if (bytes > WL_CHUNK_HEADER_BYTES && bytes <= IMAGE_BYTES - at)
		wl_store_u32(chunk + 56, wl_crc32c(chunk + WL_CHUNK_HEADER_BYTES,
						   bytes - WL_CHUNK_HEADER_BYTES));
	wl_store_u32(chunk + 60, wl_crc32c(chunk, 60));
	/* Its tag, too, but for those whose number of used bytes says otherwise: images that a client may write. */
	if (wl_chunk_decode_header(chunk, WL_CHUNK_HEADER_BYTES, &header) && header.used % 64 != 0)
		wl_chunk_encode_header(chunk, &header, fixture.config.chunk_key);
}

/* Bytes of the input over a chunk; its checksums made right where the input says so. */
static void change_chunk(struct fuzz_input *input, bool repaired)
{
	uint64_t at = chunk_at[fuzz_u8(input) % chunk_count];
	uint8_t *chunk = fixture.drive.stable + at;
	size_t place = fuzz_u8(input) < 128 ? fuzz_u8(input) % 160 : fuzz_u16(input) % 8192, bytes;
	const uint8_t *patch = fuzz_take(input, 1 + fuzz_u8(input) % 8, &bytes);

	memcpy(chunk + place, patch, bytes);
	if (repaired)
		repair_chunk(chunk, at);
}

/* One number of a chunk's header near to what it was, its checksum right. */
static void change_number(struct fuzz_input *input)
{
	uint64_t at = chunk_at[fuzz_u8(input) % chunk_count];
	uint8_t *chunk = fixture.drive.stable + at;
	unsigned field = fuzz_u8(input) % 9;

	if (field == 8)
		wl_store_u16(chunk + 6, (uint16_t)fuzz_near(input, wl_load_u16(chunk + 6)));
	else if (field < 4)
		wl_store_u64(chunk + 8 + 8 * field,
			     fuzz_near(input, wl_load_u64(chunk + 8 + 8 * field)));
	else
		wl_store_u32(chunk + 40 + 4 * (field - 4),
			     (uint32_t)fuzz_near(input, wl_load_u32(chunk + 40 + 4 * (field - 4))));
	repair_chunk(chunk, at);
}

static void change(struct fuzz_input *input)
{
	uint8_t *stable = fixture.drive.stable;
	uint8_t how = fuzz_u8(input);
	uint64_t block = fuzz_u8(input) % (IMAGE_BYTES / WL_BLOCK_BYTES);
	uint64_t sector = block * 8 + fuzz_u8(input) % 8;

	switch (how % 9) {
	case 0:
		memset(stable + block * WL_BLOCK_BYTES, 0, WL_BLOCK_BYTES);
		break;
	case 1:
		memset(stable + sector * WL_SECTOR_BYTES, how & 0x80 ? 0xa5 : 0, WL_SECTOR_BYTES);
		break;
	case 2:
		memcpy(stable + block * WL_BLOCK_BYTES, older + block * WL_BLOCK_BYTES,
		       WL_BLOCK_BYTES);
		break;
	case 3: /* misdirected */
		memcpy(stable + block * WL_BLOCK_BYTES, valid + chunk_at[how % chunk_count],
		       WL_BLOCK_BYTES);
		break;
	case 4:
		change_chunk(input, false);
		break;
	case 5:
		change_chunk(input, true);
		break;
	case 6:
		change_number(input);
		break;
	case 7: /* the end is lost, to a sector */
		memset(stable + sector * WL_SECTOR_BYTES, 0,
		       IMAGE_BYTES - sector * WL_SECTOR_BYTES);
		break;
	default:
		fixture.drive.refuses_reads_from = block * WL_BLOCK_BYTES;
		fixture.drive.refuses_reads_to = (block + 1 + how % 3) * WL_BLOCK_BYTES;
		break;
	}
}

static void read_everything(void)
{
	struct wl_reader reader;
	struct wl_reader_view view;
	uint64_t index = 1;

	wl_reader_init(&reader, &fixture.log, 1, 1);
	for (; index <= fixture.log.tail.index; index++) {
		enum wl_reader_result result =
			log_fixture_read(&fixture, &reader, fixture.log.tail.index, &view);

		/* Only a place that the drive does not give may be missing, and it is named. */
		if (result == WL_READER_DAMAGED && fixture.drive.refuses_reads_to != 0)
			return;
		FUZZ_PROMISE(result == WL_READER_ENTRY && view.header.index == index);
	}
	FUZZ_PROMISE(log_fixture_read(&fixture, &reader, UINT64_MAX, &view) == WL_READER_END);
}

static bool check_end(enum wl_recovery_state state)
{
	const struct wl_recovery *recovery = &fixture.recovery;

	FUZZ_PROMISE(state == WL_RECOVERY_DONE || state == WL_RECOVERY_REFUSED);
	FUZZ_PROMISE(wl_recovery_damage_name(recovery->damage.kind) != NULL);
	if (state == WL_RECOVERY_REFUSED) {
		FUZZ_PROMISE(recovery->damage.kind != WL_DAMAGE_NONE);
		return false;
	}
	FUZZ_PROMISE(wl_log_check(&fixture.log) == NULL);
	FUZZ_PROMISE(recovery->known_commit <= fixture.log.tail.index);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	uint8_t start = fuzz_u8(&input);
	uint64_t watermark = start & 1 ? 0 : chunk_at[start % chunk_count];
	struct wl_position tail;

	memcpy(fixture.drive.stable, valid, sizeof(valid));
	fixture.drive.refuses_reads_from = 0;
	fixture.drive.refuses_reads_to = 0;
	fixture.drive.segments = start & 2 ? 1 : SEGMENTS;
	fixture.config.ring_bytes = start & 8 ? WL_LOG_RING_BYTES_MIN : ring_bytes_max;
	while (fuzz_left(&input) != 0)
		change(&input);
	if (!check_end(log_fixture_restart(&fixture, watermark, (start & 4) != 0)))
		return 0;
	tail = fixture.log.tail;
	read_everything();
	if (start & 4)
		return 0;
	FUZZ_PROMISE(check_end(log_fixture_restart(&fixture, watermark, false)));
	FUZZ_PROMISE(wl_position_equal(fixture.log.tail, tail));
	if (tail.term == UINT64_MAX || tail.index >= UINT64_MAX - 1 ||
	    fixture.drive.refuses_reads_to != 0)
		return 0;
	log_fixture_settle(
		&fixture); /* segments whose room is kept, where the drive has lost them */
	log_fixture_append(&fixture, tail.term + 1, 100);
	log_fixture_settle(&fixture);
	FUZZ_PROMISE(wl_log_check(&fixture.log) == NULL &&
		     fixture.log.durable.index == tail.index + 1);
	return 0;
}
