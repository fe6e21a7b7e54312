/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/state/base_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/unit/dataplane/log/fixture_memory.h"

#define SEGMENTS 6u

static void *memory_of(size_t bytes)
{
	void *memory = fixture_memory_take(wl_align_up(bytes, WL_BLOCK_BYTES));

	memset(memory, 0x5a, bytes);
	return memory;
}

/* Of a base, which the caller frees. */
static uint8_t *blocks_of(size_t bytes)
{
	uint8_t *memory = aligned_alloc(WL_BLOCK_BYTES, wl_align_up(bytes, WL_BLOCK_BYTES));

	WL_CHECK(memory);
	memset(memory, 0x5a, bytes);
	return memory;
}

void base_fixture_init(struct base_fixture *fixture, uint32_t sessions_max, uint64_t seed)
{
	memset(fixture, 0, sizeof(*fixture));
	log_fixture_init(&fixture->log, SEGMENTS);
	memset(fixture->identity.cluster, 0xc1, sizeof(fixture->identity.cluster));
	fixture->identity.node = FIXTURE_NODE;
	fixture->identity.journal = FIXTURE_JOURNAL;
	fixture->identity.segment_bytes = fixture->log.config.segment_bytes;
	fixture->sessions_max = sessions_max;
	fixture->state_memory = memory_of(wl_state_memory_bytes(sessions_max));
	wl_state_init(&fixture->state, fixture->state_memory, sessions_max);
	wl_reader_init(&fixture->reader, &fixture->log.log, 1, 7);
	sim_random_init(&fixture->random, seed, 0);
	fixture->term = 1;
	fixture->maker_config = (struct wl_base_maker_config){
		.identity = fixture->identity,
		.log = fixture->log.config,
		.sessions_max = sessions_max,
	};
	fixture->maker_config.log.ring_bytes = WL_LOG_RING_BYTES_MIN;
	fixture->maker_ring = memory_of(WL_LOG_RING_BYTES_MIN);
	fixture->maker_window = memory_of(WL_BASE_WINDOW_BYTES);
	fixture->maker_memory = memory_of(wl_base_maker_memory_bytes(&fixture->maker_config));
	log_fixture_settle(&fixture->log);
	base_fixture_start(fixture);
}

void base_fixture_fini(struct base_fixture *fixture)
{
	log_fixture_fini(&fixture->log);
	fixture_memory_give_back(fixture->state_memory);
	fixture_memory_give_back(fixture->maker_ring);
	fixture_memory_give_back(fixture->maker_window);
	fixture_memory_give_back(fixture->maker_memory);
	free(fixture->writing.bytes);
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		free(fixture->places[place].bytes);
}

/* ---- what a leader appends ---- */

static void open_entry(struct base_fixture *fixture, enum wl_entry_kind kind)
{
	struct wl_log *log = &fixture->log.log;
	enum wl_log_result result;

	do {
		result = wl_log_open_entry(log, kind, fixture->term, 1000 + log->tail.index,
					   fixture->commit);
		if (result != WL_LOG_OK)
			base_fixture_settle(fixture);
	} while (result == WL_LOG_NO_ROOM || result == WL_LOG_NO_SEGMENT);
	WL_CHECK(result == WL_LOG_OK);
	WL_CHECK(log->tail.index + 1 < BASE_FIXTURE_ENTRIES);
	fixture->entries[log->tail.index + 1].sequence = 0;
}

/* An entry of one record. */
static void append(struct base_fixture *fixture, const struct wl_record_header *record)
{
	struct wl_log *log = &fixture->log.log;
	uint64_t number;

	for (;;) {
		open_entry(fixture, WL_ENTRY_RECORDS);
		if (wl_log_add_record(log, record, fixture->log.image, &number) == WL_LOG_OK)
			break;
		wl_log_abandon_entry(log);
		base_fixture_settle(fixture);
	}
	wl_log_seal_entry(log);
}

