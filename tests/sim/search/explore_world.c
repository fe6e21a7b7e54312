/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cluster between two choices, and what a choice does to it. Nothing happens by itself here: the agenda is thrown away,
 * frames are captured when they leave, a drive writes when it is told to. A node that was given something runs until nothing
 * moves in it any more; its clock goes on by a millisecond each time, an election timer fires only when that was chosen.
 */
#include "tests/sim/search/explore_world.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/search/snapshot.h"

#define HOUR_NS 3600000000000u
#define WALL_NS 1700000000000000000u /* stands still, so that equal entries have equal bytes */
#define TURN_NS 1000000u
#define GREETING_NS 11000000u /* longer than between two HELLOs */
#define ROUNDS_MAX 200u

/* ---- a node ---- */

static bool is_leader(const struct sim_node *node)
{
	return node->agent->elections[0].state == WL_ELECTION_LEADER ||
	       node->journals[0]->replica.view.role == WL_ROLE_LEADER;
}

static bool is_writing(const struct sim_node *node)
{
	return node->drives[0].in_use != 0 || node->drives[0].works || node->record_state != 0;
}

static bool is_idle(struct sim_world *world, const struct sim_node *node)
{
	const struct wl_plane_rings *plane = node->cores[0].plane;
	bool behind = (world->slow & 1u << node->number) != 0;

	return wl_ring_count(&plane->up) + wl_ring_count(&plane->down) +
			       wl_ring_count(&plane->punt_up) + wl_ring_count(&plane->punt_down) ==
		       0 &&
	       world->cluster.network.stations[node->number].rx_count == 0 &&
	       (behind || !is_writing(node));
}

static void pass(struct sim_node *node, uint64_t for_ns)
{
	node->clock_base_ns += for_ns;
	for (unsigned thread = 0; thread < SIM_THREADS; thread++)
		node->machine.clock[thread].wall_offset_ns =
			(int64_t)(WALL_NS - sim_node_now(node));
}

/* Timers of elections fire, and requests for votes are repeated, by choice alone; watermarks travel with votes, never by themselves. */
static void hold_timers(struct sim_node *node)
{
	struct wl_election *election = &node->agent->elections[0];

	node->agent->record_idle_since_ns = sim_node_now(node);

	election->deadline_ns = election->resend_ns = sim_node_now(node) + HOUR_NS;
	/* A silent leader has let others wait for as long as it does. */
	election->asked_since_ns = 0;
	election->asked_ns = sim_node_now(node);
}

static void turn(struct sim_world *world, struct sim_node *node)
{
	sim_node_turn_worker(&node->cores[0]);
	if (node->up)
		sim_node_turn_agent(node);
	if (!node->up)
		return;
	world->wrote |= is_writing(node);
	if (world->slow & 1u << node->number)
		return;
	sim_drive_complete(&node->drives[0]);
	sim_node_complete_record(node);
}

/* Runs until nothing moves, and once more a millisecond later: what a worker publishes now and then is published. */
static void settle(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];
	unsigned quiet = 0;

	pass(node, TURN_NS);
	for (unsigned round = 0; node->up && quiet < 2; round++) {
		WL_CHECK(round < ROUNDS_MAX);
		hold_timers(node);
		turn(world, node);
		if (!node->up || !is_idle(world, node))
			continue;
		if (quiet++ == 0)
			pass(node, TURN_NS);
	}
}

/* Heartbeats and resending: by choice, too. */
static void start(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];

	sim_node_start(&world->cluster, number);
	if (!node->up)
		sim_violation(&world->cluster, number, "recovery",
			      "refused a drive that only saw a power cut: %s at %llu",
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
	node->journals[0]->replica.config.heartbeat_ns = HOUR_NS;
	node->journals[0]->replica.config.resend_ns = HOUR_NS;
}

/* ---- frames ---- */

static void take_out(struct sim_world *world, unsigned at)
{
	world->flight_count--;
	memmove(&world->flights[at], &world->flights[at + 1],
		(world->flight_count - at) * sizeof(world->flights[0]));
}

/*
 * What the newest frame says more of, and nothing else, is not waited for: the acknowledgement before it in the same queue, the
 * news of a commit before it.
 */
