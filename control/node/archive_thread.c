/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/archive_thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "control/node/mend_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "dataplane/log/archiver.h"
#include "dataplane/store/archive_file.h"

#define REST_NS 2000000000ull /* after a failure */
#define PIECE_BYTES \
	((size_t)(WL_ARCHIVER_PIECE_BYTES + WL_BLOCK_BYTES - 1) & ~(size_t)(WL_BLOCK_BYTES - 1))
#define MEMORY_BYTES (PIECE_BYTES + WL_CHUNK_BYTES_MAX)

/* Who has the job. wl-base asks when it is FREE, wl-archive answers. */
enum { FREE = 0, ASKED, DONE };

struct one {
	struct wl_archiver archiver;
	struct wl_archive_report report;
	uint8_t *memory; /* piece, buffer */
	uint64_t until_ns; /* it rests */
	bool anew; /* the log is another one when the job is done */

	_Atomic uint32_t job; /* the members below belong to who has it */
	enum wl_archiver_state wanted;
	int error;
	bool found;
	struct wl_archive_range newest;
	struct wl_archive_writer writer; /* wl-archive's */
};

struct wl_archive_thread {
	struct wl_node *node;
	struct one journals[WIRELOG_JOURNALS_MAX];
	sem_t work;
	pthread_t thread;
	_Atomic bool stops;
	bool runs;
};

/* ---- wl-archive ---------------------------------------------------------------------------------- */

static int do_job(const struct wl_node *node, uint32_t id, struct one *one)
{
	const struct wl_archiver *archiver = &one->archiver;
	uint64_t first = archiver->at.position.index + 1;
	int error = 0;

	if (!wl_archive_writer_is_open(&one->writer))
		error = wl_archive_writer_open(&one->writer, node->config->archive_directory, id);
	if (error != 0)
		return error;
	if (one->wanted == WL_ARCHIVER_WANTS_NEWEST)
		return wl_archive_writer_newest(&one->writer, &one->newest, &one->found);
	if (one->wanted == WL_ARCHIVER_WANTS_WRITE)
		return wl_archive_writer_write(&one->writer, first, archiver->piece,
					       archiver->piece_bytes, archiver->piece_offset);
	return wl_archive_writer_end(&one->writer, &archiver->range);
}

static void *run(void *argument)
{
	struct wl_archive_thread *archives = argument;
	const struct wl_node *node = archives->node;

	wl_placement_name("wl-archive");
	for (;;) {
		while (sem_wait(&archives->work) != 0)
			;
		if (atomic_load(&archives->stops))
			return NULL;
		for (uint32_t id = 0; id < node->config->journal_count; id++) {
			struct one *one = &archives->journals[id];

			if (atomic_load_explicit(&one->job, memory_order_acquire) != ASKED)
				continue;
			one->error = do_job(node, id, one);
			/* It is looked at from its path on: it may have been mounted anew. */
			if (one->error != 0)
				wl_archive_writer_close(&one->writer);
			atomic_store_explicit(&one->job, DONE, memory_order_release);
		}
	}
}

/* ---- what is told -------------------------------------------------------------------------------- */

static void tell_failed(const struct wl_node *node, uint32_t id, struct one *one, int error)
{
	one->report.failures++;
	if (one->report.error == (uint64_t)-error)
		return;
	one->report.error = (uint64_t)-error;
	wl_report(WL_REPORT_WARNING, "archive_failed",
		  "journal=%u directory=%s error=%d text=\"%s\" fix=\"%s; nothing is given up "
		  "meanwhile, and it is tried again every %llu s\"",
		  id, node->config->archive_directory, -error, strerror(-error),
		  error == -EBUSY
			  ? "another process writes there: each node needs a directory of its own"
			  : "make it writable, and make room in it",
		  REST_NS / 1000000000u);
}

static void tell_done(const struct wl_node *node, uint32_t id, struct one *one)
{
	if (one->report.error != 0)
		wl_report(WL_REPORT_NOTICE, "archive_failed", "journal=%u directory=%s ended=1", id,
			  node->config->archive_directory);
	one->report.error = 0;
}

