/* SPDX-License-Identifier: BSD-3-Clause */
/* What oracle.c (what nodes hold) and oracle_frames.c (what they say) share. */
#ifndef WL_TESTS_SIM_ORACLE_ORACLE_INTERNAL_H
#define WL_TESTS_SIM_ORACLE_ORACLE_INTERNAL_H

#include "tests/sim/oracle/oracle.h"

/* The entry as it stands on a platter, checked from its bytes. */
bool sim_oracle_is_on_platter(const struct sim_drive *drive, uint64_t offset, uint64_t index,
			      uint64_t chain);
/* oracle_bases.c. It stands there, or stood in a segment that was given up. */
bool sim_oracle_has(const struct sim_drive *drive, uint64_t offset, uint64_t index, uint64_t chain);
/* A committed entry may ask for something. */
void sim_oracle_note_control(struct sim_oracle *oracle, unsigned node, const uint8_t *image,
			     const struct wl_entry_header *header);
/* oracle_consumers.c */
void sim_oracle_note_consumer(struct sim_oracle *oracle, uint64_t index,
			      const struct wl_control *control);
/* UINT64_MAX: there is none. */
uint64_t sim_oracle_lowest_checkpoint(const struct sim_oracle *oracle);
void sim_oracle_on_checkpoint(void *context, struct sim_client *client,
			      const struct wirelog_event *event);
/* A fence spent the sequences of a session up to this one. */
void sim_oracle_note_spent(struct sim_oracle *oracle, uint64_t session, uint64_t sequence);
/* oracle_reads.c */
void sim_oracle_note_fence(struct sim_oracle *oracle, const struct wl_control *control);
/* A record is committed: was it told never to be? */
void sim_oracle_judge_never(const struct sim_oracle *oracle, unsigned node, uint64_t session,
			    uint64_t sequence);
void sim_oracle_on_question(void *context, struct sim_client *client, struct sim_question *question,
			    const struct wirelog_event *event);
void sim_oracles_watch_bases(struct sim_oracle *oracles);
void sim_oracle_check_begin(struct sim_oracle *oracle, const struct sim_node *node);
/* What a node tells a reader. */
void sim_oracle_judge_trimmed(const struct sim_oracle *oracle, unsigned node,
			      const struct wl_wire_gap *gap);
void sim_oracle_note_leader(struct sim_oracle *oracle, unsigned node, uint64_t term);
void sim_oracle_check_ghosts(struct sim_oracle *oracle);
void sim_oracle_check_matching(struct sim_oracle *oracle, struct sim_node *node);
void sim_oracle_check_caught_up(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_apart(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_fence(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_learned(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_note_stable(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_return(struct sim_oracle *oracle, const struct sim_node *node);
/* oracle_rescue.c */
void sim_oracle_note_loss(struct sim_oracle *oracle, unsigned node,
			  const struct wl_entry_header *header, const struct wl_control *control);
void sim_oracle_judge_rescued(const struct sim_oracle *oracle, unsigned node,
			      const struct wl_wire_gap *gap);
/* oracle_limits.c */
void sim_oracle_note_limits(struct sim_oracle *oracle, uint64_t index,
			    const struct wl_control *control);
void sim_oracle_note_features(struct sim_oracle *oracle, unsigned node, uint64_t index,
			      const struct wl_control *control);
void sim_oracle_check_features(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_keys(struct sim_oracle *oracle, struct sim_node *node);
void sim_oracle_check_limits(struct sim_oracle *oracle, const struct sim_node *node);
/* oracle_members.c */
void sim_oracle_begin_members(struct sim_oracle *oracle);
void sim_oracle_note_members(struct sim_oracle *oracle, unsigned node, uint64_t index,
			     const struct wl_control *control);
void sim_oracle_check_members(const struct sim_oracle *oracle, const struct sim_node *node);
/* By which the node counts now. */
const struct wl_list *sim_oracle_list_of(const struct sim_oracle *oracle,
					 const struct sim_node *node);

/* oracle_starts.c */
void sim_oracles_watch_starts(struct sim_oracle *oracles);
void sim_oracles_watch_frames(struct sim_oracle *oracles);

/* oracle_strangers.c */
void sim_oracle_check_strangers(struct sim_oracle *oracle, struct sim_node *node);
void sim_oracle_check_lives(struct sim_oracle *oracle, const struct sim_node *node);
void sim_oracle_check_neighbours(struct sim_oracle *oracle, const struct sim_node *node);

/* What is known of a position, in the cache that log matching uses (oracle_rules.c). */
struct sim_position_chain *sim_oracle_position(const struct sim_oracle *oracle, uint64_t index,
					       uint64_t term);

/* oracle_clients.c: what leaves for clients, what is committed instead of what was promised, what clients are told. */
void sim_oracle_judge_result(struct sim_oracle *oracle, unsigned from, uint64_t session,
			     const struct wl_wire_append_result *result);
void sim_oracle_note_left(struct sim_oracle *oracle, const struct wl_frame_header *header,
			  const struct wl_wire_unsubscribe *left);
void sim_oracle_judge_deliver(struct sim_oracle *oracle, unsigned node,
			      const struct wl_frame_header *header,
			      const struct wl_wire_deliver *deliver);
void sim_oracle_judge_gap(struct sim_oracle *oracle, unsigned node,
			  const struct wl_frame_header *header, const struct wl_wire_gap *gap);
void sim_oracle_judge_entry(struct sim_oracle *oracle, unsigned node, uint64_t index,
			    uint64_t term);
bool sim_oracle_judge_level(struct sim_oracle *oracle, const struct sim_client *client,
			    const struct sim_answer *answer);
void sim_oracle_on_answer(void *context, struct sim_client *client,
			  const struct sim_answer *answer);

#endif
