/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_directory_file.h"
#include "command/demo/tool_demo_fill_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define UUID "5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90"
#define SHM_DIRECTORY "/dev/shm/wirelog-unit"

static char base[256], reason[WL_DEMO_REASON_BYTES];
static struct wl_demo_directory directory;
static struct wl_where where;

static void begin(void)
{
	snprintf(base, sizeof(base), "/var/tmp/wirelog-unit.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
}

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(text, out);
	fclose(out);
}

static void put_configurations(void)
{
	put("node1.yaml", "cluster:\n  uuid: " UUID "\n  node: 1\n");
	put("node2.yaml", "cluster:\n  uuid: " UUID "\n  node: 2\n");
	put("node3.yaml", "cluster:\n  uuid: " UUID "\n  node: 3\n");
}

static void end(void)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Below `base`; skips where the machine has no room or no direct I/O there. */
static void choose(void)
{
	char wish[512];
	int status;

	snprintf(wish, sizeof(wish), "%s/demo", base);
	status = wl_demo_directory_choose(&directory, wish, reason);
	if (status == WIRELOG_STORE_FULL || status == WIRELOG_STORE_NO_DIRECT) {
		end();
		wl_skip("needs 3 GiB and direct I/O in /var/tmp");
	}
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

static bool exists(const char *name)
{
	char path[1400];

	snprintf(path, sizeof(path), "%s/%s", directory.path, name);
	return access(path, F_OK) == 0;
}

static void cluster_id_is_replaced_and_nothing_else(void)
{
	char to[256];
	size_t length = wl_demo_fill_set_cluster("cluster:\n  uuid: " UUID "\n  node: 1\n", "NEW",
						 to, sizeof(to));

	CU_ASSERT_STRING_EQUAL(to, "cluster:\n  uuid: NEW\n  node: 1\n");
	CU_ASSERT_EQUAL(length, strlen(to));
	CU_ASSERT_EQUAL(wl_demo_fill_set_cluster("cluster:\n", "NEW", to, sizeof(to)), 0);
	CU_ASSERT_EQUAL(wl_demo_fill_set_cluster("uuid: x\n", "NEW", to, 8), 0);
}

static void udp_port_is_replaced_and_nothing_else(void)
{
	char to[256];

	CU_ASSERT_NOT_EQUAL(
		wl_demo_fill_set_udp_port("port: 1\n- {kind: udp, port: 7711, mtu: 1500}\nport: 2",
					  65535, to, sizeof(to)),
		0);
	CU_ASSERT_STRING_EQUAL(to, "port: 1\n- {kind: udp, port: 65535, mtu: 1500}\nport: 2");
	CU_ASSERT_EQUAL(wl_demo_fill_set_udp_port("port: 1\n", 2, to, sizeof(to)), 0);
}

static void directory_has_a_new_cluster_and_a_key_for_its_owner_only(void)
{
	char first[WL_WHERE_CLUSTER_BYTES];
	struct stat facts;

	begin();
	put_configurations();
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	snprintf(first, sizeof(first), "%s", where.cluster);

	CU_ASSERT_EQUAL(stat(where.key_file, &facts), 0);
	CU_ASSERT_EQUAL(facts.st_mode & 07777, 0400);
	CU_ASSERT_EQUAL(facts.st_size, 33);
	CU_ASSERT_STRING_NOT_EQUAL(first, UUID);
	CU_ASSERT_EQUAL(where.run_directory_count, WL_DEMO_NODES);
	CU_ASSERT_PTR_NOT_NULL(strstr(where.endpoints, "/demo/node2/clients.sock,memif:"));
	CU_ASSERT_TRUE(exists("node3.yaml"));
	CU_ASSERT_EQUAL(wl_demo_directory_remove(directory.path, reason), 0);
	CU_ASSERT_FALSE(exists(""));
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	CU_ASSERT_STRING_NOT_EQUAL(where.cluster, first);
	end();
}

static void lines_for_a_fourth_node_come_into_effect(void)
{
	char text[] = "nodes:\n  - {id: 3}\n  # why\n  #- {id: 4}\nlinks:\n  #- {peer: 4}\n";

	wl_demo_fill_uncomment(text);
	CU_ASSERT_STRING_EQUAL(
		text, "nodes:\n  - {id: 3}\n  # why\n  - {id: 4}\nlinks:\n  - {peer: 4}\n");
}

static void read_back(const char *name, char *text, size_t size)
{
	char path[sizeof(directory.path) + 32];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", directory.path, name);
	in = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	text[fread(text, 1, size - 1, in)] = '\0';
	fclose(in);
}

static void it_grows_by_a_node_that_its_configurations_have(void)
{
	static const char *const names[] = {"node1.yaml", "node2.yaml", "node3.yaml"};
	char text[256];

	begin();
	put_configurations();
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	CU_ASSERT_EQUAL(wl_demo_fill_grow(&where, reason), WIRELOG_CONFIG_UNREADABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "node4.yaml"));
	CU_ASSERT_EQUAL(where.run_directory_count, WL_DEMO_NODES);

	put("node4.yaml", "cluster:\n  uuid: " UUID "\n  node: 4\n");
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	CU_ASSERT_TRUE(exists("node4.yaml"));
	CU_ASSERT_FALSE(exists("node4"));
	CU_ASSERT_EQUAL(wl_demo_fill_grow(&where, reason), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "node 4"));

	for (unsigned at = 0; at < 3; at++)
		put(names[at], "cluster:\n  uuid: " UUID "\n  #- {id: 4}\n");
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	CU_ASSERT_EQUAL(wl_demo_fill_grow(&where, reason), 0);
	CU_ASSERT_EQUAL(where.run_directory_count, WL_DEMO_NODES_MAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(where.endpoints, "/demo/node4/clients.sock"));
	CU_ASSERT_TRUE(exists("node4"));
	for (unsigned at = 0; at < 3; at++) {
		read_back(names[at], text, sizeof(text));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  - {id: 4}\n"));
	}
	end();
}

