/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must come of frames that are not to be believed (O26): each is counted under exactly its reason, it changes nothing, and
 * nothing is said in answer. A frame that was damaged on its way, or that comes a second time, may be counted in any way; of all
 * others it is known what the node must think of them. One exception: what is wrong with a frame of ours but for its tag may be found
 * before the tag is looked at (unproven, replayed), and what a turn has no share for is not looked at (crowded).
 *
 * And of claims on the Ethernet (O28): an address that is known moves only by an answer to our own question.
 */
#include <string.h>

#include "tests/sim/oracle/oracle_internal.h"
#include "tests/sim/network/stranger.h"

/* Of so many questions one new one may be taken for a copy: full sets of hashed bits (answered.h) do so with one in 200. */
#define MISTAKEN_EACH 64u

/* Counters that only a frame that was believed, or a client's or peer's message, moves. */
static const enum wl_counter beliefs[] = {
	WL_COUNTER_remote_new_boot, WL_COUNTER_hello_answered, WL_COUNTER_append_frames_received,
	WL_COUNTER_ack_received,    WL_COUNTER_client_appends,
};

static uint64_t beliefs_of(const struct wl_counters *counters)
{
	uint64_t sum = 0;

	for (unsigned at = 0; at < sizeof(beliefs) / sizeof(beliefs[0]); at++)
		sum += wl_count_get(counters, beliefs[at]);
	return sum;
}

/* A node whose data and file are of another cluster has another key, and another number. */
static bool is_of_one_cluster(const struct sim_cluster *cluster)
{
	bool one = true;

	for (unsigned number = 1; number <= cluster->config.nodes; number++)
		one &= !cluster->nodes[number].was_stranger;
	return one;
}

/* Some hold another key than others, and who changed to the newer one is not heard with the older. */
static bool is_of_one_key(const struct sim_cluster *cluster)
{
	bool one = cluster->client_keys == &cluster->keys[0];

	for (unsigned number = 1; number <= cluster->config.nodes; number++)
		one &= cluster->nodes[number].key_file == 0;
	return one;
}

/* Verdicts that nobody earns who has the key, speaks the protocol, and was not damaged. */
static bool is_a_strangers(const struct sim_cluster *cluster, unsigned verdict)
{
	if (verdict == WL_FRAME_OTHER_CLUSTER || verdict == WL_FRAME_UNKNOWN_SENDER ||
	    verdict == WL_FRAME_FORGED)
		return is_of_one_cluster(cluster);
	if (verdict == WL_FRAME_OTHER_KEY)
		return is_of_one_cluster(cluster) && is_of_one_key(cluster);
	return (verdict >= WL_FRAME_SHORT && verdict <= WL_FRAME_FORGED) ||
	       verdict == WL_FRAME_UNKNOWN_TYPE;
}

/* Of a forged frame, more than one thing is wrong; which of them is found first is the node's to choose. */
static bool is_of_the_tag(unsigned verdict)
{
	return verdict == WL_FRAME_FORGED || verdict == WL_FRAME_OTHER_KEY ||
	       verdict == WL_FRAME_UNPROVEN || verdict == WL_FRAME_REPLAYED ||
	       verdict == WL_FRAME_CROWDED || verdict == WL_FRAME_UNKNOWN_TYPE;
}

/*
 * Who is heard for the first time is not heard again. But of strangers a node remembers hashed bits (answered.h), and one in some
 * hundred new questions finds all of its own set by others: it is taken for a copy, and asked again. No other frame is, and no
 * more than so many.
 */
static void check_replayed(struct sim_oracle *oracle, const struct sim_node *node,
			   const struct sim_tally *tally, uint64_t counted)
{
	struct sim_drops *seen = &oracle->drops[node->number];
	uint64_t could = tally->verdicts[WL_FRAME_REPLAYED] + tally->verdicts[WL_FRAME_FORGED] +
			 tally->verdicts[WL_FRAME_UNKNOWN_TYPE] +
			 tally->verdicts[WL_FRAME_UNPROVEN] + tally->unknown + tally->again;
	uint64_t more = counted > could ? counted - could : 0;

	if (!is_of_one_key(oracle->cluster))
		return;
	seen->asked += tally->asks;
	seen->mistaken += more;
	if (more > tally->asks || seen->mistaken > seen->asked / MISTAKEN_EACH)
		sim_violation(oracle->cluster, node->number, "O26",
			      "calls %llu frames replayed, and %llu could be; of %llu questions "
			      "%llu were new",
			      (unsigned long long)counted, (unsigned long long)could,
			      (unsigned long long)seen->asked, (unsigned long long)seen->mistaken);
}

