/* SPDX-License-Identifier: BSD-3-Clause */
/* A start at a base: the log that comes of it is the one that lived, and a base that does not fit its stream is refused. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/log/fixture_memory.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define ENTRIES_MAX 4096u
#define SEGMENTS 6u

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;
static struct log_fixture_base base;
static uint64_t chains[ENTRIES_MAX], terms[ENTRIES_MAX];

static void begin(void)
{
	log_fixture_init(&fixture, SEGMENTS);
	log_fixture_settle(&fixture);
	chains[0] = the_log->tail_chain;
	terms[0] = 0;
}

static void end(void)
{
	log_fixture_free_base(&base);
	log_fixture_fini(&fixture);
}

static void append(uint64_t term, uint32_t payload_bytes)
{
	uint64_t index = log_fixture_append(&fixture, term, payload_bytes).index;

	CU_ASSERT_TRUE_FATAL(index < ENTRIES_MAX);
	chains[index] = the_log->tail_chain;
	terms[index] = term;
}

/* `count` entries in one chunk. */
static void append_chunk(uint64_t term, unsigned count)
{
	while (count--)
		append(term, 700);
	log_fixture_settle(&fixture);
}

static uint64_t segment_of(uint64_t offset)
{
	return offset / the_log->config.segment_bytes;
}

static uint64_t chunk_of(uint64_t index)
{
	const struct wl_log_slot *slot = &the_log->slots[index % WL_LOG_ENTRIES_IN_RING];

	return slot->offset - slot->in_chunk;
}

static void fill_segment(uint64_t term)
{
	uint64_t segment = segment_of(the_log->append_offset);

	do {
		append(term, 900000);
		log_fixture_settle(&fixture);
	} while (segment_of(chunk_of(the_log->tail.index)) <= segment);
}

static void describe(uint64_t index)
{
	CU_ASSERT_TRUE_FATAL(log_fixture_describe(&fixture, index, &base));
	fixture.base = &base;
}

static void expect_whole(void)
{
	const char *broken = wl_log_check(the_log);

	CU_ASSERT_PTR_NULL(broken);
	if (broken)
		CU_FAIL_FATAL("invariant");
}

static void expect_entries(uint64_t first)
{
	struct wl_reader_view view;
	struct wl_reader reader;
	uint64_t term;

	wl_reader_init(&reader, the_log, first, 1);
	for (uint64_t at = first; at <= the_log->tail.index; at++) {
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, the_log->tail.index,
						       &view),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(view.header.index, at);
		CU_ASSERT_EQUAL_FATAL(wl_entry_chain(view.image), chains[at]);
		CU_ASSERT_EQUAL_FATAL(wl_log_term_at(the_log, at, &term), WL_LOG_KNOWN);
		CU_ASSERT_EQUAL_FATAL(term, terms[at]);
	}
}

/* The tables of the log that lived. */
static struct wl_log lived;
static struct wl_log_term lived_terms[ENTRIES_MAX];
static struct wl_log_mark lived_marks[ENTRIES_MAX];
static struct wl_log_dead_range lived_dead[ENTRIES_MAX];

static void remember(void)
{
	lived = *the_log;
	for (uint32_t at = 0; at < lived.term_count; at++)
		lived_terms[at] = *wl_log_term_entry(the_log, at);
	for (uint32_t at = 0; at < lived.mark_count; at++)
		lived_marks[at] = *wl_log_mark_entry(the_log, at);
	for (uint32_t at = 0; at < lived.dead_count; at++)
		lived_dead[at] = *wl_log_dead_entry(the_log, at);
}

