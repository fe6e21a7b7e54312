/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the journals and the disk. A request that the disk has no room for waits in the
 * backlog, in order; nothing new is asked for until the backlog is empty.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define COMPLETIONS_PER_TURN 64u

static enum wl_counter counter_of_write(enum wl_disk_status status)
{
	if (status == WL_DISK_OK)
		return WL_COUNTER_disk_writes_done;
	return status == WL_DISK_NOT_BEGUN ? WL_COUNTER_disk_write_not_begun
					   : WL_COUNTER_disk_write_failed;
}

static void take_completion(struct wl_worker *worker, const struct wl_disk_completion *completion)
{
	struct wl_journal *journal = wl_worker_journal(worker, (uint16_t)completion->journal);

	if (!journal)
		return;
	if (completion->verb == WL_DISK_FORGET) {
		wl_log_on_forgotten(&journal->log, completion);
		return;
	}
	if (completion->verb != WL_DISK_READ) {
		if (completion->verb == WL_DISK_WRITE)
			wl_count(&worker->counters, counter_of_write(completion->status));
		wl_log_on_written(&journal->log, completion);
		return;
	}
	if (completion->status == WL_DISK_FAILED) {
		wl_count(&worker->counters, WL_COUNTER_disk_read_failed);
		wl_log_note_read_failed(&journal->log, completion);
	}
	if (wl_reader_owner(completion) == WL_READER_OF_SERVICE)
		wl_service_on_read(journal->service, completion);
	else
		wl_replica_on_read(&journal->replica, completion);
}

unsigned wl_worker_take_completions(struct wl_worker *worker)
{
	struct wl_disk_completion completions[COMPLETIONS_PER_TURN];
	unsigned count = worker->disk->ops->reap(worker->disk, completions, COMPLETIONS_PER_TURN);

	if (count == 0)
		return 0;
	WL_CHECK(count <= COMPLETIONS_PER_TURN);
	WL_CHECK_MSG(count <= worker->requests_in_flight, "%u of %u", count,
		     worker->requests_in_flight);
	for (unsigned at = 0; at < count; at++)
		take_completion(worker, &completions[at]);
	worker->requests_in_flight -= count;
	for (uint32_t at = 0; at < worker->journal_count; at++)
		wl_replica_on_durable(&worker->journals[at].replica);
	return count;
}

static void count_requests(struct wl_worker *worker, const struct wl_disk_request *requests,
			   unsigned count)
{
	for (unsigned at = 0; at < count; at++) {
		if (requests[at].verb == WL_DISK_WRITE) {
			WL_CHECK(requests[at].offset % WL_BLOCK_BYTES == 0);
			WL_CHECK(requests[at].bytes % WL_BLOCK_BYTES == 0);
			wl_count(&worker->counters, WL_COUNTER_disk_writes);
			wl_count_add(&worker->counters, WL_COUNTER_disk_write_bytes,
				     requests[at].bytes);
		} else if (requests[at].verb == WL_DISK_READ) {
			wl_count(&worker->counters, WL_COUNTER_disk_reads);
		}
	}
}

/* The log of a dormant one is empty, and what stands on its medium is not: it must not ask for anything there. */
static bool uses_medium(const struct wl_journal *journal)
{
	return !journal->dormant;
}

/* Writes first: an append waits for them. */
static void collect(struct wl_worker *worker)
{
	struct wl_disk_request *requests = worker->backlog;
	unsigned count = 0;

	WL_CHECK(worker->backlog_count == 0);
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		if (uses_medium(&worker->journals[at]))
			count += wl_log_cut_writes(&worker->journals[at].log, requests + count,
						   WL_WORKER_DISK_BACKLOG - count);
	}
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_journal *journal = &worker->journals[at];

		if (!uses_medium(journal))
			continue;
		count += wl_replica_want_reads(&journal->replica, requests + count,
					       WL_WORKER_DISK_BACKLOG - count);
		count += wl_service_want_reads(journal->service, requests + count,
					       WL_WORKER_DISK_BACKLOG - count);
	}
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		if (uses_medium(&worker->journals[at]))
			count += wl_log_want_forgets(&worker->journals[at].log, requests + count,
						     WL_WORKER_DISK_BACKLOG - count);
	}
	WL_CHECK(count <= WL_WORKER_DISK_BACKLOG);
	count_requests(worker, requests, count);
	worker->backlog_count = count;
}

unsigned wl_worker_give_disk(struct wl_worker *worker)
{
	unsigned taken;

	if (worker->backlog_count == 0)
		collect(worker);
	if (worker->backlog_count == 0)
		return 0;
	taken = worker->disk->ops->submit(worker->disk, worker->backlog, worker->backlog_count);
	WL_CHECK(taken <= worker->backlog_count);
	worker->requests_in_flight += taken;
	worker->backlog_count -= taken;
	if (worker->backlog_count != 0) {
		wl_count(&worker->counters, WL_COUNTER_disk_queue_full);
		memmove(worker->backlog, worker->backlog + taken,
			worker->backlog_count * sizeof(worker->backlog[0]));
	}
	return taken;
}
