/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that listens: each frame is judged when it leaves a node, before the network touches it. */
#include <string.h>

#include "dataplane/raft/quorum.h"
#include "tests/sim/network/words.h"
#include "tests/sim/oracle/oracle_internal.h"
#include "wirelog/status.h"
#include "wirelog/wirelog.h"

/* A leader is given one election timeout and a half to notice: clocks drift. */
#define KEPT_NS 10000000u
#define SILENCE_NS(timeout_ns) (3 * (timeout_ns) / 2)

#define LLU(value) (unsigned long long)(value)

/* The vote is on the stable storage when it leaves, and is the only one of this term. */
static void check_vote(struct sim_oracle *oracle, unsigned node, uint64_t term, unsigned candidate)
{
	const struct sim_node *giver = &oracle->cluster->nodes[node];
	struct wl_superblock record;
	unsigned damaged;

	if (term >= SIM_ORACLE_TERMS)
		return;
	if (wl_superblock_choose(giver->drives[0].superblock, &record, &damaged) !=
		    WL_SUPERBLOCK_OK ||
	    record.journals[oracle->journal].term < term ||
	    (record.journals[oracle->journal].term == term &&
	     record.journals[oracle->journal].vote != candidate))
		sim_violation(
			oracle->cluster, node, "O17",
			"a vote for node %u in term %llu leaves; on the stable: %u, term %llu",
			candidate, LLU(term), record.journals[oracle->journal].vote,
			LLU(record.journals[oracle->journal].term));
	if (oracle->voted_for[node][term] != 0 && oracle->voted_for[node][term] != candidate &&
	    !giver->forgot)
		sim_violation(oracle->cluster, node, "O17",
			      "votes for node %u in term %llu, after node %u", candidate, LLU(term),
			      oracle->voted_for[node][term]);
	oracle->voted_for[node][term] = (uint8_t)candidate;
}

static void on_vote_message(struct sim_oracle *oracle, unsigned from, unsigned to, uint8_t type,
			    const uint8_t *payload, size_t bytes)
{
	struct wl_wire_vote vote;
	struct wl_wire_vote_reply reply;

	if (type == WL_WIRE_VOTE && wl_wire_decode_vote(payload, bytes, &vote))
		check_vote(oracle, from, vote.term, from);
	else if (type == WL_WIRE_PRE_VOTE_REPLY &&
		 wl_wire_decode_vote_reply(payload, bytes, &reply) && reply.granted)
		oracle->heard_ns[to][from] = oracle->cluster->agenda.now_ns;
	else if (type == WL_WIRE_VOTE_REPLY && wl_wire_decode_vote_reply(payload, bytes, &reply) &&
		 reply.granted)
		check_vote(oracle, from, reply.asked_term, to);
}

static void on_append(struct sim_oracle *oracle, unsigned from, const uint8_t *payload,
		      size_t bytes)
{
	const struct sim_cluster *cluster = oracle->cluster;
	uint64_t patience = SILENCE_NS(cluster->config.patience_ns);
	uint64_t now = cluster->agenda.now_ns;
	const struct wl_replica *replica = &cluster->nodes[from].journals[oracle->journal]->replica;
	wl_members heard = 1u << from;
	struct wl_wire_append append;

	if (!wl_wire_decode_append(payload, bytes, &append))
		return;
	sim_oracle_note_leader(oracle, from, append.term);
	/* What it had said before, in the turn in which it fell silent, may leave at the end of that turn. */
	if (replica->view.role == WL_ROLE_LEADER && replica->silent && oracle->silent[from])
		sim_violation(cluster, from, "O11",
			      "an APPEND of term %llu leaves it, and it is silent",
			      LLU(append.term));
	/* A counter that goes back while its core is away looks like time that did not pass, until the next tend. */
	if (now - oracle->leads_since_ns[from] <= patience ||
	    now < cluster->nodes[from].machine.shaken_until_ns)
		return;
	for (unsigned peer = 1; peer <= cluster->config.nodes; peer++) {
		if (peer != from && now - oracle->heard_ns[from][peer] <= patience)
			heard |= 1u << peer;
	}
	if (!wl_list_decides(&replica->log->list, heard))
		sim_violation(cluster, from, "O11", "leads term %llu on, and hears nodes %x only",
			      LLU(append.term), heard);
}

/* What a node knew committed before the turn in which it was `wall_ns` there. What is not remembered, and a turn that has not ended, are judged
 * by what it knows now. */
static uint64_t commit_before(const struct sim_oracle *oracle, const struct sim_node *node,
			      uint64_t wall_ns)
{
	const struct sim_turns *turns = &oracle->turns[node->number];

	for (uint64_t at = turns->count; at > 1 && turns->count - at < SIM_ORACLE_TURNS - 1; at--) {
		if (turns->at[(at - 1) % SIM_ORACLE_TURNS].wall_ns == wall_ns)
			return turns->at[(at - 2) % SIM_ORACLE_TURNS].commit;
	}
	return node->journals[oracle->journal]->replica.commit;
}

