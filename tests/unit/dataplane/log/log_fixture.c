/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/log/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/log/fixture_memory.h"

const struct log_fixture_sizes log_fixture_sizes[LOG_FIXTURE_SIZES] = {
	{WL_SEGMENT_BYTES_MIN, WL_LOG_RING_BYTES_MIN},
	{WL_SEGMENT_BYTES_MIN, 2 * WL_LOG_RING_BYTES_MIN},
	{2 * WL_SEGMENT_BYTES_MIN, WL_LOG_RING_BYTES_MIN},
	{2 * WL_SEGMENT_BYTES_MIN, 4 * WL_LOG_RING_BYTES_MIN},
};

static unsigned chosen_sizes;

void log_fixture_choose_sizes(unsigned which)
{
	WL_CHECK(which < LOG_FIXTURE_SIZES);
	chosen_sizes = which;
}

static void begin_log(struct log_fixture *fixture)
{
	wl_log_init(&fixture->log, &fixture->config, fixture->ring, fixture->memory);
	if (fixture->marks_max != 0)
		fixture->log.mark_max = fixture->marks_max;
	if (fixture->base)
		WL_CHECK(log_fixture_restore(&fixture->log, fixture->base,
					     fixture->drive.first_segment));
}

bool log_fixture_describe(struct log_fixture *fixture, uint64_t index,
			  struct log_fixture_base *base)
{
	const struct wl_log *log = &fixture->log;

	if (!wl_log_describe_base(log, index, &base->log))
		return false;
	base->terms = malloc(base->log.terms * sizeof(*base->terms) + 1);
	base->marks = malloc(base->log.marks * sizeof(*base->marks) + 1);
	base->dead = malloc(base->log.dead_ranges * sizeof(*base->dead) + 1);
	WL_CHECK(base->terms && base->marks && base->dead);
	for (uint32_t at = 0; at < base->log.terms; at++)
		base->terms[at] = *wl_log_term_entry(log, at);
	for (uint32_t at = 0; at < base->log.marks; at++)
		base->marks[at] = *wl_log_mark_entry(log, at);
	for (uint32_t at = 0; at < base->log.dead_ranges; at++)
		base->dead[at] = *wl_log_dead_entry(log, at);
	return true;
}

void log_fixture_free_base(struct log_fixture_base *base)
{
	free(base->terms);
	free(base->marks);
	free(base->dead);
	memset(base, 0, sizeof(*base));
}

bool log_fixture_restore(struct wl_log *log, const struct log_fixture_base *base,
			 uint64_t first_segment)
{
	bool good = wl_log_restore(log, &base->log);

	for (uint32_t at = 0; good && at < base->log.terms; at++)
		good = wl_log_restore_term(log, &base->terms[at]);
	for (uint32_t at = 0; good && at < base->log.marks; at++)
		good = wl_log_restore_mark(log, &base->marks[at]);
	for (uint32_t at = 0; good && at < base->log.dead_ranges; at++)
		good = wl_log_restore_dead(log, &base->dead[at]);
	return good && wl_log_restore_end(log, first_segment);
}

void log_fixture_init(struct log_fixture *fixture, uint64_t segments_max)
{
	const struct log_fixture_sizes *sizes = &log_fixture_sizes[chosen_sizes];
	struct wl_segment_header identity = {
		.binding = wl_chunk_binding(FIXTURE_CLUSTER, FIXTURE_NODE, FIXTURE_JOURNAL),
		.node = FIXTURE_NODE,
		.journal = FIXTURE_JOURNAL,
	};

	memset(fixture, 0, sizeof(*fixture));
	segments_max += FIXTURE_KEPT_SEGMENTS;
	fixture->config = (struct wl_log_config){
		.cluster = FIXTURE_CLUSTER,
		.journal = FIXTURE_JOURNAL,
		.node = FIXTURE_NODE,
		.segment_bytes = sizes->segment_bytes,
		.ring_bytes = sizes->ring_bytes,
		.bytes_max = segments_max * sizes->segment_bytes,
		.chunk_key = "known to nobody",
		.entry_bytes_target = 64 << 10,
	};
	memory_drive_init(&fixture->drive, &identity, sizes->segment_bytes, segments_max);
	fixture->ring = fixture_memory_take(fixture->config.ring_bytes);
	fixture->window = fixture_memory_take(FIXTURE_WINDOW_BYTES);
	fixture->buffer = fixture_memory_take(WL_CHUNK_BYTES_MAX);
	fixture->image = malloc(WL_ENTRY_BYTES_MAX);
	fixture->memory = malloc(wl_log_memory_bytes(&fixture->config));
	WL_CHECK(fixture->image && fixture->memory);
	begin_log(fixture);
}

