/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cluster's UUID (RFC 4122) from its text, and the number that stands for it in frames and on disk: 64 bits of it
 * tell clusters apart, they do not authenticate.
 *
 * Pure. Owner: the caller. [any]
 */
#ifndef WL_DATAPLANE_BASE_CLUSTER_ID_H
#define WL_DATAPLANE_BASE_CLUSTER_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/bytes.h"

#define WL_CLUSTER_ID_BYTES 16u

/* 8-4-4-4-12 hexadecimal digits, not all zero. False otherwise; uuid is untouched then. */
bool wl_cluster_id_parse(const char *text, uint8_t uuid[WL_CLUSTER_ID_BYTES]);

/* Both halves: version and variant bits are the same in every random UUID. */
static inline uint64_t wl_cluster_id(const uint8_t uuid[WL_CLUSTER_ID_BYTES])
{
	return wl_load_u64(uuid) ^ wl_load_u64(uuid + 8);
}

#endif
