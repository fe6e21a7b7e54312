/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines that repeat are limited and counted: of one event (the name that begins its lines, whatever stands behind it) the
 * first WL_REPEATS_LINES of a span are said. What comes after them in that span is held back; when the span is over, how
 * many those were is told, with the last of them, so that nobody reads an older state as the present one.
 *
 * By event and not by text: places, terms and addresses differ from line to line, and some of them are chosen by strangers.
 * The table is fixed. Events that find it full share its last place.
 *
 * Pure. Owner: whoever writes the log (report_file.c).
 */
#ifndef WL_CONTROL_REPORT_REPEATS_H
#define WL_CONTROL_REPORT_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#define WL_REPEATS_LINES 20u
#define WL_REPEATS_SPAN_NS 10000000000u
#define WL_REPEATS_EVENTS 64u
#define WL_REPEATS_NAME_BYTES 32u
#define WL_REPEATS_TEXT_BYTES 1024u

struct wl_repeats_event {
	char name[WL_REPEATS_NAME_BYTES];
	uint64_t began_ns; /* the span */
	uint32_t lines; /* said in it */
	uint32_t held_back; /* in it */
	unsigned last_level;
	char last[WL_REPEATS_TEXT_BYTES]; /* line that was held back */
};

struct wl_repeats {
	struct wl_repeats_event events[WL_REPEATS_EVENTS];
	uint32_t count;
	uint64_t held_back; /* so far */
};

/* True: the line may be said. False: it was counted, and `text` is kept as the last one. */
bool wl_repeats_admit(struct wl_repeats *repeats, const char *event, unsigned level,
		      const char *text, uint64_t now_ns);
/*
 * An event whose span is over (at_end: or lasts) and that had lines held back; NULL: none. The next call, or the next line,
 * may overwrite what it points to; its count begins anew.
 */
const struct wl_repeats_event *wl_repeats_tell(struct wl_repeats *repeats, uint64_t now_ns,
					       bool at_end, uint32_t *held_back);
/* True while there is something to tell, now or later. */
bool wl_repeats_has_more(const struct wl_repeats *repeats);

#endif
