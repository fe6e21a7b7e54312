/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/state/state.h"

#include <string.h>

#include "dataplane/base/check.h"

size_t wl_state_memory_bytes(uint32_t sessions_max)
{
	return wl_session_table_memory_bytes(sessions_max);
}

void wl_state_init(struct wl_state *state, void *memory, uint32_t sessions_max)
{
	memset(state, 0, sizeof(*state));
	wl_session_table_init(&state->sessions, memory, sessions_max);
	state->next_number = 1;
	state->trim_number = 1;
	wl_consumers_init(&state->consumers);
}

void wl_state_clear(struct wl_state *state)
{
	wl_state_init(state, state->sessions.sessions, state->sessions.capacity);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void trim(struct wl_state *state, uint64_t asked)
{
	uint64_t number = smaller(asked, state->next_number);

	number = smaller(number, state->consumers.lowest);

	if (number > state->trim_number)
		state->trim_number = number;
	WL_CHECK(state->trim_number <= state->next_number); /* T1 */
	WL_CHECK(state->trim_number <= state->consumers.lowest); /* T4 */
}

static void mark_base(struct wl_state *state, uint64_t index, uint64_t expects)
{
	if (expects != state->base_mark)
		return;
	WL_CHECK_MSG(index > state->base_mark, "%llu behind %llu", (unsigned long long)index,
		     (unsigned long long)state->base_mark); /* T2 */
	state->base_mark_before = state->base_mark;
	state->base_mark = index;
}

static void prove_base(struct wl_state *state, uint64_t index, uint64_t digest)
{
	if (index != state->base_mark || state->proven.index >= index)
		return;
	WL_CHECK(state->proven_before.index <= state->proven.index); /* T3 */
	state->proven_before = state->proven;
	state->proven = (struct wl_base_proof){.index = index, .digest = digest};
}

static void set_consumer(struct wl_state *state, uint64_t index, const struct wl_control *asked)
{
	const struct wl_consumer_set set = {
		.name = asked->name,
		.expects = asked->expects,
		.number = asked->number,
		.index = index,
		.least = state->trim_number,
		.most = state->next_number,
		.places = wl_state_consumers_max(state),
	};

	WL_CHECK(set.least <= set.most); /* T1 */
	wl_consumers_set(&state->consumers, &set);
	WL_CHECK(state->consumers.lowest >= state->trim_number); /* T4 */
}

void wl_state_limit_sessions(struct wl_state *state)
{
	state->sessions.limit = (uint32_t)state->limits.value[WL_LIMIT_SESSIONS];
}

static void begin_history(struct wl_state *state, const struct wl_history *history)
{
	state->history = *history;
	wl_session_begin_history(&state->sessions, history->id);
}

/* Who is not a member any more holds the key that is in force. */
static void change_list(struct wl_state *state, uint64_t index, const struct wl_control *asked)
{
	wl_members before = wl_list_everybody(&state->list);

	if (wl_control_changes_list(asked, index, &state->list) &&
	    (before & ~wl_list_everybody(&state->list)) != 0)
		state->keys.due = index;
}

/* Returns the sessions that it ended. */
static unsigned lose(struct wl_state *state, const struct wl_entry_header *header,
		     const struct wl_control *loss)
{
	const struct wl_history history = {
		.id = loss->digest,
		.index = header->index,
		.before = state->history.id,
		.lost_number = state->next_number,
		.next_number = loss->number,
	};
	unsigned ended;

	if (!wl_control_begins_history(loss, header, state->history.id) ||
	    loss->number <= state->next_number)
		return 0;
	ended = wl_session_end_all(&state->sessions);
	begin_history(state, &history);
	state->list = wl_control_rescued(loss, header->index);
	state->keys.due = header->index;
	return ended;
}

/* Returns the sessions that it ended. */
static unsigned control(struct wl_state *state, const uint8_t *image,
			const struct wl_entry_header *header)
{
	struct wl_control asked;

	if (!wl_control_decode(image, header, &asked)) {
		state->ignored++;
		return 0;
	}
	switch (asked.verb) {
	case WL_CONTROL_TRIM:
		trim(state, asked.number);
		break;
	case WL_CONTROL_BASE:
		mark_base(state, header->index, asked.expects);
		break;
	case WL_CONTROL_BASE_PROVEN:
		prove_base(state, asked.index, asked.digest);
		break;
	case WL_CONTROL_CONSUMER_SET:
		set_consumer(state, header->index, &asked);
		break;
	case WL_CONTROL_CONSUMER_DROP:
		wl_consumers_drop(&state->consumers, asked.name, asked.expects, asked.index);
		break;
	case WL_CONTROL_MEMBERS:
		change_list(state, header->index, &asked);
		break;
	case WL_CONTROL_LIMITS:
		if (wl_control_changes_limits(&asked, header->index, &state->limits))
			wl_state_limit_sessions(state);
		break;
	case WL_CONTROL_FEATURES:
		wl_control_changes_features(&asked, header->index, state->list.index,
					    &state->features);
		break;
	case WL_CONTROL_KEYS:
		wl_control_changes_keys(&asked, header->index, &state->keys);
		break;
	case WL_CONTROL_FENCE:
		wl_session_fence(&state->sessions, asked.index, asked.number, header->timestamp_ns);
		break;
	case WL_CONTROL_LOSS:
		return lose(state, header, &asked);
	}
	return 0;
}

unsigned wl_state_apply(struct wl_state *state, const uint8_t *image,
			const struct wl_entry_header *header)
{
	unsigned ended = wl_session_apply(&state->sessions, image, header);

	if (header->kind == WL_ENTRY_CONTROL)
		ended += control(state, image, header);
	else if (header->kind == WL_ENTRY_TERM_START && header->body_bytes != 0)
		begin_history(state, &(struct wl_history){wl_entry_history(image, header),
							  header->index, 0, 0, 0});
	state->next_number = header->first_number + header->data_count;
	if (header->timestamp_ns > state->last_timestamp_ns)
		state->last_timestamp_ns = header->timestamp_ns;
	return ended;
}

uint64_t wl_state_digest(const struct wl_state *state)
{
	uint64_t words[] = {
		state->sessions.applied_index,
		state->sessions.activity,
		state->sessions.contradicted,
		state->next_number,
		state->last_timestamp_ns,
		state->trim_number,
		state->base_mark,
		state->base_mark_before,
		state->proven.index,
		state->proven.digest,
		state->proven_before.index,
		state->proven_before.digest,
		state->consumers.count,
		state->consumers.digest,
		state->list.index,
		state->list.voters | (uint64_t)state->list.old << 32,
		state->list.learners,
		state->history.id,
		state->history.index,
		state->history.before,
		state->history.lost_number,
		state->history.next_number,
		state->keys.index,
		state->keys.now | (uint64_t)state->keys.before << 32,
		state->keys.stage,
		state->keys.due,
	};
	uint64_t digest = wl_session_table_digest(&state->sessions);

	for (size_t at = 0; at < sizeof(words) / sizeof(words[0]); at++)
		digest = wl_mix_u64(digest ^ words[at]);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		digest = wl_mix_u64(digest ^ state->list.incarnation[node]);
	digest = wl_mix_u64(digest ^ state->limits.index);
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		digest = wl_mix_u64(digest ^ state->limits.value[limit]);
	/* Nodes that do not have them yet make the same digest as those that know no such entry: only from it on is there more. */
	if (state->features.index != 0)
		digest = wl_mix_u64(wl_mix_u64(digest ^ state->features.index) ^
				    state->features.set);
	return digest != 0 ? digest : 1;
}

/* Without an entry there is no value either. */
static bool limits_hold(const struct wl_state *state)
{
	static const struct wl_journal_limits none;

	if (state->limits.index == 0)
		return memcmp(&state->limits, &none, sizeof(none)) == 0;
	return state->limits.index <= state->sessions.applied_index &&
	       wl_journal_limits_are_possible(&state->limits) &&
	       state->sessions.limit == state->limits.value[WL_LIMIT_SESSIONS];
}

static bool history_is_possible(const struct wl_state *state)
{
	const struct wl_history *history = &state->history;

	if (history->index > state->sessions.applied_index ||
	    (history->id == 0) != (history->index == 0) ||
	    history->next_number > state->next_number)
		return false;
	return history->next_number == 0
		       ? history->lost_number == 0 && history->before == 0
		       : history->lost_number != 0 && history->lost_number < history->next_number &&
				 history->id != history->before;
}

const char *wl_state_check(const struct wl_state *state)
{
	if (state->trim_number == 0 || state->trim_number > state->next_number)
		return "T1: the trim point is no number of a record, nor the next one";
	if (state->base_mark > state->sessions.applied_index ||
	    (state->base_mark != 0 ? state->base_mark_before >= state->base_mark
				   : state->base_mark_before != 0))
		return "T2: a base mark is not applied, or stands before the one before it";
	if (state->proven.index > state->base_mark ||
	    (state->proven.index != 0 ? state->proven_before.index >= state->proven.index
				      : state->proven_before.index != 0))
		return "T3: a base is proven that was not marked, or before an older one";
	if (!wl_consumers_check(&state->consumers) || state->consumers.lowest < state->trim_number)
		return "T4: a checkpoint is below the trim point, or the table of consumers is broken";
	if (state->list.index > state->sessions.applied_index ||
	    (state->list.index != 0 ? !wl_list_is_possible(&state->list)
				    : wl_list_everybody(&state->list) != 0))
		return "T5: the list of members is not applied, or impossible";
	if (!limits_hold(state))
		return "T6: the limits are not applied, impossible, or not the table's";
	if (!history_is_possible(state))
		return "T7: the history is not applied, what was lost before it is no range of numbers, or sessions are not named by it";
	if (state->features.index > state->sessions.applied_index ||
	    (state->features.index == 0) != (state->features.set == 0) ||
	    state->consumers.count > wl_state_consumers_max(state))
		return "T8: the features are not applied, or there are more consumers than they allow";
	if (state->keys.index > state->sessions.applied_index ||
	    state->keys.due > state->sessions.applied_index || !wl_keys_are_possible(&state->keys))
		return "T9: the keys are not applied, or impossible";
	return wl_session_table_check(&state->sessions);
}
