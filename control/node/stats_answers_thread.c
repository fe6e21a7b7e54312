/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_answers_thread.h"
#include "control/node/capture_thread.h"
#include "control/node/cluster_status_thread.h"
#include "control/node/stats_compare_thread.h"
#include "control/node/stats_finalize_thread.h"
#include "control/node/stats_key_thread.h"
#include "control/node/stats_limit_thread.h"
#include "control/node/stats_transfer_thread.h"
#include "control/node/stats_why_thread.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/node/mailbox_thread.h"
#include "control/node/link_watch_thread.h"
#include "control/node/latency_thread.h"
#include "control/node/nic_mend_thread.h"
#include "control/node/nic_watch_thread.h"
#include "control/node/reload_thread.h"
#include "control/node/watch_thread.h"
#include "control/report/events_file.h"
#include "control/report/metrics.h"
#include "control/report/report_file.h"
#include "control/report/status_json.h"
#include "control/report/windows.h"
#include "dataplane/base/change.h"
#include "dataplane/host/clock.h"

static void gather_worker(const struct wl_node *node, uint32_t number, struct wl_status_worker *to)
{
	const struct wl_node_worker *from = &node->workers[number];
	struct wl_port_dpdk_counters port;

	to->core = node->config->workers[number].core;
	to->idle = wl_idle_name(from->thread.idle);
	to->idle_reason = from->idle_reason;
	to->port_note = from->port_words.note;
	to->disk_note = from->disk_note;
	to->self_test = from->self_test;
	to->counters = &from->worker->counters;
	/* Plain numbers of the worker: one may be a moment old, which is all that can happen. */
	wl_port_dpdk_counters(from->port, &port);
	to->port[0] = (struct wl_status_number){"rx_chained", port.rx_chained};
	to->port[1] = (struct wl_status_number){"no_buffer", port.no_buffer};
	to->port[2] = (struct wl_status_number){"tx_oversize", port.tx_oversize};
	to->port[3] = (struct wl_status_number){"memif_connections", port.memif.connections};
	to->port[4] = (struct wl_status_number){"memif_refused_mtu", port.memif.refused_mtu};
	to->port[5] = (struct wl_status_number){"memif_refused_user", port.memif.refused_user};
	to->port[6] = (struct wl_status_number){"udp_received", port.udp.received};
	to->port[7] = (struct wl_status_number){"udp_sent", port.udp.sent};
	to->port[8] = (struct wl_status_number){"udp_too_long", port.udp.too_long};
	to->port[9] = (struct wl_status_number){"udp_refused", port.udp.refused};
	to->port[10] = (struct wl_status_number){"udp_calls", port.udp.calls};
	to->port[11] = (struct wl_status_number){"memif_refused_offer", port.memif.refused_offer};
	to->port[12] = (struct wl_status_number){"memif_broken", port.memif.broken};
	to->port[13] = (struct wl_status_number){"memif_dropped", port.memif.dropped};
	to->port[14] = (struct wl_status_number){"memif_no_descriptor", port.memif.no_descriptor};
	to->port[15] = (struct wl_status_number){"links_reopened", port.links_reopened};
	to->port[16] = (struct wl_status_number){"links_down", wl_link_watch_down(node, number)};
}

static void gather_journal(const struct wl_node *node, uint32_t id, struct wl_status_journal *to)
{
	const struct wl_node_journal *from = &node->journals[id];

	to->published_known = wl_published_read(&from->journal->published, &to->published);
	to->stages = &from->journal->stages;
	to->damage = from->damage;
	to->recovered_index = from->recovered_index;
	to->recovered_bytes = from->recovered_bytes;
	to->recovery_ns = from->recovery_ns;
	to->worker = node->config->journal_worker[id];
	to->mend_now_ns = wl_clock_kernel_ns();
	wl_scrub_picture_read(&from->journal->scrub, &to->scrub);
	wl_archive_picture_read(&from->journal->archive, &to->archive);
	if (!wl_mend_lanes_reported(&from->journal->mend, &to->mending))
		to->mending.phase = WL_MENDING_NONE;
}

