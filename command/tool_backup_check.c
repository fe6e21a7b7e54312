/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/tool_archive_file.h"
#include "command/tool_backup.h"
#include "command/tool_backup_file.h"
#include "dataplane/log/control_entry.h"
#include "dataplane/state/base_format.h"
#include "wirelog/status.h"

struct checking {
	const char *directory;
	const struct wl_backup *backup;
	uint32_t id;
	struct wl_base_header base;
	uint64_t *proven;
	bool base_met; /* the base stands at an entry of the same chain value */
	char *reason;
	size_t reason_bytes;
	bool failed; /* reason says why */
};

static const struct wl_backup_journal *page_of(const struct checking *checking)
{
	return &checking->backup->journals[checking->id];
}

static void fail(struct checking *checking, const char *what)
{
	if (!checking->failed)
		snprintf(checking->reason, checking->reason_bytes, "%s: journal %u: %s",
			 checking->directory, checking->id, what);
	checking->failed = true;
}

/* ---- the base ------------------------------------------------------------------------------------ */

static void decode_base(struct checking *checking, FILE *file)
{
	const struct wl_backup *backup = checking->backup;
	struct wl_base_identity identity = {.node = backup->node,
					    .journal = checking->id,
					    .segment_bytes = backup->segment_bytes};
	enum wl_base_verdict verdict = WL_BASE_OK;
	struct wl_base_decoder decoder;
	uint8_t block[WL_BLOCK_BYTES];
	uint64_t bytes = 0;

	memcpy(identity.cluster, backup->cluster, sizeof(identity.cluster));
	wl_base_decode_begin(&decoder, &identity, NULL, NULL, 0);
	while (verdict == WL_BASE_OK && !wl_base_decode_is_done(&decoder) &&
	       fread(block, sizeof(block), 1, file) == 1) {
		verdict = wl_base_decode(&decoder, block);
		bytes += sizeof(block);
	}
	checking->base = decoder.header;
	if (verdict != WL_BASE_OK || !wl_base_decode_is_done(&decoder) || fgetc(file) != EOF)
		fail(checking, "its base is damaged");
	else if (bytes != page_of(checking)->base_bytes ||
		 decoder.header.digest != page_of(checking)->base_digest ||
		 decoder.header.log.position.index != page_of(checking)->base_index)
		fail(checking, "its base is another one than the page says");
}

static void check_base(struct checking *checking)
{
	FILE *file;

	checking->base_met = page_of(checking)->base_index == 0;
	if (checking->base_met)
		return;
	file = wl_backup_file_open(checking->directory, (int)checking->id);
	if (!file) {
		fail(checking, "its base is not there");
		return;
	}
	decode_base(checking, file);
	fclose(file);
	if (page_of(checking)->before.position.index == page_of(checking)->base_index)
		checking->base_met = page_of(checking)->before.chain == checking->base.log.chain;
}

/* ---- the entries --------------------------------------------------------------------------------- */

/* The same entries make the same base: one that differs from what a majority made is not the state there, however whole it is. */
static void note_proof(struct checking *checking, const uint8_t *image,
		       const struct wl_entry_header *header)
{
	const struct wl_backup_journal *page = page_of(checking);
	struct wl_control control;

	if (header->kind != WL_ENTRY_CONTROL || !wl_control_decode(image, header, &control) ||
	    control.verb != WL_CONTROL_BASE_PROVEN || page->base_index == 0 ||
	    control.index != page->base_index)
		return;
	if (control.digest != page->base_digest)
		fail(checking, "a majority made another base at the entry of this one");
	checking->proven[checking->id] = header->index;
}

static int on_entry(void *context, const uint8_t *image, const struct wl_entry_header *header)
{
	struct checking *checking = context;

	if (header->index == page_of(checking)->base_index)
		checking->base_met = wl_entry_chain(image) == checking->base.log.chain;
	note_proof(checking, image, header);
	return 0;
}

static void on_gap(void *context, const struct wl_archive_place *from,
		   const struct wl_archive_place *to)
{
	char text[160];

	snprintf(text, sizeof(text), "entries %" PRIu64 " to %" PRIu64 " are missing [GAP]",
		 from->position.index + 1, to->position.index);
	fail(context, text);
}

static void on_damage(void *context, const char *path, enum wl_archive_verdict verdict,
		      const struct wl_archive_place *at)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s, behind entry %" PRIu64 " [%s]", path,
		 wl_archive_verdict_text(verdict), at->position.index,
		 wl_archive_verdict_name(verdict));
	fail(context, text);
}

static int check_entries(struct checking *checking)
{
	const struct wl_backup_journal *page = page_of(checking);
	struct wl_tool_archive archive = {.on_entry = on_entry,
					  .on_gap = on_gap,
					  .on_damage = on_damage,
					  .context = checking};
	char reason[512];
	int status;

	/* Of two ranges from other backups each may be whole: it begins where the page says. */
	archive.at = page->before;
	archive.begun = true;
	status = wl_tool_archive_add(&archive, checking->directory, checking->id, reason,
				     sizeof(reason));
	if (status == WIRELOG_STORE_UNREADABLE)
		fail(checking, reason);
	if (status == 0)
		status = wl_tool_archive_read(&archive, 0);
	if (status == 0 && !wl_archive_place_equal(&archive.at, &page->behind))
		fail(checking, "its entries do not end where the page says");
	wl_tool_archive_close(&archive);
	if (status == 0 && !checking->base_met)
		fail(checking, "its base does not stand in its entries");
	return status == WIRELOG_NO_MEMORY ? status : 0;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

int wl_backup_check(struct wl_backup *backup, uint64_t proven[WIRELOG_JOURNALS_MAX],
		    const char *directory, char *reason, size_t reason_bytes)
{
	struct checking checking = {.directory = directory,
				    .backup = backup,
				    .proven = proven,
				    .reason = reason,
				    .reason_bytes = reason_bytes};
	int status = wl_backup_file_read_page(backup, directory, reason, reason_bytes);

	if (status == WIRELOG_STORE_VERSION)
		status = WIRELOG_STORE_DAMAGED; /* of no use to this build, as if it were damaged */
	memset(proven, 0, WIRELOG_JOURNALS_MAX * sizeof(proven[0]));
	for (; status == 0 && checking.id < backup->journal_count && !checking.failed;
	     checking.id++) {
		check_base(&checking);
		status = check_entries(&checking);
	}
	return status == 0 && checking.failed ? WIRELOG_STORE_DAMAGED : status;
}
