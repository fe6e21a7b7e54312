/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A state goes into bytes and comes back as the same state, whatever the pieces; two nodes that came to it by different ways write the
 * same bytes. Bytes that no node writes are refused, and nothing is asserted on. WL_STATE_SEEDS runs more logs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/state/session_internal.h"
#include "tests/unit/dataplane/state/state_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 8u /* fewer than the chance opens: some openings have no effect */

static const size_t pieces[] = {1, 7, 4088, 1u << 20};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static struct state_log log_;
static uint8_t *bytes_of[2]; /* two states as bytes */
static uint32_t order[64];

static void start(void)
{
	state_log_begin(&log_);
	for (unsigned at = 0; at < 2; at++) {
		bytes_of[at] = malloc(1u << 20);
		WL_CHECK(bytes_of[at]);
	}
}

static void end(void)
{
	state_log_end(&log_);
	free(bytes_of[0]);
	free(bytes_of[1]);
}

static size_t encode(const struct wl_state *state, uint8_t *to, size_t piece)
{
	struct wl_state_coding coding;
	size_t bytes = 0, written;

	wl_state_encode_begin(&coding, state, order);
	while ((written = wl_state_encode(&coding, to + bytes, piece)) != 0) {
		CU_ASSERT_FATAL(written <= piece);
		bytes += written;
	}
	CU_ASSERT_EQUAL(wl_state_encode(&coding, to + bytes, piece), 0);
	CU_ASSERT_EQUAL(bytes, wl_state_encoded_bytes(state));
	return bytes;
}

static bool decode(struct wl_state *state, const uint8_t *from, size_t bytes, size_t piece)
{
	struct wl_state_coding coding;
	bool possible = true;

	wl_state_decode_begin(&coding, state);
	for (size_t at = 0; at < bytes && possible; at += piece)
		possible = wl_state_decode(&coding, from + at,
					   piece < bytes - at ? piece : bytes - at);
	CU_ASSERT_TRUE(possible || !wl_state_decode_end(&coding));
	return wl_state_decode_end(&coding);
}

/* Into a state that is forgotten again. */
static bool is_decoded(const uint8_t *from, size_t bytes, uint32_t sessions_max)
{
	struct wl_state state;
	void *memory;
	bool decoded;

	state_start(&state, &memory, sessions_max);
	decoded = decode(&state, from, bytes, 4088);
	free(memory);
	return decoded;
}

/* The same to clients as well: what each session would be answered for each sequence. */
static void check_answers_alike(struct wl_state *a, struct wl_state *b)
{
	for (uint32_t slot = 0; slot < a->sessions.used; slot++) {
		uint64_t id = a->sessions.sessions[slot].id;
		uint64_t last = a->sessions.sessions[slot].applied.last_sequence;

		for (uint64_t sequence = 1; id != 0 && sequence <= last + 1;
		     sequence += 1 + last / 50) {
			struct wl_session_answer answer[2];

			CU_ASSERT_EQUAL(wl_session_check(&a->sessions, id, sequence, UINT64_MAX,
							 &answer[0]),
					wl_session_check(&b->sessions, id, sequence, UINT64_MAX,
							 &answer[1]));
			CU_ASSERT_EQUAL(answer[0].number, answer[1].number);
			CU_ASSERT_EQUAL(answer[0].timestamp_ns, answer[1].timestamp_ns);
		}
	}
}

