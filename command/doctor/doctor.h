/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is required of a host, judged: each check of doctor_checks.h over facts that were read before. Pure. Thread: the command's.
 */
#ifndef WL_COMMAND_DOCTOR_DOCTOR_H
#define WL_COMMAND_DOCTOR_DOCTOR_H

#include <stddef.h>

#include "command/doctor/doctor_checks.h"
#include "command/host/host_facts.h"

enum wl_doctor_severity {
	WL_DOCTOR_UNSAFE,
	WL_DOCTOR_SLOW,
	WL_DOCTOR_NOTE,
};

enum wl_doctor_state {
	WL_DOCTOR_STATE_GOOD,
	WL_DOCTOR_STATE_BAD,
	WL_DOCTOR_STATE_UNKNOWN, /* could not be read here */
	WL_DOCTOR_STATE_NOT_ASKED, /* nothing in the file needs it */
};

struct wl_doctor_answer {
	enum wl_doctor_state state;
	char current[200]; /* what is there */
	char fix[200]; /* instead of the row's own; "": that */
};

struct wl_doctor_check {
	const char *name, *area, *required, *reads, *effect, *fix;
	enum wl_doctor_severity severity;
	void (*look)(const struct wl_host_facts *facts, struct wl_doctor_answer *answer);
};

extern const struct wl_doctor_check wl_doctor_checks[];
extern const size_t wl_doctor_check_count;

/* 0 well, 1 slow, 2 unsafe: as `wirelog status --check` ends. */
int wl_doctor_exit_code(const struct wl_doctor_answer *answers);
const char *wl_doctor_state_name(enum wl_doctor_state state);
const char *wl_doctor_severity_name(enum wl_doctor_severity severity);

/* For the looks: what is there, and what it means. */
void wl_doctor_say(struct wl_doctor_answer *answer, enum wl_doctor_state state, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));
/* Nothing was read, or no file of a node was given: "unknown" with that word. True when it was so. */
bool wl_doctor_needs_config(const struct wl_host_facts *facts, struct wl_doctor_answer *answer);

#define WL_DOCTOR_LOOK(name, area, severity, required, reads, effect, fix) \
	void wl_doctor_look_##name(const struct wl_host_facts *facts,      \
				   struct wl_doctor_answer *answer);
WL_DOCTOR_CHECKS(WL_DOCTOR_LOOK)
#undef WL_DOCTOR_LOOK

#endif
