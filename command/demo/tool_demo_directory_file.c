/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_directory_file.h"
#include "command/demo/tool_demo_directory_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "wirelog/status.h"

#define MARK WL_DEMO_MARK
#define MARK_KEPT ".wirelog-demo-kept"
#define BLOCK_BYTES 4096u

int wl_demo_directory_say(char *reason, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, WL_DEMO_REASON_BYTES, format, arguments);
	va_end(arguments);
	return status;
}

bool wl_demo_directory_join(char path[WL_WHERE_PATH_BYTES], const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path, WL_WHERE_PATH_BYTES, format, arguments);
	va_end(arguments);
	return length >= 0 && length < (int)WL_WHERE_PATH_BYTES;
}

bool wl_demo_directory_own(char path[WL_WHERE_PATH_BYTES])
{
	ssize_t length = readlink("/proc/self/exe", path, WL_WHERE_PATH_BYTES - 1);

	if (length <= 0)
		return false;
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	return true;
}

/* ---- is a place good? --------------------------------------------------------------------------- */

/* "ext4 on /dev/vda1", from the line of the mount that has this device number. */
static void name_file_system(const char *path, char *name, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[1024], kind[32], source[64];
	unsigned major_number, minor_number;
	struct stat facts;

	snprintf(name, size, "a file system without a name");
	if (mounts == NULL)
		return;
	while (stat(path, &facts) == 0 && fgets(line, sizeof(line), mounts) != NULL) {
		const char *rest = strstr(line, " - ");

		if (rest == NULL ||
		    sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) != 2 ||
		    makedev(major_number, minor_number) != facts.st_dev ||
		    sscanf(rest, " - %31s %63s", kind, source) != 2)
			continue;
		snprintf(name, size, "%.20s on %.38s", kind, source);
		break;
	}
	fclose(mounts);
}

static int write_directly(const char *path)
{
	void *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_DSYNC | O_CLOEXEC, 0600);
	int error = fd < 0 ? errno : 0;

	if (block == NULL)
		error = ENOMEM;
	if (error == 0) {
		memset(block, 0, BLOCK_BYTES);
		if (write(fd, block, BLOCK_BYTES) != (ssize_t)BLOCK_BYTES)
			error = errno;
	}
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(block);
	return error;
}

static int check_disk(struct wl_demo_directory *directory, char *reason)
{
	char probe[WL_WHERE_PATH_BYTES + 16];
	struct statfs kind;
	struct statvfs room;
	int error;

	if (statfs(directory->path, &kind) != 0 || statvfs(directory->path, &room) != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s",
					     directory->path, strerror(errno));
	name_file_system(directory->path, directory->file_system, sizeof(directory->file_system));
	/* Newer kernels let tmpfs say yes to direct I/O; it is memory all the same. */
	if (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC)
		return wl_demo_directory_say(reason, WIRELOG_STORE_NO_DIRECT,
					     "%s is %s: memory, nothing on it is durable",
					     directory->path, directory->file_system);
	directory->free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (directory->free_bytes < WL_DEMO_FREE_BYTES)
		return wl_demo_directory_say(reason, WIRELOG_STORE_FULL,
					     "%s has %" PRIu64 " MiB free; %" PRIu64
					     " MiB are needed",
					     directory->path, directory->free_bytes >> 20,
					     (uint64_t)WL_DEMO_FREE_BYTES >> 20);
	snprintf(probe, sizeof(probe), "%s/.probe", directory->path);
	error = write_directly(probe);
	if (error == EINVAL)
		return wl_demo_directory_say(reason, WIRELOG_STORE_NO_DIRECT,
					     "%s is %s, without direct I/O", directory->path,
					     directory->file_system);
	if (error != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED,
					     "%s cannot be written to: %s", directory->path,
					     strerror(error));
	return 0;
}