/* Cut at `cut`, handed on as bytes, and the rest applied: the same as from the origin. */
static void cut_and_go_on(struct wl_state *origin, uint64_t cut, size_t piece)
{
	struct wl_state before, after;
	void *memory[2];
	size_t bytes;

	state_start(&before, &memory[0], SESSIONS_MAX);
	state_start(&after, &memory[1], SESSIONS_MAX);
	state_log_apply(&log_, &before, cut);
	bytes = encode(&before, bytes_of[0], piece);
	CU_ASSERT_TRUE_FATAL(decode(&after, bytes_of[0], bytes, piece));
	CU_ASSERT_PTR_NULL(wl_state_check(&after));
	CU_ASSERT_EQUAL(wl_state_digest(&after), wl_state_digest(&before));
	state_log_apply(&log_, &after, log_.entries);
	CU_ASSERT_EQUAL(wl_state_digest(&after), wl_state_digest(origin));
	/* What is only summed would not show: the digest anew, from memory. */
	wl_session_table_review(&after.sessions, SESSIONS_MAX);
	CU_ASSERT_EQUAL(wl_state_digest(&after), wl_state_digest(origin));
	check_answers_alike(origin, &after);
	bytes = encode(&after, bytes_of[0], 512);
	CU_ASSERT_EQUAL_FATAL(bytes, encode(origin, bytes_of[1], 4096));
	CU_ASSERT_EQUAL(memcmp(bytes_of[0], bytes_of[1], bytes), 0);
	free(memory[0]);
	free(memory[1]);
}

static void begin_history(uint64_t history)
{
	state_log_open(&log_, WL_ENTRY_TERM_START);
	wl_store_u64(log_.bytes + log_.used, history);
	log_.used += WL_ENTRY_HISTORY_BYTES;
	state_log_seal(&log_);
}

/* Sessions of a history, which end, and of the next one. */
static void use_session(uint64_t history)
{
	uint64_t id = wl_session_id(log_.entries + 1, 0) ^ wl_session_salt(history);

	state_log_open(&log_, WL_ENTRY_RECORDS);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, log_.entries, 8);
	state_log_seal(&log_);
	state_log_open(&log_, WL_ENTRY_RECORDS);
	for (uint64_t sequence = 1; sequence < 4; sequence++)
		state_log_add(&log_, WL_RECORD_DATA, id, sequence);
	state_log_seal(&log_);
}

static void a_cut_around_a_loss_leaves_the_same_state(void)
{
	struct wl_control loss = {.verb = WL_CONTROL_LOSS,
				  .expects = 77,
				  .index = 1u << 2,
				  .digest = 88};
	struct wl_state origin;
	void *memory;

	start();
	state_start(&origin, &memory, SESSIONS_MAX);
	begin_history(77);
	use_session(77);
	use_session(77);
	loss.number = log_.next_number += WL_LOSS_NUMBERS;
	loss.incarnation[2] = 22;
	state_log_control(&log_, &loss);
	use_session(88);
	use_session(88);
	state_log_apply(&log_, &origin, log_.entries);
	CU_ASSERT_EQUAL(origin.sessions.count, 2);
	CU_ASSERT_FALSE(origin.sessions.contradicted);
	for (uint64_t cut = 0; cut <= log_.entries; cut++)
		cut_and_go_on(&origin, cut, 1 + cut * 7);
	free(memory);
	end();
}

static void any_cut_of_any_log_leaves_the_same_state(void)
{
	unsigned seeds = getenv("WL_STATE_SEEDS") ? (unsigned)atoi(getenv("WL_STATE_SEEDS")) : 12;
	uint64_t most_runs = 0;

	for (unsigned seed = 1; seed <= seeds; seed++) {
		struct wl_state origin;
		struct sim_random random;
		void *memory;

		start();
		sim_random_init(&random, seed, 1);
		state_log_chance(&log_, seed,
				 seed % 4 == 0 ? 2000
					       : 10 + (unsigned)sim_random_below(&random, 200));
		state_start(&origin, &memory, SESSIONS_MAX);
		state_log_apply(&log_, &origin, log_.entries);
		for (unsigned at = 0; at < PIECES; at++)
			cut_and_go_on(&origin, sim_random_below(&random, log_.entries + 1),
				      pieces[at]);
		cut_and_go_on(&origin, 0, 16);
		cut_and_go_on(&origin, log_.entries, 16);
		for (uint32_t slot = 0; slot < origin.sessions.used; slot++) {
			if (origin.sessions.sessions[slot].id != 0 &&
			    origin.sessions.sessions[slot].applied.runs_total > most_runs)
				most_runs = origin.sessions.sessions[slot].applied.runs_total;
		}
		free(memory);
		end();
	}
	/* Runs were forgotten, too. */
	CU_ASSERT_TRUE(most_runs > WIRELOG_SESSION_RUNS);
}

