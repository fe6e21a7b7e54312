/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one layer through which `wirelog tune` changes a host: files, values of the kernel, owners, commands. What was there before is in the
 * record before anything is touched, durably, so that a change that stops half-way is undone, too; undoing twice does nothing.
 *
 * The record is /var/lib/wirelog-tune/record.json, root's alone: it says what root shall run. A test has a root directory and a function for
 * commands. Platform. Owner: the caller. Thread: the command's.
 */
#ifndef WL_COMMAND_TUNE_TUNE_DO_FILE_H
#define WL_COMMAND_TUNE_TUNE_DO_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "command/tune/tune_plan.h"

#define WL_TUNE_RECORD "/var/lib/wirelog-tune/record.json"

struct wl_tune_do {
	const char *root; /* "": this machine */
	FILE *told; /* a line a change */
	/* A command; 0 or what it ended with. */
	int (*run)(void *context, const char *command);
	void *context;
	json_t *record; /* what there is to undo, the newest last */
	char reason[1024]; /* of what failed */
};

/* Reads the record, if there is one. False with a reason: it is not root's alone, or damaged. */
bool wl_tune_do_open(struct wl_tune_do *tune);
void wl_tune_do_close(struct wl_tune_do *tune);
/* Is it as the action wants it? Commands never are: a step adds them where they are needed. */
bool wl_tune_do_is_done(const struct wl_tune_do *tune, const struct wl_tune_action *action);
/* What is there now, in one line: "absent", a value, an owner. */
void wl_tune_do_describe(const struct wl_tune_do *tune, const struct wl_tune_action *action,
			 char *text, size_t text_bytes);
/* Carries it out, unless it is done. False with a reason. */
bool wl_tune_do_action(struct wl_tune_do *tune, const struct wl_tune_action *action);
/* Takes back what is recorded, the newest first, down to `keep` entries. What fails is told and stays in the record. The number of those. */
unsigned wl_tune_do_undo(struct wl_tune_do *tune, size_t keep);
/* Runs a command on this machine: its words by blanks, no shell. */
int wl_tune_do_run_command(void *context, const char *command);

#endif
