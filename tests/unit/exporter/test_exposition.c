/* SPDX-License-Identifier: BSD-3-Clause */
#include "exporter/exposition.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

static char *write_page(const struct wl_exposition_node *nodes, size_t count, bool openmetrics)
{
	static char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	wl_exposition_write(out, nodes, count, openmetrics);
	fclose(out);
	return text;
}

static bool has(const char *page, const char *line)
{
	const char *found = strstr(page, line);
	size_t length = strlen(line);

	return found != NULL && (found == page || found[-1] == '\n') && found[length] == '\n';
}

static json_t *make_catalogue(const char *entries)
{
	json_t *list = json_loads(entries, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	return json_pack("{s:i, s:o}", "schema", 1, "metrics", list);
}

static json_t *make_metrics(int node, const char *metrics, const char *stages)
{
	json_t *list = json_loads(metrics, 0, NULL), *of_stages = json_loads(stages, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_PTR_NOT_NULL_FATAL(of_stages);
	return json_pack("{s:i, s:s, s:s, s:o, s:o}", "node", node, "version", "0.1", "cluster",
			 "c", "metrics", list, "stages", of_stages);
}

static const char entries[] =
	"[{\"name\": \"worker_rx_bytes\", \"kind\": \"sum\", \"unit\": \"bytes\", \"help\": \"of \\\"these\\\"\\nframes\", \"labels\": [\"worker\"]},"
	" {\"name\": \"journal_gap_ns\", \"kind\": \"now\", \"unit\": \"ns\", \"help\": \"h\", \"labels\": [\"journal\"]},"
	" {\"name\": \"reason\", \"kind\": \"now\", \"unit\": \"flag\", \"help\": \"h\", \"labels\": [\"reason\", \"journal\"]},"
	" {\"name\": \"nobody_has_it\", \"kind\": \"now\", \"unit\": \"flag\", \"help\": \"h\", \"labels\": []}]";
static const char values[] =
	"[{\"name\": \"worker_rx_bytes\", \"values\": [[0, 12], [1, 9007199254740993]]},"
	" {\"name\": \"journal_gap_ns\", \"values\": [[0, 1500000], [1, -250]]},"
	" {\"name\": \"reason\", \"values\": [[\"a\\\"b\\\\c\\nd\", -1, 1]]},"
	" {\"name\": \"nobody_has_it\", \"values\": []}]";

struct bed {
	struct wl_exposition_node nodes[2];
	json_t *catalogue, *metrics[2], *recent;
};

static void make_bed(struct bed *bed)
{
	bed->catalogue = make_catalogue(entries);
	bed->metrics[0] = make_metrics(
		1, values,
		"[{\"journal\": 0, \"stage\": \"disk\", \"count\": 9, \"sum_us\": 1500, \"buckets\": [[1000, 4], [2000, 7]]}]");
	bed->metrics[1] = make_metrics(2, values, "[]");
	bed->recent = json_loads(
		"{\"journals\": [{\"disk\": {\"count\": 3, \"p50_ns\": 1000, \"max_ns\": 2500}, \"peer\": {\"count\": 0, \"p50_ns\": 0}}]}",
		0, NULL);
	for (int at = 0; at < 2; at++)
		bed->nodes[at] = (struct wl_exposition_node){.run_directory = at ? "/r\"2" : "/r1",
							     .catalogue = bed->catalogue,
							     .metrics = bed->metrics[at],
							     .recent = bed->recent};
}

static void drop(struct bed *bed)
{
	json_decref(bed->catalogue);
	json_decref(bed->metrics[0]);
	json_decref(bed->metrics[1]);
	json_decref(bed->recent);
}

static size_t occurrences(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

static void a_family_stands_once_with_the_samples_of_all_nodes(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	page = write_page(bed.nodes, 2, false);
	CU_ASSERT_EQUAL(occurrences(page, "# TYPE wirelog_worker_rx_bytes_total counter\n"), 1);
	CU_ASSERT(has(page, "wirelog_worker_rx_bytes_total{node=\"1\",worker=\"0\"} 12"));
	CU_ASSERT(has(page, "wirelog_worker_rx_bytes_total{node=\"2\",worker=\"0\"} 12"));
	/* Whole: a double would have lost the last digit. */
	CU_ASSERT(has(page,
		      "wirelog_worker_rx_bytes_total{node=\"1\",worker=\"1\"} 9007199254740993"));
	CU_ASSERT_PTR_NULL(strstr(page, "nobody_has_it"));
	CU_ASSERT_PTR_NULL(strstr(page, "# EOF"));
	free(page);
	drop(&bed);
}

static void OpenMetrics_names_a_counter_without_its_end(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	page = write_page(bed.nodes, 2, true);
	CU_ASSERT(has(page, "# TYPE wirelog_worker_rx_bytes counter"));
	CU_ASSERT(has(page, "# HELP wirelog_worker_rx_bytes of \\\"these\\\"\\nframes (bytes)"));
	CU_ASSERT(has(page, "wirelog_worker_rx_bytes_total{node=\"1\",worker=\"0\"} 12"));
	CU_ASSERT(has(page, "# TYPE wirelog_build info"));
	CU_ASSERT_STRING_EQUAL(page + strlen(page) - 6, "# EOF\n");
	free(page);
	drop(&bed);
}

static void times_are_in_seconds(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	page = write_page(bed.nodes, 1, false);
	CU_ASSERT(has(page, "# HELP wirelog_journal_gap_seconds h (seconds)"));
	CU_ASSERT(has(page, "wirelog_journal_gap_seconds{node=\"1\",journal=\"0\"} 0.0015"));
	CU_ASSERT(has(page, "wirelog_journal_gap_seconds{node=\"1\",journal=\"1\"} -2.5e-07"));
	free(page);
	drop(&bed);
}

static void words_are_escaped_and_none_is_empty(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	page = write_page(bed.nodes, 2, false);
	CU_ASSERT(
		has(page, "wirelog_reason{node=\"1\",reason=\"a\\\"b\\\\c\\nd\",journal=\"\"} 1"));
	CU_ASSERT(has(page, "wirelog_up{run_directory=\"/r\\\"2\"} 1"));
	free(page);
	drop(&bed);
}

static void stages_are_a_histogram_and_recent_percentiles(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	page = write_page(bed.nodes, 1, false);
	CU_ASSERT(has(
		page,
		"wirelog_stage_seconds_bucket{node=\"1\",journal=\"0\",stage=\"disk\",le=\"1e-06\"} 4"));
	CU_ASSERT(has(
		page,
		"wirelog_stage_seconds_bucket{node=\"1\",journal=\"0\",stage=\"disk\",le=\"+Inf\"} 9"));
	CU_ASSERT(has(page,
		      "wirelog_stage_seconds_count{node=\"1\",journal=\"0\",stage=\"disk\"} 9"));
	CU_ASSERT(has(page,
		      "wirelog_stage_seconds_sum{node=\"1\",journal=\"0\",stage=\"disk\"} 0.0015"));
	CU_ASSERT(has(
		page,
		"wirelog_stage_recent_seconds{node=\"1\",journal=\"0\",stage=\"disk\",percentile=\"50\"} 1e-06"));
	CU_ASSERT_PTR_NULL(strstr(page, "stage=\"peer\""));
	free(page);
	drop(&bed);
}

static void a_node_that_does_not_answer_is_down_and_the_others_are_there(void)
{
	struct bed bed;
	char *page;

	make_bed(&bed);
	bed.nodes[0] = (struct wl_exposition_node){.run_directory = "/r1"};
	page = write_page(bed.nodes, 2, true);
	CU_ASSERT(has(page, "wirelog_up{run_directory=\"/r1\"} 0"));
	CU_ASSERT(has(page, "wirelog_worker_rx_bytes_total{node=\"2\",worker=\"0\"} 12"));
	CU_ASSERT_PTR_NULL(strstr(page, "node=\"1\""));
	free(page);
	drop(&bed);
}

static void what_is_not_shaped_as_it_should_be_is_left_out(void)
{
	static const char *const catalogues[] = {
		"[]",
		"[1, \"x\", null, {}]",
		"[{\"name\": \"a b\", \"labels\": [\"w\"]}]",
		"[{\"name\": \"a}\\n\", \"labels\": [\"w\"]}]",
		"[{\"name\": \"good\", \"kind\": 7, \"labels\": [\"bad label\", 3]}]",
		"[{\"name\": \"good\", \"labels\": \"x\"}]"};
	static const char *const metrics[] = {
		"[]", "[1, {}, {\"name\": \"good\"}]",
		"[{\"name\": \"good\", \"values\": [7, [], [\"x\"], [1, 2, 3, 4], {}, [null, null, 1.5]]}]"};

	for (unsigned at = 0; at < 6; at++) {
		for (unsigned in = 0; in < 3; in++) {
			json_t *catalogue = make_catalogue(catalogues[at]);
			json_t *told =
				make_metrics(1, metrics[in], "[3, {}, {\"buckets\": [1, []]}]");
			struct wl_exposition_node node = {"/r", catalogue, told, told};
			char *page = write_page(&node, 1, true);

			CU_ASSERT(has(page, "wirelog_up{run_directory=\"/r\"} 1"));
			CU_ASSERT_PTR_NULL(strstr(page, "a b"));
			CU_ASSERT_PTR_NULL(strstr(page, "bad label"));
			free(page);
			json_decref(catalogue);
			json_decref(told);
		}
	}
}

static void numbers_are_short_and_read_back_as_they_were(void)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{1e-06, "1e-06"},
		     {0.001024, "0.001024"},
		     {33.554432, "33.554432"},
		     {0, "0"},
		     {1, "1"},
		     {0.1, "0.1"},
		     {-2.5, "-2.5"}};

	for (unsigned at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		char text[32];

		wl_exposition_number(cases[at].value, text);
		CU_ASSERT_STRING_EQUAL(text, cases[at].text);
	}
}

WL_SUITE(exposition)
{
	WL_TEST(a_family_stands_once_with_the_samples_of_all_nodes),
	WL_TEST(OpenMetrics_names_a_counter_without_its_end),
	WL_TEST(times_are_in_seconds),
	WL_TEST(words_are_escaped_and_none_is_empty),
	WL_TEST(stages_are_a_histogram_and_recent_percentiles),
	WL_TEST(a_node_that_does_not_answer_is_down_and_the_others_are_there),
	WL_TEST(what_is_not_shaped_as_it_should_be_is_left_out),
	WL_TEST(numbers_are_short_and_read_back_as_they_were),
};
