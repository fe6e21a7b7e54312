/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_cluster.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/runner.h"

#define VARIABLES 6

static const char *const variables[VARIABLES] = {
	"XDG_STATE_HOME",    "HOME",
	"WIRELOG_ENDPOINTS", "WIRELOG_KEY_FILE",
	"WIRELOG_CLUSTER",   "WIRELOG_RUN_DIRECTORIES",
};

static char *kept[VARIABLES];
static char home[64];
static int kept_stderr;
static struct wl_tool_cluster cluster;

/* An environment without any cluster, and silence: refusals are told on standard error. */
static void enter(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int at = 0; at < VARIABLES; at++) {
		const char *value = getenv(variables[at]);

		kept[at] = value != NULL ? strdup(value) : NULL;
		unsetenv(variables[at]);
	}
	strcpy(home, "/tmp/wirelog-test-cluster-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(home));
	setenv("XDG_STATE_HOME", home, 1);
	memset(&cluster, 0, sizeof(cluster));
	fflush(stderr);
	kept_stderr = dup(STDERR_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

static void leave(void)
{
	char path[128];

	fflush(stderr);
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	wl_where_remove();
	snprintf(path, sizeof(path), "%s/wirelog", home);
	rmdir(path);
	CU_ASSERT_EQUAL(rmdir(home), 0);
	for (int at = 0; at < VARIABLES; at++) {
		if (kept[at] != NULL)
			setenv(variables[at], kept[at], 1);
		else
			unsetenv(variables[at]);
		free(kept[at]);
	}
}

static void start_demo(const char *key_file)
{
	static struct wl_where where;

	memset(&where, 0, sizeof(where));
	strcpy(where.directory, "/demo");
	strcpy(where.endpoints, "memif:/demo/node1/clients.sock");
	snprintf(where.key_file, sizeof(where.key_file), "%s", key_file);
	strcpy(where.cluster, "demo-id");
	strcpy(where.run_directories[0], "/demo/node1");
	strcpy(where.run_directories[1], "/demo/node2");
	where.run_directory_count = 2;
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
}

static void running_demo_is_the_default(void)
{
	enter();
	start_demo("/demo/key");
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), 0);
	CU_ASSERT_STRING_EQUAL(cluster.endpoints, "memif:/demo/node1/clients.sock");
	CU_ASSERT_STRING_EQUAL(cluster.key_file, "/demo/key");
	CU_ASSERT_STRING_EQUAL(cluster.cluster, "demo-id");
	CU_ASSERT_FALSE(cluster.insecure);
	CU_ASSERT_EQUAL(wl_tool_cluster_find_run_directories(&cluster), 0);
	CU_ASSERT_EQUAL(cluster.run_directory_count, 2);
	CU_ASSERT_STRING_EQUAL(cluster.run_directories[1], "/demo/node2");
	leave();
}

static void demo_without_a_key_is_insecure(void)
{
	enter();
	start_demo("");
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), 0);
	CU_ASSERT(cluster.insecure);
	CU_ASSERT_PTR_NULL(cluster.key_file);
	leave();
}

static void environment_beats_the_demo_as_a_whole(void)
{
	enter();
	start_demo("/demo/key");
	setenv("WIRELOG_ENDPOINTS", "udp:192.0.2.1:7700", 1);
	setenv("WIRELOG_CLUSTER", "other-id", 1);
	/* The demo's key is not the key of another cluster. */
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), WIRELOG_KEY_MISSING);
	memset(&cluster, 0, sizeof(cluster));
	setenv("WIRELOG_KEY_FILE", "/other/key", 1);
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), 0);
	CU_ASSERT_STRING_EQUAL(cluster.endpoints, "udp:192.0.2.1:7700");
	CU_ASSERT_STRING_EQUAL(cluster.cluster, "other-id");
	CU_ASSERT_STRING_EQUAL(cluster.key_file, "/other/key");
	leave();
}

static void option_beats_the_environment(void)
{
	enter();
	setenv("WIRELOG_ENDPOINTS", "udp:192.0.2.1:7700", 1);
	setenv("WIRELOG_CLUSTER", "other-id", 1);
	setenv("WIRELOG_KEY_FILE", "/other/key", 1);
	cluster.endpoints = "udp:192.0.2.9:7700";
	cluster.key_file = "/my/key";
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), 0);
	CU_ASSERT_STRING_EQUAL(cluster.endpoints, "udp:192.0.2.9:7700");
	CU_ASSERT_STRING_EQUAL(cluster.key_file, "/my/key");
	CU_ASSERT_STRING_EQUAL(cluster.cluster, "other-id");
	leave();
}

static void insecure_option_takes_no_key_from_the_environment(void)
{
	enter();
	setenv("WIRELOG_KEY_FILE", "/other/key", 1);
	cluster.endpoints = "udp:192.0.2.9:7700";
	cluster.cluster = "id";
	cluster.insecure = true;
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), 0);
	CU_ASSERT_PTR_NULL(cluster.key_file);
	CU_ASSERT(cluster.insecure);
	leave();
}

static void endpoints_without_a_cluster_id_are_refused(void)
{
	enter();
	cluster.endpoints = "udp:192.0.2.9:7700";
	cluster.key_file = "/my/key";
	CU_ASSERT_EQUAL(wl_tool_cluster_find(&cluster), WIRELOG_INVALID_ARGUMENT);
	leave();
}

static void run_directories_of_the_environment_are_split_at_colons(void)
{
	enter();
	start_demo("/demo/key");
	setenv("WIRELOG_RUN_DIRECTORIES", "/run/a::/run/b", 1);
	CU_ASSERT_EQUAL(wl_tool_cluster_find_run_directories(&cluster), 0);
	CU_ASSERT_EQUAL_FATAL(cluster.run_directory_count, 2);
	CU_ASSERT_STRING_EQUAL(cluster.run_directories[0], "/run/a");
	CU_ASSERT_STRING_EQUAL(cluster.run_directories[1], "/run/b");
	leave();
}

WL_SUITE(tool_cluster)
{
	WL_TEST(running_demo_is_the_default),
	WL_TEST(demo_without_a_key_is_insecure),
	WL_TEST(environment_beats_the_demo_as_a_whole),
	WL_TEST(option_beats_the_environment),
	WL_TEST(insecure_option_takes_no_key_from_the_environment),
	WL_TEST(endpoints_without_a_cluster_id_are_refused),
	WL_TEST(run_directories_of_the_environment_are_split_at_colons),
};
