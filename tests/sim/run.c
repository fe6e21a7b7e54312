/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"
#include "tests/sim/actors/rogue.h"

#define CLIENTS_MAX 8u
#define AFTERMATH_NS 500000000u
#define ROGUES_MAX 2u
#define STEP_NS 10000000u
#define ELECTION_TIMEOUT_NS 100000000u
/* Of leaders' patience, to which the longest waits are bound: a node that got another address is heard again when its old one has been
 * silent for four times that, and takes part again four more later (transport/claim.h). */
#define LIVENESS_NS (20u * (uint64_t)ELECTION_TIMEOUT_NS)
#define CONVERGENCE_NS 10000000000u
#define CHECKPOINT_NS 10000000000u /* so long an application asks for one, client/checkpointer.c */
#define MENDING_NS 60000000000u
#define TERMS_TO_RECOVER 6u
#define LOSSY_PPM 100000u /* of frames that the frozen rest loses */
#define LATE_NS (ELECTION_TIMEOUT_NS / 2) /* or by so much it delays some */
#define PATIENCE 5u /* times as long, then; a fixed bound all the same */
#define STABLE_NS (6u * (uint64_t)ELECTION_TIMEOUT_NS)
#define TERMS_OF_REST 3u

struct run {
	const struct sim_plan *plan;
	struct sim_cluster cluster;
	struct sim_oracle oracles[SIM_JOURNALS_MAX];
	struct sim_faults faults;
	struct sim_client clients[CLIENTS_MAX];
	struct sim_rogue rogues[ROGUES_MAX];
	uint64_t seen_before[SIM_SEENS];
	/* At the last expectation of an earlier instant, and at the newest one: those of one instant share their past. */
	struct baseline {
		uint64_t at_ns, acknowledged, sent, term;
	} before, newest;
	uint32_t core; /* bit per node that is made well first */
};

static void advance(struct run *run, uint64_t for_ns)
{
	struct sim_agenda *agenda = &run->cluster.agenda;
	uint64_t until = agenda->now_ns + for_ns;

	while (sim_agenda_step(agenda, until)) {
		if (agenda->happened > SIM_EVENTS_MAX)
			sim_violation(&run->cluster, 0, "watchdog",
				      "more than %u events: a livelock", SIM_EVENTS_MAX);
	}
	agenda->now_ns = until;
}

static uint64_t acknowledged_of(const struct run *run, unsigned journal)
{
	uint64_t total = 0;

	for (unsigned client = journal; client < run->plan->clients; client += run->plan->journals)
		total += run->clients[client].acknowledged;
	return total;
}

static uint64_t acknowledged(const struct run *run)
{
	uint64_t total = 0;

	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		total += acknowledged_of(run, journal);
	return total;
}

static uint64_t highest_term(const struct run *run, unsigned journal)
{
	uint64_t term = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (run->oracles[journal].highest_term[number] > term)
			term = run->oracles[journal].highest_term[number];
	}
	return term;
}

