/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/loop_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>

#include "control/node/boot_shape.h"
#include "control/node/cluster_status_thread.h"
#include "control/node/mailbox_thread.h"
#include "control/node/link_watch_thread.h"
#include "control/node/stop_thread.h"
#include "control/node/watch_thread.h"
#include "control/report/limits_told.h"
#include "control/report/report_file.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "wirelog/status.h"

#define LOOK_NS 1000000u /* at what the workers publish */
#define PUBLISH_NS 5000000u
#define TEND_NS 1000000000u
#define TELL_NS 1000000000u
#define SLEEP_NS_MAX 1000000u
#define JOIN_MS 300u

/* ---- what the agent is given -------------------------------------------------------------------- */

static bool submit_record(void *context, struct wl_superblock *record)
{
	struct wl_node *node = context;

	return wl_superblock_writer_submit(node->writer, record);
}

static int reap_record(void *context)
{
	struct wl_node *node = context;
	int result = wl_superblock_writer_reap(node->writer);

	/* Final, and so said once: the agent does not ask again. */
	if (result < 0)
		wl_report(WL_REPORT_ERROR, "record_failed",
			  "code=%s error=%d text=\"%s\" place=superblock fix=\"%s\"",
			  wirelog_status_name(WIRELOG_RECORD_FAILED), -result, strerror(-result),
			  wirelog_status_fix(WIRELOG_RECORD_FAILED));
	return result;
}

#define ETHERNET_TEXT_BYTES 18u

