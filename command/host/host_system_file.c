/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel, user, unit, clock, vfio, and what a running node says of paths. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "command/host/host_facts.h"
#include "command/tool_stats_socket.h"

#define UNIT "wirelogd.service"

/* ---- user --------------------------------------------------------------------------------------- */

static void read_user(const char *root, const char *name, struct wl_host_system *system)
{
	static char text[1 << 16];
	char *line, *rest = text;
	size_t length = strlen(name);
	unsigned long uid, gid;

	snprintf(system->user, sizeof(system->user), "%.31s", name);
	system->uid = system->gid = WL_FACT_UNKNOWN;
	if (!wl_host_read_text(root, "/etc/passwd", text, sizeof(text)))
		return;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, name, length) == 0 && line[length] == ':' &&
		    sscanf(line + length, ":%*[^:]:%lu:%lu", &uid, &gid) == 2) {
			system->uid = (int64_t)uid;
			system->gid = (int64_t)gid;
		}
}

/* ---- unit --------------------------------------------------------------------------------------- */

struct unit {
	const char *root;
	char user[32], memlock[32], cores[512];
	bool is_there;
};

static void take_word(const char *line, const char *key, char *value, size_t value_bytes)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) == 0)
		snprintf(value, value_bytes, "%s", line + length);
}

static bool read_unit_file(struct unit *unit, const char *path)
{
	static char text[1 << 15];
	char *line, *rest = text;

	if (!wl_host_read_text(unit->root, path, text, sizeof(text)))
		return false;
	while ((line = strsep(&rest, "\n")) != NULL) {
		take_word(line, "User=", unit->user, sizeof(unit->user));
		take_word(line, "LimitMEMLOCK=", unit->memlock, sizeof(unit->memlock));
		take_word(line, "CPUAffinity=", unit->cores, sizeof(unit->cores));
	}
	return true;
}

static bool read_drop_in(void *context, const char *name)
{
	struct unit *unit = context;
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", "/etc/systemd/system/" UNIT ".d/%s", name);
	if (strstr(name, ".conf") != NULL)
		read_unit_file(unit, path);
	return true;
}

static void read_unit(struct unit *unit)
{
	static const char *const places[] = {"/etc/systemd/system/" UNIT,
					     "/usr/local/lib/systemd/system/" UNIT,
					     "/usr/lib/systemd/system/" UNIT,
					     "/lib/systemd/system/" UNIT};

	for (size_t at = 0; at < sizeof(places) / sizeof(places[0]) && !unit->is_there; at++)
		unit->is_there = read_unit_file(unit, places[at]);
	if (unit->is_there)
		wl_host_each(unit->root, "/etc/systemd/system/" UNIT ".d", read_drop_in, unit);
}

/* CPUAffinity= separates by blanks or commas. */
static void take_unit(const struct unit *unit, struct wl_host_facts *facts)
{
	struct wl_host_system *system = &facts->system;
	char cores[512];

	system->unit_is_there = unit->is_there;
	if (!unit->is_there)
		return;
	snprintf(cores, sizeof(cores), "%s", unit->cores);
	for (char *at = cores; *at != '\0'; at++)
		if (*at == ' ' && at[1] != '\0')
			*at = ',';
	wl_core_set_parse(&system->unit_cores, cores);
	if (strcmp(unit->memlock, "infinity") == 0)
		facts->memory.locked_limit = INT64_MAX;
	else if (unit->memlock[0] != '\0')
		facts->memory.locked_limit = strtoll(unit->memlock, NULL, 10);
}

/* ---- clock -------------------------------------------------------------------------------------- */

static void read_clock(const char *root, struct wl_host_system *system)
{
	struct timex clock = {.modes = 0};
	int state;

	system->clock_is_synchronised = WL_FACT_UNKNOWN;
	if (wl_host_is_there(root, "/run/chrony/chronyd.pid"))
		strcpy(system->clock_daemon, "chronyd");
	else if (wl_host_is_there(root, "/run/ntpd.pid"))
		strcpy(system->clock_daemon, "ntpd");
	else if (wl_host_is_there(root, "/run/ptp4l.pid") || wl_host_is_there(root, "/run/ptp4l"))
		strcpy(system->clock_daemon, "ptp4l");
	else if (wl_host_is_there(root, "/run/systemd/timesync"))
		strcpy(system->clock_daemon, "systemd-timesyncd");
	else
		strcpy(system->clock_daemon, "none");
	if (root[0] == '\0') {
		state = adjtimex(&clock);
		if (state >= 0)
			system->clock_is_synchronised = state != TIME_ERROR &&
							(clock.status & STA_UNSYNC) == 0;
	} else if (strcmp(system->clock_daemon, "systemd-timesyncd") == 0) {
		system->clock_is_synchronised =
			wl_host_is_there(root, "/run/systemd/timesync/synchronized");
	}
}

/* ---- a node that runs --------------------------------------------------------------------------- */

