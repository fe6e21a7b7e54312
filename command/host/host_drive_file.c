/* SPDX-License-Identifier: BSD-3-Clause */
/* The drive of storage.path, or what a directory of it lies on. Opens nothing: /sys, mountinfo and udev's records say all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "command/host/host_facts.h"

#define BLOCK "/sys/class/block"

static int64_t drive_number(const char *root, const struct wl_host_drive *drive, const char *what)
{
	char path[WL_HOST_PATH_BYTES];
	int64_t number;

	wl_host_path(path, "", BLOCK "/%s/%s", drive->name, what);
	number = wl_host_read_number(root, path);
	if (number != WL_FACT_UNKNOWN)
		return number;
	/* A partition's queue is that of its drive, one folder up in the tree of devices. */
	wl_host_path(path, "", BLOCK "/%s/../%s", drive->name, what);
	return wl_host_read_number(root, path);
}

static void drive_line(const char *root, const struct wl_host_drive *drive, const char *what,
		       char *line, size_t line_bytes)
{
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", BLOCK "/%s/%s", drive->name, what);
	if (wl_host_read_line(root, path, line, line_bytes))
		return;
	wl_host_path(path, "", BLOCK "/%s/../%s", drive->name, what);
	wl_host_read_line(root, path, line, line_bytes);
}

/* ---- what is on it ------------------------------------------------------------------------------ */

/* The value of "E:KEY=value" in udev's record of a device. */
static bool record_value(const char *text, const char *key, char *value, size_t value_bytes)
{
	const char *at = strstr(text, key);
	size_t length;

	if (at == NULL)
		return false;
	at += strlen(key);
	length = strcspn(at, "\n");
	snprintf(value, value_bytes, "%.*s", (int)length, at);
	return true;
}

static void read_record(const char *root, struct wl_host_drive *drive)
{
	static char text[1 << 15];
	char path[WL_HOST_PATH_BYTES], device[32];

	drive_line(root, drive, "dev", device, sizeof(device));
	wl_host_path(path, "", "/run/udev/data/b%s", device);
	if (device[0] == '\0' || !wl_host_read_text(root, path, text, sizeof(text)))
		return;
	record_value(text, "E:ID_SERIAL=", drive->serial, sizeof(drive->serial));
	if (!record_value(text, "E:ID_FS_TYPE=", drive->signature, sizeof(drive->signature)) &&
	    !record_value(text, "E:ID_PART_TABLE_TYPE=", drive->signature,
			  sizeof(drive->signature)))
		strcpy(drive->signature, "none");
}

static void add_user(struct wl_host_drive *drive, const char *how, const char *who)
{
	size_t used = strlen(drive->users);

	snprintf(drive->users + used, sizeof(drive->users) - used, "%s%s%s", used > 0 ? ", " : "",
		 how, who);
}

static bool add_holder(void *context, const char *name)
{
	add_user(context, "part of ", name);
	return true;
}

struct mounts {
	struct wl_host_drive *drive;
	const char *path; /* of a directory */
	char device[32];
	size_t longest;
};

/* "36 35 259:0 / /data rw,noatime shared:1 - ext4 /dev/nvme0n1 rw" */
static void look_at_mount(struct mounts *mounts, const char *line)
{
	char device[32], place[128], kind[24], source[128];
	const char *behind = strstr(line, " - ");
	size_t length;

	if (behind == NULL || sscanf(line, "%*d %*d %31s %*s %127s", device, place) != 2 ||
	    sscanf(behind + 3, "%23s %127s", kind, source) != 2)
		return;
	if (mounts->path == NULL) {
		if (strcmp(device, mounts->device) == 0)
			add_user(mounts->drive, "mounted on ", place);
		return;
	}
	length = strcmp(place, "/") == 0 ? 0 : strlen(place);
	if (strncmp(mounts->path, place, length) != 0 ||
	    (mounts->path[length] != '/' && mounts->path[length] != '\0') ||
	    length < mounts->longest)
		return;
	mounts->longest = length;
	snprintf(mounts->drive->file_system, sizeof(mounts->drive->file_system), "%s", kind);
	snprintf(mounts->drive->mount, sizeof(mounts->drive->mount), "%s", place);
	snprintf(mounts->device, sizeof(mounts->device), "%s", device);
	snprintf(mounts->drive->name, sizeof(mounts->drive->name), "%.63s",
		 strncmp(source, "/dev/", 5) == 0 ? source + 5 : "none");
}

static void read_mounts(const char *root, struct mounts *mounts)
{
	static char text[1 << 16];
	char *line, *rest = text;

	if (wl_host_read_text(root, "/proc/self/mountinfo", text, sizeof(text)))
		while ((line = strsep(&rest, "\n")) != NULL)
			look_at_mount(mounts, line);
}

static void read_users(const char *root, struct wl_host_drive *drive)
{
	static char text[8192];
	struct mounts mounts = {.drive = drive};
	char path[WL_HOST_PATH_BYTES], source[80];

	drive_line(root, drive, "dev", mounts.device, sizeof(mounts.device));
	if (mounts.device[0] == '\0')
		return;
	wl_host_path(path, "", BLOCK "/%s/holders", drive->name);
	wl_host_each(root, path, add_holder, drive);
	read_mounts(root, &mounts);
	snprintf(source, sizeof(source), "/dev/%s ", drive->name);
	if (wl_host_read_text(root, "/proc/swaps", text, sizeof(text)) &&
	    strstr(text, source) != NULL)
		add_user(drive, "swap", "");
	if (drive->users[0] == '\0')
		strcpy(drive->users, "none");
}

