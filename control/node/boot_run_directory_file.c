/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run directory: its locked pid file keeps a second node out. Only who holds the lock writes into the file or removes
 * it, and the lock counts only on the file that the name leads to: the one before may have removed its own just then.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/node/boot_thread.h"
#include "control/report/report_file.h"

#define PID_FILE_NAME "wirelogd.pid"
#define TRIES 16u
#define PATH_BYTES (WL_CONFIG_PATH_BYTES + 32)

static void path_of(const struct wl_node *node, char *path)
{
	snprintf(path, PATH_BYTES, "%s/" PID_FILE_NAME, node->config->run_directory);
}

static bool is_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

/* The locked file, or -1 with errno: EWOULDBLOCK when another process has it. */
static int lock_at(const char *path)
{
	for (unsigned tried = 0; tried < TRIES; tried++) {
		/* Never through somebody's symbolic link: what it leads to would be overwritten. */
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		int error;

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path))
			return fd;
		error = errno;
		close(fd);
		errno = error;
		if (error == EWOULDBLOCK)
			return -1;
	}
	return -1;
}

static void write_pid(int fd, const char *path)
{
	char text[24];
	int bytes = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)bytes) != bytes)
		wl_report(WL_REPORT_WARNING, "pid_file", "path=%s error=\"%s\"", path,
			  strerror(errno));
}

/* 0, or CONFIG_VALUE. */
static int find_group(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const char *name = node->config->stats_group;
	char buffer[16384];
	struct group group, *found = NULL;
	int error;

	if (name[0] == '\0')
		return 0;
	error = getgrnam_r(name, &group, buffer, sizeof(buffer), &found);
	if (found) {
		node->stats_group = found->gr_gid;
		return 0;
	}
	snprintf(reason, reason_bytes, "stats_group: there is no group '%s' on this machine%s%s",
		 name, error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return WIRELOG_CONFIG_VALUE;
}

/* The group must get through to the stats socket. One that it gets through already stays as it is. */
static int admit_group(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const char *directory = node->config->run_directory;
	struct stat file;

	if (node->config->stats_group[0] == '\0' || stat(directory, &file) != 0 ||
	    (file.st_mode & S_IXOTH) != 0 ||
	    (file.st_gid == node->stats_group && (file.st_mode & S_IXGRP) != 0))
		return 0;
	if (chown(directory, (uid_t)-1, node->stats_group) == 0 &&
	    chmod(directory, (file.st_mode & 07700) | S_IXGRP) == 0)
		return 0;
	snprintf(reason, reason_bytes, "run directory %s cannot be opened for stats_group '%s': %s",
		 directory, node->config->stats_group, strerror(errno));
	return WIRELOG_RUN_DIRECTORY;
}

int wl_boot_open_run_directory(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const char *directory = node->config->run_directory;
	char path[PATH_BYTES];
	int status = find_group(node, reason, reason_bytes);

	if (status != 0)
		return status;
	if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
		snprintf(reason, reason_bytes, "run directory %s cannot be made: %s", directory,
			 strerror(errno));
		return WIRELOG_RUN_DIRECTORY;
	}
	path_of(node, path);
	node->pid_file = lock_at(path);
	if (node->pid_file >= 0) {
		write_pid(node->pid_file, path);
		return admit_group(node, reason, reason_bytes);
	}
	if (errno == EWOULDBLOCK) {
		snprintf(reason, reason_bytes, "run directory %s is in use by another wirelogd",
			 directory);
		return WIRELOG_RUN_IN_USE;
	}
	if (errno == ELOOP)
		snprintf(reason, reason_bytes, "pid file %s is a symbolic link: remove it", path);
	else
		snprintf(reason, reason_bytes, "pid file %s: %s", path, strerror(errno));
	return WIRELOG_RUN_DIRECTORY;
}

void wl_boot_close_run_directory(struct wl_node *node)
{
	char path[PATH_BYTES];

	if (node->pid_file < 0)
		return;
	path_of(node, path);
	if (is_at(node->pid_file, path))
		unlink(path);
	close(node->pid_file);
	node->pid_file = -1;
}
