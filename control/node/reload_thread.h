/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `/wirelog/reload`: the configuration file is read again and checked as a whole. A file with a mistake changes nothing; of
 * a right one the live keys (control/config/config_keys.h) hold from now on, and what needs a restart is named.
 *
 * Who does what: wl-admin reads, compares and keeps what is in effect (wl_node.reloaded); control passes the settings of
 * workers on (plane.h, SET), so that each is changed by the thread that uses it; the log's level is one atomic; nodes that join are met by join_thread.c.
 *
 * Thread: [wl-admin]
 */
#ifndef WL_CONTROL_NODE_RELOAD_THREAD_H
#define WL_CONTROL_NODE_RELOAD_THREAD_H

#include <jansson.h>

#include "control/node/node_thread.h"

/* What is in effect now. It stays as it is, and there, until the node is taken down. [any but workers] */
const struct wl_config *wl_reload_config(const struct wl_node *node);
/* Nobody asks any more. [init] */
void wl_reload_forget(struct wl_node *node);
/*
 * {"taken": true, "changed": [{"key", "live"}]}: what is live is in effect, what is not needs a restart; or
 * {"taken": false, "problems": [{"code", "line", "column", "key", "text"}]}. NULL with a sentence: nothing was changed, ask again.
 */
json_t *wl_reload(struct wl_node *node, char *error, size_t error_bytes);

#endif
