/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a worker's turn. [worker] */
#ifndef WL_DATAPLANE_WORKER_WORKER_INTERNAL_H
#define WL_DATAPLANE_WORKER_WORKER_INTERNAL_H

#include "dataplane/worker/worker.h"

/* NULL when this worker does not own the journal. */
struct wl_journal *wl_worker_journal(struct wl_worker *worker, uint16_t journal);
unsigned wl_worker_take_plane(struct wl_worker *worker); /* worker_plane.c */
unsigned wl_worker_take_punted(struct wl_worker *worker);
/* worker_dispatch.c */
unsigned wl_worker_take_frames(struct wl_worker *worker);
/* The sender is a peer that has greeted, and does not differ in what decides; else it is counted, and not heard. */
bool wl_worker_takes_part(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_base_ask(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_base_part(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_chain_ask(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_chain_told(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_mend_ask(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_mend_part(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_goodbye(struct wl_worker *worker, const struct wl_message *message);
/* worker_greet.c */
void wl_worker_take_hello(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_hello_reply(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_greeting(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_greet(struct wl_worker *worker);
bool wl_worker_send_greeting(struct wl_worker *worker, uint32_t node, const struct wl_tx_to *to,
			     uint32_t flags);
/* worker_history.c. settle: before the frames of a turn, while histories_open. judge: who has another history than we. tell: to control. */
void wl_worker_settle_histories(struct wl_worker *worker);
void wl_worker_judge_histories(struct wl_worker *worker, uint32_t node);
void wl_worker_tell_histories(struct wl_worker *worker);
/* A bit for each journal of ours that has one. */
uint32_t wl_worker_histories(const struct wl_worker *worker, uint64_t *histories);
/* worker_build.c. tell: to the peer, when it is due. judge: does it have, under the boot that it runs in, what is in force? tend: who lacks what is in force, and what control is to know. */
void wl_worker_tell_build(struct wl_worker *worker, uint32_t node);
void wl_worker_judge_build(struct wl_worker *worker, uint32_t node);
void wl_worker_take_build(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_tend_builds(struct wl_worker *worker);
/* worker_status.c */
void wl_worker_take_status_ask(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_status_part(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_tend_status(struct wl_worker *worker);
/* worker_elsewhere.c: a message for a journal that is not ours. */
void wl_worker_send_elsewhere(struct wl_worker *worker, const struct wl_message *message);
/* worker_path.c */
void wl_worker_probe_path(struct wl_worker *worker, uint32_t node);
void wl_worker_take_path_probe(struct wl_worker *worker, const struct wl_message *message);
void wl_worker_take_path_echo(struct wl_worker *worker, const struct wl_message *message);
/* worker_keys.c */
void wl_worker_use_keys(struct wl_worker *worker, const struct wl_auth *auth,
			const struct wl_keys *keys);
void wl_worker_tend_keys(struct wl_worker *worker);
/* worker_claims.c */
void wl_worker_tend_claims(struct wl_worker *worker);
void wl_worker_take_own_twin(struct wl_worker *worker, uint32_t node, uint32_t flags);
unsigned wl_worker_take_completions(struct wl_worker *worker); /* worker_disk.c */
unsigned wl_worker_give_disk(struct wl_worker *worker);

#endif
