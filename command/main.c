/* SPDX-License-Identifier: BSD-3-Clause */
/* wirelog: the command. The table of subcommands, help, and nothing else. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_refuse.h"
#include "wirelog/status.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
	{"demo", wl_cmd_demo, "three nodes on this machine: start, kill, stop, or the whole proof"},
	{"append", wl_cmd_append, "records from a file or standard input into the journal"},
	{"tail", wl_cmd_tail, "read committed records, from a number, a time, or live"},
	{"end", wl_cmd_end, "how far is the journal? Made sure of by a majority"},
	{"outcome", wl_cmd_outcome, "what became of an append: committed, never, or pending"},
	{"status", wl_cmd_status, "what the nodes say of themselves, as a table or as JSON"},
	{"top", wl_cmd_top, "the nodes on one screen: who leads, how fast, what is wrong"},
	{"events", wl_cmd_events, "the last 256 events of each node, also of one that crashed"},
	{"why", wl_cmd_why, "where the time of one recent record went, and what took longest"},
	{"capture", wl_cmd_capture, "frames of a node as a file that Wireshark reads"},
	{"trim", wl_cmd_trim, "have old records forgotten, on all nodes"},
	{"consumer", wl_cmd_consumer, "checkpoints that hold records back: list, set, delete"},
	{"upgrade", wl_cmd_upgrade, "builds of the nodes, what is in force: list, finalize"},
	{"limit", wl_cmd_limit, "retention and sessions of a journal: list, set"},
	{"member", wl_cmd_member, "who votes: list, add, promote, demote, remove, replace"},
	{"transfer", wl_cmd_transfer, "hand leadership over, to a node or to whoever is best"},
	{"step-down", wl_cmd_step_down, "have a node give away what it leads"},
	{"stop", wl_cmd_stop, "end a node, when the others can spare it"},
	{"readmit", wl_cmd_readmit, "have a node's new data counted, where its old ones are gone"},
	{"unsafe-recover", wl_cmd_unsafe_recover, "go on with what is left of a lost majority"},
	{"verify", wl_cmd_verify, "check a data directory, offline"},
	{"backup", wl_cmd_backup, "copy what is committed of a node's data; check a copy"},
	{"restore", wl_cmd_restore, "make a cluster's data again from a backup and archives"},
	{"dump", wl_cmd_dump, "entries of a data directory and where they lie, offline"},
	{"format", wl_cmd_format, "what is on a drive; make it empty for a node"},
	{"workload", wl_cmd_workload, "write synthetic test data: an ITCH 5.0 day"},
	{"key", wl_cmd_key, "make a cluster's key file; change the key while it runs"},
	{"doctor", wl_cmd_doctor,
	 "is this host what a node needs: cores, memory, NIC, drive, system"},
	{"tune", wl_cmd_tune, "make this host what a node needs; takes it back, too"},
	{"config", wl_cmd_config, "check a node's configuration, or have it read again"},
	{"explain", wl_cmd_explain, "cause and fix of a code, as in [NO_SPACE]"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char exit_codes[] =
	"Exit codes of wirelog, those of sysexits.h:\n"
	"  0    done\n"
	"  64   wrong use of the command line\n"
	"  65   the data are wrong: input not of the declared format, a record that is empty or too large,\n"
	"       records that were asked for are gone, a data directory that is damaged or not wirelog's\n"
	"  66   a file cannot be read\n"
	"  69   nobody answers: no node, no demo; or something of the machine is missing\n"
	"  70   a promise of the demo did not hold, or wirelog found itself in an impossible state\n"
	"  71   no memory\n"
	"  73   a file cannot be made\n"
	"  74   reading or writing failed\n"
	"  75   not now: records expired or their outcome is unknown, no space, time is over, data in use\n"
	"  76   the other side or the data are of another version\n"
	"  77   a permission is missing, or keys differ\n"
	"  78   the configuration is wrong, or there is no key\n"
	"  130  interrupted (Control-C)\n"
	"Each failure names a code on standard error; `wirelog explain CODE` tells cause and fix.\n";

static void print_help(FILE *out)
{
	fprintf(out, "Usage: wirelog COMMAND [OPTION...]\n"
		     "wirelog: a replicated journal over DPDK and io_uring.\n\n");
	for (size_t at = 0; at < COMMANDS; at++)
		fprintf(out, "  %-14s %s\n", commands[at].name, commands[at].help);
	fprintf(out,
		"\n"
		"  wirelog COMMAND --help      its options\n"
		"  wirelog help exit-codes     what the exit codes mean\n"
		"  wirelog --version\n\n"
		"append, tail, end, outcome and status talk to the running demo unless options or WIRELOG_ENDPOINTS,\n"
		"WIRELOG_KEY_FILE, WIRELOG_CLUSTER, WIRELOG_RUN_DIRECTORIES name another cluster.\n");
}

static const struct command *find(const char *name)
{
	for (size_t at = 0; at < COMMANDS; at++)
		if (strcmp(commands[at].name, name) == 0)
			return &commands[at];
	return NULL;
}

/* Letters to insert, delete, change or swap with the next to get from one word to the other. */
static size_t distance(const char *from, const char *to)
{
	enum { LENGTH_MAX = 16 };
	size_t rows = strlen(from), columns = strlen(to), cost[LENGTH_MAX + 1][LENGTH_MAX + 1];

	if (rows > LENGTH_MAX || columns > LENGTH_MAX)
		return LENGTH_MAX;
	for (size_t row = 0; row <= rows; row++) {
		for (size_t column = 0; column <= columns; column++) {
			size_t *here = &cost[row][column], change;

			*here = row + column;
			if (row == 0 || column == 0)
				continue;
			change = cost[row - 1][column - 1] + (from[row - 1] != to[column - 1]);
			*here = cost[row - 1][column] + 1;
			if (cost[row][column - 1] + 1 < *here)
				*here = cost[row][column - 1] + 1;
			if (change < *here)
				*here = change;
			if (row > 1 && column > 1 && from[row - 1] == to[column - 2] &&
			    from[row - 2] == to[column - 1] &&
			    cost[row - 2][column - 2] + 1 < *here)
				*here = cost[row - 2][column - 2] + 1;
		}
	}
	return cost[rows][columns];
}