static void tell_stopped(const struct wl_node *node, uint32_t id, const struct one *one)
{
	wl_report(
		WL_REPORT_ERROR, "archive_stopped",
		"journal=%u directory=%s reason=%s index=%lu text=\"what is archived there is not "
		"of this node's journal: %s\" fix=\"give archive.directory an empty directory of "
		"this node alone; nothing is given up meanwhile\"",
		id, node->config->archive_directory, wl_archive_verdict_name(one->archiver.verdict),
		(unsigned long)one->archiver.at.position.index,
		wl_archive_verdict_text(one->archiver.verdict));
}

static void tell_gap(const struct wl_node *node, uint32_t id, struct one *one)
{
	const struct wl_archiver *archiver = &one->archiver;

	if (archiver->gaps == one->report.gaps)
		return;
	wl_report(WL_REPORT_WARNING, "archive_gap",
		  "journal=%u directory=%s first=%lu last=%lu text=\"these entries are not on this "
		  "node any more\" fix=\"other nodes' archives may have them: `wirelog tail "
		  "--archive` takes several\"",
		  id, node->config->archive_directory, (unsigned long)archiver->gap_first,
		  (unsigned long)archiver->gap_last);
}

static void publish(struct wl_node *node, uint32_t id, struct one *one)
{
	const struct wl_archiver *archiver = &one->archiver;
	struct wl_journal *journal = node->journals[id].journal;
	struct wl_archive_report *report = &one->report;

	report->configured = 1;
	report->index = archiver->at.position.index;
	report->next_number = archiver->at.next_number;
	report->keep_offset = archiver->keep_offset;
	report->ranges = archiver->ranges;
	report->bytes = archiver->bytes;
	report->gaps = archiver->gaps;
	report->gap_first = archiver->gap_first;
	report->gap_last = archiver->gap_last;
	/* What it stands still for is over when all that there is was read, and not when it is tried again. */
	if (archiver->verdict != WL_ARCHIVE_OK || archiver->state == WL_ARCHIVER_IDLE)
		report->verdict = archiver->verdict;
	wl_base_exchange_keep(&journal->bases, archiver->keep_offset);
	wl_archive_picture_write(&journal->archive, report);
}

/* ---- wl-base ------------------------------------------------------------------------------------- */

static void ask(struct wl_archive_thread *archives, struct one *one)
{
	one->wanted = one->archiver.state;
	atomic_store_explicit(&one->job, ASKED, memory_order_release);
	sem_post(&archives->work);
}

static void take_answer(struct wl_node *node, uint32_t id, struct one *one)
{
	struct wl_archiver *archiver = &one->archiver;

	if (one->error != 0)
		tell_failed(node, id, one, one->error);
	else if (one->wanted != WL_ARCHIVER_WANTS_NEWEST)
		tell_done(node, id, one);
	if (one->error == 0 && one->wanted == WL_ARCHIVER_WANTS_NEWEST)
		wl_archiver_on_newest(archiver, one->found ? &one->newest : NULL);
	else
		wl_archiver_on_done(archiver, one->error == 0);
	atomic_store_explicit(&one->job, FREE, memory_order_relaxed);
	if (one->anew)
		wl_archiver_anew(archiver);
	one->anew = false;
}

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static uint32_t read_stream(uint32_t id, struct one *one, struct wl_store_reader *reader)
{
	struct wl_disk_request request;
	int error;

	wl_archiver_want(&one->archiver, &request);
	error = wl_store_reader_read(reader, id, request.offset, request.buffer, request.bytes);
	wl_archiver_on_read(&one->archiver, status_of(error));
	return request.bytes;
}

/* False: it rests. */
static bool is_awake(struct wl_node *node, uint32_t id, struct one *one)
{
	uint64_t now_ns = wl_clock_kernel_ns();

	if (one->until_ns == 0) {
		one->until_ns = now_ns + REST_NS;
		if (one->archiver.state == WL_ARCHIVER_STOPPED && !one->report.verdict)
			tell_stopped(node, id, one);
		if (one->archiver.verdict == WL_ARCHIVE_ENTRY)
			wl_mend_thread_request(node, id, one->archiver.damage_offset);
		publish(node, id, one);
	}
	if (now_ns < one->until_ns)
		return false;
	one->until_ns = 0;
	/* What is told of it stays until the archive was looked at anew. */
	wl_archiver_retry(&one->archiver);
	return true;
}

