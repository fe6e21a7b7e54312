/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/worker.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define TEND_INTERVAL_NS 1000000u
#define PUBLISH_INTERVAL_NS 1000000u
#define SPACE_RETRY_INTERVAL_NS 1000000000u
#define WRITE_RETRY_INTERVAL_NS 100000000u
#define STOP_PATIENCE_NS 500000000u /* for writes in flight at STOP */

WL_STATIC_CHECK(WIRELOG_JOURNALS_MAX <=
		32); /* a bit per journal: histories_open, apart, strange, lacks */

size_t wl_worker_memory_bytes(const struct wl_worker_config *config)
{
	return wl_remote_table_memory_bytes(config->clients_max);
}

static void init_peer(struct wl_worker *worker, uint32_t node)
{
	const struct wl_worker_config *config = &worker->config;
	struct wl_remote *peer = &worker->rx.peers[node];

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	WL_CHECK(node != config->node);
	peer->identity = wl_identity_of_node(node, config->worker);
	peer->address = config->peer_address[node];
	peer->address_known = config->peer_address_known[node];
	peer->boot_floor = config->peer_boot[node];
	peer->incarnation = config->peer_incarnation[node];
	peer->suspect = wl_members_has(config->suspects, node);
	worker->rx.builds[node].declared = config->peer_declared[node];
	wl_replay_init(&peer->replay);
}

static void init_peers(struct wl_worker *worker)
{
	const struct wl_worker_config *config = &worker->config;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (node != config->node && wl_members_has(config->members, node))
			init_peer(worker, node);
}

void wl_worker_meet(struct wl_worker *worker, const struct wl_worker_newcomer *newcomer)
{
	struct wl_worker_config *config = &worker->config;

	WL_CHECK(wl_members_only(newcomer->node) != 0 && newcomer->node != config->node);
	WL_CHECK(!wl_members_has(config->members, newcomer->node));
	config->members = wl_members_with(config->members, newcomer->node);
	config->peer_address[newcomer->node] = newcomer->address;
	config->peer_address_known[newcomer->node] = newcomer->address_known;
	worker->rx.members = config->members;
	init_peer(worker, newcomer->node);
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_journal *journal = &worker->journals[at];

		journal->replica.config.priority[newcomer->node] = newcomer->priority;
		wl_service_add_member(journal->service,
				      &newcomer->told[journal->replica.config.journal]);
	}
}

void wl_worker_init(struct wl_worker *worker, const struct wl_worker_config *config,
		    const struct wl_worker_lent *lent)
{
	memset(worker, 0, sizeof(*worker));
	worker->config = *config;
	worker->port = lent->port;
	worker->disk = lent->disk;
	worker->plane = lent->plane;
	worker->status.lane = lent->status;

	worker->rx.auth = lent->auth;
	worker->rx.counters = &worker->counters;
	worker->rx.cluster = config->cluster;
	worker->rx.identity = wl_identity_of_node(config->node, config->worker);
	worker->rx.boot_id = config->boot_id;
	worker->rx.incarnation = config->incarnation;
	worker->rx.ipv4 = config->ipv4;
	worker->rx.udp_port = config->udp_port;
	worker->rx.members = config->members;
	worker->rx.client_idle_ns = config->client_idle_ns;
	worker->rx.old_clients = WL_RX_NOT_COUNTED;
	worker->rx.peer_alive_ns = WL_WORKER_PEER_ALIVE_TIMEOUTS * config->election_timeout_ns;
	wl_remote_table_init(&worker->rx.clients, lent->memory, config->clients_max);
	init_peers(worker);

	wl_tx_init(&worker->tx, lent->port, lent->auth, &worker->counters);
	worker->tx.cluster = config->cluster;
	worker->tx.identity = worker->rx.identity;
	worker->tx.boot_id = config->boot_id;
	worker->tx.udp_port = config->udp_port;
	wl_tx_derive_key(&worker->tx);
}

void wl_worker_start(struct wl_worker *worker, struct wl_journal *journals, uint32_t journal_count,
		     const uint64_t *known_commit)
{
	worker->journals = journals;
	worker->journal_count = journal_count;
	for (uint32_t at = 0; at < journal_count; at++) {
		WL_CHECK(journals[at].config.replica.journal < WIRELOG_JOURNALS_MAX);
		wl_journal_start(&journals[at], known_commit[at], &worker->tx, &worker->rx,
				 &worker->plane->up);
		if (journals[at].replica.history == 0)
			worker->histories_open |= 1u << journals[at].replica.config.journal;
	}
}

struct wl_journal *wl_worker_journal(struct wl_worker *worker, uint16_t journal)
{
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		if (worker->journals[at].config.replica.journal == journal)
			return &worker->journals[at];
	}
	return NULL;
}

static void retry_segments(struct wl_log *log)
{
	wl_log_retry_space(log);
	wl_log_retry_forgets(log);
}