static void coalesce(struct sim_world *world)
{
	const struct sim_flight *newest = &world->flights[world->flight_count - 1];

	for (unsigned at = world->flight_count - 1; at-- > 0;) {
		const struct sim_flight *before = &world->flights[at];

		if (before->from != newest->from || before->to != newest->to)
			continue;
		if (!before->overtaken && before->is_passing && before->type == newest->type &&
		    before->term == newest->term)
			take_out(world, at);
		return;
	}
}

static bool is_greeting(const struct sim_flight *flight)
{
	return flight->type == WL_WIRE_HELLO || flight->type == WL_WIRE_HELLO_REPLY ||
	       flight->type == WL_WIRE_GREETING || flight->type == WL_WIRE_BUILD ||
	       flight->type == WL_WIRE_PATH_PROBE || flight->type == WL_WIRE_PATH_ECHO;
}

/* Told of each frame that leaves anybody. */
static void capture(void *context, unsigned from, unsigned to, const uint8_t *bytes, size_t size)
{
	struct sim_world *world = context;
	struct sim_flight *flight = &world->flights[world->flight_count];

	world->judge(&world->oracle, from, to, bytes, size);
	if (to <= WIRELOG_NODES_MAX && !world->cluster.nodes[to].up)
		return;
	WL_CHECK(world->flight_count < SIM_FLIGHTS_MAX &&
		 world->store_used + size < SIM_EXPLORE_STORE_BYTES);
	*flight = (struct sim_flight){
		.from = (uint8_t)from,
		.to = (uint8_t)to,
		.size = (uint16_t)size,
		.bytes = world->store + world->store_used,
	};
	memcpy(world->store + world->store_used, bytes, size);
	world->store_used += size;
	sim_flight_read(flight);
	if (is_greeting(flight) && !world->greets) {
		world->store_used -= size; /* they know each other */
		return;
	}
	world->flight_count++;
	coalesce(world);
}

/* An election timeout without a word of a leader, for a node that does not lead: it would not hear of another one before. */
static void forget_leader(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];

	if (node->up && !is_leader(node))
		pass(node, SIM_EXPLORE_TIMEOUT_NS + TURN_NS);
}

static void arrive(struct sim_world *world, unsigned at)
{
	struct sim_flight flight = world->flights[at];

	take_out(world, at);
	if (flight.type == WL_WIRE_VOTE || flight.type == WL_WIRE_PRE_VOTE)
		forget_leader(world, flight.to);
	sim_network_deliver(&world->cluster.network, flight.to, flight.bytes, flight.size);
	if (flight.to <= WIRELOG_NODES_MAX && world->cluster.nodes[flight.to].up)
		settle(world, flight.to);
}

static bool is_for_client(const struct sim_flight *flight)
{
	return flight->to == SIM_EXPLORE_CLIENT || flight->from == SIM_EXPLORE_CLIENT;
}

static bool is_pre_vote(const struct sim_flight *flight)
{
	return flight->type == WL_WIRE_PRE_VOTE || flight->type == WL_WIRE_PRE_VOTE_REPLY;
}

static bool is_any(const struct sim_flight *flight)
{
	(void)flight;
	return true;
}

/* What is not left to choice: all of this kind arrives, in the order in which it leaves. */
static void arrive_all(struct sim_world *world, bool (*kind)(const struct sim_flight *))
{
	for (unsigned at = 0; at < world->flight_count;) {
		if (!kind(&world->flights[at])) {
			at++;
			continue;
		}
		arrive(world, at);
		at = 0;
	}
}

/* To it: they name a boot that is over. From it: once it has greeted, nobody takes what it sent in an earlier one. */
static void forget_frames_of(struct sim_world *world, unsigned node)
{
	for (unsigned at = world->flight_count; at-- > 0;) {
		if (world->flights[at].to == node || world->flights[at].from == node)
			take_out(world, at);
	}
}

/* ---- choices ---- */

/* Its election timer fires; who is asked has not heard of a leader either, and what it answers comes at once. */
static void expire(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];

	pass(node, SIM_EXPLORE_TIMEOUT_NS / 2);
	settle(world, number);
	pass(node, SIM_EXPLORE_TIMEOUT_NS / 2);
	node->agent->elections[0].deadline_ns = 0;
	turn(world, node);
	settle(world, number);
	arrive_all(world, is_pre_vote);
}

