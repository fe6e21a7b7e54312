/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/status_json.h"

#include <string.h>

#include "control/report/features_json.h"
#include "control/report/health.h"
#include "dataplane/base/sentence.h"

static json_t *number(uint64_t value)
{
	return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static void set(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, number(value));
}

static void set_text(json_t *object, const char *name, const char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	json_object_set_new(object, name, string ? string : json_null());
}

static void set_flag(json_t *object, const char *name, bool flag)
{
	json_object_set_new(object, name, json_boolean(flag));
}

static json_t *position(struct wl_position at)
{
	return json_pack("{s:o, s:o}", "term", number(at.term), "index", number(at.index));
}

void wl_status_json_hex(uint64_t value, char text[17])
{
	for (int at = 15; at >= 0; at--, value >>= 4)
		text[at] = "0123456789abcdef"[value & 15];
	text[16] = '\0';
}

void wl_status_json_dotted(uint32_t ipv4, char text[16])
{
	struct wl_sentence sentence = wl_sentence_begin(text, 16);

	for (int shift = 24; shift >= 0; shift -= 8) {
		wl_sentence_add_number(&sentence, ipv4 >> shift & 0xff);
		wl_sentence_add(&sentence, shift ? "." : "");
	}
}

/* ---- counters of control ------------------------------------------------------------------------ */

static const struct wl_metric election_metrics[] = {WL_ELECTION_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric agent_metrics[] = {WL_AGENT_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric neighbour_metrics[] = {WL_NEIGHBOUR_COUNTER_LIST(WL_METRIC_ROW)};

#define METRICS(table) (sizeof(table) / sizeof((table)[0]))

/* `counts`: a struct that the list of `metrics` made, so nothing but a number for each. */
static void set_counts(json_t *object, const void *counts, const struct wl_metric *metrics,
		       size_t count)
{
	const uint64_t *values = counts;

	for (size_t at = 0; at < count; at++)
		set(object, metrics[at].name, values[at]);
}

_Static_assert(sizeof(struct wl_election_counts) == METRICS(election_metrics) * sizeof(uint64_t) &&
		       sizeof(struct wl_agent_counts) ==
			       METRICS(agent_metrics) * sizeof(uint64_t) &&
		       sizeof(struct wl_neighbour_counts) ==
			       METRICS(neighbour_metrics) * sizeof(uint64_t),
	       "one number for each row");

/* ---- journals ----------------------------------------------------------------------------------- */

static json_t *differences_of(const struct wl_peer_status *peer)
{
	json_t *list = json_array();

	for (unsigned fact = 0; fact < WL_FACTS; fact++) {
		if (peer->differs & 1u << fact)
			json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:b}", "what",
							      wl_greeting_fact_name(fact), "ours",
							      number(peer->ours[fact]), "theirs",
							      number(peer->theirs[fact]), "decides",
							      wl_greeting_fact_decides(fact)));
	}
	return list;
}

/* null: nobody. */
static json_t *claim_of(const struct wl_claim_status *claim)
{
	char text[16];

	if (!claim->why)
		return json_null();
	wl_status_json_dotted(claim->ipv4, text);
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "why", claim->why, "address", text, "frames",
			 number(claim->frames), "ago_ns", number(claim->ago_ns), "key",
			 wl_status_json_key(claim->key_id));
}

/* null: none yet. */
static json_t *history_of(uint64_t history)
{
	char text[17];

	wl_status_json_hex(history, text);
	return history != 0 ? json_string(text) : json_null();
}

