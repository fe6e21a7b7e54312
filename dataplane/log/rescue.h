/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a rescue after a lost majority makes of the record of what is left (docs/SAFETY.md, rule 32). The record is the switch: before it is
 * durable the data are what they were, and after it they are of a history of their own, whatever else happens. The node says the rest by
 * itself when it starts: it is the only voter, and its first term begins with a LOSS (raft/replica_leader.c).
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_LOG_RESCUE_H
#define WL_DATAPLANE_LOG_RESCUE_H

#include "dataplane/base/check.h"
#include "dataplane/base/rescue_limits.h"
#include "dataplane/log/superblock.h"

/*
 * So many times as far goes this one, with its terms and with its numbers, by its id. Where an operator rescues two survivors apart, one of them has the higher terms,
 * so that who hears both follows that one, and no number is given by both; but for one pair in WL_RESCUE_STRIDES.
 */
static inline uint64_t wl_rescue_stride(uint64_t history)
{
	WL_CHECK(history != 0);
	return 1 + (history >> 8) % WL_RESCUE_STRIDES;
}

/* `histories`: random, not 0, one for each journal of the record. */
void wl_rescue_record(struct wl_superblock *record, const uint64_t *histories);

#endif
