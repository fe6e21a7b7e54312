/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/demo/tool_demo_grows.h"
#include "command/demo/tool_demo_heals.h"
#include "command/demo/tool_demo_lives.h"
#include "command/demo/tool_demo_load.h"
#include "command/demo/tool_demo_say.h"
#include "command/itch/itch_workload.h"
#include "command/tool_interrupt.h"
#include "command/tool_refuse.h"
#include "command/tool_verify.h"

#define CAUGHT_UP_NS UINT64_C(40000000000)
#define LOOK_NS 250000000u /* between two looks whether the nodes live */
#define KILL_AT_PERCENT 40u
#define RESTART_AT_PERCENT 60u

struct run {
	const struct wl_demo_plan *plan;
	struct wl_demo_nodes nodes;
	enum wl_demo_stage stage;
	uint64_t look_ns, restarted_ns, caught_up_ns;
	unsigned first_leader, victim, reader;
	uint64_t acknowledged_at_kill;
	bool next_answer_told, victim_restarted;
	char more[WL_WHERE_PATH_BYTES + 16]; /* file of WL_DEMO_HEALS_MESSAGES messages */
	char day[WL_WHERE_PATH_BYTES + 16];
	uint64_t day_bytes;
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX]; /* caught up, at the end */
	struct wl_demo_compare compare;
	struct wl_demo_lives lives;
	struct wl_demo_heals heals;
	struct wl_demo_grows grows;
	unsigned killed_at_stop;
	char chains[WL_DEMO_NODES_MAX]
		   [24]; /* out of the data on disk, behind the same entry, and a blank; "": not at the end */
	bool disks_clean, disks_known;
	unsigned broken; /* promises */
	char reason[WL_DEMO_REASON_BYTES];
};

/* ---- telling ------------------------------------------------------------------------------------ */

static double rate(uint64_t count, uint64_t took_ns)
{
	return took_ns != 0 ? (double)count * 1e9 / (double)took_ns : 0;
}

static void tell_latency(const char *what, const struct wl_histogram *latency)
{
	wl_demo_say("  %s: latency p50 %s, p99 %s, p99.9 %s", what,
		    wl_demo_say_duration(wl_histogram_percentile(latency, 50)),
		    wl_demo_say_duration(wl_histogram_percentile(latency, 99)),
		    wl_demo_say_duration(wl_histogram_percentile(latency, 99.9)));
}

/* ---- the day ------------------------------------------------------------------------------------ */

/* `bytes`: of all messages. */
static int write_messages(struct run *run, const char *path, uint64_t messages, uint64_t *bytes)
{
	struct wl_itch_workload *workload = malloc(sizeof(*workload));
	FILE *out = fopen(path, "wxe");
	uint8_t message[2 + WL_ITCH_MESSAGE_BYTES_MAX];
	bool whole = workload != NULL && out != NULL &&
		     wl_itch_workload_init(workload, messages, run->plan->seed);
	size_t size;

	*bytes = 0;
	while (whole && (size = wl_itch_workload_next(workload, message + 2)) != 0) {
		message[0] = (uint8_t)(size >> 8);
		message[1] = (uint8_t)size;
		whole = fwrite(message, size + 2, 1, out) == 1;
		*bytes += size;
	}
	free(workload);
	if (out != NULL && fclose(out) != 0)
		whole = false;
	if (!whole) {
		snprintf(run->reason, sizeof(run->reason), "%s: %s", path, strerror(errno));
		return WIRELOG_OUTPUT_FAILED;
	}
	return 0;
}

static int write_day(struct run *run)
{
	int status = write_messages(run, run->day, run->plan->messages, &run->day_bytes);

	if (status == 0)
		wl_demo_say("wrote an ITCH 5.0 day: %s messages, %.1f MB (seed %" PRIu64 ")",
			    wl_demo_say_count(run->plan->messages), (double)run->day_bytes / 1e6,
			    run->plan->seed);
	return status;
}

/* ---- what happens while it is appended ---------------------------------------------------------- */

