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
	unsigned place;
	uint64_t at;
	uint32_t bytes;
	int error;

	wl_base_load_want(load, &place, &at, &bytes);
	error = wl_store_base_read(node->store, id, place, at, load->buffer, bytes);
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static int refuse(uint32_t id, const struct wl_base_load *load, uint64_t first_segment,
		  char *reason, size_t reason_bytes)
{
	snprintf(reason, reason_bytes,
		 "journal %u cannot be opened: its log begins at segment %lu, and of its two bases "
		 "one is %s, the other one %s (damaged, or of more sessions than limits.sessions)",
		 id, (unsigned long)first_segment, wl_base_verdict_name(load->places[0].verdict),
		 wl_base_verdict_name(load->places[1].verdict));
	if (load->verdict == WL_BASE_VERSION)
		return WIRELOG_STORE_VERSION;
	return load->verdict == WL_BASE_FOREIGN ? WIRELOG_STORE_FOREIGN : WIRELOG_STORE_DAMAGED;
}

static void tell(uint32_t id, const struct wl_base_load *load)
{
	const struct wl_base_header *header = &load->places[load->chosen].header;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		if (load->places[place].verdict == WL_BASE_DAMAGED)
			wl_report(
				WL_REPORT_WARNING, "base_damaged",
				"journal=%u place=%u fix=\"the other one, or the log's beginning, "
				"takes its part; it is written over\"",
				id, place);
	if (load->verdict == WL_BASE_OK)
		wl_report(WL_REPORT_NOTICE, "opened_from_base",
			  "journal=%u index=%lu sequence=%lu digest=%016lx offset=%lu", id,
			  (unsigned long)header->log.position.index,
			  (unsigned long)header->sequence, (unsigned long)header->digest,
			  (unsigned long)header->log.walk_offset);
}

int wl_boot_load_base(struct wl_node *node, uint32_t id, uint8_t *buffer, uint32_t buffer_bytes,
		      char *reason, size_t reason_bytes)
{
	uint64_t first_segment = wl_store_segment_first(node->store, id);
	struct wl_journal *journal = node->journals[id].journal;
	struct wl_base_target target = wl_journal_base_target(journal, first_segment);
	struct wl_base_identity identity;
	struct wl_base_load load;

	wl_boot_shape_base_identity(node->config, id, &identity);
	wl_base_load_init(&load, &identity, &target, buffer, buffer_bytes);
	while (load.state != WL_BASE_LOAD_DONE) {
		if (wl_stop_is_asked()) {
			snprintf(reason, reason_bytes, "asked to stop while a base was read");
			return WIRELOG_CLOSED;
		}
		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			wl_journal_empty(journal);
			wl_base_load_on_empty(&load);
		} else {
			wl_base_load_on_read(&load, read_place(node, id, &load));
		}
	}
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		node->journals[id].base_verdicts[place] = load.places[place].verdict;
	tell(id, &load);
	if (load.verdict == WL_BASE_OK)
		wl_journal_loaded(journal);
	else if (first_segment != 0 ||
		 (load.verdict != WL_BASE_EMPTY && load.verdict != WL_BASE_DAMAGED))
		return refuse(id, &load, first_segment, reason, reason_bytes);
	return 0;
}
