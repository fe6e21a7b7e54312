/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mend/scrub.h"

#include "dataplane/base/check.h"

#define NOWHERE UINT64_MAX

size_t wl_scrub_memory_bytes(void)
{
	return wl_survey_memory_bytes();
}

void wl_scrub_init(struct wl_scrub *scrub, const struct wl_log_config *log, uint64_t period_ns,
		   uint8_t *window, void *memory)
{
	WL_CHECK((uintptr_t)window % WL_BLOCK_BYTES == 0);
	WL_CHECK((uintptr_t)memory % 64 == 0);
	*scrub = (struct wl_scrub){
		.log = *log,
		.period_ns = period_ns,
		.found_offset = NOWHERE,
		.window = window,
		.memory = memory,
	};
}

void wl_scrub_set_period(struct wl_scrub *scrub, uint64_t period_ns)
{
	if (scrub->period_ns == period_ns)
		return;
	scrub->period_ns = period_ns;
	scrub->until_ns = 0;
}

/* ---- when --------------------------------------------------------------------------------------- */

static void begin_pass(struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	struct wl_scrub_report *report = &scrub->report;

	WL_CHECK(scrub->state == WL_SCRUB_RESTS);
	WL_CHECK(now->begin_offset < now->durable_offset);
	report->began_ns = now->ns;
	report->begin = now->begin_offset;
	report->position = now->begin_offset;
	report->end = now->durable_offset;
	scrub->tries = 0;
}

/* The part of the time that its part of the bytes may take. */
static uint64_t due_ns(const struct wl_scrub *scrub)
{
	const struct wl_scrub_report *report = &scrub->report;
	double all = (double)(report->end - report->begin);
	double part = all > 0 ? (double)(report->position - report->begin) / all : 0;

	WL_CHECK(report->position >= report->begin);
	return report->began_ns + (uint64_t)((double)(scrub->period_ns / 8 * 7) * part);
}

static bool is_due(const struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	bool flows = now->ns - scrub->appended_ns < WL_SCRUB_QUIET_NS;

	return now->ns >= due_ns(scrub) + (flows ? scrub->period_ns / 8 : 0);
}

/* What lay at the beginning may be given up meanwhile. */
static void follow_begin(struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	struct wl_scrub_report *report = &scrub->report;

	if (report->position >= now->begin_offset)
		return;
	report->position = now->begin_offset;
	scrub->tries = 0;
}

/* ---- a piece ------------------------------------------------------------------------------------ */

static void begin_piece(struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	struct wl_survey_config config = {
		.log = scrub->log,
		.segments = (now->durable_offset - 1) / scrub->log.segment_bytes + 1,
		.limit = now->durable_offset,
		.window = scrub->window,
		.window_bytes = WL_SCRUB_WINDOW_BYTES,
		.memory = scrub->memory,
	};

	WL_CHECK(scrub->state == WL_SCRUB_RESTS);
	WL_CHECK(scrub->report.position >= now->begin_offset);
	WL_CHECK(now->begin_offset < now->durable_offset);
	scrub->piece_end = scrub->report.position + WL_SCRUB_PIECE_BYTES;
	config.stop = scrub->piece_end;
	wl_survey_place_before(now->log, scrub->report.position + 1, &config.from);
	wl_survey_init(&scrub->survey, &config);
	scrub->state = scrub->survey.state == WL_SURVEY_WANTS_READ ? WL_SCRUB_READS
								   : WL_SCRUB_RESTS;
}

static bool may_begin(const struct wl_scrub_now *now)
{
	return now->log != NULL && now->log->tail.index > now->log->begin.position.index &&
	       now->log->begin.offset >= now->begin_offset &&
	       now->durable_offset > now->begin_offset;
}

enum wl_scrub_state wl_scrub_step(struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	struct wl_scrub_report *report = &scrub->report;

	WL_CHECK(scrub->state == WL_SCRUB_RESTS);
	if (scrub->durable_offset != now->durable_offset) {
		scrub->durable_offset = now->durable_offset;
		scrub->appended_ns = now->ns;
	}
	if (scrub->period_ns == 0 || now->ns < scrub->until_ns || !may_begin(now))
		return WL_SCRUB_RESTS;
	if (report->began_ns == 0 || report->position >= report->end) {
		if (report->began_ns != 0 && now->ns < report->began_ns + scrub->period_ns)
			return WL_SCRUB_RESTS;
		begin_pass(scrub, now);
	}
	follow_begin(scrub, now);
	/* A second look at what was damaged does not wait for its time. */
	if (scrub->tries == 0 && !is_due(scrub, now))
		return WL_SCRUB_RESTS;
	begin_piece(scrub, now);
	return scrub->state;
}

/* Damage of the piece that is still kept, in the order of the stream but for the last: in `seen`, which has room for what a survey can name. */
static uint32_t list_damage(const struct wl_scrub *scrub, uint64_t begin_offset,
			    struct wl_scrub_place *seen)
{
	const struct wl_survey *survey = &scrub->survey;
	bool refused = survey->state == WL_SURVEY_REFUSED;
	uint32_t count = 0;

