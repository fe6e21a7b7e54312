/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/metrics.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROW(name, kind, unit, help, value) {#name, WL_METRIC_##kind, #unit, help},

static const struct wl_metric node_metrics[] = {WL_NODE_METRIC_LIST(ROW)};
static const struct wl_metric journal_metrics[] = {WL_JOURNAL_METRIC_LIST(ROW)};
static const struct wl_metric peer_metrics[] = {WL_PEER_METRIC_LIST(ROW)};
static const struct wl_metric worker_metrics[] = {WL_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric worker_extra_metrics[] = {WL_WORKER_EXTRA_METRIC_LIST(WL_METRIC_ROW)};
static const struct wl_metric link_metrics[] = {WL_LINK_STATS_LIST(WL_METRIC_ROW)};
static const struct wl_metric labeled_metrics[] = {WL_LABELED_METRIC_LIST(WL_METRIC_ROW)};
static const struct wl_metric agent_metrics[] = {WL_AGENT_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric neighbour_metrics[] = {WL_NEIGHBOUR_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric election_metrics[] = {WL_ELECTION_COUNTER_LIST(WL_METRIC_ROW)};

/* ---- values ------------------------------------------------------------------------------------- */

static json_t *number(int64_t value)
{
	return json_integer((json_int_t)value);
}

/* Takes the labels' values, already in a row. */
static void add_row(json_t *values, json_t *row, int64_t value)
{
	if (value == WL_METRIC_NOT_KNOWN) {
		json_decref(row);
		return;
	}
	json_array_append_new(row, number(value));
	json_array_append_new(values, row);
}

#define NODE_PLACE(name, kind, unit, help, value) NODE_##name,
#define NODE_CASE(name, kind, unit, help, value) \
	case NODE_##name:                        \
		return (int64_t)(value);
#define JOURNAL_PLACE(name, kind, unit, help, value) JOURNAL_##name,
#define JOURNAL_CASE(name, kind, unit, help, value) \
	case JOURNAL_##name:                        \
		return (int64_t)(value);
#define PEER_PLACE(name, kind, unit, help, value) PEER_##name,
#define PEER_CASE(name, kind, unit, help, value) \
	case PEER_##name:                        \
		return (int64_t)(value);

enum { WL_NODE_METRIC_LIST(NODE_PLACE) };
enum { WL_JOURNAL_METRIC_LIST(JOURNAL_PLACE) };
enum { WL_PEER_METRIC_LIST(PEER_PLACE) };

static int64_t node_value(const struct wl_status_facts *f, size_t at)
{
	switch (at) {
		WL_NODE_METRIC_LIST(NODE_CASE)
	}
	return WL_METRIC_NOT_KNOWN;
}

static int64_t journal_value(const struct wl_status_facts *f, uint32_t id, size_t at)
{
	const struct wl_journal_status *s = &f->journals[id].published;

	switch (at) {
		WL_JOURNAL_METRIC_LIST(JOURNAL_CASE)
	}
	return WL_METRIC_NOT_KNOWN;
}

static int64_t peer_value(const struct wl_status_facts *f, uint32_t id, uint32_t node, size_t at)
{
	const struct wl_journal_status *s = &f->journals[id].published;
	const struct wl_peer_status *p = &s->peers[node];

	switch (at) {
		WL_PEER_METRIC_LIST(PEER_CASE)
	}
	return WL_METRIC_NOT_KNOWN;
}

static void add_node(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	add_row(values, json_array(), node_value(facts, at));
}

static void add_journals(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t id = 0; id < facts->config->journal_count; id++)
		if (facts->journals[id].published_known)
			add_row(values, json_pack("[i]", (int)id), journal_value(facts, id, at));
}

static void add_peers(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t id = 0; id < facts->config->journal_count; id++) {
		const struct wl_status_journal *journal = &facts->journals[id];

		if (!journal->published_known || journal->published.view.role != WL_ROLE_LEADER)
			continue;
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
			if (node != facts->config->node &&
			    wl_members_has(wl_list_everybody(&journal->published.list), node))
				add_row(values, json_pack("[ii]", (int)id, (int)node),
					peer_value(facts, id, node, at));
	}
}

static void add_workers(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t number_ = 0; number_ < facts->config->worker_count; number_++)
		add_row(values, json_pack("[i]", (int)number_),
			(int64_t)wl_count_get(facts->workers[number_].counters,
					      (enum wl_counter)at));
}

static void add_workers_extra(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t worker = 0; worker < facts->config->worker_count; worker++) {
		uint64_t value = atomic_load_explicit(
			&facts->workers[worker].counters->longest_turn_ns, memory_order_relaxed);

		if (at == 1 && !facts->agent_known)
			continue;
		if (at == 1)
			value = facts->agent.workers[worker].silent_ns;
		add_row(values, json_pack("[i]", (int)worker), (int64_t)value);
	}
}

