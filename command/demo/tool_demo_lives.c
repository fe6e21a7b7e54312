/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_lives.h"

#include <stdio.h>
#include <string.h>

#include "command/demo/tool_demo_load.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

#define WAIT_NS UINT64_C(30000000000)

int wl_demo_lives_append(const struct wl_demo_nodes *nodes, const char *path, uint64_t messages,
			 char *reason)
{
	static struct wl_demo_load load; /* large */
	int status;

	memset(&load, 0, sizeof(load));
	load.path = path;
	load.messages = messages;
	load.interrupted = nodes->interrupted;
	status = wl_demo_load_run(&load, &nodes->where);
	if (status != 0)
		snprintf(reason, WL_DEMO_REASON_BYTES, "appending once more: %.400s", load.reason);
	return status;
}

static int ask_trim(const struct wl_demo_nodes *nodes, unsigned leader, uint64_t number,
		    char *reason)
{
	char request[64];
	json_t *answer;
	int status;

	snprintf(request, sizeof(request), "/wirelog/trim,%lu", (unsigned long)number);
	status = wl_stats_socket_change(nodes->where.run_directories[leader - 1], request, &answer);
	json_decref(answer);
	if (status != 0)
		snprintf(reason, WL_DEMO_REASON_BYTES, "trimming: %.400s",
			 wl_stats_socket_reason());
	return status;
}

int wl_demo_lives_trim(struct wl_demo_lives *lives, struct wl_demo_nodes *nodes, uint64_t messages,
		       char *reason)
{
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	unsigned leader;
	int status;

	memset(lives, 0, sizeof(*lives));
	status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);
	if (status == 0)
		status =
			ask_trim(nodes, leader, messages * WL_DEMO_LIVES_PERCENT / 100 + 1, reason);
	if (status != 0)
		return status;
	lives->number = messages * WL_DEMO_LIVES_PERCENT / 100 + 1;
	status = wl_demo_nodes_wait_trimmed(nodes, lives->number, WAIT_NS, facts, reason);
	for (unsigned at = 0; at < WL_DEMO_NODES; at++)
		lives->segments[at] = facts[at].first_segment;
	return status;
}

int wl_demo_lives_restart(struct wl_demo_lives *lives, struct wl_demo_nodes *nodes, unsigned node,
			  struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	const struct wl_demo_facts *own = &facts[node - 1];
	int status;

	lives->restarted = node;
	wl_demo_node_kill(nodes, node);
	if (wl_demo_node_start(nodes, node) != 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "node %u cannot be started", node);
		return WIRELOG_NOT_RUNNING;
	}
	wl_where_save(&nodes->where);
	status = wl_demo_nodes_wait_caught_up(nodes, lives->number, WAIT_NS, facts, reason);
	lives->base_index = own->opened_from;
	lives->read_bytes = own->recovered_bytes;
	lives->took_ns = own->recovery_ns;
	lives->log_bytes = own->log_bytes;
	return status;
}
