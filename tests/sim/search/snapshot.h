/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Goes back in time: memory that stands still at fixed addresses is watched page by page, and put back as it was.
 *
 *  watch ... seal      what is watched is what it is now, the root
 *  (the program runs)  a page that is written for the first time is noticed by the fault that it causes, and belongs to
 *                      the working set of its group from then on
 *  rare, ... , usual   between these two a start of a node writes over most of its memory, and mostly with what stood there: such
 *                      pages are compared only after a rare step, and watched again until one of them changes in a usual one
 *  keep                what changed since is noted in the list of undoing; what was kept can be rewound
 *  discard             what changed since the last keep or rewind is put back
 *  rewind              back to a mark that keep was called at
 *
 * One thread, one set of areas a process: a fault has no argument.
 */
#ifndef WL_TESTS_SIM_SEARCH_SNAPSHOT_H
#define WL_TESTS_SIM_SEARCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SNAPSHOT_GROUPS 8u

/* The area is of whole pages; a group is looked at only when it is named in the masks below. */
void sim_snapshot_watch(void *begin, size_t bytes, unsigned group);
void sim_snapshot_seal(void);
bool sim_snapshot_is_sealed(void);
/* Most of the writes go to this group. */
void sim_snapshot_rare(unsigned group);
/* After keep or discard. */
void sim_snapshot_usual(void);
size_t sim_snapshot_mark(void);
void sim_snapshot_keep(uint32_t groups);
void sim_snapshot_discard(uint32_t groups);
void sim_snapshot_rewind(size_t mark);
/* Zeros, where there is anything else: what is watched of this memory, which is of the group. */
void sim_snapshot_clear(unsigned group, uint8_t *memory, size_t bytes);
/* Pages that were ever written since the seal. */
unsigned sim_snapshot_pages(void);

#endif
