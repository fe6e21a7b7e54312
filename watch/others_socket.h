/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the members say that have no run directory here: one node that has one is asked once a second, asks them over the wire, and is looked at
 * until all have answered or it gives them up (/wirelog/cluster). Where that node does not answer the next one is asked. Never blocks.
 *
 * Owner: the feed (feed_socket.h). Thread: one at a time. Times are milliseconds of a clock that never goes back.
 */
#ifndef WL_WATCH_OTHERS_SOCKET_H
#define WL_WATCH_OTHERS_SOCKET_H

#include "watch/line_socket.h"

#define WL_OTHERS_ASK_MS 1000 /* from the beginning of a round to that of the next */
#define WL_OTHERS_LOOK_MS 50
#define WL_OTHERS_ANSWER_MS \
	1000 /* the node that is asked answers in that time, or another is asked */
/* No round was over for so long: nobody knows of the others. Above one that fails, and the next one. */
#define WL_OTHERS_SILENT_MS 3500

struct wl_others {
	struct wl_line line;
	unsigned turn; /* one more each time that somebody else should be asked */
	int64_t began_ms, heard_ms; /* of the round; of the last one that was over */
	json_int_t round; /* 0: none was begun */
	json_t *cluster, *before; /* the last two that were over; NULL: there is none */
};

void wl_others_init(struct wl_others *others);
void wl_others_fini(struct wl_others *others);

/* Dials, asks, lets go what is overdue. run_directory: of who is to be asked where nobody is; NULL: nobody is missing, or nobody can be asked. */
void wl_others_tend(struct wl_others *others, const char *run_directory, int64_t now_ms);
/* Something came there, `size` bytes; 0: the end. True: a round is over. */
bool wl_others_take(struct wl_others *others, int64_t now_ms, const char *text, size_t size);

#endif
