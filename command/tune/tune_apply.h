/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan, shown or carried out. Thread: the command's. */
#ifndef WL_COMMAND_TUNE_TUNE_APPLY_H
#define WL_COMMAND_TUNE_TUNE_APPLY_H

#include "command/tune/tune_do_file.h"

/* A line for each action that is not done yet, then notes. How many those are. */
unsigned wl_tune_show(FILE *to, const struct wl_tune_do *tune, const struct wl_tune_plan *plan);

/*
 * Carries out every action that is not done. 0, or a negative enum wirelog_status: TUNE_FAILED when one failed, with its reason in `tune`; what
 * this run had changed is undone then, and what an earlier one did stays.
 */
int wl_tune_apply(struct wl_tune_do *tune, const struct wl_tune_plan *plan);

#endif