static void expect_tables(void)
{
	CU_ASSERT_EQUAL_FATAL(the_log->term_count, lived.term_count);
	CU_ASSERT_EQUAL_FATAL(the_log->mark_count, lived.mark_count);
	CU_ASSERT_EQUAL_FATAL(the_log->dead_count, lived.dead_count);
	for (uint32_t at = 0; at < lived.term_count; at++)
		CU_ASSERT_EQUAL(memcmp(&lived_terms[at], wl_log_term_entry(the_log, at),
				       sizeof(lived_terms[at])),
				0);
	for (uint32_t at = 0; at < lived.mark_count; at++)
		CU_ASSERT_EQUAL(memcmp(&lived_marks[at], wl_log_mark_entry(the_log, at),
				       sizeof(lived_marks[at])),
				0);
	for (uint32_t at = 0; at < lived.dead_count; at++)
		CU_ASSERT_EQUAL(memcmp(&lived_dead[at], wl_log_dead_entry(the_log, at),
				       sizeof(lived_dead[at])),
				0);
}

/* A start at the base makes the log that lives now. */
static void expect_the_same_log(void)
{
	remember();
	CU_ASSERT_EQUAL_FATAL(log_fixture_restart(&fixture, the_log->durable_offset, false),
			      WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_NONE);
	CU_ASSERT_TRUE(fixture.recovery.known_commit >= base.log.position.index);
	expect_whole();
	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, lived.tail));
	CU_ASSERT_TRUE(wl_position_equal(the_log->durable, lived.tail));
	CU_ASSERT_EQUAL(the_log->tail_chain, lived.tail_chain);
	CU_ASSERT_EQUAL(the_log->next_number, lived.next_number);
	CU_ASSERT_EQUAL(the_log->last_timestamp_ns, lived.last_timestamp_ns);
	CU_ASSERT_EQUAL(the_log->append_offset, lived.append_offset);
	CU_ASSERT_EQUAL(the_log->previous_chunk, lived.previous_chunk);
	CU_ASSERT_EQUAL(the_log->segments_ready, lived.segments_ready);
	CU_ASSERT_EQUAL(the_log->first_segment, lived.first_segment);
	CU_ASSERT_EQUAL(memcmp(&the_log->begin, &lived.begin, sizeof(lived.begin)), 0);
	expect_tables();
	expect_entries(the_log->begin.position.index + 1);
}

static void a_base_in_the_middle_of_a_chunk_is_no_truncation(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 9);
	append_chunk(2, 4);
	describe(7);
	CU_ASSERT_EQUAL(base.log.walk_offset, chunk_of(7));
	CU_ASSERT_EQUAL(chunk_of(7), chunk_of(4));
	CU_ASSERT_EQUAL(base.log.chain, chains[7]);
	CU_ASSERT_EQUAL(base.log.next_number, 8);
	expect_the_same_log();
	append_chunk(3, 5);
	expect_entries(1);
	end();
}

static void a_base_may_be_any_entry_of_any_chunk(void)
{
	for (uint64_t index = 1; index <= 14; index++) {
		begin();
		append_chunk(1, 1);
		append_chunk(2, 5);
		append_chunk(3, 1);
		append_chunk(3, 7);
		describe(index);
		expect_the_same_log();
		end();
	}
}

static void entries_behind_the_base_may_be_superseded(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 9);
	describe(7);
	wl_log_truncate(the_log, 9);
	append_chunk(4, 2);
	wl_log_truncate(the_log, 7);
	append_chunk(6, 3);
	append_chunk(6, 3);
	expect_the_same_log();
	/* The base itself is the last one that is kept. */
	wl_log_truncate(the_log, 7);
	expect_whole();
	CU_ASSERT_EQUAL(the_log->tail_chain, chains[7]);
	append_chunk(8, 2);
	expect_the_same_log();
	end();
}

static void what_was_superseded_before_the_base_stays_dead(void)
{
	begin();
	append_chunk(1, 5);
	append_chunk(2, 5);
	wl_log_truncate(the_log, 7);
	append_chunk(3, 4);
	append_chunk(4, 4);
	describe(13);
	CU_ASSERT_EQUAL(base.log.dead_ranges, 1);
	wl_log_truncate(the_log, 14);
	append_chunk(5, 4);
	CU_ASSERT_EQUAL(the_log->dead_count, 2);
	expect_the_same_log();
	end();
}

