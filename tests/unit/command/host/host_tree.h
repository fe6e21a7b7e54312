/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A made-up host in a directory: /sys, /proc, /etc, /dev and /run of a server that lacks nothing, for the node of
 * drivers-config/physical-three, and a second NIC (mlx5, 0000:5e:00.0, ens2np0). Tests break it.
 */
#ifndef WL_TESTS_UNIT_COMMAND_HOST_HOST_TREE_H
#define WL_TESTS_UNIT_COMMAND_HOST_HOST_TREE_H

#include "command/host/host_facts.h"

struct host_tree {
	char root[64];
	char yaml[4096]; /* of the node */
	struct wl_config config;
	struct wl_nic_families families;
};

void host_tree_begin(struct host_tree *tree);
void host_tree_end(struct host_tree *tree);

/* Path of a file below the root; folders are made. */
void host_tree_write(const struct host_tree *tree, const char *path, const char *text);
void host_tree_link(const struct host_tree *tree, const char *path, const char *to);
void host_tree_mode(const struct host_tree *tree, const char *path, unsigned mode);
void host_tree_remove(const struct host_tree *tree, const char *path);
/* The text of a file, in static memory; "" when it is not there. */
const char *host_tree_read(const struct host_tree *tree, const char *path);
/* What was there at the beginning, at this path and below it. */
void host_tree_restore(const struct host_tree *tree, const char *path);
/* Another word in the node's file. */
void host_tree_configure(struct host_tree *tree, const char *from, const char *to);
/* Reads facts of the tree by its node's file. */
void host_tree_facts(struct host_tree *tree, struct wl_host_facts *facts);
/* Every file of the tree with its bytes, mode and owner in one text; links by where they point. The caller frees it. `but`: left out. */
char *host_tree_state(const struct host_tree *tree, const char *but);

#endif
