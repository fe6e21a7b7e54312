/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated reader, a part of a client: follows the journal from its first record at one node, any node, grants credit, asks
 * again for what was lost, goes on at another node when one falls silent. The oracle sees every record it is given.
 */
#ifndef WL_TESTS_SIM_READER_H
#define WL_TESTS_SIM_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire.h"

struct sim_client;

#define SIM_READER_RECORD_BYTES 8192u

struct sim_reader {
	bool reads;
	bool lost; /* something is missing: the next credit says so */
	unsigned node; /* 0: not begun */
	uint64_t subscription; /* grows with each node */
	uint64_t next_number;
	uint64_t heard_ns, credited_ns;
	uint32_t filled; /* of a record in fragments */
	uint8_t record[SIM_READER_RECORD_BYTES];
	/* Told of each record, in any order. */
	void (*on_record)(void *context, unsigned node, uint64_t number,
			  const struct wl_wire_delivered_record *record);
};

void sim_reader_tick(struct sim_client *client);
void sim_reader_take(struct sim_client *client, unsigned node, const uint8_t *payload,
		     size_t bytes);

#endif