static void a_base_at_the_tail_is_the_whole_log(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 4);
	describe(7);
	expect_the_same_log();
	CU_ASSERT_EQUAL(fixture.recovery.known_commit, 7);
	append_chunk(2, 4);
	expect_the_same_log();
	end();
}

static void segments_below_the_walk_are_not_read(void)
{
	begin();
	fill_segment(1);
	fill_segment(2);
	append_chunk(2, 3);
	describe(the_log->tail.index - 1);
	fixture.drive.refuses_reads_from = 0;
	fixture.drive.refuses_reads_to = 2 * the_log->config.segment_bytes;
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	expect_whole();
	fixture.drive.refuses_reads_to = 0;
	expect_entries(1);
	end();
}

static void a_log_that_gave_up_its_oldest_entries_starts_at_its_base(void)
{
	struct wl_log_begin found;

	begin();
	for (unsigned segment = 0; segment < 3; segment++)
		fill_segment(1 + segment);
	append_chunk(4, 5);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(
		the_log, UINT64_MAX, 2 * the_log->config.segment_bytes + WL_BLOCK_BYTES, &found));
	wl_log_give_up(the_log, &found);
	describe(the_log->tail.index - 2);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(fixture.drive.first_segment, 2);
	expect_the_same_log();
	end();
}

static void what_was_forgotten_since_the_base_was_made_is_given_up(void)
{
	struct wl_log_begin found;

	begin();
	for (unsigned segment = 0; segment < 3; segment++)
		fill_segment(1 + segment);
	append_chunk(4, 5);
	describe(the_log->tail.index - 2);
	CU_ASSERT_EQUAL(base.log.begin.position.index, 0);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(
		the_log, UINT64_MAX, 2 * the_log->config.segment_bytes + WL_BLOCK_BYTES, &found));
	wl_log_give_up(the_log, &found);
	log_fixture_settle(&fixture);
	expect_the_same_log();
	end();
}

static void segments_that_were_to_be_forgotten_are_forgotten_by_the_next_start(void)
{
	struct wl_log_begin found;

	begin();
	for (unsigned segment = 0; segment < 3; segment++)
		fill_segment(1 + segment);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(the_log, UINT64_MAX, UINT64_MAX, &found));
	wl_log_give_up(the_log, &found);
	describe(the_log->tail.index);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(the_log->first_segment, 0);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(the_log->first_segment, 3);
	CU_ASSERT_EQUAL(fixture.drive.first_segment, 3);
	expect_entries(the_log->begin.position.index + 1);
	end();
}

/* An operator may lower log.bytes_max below what is kept. */
static void a_base_of_a_log_that_was_allowed_more_is_taken(void)
{
	begin();
	for (unsigned segment = 0; segment < SEGMENTS - 1; segment++)
		fill_segment(1 + segment);
	describe(the_log->tail.index);
	remember();
	CU_ASSERT_TRUE_FATAL(lived.mark_count > 20);
	fixture.config.bytes_max = 3 * fixture.config.segment_bytes;
	fixture.marks_max = 20;
	CU_ASSERT_EQUAL_FATAL(log_fixture_restart(&fixture, the_log->durable_offset, false),
			      WL_RECOVERY_DONE);
	expect_whole();
	CU_ASSERT_TRUE(the_log->mark_count <= 20);
	CU_ASSERT_TRUE(the_log->mark_bytes > lived.mark_bytes);
	CU_ASSERT_TRUE(wl_position_equal(the_log->tail, lived.tail));
	CU_ASSERT_FALSE(wl_log_can_grow(the_log));
	expect_entries(1);
	end();
}

