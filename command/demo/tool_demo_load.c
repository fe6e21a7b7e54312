/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_load.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/itch/itch.h"
#include "command/tool_format.h"

#define SECOND_NS UINT64_C(1000000000)
#define BURST 64u /* records offered between two polls: a few frames */
#define REST_US 1000u
/* Longer than any election, shorter than a newcomer's patience. */
#define SILENCE_NS (25 * SECOND_NS)
#define ONE_AT_A_TIME_NS (3 * SECOND_NS) /* a slow disk shall not make the rest wait */
#define APPEND_TIMEOUT_NS (30 * SECOND_NS)

__attribute__((format(printf, 3, 4))) static void fail(struct wl_demo_load *load, int status,
						       const char *format, ...)
{
	va_list arguments;

	if (load->status != 0)
		return;
	load->status = status;
	va_start(arguments, format);
	vsnprintf(load->reason, sizeof(load->reason), format, arguments);
	va_end(arguments);
}

static void set_cluster(struct wirelog_options *options, const struct wl_where *where)
{
	options->endpoints = where->endpoints;
	options->key_file = where->key_file;
	options->cluster = where->cluster;
}

static bool is_one_at_a_time(const struct wl_demo_load *load)
{
	return load->many_since_ns == 0;
}

/* ---- answers ------------------------------------------------------------------------------------ */

uint32_t wl_demo_load_leader(const struct wl_demo_load *load)
{
	struct wirelog_position position;

	wirelog_get_position(load->log, &position);
	return position.leader;
}

static void note_next_answer(struct wl_demo_load *load, uint64_t now_ns)
{
	uint32_t leader = wl_demo_load_leader(load);

	/* What the dead leader had answered before it died may still arrive; that is not the next one. */
	if (leader == 0 || leader == load->avoid)
		return;
	load->next_answer_ns = now_ns - load->avoid_since_ns;
	load->last_leader = leader;
}

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct wl_demo_load *load = context;
	uint64_t now_ns = wl_clock_now_ns(&load->clock), since_ns = (uint64_t)(uintptr_t)ack->tag;

	if (ack->status != WIRELOG_OK) {
		fail(load, ack->status, "append %" PRId64 " was not acknowledged: %s",
		     ack->sequence, wirelog_status_cause(ack->status));
		return;
	}
	if (load->acknowledged++ == 0)
		load->first_number = ack->number - (uint64_t)(ack->sequence - load->first_sequence);
	if (ack->number != load->first_number + (uint64_t)(ack->sequence - load->first_sequence))
		load->misnumbered++;
	load->answered_ns = now_ns;
	wl_histogram_record(is_one_at_a_time(load) ? &load->one : &load->many,
			    now_ns > since_ns ? now_ns - since_ns : 1);
	if (load->avoid != 0 && load->next_answer_ns == 0)
		note_next_answer(load, now_ns);
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct wl_demo_load *load = context;

	if (event->kind == WIRELOG_EVENT_SESSION_LOST)
		fail(load, WIRELOG_SESSION_UNKNOWN, "%s",
		     wirelog_status_cause(WIRELOG_SESSION_UNKNOWN));
}

/* ---- offers ------------------------------------------------------------------------------------- */

static bool hold_next(struct wl_demo_load *load)
{
	if (load->held != NULL || load->source_ended)
		return load->held != NULL;
	switch (wl_record_source_next(&load->source, &load->held, &load->held_bytes)) {
	case WL_RECORD_SOURCE_RECORD:
		return true;
	case WL_RECORD_SOURCE_END:
		load->source_ended = true;
		break;
	default:
		fail(load, WIRELOG_INPUT_UNREADABLE, "%s cannot be read", load->path);
		break;
	}
	load->held = NULL;
	return false;
}

static bool offer(struct wl_demo_load *load, uint64_t now_ns)
{
	struct wirelog_append_options options = {
		.level = WIRELOG_COMMITTED,
		.tag = (void *)(uintptr_t)now_ns,
	};
	int64_t sequence = wirelog_append(load->log, load->held, load->held_bytes, &options);

	if (sequence == WIRELOG_BACK_PRESSURE)
		return false;
	if (sequence < 0) {
		fail(load, (int)sequence, "message %" PRIu64 ": %s", load->source.records,
		     wirelog_status_cause((int)sequence));
		return false;
	}
	if (load->offered++ == 0)
		load->first_sequence = sequence;
	load->bytes += load->held_bytes;
	load->held = NULL;
	return true;
}

