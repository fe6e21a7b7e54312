/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/journal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"

static size_t histogram_bytes(void)
{
	return sizeof(_Atomic uint64_t) * WL_HISTOGRAM_COUNTERS(WL_STAGE_HIGHEST_NS);
}

size_t wl_journal_memory_bytes(const struct wl_journal_config *config)
{
	return wl_align_up(wl_replica_memory_bytes(), WL_BLOCK_BYTES) +
	       wl_align_up(wl_log_memory_bytes(&config->log), WL_BLOCK_BYTES) +
	       wl_align_up(wl_service_memory_bytes(&config->service), WL_BLOCK_BYTES) +
	       wl_align_up(WL_STAGES * histogram_bytes(), WL_BLOCK_BYTES) + 2 * WL_BASE_LANE_BYTES +
	       2 * WL_MEND_LANE_BYTES;
}

void wl_journal_init(struct wl_journal *journal, const struct wl_journal_config *config,
		     uint8_t *ring, void *memory)
{
	uint8_t *at = memory;

	WL_CHECK((uintptr_t)memory % WL_BLOCK_BYTES == 0);
	memset(journal, 0, sizeof(*journal));
	journal->config = *config;
	journal->replica_memory = at;
	at += wl_align_up(wl_replica_memory_bytes(), WL_BLOCK_BYTES);
	wl_log_init(&journal->log, &config->log, ring, at);
	at += wl_align_up(wl_log_memory_bytes(&config->log), WL_BLOCK_BYTES);
	journal->service = wl_service_init(at, &config->service, &journal->log);
	at += wl_align_up(wl_service_memory_bytes(&config->service), WL_BLOCK_BYTES);
	journal->lanes.serving.buffer = at;
	journal->lanes.installing.buffer = at + WL_BASE_LANE_BYTES;
	at += 2 * WL_BASE_LANE_BYTES;
	journal->mend.serving.buffer = at;
	journal->mend.asking.buffer = at + WL_MEND_LANE_BYTES;
	at += 2 * WL_MEND_LANE_BYTES;
	for (unsigned stage = 0; stage < WL_STAGES; stage++) {
		wl_histogram_init(&journal->histograms[stage], WL_STAGE_HIGHEST_NS,
				  (_Atomic uint64_t *)at);
		journal->stages.histogram[stage] = &journal->histograms[stage];
		at += histogram_bytes();
	}
	WL_CHECK((size_t)(at - (uint8_t *)memory) <= wl_journal_memory_bytes(config));
}

struct wl_base_target wl_journal_base_target(struct wl_journal *journal, uint64_t first_segment)
{
	return (struct wl_base_target){
		.state = wl_service_state(journal->service),
		.log = &journal->log,
		.first_segment = first_segment,
	};
}

void wl_journal_empty(struct wl_journal *journal)
{
	struct wl_log *log = &journal->log;

	wl_log_init(log, &journal->config.log, log->ring, log->slots);
	wl_state_clear(wl_service_state(journal->service));
}

void wl_journal_sleep(struct wl_journal *journal)
{
	wl_journal_empty(journal);
	journal->opened_from = 0;
	journal->dormant = true;
}

struct wl_log_history wl_journal_history(const struct wl_journal *journal)
{
	const struct wl_history *history = &wl_service_state(journal->service)->history;

	return (struct wl_log_history){.id = history->id, .index = history->index};
}

void wl_journal_loaded(struct wl_journal *journal)
{
	journal->opened_from = journal->log.tail.index;
	wl_log_set_list(&journal->log, &wl_service_state(journal->service)->list);
	wl_log_set_history(&journal->log, wl_journal_history(journal));
	wl_service_loaded(journal->service);
}

static void on_recovered(void *context, const uint8_t *image, const struct wl_entry_header *header,
			 uint64_t offset)
{
	struct wl_journal *journal = context;

	wl_log_keep_image(&journal->log, image, offset, (uint32_t)wl_entry_bytes(header));
	wl_service_restore(journal->service, header->commit);
}

void wl_journal_recover(struct wl_journal *journal, struct wl_recovery *recovery)
{
	WL_CHECK(recovery->log == &journal->log);
	recovery->on_entry = on_recovered;
	recovery->context = journal;
}

void wl_journal_start(struct wl_journal *journal, uint64_t known_commit, struct wl_tx *tx,
		      struct wl_rx *rx, struct wl_ring *up)
{
	struct wl_replica *replica = &journal->replica;
	const struct wl_replica_config *config = &journal->config.replica;