static void a_base_of_another_chain_is_refused(void)
{
	/* In the middle of its chunk, its last entry, and the log's last. */
	static const uint64_t places[] = {5, 7, 9};

	for (unsigned at = 0; at < 3; at++) {
		begin();
		append_chunk(1, 3);
		append_chunk(2, 4);
		append_chunk(2, 2);
		describe(places[at]);
		base.log.chain ^= 1;
		CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_REFUSED);
		CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_CHAIN);
		CU_ASSERT_EQUAL(fixture.recovery.damage.begin, base.log.walk_offset);
		end();
	}
}

static void a_chunk_without_the_entry_of_the_base_is_refused(void)
{
	uint64_t behind;

	begin();
	append_chunk(1, 3);
	append_chunk(2, 4);
	append_chunk(2, 4);
	describe(5);
	behind = chunk_of(9);
	base.log.walk_offset = chunk_of(1);
	base.log.marks = 1;
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_CHAIN);
	/* One whose entries are all behind it. */
	base.log.walk_offset = behind;
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_CHAIN);
	end();
}

static void nothing_supersedes_the_base(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 4);
	describe(6);
	/* What no correct leader asks for: a committed entry is cut away. */
	wl_log_truncate(the_log, 5);
	append_chunk(4, 3);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_CHAIN);
	CU_ASSERT_EQUAL(fixture.recovery.damage.last_good_index, 7);
	end();
}

static void expect_damage(enum wl_recovery_damage_kind kind, uint64_t offset)
{
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_REFUSED);
	CU_ASSERT_STRING_EQUAL(wl_recovery_damage_name(fixture.recovery.damage.kind),
			       wl_recovery_damage_name(kind));
	CU_ASSERT_EQUAL(fixture.recovery.damage.begin, offset);
}

static void begin_three_chunks(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 4);
	append_chunk(2, 4);
	describe(9);
}

static void a_base_whose_chunk_is_not_there_or_not_whole_is_damage(void)
{
	uint64_t walk;

	begin_three_chunks();
	walk = base.log.walk_offset;
	memset(log_fixture_platter(&fixture, walk), 0, the_log->append_offset - walk);
	expect_damage(WL_DAMAGE_LOST_WRITE, walk);
	end();

	begin_three_chunks();
	log_fixture_platter(&fixture, walk)[200] ^= 1;
	expect_damage(WL_DAMAGE_ROT, walk);
	end();

	/* No torn write of it is a tail: it was durable. */
	begin_three_chunks();
	memset(log_fixture_platter(&fixture, walk + WL_SECTOR_BYTES), 0, WL_SECTOR_BYTES);
	expect_damage(WL_DAMAGE_ROT, walk);
	end();

	begin_three_chunks();
	log_fixture_platter(&fixture, 0)[20] ^= 1;
	expect_damage(WL_DAMAGE_SEGMENT_HEADER, 0);
	end();

	begin_three_chunks();
	fixture.drive.segments = 0;
	expect_damage(WL_DAMAGE_CUT_SHORT, 0);
	end();
}

static void torn_and_rotten_chunks_behind_the_base_are_judged_as_ever(void)
{
	uint64_t torn;

	begin_three_chunks();
	append_chunk(2, 40);
	memset(log_fixture_platter(&fixture, chunk_of(the_log->tail.index) + 2 * WL_SECTOR_BYTES),
	       0, WL_SECTOR_BYTES);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_TORN_TAIL);
	CU_ASSERT_EQUAL(the_log->tail.index, 11);
	expect_whole();
	append_chunk(3, 4);
	append_chunk(3, 4);
	torn = chunk_of(12);
	log_fixture_platter(&fixture, torn)[300] ^= 4;
	expect_damage(WL_DAMAGE_ROT, torn);
	end();
}

