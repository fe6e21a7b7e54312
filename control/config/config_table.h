/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of config_keys.h as data: what a key is, and what can be done with any of them without knowing which it is.
 *
 * Constant. Pure. [any]; take, defaults [init], or whoever reads a file again
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_TABLE_H
#define WL_CONTROL_CONFIG_CONFIG_TABLE_H

#include "control/config/config_value.h"
#include "dataplane/base/journal_limits.h"
#include "dataplane/wire/greeting.h"

enum wl_config_section_id {
#define WL_CONFIG_SECTION_ENUM(ID, LIST, path, text, values, sentence) WL_CONFIG_SECTION_##ID,
	WL_CONFIG_SECTION_LIST(WL_CONFIG_SECTION_ENUM)
#undef WL_CONFIG_SECTION_ENUM
		WL_CONFIG_SECTIONS,
};

enum wl_config_shape {
	WL_CONFIG_OTHER = 0, /* code of its own takes it */
	WL_CONFIG_NUMBER,
	WL_CONFIG_SIZE,
	WL_CONFIG_CHOICE,
	WL_CONFIG_TEXT,
	WL_CONFIG_PATH,
	WL_CONFIG_IPV4,
	WL_CONFIG_MAC,
	WL_CONFIG_UUID,
};

struct wl_config_key {
	const char *name; /* in the file */
	const char *member; /* in the section's struct, and in the status; NULL: of OTHER */
	enum wl_config_shape shape;
	const char *unit; /* of a number in the file; "": a count */
	uint64_t scale; /* the member holds so many for each of the file's */
	struct wl_config_range range; /* in the file's unit */
	uint64_t standard; /* the default, in the file's unit; 0: none, or code */
	const char *standard_text; /* of a path; NULL: none */
	const struct wl_config_word *words; /* of a choice */
	const char *range_words, *default_words; /* for the reference; NULL: as the fields above */
	const char *needed; /* it must be there, and this would be right; NULL: may be left out */
	bool power_of_two, alike, live;
	uint32_t fact; /* enum wl_fact and one; 0: nodes do not tell each other */
	uint32_t first; /* enum wl_journal_limit and one; 0: it is no limit of a journal */
	uint32_t kinds; /* of links, a bit for each; 0: all */
	const char *example; /* NULL: the default */
	const char *sentence;
	size_t text_at; /* in the section's struct of text */
	size_t value_at, value_bytes; /* in the section's struct of values */
};

struct wl_config_section {
	const char *path; /* "timing", "workers[].links[]"; "": the top */
	const char *sentence;
	const struct wl_config_key *keys;
	size_t count;
};

struct wl_config_section wl_config_section(enum wl_config_section_id id);
/* Its values are members of struct wl_config itself, not of an element of a list. */
bool wl_config_section_is_single(enum wl_config_section_id id);
/* "timing.resend_us" */
struct wl_sentence wl_config_key_path(enum wl_config_section_id id, const struct wl_config_key *key,
				      char *to, size_t bytes);

/* Puts the defaults of a section into its struct of values. */
void wl_config_set_defaults(enum wl_config_section_id id, void *values);
/* The keys that have a shape from the section's struct of text; problems are told under `scope`. `base`: wl_config_check. */
void wl_config_take_section(const struct wl_config_scope *scope, enum wl_config_section_id id,
			    const void *text, const char *base, void *values);

/* A number, size or choice as it is kept. `values`: the section's struct. */
uint64_t wl_config_number_of(const struct wl_config_key *key, const void *values);
/* The word of a choice. */
const char *wl_config_word_of(const struct wl_config_key *key, const void *values);

/* What nodes compare of it (COMPARED), each as the file says it. */
void wl_config_set_facts(const struct wl_config *config, uint64_t facts[WL_FACTS]);
/* The limits of a journal that has none in its state (FIRST). */
void wl_config_limits(const struct wl_config *config, struct wl_journal_limits *limits);

#endif