static const char *ethernet_of(const uint8_t *mac, char text[static ETHERNET_TEXT_BYTES])
{
	if (!mac)
		return "-";
	snprintf(text, ETHERNET_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}

static void log_address(const struct wl_agent_line *line)
{
	char mac[ETHERNET_TEXT_BYTES], other[ETHERNET_TEXT_BYTES];

	wl_report(line->error ? WL_REPORT_WARNING : WL_REPORT_NOTICE, "address_twice",
		  "address=%u.%u.%u.%u mac=%s other_mac=%s text=\"%s\"", line->ipv4 >> 24,
		  line->ipv4 >> 16 & 0xff, line->ipv4 >> 8 & 0xff, line->ipv4 & 0xff,
		  ethernet_of(line->mac, mac), ethernet_of(line->other_mac, other), line->text);
}

static void log_claim(const struct wl_agent_line *line)
{
	char ethernet[ETHERNET_TEXT_BYTES];

	wl_report(WL_REPORT_WARNING, "not_believed",
		  "why=%s node=%u key=%08lx address=%u.%u.%u.%u mac=%s frames=%lu text=\"%s\"",
		  line->what, line->node, (unsigned long)line->ours, line->ipv4 >> 24,
		  line->ipv4 >> 16 & 0xff, line->ipv4 >> 8 & 0xff, line->ipv4 & 0xff,
		  ethernet_of(line->mac, ethernet), (unsigned long)line->theirs, line->text);
}

static void log_divergence(const struct wl_agent_line *line)
{
	bool of_state = wl_divergence_is_of_state(line->divergence);
	const char *code = "", *what = of_state ? "digest" : "chain";

	if (of_state)
		code = "code=STATE_DIVERGED ";
	else if (wl_divergence_costs_our_part(line->divergence))
		code = "code=STORE_DIVERGED ";
	wl_report(WL_REPORT_ERROR, of_state ? "state_diverged" : "diverged",
		  "%sjournal=%u node=%u term=%lu index=%lu %s=%016lx their_%s=%016lx text=\"%s\"",
		  code, line->journal, line->node, (unsigned long)line->term,
		  (unsigned long)line->index, what, (unsigned long)line->chain, what,
		  (unsigned long)line->their_chain, line->text);
}

static void log_history(const struct wl_agent_line *line)
{
	if (line->node != 0)
		wl_report(
			WL_REPORT_ERROR, "peer_history",
			"code=OTHER_HISTORY journal=%u node=%u history=%016lx theirs=%016lx text=\"%s\"",
			line->journal, line->node, (unsigned long)line->ours,
			(unsigned long)line->theirs, line->text);
	else
		wl_report(line->error ? WL_REPORT_WARNING : WL_REPORT_NOTICE, "history",
			  "journal=%u history=%016lx before=%016lx text=\"%s\"", line->journal,
			  (unsigned long)line->ours, (unsigned long)line->theirs, line->text);
}

static void log_features(const struct wl_agent_line *line)
{
	char theirs[WL_FEATURES_TEXT_BYTES], lacking[WL_FEATURES_TEXT_BYTES];
	wl_features in_force = line->node != 0 ? line->ours : line->theirs,
		    has = line->node != 0 ? line->theirs : line->ours;

	wl_report(line->error ? WL_REPORT_ERROR : WL_REPORT_NOTICE,
		  line->node != 0 ? "peer_outdated" : "features",
		  "%sjournal=%u node=%u entry=%lu in_force=\"%s\" lacking=\"%s\" text=\"%s\"",
		  line->error ? "code=FEATURE_UNKNOWN " : "", line->journal, line->node,
		  (unsigned long)line->index, wl_features_text(in_force, theirs),
		  wl_features_text(in_force & ~has, lacking), line->text);
}

static void log_line(void *context, const struct wl_agent_line *line)
{
	enum wl_report_level level = line->error ? WL_REPORT_WARNING : WL_REPORT_NOTICE;

	(void)context;
	if (line->kind == WL_AGENT_DIVERGED)
		log_divergence(line);
	else if (line->kind == WL_AGENT_PEER_APART)
		wl_report(WL_REPORT_ERROR, "peer_diverged", "journal=%u node=%u text=\"%s\"",
			  line->journal, line->node, line->text);
	else if (line->kind == WL_AGENT_FEW_TERMS)
		wl_report(line->ours == 0 ? WL_REPORT_ERROR : WL_REPORT_WARNING, "terms_low",
			  "journal=%u terms_left=%lu of=%lu text=\"%s\"", line->journal,
			  (unsigned long)line->ours, (unsigned long)line->theirs, line->text);
	else if (line->kind == WL_AGENT_CLAIM)
		log_claim(line);
	else if (line->kind == WL_AGENT_KEYS)
		wl_report(level, "keys", "stage=%s now=%08lx before=%08lx entry=%lu text=\"%s\"",
			  line->what, (unsigned long)line->ours, (unsigned long)line->theirs,
			  (unsigned long)line->index, line->text);
	else if (line->kind == WL_AGENT_ADDRESS)
		log_address(line);
	else if (line->kind == WL_AGENT_HISTORY)
		log_history(line);
	else if (line->kind == WL_AGENT_FEATURES)
		log_features(line);
	else if (line->kind == WL_AGENT_DIFFERS)
		wl_report(WL_REPORT_WARNING, "peer_differs",
			  "node=%u what=%s ours=%lu theirs=%lu text=\"%s\"", line->node, line->what,
			  (unsigned long)line->ours, (unsigned long)line->theirs, line->text);
	else if (line->theirs != 0)
		wl_report(WL_REPORT_WARNING, "election",
			  "journal=%u term=%lu voters=%lu text=\"%s\"", line->journal,
			  (unsigned long)line->term, (unsigned long)line->theirs, line->text);
	else if (line->node != 0)
		wl_report(level, "election", "journal=%u term=%lu node=%u text=\"%s\"",
			  line->journal, (unsigned long)line->term, line->node, line->text);
	else
		wl_report(level, "election", "journal=%u term=%lu text=\"%s\"", line->journal,
			  (unsigned long)line->term, line->text);
}

int wl_loop_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	const struct wl_agent_ops ops = {
		.submit = submit_record,
		.reap = reap_record,
		.log = log_line,
		.context = node,
	};
	struct wl_agent_config agent;
	struct wl_plane_rings *planes[WIRELOG_WORKERS_MAX];

	wl_boot_shape_agent(config, &agent);
	if (getrandom(&agent.seed, sizeof(agent.seed), 0) != (ssize_t)sizeof(agent.seed) ||
	    getrandom(&agent.spare_incarnation, sizeof(agent.spare_incarnation), 0) !=
		    (ssize_t)sizeof(agent.spare_incarnation)) {
		snprintf(reason, reason_bytes, "no random number: %s", strerror(errno));
		return WIRELOG_INTERNAL;
	}
	for (uint32_t id = 0; id < config->journal_count; id++)
		agent.dormant |= (uint32_t)node->journals[id].journal->dormant << id;
	for (uint32_t worker = 0; worker < config->worker_count; worker++)
		planes[worker] = &node->workers[worker].plane;
	node->agent = calloc(1, sizeof(*node->agent));
	node->mailbox = calloc(1, sizeof(*node->mailbox));
	if (!node->agent || !node->mailbox) {
		snprintf(reason, reason_bytes, "no memory for control");
		return WIRELOG_NO_MEMORY;
	}
	wl_mailbox_init(node->mailbox);
	wl_agent_init(node->agent, &agent, &ops, planes, &node->superblock);
	for (uint32_t journal = 0; journal < config->journal_count; journal++)
		wl_agent_set_tail(node->agent, journal, node->journals[journal].journal->log.tail);
	wl_agent_use_key_file(node->agent, &node->auth);
	wl_boot_shape_neighbours(config, node->workers[0].port, node->agent);
	return 0;
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static void tell_storage(uint32_t journal, const struct wl_storage_line *line)
{
	int code = wl_storage_trouble_code(line->trouble);
	const char *name = wl_storage_trouble_name(line->trouble);

	if (line->ends) {
		wl_report(WL_REPORT_NOTICE, name, "journal=%u ended=1", journal);
		return;
	}
	wl_report(
		line->trouble == WL_STORAGE_FULL ? WL_REPORT_WARNING : WL_REPORT_ERROR, name,
		"code=%s journal=%u lasts=%d error=%d text=\"%s\" offset=%lu count=%lu fix=\"%s\"",
		wirelog_status_name(code), journal, !line->begins, line->error,
		line->error != 0 ? strerror(line->error) : "", (unsigned long)line->offset,
		(unsigned long)line->count, wirelog_status_fix(code));
}

static void look_at_storage(struct wl_node *node, uint32_t id,
			    const struct wl_storage_status *status, uint64_t now_ns)
{
	struct wl_storage_line lines[WL_STORAGE_TROUBLES];
	unsigned count = wl_storage_watch_look(&node->journals[id].storage, status, now_ns, lines);

	for (unsigned at = 0; at < count; at++)
		tell_storage(id, &lines[at]);
}

static void look_at_workers(struct wl_node *node, uint64_t now_ns)
{
	struct wl_journal_status status;

	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		if (!wl_published_read(&node->journals[id].journal->published, &status))
			continue;
		/* A worker that has not published yet: all zeros, a boot id is never 0. */
		if (status.view.number == 0)
			continue;
		look_at_storage(node, id, &status.storage, now_ns);
		wl_limits_told_lines(node->config, &status, &node->limits_told[id]);
		wl_agent_set_tail(node->agent, id, status.tail);
		wl_agent_set_watermark(node->agent, id, status.durable_offset);
		wl_agent_set_commit(node->agent, id, status.commit_durable);
		wl_agent_set_room(node->agent, id, status.may_start_term);
		wl_agent_set_terms_left(node->agent, id, status.terms_left);
		wl_agent_set_clock(node->agent, id, status.clock_astray, status.stamps_ahead_ns);
		for (uint32_t peer = 1;
		     peer <= WIRELOG_NODES_MAX && status.view.role == WL_ROLE_LEADER; peer++) {
			struct wl_position durable = {status.view.term,
						      status.peers[peer].match_durable};

			if (peer != node->config->node && durable.index != 0)
				wl_agent_set_peer_durable(node->agent, id, peer, durable);
		}
	}
}

