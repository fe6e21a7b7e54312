/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From one value's text to the value. Each function returns true and fills *value, or tells the problem
 * under the key and returns false. A NULL text (absent key) leaves *value, the default, as it is.
 * Pure. [init]
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_VALUE_H
#define WL_CONTROL_CONFIG_CONFIG_VALUE_H

#include "control/config/config.h"
#include "dataplane/base/sentence.h"

/* A place in the file: part and element numbers become a path like "workers[0].links[2]". */
struct wl_config_scope {
	struct wl_config_problems *problems;
	char path[WL_CONFIG_KEY_BYTES];
};

struct wl_config_range {
	uint64_t min, max;
};

struct wl_config_word {
	const char *name;
	int value;
};

struct wl_config_scope wl_config_scope_of(struct wl_config_problems *problems, const char *part);
/* parent.part, or parent.part[number] */
struct wl_config_scope wl_config_scope_in(const struct wl_config_scope *parent, const char *part);
struct wl_config_scope wl_config_scope_at(const struct wl_config_scope *parent, const char *part,
					  uint32_t number);
/* Up to three pieces of text behind the key `scope.name` (name "" for the scope itself). */
void wl_config_tell(const struct wl_config_scope *scope, const char *name, int status,
		    const char *wrong, const char *right);
void wl_config_tell_missing(const struct wl_config_scope *scope, const char *name,
			    const char *right);

/* config_check.c: times that would elect for ever. */
void wl_config_check_timing(const struct wl_config *config, struct wl_config_problems *problems);

bool wl_config_take_number(const struct wl_config_scope *scope, const char *name, const char *text,
			   struct wl_config_range range, uint64_t *value);
bool wl_config_take_u32(const struct wl_config_scope *scope, const char *name, const char *text,
			struct wl_config_range range, uint32_t *value);
/* Bytes: a number, or one with KiB, MiB or GiB. */
bool wl_config_take_size(const struct wl_config_scope *scope, const char *name, const char *text,
			 struct wl_config_range range, uint64_t *value);
bool wl_config_take_power_of_two(const struct wl_config_scope *scope, const char *name,
				 uint64_t value);
/* One of the words; the last one has no name. */
bool wl_config_take_word(const struct wl_config_scope *scope, const char *name, const char *text,
			 const struct wl_config_word *words, int *value);
bool wl_config_take_ipv4(const struct wl_config_scope *scope, const char *name, const char *text,
			 uint32_t *value);
bool wl_config_take_mac(const struct wl_config_scope *scope, const char *name, const char *text,
			uint8_t value[6]);
bool wl_config_take_uuid(const struct wl_config_scope *scope, const char *name, const char *text,
			 uint8_t value[16]);
/* Any text that fits and is not empty. */
bool wl_config_take_text(const struct wl_config_scope *scope, const char *name, const char *text,
			 char *value, size_t value_bytes);
/* A path; a relative one is put behind `base` (an abstract socket '@name' is left). */
bool wl_config_take_path(const struct wl_config_scope *scope, const char *name, const char *text,
			 const char *base, struct wl_sentence *value);

#endif
