/* SPDX-License-Identifier: BSD-3-Clause */
/* One node's answers, into its part of the picture. */
#include <math.h>
#include <string.h>

#include "watch/watch.h"

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static int64_t number(const json_t *value)
{
	return json_is_integer(value) ? json_integer_value(value) : WL_WATCH_UNKNOWN;
}

static int small(const json_t *value)
{
	int64_t it = number(value);

	return it >= 0 && it < 1 << 16 ? (int)it : -1;
}

/* jansson has checked that it is UTF-8; a sequence that is cut off goes as a whole. */
void wl_watch_text(char *to, size_t size, const json_t *from)
{
	const char *text = json_string_value(from);
	size_t used = 0;

	for (; text != NULL && text[used] != '\0' && used + 1 < size; used++)
		to[used] = (unsigned char)text[used] < ' ' || text[used] == 127 ? ' ' : text[used];
	while (text != NULL && text[used] != '\0' && used > 0 && (text[used] & 0xc0) == 0x80)
		used--;
	to[used] = '\0';
}

static const json_t *rows_of(const json_t *metrics, const char *name)
{
	const json_t *list = at(metrics, "metrics");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(at(json_array_get(list, i), "name"));

		if (one != NULL && strcmp(one, name) == 0)
			return at(json_array_get(list, i), "values");
	}
	return NULL;
}

int64_t wl_watch_metric(const json_t *metrics, const char *name, int label)
{
	const json_t *rows = rows_of(metrics, name);
	int64_t sum = WL_WATCH_UNKNOWN;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const json_t *value = json_array_get(row, json_array_size(row) - 1);

		if (!json_is_integer(value) ||
		    (label >= 0 && number(json_array_get(row, 0)) != label))
			continue;
		/* Of a node that is not ours to trust: no overflow. */
		if (sum == WL_WATCH_UNKNOWN)
			sum = 0;
		sum = (int64_t)((uint64_t)sum + (uint64_t)json_integer_value(value));
	}
	return sum;
}

double wl_watch_rate(const struct wl_watch_answers *answers, const char *name, int label)
{
	int64_t now = wl_watch_metric(answers->metrics, name, label);
	int64_t before = wl_watch_metric(answers->before, name, label);

	if (now == WL_WATCH_UNKNOWN || before == WL_WATCH_UNKNOWN || now < before ||
	    answers->span_ms <= 0)
		return NAN;
	return (double)(now - before) * 1e3 / (double)answers->span_ms;
}

/* ---- health ------------------------------------------------------------------------------------- */

static enum wl_watch_level level_of(const json_t *word)
{
	const char *text = json_string_value(word);

	for (int level = 0; text != NULL && level < WL_WATCH_SILENT; level++)
		if (strcmp(text, wl_watch_level_name((enum wl_watch_level)level)) == 0)
			return (enum wl_watch_level)level;
	return WL_WATCH_DEGRADED; /* a word of another version: somebody should look */
}

static void read_health(struct wl_watch_node *node, const json_t *status)
{
	const json_t *health = at(status, "health"), *reasons = at(health, "reasons");

	node->level = level_of(at(health, "level"));
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *one = json_array_get(reasons, i);
		struct wl_watch_reason *reason = &node->reasons[node->reason_count];

		if (node->reason_count == WL_WATCH_REASONS_MAX)
			break;
		node->reason_count++;
		wl_watch_text(reason->reason, sizeof(reason->reason), at(one, "reason"));
		wl_watch_text(reason->text, sizeof(reason->text), at(one, "text"));
		reason->level = level_of(at(one, "level"));
		reason->journal = small(at(one, "journal"));
		reason->node = small(at(one, "node"));
		reason->for_ns = number(at(one, "for_ns"));
	}
}

/* ---- journals ----------------------------------------------------------------------------------- */

static void read_spreads(struct wl_watch_spread spreads[WL_WATCH_STAGES], const json_t *latency,
			 size_t journal)
{
	const json_t *stages = json_array_get(at(latency, "journals"), journal);

	for (int stage = 0; stage < WL_WATCH_STAGES; stage++) {
		const json_t *one = at(stages, wl_watch_stage_name((enum wl_watch_stage)stage));

		spreads[stage] = (struct wl_watch_spread){
			.count = json_integer_value(at(one, "count")),
			.p50_ns = json_integer_value(at(one, "p50_ns")),
			.p90_ns = json_integer_value(at(one, "p90_ns")),
			.p99_ns = json_integer_value(at(one, "p99_ns")),
			.p999_ns = json_integer_value(at(one, "p999_ns")),
			.max_ns = json_integer_value(at(one, "max_ns")),
		};
	}
}

