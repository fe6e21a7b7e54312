/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/oracle/oracle_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/raft/quorum.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "dataplane/raft/quorum.h"
#include "tests/sim/arena.h"
#include "wirelog/status.h"

void sim_violation(const struct sim_cluster *cluster, unsigned node, const char *rule,
		   const char *detail, ...)
{
	va_list arguments;

	if (cluster->config.rule)
		snprintf(cluster->config.rule, SIM_RULE_BYTES, "%s", rule);
	if (cluster->network.trace.file)
		fflush(cluster->network.trace.file);
	if (cluster->config.quiet)
		_exit(1);
	fprintf(stderr, "\nseed %llu at %.6f s, node %u: %s: ", (unsigned long long)cluster->seed,
		(double)cluster->agenda.now_ns / 1e9, node, rule);
	va_start(arguments, detail);
	vfprintf(stderr, detail, arguments);
	va_end(arguments);
	fprintf(stderr, "\nreplay: %s\n", cluster->config.replay ? cluster->config.replay : "");
	_exit(1);
}

void sim_oracle_fini(struct sim_oracle *oracle)
{
	sim_arena_give_back(oracle->entries, oracle->entries_max * sizeof(oracle->entries[0]));
	sim_arena_give_back(oracle->verified, oracle->entries_max * sizeof(oracle->verified[0]));
	sim_arena_give_back(oracle->holders, oracle->entries_max * sizeof(oracle->holders[0]));
	sim_arena_give_back(oracle->records, oracle->records_max * sizeof(oracle->records[0]));
	sim_arena_give_back(oracle->matching, SIM_ORACLE_MATCHING * sizeof(oracle->matching[0]));
	free(oracle->sessions);
	free(oracle->promises);
	free(oracle->received);
}

/* The entry as it stands on a platter, checked from its bytes. */
bool sim_oracle_is_on_platter(const struct sim_drive *drive, uint64_t offset, uint64_t index,
			      uint64_t chain)
{
	struct wl_entry_header header;
	const uint8_t *image = sim_drive_at(drive, offset);
	uint64_t left = drive->segment_bytes - offset % drive->segment_bytes;

	return offset != 0 && sim_drive_has(drive, offset / drive->segment_bytes) &&
	       wl_entry_decode(image, left, &header) == WL_ENTRY_OK && header.index == index &&
	       wl_entry_chain(image) == chain;
}

static struct sim_session *session_of(struct sim_oracle *oracle, uint64_t session)
{
	uint64_t at = session * 0x9e3779b97f4a7c15u >> 49;

	while (oracle->sessions[at].session != 0 && oracle->sessions[at].session != session)
		at = (at + 1) % SIM_ORACLE_SESSIONS;
	WL_CHECK(oracle->session_count < SIM_ORACLE_SESSIONS - 1);
	oracle->session_count += oracle->sessions[at].session == 0;
	oracle->sessions[at].session = session;
	return &oracle->sessions[at];
}

void sim_oracle_note_spent(struct sim_oracle *oracle, uint64_t session, uint64_t sequence)
{
	struct sim_session *known = session_of(oracle, session);

	if (sequence > known->last_sequence && sequence != UINT64_MAX &&
	    sequence - known->last_sequence <= WL_SESSION_FENCE_MAX)
		known->last_sequence = sequence;
}

/* Sequences of a session grow by one: nothing comes twice, nothing is left out. An expired one is used up, too, and a fence spends some. */
static void check_sequence(struct sim_oracle *oracle, unsigned node,
			   const struct wl_record_header *header)
{
	struct sim_session *session = session_of(oracle, header->session);

	if (header->sequence != session->last_sequence + 1)
		sim_violation(oracle->cluster, node, "O7",
			      "session %llx: sequence %llu follows %llu",
			      (unsigned long long)header->session,
			      (unsigned long long)header->sequence,
			      (unsigned long long)session->last_sequence);
	session->last_sequence = header->sequence;
}