/* `counts`: a struct that a list made, so nothing but a number for each. */
static int64_t nth(const void *counts, size_t at)
{
	return (int64_t)((const uint64_t *)counts)[at];
}

static void add_agent(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	if (facts->agent_known)
		add_row(values, json_array(), nth(&facts->agent.counts, at));
}

static void add_neighbours(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	if (facts->agent_known)
		add_row(values, json_array(), nth(&facts->agent.neighbour_counts, at));
}

static void add_elections(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t id = 0; facts->agent_known && id < facts->config->journal_count; id++)
		add_row(values, json_pack("[i]", (int)id),
			nth(&facts->agent.journals[id].counts, at));
}

static void add_link(json_t *values, const struct wl_status_link *link, int64_t value)
{
	add_row(values, json_pack("[is]", (int)link->worker, link->name), value);
}

static void add_links(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	for (uint32_t which = 0; which < facts->link_count; which++)
		if (facts->links[which].stats_known)
			add_link(values, &facts->links[which], nth(&facts->links[which].stats, at));
}

/* ---- those with words for labels ---------------------------------------------------------------- */

static void add_dropped(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t worker = 0; worker < facts->config->worker_count; worker++)
		for (unsigned why = WL_FRAME_ICMP + 1; why < WL_FRAME_VERDICTS; why++)
			add_row(values,
				json_pack("[is]", (int)worker,
					  wl_frame_verdict_name((enum wl_frame_verdict)why)),
				(int64_t)atomic_load_explicit(
					&facts->workers[worker].counters->dropped[why],
					memory_order_relaxed));
}

static void add_ports(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t worker = 0; worker < facts->config->worker_count; worker++) {
		const struct wl_status_number *port = facts->workers[worker].port;

		for (unsigned at = 0; at < WL_STATUS_PORT_NUMBERS && port[at].name; at++)
			if (strcmp(port[at].name, "links_down") !=
			    0) /* no sum, and told of the node */
				add_row(values, json_pack("[is]", (int)worker, port[at].name),
					(int64_t)port[at].value);
	}
}

static void add_reasons(const struct wl_status_facts *facts, json_t *values)
{
	const struct wl_health_report *report = facts->health ? &facts->health->now : NULL;

	for (uint32_t at = 0; report && at < report->count; at++) {
		const struct wl_health_item *item = &report->items[at];

		add_row(values,
			json_pack("[siis]", wl_health_reason_name(item->reason),
				  item->journal == WL_HEALTH_NO_JOURNAL ? -1 : item->journal,
				  item->node == 0 ? -1 : item->node,
				  wl_health_level_name(wl_health_reason_level(item->reason))),
			1);
	}
}

static void add_links_up(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t at = 0; at < facts->link_count; at++)
		add_link(values, &facts->links[at], facts->links[at].up);
}

static void add_link_changes(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t at = 0; at < facts->link_count; at++)
		add_link(values, &facts->links[at], (int64_t)facts->links[at].changes);
}

static void add_link_resets(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t at = 0; at < facts->link_count; at++)
		add_link(values, &facts->links[at], (int64_t)facts->links[at].resets);
}

static void add_links_extended(const struct wl_status_facts *facts, json_t *values)
{
	for (uint32_t which = 0; which < facts->link_count; which++) {
		const struct wl_status_link *link = &facts->links[which];

		for (uint32_t at = 0; at < link->number_count; at++)
			add_row(values,
				json_pack("[iss]", (int)link->worker, link->name,
					  link->numbers[at].name),
				(int64_t)link->numbers[at].value);
	}
}

/* ---- the table ---------------------------------------------------------------------------------- */

