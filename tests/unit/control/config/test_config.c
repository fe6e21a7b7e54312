/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static struct wl_config config;
static struct wl_config_problems problems;

/* A whole file; each test changes one line of it. */
static const char good[] = "cluster:\n" /* 1 */
			   "  uuid: 3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21\n"
			   "  node: 1\n"
			   "  nodes:\n"
			   "    - {id: 1, address: 192.0.2.1}\n" /* 5 */
			   "    - {id: 2, address: 192.0.2.2}\n"
			   "    - {id: 3, address: 192.0.2.3}\n"
			   "workers:\n"
			   "  - core: auto\n"
			   "    links:\n" /* 10 */
			   "      - {kind: memif, peer: 2, socket: a.sock}\n"
			   "      - {kind: memif, peer: 3, socket: '@b'}\n"
			   "storage:\n"
			   "  path: data\n"
			   "  segment_bytes: 64MiB\n" /* 15 */
			   "timing:\n"
			   "  election_timeout_ms: 300\n"
			   "run_directory: /run/here\n";

static int parse(const char *text)
{
	return wl_config_parse((const uint8_t *)text, strlen(text), "/base", &config, &problems);
}

/* `good` with `before` replaced by `after`. */
static int parse_changed(const char *before, const char *after)
{
	static char text[8192];
	const char *at = strstr(good, before);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, after,
		 at + strlen(before));
	return parse(text);
}

static bool is_told(int status, const char *key, unsigned line, unsigned column)
{
	const struct wl_config_problem *problem = &problems.item[0];
	bool told = problems.count > 0 && problem->status == status &&
		    strcmp(problem->key, key) == 0 && problem->line == line &&
		    problem->column == column;

	if (!told)
		fprintf(stderr, "  told: %u problems, %s:%u:%u: %s [%d]\n", problems.count,
			problem->key, problem->line, problem->column, problem->text,
			problem->status);
	return told;
}

#define MEMIF_LINKS                                        \
	"      - {kind: memif, peer: 2, socket: a.sock}\n" \
	"      - {kind: memif, peer: 3, socket: '@b'}\n"

static void a_network_that_does_not_have_all_nodes_is_refused(void)
{
	static const struct {
		const char *links, *key;
		int status;
	} cases[] = {
		{"      - {kind: af_packet, interface: eth1}\n", "", 0},
		{"      - {kind: af_packet, interface: eth1, gateway: 192.0.2.254}\n", "", 0},
		{"      - {kind: af_packet, interface: eth1, prefix_length: 30}\n", "", 0},
		/* 192.0.2.1/31: nodes 2 and 3 are elsewhere, and nothing leads there */
		{"      - {kind: af_packet, interface: eth1, prefix_length: 31}\n",
		 "workers[0].links", WIRELOG_CONFIG_CONFLICT},
		{"      - {kind: af_packet, interface: eth1, prefix_length: 31, gateway: 192.0.2.0}\n",
		 "", 0},
		{"      - {kind: af_packet, interface: eth1, gateway: 192.0.3.1}\n",
		 "workers[0].links[0].gateway", WIRELOG_CONFIG_CONFLICT},
		{"      - {kind: af_packet, interface: eth1, gateway: 192.0.2.1}\n",
		 "workers[0].links[0].gateway", WIRELOG_CONFIG_CONFLICT},
		/* no node lies behind a socket for clients */
		{"      - {kind: udp, address: 127.0.0.1, port: 7711}\n", "workers[0].links",
		 WIRELOG_CONFIG_CONFLICT},
		{MEMIF_LINKS "      - {kind: udp, address: 127.0.0.1, port: 7711}\n", "", 0},
		{MEMIF_LINKS "      - {kind: udp, address: 127.0.0.1}\n",
		 "workers[0].links[2].port", WIRELOG_CONFIG_VALUE},
		{MEMIF_LINKS
		 "      - {kind: udp, address: 127.0.0.1, port: 7711, gateway: 127.0.0.2}\n",
		 "workers[0].links[2].gateway", WIRELOG_CONFIG_CONFLICT},
		/* what an Ethernet link does not reach a memif may */
		{"      - {kind: af_packet, interface: eth1, prefix_length: 32}\n" MEMIF_LINKS, "",
		 0},
	};

	for (size_t at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		CU_ASSERT_EQUAL(parse_changed(MEMIF_LINKS, cases[at].links), cases[at].status);
		if (cases[at].status != 0)
			CU_ASSERT_STRING_EQUAL(problems.item[0].key, cases[at].key);
	}
}

