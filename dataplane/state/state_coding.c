/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state as canonical bytes. Parts, one behind the other, each of words of eight bytes (docs/LOG-FORMAT.md, "State"):
 *
 *   header | features, where there are some | consumers by rising names | { session | its runs that are remembered, oldest first } by rising id | digest of the state
 *
 * A part is coded as a whole in `unit`, and passes through it in whatever pieces the caller has. What a decoder takes can be the
 * state of a log: whatever apply keeps true is looked at, so that nothing behind it meets what it never made.
 */
#include "dataplane/state/state.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/state/session_internal.h"

enum part {
	PART_HEADER,
	PART_FEATURES,
	PART_CONSUMER,
	PART_SESSION,
	PART_RUN,
	PART_DIGEST,
	PART_NONE, /* all has passed */
};

#define LIST_WORDS 21u /* of the header: up to the names of the members' data */
#define LIMIT_WORDS (LIST_WORDS + WIRELOG_NODES_MAX) /* up to the limits */
#define KEY_WORDS (LIMIT_WORDS + 1 + WL_LIMITS) /* up to the keys */
#define HEADER_WORDS (KEY_WORDS + 4)
#define FEATURES_WORDS 2u
#define CONSUMER_WORDS 6u
#define CONSUMER_NAME_WORDS (WL_CONSUMER_NAME_BYTES / WORD_BYTES)
#define SESSION_WORDS 7u
#define RUN_WORDS 3u
#define WORD_BYTES 8u

_Static_assert(HEADER_WORDS *WORD_BYTES == WL_STATE_UNIT_BYTES, "the largest part fits");

static const uint16_t part_bytes[] = {
	[PART_HEADER] = HEADER_WORDS * WORD_BYTES,
	[PART_FEATURES] = FEATURES_WORDS * WORD_BYTES,
	[PART_CONSUMER] = CONSUMER_WORDS * WORD_BYTES,
	[PART_SESSION] = SESSION_WORDS * WORD_BYTES,
	[PART_RUN] = RUN_WORDS * WORD_BYTES,
	[PART_DIGEST] = WORD_BYTES,
	[PART_NONE] = 0,
};

WL_STATIC_CHECK(sizeof(part_bytes) / sizeof(part_bytes[0]) == PART_NONE + 1);
/* All of it is told: who adds a member adds its word. */
WL_STATIC_CHECK(sizeof(struct wl_consumer) == CONSUMER_WORDS * WORD_BYTES);
WL_STATIC_CHECK(sizeof(struct wl_session_run) == RUN_WORDS * WORD_BYTES);
WL_STATIC_CHECK(sizeof(struct wl_features_in_force) == FEATURES_WORDS * WORD_BYTES);

/* Flags of the header's word of them. */
#define FLAG_CONTRADICTED 1u
#define FLAG_FEATURES 2u /* that part follows: a build that knows no features refuses it */

static enum part part_behind(const struct wl_state_coding *coding)
{
	if (coding->features_left)
		return PART_FEATURES;
	if (coding->consumer < coding->consumers)
		return PART_CONSUMER;
	if (coding->session && coding->run < coding->session->applied.runs_total)
		return PART_RUN;
	if (coding->sessions_left != 0)
		return PART_SESSION;
	return coding->part == PART_DIGEST ? PART_NONE : PART_DIGEST;
}

static void begin(struct wl_state_coding *coding, const struct wl_state *state)
{
	memset(coding, 0, sizeof(*coding));
	coding->state = state;
	coding->part = PART_HEADER;
}

/* ---- encoding ----------------------------------------------------------------------------------- */

uint64_t wl_state_encoded_bytes(const struct wl_state *state)
{
	const struct wl_session_table *table = &state->sessions;
	uint64_t bytes = part_bytes[PART_HEADER] + part_bytes[PART_DIGEST] +
			 (state->features.index != 0 ? part_bytes[PART_FEATURES] : 0) +
			 (uint64_t)state->consumers.count * part_bytes[PART_CONSUMER];

	for (uint32_t slot = 0; slot < table->used; slot++) {
		const struct wl_session *session = &table->sessions[slot];

		if (session->id == 0)
			continue;
		bytes += part_bytes[PART_SESSION] +
			 (session->applied.runs_total - wl_session_oldest_run(session)) *
				 part_bytes[PART_RUN];
	}
	return bytes;
}

