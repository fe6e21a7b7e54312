/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of docs/LOG-FORMAT.md, "Base": what is encoded is decoded, and every row of verdicts. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 300u

static struct base_fixture fixture;

/* What a base is decoded into. */
static struct {
	struct wl_state state;
	struct wl_log log;
	void *state_memory, *log_memory;
	uint8_t *ring;
} to;

static void to_make(uint32_t sessions_max)
{
	to.state_memory = malloc(wl_state_memory_bytes(sessions_max));
	to.log_memory = malloc(wl_log_memory_bytes(&fixture.log.config));
	to.ring = aligned_alloc(WL_BLOCK_BYTES, fixture.log.config.ring_bytes);
	wl_state_init(&to.state, to.state_memory, sessions_max);
	wl_log_init(&to.log, &fixture.log.config, to.ring, to.log_memory);
}

static void to_free(void)
{
	free(to.state_memory);
	free(to.log_memory);
	free(to.ring);
}

/* All blocks up to the first one that is not good. */
static enum wl_base_verdict decode(const uint8_t *bytes, uint64_t size,
				   struct wl_base_decoder *decoder)
{
	enum wl_base_verdict verdict = WL_BASE_DAMAGED;

	for (uint64_t at = 0; at < size; at += WL_BLOCK_BYTES) {
		verdict = wl_base_decode(decoder, bytes + at);
		if (verdict != WL_BASE_OK)
			return verdict;
	}
	return wl_base_decode_is_done(decoder) ? verdict : WL_BASE_DAMAGED;
}

static enum wl_base_verdict check(const uint8_t *bytes, uint64_t size)
{
	struct wl_base_decoder decoder;

	wl_base_decode_begin(&decoder, &fixture.identity, NULL, NULL, 0);
	return decode(bytes, size, &decoder);
}

static enum wl_base_verdict load(const uint8_t *bytes, uint64_t size, uint32_t sessions_max)
{
	struct wl_base_decoder decoder;
	enum wl_base_verdict verdict;

	to_make(sessions_max);
	wl_base_decode_begin(&decoder, &fixture.identity, &to.state, &to.log, 0);
	verdict = decode(bytes, size, &decoder);
	return verdict;
}

static void seal(uint8_t *block)
{
	wl_store_u32(block + WL_BLOCK_BYTES - 4, wl_crc32c(block, WL_BLOCK_BYTES - 4));
}

/* The base comes back: state, log, and the same bytes again. */
static void round_trip(void)
{
	uint64_t size, again_size;
	uint8_t *bytes = base_fixture_encode(&fixture, 7, &size);
	struct wl_base_header header = base_fixture_header(&fixture, 7);
	struct wl_base_encoder encoder;
	uint8_t *again = aligned_alloc(WL_BLOCK_BYTES, size);

	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_OK);
	CU_ASSERT_EQUAL_FATAL(load(bytes, size, SESSIONS_MAX), WL_BASE_OK);
	CU_ASSERT_EQUAL(wl_state_digest(&to.state), wl_state_digest(&fixture.state));
	CU_ASSERT_EQUAL(to.state.sessions.applied_index, fixture.commit);
	CU_ASSERT_PTR_NULL(wl_log_check(&to.log));
	CU_ASSERT_TRUE(wl_position_equal(to.log.tail, header.log.position));
	CU_ASSERT_EQUAL(to.log.tail_chain, header.log.chain);
	CU_ASSERT_EQUAL(to.log.term_count, header.log.terms);
	CU_ASSERT_EQUAL(to.log.mark_count, header.log.marks);
	CU_ASSERT_EQUAL(to.log.dead_count, header.log.dead_ranges);
	wl_base_encode_begin(&encoder, &header, &to.state, &to.log, fixture.order);
	again_size = wl_base_file_bytes(&encoder.header);
	CU_ASSERT_EQUAL_FATAL(again_size, size);
	/* One block at a time: the pieces do not matter. */
	for (uint64_t at = 0; at < size; at += WL_BLOCK_BYTES)
		CU_ASSERT_EQUAL(wl_base_encode(&encoder, again + at, WL_BLOCK_BYTES),
				WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(wl_base_encode(&encoder, again, WL_BLOCK_BYTES), 0);
	CU_ASSERT_EQUAL(memcmp(bytes, again, size), 0);
	to_free();
	free(bytes);
	free(again);
}

