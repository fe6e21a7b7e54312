/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which questions of strangers were answered, so that a copy of one is not: a HELLO is authentic and of unknown age, and
 * whoever recorded one could have it answered for ever, to any address.
 *
 * Two sets of hashed bits; when the younger one is full the older is emptied and takes its place. So at least the last
 * WL_ANSWERED_MIN questions are known again, all of them for certain. One in some hundred new ones is taken for a copy: who asks
 * asks again, under another sequence.
 *
 * Pure. Owner: one worker. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_ANSWERED_H
#define WL_DATAPLANE_TRANSPORT_ANSWERED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/limits.h"

#define WL_ANSWERED_MIN (WL_ANSWERED_BITS / 16)

struct wl_answered {
	uint64_t bits[2][WL_ANSWERED_BITS / 64];
	uint32_t young; /* which of them takes new ones */
	uint32_t count; /* in it */
};

/* True the first time that {sender, boot_id, sequence} is seen. Zeroed memory is an empty one. */
bool wl_answered_take(struct wl_answered *answered, uint32_t sender, uint64_t boot_id,
		      uint64_t sequence);
/* Whether it would be; remembers nothing. */
bool wl_answered_is_new(const struct wl_answered *answered, uint32_t sender, uint64_t boot_id,
			uint64_t sequence);

#endif
