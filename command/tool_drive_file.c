/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_drive_file.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/log/chunk.h"
#include "wirelog/status.h"

#define END_BYTES (1u << 20)
#define SUPERBLOCK_BYTES (WL_SUPERBLOCK_COPIES * WL_BLOCK_BYTES)

/* ---- who uses it -------------------------------------------------------------------------------- */

/* The first line of a file of the drive in /sys, without blanks around it; empty when there is none. */
static void read_fact(dev_t device, const char *name, char *to, size_t to_bytes)
{
	char path[128];
	FILE *file;

	to[0] = '\0';
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(to, (int)to_bytes, file))
		for (size_t length = strlen(to);
		     length > 0 && (unsigned char)to[length - 1] <= ' ';)
			to[--length] = '\0';
	fclose(file);
}

static void add_user(struct wl_drive *drive, const char *how, const char *who)
{
	size_t used = strlen(drive->users);

	snprintf(drive->users + used, sizeof(drive->users) - used, "%s%s%s", used ? ", " : "", how,
		 who);
}

/* Where this device, "major:minor", is mounted. */
static void add_mounts(struct wl_drive *drive, const char *device)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[1024], number[32], place[512];

	while (mounts && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%*d %*d %31s %*s %511s", number, place) == 2 &&
		    strcmp(number, device) == 0)
			add_user(drive, "mounted on ", place);
	if (mounts)
		fclose(mounts);
}

/* Volumes that it is a part of; partitions, and where they are mounted. */
static void add_parts(struct wl_drive *drive, dev_t device)
{
	char path[64], name[320], number[32];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(device), minor(device));
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			add_user(drive, "part of ", entry->d_name);
	if (folder)
		closedir(folder);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(device), minor(device));
	folder = opendir(path);
	while (folder && (entry = readdir(folder)) != NULL) {
		snprintf(name, sizeof(name), "%s/partition", entry->d_name);
		read_fact(device, name, number, sizeof(number));
		if (entry->d_name[0] == '.' || number[0] == '\0')
			continue;
		snprintf(name, sizeof(name), "%s/dev", entry->d_name);
		read_fact(device, name, number, sizeof(number));
		add_mounts(drive, number);
	}
	if (folder)
		closedir(folder);
}

static void find_users(struct wl_drive *drive, dev_t device)
{
	char number[32];

	snprintf(number, sizeof(number), "%u:%u", major(device), minor(device));
	add_mounts(drive, number);
	add_parts(drive, device);
	if (drive->users[0] == '\0')
		add_user(drive, "held by a process or by the kernel (a node that runs, swap)", "");
}

/* ---- what is on it ------------------------------------------------------------------------------ */

static blkid_probe begin_probe(int fd)
{
	blkid_probe probe = blkid_new_probe();

	if (!probe)
		return NULL;
	if (blkid_probe_set_device(probe, fd, 0, 0) != 0) {
		blkid_free_probe(probe);
		return NULL;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_MAGIC |
							 BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT);
	return probe;
}

static void add_signature(struct wl_drive *drive, const char *what, uint64_t at)
{
	struct wl_drive_signature *one;

	for (unsigned seen = 0; seen < drive->signature_count; seen++)
		if (drive->signatures[seen].at == at)
			return;
	if (drive->signature_count == WL_DRIVE_SIGNATURES_MAX)
		return;
	one = &drive->signatures[drive->signature_count++];
	snprintf(one->what, sizeof(one->what), "%s", what);
	one->at = at;
}

static void find_signatures(struct wl_drive *drive)
{
	blkid_probe probe = begin_probe(drive->fd);
	uint8_t last[512];

	while (probe && blkid_do_probe(probe) == 0) {
		const char *what = NULL, *at = NULL;

		if (blkid_probe_lookup_value(probe, "TYPE", &what, NULL) == 0)
			blkid_probe_lookup_value(probe, "SBMAGIC_OFFSET", &at, NULL);
		else if (blkid_probe_lookup_value(probe, "PTTYPE", &what, NULL) == 0)
			blkid_probe_lookup_value(probe, "PTMAGIC_OFFSET", &at, NULL);
		if (what)
			add_signature(drive, what, at ? strtoull(at, NULL, 10) : 0);
	}
	if (probe)
		blkid_free_probe(probe);
	/* The second one is looked at only where the first is damaged. */
	if (drive->bytes >= sizeof(last) &&
	    pread(drive->fd, last, sizeof(last), (off_t)(drive->bytes - sizeof(last))) ==
		    (ssize_t)sizeof(last) &&
	    memcmp(last, "EFI PART", 8) == 0)
		add_signature(drive, "gpt", drive->bytes - sizeof(last));
}

