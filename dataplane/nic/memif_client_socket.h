/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client of a memif link offers, step by step, each of which its server has to take before the next is said:
 *
 *	INIT --> ADD_REGION --> ADD_RING (to the server) --> ADD_RING (to the client) --> CONNECT
 *
 * Memory and rings are made here and belong to the link from then on, whatever comes of the handshake. Thread: the one
 * that polls the port; nothing here blocks.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_CLIENT_SOCKET_H
#define WL_DATAPLANE_NIC_MEMIF_CLIENT_SOCKET_H

#include "dataplane/nic/memif_link_socket.h"

/* The server took what was said last. `message` (WL_MEMIF_MESSAGE_BYTES) is room for the next. NULL, or why it is over. */
const char *wl_memif_client_say_next(struct wl_memif_link *link, uint8_t *message);

#endif