static json_t *peer_of(uint32_t node, const struct wl_peer_status *peer, bool leading)
{
	json_t *object = json_object();

	set(object, "node", node);
	set_flag(object, "greeted", peer->greeted);
	set(object, "heard_ago_ns", peer->heard_ago_ns);
	set_flag(object, "takes_part", peer->takes_part);
	set_flag(object, "diverged", peer->apart);
	json_object_set_new(object, "history", history_of(peer->history));
	set_flag(object, "other_history", peer->strange);
	json_object_set_new(object, "differences",
			    peer->differences_known ? differences_of(peer) : json_null());
	wl_features_json_set_peer(object, peer);
	json_object_set_new(object, "path_mtu",
			    peer->path_mtu ? number(peer->path_mtu) : json_null());
	wl_status_json_set_peer_keys(object, peer);
	json_object_set_new(object, "duplicate", claim_of(&peer->twin));
	json_object_set_new(object, "refused", claim_of(&peer->refused));
	if (!leading)
		return object;
	set_flag(object, "streaming", peer->streaming);
	set(object, "received", peer->match_received);
	set(object, "durable", peer->match_durable);
	set(object, "next", peer->next_index);
	set_flag(object, "no_space", peer->no_space);
	set_flag(object, "held_back", peer->held_back);
	set_flag(object, "may_succeed", peer->may_succeed);
	set_flag(object, "needs_base", peer->needs_base);
	set_flag(object, "behind", peer->behind);
	set(object, "behind_entries", peer->behind_entries);
	set(object, "behind_bytes", peer->behind_bytes);
	set(object, "bytes_per_second", peer->catch_up_rate);
	json_object_set_new(object, "remaining_s",
			    peer->behind && peer->catch_up_left_ns != UINT64_MAX
				    ? number(peer->catch_up_left_ns / 1000000000u)
				    : json_null());
	return object;
}

static json_t *peers_of(const struct wl_status_facts *facts, const struct wl_journal_status *status)
{
	json_t *peers = json_array();

	for (uint32_t at = 0; at < facts->config->node_count; at++) {
		uint32_t node = facts->config->nodes[at].id;

		if (node != facts->config->node)
			json_array_append_new(peers, peer_of(node, &status->peers[node],
							     status->view.role == WL_ROLE_LEADER));
	}
	return peers;
}

/* What recovery had to cut away or refuse; a node that runs has no other damaged ranges in this version. */
static json_t *damage_of(const struct wl_status_journal *journal)
{
	json_t *ranges = json_array();

	if (journal->damage.kind != WL_DAMAGE_NONE && journal->damage.kind != WL_DAMAGE_TORN_TAIL)
		json_array_append_new(ranges,
				      json_pack("{s:s, s:o, s:o}", "kind",
						wl_recovery_damage_name(journal->damage.kind),
						"begin", number(journal->damage.begin), "end",
						number(journal->damage.end)));
	return ranges;
}

static json_t *recovery_of(const struct wl_status_journal *journal)
{
	json_t *object = json_object();

	set(object, "index", journal->recovered_index);
	set(object, "bytes", journal->recovered_bytes);
	set(object, "took_ns", journal->recovery_ns);
	if (journal->damage.kind == WL_DAMAGE_TORN_TAIL)
		json_object_set_new(object, "torn_tail",
				    json_pack("{s:o, s:o}", "begin", number(journal->damage.begin),
					      "end", number(journal->damage.end)));
	return object;
}

static json_t *election_of(const struct wl_election_status *election)
{
	json_t *object = json_object();

	set_text(object, "state", wl_election_state_name(election->state));
	set(object, "term", election->term);
	set(object, "vote", election->vote);
	set(object, "leader", election->leader);
	set(object, "view_number", election->number);
	set_flag(object, "term_committed", election->term_committed);
	set_flag(object, "handing_over", election->handing_over);
	set_flag(object, "leaving", election->leaving);
	set_flag(object, "held_back", election->held_back);
	set(object, "timer_ns", election->timer_ns);
	set(object, "suspects_ns", election->suspects_ns);
	set(object, "leader_heard_ago_ns", election->leader_heard_ago_ns);
	set(object, "penalty_ns", election->penalty_ns);
	set(object, "busy_ns", election->busy_ns);
	set_counts(object, &election->counts, election_metrics, METRICS(election_metrics));
	return object;
}

/* A follower's view is older than what its control has heard of since. */
uint32_t wl_status_json_leader_of(const struct wl_status_facts *facts, uint32_t id)
{
	const struct wl_view *view = &facts->journals[id].published.view;
	const struct wl_election_status *election = &facts->agent.journals[id];

	if (view->leader == 0 && facts->agent_known && election->term == view->term)
		return election->leader;
	return view->leader;
}

/* It takes no part any more. */
bool wl_status_json_is_apart(const struct wl_status_facts *facts, uint32_t id)
{
	return facts->agent_known && facts->agent.divergences[id].node != 0;
}

