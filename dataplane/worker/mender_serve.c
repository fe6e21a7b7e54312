/* SPDX-License-Identifier: BSD-3-Clause */
/* What peers lack is looked for in the stream, damaged places included. */
#include <string.h>

#include "dataplane/worker/mender_internal.h"

static void tell_found(struct wl_mender *mender, uint32_t bytes)
{
	struct wl_mend_serving *serving = &mender->lanes->serving;

	WL_CHECK(wl_mend_lane_state(&serving->state) == WL_MEND_SERVING_ASKED);
	WL_CHECK(bytes <= WL_MEND_LANE_BYTES);
	mender->finds = false;
	serving->bytes = bytes;
	wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_TOLD);
}

/* The next part of the stream in which it may stand. False: there is none. */
static bool look_on(struct wl_mender *mender)
{
	const struct wl_mend_serving *serving = &mender->lanes->serving;
	const struct wl_salvage_want wanted = {
		.index = serving->run.index,
		.chain = serving->run.chain,
		.first = serving->run.first,
		.bytes = serving->run.bytes < WL_SALVAGE_RUN_BYTES ? serving->run.bytes
								   : WL_SALVAGE_RUN_BYTES,
	};
	uint64_t begin = serving->begin, until = serving->end;

	if (mender->config.dormant) {
		if (!mender->has_survey || !wl_survey_where(&mender->mend.survey, wanted.index,
							    mender->nth, &begin, &until))
			return false;
	} else if (mender->nth != 0 || begin >= until) {
		return false;
	}
	mender->nth++;
	wl_salvage_find_begin(&mender->find, &wanted, begin, until);
	return true;
}

bool wl_mender_serve(struct wl_mender *mender)
{
	struct wl_mend_serving *serving = &mender->lanes->serving;
	struct wl_salvage_find *find = &mender->find;
	uint64_t offset;
	uint32_t bytes;
	uint8_t *to;

	if (wl_mend_lane_state(&serving->state) != WL_MEND_SERVING_ASKED)
		return false;
	if (!mender->finds) {
		mender->nth = 0;
		mender->finds = look_on(mender);
		if (!mender->finds) {
			tell_found(mender, 0);
			return false;
		}
	}
	while (find->state == WL_SALVAGE_NOT_FOUND && look_on(mender))
		;
	if (find->state == WL_SALVAGE_WANTS_READ) {
		wl_salvage_find_want(find, &offset, &to, &bytes);
		mender->serves = true;
		return wl_mender_want(mender, WL_MENDER_WANTS_READ, offset, to, bytes);
	}
	if (find->state == WL_SALVAGE_FOUND && find->run_bytes <= WL_MEND_LANE_BYTES) {
		memcpy(serving->buffer, find->run, find->run_bytes);
		tell_found(mender, find->run_bytes);
	} else {
		tell_found(mender, 0);
	}
	return false;
}
