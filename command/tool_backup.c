/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command/tool_backup_file.h"
#include "command/tool_journal.h"
#include "dataplane/store/archive_file.h"
#include "wirelog/status.h"

#define TRIES 5u
#define RANGE_BYTES (64u << 20)

struct making {
	struct wl_backup *backup;
	const char *path, *directory;
	char *reason;
	size_t reason_bytes;
	uint64_t damaged_at
		[WIRELOG_JOURNALS_MAX]; /* of the stream, when it was looked at before, and one; 0: it was whole */
};

/* ---- entries ------------------------------------------------------------------------------------- */

struct copying {
	struct wl_archive_writer writer;
	struct wl_archive_range range;
	uint8_t *piece;
	uint32_t piece_bytes;
	uint64_t offset;
};

static int write_piece(struct copying *copying)
{
	int error = wl_archive_writer_write(&copying->writer,
					    copying->range.before.position.index + 1,
					    copying->piece, copying->piece_bytes, copying->offset);

	copying->offset += copying->piece_bytes;
	copying->piece_bytes = 0;
	return error;
}

static int end_range(struct copying *copying)
{
	int error = 0;

	if (copying->range.bytes == 0)
		return 0;
	if (copying->piece_bytes != 0)
		error = write_piece(copying);
	if (error == 0)
		error = wl_archive_writer_end(&copying->writer, &copying->range);
	wl_archive_range_begin(&copying->range, &copying->range.behind);
	copying->offset = WL_ARCHIVE_HEADER_BYTES;
	return error;
}

/* 0, -errno, or 1: it does not follow what was copied. */
static int copy_entry(struct copying *copying, const struct wl_reader_view *view)
{
	int error = 0;

	if (wl_archive_range_add(&copying->range, view->image, &view->header) != WL_ARCHIVE_OK)
		return 1;
	memcpy(copying->piece + copying->piece_bytes, view->image, view->bytes);
	copying->piece_bytes += view->bytes;
	if (copying->piece_bytes >= WL_ENTRY_BYTES_MAX)
		error = write_piece(copying);
	if (error == 0 && copying->range.bytes >= RANGE_BYTES)
		error = end_range(copying);
	return error;
}

static int copy_entries(struct making *making, struct wl_tool_journal *journal,
			struct copying *copying, uint64_t last)
{
	struct wl_reader_view view;
	int error = 0;

	wl_tool_journal_seek(journal, 1);
	while (error == 0 && copying->range.behind.position.index < last) {
		if (wl_tool_journal_next(journal, &view) != WL_READER_ENTRY) {
			snprintf(making->reason, making->reason_bytes,
				 "%s: journal %u cannot be read at entry %" PRIu64, making->path,
				 journal->source.journal, copying->range.behind.position.index + 1);
			return WIRELOG_STORE_DAMAGED;
		}
		error = copy_entry(copying, &view);
	}
	if (error == 0)
		error = end_range(copying);
	if (error == 0)
		return 0;
	snprintf(making->reason, making->reason_bytes, "%s: journal %u: %s",
		 error > 0 ? making->path : making->directory, journal->source.journal,
		 error > 0 ? "its entries do not continue one another" : strerror(-error));
	return error > 0 ? WIRELOG_STORE_DAMAGED : WIRELOG_OUTPUT_FAILED;
}

static int write_entries(struct making *making, struct wl_tool_journal *journal, uint64_t last)
{
	struct wl_backup_journal *page = &making->backup->journals[journal->source.journal];
	struct copying copying = {.piece = malloc(2u * WL_ENTRY_BYTES_MAX),
				  .offset = WL_ARCHIVE_HEADER_BYTES};
	int status, error;

	if (!copying.piece)
		return WIRELOG_NO_MEMORY;
	page->before = wl_archive_place_of_begin(&journal->log.begin);
	memcpy(copying.range.cluster, making->backup->cluster, sizeof(copying.range.cluster));
	copying.range.node = making->backup->node;
	copying.range.journal = journal->source.journal;
	wl_archive_range_begin(&copying.range, &page->before);
	wl_archive_writer_init(&copying.writer);
	error = wl_archive_writer_open(&copying.writer, making->directory, journal->source.journal);
	if (error != 0) {
		snprintf(making->reason, making->reason_bytes, "%s: %s", making->directory,
			 strerror(-error));
		status = WIRELOG_OUTPUT_FAILED;
	} else {
		status = copy_entries(making, journal, &copying, last);
	}
	wl_archive_writer_close(&copying.writer);
	free(copying.piece);
	page->behind = copying.range.behind;
	return status;
}

/* ---- the base ------------------------------------------------------------------------------------ */

static int write_base(struct making *making, struct wl_tool_journal *journal)
{
	struct wl_backup_journal *page = &making->backup->journals[journal->source.journal];
	const struct wl_base_header *header = &journal->load.places[journal->load.chosen].header;
	uint64_t bytes = wl_base_file_bytes(header), at;
	int error = 0;
	FILE *file;

	if (wl_tool_journal_base(journal) == 0)
		return 0;
	page->base_index = header->log.position.index;
	page->base_digest = header->digest;
	page->base_bytes = bytes;
	file = wl_backup_file_begin(making->directory, (int)journal->source.journal);
	if (!file)
		error = -errno;
	for (at = 0; at < bytes && error == 0; at += WL_BLOCK_BYTES) {
		error = journal->source.read_base(journal->source.context, journal->load.chosen, at,
						  journal->window, WL_BLOCK_BYTES);
		if (error == 0 && fwrite(journal->window, WL_BLOCK_BYTES, 1, file) != 1)
			error = -EIO;
	}
	if (file && error == 0)
		error = wl_backup_file_end(file, making->directory, (int)journal->source.journal);
	else if (file)
		fclose(file);
	if (error != 0)
		snprintf(making->reason, making->reason_bytes, "%s: the base of journal %u: %s",
			 making->directory, journal->source.journal, strerror(-error));
	return error != 0 ? WIRELOG_OUTPUT_FAILED : 0;
}

