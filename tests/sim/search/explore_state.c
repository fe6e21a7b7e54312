/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a state matters. Two runs that come to equal terms, votes, roles, logs, commits, knowledge of followers, stable storage, frames on
 * their way, client, history of the oracle and bounds left go on in the same ways. Left out: clocks (a time counts only by what it is
 * compared with), counters, boot ids, sequences and authentication codes of frames, watermarks.
 */
#include <string.h>

#include "control/election/election_steps.h"
#include "dataplane/base/crc.h"
#include "tests/sim/search/explore_world.h"

#define TERMS 16u /* of the oracle's history: more than the bounds allow */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
	return hash ^ hash >> 32;
}

/* ---- frames ---- */

static uint64_t says_append(struct sim_flight *flight, const uint8_t *payload, size_t size)
{
	struct wl_wire_append append;
	uint64_t hash;

	if (!wl_wire_decode_append(payload, size, &append))
		return 0;
	flight->sent_ns = append.sent_ns;
	flight->term = append.term;
	flight->is_passing = append.bytes == 0 && append.sent_ns == 0;
	hash = mix(mix(append.term, append.previous.index), append.previous.term);
	hash = mix(mix(hash, append.commit), append.sent_ns != 0);
	hash = mix(mix(hash, append.fragment_offset), append.image_bytes);
	return wl_crc64(hash, append.images, append.bytes);
}

static uint64_t says_ack(struct sim_flight *flight, const uint8_t *payload, size_t size)
{
	struct wl_wire_append_ack ack;
	uint64_t hash;

	if (!wl_wire_decode_append_ack(payload, size, &ack))
		return 0;
	flight->sent_ns = ack.sent_ns;
	flight->term = ack.term;
	flight->is_passing = (ack.flags & WL_WIRE_ACK_REJECTED) == 0;
	hash = mix(mix(ack.term, ack.match_received), ack.match_durable);
	hash = mix(hash, ack.hint_index);
	return mix(mix(hash, ack.flags), ack.hint_offset);
}

static uint64_t says_vote(uint8_t type, const uint8_t *payload, size_t size)
{
	struct wl_wire_vote vote;
	struct wl_wire_vote_reply reply;

	if (type == WL_WIRE_VOTE && wl_wire_decode_vote(payload, size, &vote))
		return mix(mix(mix(vote.term, vote.last.index), vote.last.term), vote.flags);
	if (type == WL_WIRE_VOTE_REPLY && wl_wire_decode_vote_reply(payload, size, &reply))
		return mix(mix(reply.term, reply.asked_term), reply.granted);
	return 0;
}

void sim_flight_read(struct sim_flight *flight)
{
	const uint8_t *payload = flight->bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES;
	struct wl_frame_header header;

	if (wl_frame_decode_header(flight->bytes + WL_FRAME_ENVELOPE_BYTES,
				   flight->size - WL_FRAME_ENVELOPE_BYTES, &header) != WL_FRAME_OK)
		return;
	flight->type = header.type;
	if (header.type == WL_WIRE_APPEND)
		flight->says = says_append(flight, payload, header.payload_bytes);
	else if (header.type == WL_WIRE_APPEND_ACK)
		flight->says = says_ack(flight, payload, header.payload_bytes);
	else
		flight->says = says_vote(header.type, payload, header.payload_bytes);
	flight->says = mix(flight->says, header.type);
}

/* Is a time of this leader older than its last going back for the follower? Nothing else is asked of it. */
static uint64_t is_fresh(const struct sim_world *world, unsigned leader, unsigned follower,
			 uint64_t term, uint64_t sent_ns)
{
	const struct wl_replica *replica;

	if (leader == 0 || !world->cluster.nodes[leader].up)
		return 2;
	replica = sim_world_replica(world, leader);
	if (replica->view.role != WL_ROLE_LEADER || replica->view.term != term)
		return 3;
	return sent_ns >= replica->leader.peers[follower].rewound_ns;
}

