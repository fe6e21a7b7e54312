/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel, user, key, unit. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/doctor/doctor.h"

#define GOOD WL_DOCTOR_STATE_GOOD
#define BAD WL_DOCTOR_STATE_BAD
#define UNKNOWN WL_DOCTOR_STATE_UNKNOWN
#define NOT_ASKED WL_DOCTOR_STATE_NOT_ASKED

void wl_doctor_look_kernel_version(const struct wl_host_facts *facts,
				   struct wl_doctor_answer *answer)
{
	int64_t major = facts->system.kernel_major, minor = facts->system.kernel_minor;

	if (major == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, major > 5 || (major == 5 && minor >= 15) ? GOOD : BAD,
			      "%" PRId64 ".%" PRId64, major, minor);
}

void wl_doctor_look_uring_allowed(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	static const char *const words[] = {"for everybody", "for root and one group",
					    "for nobody"};
	int64_t disabled = facts->system.uring_disabled;

	if (disabled < 0 || disabled > 2)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, disabled == 0 ? GOOD : BAD, "%s", words[disabled]);
}

void wl_doctor_look_user_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	wl_doctor_say(answer, facts->system.uid == WL_FACT_UNKNOWN ? BAD : GOOD, "%s%s",
		      facts->system.user,
		      facts->system.uid == WL_FACT_UNKNOWN ? " is not there" : "");
}

static bool has_no_key(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (facts->config->key_file[0] == '\0') {
		wl_doctor_say(answer, BAD, "security.key_file is not said");
		return true;
	}
	return false;
}

void wl_doctor_look_key_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (has_no_key(facts, answer))
		return;
	if (facts->system.key_bytes == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, BAD, "%s is not there", facts->config->key_file);
	else
		wl_doctor_say(
			answer,
			facts->system.key_bytes >= 32 && facts->system.key_bytes <= 40 ? GOOD : BAD,
			"%s: %" PRId64 " bytes", facts->config->key_file, facts->system.key_bytes);
}

/* As wl_key_file_read judges it, for the node's user. */
void wl_doctor_look_key_private(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const struct wl_host_owner *key = &facts->system.key;

	if (has_no_key(facts, answer))
		return;
	if (key->uid == WL_FACT_UNKNOWN || facts->system.uid == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "the key or the user is not there");
		return;
	}
	wl_doctor_say(answer,
		      (key->mode & 077) == 0 && wl_host_owner_allows(key, &facts->system, 4) == 1
			      ? GOOD
			      : BAD,
		      "owner %" PRId64 ", mode %04o, user %s is %" PRId64, key->uid,
		      (unsigned)key->mode, facts->system.user, facts->system.uid);
}

void wl_doctor_look_run_directory(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return;
	if (facts->system.run_parent.uid != WL_FACT_UNKNOWN)
		wl_doctor_say(answer, GOOD, "%s", facts->config->run_directory);
	else
		wl_doctor_say(answer, BAD, "the folder of %s is not there",
			      facts->config->run_directory);
}

void wl_doctor_look_unit_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	wl_doctor_say(answer, facts->system.unit_is_there == 1 ? GOOD : BAD, "wirelogd.service%s",
		      facts->system.unit_is_there == 1 ? "" : " is not installed");
}