static void store_record(struct sim_oracle *oracle, unsigned node,
			 const struct wl_record_view *view, uint64_t timestamp_ns)
{
	struct sim_stored_record *record;

	if (view->header.kind == WL_RECORD_EXPIRED)
		check_sequence(oracle, node, &view->header);
	if (view->header.kind != WL_RECORD_DATA)
		return;
	if (view->number != oracle->numbers + 1)
		sim_violation(oracle->cluster, node, "O7", "record number %llu follows %llu",
			      (unsigned long long)view->number,
			      (unsigned long long)oracle->numbers);
	WL_CHECK(view->number < oracle->records_max);
	check_sequence(oracle, node, &view->header);
	sim_oracle_judge_never(oracle, node, view->header.session, view->header.sequence);
	record = &oracle->records[view->number];
	record->session = view->header.session;
	record->sequence = view->header.sequence;
	record->bytes = view->header.bytes;
	record->timestamp_ns = timestamp_ns;
	record->checksum = wl_crc64(0, view->payload, view->header.bytes);
	oracle->numbers = view->number;
}

static uint64_t highest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t reading(const struct sim_wall *wall, uint64_t now_ns)
{
	return wall->seen_ns == 0 ? 0 : wall->seen_ns + (now_ns - wall->at_ns);
}

/*
 * With a second for what clocks drift, and peers are heard late. By whichever list it was stamped. A leader counts on the clock of who
 * fell silent, as it runs on; so does this.
 */
static void check_stamp(struct sim_oracle *oracle, const struct sim_node *node,
			const struct wl_entry_header *header)
{
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	uint64_t walls[WIRELOG_NODES_MAX + 1] = {0}, limit;

	for (unsigned number = 1; number <= WIRELOG_NODES_MAX; number++)
		walls[number] = reading(&oracle->walls[number], oracle->cluster->agenda.now_ns);
	limit = 2 * 1000000000ull + highest(wl_quorum_majority(walls, &oracle->list),
					    highest(wl_quorum_majority(walls, &log->list),
						    wl_quorum_majority(walls, &log->list_before)));
	if (header->timestamp_ns < oracle->stamp ||
	    (header->timestamp_ns > limit && header->timestamp_ns != oracle->stamp))
		sim_violation(oracle->cluster, node->number, "O32",
			      "entry %llu has stamp %llu behind %llu, clocks reached %llu",
			      (unsigned long long)header->index,
			      (unsigned long long)header->timestamp_ns,
			      (unsigned long long)oracle->stamp, (unsigned long long)limit);
	oracle->stamp = header->timestamp_ns;
}

static void store_entry(struct sim_oracle *oracle, struct sim_node *node, uint64_t index,
			uint64_t chain)
{
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	uint32_t bytes;
	const uint8_t *image = wl_log_image_in_ring(log, index, &bytes);
	struct wl_entry_header header;
	struct wl_record_walk walk;
	struct wl_record_view view;

	WL_CHECK(index < oracle->entries_max && index == oracle->committed + 1);
	if (!image)
		image = sim_drive_at(&node->drives[oracle->journal], slot->offset);
	if (wl_entry_decode(image, slot->bytes, &header) != WL_ENTRY_OK)
		sim_violation(oracle->cluster, node->number, "O2",
			      "committed entry %llu does not decode", (unsigned long long)index);
	check_stamp(oracle, node, &header);
	oracle->entries[index].chain = chain;
	oracle->entries[index].term = header.term;
	oracle->entries[index].in_term = node->journals[oracle->journal]->replica.view.term;
	oracle->committed = index;
	sim_oracle_judge_entry(oracle, node->number, index, header.term);
	wl_entry_walk_init(&walk, image, &header);
	while (wl_entry_walk_next(&walk, &view))
		store_record(oracle, node->number, &view, header.timestamp_ns);
	sim_oracle_note_control(oracle, node->number, image, &header);
}