/* As if there had been no progress for as long as the timer of resending runs. */
static void resend(struct sim_world *world, unsigned leader, unsigned follower)
{
	struct wl_replica *replica = &world->cluster.nodes[leader].journals[0]->replica;

	replica->leader.peers[follower].progress_ns -=
		HOUR_NS; /* times are differences modulo 2^64 */
	settle(world, leader);
}

/* The control loop first: a pause of the whole process, and not of one of the two. What it asks the others now is lost; its
 * next timeout asks again. */
static void be_lonely(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];

	pass(node, SIM_EXPLORE_TIMEOUT_NS + 2 * TURN_NS);
	hold_timers(node);
	sim_node_turn_agent(node);
	settle(world, number);
	for (unsigned at = world->flight_count; at-- > 0;) {
		if (world->flights[at].from == number && is_pre_vote(&world->flights[at]))
			take_out(world, at);
	}
}

/* What the power cut leaves of a write in flight: nothing, its first half, all of it. */
static void end_writes(struct sim_node *node, enum sim_choice_kind fate)
{
	uint8_t image[WL_BLOCK_BYTES];

	if (fate == SIM_CHOICE_RESTART_WHOLE) {
		sim_drive_complete(&node->drives[0]);
		sim_node_complete_record(node);
	}
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		struct sim_drive_request *slot = &node->drives[0].queue[at];

		if (fate == SIM_CHOICE_RESTART_TORN && slot->state == SIM_REQUEST_UNDER_WAY &&
		    slot->request.verb == WL_DISK_WRITE)
			memcpy(node->drives[0].stable + slot->request.offset, slot->request.buffer,
			       slot->request.bytes / 2);
		if (slot->state == SIM_REQUEST_UNDER_WAY)
			slot->state = SIM_REQUEST_DONE; /* chance has no say in it */
	}
	if (fate == SIM_CHOICE_RESTART_TORN && node->record_state == 1) {
		wl_superblock_encode(image, &node->record);
		memcpy(node->drives[0].superblock[wl_superblock_copy(node->record.sequence, 0,
								     node->damaged_copies)],
		       image, WL_SECTOR_BYTES);
	}
	node->record_state = 0;
}

/* Everybody greets everybody: who starts is known again before anything else happens. */
static void greet(struct sim_world *world)
{
	world->greets = true;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned number = 1; number <= world->cluster.config.nodes; number++) {
			pass(&world->cluster.nodes[number], GREETING_NS);
			if (world->cluster.nodes[number].up)
				settle(world, number);
		}
		arrive_all(world, is_greeting);
	}
	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		sim_endpoint_greet(&world->client.end, number);
	arrive_all(world, is_for_client);
	world->greets = false;
}

/* Off and on in one: how long it was away shows to nobody, for a frame may be on its way as long as one likes. */
static void restart(struct sim_world *world, unsigned number, enum sim_choice_kind fate)
{
	end_writes(&world->cluster.nodes[number], fate);
	sim_node_crash(&world->cluster, number);
	world->slow &= ~(1u << number);
	forget_frames_of(world, number);
	start(world, number);
	greet(world);
}

static void append(struct sim_world *world, unsigned number, bool more)
{
	uint64_t term = sim_world_replica(world, number)->view.term;

	if (more)
		sim_client_begin(&world->client);
	sim_client_send_to(&world->client, number);
	if (term > world->sent_term)
		world->sent_term = term;
	arrive_all(world, is_for_client);
}

/* Whoever leads when the joint list is committed leaves it (service/membership.c). */
static void change_members(struct sim_world *world, unsigned number)
{
	struct wl_replica *replica = &world->cluster.nodes[number].journals[0]->replica;
	wl_members all = wl_list_voters(wl_replica_list(replica));
	wl_members last = wl_members_only(world->cluster.config.nodes);
	struct wl_list next = *wl_replica_list(replica); /* of who stays the data stay */

	next.voters = all & ~last;
	next.old = all;
	next.learners = last;
	(void)wl_replica_change_list(replica, &next);
	settle(world, number);
}

