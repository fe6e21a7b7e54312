/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes on this machine say, again and again: of each node one stream (/wirelog/stream,500,/wirelog/metrics) and one connection that asks
 * for the rest, once a second. That is all that a node is asked, however many look at what is gathered here. A node that does not
 * answer costs nobody any waiting: it is dialled again four times a second, and what it said last stays until it says something new.
 * Members without a run directory here come over the wire, by one of these nodes (others_socket.h), only where there are such.
 *
 * Owner: who opened it; the JSON is the feed's, until the next wl_feed_take. Thread: one at a time.
 */
#ifndef WL_WATCH_FEED_SOCKET_H
#define WL_WATCH_FEED_SOCKET_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "watch/line_socket.h"
#include "watch/watch.h"

#define WL_FEED_STREAM_MS 500
#define WL_FEED_ASK_MS 1000
#define WL_FEED_SILENT_MS 1400 /* no packet of the stream for so long: it does not answer */
#define WL_FEED_DIAL_MS WL_LINE_DIAL_MS
#define WL_FEED_FDS_MAX (2 * WIRELOG_NODES_MAX + 1)

struct wl_feed;

/* `run_directories` are borrowed, at most WIRELOG_NODES_MAX. NULL: no memory. */
struct wl_feed *wl_feed_open(const char *const *run_directories, uint32_t count);
void wl_feed_close(struct wl_feed *feed);

/* Dials, asks, lets go what is overdue. Fills `fds`, returns how many; *wait_ms: until it wants to be called again. Never blocks. */
uint32_t wl_feed_prepare(struct wl_feed *feed, int64_t now_ms, struct pollfd fds[WL_FEED_FDS_MAX],
			 int *wait_ms);
/* Takes what came at the same `fds` after poll(). True: something is new. */
bool wl_feed_take(struct wl_feed *feed, int64_t now_ms, const struct pollfd *fds, uint32_t count);
/* All of the nodes, as wl_watch_look wants it: those of the run directories, then the others. How many. */
uint32_t wl_feed_answers(const struct wl_feed *feed, int64_t now_ms,
			 struct wl_watch_answers answers[WIRELOG_NODES_MAX]);

/*
 * One round: prepares, waits until there is an answer, something at `fd` (-1: nobody else is waited for) or until_ms, and takes what came.
 * True: there is something at `fd`.
 */
bool wl_feed_wait(struct wl_feed *feed, int fd, int64_t until_ms);

int64_t wl_feed_now_ms(void);
int64_t wl_feed_wall_ns(void); /* since 1970 */

#endif