/* Where this node's durable entries lie, so that stable storage can be looked at when the node is down. */
static void note_places(struct sim_oracle *oracle, struct sim_node *node)
{
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	uint64_t from = oracle->durable_seen[node->number];

	if (oracle->generation_seen[node->number] != log->generation + (node->boot << 32)) {
		oracle->generation_seen[node->number] = log->generation + (node->boot << 32);
		from = node->journals[oracle->journal]
			       ->replica.commit; /* what lies behind may have been replaced */
		if (from > 64)
			from -= 64;
		else
			from = 0;
	}
	for (uint64_t index = from + 1; index <= log->durable.index; index++) {
		const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];

		/* Of the entry of a base the place is not known. */
		if (slot->index == index && slot->bytes != 0 && index < oracle->entries_max)
			oracle->entries[index].offset[node->number] = slot->offset;
	}
	oracle->durable_seen[node->number] = log->durable.index;
}

static void check_commit_rule(struct sim_oracle *oracle, struct sim_node *node, uint64_t index)
{
	wl_members copies = 0;

	for (unsigned number = 1; number <= oracle->cluster->config.nodes; number++) {
		const struct sim_node *holder = &oracle->cluster->nodes[number];

		/* It may have been there when it was acknowledged; the others must not need it. */
		if (holder->forgot || holder->rotten ||
		    sim_oracle_is_on_platter(&holder->drives[oracle->journal],
					     oracle->entries[index].offset[number], index,
					     oracle->entries[index].chain))
			copies |= 1u << number;
	}
	/* The next list may have been appended in the same turn, behind what this one decided. */
	oracle->decided_by = wl_list_decides(&oracle->list_seen[node->number], copies)
				     ? oracle->list_seen[node->number]
				     : *sim_oracle_list_of(oracle, node);
	if (!wl_list_decides(&oracle->decided_by, copies))
		sim_violation(oracle->cluster, node->number, "O3",
			      "entry %llu is committed with durable copies on nodes %x",
			      (unsigned long long)index, copies);
}

static void check_commit(struct sim_oracle *oracle, struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	uint64_t before = oracle->commit_of_life[node->number];
	uint64_t chain, term;

	if (oracle->boot_of_life[node->number] != node->boot) {
		oracle->boot_of_life[node->number] = node->boot;
		before = 0;
		sim_oracle_check_return(oracle, node);
	}
	if (replica->commit < before)
		sim_violation(oracle->cluster, node->number, "O4", "commit fell from %llu to %llu",
			      (unsigned long long)before, (unsigned long long)replica->commit);
	for (uint64_t index = before + 1; index <= replica->commit; index++) {
		if (wl_log_chain_at(&node->journals[oracle->journal]->log, index, &chain) !=
		    WL_LOG_KNOWN)
			continue;
		if (index > oracle->committed)
			store_entry(oracle, node, index, chain);
		else if (oracle->entries[index].chain != chain)
			sim_violation(oracle->cluster, node->number, "O2",
				      "entry %llu is not what was committed there before",
				      (unsigned long long)index);
	}
	if (replica->view.role == WL_ROLE_LEADER && replica->commit > before)
		check_commit_rule(oracle, node, replica->commit);
	if (replica->view.role == WL_ROLE_LEADER && replica->commit > before &&
	    oracle->commit_view[node->number] == replica->view.number &&
	    wl_log_term_at(&node->journals[oracle->journal]->log, replica->commit, &term) ==
		    WL_LOG_KNOWN &&
	    term != replica->view.term)
		sim_violation(oracle->cluster, node->number, "O3",
			      "leader of term %llu commits entry %llu of term %llu",
			      (unsigned long long)replica->view.term,
			      (unsigned long long)replica->commit, (unsigned long long)term);
	oracle->commit_view[node->number] = replica->view.number;
	oracle->commit_of_life[node->number] = replica->commit;
}