/* ---- device and directory ----------------------------------------------------------------------- */

/* /dev/disk/by-id/X is a link to ../../nvme0n1, and /dev/nvme0n1 is itself. */
static void read_device(const char *root, const char *path, struct wl_host_drive *drive)
{
	const char *last = strrchr(path, '/');
	char size[WL_HOST_PATH_BYTES];
	int64_t sectors;

	drive->is_there = wl_host_is_there(root, path);
	if (!drive->is_there)
		return;
	if (!wl_host_read_link(root, path, drive->name, sizeof(drive->name)))
		snprintf(drive->name, sizeof(drive->name), "%.63s", last != NULL ? last + 1 : path);
	wl_host_owner_read(root, path, &drive->file);
	wl_host_path(size, "", BLOCK "/%s/size", drive->name);
	sectors = wl_host_read_number(root, size);
	drive->bytes = sectors == WL_FACT_UNKNOWN ? sectors : sectors * 512;
	read_record(root, drive);
	read_users(root, drive);
}

static void read_directory(const char *root, const char *path, struct wl_host_drive *drive)
{
	struct mounts mounts = {.drive = drive, .path = path};
	char whole[WL_HOST_PATH_BYTES];
	struct statvfs room;
	char *last;

	drive->is_there = wl_host_is_there(root, path);
	read_mounts(root, &mounts);
	wl_host_owner_read(root, path, &drive->file);
	wl_host_path(whole, root, "%s", path);
	/* The node makes it: what counts is the room where it will be. */
	while (statvfs(whole, &room) != 0) {
		last = strrchr(whole, '/');
		if (last == NULL || last == whole)
			return;
		*last = '\0';
	}
	drive->free_bytes = (int64_t)(room.f_bavail * room.f_frsize);
}

struct hot {
	const char *root;
	struct wl_host_drive *drive;
	char folder[WL_HOST_PATH_BYTES];
};

static bool read_temperature(void *context, const char *name)
{
	struct hot *hot = context;
	char path[WL_HOST_PATH_BYTES + 64];
	int64_t number;

	if (strncmp(name, "hwmon", 5) != 0)
		return true;
	snprintf(path, sizeof(path), "%s/%s/temp1_input", hot->folder, name);
	number = wl_host_read_number(hot->root, path);
	if (number != WL_FACT_UNKNOWN)
		hot->drive->temperature_c = number / 1000;
	return hot->drive->temperature_c == WL_FACT_UNKNOWN;
}

static void read_queue(const char *root, struct wl_host_drive *drive)
{
	struct hot hot = {.root = root, .drive = drive};
	char line[128], *from;

	drive->logical_bytes = drive_number(root, drive, "queue/logical_block_size");
	drive->physical_bytes = drive_number(root, drive, "queue/physical_block_size");
	drive->rotates = drive_number(root, drive, "queue/rotational");
	drive->fua = drive_number(root, drive, "queue/fua");
	drive->node = drive_number(root, drive, "device/numa_node");
	if (drive->node == WL_FACT_UNKNOWN)
		drive->node = drive_number(root, drive, "device/device/numa_node");
	drive_line(root, drive, "queue/write_cache", drive->cache, sizeof(drive->cache));
	drive_line(root, drive, "queue/scheduler", line, sizeof(line));
	from = strchr(line, '[');
	from = from != NULL ? from + 1 : line;
	from[strcspn(from, "]")] = '\0';
	snprintf(drive->scheduler, sizeof(drive->scheduler), "%.23s", from);
	drive->poll_queues = wl_host_read_number(root, "/sys/module/nvme/parameters/poll_queues");
	wl_host_path(hot.folder, "", BLOCK "/%s/device", drive->name);
	wl_host_each(root, hot.folder, read_temperature, &hot);
}

void wl_host_drive_read(struct wl_host_facts *facts)
{
	struct wl_host_drive *drive = &facts->drive;

	drive->is_there = drive->bytes = drive->free_bytes = WL_FACT_UNKNOWN;
	drive->logical_bytes = drive->physical_bytes = drive->rotates = WL_FACT_UNKNOWN;
	drive->fua = drive->node = drive->poll_queues = drive->temperature_c = WL_FACT_UNKNOWN;
	drive->file = (struct wl_host_owner){WL_FACT_UNKNOWN, WL_FACT_UNKNOWN, WL_FACT_UNKNOWN};
	if (facts->config == NULL)
		return;
	drive->is_device = strncmp(facts->config->storage_path, "/dev/", 5) == 0;
	if (drive->is_device)
		read_device(facts->root, facts->config->storage_path, drive);
	else
		read_directory(facts->root, facts->config->storage_path, drive);
	if (drive->name[0] != '\0' && strcmp(drive->name, "none") != 0)
		read_queue(facts->root, drive);
}
