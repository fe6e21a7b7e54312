/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_reload.h"

#include <stdio.h>
#include <string.h>

#include "control/config/config_table.h"
#include "control/node/boot_shape.h"
#include "tests/unit/runner.h"

static struct wl_config running, wanted, next;
static struct wl_config_problems problems;
static struct wl_config_changes changes;

static int parse(const char *rest, struct wl_config *config)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "cluster:\n  uuid: 3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21\n  node: 1\n"
		 "  nodes: [{id: 1, address: 192.0.2.1}, {id: 2, address: 192.0.2.2}]\n"
		 "workers: [{links: [{kind: memif, peer: 2, socket: a.sock}]}]\n"
		 "storage: {path: data}\n%s",
		 rest);
	return wl_config_parse((const uint8_t *)text, strlen(text), "/base", config, &problems);
}

static void compare(const char *rest)
{
	CU_ASSERT_EQUAL(parse("", &running), 0);
	CU_ASSERT_EQUAL(parse(rest, &wanted), 0);
	wl_config_compare(&running, &wanted, &changes);
}

static bool is_changed(uint32_t at, const char *key, bool live)
{
	return at < changes.count && strcmp(changes.item[at].key, key) == 0 &&
	       changes.item[at].live == live;
}

static void the_same_file_changes_nothing(void)
{
	compare("");
	CU_ASSERT_EQUAL(changes.count, 0);
	compare("timing: {client_idle_s: 60, resend_us: 5000}\nlogging: {level: info}\n");
	CU_ASSERT_EQUAL(changes.count, 0);
}

static void what_may_change_is_told_from_what_needs_a_restart(void)
{
	compare("timing: {reader_idle_s: 3, heartbeat_ms: 10}\nlogging: {level: debug}\n");
	CU_ASSERT_EQUAL(changes.count, 3);
	CU_ASSERT(is_changed(0, "timing.heartbeat_ms", false));
	CU_ASSERT(is_changed(1, "timing.reader_idle_s", true));
	CU_ASSERT(is_changed(2, "logging.level", true));
	compare("journals: [{id: 0}, {id: 1}]\n");
	CU_ASSERT_EQUAL(changes.count, 1);
	CU_ASSERT(is_changed(0, "journals", false));
	compare("network: {mtu: 9000}\n"); /* and with it the link */
	CU_ASSERT_EQUAL(changes.count, 2);
	CU_ASSERT(is_changed(0, "network.mtu", false));
	CU_ASSERT(is_changed(1, "workers", false));
}

static void only_live_keys_go_into_what_is_in_effect(void)
{
	compare("timing: {reader_idle_s: 3, heartbeat_ms: 10}\nlogging: {level: debug}\n");
	CU_ASSERT_EQUAL(wl_config_mix(&running, &wanted, &next, &problems), 0);
	CU_ASSERT_EQUAL(next.reader_idle_ns, 3000000000);
	CU_ASSERT_EQUAL(next.log_level, 7);
	CU_ASSERT_EQUAL(next.heartbeat_ns, running.heartbeat_ns);
	wl_config_compare(&next, &wanted, &changes);
	CU_ASSERT_EQUAL(changes.count, 1);
	CU_ASSERT(is_changed(0, "timing.heartbeat_ms", false));
}

/* Right as a whole, but the election timeout that it goes with is not in effect before a restart. */
static void a_live_key_that_contradicts_what_stays_is_refused(void)
{
	compare("timing: {election_timeout_ms: 2000, resend_us: 400000}\n");
	CU_ASSERT_EQUAL(wl_config_mix(&running, &wanted, &next, &problems),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, "timing.resend_us");
}

static void limits_of_the_log_change_while_the_node_runs(void)
{
	compare("base: {every: 1MiB, rate: 2MiB}\nretention: {bytes: 5GiB, age: 86400, hold: 6GiB}\n");
	CU_ASSERT_EQUAL(changes.count, 5);
	CU_ASSERT(is_changed(0, "base.every", true));
	CU_ASSERT(is_changed(1, "base.rate", true));
	CU_ASSERT(is_changed(2, "retention.bytes", false));
	CU_ASSERT(is_changed(3, "retention.age", false));
	CU_ASSERT(is_changed(4, "retention.hold", false));
	CU_ASSERT(!changes.item[0].limit && !changes.item[1].limit);
	CU_ASSERT(changes.item[2].limit && changes.item[3].limit && changes.item[4].limit);
	CU_ASSERT_EQUAL(wl_config_mix(&running, &wanted, &next, &problems), 0);
	CU_ASSERT_EQUAL(next.base_every_bytes, 1u << 20);
	CU_ASSERT_EQUAL(next.base_bytes_per_second, 2u << 20);
	CU_ASSERT_EQUAL(running.base_every_bytes, 256u << 20);
	/* The journal's own count: what a node would propose stays what it was started with. */
	CU_ASSERT_EQUAL(next.retention_bytes, 0);
	CU_ASSERT_EQUAL(next.retention_age_ns, 0);
	CU_ASSERT_EQUAL(next.retention_hold_bytes, 0);
}