static void expect_verdict(struct run *run, const struct sim_action *action)
{
	const struct sim_node *node = &run->cluster.nodes[action->argument[0]];
	uint64_t verdict = node->refusal == SIM_REFUSAL_LOG || node->refusal == SIM_REFUSAL_NONE
				   ? node->damage.kind
				   : SIM_VERDICT_REFUSAL + node->refusal;

	if (verdict != action->argument[1])
		sim_violation(&run->cluster, node->number, "expect-verdict",
			      "refusal %u, kind %s at %llu", node->refusal,
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
}

static void expect_seen(struct run *run, enum sim_seen which)
{
	uint64_t now = run->cluster.seen[which];

	if (now == run->seen_before[which])
		sim_violation(&run->cluster, 0, "expect-seen", "no %s", sim_seen_name(which));
	run->seen_before[which] = now;
}

static void on_expect(void *context, const struct sim_action *action)
{
	struct run *run = context;
	unsigned leader = sim_cluster_leader(&run->cluster, 0);
	const struct sim_bystander *bystander = &run->faults.others.bystander;
	uint64_t answers = bystander->pings_answered + bystander->arps_answered;
	uint64_t now = acknowledged(run), sent;

	if (action->verb == SIM_EXPECT_SEEN) {
		expect_seen(run, (enum sim_seen)action->argument[0]);
		return;
	}
	if (run->newest.at_ns != run->cluster.agenda.now_ns)
		run->before = run->newest;
	sent = run->cluster.network.sent - run->before.sent;
	if (action->verb == SIM_EXPECT_LEADER &&
	    (leader == 0 ||
	     (action->argument[0] <= WIRELOG_NODES_MAX && leader != action->argument[0])))
		sim_violation(&run->cluster, leader, "expect-leader", "it is node %u", leader);
	if (action->verb == SIM_EXPECT_NO_LEADER && leader != 0)
		sim_violation(&run->cluster, leader, "expect-no-leader", "node %u leads", leader);
	if (action->verb == SIM_EXPECT_COMMITS && now == run->before.acknowledged)
		sim_violation(&run->cluster, 0, "expect-commits", "nothing new was acknowledged");
	if (action->verb == SIM_EXPECT_SILENCE && now != run->before.acknowledged)
		sim_violation(&run->cluster, 0, "expect-silence", "%llu were acknowledged",
			      (unsigned long long)(now - run->before.acknowledged));
	if (action->verb == SIM_EXPECT_REFUSED && !run->cluster.nodes[action->argument[0]].refused)
		sim_violation(&run->cluster, (unsigned)action->argument[0], "expect-refused",
			      "it was not refused");
	if (action->verb == SIM_EXPECT_ANSWERS && answers < action->argument[0])
		sim_violation(&run->cluster, 0, "expect-answers", "%llu were given",
			      (unsigned long long)answers);
	if (action->verb == SIM_EXPECT_TERMS_BELOW && highest_term(run, 0) >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-terms-below", "term %llu was met",
			      (unsigned long long)highest_term(run, 0));
	if (action->verb == SIM_EXPECT_STATUS &&
	    run->cluster.nodes[action->argument[0]].start_status != -(int)action->argument[1])
		sim_violation(
			&run->cluster, (unsigned)action->argument[0], "expect-status", "it is %s",
			wirelog_status_name(run->cluster.nodes[action->argument[0]].start_status));
	if (action->verb == SIM_EXPECT_VERDICT)
		expect_verdict(run, action);
	if (action->verb == SIM_EXPECT_FRAMES_BELOW && sent >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-frames-below", "%llu frames were sent",
			      (unsigned long long)sent);
	if (action->verb == SIM_EXPECT_TERM_RISE_BELOW &&
	    highest_term(run, 0) >= run->before.term + action->argument[0])
		sim_violation(&run->cluster, 0, "expect-term-rise-below", "from %llu to %llu",
			      (unsigned long long)run->before.term,
			      (unsigned long long)highest_term(run, 0));
	for (unsigned client = 0; action->verb == SIM_APPENDS && client < run->plan->clients;
	     client++)
		run->clients[client].appending = action->argument[0] != 0;
	if (action->verb == SIM_STRAY)
		sim_library_stray(&run->clients[action->argument[0] % run->plan->clients]);
	sim_expect_node(&run->cluster, action);
	run->newest = (struct baseline){
		.at_ns = run->cluster.agenda.now_ns,
		.acknowledged = now,
		.sent = run->cluster.network.sent,
		.term = highest_term(run, 0),
	};
}

static void on_leader(void *context, unsigned node)
{
	sim_faults_on_leader(context, node);
}

static void on_answer(void *context, unsigned node)
{
	sim_faults_on_answer(context, node);
}

static void set_up(struct run *run, const struct sim_options *options)
{
	const struct sim_plan *plan = run->plan;
	struct sim_cluster_config config = {
		.nodes = (unsigned)plan->nodes,
		.journals = (unsigned)plan->journals,
		.workers = (unsigned)plan->workers,
		.segment_bytes = plan->segment_bytes,
		.segments_max = plan->segments_max,
		.ring_bytes = plan->ring_bytes,
		.election_timeout_ns = ELECTION_TIMEOUT_NS,
		.patience_ns = plan->patience * ELECTION_TIMEOUT_NS,
		.heartbeat_ns = ELECTION_TIMEOUT_NS / 10,
		.plan = plan,
		.mtu = (uint16_t)plan->mtu,
		.wiring = (enum sim_wiring)plan->wiring,
		.quiet = options->quiet,
		.rule = options->rule,
		.replay = options->replay,
	};

	sim_cluster_init(&run->cluster, &config, plan->seed);
	run->cluster.network.trace.file = options->trace;
	sim_oracles_init(run->oracles, &run->cluster);
	for (unsigned journal = 0; journal < plan->journals; journal++) {
		run->oracles[journal].reduced = plan->liar != 0;
		run->oracles[journal].on_answer = on_answer;
		run->oracles[journal].on_leader = on_leader;
		run->oracles[journal].on_answer_context = &run->faults;
	}
	for (unsigned client = 0; client < plan->clients; client++) {
		sim_client_init(&run->clients[client], &run->cluster, client, plan);
		sim_oracle_watch_client(&run->oracles[run->clients[client].journal],
					&run->clients[client]);
	}
	for (unsigned rogue = 0; rogue < plan->rogues; rogue++)
		sim_rogue_init(&run->rogues[rogue], &run->cluster, rogue, plan);
	sim_faults_init(&run->faults, &run->cluster, plan);
	run->faults.on_expect = on_expect;
	run->faults.context = run;
	for (unsigned number = 1; number <= config.nodes; number++)
		sim_node_start(&run->cluster, number);
}

static uint32_t all_nodes(const struct run *run)
{
	return ((1u << run->plan->nodes) - 1) << 1;
}

/* As its stable storage say: its data vote and are counted, in every journal (control/agent/incarnations.h). */
static bool data_count_in(const struct sim_node *node, unsigned journal)
{
	struct wl_superblock record;
	unsigned damaged;

	return wl_superblock_choose(node->drives[0].superblock, &record, &damaged) ==
		       WL_SUPERBLOCK_OK &&
	       record.journals[journal].caught_up_boot != 0;
}

static bool data_count(const struct run *run, const struct sim_node *node)
{
	unsigned journal = 0;

	while (journal < run->plan->journals && data_count_in(node, journal))
		journal++;
	return journal == run->plan->journals;
}

/*
 * A core that holds a node whose drive forgot or rotted cannot promise anything by itself; nor can one with a node that was never
 * caught up: a cluster begins when all are there. Looked at once: being caught up comes later.
 */
static void choose_core(struct run *run)
{
	run->core = run->plan->core ? (uint32_t)run->plan->core & all_nodes(run) : all_nodes(run);
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if ((run->core & 1u << number) &&
		    (run->plan->joins != 0 || run->oracles[0].lists != 0 || node->forgot ||
		     node->rotten || !data_count(run, node)))
			run->core = all_nodes(run);
	}
}