static void gather_process(struct wl_status_facts *facts)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;
	struct timespec cpu;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		facts->process_cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	if (!file)
		return;
	if (fscanf(file, "%*u %lu", &pages) == 1)
		facts->process_resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	fclose(file);
}

struct gathered {
	struct wl_status_facts facts; /* first: it is what the caller has */
	struct wl_health health;
	struct wl_status_link links[]; /* all of them */
};

struct wl_status_facts *wl_stats_answers_gather(struct wl_node *node)
{
	uint32_t links = wl_nic_watch_count(node);
	struct gathered *gathered =
		calloc(1, sizeof(*gathered) + links * sizeof(gathered->links[0]));
	struct wl_status_facts *facts = gathered ? &gathered->facts : NULL;

	if (!facts)
		return NULL;
	facts->config = wl_reload_config(node);
	facts->version = WIRELOG_VERSION_TEXT;
	facts->pid = (int)getpid();
	facts->boot_id = node->boot_id;
	facts->uptime_ns = wl_clock_kernel_ns() - node->started_ns;
	facts->insecure = node->insecure;
	facts->hugepages = node->eal.hugepages;
	facts->memory_reason = node->eal.memory_reason;
	facts->eal_line = node->eal.line;
	facts->agent_known = wl_mailbox_read(node->mailbox, &facts->agent);
	for (uint32_t number = 0; number < node->config->worker_count; number++)
		gather_worker(node, number, &facts->workers[number]);
	for (uint32_t number = 0; number < node->config->worker_count; number++) {
		facts->links_down += wl_link_watch_down(node, number);
		facts->links_gone += wl_nic_mend_gone(node, number);
	}
	for (uint32_t id = 0; id < node->config->journal_count; id++)
		gather_journal(node, id, &facts->journals[id]);
	facts->log_lines_dropped = wl_report_dropped();
	facts->log_lines_held_back = wl_report_held_back();
	facts->stats_refused =
		wl_stats_socket_refused(node->stats) + wl_stats_socket_refused(node->admin);
	facts->stats_accept_failed = wl_stats_socket_accept_failed(node->stats) +
				     wl_stats_socket_accept_failed(node->admin);
	facts->worker_allocations = wl_worker_thread_allocations();
	facts->link_allocations = wl_worker_thread_link_allocations();
	facts->links = gathered->links;
	facts->link_count = links;
	wl_nic_watch_copy(node, gathered->links, links);
	gather_process(facts);
	wl_watch_judge(node, facts, &gathered->health);
	return facts;
}

static json_t *answer_with(struct wl_node *node,
			   json_t *(*make)(const struct wl_status_facts *facts))
{
	struct wl_status_facts *facts = wl_stats_answers_gather(node);
	json_t *value = facts ? make(facts) : NULL;

	free(facts);
	return value;
}

static json_t *answer_status(void *context, const char *parameter, char *error, size_t error_bytes)
{
	(void)parameter, (void)error, (void)error_bytes;
	return answer_with(context, wl_status_json_status);
}

static json_t *answer_counters(void *context, const char *parameter, char *error,
			       size_t error_bytes)
{
	(void)parameter, (void)error, (void)error_bytes;
	return answer_with(context, wl_status_json_counters);
}

static json_t *answer_metrics(void *context, const char *parameter, char *error, size_t error_bytes)
{
	(void)parameter, (void)error, (void)error_bytes;
	return answer_with(context, wl_metrics_json);
}

static json_t *answer_catalogue(void *context, const char *parameter, char *error,
				size_t error_bytes)
{
	(void)context, (void)parameter, (void)error, (void)error_bytes;
	return wl_metrics_catalogue();
}