static int kill_leader(struct run *run, struct wl_demo_load *load)
{
	uint32_t leader = wl_demo_load_leader(load);

	if (leader < 1 || leader > WL_DEMO_NODES)
		return 0;
	run->victim = leader;
	run->acknowledged_at_kill = load->acknowledged;
	load->avoid_since_ns = wl_clock_now_ns(&load->clock);
	wl_demo_node_kill(&run->nodes, leader);
	load->avoid = leader;
	wl_where_save(&run->nodes.where);
	wl_tool_progress_clear(&load->progress);
	wl_demo_say("kill -9 of the leader, node %u, after %s acknowledged appends", leader,
		    wl_demo_say_count(load->acknowledged));
	return 0;
}

static int restart_victim(struct run *run, struct wl_demo_load *load)
{
	int error = wl_demo_node_start(&run->nodes, run->victim);

	if (error != 0)
		return WIRELOG_NOT_RUNNING;
	run->restarted_ns = wl_clock_kernel_ns();
	run->victim_restarted = true;
	wl_where_save(&run->nodes.where);
	wl_tool_progress_clear(&load->progress);
	wl_demo_say("started node %u again, on the data that the kill left", run->victim);
	return 0;
}

static void tell_next_answer(struct run *run, struct wl_demo_load *load)
{
	run->next_answer_told = true;
	wl_tool_progress_clear(&load->progress);
	wl_demo_say("  next acknowledged append %s after the kill: node %u leads now",
		    wl_demo_say_duration(load->next_answer_ns), wl_demo_load_leader(load));
}

static int on_turn(void *context, struct wl_demo_load *load)
{
	struct run *run = context;
	uint64_t percent = load->acknowledged * 100 / run->plan->messages;
	uint64_t now_ns = wl_clock_now_ns(&load->clock);

	if (now_ns > run->look_ns) {
		int status = wl_demo_nodes_check(&run->nodes, run->reason);

		run->look_ns = now_ns + LOOK_NS;
		if (status != 0)
			return status;
	}
	if (run->victim == 0 && percent >= KILL_AT_PERCENT)
		return kill_leader(run, load);
	if (load->next_answer_ns != 0 && !run->next_answer_told)
		tell_next_answer(run, load);
	if (run->victim != 0 && !run->victim_restarted && percent >= RESTART_AT_PERCENT &&
	    load->next_answer_ns != 0)
		return restart_victim(run, load);
	return 0;
}

static int append_day(struct run *run, struct wl_demo_load *load)
{
	uint64_t took_ns, many;
	int status;

	load->path = run->day;
	load->messages = run->plan->messages;
	load->interrupted = run->nodes.interrupted;
	load->on_turn = on_turn;
	load->context = run;
	wl_demo_say(
		"appending it through libwirelog over memif; an answer means durable on two of three");
	status = wl_demo_load_run(load, &run->nodes.where);
	if (status != 0) {
		if (run->reason[0] == '\0')
			snprintf(run->reason, sizeof(run->reason), "%s", load->reason);
		return status;
	}
	took_ns = load->answered_ns - load->many_since_ns;
	many = load->acknowledged - load->many_from;
	wl_demo_say("%s acknowledged; %.0f records/s, %.1f MB/s, the failover included",
		    wl_demo_say_count(load->acknowledged), rate(many, took_ns),
		    rate(load->bytes * many / load->acknowledged, took_ns) / 1e6);
	tell_latency("one outstanding", &load->one);
	tell_latency("4,096 outstanding", &load->many);
	return 0;
}

static int catch_up(struct run *run)
{
	int status = wl_demo_nodes_wait_caught_up(&run->nodes, run->plan->messages, CAUGHT_UP_NS,
						  run->facts, run->reason);

	if (status != 0)
		return status;
	run->caught_up_ns = wl_clock_kernel_ns();
	wl_demo_say("node %u has caught up: all three committed entry %" PRIu64 ", record %s",
		    run->victim, run->facts[0].chain_index,
		    wl_demo_say_count(run->facts[0].commit_number));
	return 0;
}

/* ---- reading back ------------------------------------------------------------------------------- */

/* The node that was killed, where it follows: it has the most to prove. */
static unsigned choose_reader(const struct run *run)
{
	unsigned leader = 0;

	for (unsigned node = 1; node <= WL_DEMO_NODES; node++)
		if (run->facts[node - 1].leads)
			leader = node;
	if (run->victim != leader)
		return run->victim;
	return leader == 1 ? 2 : 1;
}

