/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_where_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES (32u << 10)

/* ---- text --------------------------------------------------------------------------------------- */

static bool can_hold(const char *value, const char *forbidden)
{
	return value[strcspn(value, forbidden)] == '\0';
}

static bool values_are_sound(const struct wl_where *where)
{
	if (where->run_directory_count > WIRELOG_NODES_MAX ||
	    where->pid_count > WIRELOG_NODES_MAX || !can_hold(where->directory, ":,\n") ||
	    !can_hold(where->endpoints, "\n") || !can_hold(where->udp_endpoints, "\n") ||
	    !can_hold(where->key_file, "\n") || !can_hold(where->cluster, "\n"))
		return false;
	for (uint32_t at = 0; at < where->run_directory_count; at++)
		if (!can_hold(where->run_directories[at], ":,\n"))
			return false;
	return true;
}

size_t wl_where_encode(const struct wl_where *where, char *text, size_t size)
{
	FILE *out;
	long length;
	bool failed;

	if (size == 0 || !values_are_sound(where))
		return 0;
	out = fmemopen(text, size, "w");
	if (out == NULL)
		return 0;
	/* Unbuffered: what does not fit fails here and now. */
	setvbuf(out, NULL, _IONBF, 0);
	fprintf(out,
		"directory=%s\nendpoints=%s\nudp_endpoints=%s\nkey_file=%s\ncluster=%s\nrun_directories=",
		where->directory, where->endpoints, where->udp_endpoints, where->key_file,
		where->cluster);
	for (uint32_t at = 0; at < where->run_directory_count; at++)
		fprintf(out, "%s%s", at ? ":" : "", where->run_directories[at]);
	fprintf(out, "\npids=");
	for (uint32_t at = 0; at < where->pid_count; at++)
		fprintf(out, "%s%d", at ? ":" : "", (int)where->pids[at]);
	fprintf(out, "\n");
	failed = ferror(out) != 0;
	length = ftell(out);
	failed = fclose(out) != 0 || failed;
	return failed || length <= 0 || (size_t)length >= size ? 0 : (size_t)length;
}

static bool take_text(char *to, size_t size, const char *value)
{
	return (size_t)snprintf(to, size, "%s", value) < size;
}

static bool take_directories(struct wl_where *where, char *value)
{
	for (char *one; (one = strsep(&value, ":")) != NULL;) {
		if (*one == '\0')
			continue;
		if (where->run_directory_count == WIRELOG_NODES_MAX ||
		    !take_text(where->run_directories[where->run_directory_count++],
			       WL_WHERE_PATH_BYTES, one))
			return false;
	}
	return true;
}

static bool take_pids(struct wl_where *where, char *value)
{
	for (char *one; (one = strsep(&value, ":")) != NULL;) {
		char *end;
		long pid = strtol(one, &end, 10);

		if (*one == '\0')
			continue;
		if (*end != '\0' || pid < 0 || pid > INT_MAX ||
		    where->pid_count == WIRELOG_NODES_MAX)
			return false;
		where->pids[where->pid_count++] = (pid_t)pid;
	}
	return true;
}

static bool take_line(struct wl_where *where, char *line)
{
	char *key = strsep(&line, "=");

	if (line == NULL)
		return *key == '\0';
	if (strcmp(key, "directory") == 0)
		return take_text(where->directory, sizeof(where->directory), line);
	if (strcmp(key, "endpoints") == 0)
		return take_text(where->endpoints, sizeof(where->endpoints), line);
	if (strcmp(key, "udp_endpoints") == 0)
		return take_text(where->udp_endpoints, sizeof(where->udp_endpoints), line);
	if (strcmp(key, "key_file") == 0)
		return take_text(where->key_file, sizeof(where->key_file), line);
	if (strcmp(key, "cluster") == 0)
		return take_text(where->cluster, sizeof(where->cluster), line);
	if (strcmp(key, "run_directories") == 0)
		return take_directories(where, line);
	if (strcmp(key, "pids") == 0)
		return take_pids(where, line);
	return true;
}

int wl_where_decode(struct wl_where *where, char *text)
{
	memset(where, 0, sizeof(*where));
	for (char *line; (line = strsep(&text, "\n")) != NULL;)
		if (!take_line(where, line))
			return -EBADMSG;
	return where->directory[0] != '\0' && where->endpoints[0] != '\0' ? 0 : -EBADMSG;
}

