/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The turn. Order, and why:
 *   1. what was kept for a full ring, so that new messages do not overtake it;
 *   2. messages of the workers before those of peers: FENCED, SAW_TERM and LEADER_HEARD decide how
 *      a vote is judged;
 *   3. peers; 4. the record; 5. the timers last, so that what waited during a pause is known before
 *      a timeout counts.
 *
 * Why the backlog suffices: an election that waits for FENCED says nothing more, one that leads
 * says LEAD, TRANSFER, RESUME, FOLLOW, FENCE at most before it needs an answer or the worker
 * counts as silent. Eight for each of 16 journals; operators' transfers are refused while anything
 * is kept. More is a bug, and stops the node.
 */
#include "control/agent/agent.h"

#include <string.h>

#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

#define UP_PER_TURN 64u /* plane messages of one worker */
#define PUNTS_PER_TURN 32u
#define ASKS_PER_TURN 4u
#define TICK_NS 1000000u

WL_STATIC_CHECK(WL_AGENT_BACKLOG >= 8 * WIRELOG_JOURNALS_MAX);
WL_STATIC_CHECK(WL_NEIGHBOURS_MAX <= 64); /* neighbours_told has a bit for each */
WL_STATIC_CHECK(WL_WIRE_VOTE_BYTES <= WL_PUNT_BYTES_MAX);

void wl_agent_init(struct wl_agent *agent, const struct wl_agent_config *config,
		   const struct wl_agent_ops *ops, struct wl_plane_rings *const *planes,
		   const struct wl_superblock *record)
{
	WL_CHECK(config->journal_count <= WIRELOG_JOURNALS_MAX);
	WL_CHECK(config->worker_count >= 1 && config->worker_count <= WIRELOG_WORKERS_MAX);
	memset(agent, 0, sizeof(*agent));
	agent->config = *config;
	if (agent->config.worker_silent_ns == 0)
		agent->config.worker_silent_ns =
			2 *
			(config->patience_ns ? config->patience_ns : config->election_timeout_ns);
	if (agent->config.watermark_interval_ns == 0)
		agent->config.watermark_interval_ns = 1000000000;
	if (agent->config.stop_ns == 0)
		agent->config.stop_ns = 1000000000;
	agent->ops = *ops;
	agent->record = *record;
	wl_neighbour_init(&agent->neighbours);
	for (uint32_t worker = 0; worker < config->worker_count; worker++)
		agent->workers[worker].plane = planes[worker];
	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		const struct wl_superblock_journal *durable = &record->journals[journal];
		struct wl_election_config election = {
			.node = config->node,
			.voters = config->voters,
			.journal = (uint16_t)journal,
			.election_timeout_ns = config->election_timeout_ns,
			.patience_ns = config->patience_ns,
			.seed = config->seed,
			.held_back = wl_agent_begin_history(agent, journal),
		};

		WL_CHECK(config->worker_of_journal[journal] < config->worker_count);
		agent->hard_state[journal].watermark = durable->watermark;
		agent->hard_state[journal].commit = durable->commit;
		wl_election_init(&agent->elections[journal], &election, durable->term,
				 durable->vote);
	}
}

void wl_agent_set_link(struct wl_agent *agent, uint16_t link, const struct wl_link_info *info)
{
	wl_neighbour_set_link(&agent->neighbours, link, info);
}

bool wl_agent_add_neighbour(struct wl_agent *agent, uint16_t link, uint32_t ipv4, uint32_t next_hop)
{
	return wl_neighbour_add(&agent->neighbours, link, ipv4, next_hop);
}

void wl_agent_start(struct wl_agent *agent, uint64_t now_ns)
{
	agent->now_ns = now_ns;
	agent->last_turn_ns = now_ns;
	agent->last_tick_ns = now_ns;
	agent->record_idle_since_ns = now_ns;
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		agent->workers[worker].turn_changed_ns = now_ns;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		if (agent->config.dormant >> journal & 1) {
			/* Fenced from the first view on: no vote, no pre-vote, no campaign in this process. */
			wl_election_withdraw(&agent->elections[journal], now_ns, &agent->effects);
			wl_agent_run_effects(agent, journal);
			continue;
		}
		wl_election_start(&agent->elections[journal], now_ns, &agent->effects);
		wl_agent_run_effects(agent, journal);
		wl_agent_tell_history(agent, journal);
	}
}