static void check_leader(struct sim_oracle *oracle, struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	uint64_t term = replica->view.term;
	uint64_t chain, index = oracle->committed;
	enum wl_log_known known;

	if (term < oracle->highest_term[node->number] && !node->forgot && !node->lost_record)
		sim_violation(oracle->cluster, node->number, "O9", "term fell from %llu to %llu",
			      (unsigned long long)oracle->highest_term[node->number],
			      (unsigned long long)term);
	oracle->highest_term[node->number] = term;
	if (replica->view.role != WL_ROLE_LEADER)
		return;
	if (oracle->complete_in_term[node->number] == term)
		return;
	oracle->complete_in_term[node->number] = term;
	sim_oracle_note_leader(oracle, node->number, term);
	sim_oracle_check_ghosts(oracle);
	/* A candidate whose votes come late may win an old term; it owes what was committed in terms before it. */
	while (index > 0 && oracle->entries[index].in_term >= term)
		index--;
	if (index == 0)
		return;
	/* What it gave up, or holds below the base that it began at, it has: what lies behind is chained to it. */
	known = wl_log_chain_at(&node->journals[oracle->journal]->log, index, &chain);
	if (known == WL_LOG_BEYOND ||
	    (known == WL_LOG_KNOWN && chain != oracle->entries[index].chain))
		sim_violation(oracle->cluster, node->number, "O8",
			      "leads term %llu without committed entry %llu",
			      (unsigned long long)term, (unsigned long long)index);
}

/* Between turns a node holds nothing but what it keeps for the next burst. */
static void check_leaks(struct sim_oracle *oracle, const struct sim_node *node, unsigned worker)
{
	const struct sim_station *station =
		&oracle->cluster->network.stations[sim_station_of(node->number, worker)];
	uint64_t kept = 0;

	for (uint16_t link = 0; link < station->port.link_count; link++)
		kept += node->cores[worker].worker->tx.links[link].count;
	if (station->frames_held != kept)
		sim_violation(oracle->cluster, node->number, "O16",
			      "%llu frames are held, %llu are kept",
			      (unsigned long long)station->frames_held, (unsigned long long)kept);
}

static void before_start(void *context, struct sim_node *node)
{
	struct sim_oracle *oracles = context;

	for (unsigned journal = 0; journal < oracles->cluster->config.journals; journal++) {
		sim_drive_expect(&node->drives[journal]);
		if (!oracles->reduced)
			sim_oracle_note_stable(&oracles[journal], node);
	}
}

static void note_leader_heard(struct sim_oracle *oracle, unsigned node,
			      const struct wl_replica *replica)
{
	uint64_t term = replica->view.role == WL_ROLE_FOLLOWER ? replica->view.term : 0;

	if (oracle->hears[node].term == term &&
	    oracle->hears[node].leader == replica->follower.heard_leader)
		return;
	oracle->hears[node].term = term;
	oracle->hears[node].leader = replica->follower.heard_leader;
	oracle->hears[node].since_ns = oracle->cluster->agenda.now_ns;
}

static void check_journal(struct sim_oracle *oracle, struct sim_node *node)
{
	const struct wl_journal *journal = node->journals[oracle->journal];
	const char *broken = wl_replica_check(&journal->replica);

	oracle->checks++;
	if (!broken)
		broken = wl_log_check(&journal->log);
	if (broken)
		sim_violation(oracle->cluster, node->number, "O5", "%s", broken);
	if (journal->dormant) {
		/* A first segment would be made where one stands. */
		if (journal->log.segment_asked || journal->log.writes_in_flight != 0)
			sim_violation(oracle->cluster, node->number, "O42",
				      "is dormant, and asks its medium for what its empty log "
				      "lacks");
		return;
	}
	sim_oracle_check_apart(oracle, node);
	sim_oracle_check_caught_up(oracle, node);
	oracle->silent[node->number] = journal->replica.view.role == WL_ROLE_LEADER &&
				       journal->replica.silent;
	if (node->contradicted)
		return; /* what it holds is no history of ours */
	note_leader_heard(oracle, node->number, &journal->replica);
	if (journal->replica.view.number == 0 || oracle->reduced)
		return; /* no view yet */
	note_places(oracle, node);
	sim_oracle_check_matching(oracle, node);
	sim_oracle_check_fence(oracle, node);
	check_leader(oracle, node);
	check_commit(oracle, node);
	sim_oracle_check_begin(oracle, node);
	sim_oracle_check_members(oracle, node);
	if (oracle->journal == 0)
		sim_oracle_check_keys(oracle, node);
	sim_oracle_check_limits(oracle, node);
	sim_oracle_check_features(oracle, node);
	oracle->list_seen[node->number] = journal->log.list;
	if (oracle->checks % 64 == 0 && (broken = sim_drive_check(&node->drives[oracle->journal])))
		sim_violation(oracle->cluster, node->number, "O23", "%s", broken);
}

