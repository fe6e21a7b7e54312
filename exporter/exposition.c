/* SPDX-License-Identifier: BSD-3-Clause */
#include "exporter/exposition.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 128
#define NS_PER_S 1e9

struct writing {
	FILE *out;
	const struct wl_exposition_node *nodes;
	size_t count;
	bool openmetrics;
};

/* One family, as the formats want it named. */
struct family {
	const json_t *entry; /* of the catalogue */
	char name[NAME_BYTES]; /* without _total */
	const char *type;
	bool is_sum, in_ns;
};

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static const char *word(const json_t *object, const char *name)
{
	const char *text = json_string_value(at(object, name));

	return text != NULL ? text : "";
}

void wl_exposition_number(double value, char text[32])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, 32, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

/* ---- text --------------------------------------------------------------------------------------- */

static void put_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			putc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			putc(*text, out);
	}
}

/* In a HELP line of 0.0.4 a quotation mark stands as it is. */
static void put_help(const struct writing *writing, const char *text)
{
	if (writing->openmetrics)
		put_escaped(writing->out, text);
	else
		for (; *text != '\0'; text++)
			putc(*text == '\n' || *text == '\\' ? ' ' : *text, writing->out);
}

static void put_head(const struct writing *writing, const char *name, const char *type,
		     const char *help, const char *unit)
{
	const char *total = strcmp(type, "counter") == 0 && !writing->openmetrics ? "_total" : "";

	fprintf(writing->out, "# HELP %s%s ", name, total);
	put_help(writing, help);
	if (unit[0] != '\0')
		fprintf(writing->out, " (%s)", unit);
	fprintf(writing->out, "\n# TYPE %s%s %s\n", name, total, type);
}

static void put_label(FILE *out, const char *name, const json_t *value)
{
	fprintf(out, ",%s=\"", name);
	if (json_is_string(value))
		put_escaped(out, json_string_value(value));
	else if (json_integer_value(value) >= 0) /* -1: of none */
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	putc('"', out);
}

static void put_value(FILE *out, const json_t *value, bool in_ns)
{
	char text[32];

	if (!in_ns) {
		fprintf(out, " %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
		return;
	}
	wl_exposition_number((double)json_integer_value(value) / NS_PER_S, text);
	fprintf(out, " %s\n", text);
}

/* ---- a node's metrics --------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length > tail && strcmp(text + length - tail, end) == 0;
}

/* A name from a socket is put into text: only what both formats allow. */
static bool is_name(const char *text)
{
	return text[0] != '\0' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
		       strlen(text) &&
	       strlen(text) < NAME_BYTES - 32;
}

static bool name_family(struct family *family, const json_t *entry)
{
	const char *name = word(entry, "name");

	if (!is_name(name))
		return false;
	family->entry = entry;
	family->is_sum = strcmp(word(entry, "kind"), "sum") == 0;
	family->type = family->is_sum ? "counter" : "gauge";
	family->in_ns = strcmp(word(entry, "unit"), "ns") == 0 && ends_with(name, "_ns");
	if (family->in_ns)
		snprintf(family->name, sizeof(family->name), "wirelog_%.*s_seconds",
			 (int)strlen(name) - 3, name);
	else
		snprintf(family->name, sizeof(family->name), "wirelog_%s", name);
	return true;
}

static void put_sample(const struct writing *writing, const struct family *family,
		       const json_t *node, const json_t *row)
{
	const json_t *labels = at(family->entry, "labels");
	size_t count = json_array_size(labels);

	if (json_array_size(row) != count + 1 || !json_is_integer(json_array_get(row, count)))
		return;
	fprintf(writing->out, "%s%s{node=\"%" JSON_INTEGER_FORMAT "\"", family->name,
		family->is_sum ? "_total" : "", json_integer_value(node));
	for (size_t i = 0; i < count; i++)
		if (is_name(json_string_value(json_array_get(labels, i))))
			put_label(writing->out, json_string_value(json_array_get(labels, i)),
				  json_array_get(row, i));
	putc('}', writing->out);
	put_value(writing->out, json_array_get(row, count), family->in_ns);
}

static const json_t *find(const json_t *metrics, const char *name)
{
	const json_t *list = at(metrics, "metrics");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(word(json_array_get(list, i), "name"), name) == 0)
			return json_array_get(list, i);
	return NULL;
}

static void put_family(const struct writing *writing, const struct family *family)
{
	bool headed = false;

	for (size_t i = 0; i < writing->count; i++) {
		const json_t *metrics = writing->nodes[i].metrics;
		const json_t *values = at(find(metrics, word(family->entry, "name")), "values");

		for (size_t row = 0; row < json_array_size(values); row++) {
			if (!headed)
				put_head(writing, family->name, family->type,
					 word(family->entry, "help"),
					 family->in_ns ? "seconds" : word(family->entry, "unit"));
			headed = true;
			put_sample(writing, family, at(metrics, "node"),
				   json_array_get(values, row));
		}
	}
}

/* Nodes of another version may have others: each family once, from whoever knows it first. */
static void put_families(const struct writing *writing)
{
	json_t *done = json_object();

	for (size_t i = 0; i < writing->count; i++) {
		const json_t *list = at(writing->nodes[i].catalogue, "metrics");

		for (size_t which = 0; which < json_array_size(list); which++) {
			struct family family;

			if (!name_family(&family, json_array_get(list, which)) ||
			    json_object_get(done, family.name) != NULL)
				continue;
			json_object_set_new(done, family.name, json_true());
			put_family(writing, &family);
		}
	}
	json_decref(done);
}