static unsigned fill(struct wl_demo_load *load)
{
	uint32_t most = is_one_at_a_time(load) ? 1 : WL_DEMO_OUTSTANDING;
	uint64_t now_ns = wl_clock_now_ns(&load->clock);
	unsigned count = 0;

	while (count < BURST && load->status == 0 && wirelog_outstanding(load->log) < most &&
	       hold_next(load) && offer(load, now_ns))
		count++;
	return count;
}

static void tend(struct wl_demo_load *load, uint64_t now_ns)
{
	char text[32];

	if (is_one_at_a_time(load) && (load->acknowledged >= WL_DEMO_ONE_AT_A_TIME ||
				       now_ns > load->started_ns + ONE_AT_A_TIME_NS)) {
		load->many_since_ns = now_ns;
		load->many_from = load->acknowledged;
	}
	if (!wl_tool_progress_is_due(&load->progress, now_ns))
		return;
	wl_clock_tend(&load->clock);
	wl_tool_format_count(load->acknowledged, text);
	wl_tool_progress_show(&load->progress, now_ns, "%3.0f%%  %s acknowledged%s",
			      100.0 * (double)load->acknowledged / (double)load->messages, text,
			      wl_demo_load_leader(load) == 0 ? ", waiting for a leader" : "");
}

static void loop(struct wl_demo_load *load)
{
	while (load->status == 0 &&
	       !(load->source_ended && load->held == NULL && wirelog_outstanding(load->log) == 0)) {
		int done = fill(load) > 0 ? wirelog_poll(load->log)
					  : wirelog_wait(load->log, REST_US);
		uint64_t now_ns = wl_clock_now_ns(&load->clock);

		if (done < 0)
			fail(load, done, "%s", wirelog_status_cause(done));
		if (*load->interrupted)
			fail(load, WIRELOG_CLOSED, "interrupted");
		if (now_ns > load->answered_ns + SILENCE_NS)
			fail(load, WIRELOG_TIMED_OUT,
			     "no append was acknowledged for %d s; %" PRIu64 " of %" PRIu64
			     " were before",
			     (int)(SILENCE_NS / SECOND_NS), load->acknowledged, load->messages);
		tend(load, now_ns);
		if (load->on_turn != NULL && load->status == 0) {
			done = load->on_turn(load->context, load);
			if (done != 0)
				fail(load, done, "%s", wirelog_status_cause(done));
		}
	}
}

int wl_demo_load_run(struct wl_demo_load *load, const struct wl_where *where)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog_position position;
	int status;

	wl_histogram_init(&load->one, WL_DEMO_LATENCY_MAX_NS, load->one_counters);
	wl_histogram_init(&load->many, WL_DEMO_LATENCY_MAX_NS, load->many_counters);
	if (wl_record_source_open(&load->source, load->path, WL_RECORD_FORMAT_ITCH50,
				  WL_ITCH_MESSAGE_BYTES_MAX) != 0) {
		fail(load, WIRELOG_INPUT_UNREADABLE, "%s cannot be read", load->path);
		return load->status;
	}
	set_cluster(&options, where);
	options.outstanding_max = WL_DEMO_OUTSTANDING;
	options.append_timeout_ns = APPEND_TIMEOUT_NS;
	options.on_ack = on_ack;
	options.on_event = on_event;
	options.context = load;
	status = wirelog_connect(&load->log, &options);
	if (status != 0) {
		fail(load, status, "%s", wirelog_last_reason());
		goto out;
	}
	wl_clock_open(&load->clock, NULL, 0);
	load->started_ns = load->answered_ns = wl_clock_now_ns(&load->clock);
	wl_tool_progress_init(&load->progress, true);
	loop(load);
	wl_tool_progress_clear(&load->progress);
	load->ended_ns = wl_clock_now_ns(&load->clock);
	wirelog_get_position(load->log, &position);
	load->session = position.session;
	wirelog_close(load->log);
	load->log = NULL;
