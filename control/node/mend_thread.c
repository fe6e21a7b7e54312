/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/mend_thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "control/node/boot_shape.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"
#include "dataplane/host/clock.h"

#define BUSY_NS 100000000u

struct one {
	struct wl_mender mender;
	void *memory;
	size_t bytes;
	uint32_t told_phase;
	uint64_t told_index;
	uint64_t moved_ns; /* something was done for it last */
};

struct wl_mend_thread {
	struct one journals[WIRELOG_JOURNALS_MAX];
};

void wl_mend_thread_request(struct wl_node *node, uint32_t journal, uint64_t offset)
{
	wl_mend_lanes_note_damaged(&node->journals[journal].journal->mend, offset);
}

/* ---- what is told ------------------------------------------------------------------------------- */

static void tell_lost(uint32_t id, const struct wl_mend_report *report)
{
	wl_report(
		WL_REPORT_ERROR, "entry_lost",
		"journal=%u index=%lu missing=%lu text=\"every node has answered, and none has it "
		"whole: this journal halts at that entry; what stands before it is intact\" fix=\"it is "
		"asked for again every second; bring back a node, or a disk, that has it\"",
		id, (unsigned long)report->index, (unsigned long)report->missing);
}

static void tell_refused(uint32_t id, const struct wl_mend_report *report)
{
	wl_report(WL_REPORT_ERROR, "not_mended",
		  "journal=%u damage=%s offset=%lu end=%lu fix=\"see `wirelog verify`\"", id,
		  wl_recovery_damage_name((enum wl_recovery_damage_kind)report->kind),
		  (unsigned long)report->begin, (unsigned long)report->end);
}

static void tell_asks(uint32_t id, const struct wl_mend_report *report)
{
	wl_report(WL_REPORT_NOTICE, "mending",
		  "journal=%u holes=%u missing=%lu kib=%lu index=%lu text=\"asks the other nodes\"",
		  id, report->holes_left, (unsigned long)report->missing,
		  (unsigned long)(report->bytes_left >> 10), (unsigned long)report->index);
}

static void tell_mended(uint32_t id, const struct wl_mend_report *report, uint64_t now_ns)
{
	wl_report(WL_REPORT_NOTICE, "mended",
		  "journal=%u fetched=%lu salvaged=%lu written_kib=%lu refused=%lu gave_up_end=%u "
		  "ms=%lu",
		  id, (unsigned long)report->fetched, (unsigned long)report->salvaged,
		  (unsigned long)(report->written >> 10), (unsigned long)report->refused,
		  report->gave_up, (unsigned long)((now_ns - report->began_ns) / 1000000));
}

/* Each step once; of an entry that is lost each one. */
static void tell(struct one *one, uint32_t id, uint64_t now_ns)
{
	const struct wl_mend_report *report = &one->mender.report;

	if (report->phase == one->told_phase &&
	    (report->phase != WL_MENDING_LOST || report->index == one->told_index))
		return;
	/* Nor what is tried again and again: it was told that it is. */
	if ((one->told_phase == WL_MENDING_FAILED || one->told_phase == WL_MENDING_TOO_OFTEN) &&
	    (report->phase == WL_MENDING_SURVEYS || report->phase == WL_MENDING_PROVES))
		return;
	switch ((enum wl_mending_phase)report->phase) {
	case WL_MENDING_NONE:
	case WL_MENDING_MENDED:
		tell_mended(id, report, now_ns);
		break;
	case WL_MENDING_ASKS:
		/* It goes to and fro between asking and having asked everybody. */
		if (one->told_phase == WL_MENDING_LOST)
			return;
		tell_asks(id, report);
		break;
	case WL_MENDING_LOST:
		tell_lost(id, report);
		break;
	case WL_MENDING_REFUSED:
		tell_refused(id, report);
		break;
	case WL_MENDING_FAILED:
		wl_report(
			WL_REPORT_ERROR, "mending_failed",
			"journal=%u text=\"the medium takes nothing, or gives nothing\" fix=\"it is "
			"tried again every second; look at the disk\"",
			id);
		break;
	case WL_MENDING_TOO_OFTEN:
		wl_report(
			WL_REPORT_ERROR, "mended_too_often",
			"journal=%u damage=%s offset=%lu rounds=%u fix=\"what was mended is "
			"damaged again: replace the disk, or what it hangs on; it is tried again every few "
			"seconds\"",
			id, wl_recovery_damage_name((enum wl_recovery_damage_kind)report->kind),
			(unsigned long)report->begin, report->rounds);
		break;
	default:
		break;
	}
	one->told_phase = report->phase;
	one->told_index = report->index;
}

