/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog key FILE`: 16 bytes of the kernel's randomness as 32 hexadecimal digits, mode 0400. It never writes
 * over a file: nodes that start again with another key do not hear those that have the old one. And `wirelog key id`, `list` and
 * `rotate`, which change the key of a cluster that runs.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_key_rotate.h"
#include "command/tool_keys.h"
#include "command/tool_option.h"

#define SECRET_BYTES 16

enum { KEY_JSON = 0x100, KEY_FORCE };

enum verb { VERB_MAKE, VERB_ID, VERB_LIST, VERB_ROTATE };

struct options {
	struct wl_tool_ask ask;
	enum verb verb;
	const char *file;
	bool json, force;
};

static const struct argp_option option_table[] = {
	{"json", KEY_JSON, NULL, 0,
	 "of id and list, and behind rotate what is then in force, as JSON", 0},
	{"force", KEY_FORCE, NULL, 0,
	 "rotate: go on without members that lack the new key or are not heard, and without clients",
	 0},
	WL_TOOL_ASK_OPTION_SECONDS,
	{0},
};

static bool take_verb(struct options *options, const char *word)
{
	static const char *const verbs[] =
		{[VERB_ID] = "id", [VERB_LIST] = "list", [VERB_ROTATE] = "rotate"};

	for (unsigned verb = VERB_ID; verb <= VERB_ROTATE; verb++) {
		if (strcmp(word, verbs[verb]) == 0) {
			options->verb = (enum verb)verb;
			return true;
		}
	}
	return false;
}

static void check_words(const struct argp_state *state, const struct options *options)
{
	if (options->file == NULL && (options->verb == VERB_MAKE || options->verb == VERB_ID))
		argp_error(state, "which file?");
	if (options->force && options->verb != VERB_ROTATE)
		argp_error(state, "--force belongs to rotate");
	if (options->json && options->verb == VERB_MAKE)
		argp_error(state, "--json belongs to id, list and rotate");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_FORCE:
		options->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0 && take_verb(options, argument))
			return 0;
		if (options->file != NULL || options->verb == VERB_LIST)
			argp_error(state, "'%s' is one word too many", argument);
		options->file = argument;
		return 0;
	case ARGP_KEY_END:
		check_words(state, options);
		return 0;
	default:
		return wl_tool_ask_parse_option(key, argument, state, &options->ask);
	}
}

static int write_key(int fd)
{
	uint8_t secret[SECRET_BYTES];
	char text[2 * SECRET_BYTES + 2];

	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return -1;
	for (int at = 0; at < SECRET_BYTES; at++)
		snprintf(text + 2 * at, 3, "%02x", secret[at]);
	text[2 * SECRET_BYTES] = '\n';
	errno = ENOSPC;
	if (write(fd, text, 2 * SECRET_BYTES + 1) != 2 * SECRET_BYTES + 1)
		return -1;
	/* The umask may have taken the owner's right to read. */
	if (fchmod(fd, 0400) != 0 || fsync(fd) != 0)
		return -1;
	return 0;
}

static int make_key(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	int error;

	if (fd < 0 && errno == EEXIST) {
		fprintf(stderr,
			"wirelog: %s exists; a key is never written over. Name another file, or move "
			"this one away if no node uses it\n",
			path);
		return EX_CANTCREAT;
	}
	if (fd < 0) {
		fprintf(stderr, "wirelog: cannot make %s: %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	error = write_key(fd) == 0 ? 0 : errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error != 0) {
		fprintf(stderr, "wirelog: writing %s failed: %s\n", path, strerror(error));
		unlink(path);
		return EX_IOERR;
	}
	fprintf(stderr,
		"wrote a new key to %s (mode 0400); every node and client of the cluster needs this file\n",
		path);
	return EX_OK;
}

static int print_ids(const struct options *options)
{
	char text[WL_TOOL_KEYS_TEXT_BYTES];
	struct wl_keys_held held;
	int result = wl_tool_keys_read_file(options->file, &held);
	json_t *all = json_array();

	for (uint32_t at = 0; result == 0 && at < held.count; at++) {
		if (options->json)
			json_array_append_new(all,
					      json_string(wl_tool_keys_text(held.id[at], text)));
		else
			printf("%s\n", wl_tool_keys_text(held.id[at], text));
	}
	if (result == 0 && options->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return result;
}

static int list(const struct options *options)
{
	struct wl_tool_keys keys;
	int result = wl_tool_keys_look(&options->ask, &keys);

	if (result == 0 && options->json)
		wl_tool_keys_print_json(&keys);
	else if (result == 0)
		wl_tool_keys_print(&keys);
	return result;
}

static int ask(struct options *options)
{
	const struct wl_tool_key_rotate rotate = {
		.ask = &options->ask,
		.file = options->file,
		.force = options->force,
		.quiet = options->json,
	};
	int result = wl_tool_ask_choose(&options->ask);

	if (result == 0 && options->verb == VERB_ROTATE)
		result = wl_tool_key_rotate(&rotate);
	if (result == 0 && (options->verb == VERB_LIST || options->json))
		result = list(options);
	return result;
}

int wl_cmd_key(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "FILE\nid FILE\nlist\nrotate [FILE]",
		.doc = "A cluster's keys. With FILE alone: makes one, 32 hexadecimal digits, mode 0400; a file that exists is left "
		       "alone. Copy it, in secret, to every node (security.key_file) and client. id: which keys a file holds, by "
		       "ids that tell nothing of them. list: which key is in force, and who of the members holds and uses which. "
		       "rotate: another key takes the place of the one in force, without a stop: the last one of FILE, or "
		       "of the file of the node that is asked. All members must hold it; then they send with it, and when "
		       "all were heard with it, and no client speaks with the old one, that is refused. It goes on where it was "
		       "stopped.\vA file of that name is written as ./list. See docs/OPERATIONS.md, \"Rotate the key\".",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog key", argc, argv, &options);
	if (options.verb == VERB_MAKE)
		return make_key(options.file);
	return options.verb == VERB_ID ? print_ids(&options) : ask(&options);
}
