/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/descriptors_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The next number in /proc/self/fd below the maximum, or -1 at the end. */
static int next(DIR *folder)
{
	struct dirent *entry;

	while ((entry = readdir(folder)) != NULL) {
		long fd = entry->d_name[0] == '.' ? -1 : strtol(entry->d_name, NULL, 10);

		/* The folder itself is no find. */
		if (fd >= 0 && fd < (long)WL_DESCRIPTORS_MAX && fd != dirfd(folder))
			return (int)fd;
	}
	return -1;
}

void wl_descriptors_note(struct wl_descriptors *before)
{
	DIR *folder = opendir("/proc/self/fd");
	int fd;

	memset(before, 0, sizeof(*before));
	while (folder != NULL && (fd = next(folder)) >= 0) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
			before->inherited[fd / 64] |= 1ull << fd % 64;
	}
	if (folder != NULL)
		closedir(folder);
	else /* nothing is known: nothing will be changed */
		memset(before, 0xff, sizeof(*before));
}

void wl_descriptors_close_to_children(const struct wl_descriptors *before)
{
	DIR *folder = opendir("/proc/self/fd");
	int fd, flags;

	while (folder != NULL && (fd = next(folder)) >= 0) {
		if ((before->inherited[fd / 64] >> fd % 64 & 1) != 0)
			continue;
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
			fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
	if (folder != NULL)
		closedir(folder);
}