static uint32_t core_of(const struct run *run)
{
	return run->core;
}

/* What is known of each journal at one moment, to be compared with later. */
struct mark {
	uint64_t term[SIM_JOURNALS_MAX], acknowledged[SIM_JOURNALS_MAX];
};

static struct mark mark(const struct run *run)
{
	struct mark now;

	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		now.term[journal] = highest_term(run, journal);
		now.acknowledged[journal] = acknowledged_of(run, journal);
	}
	return now;
}

/* A leader counts what the largest record may cost before its log has no room at all (replica_room.c). */
static bool refuses_records(const struct run *run, const struct wl_log *log)
{
	uint64_t most = WL_LOG_SLACK_BYTES +
			wl_log_entry_cost(run->plan->record_bytes + WL_ENTRY_BYTES_TARGET);

	return wl_log_is_full(log) || (!wl_log_can_grow(log) && wl_log_record_room(log) < most);
}

/* By the newest list of members that is committed. */
static bool decides(const struct run *run, unsigned journal, wl_members nodes)
{
	return wl_list_decides(&run->oracles[journal].list, nodes);
}

/* Whoever is not has what came to it until it was none. */
static bool is_member(const struct run *run, unsigned journal, unsigned number)
{
	return wl_members_has(wl_list_everybody(&run->oracles[journal].list), number);
}

/*
 * Without room in a majority's logs there is nothing to acknowledge. That somebody leads all the same, ready, is demanded:
 * readers must see what is committed, and clients hear NO_SPACE.
 */
