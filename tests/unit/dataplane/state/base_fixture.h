/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A journal whose log lies on a drive in memory, the state that its worker would have, two places for bases, and a base maker beside
 * it. For tests of bases: what is read and written is done step by step, so that a test may stop anywhere and start again
 * from what is durable.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_STATE_BASE_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_STATE_BASE_FIXTURE_H

#include "dataplane/state/base_maker.h"
#include "tests/sim/random.h"
#include "tests/unit/dataplane/log/log_fixture.h"

#define BASE_FIXTURE_ENTRIES 8192u
#define BASE_FIXTURE_MARKS 512u
#define BASE_FIXTURE_SESSIONS 40u

struct base_fixture_place {
	uint8_t *bytes;
	uint64_t size; /* 0: there is none */
	bool unreadable;
};

struct base_fixture {
	struct log_fixture log; /* the worker's */
	struct wl_base_identity identity;
	struct wl_state state; /* the worker's: applied up to `commit` */
	void *state_memory;
	struct wl_reader reader; /* that it is applied through */
	uint32_t order[WIRELOG_SESSIONS_MAX];
	uint64_t commit;
	uint32_t sessions_max;

	/* Every base that should be: the marks that were in effect. */
	struct {
		uint64_t index, digest;
	} marks[BASE_FIXTURE_MARKS];
	uint32_t mark_count;

	/* By chance. */
	struct sim_random random;
	uint64_t term;
	struct {
		uint64_t id, next_sequence;
	} sessions[BASE_FIXTURE_SESSIONS];
	uint32_t session_count;
	struct {
		uint16_t session;
		uint64_t sequence; /* 0: no data */
	} entries[BASE_FIXTURE_ENTRIES];

	/* The store. */
	struct base_fixture_place places[WL_BASE_PLACES], writing;
	uint64_t written;
	bool in_place; /* as on a device: what is begun destroys what stood there */
	unsigned fails; /* so many writes, begins and commits fail from now on */

	struct wl_base_maker_config maker_config;
	struct wl_base_maker maker;
	uint8_t *maker_ring, *maker_window;
	void *maker_memory;
	uint64_t steps; /* that the maker took */
	const char *broken; /* first invariant that did not hold */
};

void base_fixture_init(struct base_fixture *fixture, uint32_t sessions_max, uint64_t seed);
void base_fixture_fini(struct base_fixture *fixture);

/* One entry each. They are durable after base_fixture_settle. */
void base_fixture_open_sessions(struct base_fixture *fixture, unsigned sessions);
void base_fixture_append(struct base_fixture *fixture, unsigned session, uint32_t bytes);
uint64_t base_fixture_control(struct base_fixture *fixture, const struct wl_control *control);
/* A BASE entry that will be in effect when everything before it is committed, and it. Returns its index. */
uint64_t base_fixture_base(struct base_fixture *fixture);
/* The newest mark is proven, with the digest that it has, or with another one. */
void base_fixture_prove(struct base_fixture *fixture, uint64_t flip);
/* A new term, whose leader has nothing behind `index`. */
void base_fixture_branch(struct base_fixture *fixture, uint64_t index);
void base_fixture_settle(struct base_fixture *fixture);
/* Everything up to the index is committed, and applied by the worker. */
void base_fixture_commit(struct base_fixture *fixture, uint64_t index);
/* Settles and commits all. */
void base_fixture_commit_all(struct base_fixture *fixture);
/* Anything of the above, `steps` times. */
void base_fixture_chance(struct base_fixture *fixture, unsigned steps);
/* Digest of the base at that mark; 0: there is none. */
uint64_t base_fixture_digest_of(const struct base_fixture *fixture, uint64_t index);
/* Header of a base at the worker's applied index. */
struct wl_base_header base_fixture_header(struct base_fixture *fixture, uint64_t sequence);
/* All of a base of the worker's state as it is; the caller frees it. */
uint8_t *base_fixture_encode(struct base_fixture *fixture, uint64_t sequence, uint64_t *size);

/* Only what is durable remains of the maker; it begins anew. */
void base_fixture_start(struct base_fixture *fixture);
void base_fixture_tell(struct base_fixture *fixture);
/* At most so many steps; true: it is idle, or stopped. WANTS_REST counts as a step. */
bool base_fixture_drive(struct base_fixture *fixture, uint64_t steps);
struct wl_base_report base_fixture_report(const struct base_fixture *fixture);

#endif
