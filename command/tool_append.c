/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_append.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/tool_format.h"
#include "command/tool_path.h"

#define SECOND_NS UINT64_C(1000000000)
#define BURST 64u /* records offered between two polls: a few frames */
#define REST_US 1000u

__attribute__((format(printf, 3, 4))) static int fail(struct wl_append *append, int status,
						      const char *format, ...)
{
	va_list arguments;

	/* The first thing that went wrong is what is worth knowing. */
	if (append->status == 0) {
		append->status = status;
		va_start(arguments, format);
		vsnprintf(append->reason, sizeof(append->reason), format, arguments);
		va_end(arguments);
	}
	append->is_over = true;
	return append->status;
}

static uint64_t now_of(struct wl_append *append)
{
	if (append->now_ns == 0)
		append->now_ns = wl_clock_now_ns(&append->clock);
	return append->now_ns;
}

/* ---- answers ------------------------------------------------------------------------------------ */

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct wl_append *append = context;
	struct wl_append_flight *flight = ack->tag;
	uint64_t now_ns = now_of(append), since_ns = flight->since_ns;
	uint64_t latency_ns = now_ns > since_ns ? now_ns - since_ns : 1;

	flight->next = append->idle;
	append->idle = flight;
	if (ack->status != WIRELOG_OK) {
		append->failed[-ack->status < WL_APPEND_STATUSES ? -ack->status
								 : -WIRELOG_INTERNAL]++;
		/* Expired is an answer that was asked for; after any other the order may have a hole. */
		if (ack->status != WIRELOG_EXPIRED && !append->plan->keep_going)
			fail(append, ack->status, "append %" PRId64 " of this run: %s",
			     ack->sequence, wirelog_status_cause(ack->status));
		return;
	}
	append->acknowledged++;
	append->bytes += flight->bytes;
	if (append->first_number == 0 || ack->number < append->first_number)
		append->first_number = ack->number;
	if (ack->number > append->last_number)
		append->last_number = ack->number;
	if (append->level == WIRELOG_LEVEL_DEFAULT || ack->level < append->level)
		append->level = ack->level;
	append->answered_ns = now_ns;
	wl_histogram_record(append->hlog_open ? &append->interval : &append->latency, latency_ns);
	wl_tool_stages_record(&append->stages, latency_ns, flight->offered_ns - since_ns, ack);
}

static void tell_path(struct wl_append *append, const struct wirelog_event *event)
{
	char text[512];

	wl_tool_path_describe(event, text, sizeof(text));
	wl_tool_progress_clear(&append->progress);
	fprintf(stderr, "wirelog: %s\n", text);
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct wl_append *append = context;

	switch (event->kind) {
	case WIRELOG_EVENT_NEW_LEADER:
		if (append->plan->tell && append->leader != 0 && append->leader != event->node &&
		    event->node != 0) {
			wl_tool_progress_clear(&append->progress);
			fprintf(stderr, "wirelog: node %u leads now (term %" PRIu64 ")\n",
				event->node, event->term);
		}
		append->leader = event->node != 0 ? event->node : append->leader;
		break;
	case WIRELOG_EVENT_PATH_MTU:
		if (append->plan->tell || event->status != WIRELOG_OK)
			tell_path(append, event);
		break;
	case WIRELOG_EVENT_SESSION_LOST:
		fail(append, WIRELOG_SESSION_UNKNOWN, "%s",
		     wirelog_status_cause(WIRELOG_SESSION_UNKNOWN));
		break;
	default:
		break;
	}
}

/* ---- offers ------------------------------------------------------------------------------------- */

static int status_of_source(const struct wl_append *append)
{
	switch (append->source.error.cause) {
	case WL_RECORD_SOURCE_READ_FAILED:
		return WIRELOG_INPUT_UNREADABLE;
	case WL_RECORD_SOURCE_TOO_LONG:
		return WIRELOG_RECORD_TOO_LARGE;
	case WL_RECORD_SOURCE_EMPTY:
		/* No message of ITCH is empty: there it is the file that is wrong. */
		if (append->plan->format != WL_RECORD_FORMAT_ITCH50)
			return WIRELOG_RECORD_EMPTY;
		return WIRELOG_INPUT_MALFORMED;
	default:
		return WIRELOG_INPUT_MALFORMED;
	}
}

