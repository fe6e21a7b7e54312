/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of one worker: written by the worker alone, with relaxed stores, read by anybody
 * without slowing it. Every frame that is dropped has a counter with a name. docs/COUNTERS.md is made from the list.
 */
#ifndef WL_DATAPLANE_TRANSPORT_COUNTERS_H
#define WL_DATAPLANE_TRANSPORT_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/base/metric.h"
#include "dataplane/wire/frame.h"

/* X(name, kind, unit, help): what it counts is what it is called. */
/* clang-format off */
#define WL_COUNTER_LIST(X) \
	X(rx_frames, SUM, frames, "taken from a port") \
	X(rx_bytes, SUM, bytes, "of these frames") \
	X(tx_frames, SUM, frames, "given to a port") \
	X(tx_bytes, SUM, bytes, "of these frames") \
	X(keys_derived, SUM, keys, "made for senders that were not known") \
	X(tags_checked, SUM, tags, "computed for frames that came: what a flood costs beyond a look at its headers") \
	X(tx_no_buffer, SUM, frames, "not sent: no buffer") \
	X(tx_link_full, SUM, frames, "not sent: the link took no more") \
	X(tx_no_address, SUM, frames, "not sent: the Ethernet address of the peer is not known yet") \
	X(punt_ring_full, SUM, frames, "of the slow path that found no room on the way to control") \
	X(hello_sent, SUM, frames, "that asked: which boot are you?") \
	X(hello_answered, SUM, frames, "that answered it") \
	X(remote_new_boot, SUM, boots, "of others that were proven to be new") \
	X(greetings_sent, SUM, frames, "that told a node what must be equal on all") \
	X(builds_sent, SUM, frames, "that told a node which build this one runs") \
	X(peer_differs, SUM, differences, "found in what another node told") \
	X(peer_not_heard, SUM, frames, "of a node that has not greeted, or differs in what decides") \
	X(clients_gone, SUM, clients, "that said goodbye") \
	X(clients_turned_away, SUM, clients, "that found no place; raise limits.clients") \
	X(clients_sent_elsewhere, SUM, questions, "of clients at a worker that does not have their journal") \
	X(clients_key_refused, SUM, clients, "that lost their place: their key is refused by now") \
	X(append_frames_sent, SUM, frames, "leader: to followers") \
	X(append_entries_sent, SUM, entries, "leader: in these frames") \
	X(append_bytes_behind, SUM, bytes, "leader: to followers that are behind, beside live frames") \
	X(append_heartbeats_sent, SUM, frames, "leader: of these, without an entry") \
	X(append_resent, SUM, times, "leader: went back to what was acknowledged") \
	X(peers_need_base, SUM, times, "leader: a peer's log ended before ours begins") \
	X(chains_told, SUM, answers, "to other nodes: which chain value stands here behind an entry") \
	X(base_parts_sent, SUM, frames, "of bases, to peers that asked for one") \
	X(base_parts_taken, SUM, frames, "of a base that takes our log's place") \
	X(bases_refused, SUM, times, "a base of a peer was not what its digest says, or could not be written") \
	X(bases_installed, SUM, times, "a base of a peer took our log's place") \
	X(mend_asks_sent, SUM, frames, "for entries that are damaged here") \
	X(status_parts_sent, SUM, frames, "of what this node says of itself, to a node where somebody looks at the cluster") \
	X(status_parts_taken, SUM, frames, "of what other nodes say of themselves, as somebody looks at the cluster here") \
	X(mend_parts_sent, SUM, frames, "of entries that are damaged at a peer") \
	X(mend_parts_taken, SUM, frames, "of entries that are damaged here, to be proved") \
	X(dormant_not_heard, SUM, frames, "for a journal that waits to be mended, and takes no part") \
	X(append_frames_received, SUM, frames, "follower: from a leader") \
	X(append_stale_term, SUM, frames, "follower: of an old term") \
	X(append_rejected, SUM, frames, "follower: that do not continue the log") \
	X(append_gap, SUM, frames, "follower: that came too early") \
	X(append_duplicate, SUM, entries, "follower: and fragments of entries, known already") \
	X(append_diverged, SUM, times, "a chain value contradicted the log: of an entry (follower), of an acknowledgement (leader)") \
	X(state_diverged, SUM, times, "a table of sessions differed from that of a majority, or none was of one mind") \
	X(base_differs, SUM, bases, "leader: of a voter, unlike what a majority made of the same entries") \
	X(lists_proposed, SUM, entries, "leader: lists of members that it appended") \
	X(proposals_sent, SUM, frames, "follower: what an operator asked for, passed on to the leader") \
	X(proposals_stale, SUM, frames, "of these, that came to a node that does not lead") \
	X(checkpoints_dropped, SUM, checkpoints, "leader: of consumers that held back more than `retention.hold`") \
	X(consumer_asks, SUM, frames, "of clients about the checkpoint of their consumer") \
	X(checkpoints_proposed, SUM, entries, "leader: that take or move the checkpoint of a client's consumer") \
	X(client_fenced, SUM, records, "copies of appends that a fence had spent") \
	X(reads_asked, SUM, questions, "of clients and nodes: how far is the journal, what became of an append") \
	X(reads_told, SUM, answers, "to them, confirmed by a majority behind the question") \
	X(reads_refused, SUM, questions, "of clients, by who leads nobody or has too many that wait") \
	X(reads_rounds, SUM, rounds, "leader: heartbeats sent at once, for a question; follower: questions passed on") \
	X(fences_proposed, SUM, entries, "leader: that spend sequences of a session, so that \"never\" can be said") \
	X(ack_sent, SUM, frames, "follower: acknowledgements") \
	X(ack_received, SUM, frames, "leader: acknowledgements") \
	X(ack_stale, SUM, frames, "leader: of these, of another term") \
	X(ack_rejections, SUM, frames, "leader: of these, refusals") \
	X(entries_appended, SUM, entries, "that entered the log here") \
	X(records_appended, SUM, records, "in them") \
	X(records_committed, SUM, records, "that became committed here") \
	X(record_bytes_appended, SUM, bytes, "of records that entered the log here") \
	X(disk_writes, SUM, writes, "begun, durable ones of the log") \
	X(disk_write_bytes, SUM, bytes, "of these writes") \
	X(disk_writes_done, SUM, writes, "that are durable") \
	X(disk_write_failed, SUM, writes, "that failed") \
	X(disk_write_not_begun, SUM, writes, "that came back unwritten, their segment could not be opened; tried again") \
	X(disk_reads, SUM, reads, "of the log, for readers and lagging peers") \
	X(disk_read_failed, SUM, reads, "of these, that failed") \
	X(disk_queue_full, SUM, requests, "that had to wait for io_uring") \
	X(log_no_room, SUM, times, "appends were held up: the log ring is full") \
	X(log_no_segment, SUM, times, "appends were held up: the next segment is not there yet") \
	X(log_no_space, SUM, times, "appends were held up: the device or log.bytes_max is full") \
	X(client_appends, SUM, records, "that clients sent") \
	X(client_duplicates, SUM, records, "of these, in the log already") \
	X(client_expired, SUM, records, "of these, too late for their not_after") \
	X(client_not_leader, SUM, records, "of these, refused by a node that does not lead") \
	X(client_out_of_order, SUM, records, "of these, behind a sequence that is missing") \
	X(client_overtaken, SUM, records, "of these, in a frame that came behind a later one of its client") \
	X(client_back_pressure, SUM, records, "of these, refused because too much was under way") \
	X(client_no_space, SUM, records, "of these, refused for want of room in the log") \
	X(client_session_unknown, SUM, records, "of these, of a session that is not known") \
	X(client_replies, SUM, records, "that an answer told their client of") \
	X(sessions_opened, SUM, sessions, "made") \
	X(sessions_evicted, SUM, sessions, "forgotten for others") \
	X(deliver_frames, SUM, frames, "to readers") \
	X(deliver_records, SUM, records, "in them") \
	X(deliver_resends, SUM, times, "went back to what a reader had") \
	X(subscriptions_opened, SUM, readers, "taken in") \
	X(subscriptions_dropped, SUM, readers, "that fell silent") \
	X(reads_again, SUM, reads, "for readers and for the table of sessions that failed, or gave what does not fit: tried again up to four times in 85 ms") \
	X(readers_not_compared, SUM, readers, "let pass: what they were given last was given up here, or lost by a rescue") \
	X(readers_told_diverged, SUM, readers, "refused: another record stands here under a number that they were given") \
	X(readers_told_lost, SUM, readers, "told that this node cannot read what they want") \
	X(readers_told_rescued, SUM, readers, "told that a rescue went on behind what they want") \
	X(readers_told_trimmed, SUM, readers, "told that the log begins behind what they want") \
	X(views_installed, SUM, times, "control said who leads") \
	X(fences, SUM, times, "control said: stop, for a new term") \
	X(truncations, SUM, times, "the log was cut for what a leader has") \
	X(quorum_lost, SUM, times, "leader: no majority answered") \
	X(stalls, SUM, times, "leader: told control that it cannot lead") \
	X(commit_stalls, SUM, times, "leader: a majority answered and nothing committed") \
	X(clock_excursions, SUM, times, "the wall clock went more than a second from that of a majority") \
	X(turns, SUM, turns, "of the loop") \
	X(turns_idle, SUM, turns, "with nothing to do") \
	X(turns_yielded, SUM, turns, "after which it rested")
