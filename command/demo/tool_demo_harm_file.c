/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_harm_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

int wl_demo_harm_turn_bit(const char *path, uint64_t byte)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC), error = 0;
	uint8_t value = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, &value, 1, (off_t)byte) != 1)
		error = -EIO;
	value ^= 1;
	if (error == 0 && (pwrite(fd, &value, 1, (off_t)byte) != 1 || fsync(fd) != 0))
		error = -EIO;
	close(fd);
	return error;
}

static int remove_name(const char *path, const struct stat *facts, int kind, struct FTW *walk)
{
	(void)facts;
	(void)walk;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

int wl_demo_harm_remove(const char *directory)
{
	return nftw(directory, remove_name, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ? 0 : -errno;
}
