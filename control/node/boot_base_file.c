/* SPDX-License-Identifier: BSD-3-Clause */
/* Which base a journal is opened from: the newest whole one, or none where the log has its beginning. */
#include <errno.h>
#include <stdio.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/node/stop_thread.h"
#include "control/report/report_file.h"

static enum wl_disk_status read_place(struct wl_node *node, uint32_t id,
				      const struct wl_base_load *load)
{
	struct wl_store_part part = {.to = load->buffer};
	unsigned place;
	int error;

	wl_base_load_want(load, &place, &part.at, &part.bytes);
	error = wl_store_base_read(node->store, id, place, part);
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

/* What is said of a place in a refusal. */
static const char *word_of(enum wl_base_verdict verdict)
{
	switch (verdict) {
	case WL_BASE_EMPTY:
		return "absent";
	case WL_BASE_DAMAGED:
		return "damaged or unreadable";
	case WL_BASE_VERSION:
		return "of another version of wirelog";
	case WL_BASE_FOREIGN:
		return "of another cluster, node or journal";
	case WL_BASE_SESSIONS:
		return "of more sessions than limits.sessions allows: raise it";
	default:
		return "whole";
	}
}

/* As the superblock is refused that knows of them; a base may be durable before that record is. */
static int refuse_features(uint32_t id, const struct wl_base_load *load, char *reason,
			   size_t reason_bytes)
{
	wl_features in_force = load->target.state->features.set;
	char lacking[WL_FEATURES_TEXT_BYTES];

	snprintf(reason, reason_bytes,
		 "journal %u: features are in force that this build does not have: %s", id,
		 wl_features_text(in_force & load->identity->lacks, lacking));
	return WIRELOG_FEATURE_UNKNOWN;
}

static int refuse(uint32_t id, const struct wl_base_load *load, uint64_t first_segment,
		  char *reason, size_t reason_bytes)
{
	const struct wl_base_place *places = load->places;

	if (load->verdict == WL_BASE_FEATURES)
		return refuse_features(id, load, reason, reason_bytes);
	snprintf(reason, reason_bytes,
		 "journal %u cannot be opened: its log begins at segment %lu, and of its two bases "
		 "base-0 is %s, base-1 is %s",
		 id, (unsigned long)first_segment, word_of(places[0].verdict),
		 word_of(places[1].verdict));
	if (load->verdict == WL_BASE_VERSION)
		return WIRELOG_STORE_VERSION;
	if (load->verdict == WL_BASE_SESSIONS)
		return WIRELOG_STORE_GEOMETRY;
	return load->verdict == WL_BASE_FOREIGN ? WIRELOG_STORE_FOREIGN : WIRELOG_STORE_DAMAGED;
}

/* What a start goes on from: a damaged base is told with what takes its part. */
static void tell(uint32_t id, const struct wl_base_load *load)
{
	const struct wl_base_header *header = &load->places[load->chosen].header;
	const char *instead = load->verdict == WL_BASE_OK ? "the other one" : "the log's beginning";

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		if (load->places[place].verdict == WL_BASE_DAMAGED)
			wl_report(
				WL_REPORT_WARNING, "base_damaged",
				"journal=%u place=%u fix=\"%s takes its part; it is written over\"",
				id, place, instead);
	if (load->verdict == WL_BASE_OK)
		wl_report(WL_REPORT_NOTICE, "opened_from_base",
			  "journal=%u index=%lu sequence=%lu digest=%016lx offset=%lu", id,
			  (unsigned long)header->log.position.index,
			  (unsigned long)header->sequence, (unsigned long)header->digest,
			  (unsigned long)header->log.walk_offset);
}

static int read_bases(struct wl_node *node, uint32_t id, struct wl_base_load *load, char *reason,
		      size_t reason_bytes)
{
	while (load->state != WL_BASE_LOAD_DONE) {
		if (wl_stop_is_asked()) {
			snprintf(reason, reason_bytes, "asked to stop while a base was read");
			return WIRELOG_CLOSED;
		}
		if (load->state == WL_BASE_LOAD_WANTS_EMPTY) {
			wl_journal_empty(node->journals[id].journal);
			wl_base_load_on_empty(load);
		} else {
			wl_base_load_on_read(load, read_place(node, id, load));
		}
	}
	return 0;
}

/* A damaged base where the log has its beginning is none: recovery reads it all. */
static bool is_refused(const struct wl_base_load *load, uint64_t first_segment)
{
	return load->verdict != WL_BASE_OK &&
	       (first_segment != 0 ||
		(load->verdict != WL_BASE_EMPTY && load->verdict != WL_BASE_DAMAGED));
}

int wl_boot_load_base(struct wl_node *node, uint32_t id, struct wl_recovery_window window,
		      char *reason, size_t reason_bytes)
{
	uint64_t first_segment = wl_store_segment_first(node->store, id);
	struct wl_journal *journal = node->journals[id].journal;
	struct wl_base_target target = wl_journal_base_target(journal, first_segment);
	struct wl_base_identity identity;
	struct wl_base_load base;
	unsigned looks = 0;
	int status;

	wl_boot_shape_base_identity(node->config, id, &identity);
	identity.lacks = ~wl_features_supported();
	do {
		if (looks != 0)
			wl_journal_empty(journal);
		wl_base_load_init(&base, &identity, &target, window.bytes, window.size);
		status = read_bases(node, id, &base, reason, reason_bytes);
		if (status != 0)
			return status;
		if (is_refused(&base, first_segment))
			status = refuse(id, &base, first_segment, reason, reason_bytes);
	} while (status == WIRELOG_STORE_DAMAGED && wl_boot_looks_again("base", &looks, reason));
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		node->journals[id].base_verdicts[place] = base.places[place].verdict;
	if (status != 0)
		return status;
	tell(id, &base);
	if (base.verdict == WL_BASE_OK)
		wl_journal_loaded(journal);
	return 0;
}
