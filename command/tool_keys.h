/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys, as an operator sees them: the ids of a key file, and who of a cluster holds and uses which, as a node tells it in its status (its
 * peers greet it with theirs, so one node is enough). Nothing here prints a key.
 */
#ifndef WL_COMMAND_TOOL_KEYS_H
#define WL_COMMAND_TOOL_KEYS_H

#include "command/tool_ask.h"
#include "dataplane/base/keys.h"
#include "dataplane/base/members.h"

#define WL_TOOL_KEYS_TEXT_BYTES 9u

/* Of a key file. 0, or an exit code, and told. */
int wl_tool_keys_read_file(const char *path, struct wl_keys_held *held);
/* "1a2b3c4d" or "-". */
const char *wl_tool_keys_text(uint32_t id, char text[WL_TOOL_KEYS_TEXT_BYTES]);

struct wl_tool_keys_node {
	bool is_known; /* it is the node that was asked, or has greeted it */
	struct wl_keys_held held;
	uint32_t speaks; /* the key that it was heard with last; of the one that was asked, that it sends with */
	bool counts_clients; /* it has counted, and so many speak with the key that is to go; one of them is at `client` */
	uint32_t old_clients;
	char client[16]; /* "": not known */
};

struct wl_tool_keys {
	struct wl_keys keys; /* in force at the node that was asked */
	uint32_t asked;
	wl_members members;
	bool rotation_due;
	struct wl_tool_keys_node nodes[WIRELOG_NODES_MAX + 1];
};

/* As the node shows them that `ask` chose. 0, or an exit code, and told. */
int wl_tool_keys_look(const struct wl_tool_ask *ask, struct wl_tool_keys *keys);
void wl_tool_keys_print(const struct wl_tool_keys *keys);
void wl_tool_keys_print_json(const struct wl_tool_keys *keys);

#endif