void log_fixture_fini(struct log_fixture *fixture)
{
	memory_drive_fini(&fixture->drive);
	fixture_memory_give_back(fixture->ring);
	fixture_memory_give_back(fixture->window);
	fixture_memory_give_back(fixture->buffer);
	free(fixture->image);
	free(fixture->memory);
}

unsigned log_fixture_submit(struct log_fixture *fixture)
{
	struct wl_disk_request requests[WL_WRITES_IN_FLIGHT_MAX + 2];
	struct wl_disk *disk = &fixture->drive.disk;
	unsigned count = wl_log_cut_writes(&fixture->log, requests, WL_WRITES_IN_FLIGHT_MAX + 1);

	count += wl_log_want_forgets(&fixture->log, requests + count, 1);

	WL_CHECK(disk->ops->submit(disk, requests, count) == count);
	return count;
}

void log_fixture_reap(struct log_fixture *fixture)
{
	struct wl_disk_completion completion;
	struct wl_disk *disk = &fixture->drive.disk;

	while (disk->ops->reap(disk, &completion, 1) == 1) {
		if (completion.verb == WL_DISK_FORGET)
			wl_log_on_forgotten(&fixture->log, &completion);
		else
			wl_log_on_written(&fixture->log, &completion);
	}
}

void log_fixture_settle(struct log_fixture *fixture)
{
	while (log_fixture_submit(fixture) || fixture->drive.pending_count) {
		while (fixture->drive.pending_count)
			memory_drive_complete(&fixture->drive, 0, WL_DISK_OK);
		log_fixture_reap(fixture);
	}
}

/* Byte `at` is seed + 7 * at, which comes again after 256. */
static void fill(uint8_t *to, uint32_t bytes, uint64_t seed)
{
	uint32_t done = bytes < 256 ? bytes : 256;

	for (uint32_t at = 0; at < done; at++)
		to[at] = (uint8_t)(seed + at * 7u);
	for (; done < bytes; done *= 2)
		memcpy(to + done, to, done < bytes - done ? done : bytes - done);
}

struct wl_position log_fixture_append(struct log_fixture *fixture, uint64_t term,
				      uint32_t payload_bytes)
{
	struct wl_record_header record = {7, fixture->log.next_number, payload_bytes,
					  WL_RECORD_DATA};
	uint64_t number;

	if (fixture->log.segments_ready == 0)
		log_fixture_settle(fixture);
	fill(fixture->image, payload_bytes, fixture->log.next_number);
	WL_CHECK(wl_log_open_entry(&fixture->log, WL_ENTRY_RECORDS, term,
				   1000 * fixture->log.tail.index, 0) == WL_LOG_OK);
	WL_CHECK(wl_log_add_record(&fixture->log, &record, fixture->image, &number) == WL_LOG_OK);
	return wl_log_seal_entry(&fixture->log);
}

size_t log_fixture_make_image(struct log_fixture *fixture, uint64_t term, uint32_t payload_bytes)
{
	const struct wl_log *log = &fixture->log;
	struct wl_record_header record = {7, log->next_number, payload_bytes, WL_RECORD_DATA};
	struct wl_entry_header header = {
		.kind = WL_ENTRY_RECORDS,
		.journal = FIXTURE_JOURNAL,
		.cluster = FIXTURE_CLUSTER,
		.record_count = 1,
		.data_count = 1,
		.index = log->tail.index + 1,
		.term = term,
		.previous_term = log->tail.term,
		.first_number = log->next_number,
		.previous_chain = log->tail_chain,
		.timestamp_ns = log->last_timestamp_ns + 10,
		.body_bytes = (uint32_t)wl_record_image_bytes(payload_bytes),
	};
	uint8_t *body = fixture->image + WL_ENTRY_HEADER_BYTES;

	memset(body + header.body_bytes - 8, 0, 8);
	wl_entry_encode_record(body, &record);
	fill(body + WL_RECORD_HEADER_BYTES, payload_bytes, log->next_number + term);
	header.body_crc = wl_crc32c(body, header.body_bytes);
	wl_entry_encode_header(fixture->image, &header);
	return wl_entry_bytes(&header);
}