static void a_socket_that_no_start_could_use_is_refused(void)
{
	CU_ASSERT_EQUAL(parse_changed("a.sock", "'with,comma.sock'"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, "workers[0].links[0].socket");
	CU_ASSERT_EQUAL(parse_changed("'@b'", "'@'"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse_changed("    links:\n", "    clients: {socket: 'a,b'}\n    links:\n"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, "workers[0].clients.socket");
	CU_ASSERT_EQUAL(parse_changed("{id: 2, address: 192.0.2.2}",
				      "{id: 2, address: 192.0.2.2, client_endpoint: 'memif:a,b'}"),
			WIRELOG_CONFIG_VALUE);
}

static void a_whole_file_is_taken_with_its_defaults(void)
{
	CU_ASSERT_EQUAL(parse(good), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	CU_ASSERT_EQUAL(config.node, 1);
	CU_ASSERT_EQUAL(config.node_count, 3);
	CU_ASSERT_EQUAL(config.voters, 0xe);
	CU_ASSERT_EQUAL(config.nodes[2].ipv4, 0xc0000203);
	CU_ASSERT_EQUAL(config.nodes[2].udp_port, 7700);
	CU_ASSERT_EQUAL(config.journal_count, 1);
	CU_ASSERT_EQUAL(config.workers[0].core, -1);
	CU_ASSERT_EQUAL(config.workers[0].link_count, 2);
	CU_ASSERT(config.workers[0].links[0].server);
	CU_ASSERT_EQUAL(config.segment_bytes, 64u << 20);
	CU_ASSERT_EQUAL(config.election_timeout_ns, 300000000);
	CU_ASSERT_EQUAL(config.heartbeat_ns, 20000000);
}

static void relative_paths_mean_the_directory_of_the_file(void)
{
	CU_ASSERT_EQUAL(parse(good), 0);
	CU_ASSERT_STRING_EQUAL(config.storage_path, "/base/data");
	CU_ASSERT_STRING_EQUAL(config.workers[0].links[0].name, "/base/a.sock");
	CU_ASSERT_STRING_EQUAL(config.workers[0].links[1].name, "@b");
	CU_ASSERT_STRING_EQUAL(config.run_directory, "/run/here");
}

static void an_unknown_key_is_refused_where_it_stands(void)
{
	CU_ASSERT_EQUAL(parse_changed("  path: data\n", "  path: data\n  pfad: x\n"),
			WIRELOG_CONFIG_UNKNOWN_KEY);
	CU_ASSERT(is_told(WIRELOG_CONFIG_UNKNOWN_KEY, "storage.pfad", 15, 3));
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.item[0].text, "segment_bytes"));
	CU_ASSERT_EQUAL(parse_changed("peer: 3", "pear: 3"), WIRELOG_CONFIG_UNKNOWN_KEY);
	CU_ASSERT(is_told(WIRELOG_CONFIG_UNKNOWN_KEY, "workers[0].links[1].pear", 12, 23));
}

static void a_key_that_stands_twice_is_refused_at_the_second(void)
{
	CU_ASSERT_EQUAL(parse_changed("  path: data\n", "  path: data\n  path: other\n"),
			WIRELOG_CONFIG_UNKNOWN_KEY);
	CU_ASSERT(is_told(WIRELOG_CONFIG_UNKNOWN_KEY, "storage.path", 15, 3));
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.item[0].text, "line 14"));
}

