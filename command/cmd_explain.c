/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog explain [CODE...]`: the list of codes is include/wirelog/status.h, and nothing is said twice. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_option.h"
#include "command/tool_parse.h"
#include "command/tool_refuse.h"
#include "wirelog/status.h"

static const int codes[] = {
#define CODE(name, number, exit, cause, fix) -(number),
	WIRELOG_STATUS_LIST(CODE)
#undef CODE
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

struct words {
	char *word[CODES];
	size_t count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (words->count == CODES)
			argp_error(state, "more codes than there are");
		words->word[words->count++] = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "NO_SPACE", "wirelog_no_space", "[NO_SPACE]", "no-space", "8", "-8". */
static bool code_of(const char *word, int *code)
{
	char name[64];
	uint64_t number;
	size_t length = 0;

	for (; *word != '\0' && length < sizeof(name) - 1; word++) {
		if (*word == '[' || *word == ']')
			continue;
		name[length] = *word == '-' && length > 0 ? '_' : *word;
		length++;
	}
	name[length] = '\0';
	*code = wirelog_status_by_name(name);
	if (*code <= 0)
		return true;
	if (!wl_tool_parse_number(name + (name[0] == '-'), &number) || number > 9999)
		return false;
	*code = -(int)number;
	for (size_t at = 0; at < CODES; at++)
		if (codes[at] == *code)
			return true;
	return false;
}

static void print_code(int code)
{
	printf("%s (%d)\n  Cause: %s\n  Fix:   %s\n  Exit:  %d\n", wirelog_status_name(code), -code,
	       wirelog_status_cause(code), wirelog_status_fix(code),
	       wirelog_status_exit_code(code));
}

static int explain(const struct words *words)
{
	int result = EX_OK, code;

	for (size_t at = 0; at < words->count; at++) {
		if (code_of(words->word[at], &code)) {
			print_code(code);
			continue;
		}
		fprintf(stderr, "wirelog: '%s' is no code; `wirelog explain` lists them\n",
			words->word[at]);
		result = EX_USAGE;
	}
	return result;
}

int wl_cmd_explain(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "[CODE...]",
		.doc = "Tells cause and fix of a code, by name or number, in any case. Without CODE: the list.",
	};
	struct words words = {.count = 0};

	wl_tool_option_parse(&argp, "wirelog explain", argc, argv, &words);
	if (words.count > 0)
		return explain(&words);
	for (size_t at = 0; at < CODES; at++)
		printf("%3d  %-19s %s\n", -codes[at], wirelog_status_name(codes[at]),
		       wirelog_status_cause(codes[at]));
	return EX_OK;
}
