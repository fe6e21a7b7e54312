/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries for a hole: salvaged from the own log first, then from peers, one after the other. Each is proved by itself before it is put in.
 */
#include "dataplane/mend/mend_internal.h"

static void describe_want(const struct wl_mend *mend, struct wl_salvage_want *want)
{
	uint64_t left = mend->hole.left.position.index, index = mend->hole.right.index - 1;

	*want = (struct wl_salvage_want){
		.index = index,
		.chain = mend->hole.right.previous_chain,
		.first = left < index ? left + 1 : 1,
		.bytes = WL_SALVAGE_RUN_BYTES,
	};
	WL_CHECK(want->first <= want->index);
	WL_CHECK(mend->hole.kind == WL_SURVEY_HOLE_CHUNKS);
}

bool wl_mend_salvage(struct wl_mend *mend)
{
	struct wl_salvage_want want;
	uint64_t begin, end;

	WL_CHECK(!mend->joined);
	WL_CHECK(mend->run_count == 0);
	if (mend->find.state == WL_SALVAGE_WANTS_READ) {
		mend->state = WL_MEND_WANTS_READ;
		return false;
	}
	describe_want(mend, &want);
	if (!wl_survey_where(&mend->survey, want.index, mend->nth++, &begin, &end)) {
		mend->answered = mend->never = mend->silent = 0;
		mend->lost = false;
		mend->ask = want;
		mend->phase = WL_MEND_ASKS;
		return true;
	}
	wl_salvage_find_begin(&mend->find, &want, begin, end);
	return true;
}

/* False: the images do not end with one of that index, or are none. */
static bool take_run(struct wl_mend *mend, const uint8_t *run, uint32_t bytes)
{
	struct wl_entry_header header;

	mend->run = run;
	mend->run_count = 0;
	for (uint32_t at = 0; at < bytes; at += (uint32_t)wl_entry_bytes(&header)) {
		if (mend->run_count == WL_MEND_RUN_ENTRIES ||
		    wl_entry_decode_header(run + at, bytes - at, &header) != WL_ENTRY_OK ||
		    wl_entry_bytes(&header) > bytes - at) {
			mend->run_count = 0;
			return false;
		}
		mend->run_at[mend->run_count++] = at;
	}
	mend->run_end = bytes;
	return mend->run_count != 0;
}

void wl_mend_found(struct wl_mend *mend)
{
	WL_CHECK(mend->find.state == WL_SALVAGE_FOUND);
	WL_CHECK(mend->find.run_bytes != 0);
	mend->run_is_own = true;
	if (take_run(mend, mend->find.run, mend->find.run_bytes))
		mend->phase = WL_MEND_PLACES;
	mend->find.state = WL_SALVAGE_NOT_FOUND;
}

/* The newest of the run that was not placed yet is the one that is wanted. */
static bool is_right(const struct wl_mend *mend, struct wl_entry_header *header)
{
	const uint8_t *image;
	uint32_t at;

	WL_CHECK(mend->run_count != 0 && mend->run_count <= WL_MEND_RUN_ENTRIES);
	at = mend->run_at[mend->run_count - 1];
	WL_CHECK(at < mend->run_end);
	image = mend->run + at;
	return wl_entry_decode(image, mend->run_end - at, header) == WL_ENTRY_OK &&
	       wl_entry_bytes(header) == mend->run_end - at &&
	       header->cluster == mend->config.log.cluster &&
	       header->journal == mend->config.log.journal &&
	       header->index == mend->hole.right.index - 1 &&
	       wl_entry_chain(image) == mend->hole.right.previous_chain;
}

/* The entry of the base stands in the chunk that begins at its place: not further to the right. */
static bool waits_for_base(const struct wl_mend *mend)
{
	const struct wl_mend_piece *piece = &mend->piece;
	uint64_t walk = mend->config.walk_offset;

	if (mend->hole.right.index - 1 != mend->config.walk_index || walk < mend->hole.begin ||
	    walk >= piece->end)
		return false;
	if (piece->begin != 0)
		return piece->begin != walk;
	return piece->floor != walk || piece->end - walk > WL_CHUNK_BYTES_MAX;
}

static bool fits(const struct wl_mend *mend, uint64_t bytes)
{
	const struct wl_mend_piece *piece = &mend->piece;
	uint64_t room = piece->end - (piece->begin != 0 ? piece->begin : piece->floor);

	WL_CHECK((piece->begin != 0 ? piece->begin : piece->floor) < piece->end);
	if (room > WL_CHUNK_BYTES_MAX)
		room = WL_CHUNK_BYTES_MAX;
	return wl_layout_blocks(&mend->layout, bytes) <= room && !waits_for_base(mend);
}

