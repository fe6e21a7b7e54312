/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a demo's directory is filled with (tool_demo_directory_file.h says where it is): a key, folders, and copies of configurations, made
 * those of a new cluster.
 *
 * Functions return 0 or a negative enum wirelog_status with a sentence. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_FILL_FILE_H
#define WL_COMMAND_DEMO_TOOL_DEMO_FILL_FILE_H

#include "command/demo/tool_demo_directory_file.h"

/*
 * Key, configurations and folders; fills `where`, without pids. `configurations` NULL: drivers-config/demo of the tree that this
 * command was built in, or share/wirelog/drivers-config/demo of where it is installed.
 */
int wl_demo_fill(const struct wl_demo_directory *directory, const char *configurations,
		 struct wl_where *where, char *reason);

/* Node 4's folder, and lines that begin with "#- {" in the other files come into effect: its name and the links to it. Adds it to `where`. */
int wl_demo_fill_grow(struct wl_where *where, char *reason);

/* The text with the value of the first "uuid:" replaced; 0 when there is none or `size` is too small. Pure. */
size_t wl_demo_fill_set_cluster(const char *text, const char *cluster, char *to, size_t size);
/* "#- {" becomes "- {", everywhere. */
void wl_demo_fill_uncomment(char *text);
/* The same for the port of the first link of kind udp. */
size_t wl_demo_fill_set_udp_port(const char *text, uint16_t port, char *to, size_t size);

#endif
