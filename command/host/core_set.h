/* SPDX-License-Identifier: BSD-3-Clause */
/* Cores as the kernel writes them in lists ("0-3,8"). Pure. [any] */
#ifndef WL_COMMAND_HOST_CORE_SET_H
#define WL_COMMAND_HOST_CORE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_CORE_SET_MAX 1024u

struct wl_core_set {
	bool is_known; /* it was read; an empty set may be known */
	uint64_t words[WL_CORE_SET_MAX / 64];
};

/* A list, also an empty one, "(null)" or "none". False, and a set that is not known, for anything else. */
bool wl_core_set_parse(struct wl_core_set *set, const char *text);
void wl_core_set_add(struct wl_core_set *set, unsigned core);
bool wl_core_set_has(const struct wl_core_set *set, unsigned core);
unsigned wl_core_set_count(const struct wl_core_set *set);
/* What is in `set` and not in `without`. */
struct wl_core_set wl_core_set_minus(const struct wl_core_set *set,
				     const struct wl_core_set *without);
/* What is in both. */
struct wl_core_set wl_core_set_both(const struct wl_core_set *a, const struct wl_core_set *b);
/* As a list; "none" for an empty set. `between` stands between two ranges. Cut at the end of `text`. */
void wl_core_set_print(const struct wl_core_set *set, char between, char *text, size_t text_bytes);

#endif
