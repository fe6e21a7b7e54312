/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/check.h"
#include "tests/sim/plan/faults.h"

#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/sim/plan/faults_operator.h"
#include "tests/sim/server/node_internal.h"
#include "wirelog/status.h"

#define CALM_DISK_NS 60000u
#define SHAKEN_NS 3000000000u /* a tend a second, and a core that is taken away meanwhile */

/* The client library: the simulator's own clients know nothing of paths. */
static bool is_application(const struct sim_network *network, unsigned station)
{
	return network->applications >> station & 1;
}

void sim_faults_set_links(struct sim_faults *faults)
{
	static const struct sim_rule calm = {.delay_ns = 5000, .jitter_ns = 2000};
	struct sim_network *network = &faults->cluster->network;

	for (unsigned from = 0; from < SIM_STATIONS; from++) {
		for (unsigned to = 0; to < SIM_STATIONS; to++) {
			bool nodes = from >= 1 && from <= WIRELOG_NODES_MAX && to >= 1 &&
				     to <= WIRELOG_NODES_MAX;
			bool healed_from = from > WIRELOG_NODES_MAX ||
					   (faults->healed & 1u << from);
			bool healed_to = to > WIRELOG_NODES_MAX || (faults->healed & 1u << to);
			struct sim_rule *rule = &network->rules[from][to];

			*rule = healed_from && healed_to && faults->healed ? calm : faults->noise;
			if (nodes && from != to && !(healed_from && healed_to)) {
				rule->cut = faults->cut[from][to];
				rule->mtu = faults->mtu[from][to];
				rule->delay_ns += faults->slow_ns[from][to];
			}
			if (is_application(network, from) && !healed_to)
				rule->mtu = faults->mtu_to[to];
			if (is_application(network, to) && !healed_from)
				rule->mtu = faults->mtu_from[from];
		}
	}
}

static void set_noise(struct sim_faults *faults, const uint64_t *argument)
{
	faults->noise = (struct sim_rule){
		.delay_ns = 5000,
		.jitter_ns = argument[3] ? argument[3] : 2000,
		.reorders = argument[3] != 0,
		.loss_ppm = (uint32_t)argument[0],
		.duplicate_ppm = (uint32_t)argument[1],
		.flip_ppm = (uint32_t)argument[2],
		.truncate_ppm = (uint32_t)argument[2] / 2,
		.late_ppm = argument[3] > 10000000 ? 50000
			    : argument[3]	   ? 2000
						   : 0,
		.late_ns = 500000000,
	};
}

static unsigned resolve(const struct sim_faults *faults, uint64_t node)
{
	if (node == SIM_NODE_LEADER)
		return sim_cluster_leader(faults->cluster, 0);
	return node <= faults->plan->nodes ? (unsigned)node : 0;
}

static void set_cut(struct sim_faults *faults, uint64_t from, uint64_t to, bool cut)
{
	unsigned a = from == SIM_NODE_ANY ? 0 : resolve(faults, from);
	unsigned b = to == SIM_NODE_ANY ? 0 : resolve(faults, to);

	if ((from != SIM_NODE_ANY && a == 0) || (to != SIM_NODE_ANY && b == 0))
		return; /* nobody leads */
	for (unsigned x = 1; x <= WIRELOG_NODES_MAX; x++) {
		for (unsigned y = 1; y <= WIRELOG_NODES_MAX; y++) {
			if ((a == 0 || a == x) && (b == 0 || b == y) && x != y)
				faults->cut[x][y] = cut;
		}
	}
}

static void slow_link(struct sim_faults *faults, const uint64_t *argument)
{
	unsigned from = resolve(faults, argument[0]), to = resolve(faults, argument[1]);

	if (from != 0 && to != 0)
		faults->slow_ns[from][to] = argument[2];
}

static void narrow_path(struct sim_faults *faults, const uint64_t *argument)
{
	unsigned from = resolve(faults, argument[0]), to = resolve(faults, argument[1]);

	if (from != 0 && to != 0)
		faults->mtu[from][to] = (uint16_t)argument[2];
}

static void narrow_clients_paths(struct sim_faults *faults, const uint64_t *argument)
{
	unsigned one = argument[0] == SIM_NODE_ANY ? 0 : resolve(faults, argument[0]);

	if (argument[0] != SIM_NODE_ANY && one == 0)
		return;
	for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (one != 0 && one != node)
			continue;
		faults->mtu_to[node] = (uint16_t)argument[1];
		faults->mtu_from[node] = (uint16_t)argument[2];
	}
}