static const json_t *commit_buckets(const json_t *metrics, int64_t journal)
{
	const json_t *stages = at(metrics, "stages");

	for (size_t i = 0; i < json_array_size(stages); i++) {
		const json_t *one = json_array_get(stages, i);
		const char *stage = json_string_value(at(one, "stage"));

		if (stage != NULL && strcmp(stage, "commit") == 0 &&
		    number(at(one, "journal")) == journal)
			return at(one, "buckets");
	}
	return NULL;
}

/* They are told as so many up to an end. */
static int64_t in_bucket(const json_t *buckets, size_t bucket)
{
	int64_t upto = json_integer_value(json_array_get(json_array_get(buckets, bucket), 1));

	if (bucket == 0)
		return upto;
	return upto - json_integer_value(json_array_get(json_array_get(buckets, bucket - 1), 1));
}

static void read_heat(struct wl_watch_journal *journal, const struct wl_watch_answers *answers,
		      int64_t id)
{
	const json_t *now = commit_buckets(answers->metrics, id);
	const json_t *before = commit_buckets(answers->before, id);

	for (size_t bucket = 0; now != NULL && before != NULL && bucket < WL_WATCH_BUCKETS;
	     bucket++) {
		int64_t more = in_bucket(now, bucket) - in_bucket(before, bucket);

		journal->heat[bucket] = more > 0 ? more : 0;
	}
}

static void read_journal(struct wl_watch_node *node, const struct wl_watch_answers *answers,
			 uint32_t id)
{
	const json_t *journals = at(answers->status, "journals");
	struct wl_watch_journal *journal = &node->journals[id];

	wl_watch_text(journal->role, sizeof(journal->role),
		      at(json_array_get(journals, id), "role"));
	if (journal->role[0] == '\0')
		strcpy(journal->role, "-");
#define X(name) journal->name = wl_watch_metric(answers->metrics, "journal_" #name, (int)id);
	WL_WATCH_JOURNAL_LIST(X)
#undef X
	/* The status is up to a second older. */
	if (journal->leads == 1)
		strcpy(journal->role, "leader");
	journal->behind_entries = journal->behind_ns = WL_WATCH_UNKNOWN;
	journal->records_per_s = wl_watch_rate(answers, "journal_records", (int)id);
	read_spreads(journal->recent, answers->recent, id);
	read_spreads(journal->second, answers->second, id);
	read_heat(journal, answers, id);
}

/* ---- the node ----------------------------------------------------------------------------------- */

static void read_workers(struct wl_watch_node *node, const struct wl_watch_answers *answers)
{
	size_t count = json_array_size(rows_of(answers->metrics, "worker_turns"));

	node->worker_count = (uint32_t)(count < WIRELOG_WORKERS_MAX ? count : WIRELOG_WORKERS_MAX);
	for (int worker = 0; worker < (int)node->worker_count; worker++) {
		double turns = wl_watch_rate(answers, "worker_turns", worker);
		double idle = wl_watch_rate(answers, "worker_turns_idle", worker);

		node->busy[worker] = turns > 0 && idle <= turns ? 1 - idle / turns : NAN;
	}
#define X(name) node->name##_per_s = wl_watch_rate(answers, "worker_" #name, -1);
	WL_WATCH_RATE_LIST(X)
#undef X
#define X(name) node->name = wl_watch_metric(answers->metrics, "worker_" #name, -1);
	WL_WATCH_COUNT_LIST(X)
#undef X
}

/* The longest, not the sum. */
static int64_t longest_turn(const json_t *metrics)
{
	const json_t *rows = rows_of(metrics, "worker_longest_turn_ns");
	int64_t longest = WL_WATCH_UNKNOWN;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		int64_t one = number(json_array_get(json_array_get(rows, i), 1));

		longest = one > longest ? one : longest;
	}
	return longest;
}

