/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every number that a node tells, flat: a name, the ids that it belongs to, a value. Dashboards and wirelog-exporter read these, and
 * know from the catalogue what each one is, so that neither knows a path into the status.
 *
 *   catalogue  {"schema", "metrics": [{"name", "kind", "unit", "help", "labels": ["journal", "peer"]}], "stages": [...]}
 *   metrics    {"schema", "node", "cluster", "version", "metrics": [{"name", "values": [[0, 3, 17]]}], "stages": [...]}
 *
 * A row of `values` is the labels' values in their order, then the number. What is not known has no row. `kind`: sum (only grows, since
 * the start), most (largest since the start), now. WL_METRICS_SCHEMA is raised when the shape changes; names are added, never changed.
 *
 * Both come from one table, groups of lists X(name, kind, unit, help[, value]): those that stand beside the counters, and the ones below.
 * Pure but for jansson's memory. Thread: as status_json.h.
 */
#ifndef WL_CONTROL_REPORT_METRICS_H
#define WL_CONTROL_REPORT_METRICS_H

#include "control/report/health.h"

#define WL_METRICS_SCHEMA 1

/* Of the node. `f`: struct wl_status_facts. */
/* clang-format off */
#define WL_NODE_METRIC_LIST(X) \
	X(health, NOW, level, "0 healthy, 1 degraded, 2 unsafe", f->health ? f->health->now.level : 0) \
	X(uptime_ns, NOW, ns, "since the process began", f->uptime_ns) \
	X(boots, NOW, starts, "of these data, this one included", f->boot_id >> 32) \
	X(hugepages, NOW, flag, "memory is in hugepages", f->hugepages) \
	X(insecure, NOW, flag, "frames are not authenticated", f->insecure) \
	X(links_down, NOW, links, "without a carrier, or whose interface is gone", f->links_down) \
	X(storage_free_bytes, NOW, bytes, "of the file system that the data are on", f->storage_free_known ? (int64_t)f->storage_free_bytes : WL_METRIC_NOT_KNOWN) \
	X(process_cpu_ns, SUM, ns, "that the process used on all its threads", f->process_cpu_ns) \
	X(process_resident_bytes, NOW, bytes, "of the process in RAM", f->process_resident_bytes) \
	X(log_lines_dropped, SUM, lines, "of the log: its sink was too slow", f->log_lines_dropped) \
	X(log_lines_held_back, SUM, lines, "of the log, of events that repeated", f->log_lines_held_back) \
	X(stats_refused, SUM, connections, "of other users to the stats socket and admin.sock", f->stats_refused) \
	X(stats_accept_failed, SUM, connections, "to the stats socket and admin.sock that found no descriptor or memory", f->stats_accept_failed) \
	X(worker_allocations, SUM, allocations, "by workers since they poll: 0, or a bug", f->worker_allocations)

/* Of a journal. `s`: struct wl_journal_status; `f`, `id`. */
#define WL_JOURNAL_METRIC_LIST(X) \
	X(leads, NOW, flag, "this node leads it", s->view.role == WL_ROLE_LEADER) \
	X(ready, NOW, flag, "it leads, and takes appends", s->ready) \
	X(leader, NOW, id, "node that this one takes for the leader; 0: none", wl_status_json_leader_of(f, id)) \
	X(term, NOW, term, "that this node is in", s->view.term) \
	X(tail_index, NOW, entry, "last one in memory", s->tail.index) \
	X(durable_index, NOW, entry, "last one on the medium", s->durable.index) \
	X(received_index, NOW, entry, "leader: last one in the memory of a majority; follower: last one known equal to the leader's", s->received) \
	X(commit_index, NOW, entry, "last committed one", s->commit) \
	X(first_index, NOW, entry, "first one that is kept", s->first_index) \
	X(records, NOW, record, "number of the last committed one", s->commit_number) \
	X(first_record, NOW, record, "number of the first one that is kept", s->first_number) \
	X(trim_record, NOW, record, "from this number on they are promised to be kept", s->trim_number) \
	X(append_bytes, NOW, bytes, "offset in the stream where the next chunk begins", s->append_offset) \
	X(durable_bytes, NOW, bytes, "of the stream that are durable", s->durable_offset) \
	X(used_bytes, NOW, bytes, "of the stream on the medium", wl_health_marks_used(s, f->config->segment_bytes)) \
	X(limit_bytes, NOW, bytes, "log.bytes_max", f->config->log_bytes_max) \
	X(writes_in_flight, NOW, writes, "that are not durable yet", s->writes_in_flight) \
	X(drive_silent_ns, NOW, ns, "writes are under way and none came back since", s->storage.silent_ns) \
	X(reads_failed, SUM, reads, "of the log, for readers and lagging peers", s->storage.reads_failed) \
	X(sessions, NOW, sessions, "in the table", s->sessions) \
	X(clients, NOW, clients, "that this worker serves", s->clients) \
	X(readers, NOW, readers, "that are served", s->subscriptions) \
	X(waiting_replies, NOW, answers, "that wait for their level", s->waiting_replies) \
	X(consumers, NOW, consumers, "that have a checkpoint", s->consumers.count) \
	X(held_bytes, NOW, bytes, "leader: that the lowest checkpoint holds back of what retention would trim", s->held_bytes) \
	X(elections_left, NOW, elections, "that the log has room for", s->elections_left) \
	X(terms_left, NOW, terms, "that may still get entries", s->terms_left) \
	X(clock_ahead_ns, NOW, ns, "wall clock against what a majority vouches for", s->clock_ahead_ns) \
	X(stamps_ahead_ns, NOW, ns, "so long stamps stand still: the last one lies in the future", s->stamps_ahead_ns) \
	X(base_index, NOW, entry, "of this node's newest base; 0: none", s->base_index) \
	X(base_proven_index, NOW, entry, "of the newest base that a majority made alike; 0: none", s->proven_index) \
	X(bases_made, SUM, bases, "by this node", s->bases.made) \
	X(bases_failed, SUM, bases, "that could not be written", s->bases.failures) \
	X(no_space, NOW, flag, "appends are refused for want of room", s->no_space) \
	X(poisoned, NOW, flag, "a durable write failed", s->poisoned) \
	X(silent, NOW, flag, "leader: hears no majority", s->silent) \
	X(commit_stalled, NOW, flag, "leader: a majority answers and nothing commits", s->commit_stalled) \
	X(damaged, NOW, flag, "a place of the log cannot be believed", s->damaged) \
	X(rebuilding, NOW, flag, "the table of sessions is being rebuilt", s->rebuilding)

