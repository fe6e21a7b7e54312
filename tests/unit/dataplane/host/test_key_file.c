/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define DIGITS "00112233445566778899aAbBcCdDeEfF"
#define OTHER_DIGITS "ffeeddccbbaa99887766554433221100"

static char directory[64], path[96], moved[96], reason[256];
static struct wl_key_file file;

static void begin(void)
{
	strcpy(directory, "/tmp/wirelog-key.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/key", directory);
	snprintf(moved, sizeof(moved), "%s/moved", directory);
}

static void end(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static void write_key(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static int read_key(const char *text, mode_t mode)
{
	int status;

	write_key(text, mode);
	memset(&file, 0, sizeof(file));
	reason[0] = '\0';
	status = wl_key_file_read(path, &file, reason, sizeof(reason));
	unlink(path);
	return status;
}

static void thirty_two_digits_are_the_secret(void)
{
	static const uint8_t wanted[WL_KEY_FILE_SECRET_BYTES] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
								 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
								 0xcc, 0xdd, 0xee, 0xff};
	static const char *const endings[] = {"", "\n", "\r\n", "\n\n"};

	begin();
	for (unsigned at = 0; at < 4; at++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%s", DIGITS, endings[at]);
		CU_ASSERT_EQUAL(read_key(text, 0400), 0);
		CU_ASSERT_EQUAL(memcmp(file.secrets[0], wanted, sizeof(wanted)), 0);
	}
	CU_ASSERT_EQUAL(read_key(DIGITS, 0600), 0);
	end();
}

static void anything_but_thirty_two_digits_is_refused(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"00112233445566778899aabbccddeef",
		"00112233445566778899aabbccddeeff0",
		"00112233445566778899aabbccddeefg",
		"0x112233445566778899aabbccddeeff",
		" 0112233445566778899aabbccddeeff",
		DIGITS " ",
		DIGITS "\n\n\n\n\n\n\n\n\n\n\n\n\n" DIGITS "\n\n\n\n\n\n\n\n\n\n\n\n\n",
		"read" DIGITS,
		"read  " DIGITS,
		"cluster " DIGITS,
		"write " DIGITS,
		"read ",
		"append " DIGITS "\n" DIGITS,
		"append " DIGITS "\nread " DIGITS,
	};

	begin();
	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		CU_ASSERT_EQUAL(read_key(texts[at], 0400), WIRELOG_KEY_UNSAFE);
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, "32 hexadecimal digits"));
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, path));
		CU_ASSERT_PTR_NULL(strstr(reason, "2233445566")); /* never the secret */
	}
	end();
}

static void word_in_front_says_what_a_clients_keys_give(void)
{
	begin();
	CU_ASSERT_EQUAL(read_key(DIGITS, 0400), 0);
	CU_ASSERT_EQUAL(file.right, WL_RIGHT_CLUSTER);
	CU_ASSERT_EQUAL(read_key("append " DIGITS "\n", 0400), 0);
	CU_ASSERT_EQUAL(file.right, WL_RIGHT_APPEND);
	CU_ASSERT_EQUAL(file.secrets[0][15], 0xff);
	CU_ASSERT_EQUAL(read_key("read " DIGITS "\r\nread " DIGITS "\r\n", 0400), 0);
	CU_ASSERT_EQUAL(file.right, WL_RIGHT_READ);
	CU_ASSERT_EQUAL(file.count, 2);
	end();
}

static void file_that_others_may_use_is_refused_with_the_fix(void)
{
	static const mode_t modes[] = {0440, 0404, 0640, 0604, 0644, 0420, 0402, 0410, 0401, 0777};

	begin();
	for (unsigned at = 0; at < sizeof(modes) / sizeof(modes[0]); at++) {
		CU_ASSERT_EQUAL(read_key(DIGITS, modes[at]), WIRELOG_KEY_UNSAFE);
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, "chmod 0400"));
	}
	end();
}

