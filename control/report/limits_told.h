/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The limits of a journal beside those of this node's file: as `limits` of the status, and in the log once for each value that a limit gets.
 * The file's count only where the state has none; a difference is no fault, but whoever reads the file should know.
 */
#ifndef WL_CONTROL_REPORT_LIMITS_TOLD_H
#define WL_CONTROL_REPORT_LIMITS_TOLD_H

#include <jansson.h>

#include "control/config/config.h"
#include "dataplane/worker/published.h"

/* {"entry", "lacks_room", "list": [{"name", "unit", "value", "file"}]}; `entry` and each `value` are null while the state has none. */
json_t *wl_limits_told_json(const struct wl_config *config, const struct wl_journal_status *status);
/* Lines `limit_differs`, and `limits_lack_room`, of limits that were not told yet; none while the state is being rebuilt. *told: those that
 * were; zeros at first. [control] */
void wl_limits_told_lines(const struct wl_config *config, const struct wl_journal_status *status,
			  struct wl_journal_limits *told);

#endif