static unsigned push_backlog(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	unsigned done = 0;

	while (worker->backlog_count != 0 &&
	       wl_ring_push(&worker->plane->down, &worker->backlog[worker->backlog_head])) {
		worker->backlog_head = (worker->backlog_head + 1) % WL_AGENT_BACKLOG;
		worker->backlog_count--;
		agent->counts.messages_down++;
		done++;
	}
	return done;
}

void wl_agent_tell(struct wl_agent *agent, uint32_t worker, const struct wl_plane_message *message)
{
	struct wl_agent_worker *to = &agent->workers[worker];

	push_backlog(agent, to);
	if (to->backlog_count == 0 && wl_ring_push(&to->plane->down, message)) {
		agent->counts.messages_down++;
		return;
	}
	WL_CHECK(to->backlog_count < WL_AGENT_BACKLOG);
	to->backlog[(to->backlog_head + to->backlog_count) % WL_AGENT_BACKLOG] = *message;
	to->backlog_count++;
	if (to->backlog_count > agent->counts.backlog_most)
		agent->counts.backlog_most = to->backlog_count;
}

static void send_to_peer(struct wl_agent *agent, uint32_t journal,
			 const struct wl_election_effect *effect)
{
	struct wl_agent_worker *worker = &agent->workers[agent->config.worker_of_journal[journal]];
	struct wl_punt *punt = &agent->punt;
	struct wl_wire_vote vote = effect->message.vote;
	struct wl_wire_vote_reply reply = effect->message.reply;
	size_t bytes = 0;

	switch (effect->type) {
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_VOTE:
		vote.incarnation = agent->record.incarnation;
		vote.caught_up_boot = agent->histories[journal].caught_up_boot;
		bytes = wl_wire_encode_vote(punt->data, &vote);
		break;
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE_REPLY:
		reply.incarnation = agent->record.incarnation;
		reply.caught_up_boot = agent->histories[journal].caught_up_boot;
		bytes = wl_wire_encode_vote_reply(punt->data, &reply);
		break;
	case WL_WIRE_TIMEOUT_NOW:
		bytes = wl_wire_encode_timeout_now(punt->data, &effect->message.timeout_now);
		break;
	default:
		WL_CHECK(!"an election sends votes only");
	}
	punt->link = 0;
	punt->bytes = (uint16_t)bytes;
	punt->journal = (uint16_t)journal;
	punt->type = effect->type;
	punt->zero = 0;
	punt->node = effect->node;
	if (wl_ring_push(&worker->plane->punt_down, punt))
		agent->counts.punts_out++;
	else
		agent->counts.punts_dropped++;
}

static void log_line(struct wl_agent *agent, uint32_t journal,
		     const struct wl_election_effect *effect)
{
	const struct wl_agent_line line = {
		.journal = (uint16_t)journal,
		.node = effect->node,
		.term = effect->term,
		.text = effect->text,
		.theirs = effect->voters,
	};

	wl_agent_say(agent, &line);
}

void wl_agent_run_effects(struct wl_agent *agent, uint32_t journal)
{
	for (unsigned i = 0; i < agent->effects.count; i++) {
		const struct wl_election_effect *effect = &agent->effects.item[i];

		switch (effect->verb) {
		case WL_ELECTION_TELL_WORKER:
			wl_agent_tell(agent, agent->config.worker_of_journal[journal],
				      &effect->tell);
			break;
		case WL_ELECTION_SEND:
			send_to_peer(agent, journal, effect);
			break;
		case WL_ELECTION_PERSIST:
			wl_agent_want_record(agent, journal, effect->term, effect->vote);
			break;
		case WL_ELECTION_LOG:
			log_line(agent, journal, effect);
			break;
		}
	}
	agent->effects.count = 0;
}

/* What is the agent's own to judge, and no election's. */
static bool take_warning(struct wl_agent *agent, const struct wl_plane_message *message)
{
	typedef void handler(struct wl_agent *, const struct wl_plane_message *);
	static handler *const handlers[] = {
		[WL_PLANE_DIVERGED] = wl_agent_on_diverged,
		[WL_PLANE_PEER_APART] = wl_agent_on_peer_apart,
		[WL_PLANE_PEER_DIFFERS] = wl_agent_on_peer_differs,
		[WL_PLANE_HISTORY] = wl_agent_on_history,
		[WL_PLANE_PEER_HISTORY] = wl_agent_on_peer_history,
		[WL_PLANE_PEER_BUILD] = wl_agent_on_peer_build,
		[WL_PLANE_PEER_LACKS] = wl_agent_on_peer_lacks,
		[WL_PLANE_FEATURES] = wl_agent_on_features,
		[WL_PLANE_PATH] = wl_agent_on_path,
		[WL_PLANE_TWIN] = wl_agent_on_claim,
		[WL_PLANE_OWN_TWIN] = wl_agent_on_claim,
		[WL_PLANE_REFUSED] = wl_agent_on_claim,
		[WL_PLANE_ROLLED_BACK] = wl_agent_on_rolled_back,
		[WL_PLANE_CAUGHT_UP] = wl_agent_on_caught_up,
		[WL_PLANE_KEYS] = wl_agent_on_keys,
	};

	if ((unsigned)message->verb >= sizeof(handlers) / sizeof(handlers[0]) ||
	    !handlers[message->verb])
		return false;
	handlers[message->verb](agent, message);
	return true;
}