/* Heap sort: it needs no memory, and no order makes it slow. */
static void sift(const struct wl_session *sessions, uint32_t *order, uint32_t at, uint32_t count)
{
	uint32_t slot = order[at];

	WL_CHECK(at < count);
	for (uint32_t below = 2 * at + 1; below < count; below = 2 * at + 1) {
		if (below + 1 < count && sessions[order[below + 1]].id > sessions[order[below]].id)
			below++;
		if (sessions[order[below]].id <= sessions[slot].id)
			break;
		order[at] = order[below];
		at = below;
	}
	order[at] = slot;
}

static void sort_by_id(const struct wl_session *sessions, uint32_t *order, uint32_t count)
{
	for (uint32_t at = count / 2; at-- != 0;)
		sift(sessions, order, at, count);
	for (uint32_t end = count; end > 1; end--) {
		uint32_t highest = order[0];

		order[0] = order[end - 1];
		order[end - 1] = highest;
		sift(sessions, order, 0, end - 1);
	}
}

void wl_state_encode_begin(struct wl_state_coding *coding, const struct wl_state *state,
			   uint32_t *order)
{
	const struct wl_session_table *table = &state->sessions;

	begin(coding, state);
	for (uint32_t slot = 0; slot < table->used; slot++) {
		if (table->sessions[slot].id != 0)
			order[coding->sessions++] = slot;
	}
	WL_CHECK(coding->sessions == table->count);
	sort_by_id(table->sessions, order, coding->sessions);
	coding->order = order;
	coding->sessions_left = coding->sessions;
	coding->consumers = state->consumers.count;
	coding->features_left = state->features.index != 0;
}

static void put_words(struct wl_state_coding *coding, const uint64_t *words, size_t count)
{
	for (size_t at = 0; at < count; at++)
		wl_store_u64(coding->unit + at * WORD_BYTES, words[at]);
}

static void put_header(struct wl_state_coding *coding)
{
	const struct wl_state *state = coding->state;
	uint32_t flags = (state->sessions.contradicted ? FLAG_CONTRADICTED : 0) |
			 (state->features.index != 0 ? FLAG_FEATURES : 0);
	uint64_t words[HEADER_WORDS] = {
		state->sessions.applied_index,
		state->next_number,
		state->last_timestamp_ns,
		state->trim_number,
		state->base_mark,
		state->base_mark_before,
		state->proven.index,
		state->proven.digest,
		state->proven_before.index,
		state->proven_before.digest,
		state->sessions.activity,
		coding->sessions | (uint64_t)flags << 32,
		coding->consumers,
		state->list.index,
		state->list.voters | (uint64_t)state->list.old << 32,
		state->list.learners,
		state->history.id,
		state->history.index,
		state->history.before,
		state->history.lost_number,
		state->history.next_number,
	};

	memcpy(words + LIST_WORDS, state->list.incarnation + 1,
	       WIRELOG_NODES_MAX * sizeof(words[0]));
	words[LIMIT_WORDS] = state->limits.index;
	memcpy(words + LIMIT_WORDS + 1, state->limits.value, sizeof(state->limits.value));
	words[KEY_WORDS] = state->keys.index;
	words[KEY_WORDS + 1] = state->keys.now | (uint64_t)state->keys.before << 32;
	words[KEY_WORDS + 2] = state->keys.stage;
	words[KEY_WORDS + 3] = state->keys.due;
	put_words(coding, words, HEADER_WORDS);
}

static void put_features(struct wl_state_coding *coding)
{
	const struct wl_features_in_force *features = &coding->state->features;
	uint64_t words[FEATURES_WORDS] = {features->index, features->set};

	put_words(coding, words, FEATURES_WORDS);
	coding->features_left = false;
}

static void put_consumer(struct wl_state_coding *coding)
{
	const struct wl_consumer *consumer =
		&coding->state->consumers.consumers[coding->consumer++];
	uint8_t *behind = coding->unit + WL_CONSUMER_NAME_BYTES;

	WL_CHECK(coding->consumer <= coding->state->consumers.count);
	memcpy(coding->unit, consumer->name, WL_CONSUMER_NAME_BYTES);
	wl_store_u64(behind, consumer->number);
	wl_store_u64(behind + WORD_BYTES, consumer->made_index);
}