static json_t *storage_of(const struct wl_storage_status *status)
{
	json_t *object = json_object();

	set(object, "write_error", (uint64_t)status->write_error);
	set(object, "write_error_offset", status->write_error_offset);
	set(object, "segment_error", (uint64_t)status->segment_error);
	set(object, "segment_error_offset", status->segment_error_offset);
	set(object, "open_error", (uint64_t)status->open_error);
	set(object, "open_error_offset", status->open_error_offset);
	set(object, "reads_failed", status->reads_failed);
	set(object, "read_error", (uint64_t)status->read_error);
	set(object, "read_error_offset", status->read_error_offset);
	set(object, "forget_error", (uint64_t)status->forget_error);
	set(object, "forget_error_offset", status->forget_error_offset);
	set(object, "silent_ns", status->silent_ns);
	set(object, "segment_awaited_ns", status->segment_awaited_ns);
	return object;
}

/* Who contradicts what is committed here, and how. */
static json_t *divergence_of(const struct wl_divergence *divergence)
{
	char ours[17], theirs[17];

	wl_status_json_hex(divergence->chain, ours);
	wl_status_json_hex(divergence->their_chain, theirs);
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s}", "of",
			 divergence->kind == WL_DIVERGENCE_OF_STATE ? "sessions" : "records",
			 "node", number(divergence->node), "index",
			 number(divergence->position.index), "term",
			 number(divergence->position.term), "chain", ours, "their_chain", theirs);
}

static void set_progress(const struct wl_config *config, json_t *object,
			 const struct wl_journal_status *status, uint32_t leader)
{
	char chain[17];

	set_text(object, "role", wl_plane_role_name(status->view.role));
	set(object, "term", status->view.term);
	set(object, "leader", leader);
	set(object, "view_number", status->view.number);
	json_object_set_new(object, "tail", position(status->tail));
	set(object, "received", status->received);
	json_object_set_new(object, "durable", position(status->durable));
	set(object, "commit", status->commit);
	set(object, "commit_number", status->commit_number);
	json_object_set_new(object, "history", history_of(status->history));
	json_object_set_new(object, "rescued",
			    status->lost_end != 0
				    ? json_pack("{s:o, s:o, s:o}", "before",
						history_of(status->history_before), "lost_from",
						number(status->lost_number), "goes_on_at",
						number(status->lost_end))
				    : json_null());
	set(object, "next_number", status->next_number);
	wl_status_json_hex(status->chain, chain);
	json_object_set_new(object, "chain",
			    json_pack("{s:o, s:s}", "index", number(status->chain_index), "value",
				      chain));
	wl_status_json_hex(status->state_digest, chain);
	json_object_set_new(object, "sessions",
			    json_pack("{s:o, s:s, s:o, s:b}", "count", number(status->sessions),
				      "digest", chain, "applied", number(status->applied_index),
				      "rebuilding", status->rebuilding));
	wl_status_json_set_keys(object, status);
	wl_status_json_set_kept(object, config, status);
	set(object, "clients", status->clients);
	set(object, "readers", status->subscriptions);
	set(object, "waiting_replies", status->waiting_replies);
	json_object_set_new(object, "begin",
			    json_pack("{s:o, s:o, s:o}", "index", number(status->first_index),
				      "number", number(status->first_number), "segment",
				      number(status->first_segment)));
	json_object_set_new(object, "log",
			    json_pack("{s:o, s:o, s:o, s:o}", "append_offset",
				      number(status->append_offset), "durable_offset",
				      number(status->durable_offset), "segments",
				      number(status->segments_ready), "writes_in_flight",
				      number(status->writes_in_flight)));
	set(object, "elections_left", status->elections_left);
	set(object, "terms_left", status->terms_left);
	json_object_set_new(object, "clock",
			    json_pack("{s:I, s:b, s:o}", "ahead_ns",
				      (json_int_t)status->clock_ahead_ns, "astray",
				      status->clock_astray, "stamps_ahead_ns",
				      number(status->stamps_ahead_ns)));
	set_flag(object, "ready", status->ready);
	set_flag(object, "silent", status->silent);
	set_flag(object, "commit_stalled", status->commit_stalled);
	set_flag(object, "no_space", status->no_space);
	json_object_set_new(object, "storage", storage_of(&status->storage));
	set_flag(object, "poisoned", status->poisoned);
	set_flag(object, "handing_over", status->handing_over);
	set_flag(object, "damaged", status->damaged);
}

