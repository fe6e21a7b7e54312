/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog demo --run`: a day of messages through three nodes, the leader killed in the middle, everything read back
 * and compared. Each promise is checked from what was measured, and told by name where it did not hold.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_RUN_H
#define WL_COMMAND_DEMO_TOOL_DEMO_RUN_H

#include "command/demo/tool_demo_up.h"

/* Returns the process's exit code. Leaves no node running; the directory only where something failed, or plan->keep. */
int wl_demo_run(const struct wl_demo_plan *plan, const volatile sig_atomic_t *interrupted);

#endif