uint64_t wl_archive_thread_serve(struct wl_node *node, uint32_t journal,
				 struct wl_store_reader *reader,
				 const struct wl_archive_source *source, bool *did)
{
	struct one *one;
	uint32_t job;

	if (!node->archives)
		return 0;
	one = &node->archives->journals[journal];
	job = atomic_load_explicit(&one->job, memory_order_acquire);
	if (job == ASKED)
		return 0;
	if (job == DONE)
		take_answer(node, journal, one);
	switch (one->archiver.state) {
	case WL_ARCHIVER_WANTS_REST:
	case WL_ARCHIVER_STOPPED:
		*did |= is_awake(node, journal, one);
		return 0;
	case WL_ARCHIVER_WANTS_READ:
		*did = true;
		return read_stream(journal, one, reader);
	case WL_ARCHIVER_IDLE:
		if (source->log)
			wl_archiver_step(&one->archiver, source->log, source->applied);
		break;
	default:
		break;
	}
	if (one->archiver.state == WL_ARCHIVER_IDLE || job == DONE) {
		tell_gap(node, journal, one);
		publish(node, journal, one);
	}
	*did |= one->archiver.state != WL_ARCHIVER_IDLE;
	if (one->archiver.state == WL_ARCHIVER_WANTS_NEWEST ||
	    one->archiver.state == WL_ARCHIVER_WANTS_WRITE ||
	    one->archiver.state == WL_ARCHIVER_WANTS_CLOSE)
		ask(node->archives, one);
	return 0;
}

uint64_t wl_archive_thread_position(const struct wl_node *node, uint32_t journal)
{
	return node->archives ? node->archives->journals[journal].archiver.keep_offset : 0;
}

void wl_archive_thread_anew(struct wl_node *node, uint32_t journal)
{
	struct one *one = node->archives ? &node->archives->journals[journal] : NULL;

	if (!one)
		return;
	/* The piece belongs to wl-archive while it writes. */
	if (atomic_load_explicit(&one->job, memory_order_acquire) == FREE)
		wl_archiver_anew(&one->archiver);
	else
		one->anew = true;
}

/* ---- start and stop ------------------------------------------------------------------------------ */

static bool open_one(struct wl_node *node, uint32_t id, struct one *one)
{
	struct wl_archiver_identity identity = {.node = node->config->node, .journal = id};
	/* Touched when used. */
	void *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	one->memory = memory;
	memcpy(identity.cluster, node->config->cluster, sizeof(identity.cluster));
	wl_archive_writer_init(&one->writer);
	wl_archiver_init(&one->archiver, &identity, one->memory, one->memory + PIECE_BYTES);
	publish(node, id, one);
	return true;
}

bool wl_archive_thread_open(struct wl_node *node)
{
	struct wl_archive_thread *archives;
	bool opened = true;

	if (node->config->archive_directory[0] == '\0')
		return true;
	archives = node->archives = calloc(1, sizeof(*archives));
	if (!archives || sem_init(&archives->work, 0, 0) != 0)
		return false;
	archives->node = node;
	for (uint32_t id = 0; id < node->config->journal_count && opened; id++)
		opened = open_one(node, id, &archives->journals[id]);
	if (opened)
		archives->runs = pthread_create(&archives->thread, NULL, run, archives) == 0;
	return archives->runs;
}

void wl_archive_thread_close(struct wl_node *node)
{
	struct wl_archive_thread *archives = node->archives;

	if (!archives)
		return;
	atomic_store(&archives->stops, true);
	sem_post(&archives->work);
	if (archives->runs)
		pthread_join(archives->thread, NULL);
	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		if (!archives->journals[id].memory)
			continue;
		wl_archive_writer_close(&archives->journals[id].writer);
		munmap(archives->journals[id].memory, MEMORY_BYTES);
	}
	sem_destroy(&archives->work);
	free(archives);
	node->archives = NULL;
}
