/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The damaged places that a scrub found and has not seen whole since, from one look to the next: so each is counted once as found, and once as
 * mended, however long its mending took and however many passes went over it.
 *
 * Bounded: what does not fit is counted as found by each look that meets it. Pure. Owner: the scrub.
 */
#ifndef WL_DATAPLANE_MEND_SCRUB_PLACES_H
#define WL_DATAPLANE_MEND_SCRUB_PLACES_H

#include "dataplane/mend/survey.h"

#define WL_SCRUB_PLACES_MAX 64u

struct wl_scrub_place {
	uint64_t begin, end; /* of the stream */
};

struct wl_scrub_places {
	struct wl_scrub_place at[WL_SCRUB_PLACES_MAX];
	uint32_t count;
};

/* What nobody keeps any more is no damage: it is forgotten, and was not mended. */
void wl_scrub_places_give_up(struct wl_scrub_places *places, uint64_t begin_offset);
/* Damage in [begin, end), as a look saw it. True: it was not known. */
bool wl_scrub_places_found(struct wl_scrub_places *places, uint64_t begin, uint64_t end);
/*
 * A look over [from, to) came to its end, and all damage in it, `seen`, was told to wl_scrub_places_found. Known places in it that are not among
 * that were mended: how many.
 */
uint32_t wl_scrub_places_mended(struct wl_scrub_places *places, uint64_t from, uint64_t to,
				const struct wl_scrub_place *seen, uint32_t seen_count);

#endif
