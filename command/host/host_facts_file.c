/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/host_facts.h"

#include <string.h>
#include <sys/stat.h>

#include "dataplane/nic/eal_args.h"

void wl_host_facts_read(const struct wl_host_ask *ask, struct wl_host_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->root = ask->root;
	facts->config = ask->config;
	wl_host_cores_read(facts);
	wl_host_memory_read(facts);
	wl_host_nics_read(facts, ask->families);
	wl_host_drive_read(facts);
	wl_host_system_read(facts, ask->user);
}

void wl_host_owner_read(const char *root, const char *path, struct wl_host_owner *owner)
{
	char whole[WL_HOST_PATH_BYTES];
	struct stat file;

	*owner = (struct wl_host_owner){WL_FACT_UNKNOWN, WL_FACT_UNKNOWN, WL_FACT_UNKNOWN};
	if (!wl_host_path(whole, root, "%s", path) || stat(whole, &file) != 0)
		return;
	owner->uid = file.st_uid;
	owner->gid = file.st_gid;
	owner->mode = file.st_mode & 07777;
}

uint64_t wl_host_pages_wanted(const struct wl_config *config, uint32_t page_kb)
{
	struct wl_eal_settings settings = {.hugepages = config->hugepages,
					   .memory_mb = config->memory_mb};
	uint32_t pages = wl_eal_args_pages(&settings, page_kb);

	return pages == UINT32_MAX ? 0 : pages;
}

uint64_t wl_host_bytes_wanted(const struct wl_config *config)
{
	return (uint64_t)config->journal_count * config->log_bytes_max;
}

int wl_host_owner_allows(const struct wl_host_owner *owner, const struct wl_host_system *system,
			 int wish)
{
	if (owner->uid == WL_FACT_UNKNOWN || system->uid == WL_FACT_UNKNOWN)
		return -1;
	if (system->uid == 0)
		return 1;
	if (owner->uid == system->uid)
		return (owner->mode >> 6 & wish) == wish;
	if (owner->gid == system->gid)
		return (owner->mode >> 3 & wish) == wish;
	return (owner->mode & wish) == wish;
}
