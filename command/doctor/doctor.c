/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#define ROW(name_, area_, severity_, required_, reads_, effect_, fix_) \
	{                                                              \
		.name = #name_,                                        \
		.area = #area_,                                        \
		.required = (required_),                               \
		.reads = (reads_),                                     \
		.effect = (effect_),                                   \
		.fix = (fix_),                                         \
		.severity = WL_DOCTOR_##severity_,                     \
		.look = wl_doctor_look_##name_,                        \
	},

const struct wl_doctor_check wl_doctor_checks[] = {WL_DOCTOR_CHECKS(ROW)};
const size_t wl_doctor_check_count = sizeof(wl_doctor_checks) / sizeof(wl_doctor_checks[0]);

int wl_doctor_exit_code(const struct wl_doctor_answer *answers)
{
	int code = 0;

	for (size_t at = 0; at < wl_doctor_check_count; at++) {
		if (answers[at].state != WL_DOCTOR_STATE_BAD)
			continue;
		if (wl_doctor_checks[at].severity == WL_DOCTOR_UNSAFE)
			return 2;
		if (wl_doctor_checks[at].severity == WL_DOCTOR_SLOW)
			code = 1;
	}
	return code;
}

const char *wl_doctor_state_name(enum wl_doctor_state state)
{
	static const char *const names[] = {"good", "bad", "unknown", "not_asked"};

	return names[state];
}

const char *wl_doctor_severity_name(enum wl_doctor_severity severity)
{
	static const char *const names[] = {"unsafe", "slow", "note"};

	return names[severity];
}

void wl_doctor_say(struct wl_doctor_answer *answer, enum wl_doctor_state state, const char *format,
		   ...)
{
	va_list arguments;

	answer->state = state;
	va_start(arguments, format);
	vsnprintf(answer->current, sizeof(answer->current), format, arguments);
	va_end(arguments);
}

bool wl_doctor_needs_config(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (facts->config != NULL)
		return false;
	wl_doctor_say(answer, WL_DOCTOR_STATE_UNKNOWN, "no configuration was given");
	return true;
}
