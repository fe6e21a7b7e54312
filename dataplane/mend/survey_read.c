/* SPDX-License-Identifier: BSD-3-Clause */
/* The survey's window over the stream. */
#include "dataplane/mend/survey_internal.h"

uint64_t wl_survey_stream_end(const struct wl_survey *survey)
{
	uint64_t end = survey->config.segments * survey->config.log.segment_bytes;

	return survey->config.limit < end ? survey->config.limit : end;
}

bool wl_survey_has(struct wl_survey *survey, uint64_t offset, uint64_t bytes)
{
	uint64_t segment_bytes = survey->config.log.segment_bytes;
	uint64_t left = segment_bytes - offset % segment_bytes;

	WL_CHECK_MSG(offset < wl_survey_stream_end(survey), "%llu", (unsigned long long)offset);
	if (wl_fill_has(&survey->fill, offset, bytes))
		return true;
	if (offset + left > wl_survey_stream_end(survey))
		left = wl_survey_stream_end(survey) - offset;
	WL_CHECK(bytes <= left && bytes <= WL_FILL_BYTES);
	wl_fill_begin(&survey->fill, offset, left < WL_FILL_BYTES ? (uint32_t)left : WL_FILL_BYTES);
	survey->state = WL_SURVEY_WANTS_READ;
	return false;
}

const uint8_t *wl_survey_bytes(const struct wl_survey *survey, uint64_t offset)
{
	return wl_fill_at(&survey->fill, offset);
}

bool wl_survey_is_bad(const struct wl_survey *survey, uint64_t offset, uint64_t bytes)
{
	return wl_fill_is_bad(&survey->fill, offset, bytes);
}

void wl_survey_want(const struct wl_survey *survey, uint64_t *offset, uint8_t **buffer,
		    uint32_t *bytes)
{
	WL_CHECK(survey->state == WL_SURVEY_WANTS_READ);
	wl_fill_want(&survey->fill, offset, buffer, bytes);
}