/* ---- what is wanted ----------------------------------------------------------------------------- */

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	if (error == -ENOSPC)
		return WL_DISK_NO_SPACE;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static int perform(struct wl_node *node, uint32_t id, struct wl_store_reader *reader,
		   const struct wl_mender *mender)
{
	const struct wl_mender_want *want = &mender->want;

	switch (mender->state) {
	case WL_MENDER_WANTS_LOAD:
		return wl_store_base_read(node->store, id, want->place,
					  (struct wl_store_part){want->offset, want->buffer,
								 want->bytes});
	case WL_MENDER_WANTS_READ:
		return wl_store_reader_read(reader, id, want->offset, want->buffer, want->bytes);
	case WL_MENDER_WANTS_WRITE:
		return wl_store_rewrite(node->store, id, want->offset, want->buffer, want->bytes);
	case WL_MENDER_WANTS_SEGMENT:
		return wl_store_segment_prepare(node->store, id,
						want->offset / node->config->segment_bytes, NULL);
	case WL_MENDER_WANTS_REMOVE:
		wl_report(
			WL_REPORT_NOTICE, "base_removed",
			"journal=%u place=%u reason=\"the log was mended while this base could "
			"not be read, and its entries stand elsewhere now: the start goes on from "
			"the other base, or reads all of the log\"",
			id, want->place);
		return wl_store_base_remove(node->store, id, want->place);
	case WL_MENDER_IDLE:
		break;
	}
	return 0;
}

uint64_t wl_mend_thread_serve(struct wl_node *node, uint32_t journal,
			      struct wl_store_reader *reader,
			      const struct wl_mender_running *running, bool *did)
{
	uint64_t now_ns = wl_clock_kernel_ns();
	struct one *one = &node->mends->journals[journal];
	struct wl_mender *mender = &one->mender;
	uint64_t bytes = 0;

	if (wl_mender_step(mender, running, now_ns) != WL_MENDER_IDLE) {
		bytes = mender->want.bytes;
		wl_mender_on_done(mender, status_of(perform(node, journal, reader, mender)));
		one->moved_ns = now_ns;
		*did = true;
	}
	if (mender->asked ||
	    wl_mend_lane_state(&mender->lanes->serving.state) == WL_MEND_SERVING_ASKED)
		one->moved_ns = now_ns;
	tell(one, journal, now_ns);
	return bytes;
}

bool wl_mend_thread_is_busy(const struct wl_node *node, uint64_t now_ns)
{
	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		const struct one *one = &node->mends->journals[id];

		if (one->moved_ns != 0 && now_ns < one->moved_ns + BUSY_NS)
			return true;
	}
	return false;
}

/* ---- start and stop ----------------------------------------------------------------------------- */

static void shape(const struct wl_node *node, uint32_t id, struct wl_mender_config *config)
{
	struct wl_journal *journal = node->journals[id].journal;
	const struct wl_superblock_journal *remembered = &node->superblock.journals[id];
	struct wl_base_maker_config maker;

	wl_boot_shape_bases(node->config, &journal->config, &maker);
	*config = (struct wl_mender_config){
		.identity = maker.identity,
		.log = maker.log,
		.sessions_max = maker.sessions_max,
		.members = wl_members_without(node->config->voters, node->config->node),
		.dormant = journal->dormant,
		.damage = node->journals[id].damage,
		.first_segment = wl_store_segment_first(node->store, id),
		.segments = wl_store_segment_count(node->store, id),
		.watermark = remembered->watermark,
		.commit = remembered->commit,
		.rounds = node->mend_rounds,
	};
}

static bool open_one(struct wl_node *node, uint32_t id, struct one *one)
{
	struct wl_mender_config config;
	void *memory;

	shape(node, id, &config);
	one->bytes = wl_mender_memory_bytes(&config);
	/* Touched when used: where nothing is damaged most of it never is. */
	memory = mmap(NULL, one->bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	one->memory = memory;
	wl_mender_init(&one->mender, &config, &node->journals[id].journal->mend, memory);
	return true;
}

bool wl_mend_thread_open(struct wl_node *node)
{
	bool opened = true;

	node->mends = calloc(1, sizeof(*node->mends));
	for (uint32_t id = 0; node->mends && id < node->config->journal_count && opened; id++)
		opened = open_one(node, id, &node->mends->journals[id]);
	return node->mends && opened;
}

void wl_mend_thread_close(struct wl_node *node)
{
	if (!node->mends)
		return;
	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		struct one *one = &node->mends->journals[id];

		if (one->memory)
			munmap(one->memory, one->bytes);
	}
	free(node->mends);
	node->mends = NULL;
}