static void a_state_without_sessions_comes_back(void)
{
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	round_trip();
	base_fixture_fini(&fixture);
}

static void one_session_comes_back(void)
{
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	base_fixture_open_sessions(&fixture, 1);
	base_fixture_append(&fixture, 0, 100);
	base_fixture_commit_all(&fixture);
	round_trip();
	base_fixture_fini(&fixture);
}

static void a_full_table_of_sessions_comes_back(void)
{
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	base_fixture_open_sessions(&fixture, SESSIONS_MAX + 5);
	base_fixture_commit_all(&fixture);
	CU_ASSERT_EQUAL(fixture.state.sessions.count, SESSIONS_MAX);
	round_trip();
	base_fixture_fini(&fixture);
}

/* Two sessions in turn: each record is a run of its own, and the oldest have been pushed out. */
static void sessions_whose_runs_are_full_come_back(void)
{
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	base_fixture_open_sessions(&fixture, 30);
	for (unsigned at = 0; at < 30 * (WIRELOG_SESSION_RUNS + 10); at++)
		base_fixture_append(&fixture, at % 30, 8);
	base_fixture_commit_all(&fixture);
	round_trip();
	base_fixture_fini(&fixture);
}

static void a_log_with_terms_marks_and_dead_ranges_comes_back(void)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		log_fixture_choose_sizes((unsigned)seed % LOG_FIXTURE_SIZES);
		base_fixture_init(&fixture, SESSIONS_MAX, seed);
		base_fixture_chance(&fixture, 1200);
		base_fixture_commit_all(&fixture);
		CU_ASSERT_TRUE(fixture.log.log.term_count > 20);
		CU_ASSERT_TRUE(fixture.log.log.mark_count > 1);
		CU_ASSERT_TRUE(fixture.log.log.dead_count > 1);
		round_trip();
		base_fixture_fini(&fixture);
	}
	log_fixture_choose_sizes(0);
}

/* A node that goes on from a base has the state of one that applied everything. */
static void the_digest_says_nothing_of_places(void)
{
	uint64_t size, other_size, digest;
	struct wl_base_header header, other;
	uint8_t *bytes, *other_bytes;

	base_fixture_init(&fixture, SESSIONS_MAX, 3);
	base_fixture_open_sessions(&fixture, 3);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 1, &size);
	CU_ASSERT_EQUAL(wl_base_decode_header(bytes, &fixture.identity, &header), WL_BASE_OK);
	digest = header.digest;
	base_fixture_fini(&fixture);
	/* The same entries, a chunk for each. */
	base_fixture_init(&fixture, SESSIONS_MAX, 3);
	for (unsigned at = 0; at < 3; at++) {
		base_fixture_open_sessions(&fixture, 1);
		base_fixture_settle(&fixture);
	}
	base_fixture_commit_all(&fixture);
	other_bytes = base_fixture_encode(&fixture, 2, &other_size);
	CU_ASSERT_EQUAL(wl_base_decode_header(other_bytes, &fixture.identity, &other), WL_BASE_OK);
	CU_ASSERT_NOT_EQUAL(header.log.walk_offset, other.log.walk_offset);
	/* Commit hints differ, so do the chain values; without them the digest would be equal. */
	CU_ASSERT_EQUAL(digest == other.digest, header.log.chain == other.log.chain);
	free(bytes);
	free(other_bytes);
	base_fixture_fini(&fixture);
}

/* Every byte counts: whichever is changed, the base is not whole. */
static void a_base_with_one_bit_changed_is_damaged(void)
{
	uint64_t size;
	uint8_t *bytes;

	base_fixture_init(&fixture, SESSIONS_MAX, 5);
	base_fixture_chance(&fixture, 400);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 4, &size);
	for (uint64_t at = 0; at < size; at += 1 + at % 61) {
		bytes[at] ^= (uint8_t)(1u << at % 8);
		CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
		bytes[at] ^= (uint8_t)(1u << at % 8);
	}
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_OK);
	free(bytes);
	base_fixture_fini(&fixture);
}

