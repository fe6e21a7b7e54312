/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mending of a drive whose content was changed in any way, with peers that have the live entries. It ends; only bytes of holes are
 * written; what it calls done recovery takes, and a second survey finds nothing.
 *
 * Input: one byte for the watermark and the length of runs, then changes of a valid image: a block zeroed, moved, taken from an older
 * state, not readable; bytes of a chunk, its checksums and its tag made right or not; and what peers have not got.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/fuzz/input.h"
#include "tests/unit/dataplane/mend/mend_fixture.h"

#define IMAGE_BYTES (192u << 10)
#define CHUNKS_MAX 32u

static struct mend_fixture fixture;
static uint8_t older[IMAGE_BYTES];
static uint64_t chunk_at[CHUNKS_MAX];
static unsigned chunk_count;

int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	mend_fixture_init(&fixture, 1);
	mend_fixture_chunk(&fixture, 1, 3, 10);
	mend_fixture_chunk(&fixture, 1, 2, 9000);
	mend_fixture_chunk(&fixture, 2, 4, 700);
	memcpy(older, fixture.log.drive.stable, sizeof(older));
	mend_fixture_truncate(&fixture, 6);
	mend_fixture_chunk(&fixture, 3, 3, 60);
	mend_fixture_chunk(&fixture, 3, 2, 20000);
	mend_fixture_chunk(&fixture, 4, 3, 5);
	mend_fixture_chunk(&fixture, 4, 2, 1000);
	FUZZ_PROMISE(fixture.log.log.durable_offset <= IMAGE_BYTES);
	for (uint64_t at = WL_BLOCK_BYTES; at < fixture.log.log.durable_offset;
	     at += WL_BLOCK_BYTES) {
		struct wl_chunk_header header;

		if (chunk_count < CHUNKS_MAX &&
		    wl_chunk_decode_header(memory_drive_place(&fixture.log.drive, at),
					   WL_CHUNK_HEADER_BYTES, &header))
			chunk_at[chunk_count++] = at;
	}
	/* The others are empty, and would be looked through each time. */
	fixture.log.drive.segments = 1;
	mend_fixture_save(&fixture);
	return 0;
}

/* Bytes of the input over a chunk. With its checksums right it is what another writer might have made; with the tag, our own. */
static void change_chunk(struct fuzz_input *input, bool repaired, bool tagged)
{
	uint64_t at = chunk_at[fuzz_u8(input) % chunk_count];
	uint8_t *chunk = memory_drive_place(&fixture.log.drive, at);
	size_t place = fuzz_u8(input) < 128 ? fuzz_u8(input) % 160 : fuzz_u16(input) % 8192, bytes;
	const uint8_t *patch = fuzz_take(input, 1 + fuzz_u8(input) % 8, &bytes);
	struct wl_chunk_header header;

	memcpy(chunk + place, patch, bytes);
	if (!repaired)
		return;
	if (wl_load_u32(chunk + 48) > WL_CHUNK_HEADER_BYTES &&
	    wl_load_u32(chunk + 48) <= IMAGE_BYTES - at)
		wl_store_u32(chunk + 56,
			     wl_crc32c(chunk + WL_CHUNK_HEADER_BYTES,
				       wl_load_u32(chunk + 48) - WL_CHUNK_HEADER_BYTES));
	wl_store_u32(chunk + 60, wl_crc32c(chunk, 60));
	if (tagged && wl_chunk_decode_header(chunk, WL_CHUNK_HEADER_BYTES, &header))
		wl_chunk_encode_header(chunk, &header, fixture.log.config.chunk_key);
}

static void change(struct fuzz_input *input)
{
	uint8_t *stable = fixture.log.drive.stable;
	uint8_t how = fuzz_u8(input);
	uint64_t at = fuzz_u8(input) % (IMAGE_BYTES / WL_BLOCK_BYTES) * WL_BLOCK_BYTES;
	uint64_t sector = at + fuzz_u8(input) % 8 * WL_SECTOR_BYTES;

	switch (how % 8) {
	case 0:
		memset(stable + at, 0, WL_BLOCK_BYTES);
		break;
	case 1:
		memset(stable + sector, how & 0x80 ? 0xa5 : 0, WL_SECTOR_BYTES);
		break;
	case 2:
		memcpy(stable + at, older + at, WL_BLOCK_BYTES);
		break;
	case 3:
		memcpy(stable + at, fixture.saved + chunk_at[how % chunk_count], WL_BLOCK_BYTES);
		break;
	case 4:
		change_chunk(input, false, false);
		break;
	case 5:
		change_chunk(input, true, (how & 0x80) != 0);
		break;
	case 6:
		mend_fixture_refuse_reads(&fixture, at, at + WL_BLOCK_BYTES);
		break;
	default:
		fixture.nobody_has = sector / WL_SECTOR_BYTES % (fixture.last + 2);
		break;
	}
}

static void check_done(void)
{
	enum wl_recovery_state state;

	mend_fixture_configure(&fixture);
	mend_fixture_survey(&fixture);
	FUZZ_PROMISE(fixture.survey.state == WL_SURVEY_DONE && fixture.survey.hole_count == 0);
	FUZZ_PROMISE(fixture.survey.end == WL_SURVEY_END_KNOWN);
	state = log_fixture_restart(&fixture.log, fixture.watermark, false);
	FUZZ_PROMISE(state == WL_RECOVERY_DONE);
	FUZZ_PROMISE(fixture.log.log.tail.index == fixture.survey.tail.position.index);
	FUZZ_PROMISE(fixture.log.log.tail_chain == fixture.survey.tail.chain);
	FUZZ_PROMISE(wl_log_check(&fixture.log.log) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	uint8_t start = fuzz_u8(&input);

	mend_fixture_restore(&fixture);
	fixture.watermark = start & 1 ? 0 : chunk_at[start % chunk_count];
	fixture.run_bytes = start & 2 ? 2000 : 0;
	fixture.mistaken = (start & 4) != 0;
	while (fuzz_left(&input) != 0)
		change(&input);
	FUZZ_PROMISE(!mend_fixture_mend(&fixture));
	FUZZ_PROMISE(wl_mend_state_name(fixture.mend.state) != NULL);
	FUZZ_PROMISE(fixture.mend.state != WL_MEND_FAILED);
	if (fixture.mend.state == WL_MEND_WANTS_ENTRIES)
		FUZZ_PROMISE(fixture.mend.lost);
	if (fixture.mend.state == WL_MEND_DONE)
		check_done();
	return 0;
}