static void put_session(struct wl_state_coding *coding)
{
	const struct wl_session_table *table = &coding->state->sessions;
	struct wl_session *session =
		&table->sessions[coding->order[coding->sessions - coding->sessions_left]];
	uint64_t words[SESSION_WORDS] = {
		session->id,
		session->nonce,
		session->client,
		session->activity,
		session->applied.last_sequence,
		session->applied.last_number,
		session->applied.runs_total,
	};

	WL_CHECK(session->id > coding->last_id); /* by rising id */
	coding->last_id = session->id;
	put_words(coding, words, SESSION_WORDS);
	coding->session = session;
	coding->run = wl_session_oldest_run(session);
	coding->sessions_left--;
}

static void put_run(struct wl_state_coding *coding)
{
	const struct wl_session_run *run =
		wl_session_run_at(&coding->state->sessions, coding->session, coding->run++);
	uint64_t words[RUN_WORDS] = {run->first_sequence, run->first_number, run->timestamp_ns};

	WL_CHECK(coding->run <= coding->session->applied.runs_total);
	put_words(coding, words, RUN_WORDS);
}

/* The next part, in `unit`. */
static void put_part(struct wl_state_coding *coding)
{
	WL_CHECK(coding->part <= PART_NONE);
	coding->unit_bytes = part_bytes[coding->part];
	coding->unit_at = 0;
	switch ((enum part)coding->part) {
	case PART_HEADER:
		put_header(coding);
		break;
	case PART_FEATURES:
		put_features(coding);
		break;
	case PART_CONSUMER:
		put_consumer(coding);
		break;
	case PART_SESSION:
		put_session(coding);
		break;
	case PART_RUN:
		put_run(coding);
		break;
	case PART_DIGEST:
		wl_store_u64(coding->unit, wl_state_digest(coding->state));
		break;
	case PART_NONE:
		return;
	}
	coding->part = (uint8_t)part_behind(coding);
}

size_t wl_state_encode(struct wl_state_coding *coding, uint8_t *to, size_t room)
{
	size_t written = 0;

	while (written < room) {
		size_t piece;

		if (coding->unit_at == coding->unit_bytes)
			put_part(coding);
		WL_CHECK(coding->unit_at <= coding->unit_bytes);
		piece = coding->unit_bytes - coding->unit_at;
		if (piece == 0)
			break;
		if (piece > room - written)
			piece = room - written;
		memcpy(to + written, coding->unit + coding->unit_at, piece);
		coding->unit_at += (uint32_t)piece;
		written += piece;
	}
	return written;
}

/* ---- decoding ----------------------------------------------------------------------------------- */

void wl_state_decode_begin(struct wl_state_coding *coding, struct wl_state *state)
{
	WL_CHECK(state->sessions.used == 0 && state->sessions.applied_index == 0);
	WL_CHECK(state->consumers.count == 0);
	begin(coding, state);
	coding->decoded = state;
}

static uint64_t word(const struct wl_state_coding *coding, size_t at)
{
	return wl_load_u64(coding->unit + at * WORD_BYTES);
}

static bool take_header(struct wl_state_coding *coding)
{
	struct wl_state *state = coding->decoded;
	uint64_t flags = word(coding, 11) >> 32;

	state->sessions.applied_index = word(coding, 0);
	state->next_number = word(coding, 1);
	state->last_timestamp_ns = word(coding, 2);
	state->trim_number = word(coding, 3);
	state->base_mark = word(coding, 4);
	state->base_mark_before = word(coding, 5);
	state->proven = (struct wl_base_proof){word(coding, 6), word(coding, 7)};
	state->proven_before = (struct wl_base_proof){word(coding, 8), word(coding, 9)};
	state->sessions.activity = word(coding, 10);
	state->sessions.contradicted = (flags & FLAG_CONTRADICTED) != 0;
	coding->features_left = (flags & FLAG_FEATURES) != 0;
	coding->sessions = (uint32_t)word(coding, 11);
	coding->sessions_left = coding->sessions;
	coding->session = NULL;
	coding->consumer = 0;
	coding->consumers = (uint32_t)word(coding, 12);
	state->list = (struct wl_list){
		.index = word(coding, 13),
		.voters = (wl_members)word(coding, 14),
		.old = (wl_members)(word(coding, 14) >> 32),
		.learners = (wl_members)word(coding, 15),
	};
	state->history = (struct wl_history){
		.id = word(coding, 16),
		.index = word(coding, 17),
		.before = word(coding, 18),
		.lost_number = word(coding, 19),
		.next_number = word(coding, 20),
	};
	wl_session_begin_history(&state->sessions, state->history.id);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		state->list.incarnation[node] = word(coding, LIST_WORDS + node - 1);
	state->limits.index = word(coding, LIMIT_WORDS);
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		state->limits.value[limit] = word(coding, LIMIT_WORDS + 1 + limit);
	wl_state_limit_sessions(state);
	state->keys = (struct wl_keys){
		.index = word(coding, KEY_WORDS),
		.now = (uint32_t)word(coding, KEY_WORDS + 1),
		.before = (uint32_t)(word(coding, KEY_WORDS + 1) >> 32),
		.stage = (enum wl_keys_stage)word(coding, KEY_WORDS + 2),
		.due = word(coding, KEY_WORDS + 3),
	};
	if (word(coding, KEY_WORDS + 2) > WL_KEYS_REFUSE)
		return false;
	if (word(coding, 12) > WL_CONSUMERS_MAX || word(coding, 15) > UINT32_MAX)
		return false;
	if (flags > (FLAG_CONTRADICTED | FLAG_FEATURES) ||
	    coding->sessions > state->sessions.capacity ||
	    wl_session_table_lacks_room(&state->sessions))
		return false;
	if ((state->proven.index == 0 && state->proven.digest != 0) ||
	    (state->proven_before.index == 0 && state->proven_before.digest != 0))
		return false;
	return wl_state_check(state) == NULL;
}