static uint64_t hash_flight(const struct sim_world *world, const struct sim_flight *flight)
{
	uint64_t hash = mix(flight->says, flight->overtaken);
	const struct wl_replica *to;

	if (flight->type == WL_WIRE_APPEND_ACK)
		return mix(hash, is_fresh(world, flight->to, flight->from, flight->term,
					  flight->sent_ns));
	if (flight->type != WL_WIRE_APPEND)
		return hash;
	hash = mix(hash, is_fresh(world, flight->from, flight->to, flight->term, flight->sent_ns));
	if (!world->cluster.nodes[flight->to].up)
		return hash;
	to = sim_world_replica(world, flight->to);
	return mix(hash, to->view.term == flight->term &&
				 to->follower.heard_leader == flight->from &&
				 flight->sent_ns > to->follower.leader_sent_ns);
}

/* The order of frames of one queue counts, that of two queues does not. */
static uint64_t hash_flights(const struct sim_world *world)
{
	uint64_t queue[WIRELOG_NODES_MAX + 1][WIRELOG_NODES_MAX + 1] = {{0}};
	uint64_t hash = 0;

	for (unsigned at = 0; at < world->flight_count; at++) {
		const struct sim_flight *flight = &world->flights[at];

		queue[flight->from][flight->to] =
			mix(queue[flight->from][flight->to] + 1, hash_flight(world, flight));
	}
	for (unsigned from = 1; from <= world->cluster.config.nodes; from++) {
		for (unsigned to = 1; to <= world->cluster.config.nodes; to++)
			hash = mix(hash, queue[from][to]);
	}
	return hash;
}

/* ---- nodes ---- */

static uint64_t hash_election(const struct wl_election *election, uint64_t now)
{
	uint64_t hash = mix(mix(election->state, election->term), election->vote);

	hash = mix(mix(hash, election->leader), election->saw_term);
	hash = mix(hash, now < election->penalty_until_ns);
	hash = mix(mix(hash, election->tail.index), election->tail.term);
	if (election->state == WL_ELECTION_CANDIDATE || wl_election_asks_first(election) ||
	    wl_election_is_busy(election))
		hash = mix(hash, election->granted);
	if (!wl_election_is_busy(election) && election->state != WL_ELECTION_CANDIDATE)
		return hash;
	hash = mix(mix(hash, election->pending.purpose), election->pending.term);
	hash = mix(mix(hash, election->pending.vote), election->pending.candidate);
	return mix(mix(hash, election->pending.last.index), election->pending.last.term);
}

static uint64_t hash_peer(const struct wl_peer *peer)
{
	uint64_t hash = mix(mix(peer->state, peer->next_index), peer->match_received);

	hash = mix(mix(hash, peer->match_durable), peer->commit_told);
	hash = mix(mix(hash, peer->probe_outstanding), peer->refused_index);
	return mix(mix(hash, peer->fragment_offset), peer->no_space);
}

static uint64_t hash_follower(const struct sim_world *world, unsigned number)
{
	const struct wl_replica *replica = sim_world_replica(world, number);
	uint64_t term = replica->view.term, hash;

	hash = mix(mix(replica->follower.match, replica->follower.acknowledged_durable),
		   replica->follower.heard_leader);
	hash = mix(hash, is_fresh(world, replica->follower.heard_leader, number, term,
				  replica->follower.leader_sent_ns));
	hash = mix(mix(hash, replica->follower.acknowledge), replica->follower.refusal.pending);
	if (replica->follower.refusal.pending)
		hash = mix(hash, replica->follower.refusal.hint_index);
	return hash;
}

static uint64_t hash_replica(const struct sim_world *world, unsigned number)
{
	const struct wl_replica *replica = sim_world_replica(world, number);
	uint64_t hash = mix(mix(replica->view.role, replica->view.term), replica->view.leader);

	hash = mix(mix(hash, replica->commit), replica->leader_commit);
	hash = mix(mix(hash, replica->saw_term_told), replica->caught_up_told);
	if (replica->view.role == WL_ROLE_FOLLOWER)
		return mix(hash, hash_follower(world, number));
	if (replica->view.role != WL_ROLE_LEADER)
		return hash;
	hash = mix(mix(hash, replica->leader.ready), replica->silent);
	hash = mix(hash, replica->leader.term_start_index);
	for (unsigned peer = 1; peer <= world->cluster.config.nodes; peer++)
		hash = mix(hash, peer == number ? 0 : hash_peer(&replica->leader.peers[peer]));
	return hash;
}

