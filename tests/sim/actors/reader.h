/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated reader, a part of a client: begins at a number, at a time or now, at one node, any node; grants credit, asks
 * again for what was lost, goes on at another node when one falls silent or refuses it. A slow one grants little, and seldom;
 * now and then it is absent for so long that it is dropped, and goes on where the node says that it was. The oracle
 * sees every record it is given, where it was made to begin, and every position that it was told.
 */
#ifndef WL_TESTS_SIM_ACTORS_READER_H
#define WL_TESTS_SIM_ACTORS_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/wire.h"

struct sim_client;
struct wirelog_event;

#define SIM_READER_RECORD_BYTES 16384u

struct sim_reader {
	bool reads, slow;
	bool lost; /* something is missing: the next credit says so */
	bool astray; /* it was given, it says, another past: no record is for it */
	bool reads_now; /* a subscription of the library is under way */
	bool heard; /* the node has answered this subscription */
	bool started; /* where it begins is known: from here on it wants next_number */
	bool resumes; /* it was dropped for its silence, and has a position */
	unsigned node; /* 0: not begun */
	uint64_t subscription; /* grows with each node */
	uint32_t from; /* enum wl_wire_from, how it wants to begin */
	uint64_t value;
	uint64_t next_number;
	uint64_t newest_ns; /* timestamp of the last record it was given */
	uint64_t heard_ns, credited_ns, pace_ns, absent_until_ns;
	uint32_t credit_bytes, credit_bytes_max; /* of this subscription */
	uint64_t credited_number; /* highest that was confirmed under this subscription */
	uint64_t committed_told; /* by the last DELIVER */
	uint64_t committed_before; /* at the node, when it first asked for "now" */
	uint64_t boot_before[WIRELOG_NODES_MAX +
			     1]; /* of each node then: what starts later knows less */
	/* Of an application that reads under a name. */
	bool consumes;
	char consumer[WL_CONSUMER_NAME_BYTES];
	uint64_t taken_made; /* the checkpoint that it has; 0: none */
	uint64_t asked_made, asked_number; /* the oracle's: what had been confirmed when it asked */
	uint32_t filled; /* of a record in fragments */
	uint8_t record[SIM_READER_RECORD_BYTES];

	/* the oracle's: how far the node has sent */
	uint64_t sent_subscription, sent_boot, sent_through;
	uint64_t left_subscription; /* it was given back: a late copy of its SUBSCRIBE begins another one under its name */
	uint64_t passed_number; /* all below it was said to be trimmed */
	uint32_t told_lost; /* bit per node that sent LOST; begins anew with what the library makes of it */

	/* Told of each record, in any order. */
	void (*on_record)(void *context, unsigned node, uint64_t number,
			  const struct wl_wire_delivered_record *record);
	/* Told of each DELIVER of its own, before the records in it; where it begins, and what it misses. */
	void (*on_deliver)(void *context, unsigned node, const struct wl_wire_deliver *deliver);
	void (*on_start)(void *context, const struct sim_client *client, uint64_t number);
	void (*on_gap)(void *context, const struct sim_client *client,
		       const struct wl_wire_gap *gap);
	/* What it is told of its checkpoint; NULL: it asks for it now. */
	void (*on_checkpoint)(void *context, struct sim_client *client,
			      const struct wirelog_event *event);
};

void sim_reader_init(struct sim_client *client);
/* Where it wants to begin next. */
void sim_reader_draw_start(struct sim_client *client);
/* It has read enough, and leaves its place to others. */
void sim_reader_leave(struct sim_client *client);
void sim_reader_tick(struct sim_client *client);
void sim_reader_on_deliver(struct sim_client *client, unsigned node, const uint8_t *payload,
			   size_t bytes);
void sim_reader_on_gap(struct sim_client *client, unsigned node, const uint8_t *payload,
		       size_t bytes);
/* A node says which boot it is: not the one that knew of this reader, maybe. */
void sim_reader_on_boot(struct sim_client *client, unsigned node, uint64_t boot_id);
/* The application died: it begins anew, anywhere. */
void sim_reader_forget(struct sim_client *client);

#endif
