/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the running demo cluster is: `wirelog demo` writes it, every other command reads it when it is not
 * told another cluster. One small text file, KEY=VALUE lines:
 *
 *	directory=/home/ada/wirelog-demo
 *	endpoints=memif:/home/ada/wirelog-demo/node1/clients.sock,memif:...
 *	udp_endpoints=udp:127.0.0.1:41234,udp:...     the same nodes, for clients without DPDK
 *	key_file=/home/ada/wirelog-demo/cluster.key
 *	cluster=5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90
 *	run_directories=/home/ada/wirelog-demo/node1:/home/ada/wirelog-demo/node2:...
 *	pids=4711:4712:4713
 *
 * at ${XDG_STATE_HOME:-$HOME/.local/state}/wirelog/demo, or in /tmp/wirelog-UID/demo where that cannot be
 * made. Place N of run_directories and pids is node N+1; a node that is down has pid 0. The file is
 * replaced as a whole (rename), so a reader never sees half of one. A directory that somebody else could
 * write to is not believed. Unknown keys are skipped: a newer version may have written them.
 *
 * The caller owns the struct. Thread: any, on its own struct.
 */
#ifndef WL_COMMAND_TOOL_WHERE_FILE_H
#define WL_COMMAND_TOOL_WHERE_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wirelog/limits.h"

#define WL_WHERE_PATH_BYTES \
	1024u /* with the final NUL; a path holds no ':', no ',' and no line break */
#define WL_WHERE_ENDPOINTS_BYTES 8192u
#define WL_WHERE_CLUSTER_BYTES 64u

struct wl_where {
	char directory[WL_WHERE_PATH_BYTES];
	char endpoints[WL_WHERE_ENDPOINTS_BYTES]; /* as struct wirelog_options has them */
	char udp_endpoints[WL_WHERE_ENDPOINTS_BYTES]; /* "": none */
	char key_file[WL_WHERE_PATH_BYTES];
	char cluster[WL_WHERE_CLUSTER_BYTES];
	char run_directories[WIRELOG_NODES_MAX][WL_WHERE_PATH_BYTES];
	uint32_t run_directory_count;
	pid_t pids[WIRELOG_NODES_MAX];
	uint32_t pid_count;
};

/* 0; -ENOENT: no demo is up; -EBADMSG: the file is not one of these; or another negative errno. */
int wl_where_load(struct wl_where *where);

/* Replaces the file, makes its directory (mode 0700). 0, -EINVAL (a value that the file cannot hold), or a
 * negative errno. */
int wl_where_save(const struct wl_where *where);

/* 0 also when there was none. */
int wl_where_remove(void);

/* The file's path (that which save would try first), for messages. Static text, until the next call. */
const char *wl_where_path(void);

/* The text of the file and back. Pure. encode: bytes written without the NUL, 0 when it does not fit or a value
 * cannot be held. decode: 0 or -EBADMSG; `text` is changed. */
size_t wl_where_encode(const struct wl_where *where, char *text, size_t size);
int wl_where_decode(struct wl_where *where, char *text);

#endif
