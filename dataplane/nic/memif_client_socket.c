/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_client_socket.h"

#include <sys/eventfd.h>

#include "dataplane/nic/memif_socket.h"

static const char *say_region(struct wl_memif_link *link, uint8_t *message)
{
	uint64_t bytes = wl_memif_region_bytes(link->ring_log2, link->limits.buffer_bytes);
	int fd = wl_memif_region_make(&link->region, bytes);

	if (fd < 0)
		return "No memory for a region";
	wl_memif_say_region(message, bytes);
	link->said = WL_MEMIF_ADD_REGION;
	return wl_memif_send(link->peer_fd, message, fd) ? NULL : "Does not listen";
}

/* Ring to the server, ring to the client, the buffers of the first, those of the second. */
static const char *say_ring(struct wl_memif_link *link, uint8_t *message)
{
	const uint32_t buffer_bytes = link->limits.buffer_bytes;
	const uint32_t ring_bytes = wl_memif_ring_bytes(link->ring_log2);
	const uint32_t half = buffer_bytes << link->ring_log2;
	uint8_t *memory = link->region.memory;
	uint32_t bytes = (uint32_t)link->region.bytes;
	bool to_server = !link->said_ring;
	const struct wl_memif_ring_shape shape = {
		.offset = to_server ? 0 : ring_bytes,
		.frame_bytes = buffer_bytes,
		.log2 = link->ring_log2,
		.sends = to_server,
	};

	wl_memif_ring_make(to_server ? &link->tx : &link->rx, memory, bytes, &shape,
			   2 * ring_bytes + (to_server ? 0 : half));
	wl_memif_say_ring(message, to_server, shape.offset, link->ring_log2);
	link->said = WL_MEMIF_ADD_RING;
	link->said_ring = to_server;
	/* Nobody waits for interrupts, but a ring without a descriptor for them is no ring. */
	return wl_memif_send(link->peer_fd, message, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
		       ? NULL
		       : "Does not listen";
}

const char *wl_memif_client_say_next(struct wl_memif_link *link, uint8_t *message)
{
	if (link->said == WL_MEMIF_INIT)
		return say_region(link, message);
	if (link->said == WL_MEMIF_ADD_REGION || link->said_ring)
		return say_ring(link, message);
	if (link->said != WL_MEMIF_ADD_RING)
		return "Unexpected message";
	wl_memif_say(message, WL_MEMIF_CONNECT);
	link->said = WL_MEMIF_CONNECT;
	return wl_memif_send(link->peer_fd, message, -1) ? NULL : "Does not listen";
}
