/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/operator.h"

#include <stdlib.h>
#include <string.h>

#include "control/report/status_json.h"
#include "dataplane/base/check.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"

/* What dashboards rely on (docs/OPERATIONS.md). */
static const char *const status_members[] = {"node",
					     "cluster",
					     "version",
					     "pid",
					     "boot_count",
					     "boot_id",
					     "uptime_ns",
					     "mode",
					     "memory",
					     "eal",
					     "journals",
					     "workers",
					     "control",
					     "log_lines_dropped",
					     "log_lines_held_back",
					     "stats_refused",
					     "stats_accept_failed",
					     "worker_allocations",
					     "link_allocations",
					     NULL};
static const char *const journal_members[] = {
	"journal", "worker",	     "role",	 "term",     "leader",		"view_number",
	"tail",	   "received",	     "durable",	 "commit",   "commit_number",	"next_number",
	"chain",   "sessions",	     "clients",	 "readers",  "waiting_replies", "log",
	"ready",   "silent",	     "no_space", "poisoned", "handing_over",	"damaged",
	"peers",   "damaged_ranges", "recovery", "election", "stages",		NULL};
static const char *const config_members[] = {"cluster",
					     "node",
					     "nodes",
					     "workers",
					     "journals",
					     "storage_path",
					     "segment_bytes",
					     "log_ring_bytes",
					     "log_bytes_max",
					     "election_timeout_ns",
					     "heartbeat_ns",
					     "resend_ns",
					     "disk_stall_ns",
					     "record_bytes",
					     "sessions",
					     "clients",
					     "readers",
					     "window_bytes",
					     "run_directory",
					     "eal_extra",
					     NULL};

static void check_members(const struct sim_operator *operator_, unsigned number,
			  const json_t *object, const char *const *names)
{
	for (; *names; names++)
		if (!json_object_get(object, *names))
			sim_violation(operator_->cluster, number, "status", "%s is missing",
				      *names);
}

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void gather_worker(struct sim_node *node, unsigned number, struct wl_status_worker *worker)
{
	const struct sim_core *core = &node->cores[number];
	unsigned station = sim_station_of(node->number, number);

	worker->core = node->config->workers[number].core;
	worker->idle = wl_idle_name(node->machine.idle);
	worker->idle_reason = node->machine.idle_reason;
	worker->port_note = "";
	worker->disk_note = "";
	worker->self_test = node->machine.core_serves_disk ? "shares" : "does not share";
	worker->counters = &core->worker->counters;
	worker->port[0] = (struct wl_status_number){"rx_overruns",
						    node->network->stations[station].rx_overruns};
}

static void gather_journal(struct sim_node *node, unsigned id, struct wl_status_journal *journal)
{
	journal->published_known =
		wl_published_read(&node->journals[id]->published, &journal->published);
	journal->stages = &node->journals[id]->stages;
	journal->damage = node->started[id].damage;
}

/* What control/node/stats_answers_thread.c gathers on a machine. */
static void gather(struct sim_node *node, struct wl_status_facts *facts)
{
	struct sim_machine *machine = &node->machine;

	facts->config = node->config;
	facts->version = WIRELOG_VERSION_TEXT;
	facts->pid = 1 + (int)node->number;
	facts->boot_id = node->cores[0].worker->config.boot_id;
	facts->uptime_ns = sim_node_now(node) - node->started_ns;
	facts->hugepages = machine->hugepages;
	facts->memory_reason = machine->memory_reason;
	facts->eal_line = machine->eal_line;
	facts->agent_known = true;
	wl_agent_get_status(node->agent, &facts->agent);
	for (uint32_t worker = 0; worker < node->config->worker_count; worker++)
		gather_worker(node, worker, &facts->workers[worker]);
	for (uint32_t id = 0; id < node->config->journal_count; id++)
		gather_journal(node, id, &facts->journals[id]);
}

/* ---- what must hold ----------------------------------------------------------------------------- */

static void check(const struct sim_operator *operator_, unsigned number, bool holds,
		  const char *what, uint64_t said, uint64_t is)
{
	if (!holds)
		sim_violation(operator_->cluster, number, "status", "%s: %llu is told, %llu is so",
			      what, (unsigned long long)said, (unsigned long long)is);
}

