/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the page is told, as server-sent events (HTML, 9.2): `now` at each look, everything that is shown as it is; `point` once a second, what goes
 * into curves; `past`, when a browser comes, the points of the last minutes; `events`, when they have changed. The data is JSON in one line.
 * A node with `asked_by` was asked over the wire by that one (0: at its run directory, else null). Numbers that are not known are null. Times are ns, but `t`, which is ms since 1970.
 *
 * Pure. Owner: the caller. [any], one at a time.
 */
#ifndef WL_WEB_PICTURE_H
#define WL_WEB_PICTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/watch.h"

#define WL_PICTURE_POINTS 300u /* of the past: five minutes */
#define WL_PICTURE_EVENTS 120u /* the newest */

/* The caller owns each. */
json_t *wl_picture_now(const struct wl_watch *watch, int64_t wall_ms, int64_t now_ms);
json_t *wl_picture_point(const struct wl_watch *watch, int64_t wall_ms);
json_t *wl_picture_events(const struct wl_watch *watch);

/* "event: NAME\ndata: JSON\n\n", by malloc; NULL: no memory. `data` is released. */
char *wl_picture_frame(const char *name, json_t *data, size_t *bytes);

struct wl_past {
	json_t *points; /* an array, the oldest first */
};
bool wl_picture_past_init(struct wl_past *past); /* false: no memory */
void wl_picture_past_fini(struct wl_past *past);
void wl_picture_past_add(struct wl_past *past, json_t *point); /* the caller keeps its reference */

#endif