/* ---- one journal --------------------------------------------------------------------------------- */

static int refuse_damage(struct making *making, uint32_t id, uint64_t offset)
{
	snprintf(making->reason, making->reason_bytes,
		 "%s: journal %u is damaged at stream offset %" PRIu64 "; see `wirelog verify`",
		 making->path, id, offset);
	return WIRELOG_STORE_DAMAGED;
}

/* Where it is not whole; 0: it is, or its end is torn off, as writes that were never acknowledged are. */
static uint64_t damage_of(const struct wl_tool_journal *journal)
{
	if (journal->nowhere)
		return 1;
	if (journal->damaged_below)
		return journal->below.begin + 1;
	return wl_tool_journal_is_damaged(journal) ? journal->recovery.damage.begin + 1 : 0;
}

/*
 * *again: it is not whole, and may be where it is looked at again. An end that was not whole, and is now, was being written; what lies behind is
 * newer than this backup.
 */
static int copy_journal(struct making *making, struct wl_store *store, uint32_t id, bool *again)
{
	const struct wl_superblock *superblock = wl_store_superblock(store);
	struct wl_tool_journal_store of = {store, id};
	struct wl_tool_journal_source source;
	struct wl_tool_journal journal;
	uint64_t damage, before = making->damaged_at[id], last;
	int status;

	wl_tool_journal_of_store(&of, &source);
	source.from_begin = true;
	status = wl_tool_journal_open(&journal, &source);
	damage = status == 0 ? damage_of(&journal) : 0;
	making->damaged_at[id] = damage;
	last = wl_recovery_commit(&journal.recovery, superblock->journals[id].commit);
	if (damage != 0 && (before == 0 || damage <= before || journal.nowhere ||
			    last < superblock->journals[id].commit.index)) {
		*again = before == 0 || damage != before;
		status = refuse_damage(making, id, damage - 1);
	}
	if (status == 0 && last > journal.log.tail.index)
		last = journal.log.tail.index;
	if (status == 0)
		status = write_entries(making, &journal, last);
	/* Segments that were forgotten meanwhile. */
	*again |= status == WIRELOG_STORE_DAMAGED && damage == 0;
	if (status == 0)
		status = write_base(making, &journal);
	wl_tool_journal_close(&journal);
	return status;
}

static int try_all(struct making *making, bool *again)
{
	const struct wl_store_config config = {.path = making->path,
					       .read_only = true,
					       .beside = true};
	const struct wl_superblock *superblock;
	struct wl_store *store;
	int status = wl_store_open(&store, &config, making->reason, making->reason_bytes);

	*again = false;
	if (status != 0)
		return status;
	superblock = wl_store_superblock(store);
	memset(making->backup, 0, sizeof(*making->backup));
	memcpy(making->backup->cluster, superblock->cluster, sizeof(superblock->cluster));
	making->backup->node = superblock->node;
	making->backup->journal_count = superblock->journal_count;
	making->backup->voters = superblock->voters;
	making->backup->segment_bytes = superblock->segment_bytes;
	for (uint32_t id = 0; id < superblock->journal_count && status == 0; id++)
		status = copy_journal(making, store, id, again);
	wl_store_close(store);
	return status;
}

static int write_page(struct making *making)
{
	uint8_t page[WL_BLOCK_BYTES];
	struct timespec now;
	FILE *file;
	int error;

	clock_gettime(CLOCK_REALTIME, &now);
	making->backup->made_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	wl_backup_encode(page, making->backup);
	file = wl_backup_file_begin(making->directory, WL_BACKUP_PAGE);
	error = file ? 0 : -errno;
	if (file && fwrite(page, sizeof(page), 1, file) != 1)
		error = -EIO;
	if (file && error == 0)
		error = wl_backup_file_end(file, making->directory, WL_BACKUP_PAGE);
	else if (file)
		fclose(file);
	if (error != 0)
		snprintf(making->reason, making->reason_bytes, "%s: %s", making->directory,
			 strerror(-error));
	return error != 0 ? WIRELOG_OUTPUT_FAILED : 0;
}

int wl_backup_make(struct wl_backup *backup, const char *path, const char *directory, char *reason,
		   size_t reason_bytes)
{
	struct making making = {.backup = backup,
				.path = path,
				.directory = directory,
				.reason = reason,
				.reason_bytes = reason_bytes};
	bool again = true;
	int status = 0;

	for (unsigned tried = 0; tried < TRIES && again; tried++) {
		status = wl_backup_file_empty(directory, tried != 0, reason, reason_bytes);
		if (status != 0)
			return status;
		status = try_all(&making, &again);
	}
	return status != 0 ? status : write_page(&making);
}