json_t *wl_status_json_percentiles(const struct wl_histogram *histogram)
{
	static const struct {
		const char *name;
		double percentile;
	} wanted[] = {{"p50_ns", 50}, {"p90_ns", 90}, {"p99_ns", 99}, {"p999_ns", 99.9}};
	json_t *one = json_object();

	set(one, "count", wl_histogram_count(histogram));
	for (unsigned at = 0; at < sizeof(wanted) / sizeof(wanted[0]); at++)
		set(one, wanted[at].name,
		    wl_histogram_percentile(histogram, wanted[at].percentile));
	set(one, "max_ns", wl_histogram_max(histogram));
	return one;
}

static json_t *latency_of(const struct wl_stages *stages)
{
	json_t *object = json_object();

	for (unsigned stage = 0; stages && stage < WL_STAGES; stage++)
		json_object_set_new(object, wl_stage_name((enum wl_stage)stage),
				    wl_status_json_percentiles(stages->histogram[stage]));
	return object;
}

static json_t *journal_of(const struct wl_status_facts *facts, uint32_t id)
{
	const struct wl_status_journal *journal = &facts->journals[id];
	json_t *object = json_object();

	set(object, "journal", id);
	set(object, "worker", journal->worker);
	if (journal->published_known) {
		set_progress(facts->config, object, &journal->published,
			     wl_status_json_leader_of(facts, id));
		if (wl_status_json_is_apart(facts, id)) {
			set_text(object, "role", "diverged");
			json_object_set_new(object, "divergence",
					    divergence_of(&facts->agent.divergences[id]));
		}
		if (journal->published.dormant)
			set_text(object, "role", "dormant");
		json_object_set_new(object, "peers", peers_of(facts, &journal->published));
	}
	set_flag(object, "dormant", journal->published_known && journal->published.dormant);
	if (journal->mending.phase != WL_MENDING_NONE)
		wl_status_json_set_mending(object, &journal->mending, journal->mend_now_ns);
	wl_status_json_set_archive(object, &journal->archive);
	wl_status_json_set_scrub(object, &journal->scrub, facts->config->scrub_ns,
				 journal->mend_now_ns);
	json_object_set_new(object, "damaged_ranges", damage_of(journal));
	json_object_set_new(object, "recovery", recovery_of(journal));
	if (facts->agent_known)
		json_object_set_new(object, "election", election_of(&facts->agent.journals[id]));
	json_object_set_new(object, "stages", latency_of(journal->stages));
	return object;
}

/* ---- workers, control --------------------------------------------------------------------------- */

static json_t *counters_of(const struct wl_status_worker *worker)
{
	json_t *object = json_object(), *dropped = json_object(), *port = json_object();

	for (unsigned at = 0; at < WL_COUNTERS; at++)
		set(object, wl_counter_name((enum wl_counter)at),
		    wl_count_get(worker->counters, at));
	for (unsigned at = WL_FRAME_ICMP + 1; at < WL_FRAME_VERDICTS; at++)
		set(dropped, wl_frame_verdict_name((enum wl_frame_verdict)at),
		    atomic_load_explicit(&worker->counters->dropped[at], memory_order_relaxed));
	for (unsigned at = 0; at < WL_STATUS_PORT_NUMBERS && worker->port[at].name; at++)
		set(port, worker->port[at].name, worker->port[at].value);
	json_object_set_new(object, "dropped", dropped);
	json_object_set_new(object, "port", port);
	set(object, "longest_turn_ns",
	    atomic_load_explicit(&worker->counters->longest_turn_ns, memory_order_relaxed));
	return object;
}

static json_t *worker_of(const struct wl_status_facts *facts, uint32_t at)
{
	const struct wl_status_worker *worker = &facts->workers[at];
	json_t *object = json_object();

	set(object, "worker", at);
	json_object_set_new(object, "core",
			    worker->core < 0 ? json_null() : json_integer(worker->core));
	json_object_set_new(object, "idle",
			    json_pack("{s:s?, s:s?}", "strategy", worker->idle, "reason",
				      worker->idle_reason));
	set_text(object, "port", worker->port_note);
	set_text(object, "disk", worker->disk_note);
	set_text(object, "self_test", worker->self_test);
	if (facts->agent_known) {
		set(object, "silent_ns", facts->agent.workers[at].silent_ns);
		set(object, "plane_backlog", facts->agent.workers[at].backlog);
		set_flag(object, "stopped", facts->agent.workers[at].stopped);
	}
	json_object_set_new(object, "counters", counters_of(worker));
	return object;
}