/* Published now and then: what is told was so a moment ago. */
static void check_journal(struct sim_operator *operator_, struct sim_node *node, unsigned id,
			  const json_t *told, const struct wl_journal_status *published)
{
	const struct wl_replica *replica = &node->journals[id]->replica;
	const struct sim_oracle *oracle =
		(const struct sim_oracle *)operator_->cluster->context + id;
	uint64_t commit = number_of(told, "commit"), term = number_of(told, "term"),
		 leader = number_of(told, "leader");
	size_t peers = json_array_size(json_object_get(told, "peers"));
	unsigned number = node->number, others = operator_->cluster->config.nodes - 1;
	const char *role = json_string_value(json_object_get(told, "role"));
	uint64_t *commit_seen = &operator_->commit_seen[number][id];
	uint64_t *term_seen = &operator_->term_seen[number][id];

	check(operator_, number, commit <= replica->commit, "commit", commit, replica->commit);
	check(operator_, number, commit >= *commit_seen, "commit fell during a boot", commit,
	      *commit_seen);
	check(operator_, number, term <= replica->view.term, "term", term, replica->view.term);
	check(operator_, number, term >= *term_seen, "term fell", term, *term_seen);
	check(operator_, number,
	      role && (strcmp(role, published->dormant
					    ? "dormant"
					    : wl_plane_role_name(published->view.role)) == 0 ||
		       (strcmp(role, "diverged") == 0 &&
			(operator_->cluster->nodes[number].contradicted ||
			 sim_node_table_rots(&operator_->cluster->nodes[number])))),
	      "role", published->view.role, replica->view.role);
	if (published->view.number == replica->view.number)
		check(operator_, number,
		      term == replica->view.term && published->view.role == replica->view.role,
		      "one view, two terms or roles", term, replica->view.term);
	if (leader != 0 && term < SIM_ORACLE_TERMS && oracle->leader_of_term[term] != 0)
		check(operator_, number, leader == oracle->leader_of_term[term], "leader", leader,
		      oracle->leader_of_term[term]);
	check(operator_, number, peers == others, "peers", peers, others);
	*commit_seen = commit;
	*term_seen = term;
}

/* "degraded" if and only if somebody should look. */
static void check_mode(const struct sim_operator *operator_, const struct sim_node *node,
		       const json_t *told, const struct wl_status_facts *facts)
{
	bool is_poisoned = false, is_full = false;
	const json_t *mode = json_object_get(told, "mode"), *reason;
	bool poisoned = false, full = false, failed = false;
	size_t at;

	json_array_foreach(json_object_get(mode, "reasons"), at, reason)
	{
		poisoned |= strcmp(json_string_value(reason), "poisoned") == 0;
		full |= strcmp(json_string_value(reason), "no_space") == 0;
		failed |= strcmp(json_string_value(reason), "superblock_failed") == 0;
	}
	for (uint32_t id = 0; id < facts->config->journal_count; id++) {
		is_poisoned |= facts->journals[id].published.poisoned;
		is_full |= facts->journals[id].published.no_space;
	}
	check(operator_, node->number, json_is_true(json_object_get(mode, "degraded")) == (at != 0),
	      "degraded", at == 0, at != 0);
	check(operator_, node->number, poisoned == is_poisoned, "poisoned", poisoned, is_poisoned);
	check(operator_, node->number, full == is_full, "no_space", full, is_full);
	check(operator_, node->number, failed == node->agent->record_failed, "superblock_failed",
	      failed, node->agent->record_failed);
}

static void check_counters(struct sim_operator *operator_, const struct sim_node *node,
			   unsigned number, const json_t *told)
{
	const json_t *worker = json_array_get(json_object_get(told, "workers"), number);
	const json_t *dropped = json_object_get(worker, "dropped");
	uint64_t *seen = operator_->counter_seen[node->number][number];

	for (unsigned which = 0; which < SIM_OPERATOR_COUNTERS; which++) {
		bool drop = which >= WL_COUNTERS;
		const char *name =
			drop ? wl_frame_verdict_name((enum wl_frame_verdict)(which - WL_COUNTERS))
			     : wl_counter_name((enum wl_counter)which);
		uint64_t value = number_of(drop ? dropped : worker, name);

		check(operator_, node->number,
		      (drop && which - WL_COUNTERS <= WL_FRAME_ICMP) ||
			      json_object_get(drop ? dropped : worker, name) != NULL,
		      name, 0, 1);
		check(operator_, node->number, value >= seen[which], name, value, seen[which]);
		seen[which] = value;
	}
}

