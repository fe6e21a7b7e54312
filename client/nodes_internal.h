/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of nodes share: nodes.c (who is there), nodes_leadership.c (who leads), nodes_questions.c (whom to ask). */
#ifndef WL_CLIENT_NODES_INTERNAL_H
#define WL_CLIENT_NODES_INTERNAL_H

#include "client/nodes.h"

#define WL_NODES_HELLO_PAUSE_NS_MIN (10 * WL_MS_NS)
#define WL_NODES_HELLO_PAUSE_NS_MAX (1 * WL_SECOND_NS)
#define WL_NODES_LOST_NS (1 * WL_SECOND_NS) /* so long nobody answers: disconnected */

/* With its challenge, so a node that has not taken us in does. */
void wl_nodes_say_keepalive(struct wl_nodes *nodes, uint32_t node);
/* The leader was started again: it knows nothing of what was sent to it. */
void wl_nodes_restart_leadership(struct wl_nodes *nodes);

#endif