/* ---- stages ------------------------------------------------------------------------------------- */

static void put_stage_labels(FILE *out, const char *name, const json_t *node, const json_t *journal,
			     const char *stage)
{
	fprintf(out,
		"wirelog_%s{node=\"%" JSON_INTEGER_FORMAT "\",journal=\"%" JSON_INTEGER_FORMAT
		"\",stage=\"",
		name, json_integer_value(node), json_integer_value(journal));
	put_escaped(out, stage);
	putc('"', out);
}

static void put_stage(const struct writing *writing, const json_t *node, const json_t *one)
{
	const json_t *buckets = at(one, "buckets"), *journal = at(one, "journal");
	json_int_t count = json_integer_value(at(one, "count"));
	const char *stage = word(one, "stage");
	FILE *out = writing->out;
	char text[32];

	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *bucket = json_array_get(buckets, i);

		put_stage_labels(out, "stage_seconds_bucket", node, journal, stage);
		wl_exposition_number(
			(double)json_integer_value(json_array_get(bucket, 0)) / NS_PER_S, text);
		fprintf(out, ",le=\"%s\"} %" JSON_INTEGER_FORMAT "\n", text,
			json_integer_value(json_array_get(bucket, 1)));
	}
	put_stage_labels(out, "stage_seconds_bucket", node, journal, stage);
	fprintf(out, ",le=\"+Inf\"} %" JSON_INTEGER_FORMAT "\n", count);
	put_stage_labels(out, "stage_seconds_count", node, journal, stage);
	fprintf(out, "} %" JSON_INTEGER_FORMAT "\n", count);
	put_stage_labels(out, "stage_seconds_sum", node, journal, stage);
	wl_exposition_number((double)json_integer_value(at(one, "sum_us")) / 1e6, text);
	fprintf(out, "} %s\n", text);
}

static void put_stages(const struct writing *writing)
{
	put_head(
		writing, "wirelog_stage_seconds", "histogram",
		"of an entry at its leader: from its turn to its seal (turn), and from there until it was durable here (disk), in the "
		"memory of a majority (peer), and committed (commit)",
		"seconds");
	for (size_t i = 0; i < writing->count; i++) {
		const json_t *stages = at(writing->nodes[i].metrics, "stages");

		for (size_t which = 0; which < json_array_size(stages); which++)
			put_stage(writing, at(writing->nodes[i].metrics, "node"),
				  json_array_get(stages, which));
	}
}

/* Nothing in the last seconds is no time of zero: it has no sample. */
static void put_recent_stage(const struct writing *writing, const json_t *node, size_t journal,
			     const char *stage, const json_t *one)
{
	static const struct {
		const char *name, *percentile;
	} wanted[] = {{"p50_ns", "50"},
		      {"p90_ns", "90"},
		      {"p99_ns", "99"},
		      {"p999_ns", "99.9"},
		      {"max_ns", "100"}};
	json_t *id = json_integer((json_int_t)journal);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (json_integer_value(at(one, "count")) <= 0)
			break;
		put_stage_labels(writing->out, "stage_recent_seconds", node, id, stage);
		fprintf(writing->out, ",percentile=\"%s\"}", wanted[i].percentile);
		put_value(writing->out, at(one, wanted[i].name), true);
	}
	json_decref(id);
}

static void put_recent(const struct writing *writing)
{
	put_head(writing, "wirelog_stage_recent_seconds", "gauge",
		 "percentiles of a stage over the last ten seconds", "seconds");
	for (size_t i = 0; i < writing->count; i++) {
		const json_t *journals = at(writing->nodes[i].recent, "journals");

		for (size_t journal = 0; journal < json_array_size(journals); journal++) {
			const char *stage;
			json_t *one;

			json_object_foreach(json_array_get(journals, journal), stage, one)
			{
				put_recent_stage(writing, at(writing->nodes[i].metrics, "node"),
						 journal, stage, one);
			}
		}
	}
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static void put_nodes(const struct writing *writing)
{
	FILE *out = writing->out;

	put_head(writing, "wirelog_up", "gauge", "the node answered on its stats socket", "flag");
	for (size_t i = 0; i < writing->count; i++) {
		fprintf(out, "wirelog_up{run_directory=\"");
		put_escaped(out, writing->nodes[i].run_directory);
		fprintf(out, "\"} %d\n", writing->nodes[i].metrics != NULL);
	}
	if (writing->openmetrics)
		put_head(writing, "wirelog_build", "info", "version and cluster of the node", "");
	else
		put_head(writing, "wirelog_build_info", "gauge", "version and cluster of the node",
			 "");
	for (size_t i = 0; i < writing->count; i++) {
		const json_t *metrics = writing->nodes[i].metrics;

		if (metrics == NULL)
			continue;
		fprintf(out, "wirelog_build_info{node=\"%" JSON_INTEGER_FORMAT "\"",
			json_integer_value(at(metrics, "node")));
		put_label(out, "version", at(metrics, "version"));
		put_label(out, "cluster", at(metrics, "cluster"));
		fprintf(out, "} 1\n");
	}
}

void wl_exposition_write(FILE *out, const struct wl_exposition_node *nodes, size_t count,
			 bool openmetrics)
{
	struct writing writing = {out, nodes, count, openmetrics};

	put_nodes(&writing);
	put_families(&writing);
	put_stages(&writing);
	put_recent(&writing);
	if (openmetrics)
		fprintf(out, "# EOF\n");
}