	WL_CHECK(!journal->dormant || known_commit == 0);
	WL_CHECK(!journal->dormant || journal->log.tail.index == 0);
	if (config->rescued != 0 && journal->log.history.id != config->rescued)
		wl_log_stand_alone(&journal->log, config->incarnation);
	wl_replica_init(replica, &journal->config.replica, &journal->log, known_commit,
			journal->replica_memory);
	replica->tx = tx;
	replica->remotes = rx->peers;
	replica->counters = rx->counters;
	replica->up = up;
	replica->dormant = journal->dormant;
	journal->log.damage_found = &journal->damage_found;
	wl_service_restore(journal->service, replica->commit);
	wl_service_start(journal->service, replica, rx);
}

/* As if the own drive had it all. */
static void time_peers(struct wl_journal *journal, uint64_t now_ns)
{
	const struct wl_replica *replica = &journal->replica;
	const struct wl_list *list = wl_replica_list(replica);
	uint64_t sent[WIRELOG_NODES_MAX + 1], durable[WIRELOG_NODES_MAX + 1];
	struct wl_stages *stages = &journal->stages;

	if (stages->through[WL_STAGE_PEER_DISK] >= stages->sealed_through)
		return; /* which was sent before */
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->leader.peers[node];
		bool counts = wl_replica_counts(replica, node);

		sent[node] = counts ? peer->next_index - 1 : 0;
		durable[node] = counts ? peer->match_durable : 0;
	}
	sent[replica->config.node] = durable[replica->config.node] = journal->log.tail.index;
	wl_stages_reached(stages, WL_STAGE_SEND, wl_quorum_majority(sent, list), now_ns);
	wl_stages_reached(stages, WL_STAGE_PEER_DISK, wl_quorum_majority(durable, list), now_ns);
}

static void time_stages(struct wl_journal *journal, uint64_t tail_before, uint64_t now_ns,
			uint64_t turn_began_ns)
{
	const struct wl_replica *replica = &journal->replica;
	struct wl_stages *stages = &journal->stages;

	if (replica->view.role != WL_ROLE_LEADER)
		return;
	if (journal->staged_boot != replica->view.number) {
		journal->staged_boot = replica->view.number;
		wl_stages_forget(stages, tail_before);
	}
	for (uint64_t index = stages->sealed_through + 1; index <= journal->log.tail.index;
	     index++) {
		wl_stages_sealed(stages, index, now_ns);
		wl_histogram_record(stages->histogram[WL_STAGE_TURN], now_ns - turn_began_ns);
	}
	WL_CHECK_MSG(stages->sealed_through == journal->log.tail.index, "%llu, tail %llu",
		     (unsigned long long)stages->sealed_through,
		     (unsigned long long)journal->log.tail.index);
	time_peers(journal, now_ns);
	wl_stages_reached(stages, WL_STAGE_DISK, journal->log.durable.index, now_ns);
	wl_stages_reached(stages, WL_STAGE_PEER, replica->leader.received_majority, now_ns);
	wl_stages_reached(stages, WL_STAGE_COMMIT, replica->commit, now_ns);
}

/* Behind what leaves in this turn. */
static void time_answers(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_stages *stages = &journal->stages;

	if (journal->replica.view.role == WL_ROLE_LEADER &&
	    stages->through[WL_STAGE_ANSWER] < stages->through[WL_STAGE_COMMIT])
		wl_stages_reached(stages, WL_STAGE_ANSWER,
				  wl_service_answered_through(journal->service), now_ns);
}

/*
 * Led by us, no append would ever be taken, or a follower would never be served. Not before our first entry is committed:
 * by then a majority has what we have, so that somebody else can be elected.
 */
static void watch_medium(struct wl_journal *journal)
{
	struct wl_replica *replica = &journal->replica;

	if (replica->view.role == WL_ROLE_LEADER && replica->leader.ready &&
	    !wl_list_is_alone(&replica->log->list, replica->config.node) &&
	    (wl_service_wants_other_leader(journal->service) || wl_replica_cannot_serve(replica)))
		wl_replica_stall(replica, WL_STALL_DISK);
}

void wl_journal_begin_turn(struct wl_journal *journal, uint64_t now_ns)
{
	wl_replica_begin_turn(&journal->replica, now_ns);
	watch_medium(journal);
}

