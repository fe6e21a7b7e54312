/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shared memory of a memif link. A mapping of a file that shrinks kills who touches it (SIGBUS), so a server
 * maps only what cannot shrink: an anonymous file in RAM (memfd) that is sealed against it and as long as it is said to be.
 * Other files cannot say that (ENOSPC, I/O errors, a file system made by the client), huge pages can run out under a mapping.
 *
 * What a client may still do is punch holes: the pages come back as zeros.
 *
 * Owner: the link. Thread: the one that tends the port.
 */
#ifndef WL_DATAPLANE_NIC_MEMIF_REGION_MEMORY_H
#define WL_DATAPLANE_NIC_MEMIF_REGION_MEMORY_H

#include <stdint.h>

struct wl_memif_region {
	uint8_t *memory; /* NULL: none */
	uint64_t bytes;
};

/* A client's own: mapped, sealed, zeros. The descriptor for the server, which the caller closes, or a negative errno. */
int wl_memif_region_make(struct wl_memif_region *region, uint64_t bytes);
/* Maps what came as `fd`, which stays the caller's. NULL, or a static text that says why not. */
const char *wl_memif_region_take(struct wl_memif_region *region, int fd, uint64_t bytes);
void wl_memif_region_close(struct wl_memif_region *region);

#endif