static void judge_hint(struct sim_oracle *oracle, const struct sim_node *node,
		       const struct wl_wire_append_ack *ack)
{
	uint64_t commit = commit_before(oracle, node, ack->wall_ns);

	if ((ack->flags & WL_WIRE_ACK_REJECTED) && ack->hint_index != 0 &&
	    ack->hint_index <= commit)
		sim_violation(oracle->cluster, node->number, "O18",
			      "asks for %llu again, and %llu was committed there",
			      LLU(ack->hint_index), LLU(commit));
}

static void on_append_ack(struct sim_oracle *oracle, unsigned from, unsigned to,
			  const uint8_t *payload, size_t bytes)
{
	struct sim_node *node = &oracle->cluster->nodes[from];
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	const struct wl_log_slot *slot;
	struct wl_wire_append_ack ack;

	if (!wl_wire_decode_append_ack(payload, bytes, &ack))
		return;
	oracle->heard_ns[to][from] = oracle->cluster->agenda.now_ns;
	if (node->journals[oracle->journal]->replica.view.role == WL_ROLE_FENCED)
		sim_violation(oracle->cluster, from, "O19", "acknowledges while it is fenced");
	if (ack.match_received > log->tail.index)
		sim_violation(oracle->cluster, from, "O18",
			      "acknowledges %llu, and its log ends at %llu",
			      LLU(ack.match_received), LLU(log->tail.index));
	judge_hint(oracle, node, &ack);
	if (ack.match_durable == 0 || (oracle->acknowledged_boot[from] == node->boot &&
				       oracle->acknowledged_durable[from] == ack.match_durable))
		return;
	oracle->acknowledged_boot[from] = node->boot;
	oracle->acknowledged_durable[from] = ack.match_durable;
	slot = &log->slots[ack.match_durable % WL_LOG_ENTRIES_IN_RING];
	if (slot->index == ack.match_durable && slot->bytes != 0 && !node->rotten &&
	    !sim_oracle_is_on_platter(&node->drives[oracle->journal], slot->offset, slot->index,
				      slot->chain))
		sim_violation(oracle->cluster, from, "O18",
			      "acknowledges %llu as durable, and it is not on its stable",
			      LLU(ack.match_durable));
}

