/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_tail_archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/tool_archive_file.h"
#include "command/tool_interrupt.h"
#include "command/tool_refuse.h"

/* on_entry: all that was asked for is written. */
#define ENOUGH 1

struct tail {
	const struct wl_tail_archive *options;
	uint64_t printed, next_number;
};

static int print(struct tail *tail, const struct wl_record_view *record, uint64_t timestamp_ns)
{
	const struct wl_tail_archive *options = tail->options;
	struct wirelog_record out = {
		.number = record->number,
		.timestamp_ns = timestamp_ns,
		.session = record->header.session,
		.sequence = record->header.sequence,
		.bytes = record->payload,
		.size = record->header.bytes,
	};
	int status;

	if (options->to != 0 && record->number > options->to)
		return ENOUGH;
	if (record->number < options->from || timestamp_ns < options->from_time_ns)
		return 0;
	status = wl_print_record(stdout, options->format, &out);
	if (status != 0)
		return status;
	tail->next_number = record->number + 1;
	return ++tail->printed == options->records_max || record->number == options->to ? ENOUGH
											: 0;
}

static int on_entry(void *context, const uint8_t *image, const struct wl_entry_header *header)
{
	struct tail *tail = context;
	struct wl_record_walk walk;
	struct wl_record_view record;
	int ended = 0;

	if (wl_interrupted)
		return ENOUGH;
	wl_entry_walk_init(&walk, image, header);
	while (ended == 0 && wl_entry_walk_next(&walk, &record))
		if (record.header.kind == WL_RECORD_DATA)
			ended = print(tail, &record, header->timestamp_ns);
	return ended;
}

static void on_gap(void *context, const struct wl_archive_place *from,
		   const struct wl_archive_place *to)
{
	(void)context;
	fflush(stdout);
	if (from->next_number < to->next_number)
		fprintf(stderr,
			"wirelog: records %" PRIu64 " to %" PRIu64 " (entries %" PRIu64
			" to %" PRIu64 ") are not in the archive [%s]\n",
			from->next_number, to->next_number - 1, from->position.index + 1,
			to->position.index, wl_archive_verdict_name(WL_ARCHIVE_GAP));
	else
		fprintf(stderr,
			"wirelog: entries %" PRIu64 " to %" PRIu64
			", without records, are not in the archive [%s]\n",
			from->position.index + 1, to->position.index,
			wl_archive_verdict_name(WL_ARCHIVE_GAP));
}

static void on_damage(void *context, const char *path, enum wl_archive_verdict verdict,
		      const struct wl_archive_place *at)
{
	(void)context;
	fflush(stdout);
	fprintf(stderr, "wirelog: %s: %s, behind entry %" PRIu64 " [%s]\n", path,
		wl_archive_verdict_text(verdict), at->position.index,
		wl_archive_verdict_name(verdict));
}

static int finish(const struct tail *tail, const struct wl_tool_archive *archive, int ended)
{
	const struct wl_tail_archive *options = tail->options;

	if (ended == 0 && fflush(stdout) != 0)
		ended = WIRELOG_OUTPUT_FAILED;
	if (ended < 0)
		return wl_tool_refuse(ended, "behind record %" PRIu64, tail->next_number - 1);
	if (wl_interrupted)
		return WL_INTERRUPT_EXIT;
	if (archive->gaps != 0)
		return EX_DATAERR;
	/* Before what was asked for nothing is missing where it begins there. */
	if (archive->begun && options->from != 0 && tail->printed != 0 &&
	    tail->next_number - tail->printed > options->from) {
		fprintf(stderr, "wirelog: the archive begins at record %" PRIu64 " [%s]\n",
			tail->next_number - tail->printed, wl_archive_verdict_name(WL_ARCHIVE_GAP));
		return EX_DATAERR;
	}
	return EX_OK;
}

int wl_tail_archive(const struct wl_tail_archive *options)
{
	struct tail tail = {.options = options, .next_number = options->from ? options->from : 1};
	struct wl_tool_archive archive = {.on_entry = on_entry,
					  .on_gap = on_gap,
					  .on_damage = on_damage,
					  .context = &tail};
	char reason[512];
	int ended = 0;

	for (unsigned at = 0; at < options->count && ended == 0; at++)
		ended = wl_tool_archive_add(&archive, options->directories[at], options->journal,
					    reason, sizeof(reason));
	if (ended != 0) {
		wl_tool_archive_close(&archive);
		return wl_tool_refuse(ended, "%s", reason);
	}
	ended = wl_tool_archive_read(&archive, options->from);
	ended = finish(&tail, &archive, ended);
	wl_tool_archive_close(&archive);
	return ended;
}