static const char *name_of(enum wl_mailbox_request_verb verb)
{
	if (verb == WL_MAILBOX_SET)
		return "set";
	if (verb == WL_MAILBOX_MEET)
		return "meet";
	if (verb == WL_MAILBOX_KEYS)
		return "keys";
	return verb == WL_MAILBOX_STOP ? "stop" : "transfer";
}

static const char *wish_of(uint32_t verb)
{
	if (verb == WL_WIRE_PROPOSE_TRIM)
		return "trim";
	if (verb == WL_WIRE_PROPOSE_MEMBERS)
		return "member";
	if (verb == WL_WIRE_PROPOSE_LIMITS)
		return "limit_set";
	if (verb == WL_WIRE_PROPOSE_TRANSFER)
		return "transfer";
	if (verb == WL_WIRE_PROPOSE_FEATURES)
		return "finalize";
	if (verb == WL_WIRE_PROPOSE_KEYS)
		return "key_rotate";
	return verb == WL_WIRE_PROPOSE_CONSUMER_SET ? "consumer_set" : "consumer_delete";
}

static void serve_mailbox(struct wl_node *node)
{
	struct wl_mailbox_request request;
	bool ok = false;

	if (!wl_mailbox_take(node->mailbox, &request))
		return;
	if (request.verb == WL_MAILBOX_TRANSFER)
		ok = wl_agent_transfer(node->agent, request.journal, request.target);
	if (request.verb == WL_MAILBOX_STOP) {
		wl_stop_ask();
		ok = true;
	}
	if (request.verb == WL_MAILBOX_SET)
		ok = wl_agent_set(node->agent, request.settings);
	if (request.verb == WL_MAILBOX_KEYS) {
		wl_agent_use_key_file(node->agent, request.auth);
		ok = true;
	}
	if (request.verb == WL_MAILBOX_MEET) {
		wl_boot_shape_neighbour(request.config, node->workers[0].port, request.target,
					node->agent);
		ok = true;
	}
	if (request.verb == WL_MAILBOX_COMPARE) {
		/* One of many questions of one command: no line for each. */
		ok = wl_agent_compare(node->agent, request.journal, request.index);
	} else if (request.verb == WL_MAILBOX_ASK) {
		ok = wl_agent_ask(node->agent, request.journal, &request.wish);
		wl_report(WL_REPORT_INFO, "request", "verb=%s journal=%u number=%lu ok=%d",
			  wish_of(request.wish.verb), request.journal,
			  (unsigned long)request.wish.number, ok);
	} else {
		wl_report(WL_REPORT_INFO, "request", "verb=%s journal=%u target=%u ok=%d",
			  name_of(request.verb), request.journal, request.target, ok);
	}
	wl_mailbox_finish(node->mailbox, ok);
}

