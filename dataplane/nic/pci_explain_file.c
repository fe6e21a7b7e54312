/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dataplane/nic/pci_explain.h"

/* The last part of where a link of the device leads; "" without one. */
static void read_link(const char *root, const char *device, const char *name, char *last,
		      size_t last_bytes)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t bytes;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%.40s/%s", root, device, name);
	bytes = readlink(path, target, sizeof(target) - 1);
	target[bytes > 0 ? bytes : 0] = '\0';
	base = strrchr(target, '/');
	snprintf(last, last_bytes, "%.*s", (int)last_bytes - 1, base != NULL ? base + 1 : "");
}

static bool has_entry(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder)) != NULL)
		found = entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return found;
}

static bool begins_with_yes(const char *path)
{
	FILE *file = fopen(path, "re");
	bool yes = file && fgetc(file) == 'Y';

	if (file)
		fclose(file);
	return yes;
}

/* Only one process may have a group open. */
static int try_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

void wl_pci_look(const char *root, const char *device, uint64_t mapped_bytes,
		 struct wl_pci_facts *facts)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	char path[PATH_MAX];

	memset(facts, 0, sizeof(*facts));
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%.40s", root, device);
	facts->is_there = access(path, F_OK) == 0;
	read_link(root, device, "driver", facts->driver, sizeof(facts->driver));
	read_link(root, device, "iommu_group", facts->group, sizeof(facts->group));
	snprintf(path, sizeof(path), "%s/sys/kernel/iommu_groups", root);
	facts->has_iommu = has_entry(path);
	snprintf(path, sizeof(path), "%s/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		 root);
	facts->without_iommu = begins_with_yes(path);
	snprintf(path, sizeof(path), "%s/dev/vfio/%s%s", root,
		 facts->without_iommu && !facts->has_iommu ? "noiommu-" : "", facts->group);
	facts->open_error = facts->group[0] == '\0' ? ENOENT : try_open(path);
	getrlimit(RLIMIT_MEMLOCK, &limit);
	facts->locked_limit = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	facts->mapped_bytes = mapped_bytes;
}
