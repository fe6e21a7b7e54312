/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass over the log at a start: recovery proves it, and the table of sessions is made of it as it goes. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#include "dataplane/worker/journal.h"

#define SESSIONS 64u
#define RECORD_BYTES 20000u
#define ENTRIES 700u /* 14 MB: several laps of the smallest ring */

static struct log_fixture fixture;
static struct wl_journal journal;
static void *journal_memory, *table_memory;
static struct wl_session_table truth; /* what the table must be, by the entries that were appended */
static uint64_t session, sequence;

static void begin(void)
{
	log_fixture_init(&fixture, 8);
	table_memory =
		aligned_alloc(WL_BLOCK_BYTES,
			      wl_align_up(wl_session_table_memory_bytes(SESSIONS), WL_BLOCK_BYTES));
	wl_session_table_init(&truth, table_memory, SESSIONS);
	journal_memory = NULL;
	log_fixture_settle(&fixture);
	session = sequence = 0;
}

static void end(void)
{
	free(journal_memory);
	free(table_memory);
	log_fixture_fini(&fixture);
}

/* An entry of one record; `commit` is what its header says of the entries before it. */
static void append(uint64_t term, uint64_t commit)
{
	struct wl_record_header record = {session, ++sequence, RECORD_BYTES, WL_RECORD_DATA};
	uint64_t number;

	if (session == 0) {
		record = (struct wl_record_header){77, 0x80000001u, 0, WL_RECORD_OPEN_SESSION};
		session = wl_session_id(fixture.log.tail.index + 1, 0);
		sequence = 0;
	}
	memset(fixture.image, (int)sequence, RECORD_BYTES);
	WL_CHECK(wl_log_open_entry(&fixture.log, WL_ENTRY_RECORDS, term,
				   1000 * fixture.log.tail.index, commit) == WL_LOG_OK);
	WL_CHECK(wl_log_add_record(&fixture.log, &record, fixture.image, &number) == WL_LOG_OK);
	wl_log_seal_entry(&fixture.log);
	log_fixture_settle(&fixture);
}

/* As a leader does whose followers are a little behind. */
static void append_many(uint64_t term, unsigned entries)
{
	while (entries-- != 0)
		append(term, fixture.log.tail.index > 3 ? fixture.log.tail.index - 3 : 0);
}

/* Applies to the truth what the log holds now, up to `index`. */
static void settle_truth(uint64_t index)
{
	struct wl_reader reader;
	struct wl_reader_view view;

	wl_reader_init(&reader, &fixture.log, truth.applied_index + 1, 1);
	while (log_fixture_read(&fixture, &reader, index, &view) == WL_READER_ENTRY)
		wl_session_apply(&truth, view.image, &view.header);
	CU_ASSERT_EQUAL(truth.applied_index, index);
}

static struct wl_session_table *restored(void)
{
	return &journal.service->state.sessions;
}

static bool is_truth(void)
{
	return restored()->applied_index == truth.applied_index &&
	       wl_session_table_digest(restored()) == wl_session_table_digest(&truth);
}

/* Another process on the same drive. Returns the bytes that recovery read. */
static uint64_t recover(enum wl_recovery_state expected)
{
	struct wl_journal_config config = {
		.log = fixture.config,
		.service = {.node = FIXTURE_NODE,
			    .journal = FIXTURE_JOURNAL,
			    .record_bytes_max = 65536,
			    .reply_slots = 64,
			    .sessions_max = SESSIONS,
			    .subscriptions_max = 4,
			    .read_buffers = 1},
	};
	size_t size = wl_align_up(wl_journal_memory_bytes(&config), WL_BLOCK_BYTES);
	struct wl_recovery recovery;
	uint64_t offset, read = 0;
	uint32_t bytes;

	free(journal_memory);
	journal_memory = aligned_alloc(WL_BLOCK_BYTES, size);
	memset(journal_memory, 0, size);
	memset(fixture.ring, 0xee, fixture.config.ring_bytes);
	wl_journal_init(&journal, &config, fixture.ring, journal_memory);
	wl_recovery_init(&recovery, &journal.log, fixture.drive.segments, 0,
			 log_fixture_window(&fixture));
	wl_journal_recover(&journal, &recovery);
	while (recovery.state == WL_RECOVERY_WANTS_READ ||
	       recovery.state == WL_RECOVERY_WANTS_SCRUB) {
		if (recovery.state == WL_RECOVERY_WANTS_SCRUB) {
			memset(fixture.drive.stable + recovery.scrub_begin, 0,
			       recovery.scrub_end - recovery.scrub_begin);
			wl_recovery_on_scrubbed(&recovery);
			continue;
		}
		wl_recovery_want(&recovery, &offset, &bytes);
		wl_recovery_on_read(&recovery, memory_drive_read(&fixture.drive, offset,
								 fixture.window, bytes));
		read += bytes;
	}
	CU_ASSERT_EQUAL_FATAL(recovery.state, expected);
	return read;
}

