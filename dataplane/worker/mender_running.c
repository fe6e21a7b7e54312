/* SPDX-License-Identifier: BSD-3-Clause */
/* A place of a journal that runs was found damaged: how much of the log is looked at and mended beneath who writes it. */
#include <string.h>

#include "dataplane/worker/mender_internal.h"

/*
 * How far a journal that runs is looked at. What its base maker has taken ends at an entry whose chain value it has, so the newest chunk can be
 * mended, too. Damage behind that is what the maker stands before: then up to what is durable.
 */
static void limit_running(struct wl_mend_config *mend, const struct wl_mender_running *running,
			  uint64_t offset)
{
	const struct wl_log *log = running->log;

	mend->limit = running->durable_offset;
	if (offset < log->durable_offset && log->durable_offset <= running->durable_offset) {
		mend->limit = log->durable_offset;
		mend->edge = (struct wl_survey_edge){
			.index = log->tail.index + 1,
			.previous_chain = log->tail_chain,
			.previous = WL_SURVEY_ANY,
		};
	}
	WL_CHECK(offset < mend->limit);
	WL_CHECK(mend->limit <= running->durable_offset);
	mend->watermark = mend->limit;
}

bool wl_mender_begin_running(struct wl_mender *mender, const struct wl_mender_running *running)
{
	const struct wl_mender_config *config = &mender->config;
	struct wl_mend_config mend = {
		.log = config->log,
		.commit = running->commit,
		.members = config->members,
		.tables = running->log,
		.memory = mender->mend_memory,
	};
	uint64_t offset;

	if (!running->log || !wl_mend_lanes_take_damaged(mender->lanes, &offset) ||
	    offset >= running->durable_offset)
		return false;
	limit_running(&mend, running, offset);
	memcpy(mend.cluster_uuid, config->identity.cluster, sizeof(mend.cluster_uuid));
	mend.segments = (mend.limit - 1) / config->log.segment_bytes + 1;
	wl_survey_place_before(running->log, offset, &mend.from);
	/* What supersedes a hole may stand far behind it, where anything was ever cut. */
	mend.stop = running->log->dead_count == 0 ? offset + 1 : UINT64_MAX;
	if (mend.from.offset >= mend.limit)
		return false;
	mender->report = (struct wl_mend_report){
		.began_ns = mender->now_ns,
		.moved_ns = mender->now_ns,
		.begin = offset,
		.end = offset,
	};
	wl_mend_init(&mender->mend, &mend);
	mender->asked = false;
	mender->mends = true;
	mender->phase = WL_MENDER_PHASE_MEND;
	wl_mender_tell(mender, WL_MENDING_SURVEYS);
	return true;
}

bool wl_mender_is_gone(const struct wl_mender *mender, const struct wl_mender_running *running)
{
	return mender->phase == WL_MENDER_PHASE_MEND &&
	       mender->mend.config.from.offset < running->begin_offset &&
	       wl_mend_lane_state(&mender->lanes->asking.state) != WL_MEND_ASKING_WANTED;
}
