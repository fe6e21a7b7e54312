/* SPDX-License-Identifier: BSD-3-Clause */
/* A backup whose files are whole, and what its entries say of its base. */
#include "command/tool_backup.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/command/backup_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static struct backup_fixture *fixture;
static struct wl_backup backup;
static uint64_t proven[WIRELOG_JOURNALS_MAX];
static char reason[1024];

static int check(enum backup_fixture_proof proof)
{
	fixture = malloc(sizeof(*fixture));
	backup_fixture_init(fixture, proof);
	backup_fixture_write(fixture, 0, fixture->last, true);
	memset(&backup, 0, sizeof(backup));
	return wl_backup_check(&backup, proven, fixture->backup, reason, sizeof(reason));
}

static void end(void)
{
	backup_fixture_fini(fixture);
	free(fixture);
}

static void a_base_that_a_majority_made_is_proven(void)
{
	CU_ASSERT_EQUAL(check(BACKUP_FIXTURE_PROVEN), WIRELOG_OK);
	CU_ASSERT_TRUE(proven[FIXTURE_JOURNAL] > backup.journals[FIXTURE_JOURNAL].base_index);
	end();
}

static void one_of_which_no_entry_says_so_is_not(void)
{
	CU_ASSERT_EQUAL(check(BACKUP_FIXTURE_PROVEN_NOT), WIRELOG_OK);
	CU_ASSERT_EQUAL(proven[FIXTURE_JOURNAL], 0);
	end();
}

static void one_that_differs_from_what_a_majority_made_is_refused(void)
{
	CU_ASSERT_EQUAL(check(BACKUP_FIXTURE_PROVEN_OTHERWISE), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "a majority made another base"));
	end();
}

WL_SUITE(tool_backup_check)
{
	WL_TEST(a_base_that_a_majority_made_is_proven),
	WL_TEST(one_of_which_no_entry_says_so_is_not),
	WL_TEST(one_that_differs_from_what_a_majority_made_is_refused),
};