static void begin_boot(struct sim_operator *operator_, const struct sim_node *node)
{
	unsigned number = node->number;

	if (operator_->boot_seen[number] == node->boot)
		return;
	operator_->boot_seen[number] = node->boot;
	memset(operator_->commit_seen[number], 0, sizeof(operator_->commit_seen[number]));
	/* Terms are durable, but what a node of an older image says may be older. */
	memset(operator_->term_seen[number], 0, sizeof(operator_->term_seen[number]));
	memset(operator_->counter_seen[number], 0, sizeof(operator_->counter_seen[number]));
}

static void check_status(struct sim_operator *operator_, struct sim_node *node,
			 const struct wl_status_facts *facts)
{
	json_t *told = wl_status_json_status(facts);
	const json_t *journals = json_object_get(told, "journals"), *journal;
	bool all_known = true;
	size_t id;

	check_members(operator_, node->number, told, status_members);
	check(operator_, node->number, number_of(told, "node") == node->number, "node",
	      number_of(told, "node"), node->number);
	check(operator_, node->number,
	      number_of(told, "boot_id") == facts->boot_id || facts->boot_id > INT64_MAX, "boot_id",
	      number_of(told, "boot_id"), facts->boot_id);
	json_array_foreach(journals, id, journal)
	{
		const struct wl_status_journal *fact = &facts->journals[id];

		/* A worker that was starved since its first turn has said nothing yet. */
		if (!fact->published_known || fact->published.view.number == 0) {
			all_known = false;
			continue;
		}
		check_members(operator_, node->number, journal, journal_members);
		check_journal(operator_, node, (unsigned)id, journal, &fact->published);
	}
	check(operator_, node->number, id == facts->config->journal_count, "journals", id,
	      facts->config->journal_count);
	if (all_known)
		check_mode(operator_, node, told, facts);
	json_decref(told);
}

static void check_answer(struct sim_operator *operator_, const struct sim_node *node,
			 unsigned which, const json_t *told)
{
	const struct sim_cluster_config *config = &operator_->cluster->config;
	size_t journals = json_array_size(json_object_get(told, "journals"));

	switch (which) {
	case 0:
		for (unsigned worker = 0; worker < config->workers; worker++)
			check_counters(operator_, node, worker, told);
		break;
	case 1:
		check(operator_, node->number, journals == config->journals, "journals", journals,
		      config->journals);
		break;
	default:
		check_members(operator_, node->number, told, config_members);
	}
}

/* `wirelog explain`: all codes that there are, with what a script would see. */
static void explain(struct sim_operator *operator_)
{
	for (int status = 0; status > -256; status--) {
		const char *name = wirelog_status_name(status);
		int code = wirelog_status_exit_code(status);
		bool known = strcmp(name, "UNKNOWN") != 0;

		check(operator_, 0, known == (wirelog_status_by_name(name) == status),
		      "a code is not found by its name", (uint64_t)-status, known);
		check(operator_, 0,
		      (code == 0) == (status == 0) && (code == 0 || code >= 64) && code <= 78,
		      "exit code", (uint64_t)code, (uint64_t)-status);
		check(operator_, 0,
		      wirelog_status_cause(status)[0] != '\0' &&
			      wirelog_status_fix(status)[0] != '\0',
		      "a code without a word", (uint64_t)-status, 1);
	}
}

void sim_operator_ask(struct sim_operator *operator_, unsigned number)
{
	struct sim_node *node = &operator_->cluster->nodes[number];
	static struct wl_status_facts facts;

	/* A liar's terms may lie beyond what a status can say. */
	if (!node->up || operator_->cluster->config.plan->liar)
		return;
	begin_boot(operator_, node);
	memset(&facts, 0, sizeof(facts));
	gather(node, &facts);
	check_status(operator_, node, &facts);
	for (unsigned which = 0; which < 3; which++) {
		json_t *told = which == 0   ? wl_status_json_counters(&facts)
			       : which == 1 ? wl_status_json_latency(&facts)
					    : wl_status_json_config(node->config);

		check_answer(operator_, node, which, told);
		json_decref(told);
	}
	if (operator_->looked++ == 0)
		explain(operator_);
}

