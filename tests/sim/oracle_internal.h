/* SPDX-License-Identifier: BSD-3-Clause */
/* What oracle.c (what nodes hold) and oracle_frames.c (what they say) share. */
#ifndef WL_TESTS_SIM_ORACLE_INTERNAL_H
#define WL_TESTS_SIM_ORACLE_INTERNAL_H

#include "tests/sim/oracle.h"

/* The entry as it stands on a platter, checked from its bytes. */
bool sim_oracle_is_on_platter(const struct sim_node *node, uint64_t offset, uint64_t index,
			      uint64_t chain);
void sim_oracle_note_leader(struct sim_oracle *oracle, unsigned node, uint64_t term);
void sim_oracle_check_ghosts(struct sim_oracle *oracle);
void sim_oracle_check_matching(struct sim_oracle *oracle, struct sim_node *node);
void sim_oracle_check_fence(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_note_platters(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_return(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_watch_frames(struct sim_oracle *oracle);

/* oracle_words.c */
void sim_oracle_check_words(const struct sim_oracle *oracle, unsigned from,
			    const struct wl_frame_header *header, const uint8_t *payload);

/* oracle_strangers.c */
void sim_oracle_check_strangers(struct sim_oracle *oracle, struct sim_node *node);
void sim_oracle_check_neighbours(struct sim_oracle *oracle, const struct sim_node *node);

/* A reader was given it (oracle_rules.c). */
void sim_oracle_on_record(void *context, unsigned node, uint64_t number,
			  const struct wl_wire_delivered_record *record);

#endif