static bool is_full(const struct run *run, unsigned journal)
{
	wl_members full = 0;
	unsigned leader;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->up && refuses_records(run, &node->journals[journal]->log))
			full |= 1u << number;
	}
	leader = sim_cluster_leader(&run->cluster, journal);
	return leader != 0 &&
	       (!decides(run, journal, ~full) ||
		!wl_list_decides(&run->cluster.nodes[leader].journals[journal]->log.list, ~full));
}

/* A journal that has clients and acknowledged nothing since the mark; -1: none. */
static int stands_still(const struct run *run, const struct mark *since)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (journal < run->plan->clients && !is_full(run, journal) &&
		    acknowledged_of(run, journal) == since->acknowledged[journal])
			return (int)journal;
	}
	return -1;
}

static void check_terms(const struct run *run, const struct mark *since, const char *rule,
			unsigned more)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (highest_term(run, journal) > since->term[journal] + more)
			sim_violation(&run->cluster, 0, rule,
				      "terms of journal %u rose from %llu to %llu", journal,
				      (unsigned long long)since->term[journal],
				      (unsigned long long)highest_term(run, journal));
	}
}

static bool is_slow(const struct sim_rule *noise)
{
	return noise->loss_ppm >= LOSSY_PPM ||
	       noise->delay_ns + noise->jitter_ns + (noise->late_ppm != 0 ? noise->late_ns : 0) >=
		       LATE_NS;
}

/* The frozen rest disturbs nobody: records go on being acknowledged, and terms stand still. */
static void check_stability(struct run *run)
{
	struct mark before = mark(run);

	advance(run, STABLE_NS);
	/* A client whose leader is outside of the core, behind frozen noise, sends again later from time to time. */
	for (unsigned more = 0;
	     more < PATIENCE && is_slow(&run->faults.noise) && stands_still(run, &before) >= 0;
	     more++)
		advance(run, STABLE_NS);
	check_terms(run, &before, "stability", TERMS_OF_REST);
	if (stands_still(run, &before) >= 0)
		sim_violation(&run->cluster, 0, "stability",
			      "core %x stopped acknowledging in journal %d", core_of(run),
			      stands_still(run, &before));
}

static bool is_out(const struct sim_node *node)
{
	return node->refused || sim_node_is_dormant(node);
}

/* A disk was lost, or is not opened: else every node comes to count, and the cluster to begin. */
static bool lost_disks(const struct run *run)
{
	bool lost = false;

	for (unsigned number = 1; number <= run->plan->nodes; number++)
		lost |= run->cluster.nodes[number].forgets != 0 ||
			run->cluster.nodes[number].mended != 0 ||
			is_out(&run->cluster.nodes[number]);
	return lost;
}

/* Data that were refused stay refused, and data that forgot count for nothing until the others have taken them in. */
static wl_members lame_of(const struct run *run, bool or_forgot)
{
	wl_members lame = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (is_out(node) || node->contradicted ||
		    (or_forgot && lost_disks(run) && !data_count(run, node)))
			lame |= 1u << number;
	}
	return lame;
}

static bool majority_is(const struct run *run, bool or_forgot)
{
	wl_members lame = lame_of(run, or_forgot);
	bool is = false;

	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		is |= !decides(run, journal, ~lame);
	return is;
}

/*
 * A change of members had begun, is committed nowhere, and stands in a log that may lead: who counts by it needs nodes that are lame. Whether
 * the others go on without that log is chance.
 */
static bool majority_of_a_change_is_lame(const struct run *run)
{
	wl_members lame = lame_of(run, true);

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		for (unsigned journal = 0; node->up && journal < run->plan->journals; journal++) {
			if (!wl_members_has(lame, number) && is_member(run, journal, number) &&
			    !wl_list_decides(&node->journals[journal]->log.list, ~lame))
				return true;
		}
	}
	return false;
}

static bool is_held_back(const struct run *run, unsigned journal)
{
	wl_members lame = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (is_out(&run->cluster.nodes[number]) ||
		    !data_count_in(&run->cluster.nodes[number], journal))
			lame |= 1u << number;
	}
	return !decides(run, journal, ~lame);
}

