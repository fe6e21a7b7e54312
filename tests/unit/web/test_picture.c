/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"
#include "tests/unit/watch/watch_fixture.h"

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static void now_is_everything_as_it_is(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	json_t *now, *node, *journal;

	watch_fixture_look(fixture);
	now = wl_picture_now(&fixture->watch, 5000, fixture->now_ms);
	node = json_array_get(at(now, "nodes"), 2);
	journal = json_array_get(at(node, "journals"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(at(now, "level")), "degraded");
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(at(now, "leaders"), 0)), 2);
	CU_ASSERT_EQUAL(json_integer_value(at(journal, "records")), 1600);
	CU_ASSERT_EQUAL(json_number_value(at(journal, "records_per_s")), 400);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(at(at(journal, "recent"), "commit"), 3)),
			3000000);
	CU_ASSERT(json_is_null(at(at(journal, "recent"), "disk")));
	CU_ASSERT(json_is_null(at(node, "nic_missed")));
	CU_ASSERT_STRING_EQUAL(
		json_string_value(at(json_array_get(at(node, "reasons"), 0), "reason")),
		"peer_behind");
	json_decref(now);
	watch_fixture_end(fixture);
}

static void a_node_seen_over_the_wire_says_who_asked_it(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	json_t *now, *node;

	watch_fixture_over_the_wire(fixture, 2);
	watch_fixture_look(fixture);
	now = wl_picture_now(&fixture->watch, 5000, fixture->now_ms);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(at(now, "nodes"), 0), "asked_by")), 0);
	node = json_array_get(at(now, "nodes"), 1);
	CU_ASSERT(json_is_true(at(node, "answers")));
	CU_ASSERT_EQUAL(json_integer_value(at(node, "asked_by")), 1);
	CU_ASSERT(json_is_null(at(node, "run_directory")));
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(at(node, "journals"), 0), "records")),
			1590);
	CU_ASSERT(json_is_null(at(node, "cpu")));
	CU_ASSERT(json_is_null(at(node, "free_bytes")));
	CU_ASSERT_EQUAL(json_array_size(at(node, "busy")), 0);
	json_decref(now);
	watch_fixture_end(fixture);
}

static void a_node_that_does_not_answer_has_no_numbers(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	json_t *now, *point, *node;

	watch_fixture_look(fixture);
	fixture->answers[2].answers = false;
	watch_fixture_look(fixture);
	now = wl_picture_now(&fixture->watch, 5000, fixture->now_ms + 700);
	point = wl_picture_point(&fixture->watch, 5000);
	node = json_array_get(at(now, "nodes"), 2);
	CU_ASSERT(json_is_false(at(node, "answers")));
	CU_ASSERT_EQUAL(json_integer_value(at(node, "silent_ms")), 700);
	CU_ASSERT_EQUAL(json_integer_value(at(node, "node")), 3);
	CU_ASSERT_PTR_NULL(at(node, "cpu"));
	CU_ASSERT(json_is_null(json_array_get(at(point, "journals"), 0)));
	CU_ASSERT(json_is_null(json_array_get(at(point, "busy"), 2)));
	json_decref(now);
	json_decref(point);
	watch_fixture_end(fixture);
}

static void a_point_is_the_leaders(void)
{
	struct watch_fixture *fixture = watch_fixture_begin();
	json_t *point, *journal, *heat;

	watch_fixture_look(fixture);
	point = wl_picture_point(&fixture->watch, 5000);
	journal = json_array_get(at(point, "journals"), 0);
	heat = at(journal, "heat");
	CU_ASSERT_EQUAL(json_integer_value(at(journal, "leader")), 3);
	CU_ASSERT_EQUAL(json_array_size(heat), 3); /* zeros at both ends are left out */
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(heat, 0)), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(heat, 2)), 300);
	CU_ASSERT(json_is_null(at(journal, "commit"))); /* nothing in that second */
	CU_ASSERT_EQUAL(json_number_value(json_array_get(at(point, "busy"), 0)), 0.75);
	json_decref(point);
	watch_fixture_end(fixture);
}

static void a_frame_is_one_event_of_one_line(void)
{
	size_t bytes;
	char *frame =
		wl_picture_frame("now", json_pack("{s:s}", "a", "x\ny\r\n\nevent: b"), &bytes);

	CU_ASSERT_STRING_EQUAL(frame, "event: now\ndata: {\"a\":\"x\\ny\\r\\n\\nevent: b\"}\n\n");
	CU_ASSERT_EQUAL(bytes, strlen(frame));
	free(frame);
}

static void the_past_has_its_length(void)
{
	struct wl_past past;

	CU_ASSERT(wl_picture_past_init(&past));
	for (unsigned number = 0; number < WL_PICTURE_POINTS + 50; number++) {
		json_t *point = json_integer((json_int_t)number);

		wl_picture_past_add(&past, point);
		json_decref(point);
	}
	CU_ASSERT_EQUAL(json_array_size(past.points), WL_PICTURE_POINTS);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(past.points, 0)), 50);
	wl_picture_past_fini(&past);
}

static void events_are_the_newest(void)
{
	static struct wl_watch watch;
	json_t *events;

	watch.event_count = WL_WATCH_EVENTS;
	for (uint32_t event = 0; event < WL_WATCH_EVENTS; event++)
		watch.events[event].time_ns = event * INT64_C(1000000);
	events = wl_picture_events(&watch);
	CU_ASSERT_EQUAL(json_array_size(events), WL_PICTURE_EVENTS);
	CU_ASSERT_EQUAL(json_integer_value(at(json_array_get(events, WL_PICTURE_EVENTS - 1), "t")),
			WL_WATCH_EVENTS - 1);
	json_decref(events);
}

WL_SUITE(picture)
{
	WL_TEST(a_node_seen_over_the_wire_says_who_asked_it),
	WL_TEST(now_is_everything_as_it_is),
	WL_TEST(a_node_that_does_not_answer_has_no_numbers),
	WL_TEST(a_point_is_the_leaders),
	WL_TEST(a_frame_is_one_event_of_one_line),
	WL_TEST(the_past_has_its_length),
	WL_TEST(events_are_the_newest),
};
