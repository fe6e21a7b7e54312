/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_why_thread.h"

#include <stdio.h>

#include "control/node/mailbox_thread.h"
#include "control/node/node_thread.h"
#include "control/node/stats_answers_thread.h"
#include "control/report/anatomy_json.h"

json_t *wl_stats_answer_why(void *context, const char *parameter, char *error, size_t error_bytes)
{
	const struct wl_node *node = context;
	struct wl_mailbox_request request = {0};
	struct wl_journal_status status;
	struct wl_why why = {.node = node->config->node, .status = &status};
	const struct wl_anatomy *anatomy;

	if (!wl_stats_answers_parse(parameter, UINT64_MAX, &why.number, &request.journal) ||
	    why.number == 0) {
		snprintf(error, error_bytes, "'%.60s' is not NUMBER or NUMBER,JOURNAL", parameter);
		return NULL;
	}
	why.journal = request.journal;
	if (!wl_stats_answers_has_journal(node, why.journal, error, error_bytes))
		return NULL;
	/* Its times first: what is found and was cut away meanwhile is not committed. */
	anatomy = node->journals[why.journal].journal->anatomy;
	why.found = wl_anatomy_find(anatomy, why.number, &why.entry);
	why.leader_known = wl_anatomy_leader_of(anatomy, why.number, &why.leader);
	if (!wl_stats_answers_read_published(node, &request, &status, error, error_bytes))
		return NULL;
	return wl_anatomy_json(&why);
}
