/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/resource.h>

#include "dataplane/host/idle.h"
#include "tests/unit/runner.h"

static char reason[200];

static enum wl_idle choose(struct wl_idle_facts facts)
{
	return wl_idle_choose(&facts, reason, sizeof(reason));
}

static void pollers_with_a_core_each_spin(void)
{
	CU_ASSERT_EQUAL(choose((struct wl_idle_facts){.cores = 8, .pollers = 3}), WL_IDLE_SPIN);
	CU_ASSERT_STRING_EQUAL(reason, "3 pollers on 8 cores, each has one to itself");
}

static void more_pollers_than_cores_yield(void)
{
	CU_ASSERT_EQUAL(choose((struct wl_idle_facts){.cores = 2, .pollers = 4}), WL_IDLE_YIELD);
	CU_ASSERT_STRING_EQUAL(reason, "4 pollers on 2 cores");
}

static void a_poller_leaves_room_for_the_control_thread(void)
{
	struct wl_idle_facts facts = {.cores = 1, .pollers = 1, .other_threads = 1};

	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_YIELD);
	CU_ASSERT_STRING_EQUAL(reason, "1 poller on 1 core leave none for the control thread");
	facts.cores = 2;
	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_SPIN);
}

static void a_core_that_serves_the_disk_is_not_spun_on(void)
{
	struct wl_idle_facts facts = {.cores = 8, .pollers = 1, .core_serves_disk = true};

	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_YIELD);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "shares its core with disk completions"));
}

static void a_wish_is_followed_and_a_bad_one_warned_about(void)
{
	struct wl_idle_facts facts = {.wish = WL_IDLE_SPIN, .cores = 2, .pollers = 4};

	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_SPIN);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "warning: 4 pollers on 2 cores"));
	facts.pollers = 1;
	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_SPIN);
	CU_ASSERT_STRING_EQUAL(reason, "configured");
	facts.wish = WL_IDLE_BACKOFF;
	CU_ASSERT_EQUAL(choose(facts), WL_IDLE_BACKOFF);
}

static void names_and_strategies_are_each_others_inverse(void)
{
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(wl_idle_by_name(wl_idle_name((enum wl_idle)i)), i);
	CU_ASSERT_EQUAL(wl_idle_by_name("busy"), -1);
}

static void a_reason_that_does_not_fit_is_cut_and_ended(void)
{
	struct wl_idle_facts facts = {.cores = 2, .pollers = 4};
	char text[6];

	memset(text, 'x', sizeof(text));
	wl_idle_choose(&facts, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "4 pol");
}

static void work_ends_the_backing_off(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_BACKOFF, .sleep_ns_max = 2000};

	for (unsigned i = 0; i < 200; i++)
		wl_idle_rest(&idler, 0);
	CU_ASSERT_EQUAL(idler.empty_turns, 200);
	wl_idle_rest(&idler, 1);
	CU_ASSERT_EQUAL(idler.empty_turns, 0);
}

/* Threads that only yield starve the kernel's workers, and with them the completion of durable writes. */
static void a_poller_that_yields_sleeps_now_and_then(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_YIELD};
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	for (unsigned i = 0; i < 10 * WL_IDLE_YIELDS_BEFORE_NAP; i++)
		wl_idle_rest(&idler, 0);
	getrusage(RUSAGE_THREAD, &after);

	/* A nap that is over before the thread is off its core is none that the kernel counts: a busy machine has such. */
	CU_ASSERT(after.ru_nvcsw - before.ru_nvcsw >= 1);
}

static uint64_t slept_ns(struct wl_idler *idler, uint64_t activity, uint64_t now_ns)
{
	uint64_t ns;

	wl_idle_heed(idler, activity, now_ns);
	return wl_idle_pause(idler, &ns) == WL_IDLE_SLEEP ? ns : 0;
}

