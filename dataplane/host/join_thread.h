/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a thread that may hang. Thread: who made it. */
#ifndef WL_DATAPLANE_HOST_JOIN_THREAD_H
#define WL_DATAPLANE_HOST_JOIN_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Joins it, or false: it has not ended within so long, by the monotonic clock. */
bool wl_join_within(pthread_t thread, uint64_t patience_ns);

#endif