/* As wl_journal_start does. What is still to be read is asked for by the first turn. */
static bool starts_without_a_read(uint64_t known_commit)
{
	static struct wl_replica replica;
	static struct wl_counters counters;
	struct wl_disk_request request;

	memset(&replica, 0, sizeof(replica));
	replica.log = &journal.log;
	replica.commit = known_commit;
	replica.counters = &counters;
	wl_service_restore(journal.service, known_commit);
	wl_service_start(journal.service, &replica, NULL);
	wl_service_apply(journal.service);
	return wl_service_want_reads(journal.service, &request, 1) == 0;
}

static void sessions_are_known_when_the_log_was_read_once(void)
{
	begin();
	append_many(1, ENTRIES);
	settle_truth(ENTRIES);
	CU_ASSERT_TRUE(recover(WL_RECOVERY_DONE) >= ENTRIES * RECORD_BYTES);
	/* The last three: nothing in the log says yet that they are committed. */
	CU_ASSERT_EQUAL(restored()->applied_index, ENTRIES - 4);
	CU_ASSERT_TRUE(starts_without_a_read(ENTRIES));
	CU_ASSERT_TRUE(is_truth());
	end();
}

static void nothing_is_applied_that_is_not_known_committed(void)
{
	begin();
	append_many(1, 20);
	settle_truth(16);
	recover(WL_RECOVERY_DONE);
	CU_ASSERT_TRUE(is_truth());
	CU_ASSERT_TRUE(starts_without_a_read(16));
	CU_ASSERT_TRUE(is_truth());
	end();
}

/* A follower's tail was cut, and another leader's entries took its place, twice. */
static void suffix_that_was_cut_leaves_nothing_in_the_table(void)
{
	begin();
	append_many(1, 20);
	settle_truth(18);
	append(1, 17);
	append(1, 17);
	wl_log_truncate(&fixture.log, 18);
	sequence = 17;
	append(2, 18);
	append(2, 18);
	append(2, 18);
	wl_log_truncate(&fixture.log, 19);
	sequence = 18;
	append_many(3, 300);
	settle_truth(fixture.log.tail.index);
	recover(WL_RECOVERY_DONE);
	CU_ASSERT_TRUE(starts_without_a_read(fixture.log.tail.index));
	CU_ASSERT_TRUE(is_truth());
	CU_ASSERT_FALSE(restored()->contradicted);
	end();
}

static void torn_end_is_not_in_the_table(void)
{
	uint64_t torn;

	begin();
	append_many(1, 20);
	settle_truth(16);
	torn = fixture.log.append_offset;
	append(1, 20);
	memset(log_fixture_platter(&fixture, torn + 2 * WL_BLOCK_BYTES), 0, WL_BLOCK_BYTES);
	recover(WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(journal.log.tail.index, 20);
	CU_ASSERT_TRUE(is_truth());
	end();
}

/* Nothing said so for longer than the ring is: the rest is read by the worker, as ever. */
static void what_left_the_ring_before_it_was_known_committed_is_read_again(void)
{
	begin();
	append_many(1, 20);
	settle_truth(16);
	for (unsigned i = 0; i < ENTRIES; i++)
		append(1, 17);
	append_many(1, 4);
	recover(WL_RECOVERY_DONE);
	CU_ASSERT_TRUE(restored()->applied_index >= 16 && restored()->applied_index <= 17);
	CU_ASSERT_FALSE(starts_without_a_read(fixture.log.tail.index));
	end();
}

static void ring_holds_what_a_follower_or_a_reader_wants_next(void)
{
	uint32_t bytes;
	uint64_t found = 0;

	begin();
	append_many(1, ENTRIES);
	recover(WL_RECOVERY_DONE);
	for (uint64_t index = ENTRIES; index != 0; index--) {
		const uint8_t *image = wl_log_image_in_ring(&journal.log, index, &bytes);
		struct wl_entry_header header;

		if (!image)
			break;
		CU_ASSERT_EQUAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
		CU_ASSERT_EQUAL(header.index, index);
		found++;
	}
	CU_ASSERT_TRUE(found > fixture.config.ring_bytes / RECORD_BYTES / 2);
	CU_ASSERT_TRUE(found < ENTRIES);
	CU_ASSERT_PTR_NULL(wl_log_check(&journal.log));
	end();
}

static void refused_log_is_refused_as_ever(void)
{
	begin();
	append_many(1, ENTRIES);
	*log_fixture_platter(&fixture, 3u << 20) ^= 1;
	recover(WL_RECOVERY_REFUSED);
	end();
}

WL_SUITE(journal_recovery)
{
	WL_TEST(sessions_are_known_when_the_log_was_read_once),
	WL_TEST(nothing_is_applied_that_is_not_known_committed),
	WL_TEST(suffix_that_was_cut_leaves_nothing_in_the_table),
	WL_TEST(torn_end_is_not_in_the_table),
	WL_TEST(what_left_the_ring_before_it_was_known_committed_is_read_again),
	WL_TEST(ring_holds_what_a_follower_or_a_reader_wants_next),
	WL_TEST(refused_log_is_refused_as_ever),
};