static int read_back(struct run *run, const struct wl_demo_load *load)
{
	static struct wl_demo_reading reading;
	uint64_t took_ns;
	int status;

	run->reader = choose_reader(run);
	wl_demo_compare_init(&run->compare, run->plan->messages, load->session,
			     (uint64_t)load->first_sequence);
	reading = (struct wl_demo_reading){
		.path = run->day,
		.node = run->reader,
		.until_number = run->facts[run->reader - 1].commit_number,
		.interrupted = run->nodes.interrupted,
		.compare = &run->compare,
	};
	status = wl_demo_load_read(&reading, &run->nodes.where);
	if (status != 0) {
		snprintf(run->reason, sizeof(run->reason), "reading back from node %u: %s",
			 run->reader, reading.reason);
		return status;
	}
	took_ns = reading.ended_ns - reading.started_ns;
	wl_demo_say(
		"read %s records back from node %u, a follower, and compared each: %.0f records/s",
		wl_demo_say_count(run->compare.met), run->reader, rate(run->compare.met, took_ns));
	return 0;
}

/* ---- leadership --------------------------------------------------------------------------------- */

static int hand_over(struct run *run)
{
	struct wl_demo_grows *grows = &run->grows;
	uint64_t bytes;
	int status;

	snprintf(run->more, sizeof(run->more), "%s/more.itch", run->nodes.where.directory);
	status = write_messages(run, run->more, WL_DEMO_HEALS_MESSAGES, &bytes);
	if (status == 0)
		status = wl_demo_grows_hand_over(grows, &run->nodes, run->more, run->reason);
	if (status != 0)
		return status;
	wl_demo_say("leadership handed over while %s more are appended: node %u acknowledges",
		    wl_demo_say_count(grows->appended), grows->to);
	wl_demo_say("  %s after node %u was asked to give it away",
		    wl_demo_say_duration(grows->handed_over_ns), grows->from);
	return 0;
}

/* ---- a log that lives --------------------------------------------------------------------------- */

static int let_go(struct run *run)
{
	struct wl_demo_lives *lives = &run->lives;
	int status;

	if (run->plan->messages < WL_DEMO_LIVES_MESSAGES)
		return 0;
	wl_demo_say("appending the day once more, for a log that lives");
	status = wl_demo_lives_append(&run->nodes, run->day, run->plan->messages, run->reason);
	if (status == 0)
		status = wl_demo_lives_trim(lives, &run->nodes, 2 * run->plan->messages,
					    run->reason);
	if (status != 0)
		return status;
	wl_demo_say("trimmed to record %s: the nodes gave up %" PRIu64 ", %" PRIu64 " and %" PRIu64
		    " segments",
		    wl_demo_say_count(lives->number), lives->segments[0], lives->segments[1],
		    lives->segments[2]);
	status = wl_demo_lives_restart(lives, &run->nodes, run->reader, run->facts, run->reason);
	if (status != 0)
		return status;
	wl_demo_say("kill -9 of node %u, and a start: a base and %" PRIu64
		    " KiB read, of %.1f MB of log, in %s",
		    lives->restarted, lives->read_bytes >> 10, (double)lives->log_bytes / 1e6,
		    wl_demo_say_duration(lives->took_ns));
	return 0;
}

/* ---- damage that heals -------------------------------------------------------------------------- */

static int heal(struct run *run)
{
	int status;

	run->heals.day = run->more;
	status = wl_demo_heals_mend(&run->heals, &run->nodes, run->facts, run->reason);
	if (status == 0)
		status = wl_demo_heals_swap(&run->heals, &run->nodes, run->facts, run->reason);
	return status;
}

/* ---- a node in the place of another -------------------------------------------------------------- */

static int replace(struct run *run)
{
	int status;

	if (!wl_demo_grows_is_possible(&run->nodes)) {
		wl_demo_say("no node4.yaml among the configurations: no node is replaced");
		return 0;
	}
	status = wl_demo_grows_replace(&run->grows, &run->nodes, run->facts, run->reason);

	if (status == 0)
		wl_demo_say(
			"node %u started, and in the place of node %u after %s: the others run on",
			WL_DEMO_JOINS, run->grows.gone, wl_demo_say_duration(run->grows.took_ns));
	return status;
}

/* ---- what lies on the disks --------------------------------------------------------------------- */

/* Of the nodes that ran to the end. */
static const struct wl_demo_facts *one_of(const struct run *run)
{
	return run->grows.gone == 1 ? &run->facts[1] : &run->facts[0];
}

