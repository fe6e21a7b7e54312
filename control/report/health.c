/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/health.h"

#include <string.h>

#include "dataplane/base/sentence.h"

static const struct {
	const char *name;
	enum wl_health_level level;
	bool of_node;
	const char *sentence;
} table[] = {
#define ROW(name, level, of_node, sentence) {#name, WL_HEALTH_##level, of_node, sentence},
	WL_HEALTH_LIST(ROW)
#undef ROW
};

static bool is_same(const struct wl_health_item *one, const struct wl_health_item *other)
{
	return one->reason == other->reason && one->journal == other->journal &&
	       one->node == other->node;
}

static const struct wl_health_item *find(const struct wl_health_report *report,
					 const struct wl_health_item *item)
{
	for (uint32_t at = 0; at < report->count; at++)
		if (is_same(&report->items[at], item))
			return &report->items[at];
	return NULL;
}

/* What lasts keeps its time; true: it is told now. */
static bool go_on(struct wl_health_item *item, const struct wl_health_item *before, uint64_t now_ns)
{
	item->since_ns = before ? before->since_ns : now_ns;
	item->told = before && before->told;
	if (item->told || now_ns - item->since_ns < WL_HEALTH_SETTLE_NS)
		return false;
	item->told = true;
	return true;
}

uint32_t wl_health_look(struct wl_health *health, const struct wl_status_facts *facts,
			uint64_t now_ns, struct wl_health_change *changes, uint32_t max)
{
	uint32_t count = 0;

	for (uint32_t id = 0; id < facts->config->journal_count; id++)
		if (facts->journals[id].published_known)
			wl_health_marks_look(&health->marks[id], &facts->journals[id].published,
					     facts->config->segment_bytes, now_ns);
	health->before = health->now;
	wl_health_judge(facts, health->marks, now_ns, &health->now);
	for (uint32_t at = 0; at < health->before.count; at++) {
		const struct wl_health_item *item = &health->before.items[at];

		if (item->told && !find(&health->now, item) && count < max)
			changes[count++] =
				(struct wl_health_change){.item = *item,
							  .ends = true,
							  .lasted_ns = now_ns - item->since_ns};
	}
	for (uint32_t at = 0; at < health->now.count; at++) {
		struct wl_health_item *item = &health->now.items[at];

		if (go_on(item, find(&health->before, item), now_ns) && count < max)
			changes[count++] = (struct wl_health_change){.item = *item};
	}
	return count;
}

static void describe_item(struct wl_sentence *to, const struct wl_health_item *item)
{
	bool of_journal = item->journal != WL_HEALTH_NO_JOURNAL;

	wl_sentence_add(to, wl_health_reason_name(item->reason));
	if (!of_journal && item->node == 0)
		return;
	wl_sentence_add(to, " (");
	if (of_journal) {
		wl_sentence_add(to, "journal ");
		wl_sentence_add_number(to, item->journal);
	}
	if (item->node != 0) {
		wl_sentence_add(to, of_journal ? ", node " : "node ");
		wl_sentence_add_number(to, item->node);
	}
	wl_sentence_add(to, ")");
}

void wl_health_describe(const struct wl_health_report *report, char *text, size_t bytes)
{
	struct wl_sentence to = wl_sentence_begin(text, bytes);

	wl_sentence_add(&to, wl_health_level_name(report->level));
	for (uint32_t at = 0; at < report->count; at++) {
		wl_sentence_add(&to, at == 0 ? ": " : ", ");
		describe_item(&to, &report->items[at]);
	}
}

const char *wl_health_level_name(enum wl_health_level level)
{
	static const char *const names[] = {"healthy", "degraded", "unsafe"};

	return (unsigned)level < WL_HEALTH_LEVELS ? names[level] : "unknown";
}

const char *wl_health_reason_name(enum wl_health_reason reason)
{
	return (unsigned)reason < WL_HEALTH_REASONS ? table[reason].name : "unknown";
}

const char *wl_health_reason_sentence(enum wl_health_reason reason)
{
	return (unsigned)reason < WL_HEALTH_REASONS ? table[reason].sentence : "unknown";
}

enum wl_health_level wl_health_reason_level(enum wl_health_reason reason)
{
	return (unsigned)reason < WL_HEALTH_REASONS ? table[reason].level : WL_HEALTH_UNSAFE;
}

bool wl_health_reason_is_of_node(enum wl_health_reason reason)
{
	return (unsigned)reason < WL_HEALTH_REASONS && table[reason].of_node;
}