static void what_an_earlier_demo_left_makes_room(void)
{
	begin();
	put_configurations();
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	choose();

	CU_ASSERT_FALSE(exists("cluster.key"));
	end();
}

static void what_was_kept_is_neither_taken_nor_removed(void)
{
	char wish[sizeof(directory.path)];

	begin();
	put_configurations();
	choose();
	CU_ASSERT_EQUAL(wl_demo_fill(&directory, base, &where, reason), 0);
	CU_ASSERT_EQUAL(wl_demo_directory_keep(directory.path, reason), 0);
	snprintf(wish, sizeof(wish), "%s", directory.path);

	CU_ASSERT_EQUAL(wl_demo_directory_choose(&directory, wish, reason), WIRELOG_STORE_NOT_OURS);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "kept"));
	CU_ASSERT_EQUAL(wl_demo_directory_remove(wish, reason), WIRELOG_STORE_NOT_OURS);
	CU_ASSERT_TRUE(exists("cluster.key"));
	end();
}

static void a_directory_that_is_no_demos_is_neither_taken_nor_removed(void)
{
	char wish[512];

	begin();
	put("precious", "x");
	snprintf(wish, sizeof(wish), "%s", base);

	CU_ASSERT_EQUAL(wl_demo_directory_choose(&directory, wish, reason), WIRELOG_STORE_NOT_OURS);
	CU_ASSERT_EQUAL(wl_demo_directory_remove(base, reason), WIRELOG_STORE_NOT_OURS);
	CU_ASSERT_TRUE(exists("precious"));
	end();
}

static void a_path_too_long_for_a_socket_is_refused_before_anything_is_made(void)
{
	char wish[512];

	begin();
	snprintf(wish, sizeof(wish), "%s/%0*d", base, (int)WL_DEMO_DIRECTORY_BYTES, 0);

	CU_ASSERT_EQUAL(wl_demo_directory_choose(&directory, wish, reason),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_NOT_EQUAL(access(wish, F_OK), 0);
	end();
}

static void memory_is_no_disk(void)
{
	struct statfs kind;

	if (statfs("/dev/shm", &kind) != 0 || kind.f_type != 0x01021994 ||
	    access("/dev/shm", W_OK) != 0)
		wl_skip("needs a tmpfs at /dev/shm");

	CU_ASSERT_EQUAL(wl_demo_directory_choose(&directory, SHM_DIRECTORY, reason),
			WIRELOG_STORE_NO_DIRECT);
	CU_ASSERT_NOT_EQUAL(access(SHM_DIRECTORY, F_OK), 0);
}

WL_SUITE(tool_demo_directory)
{
	WL_TEST(cluster_id_is_replaced_and_nothing_else),
	WL_TEST(udp_port_is_replaced_and_nothing_else),
	WL_TEST(directory_has_a_new_cluster_and_a_key_for_its_owner_only),
	WL_TEST(lines_for_a_fourth_node_come_into_effect),
	WL_TEST(it_grows_by_a_node_that_its_configurations_have),
	WL_TEST(what_an_earlier_demo_left_makes_room),
	WL_TEST(what_was_kept_is_neither_taken_nor_removed),
	WL_TEST(a_directory_that_is_no_demos_is_neither_taken_nor_removed),
	WL_TEST(a_path_too_long_for_a_socket_is_refused_before_anything_is_made),
	WL_TEST(memory_is_no_disk),
};
