/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which features a leader puts in force (base/features.h; docs/SAFETY.md, rule 34): such as every member of the list in force has declared,
 * voters and learners, those that are away, too. What a member declared is known from its newest boot that was heard, by this node or before its
 * start (transport/build.h), and is durable where it was said.
 *
 * A journal begins with all that its members declared: its first leader puts them in force before anything else, and a client finds them
 * there. From then on an operator says when (PROPOSE_FEATURES), so that until then a node may go back to the build before.
 *
 * Pure. Owner: the journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_FINALIZE_H
#define WL_DATAPLANE_SERVICE_FINALIZE_H

#include "dataplane/base/members.h"
#include "dataplane/service/service.h"

/* How long the first leader waits for nodes that have not said yet what they have; no session opens meanwhile. */
#define WL_FINALIZE_WAIT_NS 500000000u

/* Of the journal without limits, which is one that begins. True: wait. Else *control is what is to be proposed now; its verb 0: nothing. */
bool wl_finalize_begins(struct wl_service *service, struct wl_control *control);
/* What an operator asked for is in force, or never will be by this wish: others are in force by now, or somebody has not declared it. */
bool wl_finalize_is_settled(struct wl_service *service, const struct wl_wire_propose *wish);
/* Of a wish that is not settled, at the leader. False: not now, the list of members is on its way to another one. */
bool wl_finalize_may(struct wl_service *service, const struct wl_wire_propose *wish,
		     struct wl_control *control);
/* Whoever is new in `next`, or is to vote there, has declared what is in force. */
bool wl_finalize_may_join(const struct wl_service *service, const struct wl_list *next);

#endif
