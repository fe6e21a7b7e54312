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

/* A folder for each journal is made before anything is put there. */
static int make_folder(struct making *making, struct wl_archive_writer *writer, uint32_t id)
{
	int error;

	wl_archive_writer_init(writer);
	error = wl_archive_writer_open(writer, making->directory, id);
	if (error == 0)
		return 0;
	snprintf(making->reason, making->reason_bytes, "%s: %s", making->directory,
		 strerror(-error));
	return WIRELOG_OUTPUT_FAILED;
}

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

static int write_entries(struct making *making, struct wl_tool_journal *journal,
			 const struct wl_archive_writer *writer, uint64_t last)
{
	struct wl_backup_journal *page = &making->backup->journals[journal->source.journal];
	struct copying copying = {.writer = *writer,
				  .piece = malloc(2u * WL_ENTRY_BYTES_MAX),
				  .offset = WL_ARCHIVE_HEADER_BYTES};
	int status;

	if (!copying.piece)
		return WIRELOG_NO_MEMORY;
	page->before = wl_archive_place_of_begin(&journal->log.begin);
	memcpy(copying.range.cluster, making->backup->cluster, sizeof(copying.range.cluster));
	copying.range.node = making->backup->node;
	copying.range.journal = journal->source.journal;
	wl_archive_range_begin(&copying.range, &page->before);
	status = copy_entries(making, journal, &copying, last);
	/* What it was writing is its own. */
	wl_archive_writer_leave(&copying.writer);
	free(copying.piece);
	page->behind = copying.range.behind;
	return status;
}

/* ---- the base ------------------------------------------------------------------------------------ */

/* Which one is the newest whole one. False: there is none. */
static bool find_base(const struct wl_tool_journal_source *source, uint8_t *buffer,
		      struct wl_base_header *header, unsigned *place)
{
	const struct wl_base_target target = {0};
	struct wl_base_load load;
	uint32_t bytes;
	uint64_t at;

	wl_base_load_init(&load, &source->identity, &target, buffer, WL_CHUNK_BYTES_MAX);
	while (load.state != WL_BASE_LOAD_DONE) {
		int error;

		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			wl_base_load_on_empty(&load);
			continue;
		}
		wl_base_load_want(&load, place, &at, &bytes);
		error = source->read_base(source->context, *place, at, buffer, bytes);
		wl_base_load_on_read(&load, error == 0	       ? WL_DISK_OK
					    : error == -ENOENT ? WL_DISK_ABSENT
							       : WL_DISK_FAILED);
	}
	*place = load.chosen;
	if (load.verdict == WL_BASE_OK)
		*header = load.places[load.chosen].header;
	return load.verdict == WL_BASE_OK;
}

/* 0, -errno, or 1: another one stands there by now. */
static int copy_base(const struct wl_tool_journal_source *source, unsigned place,
		     const struct wl_base_header *header, FILE *file)
{
	uint8_t *block = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	uint64_t bytes = wl_base_file_bytes(header);
	struct wl_base_decoder decoder;
	int error = block ? 0 : -ENOMEM;

	wl_base_decode_begin(&decoder, &source->identity, NULL, NULL, 0);
	for (uint64_t at = 0; at < bytes && error == 0; at += WL_BLOCK_BYTES) {
		error = source->read_base(source->context, place, at, block, WL_BLOCK_BYTES) != 0;
		if (error == 0 && wl_base_decode(&decoder, block) != WL_BASE_OK)
			error = 1;
		if (error == 0 && decoder.header.digest != header->digest)
			error = 1;
		if (error == 0 && fwrite(block, WL_BLOCK_BYTES, 1, file) != 1)
			error = -EIO;
	}
	free(block);
	return error;
}

static int write_base(const struct making *making, const struct wl_tool_journal_source *source,
		      unsigned place, const struct wl_base_header *header)
{
	FILE *file = wl_backup_file_begin(making->directory, (int)source->journal);
	int error = file ? copy_base(source, place, header, file) : -errno;

	if (file && error == 0)
		return wl_backup_file_end(file, making->directory, (int)source->journal);
	if (file)
		fclose(file);
	return error;
}