static size_t encode_some(uint64_t seed, unsigned entries)
{
	struct wl_state state;
	void *memory;
	size_t bytes;

	state_log_chance(&log_, seed, entries);
	state_start(&state, &memory, SESSIONS_MAX);
	state_log_apply(&log_, &state, log_.entries);
	bytes = encode(&state, bytes_of[0], 4088);
	free(memory);
	return bytes;
}

static void every_flipped_bit_and_every_shorter_one_is_refused(void)
{
	uint32_t sessions;
	size_t bytes;

	start();
	bytes = encode_some(3, 40);
	CU_ASSERT_TRUE_FATAL(is_decoded(bytes_of[0], bytes, SESSIONS_MAX));
	for (size_t bit = 0; bit < 8 * bytes; bit += 1 + bit % 3) {
		bytes_of[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FALSE(is_decoded(bytes_of[0], bytes, SESSIONS_MAX));
		bytes_of[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t shorter = 0; shorter < bytes; shorter++)
		CU_ASSERT_FALSE(is_decoded(bytes_of[0], shorter, SESSIONS_MAX));
	bytes_of[0][bytes] = 0;
	CU_ASSERT_FALSE(is_decoded(bytes_of[0], bytes + 1, SESSIONS_MAX));
	sessions = wl_load_u32(bytes_of[0] + 88);
	CU_ASSERT_TRUE_FATAL(sessions > 1);
	CU_ASSERT_FALSE(is_decoded(bytes_of[0], bytes, sessions - 1));
	CU_ASSERT_TRUE(is_decoded(bytes_of[0], bytes, sessions));
	end();
}

/*
 * A small state, word by word: two sessions, of three runs and of none. What is changed in it is refused for what it says, with the part
 * that holds it: the digest would refuse it, too, but only at the end.
 */
#define NAME_A 0x31612d61ull /* a-a1 */
#define NAME_B 0x32612d61ull
#define HISTORY 0x1327ull
static const uint64_t small[] = {
	/* index, next number, stamp, trim, marks, proofs, activity, count; consumers, each with its name, number, index */
	9,
	20,
	500,
	4,
	8,
	3,
	8,
	77,
	3,
	76,
	12,
	2,
	2,
	/* the list of members: entry 8 says 1 to 3, 4 learns */
	8,
	0xe,
	0x10,
	/* the history that began at entry 7, behind another one, whose numbers end before 12; what it adds to ids leaves their order */
	HISTORY,
	7,
	0x1233,
	9,
	12,
	101,
	102,
	103,
	104,
	0,
	0,
	0,
	/* entry 7 says the limits */
	7,
	1 << 24,
	5000000000,
	0,
	2,
	100,
	/* entry 6 says: send with key 2 behind key 1; a change is due since entry 5 */
	6,
	2 | 1ull << 32,
	1,
	5,
	NAME_A,
	0,
	0,
	0,
	4,
	6,
	NAME_B,
	0,
	0,
	0,
	20,
	9,
	/* session 2 << 16, beside what the history adds: nonce, client, activity, last sequence, last number, runs; its runs */
	2 << 16,
	1,
	2,
	12,
	9,
	15,
	3,
	1,
	3,
	100,
	4,
	0,
	200, /* expired: 4 and 5 */
	6,
	12,
	300, /* 12 to 15 */
	5 << 16,
	1,
	3,
	11,
	0,
	0,
	0,
};
#define SMALL_WORDS (sizeof(small) / sizeof(small[0]))

static bool takes(const uint64_t *words)
{
	struct wl_state_coding coding;
	struct wl_state state;
	void *memory;
	bool possible = true;

	state_start(&state, &memory, SESSIONS_MAX);
	wl_state_decode_begin(&coding, &state);
	for (size_t at = 0; at < SMALL_WORDS; at++) {
		uint64_t salt = at == 50 || at == 66 ? wl_session_salt(HISTORY) : 0;
		uint8_t bytes[8];

		wl_store_u64(bytes, words[at] ^ salt);
		possible = wl_state_decode(&coding, bytes, sizeof(bytes));
	}
	/* Refused once, refused for good. */
	CU_ASSERT_TRUE(possible || !wl_state_decode_end(&coding));
	free(memory);
	return possible;
}

static const struct {
	unsigned at;
	uint64_t value;
} lies[] = {
	{0, 7}, /* the mark is not applied yet */
	{1, 3}, /* the trim point is behind it */
	{1, 15}, /* number 15 was not given yet */
	{3, 0},
	{3, 21},
	{4, 10},
	{4, 3}, /* no later than the one before */
	{5, 8},
	{6, 9}, /* proven, and not marked */
	{6, 0}, /* a digest of nothing */
	{8, 8}, /* proven before, and not before */
	{8, 0},
	{10, 11}, /* touched less often than a session says */
	{11, 9}, /* more than there is room for */
	{11, 2 | 2ull << 32}, /* an unknown flag */
	{12, 65}, /* more consumers than there may be */
	{12, 1ull << 32 | 2},
	{12, 3}, /* what follows is none */
	{13, 11}, /* the list is of an entry that is not applied */
	{13, 0}, /* it says something, and is of no entry */
	{14, 0}, /* nobody votes */
	{14, 1}, /* no node's id */
	{14, 0xeull | 0xeull << 32}, /* old voters that are the new ones */
	{14, 0x100},
	{15, 0xe}, /* who votes learns */
	{15, 1ull << 32},
	{16, 0}, /* the history is of an entry, and is none */
	{17, 10}, /* of an entry that is not applied */
	{17, 0},
	{18, HISTORY}, /* the one before is the same */
	{19, 12}, /* lost is a range of numbers */
	{19, 0},
	{20, 0},
	{20, 21},
	{25, 105}, /* data of who is no member */
	{38, 0},
	{38, 0x2f612d61ull}, /* a slash */
	{38, NAME_B}, /* names do not rise */
	{38, NAME_B + 1},
	{39, 'a'}, /* something behind the end of the name */
	{41, 1ull << 56},
	{42, 3}, /* below the trim point */
	{42, 21},
	{43, 0}, /* made by no entry */
	{43, 10},
	{44, NAME_A},
	{50, 10 << 16},
	{50, 5 << 16}, /* ids do not rise */
	{50, 6 << 16},
	{50, 7},
	{52, 3}, /* the same client and nonce twice */
	{53, 0},
	{53, 13},
	{54, 2}, /* more runs than sequences */
	{54, 5}, /* ends before its last run begins */
	{54, UINT64_MAX},
	{55, 14}, /* not where the last run ends */
	{55, 0},
	{56, 10},
	{57, 2}, /* the first run begins with the first sequence */
	{58, 20},
	{58, 10}, /* 10 to 12, and 12 comes again */
	{58, 0}, /* two expired runs in a row are one */
	{60, 1}, /* runs do not rise */
	{60, 6},
	{61, 6}, /* 3 to 5, and 6: one run */
	{61, 5},
	{63, 4},
	{63, 10},
	{64, 0},
	{64, 5},
	{64, 17},
	{64, UINT64_MAX},
	{66, 2 << 16},
	{66, 10 << 16}, /* opened by an entry that is not applied */
	{66, 7},
	{70, 1}, /* sequences without a run */
	{71, 1},
	{72, 1},
	{28, 10}, /* limits of an entry that is not applied */
	{28, 0}, /* values that no entry said */
	{29, (1ull << 40) + 1}, /* more than retention.bytes may be */
	{30, 1000000000000000001}, /* more than retention.age may be */
	{32, 0}, /* no session may live */
	{32, SESSIONS_MAX + 1}, /* more than there is memory for */
	{32, 2 + (1ull << 32)},
	{34, 10}, /* keys of an entry that is not applied */
	{34, 0}, /* that no entry said */
	{35, 2}, /* none goes */
	{35, 2 | 2ull << 32}, /* it goes and comes */
	{36, 0},
	{36, 3}, /* no stage */
	{37, 10}, /* due since an entry that is not applied */
};

static void what_apply_never_makes_is_refused(void)
{
	uint64_t words[SMALL_WORDS];

	CU_ASSERT_TRUE(takes(small));
	for (unsigned at = 0; at < sizeof(lies) / sizeof(lies[0]); at++) {
		memcpy(words, small, sizeof(words));
		words[lies[at].at] = lies[at].value;
		if (takes(words)) {
			fprintf(stderr, "word %u as %llu\n", lies[at].at,
				(unsigned long long)lies[at].value);
			CU_FAIL("taken");
		}
	}
}

/* A log that contradicts itself is as much of a state as any other, and stays so. */
static void a_contradiction_is_handed_on(void)
{
	struct wl_state state;
	void *memory;
	size_t bytes;

	start();
	state_log_open(&log_, WL_ENTRY_RECORDS);
	state_log_add(&log_, WL_RECORD_OPEN_SESSION, 1, 2);
	state_log_add(&log_, WL_RECORD_DATA, wl_session_id(1, 0), 2);
	state_log_seal(&log_);
	state_start(&state, &memory, 1);
	state_log_apply(&log_, &state, 1);
	CU_ASSERT_TRUE(state.sessions.contradicted);
	bytes = encode(&state, bytes_of[0], 100);
	free(memory);
	state_start(&state, &memory, 1);
	CU_ASSERT_TRUE(decode(&state, bytes_of[0], bytes, 3));
	CU_ASSERT_TRUE(state.sessions.contradicted);
	free(memory);
	end();
}

/* Behind a rescue ids are others'; who reads a base knows it by the history in it. */
static void sessions_of_a_later_history_travel_with_the_state(void)
{
	struct wl_control loss = {
		.verb = WL_CONTROL_LOSS,
		.expects = 77,
		.index = 1u << 2,
		.digest = 88,
	};
	struct wl_state state;
	void *memory;
	uint64_t id;
	size_t bytes;

	start();
	state_log_open(&log_, WL_ENTRY_TERM_START);
	wl_store_u64(log_.bytes + log_.used, 77);
	log_.used += WL_ENTRY_HISTORY_BYTES;
	state_log_seal(&log_);
	loss.number = log_.next_number + WL_LOSS_NUMBERS;
	log_.next_number = loss.number;
	loss.incarnation[2] = 22;
	state_log_control(&log_, &loss);
	for (unsigned at = 0; at < 2; at++) {
		state_log_open(&log_, WL_ENTRY_RECORDS);
		state_log_add(&log_, WL_RECORD_OPEN_SESSION, 5 + at, 6);
		state_log_seal(&log_);
	}
	state_start(&state, &memory, 2);
	state_log_apply(&log_, &state, 3);
	id = wl_session_by_nonce(&state.sessions, 5, 6);
	bytes = encode(&state, bytes_of[0], 100);
	free(memory);
	state_start(&state, &memory, 2);
	CU_ASSERT_TRUE_FATAL(decode(&state, bytes_of[0], bytes, 3));
	CU_ASSERT_EQUAL(wl_session_by_nonce(&state.sessions, 5, 6), id);
	wl_state_apply(&state, log_.bytes + log_.at[4], &log_.header);
	CU_ASSERT_EQUAL(wl_session_by_nonce(&state.sessions, 6, 6),
			wl_session_id(4, 0) ^ wl_session_salt(88));
	free(memory);
	end();
}

/* Slots, and so their order, differ between nodes; a free slot is used again. */
static void sessions_are_written_by_rising_id(void)
{
	struct wl_state state;
	void *memory;
	uint64_t last = 0;

	start();
	for (unsigned at = 0; at < 6; at++) {
		state_log_open(&log_, WL_ENTRY_RECORDS);
		if (at >= 3)
			state_log_add(&log_, WL_RECORD_CLOSE_SESSION, wl_session_id(at - 2, 0), 0);
		state_log_add(&log_, WL_RECORD_OPEN_SESSION, 100 - at, 2);
		state_log_seal(&log_);
	}
	state_start(&state, &memory, 3);
	state_log_apply(&log_, &state, 6);
	CU_ASSERT_EQUAL_FATAL(state.sessions.count, 3);
	CU_ASSERT_EQUAL(encode(&state, bytes_of[0], 50), 304 + 3 * 56 + 8);
	for (unsigned at = 0; at < 3; at++) {
		uint64_t id = wl_load_u64(bytes_of[0] + 304 + at * 56);

		CU_ASSERT_TRUE(id > last);
		last = id;
	}
	free(memory);
	end();
}

/* Of one size and of another, before sessions and after; the room that is needed is what they allow, not what lives. */
static void limits_travel_with_the_state(void)
{
	struct wl_journal_limits limits = {.value = {1 << 24, 3000000000, 9, 2, 7}};
	struct wl_state origin;
	void *memory;
	size_t bytes;

	start();
	for (uint64_t expects = 0; expects < 200; expects = limits.index) {
		struct wl_control control = wl_control_of_limits(&limits, expects);

		limits.index = state_log_control(&log_, &control);
		limits.value[WL_LIMIT_SESSIONS]++;
		limits.value[WL_LIMIT_RETENTION_RECORDS] += limits.index;
		state_log_chance(&log_, limits.index, 60);
	}
	state_start(&origin, &memory, SESSIONS_MAX);
	state_log_apply(&log_, &origin, log_.entries);
	CU_ASSERT_TRUE(origin.limits.index > 1);
	CU_ASSERT_EQUAL(origin.sessions.limit, origin.limits.value[WL_LIMIT_SESSIONS]);
	for (uint64_t cut = 0; cut < log_.entries; cut += 17)
		cut_and_go_on(&origin, cut, 56);
	bytes = encode(&origin, bytes_of[0], 4088);
	CU_ASSERT_TRUE(origin.sessions.limit <= SESSIONS_MAX);
	CU_ASSERT_FALSE(is_decoded(bytes_of[0], bytes, origin.sessions.limit - 1));
	CU_ASSERT_TRUE(is_decoded(bytes_of[0], bytes, origin.sessions.limit));
	free(memory);
	end();
}

static void features_travel_with_the_state_and_cost_nothing_before(void)
{
	struct wl_control control = {.verb = WL_CONTROL_FEATURES};
	struct wl_state origin;
	void *memory;
	size_t bytes;

	start();
	state_log_chance(&log_, 5, 60);
	state_start(&origin, &memory, SESSIONS_MAX);
	state_log_apply(&log_, &origin, log_.entries);
	bytes = encode(&origin, bytes_of[0], 4088);
	CU_ASSERT_EQUAL(wl_load_u32(bytes_of[0] + 11 * 8 + 4),
			0); /* flags: as builds before it write them */
	for (unsigned bit = 0; bit < 3; bit++) {
		control.number |= 1ull << (bit * 20);
		control.expects = origin.features.index;
		state_log_control(&log_, &control);
		state_log_chance(&log_, 6 + bit, 40);
		state_log_apply(&log_, &origin, log_.entries);
		CU_ASSERT_EQUAL(origin.features.set, control.number);
	}
	for (uint64_t cut = 0; cut < log_.entries; cut += 13)
		cut_and_go_on(&origin, cut, 56);
	bytes = encode(&origin, bytes_of[0], 4088);
	CU_ASSERT_EQUAL(wl_load_u32(bytes_of[0] + 11 * 8 + 4), 2);
	CU_ASSERT_TRUE(is_decoded(bytes_of[0], bytes, SESSIONS_MAX));
	bytes_of[0][34 * 8] ^= 1; /* the entry that put them in force */
	CU_ASSERT_FALSE(is_decoded(bytes_of[0], bytes, SESSIONS_MAX));
	free(memory);
	end();
}

WL_SUITE(state_coding)
{
	WL_TEST(limits_travel_with_the_state),
	WL_TEST(features_travel_with_the_state_and_cost_nothing_before),
	WL_TEST(any_cut_of_any_log_leaves_the_same_state),
	WL_TEST(a_cut_around_a_loss_leaves_the_same_state),
	WL_TEST(every_flipped_bit_and_every_shorter_one_is_refused),
	WL_TEST(what_apply_never_makes_is_refused),
	WL_TEST(a_contradiction_is_handed_on),
	WL_TEST(sessions_of_a_later_history_travel_with_the_state),
	WL_TEST(sessions_are_written_by_rising_id),
};