/* "": since the start | SECONDS | SECONDS,hdr: of the last so many */
static json_t *answer_latency(void *context, const char *parameter, char *error, size_t error_bytes)
{
	unsigned seconds = 0;
	int used = 0;

	if (parameter[0] == '\0')
		return answer_with(context, wl_status_json_latency);
	if (sscanf(parameter, "%4u%n", &seconds, &used) == 1 &&
	    isdigit((unsigned char)parameter[0]) && seconds >= 1 &&
	    seconds <= WL_WINDOWS_SECONDS_MAX &&
	    (parameter[used] == '\0' || strcmp(parameter + used, ",hdr") == 0))
		return wl_latency_json(context, seconds, parameter[used] != '\0');
	snprintf(error, error_bytes, "'%.60s' is not SECONDS or SECONDS,hdr, from 1 to %u",
		 parameter, WL_WINDOWS_SECONDS_MAX);
	return NULL;
}

static json_t *answer_events(void *context, const char *parameter, char *error, size_t error_bytes)
{
	struct wl_event *events = calloc(WL_EVENTS, sizeof(*events));
	json_t *list = json_array();

	(void)context, (void)parameter, (void)error, (void)error_bytes;
	for (uint32_t at = 0, count = events ? wl_events_read(events) : 0; at < count; at++)
		json_array_append_new(list,
				      json_pack("{s:I, s:I, s:i, s:s}", "number",
						(json_int_t)events[at].number, "time_ns",
						(json_int_t)events[at].time_ns, "level",
						(int)events[at].level, "text", events[at].text));
	free(events);
	return json_pack("{s:o}", "events", list);
}

static json_t *answer_config(void *context, const char *parameter, char *error, size_t error_bytes)
{
	const struct wl_node *node = context;

	(void)parameter, (void)error, (void)error_bytes;
	return wl_status_json_config(wl_reload_config(node));
}

static json_t *answer_reload(void *context, const char *parameter, char *error, size_t error_bytes)
{
	(void)parameter;
	return wl_reload(context, error, error_bytes);
}

/* Digits alone, at most `highest`; *end: what follows them. */
static bool parse_number(const char *text, uint64_t highest, uint64_t *number, const char **end)
{
	char *behind;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &behind, 10);
	*end = behind;
	return errno == 0 && *number <= highest;
}

bool wl_stats_answers_parse(const char *text, uint64_t highest, uint64_t *first, uint32_t *journal)
{
	uint64_t second = 0;

	if (!parse_number(text, highest, first, &text))
		return false;
	if (text[0] == ',' && !parse_number(text + 1, UINT32_MAX, &second, &text))
		return false;
	*journal = (uint32_t)second;
	return text[0] == '\0';
}

/* ---- what is asked of the leader ---------------------------------------------------------------- */

bool wl_stats_answers_has_journal(const struct wl_node *node, uint32_t journal, char *error,
				  size_t error_bytes)
{
	if (journal < node->config->journal_count)
		return true;
	snprintf(error, error_bytes, "there is no journal %u: this node has %u, from 0", journal,
		 node->config->journal_count);
	return false;
}

bool wl_stats_answers_read_published(const struct wl_node *node,
				     const struct wl_mailbox_request *request,
				     struct wl_journal_status *status, char *error,
				     size_t error_bytes)
{
	const struct wl_published *published;

	if (!wl_stats_answers_has_journal(node, request->journal, error, error_bytes))
		return false;
	published = &node->journals[request->journal].journal->published;
	if (wl_published_read(published, status) && status->view.number != 0)
		return true;
	snprintf(error, error_bytes, "the worker of journal %u has not begun: ask again",
		 request->journal);
	return false;
}

/* And what is asked is about a record that there is, or the next one. */
static bool read_journal(const struct wl_node *node, const struct wl_mailbox_request *request,
			 struct wl_journal_status *status, char *error, size_t error_bytes)
{
	if (!wl_stats_answers_read_published(node, request, status, error, error_bytes))
		return false;
	if (request->wish.number <= status->next_number)
		return true;
	snprintf(
		error, error_bytes,
		"journal %u has no record %lu here: its next one is %lu. That is the highest number "
		"to ask for",
		request->journal, (unsigned long)request->wish.number,
		(unsigned long)status->next_number);
	return false;
}

