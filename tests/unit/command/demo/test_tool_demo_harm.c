/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_harm_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static char directory[64], path[128];

static void make(void)
{
	FILE *file;

	snprintf(directory, sizeof(directory), "/tmp/wl-harm.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/segment", directory);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("abc", file);
	fclose(file);
}

static void expect(const char *text)
{
	char found[8] = "";
	FILE *file = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(found, sizeof(found), file));
	fclose(file);
	CU_ASSERT_STRING_EQUAL(found, text);
}

static void one_bit_turns_and_turns_back(void)
{
	make();
	CU_ASSERT_EQUAL(wl_demo_harm_turn_bit(path, 1), 0);
	expect("acc");
	CU_ASSERT_EQUAL(wl_demo_harm_turn_bit(path, 1), 0);
	expect("abc");
	CU_ASSERT_EQUAL(wl_demo_harm_turn_bit(path, 3), -EIO);
	CU_ASSERT_EQUAL(wl_demo_harm_remove(directory), 0);
	CU_ASSERT_EQUAL(wl_demo_harm_turn_bit(path, 1), -ENOENT);
}

static void a_directory_goes_with_all_in_it_and_no_link_is_followed(void)
{
	char other[64], inner[160];

	make();
	snprintf(other, sizeof(other), "%s", directory);
	make();
	snprintf(inner, sizeof(inner), "%s/journal-00", directory);
	CU_ASSERT_EQUAL(mkdir(inner, 0700), 0);
	snprintf(inner, sizeof(inner), "%s/journal-00/elsewhere", directory);
	CU_ASSERT_EQUAL(symlink(other, inner), 0);
	CU_ASSERT_EQUAL(wl_demo_harm_remove(directory), 0);
	CU_ASSERT_NOT_EQUAL(access(directory, F_OK), 0);
	snprintf(path, sizeof(path), "%s/segment", other);
	expect("abc");
	CU_ASSERT_EQUAL(wl_demo_harm_remove(other), 0);
	CU_ASSERT_EQUAL(wl_demo_harm_remove(other), -ENOENT);
}

WL_SUITE(tool_demo_harm)
{
	WL_TEST(one_bit_turns_and_turns_back),
	WL_TEST(a_directory_goes_with_all_in_it_and_no_link_is_followed),
};
