/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/host_read_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool wl_host_path(char path[WL_HOST_PATH_BYTES], const char *root, const char *format, ...)
{
	size_t used = (size_t)snprintf(path, WL_HOST_PATH_BYTES, "%s", root);
	va_list arguments;
	int length;

	if (used >= WL_HOST_PATH_BYTES)
		return false;
	va_start(arguments, format);
	length = vsnprintf(path + used, WL_HOST_PATH_BYTES - used, format, arguments);
	va_end(arguments);
	return length >= 0 && (size_t)length < WL_HOST_PATH_BYTES - used;
}

bool wl_host_read_text(const char *root, const char *path, char *text, size_t text_bytes)
{
	char whole[WL_HOST_PATH_BYTES];
	size_t used = 0;
	ssize_t got = 0;
	int fd;

	text[0] = '\0';
	if (!wl_host_path(whole, root, "%s", path))
		return false;
	/* A copied tree may hold a fifo where the kernel has a file: never wait for one. */
	fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	while (used + 1 < text_bytes && ((got = read(fd, text + used, text_bytes - 1 - used)) > 0 ||
					 (got < 0 && errno == EINTR)))
		used += got > 0 ? (size_t)got : 0;
	close(fd);
	text[used] = '\0';
	return got >= 0;
}

bool wl_host_read_line(const char *root, const char *path, char *line, size_t line_bytes)
{
	size_t length;

	if (!wl_host_read_text(root, path, line, line_bytes)) {
		line[0] = '\0';
		return false;
	}
	line[strcspn(line, "\n")] = '\0';
	for (length = strlen(line); length > 0 && isspace((unsigned char)line[length - 1]);)
		line[--length] = '\0';
	return true;
}

int64_t wl_host_read_number(const char *root, const char *path)
{
	char line[64], *end;
	long long number;

	if (!wl_host_read_line(root, path, line, sizeof(line)))
		return WL_FACT_UNKNOWN;
	number = strtoll(line, &end, 0);
	return end == line ? WL_FACT_UNKNOWN : (int64_t)number;
}

bool wl_host_read_link(const char *root, const char *path, char *name, size_t name_bytes)
{
	char whole[WL_HOST_PATH_BYTES], to[PATH_MAX];
	ssize_t length;
	const char *last;

	name[0] = '\0';
	if (!wl_host_path(whole, root, "%s", path))
		return false;
	length = readlink(whole, to, sizeof(to) - 1);
	if (length <= 0)
		return false;
	to[length] = '\0';
	last = strrchr(to, '/');
	snprintf(name, name_bytes, "%s", last != NULL ? last + 1 : to);
	return true;
}

bool wl_host_is_there(const char *root, const char *path)
{
	char whole[WL_HOST_PATH_BYTES];
	struct stat stat;

	return wl_host_path(whole, root, "%s", path) && lstat(whole, &stat) == 0;
}

void wl_host_each(const char *root, const char *path, bool (*each)(void *context, const char *name),
		  void *context)
{
	char whole[WL_HOST_PATH_BYTES];
	struct dirent **entries;
	bool goes_on = true;
	int count;

	if (!wl_host_path(whole, root, "%s", path))
		return;
	count = scandir(whole, &entries, NULL, alphasort);
	for (int at = 0; at < count; at++) {
		if (goes_on && entries[at]->d_name[0] != '.')
			goes_on = each(context, entries[at]->d_name);
		free(entries[at]);
	}
	if (count >= 0)
		free(entries);
}
