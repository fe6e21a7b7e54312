/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/election/election_cluster.h"

#include <string.h>

#define STEP_NS 1000000u
#define HEARTBEAT 10u

static void run_effects(struct cluster *cluster, uint32_t id, struct wl_election_effects *out);

static void violate(struct cluster *cluster, const char *what)
{
	if (!cluster->violation)
		cluster->violation = what;
}

uint64_t cluster_draw(struct cluster *cluster, uint64_t below)
{
	cluster->random ^= cluster->random << 13;
	cluster->random ^= cluster->random >> 7;
	cluster->random ^= cluster->random << 17;
	return cluster->random % below;
}

static uint64_t now_of(const struct cluster *cluster)
{
	return cluster->step * STEP_NS;
}

static bool queue_push(struct cluster *cluster, struct cluster_queue *queue,
		       const struct wl_plane_message *message)
{
	uint64_t due = cluster->step + cluster_draw(cluster, cluster->plane_delay + 1);
	unsigned before = (queue->tail + CLUSTER_PLANE - 1) % CLUSTER_PLANE;
	unsigned next = (queue->tail + 1) % CLUSTER_PLANE;

	if (next == queue->head)
		return false;
	if (queue->tail != queue->head && queue->due[before] > due)
		due = queue->due[before];
	queue->item[queue->tail] = *message;
	queue->due[queue->tail] = due;
	queue->tail = next;
	return true;
}

static bool queue_pop(struct cluster *cluster, struct cluster_queue *queue,
		      struct wl_plane_message *message)
{
	if (queue->head == queue->tail || queue->due[queue->head] > cluster->step)
		return false;
	*message = queue->item[queue->head];
	queue->head = (queue->head + 1) % CLUSTER_PLANE;
	return true;
}

static void send(struct cluster *cluster, struct cluster_frame frame)
{
	if (cluster->frame_count == CLUSTER_FRAMES || cluster_draw(cluster, 100) < cluster->loss ||
	    cluster->cut[frame.from][frame.to])
		return;
	frame.due = cluster->step + 1 + cluster_draw(cluster, cluster->delay + 1);
	cluster->frame[cluster->frame_count++] = frame;
}

static void start(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	struct wl_election_effects out = {.count = 0};
	struct wl_election_config config = {
		.node = id,
		.voters = ((1u << cluster->count) - 1) << 1,
		.election_timeout_ns = CLUSTER_TIMEOUT * (uint64_t)STEP_NS,
		.seed = cluster_draw(cluster, UINT64_MAX),
	};

	node->up = true;
	wl_election_init(&node->election, &config, node->term, node->vote);
	wl_election_set_tail(&node->election, node->log);
	wl_election_start(&node->election, now_of(cluster), &out);
	run_effects(cluster, id, &out);
}

void cluster_init(struct cluster *cluster, unsigned count, uint64_t seed)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->random = seed * 0x9e3779b97f4a7c15u + 1;
	cluster->step = 1000;
	cluster->count = count;
	cluster->delay = 1;
	cluster->disk_delay = 1;
	cluster->plane_delay = 1;
	for (uint32_t id = 1; id <= count; id++)
		start(cluster, id);
}

void cluster_crash(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	struct cluster_node kept = {.term = node->term, .vote = node->vote, .log = node->log};

	/* A record under way may have reached the medium, whole, or not. */
	if (node->up && node->writing && cluster_draw(cluster, 2)) {
		kept.term = node->writing_term;
		kept.vote = node->writing_vote;
	}
	*node = kept;
}

void cluster_restart(struct cluster *cluster, uint32_t id)
{
	if (!cluster->node[id].up)
		start(cluster, id);
}

void cluster_isolate(struct cluster *cluster, uint32_t id, bool isolated)
{
	for (uint32_t other = 1; other <= cluster->count; other++) {
		cluster->cut[id][other] = isolated;
		cluster->cut[other][id] = isolated;
	}
}

void cluster_heal(struct cluster *cluster)
{
	memset(cluster->cut, 0, sizeof(cluster->cut));
	cluster->loss = 0;
	cluster->delay = 1;
	cluster->disk_delay = 1;
	cluster->plane_delay = 1;
	for (uint32_t id = 1; id <= cluster->count; id++)
		cluster_restart(cluster, id);
}

/* ---- what control wants done ---- */