struct rounds {
	bool told_ready;
	uint64_t told_ns, told_left;
	uint64_t look_ns, publish_ns, tend_ns, watchdog_ns, watchdog_interval_ns;
	bool starves; /* the watchdog was not fed when it was last due */
};

/* How many entries of all journals are not yet in their tables of sessions, of those that were known to be committed. */
static uint64_t left_to_rebuild(const struct wl_node *node)
{
	struct wl_journal_status status;
	uint64_t left = 0;

	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		const struct wl_node_journal *journal = &node->journals[id];

		if (!wl_published_read(&journal->journal->published, &status) ||
		    status.view.number == 0)
			left++; /* it has not said anything yet */
		else if (status.rebuilding && !status.damaged)
			left += journal->known_commit - status.applied_index;
	}
	return left;
}

/* Who is told that a node is ready sends appends: not before the tables say what was appended already. */
static void tell_ready(struct wl_node *node, struct rounds *rounds, uint64_t now_ns)
{
	uint64_t left = left_to_rebuild(node);

	if (left == 0) {
		rounds->told_ready = true;
		atomic_store_explicit(&node->told_ready, true, memory_order_release);
		wl_report(WL_REPORT_NOTICE, "ready", "journals=%u", node->config->journal_count);
		sd_notify(0, "READY=1\nSTATUS=running");
	} else if (now_ns - rounds->told_ns >= TELL_NS) {
		sd_notifyf(0, "STATUS=rebuilding the tables of sessions: %lu entries left",
			   (unsigned long)left);
		/* No more time for one that does not move. */
		if (left != rounds->told_left)
			sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%u", WL_BOOT_EXTEND_US);
		rounds->told_ns = now_ns;
		rounds->told_left = left;
	}
}

/* A journal that was mended is the next start's to open; one that is not to be mended ends this one. */
static void look_at_mending(struct wl_node *node)
{
	struct wl_mend_lanes *lanes[WIRELOG_JOURNALS_MAX];
	enum wl_mend_outcome before = node->mend_watch.outcome;

	for (uint32_t id = 0; id < node->config->journal_count; id++)
		lanes[id] = &node->journals[id].journal->mend;
	if (wl_mend_watch_look(&node->mend_watch, node->agent, lanes, node->config->journal_count,
			       wl_clock_kernel_ns()) != before)
		wl_agent_stop(node->agent);
}