json_t *wl_stats_answers_begin_asking(struct wl_node *node,
				      const struct wl_mailbox_request *request, char *error,
				      size_t error_bytes)
{
	if (!wl_mailbox_ask(node->mailbox, request)) {
		snprintf(error, error_bytes,
			 "the worker of journal %u could not be told within a second: ask again",
			 request->journal);
		return NULL;
	}
	return json_pack("{s:b, s:i, s:I}", "begun", 1, "journal", (int)request->journal, "number",
			 (json_int_t)request->wish.number);
}

/* NUMBER | NUMBER,JOURNAL */
static json_t *answer_trim(void *context, const char *parameter, char *error, size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_TRIM},
	};
	struct wl_journal_status status;

	if (!wl_stats_answers_parse(parameter, UINT64_MAX, &request.wish.number,
				    &request.journal) ||
	    request.wish.number == 0) {
		snprintf(error, error_bytes, "'%.60s' is not NUMBER or NUMBER,JOURNAL", parameter);
		return NULL;
	}
	if (!read_journal(node, &request, &status, error, error_bytes))
		return NULL;
	if (request.wish.number > status.consumers.lowest) {
		const struct wl_consumer *lowest = wl_consumers_lowest(&status.consumers);

		snprintf(error, error_bytes,
			 "consumer '%s' of journal %u has consumed no record from %lu on: no trim "
			 "passes its checkpoint",
			 lowest->name, request.journal, (unsigned long)lowest->number);
		return NULL;
	}
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}

static uint32_t places_of(const struct wl_journal_status *status)
{
	return status->features.set & WL_FEATURE(CONSUMERS_128) ? WL_CONSUMERS_MAX
								: WL_CONSUMERS_AT_FIRST;
}

/* *made: of the checkpoint that is there, 0 for none. False: there is none, and no place for one. */
static bool find_made(const struct wl_journal_status *status, const char *name, uint64_t *made)
{
	const struct wl_consumer *found = wl_consumers_find(&status->consumers, name);

	*made = found ? found->made_index : 0;
	return found || status->consumers.count < places_of(status);
}

/* Of a parameter that begins with a name; 0: it does not. Else bytes of the name. */
static size_t take_name(const char *parameter, char *name)
{
	size_t bytes = strcspn(parameter, ",");

	if (bytes >= WL_CONSUMER_NAME_BYTES)
		return 0;
	memcpy(name, parameter, bytes);
	return wl_consumer_name_is_valid(name) ? bytes : 0;
}

/* NAME,NUMBER | NAME,NUMBER,JOURNAL | NAME,NUMBER,JOURNAL,MADE: the checkpoint that this entry made, and no other */
static json_t *answer_consumer_set(void *context, const char *parameter, char *error,
				   size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_CONSUMER_SET},
	};
	struct wl_wire_propose *wish = &request.wish;
	const char *behind = parameter + take_name(parameter, wish->name);
	struct wl_journal_status status;
	uint64_t made;
	char rest;

	if (behind == parameter ||
	    (sscanf(behind, ",%lu%c", &wish->number, &rest) != 1 &&
	     sscanf(behind, ",%lu,%u%c", &wish->number, &request.journal, &rest) != 2 &&
	     sscanf(behind, ",%lu,%u,%lu%c", &wish->number, &request.journal, &wish->made, &rest) !=
		     3) ||
	    wish->number == 0) {
		snprintf(error, error_bytes, "'%.80s' is not NAME,NUMBER or NAME,NUMBER,JOURNAL",
			 parameter);
		return NULL;
	}
	if (!read_journal(node, &request, &status, error, error_bytes))
		return NULL;
	if (!find_made(&status, wish->name, &made)) {
		snprintf(error, error_bytes, "journal %u has as many consumers as there may be: %u",
			 request.journal, places_of(&status));
		return NULL;
	}
	if (wish->made != 0 && wish->made != made) {
		snprintf(error, error_bytes, "the checkpoint of '%s' in journal %u was dropped",
			 wish->name, request.journal);
		return NULL;
	}
	wish->made = made;
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}

