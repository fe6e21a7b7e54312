/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of the build that a peer runs: told in BUILD, under the boot that it runs in, and what it declared stays known behind its
 * end. Whether a feature may be put in force is decided by what all members declared (service/finalize.h); where one is in force, a peer whose
 * build does not have it is not heard (worker/worker_build.c).
 *
 * Pure. Owner: the worker. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_BUILD_H
#define WL_DATAPLANE_TRANSPORT_BUILD_H

#include <string.h>

#include "dataplane/base/consumer_name.h"
#include "dataplane/base/features.h"

struct wl_build {
	uint64_t boot_id; /* of the peer that `supported`, `in_force` and `version` belong to; 0: it has not said */
	wl_features supported;
	wl_features in_force; /* in journals of its worker */
	char version[WL_CONSUMER_NAME_BYTES]; /* zeros behind it */
	wl_features
		declared; /* the newest that is known, of whichever boot; from the superblock at first */
	uint32_t lacks; /* bit per journal of ours in which something is in force that it does not have: nothing that it says of that counts */
	uint32_t lacks_told; /* those of them that control knows */
	uint64_t told_boot; /* what control knows of is of this boot */
	bool seen; /* it has said under `sent_boot` that it has ours */
	uint64_t sent_boot, sent_ns; /* our newest one */
	uint32_t sent_count; /* to this boot */
	wl_features sent_in_force;
};

/* A version as the message carries it: what a packager puts there and a name may not have becomes `_`. */
static inline void wl_build_version(const char *text, char version[WL_CONSUMER_NAME_BYTES])
{
	memset(version, 0, WL_CONSUMER_NAME_BYTES);
	for (size_t at = 0; text && at < WL_CONSUMER_NAME_BYTES - 1 && text[at] != '\0'; at++)
		version[at] = strchr("~+:", text[at]) ? '_' : text[at];
}

/* Has it said of the boot that it runs in what it is? */
static inline bool wl_build_is_known(const struct wl_build *build, uint64_t boot_id)
{
	return boot_id != 0 && build->boot_id == boot_id;
}

#endif
