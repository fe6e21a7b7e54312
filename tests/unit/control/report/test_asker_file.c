/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/asker_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/runner.h"

static void the_kernel_says_who_is_at_the_other_end(void)
{
	struct wl_asker asker = {0};
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	CU_ASSERT(wl_asker_of(pair[0], &asker));
	CU_ASSERT_EQUAL(asker.uid, geteuid());
	CU_ASSERT_EQUAL(asker.gid, getegid());
	CU_ASSERT_EQUAL(asker.pid, getpid());
	CU_ASSERT(wl_asker_is_in(pair[0], &asker, getegid()));
	CU_ASSERT(!wl_asker_is_in(pair[0], &asker, 4000000000u));
	close(pair[0]);
	close(pair[1]);
	CU_ASSERT(!wl_asker_of(pair[0], &asker));
}

static void a_name_comes_from_the_file_or_is_none(void)
{
	char path[] = "/tmp/wirelog-users-XXXXXX", user[WL_ASKER_USER_BYTES];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("root:x:0:0:root:/root:/bin/sh\n"
	      "rubbish\n"
	      "bad\" uid=0:x:7:7::/:/bin/sh\n"
	      "a-very-long-name-that-nobody-has-but-somebody-may:x:8:8::/:/bin/sh\n"
	      "op.er_1:x:9:9::/:/bin/sh\n",
	      file);
	fclose(file);
	CU_ASSERT_STRING_EQUAL(wl_asker_user(path, 0, user), "root");
	CU_ASSERT_STRING_EQUAL(wl_asker_user(path, 7, user), "-");
	CU_ASSERT_EQUAL(strlen(wl_asker_user(path, 8, user)), WL_ASKER_USER_BYTES - 1);
	CU_ASSERT_STRING_EQUAL(wl_asker_user(path, 9, user), "op.er_1");
	CU_ASSERT_STRING_EQUAL(wl_asker_user(path, 10, user), "-");
	unlink(path);
	CU_ASSERT_STRING_EQUAL(wl_asker_user(path, 0, user), "-");
}

WL_SUITE(asker_file)
{
	WL_TEST(the_kernel_says_who_is_at_the_other_end),
	WL_TEST(a_name_comes_from_the_file_or_is_none),
};
