/* SPDX-License-Identifier: BSD-3-Clause */
/* The drive, and the surroundings of the process. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/doctor/doctor.h"

#define GOOD WL_DOCTOR_STATE_GOOD
#define BAD WL_DOCTOR_STATE_BAD
#define UNKNOWN WL_DOCTOR_STATE_UNKNOWN
#define NOT_ASKED WL_DOCTOR_STATE_NOT_ASKED

/* Of a directory, or of what is not there, nothing more is said. True when it was so. */
static bool is_no_device(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (!facts->drive.is_device) {
		wl_doctor_say(answer, NOT_ASKED, "storage.path is a directory");
		return true;
	}
	if (facts->drive.is_there != 1) {
		wl_doctor_say(answer, UNKNOWN, "it is not there");
		return true;
	}
	return false;
}

/* What the kernel says of its queue is not there of tmpfs, overlays, networks. */
static bool has_no_queue(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (facts->drive.logical_bytes == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "no drive of it is told here");
		return true;
	}
	return false;
}

void wl_doctor_look_drive_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return;
	if (!facts->drive.is_device)
		wl_doctor_say(answer, NOT_ASKED, "storage.path is a directory");
	else
		wl_doctor_say(answer, facts->drive.is_there == 1 ? GOOD : BAD, "%s: %s",
			      facts->config->storage_path,
			      facts->drive.is_there == 1 ? facts->drive.name : "is not there");
}

void wl_doctor_look_drive_free(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const char *users = facts->drive.users;

	if (is_no_device(facts, answer))
		return;
	if (users[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, strcmp(users, "none") == 0 ? GOOD : BAD, "%s", users);
}

void wl_doctor_look_drive_empty(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const char *signature = facts->drive.signature;

	if (is_no_device(facts, answer))
		return;
	if (signature[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "udev has no record of it: `wirelog format` looks");
	else
		wl_doctor_say(answer, strcmp(signature, "none") == 0 ? GOOD : BAD, "%s", signature);
}

void wl_doctor_look_drive_access(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	int may;

	if (wl_doctor_needs_config(facts, answer))
		return;
	may = wl_host_owner_allows(&facts->drive.file, &facts->system, 6);
	if (may < 0)
		wl_doctor_say(answer, UNKNOWN, "%s is not there, or no user %s",
			      facts->config->storage_path, facts->system.user);
	else
		wl_doctor_say(answer, may ? GOOD : BAD, "owner %" PRId64 ":%" PRId64 ", mode %04o",
			      facts->drive.file.uid, facts->drive.file.gid,
			      (unsigned)facts->drive.file.mode);
	if (!facts->drive.is_device)
		snprintf(answer->fix, sizeof(answer->fix), "chown %s the directory, mode 0700",
			 facts->system.user);
}

void wl_doctor_look_drive_space(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const struct wl_host_drive *drive = &facts->drive;
	int64_t room = drive->is_device ? drive->bytes : drive->free_bytes;
	uint64_t wanted;

	if (wl_doctor_needs_config(facts, answer))
		return;
	wanted = wl_host_bytes_wanted(facts->config);
	if (room == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	/* Data that are there have taken their part already: how much, only the node knows. */
	if ((uint64_t)room < wanted && !drive->is_device && drive->is_there == 1)
		wl_doctor_say(answer, BAD,
			      "%" PRId64 " MiB are free beside what is there, %" PRIu64 " in all",
			      room >> 20, wanted >> 20);
	else
		wl_doctor_say(answer, (uint64_t)room >= wanted ? GOOD : BAD,
			      "%" PRId64 " MiB, %" PRIu64 " needed", room >> 20, wanted >> 20);
}

void wl_doctor_look_drive_file_system(const struct wl_host_facts *facts,
				      struct wl_doctor_answer *answer)
{
	static const char *const good[] = {"ext4", "xfs"};
	const char *kind = facts->drive.file_system;

	if (wl_doctor_needs_config(facts, answer))
		return;
	if (facts->drive.is_device) {
		wl_doctor_say(answer, NOT_ASKED, "a drive without a file system");
		return;
	}
	if (kind[0] == '\0') {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	wl_doctor_say(answer, BAD, "%s on %s", kind, facts->drive.mount);
	for (size_t at = 0; at < sizeof(good) / sizeof(good[0]); at++)
		if (strcmp(kind, good[at]) == 0)
			wl_doctor_say(answer, GOOD, "%s on %s", kind, facts->drive.mount);
}

void wl_doctor_look_drive_block(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	int64_t bytes = facts->drive.logical_bytes;

	if (has_no_queue(facts, answer))
		return;
	wl_doctor_say(answer, bytes == 512 || bytes == 4096 ? GOOD : BAD,
		      "%" PRId64 ", physical %" PRId64, bytes, facts->drive.physical_bytes);
}

void wl_doctor_look_drive_cache(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const char *cache = facts->drive.cache;

	if (has_no_queue(facts, answer))
		return;
	if (cache[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(
			answer, strcmp(cache, "write through") == 0 ? GOOD : BAD, "%s%s", cache,
			strcmp(cache, "write through") == 0 ? "" : ": a cache that loses power");
}

void wl_doctor_look_drive_fua(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (has_no_queue(facts, answer))
		return;
	if (strcmp(facts->drive.cache, "write through") == 0)
		wl_doctor_say(answer, NOT_ASKED, "no volatile cache");
	else if (facts->drive.fua == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, facts->drive.fua ? GOOD : BAD,
			      facts->drive.fua ? "it has it" : "it has it not");
}

void wl_doctor_look_drive_scheduler(const struct wl_host_facts *facts,
				    struct wl_doctor_answer *answer)
{
	const char *scheduler = facts->drive.scheduler;

	if (has_no_queue(facts, answer))
		return;
	if (scheduler[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, strcmp(scheduler, "none") == 0 ? GOOD : BAD, "%s", scheduler);
}

void wl_doctor_look_drive_solid(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (has_no_queue(facts, answer))
		return;
	if (facts->drive.rotates == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, facts->drive.rotates ? BAD : GOOD,
			      facts->drive.rotates ? "it rotates" : "it does not");
}

void wl_doctor_look_drive_node(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (has_no_queue(facts, answer))
		return;
	if (facts->cores.worker_count == 0)
		wl_doctor_say(answer, NOT_ASKED, "workers[].core is auto");
	else if (facts->drive.node < 0 || facts->cores.workers[0].node == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "its node is not told");
	else
		wl_doctor_say(answer,
			      facts->drive.node == facts->cores.workers[0].node ? GOOD : BAD,
			      "node %" PRId64 ", core %u on node %" PRId64, facts->drive.node,
			      facts->cores.workers[0].number, facts->cores.workers[0].node);
}

void wl_doctor_look_drive_temperature(const struct wl_host_facts *facts,
				      struct wl_doctor_answer *answer)
{
	int64_t degrees = facts->drive.temperature_c;

	if (wl_doctor_needs_config(facts, answer))
		return;
	if (degrees == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, degrees < 70 ? GOOD : BAD, "%" PRId64 " degrees", degrees);
}