static void find_superblock(struct wl_drive *drive)
{
	static const char magic[4] = {'W', 'L', 'B', '1'};
	uint8_t(*copies)[WL_BLOCK_BYTES] = aligned_alloc(WL_BLOCK_BYTES, SUPERBLOCK_BYTES);
	unsigned damaged;

	if (copies && pread(drive->fd, copies, SUPERBLOCK_BYTES, 0) == (ssize_t)SUPERBLOCK_BYTES) {
		for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
			drive->is_wirelogs |= memcmp(copies[copy], magic, sizeof(magic)) == 0;
		drive->is_known = wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])copies,
						       &drive->superblock,
						       &damaged) == WL_SUPERBLOCK_OK;
	}
	free(copies);
}

int wl_drive_look(struct wl_drive *drive, const char *path, char *reason, size_t reason_bytes)
{
	struct stat status;

	memset(drive, 0, sizeof(*drive));
	drive->fd = -1;
	snprintf(drive->path, sizeof(drive->path), "%s", path);
	if (stat(path, &status) != 0) {
		snprintf(reason, reason_bytes, "%s: %s", path, strerror(errno));
		return errno == ENOENT ? WIRELOG_STORE_ABSENT : WIRELOG_STORE_UNREADABLE;
	}
	if (!S_ISBLK(status.st_mode)) {
		snprintf(reason, reason_bytes,
			 "%s: no block device; data in a directory need no format", path);
		return WIRELOG_STORE_NOT_OURS;
	}
	read_fact(status.st_rdev, "device/model", drive->model, sizeof(drive->model));
	read_fact(status.st_rdev, "device/serial", drive->serial, sizeof(drive->serial));
	/* O_EXCL without O_CREAT: refused by the kernel when mounted, part of a volume, or a node's that runs. */
	drive->fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (drive->fd < 0 && errno == EBUSY) {
		find_users(drive, status.st_rdev);
		return 0;
	}
	if (drive->fd < 0) {
		snprintf(reason, reason_bytes, "%s: %s", path, strerror(errno));
		return WIRELOG_STORE_UNREADABLE;
	}
	if (flock(drive->fd, LOCK_EX | LOCK_NB) != 0) {
		find_users(drive, status.st_rdev);
		wl_drive_close(drive);
		return 0;
	}
	if (ioctl(drive->fd, BLKGETSIZE64, &drive->bytes) != 0) {
		snprintf(reason, reason_bytes, "%s: its size is not known: %s", path,
			 strerror(errno));
		return WIRELOG_STORE_UNREADABLE;
	}
	find_signatures(drive);
	find_superblock(drive);
	return 0;
}

void wl_drive_print(FILE *to, const struct wl_drive *drive)
{
	const struct wl_superblock *superblock = &drive->superblock;

	fprintf(to, "%s:", drive->path);
	if (drive->bytes != 0)
		fprintf(to, " %" PRIu64 " MiB", drive->bytes >> 20);
	if (drive->model[0] != '\0')
		fprintf(to, " %s", drive->model);
	if (drive->serial[0] != '\0')
		fprintf(to, " serial %s", drive->serial);
	putc('\n', to);
	if (drive->users[0] != '\0')
		fprintf(to, "  in use: %s\n", drive->users);
	for (unsigned at = 0; at < drive->signature_count; at++)
		fprintf(to, "  %s at byte %" PRIu64 "\n", drive->signatures[at].what,
			drive->signatures[at].at);
	if (drive->is_known)
		fprintf(to,
			"  wirelog: node %u, %u journal%s of segments of %" PRIu64
			" MiB, started %" PRIu64 " times\n",
			superblock->node, superblock->journal_count,
			superblock->journal_count == 1 ? "" : "s", superblock->segment_bytes >> 20,
			superblock->boot_count);
	else if (drive->is_wirelogs)
		fputs("  wirelog: of another version, or damaged\n", to);
	if (drive->fd >= 0 && drive->signature_count == 0 && !drive->is_wirelogs)
		fputs("  nothing that is known\n", to);
}

/* ---- taking it away ----------------------------------------------------------------------------- */

static int write_zeros(int fd, uint64_t at, uint64_t bytes)
{
	static const uint8_t zeros[65536];

	while (bytes != 0) {
		ssize_t done =
			pwrite(fd, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros), (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		at += (uint64_t)done;
		bytes -= (uint64_t)done;
	}
	return 0;
}

int wl_drive_wipe(struct wl_drive *drive)
{
	uint64_t end = drive->bytes < END_BYTES ? drive->bytes : END_BYTES;
	blkid_probe probe = begin_probe(drive->fd);
	int error = probe ? 0 : -ENOMEM;

	while (error == 0 && blkid_do_probe(probe) == 0)
		error = blkid_do_wipe(probe, 0) == 0 ? 0 : -EIO;
	if (probe)
		blkid_free_probe(probe);
	/* The end first: while the beginning stands it is told what was there. */
	if (error == 0)
		error = write_zeros(drive->fd, drive->bytes - end, end);
	if (error == 0)
		error = write_zeros(drive->fd, 0, end);
	if (error == 0 && fsync(drive->fd) != 0)
		error = -errno;
	return error;
}

void wl_drive_close(struct wl_drive *drive)
{
	if (drive->fd >= 0)
		close(drive->fd);
	drive->fd = -1;
}