/* Blocks that were whole where they came from. */
static void blocks_of_another_place_or_base_are_damage(void)
{
	uint64_t size, older_size;
	uint8_t *bytes, *older, *spare = malloc(WL_BLOCK_BYTES);

	base_fixture_init(&fixture, SESSIONS_MAX, 6);
	base_fixture_open_sessions(&fixture, 20);
	base_fixture_commit_all(&fixture);
	older = base_fixture_encode(&fixture, 1, &older_size);
	for (unsigned at = 0; at < 400; at++)
		base_fixture_append(&fixture, at % 20, 8);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 2, &size);
	CU_ASSERT_TRUE_FATAL(size >= 3 * WL_BLOCK_BYTES);
	memcpy(spare, bytes + WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	memcpy(bytes + WL_BLOCK_BYTES, bytes + 2 * WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	memcpy(bytes + WL_BLOCK_BYTES, older, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	if (older_size > WL_BLOCK_BYTES)
		memcpy(bytes + WL_BLOCK_BYTES, older + WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	memcpy(bytes + WL_BLOCK_BYTES, spare, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_OK);
	CU_ASSERT_EQUAL(check(bytes, size - WL_BLOCK_BYTES), WL_BASE_DAMAGED);
	memset(bytes + size - WL_BLOCK_BYTES, 0, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	free(bytes);
	free(older);
	free(spare);
	base_fixture_fini(&fixture);
}

static void what_is_not_ours_is_named(void)
{
	struct wl_base_header header;
	struct wl_base_identity ours;
	uint64_t size;
	uint8_t *bytes;

	base_fixture_init(&fixture, SESSIONS_MAX, 7);
	base_fixture_open_sessions(&fixture, 3);
	base_fixture_commit_all(&fixture);
	ours = fixture.identity;
	bytes = base_fixture_encode(&fixture, 1, &size);
	for (unsigned field = 0; field < 4; field++) {
		struct wl_base_identity other = ours;

		other.cluster[15] ^= field == 0;
		other.node += field == 1;
		other.journal += field == 2;
		other.segment_bytes *= field == 3 ? 2 : 1;
		CU_ASSERT_EQUAL(wl_base_decode_header(bytes, &other, &header), WL_BASE_FOREIGN);
	}
	wl_store_u16(bytes + 4, WL_BASE_FORMAT + 1);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	seal(bytes);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_VERSION);
	memset(bytes, 0, WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_EMPTY);
	free(bytes);
	base_fixture_fini(&fixture);
}

/* Checksums right, numbers not: each place of the header is asked. */
static void impossible_numbers_are_damage(void)
{
	static const unsigned at_zero[] = {40, 48, 56, 96};
	static const struct {
		unsigned at;
		uint64_t value;
	} others[] = {
		{6, 1},
		{40, UINT64_MAX},
		{96, 1ull << 40},
		{104, UINT64_MAX},
		{112, UINT64_MAX},
		{128, UINT64_MAX},
		{136, UINT64_MAX},
		{144, UINT64_MAX},
		{152, 4096ull * 3 + 1},
		{152, 0},
		{152, UINT64_MAX - WL_BLOCK_BYTES + 1},
		{160, 1},
		{168, 2},
		{172, UINT32_MAX},
		{176, UINT32_MAX},
		{180, UINT32_MAX},
		{184, 1},
		{248, 1ull << 63},
	};
	uint8_t *bytes, first[WL_BLOCK_BYTES];
	uint64_t size;

	base_fixture_init(&fixture, SESSIONS_MAX, 8);
	base_fixture_open_sessions(&fixture, 3);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 1, &size);
	memcpy(first, bytes, sizeof(first));
	for (unsigned at = 0; at < sizeof(at_zero) / sizeof(at_zero[0]); at++) {
		memcpy(bytes, first, sizeof(first));
		wl_store_u64(bytes + at_zero[at], 0);
		seal(bytes);
		CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
	}
	for (unsigned at = 0; at < sizeof(others) / sizeof(others[0]); at++) {
		memcpy(bytes, first, sizeof(first));
		if (others[at].at >= 168 && others[at].at < 184)
			wl_store_u32(bytes + others[at].at, (uint32_t)others[at].value);
		else
			wl_store_u64(bytes + others[at].at, others[at].value);
		seal(bytes);
		CU_ASSERT_EQUAL(load(bytes, size, SESSIONS_MAX), WL_BASE_DAMAGED);
		to_free();
	}
	free(bytes);
	base_fixture_fini(&fixture);
}

/* Whoever made the checksums right again did not make the digest right: it is asked without a state, too. */
static void the_digest_is_that_of_the_bytes(void)
{
	uint8_t *bytes;
	uint64_t size;

	base_fixture_init(&fixture, SESSIONS_MAX, 11);
	base_fixture_open_sessions(&fixture, 40);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 1, &size);
	for (unsigned at = WL_BASE_HEADER_BYTES; at < WL_BASE_HEADER_BYTES + 800; at += 37) {
		bytes[at] ^= 8;
		seal(bytes);
		CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_DAMAGED);
		bytes[at] ^= 8;
	}
	seal(bytes);
	CU_ASSERT_EQUAL(check(bytes, size), WL_BASE_OK);
	free(bytes);
	base_fixture_fini(&fixture);
}

