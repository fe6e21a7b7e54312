/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A picture of one moment, from one writer to any readers, who never wait for each other: copied by words under a version that is odd
 * while it is written (a sequence lock). A torn picture is thrown away by its version, a torn word cannot be.
 *
 * Pure. Writing: its one writer. Reading [any].
 */
#ifndef WL_DATAPLANE_WORKER_PICTURE_H
#define WL_DATAPLANE_WORKER_PICTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `bytes` is a multiple of eight; `to` is the picture that readers copy. */
void wl_picture_write(_Atomic uint64_t *version, void *to, const void *from, size_t bytes);
/* False: nothing was written yet, or the writer was always in the way (it never is for long). */
bool wl_picture_read(const _Atomic uint64_t *version, void *to, const void *from, size_t bytes);

#endif
