/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was asked of all nodes last about one journal, and what they said. Pure. [any]
 */
#ifndef WL_DATAPLANE_WORKER_CHAIN_REPORT_H
#define WL_DATAPLANE_WORKER_CHAIN_REPORT_H

#include "dataplane/base/members.h"
#include "dataplane/log/chain_find.h"

struct wl_chain_report {
	uint64_t index; /* 0: nothing was asked yet */
	uint64_t round; /* of this question: later ones have higher numbers */
	uint64_t complete; /* 1: nobody is waited for any more */
	struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1]; /* our own among them */
};

#endif
