/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_region_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char *map(struct wl_memif_region *region, int fd, uint64_t bytes, int how)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | how, fd, 0);

	if (memory == MAP_FAILED)
		return "Region cannot be mapped";
	/* A program that a node or an application starts has no business there. */
	madvise(memory, bytes, MADV_DONTFORK);
	region->memory = memory;
	region->bytes = bytes;
	return NULL;
}

int wl_memif_region_make(struct wl_memif_region *region, uint64_t bytes)
{
	int fd = memfd_create("wirelog-memif", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	/* All of it now, once: each page that a frame is the first to touch would cost that frame's turn. */
	if (ftruncate(fd, (off_t)bytes) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 &&
	    !map(region, fd, bytes, MAP_POPULATE))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

const char *wl_memif_region_take(struct wl_memif_region *region, int fd, uint64_t bytes)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct statfs system;
	struct stat file;

	/* The seal before the size: what is sealed keeps the size that is seen then. */
	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
		return "Region is no memfd that is sealed against shrinking";
	if (fstatfs(fd, &system) != 0 || system.f_type != TMPFS_MAGIC)
		return "Region is no memfd of ordinary pages";
	if (fstat(fd, &file) != 0 || file.st_size < 0 || (uint64_t)file.st_size < bytes)
		return "Region is smaller than it is said to be";
	/* Pages that its maker has touched are mapped at once. Those that are not there are not made for a stranger. */
	return map(region, fd, bytes, (uint64_t)file.st_blocks * 512 >= bytes ? MAP_POPULATE : 0);
}

void wl_memif_region_close(struct wl_memif_region *region)
{
	if (region->memory)
		munmap(region->memory, region->bytes);
	*region = (struct wl_memif_region){0};
}
