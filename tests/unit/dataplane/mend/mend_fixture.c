/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/mend/mend_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define MEMBERS (1u << 1 | 1u << 3)

void mend_fixture_init(struct mend_fixture *fixture, uint64_t segments_max)
{
	memset(fixture, 0, sizeof(*fixture));
	log_fixture_init(&fixture->log, segments_max);
	log_fixture_settle(&fixture->log);
	fixture->live[0].chain = fixture->log.log.tail_chain;
	fixture->memory = aligned_alloc(WL_BLOCK_BYTES, wl_mend_memory_bytes());
	fixture->survey_memory = aligned_alloc(64, wl_align_up(wl_survey_memory_bytes(), 64));
	fixture->window = aligned_alloc(WL_BLOCK_BYTES, WL_FILL_BYTES);
	WL_CHECK(fixture->memory && fixture->survey_memory && fixture->window);
}

void mend_fixture_fini(struct mend_fixture *fixture)
{
	for (uint64_t index = 0; index < MEND_ENTRIES_MAX; index++)
		free(fixture->live[index].bytes);
	free(fixture->saved);
	free(fixture->bad);
	free(fixture->memory);
	free(fixture->survey_memory);
	free(fixture->window);
	log_fixture_fini(&fixture->log);
}

void mend_fixture_append(struct mend_fixture *fixture, uint64_t term, uint32_t payload_bytes)
{
	struct wl_log *log = &fixture->log.log;
	uint64_t index = log_fixture_append(&fixture->log, term, payload_bytes).index;
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	struct mend_image *image = &fixture->live[index];
	const uint8_t *from = wl_log_image_in_ring(log, index, &image->size);

	WL_CHECK(from && index < MEND_ENTRIES_MAX);
	image->bytes = realloc(image->bytes, image->size);
	WL_CHECK(image->bytes);
	memcpy(image->bytes, from, image->size);
	image->chain = log->tail_chain;
	image->term = term;
	image->offset = slot->offset;
	image->chunk = slot->offset - slot->in_chunk;
	fixture->last = index;
}

void mend_fixture_chunk(struct mend_fixture *fixture, uint64_t term, unsigned count,
			uint32_t payload_bytes)
{
	while (count--)
		mend_fixture_append(fixture, term, payload_bytes);
	log_fixture_settle(&fixture->log);
}

void mend_fixture_truncate(struct mend_fixture *fixture, uint64_t index)
{
	wl_log_truncate(&fixture->log.log, index);
	fixture->last = index;
}

static uint64_t medium_bytes(const struct mend_fixture *fixture)
{
	return fixture->log.drive.segments * fixture->log.config.segment_bytes;
}

void mend_fixture_save(struct mend_fixture *fixture)
{
	fixture->saved_bytes = medium_bytes(fixture);
	fixture->saved = realloc(fixture->saved, fixture->saved_bytes);
	free(fixture->bad);
	fixture->bad = calloc(1, fixture->saved_bytes / WL_BLOCK_BYTES);
	WL_CHECK(fixture->saved && fixture->bad);
	memcpy(fixture->saved, fixture->log.drive.stable, fixture->saved_bytes);
	fixture->saved_end = fixture->log.log.durable_offset;
	fixture->segments = fixture->log.drive.segments;
	fixture->watermark = 0;
}

void mend_fixture_restore(struct mend_fixture *fixture)
{
	memcpy(fixture->log.drive.stable, fixture->saved, fixture->saved_bytes);
	fixture->log.drive.segments = fixture->segments;
	memset(fixture->bad, 0, fixture->saved_bytes / WL_BLOCK_BYTES);
	fixture->absent = 0;
	fixture->nobody_has = 0;
	fixture->mistaken = false;
	fixture->writes_before_crash = 0;
	fixture->run_bytes = 0;
	fixture->watermark = 0;
	fixture->helix = false;
	fixture->uncounted = false;
	fixture->lives = false;
}