/* ---- the two places ----------------------------------------------------------------------------- */

/* The directory of the file: in the user's state directory, or below /tmp. False: there is none such. */
static bool directory_of(bool fallback, char directory[WL_WHERE_PATH_BYTES])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int length;

	if (fallback)
		length = snprintf(directory, WL_WHERE_PATH_BYTES, "/tmp/wirelog-%u",
				  (unsigned)geteuid());
	else if (state != NULL && state[0] == '/')
		length = snprintf(directory, WL_WHERE_PATH_BYTES, "%s/wirelog", state);
	else if (home != NULL && home[0] == '/')
		length = snprintf(directory, WL_WHERE_PATH_BYTES, "%s/.local/state/wirelog", home);
	else
		return false;
	return length < (int)WL_WHERE_PATH_BYTES;
}

const char *wl_where_path(void)
{
	static char path[WL_WHERE_PATH_BYTES + 8];
	char directory[WL_WHERE_PATH_BYTES];

	if (!directory_of(false, directory))
		directory_of(true, directory);
	snprintf(path, sizeof(path), "%s/demo", directory);
	return path;
}

static int make_directories(const char *directory)
{
	char path[WL_WHERE_PATH_BYTES];

	snprintf(path, sizeof(path), "%s", directory);
	for (char *at = path + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return -errno;
		*at = was;
		if (was == '\0')
			return 0;
	}
}

/* A descriptor of a directory that is ours and that nobody else may write to, or a negative errno. */
static int open_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0 || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

static int read_file(int directory, char *text, size_t size)
{
	int fd = openat(directory, "demo", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t length = 0;
	ssize_t count;

	if (fd < 0)
		return -errno;
	while ((count = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	text[length] = '\0';
	close(fd);
	return count < 0 ? -errno : 0;
}

static int write_file(int directory, const char *text, size_t length)
{
	int fd, result = 0;

	if (unlinkat(directory, "demo.new", 0) != 0 && errno != ENOENT)
		return -errno;
	fd = openat(directory, "demo.new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	errno = ENOSPC;
	if (write(fd, text, length) != (ssize_t)length)
		result = -errno;
	close(fd);
	if (result == 0 && renameat(directory, "demo.new", directory, "demo") != 0)
		result = -errno;
	if (result != 0)
		unlinkat(directory, "demo.new", 0);
	return result;
}

static int load_from(bool fallback, struct wl_where *where)
{
	char directory[WL_WHERE_PATH_BYTES], text[TEXT_BYTES];
	int fd, result;

	if (!directory_of(fallback, directory))
		return -ENOENT;
	fd = open_directory(directory);
	if (fd < 0)
		return fd;
	result = read_file(fd, text, sizeof(text));
	close(fd);
	return result != 0 ? result : wl_where_decode(where, text);
}

static int save_to(bool fallback, const char *text, size_t length)
{
	char directory[WL_WHERE_PATH_BYTES];
	int fd, result;

	if (!directory_of(fallback, directory))
		return -ENOENT;
	result = make_directories(directory);
	if (result != 0)
		return result;
	fd = open_directory(directory);
	if (fd < 0)
		return fd;
	result = write_file(fd, text, length);
	close(fd);
	return result;
}

/* -ENOENT: there was none. */
static int remove_from(bool fallback)
{
	char directory[WL_WHERE_PATH_BYTES];
	int fd, result;

	if (!directory_of(fallback, directory))
		return -ENOENT;
	fd = open_directory(directory);
	if (fd < 0)
		return fd == -EPERM ? -ENOENT : fd;
	result = unlinkat(fd, "demo", 0) == 0 ? 0 : -errno;
	close(fd);
	return result;
}

int wl_where_load(struct wl_where *where)
{
	int result = load_from(false, where);

	if (result == 0)
		return 0;
	return load_from(true, where) == 0 ? 0 : result;
}

int wl_where_save(const struct wl_where *where)
{
	char text[TEXT_BYTES];
	size_t length = wl_where_encode(where, text, sizeof(text));

	if (length == 0)
		return -EINVAL;
	return save_to(false, text, length) == 0 ? 0 : save_to(true, text, length);
}

int wl_where_remove(void)
{
	int result = remove_from(false);

	if (result == -ENOENT)
		result = remove_from(true);
	return result == -ENOENT ? 0 : result;
}
