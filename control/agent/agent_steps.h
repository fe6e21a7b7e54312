/* SPDX-License-Identifier: BSD-3-Clause */
/* What agent.c, agent_record.c and agent_stop.c call of each other. For these files only. Pure.
 * [control] */
#ifndef WL_CONTROL_AGENT_AGENT_STEPS_H
#define WL_CONTROL_AGENT_AGENT_STEPS_H

#include "control/agent/agent.h"

/* agent.c: the effects of one handler of `journal`, in agent->effects, which is empty afterwards. */
void wl_agent_run_effects(struct wl_agent *agent, uint32_t journal);
/* To one worker, at once or as soon as its ring has room. */
void wl_agent_tell(struct wl_agent *agent, uint32_t worker, const struct wl_plane_message *message);

/* agent_warn.c: to the log, for an operator; nowhere, where nobody wants lines. */
void wl_agent_say(struct wl_agent *agent, const struct wl_agent_line *line);

/* agent_record.c */
void wl_agent_want_record(struct wl_agent *agent, uint32_t journal, uint64_t term, uint32_t vote);
unsigned wl_agent_tend_record(struct wl_agent *agent);
bool wl_agent_record_is_settled(const struct wl_agent *agent);

/* agent_history.c: do our data count? True: they are held back for now. */
bool wl_agent_begin_history(struct wl_agent *agent, uint32_t journal);
void wl_agent_tell_history(struct wl_agent *agent, uint32_t journal);
/* A peer said what it has, and what it knows of us. */
void wl_agent_hear_history(struct wl_agent *agent, uint32_t worker,
			   const struct wl_plane_message *message);
/* In a vote message. */
void wl_agent_hear_held_back(struct wl_agent *agent, uint32_t journal, uint32_t node,
			     bool held_back);
/* Of which history our data are; whose are of another one. */
void wl_agent_on_history(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_peer_history(struct wl_agent *agent, const struct wl_plane_message *message);
/* agent_features.c: what builds have, and what is in force */
void wl_agent_on_peer_build(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_peer_lacks(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_features(struct wl_agent *agent, const struct wl_plane_message *message);
/* The record is durable. */
void wl_agent_history_is_durable(struct wl_agent *agent);

/* agent_incarnations.c: what peers' data and ours remember */
void wl_agent_on_peer_boot(struct wl_agent *agent, uint32_t worker,
			   const struct wl_plane_message *message);
void wl_agent_on_diverged(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_peer_apart(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_peer_differs(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_path(struct wl_agent *agent, const struct wl_plane_message *message);
/* TWIN, OWN_TWIN, REFUSED */
void wl_agent_on_claim(struct wl_agent *agent, const struct wl_plane_message *message);
void wl_agent_on_rolled_back(struct wl_agent *agent, const struct wl_plane_message *message);
/* Our data have another name from the next start on, which no list names: in every journal they count nowhere until they are swapped in. */
void wl_agent_rename_data(struct wl_agent *agent);
/* Some journal's end was given up in this process (wl_agent_disown): what counts is decided by the next one. */
bool wl_agent_has_disowned(const struct wl_agent *agent);
/* Of a journal whose list is another one now. */
void wl_agent_judge_name(struct wl_agent *agent, uint32_t journal);
void wl_agent_on_caught_up(struct wl_agent *agent, const struct wl_plane_message *message);
/* Judges a vote message of a peer, after having learned from it. */
bool wl_agent_believes(struct wl_agent *agent, const struct wl_punt *punt, uint64_t incarnation,
		       uint64_t caught_up_boot);

/* agent_keys.c: which keys are in force */
void wl_agent_on_keys(struct wl_agent *agent, const struct wl_plane_message *message);
unsigned wl_agent_tend_keys(struct wl_agent *agent);

/* agent_warn.c: whose address two machines have; ours, or a neighbour's */
void wl_agent_warn_of_addresses(struct wl_agent *agent);

/* agent_stop.c */
unsigned wl_agent_tend_stop(struct wl_agent *agent);

#endif