/* clang-format on */

enum wl_counter {
#define WL_COUNTER_ENUM(name, kind, unit, help) WL_COUNTER_##name,
	WL_COUNTER_LIST(WL_COUNTER_ENUM)
#undef WL_COUNTER_ENUM
		WL_COUNTERS,
};

struct wl_counters {
	_Alignas(64) _Atomic uint64_t count[WL_COUNTERS];
	_Atomic uint64_t dropped[WL_FRAME_VERDICTS]; /* by enum wl_frame_verdict */
	_Atomic uint64_t longest_turn_ns; /* the watchdog's record */
};

/* One writer: a relaxed load and store, no locked instruction. [owner] */
static inline void wl_count_add(struct wl_counters *counters, enum wl_counter which, uint64_t by)
{
	uint64_t value = atomic_load_explicit(&counters->count[which], memory_order_relaxed);

	atomic_store_explicit(&counters->count[which], value + by, memory_order_relaxed);
}

static inline void wl_count(struct wl_counters *counters, enum wl_counter which)
{
	wl_count_add(counters, which, 1);
}

static inline void wl_count_drop(struct wl_counters *counters, enum wl_frame_verdict why)
{
	uint64_t value = atomic_load_explicit(&counters->dropped[why], memory_order_relaxed);

	atomic_store_explicit(&counters->dropped[why], value + 1, memory_order_relaxed);
}

static inline uint64_t wl_count_get(const struct wl_counters *counters, enum wl_counter which)
{
	return atomic_load_explicit(&counters->count[which], memory_order_relaxed);
}

const char *wl_counter_name(enum wl_counter which);

#endif
