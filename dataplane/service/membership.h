/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of the members, as a leader drives them: what an operator asked for becomes lists, one at a time; a joint list is left when it is
 * committed, whoever proposed it; and who is not to vote any more hands leadership over, before where it can, and does not count itself
 * until then (docs/SAFETY.md, rules 23 to 28).
 *
 * Pure. Owner: the journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_MEMBERSHIP_H
#define WL_DATAPLANE_SERVICE_MEMBERSHIP_H

#include "dataplane/base/change.h"
#include "dataplane/service/service.h"

/* What was asked for is so, or will never be. */
bool wl_membership_is_settled(const struct wl_service *service, uint64_t change, bool leads);
/* Of a leader. The next list on the way to it: how many entries were appended. */
unsigned wl_membership_propose(struct wl_service *service, uint64_t change);
/* Of a leader: nobody asked for what has to be done now. The same. */
unsigned wl_membership_tend(struct wl_service *service);
/* Of a leader: the list names the data that members have now, where it may (raft/replica_return.c). The same. */
unsigned wl_membership_tend_data(struct wl_service *service);

#endif