void mend_fixture_rot(struct mend_fixture *fixture, uint64_t begin, uint64_t end)
{
	for (uint64_t at = begin; at < end; at++)
		*log_fixture_platter(&fixture->log, at) ^= (uint8_t)(0x41 + at % 61);
}

void mend_fixture_refuse_reads(struct mend_fixture *fixture, uint64_t begin, uint64_t end)
{
	for (uint64_t at = begin; at < end; at += WL_BLOCK_BYTES)
		fixture->bad[at / WL_BLOCK_BYTES] = 1;
}

static const char *check_entry(struct mend_fixture *fixture, struct wl_reader *reader,
			       uint64_t index)
{
	struct wl_reader_view view;

	if (log_fixture_read(&fixture->log, reader, fixture->last, &view) != WL_READER_ENTRY)
		return "an entry cannot be read";
	if (view.bytes != fixture->live[index].size ||
	    memcmp(view.image, fixture->live[index].bytes, view.bytes) != 0)
		return "an entry is another one";
	return NULL;
}

static bool is_absent(const struct mend_fixture *fixture, uint64_t offset)
{
	return fixture->absent != 0 &&
	       offset / fixture->log.config.segment_bytes == fixture->absent - 1;
}

void mend_fixture_take_from_peers(struct mend_fixture *fixture)
{
	for (uint64_t index = 1; index <= fixture->last; index++) {
		struct mend_image *image = &fixture->live[index];

		image->here_alone = !is_absent(fixture, image->offset) &&
				    memcmp(memory_drive_place(&fixture->log.drive, image->offset),
					   image->bytes, image->size) == 0;
		for (uint64_t at = image->offset / WL_BLOCK_BYTES;
		     at <= (image->offset + image->size - 1) / WL_BLOCK_BYTES; at++)
			image->here_alone &= !fixture->bad[at];
	}
}

const char *mend_fixture_check(struct mend_fixture *fixture, bool shorter)
{
	struct wl_log *log = &fixture->log.log;
	struct wl_reader reader;
	const char *wrong = NULL;

	if (log_fixture_restart(&fixture->log, fixture->watermark, false) != WL_RECOVERY_DONE)
		return wl_recovery_damage_name(fixture->log.recovery.damage.kind);
	/* Of a tail that was given up what is left may be another branch: a leader cuts it. */
	if (shorter)
		return wl_log_check(log);
	if (log->tail.index != fixture->last ||
	    log->tail_chain != fixture->live[fixture->last].chain)
		return "the tail is another one";
	wl_reader_init(&reader, log, log->begin.position.index + 1, 1);
	for (uint64_t index = log->begin.position.index + 1; index <= log->tail.index && !wrong;
	     index++)
		wrong = check_entry(fixture, &reader, index);
	if (wl_reader_return(&reader) == NULL && fixture->last == 0)
		return wrong;
	return wrong ? wrong : wl_log_check(log);
}

void mend_fixture_configure(struct mend_fixture *fixture)
{
	struct wl_mend_config *config = &fixture->config;
	const struct log_fixture_base *base = fixture->log.base;
	struct wl_log *log = &fixture->log.log;

	wl_log_init(log, &fixture->log.config, fixture->log.ring, fixture->log.memory);
	if (base)
		WL_CHECK(log_fixture_restore(log, base, fixture->log.drive.first_segment));
	*config = (struct wl_mend_config){
		.log = fixture->log.config,
		.segments = fixture->log.drive.segments,
		.watermark = fixture->watermark,
		.limit = UINT64_MAX,
		.stop = UINT64_MAX,
		.members = MEMBERS,
		.tables = base ? log : NULL,
		.memory = fixture->memory,
	};
	if (fixture->lives) {
		config->limit = fixture->saved_end;
		config->edge = (struct wl_survey_edge){
			fixture->last + 1, fixture->live[fixture->last].chain, WL_SURVEY_ANY};
	}
	if (base && !base->log.installed) {
		config->walk_offset = base->log.walk_offset;
		config->walk_index = base->log.position.index;
		config->walk_chain = base->log.chain;
		config->commit = base->log.position.index;
	}
	wl_survey_place_before(log, base && !fixture->from_begin ? base->log.walk_offset : 0,
			       &config->from);
}

