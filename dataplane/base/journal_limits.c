/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/journal_limits.h"

#include <stddef.h>
#include <string.h>

struct row {
	const char *name, *unit;
	uint64_t scale, least, most;
};

static const struct row rows[] = {
#define ROW(limit, name, unit, scale, least, most) \
	[WL_LIMIT_##limit] = {name, unit, scale, least, most},
	WL_JOURNAL_LIMIT_LIST(ROW)
#undef ROW
};

#define FITS(limit, name, unit, scale, least, most)                         \
	_Static_assert((most) <= UINT64_MAX / (scale) && (least) <= (most), \
		       "it is kept as it is told");
WL_JOURNAL_LIMIT_LIST(FITS)
#undef FITS

const char *wl_journal_limit_name(enum wl_journal_limit limit)
{
	return rows[limit].name;
}

const char *wl_journal_limit_unit(enum wl_journal_limit limit)
{
	return rows[limit].unit;
}

enum wl_journal_limit wl_journal_limit_find(const char *name)
{
	unsigned limit = 0;

	while (limit < WL_LIMITS && strcmp(rows[limit].name, name) != 0)
		limit++;
	return (enum wl_journal_limit)limit;
}

uint64_t wl_journal_limit_told(enum wl_journal_limit limit, uint64_t value)
{
	return value / rows[limit].scale;
}

bool wl_journal_limit_take(enum wl_journal_limit limit, uint64_t told, uint64_t *value,
			   uint64_t range[2])
{
	const struct row *row = &rows[limit];

	range[0] = row->least;
	range[1] = row->most;
	if (told < row->least || told > row->most)
		return false;
	*value = told * row->scale;
	return true;
}

bool wl_journal_limits_are_possible(const struct wl_journal_limits *limits)
{
	for (unsigned limit = 0; limit < WL_LIMITS; limit++) {
		const struct row *row = &rows[limit];
		uint64_t value = limits->value[limit];

		if (value < row->least * row->scale || value > row->most * row->scale)
			return false;
	}
	return true;
}
