/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits of a journal: what decides which session gives way, and what retention trims. They are part of the state (dataplane/state/state.h): a
 * committed entry says all of them, so every leader goes by the same ones, and apply by no file. A node's file says the first ones alone
 * (docs/SAFETY.md, rule 34).
 *
 * What is ever added stands at the end of the list: the order is that of the entry and of the state's bytes.
 *
 * Pure, by value. [any]
 */
#ifndef WL_DATAPLANE_BASE_JOURNAL_LIMITS_H
#define WL_DATAPLANE_BASE_JOURNAL_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "wirelog/limits.h"

/* L(limit, name, unit, scale, least, most): `name` is the file's key, too. What is told and asked is in `unit`, and so are `least` and `most`;
 * here it is kept times `scale`. Bytes are at most 1 TiB. */
/* clang-format off */
#define WL_JOURNAL_LIMIT_LIST(L) \
	L(RETENTION_BYTES, "retention.bytes", "bytes", 1, 0, 1ull << 40) \
	L(RETENTION_AGE_NS, "retention.age", "seconds", 1000000000, 0, 1000000000) \
	L(RETENTION_HOLD_BYTES, "retention.hold", "bytes", 1, 0, 1ull << 40) \
	L(SESSIONS, "limits.sessions", "sessions", 1, 1, WIRELOG_SESSIONS_MAX) \
	L(RETENTION_RECORDS, "retention.records", "records", 1, 0, INT64_MAX)
/* clang-format on */

enum wl_journal_limit {
#define WL_JOURNAL_LIMIT_ENUM(limit, name, unit, scale, least, most) WL_LIMIT_##limit,
	WL_JOURNAL_LIMIT_LIST(WL_JOURNAL_LIMIT_ENUM)
#undef WL_JOURNAL_LIMIT_ENUM
		WL_LIMITS,
};

struct wl_journal_limits {
	uint64_t index; /* of the entry that said them; 0: none did, and no value counts */
	uint64_t value[WL_LIMITS]; /* by enum wl_journal_limit; of retention 0: no limit */
};

const char *wl_journal_limit_name(enum wl_journal_limit limit);
/* "bytes", "seconds", "sessions", "records": what it is told in. */
const char *wl_journal_limit_unit(enum wl_journal_limit limit);
/* WL_LIMITS: none has that name. */
enum wl_journal_limit wl_journal_limit_find(const char *name);
/* As it is told, of a value that is kept. */
uint64_t wl_journal_limit_told(enum wl_journal_limit limit, uint64_t value);
/* What is kept of one that is told. False: it is not in its range, which is range[0] to range[1]. */
bool wl_journal_limit_take(enum wl_journal_limit limit, uint64_t told, uint64_t *value,
			   uint64_t range[2]);
/* Each value may be the limit's. `index` is not looked at. */
bool wl_journal_limits_are_possible(const struct wl_journal_limits *limits);

#endif