out:
	wl_record_source_close(&load->source);
	return load->status;
}

/* ---- reading back ------------------------------------------------------------------------------- */

static bool next_source(void *context, const uint8_t **bytes, size_t *size)
{
	return wl_record_source_next(context, bytes, size) == WL_RECORD_SOURCE_RECORD;
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct wl_demo_reading *reading = context;
	struct wl_demo_compare_record met = {
		.number = record->number,
		.session = record->session,
		.sequence = record->sequence,
		.bytes = record->bytes,
		.size = record->size,
	};

	wl_demo_compare_take(reading->compare, &met);
}

static void end_reading(struct wl_demo_reading *reading, int status, const char *reason)
{
	if (reading->status != 0)
		return;
	reading->status = status;
	snprintf(reading->reason, sizeof(reading->reason), "%s", reason);
}

static void on_reading_event(void *context, const struct wirelog_event *event)
{
	struct wl_demo_reading *reading = context;

	if (event->kind == WIRELOG_EVENT_GAP)
		end_reading(reading, event->status, wirelog_status_cause(event->status));
	if (event->kind != WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		return;
	switch (event->status) {
	case WIRELOG_SLOW_READER:
	case WIRELOG_NOT_CONNECTED:
	case WIRELOG_TIMED_OUT:
		reading->resubscribe_at = reading->compare->last_number + 1;
		break;
	default:
		end_reading(reading, event->status, wirelog_status_cause(event->status));
	}
}

static void read_all(struct wl_demo_reading *reading)
{
	const struct wl_demo_compare *compare = reading->compare;
	uint64_t seen = 0;
	char text[32];

	reading->resubscribe_at = 1;
	while (reading->status == 0 && compare->last_number < reading->until_number) {
		uint64_t now_ns;
		int done = wirelog_wait(reading->log, REST_US);

		if (done >= 0 && reading->resubscribe_at != 0) {
			done = wirelog_subscribe(reading->log, WIRELOG_FROM_NUMBER,
						 reading->resubscribe_at);
			reading->resubscribe_at = 0;
		}
		now_ns = wl_clock_kernel_ns();
		if (done < 0)
			end_reading(reading, done, wirelog_status_cause(done));
		if (*reading->interrupted)
			end_reading(reading, WIRELOG_CLOSED, "interrupted");
		if (compare->met != seen)
			reading->heard_ns = now_ns;
		seen = compare->met;
		if (now_ns > reading->heard_ns + SILENCE_NS)
			end_reading(reading, WIRELOG_TIMED_OUT,
				    "the reader heard nothing more before the end of the journal");
		if (!wl_tool_progress_is_due(&reading->progress, now_ns))
			continue;
		wl_tool_format_count(compare->met, text);
		wl_tool_progress_show(&reading->progress, now_ns, "%s read and compared", text);
	}
}

int wl_demo_load_read(struct wl_demo_reading *reading, const struct wl_where *where)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	int status;

	if (wl_record_source_open(&reading->source, reading->path, WL_RECORD_FORMAT_ITCH50,
				  WL_ITCH_MESSAGE_BYTES_MAX) != 0) {
		end_reading(reading, WIRELOG_INPUT_UNREADABLE, "the day cannot be read");
		return reading->status;
	}
	reading->compare->next_source = next_source;
	reading->compare->context = &reading->source;
	set_cluster(&options, where);
	options.node = reading->node;
	options.on_record = on_record;
	options.on_event = on_reading_event;
	options.context = reading;
	status = wirelog_connect(&reading->log, &options);
	if (status != 0) {
		end_reading(reading, status, wirelog_last_reason());
		goto out;
	}
	reading->started_ns = reading->heard_ns = wl_clock_kernel_ns();
	wl_tool_progress_init(&reading->progress, true);
	read_all(reading);
	wl_tool_progress_clear(&reading->progress);
	reading->ended_ns = wl_clock_kernel_ns();
	wirelog_close(reading->log);
	if (reading->status == 0)
		wl_demo_compare_end(reading->compare);
out:
	wl_record_source_close(&reading->source);
	return reading->status;
}