static void a_wrong_kind_of_value_is_refused_where_it_stands(void)
{
	CU_ASSERT_EQUAL(parse_changed("  path: data\n", "  path: [data]\n"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "storage.path", 14, 9));
	CU_ASSERT_EQUAL(parse_changed("  path: data\n  segment_bytes: 64MiB\n", "  - path\n"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "storage", 14, 3));
	CU_ASSERT_EQUAL(parse_changed("timing:\n  election_timeout_ms: 300\n", "timing: fast\n"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "timing", 16, 9));
}

static void a_number_outside_its_range_is_refused_with_the_range(void)
{
	static const char *const bad[] = {"19",	 "60001", "-1",
					  "3e2", "300ms", "0x12c",
					  "''",	 "true",  "99999999999999999999999"};

	for (unsigned at = 0; at < sizeof(bad) / sizeof(bad[0]); at++) {
		CU_ASSERT_EQUAL(parse_changed("300", bad[at]), WIRELOG_CONFIG_VALUE);
		CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "timing.election_timeout_ms", 17, 24));
		CU_ASSERT_PTR_NOT_NULL(strstr(problems.item[0].text, "from 20 to 60000"));
	}
	CU_ASSERT_EQUAL(parse_changed("300", "20"), 0);
	CU_ASSERT_EQUAL(parse_changed("300", "60000"), 0);
}

