/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_replace_file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

struct bed {
	char directory[64], path[96], beside[104];
};

static void set_up(struct bed *bed)
{
	strcpy(bed->directory, "/tmp/wirelog-replace-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(bed->directory));
	snprintf(bed->path, sizeof(bed->path), "%s/file", bed->directory);
	snprintf(bed->beside, sizeof(bed->beside), "%s.new", bed->path);
}

static void tear_down(struct bed *bed)
{
	unlink(bed->path);
	unlink(bed->beside);
	CU_ASSERT_EQUAL(rmdir(bed->directory), 0);
}

static bool has(const char *path, const char *text)
{
	char read[64] = "";
	FILE *file = fopen(path, "r");
	size_t bytes = file ? fread(read, 1, sizeof(read) - 1, file) : 0;

	if (file)
		fclose(file);
	return bytes == strlen(text) && strcmp(read, text) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat file = {0};

	stat(path, &file);
	return file.st_mode & 07777;
}

static void a_file_is_made_and_replaced_with_its_mode(void)
{
	mode_t mask = umask(027);
	struct bed bed;

	set_up(&bed);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "first", 0600), 0);
	CU_ASSERT(has(bed.path, "first") && mode_of(bed.path) == 0600);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "2", 0644), 0);
	CU_ASSERT(has(bed.path, "2") && mode_of(bed.path) == 0644);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "", WL_REPLACE_AS_NEW), 0);
	CU_ASSERT(has(bed.path, "") && mode_of(bed.path) == 0640);
	CU_ASSERT(access(bed.beside, F_OK) != 0);
	umask(mask);
	tear_down(&bed);
}

static void what_one_that_was_ended_left_is_no_obstacle(void)
{
	struct bed bed;

	set_up(&bed);
	/* A link that somebody else may have put there is not followed. */
	CU_ASSERT_EQUAL(symlink("/nowhere/at/all", bed.beside), 0);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "text", 0600), 0);
	CU_ASSERT(has(bed.path, "text"));
	tear_down(&bed);
}

static void what_was_there_stays_when_it_fails(void)
{
	char path[PATH_MAX + 10];
	struct bed bed;

	set_up(&bed);
	CU_ASSERT_EQUAL(mkdir(bed.path, 0700), 0);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "text", 0600), EISDIR);
	CU_ASSERT(access(bed.beside, F_OK) != 0);
	CU_ASSERT_EQUAL(rmdir(bed.path), 0);
	wl_tool_replace_file(bed.path, "old", 0600);
	CU_ASSERT_EQUAL(mkdir(bed.beside, 0700), 0);
	CU_ASSERT_EQUAL(wl_tool_replace_file(bed.path, "new", 0600), EEXIST);
	CU_ASSERT(has(bed.path, "old"));
	CU_ASSERT_EQUAL(rmdir(bed.beside), 0);
	CU_ASSERT_EQUAL(wl_tool_replace_file("/nowhere/at/all", "text", 0600), ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CU_ASSERT_EQUAL(wl_tool_replace_file(path, "text", 0600), ENAMETOOLONG);
	tear_down(&bed);
}

WL_SUITE(tool_replace_file)
{
	WL_TEST(a_file_is_made_and_replaced_with_its_mode),
	WL_TEST(what_one_that_was_ended_left_is_no_obstacle),
	WL_TEST(what_was_there_stays_when_it_fails),
};