static void split(struct sim_faults *faults, uint64_t mask)
{
	for (unsigned x = 1; x <= WIRELOG_NODES_MAX; x++) {
		for (unsigned y = 1; y <= WIRELOG_NODES_MAX; y++)
			faults->cut[x][y] = (mask >> x & 1) != (mask >> y & 1);
	}
}

static void act_on_links(struct sim_faults *faults, const struct sim_action *action)
{
	const uint64_t *argument = action->argument;

	switch (action->verb) {
	case SIM_NOISE:
		set_noise(faults, argument);
		break;
	case SIM_CUT:
	case SIM_JOIN:
		set_cut(faults, argument[0], argument[1], action->verb == SIM_CUT);
		break;
	case SIM_SLOW_LINK:
		slow_link(faults, argument);
		break;
	case SIM_PATH_MTU:
		narrow_path(faults, argument);
		break;
	case SIM_CLIENT_PATH_MTU:
		narrow_clients_paths(faults, argument);
		break;
	case SIM_HEAL:
		memset(faults->mtu, 0, sizeof(faults->mtu));
		memset(faults->mtu_to, 0, sizeof(faults->mtu_to));
		memset(faults->mtu_from, 0, sizeof(faults->mtu_from));
		memset(faults->cut, 0, sizeof(faults->cut));
		memset(faults->slow_ns, 0, sizeof(faults->slow_ns));
		break;
	case SIM_LINKS:
		sim_faults_leave_links(faults, argument[0]);
		break;
	case SIM_FLAP:
		sim_faults_flap(faults, resolve(faults, argument[0]), resolve(faults, argument[1]),
				argument[2]);
		break;
	case SIM_HOLD:
		sim_faults_hold(faults, (uint8_t)argument[0], resolve(faults, argument[1]),
				resolve(faults, argument[2]));
		break;
	case SIM_PASS:
		faults->cluster->network.hold_count = 0;
		break;
	case SIM_RELEASE:
		sim_network_release(&faults->cluster->network);
		break;
	default:
		split(faults, argument[0]);
		break;
	}
	sim_faults_set_links(faults);
}

/*
 * That an old image came back is seen by others who durably know what the data were (control/agent/incarnations.h, with what it cannot see). What
 * nobody can notice is not done here: it would lose records in any Raft. A wiped disk knows by itself that it knows nothing.
 */
static bool will_be_noticed(const struct sim_faults *faults, const struct sim_node *node,
			    enum sim_verb verb)
{
	struct wl_superblock image;
	unsigned damaged;

	if (verb == SIM_WIPE)
		return faults->plan->nodes > 1;
	if ((!node->drives[0].image ||
	     wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])node->drives[0].image, &image,
				  &damaged) != WL_SUPERBLOCK_OK))
		return false;
	for (unsigned number = 1; number <= faults->plan->nodes; number++) {
		const struct sim_node *other = &faults->cluster->nodes[number];
		struct wl_superblock record;

		if (other == node)
			continue;
		if (wl_superblock_choose(other->drives[0].superblock, &record, &damaged) !=
			    WL_SUPERBLOCK_OK ||
		    record.peers[node->number].incarnation == 0)
			return false;
		if (wl_remote_boot_of(record.peers[node->number].boot_id) <= image.boot_count)
			return false;
	}
	return true;
}

static void forget(struct sim_faults *faults, struct sim_node *node, enum sim_verb verb)
{
	if (node->up || node->possessed || !will_be_noticed(faults, node, verb))
		return;
	for (unsigned journal = 0; journal < faults->plan->journals; journal++) {
		if (verb == SIM_WIPE)
			sim_drive_wipe(&node->drives[journal]);
		else if (!sim_drive_restore(&node->drives[journal]))
			return;
	}
	node->forgot = true;
	node->forgets++;
	node->refused = false;
	sim_node_forget_verified(node);
	sim_faults_drive_changed(faults, node);
}

static void act_on_drive(const struct sim_action *action, struct sim_drive *drive)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_SLOW:
		drive->faults.latency_ns = value;
		break;
	case SIM_HANG:
		drive->faults.hung = value != 0;
		break;
	case SIM_FULL:
		drive->faults.full = value != 0;
		break;
	case SIM_FAIL_WRITE:
		drive->faults.write_fails = true;
		break;
	case SIM_FAIL_READ:
		drive->faults.read_error_ppm = (uint32_t)value;
		break;
	case SIM_SNAPSHOT:
		sim_drive_snapshot(drive);
		break;
	default:
		WL_CHECK(action->verb == SIM_ROT); /* and no other that nobody took */
		sim_drive_rot(drive, value, action->argument[2]);
		break;
	}
}