/* ---- looking around ----------------------------------------------------------------------------- */

static void look(void *subject, void *object)
{
	struct sim_operator *operator_ = subject;
	struct sim_agenda *agenda = &operator_->cluster->agenda;

	if (agenda->closing || operator_->generation != (uintptr_t)object)
		return;
	sim_operator_ask(operator_,
			 1 + (unsigned)sim_random_below(&operator_->random,
							operator_->cluster->config.nodes));
	sim_agenda_add(agenda, agenda->now_ns + operator_->interval_ns, look, operator_, object);
}

void sim_operator_watch(struct sim_operator *operator_, uint64_t interval_ns)
{
	struct sim_agenda *agenda = &operator_->cluster->agenda;

	operator_->interval_ns = interval_ns;
	operator_->generation++;
	if (interval_ns != 0)
		sim_agenda_add(agenda, agenda->now_ns + interval_ns, look, operator_,
			       (void *)(uintptr_t)operator_->generation);
}

void sim_operator_init(struct sim_operator *operator_, struct sim_cluster *cluster)
{
	memset(operator_, 0, sizeof(*operator_));
	operator_->cluster = cluster;
	sim_random_init(&operator_->random, cluster->seed, 5100);
}

/* ---- transfer ---------------------------------------------------------------------------------- */

struct promise { /* that a transfer ends, one way or the other */
	struct sim_operator *operator_;
	unsigned number;
	uint64_t boot, handed_over, begun_ns;
};

static unsigned last_journal(const struct sim_operator *operator_)
{
	return operator_->cluster->config.journals - 1;
}

static const struct wl_election *election_of(const struct sim_operator *operator_,
					     const struct sim_node *node)
{
	return &node->agent->elections[last_journal(operator_)];
}

static void check_ended(void *subject, void *object)
{
	struct promise *promise = subject;
	const struct sim_node *node = &promise->operator_->cluster->nodes[promise->number];

	(void)object;
	/* A control that had no core meanwhile could not know. */
	if (!promise->operator_->cluster->agenda.closing && node->up &&
	    node->boot == promise->boot && node->agent_actor.stalled_until_ns < promise->begun_ns &&
	    election_of(promise->operator_, node)->counts.handed_over == promise->handed_over)
		check(promise->operator_, promise->number,
		      !election_of(promise->operator_, node)->transfer.active,
		      "a transfer goes on after its deadline", 1, 0);
	free(promise);
}

void sim_operator_transfer(struct sim_operator *operator_, unsigned number, uint32_t target)
{
	struct sim_cluster *cluster = operator_->cluster;
	struct sim_node *node = &cluster->nodes[number];
	const struct wl_election *election;
	struct promise *promise;
	unsigned worker;
	bool may, begun;

	if (!node->up)
		return;
	election = election_of(operator_, node);
	worker = last_journal(operator_) % cluster->config.workers;
	may = node->agent->phase == WL_AGENT_RUNS && election->state == WL_ELECTION_LEADER &&
	      !election->transfer.active && !wl_list_is_alone(&election->list, number) &&
	      node->agent->workers[worker].backlog_count == 0 && target != number &&
	      (target == 0 || wl_members_has(election->list.voters, target));
	/* A journal that does not exist is handed to nobody. */
	check(operator_, number, !wl_agent_transfer(node->agent, cluster->config.journals, target),
	      "a journal that does not exist", 1, 0);
	begun = wl_agent_transfer(node->agent, last_journal(operator_), target);
	check(operator_, number, begun == may, "a transfer begins", begun, may);
	if (!begun)
		return;
	promise = malloc(sizeof(*promise));
	WL_CHECK(promise != NULL);
	*promise = (struct promise){operator_, number, node->boot, election->counts.handed_over,
				    cluster->agenda.now_ns};
	/* Its own timeout, and one more when the target was told; the clock may run slow by a tenth. */
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + 3 * cluster->config.patience_ns,
		       check_ended, promise, NULL);
}