/*
 * Before the entries are: they go as far as a base that was there, and a newer one may take its place meanwhile. A base that is written over while it
 * is copied is looked for again.
 */
static int back_up_base(struct making *making, const struct wl_tool_journal_source *source)
{
	struct wl_backup_journal *page = &making->backup->journals[source->journal];
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, WL_CHUNK_BYTES_MAX);
	struct wl_base_header header;
	unsigned place;
	int error = buffer ? 1 : -ENOMEM;

	for (unsigned tried = 0; tried < TRIES && error > 0; tried++) {
		/* Where one was written over before there is one. */
		if (!find_base(source, buffer, &header, &place)) {
			error = tried != 0;
			continue;
		}
		page->base_index = header.log.position.index;
		page->base_digest = header.digest;
		page->base_bytes = wl_base_file_bytes(&header);
		error = write_base(making, source, place, &header);
	}
	free(buffer);
	if (error != 0)
		snprintf(making->reason, making->reason_bytes, "%s: the base of journal %u: %s",
			 making->directory, source->journal,
			 error < 0 ? strerror(-error) : "it was written over each time");
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

/* The base stands in what was copied. */
static int meet_base(struct making *making, uint32_t id, bool *again)
{
	const struct wl_backup_journal *page = &making->backup->journals[id];

	if (page->before.position.index <= page->base_index &&
	    page->base_index <= page->behind.position.index)
		return 0;
	if (page->base_index == 0 && page->before.position.index == 0)
		return 0;
	*again = true;
	snprintf(making->reason, making->reason_bytes,
		 "%s: journal %u was given up while it was copied; try again", making->path, id);
	return WIRELOG_STORE_DAMAGED;
}

/*
 * *again: it is not whole, and may be where it is looked at again. An end that was not whole, and is now, was being written; what lies behind is
 * newer than this backup.
 */
static int copy_walked(struct making *making, const struct wl_superblock *superblock,
		       const struct wl_tool_journal_source *source,
		       const struct wl_archive_writer *writer, bool *again)
{
	struct wl_position remembered = superblock->journals[source->journal].commit;
	uint64_t damage, before = making->damaged_at[source->journal], last;
	struct wl_tool_journal journal;
	int status = wl_tool_journal_open(&journal, source);

	if (status != 0) {
		wl_tool_journal_close(&journal);
		return status;
	}
	damage = making->damaged_at[source->journal] = damage_of(&journal);
	last = wl_recovery_commit(&journal.recovery, remembered);
	if (damage != 0 &&
	    (before == 0 || damage <= before || journal.nowhere || last < remembered.index)) {
		*again = before == 0 || damage != before;
		status = refuse_damage(making, source->journal, damage - 1);
	}
	if (last > journal.log.tail.index)
		last = journal.log.tail.index;
	if (status == 0)
		status = write_entries(making, &journal, writer, last);
	/* Segments that were forgotten meanwhile. */
	*again |= status == WIRELOG_STORE_DAMAGED && damage == 0;
	if (status == 0)
		status = meet_base(making, source->journal, again);
	wl_tool_journal_close(&journal);
	return status;
}

static int copy_journal(struct making *making, struct wl_store *store, uint32_t id, bool *again)
{
	const struct wl_superblock *superblock = wl_store_superblock(store);
	struct wl_tool_journal_store of = {store, id};
	struct wl_tool_journal_source source;
	struct wl_archive_writer writer;
	int status;

	wl_tool_journal_of_store(&of, &source);
	source.from_begin = true;
	status = make_folder(making, &writer, id);
	if (status == 0)
		status = back_up_base(making, &source);
	if (status == 0)
		status = copy_walked(making, superblock, &source, &writer, again);
	wl_archive_writer_close(&writer);
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