/* What happens to a server's storage happens to every journal's part of it. */
static void act_on_drives(struct sim_faults *faults, const struct sim_action *action,
			  struct sim_node *node)
{
	if (action->verb == SIM_RESTORE || action->verb == SIM_WIPE) {
		forget(faults, node, action->verb);
		return;
	}
	if (action->verb >= SIM_DAMAGE && action->verb <= SIM_LIMIT) {
		sim_faults_drive(faults, action, node);
		return;
	}
	if (action->verb == SIM_ROT || (action->verb == SIM_FAIL_READ && action->argument[1] != 0))
		node->rotten = true; /* its start may be refused */
	if (action->verb == SIM_ROT || action->verb == SIM_FAIL_READ)
		sim_node_forget_verified(node);
	for (unsigned journal = 0; journal < faults->plan->journals; journal++)
		act_on_drive(action, &node->drives[journal]);
}

static void change_clock(struct sim_faults *faults, const struct sim_action *action,
			 struct sim_node *node)
{
	if (action->verb == SIM_COUNTER_BACK) {
		node->machine.ticks_back += (uint64_t)((unsigned __int128)action->argument[1] *
						       node->machine.ticks_hz / 1000000000u);
		node->machine.shaken_until_ns = faults->cluster->agenda.now_ns + SHAKEN_NS;
		return;
	}
	if (action->verb == SIM_WALL) {
		node->wall_offset_ns += action->argument[1];
		return;
	}
	node->clock_base_ns = sim_node_now(node);
	node->clock_global_ns = faults->cluster->agenda.now_ns;
	node->drift_ppm = (int64_t)action->argument[1] - 1000000;
}

static void act_on_life(struct sim_faults *faults, const struct sim_action *action,
			struct sim_node *node)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_CRASH:
		sim_node_crash(faults->cluster, node->number);
		break;
	case SIM_KILL:
		sim_node_kill(faults->cluster, node->number);
		break;
	case SIM_START:
		if (node->up)
			sim_node_check_end(faults->cluster, node, WIRELOG_STORE_IN_USE);
		else if (sim_node_may_start(node) && !node->possessed)
			sim_node_start(faults->cluster, node->number);
		break;
	case SIM_STALL:
		sim_node_stall(faults->cluster, node->number, value & 1, value & 2,
			       action->argument[2]);
		break;
	case SIM_TEAR_TURN:
		node->budget = (struct sim_budget){.armed = node->up, .left = (int64_t)value};
		break;
	case SIM_TEAR_RECORD:
		node->tears_record = node->up;
		break;
	case SIM_TRANSFER:
		if (node->up)
			wl_agent_transfer(node->agent, (uint32_t)faults->plan->journals - 1, 0);
		break;
	default:
		if (node->up)
			wl_agent_stop(node->agent);
		break;
	}
}

static void expire_at(struct sim_node *node, uint64_t journals)
{
	for (uint64_t journal = 0; journal < journals; journal++)
		node->agent->elections[journal].deadline_ns = 0;
}

static void expire(struct sim_faults *faults, uint64_t which)
{
	for (unsigned number = 1; number <= faults->plan->nodes; number++) {
		struct sim_node *node = &faults->cluster->nodes[number];

		if (node->up && (which == SIM_NODE_ANY || which == number) &&
		    !(faults->healed & 1u << number))
			expire_at(node, faults->plan->journals);
	}
}

static void empty_pool(struct sim_faults *faults, unsigned node, uint32_t per_million)
{
	struct sim_network *network = &faults->cluster->network;

	for (unsigned worker = 0; worker < faults->cluster->config.workers; worker++)
		network->no_buffer_ppm[sim_station_of(node, worker)] = per_million;
}

/* No bug of ours is known that comes to this; a majority of lost disks does, and that is not to be had here without losing records. */
static void contradict(struct sim_faults *faults, struct sim_node *node)
{
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++) {
		struct wl_log *log = &node->journals[journal]->log;

		for (uint64_t slot = 0; slot < WL_LOG_ENTRIES_IN_RING; slot++)
			log->slots[slot].chain ^= 1;
		log->tail_chain ^= 1;
		node->contradicted = true;
	}
}

/* A run that nobody may touch for long, of each session; or the count that each touch raises, so that what comes differs. */
static void rot_sessions(struct sim_faults *faults, struct sim_node *node, bool count)
{
	for (unsigned journal = 0; node->up && journal < faults->plan->journals; journal++) {
		struct wl_session_table *table = &node->journals[journal]->service->state.sessions;

		if (count)
			table->activity ^= 1u << 20;
		for (uint32_t slot = 0; !count && slot < table->used; slot++)
			table->runs[(size_t)slot * WIRELOG_SESSION_RUNS].timestamp_ns ^= 1;
		node->rotted_in = node->starts;
	}
}

