/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes that a running node's file names only now: what of a changed file may take effect without a restart because it only adds. New
 * nodes of cluster.nodes that join (`joins: on`), and the memif links that lead to them; a node on a NIC or a kernel's interface needs
 * no link of its own. Everything else of nodes and links needs a restart.
 *
 * The order of nodes, and of links that lead to one node alone, says nothing: a file that was put in another order is no change.
 *
 * Pure. [wl-admin]
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_JOINS_H
#define WL_CONTROL_CONFIG_CONFIG_JOINS_H

#include "control/config/config.h"

/* What differs, of nodes and of workers with their links. */
enum wl_config_growth {
	WL_CONFIG_SAME,
	WL_CONFIG_GROWS, /* by nodes that join, or by links to those: it may take effect now */
	WL_CONFIG_CHANGES, /* otherwise */
};

/* cluster.nodes; `joining`: those that `wanted` has more, 0 unless GROWS. */
enum wl_config_growth wl_config_nodes_grow(const struct wl_config *running,
					   const struct wl_config *wanted, wl_members *joining);
/* workers. `joining` as above: links to others are no growth. */
enum wl_config_growth wl_config_links_grow(const struct wl_config *running,
					   const struct wl_config *wanted, wl_members joining);
/* `next`, as `running` in what grows, gets the joining nodes and, behind its own links, those that lead to them: the places of those that
 * are there stay. */
void wl_config_join(const struct wl_config *wanted, wl_members joining, struct wl_config *next);

#endif