/* Without a majority of data that count nobody leads, nothing new is acknowledged, and who looks is told why. */
static void check_held_back(struct run *run)
{
	struct mark before;
	bool told = false;

	sim_trace_say(&run->cluster.network.trace, "a majority's data are gone");
	sim_faults_heal(&run->faults, all_nodes(run));
	advance(run, STABLE_NS);
	before = mark(run);
	advance(run, STABLE_NS);
	if (!majority_is(run, true))
		return; /* those that were down have told the others, and it goes on */
	/* What counts in one journal may not count in another that nothing was appended to since. */
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (is_held_back(run, journal) &&
		    acknowledged_of(run, journal) != before.acknowledged[journal])
			sim_violation(&run->cluster, 0, "held-back",
				      "goes on, and the data of a majority are gone");
		for (unsigned number = 1; number <= run->plan->nodes; number++) {
			const struct sim_node *node = &run->cluster.nodes[number];

			told |= node->up && (node->agent->elections[journal].held_back ||
					     wl_agent_lacks_majority(node->agent, journal));
		}
	}
	if (!told)
		sim_violation(&run->cluster, 0, "held-back", "stands still, and nobody says why");
}

/* With too many refused the cluster halts, and says nothing new. */
static void check_halt(struct run *run)
{
	uint64_t before;

	sim_trace_say(&run->cluster.network.trace, "a majority is refused");
	advance(run, STABLE_NS); /* answers that were on their way */
	before = acknowledged(run);
	advance(run, STABLE_NS);
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		unsigned leader = sim_cluster_leader(&run->cluster, journal);

		if (acknowledged(run) != before || leader != 0)
			sim_violation(&run->cluster, leader, "halt",
				      "goes on, and a majority is refused");
	}
}

/* A journal that is dormant is on its way, or halts at an entry that is nowhere whole. */
static bool mends_on(const struct run *run, const struct sim_node *node, unsigned journal)
{
	struct wl_mend_report report;
	const struct wl_mender *mender = node->menders[journal].mender;

	if (!node->up)
		return node->mend_watch.outcome == WL_MEND_STARTS_AGAIN && !node->refused;
	if (!node->journals[journal]->dormant)
		return false;
	if (!wl_mend_lanes_reported(&node->journals[journal]->mend, &report))
		return true;
	return report.phase != WL_MENDING_LOST || mender->mend.state != WL_MEND_WANTS_ENTRIES ||
	       sim_oracle_somebody_has(&run->oracles[journal], mender->mend.ask.index,
				       mender->mend.ask.chain);
}

static unsigned who_mends_on(const struct run *run)
{
	unsigned who = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++)
		for (unsigned journal = 0; journal < run->plan->journals; journal++)
			if (mends_on(run, &run->cluster.nodes[number], journal))
				who = number;
	return who;
}

/* All are up, and hear each other: what is whole somewhere comes back (O41). */
static void let_mend(struct run *run)
{
	unsigned who;

	for (uint64_t waited = 0; (who = who_mends_on(run)) != 0; waited += STEP_NS) {
		if (waited > MENDING_NS)
			sim_violation(&run->cluster, who, "O41",
				      "is dormant, and what it lacks is whole somewhere");
		advance(run, STEP_NS);
	}
}

static void check_liveness(struct run *run, struct sim_result *result)
{
	struct mark before;
	uint64_t waited = 0;

	choose_core(run);
	sim_faults_heal(&run->faults, core_of(run));
	sim_trace_say(&run->cluster.network.trace, "healed: nodes %x", core_of(run));
	if (core_of(run) == all_nodes(run) && !run->plan->liar)
		let_mend(run);
	if (majority_is(run, true)) {
		if (majority_is(run, false))
			check_halt(run);
		else
			check_held_back(run);
		return;
	}
	if (majority_of_a_change_is_lame(run)) {
		sim_trace_say(&run->cluster.network.trace, "a change waits for who is lame");
		return;
	}
	/* What was on its way when it healed does not count. */
	advance(run, STEP_NS);
	before = mark(run);
	while (stands_still(run, &before) >= 0) {
		if (waited > run->plan->patience * LIVENESS_NS)
			sim_violation(&run->cluster, 0, "liveness",
				      "core %x acknowledged nothing for %llu ms in journal %d",
				      core_of(run), (unsigned long long)waited / 1000000,
				      stands_still(run, &before));
		advance(run, STEP_NS);
		waited += STEP_NS;
	}
	check_terms(run, &before, "liveness", TERMS_TO_RECOVER);
	result->liveness_ns = waited;
	if (core_of(run) != all_nodes(run))
		check_stability(run);
}

