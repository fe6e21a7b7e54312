/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node says about itself, as JSON: the answers of the stats socket. docs/OPERATIONS.md explains each
 * member; dashboards read them, so a member is added, never renamed.
 *
 * From copies and from counters that others write (relaxed loads); it changes nothing. Numbers that are not known are null.
 * Pure but for jansson's memory. Thread: wl-stats; the caller owns what is returned (json_decref).
 */
#ifndef WL_CONTROL_REPORT_STATUS_JSON_H
#define WL_CONTROL_REPORT_STATUS_JSON_H

#include <jansson.h>

#include "control/agent/agent.h"
#include "control/config/config.h"
#include "control/report/link_status.h"
#include "dataplane/log/recovery.h"
#include "dataplane/transport/counters.h"
#include "dataplane/worker/mend_lane.h"
#include "dataplane/worker/archive_picture.h"
#include "dataplane/worker/scrub_picture.h"
#include "dataplane/worker/published.h"
#include "dataplane/worker/stages.h"

struct wl_health;

struct wl_status_number {
	const char *name;
	uint64_t value;
};

#define WL_STATUS_PORT_NUMBERS 20u

struct wl_status_worker {
	int core; /* -1: not pinned */
	const char *idle, *idle_reason;
	const char *port_note, *disk_note, *self_test;
	const struct wl_counters *counters;
	struct wl_status_number port[WL_STATUS_PORT_NUMBERS]; /* ends at the first without a name */
};

struct wl_status_journal {
	struct wl_journal_status published; /* a copy */
	bool published_known;
	const struct wl_stages *stages;
	struct wl_recovery_damage damage; /* found at start; kind TORN_TAIL was cut away */
	uint64_t recovered_index, recovered_bytes, recovery_ns;
	struct wl_scrub_report scrub; /* a copy; began_ns 0: nothing was read yet */
	struct wl_archive_report archive; /* a copy */
	struct wl_mend_report mending; /* a copy; phase NONE: nothing is damaged */
	uint64_t mend_now_ns;
	uint32_t worker;
};

struct wl_status_facts {
	const struct wl_config *config;
	const char *version;
	int pid;
	uint64_t boot_id, uptime_ns;
	bool insecure;
	bool hugepages;
	const char *memory_reason, *eal_line;
	bool agent_known;
	struct wl_agent_status agent; /* a copy */
	struct wl_status_worker workers[WIRELOG_WORKERS_MAX];
	struct wl_status_journal journals[WIRELOG_JOURNALS_MAX];
	uint64_t stats_refused, stats_accept_failed;
	uint32_t links_gone; /* of all workers: the device was taken away */
	uint32_t links_down; /* of all workers: no carrier, or no interface */
	uint64_t log_lines_dropped, log_lines_held_back, worker_allocations, link_allocations;
	uint64_t process_cpu_ns, process_resident_bytes;
	const struct wl_status_link *links;
	uint32_t link_count;
	bool storage_free_known;
	uint64_t storage_free_bytes; /* of the file system that the data are on */
	uint64_t now_ns; /* of the clock that `health` was looked at by */
	const struct wl_health
		*health; /* as just looked at; NULL: judged here, without what was before */
};

json_t *wl_status_json_status(const struct wl_status_facts *facts);
/* Of that what tells other nodes how this one is: node, version, health, of each journal who leads, how far it is and who its members are. */
json_t *wl_status_json_brief(const struct wl_status_facts *facts);
json_t *wl_status_json_counters(const struct wl_status_facts *facts);
json_t *wl_status_json_latency(const struct wl_status_facts *facts);
/* config_json.c: every key, in the units in which a node keeps it. */
json_t *wl_status_json_config(const struct wl_config *config);

/* keys_json.c: an id as eight hexadecimal digits, null for 0; the keys of a journal's worker, and of a peer (base/keys.h). */
json_t *wl_status_json_key(uint32_t id);
void wl_status_json_set_keys(json_t *object, const struct wl_journal_status *status);
void wl_status_json_set_peer_keys(json_t *object, const struct wl_peer_status *peer);
/* kept_json.c: what of a journal is kept, and its bases. */
void wl_status_json_set_kept(json_t *object, const struct wl_config *config,
			     const struct wl_journal_status *status);

/* {"count", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"} */
json_t *wl_status_json_percentiles(const struct wl_histogram *histogram);
/* Whom this node takes for the leader, 0: nobody. A follower's view is older than what its control has heard of since. */
uint32_t wl_status_json_leader_of(const struct wl_status_facts *facts, uint32_t id);
/* It takes no part any more. */
bool wl_status_json_is_apart(const struct wl_status_facts *facts, uint32_t id);
/* archive_json.c: as `archive`; null where there is none. */
void wl_status_json_set_archive(json_t *object, const struct wl_archive_report *report);
/* scrub_json.c: as `scrub`. `now_ns` is of the clock of who scrubs. */
void wl_status_json_set_scrub(json_t *object, const struct wl_scrub_report *report,
			      uint64_t period_ns, uint64_t now_ns);
/* mend_json.c: as `mending`. `now_ns` is of the clock of who mends. */
void wl_status_json_set_mending(json_t *object, const struct wl_mend_report *report,
				uint64_t now_ns);

void wl_status_json_dotted(uint32_t ipv4, char text[16]);
void wl_status_json_hex(uint64_t value, char text[17]);

#endif
