/* SPDX-License-Identifier: BSD-3-Clause */
/* Three nodes as they answer: node 3 leads, node 2 is behind. Made from text, so that a test can say what it needs. */
#ifndef WL_TESTS_UNIT_WATCH_WATCH_FIXTURE_H
#define WL_TESTS_UNIT_WATCH_WATCH_FIXTURE_H

#include "watch/watch.h"

#define WATCH_FIXTURE_NODES 3u

struct watch_fixture {
	struct wl_watch watch;
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];
	json_t *kept[64];
	unsigned kept_count;
	int64_t now_ms;
};

/* The answers are there; nobody has looked yet. */
struct watch_fixture *watch_fixture_begin(void);
void watch_fixture_end(struct watch_fixture *fixture);
void watch_fixture_look(struct watch_fixture *fixture); /* half a second later */
/* This one has no run directory here: it says what is said over the wire. */
void watch_fixture_over_the_wire(struct watch_fixture *fixture, int node);
/* JSON that lives as long as the fixture; quotation marks may be '. */
json_t *watch_fixture_json(struct watch_fixture *fixture, const char *text);

#endif
