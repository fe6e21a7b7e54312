/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/features.h"

#include <string.h>

#include "dataplane/base/sentence.h"

static const struct {
	const char *name, *since, *sentence;
} rows[WL_FEATURES_MAX] = {
#define ROW(feature, bit, name, since, sentence) [bit] = {name, since, sentence},
	WL_FEATURE_LIST(ROW)
#undef ROW
};

#define FITS(feature, bit, name, since, sentence)                                        \
	_Static_assert((bit) < WL_FEATURES_MAX && sizeof(name) <= WL_FEATURE_NAME_BYTES, \
		       "the superblock has a bit for it, a message a name");
WL_FEATURE_LIST(FITS)
#undef FITS

wl_features wl_features_known(void)
{
#define ADD(feature, bit, name, since, sentence) | (wl_features)1 << (bit)
	return 0 WL_FEATURE_LIST(ADD);
#undef ADD
}

const char *wl_feature_name(unsigned bit)
{
	return bit < WL_FEATURES_MAX ? rows[bit].name : NULL;
}

const char *wl_feature_since(unsigned bit)
{
	return bit < WL_FEATURES_MAX ? rows[bit].since : NULL;
}

const char *wl_feature_sentence(unsigned bit)
{
	return bit < WL_FEATURES_MAX ? rows[bit].sentence : NULL;
}

wl_features wl_feature_find(const char *name)
{
	for (unsigned bit = 0; bit < WL_FEATURES_MAX; bit++)
		if (rows[bit].name && strcmp(rows[bit].name, name) == 0)
			return (wl_features)1 << bit;
	return 0;
}

const char *wl_features_text(wl_features set, char to[WL_FEATURES_TEXT_BYTES])
{
	struct wl_sentence text = wl_sentence_begin(to, WL_FEATURES_TEXT_BYTES);
	const char *before = "";

	if (set == 0)
		wl_sentence_add(&text, "none");
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(set >> bit & 1))
			continue;
		wl_sentence_add(&text, before);
		before = ", ";
		if (wl_feature_name(bit)) {
			wl_sentence_add(&text, wl_feature_name(bit));
			continue;
		}
		wl_sentence_add(&text, "bit ");
		wl_sentence_add_number(&text, bit);
	}
	return to;
}
