/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_grows.h"
#include "command/demo/tool_demo_fill_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/demo/tool_demo_load.h"
#include "dataplane/base/change.h"
#include "dataplane/host/clock.h"
#include "wirelog/status.h"

#define WAIT_NS UINT64_C(40000000000)
#define HAND_OVER_BEHIND 100u /* acknowledged records */
#define ROUNDS 50u
#define ASK_NS UINT64_C(1000000000) /* a wish is forgotten after a while: it is asked again */

/* ---- the files of those that run ----------------------------------------------------------------- */

static int reload(const struct wl_demo_nodes *nodes, unsigned node, char *reason)
{
	json_t *answer;
	int status = wl_demo_node_change(nodes, node, "/wirelog/reload", &answer, reason);

	if (status == 0 && !json_is_true(json_object_get(answer, "taken"))) {
		const json_t *problem = json_array_get(json_object_get(answer, "problems"), 0);
		const char *text = json_string_value(json_object_get(problem, "text"));

		snprintf(reason, WL_DEMO_REASON_BYTES, "node %u does not take its file: %.1000s",
			 node, text != NULL ? text : "it says no more");
		status = WIRELOG_CONFIG_VALUE;
	}
	json_decref(answer);
	return status;
}

/* ---- leadership --------------------------------------------------------------------------------- */

struct handing {
	struct wl_demo_grows *grows;
	const struct wl_demo_nodes *nodes;
	uint64_t asked_ns;
	char reason[WL_DEMO_REASON_BYTES];
};

/* Asked again, until one takes over: nobody may be in step at this moment. */
static int on_turn(void *context, struct wl_demo_load *load)
{
	struct handing *handing = context;
	uint64_t now_ns = wl_clock_now_ns(&load->clock);
	uint32_t leader = wl_demo_load_leader(load);
	json_t *answer;

	if (load->next_answer_ns != 0 || load->acknowledged < HAND_OVER_BEHIND ||
	    now_ns - handing->asked_ns < ASK_NS || leader < 1 || leader > WL_DEMO_NODES)
		return 0;
	handing->asked_ns = now_ns;
	handing->grows->from = leader;
	load->avoid = leader;
	load->avoid_since_ns = now_ns;
	(void)wl_demo_node_change(handing->nodes, leader, "/wirelog/transfer,0,0", &answer,
				  handing->reason);
	json_decref(answer);
	return 0;
}

/* One connection's worth of appends. */
static int append_while(struct handing *handing, const char *path, char *reason)
{
	static struct wl_demo_load load; /* large */
	struct wl_demo_grows *grows = handing->grows;
	int status;

	memset(&load, 0, sizeof(load));
	load.path = path;
	load.messages = UINT64_MAX;
	load.interrupted = handing->nodes->interrupted;
	load.on_turn = on_turn;
	load.context = handing;
	handing->asked_ns = 0;
	status = wl_demo_load_run(&load, &handing->nodes->where);
	grows->appended += load.acknowledged;
	grows->handed_over_ns = load.next_answer_ns;
	grows->to = load.last_leader;
	if (status != 0)
		snprintf(reason, WL_DEMO_REASON_BYTES, "appending: %.400s", load.reason);
	return status;
}

int wl_demo_grows_hand_over(struct wl_demo_grows *grows, struct wl_demo_nodes *nodes,
			    const char *path, char *reason)
{
	struct handing handing = {.grows = grows, .nodes = nodes};
	int status = 0;

	for (unsigned round = 0; status == 0 && round < ROUNDS; round++) {
		status = append_while(&handing, path, reason);
		if (status == 0 && grows->handed_over_ns != 0)
			return 0;
	}
	if (status == 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "nobody took leadership over (%.1000s)",
			 handing.reason[0] != '\0' ? handing.reason : "it was asked for");
		status = WIRELOG_DEMO_FAILED;
	}
	grows->from = 0;
	return status;
}

/* ---- the list of members ------------------------------------------------------------------------ */

static bool lists(const json_t *members, const char *name, unsigned node)
{
	const json_t *list = json_object_get(members, name), *id;
	size_t at;

	json_array_foreach(list, at, id)
	{
		if (json_integer_value(id) == (json_int_t)node)
			return true;
	}
	return false;
}

/* How far it is, by the leader's word. */
enum wl_demo_step {
	NOT_LISTED,
	LEARNS,
	VOTES, /* by a list that is committed, and `gone` does not */
};

static enum wl_demo_step step_of(const struct wl_demo_nodes *nodes, unsigned leader, unsigned gone)
{
	enum wl_demo_step step = NOT_LISTED;
	json_t *status, *journal;
	const json_t *members;

