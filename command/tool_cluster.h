/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which cluster a command talks to: options, else environment, else the running demo.
 *
 *	--endpoints LIST      WIRELOG_ENDPOINTS
 *	--key-file FILE       WIRELOG_KEY_FILE
 *	--cluster UUID        WIRELOG_CLUSTER
 *	--run-directory DIR   WIRELOG_RUN_DIRECTORIES   (stats sockets; several, by ':' or by repeating)
 *
 * --cluster-id is the same as --cluster, for a command whose --cluster means something else.
 *
 * The demo counts as a whole or not at all: with endpoints from elsewhere its key and id are not taken.
 *
 * A command puts wl_tool_cluster_argp among its argp children, with a struct wl_tool_cluster as the child's input. The
 * struct owns its text; what comes from the command line and the environment is borrowed.
 */
#ifndef WL_COMMAND_TOOL_CLUSTER_H
#define WL_COMMAND_TOOL_CLUSTER_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/tool_where_file.h"
#include "wirelog/wirelog.h"

struct wl_tool_cluster {
	const char *endpoints;
	const char *key_file; /* NULL: none */
	const char *cluster;
	const char *eal;
	const char *link;
	const char *run_directories[WIRELOG_NODES_MAX];
	uint32_t run_directory_count;
	uint32_t journal;
	bool insecure;
	bool is_demo;
	struct wl_where where; /* loaded where is_demo */
	char environment[WL_WHERE_PATH_BYTES * WIRELOG_NODES_MAX];
};

extern const struct argp wl_tool_cluster_argp; /* to talk to the nodes */
extern const struct argp wl_tool_cluster_by_id_argp; /* likewise, without --cluster */
extern const struct argp wl_tool_cluster_run_directory_argp; /* to ask their stats sockets */

/* Fills endpoints, key and id. 0, or a negative enum wirelog_status, told to the user. */
int wl_tool_cluster_find(struct wl_tool_cluster *cluster);

/* Endpoints were given on the command line; or they stand in the environment, and no run directory was given. */
bool wl_tool_cluster_names_endpoints(const struct wl_tool_cluster *cluster);

/* Fills the run directories; the last resort is the daemon's default, /run/wirelog. As above. */
int wl_tool_cluster_find_run_directories(struct wl_tool_cluster *cluster);

/* True when no run directory is there any more: what was looked at is over. */
bool wl_tool_cluster_is_gone(const struct wl_tool_cluster *cluster);

/* After find: what wirelog_connect needs to know of the cluster; the rest of `options` is untouched. */
void wl_tool_cluster_set_options(const struct wl_tool_cluster *cluster,
				 struct wirelog_options *options);

#endif