static json_t *neighbours_of(const struct wl_agent_status *agent)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < agent->neighbour_count; at++) {
		const struct wl_neighbour_entry *entry = &agent->neighbours[at];
		json_t *object = json_object();
		char text[18];

		set(object, "link", entry->link);
		wl_status_json_dotted(entry->ipv4, text);
		set_text(object, "address", text);
		for (unsigned byte = 0; byte < 6; byte++) {
			text[3 * byte] = "0123456789abcdef"[entry->mac[byte] >> 4];
			text[3 * byte + 1] = "0123456789abcdef"[entry->mac[byte] & 15];
			text[3 * byte + 2] = byte < 5 ? ':' : '\0';
		}
		set_text(object, "mac", entry->known ? text : NULL);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *control_of(const struct wl_agent_status *agent)
{
	json_t *object = json_object();

	set_text(object, "phase", wl_agent_phase_name(agent->phase));
	set(object, "record_sequence", agent->record_sequence);
	set_flag(object, "record_failed", agent->record_failed);
	set_counts(object, &agent->counts, agent_metrics, METRICS(agent_metrics));
	set_counts(object, &agent->neighbour_counts, neighbour_metrics, METRICS(neighbour_metrics));
	json_object_set_new(object, "neighbours", neighbours_of(agent));
	return object;
}

/* ---- answers ------------------------------------------------------------------------------------ */

json_t *wl_status_json_status(const struct wl_status_facts *facts)
{
	json_t *object = json_object(), *workers = json_array(), *journals = json_array();
	struct wl_health_report judged;
	const struct wl_health_report *health = facts->health ? &facts->health->now : &judged;
	json_t *complaints;

	if (!facts->health)
		wl_health_judge(facts, NULL, 0, &judged);
	complaints = wl_health_json_mode(health);
	set(object, "node", facts->config->node);
	set_text(object, "cluster", facts->config->cluster_text);
	set_text(object, "version", facts->version);
	set(object, "pid", (uint64_t)facts->pid);
	set(object, "boot_count", facts->boot_id >> 32);
	set(object, "boot_id", facts->boot_id);
	set(object, "uptime_ns", facts->uptime_ns);
	json_object_set_new(object, "mode",
			    json_pack("{s:b, s:b, s:o}", "insecure", facts->insecure, "degraded",
				      json_array_size(complaints) != 0, "reasons", complaints));
	json_object_set_new(object, "health", wl_health_json(health, facts->now_ns));
	json_object_set_new(json_object_get(object, "health"), "peers",
			    wl_health_json_peers(facts, facts->health ? facts->health->marks : NULL,
						 facts->now_ns));
	json_object_set_new(object, "memory",
			    json_pack("{s:s, s:s?}", "pages",
				      facts->hugepages ? "hugepages" : "4KiB", "reason",
				      facts->memory_reason));
	set_text(object, "eal", facts->eal_line);
	for (uint32_t at = 0; at < facts->config->journal_count; at++)
		json_array_append_new(journals, journal_of(facts, at));
	json_object_set_new(object, "journals", journals);
	for (uint32_t at = 0; at < facts->config->worker_count; at++)
		json_array_append_new(workers, worker_of(facts, at));
	json_object_set_new(object, "workers", workers);
	json_object_set_new(object, "links", wl_status_json_links(facts->links, facts->link_count));
	if (facts->agent_known)
		json_object_set_new(object, "control", control_of(&facts->agent));
	set(object, "log_lines_dropped", facts->log_lines_dropped);
	set(object, "log_lines_held_back", facts->log_lines_held_back);
	set(object, "stats_refused", facts->stats_refused);
	set(object, "stats_accept_failed", facts->stats_accept_failed);
	set(object, "worker_allocations", facts->worker_allocations);
	set(object, "link_allocations", facts->link_allocations);
	return object;
}

json_t *wl_status_json_counters(const struct wl_status_facts *facts)
{
	json_t *workers = json_array();

	for (uint32_t at = 0; at < facts->config->worker_count; at++)
		json_array_append_new(workers, counters_of(&facts->workers[at]));
	return json_pack("{s:o}", "workers", workers);
}

json_t *wl_status_json_latency(const struct wl_status_facts *facts)
{
	json_t *journals = json_array();

	for (uint32_t at = 0; at < facts->config->journal_count; at++)
		json_array_append_new(journals, latency_of(facts->journals[at].stages));
	return json_pack("{s:o}", "journals", journals);
}
