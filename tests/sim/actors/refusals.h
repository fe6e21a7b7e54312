/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one application was told is refused for good. None of it may be in the log: not under the session and sequence that it
 * had, nor under others, where the library could have sent it anew. Under others it is known by its contents, if they are
 * long enough to be nobody else's; two records of one byte are often the same.
 *
 * What is refused while no session is open belongs to the next one that this life opens, and keeps its sequence in it.
 */
#ifndef WL_TESTS_SIM_ACTORS_REFUSALS_H
#define WL_TESTS_SIM_ACTORS_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_REFUSALS 1024u /* remembered, the newest */
#define SIM_UNIQUE_BYTES 8u /* contents of so many are one record's alone */

struct sim_stored_record;

struct sim_refused {
	uint64_t session; /* 0: none is open yet */
	uint64_t sequence, checksum; /* CRC-64 of the `bytes` of its contents */
	uint32_t bytes;
};

struct sim_refusals {
	struct sim_refused told[SIM_REFUSALS]; /* by order modulo size */
	uint64_t count, named; /* from `named` on they wait for a session */
};

void sim_refusals_add(struct sim_refusals *refusals, const struct sim_refused *refusal);
/* This session is open now. 0: none is. */
void sim_refusals_on_session(struct sim_refusals *refusals, uint64_t session);
/* The application's life is over: what has no session never gets one. */
void sim_refusals_end_life(struct sim_refusals *refusals);
bool sim_refusals_contain(const struct sim_refusals *refusals,
			  const struct sim_stored_record *record);

#endif
