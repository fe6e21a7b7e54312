/* SPDX-License-Identifier: BSD-3-Clause */
/* Which choices there are in a state, always in the same order, and what they are called. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/search/explore_world.h"
#include "wirelog/status.h"

static void add(struct sim_choice *choices, unsigned *count, enum sim_choice_kind kind,
		unsigned node)
{
	if (*count < SIM_CHOICES_MAX)
		choices[(*count)++] = (struct sim_choice){.kind = kind, .node = node};
}

/* How many of the same queue left before it and wait still. */
static unsigned place_in_queue(const struct sim_world *world, unsigned at)
{
	const struct sim_flight *flight = &world->flights[at];
	unsigned place = 0;

	for (unsigned before = 0; before < at; before++)
		place += world->flights[before].from == flight->from &&
			 world->flights[before].to == flight->to &&
			 !world->flights[before].overtaken;
	return place;
}

/* Two that were overtaken in one queue and say the same are one choice. */
static bool is_said_before(const struct sim_world *world, unsigned at)
{
	const struct sim_flight *flight = &world->flights[at];

	for (unsigned before = 0; before < at; before++) {
		const struct sim_flight *other = &world->flights[before];

		if (other->overtaken && other->from == flight->from && other->to == flight->to &&
		    other->says == flight->says)
			return true;
	}
	return false;
}

static void add_frames(const struct sim_world *world, struct sim_choice *choices, unsigned *count)
{
	for (unsigned at = 0; at < world->flight_count; at++) {
		const struct sim_flight *flight = &world->flights[at];
		unsigned place = place_in_queue(world, at);

		if (flight->overtaken ? is_said_before(world, at) : place > 1)
			continue;
		if (!flight->overtaken && place == 1 && world->left.drops == 0)
			continue;
		add(choices, count,
		    flight->overtaken || place == 0 ? SIM_CHOICE_ARRIVE : SIM_CHOICE_OVERTAKE,
		    flight->to);
		choices[*count - 1].flight = at;
	}
}

static void add_client(const struct sim_world *world, unsigned node, struct sim_choice *choices,
		       unsigned *count)
{
	const struct wl_replica *replica = sim_world_replica(world, node);

	if (wl_replica_takes_appends(replica) != WIRELOG_OK)
		return;
	if (world->left.values > 0)
		add(choices, count, SIM_CHOICE_APPEND, node);
	if (world->left.changes > 0 && !wl_list_is_joint(&replica->log->list))
		add(choices, count, SIM_CHOICE_CHANGE, node);
	if (world->client.outstanding_count > 0 && replica->view.term > world->sent_term)
		add(choices, count, SIM_CHOICE_RETRY, node);
}

static bool is_stuck(const struct sim_world *world, unsigned leader, unsigned follower)
{
	const struct wl_peer *peer = &sim_world_replica(world, leader)->leader.peers[follower];

	if (peer->state == WL_PEER_PROBE ? !peer->probe_outstanding
					 : peer->next_index <= peer->match_received + 1)
		return false;
	for (unsigned at = 0; at < world->flight_count; at++) {
		const struct sim_flight *flight = &world->flights[at];

		if (!flight->overtaken && ((flight->from == leader && flight->to == follower) ||
					   (flight->from == follower && flight->to == leader)))
			return false;
	}
	return true;
}

static void add_resends(const struct sim_world *world, unsigned leader, struct sim_choice *choices,
			unsigned *count)
{
	const struct wl_replica *replica = sim_world_replica(world, leader);

	if (replica->view.role != WL_ROLE_LEADER || replica->silent)
		return;
	for (unsigned peer = 1; peer <= world->cluster.config.nodes; peer++) {
		if (peer == leader || !is_stuck(world, leader, peer))
			continue;
		add(choices, count, SIM_CHOICE_RESEND, leader);
		choices[*count - 1].flight = peer;
	}
}

static void add_node(const struct sim_world *world, unsigned number, struct sim_choice *choices,
		     unsigned *count)
{
	const struct sim_node *node = &world->cluster.nodes[number];
	bool behind = (world->slow & 1u << number) != 0;
	const struct wl_election *election = &node->agent->elections[0];

	if (!node->up)
		return;
	add_client(world, number, choices, count);
	add_resends(world, number, choices, count);
	if (behind)
		add(choices, count, SIM_CHOICE_DISK, number);
	if (world->left.timeouts > 0 && election->state == WL_ELECTION_LEADER)
		add(choices, count, SIM_CHOICE_LONELY, number);
	else if (world->left.timeouts > 0 && election->state != WL_ELECTION_FENCING &&
		 election->state != WL_ELECTION_PERSISTING)
		add(choices, count, SIM_CHOICE_TIMEOUT, number);
	if (world->left.crashes == 0)
		return;
	add(choices, count, SIM_CHOICE_RESTART_LOST, number);
	if (behind) {
		add(choices, count, SIM_CHOICE_RESTART_TORN, number);
		add(choices, count, SIM_CHOICE_RESTART_WHOLE, number);
	}
}

