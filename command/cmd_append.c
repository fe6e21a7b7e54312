/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog append`: options, and the report. The work is in tool_append.c. */
#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "command/commands.h"
#include "command/tool_append.h"
#include "command/tool_cluster.h"
#include "command/tool_format.h"
#include "command/tool_interrupt.h"
#include "command/tool_option.h"
#include "command/tool_parse.h"
#include "command/tool_refuse.h"

#define OUTSTANDING_DEFAULT 4096u
#define OUTSTANDING_MAX (1u << 20)
/* Longer than the library's: a bulk load would rather wait out an election and a slow disk than end in doubt. */
#define TIMEOUT_DEFAULT_NS UINT64_C(60000000000)

enum {
	KEY_NOT_AFTER = 0x100,
	KEY_HLOG,
	KEY_LIMIT,
	KEY_SKIP,
	KEY_RATE,
	KEY_TIMEOUT,
	KEY_KEEP_GOING,
	KEY_TELL_SESSION,
};

struct options {
	struct wl_tool_cluster cluster;
	struct wl_append_plan plan;
	bool json, quiet;
};

static const char *const level_names[] = {
	[WIRELOG_LEVEL_DEFAULT] = "-",	     [WIRELOG_SEQUENCED] = "sequenced",
	[WIRELOG_RECEIVED] = "received",     [WIRELOG_COMMITTED] = "committed",
	[WIRELOG_EVERYWHERE] = "everywhere",
};

/* ---- options ------------------------------------------------------------------------------------ */

static const struct argp_option option_table[] = {
	{"format", 'f', "FORMAT", 0,
	 "lines: text, a record a line, blank ones left out (default); itch50: NASDAQ ITCH 5.0, validated; binary: a four-byte "
	 "big-endian length before each record; len16: a two-byte one. Each may be gzip",
	 0},
	{"level", 'l', "LEVEL", 0,
	 "how far a record must get before its answer: sequenced, received, committed (default), everywhere",
	 0},
	{"outstanding", 'o', "N", 0, "records without an answer at one time (default 4096)", 0},
	{"rate", KEY_RATE, "N", 0, "records a second (default: as fast as the cluster takes them)",
	 0},
	{"limit", KEY_LIMIT, "N", 0, "append at most N records", 0},
	{"skip", KEY_SKIP, "N", 0, "leave out the first N records", 0},
	{"not-after", KEY_NOT_AFTER, "WHEN", 0,
	 "a record that is not sequenced by then expires: a duration from its offer (50ms), or a time",
	 0},
	{"timeout", KEY_TIMEOUT, "DURATION", 0,
	 "without an answer for so long a record's outcome is unknown (default 60s)", 0},
	{"keep-going", KEY_KEEP_GOING, NULL, 0, "go on with the next record when one was refused",
	 0},
	{"tell-session", KEY_TELL_SESSION, NULL, 0,
	 "print the session to standard error before the first record leaves: `wirelog outcome` asks by it",
	 0},
	{"hlog", KEY_HLOG, "FILE", 0, "write latencies as an HdrHistogram log, a line a second", 0},
	{"json", 'j', NULL, 0, "the report as JSON", 0},
	{"quiet", 'q', NULL, 0, "no progress, no report", 0},
	{0},
};

static enum wirelog_level parse_level(const char *text, struct argp_state *state)
{
	for (int level = WIRELOG_SEQUENCED; level <= WIRELOG_EVERYWHERE; level++)
		if (strcasecmp(text, level_names[level]) == 0)
			return (enum wirelog_level)level;
	argp_error(state, "--level: '%s' is none of sequenced, received, committed, everywhere",
		   text);
	return WIRELOG_COMMITTED;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void parse_not_after(struct wl_append_plan *plan, const char *text, struct argp_state *state)
{
	if (wl_tool_parse_duration(text, &plan->lifetime_ns) && plan->lifetime_ns > 0)
		return;
	if (!wl_tool_parse_time(text, wall_ns(), &plan->not_after_ns))
		argp_error(state,
			   "--not-after: '%s' is neither a duration (50ms) nor a time "
			   "(2026-03-04T05:06:07Z, @1772600767)",
			   text);
}

static void parse_timeout(struct wl_append_plan *plan, const char *text, struct argp_state *state)
{
	if (!wl_tool_parse_duration(text, &plan->timeout_ns) || plan->timeout_ns == 0)
		argp_error(state, "--timeout: '%s' is not a duration (500ms, 10s)", text);
}

static void parse_format(struct options *options, const char *text, struct argp_state *state)
{
	const char *name = strcmp(text, "binary") == 0 ? "len32" : text;

	if (!wl_record_source_format(name, &options->plan.format))
		argp_error(state, "--format: '%s' is none of lines, itch50, binary, len16, len32",
			   text);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	struct wl_append_plan *plan = &options->plan;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case 'f':
		parse_format(options, argument, state);
		return 0;
	case 'l':
		plan->level = parse_level(argument, state);
		return 0;
	case 'o':
		plan->outstanding = (uint32_t)wl_tool_option_number(state, "--outstanding",
								    argument, 1, OUTSTANDING_MAX);
		return 0;
	case KEY_RATE:
		plan->rate =
			wl_tool_option_number(state, "--rate", argument, 1, UINT64_C(1000000000));
		return 0;
	case KEY_LIMIT:
		plan->limit = wl_tool_option_number(state, "--limit", argument, 1, INT64_MAX);
		return 0;
	case KEY_SKIP:
		plan->skip = wl_tool_option_number(state, "--skip", argument, 1, INT64_MAX);
		return 0;
	case KEY_NOT_AFTER:
		parse_not_after(plan, argument, state);
		return 0;
	case KEY_TIMEOUT:
		parse_timeout(plan, argument, state);
		return 0;
	case KEY_KEEP_GOING:
		plan->keep_going = true;
		return 0;
	case KEY_TELL_SESSION:
		plan->tell_session = true;
		return 0;
	case KEY_HLOG:
		plan->hlog = argument;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one file too many", argument);
		plan->path = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- report ------------------------------------------------------------------------------------- */

static double seconds_of(const struct wl_append *append)
{
	return (double)(append->answered_ns - append->started_ns) / 1e9;
}

static uint64_t rate_of(const struct wl_append *append, uint64_t count)
{
	double seconds = seconds_of(append);

	return seconds > 0 ? (uint64_t)((double)count / seconds + 0.5) : 0;
}

static void print_failures(const struct wl_append *append)
{
	char count[32];

	for (int number = 0; number < WL_APPEND_STATUSES; number++) {
		if (append->failed[number] == 0)
			continue;
		wl_tool_format_count(append->failed[number], count);
		printf("%s %s: %s\n", count, wirelog_status_name(-number),
		       wirelog_status_cause(-number));
	}
}

static void print_latency(const struct wl_append *append)
{
	static const double wanted[] = {50, 99, 99.9, 100};
	char text[4][32];

	for (int at = 0; at < 4; at++)
		wl_tool_format_duration(wl_histogram_percentile(&append->latency, wanted[at]),
					text[at], sizeof(text[at]));
	printf("latency p50 %s, p99 %s, p99.9 %s, max %s\n", text[0], text[1], text[2], text[3]);
}

static const struct near_percentile {
	const char *name, *key;
	double percentile;
} near_percentiles[] = {{"p50", "p50", 50}, {"p99", "p99", 99}, {"p99.9", "p999", 99.9}};

#define NEAR_PERCENTILES (sizeof(near_percentiles) / sizeof(near_percentiles[0]))

/* Means of the records near a percentile, which add up. */
static void print_stages(const struct wl_append *append)
{
	for (size_t at = 0; at < NEAR_PERCENTILES; at++) {
		struct wl_tool_stages_near near;
		char text[32];

		wl_tool_stages_find(&append->stages, near_percentiles[at].percentile, &near);
		printf("near %s:", near_percentiles[at].name);
		for (unsigned stage = 0; stage < WL_TOOL_STAGES; stage++) {
			wl_tool_format_duration((uint64_t)near.parts_ns[stage], text, sizeof(text));
			printf("%s %s %s", stage == 0 ? "" : ",",
			       wl_tool_stage_name((enum wl_tool_stage)stage), text);
		}
		putchar('\n');
	}
}

static void print_report(const struct wl_append *append)
{
	char count[32], bytes[32], rate[32], first[32], last[32], took[32];

	wl_tool_format_count(append->acknowledged, count);
	wl_tool_format_count(append->bytes, bytes);
	wl_tool_format_count(rate_of(append, append->acknowledged), rate);
	wl_tool_format_count(append->first_number, first);
	wl_tool_format_count(append->last_number, last);
	wl_tool_format_duration(append->answered_ns - append->started_ns, took, sizeof(took));
	if (append->acknowledged == 0) {
		printf("no record was acknowledged\n");
	} else {
		printf("%s record%s (%s bytes) acknowledged as %s in %s: %s records/s, %.1f MB/s\n",
		       count, append->acknowledged == 1 ? "" : "s", bytes,
		       level_names[append->level], took, rate,
		       (double)rate_of(append, append->bytes) / 1e6);
		print_latency(append);
		print_stages(append);
		printf("numbers %s to %s, session %016" PRIx64 "\n", first, last, append->session);
	}
	print_failures(append);
	if (append->source.blank_lines != 0)
		printf("%" PRIu64 " blank line%s left out: a record has at least one byte\n",
		       append->source.blank_lines, append->source.blank_lines == 1 ? "" : "s");
}

static json_t *latency_json(const struct wl_histogram *latency)
{
	json_t *object = json_pack("{s:I, s:f}", "min", (json_int_t)wl_histogram_min(latency),
				   "mean", wl_histogram_mean(latency));
	static const struct {
		const char *name;
		double percentile;
	} wanted[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}, {"p9999", 99.99}};

	for (size_t at = 0; at < sizeof(wanted) / sizeof(wanted[0]); at++)
		json_object_set_new(object, wanted[at].name,
				    json_integer((json_int_t)wl_histogram_percentile(
					    latency, wanted[at].percentile)));
	json_object_set_new(object, "max", json_integer((json_int_t)wl_histogram_max(latency)));
	return object;
}

static json_t *stages_json(const struct wl_append *append)
{
	json_t *object = json_object();

	for (size_t at = 0; at < NEAR_PERCENTILES; at++) {
		struct wl_tool_stages_near near;
		json_t *one;

		wl_tool_stages_find(&append->stages, near_percentiles[at].percentile, &near);
		one = json_pack("{s:I, s:f}", "records", (json_int_t)near.count, "latency",
				near.latency_ns);
		for (unsigned stage = 0; stage < WL_TOOL_STAGES; stage++)
			json_object_set_new(one, wl_tool_stage_name((enum wl_tool_stage)stage),
					    json_real(near.parts_ns[stage]));
		json_object_set_new(object, near_percentiles[at].key, one);
	}
	return object;
}

static void print_json(const struct wl_append *append)
{
	json_t *failed = json_object(), *report;
	char session[17];

	for (int number = 0; number < WL_APPEND_STATUSES; number++)
		if (append->failed[number] != 0)
			json_object_set_new(failed, wirelog_status_name(-number),
					    json_integer((json_int_t)append->failed[number]));
	snprintf(session, sizeof(session), "%016" PRIx64, append->session);
	report = json_pack("{s:I, s:I, s:I, s:I, s:s, s:f, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:s}",
			   "offered", (json_int_t)append->offered, "acknowledged",
			   (json_int_t)append->acknowledged, "bytes", (json_int_t)append->bytes,
			   "blank_lines", (json_int_t)append->source.blank_lines, "level",
			   level_names[append->level], "seconds", seconds_of(append),
			   "records_per_second", (json_int_t)rate_of(append, append->acknowledged),
			   "first_number", (json_int_t)append->first_number, "last_number",
			   (json_int_t)append->last_number, "session", session, "latency_ns",
			   latency_json(&append->latency), "stages_ns", stages_json(append),
			   "failed", failed, "status", wirelog_status_name(append->status));
	json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(report);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int finish(const struct options *options, const struct wl_append *append)
{
	if (append->started_ns != 0 && options->json)
		print_json(append);
	else if (append->started_ns != 0 && !options->quiet)
		print_report(append);
	if (append->status == WIRELOG_INTERRUPTED) {
		fprintf(stderr, "wirelog: %s\n", append->reason);
		return WL_INTERRUPT_EXIT;
	}
	if (append->status != 0)
		return wl_tool_refuse(append->status, "%s", append->reason);
	return EX_OK;
}

static int run(struct options *options)
{
	static struct wl_append append;
	struct wirelog_options library = WIRELOG_OPTIONS_DEFAULT;
	int status, code;

	options->plan.tell = !options->quiet;
	if (strcmp(options->plan.path, "-") == 0 && isatty(STDIN_FILENO) && !options->quiet)
		fprintf(stderr, "wirelog: reading standard input, Control-D ends it\n");
	status = wl_append_open(&append, &options->plan);
	if (status == 0) {
		status = wl_tool_cluster_find(&options->cluster);
		if (status != 0) {
			wl_append_close(&append);
			return wirelog_status_exit_code(status);
		}
		wl_tool_cluster_set_options(&options->cluster, &library);
		wl_interrupt_catch();
		wl_append_run(&append, &library);
	}
	code = finish(options, &append);
	wl_append_close(&append);
	return code;
}

int wl_cmd_append(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_argp, 0, NULL, 20}, {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[FILE]",
		.doc = "Appends the records of FILE, or of standard input, and says when each was answered: rate, "
		       "level, latency.\vExit code 0: every record was acknowledged at the level that was asked for. "
		       "65: the input is not of the format; what stands before the bad record was appended. "
		       "75: records expired, or their outcome is unknown. 130: interrupted. `wirelog help "
		       "exit-codes` has the rest.",
		.children = children,
	};
	static struct options options = {
		.plan = {.path = "-",
			 .format = WL_RECORD_FORMAT_LINES,
			 .level = WIRELOG_COMMITTED,
			 .outstanding = OUTSTANDING_DEFAULT,
			 .timeout_ns = TIMEOUT_DEFAULT_NS,
			 .interrupted = &wl_interrupted},
	};

	wl_tool_option_parse(&argp, "wirelog append", argc, argv, &options);
	return run(&options);
}
