/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog verify --cluster`: the logs of all nodes of a cluster, compared while they run. One node on this machine is asked, through its
 * stats socket, and asks the others over the wire; which entry to ask about next is dataplane/log/chain_search.h.
 */
#ifndef WL_COMMAND_TOOL_COMPARE_H
#define WL_COMMAND_TOOL_COMPARE_H

#include <jansson.h>
#include <stdio.h>

#include "command/tool_cluster.h"
#include "dataplane/log/chain_search.h"

struct wl_compare {
	struct wl_tool_cluster cluster;
	uint32_t journal;
	const char *directory; /* of the node that was asked */
	uint32_t asked; /* its id */
	wl_members nodes; /* that it knows of, itself among them */
	wl_members told; /* who answered at all */
	bool empty; /* nothing is committed yet */
	struct wl_chain_search search;
};

/* 0, or an exit code: then it was told on standard error why nothing could be compared. */
int wl_compare_run(struct wl_compare *compare);
void wl_compare_print(FILE *out, const struct wl_compare *compare);
json_t *wl_compare_json(const struct wl_compare *compare);
/* 0: every node was compared, and all are equal. EX_DATAERR: two differ, or a medium does not give what it must have. EX_UNAVAILABLE: equal as
 * far as was compared, and not every node was. */
int wl_compare_exit_code(const struct wl_compare *compare);

#endif
