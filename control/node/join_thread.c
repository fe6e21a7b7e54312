/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/join_thread.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/node/mailbox_thread.h"
#include "control/node/nic_watch_thread.h"
#include "control/report/report_file.h"

/* One worker's part. */
struct joining {
	uint32_t number; /* of the worker */
	struct wl_port *port;
	uint32_t count;
	struct wl_worker_newcomer newcomers[WIRELOG_NODES_MAX];
	const struct wl_config_link
		*config[WIRELOG_NODES_MAX]; /* NULL: it needs no link of its own */
	struct wl_link_config links[WIRELOG_NODES_MAX];
	int places[WIRELOG_NODES_MAX]; /* in the port; -1: not open */
	int status;
	struct wl_port_words words;
};

struct plan {
	uint32_t worker_count;
	struct joining workers[WIRELOG_WORKERS_MAX];
};

/* ---- on a worker's thread ----------------------------------------------------------------------- */

static void close_links(struct wl_worker *worker, void *context)
{
	struct joining *joining = context;

	(void)worker;
	for (uint32_t at = 0; at < joining->count; at++) {
		if (joining->places[at] >= 0)
			wl_port_dpdk_remove_link(joining->port, (uint16_t)joining->places[at]);
		joining->places[at] = -1;
	}
}

static void open_links(struct wl_worker *worker, void *context)
{
	struct joining *joining = context;

	for (uint32_t at = 0; at < joining->count; at++) {
		if (!joining->config[at])
			continue;
		joining->places[at] =
			wl_port_dpdk_add_link(joining->port, &joining->links[at], &joining->words);
		if (joining->places[at] < 0) {
			joining->status = joining->places[at];
			close_links(worker, joining);
			return;
		}
		joining->newcomers[at].address.link = (uint16_t)joining->places[at];
	}
}

static void meet(struct wl_worker *worker, void *context)
{
	const struct joining *joining = context;

	for (uint32_t at = 0; at < joining->count; at++)
		wl_worker_meet(worker, &joining->newcomers[at]);
}

/* ---- on ours ------------------------------------------------------------------------------------ */

static const struct wl_config_link *link_to(const struct wl_config_worker *worker, uint32_t node)
{
	for (uint32_t at = 0; at < worker->link_count; at++)
		if (worker->links[at].peer == node)
			return &worker->links[at];
	return NULL;
}

static void plan_worker(struct wl_node *node, const struct wl_config *next, wl_members nodes,
			struct joining *joining)
{
	joining->port = node->workers[joining->number].port;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		uint32_t at = joining->count;

		if (!wl_members_has(nodes, id))
			continue;
		wl_boot_shape_newcomer(next, joining->number, id, &joining->newcomers[at]);
		joining->config[at] = link_to(&next->workers[joining->number], id);
		joining->places[at] = -1;
		if (joining->config[at])
			wl_boot_plan_link(next, joining->config[at], &joining->links[at]);
		joining->count++;
	}
}

static bool run(struct wl_node *node, struct joining *joining,
		void (*errand)(struct wl_worker *, void *))
{
	return wl_worker_thread_run(&node->workers[joining->number].thread, errand, joining);
}

/* All links of all workers, or none. */
static bool open_all(struct wl_node *node, struct plan *plan, char *error, size_t error_bytes)
{
	uint32_t number = 0;

	for (; number < plan->worker_count; number++) {
		struct joining *joining = &plan->workers[number];

		snprintf(error, error_bytes, "worker %u did not come to it in a second: ask again",
			 number);
		if (!run(node, joining, open_links))
			break;
		snprintf(error, error_bytes, "worker %u: %s", number, joining->words.reason);
		if (joining->status != 0)
			break;
	}
	if (number == plan->worker_count)
		return true;
	while (number-- > 0)
		run(node, &plan->workers[number], close_links);
	return false;
}

static void tell_control(struct wl_node *node, const struct wl_config *next, wl_members nodes)
{
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		struct wl_mailbox_request request = {.verb = WL_MAILBOX_MEET,
						     .target = id,
						     .config = next};

		if (wl_members_has(nodes, id) && !wl_mailbox_ask(node->mailbox, &request))
			wl_report(
				WL_REPORT_WARNING, "join",
				"node=%u reason=\"control did not come to it\" fix=\"restart this "
				"node\"",
				id);
	}
}

/* It came to the links a moment ago: one that stands still now, or ends, leaves nothing half done. */
static void meet_all(struct wl_node *node, struct joining *joining)
{
	if (!run(node, joining, meet) && !run(node, joining, meet))
		wl_report(WL_REPORT_WARNING, "join",
			  "worker=%u reason=\"it did not come to it\" fix=\"restart this node\"",
			  joining->number);
	for (uint32_t at = 0; at < joining->count; at++)
		if (joining->config[at])
			wl_nic_watch_add(node, joining->number, joining->config[at],
					 (uint16_t)joining->places[at]);
}

bool wl_join_nodes(struct wl_node *node, const struct wl_config *next, wl_members joining,
		   char *error, size_t error_bytes)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	bool joined;

	if (!plan) {
		snprintf(error, error_bytes, "no memory to meet the new nodes");
		return false;
	}
	plan->worker_count = next->worker_count;
	for (uint32_t number = 0; number < plan->worker_count; number++) {
		plan->workers[number].number = number;
		plan_worker(node, next, joining, &plan->workers[number]);
	}
	joined = open_all(node, plan, error, error_bytes);
	for (uint32_t number = 0; joined && number < plan->worker_count; number++)
		meet_all(node, &plan->workers[number]);
	free(plan);
	if (joined)
		tell_control(node, next, joining);
	return joined;
}