static void file_that_is_not_there_is_told_apart_from_one_that_is_unsafe(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_key_file_read(path, &file, reason, sizeof(reason)), WIRELOG_KEY_MISSING);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, path));
	end();
}

static void what_is_no_regular_file_is_refused_at_once(void)
{
	begin();
	CU_ASSERT_EQUAL(wl_key_file_read(directory, &file, reason, sizeof(reason)),
			WIRELOG_KEY_UNSAFE);
	CU_ASSERT_EQUAL(mkfifo(path, 0400), 0);
	CU_ASSERT_EQUAL(wl_key_file_read(path, &file, reason, sizeof(reason)), WIRELOG_KEY_UNSAFE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "regular file"));
	end();
}

static void file_of_another_user_is_refused(void)
{
	if (geteuid() != 0)
		wl_skip("needs root");
	begin();
	write_key(DIGITS, 0400);
	CU_ASSERT_EQUAL(chown(path, 12345, 12345), 0);
	CU_ASSERT_EQUAL(wl_key_file_read(path, &file, reason, sizeof(reason)), WIRELOG_KEY_UNSAFE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "another user"));
	end();
}

static void two_lines_are_two_keys_the_older_first(void)
{
	static const char *const endings[] = {"", "\n", "\r\n"};

	begin();
	for (unsigned at = 0; at < 3; at++) {
		char text[96];

		snprintf(text, sizeof(text), "%s\n%s%s", DIGITS, OTHER_DIGITS, endings[at]);
		CU_ASSERT_EQUAL(read_key(text, 0400), 0);
		CU_ASSERT_EQUAL(file.count, 2);
		CU_ASSERT_EQUAL(file.secrets[0][1], 0x11);
		CU_ASSERT_EQUAL(file.secrets[1][1], 0xee);
	}
	CU_ASSERT_EQUAL(read_key(DIGITS "\n", 0400), 0);
	CU_ASSERT_EQUAL(file.count, 1);
	CU_ASSERT_EQUAL(read_key(DIGITS "\n" OTHER_DIGITS "\n" DIGITS "\n", 0400),
			WIRELOG_KEY_UNSAFE);
	CU_ASSERT_EQUAL(file.count, 0);
	CU_ASSERT_EQUAL(read_key(DIGITS "\n" DIGITS "0\n", 0400), WIRELOG_KEY_UNSAFE);
	CU_ASSERT_EQUAL(read_key("\n" DIGITS "\n", 0400), WIRELOG_KEY_UNSAFE);
	CU_ASSERT_EQUAL(read_key(DIGITS " " OTHER_DIGITS "\n", 0400), WIRELOG_KEY_UNSAFE);
	end();
}

static void another_file_is_news_once(void)
{
	struct wl_key_file_mark mark = {0};

	begin();
	CU_ASSERT_FALSE(wl_key_file_is_news(path, &mark));
	write_key(DIGITS, 0400);
	CU_ASSERT_TRUE(wl_key_file_is_news(path, &mark));
	CU_ASSERT_FALSE(wl_key_file_is_news(path, &mark));
	CU_ASSERT_EQUAL(rename(path, moved), 0);
	write_key(OTHER_DIGITS, 0400);
	CU_ASSERT_TRUE(wl_key_file_is_news(path, &mark));
	CU_ASSERT_FALSE(wl_key_file_is_news(path, &mark));
	unlink(moved);
	end();
}

WL_SUITE(key_file)
{
	WL_TEST(two_lines_are_two_keys_the_older_first),
	WL_TEST(another_file_is_news_once),
	WL_TEST(thirty_two_digits_are_the_secret),
	WL_TEST(anything_but_thirty_two_digits_is_refused),
	WL_TEST(word_in_front_says_what_a_clients_keys_give),
	WL_TEST(file_that_others_may_use_is_refused_with_the_fix),
	WL_TEST(file_that_is_not_there_is_told_apart_from_one_that_is_unsafe),
	WL_TEST(what_is_no_regular_file_is_refused_at_once),
	WL_TEST(file_of_another_user_is_refused),
};