unsigned wl_journal_end_turn(struct wl_journal *journal, uint64_t now_ns, uint64_t turn_began_ns)
{
	uint64_t tail = journal->log.tail.index;
	uint64_t commit = journal->replica.commit;
	unsigned did;

	wl_replica_end_turn(&journal->replica);
	time_stages(journal, tail, now_ns, turn_began_ns);
	wl_service_apply(journal->service);
	did = wl_service_end_turn(journal->service, now_ns);
	time_answers(journal, now_ns);
	if (journal->anatomy)
		wl_journal_note_times(journal, now_ns, turn_began_ns);
	did += wl_journal_turn_bases(journal, now_ns);
	did += wl_journal_turn_chains(journal, now_ns);
	if (journal->damage_found != 0)
		wl_mend_lanes_note_damaged(&journal->mend, journal->damage_found - 1);
	journal->damage_found = 0;
	did += wl_journal_turn_mend(journal, now_ns);
	WL_CHECK_MSG(journal->replica.commit >= commit, "%llu, was %llu",
		     (unsigned long long)journal->replica.commit, (unsigned long long)commit);
	return did + (journal->log.tail.index != tail) + (journal->replica.commit != commit);
}

/*
 * What is below the older one of two bases that a majority made, ours among them, and below the trim point (docs/SAFETY.md, rules 11, 12, 14);
 * and durable in the archive, where there is one.
 * The state must have it behind itself, too: it may be read anew until then.
 */
static void give_up(struct wl_journal *journal, uint64_t keep_offset)
{
	const struct wl_state *state = wl_service_state(journal->service);
	struct wl_log *log = &journal->log;
	struct wl_log_begin begin;

	if (keep_offset != 0 && wl_log_find_begin(log, state->trim_number, keep_offset, &begin) &&
	    begin.position.index > log->begin.position.index &&
	    begin.position.index <= state->sessions.applied_index)
		wl_log_give_up(log, &begin);
}

void wl_journal_tend_bases(struct wl_journal *journal)
{
	const struct wl_replica *replica = &journal->replica;
	const struct wl_log *log = &journal->log;
	struct wl_base_report *report = &journal->base_report;
	struct wl_base_limit limit = {
		.durable_offset = log->durable_offset,
		.base_mark = wl_service_state(journal->service)->base_mark,
	};

	/* Of an index that is not durable here a dead entry may be the last one in the stream as yet. */
	limit.commit = replica->commit < log->durable.index ? replica->commit : log->durable.index;
	/*
	 * A base may stand above what we know to be committed as yet: the start could not read it, began with the one before it, and the
	 * maker read it later. It counts when our commit has reached it.
	 */
	if (wl_base_exchange_reported(&journal->bases, report) &&
	    report->newest.index <= replica->commit) {
		wl_replica_set_base(&journal->replica, report->newest.index, report->newest.digest);
		give_up(journal, wl_base_exchange_kept(&journal->bases, report));
	}
	limit.begin = log->begin;
	wl_base_exchange_tell(&journal->bases, &limit);
}

static void publish_greeting(struct wl_peer_status *status, const struct wl_greeting *greeting,
			     uint64_t boot_id)
{
	status->differences_known = boot_id != 0 && greeting->boot_id == boot_id;
	status->takes_part = wl_greeting_takes_part(greeting, boot_id);
	if (!status->differences_known)
		return;
	status->differs = greeting->differs;
	memcpy(status->ours, greeting->ours, sizeof(status->ours));
	memcpy(status->theirs, greeting->theirs, sizeof(status->theirs));
}

static void publish_build(struct wl_peer_status *status, const struct wl_build *build,
			  uint64_t boot_id)
{
	status->declared = build->declared;
	status->build_known = wl_build_is_known(build, boot_id);
	memcpy(status->version, build->version, sizeof(status->version));
}

static void publish_claim(struct wl_claim_status *status, const struct wl_claim *claim,
			  uint64_t now_ns)
{
	if (claim->frames == 0)
		return;
	status->why = wl_frame_verdict_name(claim->why);
	status->ipv4 = claim->address.ipv4;
	status->key_id = claim->key_id;
	status->frames = claim->frames;
	status->ago_ns = now_ns - claim->seen_ns;
}

static void publish_peer(struct wl_peer_status *status, const struct wl_peer *peer,
			 const struct wl_remote *remote, uint64_t now_ns)
{
	status->match_received = peer->match_received;
	status->match_durable = peer->match_durable;
	status->next_index = peer->next_index;
	status->greeted = remote->boot_id != 0;
	status->heard_ago_ns = remote->boot_id && now_ns >= remote->last_heard_ns
				       ? now_ns - remote->last_heard_ns
				       : UINT64_MAX;
	status->streaming = peer->state == WL_PEER_STREAM;
	status->no_space = peer->no_space;
	status->incarnation = remote->incarnation;
	status->needs_base = peer->needs_base;
}

