/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_where_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static struct wl_where where, loaded;
static char home[64], saved_home[1024], saved_state[1024];

static void remember(const char *name, char *value)
{
	const char *now = getenv(name);

	value[0] = '\0';
	if (now != NULL)
		snprintf(value, 1024, "%s", now);
}

static void put_back(const char *name, const char *value)
{
	if (value[0] != '\0')
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* A home of the test's own; everything goes with leave_home. */
static void enter_home(void)
{
	remember("HOME", saved_home);
	remember("XDG_STATE_HOME", saved_state);
	strcpy(home, "/tmp/wirelog-test-where-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(home));
	setenv("HOME", home, 1);
	unsetenv("XDG_STATE_HOME");
}

static void leave_home(void)
{
	static const char *const paths[] = {"/.local/state/wirelog/demo",
					    "/.local/state/wirelog",
					    "/.local/state",
					    "/.local",
					    "/wirelog/demo",
					    "/wirelog",
					    ""};
	char path[128];

	for (size_t at = 0; at < sizeof(paths) / sizeof(paths[0]); at++) {
		snprintf(path, sizeof(path), "%s%s", home, paths[at]);
		remove(path);
	}
	CU_ASSERT_NOT_EQUAL(access(home, F_OK), 0);
	put_back("HOME", saved_home);
	put_back("XDG_STATE_HOME", saved_state);
}

static void make_where(void)
{
	memset(&where, 0, sizeof(where));
	strcpy(where.directory, "/srv/demo of ada");
	strcpy(where.endpoints, "memif:/srv/demo of ada/node1/clients.sock,memif:@two=2");
	strcpy(where.key_file, "/srv/demo of ada/cluster.key");
	strcpy(where.cluster, "5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90");
	strcpy(where.run_directories[0], "/srv/demo of ada/node1");
	strcpy(where.run_directories[1], "/srv/demo of ada/node2");
	where.run_directory_count = 2;
	where.pids[0] = 4711;
	where.pids[1] = 0;
	where.pid_count = 2;
}

static void what_was_saved_is_loaded(void)
{
	enter_home();
	make_where();
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	CU_ASSERT_EQUAL(wl_where_load(&loaded), 0);
	CU_ASSERT_EQUAL(memcmp(&where, &loaded, sizeof(where)), 0);
	CU_ASSERT_EQUAL(wl_where_remove(), 0);
	leave_home();
}

static void a_second_save_replaces_the_first(void)
{
	enter_home();
	make_where();
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	where.pids[0] = 0;
	where.run_directory_count = 1;
	memset(where.run_directories[1], 0, sizeof(where.run_directories[1]));
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	CU_ASSERT_EQUAL(wl_where_load(&loaded), 0);
	CU_ASSERT_EQUAL(memcmp(&where, &loaded, sizeof(where)), 0);
	leave_home();
}

static void file_lies_in_the_state_directory_and_is_private(void)
{
	char path[128];
	struct stat status;

	enter_home();
	setenv("XDG_STATE_HOME", home, 1);
	make_where();
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	snprintf(path, sizeof(path), "%s/wirelog/demo", home);
	CU_ASSERT_STRING_EQUAL(wl_where_path(), path);
	CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
	leave_home();
}

static void nothing_is_loaded_after_remove(void)
{
	enter_home();
	make_where();
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	CU_ASSERT_EQUAL(wl_where_remove(), 0);
	CU_ASSERT_NOT_EQUAL(access(wl_where_path(), F_OK), 0);
	CU_ASSERT_EQUAL(wl_where_remove(), 0);
	leave_home();
}

static void directory_that_others_may_write_to_is_not_believed(void)
{
	char path[128];

	enter_home();
	make_where();
	CU_ASSERT_EQUAL(wl_where_save(&where), 0);
	snprintf(path, sizeof(path), "%s/.local/state/wirelog", home);
	CU_ASSERT_EQUAL(chmod(path, 0777), 0);
	CU_ASSERT_EQUAL(wl_where_load(&loaded), -EPERM);
	chmod(path, 0700);
	CU_ASSERT_EQUAL(wl_where_load(&loaded), 0);
	leave_home();
}

static void value_that_the_file_cannot_hold_is_refused(void)
{
	char text[4096];

	make_where();
	CU_ASSERT_NOT_EQUAL(wl_where_encode(&where, text, sizeof(text)), 0);
	strcpy(where.run_directories[1], "/srv/a:b");
	CU_ASSERT_EQUAL(wl_where_encode(&where, text, sizeof(text)), 0);
	make_where();
	strcpy(where.key_file, "/srv/a\npids=1");
	CU_ASSERT_EQUAL(wl_where_encode(&where, text, sizeof(text)), 0);
	make_where();
	CU_ASSERT_EQUAL(wl_where_encode(&where, text, 64), 0);
}

static void unknown_keys_are_skipped_and_nonsense_is_refused(void)
{
	char newer[] = "directory=/d\nendpoints=memif:/d/c\ncolour=blue\n";
	char nonsense[] = "directory=/d\nendpoints=memif:/d/c\nwhat is this\n";
	char negative[] = "directory=/d\nendpoints=memif:/d/c\npids=-5\n";
	char eight[] = "directory=/d\nendpoints=memif:/d/c\npids=1:2:3:4:5:6:7:8\n";
	char empty[] = "";

	CU_ASSERT_EQUAL(wl_where_decode(&loaded, newer), 0);
	CU_ASSERT_STRING_EQUAL(loaded.directory, "/d");
	CU_ASSERT_EQUAL(wl_where_decode(&loaded, nonsense), -EBADMSG);
	CU_ASSERT_EQUAL(wl_where_decode(&loaded, negative), -EBADMSG);
	CU_ASSERT_EQUAL(wl_where_decode(&loaded, eight), -EBADMSG);
	CU_ASSERT_EQUAL(wl_where_decode(&loaded, empty), -EBADMSG);
}

WL_SUITE(tool_where_file)
{
	WL_TEST(what_was_saved_is_loaded),
	WL_TEST(a_second_save_replaces_the_first),
	WL_TEST(file_lies_in_the_state_directory_and_is_private),
	WL_TEST(nothing_is_loaded_after_remove),
	WL_TEST(directory_that_others_may_write_to_is_not_believed),
	WL_TEST(value_that_the_file_cannot_hold_is_refused),
	WL_TEST(unknown_keys_are_skipped_and_nonsense_is_refused),
};
