/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker tells the world about itself: copied out about once a millisecond into one of two places in turn, under a version,
 * so that a reader gets one consistent picture and costs the worker nothing (it never waits for readers). A writer that is
 * taken off its core in the middle holds up nobody: the other place is whole. One writer; any number of readers.
 */
#ifndef WL_DATAPLANE_WORKER_PUBLISHED_H
#define WL_DATAPLANE_WORKER_PUBLISHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/position.h"
#include "dataplane/raft/plane.h"
#include "dataplane/state/base_maker.h"
#include "dataplane/transport/build.h"
#include "dataplane/wire/greeting.h"
#include "dataplane/worker/chain_report.h"
#include "wirelog/limits.h"

struct wl_claim_status {
	const char *why; /* static; NULL: nobody */
	uint32_t ipv4;
	uint32_t key_id; /* that it named; of who is refused */
	uint64_t frames, ago_ns;
};

struct wl_peer_status {
	uint64_t match_received, match_durable, next_index;
	uint64_t incarnation; /* of its data, as it said last; our own, of ourselves; 0: never met */
	uint64_t heard_ago_ns; /* last authentic frame; UINT64_MAX: never */
	bool greeted, streaming, no_space, held_back;
	bool may_succeed; /* leader: a voter that could take leadership over in the next moment */
	bool behind; /* leader: it is sent what it lacks behind live frames (raft/pace.h) */
	uint64_t behind_entries, behind_bytes; /* leader: not known to be there */
	uint64_t catch_up_rate; /* bytes a second that came to be there */
	uint64_t catch_up_left_ns; /* until it is in step; UINT64_MAX: not known, or it does not come nearer */
	bool needs_base; /* leader: our log begins behind what it has; it is not served */
	bool apart; /* it says that it takes no part any more */
	uint16_t path_mtu; /* of the largest frames that it is sent; 0: not known */
	bool path_is_narrow; /* full ones do not pass */
	bool differences_known; /* it has greeted under its present boot */
	bool takes_part; /* and nothing that decides differs */
	uint64_t history; /* of its data, as it said; 0: none */
	uint32_t key_id; /* it was heard with last; 0: never */
	uint32_t keys_held[WL_KEYS_HELD_MAX]; /* as it greeted, oldest first; 0: none */
	uint32_t old_clients; /* of it, that speak with the key that is to go */
	bool strange; /* another one than ours: nothing that it says of the journal counts */
	wl_features declared; /* as known, of whichever boot */
	bool build_known; /* it has said so under its present boot, and its version */
	char version[WL_CONSUMER_NAME_BYTES];
	bool lacks_features; /* that are in force: nothing that it says of the journal counts */
	struct wl_claim_status twin, refused; /* who else says that it is this node */
	uint32_t differs; /* bit per fact */
	uint64_t ours[WL_FACTS], theirs[WL_FACTS];
};

/* What the medium did wrong. Errors are positive errno, 0: none. */
struct wl_storage_status {
	int write_error, segment_error, open_error, read_error, forget_error;
	uint64_t write_error_offset, segment_error_offset, open_error_offset, read_error_offset,
		forget_error_offset;
	uint64_t reads_failed;
	uint64_t silent_ns; /* writes are under way and none came back since */
	uint64_t segment_awaited_ns; /* what is to be appended waits for a segment that is being made */
};

struct wl_journal_status {
	uint16_t journal;
	struct wl_view view;
	struct wl_position tail, durable;
	uint64_t first_index, first_number; /* that are kept */
	uint64_t first_segment; /* that is on the medium */
	struct wl_position commit_durable; /* as far as it is durable here */
	uint64_t wall_ns; /* the worker's wall clock */
	int64_t clock_ahead_ns; /* against what a majority vouches for */
	uint64_t stamps_ahead_ns; /* the log's last stamp, against our clock: so long stamps stand still */
	bool clock_astray;
	bool may_start_term; /* or will, with the next segment */
	uint64_t terms_left; /* that may still get entries: for good, where elections_left comes back with room */
	uint64_t elections_left; /* first entries of terms that the log has room for */
	uint64_t commit, chain, chain_index; /* chain value behind entry chain_index = commit */
	uint64_t commit_number, next_number;
	uint64_t history, history_before; /* that our data are of; that a rescue ended; 0: none */
	uint64_t lost_number,
		lost_end; /* by that rescue: records [lost_number, lost_end) are not there */
	uint64_t received; /* leader: a majority's memory; follower: known equal to the leader's */
	uint64_t append_offset, durable_offset, segments_ready, writes_in_flight;
	uint64_t sessions, state_digest, subscriptions, waiting_replies, applied_index, clients;
	uint64_t trim_number; /* first record that is promised to be kept */
	struct wl_list
		list; /* of members, in force here; committed when its index is at most `commit` */
	struct wl_consumer_table consumers; /* what is behind its count is not kept up */
	struct wl_journal_limits limits; /* of the state; its index 0: there are none yet */
	struct wl_features_in_force features; /* of the state; its index 0: none are */
	wl_features build_features; /* of this build */
	bool lacks_features; /* that are in force: nothing more is applied, the node ends */
	struct wl_keys keys; /* of the state: journal 0's are the node's */
	struct wl_keys keys_in_force; /* in this worker */
	struct wl_keys_held keys_held;
	uint32_t key_sent_with;
	uint32_t old_clients,
		old_client_ipv4; /* that speak with the key that is to go; where one of them is */
	bool lacks_room; /* they allow more sessions than there is memory for (limits.sessions of the file) */
	uint64_t held_bytes; /* leader: that the lowest checkpoint holds back of what retention would trim */
	uint64_t base_mark; /* entry of the newest base that was asked for; 0: none */
	uint64_t base_index, base_digest; /* our own newest base; 0: none */
	uint64_t proven_index, proven_digest; /* newest base that a majority made alike; 0: none */
	wl_members base_differs; /* voters whose base is another one */
	uint64_t opened_from; /* index of the base that this start went on from; 0: the log's own beginning */
	struct wl_base_report bases; /* of the base maker, as read last */
	struct wl_chain_report compared; /* what was asked last, of all nodes (chain_peer.h) */
	bool commit_stalled; /* leader: a majority answers, and nothing has come nearer to a commit for an election timeout */
	bool state_undecided; /* leader: tables of sessions differ, and no majority is of one mind */
	bool duplicate; /* another server runs under the id of a peer, or under ours: lately */
	bool dormant; /* waits to be mended, and takes no part (mend_lane.h) */
	bool ready, silent, no_space, poisoned, handing_over, damaged, rebuilding;
	struct wl_storage_status storage;
	struct wl_peer_status peers[WIRELOG_NODES_MAX + 1];
};

struct wl_published {
	alignas(64) _Atomic uint64_t version; /* pictures so far; the newest is status[version & 1] */
	struct wl_journal_status status[2];
};

/* [owner] */
void wl_published_write(struct wl_published *published, const struct wl_journal_status *status);
/* [any] False when it took longer, a thousand times, than the writer took for another picture. */
bool wl_published_read(const struct wl_published *published, struct wl_journal_status *status);

#endif
