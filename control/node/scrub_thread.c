/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/scrub_thread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "control/node/mend_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"

struct one {
	struct wl_scrub scrub;
	uint8_t *memory; /* window, tables */
	uint64_t passes_told;
};

struct wl_scrub_thread {
	struct one journals[WIRELOG_JOURNALS_MAX];
};

static size_t memory_bytes(void)
{
	return WL_SCRUB_WINDOW_BYTES + wl_align_up(wl_scrub_memory_bytes(), WL_BLOCK_BYTES);
}

/* ---- what is told ------------------------------------------------------------------------------- */

static void tell_found(struct wl_node *node, uint32_t id, struct one *one)
{
	const struct wl_scrub_report *report = &one->scrub.report;
	uint64_t offset;

	if (!wl_scrub_take_found(&one->scrub, &offset))
		return;
	wl_mend_thread_request(node, id, offset);
	wl_report(WL_REPORT_WARNING, "scrub_found",
		  "journal=%u offset=%lu found=%lu mended=%lu text=\"damage on the medium, before "
		  "anybody needed it\" fix=\"it is mended from the other nodes\"",
		  id, (unsigned long)offset, (unsigned long)report->found,
		  (unsigned long)report->mended);
}

static void tell_passed(uint32_t id, struct one *one)
{
	const struct wl_scrub_report *report = &one->scrub.report;

	if (report->passes == one->passes_told)
		return;
	one->passes_told = report->passes;
	wl_report(WL_REPORT_INFO, "scrubbed",
		  "journal=%u kib=%lu seconds=%lu found=%lu mended=%lu text=\"all that is kept was "
		  "read\"",
		  id, (unsigned long)((report->end - report->begin) >> 10),
		  (unsigned long)((report->finished_ns - report->began_ns) / 1000000000u),
		  (unsigned long)report->found, (unsigned long)report->mended);
}

/* ---- one read ----------------------------------------------------------------------------------- */

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static uint64_t read_one(uint32_t id, struct one *one, struct wl_store_reader *reader,
			 const struct wl_scrub_now *now)
{
	uint64_t offset;
	uint8_t *buffer;
	uint32_t bytes;

	wl_scrub_want(&one->scrub, &offset, &buffer, &bytes);
	wl_scrub_on_read(&one->scrub,
			 status_of(wl_store_reader_read(reader, id, offset, buffer, bytes)), now);
	return bytes;
}

uint64_t wl_scrub_thread_serve(struct wl_node *node, uint32_t journal,
			       struct wl_store_reader *reader, const struct wl_scrub_now *now)
{
	struct one *one = &node->scrubs->journals[journal];
	uint64_t bytes;

	wl_scrub_set_period(&one->scrub, atomic_load(&node->scrub_period_ns));
	if (one->scrub.state != WL_SCRUB_READS && wl_scrub_step(&one->scrub, now) != WL_SCRUB_READS)
		return 0;
	bytes = read_one(journal, one, reader, now);
	tell_found(node, journal, one);
	tell_passed(journal, one);
	wl_scrub_picture_write(&node->journals[journal].journal->scrub, &one->scrub.report);
	return bytes;
}

/* ---- start and stop ----------------------------------------------------------------------------- */

static bool open_one(struct wl_node *node, uint32_t id, struct one *one)
{
	/* Touched when used. */
	void *memory = mmap(NULL, memory_bytes(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	one->memory = memory;
	wl_scrub_init(&one->scrub, &node->journals[id].journal->config.log, node->config->scrub_ns,
		      one->memory, one->memory + WL_SCRUB_WINDOW_BYTES);
	return true;
}

bool wl_scrub_thread_open(struct wl_node *node)
{
	bool opened = true;

	node->scrubs = calloc(1, sizeof(*node->scrubs));
	for (uint32_t id = 0; node->scrubs && id < node->config->journal_count && opened; id++)
		opened = open_one(node, id, &node->scrubs->journals[id]);
	return node->scrubs && opened;
}

void wl_scrub_thread_close(struct wl_node *node)
{
	if (!node->scrubs)
		return;
	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		if (node->scrubs->journals[id].memory)
			munmap(node->scrubs->journals[id].memory, memory_bytes());
	}
	free(node->scrubs);
	node->scrubs = NULL;
}