/* {"mode": {"reasons": [{"reason": "path_mtu", "text"}]}} and health.reasons alike. */
static bool take_reason(const json_t *status, const char *where, char *text, size_t text_bytes)
{
	const json_t *reasons = json_object_get(json_object_get(status, where), "reasons"), *reason;
	size_t at;

	json_array_foreach(reasons, at, reason)
	{
		const char *name = json_is_string(reason)
					   ? json_string_value(reason)
					   : json_string_value(json_object_get(reason, "reason"));
		const char *told = json_string_value(json_object_get(reason, "text"));

		if (name == NULL || strcmp(name, "path_mtu") != 0)
			continue;
		snprintf(text, text_bytes, "%s",
			 told != NULL ? told : "full frames do not pass to a peer");
		return true;
	}
	return false;
}

static json_t *ask_node(const char *root, const char *run_directory)
{
	char path[WL_HOST_PATH_BYTES];
	json_t *status = NULL;

	if (root[0] == '\0') {
		if (wl_stats_socket_ask(run_directory, "/wirelog/status", &status) != 0)
			return NULL;
		return status;
	}
	/* What `wirelog status --json` printed there. */
	if (!wl_host_path(path, root, "%s/status.json", run_directory))
		return NULL;
	return json_load_file(path, 0, NULL);
}

static void read_node(const char *root, const struct wl_config *config,
		      struct wl_host_system *system)
{
	json_t *status = ask_node(root, config->run_directory);

	if (status == NULL)
		return;
	if (!take_reason(status, "mode", system->path_mtu, sizeof(system->path_mtu)) &&
	    !take_reason(status, "health", system->path_mtu, sizeof(system->path_mtu)))
		strcpy(system->path_mtu, "none");
	json_decref(status);
}

/* ---- all ---------------------------------------------------------------------------------------- */

static bool count_one(void *context, const char *name)
{
	(void)name;
	++*(int64_t *)context;
	return true;
}

static void read_vfio(const char *root, struct wl_host_system *system)
{
	char line[8];

	system->iommu_groups = WL_FACT_UNKNOWN;
	if (wl_host_is_there(root, "/sys/kernel/iommu_groups")) {
		system->iommu_groups = 0;
		wl_host_each(root, "/sys/kernel/iommu_groups", count_one, &system->iommu_groups);
	}
	system->vfio_is_loaded = wl_host_is_there(root, "/sys/module")
					 ? wl_host_is_there(root, "/sys/module/vfio_pci")
					 : WL_FACT_UNKNOWN;
	system->vfio_without_iommu = WL_FACT_UNKNOWN;
	if (wl_host_read_line(root, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", line,
			      sizeof(line)))
		system->vfio_without_iommu = line[0] == 'Y';
}

static bool has_rule(const char *root, const char *name)
{
	static const char *const places[] = {"/etc/udev/rules.d", "/usr/local/lib/udev/rules.d",
					     "/usr/lib/udev/rules.d", "/lib/udev/rules.d"};
	char path[WL_HOST_PATH_BYTES];

	for (size_t at = 0; at < sizeof(places) / sizeof(places[0]); at++)
		if (wl_host_path(path, "", "%s/%s", places[at], name) &&
		    wl_host_is_there(root, path))
			return true;
	return false;
}

static void read_kernel(const char *root, struct wl_host_system *system)
{
	char line[128];
	long major, minor;

	system->kernel_major = system->kernel_minor = system->uring_disabled = WL_FACT_UNKNOWN;
	if (!wl_host_read_line(root, "/proc/sys/kernel/osrelease", line, sizeof(line)) ||
	    sscanf(line, "%ld.%ld", &major, &minor) != 2)
		return;
	system->kernel_major = major;
	system->kernel_minor = minor;
	system->uring_disabled = wl_host_read_number(root, "/proc/sys/kernel/io_uring_disabled");
	if (system->uring_disabled == WL_FACT_UNKNOWN)
		system->uring_disabled = 0;
}

static void read_files(const char *root, const struct wl_config *config,
		       struct wl_host_system *system)
{
	char whole[WL_HOST_PATH_BYTES], *last;
	struct stat file;

	wl_host_owner_read(root, config->key_file, &system->key);
	if (wl_host_path(whole, root, "%s", config->key_file) && stat(whole, &file) == 0)
		system->key_bytes = file.st_size;
	wl_host_path(whole, "", "%s", config->run_directory);
	last = strrchr(whole, '/');
	if (last != NULL && last != whole)
		*last = '\0';
	wl_host_owner_read(root, whole, &system->run_parent);
	read_node(root, config, system);
}

void wl_host_system_read(struct wl_host_facts *facts, const char *user)
{
	static const struct wl_host_owner nobody = {WL_FACT_UNKNOWN, WL_FACT_UNKNOWN,
						    WL_FACT_UNKNOWN};
	struct wl_host_system *system = &facts->system;
	struct unit unit = {.root = facts->root, .user = "wirelog"};

	read_unit(&unit);
	read_user(facts->root, user != NULL ? user : unit.user, system);
	take_unit(&unit, facts);
	read_kernel(facts->root, system);
	read_vfio(facts->root, system);
	read_clock(facts->root, system);
	system->drive_rule = has_rule(facts->root, "64-wirelog-drive.rules");
	system->vfio_rule = has_rule(facts->root, "65-wirelog.rules");
	system->key = system->run_parent = nobody;
	system->key_bytes = WL_FACT_UNKNOWN;
	if (facts->config != NULL)
		read_files(facts->root, facts->config, system);
}
