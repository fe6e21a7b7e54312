/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif's control sockets: addresses, listening (with the leftovers of a killed process cleared
 * away), messages with their file descriptor. memif's protocol 2: messages of 128 bytes over Unix
 * SEQPACKET sockets, the first two bytes are the type.
 *
 * Thread: [any]; no state. Never waits: all sockets are non-blocking.
 */
#ifndef WL_DATAPLANE_MEMIF_SOCKET_H
#define WL_DATAPLANE_MEMIF_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/memif_address.h"

#define WL_MEMIF_REASON_BYTES 256u

enum wl_memif_type {
	WL_MEMIF_ACK = 1,
	WL_MEMIF_HELLO = 2,
	WL_MEMIF_INIT = 3,
	WL_MEMIF_ADD_REGION = 4,
	WL_MEMIF_ADD_RING = 5,
	WL_MEMIF_CONNECT = 6,
	WL_MEMIF_CONNECTED = 7,
	WL_MEMIF_DISCONNECT = 8,
};

/* Offsets in a message. */
#define WL_MEMIF_HELLO_NAME 2u /* 32 bytes, then five u16: versions and maxima, one u8 */
#define WL_MEMIF_HELLO_LIMITS 34u
#define WL_MEMIF_INIT_VERSION 2u
#define WL_MEMIF_INIT_ID 4u /* u32 */
#define WL_MEMIF_INIT_SECRET 9u /* 24 bytes */
#define WL_MEMIF_REGION_INDEX 2u /* u16 */
#define WL_MEMIF_REGION_SIZE 4u /* u64 */
#define WL_MEMIF_RING_LOG2 12u /* u8 */
#define WL_MEMIF_DISCONNECT_TEXT 6u /* 96 bytes */
#define WL_MEMIF_VERSION 0x0200u
#define WL_MEMIF_RING_HEADER_BYTES 128u
#define WL_MEMIF_DESCRIPTOR_BYTES 16u

/*
 * A listening socket, or a negative enum wirelog_status with a sentence in `reason`. A socket file
 * that nobody listens on is replaced; anything else at that path is left alone.
 */
int wl_memif_listen(const char *address, char *reason);
/* A connected socket, or -errno. */
int wl_memif_connect(const char *address);
/* An accepted socket, or -1 when there is none. */
int wl_memif_accept(int listener);
bool wl_memif_peer_is_self(int fd);
bool wl_memif_peer_is_same_user(int fd);
/* Removes the file of a listening socket that is ours. */
void wl_memif_unlink(const char *address);

/* 1: a message, *fd is its descriptor or -1; 0: none now; -1: the other end is gone. */
int wl_memif_receive(int from, uint8_t *message, int *fd);
/* Closes `fd` (unless -1) in any case. False: could not be sent. */
bool wl_memif_send(int to, const uint8_t *message, int fd);
/* Names the server and its MTU, "wirelog 9000": a client of ours learns from it what its own end must have. */
void wl_memif_say_hello(uint8_t *message, uint16_t mtu);
/* The MTU that a HELLO names; 0: none, it is another program's. */
uint16_t wl_memif_hello_mtu(const uint8_t *message);
void wl_memif_say_disconnect(uint8_t *message, const char *why);
/* Bytes of one buffer in a region that holds `rings` rings of `slots`; 0 when that cannot be. */
uint64_t wl_memif_region_buffer_bytes(uint64_t region_bytes, uint32_t rings, uint32_t slots);

#endif
