/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/connecting.h"

#include <string.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define BEGAN_NS (7 * WL_SECOND_NS)
#define TIMEOUT_NS (5 * WL_SECOND_NS)

static struct wl_engine engine;
static struct wl_auth auth;
static char text[512];

static void begin(void)
{
	memset(&engine, 0, sizeof(engine));
	memset(&auth, 0, sizeof(auth));
	engine.channel.auth = &auth;
	engine.environment.now_ns = BEGAN_NS;
	engine.environment.options.endpoints = "udp:192.0.2.1:7700";
	engine.environment.options.connect_timeout_ns = TIMEOUT_NS;
	text[0] = '\0';
}

static int judge(void)
{
	return wl_connecting_judge(&engine, BEGAN_NS, text, sizeof(text));
}

static bool says(const char *words)
{
	return strstr(text, words) != NULL;
}

static void whoever_serves_us_is_enough_and_a_node_that_was_named_has_to_be_it(void)
{
	begin();
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	engine.nodes.served = 1u << 2;
	CU_ASSERT_EQUAL(judge(), WIRELOG_OK);

	engine.environment.options.node = 3;
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	engine.nodes.served |= 1u << 3;
	CU_ASSERT_EQUAL(judge(), WIRELOG_OK);
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void silence_lasts_as_long_as_the_timeout_and_is_told_with_where_it_was_asked(void)
{
	begin();
	engine.environment.now_ns = BEGAN_NS + TIMEOUT_NS;
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	engine.environment.now_ns++;
	CU_ASSERT_EQUAL(judge(), WIRELOG_NOT_CONNECTED);
	CU_ASSERT(says("5000 ms") && says("192.0.2.1:7700"));
}

static void what_came_beside_an_answer_says_why_there_is_none(void)
{
	begin();
	engine.environment.now_ns = BEGAN_NS + TIMEOUT_NS + 1;
	engine.channel.counters.forged = 1;
	CU_ASSERT_EQUAL(judge(), WIRELOG_AUTH_FAILED);
	engine.channel.key_lacking = 0xabcd;
	CU_ASSERT_EQUAL(judge(), WIRELOG_AUTH_FAILED);
	CU_ASSERT(says("0000abcd"));
	engine.channel.counters.other_version = 1;
	CU_ASSERT_EQUAL(judge(), WIRELOG_VERSION_MISMATCH);
	engine.channel.key_refused = 0x1234;
	CU_ASSERT_EQUAL(judge(), WIRELOG_KEY_REFUSED);
	CU_ASSERT(says("00001234"));
}

static void a_refused_key_ends_it_at_once_unless_another_is_held(void)
{
	begin();
	engine.channel.key_refused = 0x1234;
	auth.held.count = 2;
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	auth.held.count = 1;
	CU_ASSERT_EQUAL(judge(), WIRELOG_KEY_REFUSED);
}

static void others_have_time_to_answer_where_one_has_no_place_or_no_such_journal(void)
{
	begin();
	engine.nodes.turned_away_ns = BEGAN_NS;
	engine.nodes.answered = engine.nodes.turned_away = 1u << 1;
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	engine.environment.now_ns += WL_SECOND_NS;
	CU_ASSERT_EQUAL(judge(), WIRELOG_TOO_MANY_CLIENTS);
	engine.nodes.answered |= 1u << 2; /* one that did not turn us away */
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);

	begin();
	engine.nodes.elsewhere.status = WIRELOG_JOURNAL_UNKNOWN;
	engine.nodes.elsewhere.since_ns = BEGAN_NS;
	engine.nodes.elsewhere.node = 2;
	engine.environment.options.journal = 9;
	CU_ASSERT_EQUAL(judge(), WL_CONNECTING);
	engine.environment.now_ns += WL_SECOND_NS;
	CU_ASSERT_EQUAL(judge(), WIRELOG_JOURNAL_UNKNOWN);
	CU_ASSERT(says("node 2 has no journal 9"));
}

WL_SUITE(client_connecting)
{
	WL_TEST(whoever_serves_us_is_enough_and_a_node_that_was_named_has_to_be_it),
	WL_TEST(silence_lasts_as_long_as_the_timeout_and_is_told_with_where_it_was_asked),
	WL_TEST(what_came_beside_an_answer_says_why_there_is_none),
	WL_TEST(a_refused_key_ends_it_at_once_unless_another_is_held),
	WL_TEST(others_have_time_to_answer_where_one_has_no_place_or_no_such_journal),
};