/* NAME | NAME,JOURNAL */
static json_t *answer_consumer_delete(void *context, const char *parameter, char *error,
				      size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_CONSUMER_DROP},
	};
	struct wl_wire_propose *wish = &request.wish;
	const char *behind = parameter + take_name(parameter, wish->name);
	struct wl_journal_status status;
	char rest;

	if (behind == parameter ||
	    (*behind != '\0' && sscanf(behind, ",%u%c", &request.journal, &rest) != 1)) {
		snprintf(error, error_bytes, "'%.80s' is not NAME or NAME,JOURNAL", parameter);
		return NULL;
	}
	if (!read_journal(node, &request, &status, error, error_bytes))
		return NULL;
	if (!find_made(&status, wish->name, &wish->made) || wish->made == 0) {
		snprintf(error, error_bytes, "journal %u has no consumer '%s' here",
			 request.journal, wish->name);
		return NULL;
	}
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}

/* Told at once where it can be: by the list that this node knows. */
static bool may_ask(const struct wl_node *node, const struct wl_change *change,
		    const struct wl_list *list, char *error, size_t error_bytes)
{
	uint32_t joins = change->verb == WL_CHANGE_REPLACE ? change->by : change->node, voter;
	struct wl_list next;

	if (!wl_members_has(wl_reload_config(node)->members, joins) &&
	    change->verb != WL_CHANGE_REMOVE) {
		snprintf(error, error_bytes,
			 "node %u is not in this node's file (cluster.nodes): name it there, with "
			 "`joins: on`, in the files of all nodes, then `wirelog config reload`",
			 joins);
		return false;
	}
	if (wl_list_is_joint(list) ||
	    wl_change_of(change, list, &next, &voter) != WL_CHANGE_IMPOSSIBLE)
		return true;
	snprintf(
		error, error_bytes,
		"%s %u: it is no learner or voter from which that could be, or nobody would vote any "
		"more",
		wl_change_verb_text(change->verb), change->node);
	return false;
}

/* VERB,NODE,BY,JOURNAL: base/change.h; BY 0 where there is none */
static json_t *answer_member(void *context, const char *parameter, char *error, size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {
		.verb = WL_MAILBOX_ASK,
		.wish = {.verb = WL_WIRE_PROPOSE_MEMBERS},
	};
	struct wl_journal_status status;
	struct wl_change change;
	unsigned verb, whom, by;
	char rest;

	if (sscanf(parameter, "%u,%u,%u,%u%c", &verb, &whom, &by, &request.journal, &rest) != 4 ||
	    verb > WL_CHANGE_LAST || whom > WIRELOG_NODES_MAX || by > WIRELOG_NODES_MAX) {
		snprintf(error, error_bytes, "'%.60s' is not VERB,NODE,BY,JOURNAL", parameter);
		return NULL;
	}
	change = (struct wl_change){(enum wl_change_verb)verb, whom, by};
	request.wish.number = wl_change_pack(&change);
	if (!wl_change_unpack(request.wish.number, &change)) {
		snprintf(error, error_bytes, "'%.60s' is no change of members", parameter);
		return NULL;
	}
	if (!wl_stats_answers_read_published(node, &request, &status, error, error_bytes) ||
	    !may_ask(node, &change, &status.list, error, error_bytes))
		return NULL;
	return wl_stats_answers_begin_asking(node, &request, error, error_bytes);
}

