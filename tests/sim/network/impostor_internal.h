/* SPDX-License-Identifier: BSD-3-Clause */
/* What impostor.c (who speaks, and when) shares with what is said: impostor_peer.c, impostor_client.c, impostor_lies.c. */
#ifndef WL_TESTS_SIM_NETWORK_IMPOSTOR_INTERNAL_H
#define WL_TESTS_SIM_NETWORK_IMPOSTOR_INTERNAL_H

#include "tests/sim/network/impostor.h"

/* Each says one thing to a node that is up. */
void sim_impostor_say_malformed(struct sim_impostor *impostor, unsigned to);
void sim_impostor_greet(struct sim_impostor *impostor,
			unsigned to); /* where it has not been heard */
void sim_impostor_say_stale(struct sim_impostor *impostor, unsigned to);
void sim_impostor_say_to_client(struct sim_impostor *impostor);
void sim_impostor_say_as_client(struct sim_impostor *impostor, unsigned to);
void sim_impostor_say_lie(struct sim_impostor *impostor, unsigned to);
void sim_impostor_take_as_client(struct sim_impostor *impostor,
				 const struct wl_frame_header *header, const uint8_t *payload);

/* A frame with a right tag. The header's type, journal, payload bytes, and where not 0 sequence, are the caller's. */
void sim_impostor_send(struct sim_impostor *impostor, unsigned to, struct wl_frame_header *header,
		       const uint8_t *payload, int label);
/* To a client: destination and its boot id are the caller's, too. */
void sim_impostor_send_to_station(struct sim_impostor *impostor, unsigned station,
				  struct wl_frame_header *header, const uint8_t *payload);
void sim_impostor_send_as_client(struct sim_impostor *impostor, unsigned to, unsigned client,
				 uint8_t type, const uint8_t *payload, size_t bytes);
/* The value, something near it, or something at an end of its range. */
uint64_t sim_impostor_near(struct sim_impostor *impostor, uint64_t value);

static inline uint64_t sim_impostor_draw(struct sim_impostor *impostor, uint64_t below)
{
	return sim_random_below(&impostor->random, below);
}

#endif
