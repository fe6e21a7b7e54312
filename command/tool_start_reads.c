/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_start_reads.h"

#include <stdio.h>
#include <string.h>

#include "command/tool_journal.h"
#include "dataplane/log/entry.h"
#include "wirelog/status.h"

/* The first of the entry's records that has bytes. */
static bool take_record(struct wl_tool_start_reads *found, const struct wl_reader_view *view,
			const struct wl_tool_journal *journal, struct wl_store *store)
{
	struct wl_record_walk walk;
	struct wl_record_view record;

	wl_entry_walk_init(&walk, view->image, &view->header);
	while (wl_entry_walk_next(&walk, &record)) {
		if (record.number == 0 || record.header.bytes == 0)
			continue;
		found->number = record.number;
		found->bytes = record.header.bytes;
		wl_verify_find_place(&found->place, store, journal->source.journal,
				     journal->source.segment_bytes,
				     view->offset + (uint64_t)(record.payload - view->image));
		return true;
	}
	return false;
}

static void find_middle(struct wl_tool_start_reads *found, struct wl_tool_journal *journal,
			struct wl_store *store)
{
	uint64_t middle = found->begin + (found->end - found->begin) / 2;
	struct wl_reader_view view;

	wl_tool_journal_seek(journal, wl_tool_journal_base(journal) + 1);
	while (wl_tool_journal_next(journal, &view) == WL_READER_ENTRY)
		if (view.offset >= middle && take_record(found, &view, journal, store))
			return;
}

void wl_tool_start_reads_of(struct wl_tool_start_reads *found, struct wl_tool_journal *journal,
			    struct wl_store *store)
{
	const struct wl_recovery *recovery = &journal->recovery;

	memset(found, 0, sizeof(*found));
	found->damaged = wl_tool_journal_is_damaged(journal);
	if (journal->nowhere)
		return;
	found->damage_begin = recovery->damage.begin;
	found->damage_end = recovery->damage.end;
	found->begin = recovery->base_offset != 0 ? recovery->base_offset
						  : journal->log.begin.offset;
	found->end = recovery->last_good_end;
	if (found->end > found->begin)
		find_middle(found, journal, store);
}

int wl_tool_start_reads_look(struct wl_tool_start_reads *found, const char *path, char *reason,
			     size_t reason_bytes)
{
	const struct wl_store_config config = {.path = path, .read_only = true};
	struct wl_tool_journal_store of = {0};
	struct wl_tool_journal_source source;
	struct wl_tool_journal journal;
	int status;

	memset(found, 0, sizeof(*found));
	status = wl_store_open(&of.store, &config, reason, reason_bytes);
	if (status != 0)
		return status;
	wl_tool_journal_of_store(&of, &source);
	status = wl_tool_journal_open(&journal, &source);
	if (status == 0)
		wl_tool_start_reads_of(found, &journal, of.store);
	else
		snprintf(reason, reason_bytes, "%s: %s", path, wirelog_status_cause(status));
	wl_tool_journal_close(&journal);
	wl_store_close(of.store);
	return status;
}