static void begin_recovery(struct log_fixture *fixture, uint64_t watermark, bool read_only)
{
	fixture->starts++;
	memset(fixture->ring, (int)fixture->starts, fixture->config.ring_bytes);
	begin_log(fixture);
	wl_recovery_init(&fixture->recovery, &fixture->log, fixture->drive.segments, watermark,
			 log_fixture_window(fixture));
	fixture->recovery.read_only = read_only;
}

/* False: the power went before the scrub was done; any of its sectors may be zero. */
static bool scrub(struct log_fixture *fixture)
{
	uint64_t begin = fixture->recovery.scrub_begin, end = fixture->recovery.scrub_end;
	uint64_t segment_bytes = fixture->config.segment_bytes;
	bool fails = fixture->scrub_random && sim_random_chance(fixture->scrub_random, 300000);

	WL_CHECK(begin / segment_bytes == (end - 1) / segment_bytes);
	WL_CHECK(begin % segment_bytes != 0 && begin < end);
	for (uint64_t at = begin; at < end; at += WL_SECTOR_BYTES) {
		if (!fails || sim_random_chance(fixture->scrub_random, 500000))
			memset(memory_drive_place(&fixture->drive, at), 0, WL_SECTOR_BYTES);
	}
	return !fails;
}

enum wl_recovery_state log_fixture_restart(struct log_fixture *fixture, uint64_t watermark,
					   bool read_only)
{
	struct wl_recovery *recovery = &fixture->recovery;
	uint64_t offset;
	uint32_t bytes;

	fixture->drive.pending_count = 0;
	fixture->drive.done_count = 0;
	begin_recovery(fixture, watermark, read_only);
	while (recovery->state == WL_RECOVERY_WANTS_READ ||
	       recovery->state == WL_RECOVERY_WANTS_SCRUB) {
		if (recovery->state == WL_RECOVERY_WANTS_SCRUB) {
			if (scrub(fixture))
				wl_recovery_on_scrubbed(recovery);
			else
				begin_recovery(fixture, watermark, read_only);
			continue;
		}
		wl_recovery_want(recovery, &offset, &bytes);
		WL_CHECK(bytes != 0 && bytes <= FIXTURE_WINDOW_BYTES);
		WL_CHECK(offset / fixture->config.segment_bytes ==
			 (offset + bytes - 1) / fixture->config.segment_bytes);
		wl_recovery_on_read(recovery, memory_drive_read(&fixture->drive, offset,
								fixture->window, bytes));
	}
	return recovery->state;
}

void log_fixture_give_up(struct wl_log *log, uint64_t index)
{
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	struct wl_log_begin begin = {
		.position = {slot->term, index},
		.chain = slot->chain,
		.next_number = slot->next_number,
		.timestamp_ns = slot->timestamp_ns,
	};

	WL_CHECK(slot[0].index == index && slot[1].index == index + 1);
	begin.offset = slot[1].offset - slot[1].in_chunk;
	wl_log_give_up(log, &begin);
	WL_CHECK(!wl_log_check(log));
}

enum wl_reader_result log_fixture_read(struct log_fixture *fixture, struct wl_reader *reader,
				       uint64_t limit, struct wl_reader_view *view)
{
	for (;;) {
		enum wl_reader_result result = wl_reader_next(reader, limit, view);
		struct wl_disk_completion completion;
		struct wl_disk_request request;

		if (result == WL_READER_WANTS_BUFFER) {
			wl_reader_lend(reader, fixture->buffer, WL_CHUNK_BYTES_MAX);
			continue;
		}
		if (result != WL_READER_WANTS_READ)
			return result;
		wl_reader_want(reader, &request);
		completion = (struct wl_disk_completion){
			.verb = WL_DISK_READ,
			.offset = request.offset,
			.journal = request.journal,
			.cookie = request.cookie,
			.bytes = request.bytes,
			.status = memory_drive_read(&fixture->drive, request.offset, request.buffer,
						    request.bytes),
		};
		wl_reader_on_read(reader, &completion);
	}
}

uint8_t *log_fixture_platter(struct log_fixture *fixture, uint64_t offset)
{
	return memory_drive_place(&fixture->drive, offset);
}