/* Of a time that has not come yet there is nothing to be had. */
static bool reader_has_all(const struct run *run, const struct sim_client *client)
{
	const struct sim_oracle *oracle = &run->oracles[client->journal];
	const struct sim_reader *reader = &client->reader;

	if (reader->node != 0 && sim_node_table_rots(&run->cluster.nodes[reader->node]))
		return true;
	/* Who is no member has nothing new; a reader that is between two nodes may have left such a one. */
	if (reader->node != 0 ? !is_member(run, client->journal, reader->node)
			      : wl_list_everybody(&run->oracles[client->journal].list) !=
					((1u << run->plan->nodes) - 1) << 1)
		return true;
	if (reader->node != 0 &&
	    sim_node_needs_base(&run->cluster, &run->cluster.nodes[reader->node], client->journal))
		return true; /* no more is to be had there */
	if (!reader->started && reader->from == WL_WIRE_FROM_TIME)
		return reader->heard &&
		       sim_oracle_first_since(oracle, reader->value) > oracle->numbers;
	return reader->started && reader->next_number > oracle->numbers;
}

static bool journal_has_converged(const struct run *run, unsigned journal)
{
	if (sim_cluster_leader(&run->cluster, journal) == 0)
		return false;
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->up && !node->journals[journal]->dormant && !node->contradicted &&
		    !sim_node_table_rots(node) && is_member(run, journal, number) &&
		    !sim_node_needs_base(&run->cluster, node, journal) &&
		    node->journals[journal]->replica.commit < run->oracles[journal].committed)
			return false;
	}
	return true;
}

/* Others live and keep theirs (dataplane/service/opening.c): who finds no place has been told so. */
static bool is_turned_away(const struct run *run, const struct sim_client *client)
{
	return run->plan->sessions_max < run->plan->clients &&
	       sim_library_waits_for_a_place(client);
}

static bool has_converged(const struct run *run)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (!journal_has_converged(run, journal))
			return false;
	}
	for (unsigned client = 0; client < run->plan->clients; client++) {
		if (run->clients[client].outstanding_count != 0 &&
		    !is_full(run, run->clients[client].journal) &&
		    !is_turned_away(run, &run->clients[client]))
			return false;
		if (sim_library_is_unconfirmed(&run->clients[client]) &&
		    !is_full(run, run->clients[client].journal))
			return false;
		if (run->clients[client].reader.reads &&
		    !reader_has_all(run, &run->clients[client]))
			return false;
	}
	return true;
}

/* Where a node takes fewer readers than there are, those that are through must make room. */
static void make_room(struct run *run)
{
	for (unsigned client = 0; client < run->plan->clients; client++) {
		struct sim_client *reading = &run->clients[client];

		if (run->plan->subscriptions_max < run->plan->readers && reading->reader.reads &&
		    reading->outstanding_count == 0 && reader_has_all(run, reading) &&
		    (reading->reader.node == 0 ||
		     is_member(run, reading->journal, reading->reader.node)))
			sim_reader_leave(reading);
	}
}

/* "Refused" was final, whenever it was said. */
static void check_refused(const struct run *run, const struct sim_client *client)
{
	const struct sim_oracle *oracle = &run->oracles[client->journal];

	for (uint64_t number = 1; number <= oracle->numbers; number++) {
		if (sim_library_has_refused(client, &oracle->records[number]))
			sim_violation(&run->cluster, 0, "library",
				      "client %u was told that record %llu is refused",
				      client->number, (unsigned long long)number);
	}
}

/* In a full journal no checkpoint is taken. Who asked for one begins to read, without a name, when it has given up. */
static uint64_t converges_within(const struct run *run)
{
	for (unsigned journal = 0; run->plan->consumers != 0 && journal < run->plan->journals;
	     journal++) {
		if (is_full(run, journal))
			return CHECKPOINT_NS + CONVERGENCE_NS;
	}
	return CONVERGENCE_NS;
}

