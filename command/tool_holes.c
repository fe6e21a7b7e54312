/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_holes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static void describe(const struct wl_tool_journal *journal, struct wl_survey_config *config)
{
	const struct wl_tool_journal_source *source = &journal->source;

	*config = (struct wl_survey_config){
		.log = journal->log.config,
		.segments = source->segments,
		.watermark = source->watermark,
		.limit = UINT64_MAX,
		.stop = UINT64_MAX,
		.window_bytes = WL_FILL_BYTES,
	};
	if (wl_tool_journal_base(journal) != 0) {
		const struct wl_log_base *base =
			&journal->load.places[journal->load.chosen].header.log;

		if (!base->installed) {
			config->base_offset = base->walk_offset;
			config->base_index = base->position.index;
			config->base_chain = base->chain;
			if (config->watermark < base->walk_offset + WL_BLOCK_BYTES)
				config->watermark = base->walk_offset + WL_BLOCK_BYTES;
		}
	}
	wl_survey_place_before(&journal->log, 0, &config->from);
}

static void walk(struct wl_survey *survey, const struct wl_tool_journal *journal)
{
	while (survey->state == WL_SURVEY_WANTS_READ) {
		uint64_t offset;
		uint8_t *to;
		uint32_t bytes;

		wl_survey_want(survey, &offset, &to, &bytes);
		wl_survey_on_read(survey, status_of(journal->source.read(journal->source.context,
									 offset, to, bytes)));
	}
}

static void take(struct wl_tool_holes *holes, const struct wl_survey *survey,
		 struct wl_store *store)
{
	holes->looked = true;
	holes->refused = survey->state == WL_SURVEY_REFUSED;
	holes->end_unknown = !holes->refused && survey->end == WL_SURVEY_END_UNKNOWN;
	holes->end_begin = survey->end_begin;
	holes->let_go = survey->holes_let_go;
	holes->count = survey->hole_count;
	for (uint32_t at = 0; at < holes->count; at++) {
		struct wl_tool_hole *to = &holes->holes[at];
		const struct wl_survey_hole *hole = &survey->holes[at];
		uint32_t id = survey->config.log.journal;
		uint64_t segment_bytes = survey->config.log.segment_bytes;

		to->hole = *hole;
		wl_verify_find_place(&to->begin, store, id, segment_bytes, hole->begin);
		wl_verify_find_place(&to->end, store, id, segment_bytes, hole->end - 1);
		to->end.offset = hole->end;
		to->end.byte++;
	}
}

int wl_tool_holes_look(struct wl_tool_holes *holes, const struct wl_tool_journal *journal,
		       struct wl_store *store)
{
	struct wl_survey *survey = malloc(sizeof(*survey));
	struct wl_survey_config config;
	int status = WIRELOG_NO_MEMORY;

	memset(holes, 0, sizeof(*holes));
	describe(journal, &config);
	config.window = aligned_alloc(WL_BLOCK_BYTES, WL_FILL_BYTES);
	config.memory = aligned_alloc(64, wl_align_up(wl_survey_memory_bytes(), 64));
	if (journal->nowhere || (!wl_tool_journal_is_damaged(journal) && !journal->damaged_below)) {
		status = 0;
	} else if (survey != NULL && config.window != NULL && config.memory != NULL) {
		wl_survey_init(survey, &config);
		walk(survey, journal);
		take(holes, survey, store);
		status = 0;
	}
	free(config.window);
	free(config.memory);
	free(survey);
	return status;
}

/* ---- showing ------------------------------------------------------------------------------------ */

static void print_missing(FILE *out, const struct wl_survey_hole *hole)
{
	uint64_t missing = wl_survey_missing(hole);

	if (hole->kind == WL_SURVEY_HOLE_HEADER)
		fprintf(out, "the header of a segment, no entry");
	else if (missing == 0)
		fprintf(out, "no entry is missing");
	else if (missing == 1)
		fprintf(out, "entry %" PRIu64, hole->right.index - 1);
	else
		fprintf(out, "entries %" PRIu64 " to %" PRIu64, hole->left.position.index + 1,
			hole->right.index - 1);
}

static void print_hole(FILE *out, const struct wl_tool_hole *of)
{
	const struct wl_survey_hole *hole = &of->hole;

	fprintf(out, "  hole      %s: ", wl_recovery_damage_name(hole->damage));
	print_missing(out, hole);
	fprintf(out, "; stream offset %" PRIu64 " to %" PRIu64 "\n            ", hole->begin,
		hole->end);
	wl_verify_print_place(out, &of->begin);
	fprintf(out, " to ");
	wl_verify_print_place(out, &of->end);
	fprintf(out, "\n");
}

void wl_tool_holes_print(FILE *out, const struct wl_tool_holes *holes)
{
	if (!holes->looked)
		return;
	for (uint32_t at = 0; at < holes->count; at++)
		print_hole(out, &holes->holes[at]);
	if (holes->let_go != 0)
		fprintf(out, "            and %" PRIu64 " before these\n", holes->let_go);
	if (holes->end_unknown)
		fprintf(out,
			"  end       not known from stream offset %" PRIu64
			" on: the node will give it up, and count nowhere until it has followed a leader\n",
			holes->end_begin);
	if (holes->refused)
		fprintf(out, "            this does not heal by itself\n");
	else if (holes->count != 0)
		fprintf(out, "            the node fills this from its peers when it starts\n");
}

static json_t *hole_json(const struct wl_tool_hole *of)
{
	const struct wl_survey_hole *hole = &of->hole;
	uint64_t missing = wl_survey_missing(hole);

	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "kind", wl_survey_hole_name(hole->kind),
			 "damage", wl_recovery_damage_name(hole->damage), "last_missing_index",
			 (json_int_t)(missing != 0 ? hole->right.index - 1 : 0), "missing",
			 (json_int_t)missing, "begin", wl_verify_place_json(&of->begin), "end",
			 wl_verify_place_json(&of->end));
}

json_t *wl_tool_holes_json(const struct wl_tool_holes *holes)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < holes->count; at++)
		json_array_append_new(list, hole_json(&holes->holes[at]));
	return json_pack("{s:b, s:b, s:I, s:o}", "heals", !holes->refused, "end_unknown",
			 holes->end_unknown, "more_before", (json_int_t)holes->let_go, "list",
			 list);
}