static void act_on_node(struct sim_faults *faults, const struct sim_action *action)
{
	unsigned number = resolve(faults, action->argument[0]);
	struct sim_node *node = &faults->cluster->nodes[number];

	if (number == 0 || (faults->healed & 1u << number) ||
	    sim_faults_act_as_operator(faults, action, node) ||
	    sim_faults_act_on_bases(faults, action, node) ||
	    sim_faults_act_on_features(faults, action, node) ||
	    sim_faults_act_on_keys(faults, action, node) ||
	    sim_faults_act_on_limits(faults, action, node) || sim_faults_rescue(action, node) ||
	    sim_faults_act_on_members(faults, action, node) ||
	    sim_faults_mend(faults, action, node))
		return;
	switch (action->verb) {
	case SIM_DRIFT:
	case SIM_COUNTER_BACK:
	case SIM_WALL:
		change_clock(faults, action, node);
		break;
	case SIM_REPLAY:
		sim_network_replay(&faults->cluster->network, number,
				   (unsigned)action->argument[1]);
		break;
	case SIM_CONTRADICT:
		contradict(faults, node);
		break;
	case SIM_ROT_SESSIONS:
		rot_sessions(faults, node, action->argument[1] != 0);
		break;
	case SIM_NO_BUFFERS:
		empty_pool(faults, number, (uint32_t)action->argument[1]);
		break;
	case SIM_CRASH:
	case SIM_KILL:
	case SIM_START:
	case SIM_STALL:
	case SIM_TEAR_TURN:
	case SIM_TEAR_RECORD:
	case SIM_TRANSFER:
	case SIM_STOP:
		act_on_life(faults, action, node);
		break;
	default:
		act_on_drives(faults, action, node);
		break;
	}
}

static void act_on_network(struct sim_faults *faults, const struct sim_action *action)
{
	unsigned number = action->verb == SIM_BYSTANDER || action->argument[0] == SIM_NODE_ANY
				  ? SIM_NODE_ANY
				  : resolve(faults, action->argument[0]);

	if (number != 0 && (number == SIM_NODE_ANY || !(faults->healed & 1u << number)))
		sim_others_act(&faults->others, action, number);
}

/* long: one line for each verb. */
static void act(void *subject, void *object)
{
	struct sim_faults *faults = subject;
	const struct sim_action *action = object;

	if (faults->cluster->agenda.closing)
		return;
	faults->happened++;
	if (faults->cluster->network.trace.file) {
		fprintf(faults->cluster->network.trace.file, "             ");
		sim_action_write(action, faults->cluster->network.trace.file);
	}
	switch (action->verb) {
	case SIM_NOISE:
	case SIM_CUT:
	case SIM_JOIN:
	case SIM_SLOW_LINK:
	case SIM_PATH_MTU:
	case SIM_CLIENT_PATH_MTU:
	case SIM_HEAL:
	case SIM_SPLIT:
	case SIM_LINKS:
	case SIM_FLAP:
	case SIM_HOLD:
	case SIM_PASS:
	case SIM_RELEASE:
		act_on_links(faults, action);
		break;
	case SIM_EXPIRE:
		expire(faults, action->argument[0]);
		break;
	case SIM_END_ELECTED:
		faults->end_elected = true;
		faults->end_by_power = action->argument[0] != 0;
		break;
	case SIM_CUT_TELLER:
		faults->cut_teller = true;
		break;
	case SIM_NEW_CARD:
	case SIM_LINK:
	case SIM_BUFFERS:
	case SIM_SENDS:
	case SIM_MTU:
	case SIM_STRANGER:
	case SIM_BYSTANDER:
	case SIM_IMPOSTOR:
		act_on_network(faults, action);
		break;
	case SIM_WATCH:
		sim_operator_watch(&faults->operator_, action->argument[0]);
		break;
	case SIM_CLIENT_KEYS:
		sim_faults_give_clients_keys(faults->cluster, action);
		break;
	case SIM_EXPECT_COMPARED:
		sim_comparer_expect(&faults->comparer, action->argument);
		break;
	case SIM_EXPECT_ANSWERS:
	case SIM_EXPECT_TERMS_BELOW:
	case SIM_EXPECT_VOTES:
	case SIM_EXPECT_LEARNS:
	case SIM_EXPECT_JOINT:
	case SIM_EXPECT_LIMIT:
	case SIM_EXPECT_FEATURES:
	case SIM_EXPECT_KEYS:
	case SIM_EXPECT_STRANGE:
		faults->on_expect(faults->context, action);
		break;
	default:
		/* The last of all verbs say what is expected. */
		if (action->verb >= SIM_EXPECT_BEGINS_LATER)
			faults->on_expect(faults->context, action);
		else
			act_on_node(faults, action);
		break;
	}
}

