/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/archiver.h"

#include <string.h>

#include "dataplane/log/log_internal.h"

static void stop(struct wl_archiver *archiver, enum wl_archive_verdict verdict)
{
	archiver->state = WL_ARCHIVER_STOPPED;
	archiver->verdict = verdict;
}

static void rest(struct wl_archiver *archiver, enum wl_archive_verdict verdict)
{
	archiver->state = WL_ARCHIVER_WANTS_REST;
	archiver->verdict = verdict;
}

/* No entry is in the range. */
static void begin_range(struct wl_archiver *archiver)
{
	wl_archive_range_begin(&archiver->range, &archiver->at);
	archiver->piece_bytes = 0;
	archiver->piece_offset = WL_ARCHIVE_HEADER_BYTES;
	archiver->closing = false;
	if (archiver->log)
		wl_reader_seek(&archiver->reader, archiver->at.position.index + 1);
}

void wl_archiver_init(struct wl_archiver *archiver, const struct wl_archiver_identity *identity,
		      uint8_t *piece, uint8_t *buffer)
{
	WL_CHECK(identity->node >= 1 && identity->node <= WIRELOG_NODES_MAX);
	WL_CHECK(identity->journal < WIRELOG_JOURNALS_MAX);
	memset(archiver, 0, sizeof(*archiver));
	memcpy(archiver->range.cluster, identity->cluster, sizeof(identity->cluster));
	archiver->range.node = identity->node;
	archiver->range.journal = identity->journal;
	archiver->piece = piece;
	archiver->buffer = buffer;
	archiver->state = WL_ARCHIVER_WANTS_NEWEST;
}

void wl_archiver_on_newest(struct wl_archiver *archiver, const struct wl_archive_range *newest)
{
	const struct wl_archive_range *ours = &archiver->range;

	WL_CHECK(archiver->state == WL_ARCHIVER_WANTS_NEWEST);
	archiver->at = newest ? newest->behind
			      : wl_archive_origin(wl_cluster_id(ours->cluster), ours->journal);
	archiver->joined = false;
	archiver->keep_offset = 0;
	begin_range(archiver);
	archiver->state = WL_ARCHIVER_IDLE;
	archiver->verdict = WL_ARCHIVE_OK;
	/* Two who write into one archive would take each other's ranges away. */
	if (newest && (memcmp(newest->cluster, ours->cluster, sizeof(ours->cluster)) != 0 ||
		       newest->journal != ours->journal || newest->node != ours->node))
		stop(archiver, WL_ARCHIVE_FOREIGN);
}

/* The log begins behind what the archive has: what lies between is nowhere on this node. */
static void pass_gap(struct wl_archiver *archiver)
{
	WL_CHECK(archiver->log->begin.position.index > archiver->at.position.index);
	archiver->gaps++;
	archiver->gap_first = archiver->at.position.index + 1;
	archiver->gap_last = archiver->log->begin.position.index;
	archiver->at = wl_archive_place_of_begin(&archiver->log->begin);
	archiver->joined = true;
	begin_range(archiver);
}

/* At the log's very beginning the log says what it follows. */
static void join_at_begin(struct wl_archiver *archiver)
{
	if (archiver->at.chain != archiver->log->begin.chain) {
		stop(archiver, WL_ARCHIVE_CHAIN);
		return;
	}
	archiver->joined = true;
	begin_range(archiver);
}

/* The archive's last entry as this log has it. */
static void join_at(struct wl_archiver *archiver, const struct wl_reader_view *view)
{
	WL_CHECK(view->header.index == archiver->at.position.index);
	if (wl_entry_chain(view->image) != archiver->at.chain) {
		stop(archiver, WL_ARCHIVE_CHAIN);
		return;
	}
	archiver->joined = true;
	archiver->keep_offset = view->offset;
	begin_range(archiver);
}

/* The entry of another segment waits for its range: it is read again when the one before it is durable. */
static void close_range(struct wl_archiver *archiver, uint64_t next_offset)
{
	/* A range of no entry has no name. */
	WL_CHECK(archiver->range.bytes != 0);
	archiver->closing = true;
	archiver->next_offset = next_offset;
	archiver->state = archiver->piece_bytes != 0 ? WL_ARCHIVER_WANTS_WRITE
						     : WL_ARCHIVER_WANTS_CLOSE;
}

static void copy(struct wl_archiver *archiver, const struct wl_reader_view *view)
{
	uint64_t segment = wl_log_segment_of(archiver->log, view->offset);

	if (archiver->range.bytes != 0 && segment != archiver->segment) {
		close_range(archiver, view->offset);
		return;
	}
	if (wl_archive_range_add(&archiver->range, view->image, &view->header) != WL_ARCHIVE_OK) {
		stop(archiver, WL_ARCHIVE_CHAIN);
		return;
	}
	archiver->segment = segment;
	WL_CHECK(archiver->piece_bytes + view->bytes <= WL_ARCHIVER_PIECE_BYTES);
	memcpy(archiver->piece + archiver->piece_bytes, view->image, view->bytes);
	archiver->piece_bytes += view->bytes;
	if (archiver->piece_bytes >= WL_ARCHIVER_PIECE_TARGET)
		archiver->state = WL_ARCHIVER_WANTS_WRITE;
}

