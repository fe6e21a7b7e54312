/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_finalize_thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/node/mailbox_thread.h"
#include "control/node/stats_answers_thread.h"
#include "dataplane/base/sentence.h"

static void add_who_lacks(struct wl_sentence *text, uint32_t node, const char *what,
			  wl_features lacking)
{
	char names[WL_FEATURES_TEXT_BYTES];

	wl_sentence_add(text, text->used == 0 ? "node " : "; node ");
	wl_sentence_add_number(text, node);
	wl_sentence_add(text, what);
	wl_sentence_add(text, wl_features_text(lacking, names));
}

/* What the leader would not propose is refused here, by name: it knows what its members declared, as we do. */
static bool may_be(const struct wl_node *node, const struct wl_journal_status *status,
		   wl_features asked, char *error, size_t error_bytes)
{
	wl_members members = wl_list_everybody(&status->list);
	struct wl_sentence text = wl_sentence_begin(error, error_bytes);

	for (uint32_t member = 1; member <= WIRELOG_NODES_MAX; member++) {
		const struct wl_peer_status *peer = &status->peers[member];
		wl_features declared = member == node->config->node ? status->build_features
								    : peer->declared;

		if (!wl_members_has(members, member) || wl_features_have(declared, asked))
			continue;
		add_who_lacks(
			&text, member,
			member == node->config->node || peer->build_known
				? " runs a build without "
				: " is away, or says nothing of its build; not known to have ",
			asked & ~declared);
	}
	if (text.used == 0)
		return true;
	wl_sentence_add(&text, ". Put the new build there, or take the node out first "
			       "(`wirelog member remove`)");
	return false;
}

json_t *wl_stats_answer_finalize(void *context, const char *parameter, char *error,
				 size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_FEATURES},
	};
	struct wl_journal_status status;
	char rest;

	if (sscanf(parameter, "%" SCNu64 ",%u,%" SCNu64 "%c", &request.wish.number,
		   &request.journal, &request.wish.made, &rest) != 3 ||
	    strchr(parameter, '-') != NULL || request.wish.number == 0) {
		snprintf(error, error_bytes, "'%.80s' is not SET,JOURNAL,ENTRY", parameter);
		return NULL;
	}
	if (!wl_stats_answers_read_published(node, &request, &status, error, error_bytes))
		return NULL;
	/* Asked again while it came about: it is settled at once. */
	if (!wl_features_have(status.features.set, request.wish.number)) {
		if (request.wish.made != status.features.index) {
			snprintf(error, error_bytes,
				 "journal %u has other features in force by now (entry %" PRIu64
				 "): ask again",
				 request.journal, status.features.index);
			return NULL;
		}
		if (!may_be(node, &status, request.wish.number, error, error_bytes))
			return NULL;
	}
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}
