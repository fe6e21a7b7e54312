/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog tail`: committed records to standard output. Without --follow it ends at the last record that was
 * committed when it asked; a reader that lost its place (its node died, it was too slow) goes on behind the
 * last record that it wrote, so nothing is written twice or left out. Under a consumer's name it begins at the checkpoint, and
 * commits what was written out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_cluster.h"
#include "command/tool_cursor_file.h"
#include "command/tool_format.h"
#include "command/tool_interrupt.h"
#include "command/tool_path.h"
#include "command/tool_print_record.h"
#include "command/tool_progress.h"
#include "command/tool_refuse.h"
#include "command/tool_tail_options.h"
#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define SECOND_NS UINT64_C(1000000000)
#define LAST_DEFAULT 10u
#define LEARN_NS (SECOND_NS / 2) /* so long nothing is known to be committed: nothing is */
#define QUIET_NS (2 * SECOND_NS) /* so long no record of that time or later: there is none */
#define PATIENCE_NS \
	(15 * SECOND_NS) /* so long without a record that is known to be committed: an error */
#define COMMIT_NS \
	(SECOND_NS / 10) /* what streams in is written out, and then committed, as often */
#define OUTPUT_BYTES (256u << 10)

struct tail {
	const struct wl_tail_options *options;
	struct wirelog *log;
	struct wl_tool_progress progress;
	uint64_t printed, next_number; /* 0: not known yet, the subscription began at a time */
	uint64_t heard_ns; /* last record, gap or new subscription */
	struct wirelog_cursor cursor; /* behind what was printed */
	bool asks_end; /* how long the journal is was asked, for the cursor, and not answered yet */
	bool is_done, resubscribe, unflushed;
	uint64_t flushed_ns;
	bool path_is_unusable; /* of the node that was read from last */
	int checkpoint_status; /* why it is not known to be where we are, or not there; 0: nothing is wrong */
	int status; /* the worst thing that happened, or why it ended */
	char reason[256];
};

/* ---- the cursor --------------------------------------------------------------------------------- */

static void note_cursor(struct tail *tail)
{
	if (tail->options->cursor_file)
		(void)wirelog_get_cursor(tail->log, &tail->cursor);
}

static void keep_cursor(struct tail *tail)
{
	const char *path = tail->options->cursor_file;

	if (path && tail->cursor.next_number != 0 &&
	    wl_cursor_file_write(path, &tail->cursor) != 0) {
		snprintf(tail->reason, sizeof(tail->reason), "%s: %s", path, strerror(errno));
		tail->is_done = true;
		tail->status = WIRELOG_OUTPUT_FAILED;
	}
}

/* A journal that ends before what was read once is another one: its nodes would wait for that number to come again. */
static void on_end(struct tail *tail, const struct wirelog_event *event)
{
	tail->asks_end = false;
	if (event->status != WIRELOG_OK || event->number >= tail->cursor.known_number)
		return;
	snprintf(tail->reason, sizeof(tail->reason),
		 "%s: record %" PRIu64 " was read, and the journal ends at %" PRIu64,
		 tail->options->cursor_file, tail->cursor.known_number, event->number);
	tail->is_done = true;
	tail->status = WIRELOG_DIVERGED;
}

static int subscribe_at_cursor(struct tail *tail)
{
	tail->next_number = tail->cursor.next_number;
	tail->asks_end = wirelog_ask_end(tail->log) > 0;
	return wirelog_subscribe_at(tail->log, &tail->cursor);
}

/* ---- what the library tells --------------------------------------------------------------------- */

static void end(struct tail *tail, int status)
{
	tail->is_done = true;
	tail->status = status;
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct tail *tail = context;
	int status;

	/* What still comes after the last one that is wanted; after a new subscription, what came before. */
	if (tail->is_done || record->number < tail->next_number)
		return;
	wl_tool_progress_clear(&tail->progress);
	status = wl_print_record(stdout, tail->options->format, record);
	if (status == WIRELOG_INPUT_MALFORMED)
		snprintf(tail->reason, sizeof(tail->reason),
			 "record %" PRIu64 " (%zu bytes) cannot be written in this format",
			 record->number, record->size);
	if (status != 0) {
		end(tail, status);
		return;
	}
	tail->unflushed = true;
	tail->next_number = record->number + 1;
	note_cursor(tail);
	tail->heard_ns = wl_clock_kernel_ns();
	if (++tail->printed == tail->options->count)
		tail->is_done = true;
}

static void on_gap(struct tail *tail, const struct wirelog_event *event)
{
	fflush(stdout);
	wl_tool_progress_clear(&tail->progress);
	fprintf(stderr, "wirelog: records %" PRIu64 " to %" PRIu64 " cannot be read: %s [%s]\n",
		event->first_number, event->next_number - 1, wirelog_status_cause(event->status),
		wirelog_status_name(event->status));
	if (tail->status == 0)
		snprintf(tail->reason, sizeof(tail->reason),
			 "records %" PRIu64 " to %" PRIu64 " are missing above",
			 event->first_number, event->next_number - 1);
	tail->status = event->status;
	tail->next_number = event->next_number;
	note_cursor(tail);
	tail->heard_ns = wl_clock_kernel_ns();
}

static void on_path(struct tail *tail, const struct wirelog_event *event)
{
	char text[512];

	wl_tool_path_describe(event, text, sizeof(text));
	tail->path_is_unusable = wl_tool_path_is_unusable(event);
	fflush(stdout);
	wl_tool_progress_clear(&tail->progress);
	fprintf(stderr, "wirelog: %s\n", text);
}

static void on_checkpoint(struct tail *tail, const struct wirelog_event *event)
{
	tail->checkpoint_status = event->status;
	switch (event->status) {
	case WIRELOG_OK:
		if (tail->next_number == 0)
			tail->next_number = event->next_number;
		tail->heard_ns = wl_clock_kernel_ns();
		break;
	case WIRELOG_UNKNOWN_OUTCOME:
		snprintf(
			tail->reason, sizeof(tail->reason),
			"records %" PRIu64 " to %" PRIu64
			" were written, and it is not known whether the checkpoint of '%s' is behind them",
			event->first_number, event->next_number - 1, tail->options->consumer);
		end(tail, event->status);
		break;
	default:
		snprintf(tail->reason, sizeof(tail->reason),
			 "the checkpoint of '%s' is not there any more: it was at %" PRIu64,
			 tail->options->consumer, event->first_number);
		end(tail, event->status);
		break;
	}
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct tail *tail = context;

	if (event->kind == WIRELOG_EVENT_CHECKPOINT)
		on_checkpoint(tail, event);
	if (tail->is_done)
		return;
	if (event->kind == WIRELOG_EVENT_PATH_MTU)
		on_path(tail, event);
	if (event->kind == WIRELOG_EVENT_END)
		on_end(tail, event);
	if (event->kind == WIRELOG_EVENT_GAP)
		on_gap(tail, event);
	if (event->kind != WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		return;
	switch (event->status) {
	case WIRELOG_SLOW_READER: /* a pipe or a pager that was not read */
	case WIRELOG_NO_LEADER: /* to take the checkpoint from */
	case WIRELOG_NOT_CONNECTED:
	case WIRELOG_TIMED_OUT:
	case WIRELOG_CLOSED:
		if (event->next_number > tail->next_number)
			tail->next_number = event->next_number;
		tail->resubscribe = true;
		break;
	default:
		end(tail, event->status);
	}
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static uint64_t commit_number_of(const struct tail *tail)
{
	struct wirelog_position position;

	wirelog_get_position(tail->log, &position);
	return position.commit_number;
}

/* The node's first answer may come before it knows what is committed. */
static uint64_t learn_commit_number(struct tail *tail)
{
	uint64_t until_ns = wl_clock_kernel_ns() + LEARN_NS, commit_number;

	while ((commit_number = commit_number_of(tail)) == 0 && wl_clock_kernel_ns() < until_ns &&
	       !wl_interrupted)
		wirelog_wait(tail->log, 10000);
	return commit_number;
}

static int consume(struct tail *tail)
{
	const struct wl_tail_options *options = tail->options;
	struct wirelog_consumer_options consumer = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	consumer.from = options->from;
	consumer.value = options->value;
	consumer.existing = options->existing;
	return wirelog_consume(tail->log, options->consumer, &consumer);
}

static int subscribe_first(struct tail *tail, uint64_t commit_number)
{
	const struct wl_tail_options *options = tail->options;
	uint64_t first = commit_number >= LAST_DEFAULT ? commit_number - LAST_DEFAULT + 1 : 1;

	if (options->from == WIRELOG_FROM_NUMBER)
		first = options->value;
	else if (options->cursor_file)
		first = 1;
	tail->heard_ns = wl_clock_kernel_ns();
	if (options->consumer)
		return consume(tail);
	if (tail->cursor.next_number != 0)
		return subscribe_at_cursor(tail);
	if (options->from == WIRELOG_FROM_TIME || options->from == WIRELOG_FROM_NOW)
		return wirelog_subscribe(tail->log, options->from, options->value);
	tail->next_number = first;
	return wirelog_subscribe(tail->log, WIRELOG_FROM_NUMBER, first);
}

static void subscribe_again(struct tail *tail)
{
	const struct wl_tail_options *options = tail->options;
	struct wirelog_cursor cursor = WIRELOG_CURSOR_DEFAULT;
	int status;

	tail->resubscribe = false;
	(void)wirelog_get_cursor(tail->log, &cursor);
	if (options->consumer) /* what comes again is passed over */
		status = consume(tail);
	else if (tail->next_number != 0 && cursor.next_number == tail->next_number)
		status = wirelog_subscribe_at(tail->log, &cursor);
	else if (tail->next_number != 0)
		status = wirelog_subscribe(tail->log, WIRELOG_FROM_NUMBER, tail->next_number);
	else
		status = wirelog_subscribe(tail->log, options->from, options->value);
	if (status != 0)
		end(tail, status);
}

/* Everything that was committed when we asked is written; or, from a time, nothing of that time is there. */
static bool is_at_end(const struct tail *tail, uint64_t commit_number, uint64_t now_ns)
{
	if (tail->options->follow)
		return false;
	if (tail->next_number > commit_number)
		/* Nothing is new behind a cursor: nodes have a moment to say that they contradict it. */
		return tail->options->cursor_file == NULL || tail->printed != 0 ||
		       (!tail->asks_end && now_ns - tail->heard_ns > LEARN_NS);
	return !tail->options->consumer && tail->next_number == 0 &&
	       now_ns - tail->heard_ns > QUIET_NS;
}

static void show_progress(struct tail *tail, uint64_t now_ns)
{
	char count[32];

	if (!wl_tool_progress_is_due(&tail->progress, now_ns))
		return;
	wl_tool_format_count(tail->printed, count);
	wl_tool_progress_show(&tail->progress, now_ns, "%s records", count);
}

/* Committed is what is out of our hands: written, as far as standard output tells. */
static void flush(struct tail *tail, uint64_t now_ns)
{
	tail->unflushed = false;
	tail->flushed_ns = now_ns;
	if (fflush(stdout) != 0) {
		end(tail, WIRELOG_OUTPUT_FAILED);
		return;
	}
	keep_cursor(tail);
	if (tail->options->consumer)
		(void)wirelog_commit(tail->log,
				     tail->next_number); /* refused: CHECKPOINT told why */
}

static void loop(struct tail *tail, uint64_t commit_number)
{
	while (!tail->is_done && !wl_interrupted) {
		uint64_t now_ns;
		int done = wirelog_wait(tail->log, 50000);

		if (done < 0)
			end(tail, done);
		now_ns = wl_clock_kernel_ns();
		/* Whole pages while records stream in, at once where somebody waits for them. */
		if (tail->unflushed && (done == 0 || (tail->options->consumer &&
						      now_ns - tail->flushed_ns > COMMIT_NS)))
			flush(tail, now_ns);
		if (tail->resubscribe)
			subscribe_again(tail);
		show_progress(tail, now_ns);
		if (is_at_end(tail, commit_number, now_ns))
			return;
		if (!tail->options->follow && now_ns - tail->heard_ns > PATIENCE_NS) {
			snprintf(tail->reason, sizeof(tail->reason),
				 "record %" PRIu64 " of %" PRIu64 " did not come",
				 tail->next_number, commit_number);
			end(tail, tail->path_is_unusable ? WIRELOG_PATH_MTU : WIRELOG_TIMED_OUT);
		}
	}
}

/* Until the checkpoint is where we are, or is told not to be known to be: as long as an append may take. */
static void leave(struct tail *tail)
{
	struct wirelog_consumer consumer;

	if (!tail->options->consumer)
		return;
	if (tail->unflushed)
		flush(tail, wl_clock_kernel_ns());
	wirelog_unsubscribe(tail->log);
	do {
		wirelog_wait(tail->log, 10000);
		wirelog_get_consumer(tail->log, &consumer);
	} while (consumer.committed > consumer.checkpoint && tail->checkpoint_status == 0);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int read_records(struct tail *tail, const struct wirelog_options *library)
{
	uint64_t commit_number;
	const char *path = tail->options->cursor_file;
	int status = path ? wl_cursor_file_read(path, &tail->cursor) : 0;

	if (status != 0 && status != 1)
		return status;
	status = wirelog_connect(&tail->log, library);
	if (status != 0)
		return wl_tool_refuse(status, "%s", wirelog_last_reason());
	wl_tool_progress_init(&tail->progress, !isatty(STDOUT_FILENO));
	commit_number = learn_commit_number(tail);
	if (tail->options->from == WIRELOG_FROM_NUMBER && !tail->options->follow &&
	    !tail->options->consumer && tail->options->value > commit_number)
		fprintf(stderr,
			"wirelog: the last committed record is %" PRIu64
			"; --follow waits for more\n",
			commit_number);
	status = subscribe_first(tail, commit_number);
	if (status != 0)
		end(tail, status);
	loop(tail, commit_number);
	leave(tail);
	wl_tool_progress_clear(&tail->progress);
	if (fflush(stdout) != 0)
		end(tail, WIRELOG_OUTPUT_FAILED);
	else if (tail->unflushed)
		keep_cursor(tail);
	wirelog_close(tail->log);
	if (tail->status != 0)
		return wl_tool_refuse(tail->status, "%s", tail->reason);
	return wl_interrupted ? WL_INTERRUPT_EXIT : EX_OK;
}

int wl_cmd_tail(int argc, char **argv)
{
	static struct wl_tail_options options;
	struct wirelog_options library = WIRELOG_OPTIONS_DEFAULT;
	struct tail tail = {.options = &options, .cursor = WIRELOG_CURSOR_DEFAULT};
	int status;

	wl_tail_options_parse(&options, argc, argv);
	if (isatty(STDOUT_FILENO) && options.format >= WL_PRINT_ITCH50 &&
	    options.format <= WL_PRINT_LEN16) {
		fprintf(stderr, "wirelog: this format is binary; send it to a file or a pipe\n");
		return EX_USAGE;
	}
	if (options.archive.count != 0) {
		setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
		wl_interrupt_catch();
		return wl_tail_archive(&options.archive);
	}
	status = wl_tool_cluster_find(&options.cluster);
	if (status != 0)
		return wirelog_status_exit_code(status);
	wl_tool_cluster_set_options(&options.cluster, &library);
	library.node = options.node;
	library.on_record = on_record;
	library.on_event = on_event;
	library.context = &tail;
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	wl_interrupt_catch();
	return read_records(&tail, &library);
}