#define LABELS_MAX 4u

/* In the order of their list in metrics.h. */
static const struct labeled {
	void (*add)(const struct wl_status_facts *facts, json_t *values);
	const char *labels[LABELS_MAX];
} labeled[] = {
	{add_dropped, {"worker", "reason"}},
	{add_ports, {"worker", "what"}},
	{add_links_up, {"worker", "link"}},
	{add_link_changes, {"worker", "link"}},
	{add_link_resets, {"worker", "link"}},
	{add_links_extended, {"worker", "link", "what"}},
	{add_reasons, {"reason", "journal", "peer", "level"}},
};
_Static_assert(COUNT(labeled) == COUNT(labeled_metrics), "one for each");

static void add_labeled(const struct wl_status_facts *facts, size_t at, json_t *values)
{
	labeled[at].add(facts, values);
}

static const struct group {
	const char *prefix;
	const struct wl_metric *metrics;
	size_t count;
	void (*add)(const struct wl_status_facts *facts, size_t at, json_t *values);
	const char *labels[LABELS_MAX];
} groups[] = {
	{"node_", node_metrics, COUNT(node_metrics), add_node, {NULL}},
	{"journal_", journal_metrics, COUNT(journal_metrics), add_journals, {"journal"}},
	{"peer_", peer_metrics, COUNT(peer_metrics), add_peers, {"journal", "peer"}},
	{"worker_", worker_metrics, COUNT(worker_metrics), add_workers, {"worker"}},
	{"worker_",
	 worker_extra_metrics,
	 COUNT(worker_extra_metrics),
	 add_workers_extra,
	 {"worker"}},
	{"link_", link_metrics, COUNT(link_metrics), add_links, {"worker", "link"}},
	{"control_", agent_metrics, COUNT(agent_metrics), add_agent, {NULL}},
	{"neighbour_", neighbour_metrics, COUNT(neighbour_metrics), add_neighbours, {NULL}},
	{"election_", election_metrics, COUNT(election_metrics), add_elections, {"journal"}},
	{"", labeled_metrics, COUNT(labeled_metrics), add_labeled, {NULL}},
};

_Static_assert(COUNT(worker_metrics) == WL_COUNTERS, "a row for each counter");

static json_t *name_of(const struct group *group, size_t at)
{
	return json_sprintf("%s%s", group->prefix, group->metrics[at].name);
}

static json_t *labels_of(const struct group *group, size_t at)
{
	const char *const *labels = group->metrics == labeled_metrics ? labeled[at].labels
								      : group->labels;
	json_t *list = json_array();

	for (unsigned label = 0; label < LABELS_MAX && labels[label]; label++)
		json_array_append_new(list, json_string(labels[label]));
	return list;
}

static const char *kind_name(enum wl_metric_kind kind)
{
	static const char *const names[] = {"sum", "most", "now"};

	return names[kind];
}

json_t *wl_metrics_catalogue(void)
{
	json_t *list = json_array();

	for (size_t which = 0; which < COUNT(groups); which++) {
		const struct group *group = &groups[which];

		for (size_t at = 0; at < group->count; at++)
			json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s, s:o}", "name",
							      name_of(group, at), "kind",
							      kind_name(group->metrics[at].kind),
							      "unit", group->metrics[at].unit,
							      "help", group->metrics[at].help,
							      "labels", labels_of(group, at)));
	}
	return json_pack("{s:i, s:o}", "schema", WL_METRICS_SCHEMA, "metrics", list);
}

json_t *wl_metrics_json(const struct wl_status_facts *facts)
{
	json_t *list = json_array();

	for (size_t which = 0; which < COUNT(groups); which++) {
		const struct group *group = &groups[which];

		for (size_t at = 0; at < group->count; at++) {
			json_t *values = json_array();

			group->add(facts, at, values);
			json_array_append_new(list,
					      json_pack("{s:o, s:o}", "name", name_of(group, at),
							"values", values));
		}
	}
	return json_pack("{s:i, s:i, s:s, s:s, s:o, s:o}", "schema", WL_METRICS_SCHEMA, "node",
			 (int)facts->config->node, "cluster", facts->config->cluster_text,
			 "version", facts->version, "metrics", list, "stages",
			 wl_metrics_stages(facts));
}
