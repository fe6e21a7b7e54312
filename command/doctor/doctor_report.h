/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks said, for people (100 columns) and for programs. Thread: the command's. */
#ifndef WL_COMMAND_DOCTOR_DOCTOR_REPORT_H
#define WL_COMMAND_DOCTOR_DOCTOR_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "command/doctor/doctor.h"

/* {"level", "unsafe", "slow", "notes", "unknown", "good", "not_asked", "checks": [{"name", "area", "severity", "state", "required",
 * "current", "reads", "effect", "fix"}]}. The caller owns it. */
json_t *wl_doctor_report_json(const struct wl_doctor_answer *answers);
/* A line a check; what is bad says its effect and its fix below. */
void wl_doctor_report_print(FILE *to, const struct wl_doctor_answer *answers);

#endif
