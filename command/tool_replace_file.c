/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text)
{
	size_t bytes = strlen(text), done = 0;

	while (done < bytes) {
		ssize_t wrote = write(fd, text + done, bytes - done);

		if (wrote > 0)
			done += (size_t)wrote;
		else if (wrote == 0 || errno != EINTR)
			return wrote == 0 ? ENOSPC : errno;
	}
	return 0;
}

static int write_beside(const char *beside, const char *text, mode_t mode)
{
	mode_t at_first = mode == WL_REPLACE_AS_NEW ? 0666 : mode;
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, at_first);
	int error;

	if (fd < 0)
		return errno;
	error = write_all(fd, text);
	if (error == 0 && mode != WL_REPLACE_AS_NEW && fchmod(fd, mode) != 0)
		error = errno;
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

/* The name is durable when the folder is. */
static int sync_folder(const char *path)
{
	const char *last = strrchr(path, '/');
	char folder[PATH_MAX];
	int fd, error;

	if (last == NULL)
		strcpy(folder, ".");
	else
		snprintf(folder, sizeof(folder), "%.*s", last == path ? 1 : (int)(last - path),
			 path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : errno;
	error = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	return error;
}

int wl_tool_replace_file(const char *path, const char *text, mode_t mode)
{
	char beside[PATH_MAX];
	int error;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return ENAMETOOLONG;
	/* Of one that was ended in the middle. */
	unlink(beside);
	error = write_beside(beside, text, mode);
	if (error == 0 && rename(beside, path) != 0)
		error = errno;
	if (error != 0)
		unlink(beside);
	return error != 0 ? error : sync_folder(path);
}
