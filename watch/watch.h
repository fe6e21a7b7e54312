/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cluster as `wirelog top` and wirelog-web show it: from what the nodes' stats sockets answered (feed_socket.h) to plain numbers. Rates
 * are differences of two looks. Text that comes from a node is copied, cut, and has no control characters any more.
 *
 * Answers of other versions are taken as far as they go: what is missing is WL_WATCH_UNKNOWN, and a rate that cannot be told is NAN.
 *
 * Pure: the time comes in. Owner: the caller; it borrows nothing after wl_watch_look returned. [any], one thread at a time.
 */
#ifndef WL_WATCH_WATCH_H
#define WL_WATCH_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wirelog/limits.h"

#define WL_WATCH_UNKNOWN INT64_MIN
#define WL_WATCH_REASONS_MAX 12u
#define WL_WATCH_EVENTS 512u /* the newest of all nodes */
#define WL_WATCH_OWN_EVENTS 64u
#define WL_WATCH_EVENT_BYTES 240u
#define WL_WATCH_BUCKETS 26u /* of /wirelog/metrics: up to 2^n microseconds */

enum wl_watch_level {
	WL_WATCH_HEALTHY,
	WL_WATCH_DEGRADED,
	WL_WATCH_UNSAFE,
	WL_WATCH_SILENT, /* it does not answer */
	WL_WATCH_LEVELS,
};

/* In the order in which an entry goes through them; commit is the whole of what it waits for. */
enum wl_watch_stage {
	WL_WATCH_TURN,
	WL_WATCH_SEND,
	WL_WATCH_DISK,
	WL_WATCH_PEER,
	WL_WATCH_PEER_DISK,
	WL_WATCH_COMMIT,
	WL_WATCH_ANSWER,
	WL_WATCH_STAGES,
};

/* What one node's sockets said. Borrowed; NULL: nothing yet. */
struct wl_watch_answers {
	const char *run_directory;
	bool answers; /* heard within the last moments */
	const json_t *metrics, *before; /* two looks at the same */
	int64_t span_ms; /* between them */
	const json_t *status, *recent, *second, *events; /* recent: 10 s, second: 1 s */
	/* Of a member without a run directory here, which is NULL then: its number, who asked it over the wire, and what it said the time before. */
	int node, asked_by;
	const json_t *status_before;
};

/* What a node answered about the others (/wirelog/cluster), twice. Borrowed; NULL: nothing yet. */
struct wl_watch_cluster {
	const json_t *answer, *before;
	bool fresh; /* within the last moments */
};

struct wl_watch_reason {
	char reason[28], text[140];
	enum wl_watch_level level;
	int journal, node; /* -1: about none */
	int64_t for_ns;
};

struct wl_watch_spread { /* of the entries of some seconds; count 0: there were none */
	int64_t count, p50_ns, p90_ns, p99_ns, p999_ns, max_ns;
};

/* Numbers of a journal that stand in /wirelog/metrics under journal_NAME. */
/* clang-format off */
#define WL_WATCH_JOURNAL_LIST(X) \
	X(term) X(leader) X(leads) X(ready) X(commit_index) X(tail_index) X(records) \
	X(first_record) X(used_bytes) X(limit_bytes) X(writes_in_flight) X(drive_silent_ns) \
	X(clients) X(readers) X(sessions) X(consumers) X(waiting_replies) X(held_bytes) \
	X(reads_failed) X(clock_ahead_ns)
/* clang-format on */

struct wl_watch_journal {
	char role[12]; /* "-": not known */
#define X(name) int64_t name;
	WL_WATCH_JOURNAL_LIST(X)
#undef X
	int64_t behind_entries, behind_ns; /* as the leader says */
	double records_per_s;
	struct wl_watch_spread recent[WL_WATCH_STAGES], second[WL_WATCH_STAGES];
	int64_t heat[WL_WATCH_BUCKETS]; /* commits between the two looks, by what they took */
};

/* Sums of all workers that stand there under worker_NAME; told as differences a second. */
/* clang-format off */
#define WL_WATCH_RATE_LIST(X) \
	X(records_appended) X(record_bytes_appended) X(entries_appended) X(disk_writes_done) \
	X(disk_write_bytes) X(rx_frames) X(rx_bytes) X(tx_frames) X(tx_bytes) \
	X(client_appends) X(deliver_records) X(append_resent) X(tx_link_full) \
	X(client_back_pressure)
/* clang-format on */