static void an_installed_base_begins_a_stream_of_its_own(void)
{
	struct wl_log_base from;

	begin();
	append_chunk(1, 3);
	from = (struct wl_log_base){
		.begin = {{5, 400}, 77, 350, 9000, 0},
		.position = {5, 400},
		.chain = 77,
		.next_number = 350,
		.timestamp_ns = 9000,
		.mark_bytes = WL_LOG_MARK_BYTES,
		.installed = true,
	};
	from.walk_offset = the_log->segments_ready * the_log->config.segment_bytes + WL_BLOCK_BYTES;
	from.begin.offset = from.walk_offset;
	base.log = from;
	fixture.base = &base;
	for (unsigned start = 0; start < 2; start++) {
		/* Nothing stands there yet, whatever the superblock says of before: the old segments are forgotten, new ones made. */
		CU_ASSERT_EQUAL(log_fixture_restart(&fixture, from.walk_offset, false),
				WL_RECOVERY_DONE);
		CU_ASSERT_EQUAL(fixture.recovery.damage.kind, WL_DAMAGE_NONE);
		expect_whole();
		CU_ASSERT_EQUAL(the_log->tail.index, 400);
		CU_ASSERT_EQUAL(the_log->tail_chain, 77);
		log_fixture_settle(&fixture);
		CU_ASSERT_EQUAL(fixture.drive.first_segment, segment_of(from.walk_offset));
	}
	chains[400] = 77;
	terms[400] = 5;
	append_chunk(6, 3);
	CU_ASSERT_EQUAL(chunk_of(401), from.walk_offset);
	append_chunk(6, 3);
	expect_the_same_log();
	/* A cut back to it, and a base of its own. */
	wl_log_truncate(the_log, 400);
	expect_whole();
	append_chunk(9, 5);
	expect_the_same_log();
	log_fixture_free_base(&base);
	describe(403);
	CU_ASSERT_FALSE(base.log.installed);
	expect_the_same_log();
	end();
}

static struct wl_log_base whole_base; /* as described, before it is spoilt */

static bool spoilt_is_taken(void)
{
	bool taken;

	wl_log_init(the_log, &fixture.config, fixture.ring, fixture.memory);
	taken = log_fixture_restore(the_log, &base, 0);
	base.log = whole_base;
	return taken;
}

static void an_impossible_base_is_refused_not_asserted_on(void)
{
	begin();
	append_chunk(1, 3);
	append_chunk(2, 4);
	wl_log_truncate(the_log, 6);
	append_chunk(3, 4);
	describe(9);
	whole_base = base.log;
	CU_ASSERT_TRUE(spoilt_is_taken());
	base.log.position.index = 0;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.begin.position.index = 10;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.begin.chain ^= 1;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.begin.next_number = 12;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.begin.timestamp_ns = UINT64_MAX;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.walk_offset += 1;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.walk_offset = 0;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.mark_bytes = 0;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.terms--;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.marks = 0;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.log.installed = true;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.terms[1].first_index = 1;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.terms[1].first_index = 4;
	base.marks[0].offset += 8;
	CU_ASSERT_FALSE(spoilt_is_taken());
	base.marks[0].offset -= 8;
	base.dead[0].end = UINT64_MAX;
	CU_ASSERT_FALSE(spoilt_is_taken());
	end();
}

static void a_base_is_described_of_what_is_known_and_durable(void)
{
	struct wl_log_base found;

	begin();
	append_chunk(1, 3);
	append(1, 50);
	CU_ASSERT_FALSE(wl_log_describe_base(the_log, 0, &found));
	CU_ASSERT_TRUE(wl_log_describe_base(the_log, 3, &found));
	CU_ASSERT_FALSE(wl_log_describe_base(the_log, 4, &found)); /* not durable */
	CU_ASSERT_FALSE(wl_log_describe_base(the_log, 5, &found));
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(wl_log_describe_base(the_log, 4, &found));
	end();
}

/* A second log, of who makes the bases: it follows the first one's medium. */
static struct {
	struct wl_log log;
	struct wl_recovery recovery;
	uint8_t *ring, *window;
	void *memory;
	uint64_t taken; /* entries that it was shown */
} follower;