void base_fixture_open_sessions(struct base_fixture *fixture, unsigned sessions)
{
	for (unsigned at = 0; at < sessions; at++) {
		uint64_t index = fixture->log.log.tail.index + 1;
		struct wl_record_header record = {.session = 1000 + index,
						  .sequence = index,
						  .kind = WL_RECORD_OPEN_SESSION};

		append(fixture, &record);
		if (fixture->session_count == BASE_FIXTURE_SESSIONS)
			continue;
		fixture->sessions[fixture->session_count].id = wl_session_id(index, 0);
		fixture->sessions[fixture->session_count++].next_sequence = 1;
	}
}

void base_fixture_append(struct base_fixture *fixture, unsigned session, uint32_t bytes)
{
	struct wl_record_header record = {.session = fixture->sessions[session].id,
					  .sequence = fixture->sessions[session].next_sequence++,
					  .bytes = bytes,
					  .kind = WL_RECORD_DATA};
	uint64_t index = fixture->log.log.tail.index + 1;

	memset(fixture->log.image, (int)index, bytes);
	append(fixture, &record);
	fixture->entries[index].session = (uint16_t)session;
	fixture->entries[index].sequence = record.sequence;
}

uint64_t base_fixture_control(struct base_fixture *fixture, const struct wl_control *control)
{
	open_entry(fixture, WL_ENTRY_CONTROL);
	return wl_log_seal_control(&fixture->log.log, control).index;
}

uint64_t base_fixture_base(struct base_fixture *fixture)
{
	return base_fixture_control(fixture,
				    &(struct wl_control){.verb = WL_CONTROL_BASE,
							 .expects = fixture->state.base_mark});
}

uint64_t base_fixture_digest_of(const struct base_fixture *fixture, uint64_t index)
{
	for (uint32_t at = fixture->mark_count; at-- != 0;)
		if (fixture->marks[at].index == index)
			return fixture->marks[at].digest;
	return 0;
}

void base_fixture_prove(struct base_fixture *fixture, uint64_t flip)
{
	uint64_t index = fixture->state.base_mark;
	struct wl_control control = {.verb = WL_CONTROL_BASE_PROVEN,
				     .index = index,
				     .digest = base_fixture_digest_of(fixture, index) ^ flip};

	if (index != 0)
		base_fixture_control(fixture, &control);
}

void base_fixture_branch(struct base_fixture *fixture, uint64_t index)
{
	struct wl_log *log = &fixture->log.log;

	WL_CHECK(index >= fixture->commit);
	fixture->term++;
	if (index >= log->tail.index)
		return;
	for (uint64_t at = log->tail.index; at > index; at--)
		if (fixture->entries[at].sequence != 0)
			fixture->sessions[fixture->entries[at].session].next_sequence =
				fixture->entries[at].sequence;
	wl_log_truncate(log, index);
}

void base_fixture_settle(struct base_fixture *fixture)
{
	log_fixture_settle(&fixture->log);
}

struct wl_base_header base_fixture_header(struct base_fixture *fixture, uint64_t sequence)
{
	struct wl_base_header header = {.identity = fixture->identity, .sequence = sequence};

	WL_CHECK(wl_log_describe_base(&fixture->log.log, fixture->state.sessions.applied_index,
				      &header.log));
	return header;
}

static void note_mark(struct base_fixture *fixture)
{
	struct wl_base_header header = base_fixture_header(fixture, 1);
	struct wl_base_encoder encoder;

	wl_base_encode_begin(&encoder, &header, &fixture->state, &fixture->log.log, fixture->order);
	WL_CHECK(fixture->mark_count < BASE_FIXTURE_MARKS);
	fixture->marks[fixture->mark_count].index = header.log.position.index;
	fixture->marks[fixture->mark_count++].digest = encoder.header.digest;
}