static int check_path(const char *path, char *reason)
{
	if (path[strcspn(path, ":,\n\"")] != '\0')
		return wl_demo_directory_say(
			reason, WIRELOG_INVALID_ARGUMENT,
			"%s: the path must not hold a colon, a comma or a quote", path);
	if (strlen(path) > WL_DEMO_DIRECTORY_BYTES)
		return wl_demo_directory_say(reason, WIRELOG_INVALID_ARGUMENT,
					     "%s: %zu characters, and sockets in it allow %zu",
					     path, strlen(path), (size_t)WL_DEMO_DIRECTORY_BYTES);
	return 0;
}

/* ---- choosing ----------------------------------------------------------------------------------- */

static int is_a_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int count_names(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, is_a_name, NULL);

	for (int at = 0; at < count; at++)
		free(names[at]);
	if (count >= 0)
		free(names);
	return count;
}

static int make_directories(const char *path)
{
	char part[WL_WHERE_PATH_BYTES];

	snprintf(part, sizeof(part), "%s", path);
	for (char *at = part + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return -errno;
		*at = was;
		if (was == '\0')
			return 0;
	}
}

static bool has_mark(const char *path, const char *name)
{
	char mark[WL_WHERE_PATH_BYTES + 32];

	snprintf(mark, sizeof(mark), "%s/%s", path, name);
	return access(mark, F_OK) == 0;
}

/* A node holds a lock on its pid file as long as it lives. */
static bool has_running_node(const char *path)
{
	char file[WL_WHERE_PATH_BYTES + 32];

	for (unsigned node = 1; node <= WL_DEMO_NODES_MAX; node++) {
		bool locked;
		int fd;

		snprintf(file, sizeof(file), "%s/node%u/wirelogd.pid", path, node);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		locked = flock(fd, LOCK_SH | LOCK_NB) != 0;
		close(fd);
		if (locked)
			return true;
	}
	return false;
}

/* Ours, empty, and nobody else may put something into it. An earlier demo that is over makes room. */
static int take(const char *path, char *reason)
{
	struct stat facts;
	int error = make_directories(path);

	if (error != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s cannot be made: %s",
					     path, strerror(-error));
	if (lstat(path, &facts) != 0 || !S_ISDIR(facts.st_mode))
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s is not a directory",
					     path);
	if (facts.st_uid != geteuid() || (facts.st_mode & 022) != 0)
		return wl_demo_directory_say(
			reason, WIRELOG_OUTPUT_FAILED,
			"%s belongs to another user, or others may write to it", path);
	if (count_names(path) == 0)
		return 0;
	if (has_mark(path, MARK_KEPT))
		return wl_demo_directory_say(
			reason, WIRELOG_STORE_NOT_OURS,
			"%s has the data of an earlier demo, which was kept; remove it when they are not "
			"needed any more",
			path);
	if (!has_mark(path, MARK))
		return wl_demo_directory_say(reason, WIRELOG_STORE_NOT_OURS, "%s is not empty",
					     path);
	if (has_running_node(path))
		return wl_demo_directory_say(reason, WIRELOG_DEMO_RUNNING,
					     "nodes of another demo run in %s", path);
	if (wl_demo_directory_remove(path, reason) != 0)
		return WIRELOG_OUTPUT_FAILED;
	return mkdir(path, 0700) == 0 || errno == EEXIST
		       ? 0
		       : wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED, "%s: %s", path,
					       strerror(errno));
}

static int try_place(struct wl_demo_directory *directory, char *reason)
{
	bool was_there = access(directory->path, F_OK) == 0;
	int status = check_path(directory->path, reason);

	if (status == 0)
		status = take(directory->path, reason);
	if (status != 0)
		return status;
	status = check_disk(directory, reason);
	if (status != 0 && !was_there)
		rmdir(directory->path);
	return status;
}

static bool is_a_bin(const char *path)
{
	return strcmp(strrchr(path, '/') != NULL ? strrchr(path, '/') : path, "/bin") == 0;
}

