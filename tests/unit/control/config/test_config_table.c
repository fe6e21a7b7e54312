/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_table.h"

#include <stdio.h>
#include <string.h>

#include "control/report/status_json.h"
#include "tests/unit/runner.h"

static struct wl_config config;
static struct wl_config_problems problems;

static const char needed[] = "cluster:\n  uuid: 3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21\n  node: 1\n"
			     "  nodes: [{id: 1, address: 192.0.2.1}, {id: 2, address: 192.0.2.2}]\n"
			     "workers: [{links: [{kind: memif, peer: 2, socket: a.sock}]}]\n";

static int parse(const char *text)
{
	return wl_config_parse((const uint8_t *)text, strlen(text), "/base", &config, &problems);
}

/* The least that a node needs, and one key of a section with this value. */
static int parse_with(const char *section, const char *key, uint64_t value)
{
	static char text[2048];

	snprintf(text, sizeof(text), "%s%s%s:\n  %s: %llu\n", needed,
		 strcmp(section, "storage") == 0 ? "" : "storage: {path: data}\n", section, key,
		 (unsigned long long)value);
	if (strcmp(section, "storage") == 0)
		strcat(text, "  path: data\n");
	return parse(text);
}

typedef void visit(enum wl_config_section_id id, const struct wl_config_key *key, const char *path);

static void each_single_key(visit *see)
{
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);
		char path[WL_CONFIG_KEY_BYTES];

		for (size_t at = 0; at < section.count; at++) {
			wl_config_key_path((enum wl_config_section_id)id, &section.keys[at], path,
					   sizeof(path));
			if (wl_config_section_is_single((enum wl_config_section_id)id))
				see((enum wl_config_section_id)id, &section.keys[at], path);
		}
	}
}

static bool is_number(const struct wl_config_key *key)
{
	return key->shape == WL_CONFIG_NUMBER || key->shape == WL_CONFIG_SIZE;
}

static void see_refused(enum wl_config_section_id id, const struct wl_config_key *key,
			const char *path)
{
	const char *section = wl_config_section(id).path;

	if (!is_number(key) || id == WL_CONFIG_SECTION_CLUSTER)
		return;
	CU_ASSERT_EQUAL(parse_with(section, key->name, key->range.max + 1), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, path);
	CU_ASSERT_NOT_EQUAL(problems.item[0].line, 0);
	if (key->range.min == 0)
		return;
	CU_ASSERT_EQUAL(parse_with(section, key->name, key->range.min - 1), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, path);
}

static void a_number_outside_of_its_row_is_refused_at_its_key(void)
{
	each_single_key(see_refused);
}

static void see_taken(enum wl_config_section_id id, const struct wl_config_key *key,
		      const char *path)
{
	(void)path;
	if (!is_number(key) || key->standard == 0)
		return;
	CU_ASSERT(key->standard >= key->range.min && key->standard <= key->range.max);
	CU_ASSERT_EQUAL(parse_with(wl_config_section(id).path, key->name, key->standard), 0);
	CU_ASSERT_EQUAL(wl_config_number_of(key, &config), key->standard * key->scale);
}

static void a_default_is_what_the_file_could_have_said(void)
{
	each_single_key(see_taken);
}

static void see_compared(enum wl_config_section_id id, const struct wl_config_key *key,
			 const char *path)
{
	uint64_t facts[WL_FACTS] = {0};

	(void)id;
	if (key->fact == 0)
		return;
	CU_ASSERT_STRING_EQUAL(path, wl_greeting_fact_name((enum wl_fact)(key->fact - 1)));
	wl_config_set_facts(&config, facts);
	CU_ASSERT_EQUAL(facts[key->fact - 1], wl_config_number_of(key, &config) / key->scale);
	CU_ASSERT_NOT_EQUAL(facts[key->fact - 1], 0);
}

static void what_nodes_compare_has_the_name_of_its_key(void)
{
	CU_ASSERT_EQUAL(parse_with("timing", "election_timeout_ms", 300), 0);
	each_single_key(see_compared);
}

static json_t *answer;

static void see_told(enum wl_config_section_id id, const struct wl_config_key *key,
		     const char *path)
{
	const json_t *told;

	(void)id, (void)path;
	if (key->shape == WL_CONFIG_OTHER)
		return;
	told = json_object_get(answer, key->member);
	CU_ASSERT_PTR_NOT_NULL(told);
	if (is_number(key))
		CU_ASSERT_EQUAL(json_integer_value(told), wl_config_number_of(key, &config));
	if (key->shape == WL_CONFIG_CHOICE)
		CU_ASSERT_STRING_EQUAL(json_string_value(told), wl_config_word_of(key, &config));
}

static void status_tells_every_key(void)
{
	CU_ASSERT_EQUAL(parse_with("timing", "election_timeout_ms", 300), 0);
	answer = wl_status_json_config(&config);
	each_single_key(see_told);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(answer, "log_level")), "info");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(answer, "storage_path")),
			       "/base/data");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer, "reader_idle_ns")), 10000000000);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answer, "network_mtu")), 1500);
	json_decref(answer);
}

WL_SUITE(config_table)
{
	WL_TEST(a_number_outside_of_its_row_is_refused_at_its_key),
	WL_TEST(a_default_is_what_the_file_could_have_said),
	WL_TEST(what_nodes_compare_has_the_name_of_its_key),
	WL_TEST(status_tells_every_key),
};