void base_fixture_commit(struct base_fixture *fixture, uint64_t index)
{
	struct wl_reader_view view;

	WL_CHECK(index >= fixture->commit && index <= fixture->log.log.durable.index);
	fixture->commit = index;
	while (fixture->state.sessions.applied_index < index) {
		WL_CHECK(log_fixture_read(&fixture->log, &fixture->reader, index, &view) ==
			 WL_READER_ENTRY);
		wl_state_apply(&fixture->state, view.image, &view.header);
		if (fixture->state.base_mark == view.header.index)
			note_mark(fixture);
	}
	if (fixture->reader.buffer)
		wl_reader_return(&fixture->reader);
}

void base_fixture_commit_all(struct base_fixture *fixture)
{
	base_fixture_settle(fixture);
	base_fixture_commit(fixture, fixture->log.log.tail.index);
}

static void one_by_chance(struct base_fixture *fixture)
{
	struct sim_random *random = &fixture->random;
	const struct wl_log *log = &fixture->log.log;
	struct wl_control trim = {.verb = WL_CONTROL_TRIM,
				  .number = sim_random_below(random, log->next_number + 3)};

	switch (sim_random_below(random, 24)) {
	case 0:
		base_fixture_base(fixture);
		break;
	case 1:
		base_fixture_prove(fixture, 0);
		break;
	case 2:
		base_fixture_control(fixture, &trim);
		break;
	case 3:
		base_fixture_branch(
			fixture,
			fixture->commit +
				sim_random_below(random, log->tail.index - fixture->commit + 1));
		open_entry(fixture, WL_ENTRY_TERM_START);
		wl_log_seal_entry(&fixture->log.log);
		break;
	case 4:
		base_fixture_settle(fixture);
		break;
	case 5:
	case 6:
		base_fixture_settle(fixture);
		base_fixture_commit(
			fixture,
			fixture->commit +
				sim_random_below(random, log->durable.index - fixture->commit + 1));
		break;
	default:
		base_fixture_append(
			fixture, (unsigned)sim_random_below(random, fixture->session_count),
			1 + (uint32_t)sim_random_below(
				    random, sim_random_below(random, 20) == 0 ? 200000 : 300));
		break;
	}
}

void base_fixture_chance(struct base_fixture *fixture, unsigned steps)
{
	if (fixture->session_count == 0) {
		base_fixture_open_sessions(fixture, 5);
		base_fixture_commit_all(fixture);
	}
	while (steps-- != 0)
		one_by_chance(fixture);
}

uint8_t *base_fixture_encode(struct base_fixture *fixture, uint64_t sequence, uint64_t *size)
{
	struct wl_base_header header = base_fixture_header(fixture, sequence);
	struct wl_base_encoder encoder;
	uint8_t *bytes;
	size_t used = 0, more;

	wl_base_encode_begin(&encoder, &header, &fixture->state, &fixture->log.log, fixture->order);
	*size = wl_base_file_bytes(&encoder.header);
	bytes = blocks_of(*size);
	while ((more = wl_base_encode(&encoder, bytes + used, *size - used)) != 0)
		used += more;
	WL_CHECK(used == *size);
	return bytes;
}

/* ---- the store, and who drives the maker ---- */

void base_fixture_start(struct base_fixture *fixture)
{
	free(fixture->writing.bytes);
	fixture->writing = (struct base_fixture_place){0};
	fixture->maker_config.first_segment =
		fixture->log.log.begin.offset / fixture->log.config.segment_bytes;
	memset(fixture->maker_memory, 0x77, wl_base_maker_memory_bytes(&fixture->maker_config));
	wl_base_maker_init(&fixture->maker, &fixture->maker_config, fixture->maker_ring,
			   fixture->maker_window, fixture->maker_memory);
}

void base_fixture_tell(struct base_fixture *fixture)
{
	const struct wl_log *log = &fixture->log.log;
	struct wl_base_limit limit = {
		.commit = fixture->commit < log->durable.index ? fixture->commit
							       : log->durable.index,
		.durable_offset = log->durable_offset,
		.base_mark = fixture->state.base_mark,
		.begin = log->begin,
	};

	wl_base_maker_tell(&fixture->maker, &limit);
}