static void on_entry(void *context, const uint8_t *image, const struct wl_entry_header *header,
		     uint64_t offset)
{
	(void)context;
	wl_log_keep_image(&follower.log, image, offset, (uint32_t)wl_entry_bytes(header));
	follower.taken++;
}

static void begin_following(void)
{
	follower.ring = fixture_memory_take(fixture.config.ring_bytes);
	follower.window = fixture_memory_take(FIXTURE_WINDOW_BYTES);
	follower.memory = malloc(wl_log_memory_bytes(&fixture.config));
	CU_ASSERT_PTR_NOT_NULL_FATAL(follower.memory);
	follower.taken = 0;
	wl_log_init(&follower.log, &fixture.config, follower.ring, follower.memory);
	if (fixture.base)
		CU_ASSERT_TRUE_FATAL(log_fixture_restore(&follower.log, fixture.base,
							 fixture.drive.first_segment));
	wl_recovery_init(&follower.recovery, &follower.log, 0, 0,
			 (struct wl_recovery_window){follower.window, FIXTURE_WINDOW_BYTES});
	wl_recovery_follow(&follower.recovery);
	follower.recovery.on_entry = on_entry;
	CU_ASSERT_EQUAL(follower.recovery.state, WL_RECOVERY_PAUSED);
}

static void end_following(void)
{
	fixture_memory_give_back(follower.ring);
	fixture_memory_give_back(follower.window);
	free(follower.memory);
}

static enum wl_recovery_state follow_to(uint64_t limit)
{
	struct wl_recovery *recovery = &follower.recovery;
	uint64_t offset;
	uint32_t bytes;

	wl_recovery_resume(recovery, limit);
	while (recovery->state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(recovery, &offset, &bytes);
		wl_recovery_on_read(recovery, memory_drive_read(&fixture.drive, offset,
								follower.window, bytes));
	}
	CU_ASSERT_PTR_NULL(wl_log_check(&follower.log));
	return recovery->state;
}

static void expect_followed(void)
{
	CU_ASSERT_EQUAL_FATAL(follow_to(the_log->durable_offset), WL_RECOVERY_PAUSED);
	CU_ASSERT_TRUE(wl_position_equal(follower.log.tail, the_log->durable));
	CU_ASSERT_EQUAL(follower.log.tail_chain, chains[the_log->durable.index]);
	CU_ASSERT_EQUAL(follower.log.durable_offset, the_log->durable_offset);
	CU_ASSERT_EQUAL(follower.log.dead_count, the_log->dead_count);
}

static void who_follows_takes_what_is_durable_and_no_more(void)
{
	struct wl_reader_view view;
	struct wl_reader reader;

	begin();
	begin_following();
	CU_ASSERT_EQUAL(follow_to(0), WL_RECOVERY_PAUSED);
	append_chunk(1, 3);
	expect_followed();
	CU_ASSERT_EQUAL(follower.taken, 3);
	/* What stands behind the limit is half written when it is read with what is before it. */
	append(2, 30000);
	log_fixture_submit(&fixture);
	memory_drive_tear(&fixture.drive, 0, 9);
	expect_followed();
	log_fixture_settle(&fixture);
	expect_followed();
	CU_ASSERT_EQUAL(follower.log.tail.index, 4);
	for (unsigned segment = 0; segment < 3; segment++) {
		fill_segment(3 + segment);
		expect_followed();
	}
	/* And it may be read so far. */
	wl_reader_init(&reader, &follower.log, 1, 1);
	for (uint64_t index = 1; index <= follower.log.tail.index; index++) {
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture, &reader, follower.log.tail.index,
						       &view),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL(wl_entry_chain(view.image), chains[index]);
	}
	end_following();
	end();
}

static void who_follows_sees_what_was_cut_away(void)
{
	begin();
	append_chunk(1, 6);
	begin_following();
	append_chunk(2, 6);
	expect_followed();
	wl_log_truncate(the_log, 8);
	append_chunk(4, 2);
	expect_followed();
	wl_log_truncate(the_log, 7);
	append_chunk(5, 1);
	wl_log_truncate(the_log, 6);
	append_chunk(7, 4);
	expect_followed();
	end_following();
	end();
}

