/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_archive_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/store/archive_file.h"
#include "wirelog/status.h"

#define BUFFER_BYTES (2u * WL_ENTRY_BYTES_MAX)

/* ---- which files there are ---------------------------------------------------------------------- */

static enum wl_archive_verdict look_at(int file, uint64_t first_index,
				       struct wl_archive_range *range)
{
	uint8_t header[WL_ARCHIVE_HEADER_BYTES];
	ssize_t bytes = pread(file, header, sizeof(header), 0);
	enum wl_archive_verdict verdict;
	struct stat status;

	if (bytes < 0 || fstat(file, &status) != 0)
		return WL_ARCHIVE_DAMAGED;
	verdict = wl_archive_decode(header, (size_t)bytes, range);
	if (verdict != WL_ARCHIVE_OK)
		return verdict;
	return range->before.position.index + 1 == first_index ? WL_ARCHIVE_OK : WL_ARCHIVE_DAMAGED;
}

static bool add_file(struct wl_tool_archive *archive, const char *folder, const char *name)
{
	struct wl_tool_archive_file *more, *made;
	uint64_t first_index = wl_archive_first_index(name);
	int file;

	more = realloc(archive->files, (archive->count + 1) * sizeof(*more));
	if (!more)
		return false;
	archive->files = more;
	made = &more[archive->count];
	*made = (struct wl_tool_archive_file){.verdict = WL_ARCHIVE_DAMAGED};
	if (asprintf(&made->path, "%s/%s", folder, name) < 0)
		return false;
	archive->count++;
	file = open(made->path, O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		made->verdict = look_at(file, first_index, &made->range);
		close(file);
	}
	/* It is told where it belongs, by its name. */
	if (made->verdict != WL_ARCHIVE_OK)
		made->range.before.position.index = first_index - 1;
	return true;
}

int wl_tool_archive_add(struct wl_tool_archive *archive, const char *directory, uint32_t journal,
			char *reason, size_t reason_bytes)
{
	char name[WL_ARCHIVE_FOLDER_BYTES], *folder = NULL;
	const struct dirent *item;
	bool added = true;
	DIR *list;

	wl_archive_folder_name(name, journal);
	if (asprintf(&folder, "%s/%s", directory, name) < 0)
		return WIRELOG_NO_MEMORY;
	list = opendir(folder);
	if (!list) {
		snprintf(reason, reason_bytes, "%s: %s; an archive has a folder for each journal",
			 folder, strerror(errno));
		free(folder);
		return WIRELOG_STORE_UNREADABLE;
	}
	while (added && (item = readdir(list)) != NULL)
		if (wl_archive_first_index(item->d_name) != 0)
			added = add_file(archive, folder, item->d_name);
	closedir(list);
	free(folder);
	return added ? 0 : WIRELOG_NO_MEMORY;
}

/* By what they begin with; of those the longest first. */
static int compare(const void *one, const void *other)
{
	const struct wl_archive_range *a = &((const struct wl_tool_archive_file *)one)->range;
	const struct wl_archive_range *b = &((const struct wl_tool_archive_file *)other)->range;

	if (a->before.position.index != b->before.position.index)
		return a->before.position.index < b->before.position.index ? -1 : 1;
	if (a->behind.position.index != b->behind.position.index)
		return a->behind.position.index > b->behind.position.index ? -1 : 1;
	return 0;
}

/* ---- one file ------------------------------------------------------------------------------------ */

struct window {
	int file;
	uint8_t *bytes;
	size_t used, filled;
};

/* What is left moves to the front, and more of the file stands behind it. False: there is no more. */
static bool fill(struct window *window)
{
	ssize_t done;

	window->filled -= window->used;
	memmove(window->bytes, window->bytes + window->used, window->filled);
	window->used = 0;
	do
		done = read(window->file, window->bytes + window->filled,
			    BUFFER_BYTES - window->filled);
	while (done < 0 && errno == EINTR);
	if (done <= 0)
		return false;
	window->filled += (size_t)done;
	return true;
}

static enum wl_archive_verdict next(struct wl_archive_walk *walk, struct window *window,
				    struct wl_entry_header *header)
{
	for (;;) {
		enum wl_archive_verdict verdict = wl_archive_walk_next(
			walk, window->bytes + window->used, window->filled - window->used, header);

		if (verdict != WL_ARCHIVE_SHORT || !fill(window))
			return verdict;
	}
}