/* False: nothing more can be done in this step. */
static bool read_on(struct wl_archiver *archiver, uint64_t applied)
{
	struct wl_reader_view view;

	switch (wl_reader_next(&archiver->reader, applied, &view)) {
	case WL_READER_ENTRY:
		if (archiver->joined)
			copy(archiver, &view);
		else
			join_at(archiver, &view);
		return archiver->state == WL_ARCHIVER_IDLE;
	case WL_READER_WANTS_BUFFER:
		wl_reader_lend(&archiver->reader, archiver->buffer, WL_CHUNK_BYTES_MAX);
		return true;
	case WL_READER_WANTS_READ:
		archiver->state = WL_ARCHIVER_WANTS_READ;
		return false;
	case WL_READER_DAMAGED:
		archiver->damage_offset = view.offset;
		rest(archiver, WL_ARCHIVE_ENTRY);
		return false;
	default:
		return false;
	}
}

static void take_log(struct wl_archiver *archiver, const struct wl_log *log)
{
	archiver->log = log;
	wl_reader_init(&archiver->reader, log, 1, 1);
	wl_reader_lend(&archiver->reader, archiver->buffer, WL_CHUNK_BYTES_MAX);
	begin_range(archiver);
}

enum wl_archiver_state wl_archiver_step(struct wl_archiver *archiver, const struct wl_log *log,
					uint64_t applied)
{
	uint64_t begin = log->begin.position.index;

	if (archiver->state != WL_ARCHIVER_IDLE)
		return archiver->state;
	if (archiver->log != log)
		take_log(archiver, log);
	if (begin > archiver->range.behind.position.index)
		pass_gap(archiver);
	else if (!archiver->joined && begin == archiver->at.position.index)
		join_at_begin(archiver);
	else if (!archiver->joined)
		wl_reader_seek(&archiver->reader, archiver->at.position.index);
	while (archiver->state == WL_ARCHIVER_IDLE && read_on(archiver, applied)) {
	}
	return archiver->state;
}

void wl_archiver_want(struct wl_archiver *archiver, struct wl_disk_request *request)
{
	WL_CHECK(archiver->state == WL_ARCHIVER_WANTS_READ);
	wl_reader_want(&archiver->reader, request);
}

void wl_archiver_on_read(struct wl_archiver *archiver, enum wl_disk_status status)
{
	struct wl_disk_completion completion = {
		.verb = WL_DISK_READ,
		.status = status,
		.offset = archiver->reader.want_offset,
		.bytes = archiver->reader.want_bytes,
		.cookie = archiver->reader.cookie | (uint32_t)archiver->reader.generation,
	};

	WL_CHECK(archiver->state == WL_ARCHIVER_WANTS_READ);
	archiver->state = WL_ARCHIVER_IDLE;
	wl_reader_on_read(&archiver->reader, &completion);
}

static void on_closed(struct wl_archiver *archiver)
{
	/* All of it was handed over, and it goes on where the archive ended. */
	WL_CHECK(archiver->piece_bytes == 0);
	WL_CHECK(archiver->piece_offset == wl_archive_file_bytes(&archiver->range));
	WL_CHECK(wl_archive_place_equal(&archiver->range.before, &archiver->at)); /* A1 */
	archiver->ranges++;
	archiver->bytes += archiver->range.bytes;
	archiver->at = archiver->range.behind;
	archiver->keep_offset = archiver->next_offset;
	begin_range(archiver);
}

void wl_archiver_on_done(struct wl_archiver *archiver, bool succeeded)
{
	enum wl_archiver_state wanted = archiver->state;

	WL_CHECK(wanted == WL_ARCHIVER_WANTS_NEWEST || wanted == WL_ARCHIVER_WANTS_WRITE ||
		 wanted == WL_ARCHIVER_WANTS_CLOSE);
	archiver->state = WL_ARCHIVER_IDLE;
	if (!succeeded) {
		rest(archiver, WL_ARCHIVE_OK);
		return;
	}
	if (wanted == WL_ARCHIVER_WANTS_CLOSE) {
		on_closed(archiver);
		return;
	}
	archiver->piece_offset += archiver->piece_bytes;
	archiver->piece_bytes = 0;
	if (archiver->closing)
		archiver->state = WL_ARCHIVER_WANTS_CLOSE;
}

void wl_archiver_retry(struct wl_archiver *archiver)
{
	WL_CHECK(archiver->state == WL_ARCHIVER_WANTS_REST ||
		 archiver->state == WL_ARCHIVER_STOPPED);
	archiver->state = WL_ARCHIVER_WANTS_NEWEST;
	archiver->verdict = WL_ARCHIVE_OK;
}

void wl_archiver_anew(struct wl_archiver *archiver)
{
	archiver->log = NULL;
	archiver->joined = false;
	if (archiver->state != WL_ARCHIVER_WANTS_NEWEST && archiver->state != WL_ARCHIVER_STOPPED)
		archiver->state = WL_ARCHIVER_IDLE;
	begin_range(archiver);
}

const char *wl_archiver_check(const struct wl_archiver *archiver)
{
	const struct wl_log_mark *mark;

	if (!wl_archive_place_equal(&archiver->range.before, &archiver->at) &&
	    archiver->state != WL_ARCHIVER_WANTS_NEWEST)
		return "A1: a range does not begin where the archive ends";
	if (!archiver->log || archiver->keep_offset == 0)
		return NULL;
	mark = wl_log_mark_by_index(archiver->log, archiver->at.position.index + 1);
	if (mark && mark->index == archiver->at.position.index + 1 &&
	    archiver->keep_offset > mark->offset)
		return "A2: an entry that the archive lacks need not be kept";
	return NULL;
}
