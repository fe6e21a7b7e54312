/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mend/scrub_places.h"

#include "dataplane/base/check.h"

static bool meet(const struct wl_scrub_place *one, const struct wl_scrub_place *other)
{
	return one->begin < other->end && other->begin < one->end;
}

static void forget(struct wl_scrub_places *places, uint32_t at)
{
	WL_CHECK(at < places->count);
	places->at[at] = places->at[--places->count];
}

void wl_scrub_places_give_up(struct wl_scrub_places *places, uint64_t begin_offset)
{
	WL_CHECK(places->count <= WL_SCRUB_PLACES_MAX);
	for (uint32_t at = places->count; at-- > 0;) {
		if (places->at[at].end <= begin_offset)
			forget(places, at);
	}
}

bool wl_scrub_places_found(struct wl_scrub_places *places, uint64_t begin, uint64_t end)
{
	struct wl_scrub_place place = {begin, end};

	WL_CHECK(begin < end && places->count <= WL_SCRUB_PLACES_MAX);
	/* Half mended is not mended: it may be two by now. */
	for (uint32_t at = 0; at < places->count; at++) {
		if (meet(&places->at[at], &place))
			return false;
	}
	if (places->count < WL_SCRUB_PLACES_MAX)
		places->at[places->count++] = place;
	return true;
}

uint32_t wl_scrub_places_mended(struct wl_scrub_places *places, uint64_t from, uint64_t to,
				const struct wl_scrub_place *seen, uint32_t seen_count)
{
	uint32_t mended = 0;

	WL_CHECK(places->count <= WL_SCRUB_PLACES_MAX);
	WL_CHECK(seen_count <= WL_SURVEY_HOLES_MAX + 1);
	for (uint32_t at = places->count; at-- > 0;) {
		const struct wl_scrub_place *place = &places->at[at];
		bool whole = place->begin >= from && place->begin < to;

		for (uint32_t one = 0; one < seen_count && whole; one++)
			whole = !meet(&seen[one], place);
		if (!whole)
			continue;
		forget(places, at);
		mended++;
	}
	return mended;
}
