/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/restore/restore_read_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/tool_archive_file.h"
#include "command/tool_backup_file.h"
#include "wirelog/status.h"

#define ENDED 1 /* of on_entry: nothing more is wanted */

static int refuse(struct wl_restore_reading *reading, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first sentence counts. */
static int refuse(struct wl_restore_reading *reading, int status, const char *format, ...)
{
	int used = snprintf(reading->reason, reading->reason_bytes,
			    "%s: journal %u: ", reading->directory, reading->journal);
	va_list arguments;

	va_start(arguments, format);
	if (used > 0 && (size_t)used < reading->reason_bytes)
		vsnprintf(reading->reason + used, reading->reason_bytes - (size_t)used, format,
			  arguments);
	va_end(arguments);
	reading->status = status;
	return status;
}

/* ---- the base ------------------------------------------------------------------------------------ */

static int refuse_verdict(struct wl_restore_reading *reading, enum wl_restore_verdict verdict,
			  uint64_t index)
{
	return refuse(reading,
		      verdict == WL_RESTORE_SESSIONS	 ? WIRELOG_STORE_GEOMETRY
		      : verdict == WL_RESTORE_FEATURES	 ? WIRELOG_FEATURE_UNKNOWN
		      : verdict == WL_RESTORE_BELOW_BASE ? WIRELOG_INVALID_ARGUMENT
							 : WIRELOG_STORE_DAMAGED,
		      "entry %" PRIu64 ": %s [%s]", index, wl_restore_verdict_text(verdict),
		      wl_restore_verdict_name(verdict));
}

static int decode_base(struct wl_restore_reading *reading, FILE *file,
		       struct wl_base_header *header)
{
	const struct wl_backup *backup = reading->backup;
	struct wl_base_identity identity = {.node = backup->node,
					    .journal = reading->journal,
					    .segment_bytes = backup->segment_bytes};
	enum wl_base_verdict verdict = WL_BASE_OK;
	struct wl_base_decoder decoder;
	uint8_t block[WL_BLOCK_BYTES];

	memcpy(identity.cluster, backup->cluster, sizeof(identity.cluster));
	wl_base_decode_begin(&decoder, &identity, wl_restore_base_state(reading->restore), NULL, 0);
	while (verdict == WL_BASE_OK && !wl_base_decode_is_done(&decoder) &&
	       fread(block, sizeof(block), 1, file) == 1)
		verdict = wl_base_decode(&decoder, block);
	*header = decoder.header;
	if (verdict == WL_BASE_SESSIONS)
		return refuse(reading, WIRELOG_STORE_GEOMETRY,
			      "its base has or allows more sessions than limits.sessions of the "
			      "configuration: raise it");
	if (verdict == WL_BASE_VERSION)
		return refuse(reading, WIRELOG_STORE_VERSION, "its base is of another version");
	if (verdict != WL_BASE_OK || !wl_base_decode_is_done(&decoder) || fgetc(file) != EOF)
		return refuse(reading, WIRELOG_STORE_DAMAGED, "its base is damaged");
	return 0;
}

int wl_restore_read_base(struct wl_restore_reading *reading)
{
	const struct wl_backup_journal *page = &reading->backup->journals[reading->journal];
	enum wl_restore_verdict verdict;
	struct wl_base_header header;
	FILE *file;
	int status;

	reading->directory = reading->source->backup;
	if (page->base_index == 0)
		return 0;
	file = wl_backup_file_open(reading->source->backup, (int)reading->journal);
	if (!file)
		return refuse(reading, WIRELOG_STORE_DAMAGED, "its base: %s", strerror(errno));
	status = decode_base(reading, file, &header);
	fclose(file);
	if (status != 0)
		return status;
	verdict = wl_restore_on_base(reading->restore, &header);
	return verdict == WL_RESTORE_OK ? 0 : refuse_verdict(reading, verdict, page->base_index);
}

/* ---- entries ------------------------------------------------------------------------------------- */

static int on_entry(struct wl_restore_reading *reading, const uint8_t *image,
		    const struct wl_entry_header *header)
{
	enum wl_restore_verdict verdict;

	if (reading->status != 0) /* behind a gap */
		return ENDED;
	verdict = wl_restore_take(reading->restore, image, header);
	if (verdict == WL_RESTORE_ENOUGH) {
		reading->enough = true;
		return ENDED;
	}
	if (verdict != WL_RESTORE_OK) {
		refuse_verdict(reading, verdict, header->index);
		return ENDED;
	}
	if (reading->on_taken)
		reading->status = reading->on_taken(reading->context, image, header);
	return reading->status != 0 ? ENDED : 0;
}

static void on_gap(struct wl_restore_reading *reading, const struct wl_archive_place *from,
		   const struct wl_archive_place *to)
{
	if (reading->status == 0)
		refuse(reading, WIRELOG_STORE_DAMAGED,
		       "entries %" PRIu64 " to %" PRIu64
		       " are missing [GAP]: name an archive that has them, or none that goes on behind",
		       from->position.index + 1, to->position.index);
}

static int status_of(enum wl_archive_verdict verdict)
{
	switch (verdict) {
	case WL_ARCHIVE_FOREIGN:
		return WIRELOG_STORE_FOREIGN;
	case WL_ARCHIVE_VERSION:
		return WIRELOG_STORE_VERSION;
	case WL_ARCHIVE_CHAIN:
		return WIRELOG_OTHER_HISTORY;
	default:
		return WIRELOG_STORE_DAMAGED;
	}
}

static const struct wl_tool_archive_file *find(const struct wl_tool_archive *archive,
					       const char *path)
{
	for (size_t at = 0; at < archive->count; at++)
		if (strcmp(archive->files[at].path, path) == 0)
			return &archive->files[at];
	return NULL;
}

struct reading_archive {
	struct wl_restore_reading *reading;
	struct wl_tool_archive archive;
};

static int pass_entry(void *context, const uint8_t *image, const struct wl_entry_header *header)
{
	struct reading_archive *of = context;

	return on_entry(of->reading, image, header);
}

static void pass_gap(void *context, const struct wl_archive_place *from,
		     const struct wl_archive_place *to)
{
	struct reading_archive *of = context;

	on_gap(of->reading, from, to);
}

/* What is not whole may stand in another directory: that shows at the end. */
static void pass_damage(void *context, const char *path, enum wl_archive_verdict verdict,
			const struct wl_archive_place *at)
{
	struct reading_archive *of = context;
	struct wl_restore_reading *reading = of->reading;
	const struct wl_tool_archive_file *file = find(&of->archive, path);
	uint64_t to = file && file->verdict == WL_ARCHIVE_OK ? file->range.behind.position.index
							     : UINT64_MAX;

	if (reading->damaged[0] == '\0') {
		snprintf(reading->damaged, sizeof(reading->damaged),
			 "%s: %s, behind entry %" PRIu64 " [%s]", path,
			 wl_archive_verdict_text(verdict), at->position.index,
			 wl_archive_verdict_name(verdict));
		reading->damaged_status = status_of(verdict);
	}
	if (to > reading->damaged_to)
		reading->damaged_to = to;
}

static int judge_damage(struct wl_restore_reading *reading)
{
	/* It says more than the gap that comes of it. */
	if (reading->damaged[0] == '\0' || reading->enough ||
	    reading->restore->seen.behind.position.index >= reading->damaged_to)
		return reading->status;
	snprintf(reading->reason, reading->reason_bytes, "%s", reading->damaged);
	return reading->damaged_status;
}

/* From `from` on, of the directories. */
static int read_ranges(struct wl_restore_reading *reading, const char *const *directories,
		       uint32_t count, const struct wl_archive_place *from)
{
	struct reading_archive of = {.reading = reading};
	char reason[512];
	int status = 0;

	of.archive = (struct wl_tool_archive){.on_entry = pass_entry,
					      .on_gap = pass_gap,
					      .on_damage = pass_damage,
					      .context = &of,
					      .at = *from,
					      .begun = true};
	for (uint32_t at = 0; at < count && status == 0; at++) {
		status = wl_tool_archive_add(&of.archive, directories[at], reading->journal, reason,
					     sizeof(reason));
		if (status == WIRELOG_STORE_UNREADABLE)
			snprintf(reading->reason, reading->reason_bytes, "%s", reason);
	}
	reading->damaged[0] = '\0';
	reading->damaged_to = 0;
	if (status == 0)
		status = wl_tool_archive_read(&of.archive, 0);
	if (status == 0 || status == ENDED)
		status = judge_damage(reading);
	wl_tool_archive_close(&of.archive);
	return status;
}

static int read_archives(struct wl_restore_reading *reading)
{
	const struct wl_restore_source *source = reading->source;
	const struct wl_archive_place from = reading->restore->seen.behind;
	int status;

	if (source->archive_count == 0 || reading->enough)
		return 0;
	reading->directory = source->archives[0];
	status = read_ranges(reading, source->archives, source->archive_count, &from);
	reading->of_archives = reading->restore->seen.behind.position.index - from.position.index;
	return status;
}

int wl_restore_read_entries(struct wl_restore_reading *reading)
{
	const struct wl_backup_journal *page = &reading->backup->journals[reading->journal];
	const struct wl_archive_range *seen = &reading->restore->seen;
	enum wl_restore_verdict verdict;
	int status;

	reading->directory = reading->source->backup;
	status = read_ranges(reading, &reading->source->backup, 1, &page->before);
	if (status == 0 && !reading->enough &&
	    !wl_archive_place_equal(&seen->behind, &page->behind))
		return refuse(reading, WIRELOG_STORE_DAMAGED,
			      "its entries do not end where the page says, but at %" PRIu64,
			      seen->behind.position.index);
	if (status == 0)
		status = read_archives(reading);
	if (status != 0)
		return status;
	verdict = wl_restore_end(reading->restore);
	return verdict == WL_RESTORE_OK
		       ? 0
		       : refuse_verdict(reading, verdict, seen->behind.position.index);
}