static enum wl_disk_status read_place(const struct base_fixture *fixture,
				      const struct wl_base_maker_want *want)
{
	const struct base_fixture_place *place = &fixture->places[want->place];

	if (place->size == 0)
		return WL_DISK_ABSENT;
	if (place->unreadable || want->offset + want->bytes > place->size)
		return WL_DISK_FAILED;
	memcpy(want->buffer, place->bytes + want->offset, want->bytes);
	return WL_DISK_OK;
}

static void empty(struct base_fixture_place *place)
{
	free(place->bytes);
	*place = (struct base_fixture_place){0};
}

static bool fails_now(struct base_fixture *fixture)
{
	if (fixture->fails == 0)
		return false;
	fixture->fails--;
	return true;
}

static enum wl_disk_status perform(struct base_fixture *fixture)
{
	const struct wl_base_maker_want *want = &fixture->maker.want;
	enum wl_base_maker_state state = fixture->maker.state;

	switch (state) {
	case WL_BASE_MAKER_WANTS_LOAD:
		return read_place(fixture, want);
	case WL_BASE_MAKER_WANTS_READ:
		/* Behind what it was told the medium may hold anything, also the half of a write. */
		WL_CHECK(want->offset + want->bytes <=
			 fixture->maker.limit.durable_offset +
				 (fixture->maker.recovery.phase != 0 ? WL_CHUNK_BYTES_MAX : 0));
		return memory_drive_read(&fixture->log.drive, want->offset, want->buffer,
					 (uint32_t)want->bytes);
	case WL_BASE_MAKER_WANTS_BEGIN:
		if (fixture->in_place)
			empty(&fixture->places[want->place]);
		if (fails_now(fixture))
			return WL_DISK_FAILED;
		fixture->writing = (struct base_fixture_place){.bytes = blocks_of(want->bytes),
							       .size = want->bytes};
		fixture->written = 0;
		return WL_DISK_OK;
	case WL_BASE_MAKER_WANTS_WRITE:
		if (fails_now(fixture))
			return WL_DISK_FAILED;
		WL_CHECK(fixture->written + want->bytes <= fixture->writing.size);
		memcpy(fixture->writing.bytes + fixture->written, want->buffer, want->bytes);
		fixture->written += want->bytes;
		return WL_DISK_OK;
	case WL_BASE_MAKER_WANTS_COMMIT:
		WL_CHECK(fixture->written == fixture->writing.size);
		if (fails_now(fixture)) {
			empty(&fixture->writing);
			return WL_DISK_FAILED;
		}
		empty(&fixture->places[want->place]);
		fixture->places[want->place] = fixture->writing;
		fixture->writing = (struct base_fixture_place){0};
		return WL_DISK_OK;
	case WL_BASE_MAKER_WANTS_ABANDON:
		empty(&fixture->writing);
		return WL_DISK_OK;
	case WL_BASE_MAKER_WANTS_REMOVE:
		empty(&fixture->places[want->place]);
		return WL_DISK_OK;
	default:
		return WL_DISK_OK;
	}
}

bool base_fixture_drive(struct base_fixture *fixture, uint64_t steps)
{
	struct wl_base_maker *maker = &fixture->maker;

	while (maker->state != WL_BASE_MAKER_IDLE && maker->state != WL_BASE_MAKER_STOPPED) {
		const char *broken;

		if (steps-- == 0)
			return false;
		wl_base_maker_on_done(maker, perform(fixture));
		fixture->steps++;
		broken = wl_base_maker_check(maker);
		if (broken && !fixture->broken)
			fixture->broken = broken;
	}
	return true;
}

struct wl_base_report base_fixture_report(const struct base_fixture *fixture)
{
	struct wl_base_report report;

	wl_base_maker_report(&fixture->maker, &report);
	return report;
}