void sim_faults_on_answer(struct sim_faults *faults, unsigned node)
{
	if (!faults->cut_teller || (faults->healed & 1u << node))
		return;
	faults->cut_teller = false;
	set_cut(faults, node, SIM_NODE_ANY, true);
	set_cut(faults, SIM_NODE_ANY, node, true);
	sim_faults_set_links(faults);
}

void sim_faults_on_leader(struct sim_faults *faults, unsigned node)
{
	if (!faults->end_elected || (faults->healed & 1u << node))
		return;
	faults->end_elected = false;
	if (faults->end_by_power) {
		faults->cluster->nodes[node].budget = (struct sim_budget){.armed = true};
		return;
	}
	set_cut(faults, node, SIM_NODE_ANY, true);
	set_cut(faults, SIM_NODE_ANY, node, true);
	sim_faults_set_links(faults);
}

void sim_faults_init(struct sim_faults *faults, struct sim_cluster *cluster,
		     const struct sim_plan *plan)
{
	static const uint64_t quiet[SIM_ARGUMENTS];

	memset(faults, 0, sizeof(*faults));
	faults->cluster = cluster;
	faults->plan = plan;
	sim_others_init(&faults->others, cluster, plan->liar != 0);
	sim_operator_init(&faults->operator_, cluster);
	sim_comparer_init(&faults->comparer, cluster);
	set_noise(faults, quiet);
	sim_faults_set_links(faults);
	/* With which builds the servers begin. */
	for (size_t at = 0; at < plan->count; at++)
		if (plan->actions[at].verb == SIM_BUILD && plan->actions[at].at_ns == 0)
			cluster->nodes[plan->actions[at].argument[0]].lacks =
				plan->actions[at].argument[1];
	for (size_t at = 0; at < plan->count; at++)
		sim_agenda_add(&cluster->agenda, plan->actions[at].at_ns, act, faults,
			       &plan->actions[at]);
}

void sim_faults_fini(struct sim_faults *faults)
{
	sim_others_fini(&faults->others);
}

/* Or will be, as soon as it looks: a write failed while it was stalled. */
static bool is_poisoned(const struct sim_node *node, uint64_t journals)
{
	bool poisoned = false;

	for (uint64_t journal = 0; journal < journals; journal++)
		poisoned |= node->journals[journal]->log.poisoned ||
			    sim_drive_owes_failure(&node->drives[journal]);
	return poisoned;
}

void sim_faults_heal(struct sim_faults *faults, uint32_t nodes)
{
	faults->healed |= nodes;
	faults->cut_teller = false;
	faults->end_elected = false;
	sim_faults_flap(faults, 0, 0, 0);
	sim_network_release(&faults->cluster->network);
	sim_others_heal(&faults->others, nodes, (nodes >> 1) + 1 == 1u << faults->plan->nodes);
	sim_faults_set_links(faults);
	for (unsigned number = 1; number <= faults->plan->nodes; number++) {
		struct sim_node *node = &faults->cluster->nodes[number];

		if (!(nodes & 1u << number))
			continue;
		empty_pool(faults, number, 0);
		for (unsigned journal = 0; journal < faults->plan->journals; journal++)
			node->drives[journal].faults =
				(struct sim_drive_faults){.latency_ns = CALM_DISK_NS,
							  .jitter_ns = CALM_DISK_NS};
		node->budget.armed = false;
		node->tears_record = false;
		node->tears_start = false;
		sim_faults_repair(faults, node);
		/* What an operator does with a node that left the quorum, or is about to stop. */
		if (node->up &&
		    (is_poisoned(node, faults->plan->journals) || node->agent->record_failed ||
		     sim_node_table_rots(node) || node->limit_segments != 0 ||
		     node->lives_without != 0 || node->agent->phase != WL_AGENT_RUNS))
			sim_node_crash(faults->cluster, number);
		node->limit_segments = 0;
		node->lacks = 0;
		if (sim_node_may_start(node))
			sim_node_start(faults->cluster, number);
		sim_node_wake_up(faults->cluster, number);
	}
}
