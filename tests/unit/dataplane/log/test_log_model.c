/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thousands of rounds of append, truncate, write, complete, crash and recover, make a base and give up what is below the older of
 * two, from a seed, against a plain
 * model: the list of every entry that ever entered the stream. WL_LOG_SEED and WL_LOG_SEEDS run others.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;

struct written { /* each entry that ever was in the stream, in stream order */
	uint64_t index, term, chain, offset;
	uint32_t crc, bytes;
};

#define WRITTEN_MAX 100000
#define TERMS_MAX 60000

static struct {
	struct sim_random random;
	struct written *written;
	uint32_t written_count;
	uint32_t *live; /* place in `written` by index */
	uint64_t tail;
	uint64_t commit; /* never cut, never lost */
	uint64_t durable_offset; /* as last reported */
	uint64_t newest_term;
	bool used[TERMS_MAX]; /* terms that have entries */
	bool cut; /* nothing was appended since the last cut */
	uint8_t *payload;
	struct log_fixture_base bases[2]; /* the newest one, and the one before */
	unsigned base_count;
	uint64_t crashes, cuts, torn, big, given_up, starts_at_bases;
} model;

static void model_take(const struct written *entry)
{
	model.live[entry->index] = model.written_count;
	model.written[model.written_count++] = *entry;
	model.tail = entry->index;
	model.used[entry->term] = true;
	model.cut = false;
}

static void note_append(void)
{
	const struct wl_log_slot *slot =
		&the_log->slots[the_log->tail.index % WL_LOG_ENTRIES_IN_RING];
	uint32_t bytes = 0;
	const uint8_t *image = wl_log_image_in_ring(the_log, the_log->tail.index, &bytes);
	struct written entry = {the_log->tail.index,
				the_log->tail.term,
				the_log->tail_chain,
				slot->offset,
				0,
				bytes};

	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL_FATAL(the_log->tail.index, model.tail + 1);
	entry.crc = wl_crc32c(image, bytes);
	model_take(&entry);
}

static uint32_t payload_bytes(void)
{
	uint64_t kind = sim_random_below(&model.random, 100);

	if (kind < 70)
		return (uint32_t)sim_random_between(&model.random, 1, 200);
	if (kind < 95)
		return (uint32_t)sim_random_between(&model.random, 1, 9000);
	if (kind < 97)
		return (uint32_t)sim_random_between(&model.random, 1, 100000);
	model.big++;
	return (uint32_t)sim_random_between(&model.random, 1, WIRELOG_RECORD_BYTES_MAX);
}

static const uint8_t *payload(void)
{
	/* Zeros as well as noise: payloads may look like sectors that were never written. */
	if (sim_random_chance(&model.random, 200000))
		return model.payload + WIRELOG_RECORD_BYTES_MAX;
	return model.payload + sim_random_below(&model.random, 8) * 8;
}

/* {term, index} names one content for ever: behind a cut only terms that nobody used before. */
static uint64_t pick_term(void)
{
	if (!model.cut && the_log->tail.term && sim_random_chance(&model.random, 600000))
		return the_log->tail.term;
	if (model.cut && sim_random_chance(&model.random, 500000)) {
		/* An older candidate's term, perhaps below that of the entry that was cut. */
		for (uint64_t term = the_log->tail.term + 1; term < model.newest_term; term++) {
			if (!model.used[term])
				return term;
		}
	}
	if (sim_random_chance(&model.random, 100000) || model.used[model.newest_term])
		model.newest_term += sim_random_between(&model.random, 1, 3);
	return model.newest_term;
}

static void act_append(void)
{
	struct wl_record_header record = {1, 1, 0, WL_RECORD_DATA};
	uint64_t records = sim_random_below(&model.random, 6), number;
	enum wl_entry_kind kind = sim_random_chance(&model.random, 20000) ? WL_ENTRY_TERM_START
									  : WL_ENTRY_RECORDS;

	if (wl_log_open_entry(the_log, kind, pick_term(), model.written_count, model.commit) !=
	    WL_LOG_OK)
		return;
	for (; kind == WL_ENTRY_RECORDS && records; records--) {
		record.kind = (uint16_t)sim_random_between(&model.random, 1, 3);
		record.bytes = record.kind == WL_RECORD_DATA ? payload_bytes() : 0;
		if (wl_log_add_record(the_log, &record, payload(), &number) != WL_LOG_OK)
			break;
	}
	if (the_log->open_header.record_count == 0 && sim_random_chance(&model.random, 500000)) {
		wl_log_abandon_entry(the_log);
		return;
	}
	wl_log_seal_entry(the_log);
	note_append();
}

static void act_append_image(void)
{
	size_t size = log_fixture_make_image(&fixture, pick_term(), payload_bytes());

	if (wl_log_append_image(the_log, fixture.image, size) == WL_LOG_OK)
		note_append();
}

