/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog demo`: three nodes on this machine to play with, and what can be done to them. `demo --run` is the
 * whole proof (tool_demo_run.c).
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/demo/tool_demo_grows.h"
#include "command/demo/tool_demo_run.h"
#include "command/itch/itch_workload.h"
#include "command/tool_format.h"
#include "command/tool_interrupt.h"
#include "command/tool_option.h"
#include "command/tool_parse.h"
#include "command/tool_refuse.h"
#include "dataplane/host/clock.h"
#include "wirelog/status.h"

#define MESSAGES_DEFAULT UINT64_C(1000000)
#define WAIT_NS UINT64_C(30000000000)

struct options {
	struct wl_demo_plan plan;
	bool run;
	bool plan_of_run; /* something was asked for that only --run does */
	const char *verb, *which; /* NULL: none */
};

/* ---- options ------------------------------------------------------------------------------------ */

enum {
	KEY_RUN = 0x100,
	KEY_DIRECTORY,
	KEY_CONFIGURATIONS,
	KEY_MESSAGES,
	KEY_SEED,
	KEY_KEEP,
	KEY_PAGE,
};

static const struct argp_option option_table[] = {
	{"run", KEY_RUN, NULL, 0,
	 "the whole proof, at most two minutes: a day of messages, the leader killed in the middle, leadership "
	 "handed over, all read back and compared; then the old ones trimmed, and a start from a base; then rot on a disk that heals, an "
	 "empty disk that comes back, and a node replaced by a fourth; leaves nothing running",
	 0},
	{"directory", KEY_DIRECTORY, "DIR", 0,
	 "where it lives; kill, start, stop and status then refuse any other (default: demo/ beside this command, else the user's state directory, else /var/tmp)",
	 0},
	{"configurations", KEY_CONFIGURATIONS, "DIR", 0,
	 "node1.yaml to node3.yaml to copy from, and node4.yaml for grow and --run", 0},
	{"messages", KEY_MESSAGES, "N", 0, "--run: how many (default 1000000)", 0},
	{"seed", KEY_SEED, "N", 0, "--run: of the day (default 1)", 0},
	{"keep", KEY_KEEP, NULL, 0, "leave the directory when it is over; no later demo touches it",
	 0},
	{"page", KEY_PAGE, NULL, 0,
	 "with a page for browsers (wirelog-web) and the exporter, until the demo is over: their addresses are printed",
	 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_RUN:
		options->run = true;
		return 0;
	case KEY_DIRECTORY:
		options->plan.directory = argument;
		return 0;
	case KEY_CONFIGURATIONS:
		options->plan.configurations = argument;
		return 0;
	case KEY_MESSAGES:
		/* Enough for the leader to be killed in the middle of something. */
		options->plan.messages =
			wl_tool_option_number(state, "--messages", argument, 20000, UINT64_MAX);
		options->plan_of_run = true;
		return 0;
	case KEY_SEED:
		options->plan.seed =
			wl_tool_option_number(state, "--seed", argument, 0, UINT64_MAX);
		options->plan_of_run = true;
		return 0;
	case KEY_KEEP:
		options->plan.keep = true;
		return 0;
	case KEY_PAGE:
		options->plan.page = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			options->verb = argument;
		else if (state->arg_num == 1)
			options->which = argument;
		else
			argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the running demo --------------------------------------------------------------------------- */

static bool is_same_place(const char *one, const char *other)
{
	struct stat first, second;

	return stat(one, &first) == 0 && stat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* There is one demo of a user at a time; `wish` says which one is meant, NULL: whichever it is. */
static int load_nodes(struct wl_demo_nodes *nodes, const char *wish)
{
	wl_demo_nodes_init(nodes, &wl_interrupted);
	if (wl_where_load(&nodes->where) != 0 || nodes->where.run_directory_count < WL_DEMO_NODES ||
	    nodes->where.run_directory_count > WL_DEMO_NODES_MAX ||
	    nodes->where.pid_count != nodes->where.run_directory_count)
		return wl_tool_refuse(WIRELOG_NOT_RUNNING,
				      "no demo is up; `wirelog demo` starts one");
	if (wish != NULL && !is_same_place(wish, nodes->where.directory))
		return wl_tool_refuse(WIRELOG_NOT_RUNNING,
				      "no demo is up in %s; the one that is lives in %s", wish,
				      nodes->where.directory);
	return 0;
}

static int refuse(int status, const char *reason)
{
	if (status == WIRELOG_CLOSED && wl_interrupted) {
		fprintf(stderr, "wirelog: interrupted\n");
		return WL_INTERRUPT_EXIT;
	}
	return wl_tool_refuse(status, "%s", reason);
}

static unsigned find_leader(struct wl_demo_nodes *nodes)
{
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];

	return wl_demo_nodes_ask(nodes, facts);
}

/* A node's number out of "2" or "leader". 0: told the user why not. */
static unsigned parse_node(struct wl_demo_nodes *nodes, const char *which, unsigned *leader,
			   int *code)
{
	uint64_t number;

	*leader = find_leader(nodes);
	if (strcmp(which, "leader") == 0) {
		if (*leader == 0)
			*code = wl_tool_refuse(WIRELOG_NOT_RUNNING, "no node leads now");
		return *leader;
	}
	if (wl_tool_parse_number(which, &number) && number >= 1 &&
	    number <= nodes->where.run_directory_count)
		return (unsigned)number;
	fprintf(stderr, "wirelog: '%s' is none of leader, 1 to %u\n", which,
		nodes->where.run_directory_count);
	*code = EX_USAGE;
	return 0;
}

/* ---- verbs -------------------------------------------------------------------------------------- */

static int up(const struct options *options)
{
	static const char *const next[] = {
		"workload itch --messages 100000 --output day.itch",
		"append --format itch50 day.itch",
		"tail --from 1 --count 5",
		"status",
		"demo kill leader",
		"demo start",
		"demo grow",
		"demo stop",
	};
	struct wl_demo_nodes nodes;
	enum wl_demo_stage stage;
	char reason[WL_DEMO_REASON_BYTES];
	unsigned leader = 0;
	int status = wl_demo_up_clear(&wl_interrupted, reason);

	if (status != 0)
		return refuse(status, reason);
	wl_demo_nodes_init(&nodes, &wl_interrupted);
	status = wl_demo_up_begin(&nodes, &options->plan, &stage, &leader, reason);
	if (status != 0) {
		int code = refuse(status, reason);

		/* The logs say more than a sentence. */
		wl_demo_up_end(&nodes, stage, stage == WL_DEMO_STAGE_NODES && !wl_interrupted);
		return code;
	}
	for (unsigned node = 1; node <= WL_DEMO_NODES; node++)
		wl_demo_up_print(node == 1 ? "nodes" : "", "%u  memif:%s/clients.sock  pid %d%s",
				 node, nodes.where.run_directories[node - 1],
				 (int)nodes.where.pids[node - 1], node == leader ? "  leads" : "");
	if (nodes.where.udp_endpoints[0] != '\0')
		wl_demo_up_print("sockets", "%s", nodes.where.udp_endpoints);
	wl_demo_up_print("logs", "%s/node1.log and so on", nodes.where.directory);
	printf("\nThree nodes are up. From this or another terminal:\n");
	for (size_t at = 0; at < sizeof(next) / sizeof(next[0]); at++)
		printf("  %s %s\n", program_invocation_name, next[at]);
	return EX_OK;
}

static bool has_majority(const struct wl_demo_nodes *nodes)
{
	return wl_demo_nodes_alive(nodes) * 2 > nodes->where.run_directory_count;
}

static int kill_node(const struct options *options)
{
	struct wl_demo_nodes nodes;
	char reason[WL_DEMO_REASON_BYTES], took[32];
	unsigned victim, leader = 0;
	uint64_t began_ns;
	bool was_leader;
	int code = load_nodes(&nodes, options->plan.directory), status;

	if (code != 0)
		return code;
	victim = parse_node(&nodes, options->which != NULL ? options->which : "leader", &leader,
			    &code);
	if (victim == 0)
		return code;
	if (!wl_demo_node_is_alive(&nodes, victim))
		return wl_tool_refuse(WIRELOG_NOT_RUNNING, "node %u does not run", victim);
	was_leader = victim == leader;
	began_ns = wl_clock_kernel_ns();
	wl_demo_node_kill(&nodes, victim);
	wl_where_save(&nodes.where);
	printf("kill -9 of node %u, %s\n", victim, was_leader ? "the leader" : "a follower");
	if (!has_majority(&nodes)) {
		printf("no majority is left: nothing can be committed until another node starts "
		       "(`wirelog demo start`)\n");
		return EX_OK;
	}
	fflush(stdout);
	status = wl_demo_nodes_wait_leader(&nodes, WAIT_NS, &leader, reason);
	if (status != 0)
		return refuse(status, reason);
	wl_tool_format_duration(wl_clock_kernel_ns() - began_ns, took, sizeof(took));
	if (was_leader)
		printf("node %u leads and takes appends, %s after the kill\n", leader, took);
	else
		printf("node %u still leads and takes appends\n", leader);
	printf("`%s demo start` brings node %u back\n", program_invocation_name, victim);
	return EX_OK;
}

static int start_missing(struct wl_demo_nodes *nodes, unsigned wanted, unsigned *started)
{
	*started = 0;
	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++) {
		int error;

		if ((wanted != 0 && node != wanted) || wl_demo_node_is_alive(nodes, node))
			continue;
		error = wl_demo_node_start(nodes, node);
		if (error != 0)
			return wl_tool_refuse(WIRELOG_NOT_RUNNING, "node %u cannot be started: %s",
					      node, strerror(-error));
		printf("started node %u, pid %d\n", node, (int)nodes->where.pids[node - 1]);
		(*started)++;
	}
	return 0;
}

/* How far the cluster had committed when we began is how far the nodes that start have to come. */
static int wait_until_useful(struct wl_demo_nodes *nodes, uint64_t began_ns)
{
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	char reason[WL_DEMO_REASON_BYTES], took[32], records[32];
	unsigned leader;
	int status;

	if (!has_majority(nodes))
		return EX_OK;
	status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);
	if (status == 0 && wl_demo_nodes_alive(nodes) == nodes->where.run_directory_count) {
		wl_demo_nodes_ask(nodes, facts);
		status = wl_demo_nodes_wait_caught_up(nodes, facts[leader - 1].commit_number,
						      WAIT_NS, facts, reason);
	}
	if (status != 0)
		return refuse(status, reason);
	wl_tool_format_duration(wl_clock_kernel_ns() - began_ns, took, sizeof(took));
	wl_demo_nodes_ask(nodes, facts);
	wl_tool_format_count(facts[leader - 1].commit_number, records);
	printf("node %u leads; all that run have the %s records, after %s\n", leader, records,
	       took);
	return EX_OK;
}

static int start(const struct options *options)
{
	struct wl_demo_nodes nodes;
	uint64_t began_ns = wl_clock_kernel_ns();
	unsigned wanted = 0, leader, started;
	int code = load_nodes(&nodes, options->plan.directory);

	if (code != 0)
		return code;
	if (options->which != NULL) {
		wanted = parse_node(&nodes, options->which, &leader, &code);
		if (wanted == 0)
			return code;
	}
	code = start_missing(&nodes, wanted, &started);
	if (started > 0)
		wl_where_save(&nodes.where);
	if (code != 0)
		return code;
	if (started == 0) {
		printf("%s\n", wanted != 0 ? "it runs already" : "all nodes run already");
		return EX_OK;
	}
	fflush(stdout);
	return wait_until_useful(&nodes, began_ns);
}

static int grow(const struct options *options)
{
	struct wl_demo_nodes nodes;
	char reason[WL_DEMO_REASON_BYTES], took[32];
	uint64_t began_ns = wl_clock_kernel_ns();
	int code = load_nodes(&nodes, options->plan.directory), status;

	if (code != 0)
		return code;
	if (nodes.where.run_directory_count == WL_DEMO_NODES_MAX) {
		printf("node %u is there already\n", WL_DEMO_JOINS);
		return EX_OK;
	}
	status = wl_demo_grows_begin(&nodes, reason);
	if (status == 0) {
		printf("node %u is named in the files of the others, which read them again; started, pid %d\n",
		       WL_DEMO_JOINS, (int)nodes.where.pids[WL_DEMO_JOINS - 1]);
		fflush(stdout);
		status = wl_demo_grows_join(&nodes, reason);
	}
	if (status != 0)
		return refuse(status, reason);
	wl_tool_format_duration(wl_clock_kernel_ns() - began_ns, took, sizeof(took));
	printf("it has everything and votes, after %s; `%s member list` shows them\n", took,
	       program_invocation_name);
	return EX_OK;
}

static int stop(const struct options *options)
{
	struct wl_demo_nodes nodes;
	unsigned killed;
	int code = load_nodes(&nodes, options->plan.directory);

	if (code != 0)
		return code;
	killed = wl_demo_up_end(&nodes, WL_DEMO_STAGE_NODES, options->plan.keep);
	if (killed != 0)
		printf("%u of the nodes had to be killed\n", killed);
	printf(options->plan.keep ? "the demo has ended; its data and logs are in %s\n"
				  : "the demo has ended; %s is removed\n",
	       nodes.where.directory);
	return EX_OK;
}

static int show_status(const struct options *options)
{
	static char name[] = "status";
	char *words[] = {name, NULL};
	struct wl_demo_nodes nodes;
	int code = load_nodes(&nodes, options->plan.directory);

	if (code != 0)
		return code;
	printf("%s\n", nodes.where.directory);
	return wl_cmd_status(1, words);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int dispatch(const struct options *options)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
		bool takes_node;
	} verbs[] = {
		{"up", up, false},	  {"kill", kill_node, true}, {"start", start, true},
		{"restart", start, true}, {"stop", stop, false},     {"status", show_status, false},
		{"grow", grow, false},
	};
	const char *verb = options->verb != NULL ? options->verb : "up";

	if (!options->run && options->plan_of_run) {
		fprintf(stderr, "wirelog: --messages and --seed go with --run\n");
		return EX_USAGE;
	}
	if (options->run && options->verb != NULL) {
		fprintf(stderr, "wirelog: --run takes no word\n");
		return EX_USAGE;
	}
	if (options->run)
		return wl_demo_run(&options->plan, &wl_interrupted);
	for (size_t at = 0; at < sizeof(verbs) / sizeof(verbs[0]); at++) {
		if (strcmp(verb, verbs[at].name) != 0)
			continue;
		if (options->which != NULL && !verbs[at].takes_node) {
			fprintf(stderr, "wirelog: '%s' is one word too many\n", options->which);
			return EX_USAGE;
		}
		return verbs[at].run(options);
	}
	fprintf(stderr, "wirelog: '%s' is none of up, kill, start, grow, stop, status\n", verb);
	return EX_USAGE;
}

int wl_cmd_demo(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[up]\nkill [leader|1|2|3]\nstart [1|2|3]\ngrow\nstatus\nstop\n--run",
		.doc = "Three nodes of a new cluster on this machine, over shared memory: no NIC, no hugepages, no "
		       "root.\v"
		       "  up      starts them and leaves them running (what `wirelog demo` alone does)\n"
		       "  kill    SIGKILL to the leader or a node; says how long until a leader takes appends\n"
		       "  start   starts what was killed; says when it has caught up\n"
		       "  grow    a fourth node joins while the three run\n"
		       "  stop    ends all and removes the directory\n\n"
		       "Exit code of --run: 0 when everything held, 70 when a promise did not, 130 interrupted.",
	};
	struct options options = {.plan = {.messages = MESSAGES_DEFAULT, .seed = 1}};

	wl_tool_option_parse(&argp, "wirelog demo", argc, argv, &options);
	wl_interrupt_catch();
	wl_interrupt_on(SIGHUP); /* a terminal that closes: nodes of --run die with this process */
	return dispatch(&options);
}
