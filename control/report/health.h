/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is this node well, and if not: why, and since when. One place for it: status, `status --check`, the log and systemd's line
 * all say what is judged here.
 *
 *   healthy    all that is configured is there, counts, and is in step
 *   degraded   the service goes on and one more failure does not stop it; somebody should look
 *   unsafe     a journal does not serve here, or one more failure stops it: stop nothing else now
 *
 * A reason has a level of its own, the node has that of its worst one. wl_health_judge is a function of what is known at one
 * moment and of the marks (how long a peer has been behind, how fast the log fills); wl_health_look keeps since when each
 * reason lasts, and tells changes once a reason has lasted for WL_HEALTH_SETTLE_NS: what passes by itself is not told.
 *
 * Pure: the time comes in. Owner: one struct wl_health a node; its user takes care that one thread at a time has it
 * (control/node/watch_thread.h).
 */
#ifndef WL_CONTROL_REPORT_HEALTH_H
#define WL_CONTROL_REPORT_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/report/health_marks.h"
#include "control/report/status_json.h"

enum wl_health_level {
	WL_HEALTH_HEALTHY,
	WL_HEALTH_DEGRADED,
	WL_HEALTH_UNSAFE,
	WL_HEALTH_LEVELS,
};

/*
 * X(REASON, level, of_node, sentence): `of_node` those that are a state of this node itself, which mode.reasons lists as well; the others
 * judge what surrounds it. The name is the word in small letters, and is kept: people write it into alarms.
 */
/* clang-format off */
#define WL_HEALTH_LIST(X) \
	X(not_begun, UNSAFE, false, "the worker of this journal has not begun yet") \
	X(held_back, DEGRADED, true, "this node's data do not count yet: a new disk, or data that were away") \
	X(no_majority, UNSAFE, true, "the nodes whose data count are too few to elect a leader") \
	X(diverged, UNSAFE, true, "this node contradicts what is committed and takes no part") \
	X(poisoned, UNSAFE, true, "a durable write failed: this node has left the quorum; replace the drive") \
	X(no_space, UNSAFE, true, "no room in the log: appends are refused") \
	X(damaged, UNSAFE, true, "a place of the log cannot be believed") \
	X(dormant, UNSAFE, true, "the log is damaged: this journal takes no part until its peers have mended it") \
	X(entry_lost, UNSAFE, true, "an entry is damaged here, and no node has it whole") \
	X(mending, DEGRADED, true, "damaged places of the log are filled from the peers") \
	X(silent, UNSAFE, true, "it leads and hears no majority") \
	X(terms_low, DEGRADED, true, "few terms may still get entries") \
	X(state_undecided, UNSAFE, true, "tables of sessions differ and no majority is of one mind") \
	X(base_differs, DEGRADED, true, "a node's base is another one than that of the majority") \
	X(bases_stopped, DEGRADED, true, "no bases are made here: the log cannot be given up") \
	X(base_failed, DEGRADED, true, "a base could not be written") \
	X(archive_behind, DEGRADED, true, "closed segments do not get into the archive: the log cannot be given up") \
	X(commit_stalled, UNSAFE, true, "a majority answers and nothing is committed") \
	X(duplicate_id, UNSAFE, true, "two servers run under one id") \
	X(peer_diverged, DEGRADED, true, "a peer takes no part any more: it contradicts what is committed") \
	X(peer_history, DEGRADED, true, "a peer has data of another history: neither hears the other") \
	X(peer_differs, DEGRADED, true, "a peer was given other limits or members than this node") \
	X(peer_outdated, DEGRADED, true, "a peer's build lacks a feature that is in force: nothing that it says counts") \
	X(outdated, UNSAFE, true, "this build lacks a feature that is in force: the node ends") \
	X(path_mtu, DEGRADED, true, "full frames do not pass to a peer") \
	X(peer_needs_base, DEGRADED, true, "a peer is so far behind that it needs a base") \
	X(clock, DEGRADED, true, "the wall clock or the log's stamps are wrong") \
	X(no_leader, UNSAFE, true, "no leader is known") \
	X(superblock_failed, UNSAFE, true, "the superblock could not be written: no vote can be given") \
	X(link_down, DEGRADED, true, "a link has no carrier, or its interface is gone") \
	X(nic_gone, UNSAFE, true, "the device of a link was taken away") \
	X(address_twice, DEGRADED, true, "two machines have one address") \
	X(worker_allocates, DEGRADED, true, "a worker allocates memory while it polls: a bug") \
	X(worker_silent, UNSAFE, false, "a worker shows no sign of life") \
	X(rebuilding, DEGRADED, false, "the table of sessions is still being rebuilt: it cannot serve as leader") \
	X(not_ready, DEGRADED, false, "it leads, and its term's first entry is not committed yet") \
	X(drive_stalled, UNSAFE, false, "a durable write, or a segment that is needed, does not come back") \
	X(drive_fails, DEGRADED, false, "segments cannot be made or opened on the drive") \
	X(filling, DEGRADED, false, "the log or its file system is full within the hour at the present rate") \
	X(not_believed, DEGRADED, false, "somebody says that it is a peer and is not believed: key, cluster or version differ") \
	X(peer_silent, DEGRADED, false, "a peer is not heard") \
	X(limits_lack_room, UNSAFE, true, "the journal allows more sessions than this node has memory for: raise limits.sessions and restart it") \
	X(peer_held_back, DEGRADED, false, "a peer's data do not count yet: it has no vote") \
	X(peer_full, DEGRADED, false, "a peer has no room in its log") \
	X(peer_behind, DEGRADED, false, "a peer is behind") \
	X(versions_differ, HEALTHY, false, "a peer runs another build: `wirelog upgrade` lists them") \
	X(redundancy_lost, UNSAFE, false, "one more failure stops this journal")
