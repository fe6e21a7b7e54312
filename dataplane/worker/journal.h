/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One journal on one node, whole: its log, its replica, its side towards clients, its timings, and
 * what it publishes. A worker owns an array of them.
 *
 * Life: wl_journal_init (an empty log) -> recovery fills journal->log and the table of sessions -> wl_journal_start -> turns.
 * A journal whose recovery found damage is dormant: wl_journal_sleep, wl_journal_start. Its log stays empty and touches no medium; it takes
 * and gives nothing but frames that mend, until the process starts again.
 * Thread: init, recovery and start [init], then the worker's.
 */
#ifndef WL_DATAPLANE_WORKER_JOURNAL_H
#define WL_DATAPLANE_WORKER_JOURNAL_H

#include "dataplane/log/recovery.h"
#include "dataplane/service/service.h"
#include "dataplane/state/base_load.h"
#include "dataplane/worker/anatomy.h"
#include "dataplane/worker/archive_picture.h"
#include "dataplane/worker/base_exchange.h"
#include "dataplane/worker/base_peer.h"
#include "dataplane/worker/chain_peer.h"
#include "dataplane/worker/mend_peer.h"
#include "dataplane/worker/progress.h"
#include "dataplane/worker/published.h"
#include "dataplane/worker/scrub_picture.h"
#include "dataplane/worker/stages.h"

#define WL_STAGE_HIGHEST_NS 60000000000ull

struct wl_journal_config {
	struct wl_log_config log;
	struct wl_replica_config replica;
	struct wl_service_config service;
};

struct wl_journal {
	struct wl_journal_config config;
	struct wl_log log;
	struct wl_replica replica;
	struct wl_service *service;
	void *replica_memory; /* until wl_journal_start */
	struct wl_stages stages;
	struct wl_anatomy *
		anatomy; /* the times of single records (journal_anatomy.c), set before the first turn; NULL: nobody wants them */
	struct wl_histogram histograms[WL_STAGES];
	struct wl_published published;
	struct wl_base_exchange bases; /* with who makes them */
	struct wl_base_report base_report; /* as read last */
	struct wl_base_lanes lanes; /* bases from node to node, with the same one */
	struct wl_base_server base_server;
	struct wl_base_fetch base_fetch;
	struct wl_chain_peer chains; /* what other nodes have at some place, and what they ask */
	bool dormant; /* what is on its medium is not known well enough to take part */
	struct wl_mend_lanes mend; /* damaged entries, from node to node, with who mends */
	struct wl_mend_server mend_server;
	struct wl_mend_fetch mend_fetch;
	struct wl_scrub_picture
		scrub; /* who scrubs tells of it; the worker has nothing to do with it */
	struct wl_archive_picture archive; /* who archives tells of it, as well */
	uint64_t damage_found; /* a place of the stream that a reader could not make out, and one; 0: none */
	struct wl_progress catch_up[WIRELOG_NODES_MAX + 1]; /* leader: of each follower */
	uint64_t features_told; /* control knows of what is in force by this entry (worker_build.c) */
	uint64_t history_told; /* control knows of it; and with what it was settled (worker_history.c) */
	bool rescue_told; /* its LOSS is committed: control knows that, too */
	uint64_t opened_from; /* index of the base that this start went on from, or that the log has jumped to; 0: the log's own beginning */
	uint64_t staged_boot; /* view whose entries are timed */
};

size_t wl_journal_memory_bytes(const struct wl_journal_config *config);
/* `ring` (config->log.ring_bytes) and `memory` (both aligned to WL_BLOCK_BYTES, zeroed) stay the caller's. */
void wl_journal_init(struct wl_journal *journal, const struct wl_journal_config *config,
		     uint8_t *ring, void *memory);
/*
 * Before recovery, where there is a base: what a wl_base_load fills, and empties where it wants that; wl_journal_loaded when it is
 * done and there was one. [init]
 */
struct wl_base_target wl_journal_base_target(struct wl_journal *journal, uint64_t first_segment);
void wl_journal_empty(struct wl_journal *journal);
void wl_journal_loaded(struct wl_journal *journal);
/* As its state has it: of what is applied. */
struct wl_log_history wl_journal_history(const struct wl_journal *journal);
/*
 * `recovery` was just made for journal->log: the one pass in which it reads the log fills the table of sessions, too. An entry
 * that is found is kept in the ring, and applied when a later one says that it is committed: such a one is never cut away again
 * (recovery refuses a log in which it is), while of everything else it shows only at the end whether it belongs to the log.
 */
void wl_journal_recover(struct wl_journal *journal, struct wl_recovery *recovery);
/* Instead of a recovery that ends well: nothing of what was read stays. [init] */
void wl_journal_sleep(struct wl_journal *journal);
/* After recovery, or wl_journal_sleep. `known_commit` (0: asleep): entries up to here are known committed. */
void wl_journal_start(struct wl_journal *journal, uint64_t known_commit, struct wl_tx *tx,
		      struct wl_rx *rx, struct wl_ring *up);
/* What makes a leader fall silent is found here, before anything is said in this turn. */
void wl_journal_begin_turn(struct wl_journal *journal, uint64_t now_ns);
/* Ends a turn: seal, replicate, answer, time the stages. Returns what was done. */
unsigned wl_journal_end_turn(struct wl_journal *journal, uint64_t now_ns, uint64_t turn_began_ns);
/* journal_anatomy.c: the last thing of a turn's end. */
void wl_journal_note_times(struct wl_journal *journal, uint64_t now_ns, uint64_t turn_began_ns);
/* Some times in a millisecond's order: tells the base maker how far it may go, takes what it has made, gives up what nobody needs. */
void wl_journal_tend_bases(struct wl_journal *journal);
void wl_journal_publish(struct wl_journal *journal, const struct wl_rx *rx, uint64_t now_ns);

#endif