bool wl_mend_place(struct wl_mend *mend)
{
	struct wl_entry_header header;
	uint32_t at;

	WL_CHECK(!mend->joined);
	WL_CHECK(mend->run_count != 0);
	at = mend->run_at[mend->run_count - 1];
	if (!is_right(mend, &header)) {
		if (!mend->run_is_own)
			mend->refused++;
		mend->run_count = 0;
		mend->phase = WL_MEND_SALVAGES;
		mend->nth = 0;
		return true;
	}
	if (!fits(mend, wl_entry_bytes(&header))) {
		mend->phase = WL_MEND_CLOSES;
		return true;
	}
	/* What stood at the chunk's begin was of another place. */
	if (header.index == mend->piece.first && mend->piece.first_chain != 0 &&
	    mend->piece.first_chain != wl_entry_chain(mend->run + at))
		mend->piece.first = 0;
	wl_layout_put(&mend->layout, mend->run + at, (uint32_t)wl_entry_bytes(&header));
	mend->run_end = at;
	mend->run_count--;
	if (mend->run_is_own)
		mend->entries_salvaged++;
	else
		mend->entries_fetched++;
	if (mend->missing != 0)
		mend->missing--;
	mend->hole.right.index = header.index;
	mend->hole.right.previous_chain = header.previous_chain;
	mend->phase = WL_MEND_JOINS;
	return true;
}

/* ---- peers -------------------------------------------------------------------------------------- */

/*
 * Nothing of what is missing is known committed, and nobody has ever had it: it was never committed, or those who had it lost it, and then
 * they count as little as this node will. The log ends before it (rule 18).
 */
static bool may_give_up(const struct wl_mend *mend)
{
	uint64_t first = mend->hole.left.position.index + 1;

	return mend->config.limit == UINT64_MAX && mend->config.members != 0 &&
	       mend->never == mend->config.members && first > mend->config.commit &&
	       first > mend->survey.tail.commit;
}

bool wl_mend_ask_peers(struct wl_mend *mend)
{
	const struct wl_survey *found = &mend->survey;

	WL_CHECK(!mend->joined);
	WL_CHECK_MSG(mend->ask.index == mend->hole.right.index - 1, "%llu before %llu",
		     (unsigned long long)mend->ask.index,
		     (unsigned long long)mend->hole.right.index);
	WL_CHECK(mend->ask.chain == mend->hole.right.previous_chain);
	if (may_give_up(mend)) {
		mend->lost = false;
		mend->zero_at = mend->hole.begin;
		mend->zero_end = mend->hole_end;
		if (found->tail.offset > mend->zero_end)
			mend->zero_end = found->tail.offset;
		if (found->end == WL_SURVEY_END_UNKNOWN && found->end_end > mend->zero_end)
			mend->zero_end = found->end_end;
		WL_CHECK(mend->zero_at < mend->zero_end);
		mend->before = UINT64_MAX;
		mend->holes_left = 0;
		mend->uncounted_then = WL_MEND_ZEROES;
		mend->phase = WL_MEND_GIVES_UP;
		return true;
	}
	mend->state = WL_MEND_WANTS_ENTRIES;
	return false;
}

uint32_t wl_mend_peer(const struct wl_mend *mend)
{
	wl_members left = mend->config.members & ~mend->answered & ~mend->silent;

	WL_CHECK(mend->state == WL_MEND_WANTS_ENTRIES);
	/* Not the same one first for every question. */
	for (uint32_t at = 0; at < 8 * sizeof(left); at++) {
		uint32_t node = (uint32_t)((mend->ask.index / 4096 + at) % (8 * sizeof(left)));

		if (wl_members_has(left, node))
			return node;
	}
	return 0;
}

void wl_mend_on_silence(struct wl_mend *mend, uint32_t node)
{
	WL_CHECK(wl_members_has(mend->config.members, node));
	if (mend->state == WL_MEND_WANTS_ENTRIES)
		mend->silent = wl_members_with(mend->silent, node);
}

void wl_mend_ask_again(struct wl_mend *mend)
{
	if (mend->state != WL_MEND_WANTS_ENTRIES)
		return;
	mend->answered = mend->never = mend->silent = 0;
	/* Nobody else has it. What our own medium would not give it may give by now. */
	if (mend->lost && mend->hole.damage == WL_DAMAGE_READ_FAILED) {
		mend->phase = WL_MEND_AGAIN;
		mend->state = WL_MEND_WORKS;
		wl_mend_go_on(mend);
	}
}

bool wl_mend_on_answer(struct wl_mend *mend, uint32_t node, enum wl_mend_verdict verdict,
		       const uint8_t *run, uint32_t bytes)
{
	struct wl_entry_header header;
	bool right = true;

	WL_CHECK(wl_members_has(mend->config.members, node));
	WL_CHECK(verdict >= WL_MEND_HAVE && verdict <= WL_MEND_UNKNOWN);
	if (mend->state != WL_MEND_WANTS_ENTRIES)
		return false;
	mend->silent = wl_members_without(mend->silent, node);
	if (verdict == WL_MEND_HAVE) {
		mend->run_is_own = false;
		if (take_run(mend, run, bytes) && is_right(mend, &header)) {
			mend->lost = false;
			mend->phase = WL_MEND_PLACES;
			mend->state = WL_MEND_WORKS;
			wl_mend_go_on(mend);
			return true;
		}
		mend->run_count = 0;
		mend->refused++;
		right = false;
	}
	mend->answered = wl_members_with(mend->answered, node);
	if (verdict == WL_MEND_NEVER)
		mend->never = wl_members_with(mend->never, node);
	WL_CHECK((mend->never & ~mend->answered) == 0);
	if ((mend->config.members & ~mend->answered) == 0)
		mend->lost = true;
	if (may_give_up(mend)) {
		mend->state = WL_MEND_WORKS;
		wl_mend_go_on(mend);
	}
	return right;
}