/* Leader: how far it is behind, and how fast it comes nearer. */
static void publish_catch_up(struct wl_journal *journal, uint32_t node,
			     struct wl_peer_status *status, uint64_t now_ns)
{
	const struct wl_peer *peer = &journal->replica.leader.peers[node];
	struct wl_progress *progress = &journal->catch_up[node];
	const struct wl_log *log = &journal->log;
	bool in_step = peer->match_received >= log->tail.index;
	uint64_t done = in_step ? log->append_offset
				: wl_log_offset_near(log, peer->match_received + 1);

	if (journal->replica.view.role != WL_ROLE_LEADER) {
		*progress = (struct wl_progress){0};
		return;
	}
	wl_progress_look(progress, done, log->append_offset, now_ns);
	status->behind = peer->behind && peer->match_received != 0;
	status->behind_entries = in_step ? 0 : log->tail.index - peer->match_received;
	status->behind_bytes = log->append_offset > done ? log->append_offset - done : 0;
	status->catch_up_rate = wl_progress_rate(progress);
	status->catch_up_left_ns = wl_progress_left_ns(progress);
}

static void publish_log(struct wl_journal_status *status, const struct wl_log *log)
{
	status->tail = log->tail;
	status->durable = log->durable;
	status->first_index = log->begin.position.index + 1;
	status->first_segment = log->first_segment;
	status->may_start_term = wl_log_may_start_term(log);
	status->elections_left = wl_log_elections_left(log);
	status->terms_left = wl_log_terms_left(log);
	status->next_number = log->next_number;
	status->first_number = log->begin.next_number;
	status->append_offset = log->append_offset;
	status->durable_offset = log->durable_offset;
	status->segments_ready = log->segments_ready;
	status->writes_in_flight = log->writes_in_flight;
	status->no_space = wl_log_is_full(log);
	status->poisoned = log->poisoned;
	status->storage = (struct wl_storage_status){
		.write_error = log->write_error,
		.segment_error = log->segment_error,
		.open_error = log->open_error,
		.read_error = log->read_error,
		.forget_error = log->forget_error,
		.write_error_offset = log->write_error_offset,
		.segment_error_offset = log->segment_error_offset,
		.open_error_offset = log->open_error_offset,
		.read_error_offset = log->read_error_offset,
		.forget_error_offset = log->forget_error_offset,
		.reads_failed = log->reads_failed,
	};
}

static void publish_replica(struct wl_journal_status *status, const struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;
	bool leads = replica->view.role == WL_ROLE_LEADER;

	status->journal = replica->config.journal;
	status->view = replica->view;
	status->list = log->list;
	status->commit = replica->commit;
	status->commit_durable.index = replica->commit < log->durable.index ? replica->commit
									    : log->durable.index;
	WL_CHECK(wl_log_term_at(log, status->commit_durable.index, &status->commit_durable.term) ==
		 WL_LOG_KNOWN);
	status->wall_ns = replica->wall_ns;
	status->clock_ahead_ns = replica->clock_ahead_ns;
	status->clock_astray = replica->clock_astray;
	if (log->last_timestamp_ns > replica->wall_ns - (uint64_t)replica->clock_ahead_ns)
		status->stamps_ahead_ns = log->last_timestamp_ns -
					  (replica->wall_ns - (uint64_t)replica->clock_ahead_ns);
	if (wl_log_chain_at(log, replica->commit, &status->chain) == WL_LOG_KNOWN)
		status->chain_index = replica->commit;
	status->received = leads ? replica->leader.received_majority : replica->follower.match;
	status->dormant = replica->dormant;
	status->base_index = replica->base_index;
	status->base_digest = replica->base_digest;
	status->ready = replica->leader.ready;
	status->silent = replica->silent;
	status->commit_stalled = leads && replica->leader.commit_stalled;
	status->state_undecided = leads && replica->state.undecided;
	status->handing_over = replica->leader.handing_over;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		status->damaged |= leads && replica->leader.peers[node].damaged;
}

static void publish_consumers(struct wl_journal_status *status,
			      const struct wl_consumer_table *table)
{
	WL_CHECK(table->count <= WL_CONSUMERS_MAX);
	status->consumers.count = table->count;
	status->consumers.lowest = table->lowest;
	memcpy(status->consumers.consumers, table->consumers,
	       table->count * sizeof(table->consumers[0]));
}