static void take_message(struct wl_agent *agent, struct wl_agent_worker *worker,
			 const struct wl_plane_message *message)
{
	typedef void handler(struct wl_election *, const struct wl_plane_message *, uint64_t,
			     struct wl_election_effects *);
	static handler *const handlers[] = {
		[WL_PLANE_FENCED] = wl_election_on_fenced,
		[WL_PLANE_LIST] = wl_election_on_list,
		[WL_PLANE_SAW_TERM] = wl_election_on_saw_term,
		[WL_PLANE_LEADER_HEARD] = wl_election_on_leader_heard,
		[WL_PLANE_TERM_COMMITTED] = wl_election_on_term_committed,
		[WL_PLANE_TRANSFER_READY] = wl_election_on_transfer_ready,
		[WL_PLANE_STALLED] = wl_election_on_stalled,
		[WL_PLANE_POISONED] = wl_election_on_poisoned,
		[WL_PLANE_WANTS_TRANSFER] = wl_election_on_wants_transfer,
	};

	agent->counts.messages_up++;
	switch (message->verb) {
	case WL_PLANE_STOPPED:
		worker->stopped = true;
		return;
	case WL_PLANE_PEER_BOOT:
		wl_agent_on_peer_boot(agent, (uint32_t)(worker - agent->workers), message);
		return;
	default:
		break;
	}
	if (take_warning(agent, message))
		return;
	WL_CHECK((unsigned)message->verb < sizeof(handlers) / sizeof(handlers[0]) &&
		 handlers[message->verb] && message->journal < agent->config.journal_count);
	handlers[message->verb](&agent->elections[message->journal], message, agent->now_ns,
				&agent->effects);
	wl_agent_run_effects(agent, message->journal);
	if (message->verb == WL_PLANE_FENCED || message->verb == WL_PLANE_LIST)
		wl_agent_judge_name(agent, message->journal);
}

static unsigned take_messages(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	struct wl_plane_message message;
	unsigned done = 0;

	while (done < UP_PER_TURN && wl_ring_pop(&worker->plane->up, &message)) {
		take_message(agent, worker, &message);
		done++;
	}
	return done;
}

/* Of a peer's control. Authentic, otherwise nothing is known about it. False: it does not decode. */
static bool take_peer_message(struct wl_agent *agent, const struct wl_punt *punt)
{
	struct wl_election *election = &agent->elections[punt->journal];
	union {
		struct wl_wire_vote vote;
		struct wl_wire_vote_reply reply;
		struct wl_wire_timeout_now timeout_now;
	} message;

	switch (punt->type) {
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_VOTE:
		if (!wl_wire_decode_vote(punt->data, punt->bytes, &message.vote))
			return false;
		if (!wl_agent_believes(agent, punt, message.vote.incarnation,
				       message.vote.caught_up_boot))
			return true;
		if (punt->type == WL_WIRE_PRE_VOTE)
			wl_election_on_pre_vote(election, punt->node, &message.vote, agent->now_ns,
						&agent->effects);
		else
			wl_election_on_vote(election, punt->node, &message.vote, agent->now_ns,
					    &agent->effects);
		return true;
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE_REPLY:
		if (!wl_wire_decode_vote_reply(punt->data, punt->bytes, &message.reply))
			return false;
		if (!wl_agent_believes(agent, punt, message.reply.incarnation,
				       message.reply.caught_up_boot))
			return true;
		if (punt->type == WL_WIRE_PRE_VOTE_REPLY)
			wl_election_on_pre_vote_reply(election, punt->node, &message.reply,
						      agent->now_ns, &agent->effects);
		else
			wl_election_on_vote_reply(election, punt->node, &message.reply,
						  agent->now_ns, &agent->effects);
		return true;
	case WL_WIRE_TIMEOUT_NOW:
		if (!wl_wire_decode_timeout_now(punt->data, punt->bytes, &message.timeout_now))
			return false;
		wl_election_on_timeout_now(election, punt->node, &message.timeout_now,
					   agent->now_ns, &agent->effects);
		return true;
	default:
		return false;
	}
}