/* The same, as they are: what should be 0, or nearly. */
/* clang-format off */
#define WL_WATCH_COUNT_LIST(X) \
	X(stalls) X(commit_stalls) X(quorum_lost) X(disk_queue_full) X(log_no_room) \
	X(log_no_segment) X(log_no_space) X(tx_no_buffer) X(disk_write_failed) \
	X(disk_read_failed)
/* clang-format on */

struct wl_watch_node {
	const char *run_directory; /* the caller's; NULL: none here, it was asked over the wire */
	int asked_by; /* by which node; 0: at its run directory */
	int id; /* 0: it has never said it */
	enum wl_watch_level level;
	bool answers;
	int64_t silent_since_ms; /* where it does not answer, by the caller's clock; UNKNOWN: it never did */
	char version[16], cluster[40];
	struct wl_watch_reason reasons[WL_WATCH_REASONS_MAX];
	uint32_t reason_count;
	int64_t uptime_ns, resident_bytes, free_bytes, longest_turn_ns;
	int64_t not_believed; /* frames, all reasons */
	int64_t nic_missed, nic_no_buffer, nic_errors; /* of the devices; UNKNOWN: there is none */
	int64_t links, links_down;
	double cpu; /* cores */
	double busy[WIRELOG_WORKERS_MAX]; /* share of turns that found something to do */
	uint32_t worker_count;
#define X(name) double name##_per_s;
	WL_WATCH_RATE_LIST(X)
#undef X
#define X(name) int64_t name;
	WL_WATCH_COUNT_LIST(X)
#undef X
	struct wl_watch_journal journals[WIRELOG_JOURNALS_MAX];
	uint32_t journal_count;
};

struct wl_watch_event {
	int64_t time_ns; /* since 1970 */
	int node; /* 0: not known */
	int level; /* syslog's */
	bool own; /* seen from here, said by no node */
	char text[WL_WATCH_EVENT_BYTES];
};

struct wl_watch_seen { /* how a node was at the last look */
	bool known, answered;
	int64_t silent_since_ms;
};

struct wl_watch {
	struct wl_watch_node nodes[WIRELOG_NODES_MAX];
	uint32_t node_count, answered;
	enum wl_watch_level level; /* the worst of all */
	uint32_t journal_count; /* the most that a node has */
	struct wl_watch_event events[WL_WATCH_EVENTS]; /* the oldest first */
	uint32_t event_count;
	struct wl_watch_event own[WL_WATCH_OWN_EVENTS];
	uint64_t own_count;
	struct wl_watch_seen
		seen[WIRELOG_NODES_MAX + 1]; /* by their numbers: who has no run directory here */
	bool begun;
};

/* Looks again. now_ms: a clock that never goes back; wall_ns: since 1970, for events that are seen from here. */
void wl_watch_look(struct wl_watch *watch, const struct wl_watch_answers *answers, uint32_t count,
		   int64_t now_ms, int64_t wall_ns);

/* Index of the node that leads `journal` in the highest term of those that answer; -1: none. */
int wl_watch_leader(const struct wl_watch *watch, uint32_t journal);

/* The most of its workers; NAN: not known. */
double wl_watch_busy(const struct wl_watch_node *node);

/* Its run directory, or that it was asked over the wire. */
const char *wl_watch_place(const struct wl_watch_node *node);
const char *wl_watch_level_name(enum wl_watch_level level);
const char *wl_watch_stage_name(enum wl_watch_stage stage);

/* ---- watch_others.c: who has no run directory here ---------------------------------------------- */

/* One of the members that their status names is none of them. */
bool wl_watch_lacks(const struct wl_watch_answers *answers, uint32_t count);
/* Behind the `count` of the run directories, the others as that says; how many are there in all. */
uint32_t wl_watch_others(struct wl_watch_answers answers[WIRELOG_NODES_MAX], uint32_t count,
			 const struct wl_watch_cluster *cluster);

/* ---- watch_answer.c: out of one answer ----------------------------------------------------------- */

/* Sum over all rows of a metric whose first label is `label` (-1: of all rows); UNKNOWN where there are none. */
int64_t wl_watch_metric(const json_t *metrics, const char *name, int label);
/* A difference a second; NAN where either is not known, and after a restart of the node. */
double wl_watch_rate(const struct wl_watch_answers *answers, const char *name, int label);
/* Copied, cut at `size`, without control characters and without anything that is no UTF-8. */
void wl_watch_text(char *to, size_t size, const json_t *from);
void wl_watch_read(struct wl_watch_node *node, const struct wl_watch_answers *answers);
/* Of one that was asked over the wire: its status alone, and what that does not say is not known. */
void wl_watch_read_brief(struct wl_watch_node *node, const struct wl_watch_answers *answers);

#endif