static void check_verdicts(struct sim_oracle *oracle, struct sim_node *node,
			   const struct sim_tally *tally)
{
	struct sim_drops *seen = &oracle->drops[node->number];
	uint64_t more = 0, of_the_tag = 0, expected_of_the_tag = 0;

	for (unsigned verdict = WL_FRAME_SHORT; verdict < WL_FRAME_VERDICTS; verdict++) {
		uint64_t now = atomic_load_explicit(
			&node->cores[0].worker->counters.dropped[verdict], memory_order_relaxed);
		uint64_t counted = now - seen->dropped[verdict];

		seen->dropped[verdict] = now;
		if (counted != 0)
			sim_trace_say(&oracle->cluster->network.trace,
				      "node %u drops %llu frames: %s", node->number,
				      (unsigned long long)counted,
				      wl_frame_verdict_name((enum wl_frame_verdict)verdict));
		if (node->stranger)
			continue; /* of another cluster: what it thinks of anybody is its own matter */
		if (is_of_the_tag(verdict)) {
			of_the_tag += counted;
			expected_of_the_tag += tally->verdicts[verdict];
		} else if (counted < tally->verdicts[verdict] &&
			   /* What a dormant journal does not hear it does not decode. */
			   !(verdict == WL_FRAME_BAD_PAYLOAD && sim_node_is_dormant(node)))
			sim_violation(oracle->cluster, node->number, "O26",
				      "%u frames are %s, and %llu are counted as such",
				      tally->verdicts[verdict],
				      wl_frame_verdict_name((enum wl_frame_verdict)verdict),
				      (unsigned long long)counted);
		if (verdict == WL_FRAME_REPLAYED)
			check_replayed(oracle, node, tally, counted);
		if (is_a_strangers(oracle->cluster, verdict) && counted > tally->verdicts[verdict])
			more += counted - tally->verdicts[verdict];
		/* A greeting that somebody carries to another node makes a client look for that one there. */
		if (verdict == WL_FRAME_OTHER_DESTINATION)
			more -= more < tally->applications ? more : tally->applications;
		if (more > tally->unknown)
			sim_violation(oracle->cluster, node->number, "O26",
				      "counts a frame as %s that was not",
				      wl_frame_verdict_name((enum wl_frame_verdict)verdict));
	}
	if (!node->stranger && of_the_tag < expected_of_the_tag)
		sim_violation(oracle->cluster, node->number, "O26",
			      "%llu frames are forged or old, and %llu are counted as such",
			      (unsigned long long)expected_of_the_tag,
			      (unsigned long long)of_the_tag);
}

void sim_oracle_check_strangers(struct sim_oracle *oracle, struct sim_node *node)
{
	struct sim_tally *tally = &oracle->cluster->network.stations[node->number].tally;
	struct sim_drops *seen = &oracle->drops[node->number];
	uint64_t frames, believed = beliefs_of(&node->cores[0].worker->counters);

	if (seen->boot != node->boot) {
		memset(seen, 0, sizeof(*seen));
		seen->boot = node->boot;
	}
	frames = wl_count_get(&node->cores[0].worker->counters, WL_COUNTER_rx_frames);
	if (frames - seen->frames != tally->honest + tally->unknown + tally->labelled)
		sim_violation(oracle->cluster, node->number, "O26", "frames are not all counted");
	if (frames != seen->frames)
		check_verdicts(oracle, node, tally);
	if (tally->honest + tally->unknown == 0 && believed != seen->believed &&
	    tally->verdicts[WL_FRAME_BAD_PAYLOAD] == 0)
		sim_violation(oracle->cluster, node->number, "O26",
			      "a frame that is not to be believed changed something");
	seen->frames = frames;
	seen->believed = believed;
	memset(tally, 0, sizeof(*tally));
}

void sim_oracle_check_neighbours(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_neighbours *neighbours = &node->agent->neighbours;
	struct sim_drops *seen = &oracle->drops[node->number];

	for (uint32_t at = 0; at < neighbours->count; at++) {
		const struct wl_neighbour_entry *entry = &neighbours->entries[at];
		bool claimed = entry->known && entry->mac[1] == 0xee &&
			       entry->mac[5] == SIM_STRANGER_CLAIMS_MAC;

		if (claimed && seen->boot == node->boot && (seen->honest_mac & 1ull << at))
			sim_violation(oracle->cluster, node->number, "O28",
				      "a claim moved the address of neighbour %u", at);
		if (entry->known && !claimed)
			seen->honest_mac |= 1ull << at;
	}
}

/* What was recorded of an older life is believed again when another life of it is taken too soon. */
void sim_oracle_check_lives(struct sim_oracle *oracle, const struct sim_node *node)
{
	struct wl_rx *rx =
		&node->cores[oracle->journal % oracle->cluster->config.workers].worker->rx;

	for (unsigned number = 0; number < SIM_ORACLE_CLIENTS; number++) {
		const struct sim_client *client = oracle->clients[number];
		struct sim_life *known = &oracle->lives[node->number][number], before = *known;
		const struct wl_remote *place =
			client ? wl_remote_table_find(&rx->clients, client->end.identity) : NULL;

		*known = (struct sim_life){0};
		if (!place || place->boot_id == 0)
			continue;
		*known = (struct sim_life){node->boot, place->boot_id, place->last_heard_ns,
					   place->identity};
		if (before.boot == known->boot && before.identity == known->identity &&
		    before.boot_id != known->boot_id &&
		    known->heard_ns - before.heard_ns <= rx->client_idle_ns)
			sim_violation(oracle->cluster, node->number, "O31",
				      "takes another life of client %u, heard %llu us ago", number,
				      (unsigned long long)(known->heard_ns - before.heard_ns) /
					      1000);
	}
}
