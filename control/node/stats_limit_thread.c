/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_limit_thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/node/mailbox_thread.h"
#include "control/node/stats_answers_thread.h"

struct asked {
	enum wl_journal_limit limit;
	uint64_t told;
};

static bool parse(const char *parameter, struct wl_mailbox_request *request, struct asked *asked)
{
	struct wl_wire_propose *wish = &request->wish;
	size_t bytes = strcspn(parameter, ",");
	char rest;

	if (bytes >= sizeof(wish->name))
		return false;
	memcpy(wish->name, parameter, bytes);
	asked->limit = wl_journal_limit_find(wish->name);
	return sscanf(parameter + bytes, ",%" SCNu64 ",%u,%" SCNu64 "%c", &asked->told,
		      &request->journal, &wish->made, &rest) == 3 &&
	       strchr(parameter + bytes, '-') == NULL;
}

/* What no leader would propose is refused here, by name. */
static bool may_be(const struct wl_node *node, const struct wl_journal_status *status,
		   const struct wl_mailbox_request *request, char *error, size_t error_bytes)
{
	const struct wl_wire_propose *wish = &request->wish;

	/* Asked again while it came about: it is settled at once. */
	if (status->limits.index > wish->made &&
	    status->limits.value[wl_journal_limit_find(wish->name)] == wish->number)
		return true;
	if (status->limits.index == 0 || wish->made != status->limits.index) {
		snprintf(error, error_bytes,
			 "journal %u has other limits by now, or none yet (entry %" PRIu64
			 "): ask again",
			 request->journal, status->limits.index);
		return false;
	}
	if (wl_journal_limit_find(wish->name) == WL_LIMIT_SESSIONS &&
	    wish->number > node->config->sessions) {
		snprintf(error, error_bytes,
			 "%" PRIu64 " sessions are more than this node has memory for: %" PRIu64
			 ". Raise limits.sessions in the files of all nodes and restart them first",
			 wish->number, (uint64_t)node->config->sessions);
		return false;
	}
	return true;
}

json_t *wl_stats_answer_limit_set(void *context, const char *parameter, char *error,
				  size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_LIMITS},
	};
	struct wl_journal_status status;
	uint64_t range[2];
	struct asked asked;

	if (!parse(parameter, &request, &asked)) {
		snprintf(error, error_bytes, "'%.80s' is not NAME,VALUE,JOURNAL,ENTRY", parameter);
		return NULL;
	}
	if (asked.limit == WL_LIMITS) {
		snprintf(error, error_bytes, "'%s' is no limit of a journal", request.wish.name);
		return NULL;
	}
	if (!wl_journal_limit_take(asked.limit, asked.told, &request.wish.number, range)) {
		snprintf(error, error_bytes,
			 "%" PRIu64 " is out of range: %s is %" PRIu64 " to %" PRIu64 " %s",
			 asked.told, request.wish.name, range[0], range[1],
			 wl_journal_limit_unit(asked.limit));
		return NULL;
	}
	if (!wl_stats_answers_read_published(node, &request, &status, error, error_bytes) ||
	    !may_be(node, &status, &request, error, error_bytes))
		return NULL;
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}
