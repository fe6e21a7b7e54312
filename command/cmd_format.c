/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog format DEVICE`: shows what is on a drive; with --yes it is empty afterwards, and a node may take it. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_drive_file.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "wirelog/status.h"

enum { KEY_YES = 0x100, KEY_FOREIGN };

struct options {
	const char *path;
	bool yes, foreign;
};

static const struct argp_option option_table[] = {
	{"yes", KEY_YES, NULL, 0, "do it; without this it is only shown", 0},
	{"foreign", KEY_FOREIGN, NULL, 0,
	 "also what is not wirelog's: file systems, volumes, partition tables", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_YES:
		options->yes = true;
		return 0;
	case KEY_FOREIGN:
		options->foreign = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which device?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int format(struct wl_drive *drive, const struct options *options)
{
	int error;

	if (drive->users[0] != '\0')
		return wl_tool_refuse(WIRELOG_STORE_IN_USE, "%s: %s", drive->path, drive->users);
	if (!options->yes) {
		puts("nothing was changed; --yes takes all of this away");
		return EX_OK;
	}
	if (drive->signature_count != 0 && !options->foreign)
		return wl_tool_refuse(WIRELOG_STORE_NOT_OURS,
				      "%s: holds %s; --foreign takes that away, too", drive->path,
				      drive->signatures[0].what);
	error = wl_drive_wipe(drive);
	if (error != 0)
		return wl_tool_refuse(WIRELOG_STORE_FAILED, "%s: %s", drive->path,
				      strerror(-error));
	printf("%s is empty: a node that has it as storage.path makes its data there\n",
	       drive->path);
	if (drive->serial[0] != '\0')
		printf("its udev rule (drivers-config/udev/64-wirelog-drive.rules) needs the ID_SERIAL of udevadm info %s\n",
		       drive->path);
	return EX_OK;
}

int wl_cmd_format(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "DEVICE",
		.doc = "Shows what is on a drive: signatures at its beginning and its end, a node's data, who uses it. With "
		       "--yes all of that is gone for good, and a node can make its data there. A drive that is mounted, part "
		       "of a volume, or of a node that runs is refused.\v"
		       "A node whose drive was formatted has new data: it takes no part until it has caught up "
		       "(docs/OPERATIONS.md). Never format the drives of two nodes at one time.\n\n"
		       "Exit code 0: shown, or done. 65: it holds what is not wirelog's. 66: cannot be opened. 69: not there. "
		       "75: in use.",
	};
	static struct wl_drive drive;
	struct options options = {0};
	char reason[512];
	int status;

	wl_tool_option_parse(&argp, "wirelog format", argc, argv, &options);
	status = wl_drive_look(&drive, options.path, reason, sizeof(reason));
	if (status != 0) {
		wl_drive_close(&drive);
		return wl_tool_refuse(status, "%s", reason);
	}
	wl_drive_print(stdout, &drive);
	fflush(stdout);
	status = format(&drive, &options);
	wl_drive_close(&drive);
	return status;
}
