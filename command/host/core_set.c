/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/host/core_set.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number at *text, which moves behind it; -1 when there is none in range. */
static long take_number(const char **text)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)**text))
		return -1;
	number = strtoul(*text, &end, 10);
	*text = end;
	return number < WL_CORE_SET_MAX ? (long)number : -1;
}

static bool take_range(struct wl_core_set *set, const char **text)
{
	long from = take_number(text), to = from;

	if (from >= 0 && **text == '-') {
		(*text)++;
		to = take_number(text);
	}
	if (from < 0 || to < from)
		return false;
	for (long core = from; core <= to; core++)
		wl_core_set_add(set, (unsigned)core);
	return true;
}

bool wl_core_set_parse(struct wl_core_set *set, const char *text)
{
	bool is_list;

	memset(set, 0, sizeof(*set));
	while (isspace((unsigned char)*text))
		text++;
	if (*text == '\0' || strncmp(text, "(null)", 6) == 0 || strncmp(text, "none", 4) == 0) {
		set->is_known = true;
		return true;
	}
	is_list = take_range(set, &text);
	while (is_list && *text == ',') {
		text++;
		is_list = take_range(set, &text);
	}
	while (isspace((unsigned char)*text))
		text++;
	set->is_known = is_list && *text == '\0';
	if (!set->is_known)
		memset(set, 0, sizeof(*set));
	return set->is_known;
}

void wl_core_set_add(struct wl_core_set *set, unsigned core)
{
	if (core < WL_CORE_SET_MAX)
		set->words[core / 64] |= 1ull << (core % 64);
}

bool wl_core_set_has(const struct wl_core_set *set, unsigned core)
{
	return core < WL_CORE_SET_MAX && (set->words[core / 64] >> (core % 64) & 1) != 0;
}

unsigned wl_core_set_count(const struct wl_core_set *set)
{
	unsigned count = 0;

	for (size_t at = 0; at < WL_CORE_SET_MAX / 64; at++)
		count += (unsigned)__builtin_popcountll(set->words[at]);
	return count;
}

struct wl_core_set wl_core_set_minus(const struct wl_core_set *set,
				     const struct wl_core_set *without)
{
	struct wl_core_set left = *set;

	for (size_t at = 0; at < WL_CORE_SET_MAX / 64; at++)
		left.words[at] &= ~without->words[at];
	return left;
}

struct wl_core_set wl_core_set_both(const struct wl_core_set *a, const struct wl_core_set *b)
{
	struct wl_core_set both = *a;

	both.is_known = a->is_known && b->is_known;
	for (size_t at = 0; at < WL_CORE_SET_MAX / 64; at++)
		both.words[at] &= b->words[at];
	return both;
}

void wl_core_set_print(const struct wl_core_set *set, char between, char *text, size_t text_bytes)
{
	size_t used = 0;

	snprintf(text, text_bytes, "none");
	for (unsigned core = 0; core < WL_CORE_SET_MAX && used < text_bytes; core++) {
		unsigned last = core;
		char separator[2] = {used > 0 ? between : '\0', '\0'};

		if (!wl_core_set_has(set, core))
			continue;
		while (wl_core_set_has(set, last + 1))
			last++;
		used += (size_t)(last == core ? snprintf(text + used, text_bytes - used, "%s%u",
							 separator, core)
					      : snprintf(text + used, text_bytes - used, "%s%u-%u",
							 separator, core, last));
		core = last;
	}
}