static int refuse_unknown(const char *name)
{
	const char *nearest = NULL;
	size_t least = 3; /* more letters than two are no slip of the hand */

	for (size_t at = 0; at <= COMMANDS; at++) {
		const char *known = at < COMMANDS ? commands[at].name : "help";
		size_t far = distance(name, known);

		if (far < least) {
			least = far;
			nearest = known;
		}
	}
	fprintf(stderr, "wirelog: there is no command '%s'", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; `wirelog help` lists them\n");
	return EX_USAGE;
}

static int help(int argc, char **argv)
{
	static char option[] = "--help";
	char *words[] = {NULL, option, NULL};
	const struct command *command;

	if (argc < 2) {
		print_help(stdout);
		return EX_OK;
	}
	if (strcmp(argv[1], "exit-codes") == 0) {
		fputs(exit_codes, stdout);
		return EX_OK;
	}
	command = find(argv[1]);
	if (command == NULL)
		return refuse_unknown(argv[1]);
	words[0] = argv[1];
	return command->run(2, words);
}

/* However a command ends, argp's --help included: what could not be printed was not done. */
static void check_output(int code, void *context)
{
	(void)context;
	if (code == EX_OK && (fflush(stdout) != 0 || ferror(stdout)))
		_exit(wl_tool_refuse(WIRELOG_OUTPUT_FAILED, "standard output cannot be written"));
}

int main(int argc, char **argv)
{
	const struct command *command;

	on_exit(check_output, NULL);
	argp_err_exit_status = EX_USAGE;
	if (argc < 2) {
		print_help(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("wirelog " WIRELOG_VERSION_TEXT "\n");
		return EX_OK;
	}
	command = find(argv[1]);
	return command != NULL ? command->run(argc - 1, argv + 1) : refuse_unknown(argv[1]);
}