static void run_send(struct cluster *cluster, uint32_t id, const struct wl_election_effect *effect)
{
	struct cluster_node *node = &cluster->node[id];
	uint64_t term = effect->message.reply.term;

	if (effect->type == WL_WIRE_VOTE_REPLY && effect->message.reply.granted) {
		cluster->votes_granted++;
		if (node->term != term || node->vote != effect->node)
			violate(cluster, "a vote left before it was durable");
		if (term < CLUSTER_TERMS) {
			uint8_t *vote = &cluster->vote_of[id][term];

			if (*vote != 0 && *vote != effect->node)
				violate(cluster, "two votes of one node in one term");
			*vote = (uint8_t)effect->node;
		}
	}
	send(cluster, (struct cluster_frame){.from = id,
					     .to = effect->node,
					     .type = effect->type,
					     .vote = *effect});
}

static void run_effects(struct cluster *cluster, uint32_t id, struct wl_election_effects *out)
{
	struct cluster_node *node = &cluster->node[id];

	for (unsigned i = 0; i < out->count; i++) {
		const struct wl_election_effect *effect = &out->item[i];

		switch (effect->verb) {
		case WL_ELECTION_TELL_WORKER:
			if (!queue_push(cluster, &node->down, &effect->tell))
				violate(cluster, "plane down overflows");
			break;
		case WL_ELECTION_SEND:
			run_send(cluster, id, effect);
			break;
		case WL_ELECTION_PERSIST:
			if (node->writing)
				violate(cluster, "two records at once");
			if (node->view.role != WL_ROLE_FENCED)
				violate(cluster, "a term is persisted while the worker runs");
			node->writing = true;
			node->writing_term = effect->term;
			node->writing_vote = effect->vote;
			node->written_at =
				cluster->step + cluster_draw(cluster, cluster->disk_delay + 1);
			break;
		case WL_ELECTION_LOG:
			break;
		}
	}
	out->count = 0;
}

/* ---- the simple worker ---- */

static void tell_up(struct cluster *cluster, struct cluster_node *node, enum wl_plane_verb verb,
		    uint32_t about, uint64_t term)
{
	struct wl_plane_message message = {
		.verb = verb,
		.node = about,
		.view = node->view,
		.tail = node->log,
		.list.voters = ((1u << cluster->count) - 1) << 1,
		.now_ns = now_of(cluster),
		.reason = WL_STALL_QUORUM,
	};

	if (term != 0)
		message.view.term = term;
	queue_push(cluster, &node->rise, &message);
}

static void worker_leads(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	uint64_t term = node->view.term;

	if (term < CLUSTER_TERMS) {
		if (cluster->leader_of[term] != 0)
			violate(cluster, "two leaders of one term");
		cluster->leader_of[term] = id;
	}
	if (term > cluster->term_max)
		cluster->term_max = term;
	if (!wl_position_at_least(node->log, cluster->committed))
		violate(cluster, "a leader without a committed entry");
	node->log = (struct wl_position){term, node->log.index + 1};
	node->silent = false;
	node->handing_over = false;
	node->told_committed = false;
	node->heartbeat_at = 0;
	node->led_since = cluster->step;
	memset(node->acked, 0, sizeof(node->acked));
	for (uint32_t other = 1; other <= cluster->count; other++)
		node->acked_at[other] = cluster->step;
}

static void worker_takes(struct cluster *cluster, uint32_t id,
			 const struct wl_plane_message *message)
{
	struct cluster_node *node = &cluster->node[id];

	if (message->verb != WL_PLANE_TRANSFER && message->view.number <= node->view.number) {
		violate(cluster, "the number does not grow");
		return;
	}
	switch (message->verb) {
	case WL_PLANE_FENCE:
		node->view.number = message->view.number;
		node->view.role = WL_ROLE_FENCED;
		tell_up(cluster, node, WL_PLANE_FENCED, id, 0);
		break;
	case WL_PLANE_LEAD:
		node->view = message->view;
		worker_leads(cluster, id);
		break;
	case WL_PLANE_FOLLOW:
		node->view = message->view;
		node->handing_over = false;
		break;
	case WL_PLANE_TRANSFER:
		node->handing_over = true;
		node->ready_told = false;
		node->transfer_target = message->node;
		break;
	case WL_PLANE_RESUME:
		node->view.number = message->view.number;
		node->handing_over = false;
		if (message->reason != WL_STALL_QUORUM)
			break;
		node->silent = false;
		for (uint32_t other = 1; other <= cluster->count; other++)
			node->acked_at[other] = message->now_ns / STEP_NS;
		break;
	default:
		violate(cluster, "an unknown plane message");
	}
}