static bool take_features(struct wl_state_coding *coding)
{
	struct wl_state *state = coding->decoded;

	state->features = (struct wl_features_in_force){word(coding, 0), word(coding, 1)};
	coding->features_left = false;
	return state->features.index != 0 && wl_state_check(state) == NULL;
}

static bool take_consumer(struct wl_state_coding *coding)
{
	struct wl_state *state = coding->decoded;
	const struct wl_consumer_set consumer = {
		.name = (const char *)coding->unit,
		.number = word(coding, CONSUMER_NAME_WORDS),
		.expects = word(coding, CONSUMER_NAME_WORDS + 1),
		.index = state->sessions.applied_index,
		.least = state->trim_number,
		.most = state->next_number,
		.places = wl_state_consumers_max(state),
	};

	coding->consumer++;
	return wl_consumers_take(&state->consumers, &consumer);
}

bool wl_state_decode_lacks_room(const struct wl_state_coding *coding)
{
	const struct wl_session_table *table = &coding->decoded->sessions;

	return (coding->sessions > table->capacity || wl_session_table_lacks_room(table)) &&
	       coding->sessions <= WIRELOG_SESSIONS_MAX && table->limit <= WIRELOG_SESSIONS_MAX;
}

static bool progress_is_possible(const struct wl_state *state,
				 const struct wl_session_progress *progress)
{
	if (progress->runs_total == 0)
		return progress->last_sequence == 0 && progress->last_number == 0;
	return progress->runs_total <= progress->last_sequence &&
	       (progress->last_number < state->next_number ||
		progress->last_number == WL_SESSION_FENCED_OFF);
}

static bool session_is_possible(const struct wl_state_coding *coding)
{
	const struct wl_session_table *table = &coding->decoded->sessions;
	uint64_t id = word(coding, 0), opened_by = wl_session_opened_by(table, id);
	uint64_t activity = word(coding, 3);

	return id > coding->last_id && opened_by != 0 && opened_by <= table->applied_index &&
	       activity != 0 && activity <= table->activity &&
	       wl_session_by_nonce(table, word(coding, 1), word(coding, 2)) == 0;
}

static bool take_session(struct wl_state_coding *coding)
{
	struct wl_session_table *table = &coding->decoded->sessions;
	struct wl_session_progress progress = {word(coding, 4), word(coding, 5), word(coding, 6)};

	WL_CHECK(coding->sessions_left != 0 && coding->sessions_left <= coding->sessions);
	if (!session_is_possible(coding) || !progress_is_possible(coding->decoded, &progress))
		return false;
	coding->last_id = word(coding, 0);
	coding->session =
		wl_session_place(table, coding->last_id, word(coding, 1), word(coding, 2));
	WL_CHECK(coding->session); /* not more than its capacity */
	coding->session->activity = word(coding, 3);
	coding->session->applied = progress;
	coding->run = wl_session_oldest_run(coding->session);
	coding->numbers_before = 1;
	coding->sessions_left--;
	if (progress.runs_total == 0)
		wl_session_make_digest(table, coding->session);
	return true;
}

