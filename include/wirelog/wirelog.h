/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libwirelog: append records to a replicated journal and read them back.
 *
 * One wirelog object belongs to one thread: none of these functions may be called on it by two threads at
 * once. There are no hidden threads; everything happens inside wirelog_poll, which never
 * waits (wirelog_wait does). Nothing is allocated after wirelog_connect returned.
 *
 *	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
 *	options.endpoints = "udp:192.0.2.11:7700,udp:192.0.2.12:7700";
 *	options.on_ack = on_ack;
 *	struct wirelog *log;
 *	int status = wirelog_connect(&log, &options);
 *	int64_t sequence = wirelog_append(log, bytes, size, NULL);
 *	while (wirelog_outstanding(log) != 0)
 *		wirelog_wait(log, 1000);
 *	wirelog_close(log);
 *
 * Exactly once: an append is sent again, with its session and sequence, until an answer comes or its
 * time is over, also to another leader after a failure; the cluster puts it into the
 * log at most once and answers with the first record number (Ongaro's thesis, section 6.3).
 */
#ifndef WIRELOG_WIRELOG_H
#define WIRELOG_WIRELOG_H

#include <stddef.h>
#include <stdint.h>

#include "wirelog/limits.h"
#include "wirelog/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wirelog;

/* How far a record must get before the answer. The order in the log and the rule of commit are the same for all. */
enum wirelog_level {
	WIRELOG_LEVEL_DEFAULT = 0, /* stands for WIRELOG_COMMITTED, so that forgetting to ask is the safe choice */
	WIRELOG_SEQUENCED = 1, /* in the leader's memory, its place is decided; may be lost with the leader */
	WIRELOG_RECEIVED = 2, /* in the memory of a majority */
	WIRELOG_COMMITTED = 3, /* durable on a majority: never lost */
	WIRELOG_EVERYWHERE = 4, /* durable on all voters */
};

struct wirelog_ack {
	int64_t sequence; /* what wirelog_append returned */
	uint64_t number; /* record number, dense from 1; 0 when status is not WIRELOG_OK */
	uint64_t timestamp_ns; /* leader's wall clock when it sequenced the entry, UNIX nanoseconds */
	int status; /* WIRELOG_OK, _EXPIRED, _UNKNOWN_OUTCOME, ... */
	enum wirelog_level level; /* reached */
	void *tag; /* of the append */
};

struct wirelog_record {
	uint64_t number;
	uint64_t timestamp_ns;
	uint64_t session; /* who appended it, and which of its appends it was */
	uint64_t sequence;
	const void *bytes; /* valid during the callback only */
	size_t size;
};

enum wirelog_event_kind {
	WIRELOG_EVENT_CONNECTED = 1, /* a leader is known and a session is open */
	WIRELOG_EVENT_DISCONNECTED, /* no node answers; appends are kept and sent again */
	WIRELOG_EVENT_NEW_LEADER, /* node, term */
	WIRELOG_EVENT_GAP, /* records [first_number, next_number) cannot be delivered: status says why */
	WIRELOG_EVENT_SUBSCRIPTION_ENDED, /* status; resume at next_number */
	WIRELOG_EVENT_SESSION_LOST, /* the cluster forgot the session; every outstanding append has UNKNOWN_OUTCOME */
};

struct wirelog_event {
	enum wirelog_event_kind kind;
	uint32_t node;
	uint64_t term;
	uint64_t first_number, next_number;
	int status;
};

struct wirelog_options {
	/* Comma separated; one is enough, the others are learned:
	 *   udp:ADDRESS:PORT       a kernel socket
	 *   memif:SOCKET-PATH      shared memory with a node on this machine ('@name' = abstract socket)
	 *   dpdk:ADDRESS:PORT      a DPDK port of our own; see eal and link */
	const char *endpoints;
	const char *key_file; /* the cluster's key; NULL with insecure = 1 only */
	int insecure; /* laboratory: frames are not authenticated */
	const char *cluster; /* UUID text */
	uint32_t journal;
	uint32_t node; /* 0: any; otherwise talk to this node only (a reader may want a follower) */
	uint32_t outstanding_max; /* appends without an answer; a power of two */
	uint32_t outstanding_bytes_max; /* their payloads together: memory that connect allocates */
	uint64_t append_timeout_ns; /* then UNKNOWN_OUTCOME */
	uint64_t connect_timeout_ns; /* wirelog_connect gives up */
	uint32_t reader_window_bytes; /* flow control of one subscription */
	const char *eal; /* extra EAL arguments of dpdk: and memif: transports, or NULL */
	const char *link; /* dpdk: the local port, e.g. "pci=0000:01:00.0,ipv4=192.0.2.20" */
	void (*on_ack)(void *context, const struct wirelog_ack *ack);
	void (*on_record)(void *context, const struct wirelog_record *record);
	void (*on_event)(void *context, const struct wirelog_event *event);
	void *context;
};

/* Every member 0 means its default: 4096 appends, 16 MiB, 10 s, 5 s, 1 MiB. */
#define WIRELOG_OPTIONS_DEFAULT { 0 }

struct wirelog_append_options {
	enum wirelog_level level;
	uint64_t not_after_ns; /* UNIX time; 0 never expires */
	void *tag; /* comes back in the ack */
};

/* Waits until a node answered (at most connect_timeout_ns); no session is opened until the first append. 0 or a negative
 * enum wirelog_status; *log is NULL on failure. `reason` (may be NULL) gets one sentence. */
int wirelog_connect(struct wirelog **log, const struct wirelog_options *options);
/* The sentence that belongs to the last failure of connect in this thread. */
const char *wirelog_last_reason(void);
/* Flushes nothing, waits for nothing: outstanding appends are forgotten here, not in the cluster. */
void wirelog_close(struct wirelog *log);

/* Copies the record. Returns its sequence (> 0) or BACK_PRESSURE, RECORD_EMPTY, RECORD_TOO_LARGE, CLOSED, INVALID_ARGUMENT.
 * options NULL: committed, never expires. Sent at the next poll, or when a frame is full. */
int64_t wirelog_append(struct wirelog *log, const void *bytes, size_t size,
		       const struct wirelog_append_options *options);
uint32_t wirelog_outstanding(const struct wirelog *log);

enum wirelog_from { WIRELOG_FROM_NUMBER = 1, WIRELOG_FROM_TIME = 2, WIRELOG_FROM_NOW = 3 };
/* One subscription per wirelog object and time. `value`: record number, or UNIX ns. */
int wirelog_subscribe(struct wirelog *log, enum wirelog_from from, uint64_t value);
void wirelog_unsubscribe(struct wirelog *log);

/* Sends, receives, calls back. Returns how much it did (0: idle), or a negative code when closed. Never waits. */
int wirelog_poll(struct wirelog *log);
/* Polls; when idle lets the CPU go, up to timeout_us. Returns as wirelog_poll. */
int wirelog_wait(struct wirelog *log, uint32_t timeout_us);

struct wirelog_position {
	uint32_t node; /* that answers us */
	uint32_t leader; /* 0: not known */
	uint64_t term;
	uint64_t session; /* 0: none yet */
	uint64_t commit_number; /* last record known committed */
	uint64_t first_number; /* first that can be read */
	uint32_t record_bytes_max;
};
void wirelog_get_position(const struct wirelog *log, struct wirelog_position *position);

#ifdef __cplusplus
}
#endif
#endif