	WL_CHECK(survey->hole_count <= WL_SURVEY_HOLES_MAX);
	for (uint32_t at = 0; at < survey->hole_count; at++) {
		const struct wl_survey_hole *hole = &survey->holes[at];

		if (hole->end > begin_offset && hole->begin >= survey->config.from.offset)
			seen[count++] = (struct wl_scrub_place){hole->begin, hole->end};
	}
	if (refused || survey->end == WL_SURVEY_END_UNKNOWN) {
		uint64_t begin = refused ? survey->damage.begin : survey->end_begin;
		uint64_t end = begin < scrub->piece_end ? scrub->piece_end : begin + 1;

		if (begin >= begin_offset)
			seen[count++] = (struct wl_scrub_place){begin, end};
	}
	WL_CHECK(count <= WL_SURVEY_HOLES_MAX + 1);
	return count;
}

/* What the look has seen, whole or damaged: [from, to). */
static struct wl_scrub_place looked_at(const struct wl_scrub *scrub)
{
	const struct wl_survey *survey = &scrub->survey;

	return (struct wl_scrub_place){
		survey->holes_let_go ? survey->holes[0].begin : survey->config.from.offset,
		survey->state == WL_SURVEY_REFUSED ? survey->damage.begin : survey->now.offset,
	};
}

/* Counts what is new and what is whole again. Returns how much damage there is, and where the first begins. */
static uint32_t judge_piece(struct wl_scrub *scrub, uint64_t begin_offset, uint64_t *first)
{
	struct wl_scrub_place seen[WL_SURVEY_HOLES_MAX + 1], looked = looked_at(scrub);
	uint32_t count = list_damage(scrub, begin_offset, seen);
	struct wl_scrub_report *report = &scrub->report;

	*first = NOWHERE;
	for (uint32_t at = 0; at < count; at++) {
		report->found +=
			wl_scrub_places_found(&scrub->places, seen[at].begin, seen[at].end);
		if (seen[at].begin < *first)
			*first = seen[at].begin;
	}
	report->mended +=
		wl_scrub_places_mended(&scrub->places, looked.begin, looked.end, seen, count);
	wl_scrub_places_give_up(&scrub->places, begin_offset);
	report->open = scrub->places.count;
	WL_CHECK(report->found >= report->mended + report->open);
	WL_CHECK((count != 0) == (*first != NOWHERE));
	return count;
}

/* How far the piece is read: up to the end of its last whole chunk, or past it where nothing can be read. */
static uint64_t piece_reached(const struct wl_scrub *scrub)
{
	const struct wl_survey *survey = &scrub->survey;

	if (survey->state == WL_SURVEY_REFUSED || survey->now.offset <= scrub->report.position)
		return scrub->piece_end;
	return survey->now.offset;
}

static void end_piece(struct wl_scrub *scrub, const struct wl_scrub_now *now)
{
	struct wl_scrub_report *report = &scrub->report;
	uint64_t first, reached = piece_reached(scrub);
	uint32_t damaged = judge_piece(scrub, now->begin_offset, &first);

	WL_CHECK(scrub->survey.state != WL_SURVEY_WANTS_READ);
	WL_CHECK(reached > report->position);
	WL_CHECK(scrub->tries <= WL_SCRUB_TRIES);
	scrub->state = WL_SCRUB_RESTS;
	if (damaged != 0 && scrub->tries < WL_SCRUB_TRIES) {
		scrub->tries++;
		/* No chunk begins where a segment does. */
		scrub->found_offset = first % scrub->log.segment_bytes == 0 ? first + WL_BLOCK_BYTES
									    : first;
		scrub->until_ns = now->ns + WL_SCRUB_AGAIN_NS;
		return;
	}
	scrub->tries = 0;
	report->position = reached < report->end ? reached : report->end;
	if (report->position == report->end) {
		report->finished_ns = now->ns;
		report->passes++;
	}
}

void wl_scrub_want(const struct wl_scrub *scrub, uint64_t *offset, uint8_t **buffer,
		   uint32_t *bytes)
{
	WL_CHECK(scrub->state == WL_SCRUB_READS);
	wl_survey_want(&scrub->survey, offset, buffer, bytes);
}

void wl_scrub_on_read(struct wl_scrub *scrub, enum wl_disk_status status,
		      const struct wl_scrub_now *now)
{
	uint64_t offset;
	uint8_t *buffer;
	uint32_t bytes;

	wl_scrub_want(scrub, &offset, &buffer, &bytes);
	scrub->report.bytes += bytes;
	wl_survey_on_read(&scrub->survey, status);
	if (scrub->survey.state != WL_SURVEY_WANTS_READ)
		end_piece(scrub, now);
}

bool wl_scrub_take_found(struct wl_scrub *scrub, uint64_t *offset)
{
	if (scrub->found_offset == NOWHERE)
		return false;
	WL_CHECK(scrub->found_offset % scrub->log.segment_bytes != 0);
	*offset = scrub->found_offset;
	scrub->found_offset = NOWHERE;
	return true;
}