/* Raw frames leave half of the ring to votes. */
static void send_frame(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	struct wl_punt *punt = &agent->punt;

	if (wl_ring_count(&worker->plane->punt_down) >= WL_PUNT_SLOTS / 2) {
		agent->counts.punts_dropped++;
		return;
	}
	punt->link = agent->output.link;
	punt->bytes = agent->output.bytes;
	punt->journal = 0;
	punt->type = 0;
	punt->zero = 0;
	punt->node = 0;
	memcpy(punt->data, agent->output.frame, agent->output.bytes);
	if (wl_ring_push(&worker->plane->punt_down, punt))
		agent->counts.punts_out++;
	else
		agent->counts.punts_dropped++;
}

static void take_punt(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	struct wl_punt *punt = &agent->punt;

	agent->counts.punts_in++;
	if (punt->bytes > sizeof(punt->data)) {
		agent->counts.punts_malformed++;
	} else if (punt->type == 0) {
		struct wl_neighbour_input in = {punt->link, punt->bytes, punt->data};

		wl_neighbour_on_frame(&agent->neighbours, &in, agent->now_ns, &agent->output);
		if (agent->output.bytes != 0)
			send_frame(agent, worker);
	} else if (punt->journal >= agent->config.journal_count) {
		agent->counts.punts_stale++;
	} else {
		uint32_t journal = punt->journal;

		/* The answer is built in the same scratch: the message was decoded by then. */
		if (!take_peer_message(agent, punt))
			agent->counts.punts_malformed++;
		wl_agent_run_effects(agent, journal);
	}
}

static unsigned take_punts(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	unsigned done = 0;

	while (done < PUNTS_PER_TURN && wl_ring_pop(&worker->plane->punt_up, &agent->punt)) {
		take_punt(agent, worker);
		done++;
	}
	return done;
}

/* An address that a worker does not hear of now is told in a later turn: it is no view, order does
 * not matter. */
static unsigned tell_neighbours(struct wl_agent *agent, struct wl_agent_worker *worker)
{
	struct wl_neighbours *neighbours = &agent->neighbours;
	unsigned done = 0;

	for (uint32_t i = 0; i < neighbours->count; i++) {
		const struct wl_neighbour_entry *entry = &neighbours->entries[i];
		struct wl_plane_message message = {
			.verb = WL_PLANE_NEIGHBOUR,
			.link = entry->link,
			.ipv4 = entry->ipv4,
		};

		if (!entry->known || (worker->neighbours_told & 1ull << i) != 0 ||
		    worker->backlog_count != 0)
			continue;
		memcpy(message.mac, entry->mac, sizeof(message.mac));
		if (!wl_ring_push(&worker->plane->down, &message))
			return done;
		agent->counts.messages_down++;
		worker->neighbours_told |= 1ull << i;
		done++;
	}
	return done;
}

static unsigned tend_neighbours(struct wl_agent *agent)
{
	struct wl_neighbours *neighbours = &agent->neighbours;
	unsigned done = 0;

	wl_agent_warn_of_addresses(agent);
	for (uint32_t i = 0; i < neighbours->count; i++) {
		if (!neighbours->entries[i].changed)
			continue;
		neighbours->entries[i].changed = false;
		for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
			agent->workers[worker].neighbours_told &= ~(1ull << i);
	}
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		done += tell_neighbours(agent, &agent->workers[worker]);
	/* Every worker has a queue on every Ethernet link; the first one asks. */
	for (unsigned i = 0; i < ASKS_PER_TURN; i++) {
		if (!wl_neighbour_ask(neighbours, agent->now_ns, &agent->output))
			break;
		send_frame(agent, &agent->workers[0]);
		done++;
	}
	return done;
}

/*
 * A worker is silent when its sign of life stands still while we ourselves run: after a pause of
 * the whole process its clock starts anew.
 */
