/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog config check FILE...`: what `wirelogd --check` says, for each file. The daemon knows its
 * configuration and the command does not; so it runs the daemon that was built or installed with it.
 */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_daemon.h"

extern char **environ;

enum { FILES_MAX = 64 };

struct options {
	bool check;
	const char *files[FILES_MAX];
	unsigned int file_count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!options->check) {
			if (strcmp(argument, "check") != 0)
				argp_error(state, "config cannot '%s'; there is: check", argument);
			options->check = true;
			return 0;
		}
		if (options->file_count == FILES_MAX)
			argp_error(state, "at most %d files", FILES_MAX);
		options->files[options->file_count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->check)
			argp_error(state, "config does what? There is: check");
		if (options->file_count == 0)
			argp_error(state, "check which file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The daemon's own exit code. */
static int check_file(const char *daemon, const char *file)
{
	char *words[] = {(char *)daemon, (char *)"--check", (char *)"--config", (char *)file, NULL};
	int error, state;
	pid_t pid;

	fflush(NULL);
	error = posix_spawnp(&pid, daemon, NULL, NULL, words, environ);
	if (error != 0) {
		fprintf(stderr,
			"wirelog: cannot run %s: %s. It is looked for beside this command, in "
			"../sbin, and in PATH\n",
			daemon, strerror(error));
		return EX_UNAVAILABLE;
	}
	while (waitpid(pid, &state, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	return WIFEXITED(state) ? WEXITSTATUS(state) : EX_SOFTWARE;
}

int wl_cmd_config(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "check FILE...",
		.doc = "Checks configurations of nodes; starts nothing. What is wrong is told as "
		       "FILE:LINE:COLUMN. drivers-config/reference.yaml has every key.",
	};
	static char name[] = "wirelog config";
	struct options options = {0};
	char daemon[PATH_MAX];
	int result = EX_OK;

	argv[0] = name;
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	wl_tool_daemon_find(daemon);
	for (unsigned int at = 0; at < options.file_count; at++) {
		int code = check_file(daemon, options.files[at]);

		if (result == EX_OK)
			result = code;
	}
	return result;
}
