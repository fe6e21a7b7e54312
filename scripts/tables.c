/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes what is made from the tables of the sources, so that it cannot say anything else than they do:
 *
 *	tables counters     docs/COUNTERS.md
 *	tables reference    drivers-config/reference.yaml
 *
 * `make tables` writes the files, `make lint` compares them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control/agent/agent.h"
#include "control/config/config_table.h"
#include "control/report/metrics.h"
#include "dataplane/base/metric.h"
#include "dataplane/transport/counters.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct wl_metric worker[] = {WL_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric agent[] = {WL_AGENT_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric neighbours[] = {WL_NEIGHBOUR_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric elections[] = {WL_ELECTION_COUNTER_LIST(WL_METRIC_ROW)};
#define VALUE_ROW(name, kind, unit, help, value) {#name, WL_METRIC_##kind, #unit, help},
static const struct wl_metric nodes[] = {WL_NODE_METRIC_LIST(VALUE_ROW)};
static const struct wl_metric journals[] = {WL_JOURNAL_METRIC_LIST(VALUE_ROW)};
static const struct wl_metric peers[] = {WL_PEER_METRIC_LIST(VALUE_ROW)};
static const struct wl_metric extra[] = {WL_WORKER_EXTRA_METRIC_LIST(WL_METRIC_ROW)};
static const struct wl_metric links[] = {WL_LINK_STATS_LIST(WL_METRIC_ROW)};
static const struct wl_metric labeled[] = {WL_LABELED_METRIC_LIST(WL_METRIC_ROW)};

static const char *kind_name(enum wl_metric_kind kind)
{
	if (kind == WL_METRIC_NOW)
		return "now";
	return kind == WL_METRIC_MOST ? "most" : "sum";
}

static void write_counters(const char *title, const struct wl_metric *metrics, size_t count)
{
	printf("\n## %s\n\n| counter | kind | unit | what |\n|---|---|---|---|\n", title);
	for (size_t at = 0; at < count; at++)
		printf("| `%s` | %s | %s | %s |\n", metrics[at].name, kind_name(metrics[at].kind),
		       metrics[at].unit, metrics[at].help);
}

/* In the order of the list: what a node says first. */
static void write_reasons(void)
{
	static const struct {
		const char *name, *level;
		bool of_node;
		const char *sentence;
	} reasons[] = {
#define ROW(name, level, of_node, sentence) {#name, #level, of_node, sentence},
		WL_HEALTH_LIST(ROW)
#undef ROW
	};

	printf("\n## Reasons of health: `health.reasons[].reason`\n\n"
	       "What to do: [OPERATIONS.md](OPERATIONS.md), \"Health\". Those with a yes stand in `mode.reasons` as well.\n\n"
	       "| reason | level | `mode` | what |\n|---|---|---|---|\n");
	for (size_t at = 0; at < COUNT(reasons); at++)
		printf("| `%s` | %s | %s | %s |\n", reasons[at].name,
		       reasons[at].level[0] == 'U' ? "unsafe" : "degraded",
		       reasons[at].of_node ? "yes" : "", reasons[at].sentence);
}

static void write_all_counters(void)
{
	printf("# Counters\n\n"
	       "Made from the lists in the sources by `make tables`; not edited by hand. A counter begins with each start of a\n"
	       "node. `sum`: so many since then; `most`: the largest since then; `now`: as it is.\n"
	       "Where they stand in the status and what else is told there: [OPERATIONS.md](OPERATIONS.md).\n\n"
	       "`/wirelog/metrics` has all of them, flat, under the name of the group and their own: `worker_rx_frames`, `control_records`,\n"
	       "`neighbour_arp_asked`, `election_won`, `node_health`, `journal_term`, `peer_behind_ns`. wirelog-exporter puts `wirelog_` in front, tells\n"
	       "times in seconds (`wirelog_peer_behind_seconds`) and ends sums with `_total`.\n");
	write_counters("Of a worker: `workers[].counters`", worker, COUNT(worker));
	write_counters("Of control: `control`", agent, COUNT(agent));
	write_counters("Of control's neighbours: `control`", neighbours, COUNT(neighbours));
	write_counters("Of a journal's elections: `journals[].election`", elections,
		       COUNT(elections));
	write_counters("Of a node: `node_` in `/wirelog/metrics`", nodes, COUNT(nodes));
	write_counters("Of a journal: `journal_` in `/wirelog/metrics`, by `journal`", journals,
		       COUNT(journals));
	write_counters(
		"Of a voter, as the leader sees it: `peer_` in `/wirelog/metrics`, by `journal` and `peer`",
		peers, COUNT(peers));
	write_counters("Of a worker beside its counters: `worker_` in `/wirelog/metrics`", extra,
		       COUNT(extra));
	write_counters("Of a link's device: `link_` in `/wirelog/metrics`, by `worker` and `link`",
		       links, COUNT(links));
	write_counters("By words: the whole name", labeled, COUNT(labeled));
	write_reasons();
}