static void on_append_reply(struct sim_oracle *oracle, unsigned from, const uint8_t *payload,
			    size_t bytes)
{
	struct wl_wire_append_reply reply;
	struct wl_wire_append_result result;
	bool told = false;

	if (!wl_wire_decode_append_reply(payload, bytes, &reply))
		return;
	for (uint32_t at = 0; at < reply.result_count; at++) {
		wl_wire_decode_append_result(reply.results + at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
		sim_oracle_judge_result(oracle, from, reply.session, &result);
		told |= result.status == WIRELOG_OK && result.level >= WIRELOG_COMMITTED;
	}
	if (told && oracle->on_answer)
		oracle->on_answer(oracle->on_answer_context, from);
}

static void on_hello_reply(struct sim_oracle *oracle, unsigned from, const uint8_t *payload,
			   size_t bytes)
{
	const struct wl_replica *replica =
		&oracle->cluster->nodes[from].journals[oracle->journal]->replica;
	struct wl_wire_hello_reply reply;

	if (!wl_wire_decode_hello_reply(payload, bytes, &reply) ||
	    replica->view.role != WL_ROLE_FOLLOWER || reply.term != replica->view.term ||
	    oracle->hears[from].term != reply.term || replica->follower.heard_leader == 0)
		return;
	if (wl_replica_is_apart(replica))
		return; /* it takes no part, and sends nobody to a leader (O33) */
	/* What was said before may have waited for room on the wire. */
	if (oracle->cluster->agenda.now_ns - oracle->hears[from].since_ns < KEPT_NS)
		return;
	if (oracle->hears[from].leader != 0 && reply.leader != oracle->hears[from].leader)
		sim_violation(oracle->cluster, from, "O30",
			      "names node %u as the leader of term %llu, and hears node %u",
			      reply.leader, LLU(reply.term), oracle->hears[from].leader);
}

/* What a node says is well-formed, whoever asked, and whatever it was told (O29). */
static void check_words(const struct sim_oracle *oracle, unsigned from,
			const struct wl_frame_header *header, const uint8_t *payload)
{
	if (!sim_words_decode(header->type, payload, header->payload_bytes))
		sim_violation(oracle->cluster, from, "O29",
			      "says something of type %u that does not decode, %u bytes",
			      header->type, header->payload_bytes);
}

/* How nodes meet, and what mends: no vote, no acknowledgement, nothing to a client. */
static void check_dormant(const struct sim_oracle *oracle, unsigned from,
			  const struct wl_frame_header *header)
{
	static const uint8_t may[] = {WL_WIRE_HELLO,	  WL_WIRE_HELLO_REPLY, WL_WIRE_GREETING,
				      WL_WIRE_PATH_PROBE, WL_WIRE_PATH_ECHO,   WL_WIRE_MEND_ASK,
				      WL_WIRE_MEND_PART,  WL_WIRE_BUILD};
	const struct sim_node *node = &oracle->cluster->nodes[from];

	if (!node->up || !node->journals[header->journal]->dormant ||
	    (memchr(may, header->type, sizeof(may)) && !wl_identity_is_client(header->destination)))
		return;
	sim_violation(oracle->cluster, from, "O42",
		      "says something of type %u in a journal that is dormant", header->type);
}

/* "Never" may cut what a majority does not know: only who knows all that it acknowledged says it, and only of what is not in its log. */
static void on_mend_part(const struct sim_oracle *oracle, unsigned from, const uint8_t *payload,
			 size_t bytes)
{
	const struct sim_node *node = &oracle->cluster->nodes[from];
	const struct wl_journal *journal = node->journals[oracle->journal];
	struct wl_wire_mend_part part;
	enum wl_log_known known;
	uint64_t chain;

	if (!node->up || node->possessed || !wl_wire_decode_mend_part(payload, bytes, &part) ||
	    part.verdict != WL_WIRE_MEND_NEVER)
		return;
	known = wl_log_chain_at(&journal->log, part.index, &chain);
	if (journal->dormant || journal->replica.held_back ||
	    (known != WL_LOG_BEYOND && (known != WL_LOG_KNOWN || chain == part.chain)))
		sim_violation(oracle->cluster, from, "O54",
			      "says that entry %llu was never here; %s, its log ends at %llu",
			      LLU(part.index),
			      journal->dormant		   ? "it is dormant"
			      : journal->replica.held_back ? "its data do not count"
							   : "it counts",
			      LLU(journal->log.tail.index));
}

/* A client's, or one that somebody sends for it. */
static void on_client_sent(struct sim_oracle *oracle, const struct wl_frame_header *header,
			   const uint8_t *payload)
{
	struct wl_wire_unsubscribe left;

	if (header->type == WL_WIRE_UNSUBSCRIBE &&
	    wl_wire_decode_unsubscribe(payload, header->payload_bytes, &left))
		sim_oracle_note_left(oracle, header, &left);
}

/* long: one case for each message */
static void on_sent(void *context, unsigned from, unsigned to, const uint8_t *bytes, size_t size)
{
	const uint8_t *payload = bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES;
	struct sim_oracle *oracle = context;
	struct wl_frame_header header;
	struct wl_wire_deliver deliver;
	struct wl_wire_gap gap;
	unsigned addressee;

	(void)to;
	if (size < WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES ||
	    wl_frame_decode_header(bytes + WL_FRAME_ENVELOPE_BYTES, size - WL_FRAME_ENVELOPE_BYTES,
				   &header) != WL_FRAME_OK ||
	    header.journal >= oracle->cluster->config.journals)
		return;
	if (from == 0 || from > WIRELOG_NODES_MAX) {
		if (!oracle->reduced)
			on_client_sent(oracle + header.journal, &header, payload);
		return;
	}
	check_words(oracle, from, &header, payload);
	check_dormant(oracle, from, &header);
	if (oracle->reduced)
		return;
	oracle += header.journal;
	/* By its name: the address may be one that was damaged on its way. */
	addressee = wl_identity_is_client(header.destination)
			    ? 0
			    : wl_identity_node(header.destination) % (WIRELOG_NODES_MAX + 1);
	switch (header.type) {
	case WL_WIRE_VOTE:
	case WL_WIRE_VOTE_REPLY:
	case WL_WIRE_PRE_VOTE_REPLY:
		on_vote_message(oracle, from, addressee, header.type, payload,
				header.payload_bytes);
		break;
	case WL_WIRE_APPEND:
		on_append(oracle, from, payload, header.payload_bytes);
		break;
	case WL_WIRE_APPEND_ACK:
		on_append_ack(oracle, from, addressee, payload, header.payload_bytes);
		break;
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_KEEPALIVE_REPLY:
		on_hello_reply(oracle, from, payload, header.payload_bytes);
		break;
	case WL_WIRE_APPEND_REPLY:
		on_append_reply(oracle, from, payload, header.payload_bytes);
		break;
	case WL_WIRE_DELIVER:
		if (wl_wire_decode_deliver(payload, header.payload_bytes, &deliver))
			sim_oracle_judge_deliver(oracle, from, &header, &deliver);
		break;
	case WL_WIRE_MEND_PART:
		on_mend_part(oracle, from, payload, header.payload_bytes);
		break;
	case WL_WIRE_GAP:
		if (wl_wire_decode_gap(payload, header.payload_bytes, &gap))
			sim_oracle_judge_gap(oracle, from, &header, &gap);
		break;
	default:
		break;
	}
}

void sim_oracles_watch_frames(struct sim_oracle *oracles)
{
	oracles->cluster->network.on_sent = on_sent;
	oracles->cluster->network.context = oracles;
}
