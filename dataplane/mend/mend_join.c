/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When nothing is missing any more: the entry that is wanted next is one that the log has on the left of the hole.
 *
 * That may be one further down than the left edge: then what follows it there was cut away inside the hole. Which entries the log had is
 * seen by walking up to the hole once more. It may even be one further down than the right edge of the hole before: then all between the two
 * is dead, and they are one hole.
 */
#include "dataplane/mend/mend_internal.h"

static bool complete(struct wl_mend *mend)
{
	WL_CHECK(!mend->joined);
	mend->joined = true;
	mend->phase = WL_MEND_CLOSES;
	return true;
}

/* All from that hole's right edge on was superseded in this one. */
static bool join_holes(struct wl_mend *mend, struct wl_survey_hole *before)
{
	struct wl_survey_hole *hole = &mend->hole;

	WL_CHECK(before->end <= hole->begin);
	WL_CHECK(before->kind == WL_SURVEY_HOLE_CHUNKS);
	WL_CHECK((uint32_t)(before - mend->held) + 1 < mend->holes_left);
	mend->bury_at = before->end;
	mend->bury_end = hole->begin;
	mend->after_bury = WL_MEND_JOINS;
	mend->phase = WL_MEND_BURIES;
	hole->begin = before->begin;
	hole->left = before->left;
	hole->dead_from = mend->hole_end;
	mend->layout.durable = hole->begin;
	mend->holes_left = (uint32_t)(before - mend->held) + 1;
	mend->held[mend->holes_left - 1] = *hole;
	mend->held[mend->holes_left - 1].end = mend->hole_end;
	mend->walked = false;
	mend->moved = true;
	return true;
}

/* What is wanted is below the left edge, or another one than stands there. */
static bool look_below(struct wl_mend *mend)
{
	const struct wl_survey_hole *hole = &mend->hole;
	const struct wl_survey_place *from = &mend->config.from;
	struct wl_survey_hole *before = wl_mend_hole_before(mend);
	uint64_t index = hole->right.index - 1, chain = hole->right.previous_chain;
	uint64_t lowest = before ? before->right.index - 1 : from->position.index;
	uint64_t lowest_chain = before ? before->right.previous_chain : from->chain;
	uint64_t own;

	/* Into a hole that was let go: the next survey finds both. What was built so far stays, the chunk that waits does not. */
	if (!before && mend->survey.holes_let_go != 0 && index < mend->survey.let_go_index) {
		mend->run_count = 0;
		wl_mend_drop_hole(mend);
		return true;
	}
	if (!mend->walked) {
		mend->phase = WL_MEND_WALKS;
		return true;
	}
	WL_CHECK(mend->walk.state == WL_SURVEY_DONE);
	if (index == lowest && chain == lowest_chain)
		return complete(mend);
	if (index <= lowest) {
		if (before)
			return join_holes(mend, before);
		return wl_mend_refuse(mend, hole->begin, mend->hole_end, false);
	}
	if (wl_survey_chain_at(&mend->walk, index, &own) && own == chain)
		return complete(mend);
	/* What is committed is not superseded. */
	if (index <= hole->left.commit)
		return wl_mend_refuse(mend, hole->begin, mend->hole_end, false);
	mend->phase = mend->run_count != 0 ? WL_MEND_PLACES : WL_MEND_SALVAGES;
	mend->nth = 0;
	return true;
}

static bool holds_base(const struct wl_mend *mend)
{
	const struct wl_survey_place *from = &mend->config.from;

	return from->holds && mend->hole.begin == from->offset &&
	       from->offset == mend->config.walk_offset &&
	       from->position.index == mend->config.walk_index;
}

/* The chunk that is built has all that it had. */
static bool is_full(const struct wl_mend *mend)
{
	const struct wl_mend_piece *piece = &mend->piece;
	uint64_t index = mend->hole.right.index - 1;

	return piece->dead || index < piece->first ||
	       (piece->used != 0 && piece->used == wl_layout_used(&mend->layout));
}

bool wl_mend_join(struct wl_mend *mend)
{
	const struct wl_survey_hole *hole = &mend->hole;
	uint64_t index = hole->right.index - 1, left = hole->left.position.index;

	WL_CHECK(!mend->joined);
	if (holds_base(mend)) {
		if (index < left)
			return complete(mend);
	} else if (index < left ||
		   (index == left && hole->right.previous_chain != hole->left.chain)) {
		bool goes_on = look_below(mend);

		if (!goes_on || mend->phase == WL_MEND_WALKS || mend->phase == WL_MEND_CLOSES ||
		    mend->phase == WL_MEND_BURIES || mend->phase == WL_MEND_CHOOSES)
			return goes_on;
	} else if (index == left) {
		return complete(mend);
	}
	if (is_full(mend)) {
		mend->phase = WL_MEND_CLOSES;
		return true;
	}
	mend->phase = mend->run_count != 0 ? WL_MEND_PLACES : WL_MEND_SALVAGES;
	mend->nth = 0;
	return true;
}