static int fail_source(struct wl_append *append)
{
	char text[384];

	wl_record_source_describe(&append->source, text, sizeof(text));
	return fail(append, status_of_source(append), "%s: %s",
		    strcmp(append->plan->path, "-") == 0 ? "standard input" : append->plan->path,
		    text);
}

/* A record is in `held` afterwards, or there is none now. */
static bool hold_next(struct wl_append *append)
{
	const struct wl_append_plan *plan = append->plan;

	while (append->held == NULL && !append->is_over) {
		if (plan->limit != 0 && append->offered == plan->limit) {
			append->is_over = true;
			return false;
		}
		switch (wl_record_source_next(&append->source, &append->held,
					      &append->held_bytes)) {
		case WL_RECORD_SOURCE_RECORD:
			if (append->source.records <= plan->skip)
				append->held = NULL;
			break;
		case WL_RECORD_SOURCE_END:
			append->is_over = true;
			append->held = NULL;
			return false;
		case WL_RECORD_SOURCE_WAIT:
			append->held = NULL;
			return false;
		case WL_RECORD_SOURCE_ERROR:
			append->held = NULL;
			fail_source(append);
			return false;
		}
	}
	return append->held != NULL;
}

/* When the next record is to be offered. */
static uint64_t due_ns(const struct wl_append *append)
{
	return append->started_ns +
	       (uint64_t)((unsigned __int128)append->offered * SECOND_NS / append->plan->rate);
}

static bool offer(struct wl_append *append)
{
	const struct wl_append_plan *plan = append->plan;
	struct wirelog_append_options options = {.level = plan->level,
						 .not_after_ns = plan->not_after_ns};
	struct wl_append_flight *flight = append->idle;
	int64_t sequence;

	flight->offered_ns = now_of(append);
	flight->since_ns = plan->rate ? due_ns(append) : flight->offered_ns;
	flight->bytes = append->held_bytes;
	if (flight->since_ns > flight->offered_ns)
		return false;
	if (plan->lifetime_ns != 0)
		options.not_after_ns =
			wl_clock_wall_ns(&append->clock, flight->offered_ns) + plan->lifetime_ns;
	options.tag = flight;
	sequence = wirelog_append(append->log, append->held, append->held_bytes, &options);
	if (sequence == WIRELOG_BACK_PRESSURE)
		return false;
	if (sequence < 0) {
		fail(append, (int)sequence, "record %" PRIu64 " (%zu bytes): %s",
		     append->source.records, append->held_bytes,
		     wirelog_status_cause((int)sequence));
		append->held = NULL;
		return false;
	}
	append->idle = flight->next;
	append->offered++;
	append->held = NULL;
	return true;
}