static uint64_t hash_log(const struct wl_log *log)
{
	uint64_t hash = mix(mix(log->tail.index, log->tail.term), log->tail_chain);

	hash = mix(mix(hash, log->durable.index), log->durable.term);
	hash = mix(mix(hash, log->append_offset), log->durable_offset);
	hash = mix(mix(hash, log->writes_in_flight), log->segments_ready);
	return mix(mix(hash, log->segment_asked), log->poisoned);
}

static uint64_t hash_record(const struct wl_superblock *record)
{
	return mix(mix(record->journals[0].term, record->journals[0].vote),
		   record->journals[0].caught_up_boot >= record->boot_count);
}

/* A node that is down is what its stable storage are: all of them, for they say what recovery will find. */
static uint64_t hash_stable(const struct sim_node *node)
{
	const struct sim_drive *drive = &node->drives[0];
	struct wl_superblock record;
	unsigned damaged = 0;
	uint64_t hash = wl_superblock_choose(drive->superblock, &record, &damaged);

	hash = mix(mix(hash, hash_record(&record)), damaged != 0);
	return wl_crc64(hash, drive->stable, drive->extent);
}

static uint64_t hash_node(const struct sim_world *world, unsigned number)
{
	const struct sim_node *node = &world->cluster.nodes[number];
	const struct wl_agent *agent = node->agent;
	struct wl_service_stats stats;
	uint64_t hash;

	if (!node->up)
		return hash_stable(node);
	hash = hash_election(&agent->elections[0], sim_node_now(node));
	hash = mix(mix(hash, hash_replica(world, number)), hash_log(&node->journals[0]->log));
	hash = mix(mix(hash, hash_record(&agent->record)), agent->record_in_flight);
	hash = mix(mix(hash, node->record_state), agent->hard_state[0].wanted);
	hash = mix(mix(hash, node->journals[0]->log.list.index),
		   node->journals[0]->log.list_before.index);
	hash = mix(mix(hash, agent->elections[0].list.index), agent->elections[0].fenced.index);
	hash = mix(hash, agent->elections[0].list_before);
	wl_service_get_stats(node->journals[0]->service, &stats);
	return mix(mix(hash, stats.applied_index), stats.waiting_replies);
}

/* ---- history ---- */

static uint64_t hash_oracle(const struct sim_oracle *oracle)
{
	uint64_t hash = mix(oracle->committed, oracle->entries[oracle->committed].chain);

	for (unsigned term = 1; term < TERMS; term++) {
		hash = mix(hash, oracle->leader_of_term[term]);
		for (unsigned node = 1; node <= oracle->cluster->config.nodes; node++)
			hash = mix(hash, oracle->voted_for[node][term]);
	}
	for (unsigned node = 1; node <= oracle->cluster->config.nodes; node++)
		hash = mix(hash, oracle->highest_term[node]);
	return hash;
}

static uint64_t hash_client(const struct sim_world *world)
{
	const struct sim_client *client = &world->client;
	uint64_t hash =
		mix(mix(client->next_sequence, client->acknowledged_through), client->acknowledged);

	return mix(mix(hash, world->sent_term), world->cluster.highest_answered[0]);
}

uint64_t sim_world_hash(const struct sim_world *world)
{
	uint64_t hash = mix(hash_flights(world), hash_client(world));

	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		hash = mix(hash, hash_node(world, number));
	hash = mix(mix(hash, hash_oracle(&world->oracle)), world->slow);
	hash = mix(mix(hash, world->left.values), world->left.timeouts);
	hash = mix(mix(hash, world->left.crashes), world->left.drops);
	hash = mix(hash, world->left.changes);
	hash = mix(mix(hash, world->left.slow_writes), world->acted != 0 && world->acted != 2);
	return hash ? hash : 1;
}
