/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_compare_thread.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/node/mailbox_thread.h"
#include "control/node/reload_thread.h"
#include "control/node/stats_answers_thread.h"

json_t *wl_stats_answer_compare(void *context, const char *parameter, char *error,
				size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {.verb = WL_MAILBOX_COMPARE};
	char rest;

	if ((sscanf(parameter, "%" SCNu64 "%c", &request.index, &rest) != 1 &&
	     sscanf(parameter, "%" SCNu64 ",%u%c", &request.index, &request.journal, &rest) != 2) ||
	    request.index == 0) {
		snprintf(error, error_bytes, "'%.60s' is not INDEX or INDEX,JOURNAL", parameter);
		return NULL;
	}
	if (!wl_stats_answers_has_journal(node, request.journal, error, error_bytes))
		return NULL;
	if (!wl_mailbox_ask(node->mailbox, &request)) {
		snprintf(error, error_bytes,
			 "the worker of journal %u could not be told within a second: ask again",
			 request.journal);
		return NULL;
	}
	return json_pack("{s:b, s:i, s:I}", "begun", 1, "journal", (int)request.journal, "index",
			 (json_int_t)request.index);
}

static json_t *chain_text(const struct wl_chain_answer *answer)
{
	return answer->verdict == WL_CHAIN_KNOWN ? json_sprintf("%016" PRIx64, answer->chain)
						 : json_null();
}

static json_t *one_node(uint32_t id, const struct wl_chain_answer *answer)
{
	bool told = answer->verdict != WL_CHAIN_NOT_TOLD;

	return json_pack("{s:i, s:s, s:I, s:o, s:o, s:o}", "node", (int)id, "verdict",
			 wl_chain_verdict_name(answer->verdict), "term",
			 (json_int_t)answer->position.term, "chain", chain_text(answer), "first",
			 told ? json_integer((json_int_t)answer->first) : json_null(), "commit",
			 told ? json_integer((json_int_t)answer->commit) : json_null());
}

json_t *wl_stats_answer_compared(void *context, const char *parameter, char *error,
				 size_t error_bytes)
{
	const struct wl_node *node = context;
	const struct wl_config *config = wl_reload_config(node);
	struct wl_journal_status status;
	uint32_t journal = 0;
	json_t *nodes;
	char rest;

	if (parameter[0] != '\0' && sscanf(parameter, "%u%c", &journal, &rest) != 1) {
		snprintf(error, error_bytes, "'%.60s' is no journal", parameter);
		return NULL;
	}
	if (!wl_stats_answers_has_journal(node, journal, error, error_bytes))
		return NULL;
	if (!wl_published_read(&node->journals[journal].journal->published, &status)) {
		snprintf(error, error_bytes, "the worker of journal %u has not begun: ask again",
			 journal);
		return NULL;
	}
	nodes = json_array();
	for (uint32_t at = 0; at < config->node_count; at++) {
		uint32_t id = config->nodes[at].id;

		json_array_append_new(nodes, one_node(id, &status.compared.answers[id]));
	}
	return json_pack("{s:i, s:I, s:I, s:b, s:o}", "journal", (int)journal, "index",
			 (json_int_t)status.compared.index, "round",
			 (json_int_t)status.compared.round, "complete",
			 status.compared.complete != 0, "nodes", nodes);
}