static void check_convergence(struct run *run)
{
	unsigned calm = 0;
	uint64_t waited;

	sim_faults_heal(&run->faults, all_nodes(run));
	for (unsigned client = 0; client < run->plan->clients; client++)
		run->clients[client].appending = false;
	/* Twice in a row: what is committed is applied, and nothing was still on its way. */
	for (waited = 0; calm < 2; waited += STEP_NS) {
		if (waited > converges_within(run))
			sim_violation(&run->cluster, 0, "convergence",
				      "nodes or clients do not come to an end");
		calm = has_converged(run) ? calm + 1 : 0;
		make_room(run);
		if (calm < 2)
			advance(run, STEP_NS);
	}
	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		sim_oracle_finish(&run->oracles[journal]);
	for (unsigned client = 0; client < run->plan->clients && !run->plan->liar; client++)
		check_refused(run, &run->clients[client]);
}

/* The phase of faults, looked at from outside now and then. */
static void advance_watched(struct run *run, const struct sim_watch *watch)
{
	uint64_t end = run->plan->fault_ns;
	struct sim_view view;

	while (watch && run->cluster.agenda.now_ns + watch->every_ns < end) {
		const char *wrong;

		advance(run, watch->every_ns);
		view = (struct sim_view){
			.now_ns = run->cluster.agenda.now_ns,
			.acknowledged = acknowledged(run),
			.term = highest_term(run, 0),
			.committed = run->oracles[0].committed,
		};
		wrong = watch->look(watch->context, &view);
		if (wrong)
			sim_violation(&run->cluster, 0, watch->rule, "%s", wrong);
	}
	advance(run, end - run->cluster.agenda.now_ns);
}

/* Nothing is promised any more, but that nobody stops and nothing leaks, also when all start again on what was written. */
static void outlive_liars(struct run *run)
{
	sim_faults_heal(&run->faults, all_nodes(run));
	advance(run, AFTERMATH_NS);
	for (unsigned number = 1; number <= run->plan->nodes; number++)
		sim_node_crash(&run->cluster, number);
	sim_faults_heal(&run->faults, all_nodes(run));
	advance(run, AFTERMATH_NS);
}

static void on_check_failed(void *context, const struct wl_check_failure *failure)
{
	struct run *run = context;

	sim_violation(&run->cluster, 0, "WL_CHECK", "%s:%d: %s: %s %s", failure->file,
		      failure->line, failure->function, failure->expression, failure->text);
}

void sim_run(const struct sim_plan *plan, const struct sim_options *options,
	     struct sim_result *result)
{
	/* What is inside has lines of its own; calloc knows nothing of that. */
	struct run *run = aligned_alloc(_Alignof(struct run), sizeof(*run));

	if (!run)
		exit(71);
	memset(run, 0, sizeof(*run));
	run->plan = plan;
	memset(result, 0, sizeof(*result));
	wl_check_set_hook(on_check_failed, run);
	set_up(run, options);
	advance_watched(run, options->watch);
	if (plan->liar) {
		outlive_liars(run);
	} else {
		check_liveness(run, result);
		if (!majority_is(run, true) && !majority_of_a_change_is_lame(run))
			check_convergence(run);
	}
	for (unsigned which = 0; which < SIM_SEENS; which++) {
		if (run->cluster.seen[which] != 0)
			sim_trace_say(&run->cluster.network.trace, "seen: %s %llu",
				      sim_seen_name(which),
				      (unsigned long long)run->cluster.seen[which]);
	}
	result->events = run->cluster.agenda.happened;
	result->faults = run->faults.happened;
	result->acknowledged = acknowledged(run);
	for (unsigned journal = 0; journal < plan->journals; journal++) {
		result->hash = result->hash * 31 + sim_oracle_hash(&run->oracles[journal]);
		result->committed += run->oracles[journal].committed;
		result->elections += highest_term(run, journal);
	}
	sim_faults_fini(&run->faults);
	sim_cluster_fini(&run->cluster); /* what is on its agenda still names clients */
	for (unsigned client = 0; client < plan->clients; client++)
		sim_client_fini(&run->clients[client]);
	for (unsigned journal = 0; journal < plan->journals; journal++)
		sim_oracle_fini(&run->oracles[journal]);
	wl_check_set_hook(NULL, NULL);
	free(run);
}