/* ---- the reference ------------------------------------------------------------------------------ */

#define COLUMNS 100

/* A comment of several lines. */
static void write_comment(int indent, const char *text)
{
	int at = 0;

	while (*text != '\0') {
		int word = (int)strcspn(text, " ");

		if (at != 0 && at + 1 + word > COLUMNS)
			at = 0 * printf("\n");
		at += at == 0 ? printf("%*s# %.*s", indent, "", word, text)
			      : printf(" %.*s", word, text);
		text += word + strspn(text + word, " ");
	}
	printf("\n");
}

/* "64MiB" */
static void add_size(struct wl_sentence *to, uint64_t bytes)
{
	static const char *const suffixes[] = {"", "KiB", "MiB", "GiB", "TiB"};
	unsigned power = 0;

	for (; power < 4 && bytes >= 1024 && bytes % 1024 == 0; bytes /= 1024)
		power++;
	wl_sentence_add_number(to, bytes);
	wl_sentence_add(to, suffixes[power]);
}

static void add_number(struct wl_sentence *to, const struct wl_config_key *key, uint64_t number)
{
	if (key->shape == WL_CONFIG_SIZE)
		add_size(to, number);
	else
		wl_sentence_add_number(to, number);
}

static void add_range(struct wl_sentence *to, const struct wl_config_key *key)
{
	if (key->power_of_two)
		wl_sentence_add(to, "a power of two, ");
	if (key->range_words)
		wl_sentence_add(to, key->range_words);
	else if (key->shape == WL_CONFIG_NUMBER || key->shape == WL_CONFIG_SIZE) {
		add_number(to, key, key->range.min);
		wl_sentence_add(to, " to ");
		add_number(to, key, key->range.max);
		wl_sentence_add(to, key->unit[0] ? " " : "");
		wl_sentence_add(to, key->unit);
	}
	for (const struct wl_config_word *word = key->words; word && word->name; word++) {
		wl_sentence_add(to, word->name);
		if (word[1].name)
			wl_sentence_add(to, word[2].name ? ", " : " or ");
	}
}

/* What stands there when the file does not say it; "": nothing. */
static struct wl_sentence standard_of(const struct wl_config_key *key, char *text, size_t bytes)
{
	struct wl_sentence to = wl_sentence_begin(text, bytes);

	for (const struct wl_config_word *word = key->words; word && word->name; word++)
		if ((uint64_t)word->value == key->standard)
			wl_sentence_add(&to, word->name);
	if (!key->words && key->standard != 0)
		add_number(&to, key, key->standard);
	if (key->standard_text)
		wl_sentence_add(&to, key->standard_text);
	return to;
}

static void add_kinds(struct wl_sentence *to, uint32_t kinds)
{
	bool first = true;

	for (unsigned kind = 0; kind <= WL_CONFIG_UDP; kind++) {
		if (!(kinds & 1u << kind))
			continue;
		wl_sentence_add(to, first ? "Of " : ", ");
		wl_sentence_add(to, wl_config_link_kind_name((enum wl_config_link_kind)kind));
		first = false;
	}
	wl_sentence_add(to, first ? "" : ". ");
}