/* Of a voter, as the leader of a journal sees it. `p`: struct wl_peer_status; `s`, `f`, `id`, `node`. */
#define WL_PEER_METRIC_LIST(X) \
	X(received_index, NOW, entry, "last one that it has in memory", p->match_received) \
	X(durable_index, NOW, entry, "last one that it has on its medium", p->match_durable) \
	X(behind_entries, NOW, entries, "that it does not have", s->tail.index > p->match_received ? s->tail.index - p->match_received : 0) \
	X(behind_ns, NOW, ns, "since it had everything", f->health ? wl_health_marks_behind_ns(&f->health->marks[id], s, node, f->now_ns) : 0) \
	X(heard_ago_ns, NOW, ns, "since its last frame that was believed", p->heard_ago_ns == UINT64_MAX ? WL_METRIC_NOT_KNOWN : (int64_t)p->heard_ago_ns) \
	X(streaming, NOW, flag, "it gets entries as they come", p->streaming) \
	X(held_back, NOW, flag, "its data do not count yet", p->held_back) \
	X(needs_base, NOW, flag, "it is so far behind that it needs a base", p->needs_base) \
	X(no_space, NOW, flag, "its log is full", p->no_space) \
	X(path_mtu, NOW, bytes, "of the largest frames that it is sent", p->path_mtu == 0 ? WL_METRIC_NOT_KNOWN : (int64_t)p->path_mtu)

/* Those that other lists do not have. */
#define WL_WORKER_EXTRA_METRIC_LIST(X) \
	X(longest_turn_ns, MOST, ns, "of the loop: a pause of the worker, its own or the machine's") \
	X(silent_ns, NOW, ns, "since its last sign of life")
#define WL_LABELED_METRIC_LIST(X) \
	X(worker_dropped, SUM, frames, "not believed, by reason") \
	X(worker_port, SUM, times, "what the ports of this worker counted") \
	X(link_up, NOW, flag, "it has a carrier, or somebody is at its other end") \
	X(link_changes, SUM, times, "that it came or went, looked at once a second") \
	X(link_resets, SUM, times, "that its device was reset while the node ran") \
	X(link_extended, SUM, times, "what the driver of its device counts beside, those that are not 0") \
	X(health_reason, NOW, flag, "a reason of health that holds; its journal and node are -1 where it is about none")
/* clang-format on */

#define WL_METRIC_NOT_KNOWN INT64_MIN

/* The answers to /wirelog/catalogue and /wirelog/metrics; the caller owns them. */
json_t *wl_metrics_catalogue(void);
json_t *wl_metrics_json(const struct wl_status_facts *facts);

/* metrics_stages.c: histograms of each stage of each journal since the start, with buckets of 2^n microseconds. */
#define WL_METRICS_BUCKETS 26u /* 1 us .. 33.5 s */
json_t *wl_metrics_stages(const struct wl_status_facts *facts);

#endif