static bool worker_is_silent(struct wl_agent *agent, struct wl_agent_worker *worker, bool paused)
{
	uint64_t turn = atomic_load_explicit(&worker->plane->worker_turn_ns, memory_order_relaxed);

	if (turn != worker->turn_seen || paused || turn == 0) {
		worker->turn_seen = turn;
		worker->turn_changed_ns = agent->now_ns;
		return false;
	}
	return agent->now_ns - worker->turn_changed_ns > agent->config.worker_silent_ns;
}

/* What a leader says waits at a worker that does not run: that is no silence of the leader. */
static bool stands_still(const struct wl_agent *agent, const struct wl_agent_worker *worker)
{
	return agent->now_ns - worker->turn_changed_ns > agent->config.election_timeout_ns / 2;
}

static void tick(struct wl_agent *agent)
{
	bool paused = agent->now_ns - agent->last_tick_ns > agent->config.election_timeout_ns / 2;
	uint32_t silent = 0;

	if (agent->now_ns - agent->last_tick_ns < TICK_NS)
		return;
	agent->last_tick_ns = agent->now_ns;
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		if (worker_is_silent(agent, &agent->workers[worker], paused))
			silent |= 1u << worker;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		struct wl_election *election = &agent->elections[journal];

		if ((silent & 1u << agent->config.worker_of_journal[journal]) != 0 &&
		    election->state == WL_ELECTION_LEADER) {
			agent->counts.workers_silent++;
			wl_election_on_worker_silent(election, agent->now_ns, &agent->effects);
			wl_agent_run_effects(agent, journal);
		}
		if (stands_still(agent, &agent->workers[agent->config.worker_of_journal[journal]]))
			wl_election_on_pause(election, agent->now_ns);
		wl_election_on_tick(election, agent->now_ns, &agent->effects);
		wl_agent_run_effects(agent, journal);
	}
}

static void begin_turn(struct wl_agent *agent, uint64_t now_ns)
{
	if (now_ns > agent->now_ns)
		agent->now_ns = now_ns;
	if (agent->now_ns - agent->last_turn_ns > agent->counts.longest_gap_ns)
		agent->counts.longest_gap_ns = agent->now_ns - agent->last_turn_ns;
	agent->last_turn_ns = agent->now_ns;
	agent->counts.turns++;
	/* Relaxed: a sign of life carries nothing else. */
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		atomic_store_explicit(&agent->workers[worker].plane->control_turn_ns, agent->now_ns,
				      memory_order_relaxed);
}

unsigned wl_agent_turn(struct wl_agent *agent, uint64_t now_ns)
{
	unsigned done = 0;

	if (agent->phase == WL_AGENT_STOPPED)
		return 0;
	begin_turn(agent, now_ns);
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		done += push_backlog(agent, &agent->workers[worker]);
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		done += take_messages(agent, &agent->workers[worker]);
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		done += take_punts(agent, &agent->workers[worker]);
	done += wl_agent_tend_record(agent);
	tick(agent);
	done += tend_neighbours(agent);
	done += wl_agent_tend_keys(agent);
	done += wl_agent_tend_stop(agent);
	wl_agent_check(agent);
	if (done == 0)
		agent->counts.turns_idle++;
	return done;
}

bool wl_agent_transfer(struct wl_agent *agent, uint32_t journal, uint32_t target)
{
	bool begun;

	if (journal >= agent->config.journal_count || agent->phase != WL_AGENT_RUNS ||
	    agent->workers[agent->config.worker_of_journal[journal]].backlog_count != 0)
		return false;
	begun = wl_election_transfer(&agent->elections[journal], target, agent->now_ns,
				     &agent->effects);
	wl_agent_run_effects(agent, journal);
	return begun;
}

void wl_agent_set_tail(struct wl_agent *agent, uint32_t journal, struct wl_position tail)
{
	WL_CHECK(journal < agent->config.journal_count);
	wl_election_set_tail(&agent->elections[journal], tail);
}

/* Told when it begins and when it ends: without room for a first entry a node is a voter only. */
void wl_agent_set_room(struct wl_agent *agent, uint32_t journal, bool has_room)
{
	struct wl_election *election = &agent->elections[journal];
	struct wl_agent_line line = {.journal = (uint16_t)journal, .node = agent->config.node};
	bool had_none = election->no_room;

	WL_CHECK(journal < agent->config.journal_count);
	wl_election_set_room(election, has_room);
	if (had_none == election->no_room || !agent->ops.log)
		return;
	line.term = election->term;
	line.text = had_none ? "the log has room for a term's first entry again"
			     : "the log has no room for a term's first entry: does not campaign";
	wl_agent_say(agent, &line);
}
