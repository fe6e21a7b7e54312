/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader proposes by itself or for an operator: bases and their proofs (base_proof.h), what retention trims (retention.h, by the
 * limits in the state; the first ones, where there are none, by the file), and
 * what was asked for: trims, checkpoints of consumers, limits (raft/replica_propose.c), and members and their data (membership.h). Retention trims no record that a
 * checkpoint stands before; where one holds back more than it may, the leader first proposes to drop it, and trims when that is applied. And what
 * consumers ask of their checkpoints (checkpoints.h), last. One at a time, of consumers one a name: the next is proposed when the last one is applied, for it
 * says what the state is that the next one expects. What cannot be appended now is tried again.
 *
 * Pure. Owner: the journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_UPKEEP_H
#define WL_DATAPLANE_SERVICE_UPKEEP_H

#include "dataplane/base/members.h"
#include "dataplane/service/service.h"

#define WL_UPKEEP_RETENTION_NS 1000000000u /* between two looks at what is too old or too much */

struct wl_upkeep {
	uint64_t proposed_index; /* our newest control entry; 0: none in this leadership */
	uint64_t lead_term; /* of that leadership */
	uint64_t base_looked_ns, retention_looked_ns, data_looked_ns;
	uint64_t held_bytes; /* by the lowest checkpoint, of what retention would trim: as of the last look */
	wl_members base_differs; /* voters whose base is another one, as it was seen last */
};

/* Once a turn, when no entry is open. Returns how many entries were appended. */
unsigned wl_upkeep_turn(struct wl_service *service);

#endif