/*
 * The root is the same for all followers: as long as the leader alone has acted, what the second follower could do first is what
 * the first one could.
 */
static unsigned without_twins(const struct sim_world *world, struct sim_choice *choices,
			      unsigned count)
{
	unsigned kept = 0;

	if ((world->acted & ~2u) != 0)
		return count;
	for (unsigned at = 0; at < count; at++) {
		if (choices[at].node <= 2)
			choices[kept++] = choices[at];
	}
	return kept;
}

unsigned sim_world_choices(const struct sim_world *world, struct sim_choice *choices)
{
	unsigned count = 0;

	add_frames(world, choices, &count);
	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		add_node(world, number, choices, &count);
	return without_twins(world, choices, count);
}

static void say_frame(const struct sim_flight *flight, char *text, size_t size)
{
	const uint8_t *payload = flight->bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES;
	size_t bytes = flight->size - WL_FRAME_ENVELOPE_BYTES - WL_FRAME_HEADER_BYTES;
	struct wl_wire_append append;
	struct wl_wire_append_ack ack;
	struct wl_wire_vote vote;
	struct wl_wire_vote_reply reply;

	text[0] = '\0';
	if (flight->type == WL_WIRE_APPEND && wl_wire_decode_append(payload, bytes, &append))
		snprintf(text, size, "APPEND term %llu after %llu:%llu commit %llu%s",
			 (unsigned long long)append.term, (unsigned long long)append.previous.term,
			 (unsigned long long)append.previous.index,
			 (unsigned long long)append.commit, append.bytes ? ", entries" : "");
	else if (flight->type == WL_WIRE_APPEND_ACK &&
		 wl_wire_decode_append_ack(payload, bytes, &ack))
		snprintf(text, size, "ACK term %llu received %llu durable %llu%s",
			 (unsigned long long)ack.term, (unsigned long long)ack.match_received,
			 (unsigned long long)ack.match_durable,
			 ack.flags & WL_WIRE_ACK_REJECTED ? " REJECTED" : "");
	else if (flight->type == WL_WIRE_VOTE && wl_wire_decode_vote(payload, bytes, &vote))
		snprintf(text, size, "VOTE term %llu last %llu:%llu", (unsigned long long)vote.term,
			 (unsigned long long)vote.last.term, (unsigned long long)vote.last.index);
	else if (flight->type == WL_WIRE_VOTE_REPLY &&
		 wl_wire_decode_vote_reply(payload, bytes, &reply))
		snprintf(text, size, "VOTE_REPLY term %llu to %llu: %s",
			 (unsigned long long)reply.term, (unsigned long long)reply.asked_term,
			 reply.granted ? "yes" : "no");
}

void sim_choice_say(const struct sim_world *world, const struct sim_choice *choice, char *text,
		    size_t size)
{
	static const char *const words[] = {
		[SIM_CHOICE_ARRIVE] = "takes",
		[SIM_CHOICE_OVERTAKE] = "takes before the one that left earlier",
		[SIM_CHOICE_APPEND] = "is sent a new record by the client",
		[SIM_CHOICE_RETRY] = "is sent again what has no answer",
		[SIM_CHOICE_TIMEOUT] = "has an election timeout",
		[SIM_CHOICE_LONELY] = "notices that it heard no majority for a timeout",
		[SIM_CHOICE_RESEND] = "sends again, to node",
		[SIM_CHOICE_CHANGE] = "makes the last node a learner",
		[SIM_CHOICE_DISK] = "has its writes finished",
		[SIM_CHOICE_RESTART_LOST] =
			"loses power and starts again; what was being written is not written",
		[SIM_CHOICE_RESTART_TORN] =
			"loses power and starts again; what was being written is half written",
		[SIM_CHOICE_RESTART_WHOLE] =
			"loses power and starts again; what was being written is written, and it never knew",
	};
	const struct sim_flight *flight = &world->flights[choice->flight];
	char frame[128] = "";
	bool is_frame = choice->kind == SIM_CHOICE_ARRIVE || choice->kind == SIM_CHOICE_OVERTAKE;

	if (is_frame)
		say_frame(flight, frame, sizeof(frame));
	snprintf(text, size, "node %u %s", choice->node, words[choice->kind]);
	if (is_frame)
		snprintf(text + strlen(text), size - strlen(text), ": %s from %u%s", frame,
			 flight->from, flight->overtaken ? " (late)" : "");
	if (choice->kind == SIM_CHOICE_RESEND)
		snprintf(text + strlen(text), size - strlen(text), " %u", choice->flight);
	if (choice->slow)
		snprintf(text + strlen(text), size - strlen(text),
			 "; its drive does not finish yet");
}
