/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog dump`: the live records of a stopped node's journal and where each lies: entry, term, who appended
 * it, file and byte. A record without a number is one that the log keeps for itself: the first entry of a term, an
 * opened session, an append that had expired, what a leader asks of the state of all (trim, base, base-proven).
 */
#include <argp.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <jansson.h>

#include "command/commands.h"
#include "command/tool_format.h"
#include "command/tool_journal.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_verify.h"

#define REASON_BYTES 512u
#define HEX_WIDTH 16u

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_HEX,
};

struct options {
	const char *path;
	uint32_t journal;
	uint64_t from, count;
	enum format format;
};

struct dump {
	const struct options *options;
	struct wl_store *store;
	uint64_t left; /* records to show */
	struct wl_verify_place segment; /* start of the one that was asked for last */
	bool segment_known;
};

/* One line. */
struct row {
	const struct wl_reader_view *entry;
	const struct wl_record_view *record; /* NULL: the entry has none */
	struct wl_verify_place
		place; /* of the payload's first byte; of the header where there is no record */
	const char *kind;
	const struct wl_control *control; /* NULL: the record is none, or not known */
};

/* ---- options ------------------------------------------------------------------------------------ */

enum { KEY_JOURNAL = 0x100 };

static const struct argp_option option_table[] = {
	{"journal", KEY_JOURNAL, "N", 0, "which journal (default 0)", 0},
	{"from", 'n', "NUMBER", 0, "begin at this record (default 1)", 0},
	{"count", 'c', "N", 0, "show at most N numbered records", 0},
	{"format", 'f', "FORMAT", 0,
	 "table (default); json: an object a line; hex: the table with every record's bytes below it",
	 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	static const char *const formats[] = {"table", "json", "hex"};
	struct options *options = state->input;

	switch (key) {
	case KEY_JOURNAL:
		options->journal = wl_tool_option_journal(state, argument);
		return 0;
	case 'n':
		options->from = wl_tool_option_number(state, "--from", argument, 1, UINT64_MAX);
		return 0;
	case 'c':
		options->count = wl_tool_option_number(state, "--count", argument, 1, UINT64_MAX);
		return 0;
	case 'f':
		for (size_t at = 0; at < sizeof(formats) / sizeof(formats[0]); at++) {
			if (strcmp(argument, formats[at]) == 0) {
				options->format = (enum format)at;
				return 0;
			}
		}
		argp_error(state, "--format: '%s' is none of table, json, hex", argument);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which data directory or device?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* On a device each look-up of a segment opens it: once for each is enough. */
static void find_place(struct dump *dump, uint64_t offset, struct wl_verify_place *place)
{
	uint64_t segment_bytes = wl_store_superblock(dump->store)->segment_bytes;

	if (!dump->segment_known || dump->segment.number != offset / segment_bytes) {
		wl_verify_find_place(&dump->segment, dump->store, dump->options->journal,
				     segment_bytes, offset - offset % segment_bytes);
		dump->segment_known = true;
	}
	*place = dump->segment;
	place->offset = offset;
	place->byte += offset % segment_bytes;
}

static void print_header(void)
{
	printf("%12s %10s %6s %-11s %16s %10s %-30s %6s  %s\n", "number", "entry", "term", "kind",
	       "session", "sequence", "time", "bytes", "place");
}

static void print_ids(const char *before, wl_members members)
{
	const char *between = "";

	printf("%s", before);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (!wl_members_has(members, node))
			continue;
		printf("%s%u", between, node);
		between = ", ";
	}
}

static void print_list(const struct wl_control *control)
{
	wl_members old = (wl_members)(control->number >> 32);

	print_ids("  voters ", (wl_members)control->number);
	if (old != 0)
		print_ids("; and of ", old);
	if (control->index != 0)
		print_ids("; learners ", (wl_members)control->index);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (control->incarnation[node] != 0)
			printf("; data of %u %016" PRIx64, node, control->incarnation[node]);
}

static void print_loss(const struct wl_control *control)
{
	printf("  history %016" PRIx64 " behind %016" PRIx64 ", goes on at number %" PRIu64
	       ", no session is left",
	       control->digest, control->expects, control->number);
	print_ids(", voters ", (wl_members)control->index);
}

static void print_json_loss(const struct wl_control *control)
{
	printf(", \"history\": \"%016" PRIx64 "\", \"before\": \"%016" PRIx64
	       "\", \"goes_on_at\": %" PRIu64,
	       control->digest, control->expects, control->number);
	print_ids(", \"voters\": [", (wl_members)control->index);
	printf("]");
}

static void print_json_list(const struct wl_control *control)
{
	print_ids(", \"voters\": [", (wl_members)control->number);
	print_ids("], \"old_voters\": [", (wl_members)(control->number >> 32));
	print_ids("], \"learners\": [", (wl_members)control->index);
	printf("], \"data\": {");
	for (uint32_t node = 1, printed = 0; node <= WIRELOG_NODES_MAX; node++)
		if (control->incarnation[node] != 0)
			printf("%s\"%u\": \"%016" PRIx64 "\"", printed++ != 0 ? ", " : "", node,
			       control->incarnation[node]);
	printf("}");
}

static uint64_t limit_of(const struct wl_control *control, unsigned limit)
{
	return wl_journal_limit_told((enum wl_journal_limit)limit, control->limit[limit]);
}

static void print_limits(const struct wl_control *control)
{
	printf("  behind limits %" PRIu64, control->expects);
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		printf(" %s %" PRIu64, wl_journal_limit_name((enum wl_journal_limit)limit),
		       limit_of(control, limit));
}

static void print_json_limits(const struct wl_control *control)
{
	printf(", \"behind_limits\": %" PRIu64 ", \"limits\": {", control->expects);
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		printf("%s\"%s\": %" PRIu64, limit != 0 ? ", " : "",
		       wl_journal_limit_name((enum wl_journal_limit)limit),
		       limit_of(control, limit));
	printf("}");
}

/* What is asked, in words. */
static void print_control(const struct wl_control *control)
{
	char names[WL_FEATURES_TEXT_BYTES];

	switch (control->verb) {
	case WL_CONTROL_TRIM:
		printf("  keeps from number %" PRIu64, control->number);
		return;
	case WL_CONTROL_BASE:
		printf("  behind base %" PRIu64, control->expects);
		return;
	case WL_CONTROL_BASE_PROVEN:
		printf("  base %" PRIu64 " is %016" PRIx64, control->index, control->digest);
		return;
	case WL_CONTROL_CONSUMER_SET:
		printf("  %s at number %" PRIu64, control->name, control->number);
		return;
	case WL_CONTROL_CONSUMER_DROP:
		printf("  %s", control->name);
		return;
	case WL_CONTROL_MEMBERS:
		print_list(control);
		return;
	case WL_CONTROL_LIMITS:
		print_limits(control);
		return;
	case WL_CONTROL_LOSS:
		print_loss(control);
		return;
	case WL_CONTROL_FEATURES:
		printf("  in force: %s", wl_features_text(control->number, names));
		return;
	case WL_CONTROL_KEYS:
		printf("  %s %08" PRIx64 " behind %08" PRIx64,
		       wl_keys_stage_name((enum wl_keys_stage)control->index),
		       control->number & UINT32_MAX, control->number >> 32);
		return;
	case WL_CONTROL_FENCE:
		printf("  session %016" PRIx64 " up to sequence %" PRIu64, control->index,
		       control->number);
		return;
	}
}

static bool has_session(const struct row *row)
{
	return row->record != NULL && row->record->header.kind != WL_RECORD_CONTROL;
}

static void print_table(const struct row *row)
{
	const struct wl_entry_header *entry = &row->entry->header;
	char time[WL_TOOL_TIME_BYTES] = "-", number[24] = "-", session[24] = "-",
	     sequence[24] = "-";
	uint32_t bytes = row->record != NULL ? row->record->header.bytes : 0;

	/* The first entry of the first term has no leader's clock behind it yet. */
	if (entry->timestamp_ns != 0)
		wl_tool_format_time(entry->timestamp_ns, time);
	if (has_session(row)) {
		snprintf(session, sizeof(session), "%016" PRIx64, row->record->header.session);
		snprintf(sequence, sizeof(sequence), "%" PRIu64, row->record->header.sequence);
		if (row->record->number != 0)
			snprintf(number, sizeof(number), "%" PRIu64, row->record->number);
	}
	printf("%12s %10" PRIu64 " %6" PRIu64 " %-11s %16s %10s %-30s %6u  %s%sbyte %" PRIu64,
	       number, entry->index, entry->term, row->kind, session, sequence, time, bytes,
	       row->place.file, row->place.file[0] ? " " : "", row->place.byte);
	if (row->control != NULL)
		print_control(row->control);
	putchar('\n');
}

static void print_bytes(const struct row *row)
{
	uint32_t bytes = row->record != NULL ? row->record->header.bytes : 0;

	for (uint32_t line = 0; line < bytes; line += HEX_WIDTH) {
		uint32_t width = bytes - line < HEX_WIDTH ? bytes - line : HEX_WIDTH;
		const uint8_t *from = row->record->payload + line;

		printf("%12s %08x ", "", line);
		for (uint32_t at = 0; at < HEX_WIDTH; at++)
			printf(at < width ? " %02x" : "   ", at < width ? from[at] : 0);
		printf("  ");
		for (uint32_t at = 0; at < width; at++)
			putchar(isprint(from[at]) ? from[at] : '.');
		putchar('\n');
	}
}

static void print_json_control(const struct wl_control *control)
{
	char names[WL_FEATURES_TEXT_BYTES];

	switch (control->verb) {
	case WL_CONTROL_TRIM:
		printf(", \"keeps_from\": %" PRIu64, control->number);
		return;
	case WL_CONTROL_BASE:
		printf(", \"behind_base\": %" PRIu64, control->expects);
		return;
	case WL_CONTROL_BASE_PROVEN:
		printf(", \"base\": %" PRIu64 ", \"digest\": \"%016" PRIx64 "\"", control->index,
		       control->digest);
		return;
	case WL_CONTROL_CONSUMER_SET:
		printf(", \"consumer\": \"%s\", \"checkpoint\": %" PRIu64, control->name,
		       control->number);
		return;
	case WL_CONTROL_CONSUMER_DROP:
		printf(", \"consumer\": \"%s\"", control->name);
		return;
	case WL_CONTROL_MEMBERS:
		print_json_list(control);
		return;
	case WL_CONTROL_LIMITS:
		print_json_limits(control);
		return;
	case WL_CONTROL_LOSS:
		print_json_loss(control);
		return;
	case WL_CONTROL_FEATURES:
		printf(", \"in_force\": \"%s\"", wl_features_text(control->number, names));
		return;
	case WL_CONTROL_KEYS:
		printf(", \"stage\": \"%s\", \"now\": \"%08" PRIx64 "\", \"before\": \"%08" PRIx64
		       "\"",
		       wl_keys_stage_name((enum wl_keys_stage)control->index),
		       control->number & UINT32_MAX, control->number >> 32);
		return;
	case WL_CONTROL_FENCE:
		printf(", \"fenced_session\": \"%016" PRIx64 "\", \"through\": %" PRIu64,
		       control->index, control->number);
		return;
	}
}

static void print_json(const struct row *row)
{
	const struct wl_entry_header *entry = &row->entry->header;

	printf("{\"number\": ");
	if (row->record != NULL && row->record->number != 0)
		printf("%" PRIu64, row->record->number);
	else
		printf("null");
	printf(", \"entry\": %" PRIu64 ", \"term\": %" PRIu64 ", \"kind\": \"%s\"", entry->index,
	       entry->term, row->kind);
	if (row->control != NULL)
		print_json_control(row->control);
	if (has_session(row))
		printf(", \"session\": \"%016" PRIx64 "\", \"sequence\": %" PRIu64
		       ", \"bytes\": %u",
		       row->record->header.session, row->record->header.sequence,
		       row->record->header.bytes);
	printf(", \"timestamp_ns\": %" PRIu64 ", \"stream_offset\": %" PRIu64, entry->timestamp_ns,
	       row->place.offset);
	if (row->place.file[0] != '\0')
		printf(", \"file\": \"%s\"", row->place.file);
	printf(", \"byte\": %" PRIu64, row->place.byte);
	if (row->record != NULL) {
		printf(", \"hex\": \"");
		for (uint32_t at = 0; at < row->record->header.bytes; at++)
			printf("%02x", row->record->payload[at]);
		printf("\"");
	}
	printf("}\n");
}

static void show(struct dump *dump, struct row *row)
{
	uint64_t offset = row->entry->offset;

	if (row->record != NULL)
		offset += (uint64_t)(row->record->payload - row->entry->image);
	find_place(dump, offset, &row->place);
	if (dump->options->format == FORMAT_JSON) {
		print_json(row);
		return;
	}
	print_table(row);
	if (dump->options->format == FORMAT_HEX)
		print_bytes(row);
}

static const char *kind_of(const struct wl_record_header *record)
{
	switch (record->kind) {
	case WL_RECORD_DATA:
		return "data";
	case WL_RECORD_OPEN_SESSION:
		return "session";
	case WL_RECORD_CLOSE_SESSION:
		return "close";
	case WL_RECORD_EXPIRED:
		return "expired";
	case WL_RECORD_CONTROL:
		return wl_control_verb_text(record->session);
	default:
		return "other";
	}
}

/* False: all that was asked for has been shown. */
static bool show_entry(struct dump *dump, const struct wl_reader_view *entry)
{
	const struct options *options = dump->options;
	struct wl_record_walk walk;
	struct wl_record_view record;
	struct row row = {.entry = entry, .kind = "term"};
	struct wl_control control;

	if (wl_control_decode(entry->image, &entry->header, &control))
		row.control = &control;

	if (entry->header.record_count == 0 && entry->header.first_number >= options->from)
		show(dump, &row);
	wl_entry_walk_init(&walk, entry->image, &entry->header);
	while (wl_entry_walk_next(&walk, &record)) {
		/* One without a number belongs to the next numbered one. */
		if ((record.number != 0 ? record.number : walk.next_number) < options->from)
			continue;
		row.record = &record;
		row.kind = kind_of(&record.header);
		show(dump, &row);
		if (record.number != 0 && --dump->left == 0)
			return false;
	}
	return true;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* Where it begins, unless at its origin: what stood before was given up. */
static void print_begin(const struct dump *dump, const struct wl_tool_journal *journal)
{
	const struct wl_log_begin *begin = &journal->log.begin;

	if (dump->options->format != FORMAT_JSON) {
		if (begin->position.index != 0)
			printf("begins with record %" PRIu64 ", entry %" PRIu64
			       ": what stood before was given up\n",
			       begin->next_number, begin->position.index + 1);
		print_header();
		return;
	}
	if (begin->position.index != 0)
		printf("{\"number\": null, \"entry\": %" PRIu64
		       ", \"kind\": \"begin\", \"first_number\": %" PRIu64 "}\n",
		       begin->position.index + 1, begin->next_number);
}

static int show_all(struct dump *dump, struct wl_tool_journal *journal, char *reason)
{
	struct wl_reader_view view;
	enum wl_reader_result result;

	if (journal->nowhere) {
		snprintf(
			reason, REASON_BYTES,
			"no whole base of this journal (%s), and its beginning is given up or not its own",
			wl_base_verdict_name(journal->load.verdict));
		return WIRELOG_STORE_DAMAGED;
	}
	print_begin(dump, journal);
	wl_tool_journal_seek(journal, wl_tool_journal_index_near(journal, dump->options->from));
	while ((result = wl_tool_journal_next(journal, &view)) == WL_READER_ENTRY) {
		if (!show_entry(dump, &view))
			return 0;
		if (ferror(stdout))
			break;
	}
	if (result == WL_READER_DAMAGED) {
		snprintf(reason, REASON_BYTES, "stream offset %" PRIu64 " cannot be read any more",
			 view.offset);
		return WIRELOG_STORE_DAMAGED;
	}
	if (wl_tool_journal_is_damaged(journal)) {
		snprintf(reason, REASON_BYTES,
			 "what follows is damaged: %s at stream offset %" PRIu64 " to %" PRIu64
			 ", behind entry %" PRIu64,
			 wl_recovery_damage_name(journal->recovery.damage.kind),
			 journal->recovery.damage.begin, journal->recovery.damage.end,
			 journal->log.tail.index);
		return WIRELOG_STORE_DAMAGED;
	}
	return 0;
}

static int dump_journal(struct dump *dump, char *reason)
{
	static struct wl_tool_journal journal;
	struct wl_tool_journal_store of = {dump->store, dump->options->journal};
	struct wl_tool_journal_source source;
	int status;

	if (dump->options->journal >= wl_store_superblock(dump->store)->journal_count) {
		snprintf(reason, REASON_BYTES, "there is no journal %u: %s has %u",
			 dump->options->journal, dump->options->path,
			 wl_store_superblock(dump->store)->journal_count);
		return WIRELOG_INVALID_ARGUMENT;
	}
	wl_tool_journal_of_store(&of, &source);
	status = wl_tool_journal_open(&journal, &source);
	if (status != 0)
		snprintf(reason, REASON_BYTES, "%s", wirelog_status_cause(status));
	else
		status = show_all(dump, &journal, reason);
	wl_tool_journal_close(&journal);
	return status;
}

static int run(const struct options *options)
{
	const struct wl_store_config config = {.path = options->path, .read_only = true};
	struct dump dump = {.options = options,
			    .left = options->count != 0 ? options->count : UINT64_MAX};
	char reason[REASON_BYTES];
	int status = wl_store_open(&dump.store, &config, reason, sizeof(reason));

	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	status = dump_journal(&dump, reason);
	wl_store_close(dump.store);
	return status != 0 ? wl_tool_refuse(status, "%s", reason) : EX_OK;
}

int wl_cmd_dump(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "DIRECTORY|DEVICE",
		.doc = "Shows the records of a node that does not run: number, entry, term, session and sequence of "
		       "the append, time, size, and the file and byte at which the record's bytes begin. A record "
		       "without a number is one that the log keeps for itself.\v"
		       "Exit code 0; 65: the log is damaged (what stands before the damage was shown); 75: its node runs.",
	};
	struct options options = {.from = 1};

	wl_tool_option_parse(&argp, "wirelog dump", argc, argv, &options);
	return run(&options);
}
