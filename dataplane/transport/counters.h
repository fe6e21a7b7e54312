/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of one worker: written by the worker alone, with relaxed stores, read by anybody
 * without slowing it. Every frame that is dropped has a counter with a name.
 */
#ifndef WL_DATAPLANE_TRANSPORT_COUNTERS_H
#define WL_DATAPLANE_TRANSPORT_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/wire/frame.h"

/* X(name): what it counts is what it is called; docs/OPERATIONS.md explains each */
/* clang-format off */
#define WL_COUNTER_LIST(X) \
	X(rx_frames) X(rx_bytes) X(tx_frames) X(tx_bytes) X(keys_derived) X(tags_checked) \
	X(tx_no_buffer) X(tx_link_full) X(tx_no_address) X(punt_ring_full) \
	X(hello_sent) X(hello_answered) X(remote_new_boot) X(greetings_sent) X(peer_differs) X(peer_not_heard) \
	X(clients_gone) X(clients_turned_away) X(clients_sent_elsewhere) \
	X(append_frames_sent) X(append_entries_sent) X(append_heartbeats_sent) X(append_resent) \
	X(append_frames_received) X(append_stale_term) X(append_rejected) X(append_gap) X(append_duplicate) X(append_diverged) X(state_diverged) \
	X(ack_sent) X(ack_received) X(ack_stale) X(ack_rejections) \
	X(entries_appended) X(records_appended) X(records_committed) X(record_bytes_appended) \
	X(disk_writes) X(disk_write_bytes) X(disk_writes_done) X(disk_write_failed) X(disk_write_not_begun) \
	X(disk_reads) X(disk_read_failed) X(disk_queue_full) \
	X(log_no_room) X(log_no_segment) X(log_no_space) \
	X(client_appends) X(client_duplicates) X(client_expired) X(client_not_leader) X(client_out_of_order) \
	X(client_overtaken) X(client_back_pressure) X(client_no_space) X(client_session_unknown) X(client_replies) X(sessions_opened) X(sessions_evicted) \
	X(deliver_frames) X(deliver_records) X(deliver_resends) X(subscriptions_opened) X(subscriptions_dropped) X(reads_again) X(readers_told_lost) \
	X(views_installed) X(fences) X(truncations) X(quorum_lost) X(stalls) X(commit_stalls) X(clock_excursions) \
	X(turns) X(turns_idle) X(turns_yielded)
/* clang-format on */

enum wl_counter {
#define WL_COUNTER_ENUM(name) WL_COUNTER_##name,
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