/* The rare duties, each at its own interval. */
static void do_rounds(struct wl_worker *worker)
{
	uint64_t now = worker->now_ns;

	if (now - worker->tended_ns >= TEND_INTERVAL_NS) {
		worker->tended_ns = now;
		worker->port->ops->tend(worker->port, now);
		wl_worker_greet(worker);
		wl_worker_tell_histories(worker);
		wl_worker_tend_builds(worker);
		wl_worker_tend_claims(worker);
		wl_worker_tend_keys(worker);
		wl_worker_tend_status(worker);
	}
	if (now - worker->published_ns >= PUBLISH_INTERVAL_NS) {
		worker->published_ns = now;
		for (uint32_t at = 0; at < worker->journal_count; at++) {
			wl_journal_tend_bases(&worker->journals[at]);
			wl_journal_publish(&worker->journals[at], &worker->rx, now);
		}
	}
	if (now - worker->space_retry_ns >= SPACE_RETRY_INTERVAL_NS) {
		worker->space_retry_ns = now;
		for (uint32_t at = 0; at < worker->journal_count; at++)
			retry_segments(&worker->journals[at].log);
	}
	if (now - worker->write_retry_ns >= WRITE_RETRY_INTERVAL_NS) {
		worker->write_retry_ns = now;
		for (uint32_t at = 0; at < worker->journal_count; at++)
			wl_log_retry_writes(&worker->journals[at].log);
	}
}

/* The worker's signs of life, and its eye on control's: nobody would fence a leader whose control is stuck. */
static void watch(struct wl_worker *worker)
{
	uint64_t control =
		atomic_load_explicit(&worker->plane->control_turn_ns, memory_order_relaxed);
	uint64_t limit = WL_PLANE_CONTROL_SILENCE * worker->config.election_timeout_ns;

	atomic_store_explicit(&worker->plane->worker_turn_ns, worker->now_ns, memory_order_relaxed);
	if (control == 0 || control > worker->now_ns || worker->now_ns - control <= limit)
		return;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_replica *replica = &worker->journals[at].replica;

		if (replica->view.role == WL_ROLE_LEADER)
			wl_replica_stall(replica, WL_STALL_CONTROL);
	}
}

static void measure_turn(struct wl_worker *worker, uint64_t now_ns)
{
	uint64_t last = worker->last_turn_ns;

	if (last != 0 && now_ns - last > atomic_load_explicit(&worker->counters.longest_turn_ns,
							      memory_order_relaxed))
		atomic_store_explicit(&worker->counters.longest_turn_ns, now_ns - last,
				      memory_order_relaxed);
	worker->last_turn_ns = now_ns;
}

/* STOP is served once nothing is in flight, or when patience ends: what was acknowledged is durable anyway. */
static void finish_stop(struct wl_worker *worker)
{
	struct wl_plane_message message = {.verb = WL_PLANE_STOPPED, .now_ns = worker->now_ns};

	WL_CHECK(worker->stopping);
	WL_CHECK(worker->now_ns >= worker->stop_since_ns);
	if (worker->requests_in_flight + worker->backlog_count != 0 &&
	    worker->now_ns - worker->stop_since_ns < STOP_PATIENCE_NS)
		return;
	if (wl_ring_push(&worker->plane->up, &message))
		worker->stopped = true;
}

unsigned wl_worker_turn(struct wl_worker *worker, uint64_t now_ns, uint64_t wall_ns)
{
	uint64_t began_ns = worker->last_turn_ns ? worker->last_turn_ns : now_ns;
	unsigned did = 0;

	WL_CHECK(now_ns >= worker->now_ns);
	worker->now_ns = now_ns;
	worker->long_echoes = 0;
	worker->wall_ns = wall_ns;
	measure_turn(worker, now_ns);
	wl_tx_begin_turn(&worker->tx, now_ns);
	worker->elsewhere_left = WL_WORKER_ELSEWHERE;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		worker->journals[at].replica.now_ns = now_ns;
		worker->journals[at].replica.wall_ns = wall_ns;
	}
	did += wl_worker_take_plane(worker);
	for (uint32_t at = 0; at < worker->journal_count; at++)
		wl_journal_begin_turn(&worker->journals[at], now_ns);
	watch(worker);
	if (wl_unlikely(worker->histories_open != 0))
		wl_worker_settle_histories(worker);
	did += wl_worker_take_punted(worker);
	did += wl_worker_take_completions(worker);
	did += wl_worker_take_frames(worker);
	for (uint32_t at = 0; at < worker->journal_count; at++)
		did += wl_journal_end_turn(&worker->journals[at], now_ns, began_ns);
	for (uint32_t at = 0; at < worker->journal_count; at++)
		did += wl_replica_catch_up(&worker->journals[at].replica);
	did += wl_worker_give_disk(worker);
	do_rounds(worker);
	wl_tx_flush(&worker->tx);
	if (worker->stopping && !worker->stopped)
		finish_stop(worker);
	wl_worker_check_next(worker);
	wl_count(&worker->counters, WL_COUNTER_turns);
	if (did == 0)
		wl_count(&worker->counters, WL_COUNTER_turns_idle);
	return did;
}
