/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog backup`: options, and what is told. The work is in tool_backup.c and tool_backup_check.c. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_backup.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"

enum { KEY_TO = 0x100, KEY_CHECK };

struct options {
	const char *path, *to, *check;
};

static const struct argp_option option_table[] = {
	{"to", KEY_TO, "DIR", 0, "make the backup in this directory: a new one, or empty", 0},
	{"check", KEY_CHECK, "DIR", 0, "read all of a backup, and say whether it is whole", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_TO:
		options->to = argument;
		return 0;
	case KEY_CHECK:
		options->check = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->path = argument;
		return 0;
	case ARGP_KEY_END:
		if (options->check != NULL && (options->path != NULL || options->to != NULL))
			argp_error(state, "--check takes the backup's directory alone");
		if (options->check == NULL && (options->path == NULL || options->to == NULL))
			argp_error(state, "of which data, and --to which directory? Or --check");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* `proof`: the entry that says what a majority made of its base; 0: none does, NULL: it was not looked for. */
static void print_journal(uint32_t id, const struct wl_backup_journal *journal,
			  const uint64_t *proof)
{
	const struct wl_archive_place *before = &journal->before, *behind = &journal->behind;

	printf("journal %u: ", id);
	if (behind->position.index == before->position.index)
		printf("no entries behind %" PRIu64, before->position.index);
	else
		printf("entries %" PRIu64 " to %" PRIu64, before->position.index + 1,
		       behind->position.index);
	if (behind->next_number > before->next_number)
		printf(", records %" PRIu64 " to %" PRIu64, before->next_number,
		       behind->next_number - 1);
	else
		printf(", no records");
	if (journal->base_index != 0)
		printf(", base of entry %" PRIu64 " (digest %016" PRIx64 ")", journal->base_index,
		       journal->base_digest);
	if (proof && *proof != 0)
		printf(", which entry %" PRIu64 " proves", *proof);
	else if (proof && journal->base_index != 0)
		printf(", which no entry here proves");
	printf(", chain %016" PRIx64 "\n", behind->chain);
}

int wl_cmd_backup(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "DIRECTORY|DEVICE --to DIR\n--check DIR",
		.doc = "Copies what is committed of a node's data, whether the node runs or not: the newest base, and all "
		       "entries that are kept, each checked and of one chain. The data are only read. What is told is how far "
		       "the backup reaches.\v"
		       "Exit code 0: the backup is whole. 65: the data, or the backup, are damaged. 66: they cannot be opened. "
		       "74: the backup cannot be written.",
	};
	static struct wl_backup backup;
	uint64_t proven[WIRELOG_JOURNALS_MAX];
	struct options options = {0};
	char reason[1024];
	int status;

	wl_tool_option_parse(&argp, "wirelog backup", argc, argv, &options);
	status =
		options.check != NULL
			? wl_backup_check(&backup, proven, options.check, reason, sizeof(reason))
			: wl_backup_make(&backup, options.path, options.to, reason, sizeof(reason));
	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	for (uint32_t id = 0; id < backup.journal_count; id++)
		print_journal(id, &backup.journals[id], options.check ? &proven[id] : NULL);
	return EX_OK;
}