static bool is_due(uint64_t *last_ns, uint64_t interval_ns, uint64_t now_ns)
{
	if (now_ns - *last_ns < interval_ns)
		return false;
	*last_ns = now_ns;
	return true;
}

/* Only while every poll core turns: who ends a node that hangs lets another one lead. */
static void feed_watchdog(struct wl_node *node, struct rounds *rounds)
{
	uint32_t worker;
	uint64_t silent_ns = wl_agent_longest_silence(node->agent, &worker);
	bool turns = silent_ns < rounds->watchdog_interval_ns;

	if (turns)
		sd_notify(0, "WATCHDOG=1");
	if (turns != rounds->starves)
		return;
	rounds->starves = !turns;
	if (turns)
		wl_report(WL_REPORT_NOTICE, "watchdog_fed", "text=\"every worker turns again\"");
	else
		wl_report(
			WL_REPORT_ERROR, "watchdog_starves",
			"worker=%u silent_ms=%lu text=\"a worker makes no turn: the watchdog is not fed\"",
			worker, (unsigned long)(silent_ns / 1000000));
}

static void do_rounds(struct wl_node *node, struct wl_clock *clock, struct rounds *rounds,
		      uint64_t now_ns)
{
	if (is_due(&rounds->look_ns, LOOK_NS, now_ns)) {
		look_at_workers(node, now_ns);
		look_at_mending(node);
		serve_mailbox(node);
		if (wl_cluster_status_is_asked(node))
			wl_watch_hurry(node);
		if (!rounds->told_ready && !wl_stop_is_asked())
			tell_ready(node, rounds, now_ns);
	}
	if (is_due(&rounds->publish_ns, PUBLISH_NS, now_ns))
		wl_mailbox_publish(node->mailbox, node->agent);
	if (is_due(&rounds->tend_ns, TEND_NS, now_ns)) {
		wl_clock_tend(clock);
		wl_link_watch_tend(node, now_ns);
	}
	if (rounds->watchdog_interval_ns != 0 &&
	    is_due(&rounds->watchdog_ns, rounds->watchdog_interval_ns, now_ns))
		feed_watchdog(node, rounds);
}

static void join_workers(struct wl_node *node)
{
	for (uint32_t number = 0; number < node->config->worker_count; number++) {
		struct wl_node_worker *worker = &node->workers[number];

		if (worker->running)
			worker->running = !wl_worker_thread_join(&worker->thread, JOIN_MS);
	}
}

void wl_loop_run(struct wl_node *node)
{
	struct wl_idler idler = {
		.idle = WL_IDLE_BACKOFF,
		.sleeps_only = true,
		.sleep_ns_max = SLEEP_NS_MAX,
	};
	struct rounds rounds = {0};
	struct wl_clock clock;
	bool stopping = false;
	uint64_t watchdog_us = 0, now = 0;

	wl_placement_name("wl-control");
	wl_clock_open(&clock, NULL, 0);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		rounds.watchdog_interval_ns = watchdog_us * 1000 / 3;
	wl_agent_start(node->agent, wl_clock_now_ns(&clock));
	wl_stop_doing("a turn of control");
	while (!wl_agent_is_stopped(node->agent)) {
		uint64_t read = wl_clock_now_ns(&clock);
		unsigned did;

		now = read > now ? read : now;
		do_rounds(node, &clock, &rounds, now);
		if (!stopping && wl_stop_is_asked()) {
			stopping = true;
			wl_report(WL_REPORT_NOTICE, "stopping", "limit_ms=%u",
				  WL_BOOT_STOP_NS / 1000000);
			sd_notify(0, "STOPPING=1\nSTATUS=handing over");
			wl_stop_doing(
				"handing leadership over, ending the workers, or the last write of the superblock");
			wl_agent_stop(node->agent);
		}
		did = wl_agent_turn(node->agent, now);
		wl_idle_rest(&idler, did);
	}
	wl_stop_doing("waiting for the workers' threads");
	join_workers(node);
}