static json_t *answer_stop(void *context, const char *parameter, char *error, size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_mailbox_request request = {.verb = WL_MAILBOX_STOP};

	(void)parameter;
	if (!wl_mailbox_ask(node->mailbox, &request)) {
		snprintf(error, error_bytes, "control did not answer within a second");
		return NULL;
	}
	return json_pack("{s:b, s:i}", "begun", 1, "pid", (int)getpid());
}

/* One that streams without a name streams the first of those. */
static const struct wl_stats_command commands[] = {
	{"/wirelog/metrics", WL_STATS_STREAMED, answer_metrics, NULL},
	{"/wirelog/catalogue", WL_STATS_TOLD, answer_catalogue, NULL},
	{"/wirelog/status", WL_STATS_STREAMED, answer_status, NULL},
	{"/wirelog/counters", WL_STATS_STREAMED, answer_counters, NULL},
	{"/wirelog/latency", WL_STATS_STREAMED, answer_latency, NULL},
	{"/wirelog/events", WL_STATS_STREAMED, answer_events, NULL},
	{"/wirelog/config", WL_STATS_TOLD, answer_config, NULL},
	{"/wirelog/cluster", WL_STATS_TOLD, wl_stats_answer_cluster, NULL},
	{"/wirelog/compared", WL_STATS_TOLD, wl_stats_answer_compared, NULL},
	{"/wirelog/why", WL_STATS_TOLD, wl_stats_answer_why, NULL},
	{"/wirelog/compare", WL_STATS_COSTS, wl_stats_answer_compare, NULL},
	{"/wirelog/reload", WL_STATS_CHANGES, answer_reload, NULL},
	{"/wirelog/transfer", WL_STATS_CHANGES, wl_stats_answer_transfer, NULL},
	{"/wirelog/trim", WL_STATS_CHANGES, answer_trim, NULL},
	{"/wirelog/consumer_set", WL_STATS_CHANGES, answer_consumer_set, NULL},
	{"/wirelog/consumer_delete", WL_STATS_CHANGES, answer_consumer_delete, NULL},
	{"/wirelog/limit_set", WL_STATS_CHANGES, wl_stats_answer_limit_set, NULL},
	{"/wirelog/finalize", WL_STATS_CHANGES, wl_stats_answer_finalize, NULL},
	{"/wirelog/key_rotate", WL_STATS_CHANGES, wl_stats_answer_key_rotate, NULL},
	{"/wirelog/member", WL_STATS_CHANGES, answer_member, NULL},
	{"/wirelog/capture", WL_STATS_CHANGES, NULL, wl_capture_take},
	{"/wirelog/stop", WL_STATS_CHANGES, answer_stop, NULL},
	{NULL, WL_STATS_TOLD, NULL, NULL},
};

static int open_one(struct wl_node *node, bool admin, char *reason, size_t reason_bytes)
{
	bool has_group = !admin && node->config->stats_group[0] != '\0';
	char path[WL_CONFIG_PATH_BYTES + 16];
	struct wl_stats_socket_config config = {.path = path,
						.commands = commands,
						.admin = admin,
						.group = has_group ? &node->stats_group : NULL,
						.context = node};

	snprintf(path, sizeof(path), "%s/%s", node->config->run_directory,
		 admin ? WL_ADMIN_SOCKET_NAME : WL_STATS_SOCKET_NAME);
	return wl_stats_socket_open(admin ? &node->admin : &node->stats, &config, reason,
				    reason_bytes);
}

/* Where stats.sock answers, admin.sock does: by that a tool knows a build that has none. */
int wl_stats_answers_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	int status = open_one(node, true, reason, reason_bytes);

	return status != 0 ? status : open_one(node, false, reason, reason_bytes);
}

/* In this order: what is told has what both sockets refused in it, and no change asks for that. */
void wl_stats_answers_close(struct wl_node *node)
{
	wl_stats_socket_close(node->stats);
	wl_stats_socket_close(node->admin);
	node->stats = NULL;
	node->admin = NULL;
}