/* Acknowledged by a majority: committed, if it is of the leader's own term. */
static void worker_commits(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	unsigned have = 1;

	for (uint32_t other = 1; other <= cluster->count; other++)
		have += other != id && wl_position_equal(node->acked[other], node->log);
	if (2 * have <= cluster->count)
		return;
	if (!wl_position_at_least(cluster->committed, node->log))
		cluster->committed = node->log;
	if (!node->told_committed)
		tell_up(cluster, node, WL_PLANE_TERM_COMMITTED, id, 0);
	node->told_committed = true;
}

static void worker_hands_over(struct cluster *cluster, struct cluster_node *node)
{
	for (uint32_t other = 1; node->handing_over && !node->ready_told && other <= cluster->count;
	     other++) {
		if (!wl_position_equal(node->acked[other], node->log) ||
		    (node->transfer_target != 0 && node->transfer_target != other))
			continue;
		node->ready_told = true;
		tell_up(cluster, node, WL_PLANE_TRANSFER_READY, other, 0);
	}
}

static void worker_turn(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	unsigned heard = 1;

	if (node->view.role != WL_ROLE_LEADER || node->silent)
		return;
	for (uint32_t other = 1; other <= cluster->count; other++)
		heard += other != id && cluster->step - node->acked_at[other] < CLUSTER_TIMEOUT;
	if (2 * heard <= cluster->count) {
		node->silent = true;
		tell_up(cluster, node, WL_PLANE_STALLED, id, 0);
		return;
	}
	worker_commits(cluster, id);
	worker_hands_over(cluster, node);
	if (cluster->step < node->heartbeat_at)
		return;
	node->heartbeat_at = cluster->step + HEARTBEAT;
	if (!node->handing_over && cluster_draw(cluster, 4) == 0)
		node->log.index++;
	for (uint32_t other = 1; other <= cluster->count; other++)
		if (other != id)
			send(cluster, (struct cluster_frame){.from = id,
							     .to = other,
							     .type = WL_WIRE_APPEND,
							     .term = node->view.term,
							     .tail = node->log});
}

static void worker_hears(struct cluster *cluster, const struct cluster_frame *frame)
{
	struct cluster_node *node = &cluster->node[frame->to];
	struct cluster_frame ack = {.from = frame->to,
				    .to = frame->from,
				    .type = WL_WIRE_APPEND_ACK,
				    .term = node->view.term};

	if (frame->term > node->view.term) {
		tell_up(cluster, node, WL_PLANE_SAW_TERM, frame->from, frame->term);
		return;
	}
	if (frame->type == WL_WIRE_APPEND_ACK) {
		if (frame->term != node->view.term || node->view.role != WL_ROLE_LEADER)
			return;
		node->acked_at[frame->from] = cluster->step;
		if (wl_position_at_least(frame->tail, node->acked[frame->from]))
			node->acked[frame->from] = frame->tail;
		return;
	}
	if (node->view.role == WL_ROLE_FENCED)
		return;
	if (frame->term == node->view.term) {
		/* Late frames of the same leader do not shorten the log. */
		if (!wl_position_at_least(node->log, frame->tail))
			node->log = frame->tail;
		if (wl_position_equal(node->log, frame->tail))
			ack.tail = node->log;
		tell_up(cluster, node, WL_PLANE_LEADER_HEARD, frame->from, 0);
	}
	send(cluster, ack);
}

/* ---- the loop ---- */

static void control_hears(struct cluster *cluster, const struct cluster_frame *frame)
{
	struct wl_election *election = &cluster->node[frame->to].election;
	struct wl_election_effects out = {.count = 0};
	uint64_t now = now_of(cluster);

	switch (frame->type) {
	case WL_WIRE_PRE_VOTE:
		wl_election_on_pre_vote(election, frame->from, &frame->vote.message.vote, now,
					&out);
		break;
	case WL_WIRE_PRE_VOTE_REPLY:
		wl_election_on_pre_vote_reply(election, frame->from, &frame->vote.message.reply,
					      now, &out);
		break;
	case WL_WIRE_VOTE:
		wl_election_on_vote(election, frame->from, &frame->vote.message.vote, now, &out);
		break;
	case WL_WIRE_VOTE_REPLY:
		wl_election_on_vote_reply(election, frame->from, &frame->vote.message.reply, now,
					  &out);
		break;
	case WL_WIRE_TIMEOUT_NOW:
		wl_election_on_timeout_now(election, frame->from, &frame->vote.message.timeout_now,
					   now, &out);
		break;
	default:
		break;
	}
	run_effects(cluster, frame->to, &out);
}