/* ---- the drive ---------------------------------------------------------------------------------- */

static enum wl_disk_status read_stream(struct mend_fixture *fixture, uint64_t offset, uint8_t *to,
				       uint32_t bytes)
{
	uint64_t segment_bytes = fixture->log.config.segment_bytes;

	WL_CHECK(bytes != 0 && offset % WL_BLOCK_BYTES == 0 && bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(offset / segment_bytes == (offset + bytes - 1) / segment_bytes);
	fixture->reads++;
	fixture->read_bytes += bytes;
	if (is_absent(fixture, offset))
		return WL_DISK_ABSENT;
	for (uint64_t at = offset; at < offset + bytes; at += WL_BLOCK_BYTES)
		if (at < medium_bytes(fixture) && fixture->bad[at / WL_BLOCK_BYTES])
			return WL_DISK_FAILED;
	return memory_drive_read(&fixture->log.drive, offset, to, bytes);
}

/* False: the power went, and some of its sectors arrived. */
static bool write_stream(struct mend_fixture *fixture, uint64_t offset, const uint8_t *from,
			 uint32_t bytes, enum wl_disk_status *status)
{
	uint64_t segment_bytes = fixture->log.config.segment_bytes;
	bool crash = fixture->writes_before_crash != 0 && --fixture->writes_before_crash == 0;

	WL_CHECK(bytes != 0 && offset % WL_BLOCK_BYTES == 0 && bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(offset / segment_bytes == (offset + bytes - 1) / segment_bytes);
	*status = WL_DISK_OK;
	if (is_absent(fixture, offset) || offset >= medium_bytes(fixture)) {
		*status = WL_DISK_ABSENT;
		return true;
	}
	fixture->writes++;
	fixture->written_bytes += bytes;
	for (uint32_t at = 0; at < bytes; at += WL_SECTOR_BYTES) {
		if (!crash || sim_random_chance(fixture->random, 500000)) {
			memcpy(memory_drive_place(&fixture->log.drive, offset + at), from + at,
			       WL_SECTOR_BYTES);
			/* A written block can be read again. */
			fixture->bad[(offset + at) / WL_BLOCK_BYTES] = 0;
		}
	}
	return !crash;
}

static void make_segment(struct mend_fixture *fixture, uint64_t offset)
{
	struct wl_segment_header header = fixture->log.drive.identity;
	uint64_t segment_bytes = fixture->log.config.segment_bytes;

	WL_CHECK(is_absent(fixture, offset) && offset % segment_bytes == 0);
	memset(memory_drive_place(&fixture->log.drive, offset), 0, segment_bytes);
	header.number = offset / segment_bytes;
	header.segment_bytes = segment_bytes;
	wl_chunk_encode_segment(memory_drive_place(&fixture->log.drive, offset), &header);
	fixture->absent = 0;
}

void mend_fixture_survey(struct mend_fixture *fixture)
{
	const struct wl_mend_config *config = &fixture->config;
	const struct wl_survey_config of = {
		.log = config->log,
		.from = config->from,
		.segments = config->segments,
		.watermark = config->watermark,
		.limit = config->limit,
		.stop = config->stop,
		.edge = config->edge,
		.base_offset = config->walk_offset,
		.base_index = config->walk_index,
		.base_chain = config->walk_chain,
		.window = fixture->window,
		.window_bytes = WL_FILL_BYTES,
		.memory = fixture->survey_memory,
	};
	struct wl_survey *survey = &fixture->survey;

	wl_survey_init(survey, &of);
	while (survey->state == WL_SURVEY_WANTS_READ) {
		uint64_t offset;
		uint8_t *to;
		uint32_t bytes;

		wl_survey_want(survey, &offset, &to, &bytes);
		wl_survey_on_read(survey, read_stream(fixture, offset, to, bytes));
	}
}

/* ---- peers -------------------------------------------------------------------------------------- */

static uint8_t run[WL_SALVAGE_RUN_BYTES_MAX + WL_SALVAGE_RUN_BYTES];

static bool peers_have(const struct mend_fixture *fixture, uint64_t index)
{
	return index != fixture->nobody_has && !(fixture->helix && fixture->live[index].here_alone);
}

static uint32_t make_run(struct mend_fixture *fixture, const struct wl_salvage_want *ask)
{
	uint32_t limit = fixture->run_bytes ? fixture->run_bytes : ask->bytes, bytes;
	uint64_t first = ask->index;

	if (ask->index == 0 || ask->index > fixture->last ||
	    fixture->live[ask->index].chain != ask->chain || !peers_have(fixture, ask->index))
		return 0;
	bytes = fixture->live[first].size;
	while (first > ask->first && peers_have(fixture, first - 1) &&
	       bytes + fixture->live[first - 1].size <= limit)
		bytes += fixture->live[--first].size;
	bytes = 0;
	for (; first <= ask->index; first++) {
		memcpy(run + bytes, fixture->live[first].bytes, fixture->live[first].size);
		bytes += fixture->live[first].size;
	}
	return bytes;
}

/* Peers know their tails. */
static enum wl_mend_verdict denial_of(const struct mend_fixture *fixture,
				      const struct wl_salvage_want *ask)
{
	return ask->index > fixture->last || fixture->live[ask->index].chain != ask->chain
		       ? WL_MEND_NEVER
		       : WL_MEND_UNKNOWN;
}

/* False: it is asked by nobody any more. */
static bool answer(struct mend_fixture *fixture)
{
	struct wl_mend *mend = &fixture->mend;
	uint32_t node = wl_mend_peer(mend);
	uint32_t bytes;

	fixture->asks++;
	if (node == 0)
		return false;
	WL_CHECK(wl_members_has(MEMBERS, node));
	bytes = make_run(fixture, &mend->ask);
	if (fixture->mistaken && node == 1 && bytes > 0) {
		run[bytes - 8] ^= 1;
		WL_CHECK(!wl_mend_on_answer(mend, node, WL_MEND_HAVE, run, bytes));
		return true;
	}
	if (bytes != 0)
		WL_CHECK(wl_mend_on_answer(mend, node, WL_MEND_HAVE, run, bytes));
	else
		wl_mend_on_answer(mend, node, denial_of(fixture, &mend->ask), NULL, 0);
	return true;
}

bool mend_fixture_go_on(struct mend_fixture *fixture)
{
	struct wl_mend *mend = &fixture->mend;
	enum wl_disk_status status = WL_DISK_OK;

	for (;;) {
		switch (mend->state) {
		case WL_MEND_WANTS_READ:
			wl_mend_on_done(mend, read_stream(fixture, mend->want.offset,
							  mend->want.buffer, mend->want.bytes));
			break;
		case WL_MEND_WANTS_WRITE:
			if (!write_stream(fixture, mend->want.offset, mend->want.buffer,
					  mend->want.bytes, &status))
				return true;
			wl_mend_on_done(mend, status);
			break;
		case WL_MEND_WANTS_SEGMENT:
			make_segment(fixture, mend->want.offset);
			wl_mend_on_done(mend, WL_DISK_OK);
			break;
		case WL_MEND_WANTS_UNCOUNTED:
			if (fixture->watermark > mend->want.offset)
				fixture->watermark = mend->want.offset;
			fixture->uncounted = true;
			wl_mend_on_done(mend, WL_DISK_OK);
			break;
		case WL_MEND_WANTS_ENTRIES:
			if (!answer(fixture))
				return false;
			break;
		case WL_MEND_WORKS:
			WL_CHECK(false);
			return false;
		case WL_MEND_DONE:
		case WL_MEND_REFUSED:
		case WL_MEND_FAILED:
			return false;
		}
	}
}

bool mend_fixture_mend(struct mend_fixture *fixture)
{
	mend_fixture_configure(fixture);
	fixture->config.memory = fixture->memory;
	wl_mend_init(&fixture->mend, &fixture->config);
	return mend_fixture_go_on(fixture);
}