static void publish_service(struct wl_journal_status *status, const struct wl_service *service)
{
	struct wl_service_stats stats;

	wl_service_get_stats(service, &stats);
	status->commit_number = stats.commit_number;
	status->sessions = stats.sessions;
	status->state_digest = stats.state_digest;
	status->subscriptions = stats.subscriptions;
	status->waiting_replies = stats.waiting_replies;
	status->applied_index = stats.applied_index;
	status->trim_number = stats.trim_number;
	status->limits = stats.limits;
	status->keys = stats.keys;
	status->lacks_room = stats.lacks_room;
	status->features = stats.features;
	status->lacks_features = stats.lacks_features;
	status->held_bytes = status->view.role == WL_ROLE_LEADER ? stats.held_bytes : 0;
	publish_consumers(status, stats.consumers);
	status->base_mark = stats.base_mark;
	status->proven_index = stats.proven.index;
	status->proven_digest = stats.proven.digest;
	status->base_differs = stats.base_differs;
	status->rebuilding = stats.rebuilding;
	status->damaged |= stats.damaged;
}

static void publish_history(struct wl_journal_status *status, const struct wl_journal *journal)
{
	const struct wl_history *history = &wl_service_state(journal->service)->history;

	status->history = journal->replica.history;
	status->history_before = history->before;
	status->lost_number = history->lost_number;
	status->lost_end = history->next_number;
}

static void publish_keys(struct wl_journal_status *status, const struct wl_rx *rx)
{
	status->keys_in_force = rx->keys;
	status->keys_held = rx->auth->held;
	status->key_sent_with = rx->auth->held.id[wl_keys_send(&rx->keys, &rx->auth->held)];
	status->old_clients = rx->old_clients;
	status->old_client_ipv4 = rx->old_client_ipv4;
}

/* What the worker's frames say of a node, beside what the replica does. */
static void publish_node(struct wl_journal_status *status, unsigned node, const struct wl_rx *rx,
			 uint64_t now_ns)
{
	struct wl_peer_status *peer = &status->peers[node];

	status->duplicate |= wl_rx_hears_twin(rx, node, now_ns) ||
			     (rx->claims.own_said_ns[node] != 0 &&
			      now_ns - rx->claims.own_said_ns[node] <= 2 * rx->peer_alive_ns);
	peer->path_mtu = rx->paths[node].mtu;
	peer->path_is_narrow = wl_path_is_narrow(&rx->paths[node]);
	publish_claim(&peer->twin, &rx->claims.twin[node], now_ns);
	publish_claim(&peer->refused, &rx->claims.refused[node], now_ns);
	publish_greeting(peer, &rx->greetings[node], rx->peers[node].boot_id);
	publish_build(peer, &rx->builds[node], rx->peers[node].boot_id);
	peer->lacks_features = rx->builds[node].lacks >> status->journal & 1;
	peer->key_id = rx->peers[node].key.id;
	peer->old_clients = WL_RX_NOT_COUNTED;
	if (!peer->differences_known)
		return;
	peer->apart = rx->greetings[node].apart >> status->journal & 1;
	memcpy(peer->keys_held, rx->greetings[node].keys_held, sizeof(peer->keys_held));
	peer->old_clients = rx->greetings[node].old_clients;
	peer->history = rx->greetings[node].history[status->journal];
	peer->strange = rx->greetings[node].strange >> status->journal & 1;
}

void wl_journal_publish(struct wl_journal *journal, const struct wl_rx *rx, uint64_t now_ns)
{
	const struct wl_replica *replica = &journal->replica;
	struct wl_journal_status status;

	memset(&status, 0, sizeof(status));
	WL_CHECK(rx->auth->held.count != 0 && rx->auth->held.count <= WL_KEYS_HELD_MAX);
	publish_log(&status, &journal->log);
	publish_replica(&status, replica);
	publish_history(&status, journal);
	publish_service(&status, journal->service);
	publish_keys(&status, rx);
	status.opened_from = journal->opened_from;
	status.build_features = journal->config.service.features;
	status.bases = journal->base_report;
	status.compared = journal->chains.report;
	status.clients = rx->clients.used;
	status.storage.segment_awaited_ns = wl_replica_segment_awaited_ns(replica);
	if (journal->log.writes_in_flight != 0 && now_ns > replica->disk_progress_ns)
		status.storage.silent_ns = now_ns - replica->disk_progress_ns;
	for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++) {
		publish_peer(&status.peers[node], &replica->leader.peers[node], &rx->peers[node],
			     now_ns);
		publish_catch_up(journal, node, &status.peers[node], now_ns);
		publish_node(&status, node, rx, now_ns);
		status.peers[node].held_back = wl_replica_knows_held_back(replica, node);
		status.peers[node].may_succeed = replica->view.role == WL_ROLE_LEADER &&
						 wl_replica_may_succeed(replica, node);
	}
	status.peers[replica->config.node].incarnation = replica->config.incarnation;
	wl_published_write(&journal->published, &status);
}