/* Needed, of which kinds, range and default, who else has it, the sentence. */
static void write_words(int indent, const struct wl_config_key *key)
{
	char text[1024], standard[64];
	struct wl_sentence to = wl_sentence_begin(text, sizeof(text));
	const char *words = key->default_words ? key->default_words : standard;
	size_t before;

	standard_of(key, standard, sizeof(standard));
	if (key->needed)
		wl_sentence_add(&to, "Needed. ");
	add_kinds(&to, key->kinds);
	before = to.used;
	add_range(&to, key);
	if (words[0] != '\0') {
		wl_sentence_add(&to, to.used != before ? "; default " : "Default ");
		wl_sentence_add(&to, words);
	}
	if (to.used != before)
		wl_sentence_add(&to, ". ");
	if (key->alike)
		wl_sentence_add(&to, key->fact ? "The same on every node, and compared. "
					       : "The same on every node. ");
	if (key->live)
		wl_sentence_add(&to, "`wirelog config reload` changes it. ");
	wl_sentence_add(&to, key->sentence);
	write_comment(indent, text);
}

/* `dash`: the first key of an element of a list. */
static void write_key(int indent, const struct wl_config_key *key, bool dash)
{
	bool shown = key->kinds == 0 || key->kinds & 1u << WL_CONFIG_MEMIF;
	char standard[64];

	standard_of(key, standard, sizeof(standard));
	write_words(dash ? indent - 2 : indent, key);
	printf("%*s%s%s: %s\n", dash ? indent - 2 : indent, "",
	       dash    ? "- "
	       : shown ? ""
		       : "# ",
	       key->name, key->example ? key->example : standard);
}

/* What a section stands behind, its indentation, and what comes after it; "": the top. */
static const struct {
	const char *head;
	int indent;
	const char *tail;
} places[WL_CONFIG_SECTIONS] = {
	[WL_CONFIG_SECTION_NODES] = {"  nodes:", 6,
				     "    - id: 2\n      address: 192.0.2.12\n"
				     "    - id: 3\n      address: 192.0.2.13\n"},
	[WL_CONFIG_SECTION_JOURNALS] = {"journals:", 4, ""},
	[WL_CONFIG_SECTION_WORKERS] = {"workers:", 4, ""},
	[WL_CONFIG_SECTION_LINKS] = {"    links:", 8,
				     "      - kind: memif\n        peer: 3\n"
				     "        socket: run/one-three.sock\n"},
	[WL_CONFIG_SECTION_CLIENTS] = {"    clients:", 6, ""},
	[WL_CONFIG_SECTION_TOP] = {"", 0, ""},
};

static void write_section(enum wl_config_section_id id)
{
	struct wl_config_section section = wl_config_section(id);
	const char *head = places[id].head;
	bool list = strstr(section.path, "[]") && id != WL_CONFIG_SECTION_CLIENTS;
	int indent = head ? places[id].indent : 2;

	if (!head || head[0] != ' ')
		printf("\n");
	if (section.sentence[0] != '\0')
		write_comment((int)strspn(head, " "), section.sentence);
	if (!head)
		printf("%s:\n", section.path);
	else if (head[0] != '\0')
		printf("%s\n", head);
	for (size_t at = 0; at < section.count; at++)
		write_key(indent, &section.keys[at], list && at == 0);
	printf("%s", head ? places[id].tail : "");
}

static void write_reference(void)
{
	write_comment(
		0,
		"wirelogd: every key, what it means, its range and its default. "
		"`wirelogd --check --config FILE` checks a file like this one and starts nothing. "
		"Made from control/config/config_keys.h by `make tables`; not edited by hand.");
	printf("#\n");
	write_comment(
		0,
		"A key that does not exist, stands twice or has no meaning where it stands is refused "
		"with file, line and column. Sizes are bytes, or take KiB, MiB, GiB, TiB. Relative paths "
		"are relative to this file. Needed keys say so; all others may be left out.");
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++)
		write_section((enum wl_config_section_id)id);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "counters") == 0) {
		write_all_counters();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "reference") == 0) {
		write_reference();
		return 0;
	}
	fprintf(stderr, "usage: tables counters|reference\n");
	return 64;
}