/* False: there is no such place. */
static bool name_place(int which, char path[WL_WHERE_PATH_BYTES], const char **what)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char own[WL_WHERE_PATH_BYTES];

	switch (which) {
	case 0:
		*what = "beside the command";
		/* An installed command stands among others' files. */
		return wl_demo_directory_own(own) && access(own, W_OK) == 0 && !is_a_bin(own) &&
		       wl_demo_directory_join(path, "%s/demo", own);
	case 1:
		*what = "in the user's state directory";
		if (state != NULL && state[0] == '/')
			return wl_demo_directory_join(path, "%s/wirelog/nodes", state);
		return home != NULL && home[0] == '/' &&
		       wl_demo_directory_join(path, "%s/.local/state/wirelog/nodes", home);
	case 2:
		*what = "below /var/tmp";
		return wl_demo_directory_join(path, "/var/tmp/wirelog-%u", (unsigned)geteuid());
	default:
		return false;
	}
}

int wl_demo_directory_choose(struct wl_demo_directory *directory, const char *wish, char *reason)
{
	char refusals[WL_DEMO_REASON_BYTES] = "", refusal[WL_DEMO_REASON_BYTES];
	char here[WL_WHERE_PATH_BYTES] = "";
	const char *what;
	size_t length = 0;
	int first = 0;

	memset(directory, 0, sizeof(*directory));
	if (wish != NULL) {
		if (!wl_demo_directory_join(
			    directory->path, "%s%s%s",
			    wish[0] != '/' && getcwd(here, sizeof(here)) != NULL ? here : "",
			    wish[0] == '/' ? "" : "/", wish))
			return wl_demo_directory_say(reason, WIRELOG_INVALID_ARGUMENT,
						     "--directory is too long");
		snprintf(directory->why, sizeof(directory->why), "as asked");
		return try_place(directory, reason);
	}
	for (int which = 0; which < 3; which++) {
		int status;

		if (!name_place(which, directory->path, &what))
			continue;
		status = try_place(directory, refusal);
		if (status == 0) {
			snprintf(directory->why, sizeof(directory->why), "%s%s%.400s", what,
				 length != 0 ? "; no better place: " : "", refusals);
			return 0;
		}
		if (first == 0)
			first = status;
		if (length < sizeof(refusals))
			length += (size_t)snprintf(refusals + length, sizeof(refusals) - length,
						   "%s%s", length != 0 ? "; " : "", refusal);
	}
	return wl_demo_directory_say(reason, first != 0 ? first : WIRELOG_OUTPUT_FAILED,
				     "no place for the demo: %.1200s; --directory names another",
				     refusals);
}

/* ---- removing ----------------------------------------------------------------------------------- */

static int remove_name(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
	(void)facts;
	/* The mark goes last, so that what an interrupted removal leaves is still known as a demo's. */
	if (strcmp(path + walk->base, MARK) == 0 && walk->level == 1)
		return 0;
	if (walk->level == 0)
		return 0;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

int wl_demo_directory_remove(const char *path, char *reason)
{
	char mark[WL_WHERE_PATH_BYTES + 16];

	if (access(path, F_OK) != 0)
		return 0;
	snprintf(mark, sizeof(mark), "%s/" MARK, path);
	if (!has_mark(path, MARK))
		return wl_demo_directory_say(reason, WIRELOG_STORE_NOT_OURS,
					     "%s is not a demo's directory (it has no " MARK
					     "): left as it is",
					     path);
	if (nftw(path, remove_name, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 ||
	    unlink(mark) != 0 || (rmdir(path) != 0 && errno != EBUSY))
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED,
					     "%s cannot be removed: %s", path, strerror(errno));
	return 0;
}

int wl_demo_directory_keep(const char *path, char *reason)
{
	char mark[WL_WHERE_PATH_BYTES + 16], kept[WL_WHERE_PATH_BYTES + 32];

	snprintf(mark, sizeof(mark), "%s/" MARK, path);
	snprintf(kept, sizeof(kept), "%s/" MARK_KEPT, path);
	if (rename(mark, kept) != 0)
		return wl_demo_directory_say(reason, WIRELOG_OUTPUT_FAILED,
					     "%s cannot be marked as kept: %s", path,
					     strerror(errno));
	return 0;
}