static void act_truncate(void)
{
	uint64_t index, lowest = model.commit;
	size_t size;

	if (model.tail == lowest)
		return;
	if (model.tail - lowest > 40)
		lowest = model.tail - 40;
	index = sim_random_between(&model.random, lowest, model.tail - 1);
	wl_log_truncate(the_log, index);
	model.tail = index;
	model.cuts++;
	model.cut = true;
	model.newest_term += sim_random_between(&model.random, 1, 3);
	/* A log is cut because an entry of another term takes the place: it comes with the cut. */
	size = log_fixture_make_image(&fixture, pick_term(), 50);
	if (wl_log_append_image(the_log, fixture.image, size) == WL_LOG_OK)
		note_append();
}

static void act_complete(void)
{
	if (fixture.drive.pending_count) {
		memory_drive_complete(&fixture.drive,
				      (uint32_t)sim_random_below(&model.random,
								 fixture.drive.pending_count),
				      WL_DISK_OK);
		log_fixture_reap(&fixture);
	}
	model.durable_offset = the_log->durable_offset;
	if (the_log->durable.index > model.commit && sim_random_chance(&model.random, 500000))
		model.commit =
			sim_random_between(&model.random, model.commit, the_log->durable.index);
}

/* The recovered the_log must be the stream up to one of its chunks' ends, at or behind what was durable. */
static void replay_model(void)
{
	uint32_t count = 0;

	CU_ASSERT_TRUE(the_log->append_offset >= model.durable_offset);
	model.tail = 0;
	while (count < model.written_count &&
	       model.written[count].offset < the_log->append_offset) {
		model.live[model.written[count].index] = count;
		model.tail = model.written[count].index;
		count++;
	}
	model.written_count = count;
}

