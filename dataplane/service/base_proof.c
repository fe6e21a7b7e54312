/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/base_proof.h"

#include "dataplane/base/check.h"

static uint64_t appended_since(const struct wl_log *log, uint64_t index)
{
	uint64_t begin = index != 0 ? wl_log_offset_near(log, index) : 0;

	return log->append_offset > begin ? log->append_offset - begin : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A mark that is proven, or that nobody proved for long, is followed by the next. */
static bool is_due(const struct wl_replica *replica, const struct wl_state *state,
		   uint64_t every_bytes)
{
	const struct wl_log *log = replica->log;
	uint64_t appended = appended_since(log, state->base_mark);
	uint64_t most = log->config.bytes_max, patience;

	WL_CHECK(state->proven.index <= state->base_mark);
	if (every_bytes == 0)
		return false;
	/* A log that gets full before two bases are proven would stay so: no trim gives anything up without them. */
	every_bytes = smaller(every_bytes, most / WL_BASE_PROOF_MARKS_IN_LOG);
	if (state->proven.index != state->base_mark) {
		patience = smaller(every_bytes * WL_BASE_PROOF_PATIENCE, most / 2);
		return appended >= patience;
	}
	if (!wl_replica_base_is_everywhere(replica, state->base_mark))
		return appended / 2 >= every_bytes;
	return appended >= every_bytes ||
	       (state->base_mark != 0 &&
		appended_since(log, state->proven_before.index) / 2 >= every_bytes);
}

bool wl_base_proof_wants(const struct wl_replica *replica, const struct wl_state *state,
			 uint64_t every_bytes, struct wl_control *control)
{
	uint64_t mark = state->base_mark, digest = 0;

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	if (mark != state->proven.index)
		digest = wl_replica_base_agreed(replica, mark);
	if (digest != 0) {
		WL_CHECK(mark > state->proven.index);
		*control = (struct wl_control){
			.verb = WL_CONTROL_BASE_PROVEN,
			.index = mark,
			.digest = digest,
		};
		return true;
	}
	*control = (struct wl_control){.verb = WL_CONTROL_BASE, .expects = mark};
	return is_due(replica, state, every_bytes);
}

wl_members wl_base_proof_differs(const struct wl_replica *replica, const struct wl_state *state)
{
	const struct wl_base_proof *proven = &state->proven;
	wl_members differs = 0;
	uint64_t agreed;

	WL_CHECK(proven->index <= state->base_mark);
	if (proven->index != 0)
		differs = wl_replica_base_differs(replica, proven->index, proven->digest);
	/* Of those who follow only we have said anything lately. */
	if (replica->view.role != WL_ROLE_LEADER)
		return differs & wl_members_only(replica->config.node);
	if (state->base_mark == proven->index)
		return differs;
	agreed = wl_replica_base_agreed(replica, state->base_mark);
	if (agreed != 0)
		differs |= wl_replica_base_differs(replica, state->base_mark, agreed);
	return differs;
}