void wl_watch_read(struct wl_watch_node *node, const struct wl_watch_answers *answers)
{
	const json_t *metrics = answers->metrics;
	size_t journals = json_array_size(rows_of(metrics, "journal_term"));
	int id = small(at(metrics, "node"));

	node->id = id > 0 && id <= WIRELOG_NODES_MAX ? id : 0;
	wl_watch_text(node->version, sizeof(node->version), at(metrics, "version"));
	wl_watch_text(node->cluster, sizeof(node->cluster), at(metrics, "cluster"));
	if (answers->status != NULL)
		read_health(node, answers->status);
	node->uptime_ns = wl_watch_metric(metrics, "node_uptime_ns", -1);
	node->resident_bytes = wl_watch_metric(metrics, "node_process_resident_bytes", -1);
	node->free_bytes = wl_watch_metric(metrics, "node_storage_free_bytes", -1);
	node->cpu = wl_watch_rate(answers, "node_process_cpu_ns", -1) / 1e9;
	node->longest_turn_ns = longest_turn(metrics);
	node->not_believed = wl_watch_metric(metrics, "worker_dropped", -1);
	node->nic_missed = wl_watch_metric(metrics, "link_rx_missed", -1);
	node->nic_no_buffer = wl_watch_metric(metrics, "link_rx_no_buffer", -1);
	node->nic_errors = wl_watch_metric(metrics, "link_rx_errors", -1);
	node->links = (int64_t)json_array_size(rows_of(metrics, "link_up"));
	node->links_down = wl_watch_metric(metrics, "node_links_down", -1);
	read_workers(node, answers);
	node->journal_count =
		(uint32_t)(journals < WIRELOG_JOURNALS_MAX ? journals : WIRELOG_JOURNALS_MAX);
	for (uint32_t journal = 0; journal < node->journal_count; journal++)
		read_journal(node, answers, journal);
}

/* ---- a node that was asked over the wire -------------------------------------------------------- */

static void read_brief_journal(struct wl_watch_journal *journal, const json_t *one)
{
#define X(name) journal->name = WL_WATCH_UNKNOWN;
	WL_WATCH_JOURNAL_LIST(X)
#undef X
	wl_watch_text(journal->role, sizeof(journal->role), at(one, "role"));
	if (journal->role[0] == '\0')
		strcpy(journal->role, "-");
	journal->term = number(at(one, "term"));
	journal->leader = number(at(one, "leader"));
	journal->leads = strcmp(journal->role, "leader") == 0;
	journal->ready = json_is_true(at(one, "ready"));
	journal->commit_index = number(at(one, "commit"));
	journal->records = number(at(one, "commit_number"));
	journal->behind_entries = journal->behind_ns = WL_WATCH_UNKNOWN;
}

/* By its own clock: the answers were under way for a while. */
static double brief_rate(const struct wl_watch_answers *answers, size_t journal)
{
	const json_t *now = answers->status, *before = answers->status_before;
	const json_t *one = json_array_get(at(now, "journals"), journal);
	const json_t *other = json_array_get(at(before, "journals"), journal);
	int64_t records = number(at(one, "commit_number"));
	int64_t earlier = number(at(other, "commit_number"));
	int64_t began = number(at(before, "uptime_ns")), ended = number(at(now, "uptime_ns"));

	if (!json_equal(at(now, "boot_id"), at(before, "boot_id")) || began < 0 || ended <= began ||
	    earlier < 0 || records < earlier)
		return NAN;
	return (double)(records - earlier) * 1e9 / (double)(ended - began);
}

void wl_watch_read_brief(struct wl_watch_node *node, const struct wl_watch_answers *answers)
{
	const json_t *journals = at(answers->status, "journals");
	size_t count = json_array_size(journals);

#define X(name) node->name##_per_s = NAN;
	WL_WATCH_RATE_LIST(X)
#undef X
	/* clang-format off */
#define X(name) node->name = WL_WATCH_UNKNOWN;
	WL_WATCH_COUNT_LIST(X)
	X(resident_bytes) X(free_bytes) X(longest_turn_ns) X(not_believed)
	X(nic_missed) X(nic_no_buffer) X(nic_errors) X(links) X(links_down)
#undef X
		/* clang-format on */
		node->cpu = NAN;
	node->uptime_ns = number(at(answers->status, "uptime_ns"));
	wl_watch_text(node->version, sizeof(node->version), at(answers->status, "version"));
	read_health(node, answers->status);
	node->journal_count =
		(uint32_t)(count < WIRELOG_JOURNALS_MAX ? count : WIRELOG_JOURNALS_MAX);
	for (uint32_t journal = 0; journal < node->journal_count; journal++) {
		read_brief_journal(&node->journals[journal], json_array_get(journals, journal));
		node->journals[journal].records_per_s = brief_rate(answers, journal);
	}
}