static void verify_from(uint64_t index)
{
	uint64_t first = the_log->begin.position.index + 1;
	struct wl_reader_view view;
	struct wl_reader reader;

	if (index < first)
		index = first;

	wl_reader_init(&reader, the_log, index, 1);
	for (; index <= model.tail; index++) {
		const struct written *entry = &model.written[model.live[index]];
		enum wl_reader_result result =
			log_fixture_read(&fixture, &reader, model.tail, &view);

		CU_ASSERT_EQUAL_FATAL(result, WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(view.header.index, index);
		CU_ASSERT_EQUAL_FATAL(view.header.term, entry->term);
		CU_ASSERT_EQUAL_FATAL(view.bytes, entry->bytes);
		CU_ASSERT_EQUAL_FATAL(wl_crc32c(view.image, view.bytes), entry->crc);
		CU_ASSERT_EQUAL_FATAL(wl_entry_chain(view.image), entry->chain);
	}
	CU_ASSERT_EQUAL(log_fixture_read(&fixture, &reader, model.tail, &view), WL_READER_END);
}

/* Of a committed entry above the newest base's. */
static void act_make_base(void)
{
	uint64_t lowest = model.base_count ? model.bases[0].log.position.index + 1 : 1;
	struct log_fixture_base made;

	if (model.commit < lowest ||
	    !log_fixture_describe(&fixture, sim_random_between(&model.random, lowest, model.commit),
				  &made))
		return;
	if (model.base_count == 2)
		log_fixture_free_base(&model.bases[1]);
	model.bases[1] = model.bases[0];
	model.bases[0] = made;
	model.base_count += model.base_count < 2;
}

static void act_give_up(void)
{
	uint64_t number = sim_random_between(&model.random, 1, the_log->next_number);
	struct wl_log_begin found;

	if (model.base_count < 2 ||
	    !wl_log_find_begin(the_log, number, model.bases[1].log.walk_offset, &found))
		return;
	wl_log_give_up(the_log, &found);
	model.given_up++;
	CU_ASSERT_EQUAL_FATAL(found.chain, model.written[model.live[found.position.index]].chain);
	CU_ASSERT_TRUE(found.next_number <= number);
	CU_ASSERT_TRUE(found.offset <= model.bases[1].log.walk_offset);
}

/* Any whole base will do. Without one the stream is read from its beginning, if that is there. */
static void choose_base(void)
{
	unsigned choices = model.base_count + (fixture.drive.first_segment == 0);
	unsigned chosen = (unsigned)sim_random_below(&model.random, choices);

	fixture.base = chosen < model.base_count ? &model.bases[chosen] : NULL;
	model.starts_at_bases += fixture.base != NULL;
}

static void act_crash(void)
{
	model.crashes++;
	choose_base();
	memory_drive_crash(&fixture.drive, &model.random);
	CU_ASSERT_EQUAL_FATAL(log_fixture_restart(&fixture, model.durable_offset, false),
			      WL_RECOVERY_DONE);
	model.torn += fixture.recovery.damage.kind == WL_DAMAGE_TORN_TAIL;
	CU_ASSERT_TRUE(fixture.recovery.damage.kind == WL_DAMAGE_NONE ||
		       fixture.recovery.damage.kind == WL_DAMAGE_TORN_TAIL);
	replay_model();
	model.cut = true;
	model.newest_term += 2;
	model.durable_offset = the_log->durable_offset;
	CU_ASSERT_EQUAL_FATAL(the_log->tail.index, model.tail);
	CU_ASSERT_TRUE(model.commit <= model.tail);
	CU_ASSERT_TRUE(fixture.recovery.known_commit <= model.commit);
	if (model.tail)
		CU_ASSERT_EQUAL(the_log->tail_chain, model.written[model.live[model.tail]].chain);
	verify_from(model.tail > 300 && !sim_random_chance(&model.random, 50000) ? model.tail - 300
										 : 1);
}

static void act_look(void)
{
	uint64_t first = the_log->begin.position.index + 1;
	uint64_t index = sim_random_between(&model.random, first, model.tail + 1);
	const struct written *entry = &model.written[model.live[index]];
	uint32_t bytes;
	const uint8_t *image = wl_log_image_in_ring(the_log, index, &bytes);

	if (index > model.tail) {
		CU_ASSERT_PTR_NULL(image);
		return;
	}
	if (image) {
		CU_ASSERT_EQUAL_FATAL(bytes, entry->bytes);
		CU_ASSERT_EQUAL_FATAL(wl_crc32c(image, bytes), entry->crc);
	} else {
		CU_ASSERT_TRUE(index <= the_log->durable.index);
	}
	if (sim_random_chance(&model.random, 20000))
		verify_from(index > 100 ? index - 100 : 1);
}

static void act(void)
{
	uint64_t choice = sim_random_below(&model.random, 1000);

	if (choice < 330)
		act_append();
	else if (choice < 500)
		act_append_image();
	else if (choice < 700)
		log_fixture_submit(&fixture);
	else if (choice < 900)
		act_complete();
	else if (choice < 915)
		act_truncate();
	else if (choice < 950)
		act_look();
	else if (choice < 970)
		act_make_base();
	else if (choice < 990)
		act_give_up();
	else if (sim_random_chance(&model.random, 300000))
		act_crash();
}

static void run_model(uint64_t seed, unsigned rounds)
{
	memset(&model, 0, sizeof(model));
	sim_random_init(&model.random, seed, 0);
	model.newest_term = 1;
	model.written = calloc(WRITTEN_MAX, sizeof(model.written[0]));
	model.live = calloc(WRITTEN_MAX, sizeof(model.live[0]));
	model.payload = calloc(2, WIRELOG_RECORD_BYTES_MAX + 4096);
	for (unsigned at = 0; at < WIRELOG_RECORD_BYTES_MAX; at++)
		model.payload[at] = (uint8_t)(sim_random_next(&model.random) | 1);
	memset(model.payload + WIRELOG_RECORD_BYTES_MAX, 0, WIRELOG_RECORD_BYTES_MAX);
	log_fixture_init(&fixture, 16);
	fixture.scrub_random = &model.random;
	for (unsigned round = 0; round < rounds && model.written_count < WRITTEN_MAX - 8; round++) {
		const char *broken;

		act();
		broken = wl_log_check(the_log);
		CU_ASSERT_PTR_NULL_FATAL(broken);
	}
	log_fixture_settle(&fixture);
	CU_ASSERT_TRUE(the_log->durable.index == model.tail || the_log->no_space);
	verify_from(1);
	for (unsigned at = 0; at < model.base_count; at++)
		log_fixture_free_base(&model.bases[at]);
	log_fixture_fini(&fixture);
	free(model.written);
	free(model.live);
	free(model.payload);
}

static void recovered_log_holds_everything_that_was_durable(void)
{
	const char *text = getenv("WL_LOG_SEEDS");
	unsigned seeds = text ? (unsigned)atoi(text) : 6;
	uint64_t first = getenv("WL_LOG_SEED") ? strtoull(getenv("WL_LOG_SEED"), NULL, 10) : 1;
	uint64_t crashes = 0, torn = 0, cuts = 0, given_up = 0, starts_at_bases = 0;

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		log_fixture_choose_sizes((unsigned)(seed % LOG_FIXTURE_SIZES));
		run_model(seed, 6000);
		crashes += model.crashes;
		torn += model.torn;
		cuts += model.cuts;
		given_up += model.given_up;
		starts_at_bases += model.starts_at_bases;
	}
	log_fixture_choose_sizes(0);
	/* The rounds must have met what they are for. */
	CU_ASSERT_TRUE(crashes >= 2 * seeds && torn >= seeds / 2 && cuts >= 10 * seeds);
	CU_ASSERT_TRUE(given_up >= seeds && starts_at_bases >= seeds);
}

WL_SUITE(log_model)
{
	WL_TEST(recovered_log_holds_everything_that_was_durable),
};