static void spend(struct sim_world *world, const struct sim_choice *choice)
{
	struct sim_bounds *left = &world->left;

	left->slow_writes -= choice->slow;
	left->drops -= choice->kind == SIM_CHOICE_OVERTAKE;
	left->values -= choice->kind == SIM_CHOICE_APPEND;
	left->changes -= choice->kind == SIM_CHOICE_CHANGE;
	left->timeouts -= choice->kind == SIM_CHOICE_TIMEOUT || choice->kind == SIM_CHOICE_LONELY;
	left->crashes -= choice->kind >= SIM_CHOICE_RESTART_LOST;
	if (choice->slow)
		world->slow |= 1u << choice->node;
	world->acted |= 1u << choice->node;
	world->wrote = false;
}

static void overtake(struct sim_world *world, unsigned at)
{
	const struct sim_flight *flight = &world->flights[at];

	for (unsigned before = 0; before < at; before++) {
		struct sim_flight *first = &world->flights[before];

		if (first->from == flight->from && first->to == flight->to && !first->overtaken) {
			first->overtaken = true;
			break;
		}
	}
	arrive(world, at);
}

/* Scraps that must not make two equal states different, and events of an agenda that nobody runs. */
static void sweep(struct sim_world *world)
{
	arrive_all(world, is_for_client);
	world->cluster.agenda.count = 0;
	for (unsigned station = 0; station < SIM_STATIONS; station++) {
		if (world->cluster.network.stations[station].rx_count == 0)
			world->cluster.network.stations[station].rx_first = 0;
	}
}

uint32_t sim_world_touches(const struct sim_world *world, const struct sim_choice *choice)
{
	(void)world;
	if (choice->kind == SIM_CHOICE_TIMEOUT || choice->kind >= SIM_CHOICE_RESTART_LOST)
		return (1u << SIM_SNAPSHOT_GROUPS) - 1;
	return 1u | 1u << choice->node;
}

void sim_world_do(struct sim_world *world, const struct sim_choice *choice)
{
	spend(world, choice);
	switch (choice->kind) {
	case SIM_CHOICE_ARRIVE:
		arrive(world, choice->flight);
		break;
	case SIM_CHOICE_OVERTAKE:
		overtake(world, choice->flight);
		break;
	case SIM_CHOICE_APPEND:
	case SIM_CHOICE_RETRY:
		append(world, choice->node, choice->kind == SIM_CHOICE_APPEND);
		break;
	case SIM_CHOICE_TIMEOUT:
		expire(world, choice->node);
		break;
	case SIM_CHOICE_LONELY:
		be_lonely(world, choice->node);
		break;
	case SIM_CHOICE_RESEND:
		resend(world, choice->node, choice->flight);
		break;
	case SIM_CHOICE_CHANGE:
		change_members(world, choice->node);
		break;
	case SIM_CHOICE_DISK:
		world->slow &= ~(1u << choice->node);
		sim_drive_complete(&world->cluster.nodes[choice->node].drives[0]);
		sim_node_complete_record(&world->cluster.nodes[choice->node]);
		settle(world, choice->node);
		break;
	case SIM_CHOICE_RESTART_LOST:
	case SIM_CHOICE_RESTART_TORN:
	case SIM_CHOICE_RESTART_WHOLE:
		restart(world, choice->node, choice->kind);
		break;
	}
	sweep(world);
}

/* ---- the way to the root ---- */

/* Time comes from what this file counts, and what a drive knows of its files goes back with the rest. */
static void make_node(struct sim_world *world, unsigned number)
{
	struct sim_node *node = &world->cluster.nodes[number];
	struct sim_drive *drive = &node->drives[0];

	node->machine.counter_trusted = false;
	WL_CHECK(drive->segments_max == SIM_EXPLORE_SEGMENTS);
	free(drive->files_by_name);
	drive->files_by_name = world->segments[number];
	start(world, number);
}

void sim_world_begin(struct sim_world *world)
{
	world->judge = world->cluster.network.on_sent;
	world->cluster.network.on_sent = capture;
	world->cluster.network.context = world;
	world->cluster.network.captured = true;
	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		make_node(world, number);
	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		settle(world, number);
	greet(world);
	expire(world, 1);
	arrive_all(world, is_any);
	sim_client_open(&world->client, 1);
	arrive_all(world, is_any);
	WL_CHECK(world->client.session != 0 && world->flight_count == 0);
	sweep(world);
}