/* The run before `ordinal` ends before `sequence`. False: it cannot; else *last is its last number; or the fate that is none. */
static bool end_run(struct wl_state_coding *coding, uint64_t ordinal, uint64_t sequence,
		    uint64_t *last)
{
	const struct wl_session_run *run =
		wl_session_run_at(&coding->decoded->sessions, coding->session, ordinal - 1);

	WL_CHECK(ordinal > wl_session_oldest_run(coding->session));
	*last = run->first_number;
	if (sequence <= run->first_sequence)
		return false;
	if (wl_session_is_no_number(run->first_number))
		return true;
	if (sequence - run->first_sequence > coding->decoded->next_number - run->first_number)
		return false;
	*last = run->first_number + (sequence - run->first_sequence) - 1;
	coding->numbers_before = *last + 1;
	return true;
}

/* Were it the same fate as before, or the next number, it would have been one run. */
static bool begins_anew(const struct wl_session_run *run, uint64_t last)
{
	if (wl_session_is_no_number(run->first_number) || wl_session_is_no_number(last))
		return run->first_number != last;
	return run->first_number != last + 1;
}

static bool run_is_possible(struct wl_state_coding *coding, const struct wl_session_run *run)
{
	const struct wl_session *session = coding->session;
	uint64_t last;

	/* Each run before it took one sequence at least. */
	if (run->first_sequence <= coding->run ||
	    run->first_sequence > session->applied.last_sequence ||
	    (run->first_number >= coding->decoded->next_number &&
	     run->first_number != WL_SESSION_FENCED_OFF) ||
	    (coding->run == 0 && run->first_sequence != 1))
		return false;
	if (coding->run != wl_session_oldest_run(session) &&
	    (!end_run(coding, coding->run, run->first_sequence, &last) || !begins_anew(run, last)))
		return false;
	return wl_session_is_no_number(run->first_number) ||
	       run->first_number >= coding->numbers_before;
}

static bool take_run(struct wl_state_coding *coding)
{
	struct wl_session_table *table = &coding->decoded->sessions;
	struct wl_session *session = coding->session;
	struct wl_session_run run = {
		.first_sequence = word(coding, 0),
		.first_number = word(coding, 1),
		.timestamp_ns = word(coding, 2),
	};
	uint64_t last;

	WL_CHECK(coding->run < session->applied.runs_total);
	if (!run_is_possible(coding, &run))
		return false;
	*wl_session_run_at(table, session, coding->run++) = run;
	if (coding->run < session->applied.runs_total)
		return true;
	if (session->applied.last_sequence == UINT64_MAX ||
	    !end_run(coding, coding->run, session->applied.last_sequence + 1, &last) ||
	    last != session->applied.last_number)
		return false;
	wl_session_make_digest(table, session);
	return true;
}

static bool take_part(struct wl_state_coding *coding)
{
	bool possible = false;

	switch ((enum part)coding->part) {
	case PART_HEADER:
		possible = take_header(coding);
		break;
	case PART_FEATURES:
		possible = take_features(coding);
		break;
	case PART_CONSUMER:
		possible = take_consumer(coding);
		break;
	case PART_SESSION:
		possible = take_session(coding);
		break;
	case PART_RUN:
		possible = take_run(coding);
		break;
	case PART_DIGEST:
		possible = word(coding, 0) == wl_state_digest(coding->decoded);
		break;
	case PART_NONE:
		break; /* bytes behind the end */
	}
	coding->unit_at = 0;
	coding->part = (uint8_t)part_behind(coding);
	return possible;
}

bool wl_state_decode(struct wl_state_coding *coding, const uint8_t *from, size_t bytes)
{
	while (bytes != 0 && !coding->failed) {
		size_t piece = part_bytes[coding->part] - coding->unit_at;

		WL_CHECK(coding->unit_at <= part_bytes[coding->part]);
		if (piece > bytes)
			piece = bytes;
		memcpy(coding->unit + coding->unit_at, from, piece);
		coding->unit_at += (uint32_t)piece;
		from += piece;
		bytes -= piece;
		if (coding->unit_at == part_bytes[coding->part])
			coding->failed = !take_part(coding);
	}
	return !coding->failed;
}

bool wl_state_decode_end(struct wl_state_coding *coding)
{
	return !coding->failed && coding->part == PART_NONE;
}