static void control_takes(struct cluster *cluster, uint32_t id,
			  const struct wl_plane_message *message)
{
	static void (*const handlers[])(struct wl_election *, const struct wl_plane_message *,
					uint64_t, struct wl_election_effects *) = {
		[WL_PLANE_FENCED] = wl_election_on_fenced,
		[WL_PLANE_SAW_TERM] = wl_election_on_saw_term,
		[WL_PLANE_LEADER_HEARD] = wl_election_on_leader_heard,
		[WL_PLANE_TERM_COMMITTED] = wl_election_on_term_committed,
		[WL_PLANE_TRANSFER_READY] = wl_election_on_transfer_ready,
		[WL_PLANE_STALLED] = wl_election_on_stalled,
	};
	struct wl_election_effects out = {.count = 0};

	handlers[message->verb](&cluster->node[id].election, message, now_of(cluster), &out);
	run_effects(cluster, id, &out);
}

static void disk_turn(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	struct wl_election_effects out = {.count = 0};

	if (!node->writing || cluster->step < node->written_at)
		return;
	if (node->writing_term < node->term)
		violate(cluster, "a term falls");
	if (node->writing_term == node->term && node->vote != 0 && node->vote != node->writing_vote)
		violate(cluster, "a vote is changed within a term");
	node->writing = false;
	node->term = node->writing_term;
	node->vote = node->writing_vote;
	wl_election_on_persisted(&node->election, true, now_of(cluster), &out);
	run_effects(cluster, id, &out);
}

static void node_turn(struct cluster *cluster, uint32_t id)
{
	struct cluster_node *node = &cluster->node[id];
	struct wl_election_effects out = {.count = 0};
	struct wl_plane_message message;

	while (queue_pop(cluster, &node->down, &message))
		worker_takes(cluster, id, &message);
	worker_turn(cluster, id);
	while (queue_pop(cluster, &node->rise, &message))
		control_takes(cluster, id, &message);
	disk_turn(cluster, id);
	wl_election_set_tail(&node->election, node->log);
	wl_election_on_tick(&node->election, now_of(cluster), &out);
	run_effects(cluster, id, &out);
}

void cluster_step(struct cluster *cluster)
{
	cluster->step++;
	for (unsigned i = 0; i < cluster->frame_count;) {
		struct cluster_frame frame = cluster->frame[i];

		if (frame.due > cluster->step) {
			i++;
			continue;
		}
		cluster->frame[i] = cluster->frame[--cluster->frame_count];
		if (!cluster->node[frame.to].up || cluster->cut[frame.from][frame.to])
			continue;
		if (frame.type == WL_WIRE_APPEND || frame.type == WL_WIRE_APPEND_ACK)
			worker_hears(cluster, &frame);
		else
			control_hears(cluster, &frame);
	}
	for (uint32_t id = 1; id <= cluster->count; id++)
		if (cluster->node[id].up)
			node_turn(cluster, id);
}

void cluster_run(struct cluster *cluster, unsigned steps)
{
	while (steps-- > 0)
		cluster_step(cluster);
}

uint32_t cluster_leader(const struct cluster *cluster)
{
	for (uint32_t id = 1; id <= cluster->count; id++)
		if (cluster->node[id].up && !cluster->node[id].silent &&
		    cluster->node[id].election.state == WL_ELECTION_LEADER &&
		    cluster->node[id].election.term_committed)
			return id;
	return 0;
}

uint32_t cluster_elect(struct cluster *cluster, unsigned steps)
{
	while (cluster_leader(cluster) == 0 && steps-- > 0)
		cluster_step(cluster);
	return cluster_leader(cluster);
}

bool cluster_transfer(struct cluster *cluster, uint32_t from, uint32_t to)
{
	struct wl_election_effects out = {.count = 0};
	bool begun = wl_election_transfer(&cluster->node[from].election, to, now_of(cluster), &out);

	run_effects(cluster, from, &out);
	return begun;
}
