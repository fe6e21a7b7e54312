/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog config check FILE...`: what `wirelogd --check` says, for each file. The daemon knows its
 * configuration and the command does not; so it runs the daemon that was built or installed with it.
 * `wirelog config reload`: the nodes themselves do it (docs/OPERATIONS.md, "Change it while it runs").
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
#include "command/tool_ask.h"
#include "command/tool_cluster.h"
#include "command/tool_daemon.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

extern char **environ;

enum { FILES_MAX = 64 };

struct options {
	struct wl_tool_cluster cluster;
	bool check, reload;
	char *files[FILES_MAX];
	unsigned int file_count;
};

static void take_word(struct options *options, char *word, struct argp_state *state)
{
	if (options->check) {
		if (options->file_count == FILES_MAX)
			argp_error(state, "at most %d files", FILES_MAX);
		options->files[options->file_count++] = word;
	} else if (options->reload) {
		argp_error(state, "'%s' is one word too many: a node reads its own file", word);
	} else if (strcmp(word, "check") == 0) {
		options->check = true;
	} else if (strcmp(word, "reload") == 0) {
		options->reload = true;
	} else {
		argp_error(state, "config cannot '%s'; there are: check, reload", word);
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case ARGP_KEY_ARG:
		take_word(options, argument, state);
		return 0;
	case ARGP_KEY_END:
		if (!options->check && !options->reload)
			argp_error(state, "config does what? There are: check, reload");
		if (options->check && options->file_count == 0)
			argp_error(state, "check which file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- check -------------------------------------------------------------------------------------- */

/* The daemon's own exit code. */
static int check_file(char *daemon, char *file)
{
	char check[] = "--check", config[] = "--config";
	char *words[] = {daemon, check, config, file, NULL};
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

static int check_files(const struct options *options)
{
	char daemon[PATH_MAX];
	int result = EX_OK;

	wl_tool_daemon_find(daemon);
	for (unsigned int at = 0; at < options->file_count; at++) {
		int code = check_file(daemon, options->files[at]);

		if (result == EX_OK)
			result = code;
	}
	return result;
}

/* ---- reload ------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* What is wrong, as the daemon's --check says it. */
static int tell_problems(const char *directory, const json_t *problems)
{
	int code = EX_CONFIG;
	size_t at;
	const json_t *problem;

	json_array_foreach(problems, at, problem)
	{
		fprintf(stderr, "%s: %lld:%lld: %s: %s [%s]\n", directory,
			(long long)json_integer_value(json_object_get(problem, "line")),
			(long long)json_integer_value(json_object_get(problem, "column")),
			text_of(problem, "key"), text_of(problem, "text"),
			text_of(problem, "code"));
		if (at == 0)
			code = wirelog_status_exit_code(
				wirelog_status_by_name(text_of(problem, "code")));
	}
	fprintf(stderr, "%s: nothing was changed\n", directory);
	return code;
}

static const char *effect_of(const json_t *change)
{
	if (json_is_true(json_object_get(change, "limit")))
		return "the journal's own counts: wirelog limit set";
	return json_is_true(json_object_get(change, "live")) ? "changed" : "needs a restart";
}

static int tell_answer(const char *directory, const json_t *answer)
{
	const json_t *changed = json_object_get(answer, "changed"), *change;
	size_t at;

	if (!json_is_true(json_object_get(answer, "taken")))
		return tell_problems(directory, json_object_get(answer, "problems"));
	json_array_foreach(changed, at, change)
		printf("%s: %s: %s\n", directory, text_of(change, "key"), effect_of(change));
	if (json_array_size(changed) == 0)
		printf("%s: nothing is different\n", directory);
	return EX_OK;
}

static int reload_nodes(struct options *options)
{
	int result = wl_tool_cluster_find_run_directories(&options->cluster);

	if (result != 0)
		return wirelog_status_exit_code(result);
	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++) {
		const char *directory = options->cluster.run_directories[at];
		json_t *answer;
		int status = wl_stats_socket_change(directory, "/wirelog/reload", &answer);
		int code = status != 0 ? wl_tool_refuse(status, "%s", wl_stats_socket_reason())
				       : tell_answer(directory, answer);

		json_decref(answer);
		if (result == EX_OK)
			result = code;
	}
	return result;
}

int wl_cmd_config(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "check FILE...\nreload",
		.doc = "check: checks configurations of nodes; starts nothing. What is wrong is told as "
		       "FILE:LINE:COLUMN. drivers-config/reference.yaml has every key.\n"
		       "reload: nodes that run read their files again; says what changed and what needs a "
		       "restart. A file with a mistake changes nothing.",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog config", argc, argv, &options);
	return options.reload ? reload_nodes(&options) : check_files(&options);
}