static void a_size_takes_binary_suffixes_and_nothing_else(void)
{
	CU_ASSERT_EQUAL(parse_changed("64MiB", "16777216"), 0);
	CU_ASSERT_EQUAL(config.segment_bytes, 16u << 20);
	CU_ASSERT_EQUAL(parse_changed("64MiB", "8192KiB"), 0);
	CU_ASSERT_EQUAL(config.segment_bytes, 8u << 20);
	CU_ASSERT_EQUAL(parse_changed("64MiB", "1 GiB"), 0);
	CU_ASSERT_EQUAL(config.segment_bytes, 1u << 30);
	CU_ASSERT_EQUAL(parse_changed("64MiB", "64MB"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse_changed("64MiB", "MiB"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse_changed("64MiB", "18446744073709551615GiB"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "storage.segment_bytes", 15, 18));
}

static void a_segment_size_that_is_no_power_of_two_is_refused(void)
{
	CU_ASSERT_EQUAL(parse_changed("64MiB", "48MiB"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.item[0].text, "32 MiB or 64 MiB"));
}

static void missing_keys_are_told_at_what_should_hold_them(void)
{
	CU_ASSERT_EQUAL(parse_changed("  path: data\n", ""), WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "storage.path", 13, 1));
	CU_ASSERT_EQUAL(parse_changed("address: 192.0.2.2", ""), WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "cluster.nodes[1].address", 6, 7));
	CU_ASSERT_EQUAL(parse("storage: {path: x}\n"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT(problems.count >= 4); /* uuid, node, nodes, workers */
}

static void node_ids_and_addresses_are_their_own(void)
{
	CU_ASSERT_EQUAL(parse_changed("{id: 3", "{id: 2"), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "cluster.nodes[2].id", 7, 12));
	CU_ASSERT_EQUAL(parse_changed("192.0.2.3", "192.0.2.1"), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_EQUAL(parse_changed("{id: 3", "{id: 8"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse_changed("node: 1", "node: 4"), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "cluster.node", 3, 9));
}

static void every_other_node_lies_behind_exactly_one_link(void)
{
	CU_ASSERT_EQUAL(parse_changed("peer: 3", "peer: 2"), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "workers[0].links[1].peer", 12, 29));
	CU_ASSERT_EQUAL(parse_changed("      - {kind: memif, peer: 3, socket: '@b'}\n", ""),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.item[0].text, "node 3"));
	CU_ASSERT_EQUAL(parse_changed("peer: 3", "peer: 1"), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_EQUAL(parse_changed("      - {kind: memif, peer: 3, socket: '@b'}\n",
				      "      - {kind: af_packet, interface: eth1}\n"),
			0);
}

static void a_key_of_another_kind_of_link_is_refused(void)
{
	CU_ASSERT_EQUAL(parse_changed("socket: a.sock", "socket: a.sock, descriptors: 512"),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "workers[0].links[0].descriptors", 11, 61));
	CU_ASSERT_EQUAL(parse_changed("{kind: memif, peer: 2, socket: a.sock}",
				      "{kind: pci, address: '3b:00.0'}"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT(is_told(WIRELOG_CONFIG_VALUE, "workers[0].links[0].address", 11, 30));
	CU_ASSERT_EQUAL(parse_changed("kind: memif", "kind: wire"), WIRELOG_CONFIG_VALUE);
}

static void two_workers_do_not_share_a_core(void)
{
	static const char two[] = "journals: [{id: 0, worker: 0}, {id: 1, worker: 1}]\n"
				  "workers:\n"
				  "  - {core: 2, links: [{kind: pci, address: '0000:3b:00.0'}]}\n"
				  "  - {core: 2, links: [{kind: pci, address: '0000:3b:00.0'}]}\n";
	static char text[4096];

	snprintf(text, sizeof(text), "%.*s%s%s", (int)(strstr(good, "workers:") - good), good, two,
		 strstr(good, "storage:"));
	CU_ASSERT_EQUAL(parse(text), WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "workers[1].core", 11, 12));
	*strstr(strstr(text, "core: 2") + 1, "core: 2") = 'c';
	strstr(strstr(text, "core: 2") + 1, "core: 2")[6] = '3';
	CU_ASSERT_EQUAL(parse(text), 0);
}

static void journals_are_numbered_without_a_hole(void)
{
	CU_ASSERT_EQUAL(parse_changed("run_directory",
				      "journals: [{id: 0}, {id: 2}]\nrun_directory"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse_changed("run_directory",
				      "journals: [{id: 0}, {id: 0}]\nrun_directory"),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_EQUAL(parse_changed("run_directory",
				      "journals: [{id: 0, worker: 1}]\nrun_directory"),
			WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(
		parse_changed("run_directory", "journals: [{id: 1}, {id: 0}]\nrun_directory"), 0);
	CU_ASSERT_EQUAL(config.journal_count, 2);
}

static void timings_that_would_elect_for_ever_are_refused(void)
{
	CU_ASSERT_EQUAL(parse_changed("timeout_ms: 300\n", "timeout_ms: 300\n  heartbeat_ms: 76\n"),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT(is_told(WIRELOG_CONFIG_CONFLICT, "timing.heartbeat_ms", 18, 17));
	CU_ASSERT_EQUAL(parse_changed("timeout_ms: 300\n",
				      "timeout_ms: 300\n  resend_us: 150001\n"),
			WIRELOG_CONFIG_CONFLICT);
}

static void what_is_not_yaml_is_refused_with_its_place(void)
{
	static const uint8_t binary[] = {'a', ':', ' ', 0x01, 0xff, 0x00, 0xc3, 0x28};

	CU_ASSERT_EQUAL(parse(""), WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(parse("# nothing but words\n"), WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(parse("cluster: [1, 2\nx: y\n"), WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT(problems.item[0].line == 2);
	CU_ASSERT_EQUAL(wl_config_parse(binary, sizeof(binary), "", &config, &problems),
			WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(parse("- a\n- b\n"), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_EQUAL(parse("a: 1\n---\nb: 2\n"), WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(parse("storage: &x {path: a}\nlog: *x\n"), WIRELOG_CONFIG_SYNTAX);
}

static void deep_and_wide_texts_are_refused_without_harm(void)
{
	static char deep[4096], wide[1 << 17];
	size_t used = 0;

	memset(deep, '[', sizeof(deep) - 1);
	CU_ASSERT_EQUAL(parse(deep), WIRELOG_CONFIG_SYNTAX);
	for (unsigned at = 0; used + 16 < sizeof(wide); at++)
		used += (size_t)snprintf(wide + used, sizeof(wide) - used, "k%u: 1\n", at);
	CU_ASSERT_EQUAL(parse(wide), WIRELOG_CONFIG_SYNTAX);
	memset(wide, 'x', sizeof(wide) - 1);
	memcpy(wide + 2000, ": 1", 3);
	CU_ASSERT(parse(wide) != 0);
}

static void a_file_that_cannot_be_read_is_refused(void)
{
	char path[] = "/tmp/wirelog-config-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_EQUAL(wl_config_load("/nowhere/at/all", &config, &problems),
			WIRELOG_CONFIG_UNREADABLE);
	CU_ASSERT_EQUAL(wl_config_load("/tmp", &config, &problems), WIRELOG_CONFIG_UNREADABLE);
	CU_ASSERT_EQUAL(wl_config_load("/dev/zero", &config, &problems), WIRELOG_CONFIG_UNREADABLE);
	CU_ASSERT_EQUAL(wl_config_load(path, &config, &problems), WIRELOG_CONFIG_SYNTAX);
	CU_ASSERT_EQUAL(ftruncate(fd, (1 << 20) + 1), 0);
	CU_ASSERT_EQUAL(wl_config_load(path, &config, &problems), WIRELOG_CONFIG_UNREADABLE);
	close(fd);
	unlink(path);
}

/* Profiles of NICs stand there too, but are no configurations of a node (suite nic_family reads them). */
static bool is_profile(const char *path)
{
	static const char folder[] = "drivers-config/nic/";

	return strncmp(path, folder, strlen(folder)) == 0;
}

static void every_configuration_of_the_house_is_right(void)
{
	glob_t found;
	int result = glob("drivers-config/*.yaml", 0, NULL, &found);

	if (result == GLOB_NOMATCH)
		wl_skip("needs to run in the repository's root");
	CU_ASSERT_EQUAL(glob("drivers-config/*/*.yaml", GLOB_APPEND, NULL, &found), 0);
	for (size_t at = 0; at < found.gl_pathc; at++) {
		int status;

		if (is_profile(found.gl_pathv[at]))
			continue;
		status = wl_config_load(found.gl_pathv[at], &config, &problems);
		CU_ASSERT_EQUAL(status, 0);
		if (status != 0)
			fprintf(stderr, "  %s:%u: %s: %s\n", found.gl_pathv[at],
				problems.item[0].line, problems.item[0].key, problems.item[0].text);
	}
	globfree(&found);
}

WL_SUITE(config)
{
	WL_TEST(a_whole_file_is_taken_with_its_defaults),
	WL_TEST(a_network_that_does_not_have_all_nodes_is_refused),
	WL_TEST(a_socket_that_no_start_could_use_is_refused),
	WL_TEST(relative_paths_mean_the_directory_of_the_file),
	WL_TEST(an_unknown_key_is_refused_where_it_stands),
	WL_TEST(a_key_that_stands_twice_is_refused_at_the_second),
	WL_TEST(a_wrong_kind_of_value_is_refused_where_it_stands),
	WL_TEST(a_number_outside_its_range_is_refused_with_the_range),
	WL_TEST(a_size_takes_binary_suffixes_and_nothing_else),
	WL_TEST(a_segment_size_that_is_no_power_of_two_is_refused),
	WL_TEST(missing_keys_are_told_at_what_should_hold_them),
	WL_TEST(node_ids_and_addresses_are_their_own),
	WL_TEST(every_other_node_lies_behind_exactly_one_link),
	WL_TEST(a_key_of_another_kind_of_link_is_refused),
	WL_TEST(two_workers_do_not_share_a_core),
	WL_TEST(journals_are_numbered_without_a_hole),
	WL_TEST(timings_that_would_elect_for_ever_are_refused),
	WL_TEST(what_is_not_yaml_is_refused_with_its_place),
	WL_TEST(deep_and_wide_texts_are_refused_without_harm),
	WL_TEST(a_file_that_cannot_be_read_is_refused),
	WL_TEST(every_configuration_of_the_house_is_right),
};