static unsigned int fill(struct wl_append *append)
{
	unsigned int count = 0;

	append->now_ns = 0;
	while (count < BURST && wirelog_outstanding(append->log) < append->plan->outstanding &&
	       hold_next(append) && offer(append))
		count++;
	return count;
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static void write_interval(struct wl_append *append, uint64_t now_ns)
{
	struct wl_hlog_interval interval = {
		.start_s = (double)(append->interval_ns - append->started_ns) / 1e9,
		.length_s = (double)(now_ns - append->interval_ns) / 1e9,
	};
	int result = wl_hlog_file_write(&append->hlog, &interval, &append->interval);

	if (result != 0)
		fail(append, WIRELOG_OUTPUT_FAILED, "%s: %s", append->plan->hlog,
		     strerror(-result));
	wl_histogram_add(&append->latency, &append->interval);
	wl_histogram_reset(&append->interval);
	append->interval_ns = now_ns;
}

static void show_progress(struct wl_append *append, uint64_t now_ns)
{
	const struct wl_byte_stream *stream = &append->source.stream;
	double seconds = (double)(now_ns - append->started_ns) / 1e9;
	char acknowledged[32], rate[32], share[16] = "";
	struct wirelog_position position;

	wirelog_get_position(append->log, &position);
	wl_tool_format_count(append->acknowledged, acknowledged);
	wl_tool_format_count((uint64_t)((double)append->acknowledged / (seconds > 0 ? seconds : 1)),
			     rate);
	if (append->plan->limit == 0 && stream->bytes_total > 0)
		snprintf(share, sizeof(share), "%3.0f%%  ",
			 100.0 * (double)stream->bytes_read / (double)stream->bytes_total);
	wl_tool_progress_show(&append->progress, now_ns,
			      "%s%s acknowledged  %s/s  %u outstanding%s", share, acknowledged,
			      rate, wirelog_outstanding(append->log),
			      position.leader == 0 ? "  waiting for a leader" : "");
}

/* What is done about once a second or less. */
static void tend(struct wl_append *append)
{
	uint64_t now_ns = now_of(append);

	if (wl_tool_progress_is_due(&append->progress, now_ns))
		show_progress(append, now_ns);
	if (now_ns < append->tend_ns)
		return;
	append->tend_ns = now_ns + SECOND_NS;
	wl_clock_tend(&append->clock);
	if (append->hlog_open)
		write_interval(append, now_ns);
}

static uint32_t rest_us(struct wl_append *append)
{
	uint64_t now_ns = now_of(append), wanted_ns;

	if (append->plan->rate == 0 || append->held == NULL)
		return REST_US;
	wanted_ns = due_ns(append);
	if (wanted_ns <= now_ns)
		return 0;
	return wanted_ns - now_ns < REST_US * 1000u ? (uint32_t)((wanted_ns - now_ns) / 1000)
						    : REST_US;
}

static void turn(struct wl_append *append)
{
	unsigned int offered = fill(append);
	uint32_t most_us = offered > 0 ? 0 : rest_us(append);
	int done;

	append->now_ns = 0;
	if (offered > 0) {
		done = wirelog_poll(append->log);
	} else if (append->held == NULL && !append->is_over &&
		   wirelog_outstanding(append->log) == 0) {
		/* Nothing to send and nothing to hear: the source is what there is to wait for. */
		wl_record_source_wait(&append->source, 20);
		done = wirelog_poll(append->log);
	} else {
		done = wirelog_wait(append->log, most_us);
	}
	if (done < 0)
		fail(append, done, "%s", wirelog_status_cause(done));
	tend(append);
}

static void loop(struct wl_append *append)
{
	uint64_t give_up_ns = UINT64_MAX;

	while (!append->is_over || append->held != NULL || wirelog_outstanding(append->log) > 0) {
		if (append->status != 0 || *append->plan->interrupted) {
			append->is_over = true;
			append->held = NULL;
		}
		/* The library answers every append in its time; this is for an error of its own. */
		if (append->is_over && append->held == NULL && give_up_ns == UINT64_MAX)
			give_up_ns = now_of(append) + 10 * SECOND_NS + append->plan->timeout_ns;
		if (now_of(append) > give_up_ns || append->status == WIRELOG_CLOSED)
			break;
		turn(append);
	}
}

/* ---- begin and end ------------------------------------------------------------------------------ */

int wl_append_open(struct wl_append *append, const struct wl_append_plan *plan)
{
	int result;

	memset(append, 0, sizeof(*append));
	append->plan = plan;
	append->source.stream.fd = -1;
	wl_histogram_init(&append->latency, WL_APPEND_LATENCY_MAX_NS, append->latency_counters);
	wl_histogram_init(&append->interval, WL_APPEND_LATENCY_MAX_NS, append->interval_counters);
	result = wl_record_source_open(&append->source, plan->path, plan->format,
				       WIRELOG_RECORD_BYTES_MAX);
	if (result != 0) {
		append->source.buffer = NULL;
		return fail(append, WIRELOG_INPUT_UNREADABLE, "%s: %s", plan->path,
			    strerror(-result));
	}
	hold_next(append);
	return append->status;
}

static uint32_t power_of_two(uint32_t number)
{
	return number <= 1 ? 1 : 1u << (32 - __builtin_clz(number - 1));
}

/* Before anything is appended: who asks later what became of it has to know its name. */
static int tell_session(struct wl_append *append)
{
	uint64_t until_ns = wl_clock_kernel_ns() + append->plan->timeout_ns;
	struct wirelog_position position;

	wirelog_open_session(append->log);
	do {
		wirelog_wait(append->log, 1000);
		wirelog_get_position(append->log, &position);
	} while (position.session == 0 && append->status == 0 && !*append->plan->interrupted &&
		 wl_clock_kernel_ns() < until_ns);
	if (position.session == 0)
		return fail(append, WIRELOG_TIMED_OUT, "no session could be opened");
	fprintf(stderr, "session %016" PRIx64 "\n", position.session);
	return 0;
}

static int connect_to(struct wl_append *append, const struct wirelog_options *cluster)
{
	struct wirelog_options options = *cluster;
	struct wirelog_position position;
	int status;

	options.outstanding_max = power_of_two(append->plan->outstanding);
	options.append_timeout_ns = append->plan->timeout_ns;
	options.on_ack = on_ack;
	options.on_event = on_event;
	options.context = append;
	status = wirelog_connect(&append->log, &options);
	if (status != 0)
		return fail(append, status, "%s", wirelog_last_reason());
	wirelog_get_position(append->log, &position);
	append->leader = position.leader;
	/* The source then says which line or message is too long, and where. */
	if (position.record_bytes_max != 0 && position.record_bytes_max < WIRELOG_RECORD_BYTES_MAX)
		append->source.record_bytes_max = position.record_bytes_max;
	return append->plan->tell_session ? tell_session(append) : 0;
}

static int make_flights(struct wl_append *append)
{
	uint32_t count = append->plan->outstanding;

	append->flights = calloc(count, sizeof(append->flights[0]));
	if (append->flights == NULL)
		return fail(append, WIRELOG_NO_MEMORY, "%" PRIu32 " records outstanding: %s", count,
			    wirelog_status_cause(WIRELOG_NO_MEMORY));
	for (uint32_t at = 0; at < count; at++)
		append->flights[at].next = at + 1 < count ? &append->flights[at + 1] : NULL;
	append->idle = append->flights;
	return 0;
}

static int open_hlog(struct wl_append *append)
{
	int result;

	if (append->plan->hlog == NULL)
		return 0;
	result = wl_hlog_file_open(&append->hlog, append->plan->hlog, (double)time(NULL));
	if (result != 0)
		return fail(append, WIRELOG_OUTPUT_FAILED, "%s: %s", append->plan->hlog,
			    strerror(-result));
	append->hlog_open = true;
	return 0;
}

static void close_hlog(struct wl_append *append)
{
	int result;

	if (!append->hlog_open)
		return;
	write_interval(append, append->ended_ns);
	result = wl_hlog_file_close(&append->hlog);
	append->hlog_open = false;
	if (result != 0)
		fail(append, WIRELOG_OUTPUT_FAILED, "%s: %s", append->plan->hlog,
		     strerror(-result));
}

/* With keep_going nothing ended the run; still it must end with the code of what was refused. */
static int refusal_of(const struct wl_append *append)
{
	for (int number = 0; number < WL_APPEND_STATUSES; number++)
		if (append->failed[number] != 0 && number != -WIRELOG_EXPIRED)
			return -number;
	return append->failed[-WIRELOG_EXPIRED] != 0 ? WIRELOG_EXPIRED : WIRELOG_UNKNOWN_OUTCOME;
}

static void conclude(struct wl_append *append)
{
	uint64_t missing = append->offered - append->acknowledged;

	if (append->status == 0 && *append->plan->interrupted)
		fail(append, WIRELOG_INTERRUPTED,
		     "interrupted after record %" PRIu64 "; what was offered has its answer",
		     append->plan->skip + append->offered);
	else if (append->status == 0 && missing > 0)
		fail(append, refusal_of(append),
		     "%" PRIu64 " of %" PRIu64 " records were not acknowledged", missing,
		     append->offered);
}

int wl_append_run(struct wl_append *append, const struct wirelog_options *options)
{
	struct wirelog_position position;

	if (make_flights(append) != 0 || open_hlog(append) != 0 || connect_to(append, options) != 0)
		goto out;
	wl_clock_open(&append->clock, NULL, 0);
	append->now_ns = 0;
	append->started_ns = append->interval_ns = now_of(append);
	append->tend_ns = append->started_ns + SECOND_NS;
	wl_tool_progress_init(&append->progress, append->plan->tell);
	loop(append);
	wl_tool_progress_clear(&append->progress);
	wirelog_get_position(append->log, &position);
	append->session = position.session;
	conclude(append);
out:
	append->ended_ns = append->started_ns != 0 ? wl_clock_now_ns(&append->clock) : 0;
	if (append->answered_ns == 0)
		append->answered_ns = append->ended_ns;
	close_hlog(append);
	return append->status;
}

void wl_append_close(struct wl_append *append)
{
	if (append->log != NULL)
		wirelog_close(append->log);
	append->log = NULL;
	free(append->flights);
	append->flights = append->idle = NULL;
	if (append->source.buffer != NULL)
		wl_record_source_close(&append->source);
}
