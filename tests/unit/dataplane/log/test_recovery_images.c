/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients append and what a start makes of it where the power went: images of chunks, and the tag that tells them apart. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/recovery.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define CHUNKS 6u

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static uint64_t begins[CHUNKS];

static void begin(void)
{
	log_fixture_init(&fixture, 4);
	for (unsigned at = 0; at < CHUNKS; at++) {
		log_fixture_append(&fixture, 1, 6000);
		log_fixture_settle(&fixture);
		begins[at] = the_log->previous_chunk;
	}
}

static void end(void)
{
	log_fixture_fini(&fixture);
}

static void expect_done(enum wl_recovery_damage_kind kind, uint64_t tail)
{
	CU_ASSERT_EQUAL(fixture.recovery.state, WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, kind);
	CU_ASSERT_EQUAL(the_log->tail.index, tail);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
}

static void expect_refused(enum wl_recovery_damage_kind kind, uint64_t offset)
{
	CU_ASSERT_EQUAL(fixture.recovery.state, WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, kind);
	CU_ASSERT_EQUAL(fixture.recovery.damage.begin, offset);
}

#define IMAGE_BLOCKS 6u

/* What a client may know of a chunk of ours: all but the key. */
struct image {
	uint64_t offset, previous,
		durable; /* of the first block's image; the next ones are a block further */
	bool moves; /* each is of the place where it stands */
};

/* An entry in a chunk of its own, in flight. From its second block on each block of it is a perfect image of a chunk. */
static void append_images(const struct image *wanted)
{
	const uint64_t chunk_at = wl_align_up(the_log->append_offset, WL_BLOCK_BYTES);
	uint8_t *body = fixture.image + WL_ENTRY_HEADER_BYTES, block[WL_BLOCK_BYTES];
	uint32_t bytes = IMAGE_BLOCKS * WL_BLOCK_BYTES;
	size_t size = log_fixture_make_image(&fixture, 1, bytes);
	struct wl_entry_header header;

	CU_ASSERT_EQUAL(wl_entry_decode(fixture.image, size, &header), WL_ENTRY_OK);
	for (unsigned at = 1; at < IMAGE_BLOCKS; at++) {
		uint64_t place = at * WL_BLOCK_BYTES;
		uint64_t moved = wanted->moves ? (at - 1) * WL_BLOCK_BYTES : 0;
		struct wl_chunk_header chunk = {
			.binding = wl_chunk_binding(FIXTURE_CLUSTER, FIXTURE_NODE, FIXTURE_JOURNAL),
			.offset = wanted->offset + moved,
			.previous = wanted->previous,
			.durable = wanted->durable,
			.bytes = WL_BLOCK_BYTES,
			.used = WL_CHUNK_HEADER_BYTES,
		};

		memset(block, WL_CHUNK_PADDING, sizeof(block));
		chunk.body_crc = wl_crc32c(block + WL_CHUNK_HEADER_BYTES,
					   WL_BLOCK_BYTES - WL_CHUNK_HEADER_BYTES);
		wl_chunk_encode_header(block, &chunk, NULL);
		memcpy(fixture.image + place - WL_CHUNK_HEADER_BYTES, block, sizeof(block));
	}
	header.body_crc = wl_crc32c(body, header.body_bytes);
	wl_entry_encode_header(fixture.image, &header);
	CU_ASSERT_EQUAL(wl_log_append_image(the_log, fixture.image, size), WL_LOG_OK);
	log_fixture_submit(&fixture);
	CU_ASSERT_EQUAL(the_log->previous_chunk, chunk_at);
}

static void lose_first_blocks_of_write(uint32_t blocks)
{
	const struct wl_disk_request *write = &fixture.drive.pending[0].request;
	uint64_t skip = (uint64_t)blocks * WL_BLOCK_BYTES;

	memcpy(log_fixture_platter(&fixture, write->offset + skip), write->buffer + skip,
	       write->bytes - skip);
}

static void expect_images_cut(const struct image *image)
{
	begin();
	fixture.recovery.state = WL_RECOVERY_DONE;
	for (uint32_t lost = 1; lost < IMAGE_BLOCKS && fixture.recovery.state == WL_RECOVERY_DONE;
	     lost++) {
		append_images(image);
		lose_first_blocks_of_write(lost);
		log_fixture_restart(&fixture, the_log->durable_offset, false);
		expect_done(WL_DAMAGE_TORN_TAIL, CHUNKS);
	}
	end();
}

static void what_a_client_writes_decides_nothing_at_a_torn_tail(void)
{
	uint64_t here, last, before_last;

	begin();
	here = the_log->append_offset;
	last = begins[CHUNKS - 1];
	before_last = begins[CHUNKS - 2];
	end();
	/* Of the place where it stands: it knows that what is missing was durable, and follows that, or the last good chunk. */
	expect_images_cut(
		&(struct image){here + WL_BLOCK_BYTES, here, here + WL_BLOCK_BYTES, true});
	expect_images_cut(
		&(struct image){here + WL_BLOCK_BYTES, last, here + WL_BLOCK_BYTES, true});
	/* The chunk that is missing, which would stand astray. */
	expect_images_cut(&(struct image){here, last, here, false});
	/* Of an earlier place, and of a later one. */
	expect_images_cut(&(struct image){last, before_last, last, false});
	expect_images_cut(&(struct image){here + (1 << 20), here, here + (1 << 20), false});
}

/* Copied from another node, whose key nobody else has: all that a superblock knows to be durable is proved without it. */
static void whole_chunks_need_no_tag(void)
{
	uint64_t watermark;

	begin();
	watermark = the_log->durable_offset;
	fixture.config.chunk_key[0] ^= 1;
	log_fixture_restart(&fixture, watermark, false);
	expect_done(WL_DAMAGE_NONE, CHUNKS);
	*log_fixture_platter(&fixture, begins[2] + 200) ^= 0x10;
	log_fixture_restart(&fixture, watermark, false);
	expect_refused(WL_DAMAGE_ROT, begins[2]);
	memset(log_fixture_platter(&fixture, begins[2]), 0, begins[3] - begins[2]);
	log_fixture_restart(&fixture, watermark, false);
	expect_refused(WL_DAMAGE_LOST_WRITE, begins[2]);
	end();
}

WL_SUITE(recovery_images)
{
	WL_TEST(what_a_client_writes_decides_nothing_at_a_torn_tail),
	WL_TEST(whole_chunks_need_no_tag),
};
