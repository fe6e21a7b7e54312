/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Persists superblock records without blocking the control loop: both copies of the pair, one
 * after the other, each durable. One record at a time.
 * Thread: [control].
 */
#ifndef WL_DATAPLANE_STORE_SUPERBLOCK_URING_H
#define WL_DATAPLANE_STORE_SUPERBLOCK_URING_H

#include <stdbool.h>

#include "dataplane/store/store.h"

struct wl_superblock_writer;

int wl_superblock_writer_open(struct wl_superblock_writer **writer, struct wl_store *store);
/* Raises record->sequence, starts the write. False while one is in flight. */
bool wl_superblock_writer_submit(struct wl_superblock_writer *writer, struct wl_superblock *record);
/* 1 = the submitted record is durable, 0 = nothing new, negative errno = it failed (final: the node must not vote again). */
int wl_superblock_writer_reap(struct wl_superblock_writer *writer);
/* Start-up and shutdown: submit and wait. 0, or a negative errno. */
int wl_superblock_writer_persist(struct wl_superblock_writer *writer, struct wl_superblock *record);
void wl_superblock_writer_close(struct wl_superblock_writer *writer);

#endif
