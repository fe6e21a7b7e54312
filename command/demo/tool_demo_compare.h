/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts what a reader got back against what was appended. The source is read once, in order, beside the
 * records:
 *
 *	next record of the journal  {number, session, sequence, bytes}
 *	    sequence seen before        duplicate; the source does not move
 *	    sequences left out          lost, as many; the source moves over them
 *	    else                        stored; its bytes are compared with the source's
 *
 * A number that does not follow the one before it, a record of another session, and one that the source never had are
 * counted apart: none of them may be there.
 *
 * Pure. The caller owns the struct and what `next_source` reads from.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_COMPARE_H
#define WL_COMMAND_DEMO_TOOL_DEMO_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wl_demo_compare {
	/* The next record of the source, valid until the next call; false: there is no more. */
	bool (*next_source)(void *context, const uint8_t **bytes, size_t *size);
	void *context;

	uint64_t session; /* that appended; 0: that of the first record */
	uint64_t appended; /* records of the source */
	uint64_t first_sequence;

	uint64_t met; /* records read */
	uint64_t stored, duplicates, lost, different, foreign, unknown, misnumbered;
	uint64_t bytes; /* of the records that were stored */
	uint64_t last_number;
	uint64_t next_sequence;
	uint64_t first_wrong; /* number of the first record that is not what it should be; 0: none */
};

void wl_demo_compare_init(struct wl_demo_compare *compare, uint64_t appended, uint64_t session,
			  uint64_t first_sequence);

struct wl_demo_compare_record {
	uint64_t number, session, sequence;
	const uint8_t *bytes;
	size_t size;
};
void wl_demo_compare_take(struct wl_demo_compare *compare,
			  const struct wl_demo_compare_record *record);

/* Nothing more will come: what was not met is lost. */
void wl_demo_compare_end(struct wl_demo_compare *compare);

/* All is as it was appended, and nothing else is there. */
bool wl_demo_compare_holds(const struct wl_demo_compare *compare);

#endif
