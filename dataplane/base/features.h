/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of features: what nodes of one cluster may do with each other only when all of them know how (docs/SAFETY.md, rule 34). A kind of
 * entry, a message or a rule of apply that an older build does not have gets a row here, and is used from the moment in which a FEATURES
 * entry that names it is applied (dataplane/state/state.h); until then a node of the older build may take the place of a newer one.
 *
 * What every build knows that can open the data at all has no row: the kinds of entries before FEATURES, and the messages of the wire's version.
 *
 * A bit is never given twice, and a row never goes. Which of them this build has is features_build.c: another file in its place makes another build.
 *
 * Pure, by value. [any]
 */
#ifndef WL_DATAPLANE_BASE_FEATURES_H
#define WL_DATAPLANE_BASE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* F(FEATURE, bit, name, since, sentence); `since`: the version that was the first to have it. */
/* clang-format off */
#define WL_FEATURE_LIST(F) \
	F(FEATURES, 0, "features", "0.1.0", \
	  "what is in force is a part of the state, of its digest and of bases, and who does not have it is not heard") \
	F(CONSUMERS_128, 1, "consumers-128", "0.1.0", "a journal has places for 128 consumers, and not for 64")
/* clang-format on */

typedef uint64_t
	wl_features; /* a set, bit per feature; it may have some that this build does not know */

enum {
#define WL_FEATURE_BIT(feature, bit, name, since, sentence) WL_FEATURE_BIT_##feature = (bit),
	WL_FEATURE_LIST(WL_FEATURE_BIT)
#undef WL_FEATURE_BIT
};

#define WL_FEATURE(feature) ((wl_features)1 << WL_FEATURE_BIT_##feature)
/* The superblock keeps what each node declared in 32 bits. */
#define WL_FEATURES_MAX 32u
#define WL_FEATURE_NAME_BYTES 32u

/* All rows of the table. */
wl_features wl_features_known(void);
/* Those of this build. */
wl_features wl_features_supported(void);
/* "consumers-128"; NULL: this build's table has no such bit. */
const char *wl_feature_name(unsigned bit);
const char *wl_feature_since(unsigned bit);
const char *wl_feature_sentence(unsigned bit);
/* Exactly this row; 0: none has that name. */
wl_features wl_feature_find(const char *name);
/* All of `asked` are in `set`. */
static inline bool wl_features_have(wl_features set, wl_features asked)
{
	return (asked & ~set) == 0;
}
/* "features, consumers-128, bit 7", cut where it does not fit; "none". Returns `to`. */
#define WL_FEATURES_TEXT_BYTES 256u
const char *wl_features_text(wl_features set, char to[WL_FEATURES_TEXT_BYTES]);

#endif
