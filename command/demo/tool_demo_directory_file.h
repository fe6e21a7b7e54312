/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a demo lives: a directory on a real disk that it makes, fills with three configurations and a key, and
 * removes as a whole. It is known by the file ".wirelog-demo": nothing without it is ever removed. What is kept
 * loses that mark, so that no later demo takes it for one of its own that is over.
 *
 *	DIR/node1.yaml ... node4.yaml            copies, of a new cluster; node 4 is not started, and in no other file's effect
 *	DIR/cluster.key                          new, mode 0400
 *	DIR/node1/ ...                           data, run directory, socket for clients (and a UDP port that is free now)
 *	DIR/node1.log ...                        what the nodes say
 *	DIR/day.itch                             what `demo --run` appends
 *
 * Functions return 0 or a negative enum wirelog_status with a sentence. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_DIRECTORY_FILE_H
#define WL_COMMAND_DEMO_TOOL_DEMO_DIRECTORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/tool_where_file.h"

#define WL_DEMO_NODES 3u
#define WL_DEMO_NODES_MAX 4u /* with the one that may join while they run */
#define WL_DEMO_JOINS 4u
#define WL_DEMO_REASON_BYTES 1536u
/* "memif:" DIR "/node1/clients.sock" is an endpoint, and those have a limit. */
#define WL_DEMO_DIRECTORY_BYTES \
	(WIRELOG_ENDPOINT_BYTES_MAX - sizeof("memif:/node1/clients.sock") + 1)
#define WL_DEMO_FREE_BYTES (UINT64_C(3) << 30)

struct wl_demo_directory {
	char path[WL_WHERE_PATH_BYTES];
	char file_system[64]; /* "ext4 on /dev/vda1" */
	char why[512]; /* this one, and not another */
	uint64_t free_bytes;
};

/* Makes the directory, or takes an empty one. `wish` NULL: beside this command, then the user's state
 * directory, then /var/tmp. */
int wl_demo_directory_choose(struct wl_demo_directory *directory, const char *wish, char *reason);

/* Only a demo's own; 0 also when it is gone. */
int wl_demo_directory_remove(const char *path, char *reason);

/* From now on nobody's but the user's: neither choose nor remove touch it any more. */
int wl_demo_directory_keep(const char *path, char *reason);

#endif