	if (leader == 0 || wl_demo_node_journal(nodes, leader, &status, &journal) != 0)
		return NOT_LISTED;
	members = json_object_get(journal, "members");
	if (lists(members, "learners", WL_DEMO_JOINS))
		step = LEARNS;
	else if (json_is_true(json_object_get(members, "committed")) &&
		 json_array_size(json_object_get(members, "old_voters")) == 0 &&
		 lists(members, "voters", WL_DEMO_JOINS) &&
		 (gone == 0 || !lists(members, "voters", gone)))
		step = VOTES;
	json_decref(status);
	return step;
}

/* The next step on the way there; what is refused now may be taken later. */
static void wish(const struct wl_demo_nodes *nodes, unsigned leader, unsigned gone,
		 enum wl_demo_step step, char *reason)
{
	char request[64];
	json_t *answer;

	if (gone != 0)
		snprintf(request, sizeof(request), "/wirelog/member,%d,%u,%u,0", WL_CHANGE_REPLACE,
			 gone, WL_DEMO_JOINS);
	else
		snprintf(request, sizeof(request), "/wirelog/member,%d,%u,0,0",
			 step == LEARNS ? WL_CHANGE_PROMOTE : WL_CHANGE_ADD, WL_DEMO_JOINS);
	(void)wl_demo_node_change(nodes, leader, request, &answer, reason);
	json_decref(answer);
}

static int change(struct wl_demo_nodes *nodes, unsigned gone, char *reason)
{
	uint64_t until_ns = wl_clock_kernel_ns() + WAIT_NS, asked_ns = 0;
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	char said[WL_DEMO_REASON_BYTES] = "", what[256];
	int status = 0;

	while (status == 0) {
		unsigned leader = wl_demo_nodes_ask(nodes, facts);
		uint64_t now_ns = wl_clock_kernel_ns();
		enum wl_demo_step step = step_of(nodes, leader, gone);

		if (step == VOTES)
			return 0;
		if (leader != 0 && now_ns - asked_ns > ASK_NS) {
			asked_ns = now_ns;
			wish(nodes, leader, gone, step, said);
		}
		snprintf(what, sizeof(what), "node %u did not become a voter (%.150s)",
			 WL_DEMO_JOINS, said[0] != '\0' ? said : "it was asked for");
		status = wl_demo_nodes_look_after(nodes, until_ns, what, reason);
	}
	return status;
}

/* ---- the fourth node ---------------------------------------------------------------------------- */

bool wl_demo_grows_is_possible(const struct wl_demo_nodes *nodes)
{
	char path[WL_WHERE_PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s/node%u.yaml", nodes->where.directory, WL_DEMO_JOINS);
	return access(path, R_OK) == 0;
}

int wl_demo_grows_begin(struct wl_demo_nodes *nodes, char *reason)
{
	int status = wl_demo_fill_grow(&nodes->where, reason), error;

	for (unsigned node = 1; node <= WL_DEMO_NODES && status == 0; node++)
		if (nodes->where.pids[node - 1] != 0)
			status = reload(nodes, node, reason);
	if (status != 0)
		return status;
	error = wl_demo_node_start(nodes, WL_DEMO_JOINS);
	wl_where_save(&nodes->where);
	if (error == 0)
		return 0;
	snprintf(reason, WL_DEMO_REASON_BYTES, "node %u cannot be started: %s", WL_DEMO_JOINS,
		 strerror(-error));
	return WIRELOG_NOT_RUNNING;
}

int wl_demo_grows_join(struct wl_demo_nodes *nodes, char *reason)
{
	return change(nodes, 0, reason);
}

/* A follower that runs, the last one. */
static unsigned choose(struct wl_demo_nodes *nodes)
{
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	unsigned leader = wl_demo_nodes_ask(nodes, facts), chosen = 0;

	for (unsigned node = 1; node <= WL_DEMO_NODES; node++)
		if (node != leader && facts[node - 1].answers)
			chosen = node;
	return chosen;
}

int wl_demo_grows_replace(struct wl_demo_grows *grows, struct wl_demo_nodes *nodes,
			  struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	uint64_t began_ns = wl_clock_kernel_ns();
	unsigned leader;
	int status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);

	if (status != 0)
		return status;
	grows->gone = choose(nodes);
	status = wl_demo_grows_begin(nodes, reason);
	if (status == 0)
		status = change(nodes, grows->gone, reason);
	grows->took_ns = wl_clock_kernel_ns() - began_ns;
	if (status != 0)
		return status;
	wl_demo_node_stop(nodes, grows->gone);
	wl_where_save(&nodes->where);
	status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);
	wl_demo_nodes_ask(nodes, facts);
	if (status == 0)
		status = wl_demo_nodes_wait_caught_up(nodes, facts[leader - 1].commit_number,
						      WAIT_NS, facts, reason);
	return status;
}
