/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logs for tests of the state: entries as images, one after the other, made by hand or by chance as leaders would make them:
 * sessions that open and end, records of several sessions between each other, expired ones, terms, control entries of every verb.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_STATE_STATE_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_STATE_STATE_FIXTURE_H

#include "dataplane/state/state.h"
#include "tests/sim/random.h"

#define STATE_FIXTURE_BYTES (16u << 20)
#define STATE_FIXTURE_ENTRIES 4096u
#define STATE_FIXTURE_SESSIONS 12u /* that the chance knows of at once */

struct state_log {
	uint8_t *bytes; /* STATE_FIXTURE_BYTES */
	size_t used;
	size_t at[STATE_FIXTURE_ENTRIES + 2]; /* of entry i; at[i + 1] is its end */
	uint64_t entries; /* the last one's index */
	uint64_t next_number, timestamp_ns;

	/* The entry that is open. */
	struct wl_entry_header header;
	uint32_t opened; /* sessions, in it */

	/* Of the chance. */
	struct sim_random random;
	struct {
		uint64_t id, nonce, client, next_sequence;
	} sessions[STATE_FIXTURE_SESSIONS];
	uint64_t base_mark, proven;
};

void state_log_begin(struct state_log *log);
void state_log_end(struct state_log *log);
void state_log_open(struct state_log *log, enum wl_entry_kind kind);
void state_log_add(struct state_log *log, uint16_t kind, uint64_t session, uint64_t sequence);
/* Returns its index. */
uint64_t state_log_seal(struct state_log *log);
uint64_t state_log_control(struct state_log *log, const struct wl_control *control);
/* A verb that nobody knows. */
uint64_t state_log_unknown(struct state_log *log);
/* So many entries more, by chance. */
void state_log_chance(struct state_log *log, uint64_t seed, unsigned entries);

/* Applies entries behind the state's own up to `last`. */
unsigned state_log_apply(const struct state_log *log, struct wl_state *state, uint64_t last);

/* A state in memory that is not zero at first; free(*memory). */
void state_start(struct wl_state *state, void **memory, uint32_t sessions_max);

#endif
