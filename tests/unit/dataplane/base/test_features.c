/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/features.h"

#include <string.h>

#include "tests/unit/runner.h"

static void each_row_is_found_by_its_name_and_says_what_it_is(void)
{
	unsigned rows = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = wl_feature_name(bit);

		CU_ASSERT_EQUAL(name != NULL, (wl_features_known() >> bit & 1) != 0);
		if (!name)
			continue;
		rows++;
		CU_ASSERT_EQUAL(wl_feature_find(name), (wl_features)1 << bit);
		CU_ASSERT_TRUE(strlen(wl_feature_since(bit)) > 0);
		CU_ASSERT_TRUE(strlen(wl_feature_sentence(bit)) > 0);
	}
	CU_ASSERT_TRUE(rows >= 2);
	CU_ASSERT_EQUAL(wl_feature_find("feature"), 0);
	CU_ASSERT_EQUAL(wl_features_supported(), wl_features_known());
}

static void a_set_is_told_by_names_and_what_has_none_by_its_bit(void)
{
	char text[WL_FEATURES_TEXT_BYTES];

	CU_ASSERT_STRING_EQUAL(wl_features_text(0, text), "none");
	CU_ASSERT_STRING_EQUAL(wl_features_text(WL_FEATURE(FEATURES), text), "features");
	CU_ASSERT_STRING_EQUAL(wl_features_text(3 | 1ull << 63, text),
			       "features, consumers-128, bit 63");
	CU_ASSERT_TRUE(strlen(wl_features_text(UINT64_MAX, text)) < sizeof(text));
}

static void a_set_has_what_is_asked_when_nothing_of_it_is_missing(void)
{
	CU_ASSERT_TRUE(wl_features_have(0, 0));
	CU_ASSERT_TRUE(wl_features_have(3, 1));
	CU_ASSERT_FALSE(wl_features_have(1, 3));
	CU_ASSERT_FALSE(wl_features_have(3, 1ull << 40));
}

WL_SUITE(features)
{
	WL_TEST(each_row_is_found_by_its_name_and_says_what_it_is),
	WL_TEST(a_set_is_told_by_names_and_what_has_none_by_its_bit),
	WL_TEST(a_set_has_what_is_asked_when_nothing_of_it_is_missing),
};