static void note_wall(struct sim_oracle *oracle, const struct sim_node *node, unsigned worker)
{
	uint64_t wall_ns = node->cores[worker].worker->wall_ns;
	uint64_t now_ns = oracle->cluster->agenda.now_ns;

	if (wall_ns > reading(&oracle->walls[node->number], now_ns))
		oracle->walls[node->number] = (struct sim_wall){wall_ns, now_ns};
}

static void note_turn(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	struct sim_turns *turns = &oracle->turns[node->number];

	turns->at[turns->count % SIM_ORACLE_TURNS].wall_ns = replica->wall_ns;
	turns->at[turns->count % SIM_ORACLE_TURNS].commit = replica->commit;
	turns->count++;
}

static void after_turn(void *context, struct sim_node *node, unsigned worker)
{
	struct sim_oracle *oracles = context;
	const struct sim_cluster_config *config = &oracles->cluster->config;

	for (unsigned journal = 0; journal < config->journals; journal++)
		note_wall(&oracles[journal], node, worker);
	check_leaks(oracles, node, worker);
	if (!oracles->reduced)
		sim_oracle_check_learned(oracles, node);
	if (config->workers == 1) { /* strangers speak to first workers only */
		sim_oracle_check_strangers(oracles, node);
		sim_oracle_check_neighbours(oracles, node);
	}
	for (unsigned journal = worker; journal < config->journals; journal += config->workers) {
		sim_oracle_check_lives(&oracles[journal], node);
		check_journal(&oracles[journal], node);
		note_turn(&oracles[journal], node);
	}
	wl_worker_check(node->cores[worker].worker);
}

/* Told "expired": it is not in the log, and its tombstone is. */
static void check_expired(struct sim_oracle *oracle, const struct sim_client *client,
			  const struct sim_answer *answer)
{
	uint64_t sequence = answer->append.sequence;

	if (session_of(oracle, answer->session)->last_sequence < sequence)
		sim_violation(oracle->cluster, 0, "O15",
			      "sequence %llu of client %u is expired without a tombstone",
			      (unsigned long long)sequence, client->number);
	for (uint64_t number = oracle->numbers; number > 0; number--) {
		const struct sim_stored_record *record = &oracle->records[number];

		if (record->session != answer->session || record->sequence > sequence)
			continue;
		if (record->sequence == sequence)
			sim_violation(oracle->cluster, 0, "O15",
				      "expired sequence %llu of client %u is number %llu",
				      (unsigned long long)sequence, client->number,
				      (unsigned long long)number);
		return;
	}
}

void sim_oracle_on_answer(void *context, struct sim_client *client, const struct sim_answer *answer)
{
	uint64_t sequence = answer->append.sequence, began_after = answer->append.began_after;
	uint64_t number = answer->number;
	struct sim_oracle *oracle = context;
	const struct sim_stored_record *record;

	oracle->answers++;
	if (oracle->reduced)
		return;
	if (answer->status == WIRELOG_EXPIRED)
		check_expired(oracle, client, answer);
	if (!sim_oracle_judge_level(oracle, client, answer))
		return;
	if (number == 0 || number > oracle->numbers)
		sim_violation(oracle->cluster, 0, "O6",
			      "client %u was told number %llu, committed are %llu", client->number,
			      (unsigned long long)number, (unsigned long long)oracle->numbers);
	record = &oracle->records[number];
	if (record->session != answer->session || record->sequence != sequence ||
	    record->bytes != answer->bytes || record->checksum != answer->checksum)
		sim_violation(oracle->cluster, 0, "O6",
			      "number %llu is not sequence %llu of client %u",
			      (unsigned long long)number, (unsigned long long)sequence,
			      client->number);
	/* Linearizable: what began after an answer was given gets a higher number (unless it is told a second time). */
	if (began_after >= number)
		sim_violation(oracle->cluster, 0, "O14",
			      "number %llu went to an append that began after %llu was answered",
			      (unsigned long long)number, (unsigned long long)began_after);
	if (number > oracle->cluster->highest_answered[oracle->journal])
		oracle->cluster->highest_answered[oracle->journal] = number;
}