/* Sessions are memory, too. */
static void a_limit_that_is_memory_needs_a_restart(void)
{
	compare("limits: {sessions: 77}\nretention: {records: 5000}\n");
	CU_ASSERT_EQUAL(changes.count, 2);
	CU_ASSERT(is_changed(0, "retention.records", false));
	CU_ASSERT(is_changed(1, "limits.sessions", false));
	CU_ASSERT(changes.item[0].limit && !changes.item[1].limit);
}

static void the_first_limits_are_those_of_the_file(void)
{
	struct wl_journal_limits limits;

	compare("limits: {sessions: 77}\n"
		"retention: {bytes: 5GiB, age: 86400, records: 5000, hold: 6GiB}\n");
	wl_config_limits(&wanted, &limits);
	CU_ASSERT_EQUAL(limits.index, 0);
	CU_ASSERT_EQUAL(limits.value[WL_LIMIT_RETENTION_BYTES], 5ull << 30);
	CU_ASSERT_EQUAL(limits.value[WL_LIMIT_RETENTION_AGE_NS], 86400000000000);
	CU_ASSERT_EQUAL(limits.value[WL_LIMIT_RETENTION_HOLD_BYTES], 6ull << 30);
	CU_ASSERT_EQUAL(limits.value[WL_LIMIT_RETENTION_RECORDS], 5000);
	CU_ASSERT_EQUAL(limits.value[WL_LIMIT_SESSIONS], 77);
	CU_ASSERT(wl_journal_limits_are_possible(&limits));
}

/* Else a file could say what no entry may, or an entry what no file may. */
static void files_and_entries_have_the_same_ranges(void)
{
	unsigned found = 0;

	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);

		for (size_t at = 0; at < section.count; at++) {
			const struct wl_config_key *key = &section.keys[at];
			uint64_t kept, range[2];
			char path[WL_CONFIG_KEY_BYTES];

			if (key->first == 0)
				continue;
			found++;
			wl_config_key_path((enum wl_config_section_id)id, key, path, sizeof(path));
			CU_ASSERT_EQUAL(wl_journal_limit_find(path), key->first - 1);
			CU_ASSERT(wl_journal_limit_take(wl_journal_limit_find(path), key->range.max,
							&kept, range));
			CU_ASSERT_EQUAL(range[0], key->range.min);
			CU_ASSERT_EQUAL(range[1], key->range.max);
			CU_ASSERT_EQUAL(kept, key->range.max * key->scale);
		}
	}
	CU_ASSERT_EQUAL(found, WL_LIMITS);
}

static bool is_of_no_worker(const struct wl_config_key *key)
{
	return strcmp(key->member, "log_level") == 0 ||
	       strcmp(key->member, "scrub_ns") == 0 || /* wl-base's */
	       strcmp(key->member, "base_bytes_per_second") == 0; /* wl-base's */
}

/* A key that is called live and goes nowhere would be a lie: each moves a setting of the workers, or it is told to somebody else. */
static void every_live_key_reaches_somebody(void)
{
	unsigned live = 0;

	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);

		for (size_t at = 0; at < section.count; at++) {
			const struct wl_config_key *key = &section.keys[at];
			uint64_t before[WL_SETTINGS], after[WL_SETTINGS];

			if (!key->live)
				continue;
			live++;
			CU_ASSERT_FATAL(wl_config_section_is_single((enum wl_config_section_id)id));
			CU_ASSERT_EQUAL(parse("", &running), 0);
			next = running;
			((uint8_t *)&next)[key->value_at] ^= 1;
			wl_boot_shape_settings(&running, before);
			wl_boot_shape_settings(&next, after);
			CU_ASSERT((memcmp(before, after, sizeof(before)) != 0) !=
				  is_of_no_worker(key));
		}
	}
	CU_ASSERT_EQUAL(live, WL_SETTINGS + 3);
}

WL_SUITE(config_reload)
{
	WL_TEST(the_same_file_changes_nothing),
	WL_TEST(what_may_change_is_told_from_what_needs_a_restart),
	WL_TEST(only_live_keys_go_into_what_is_in_effect),
	WL_TEST(a_live_key_that_contradicts_what_stays_is_refused),
	WL_TEST(limits_of_the_log_change_while_the_node_runs),
	WL_TEST(a_limit_that_is_memory_needs_a_restart),
	WL_TEST(the_first_limits_are_those_of_the_file),
	WL_TEST(files_and_entries_have_the_same_ranges),
	WL_TEST(every_live_key_reaches_somebody),
};