static void a_quiet_poller_naps_longer_and_longer(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_YIELD, .empty_turns = 9};
	uint64_t second_ns = 1000000000u, quiet = second_ns + WL_IDLE_QUIET_NS, before = 0;

	CU_ASSERT_EQUAL(slept_ns(&idler, 7, second_ns), 0);
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, quiet - 1), 0);
	for (int spans = 0; spans < 4; spans++) {
		uint64_t now = slept_ns(&idler, 7, quiet + spans * (uint64_t)WL_IDLE_QUIET_NS);

		CU_ASSERT(now > before);
		before = now;
	}
	CU_ASSERT_EQUAL(before, WL_IDLE_NAP_NS_MAX);
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, 3600 * second_ns), WL_IDLE_NAP_NS_MAX);
}

static void a_heartbeat_wakes_a_quiet_poller_for_some_turns_only(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_BACKOFF};
	uint64_t now = 1000000000u;

	slept_ns(&idler, 7, now);
	now += 20u * WL_IDLE_QUIET_NS;
	idler.empty_turns = WL_IDLE_NAP_AFTER_TURNS;
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, now), 0);
	idler.empty_turns++;
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, now), WL_IDLE_NAP_NS_MAX);
}

static void an_append_ends_the_quiet(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_YIELD, .empty_turns = 9};
	uint64_t now = 1000000000u;

	slept_ns(&idler, 7, now);
	CU_ASSERT(slept_ns(&idler, 7, now + 20u * WL_IDLE_QUIET_NS) != 0);
	CU_ASSERT_EQUAL(slept_ns(&idler, 8, now + 20u * WL_IDLE_QUIET_NS), 0);
	CU_ASSERT_EQUAL(slept_ns(&idler, 8, now + 20u * WL_IDLE_QUIET_NS + 1000), 0);
}

static void a_flood_gives_the_core_away_and_never_naps(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_YIELD, .empty_turns = 100, .besieged = true};
	uint64_t ns;

	for (uint64_t at = 1; at < 100; at++) {
		CU_ASSERT_EQUAL(slept_ns(&idler, 7, at * WL_IDLE_QUIET_NS), 0);
		CU_ASSERT_EQUAL(wl_idle_pause(&idler, &ns), WL_IDLE_GIVE_WAY);
	}
	idler.besieged = false;
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, 100 * WL_IDLE_QUIET_NS), WL_IDLE_NAP_NS_MAX);
}

static void spin_never_naps(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_SPIN, .empty_turns = UINT32_MAX};

	slept_ns(&idler, 7, 1);
	CU_ASSERT_EQUAL(slept_ns(&idler, 7, 3600000000000u), 0);
}

static void control_sleeps_and_neither_spins_nor_yields(void)
{
	struct wl_idler idler = {.idle = WL_IDLE_BACKOFF,
				 .sleeps_only = true,
				 .sleep_ns_max = 1000000};
	uint64_t ns, before = 0;

	for (idler.empty_turns = 1; idler.empty_turns < 12; idler.empty_turns++) {
		CU_ASSERT_EQUAL(wl_idle_pause(&idler, &ns), WL_IDLE_SLEEP);
		CU_ASSERT(ns > before || ns == 1000000);
		before = ns;
	}
	CU_ASSERT_EQUAL(before, 1000000);
}

WL_SUITE(idle)
{
	WL_TEST(a_quiet_poller_naps_longer_and_longer),
	WL_TEST(a_heartbeat_wakes_a_quiet_poller_for_some_turns_only),
	WL_TEST(an_append_ends_the_quiet),
	WL_TEST(a_flood_gives_the_core_away_and_never_naps),
	WL_TEST(spin_never_naps),
	WL_TEST(control_sleeps_and_neither_spins_nor_yields),
	WL_TEST(pollers_with_a_core_each_spin),
	WL_TEST(more_pollers_than_cores_yield),
	WL_TEST(a_poller_leaves_room_for_the_control_thread),
	WL_TEST(a_core_that_serves_the_disk_is_not_spun_on),
	WL_TEST(a_wish_is_followed_and_a_bad_one_warned_about),
	WL_TEST(names_and_strategies_are_each_others_inverse),
	WL_TEST(a_reason_that_does_not_fit_is_cut_and_ended),
	WL_TEST(work_ends_the_backing_off),
	WL_TEST(a_poller_that_yields_sleeps_now_and_then),
};