/* State and log of two indexes, each whole by itself. */
static void a_state_of_another_index_is_damage(void)
{
	struct wl_base_header header;
	struct wl_base_encoder encoder;
	uint8_t *bytes;
	uint64_t size;

	base_fixture_init(&fixture, SESSIONS_MAX, 9);
	base_fixture_open_sessions(&fixture, 3);
	base_fixture_append(&fixture, 0, 10);
	base_fixture_commit_all(&fixture);
	header = base_fixture_header(&fixture, 1);
	header.log.next_number++;
	wl_base_encode_begin(&encoder, &header, &fixture.state, &fixture.log.log, fixture.order);
	size = wl_base_file_bytes(&encoder.header);
	bytes = aligned_alloc(WL_BLOCK_BYTES, size);
	wl_base_encode(&encoder, bytes, size);
	CU_ASSERT_EQUAL(load(bytes, size, SESSIONS_MAX), WL_BASE_DAMAGED);
	to_free();
	free(bytes);
	base_fixture_fini(&fixture);
}

/* The configured table is smaller than the one that the base was made with: refused, never cut short. */
static void a_state_that_does_not_fit_is_not_taken(void)
{
	uint8_t *bytes;
	uint64_t size;

	base_fixture_init(&fixture, SESSIONS_MAX, 10);
	base_fixture_open_sessions(&fixture, 40);
	base_fixture_commit_all(&fixture);
	bytes = base_fixture_encode(&fixture, 1, &size);
	CU_ASSERT_EQUAL(load(bytes, size, 39), WL_BASE_DAMAGED);
	to_free();
	CU_ASSERT_EQUAL(load(bytes, size, 40), WL_BASE_OK);
	to_free();
	free(bytes);
	base_fixture_fini(&fixture);
}

WL_SUITE(base_format)
{
	WL_TEST(a_state_without_sessions_comes_back),
	WL_TEST(one_session_comes_back),
	WL_TEST(a_full_table_of_sessions_comes_back),
	WL_TEST(sessions_whose_runs_are_full_come_back),
	WL_TEST(a_log_with_terms_marks_and_dead_ranges_comes_back),
	WL_TEST(the_digest_says_nothing_of_places),
	WL_TEST(a_base_with_one_bit_changed_is_damaged),
	WL_TEST(blocks_of_another_place_or_base_are_damage),
	WL_TEST(what_is_not_ours_is_named),
	WL_TEST(impossible_numbers_are_damage),
	WL_TEST(the_digest_is_that_of_the_bytes),
	WL_TEST(a_state_of_another_index_is_damage),
	WL_TEST(a_state_that_does_not_fit_is_not_taken),
};