/* clang-format on */

enum wl_health_reason {
#define WL_HEALTH_ENUM(name, level, of_node, sentence) WL_HEALTH_##name,
	WL_HEALTH_LIST(WL_HEALTH_ENUM)
#undef WL_HEALTH_ENUM
		WL_HEALTH_REASONS,
};

#define WL_HEALTH_ITEMS_MAX \
	192u /* more are not told one by one; the level counts them all the same */
#define WL_HEALTH_NO_JOURNAL UINT16_MAX /* of the node as a whole */
#define WL_HEALTH_SETTLE_NS 1000000000u
#define WL_HEALTH_PEER_SILENT_NS 1000000000u /* or two election timeouts, where that is longer */
#define WL_HEALTH_BEHIND_NS 2000000000u
#define WL_HEALTH_DRIVE_STALLED_NS 1000000000u
#define WL_HEALTH_NOT_BELIEVED_NS 10000000000u /* since its last frame: it is over */
#define WL_HEALTH_FULL_WITHIN_NS 3600000000000u
#define WL_HEALTH_WORKER_SILENT_NS 1000000000u

struct wl_health_item {
	enum wl_health_reason reason;
	uint16_t journal; /* or WL_HEALTH_NO_JOURNAL */
	uint16_t node; /* whom it is about; 0: this one */
	uint64_t since_ns; /* wl_health_look; 0: not known */
	bool told;
};

struct wl_health_report {
	enum wl_health_level level;
	uint32_t count;
	struct wl_health_item items[WL_HEALTH_ITEMS_MAX];
};

struct wl_health_change {
	struct wl_health_item item;
	bool ends; /* after lasted_ns; else it began */
	uint64_t lasted_ns;
};

struct wl_health {
	struct wl_health_marks marks[WIRELOG_JOURNALS_MAX];
	struct wl_health_report now, before;
};

/* health_judge.c. `marks`: one for each journal, or NULL: nothing is known of the past. since_ns is 0. [any] */
void wl_health_judge(const struct wl_status_facts *facts, const struct wl_health_marks *marks,
		     uint64_t now_ns, struct wl_health_report *report);

/* Judges anew into health->now; returns how many changes are to be told, at most `max`. Calls may be at any distance. */
uint32_t wl_health_look(struct wl_health *health, const struct wl_status_facts *facts,
			uint64_t now_ns, struct wl_health_change *changes, uint32_t max);

/* "degraded: peer_silent (journal 0, node 3), filling (journal 0)" */
void wl_health_describe(const struct wl_health_report *report, char *text, size_t bytes);

/* Static texts. */
const char *wl_health_level_name(enum wl_health_level level);
const char *wl_health_reason_name(enum wl_health_reason reason);
const char *wl_health_reason_sentence(enum wl_health_reason reason);
enum wl_health_level wl_health_reason_level(enum wl_health_reason reason);
bool wl_health_reason_is_of_node(enum wl_health_reason reason);

/*
 * health_json.c. {"level", "reasons": [{"reason", "level", "journal", "node", "for_ns", "text"}]}; of the wire's 64-bit
 * numbers those that are not known are null. The caller owns it.
 */
json_t *wl_health_json(const struct wl_health_report *report, uint64_t now_ns);
/* The words of mode.reasons. */
json_t *wl_health_json_mode(const struct wl_health_report *report);
/* Each peer of each journal that this node leads: does it count, what is missing, how far behind. */
json_t *wl_health_json_peers(const struct wl_status_facts *facts,
			     const struct wl_health_marks *marks, uint64_t now_ns);

#endif