static int look_at_disks(struct run *run)
{
	static struct wl_verify_report report;
	char path[WL_WHERE_PATH_BYTES + 8], reason[512];

	run->disks_clean = true;
	for (unsigned node = 1; node <= WL_DEMO_NODES_MAX; node++) {
		int status;

		if (!run->facts[node - 1].started)
			continue;
		snprintf(path, sizeof(path), "%s/data", run->nodes.where.run_directories[node - 1]);
		status = wl_verify_store(&report, path, one_of(run)->chain_index, reason,
					 sizeof(reason));
		if (status != 0) {
			snprintf(run->reason, sizeof(run->reason), "%.1000s", reason);
			return status;
		}
		if (wl_verify_is_damaged(&report))
			run->disks_clean = false;
		snprintf(run->chains[node - 1], sizeof(run->chains[0]), "%016" PRIx64 " ",
			 report.journals[0].wanted_chain_known ? report.journals[0].wanted_chain
							       : 0);
	}
	run->disks_known = true;
	wl_demo_say("stopped the nodes and verified the data of each, offline");
	return 0;
}

/* ---- the verdict -------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void judge(struct run *run, bool holds,
							const char *what, const char *format, ...)
{
	va_list arguments;

	printf("  %-8s%-34s", holds ? "yes" : "NO", what);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (!holds)
		run->broken++;
}

static bool chains_are_equal(const struct run *run)
{
	for (unsigned at = 0; at < WL_DEMO_NODES_MAX; at++)
		if (run->facts[at].started && strcmp(run->facts[at].chain, one_of(run)->chain) != 0)
			return false;
	return one_of(run)->chain[0] != '\0';
}

static bool disks_agree(const struct run *run)
{
	for (unsigned at = 0; at < WL_DEMO_NODES_MAX; at++)
		if (run->facts[at].started &&
		    strncmp(run->chains[at], one_of(run)->chain, strlen(one_of(run)->chain)) != 0)
			return false;
	return run->disks_clean;
}

static void give_verdict(struct run *run, const struct wl_demo_load *load)
{
	const struct wl_demo_compare *compare = &run->compare;
	const struct wl_demo_heals *heals = &run->heals;
	uint64_t wrong = compare->different + compare->unknown + compare->foreign;

	printf("\nDid it hold?\n");
	judge(run,
	      load->acknowledged == run->plan->messages && load->acknowledged == compare->stored &&
		      compare->met == compare->stored,
	      "acknowledged = stored", "%s = %s", wl_demo_say_count(load->acknowledged),
	      wl_demo_say_count(compare->met));
	judge(run, compare->duplicates == 0, "no duplicate", "%s",
	      wl_demo_say_count(compare->duplicates));
	judge(run, compare->lost == 0, "nothing lost", "%s", wl_demo_say_count(compare->lost));
	judge(run, wrong == 0 && compare->bytes == run->day_bytes, "same bytes, in the same order",
	      "%s bytes, %s records differ", wl_demo_say_count(compare->bytes),
	      wl_demo_say_count(wrong));
	judge(run, compare->misnumbered == 0 && load->misnumbered == 0,
	      "numbers dense, as acknowledged", "1 to %s", wl_demo_say_count(compare->last_number));
	judge(run, load->next_answer_ns != 0, "survived kill -9 of the leader",
	      "%s without an answer", wl_demo_say_duration(load->next_answer_ns));
	judge(run, run->victim_restarted && run->caught_up_ns != 0, "killed node came back",
	      "node %u, caught up %s after its start", run->victim,
	      wl_demo_say_duration(run->caught_up_ns - run->restarted_ns));
	judge(run, run->grows.from != 0, "leadership handed over",
	      "node %u to node %u, no append refused", run->grows.from, run->grows.to);
	if (run->lives.number != 0) {
		judge(run, true, "old records let go", "below %s, on all three nodes",
		      wl_demo_say_count(run->lives.number));
		judge(run,
		      run->lives.base_index != 0 && run->lives.read_bytes < run->lives.log_bytes,
		      "a start goes on from its base", "node %u, from entry %" PRIu64,
		      run->lives.restarted, run->lives.base_index);
	}
	judge(run, heals->fetched + heals->salvaged != 0, "rot on a disk healed",
	      "node %u, record %s, all there after %s", heals->rotten,
	      wl_demo_say_count(heals->record), wl_demo_say_duration(heals->mended_ns));
	judge(run, heals->named[0] != '\0', "an empty disk came back",
	      "node %u, all there and counting after %s", heals->wiped,
	      wl_demo_say_duration(heals->swapped_ns));
	if (run->grows.gone != 0)
		judge(run, true, "a node replaced, the rest running",
		      "node %u by node %u, a voter after %s", run->grows.gone, WL_DEMO_JOINS,
		      wl_demo_say_duration(run->grows.took_ns));
	if (chains_are_equal(run))
		judge(run, true, "chain value equal, running",
		      "%s on all three, behind entry %" PRIu64, one_of(run)->chain,
		      one_of(run)->chain_index);
	else
		judge(run, false, "chain value equal, running", "%s %s %s %s", run->facts[0].chain,
		      run->facts[1].chain, run->facts[2].chain, run->facts[3].chain);
	judge(run, disks_agree(run), "chain value equal, on disk", "%s%s%s%s%s", run->chains[0],
	      run->chains[1], run->chains[2], run->chains[3], run->disks_clean ? "" : "DAMAGED");
	judge(run, run->killed_at_stop == 0, "nodes ended when asked", "%u had to be killed",
	      run->killed_at_stop);
	if (compare->first_wrong != 0)
		printf("  the first record that is wrong has number %" PRIu64 "\n",
		       compare->first_wrong);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int go(struct run *run, struct wl_demo_load *load)
{
	int status;

	wl_demo_say_begin();
	printf("wirelog demo: three nodes on this machine, one order, nothing lost\n");
	status = wl_demo_up_begin(&run->nodes, run->plan, &run->stage, &run->first_leader,
				  run->reason);
	if (status != 0)
		return status;
	printf("\n");
	wl_demo_say("three nodes run; node %u was elected leader", run->first_leader);
	snprintf(run->day, sizeof(run->day), "%s/day.itch", run->nodes.where.directory);
	status = write_day(run);
	if (status == 0)
		status = append_day(run, load);
	if (status == 0)
		status = catch_up(run);
	if (status == 0)
		status = read_back(run, load);
	if (status == 0)
		status = hand_over(run);
	if (status == 0)
		status = let_go(run);
	if (status == 0)
		status = heal(run);
	if (status == 0)
		status = replace(run);
	if (status != 0)
		return status;
	run->killed_at_stop = wl_demo_nodes_stop(&run->nodes);
	status = look_at_disks(run);
	if (status == 0)
		give_verdict(run, load);
	return status;
}

/* A refusal before the first append is the machine's or the user's; behind it a promise is broken. */
static int explain_failure(const struct run *run, const struct wl_demo_load *load, int status)
{
	if (load->offered == 0)
		return wl_tool_refuse(status, "%s", run->reason);
	fflush(stdout);
	fprintf(stderr, "wirelog: %s [%s]\n", run->reason, wirelog_status_name(status));
	return wl_tool_refuse(WIRELOG_DEMO_FAILED,
			      "the demo could not go on after %" PRIu64
			      " acknowledged appends; logs: %s/node*.log",
			      load->acknowledged, run->nodes.where.directory);
}

int wl_demo_run(const struct wl_demo_plan *plan, const volatile sig_atomic_t *interrupted)
{
	static struct run run;
	static struct wl_demo_load load;
	bool keep = plan->keep;
	int status, code;

	run.plan = plan;
	wl_demo_nodes_init(&run.nodes, interrupted);
	run.nodes.tied = true;
	status = wl_demo_up_clear(interrupted, run.reason);
	if (status != 0)
		return wl_tool_refuse(status, "%s", run.reason);
	status = go(&run, &load);
	if (*interrupted) {
		fprintf(stderr, "wirelog: interrupted; stopping the nodes\n");
		code = WL_INTERRUPT_EXIT;
	} else if (status != 0) {
		code = explain_failure(&run, &load, status);
		keep = run.stage == WL_DEMO_STAGE_NODES;
	} else if (run.broken != 0) {
		code = wl_tool_refuse(WIRELOG_DEMO_FAILED,
				      "%u of the promises above did not hold; logs and data: %s",
				      run.broken, run.nodes.where.directory);
		keep = true;
	} else {
		wl_demo_say("everything held%s", keep ? "" : "; the directory is removed");
		code = EX_OK;
	}
	wl_demo_up_end(&run.nodes, run.stage, keep);
	return code;
}