static void init_oracle(struct sim_oracle *oracle, struct sim_cluster *cluster, unsigned journal)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->cluster = cluster;
	oracle->journal = journal;
	oracle->trim_number = 1;
	sim_oracle_begin_members(oracle);
	oracle->entries_max = 1 << 16;
	oracle->entries = sim_arena_take(oracle->entries_max * sizeof(oracle->entries[0]));
	oracle->verified = sim_arena_take(oracle->entries_max * sizeof(oracle->verified[0]));
	oracle->holders = sim_arena_take(oracle->entries_max * sizeof(oracle->holders[0]));
	oracle->records_max = SIM_ORACLE_RECORDS;
	oracle->records = sim_arena_take(oracle->records_max * sizeof(oracle->records[0]));
	oracle->matching = sim_arena_take(SIM_ORACLE_MATCHING * sizeof(oracle->matching[0]));
	oracle->sessions = calloc(SIM_ORACLE_SESSIONS, sizeof(oracle->sessions[0]));
	oracle->promises = calloc(SIM_ORACLE_PROMISES, sizeof(oracle->promises[0]));
	oracle->received = calloc(SIM_ORACLE_PROMISES, sizeof(oracle->received[0]));
	WL_CHECK(oracle->sessions && oracle->promises && oracle->received);
	sim_random_init(&oracle->random, cluster->seed, 4 + 1000 * journal);
}

void sim_oracles_init(struct sim_oracle *oracles, struct sim_cluster *cluster)
{
	for (unsigned journal = 0; journal < cluster->config.journals; journal++)
		init_oracle(&oracles[journal], cluster, journal);
	cluster->after_turn = after_turn;
	cluster->before_start = before_start;
	cluster->context = oracles;
	sim_oracles_watch_frames(oracles);
	sim_oracles_watch_starts(oracles);
	sim_oracles_watch_bases(oracles);
}

void sim_oracle_finish(struct sim_oracle *oracle)
{
	uint64_t digest = 0, digest_index = 0;

	if (oracle->reduced)
		return;
	sim_oracle_check_ghosts(oracle);
	for (unsigned number = 1; number <= oracle->cluster->config.nodes; number++) {
		struct sim_node *node = &oracle->cluster->nodes[number];
		struct wl_service_stats stats;
		uint64_t chain;

		if (!node->up || node->journals[oracle->journal]->dormant || node->contradicted ||
		    sim_node_table_rots(node) ||
		    !wl_members_has(wl_list_everybody(&oracle->list), number) ||
		    sim_node_needs_base(oracle->cluster, node, oracle->journal))
			continue;
		if (node->journals[oracle->journal]->replica.commit < oracle->committed)
			sim_violation(
				oracle->cluster, number, "O10", "commit %llu stays behind %llu",
				(unsigned long long)node->journals[oracle->journal]->replica.commit,
				(unsigned long long)oracle->committed);
		if (wl_log_chain_at(&node->journals[oracle->journal]->log, oracle->committed,
				    &chain) != WL_LOG_KNOWN ||
		    chain != oracle->entries[oracle->committed].chain)
			sim_violation(oracle->cluster, number, "O10", "chain values differ at %llu",
				      (unsigned long long)oracle->committed);
		wl_service_get_stats(node->journals[oracle->journal]->service, &stats);
		if (digest_index == stats.applied_index && digest != stats.state_digest)
			sim_violation(oracle->cluster, number, "O10",
				      "the tables of sessions differ at %llu",
				      (unsigned long long)digest_index);
		digest_index = stats.applied_index;
		digest = stats.state_digest;
	}
}

uint64_t sim_oracle_hash(const struct sim_oracle *oracle)
{
	uint64_t words[] = {oracle->committed,
			    oracle->numbers,
			    oracle->answers,
			    oracle->checks,
			    oracle->committed ? oracle->entries[oracle->committed].chain : 0,
			    oracle->cluster->agenda.happened,
			    oracle->cluster->network.sent,
			    oracle->cluster->network.lost};

	return wl_crc64(oracle->cluster->seed, words, sizeof(words));
}
