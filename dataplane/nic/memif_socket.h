/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif's control sockets: addresses, listening (with the leftovers of a killed process cleared
 * away), messages (memif_message.h) with their file descriptor, over Unix SEQPACKET sockets.
 *
 * Thread: [any]; no state. Never waits: all sockets are non-blocking.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_SOCKET_H
#define WL_DATAPLANE_NIC_MEMIF_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/nic/memif_address.h"
#include "dataplane/nic/memif_message.h"

#define WL_MEMIF_REASON_BYTES 256u

/*
 * A listening socket, or a negative enum wirelog_status with a sentence in `reason`. A socket file
 * that nobody listens on is replaced; anything else at that path is left alone.
 */
int wl_memif_listen(const char *address, char *reason);
/* A connected socket, or -errno. */
int wl_memif_connect(const char *address);
/* An accepted socket, or -errno: EAGAIN when there is none. */
int wl_memif_accept(int listener);
bool wl_memif_peer_is_same_user(int fd);
/* Removes the file of a listening socket that is ours. */
void wl_memif_unlink(const char *address);

/* 1: a message, *fd is its descriptor or -1; 0: none now; -1: the other end is gone, or sent what is no message. */
int wl_memif_receive(int from, uint8_t *message, int *fd);
/* Closes `fd` (unless -1) in any case. False: could not be sent. */
bool wl_memif_send(int to, const uint8_t *message, int fd);

#endif
