/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/cluster_status_thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/reload_thread.h"
#include "dataplane/host/clock.h"
#include "dataplane/worker/status_lane.h"

/* ---- what this node says ------------------------------------------------------------------------ */

bool wl_cluster_status_is_asked(const struct wl_node *node)
{
	return wl_status_lane_is_asked(node->status);
}

/* More than a message may be: the level without its reasons, which fits. */
static void shorten(json_t *brief)
{
	json_t *health = json_object_get(brief, "health");

	json_object_set_new(health, "reasons", json_array());
	json_object_set_new(health, "peers", json_array());
	json_object_set_new(brief, "shortened", json_true());
}

static bool tell(struct wl_node *node, const json_t *brief)
{
	char *text = json_dumps(brief, JSON_COMPACT);
	bool told = text && wl_status_lane_tell(node->status, text, strlen(text));

	free(text);
	return told;
}

void wl_cluster_status_tell(struct wl_node *node, const struct wl_status_facts *facts)
{
	json_t *brief;

	if (!wl_cluster_status_is_asked(node))
		return;
	brief = facts ? wl_status_json_brief(facts) : NULL;
	if (!tell(node, brief)) {
		shorten(brief);
		/* Without memory it is as if it had said nothing: who looks is not to look on and on. */
		if (!tell(node, brief))
			wl_status_lane_tell(node->status, "null", 4);
	}
	json_decref(brief);
}

/* ---- what the others say ------------------------------------------------------------------------ */

static wl_members others(const struct wl_node *node)
{
	const struct wl_config *config = wl_reload_config(node);

	return wl_members_without(config->members, config->node);
}

static bool is_complete(const struct wl_node *node)
{
	wl_members silent = others(node);

	if (wl_clock_kernel_ns() - node->status_began_ns > WL_STATUS_PATIENCE_NS)
		return true;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		if (wl_status_lane_answer(node->status, id))
			silent = wl_members_without(silent, id);
	return silent == 0;
}

static json_t *one_node(const struct wl_node *node, uint32_t id)
{
	const struct wl_status_text *said = wl_status_lane_answer(node->status, id);
	json_t *status = said ? json_loadb((const char *)said->text, said->bytes, 0, NULL) : NULL;

	return json_pack("{s:i, s:b, s:o}", "node", (int)id, "answered", status != NULL, "status",
			 status ? status : json_null());
}

static json_t *tell_round(const struct wl_node *node, uint64_t round, bool complete)
{
	wl_members asked = others(node);
	json_t *nodes = json_array();

	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		if (wl_members_has(asked, id))
			json_array_append_new(nodes, one_node(node, id));
	return json_pack("{s:I, s:b, s:i, s:o}", "round", (json_int_t)round, "complete", complete,
			 "node", (int)node->config->node, "nodes", nodes);
}

static uint64_t begin(struct wl_node *node)
{
	node->status_began_ns = wl_clock_kernel_ns();
	return wl_status_lane_begin(node->status);
}

json_t *wl_stats_answer_cluster(void *context, const char *parameter, char *error,
				size_t error_bytes)
{
	struct wl_node *node = context;
	uint64_t now = wl_status_lane_round(node->status), wanted = 0;
	bool over = now == 0 || is_complete(node);
	char rest;

	if (parameter[0] == '\0')
		return tell_round(node, over ? begin(node) : now + 1, false);
	if (sscanf(parameter, "%" SCNu64 "%c", &wanted, &rest) != 1 || wanted == 0 ||
	    wanted > now + 1) {
		snprintf(error, error_bytes, "'%.60s' is no round that was begun", parameter);
		return NULL;
	}
	if (wanted <= now)
		return tell_round(node, wanted, over);
	/* The one before it is over: now it is this one's turn. */
	return tell_round(node, over ? begin(node) : wanted, false);
}
