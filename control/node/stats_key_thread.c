/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_key_thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/node/mailbox_thread.h"
#include "control/node/stats_answers_thread.h"

/* What no leader would propose is refused here, by name. Asked again while it came about: it is settled at once. */
static bool may_be(const struct wl_keys *now, const struct wl_keys *next, uint64_t expects,
		   char *error, size_t error_bytes)
{
	if (now->index > expects)
		return true;
	if (now->index != expects || !wl_keys_may_follow(now, next)) {
		snprintf(error, error_bytes,
			 "%08x behind %08x cannot follow entry %" PRIu64
			 " (%s %08x): look at `wirelog key list`",
			 next->now, next->before, now->index, wl_keys_stage_name(now->stage),
			 now->now);
		return false;
	}
	return true;
}

json_t *wl_stats_answer_key_rotate(void *context, const char *parameter, char *error,
				   size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_KEYS},
	};
	struct wl_wire_propose *wish = &request.wish;
	struct wl_journal_status status;
	struct wl_keys next;
	unsigned force;
	char rest;

	if (sscanf(parameter, "%8" SCNx32 ",%8" SCNx32 ",%" SCNu64 ",%u%c", &next.before, &next.now,
		   &wish->made, &force, &rest) != 4 ||
	    force > 1 || strchr(parameter, '-') != NULL) {
		snprintf(error, error_bytes, "'%.60s' is not BEFORE,NOW,ENTRY,FORCE", parameter);
		return NULL;
	}
	if (!wl_stats_answers_read_published(node, &request, &status, error, error_bytes))
		return NULL;
	next.stage = status.keys.stage == WL_KEYS_SEND ? WL_KEYS_REFUSE : WL_KEYS_SEND;
	if (node->insecure) {
		snprintf(error, error_bytes, "the nodes run with --insecure-lab: there is no key");
		return NULL;
	}
	if (!may_be(&status.keys, &next, wish->made, error, error_bytes))
		return NULL;
	wish->number = next.now | (uint64_t)next.before << 32;
	if (force)
		snprintf(wish->name, sizeof(wish->name), WL_WIRE_PROPOSE_FORCE);
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}