static void who_follows_from_a_base_goes_on_behind_it(void)
{
	struct wl_log_base found;

	begin();
	fill_segment(1);
	append_chunk(2, 9);
	describe(the_log->tail.index - 4);
	begin_following();
	expect_followed();
	CU_ASSERT_EQUAL(follower.taken, 4);
	append_chunk(2, 9);
	expect_followed();
	/* It describes the next one from what it has walked. */
	CU_ASSERT_TRUE(wl_log_describe_base(&follower.log, the_log->tail.index - 3, &found));
	CU_ASSERT_EQUAL(found.walk_offset, chunk_of(the_log->tail.index));
	CU_ASSERT_EQUAL(found.chain, chains[the_log->tail.index - 3]);
	end_following();
	end();
}

static void what_is_not_whole_below_the_limit_is_damage_to_who_follows(void)
{
	begin();
	append_chunk(1, 6);
	begin_following();
	expect_followed();
	append_chunk(1, 6);
	memset(log_fixture_platter(&fixture, chunk_of(9)), 0, 2 * WL_BLOCK_BYTES);
	CU_ASSERT_EQUAL(follow_to(the_log->durable_offset), WL_RECOVERY_REFUSED);
	CU_ASSERT_EQUAL(follower.recovery.damage.kind, WL_DAMAGE_LOST_WRITE);
	CU_ASSERT_EQUAL(follower.recovery.damage.begin, chunk_of(9));
	end_following();
	end();
}

WL_SUITE(recovery_base)
{
	WL_TEST(a_base_in_the_middle_of_a_chunk_is_no_truncation),
	WL_TEST(a_base_may_be_any_entry_of_any_chunk),
	WL_TEST(entries_behind_the_base_may_be_superseded),
	WL_TEST(what_was_superseded_before_the_base_stays_dead),
	WL_TEST(a_base_at_the_tail_is_the_whole_log),
	WL_TEST(segments_below_the_walk_are_not_read),
	WL_TEST(a_log_that_gave_up_its_oldest_entries_starts_at_its_base),
	WL_TEST(what_was_forgotten_since_the_base_was_made_is_given_up),
	WL_TEST(segments_that_were_to_be_forgotten_are_forgotten_by_the_next_start),
	WL_TEST(a_base_of_a_log_that_was_allowed_more_is_taken),
	WL_TEST(a_base_of_another_chain_is_refused),
	WL_TEST(a_chunk_without_the_entry_of_the_base_is_refused),
	WL_TEST(nothing_supersedes_the_base),
	WL_TEST(a_base_whose_chunk_is_not_there_or_not_whole_is_damage),
	WL_TEST(torn_and_rotten_chunks_behind_the_base_are_judged_as_ever),
	WL_TEST(an_installed_base_begins_a_stream_of_its_own),
	WL_TEST(an_impossible_base_is_refused_not_asserted_on),
	WL_TEST(a_base_is_described_of_what_is_known_and_durable),
	WL_TEST(who_follows_takes_what_is_durable_and_no_more),
	WL_TEST(who_follows_sees_what_was_cut_away),
	WL_TEST(who_follows_from_a_base_goes_on_behind_it),
	WL_TEST(what_is_not_whole_below_the_limit_is_damage_to_who_follows),
};

static void every_claim_holds_for_all_sizes(void)
{
	for (unsigned sizes = 1; sizes < LOG_FIXTURE_SIZES; sizes++) {
		log_fixture_choose_sizes(sizes);
		for (const struct wl_test *test = tests_recovery_base; test->run; test++)
			test->run();
	}
	log_fixture_choose_sizes(0);
}

WL_SUITE(recovery_base_sizes)
{
	WL_TEST(every_claim_holds_for_all_sizes),
};