/* An entry that we have already is passed over; the first new one follows what we have. */
static enum wl_archive_verdict take(struct wl_tool_archive *archive, const uint8_t *image,
				    const struct wl_entry_header *header,
				    const struct wl_archive_place *behind, int *ended)
{
	if (header->index <= archive->at.position.index)
		return header->index < archive->at.position.index ||
				       behind->chain == archive->at.chain
			       ? WL_ARCHIVE_OK
			       : WL_ARCHIVE_CHAIN;
	if (header->previous_chain != archive->at.chain)
		return WL_ARCHIVE_CHAIN;
	archive->at = *behind;
	*ended = archive->on_entry(archive->context, image, header);
	return WL_ARCHIVE_OK;
}

static enum wl_archive_verdict read_entries(struct wl_tool_archive *archive,
					    struct wl_archive_walk *walk, struct window *window,
					    int *ended)
{
	struct wl_entry_header header;

	while (!wl_archive_walk_is_done(walk)) {
		enum wl_archive_verdict verdict = next(walk, window, &header);
		const uint8_t *image = window->bytes + window->used;

		if (verdict == WL_ARCHIVE_OK)
			verdict = take(archive, image, &header, &walk->seen.behind, ended);
		if (verdict != WL_ARCHIVE_OK || *ended != 0)
			return verdict;
		window->used += wl_entry_bytes(&header);
	}
	if (window->used != window->filled || fill(window))
		return WL_ARCHIVE_LONG;
	return wl_archive_walk_end(walk);
}

static int read_file(struct wl_tool_archive *archive, const struct wl_tool_archive_file *file)
{
	struct window window = {.bytes = archive->buffer};
	enum wl_archive_verdict verdict = WL_ARCHIVE_DAMAGED;
	struct wl_archive_walk walk;
	int ended = 0;

	window.file = open(file->path, O_RDONLY | O_CLOEXEC);
	wl_archive_walk_init(&walk, &file->range);
	if (window.file >= 0 &&
	    lseek(window.file, WL_ARCHIVE_HEADER_BYTES, SEEK_SET) == WL_ARCHIVE_HEADER_BYTES)
		verdict = read_entries(archive, &walk, &window, &ended);
	if (window.file >= 0)
		close(window.file);
	if (verdict != WL_ARCHIVE_OK) {
		archive->damages++;
		archive->on_damage(archive->context, file->path, verdict, &archive->at);
	}
	return ended;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static void begin_at(struct wl_tool_archive *archive, const struct wl_archive_place *place)
{
	archive->at = *place;
	archive->begun = true;
}

static void tell_gap(struct wl_tool_archive *archive, const struct wl_archive_place *to)
{
	archive->gaps++;
	archive->on_gap(archive->context, &archive->at, to);
	begin_at(archive, to);
}

static int read_next(struct wl_tool_archive *archive, const struct wl_tool_archive_file *file,
		     uint64_t from)
{
	const struct wl_archive_range *range = &file->range;

	if (file->verdict != WL_ARCHIVE_OK) {
		archive->damages++;
		archive->on_damage(archive->context, file->path, file->verdict, &range->before);
		return 0;
	}
	if (!archive->begun && range->behind.next_number <= from)
		return 0;
	if (!archive->begun)
		begin_at(archive, &range->before);
	if (range->behind.position.index <= archive->at.position.index)
		return 0;
	if (range->before.position.index > archive->at.position.index)
		tell_gap(archive, &range->before);
	return read_file(archive, file);
}

int wl_tool_archive_read(struct wl_tool_archive *archive, uint64_t from)
{
	struct wl_archive_place end = {0};
	int ended = 0;

	archive->buffer = malloc(BUFFER_BYTES);
	if (!archive->buffer)
		return WIRELOG_NO_MEMORY;
	if (archive->count != 0) /* of nothing there is no array */
		qsort(archive->files, archive->count, sizeof(archive->files[0]), compare);
	for (size_t at = 0; at < archive->count && ended == 0; at++) {
		const struct wl_tool_archive_file *file = &archive->files[at];

		if (file->verdict == WL_ARCHIVE_OK &&
		    file->range.behind.position.index > end.position.index)
			end = file->range.behind;
		ended = read_next(archive, file, from);
	}
	/* The newest file was damaged: its header says how far it went. */
	if (ended == 0 && archive->begun && archive->at.position.index < end.position.index)
		tell_gap(archive, &end);
	return ended;
}

void wl_tool_archive_close(struct wl_tool_archive *archive)
{
	for (size_t at = 0; at < archive->count; at++)
		free(archive->files[at].path);
	free(archive->files);
	free(archive->buffer);
	archive->files = NULL;
	archive->buffer = NULL;
	archive->count = 0;
}
