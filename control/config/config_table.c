/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_table.h"

#include <string.h>

#include "dataplane/base/check.h"

/* ---- the lists as rows -------------------------------------------------------------------------- */

#define WORD(word, value) {#word, value},
static const struct wl_config_word choices[] = {WL_CONFIG_WORDS_choices(WORD){NULL, 0}};
static const struct wl_config_word switches[] = {WL_CONFIG_WORDS_switches(WORD){NULL, 0}};
static const struct wl_config_word pages[] = {WL_CONFIG_WORDS_pages(WORD){NULL, 0}};
static const struct wl_config_word strategies[] = {WL_CONFIG_WORDS_strategies(WORD){NULL, 0}};
static const struct wl_config_word levels[] = {WL_CONFIG_WORDS_levels(WORD){NULL, 0}};
static const struct wl_config_word destinations[] = {WL_CONFIG_WORDS_destinations(WORD){NULL, 0}};

#define UNIT_one .unit = "", .scale = 1
#define UNIT_us .unit = "us", .scale = 1000
#define UNIT_ms .unit = "ms", .scale = 1000000
#define UNIT_s .unit = "s", .scale = 1000000000
#define UNIT_mib .unit = "MiB", .scale = 1

#define AT(to) \
	.member = #to, .value_at = offsetof(VALUES, to), .value_bytes = sizeof(((VALUES *)0)->to)
#define NUMBER(to, unit_, low, high, standard_)                                \
	.shape = WL_CONFIG_NUMBER, AT(to), UNIT_##unit_, .range = {low, high}, \
	.standard = standard_,
#define SIZE(to, low, high, standard_)                                                 \
	.shape = WL_CONFIG_SIZE, AT(to), .unit = "", .scale = 1, .range = {low, high}, \
	.standard = standard_,
#define CHOICE(to, words_, standard_) \
	.shape = WL_CONFIG_CHOICE, AT(to), .scale = 1, .words = words_, .standard = standard_,
#define TEXT(to) .shape = WL_CONFIG_TEXT, AT(to), .range = {0, sizeof(((VALUES *)0)->to)},
#define PATH(to, bytes, standard_) \
	.shape = WL_CONFIG_PATH, AT(to), .range = {0, bytes}, .standard_text = standard_,
#define IPV4(to) .shape = WL_CONFIG_IPV4, AT(to),
#define MAC(to) .shape = WL_CONFIG_MAC, AT(to),
#define UUID(to) .shape = WL_CONFIG_UUID, AT(to),
#define OTHER(words_) .shape = WL_CONFIG_OTHER, .range_words = words_,

#define NEEDED(right) .needed = right,
#define POWER_OF_TWO .power_of_two = true,
#define DEFAULT(words_) .default_words = words_,
#define ALIKE .alike = true,
#define COMPARED(fact_) .alike = true, .fact = 1 + WL_FACT_##fact_,
#define LIVE .live = true,
#define FIRST(limit_) .first = 1 + WL_LIMIT_##limit_,
#define OF(kinds_) .kinds = kinds_,

#define ROW(key, shape_, rules, example_, sentence_) \
	{.name = #key,                               \
	 .text_at = offsetof(STRUCT, key),           \
	 shape_ rules.example = example_,            \
	 .sentence = sentence_},

/* A function for each section: STRUCT and VALUES mean the structs of that one. */
#define SECTION(ID, LIST, path, text, values, sentence)                          \
	static struct wl_config_section section_##ID(void) {                     \
		typedef text STRUCT;                                             \
		typedef values VALUES;                                           \
		static const struct wl_config_key keys[] = {LIST(ROW)};          \
                                                                                 \
		(void)sizeof(VALUES); /* a section may have nothing but OTHER */ \
		return (struct wl_config_section){path, sentence, keys,          \
						  sizeof(keys) / sizeof(*keys)}; \
	}
WL_CONFIG_SECTION_LIST(SECTION)

#define FUNCTION(ID, LIST, path, text, values, sentence) section_##ID,
struct wl_config_section wl_config_section(enum wl_config_section_id id)
{
	static struct wl_config_section (*const sections[])(void) = {
		WL_CONFIG_SECTION_LIST(FUNCTION)};

	WL_CHECK((unsigned)id < WL_CONFIG_SECTIONS);
	return sections[id]();
}

bool wl_config_section_is_single(enum wl_config_section_id id)
{
	return id != WL_CONFIG_SECTION_JOURNALS && id != WL_CONFIG_SECTION_NODES &&
	       id != WL_CONFIG_SECTION_WORKERS && id != WL_CONFIG_SECTION_LINKS &&
	       id != WL_CONFIG_SECTION_CLIENTS;
}

struct wl_sentence wl_config_key_path(enum wl_config_section_id id, const struct wl_config_key *key,
				      char *to, size_t bytes)
{
	struct wl_sentence path = wl_sentence_begin(to, bytes);

	wl_sentence_add(&path, wl_config_section(id).path);
	wl_sentence_add(&path, path.used > 0 ? "." : "");
	wl_sentence_add(&path, key->name);
	return path;
}

/* ---- values ------------------------------------------------------------------------------------- */

/* A whole number of the member's own size; what does not fit is a mistake in the table. */
static void store(const struct wl_config_key *key, void *values, uint64_t number)
{
	uint8_t *to = (uint8_t *)values + key->value_at;
	uint32_t word = (uint32_t)number;
	uint16_t half = (uint16_t)number;
	uint8_t byte = (uint8_t)number;

	WL_CHECK(key->value_bytes == 8 || number >> (8 * key->value_bytes) == 0);
	switch (key->value_bytes) {
	case 8:
		memcpy(to, &number, 8);
		break;
	case 4:
		memcpy(to, &word, 4);
		break;
	case 2:
		memcpy(to, &half, 2);
		break;
	default:
		WL_CHECK(key->value_bytes == 1);
		*to = byte;
	}
}

uint64_t wl_config_number_of(const struct wl_config_key *key, const void *values)
{
	const uint8_t *from = (const uint8_t *)values + key->value_at;
	uint64_t number;
	uint32_t word;
	uint16_t half;

	switch (key->value_bytes) {
	case 8:
		memcpy(&number, from, 8);
		return number;
	case 4:
		memcpy(&word, from, 4);
		return word;
	case 2:
		memcpy(&half, from, 2);
		return half;
	default:
		WL_CHECK(key->value_bytes == 1);
		return *from;
	}
}

const char *wl_config_word_of(const struct wl_config_key *key, const void *values)
{
	const struct wl_config_word *word = key->words;

	while (word->name && (uint64_t)word->value != wl_config_number_of(key, values))
		word++;
	return word->name;
}

void wl_config_set_defaults(enum wl_config_section_id id, void *values)
{
	struct wl_config_section section = wl_config_section(id);

	for (size_t at = 0; at < section.count; at++)
		if (section.keys[at].standard != 0)
			store(&section.keys[at], values,
			      section.keys[at].standard * section.keys[at].scale);
}

/* ---- from text ---------------------------------------------------------------------------------- */

static void take_number(const struct wl_config_scope *scope, const struct wl_config_key *key,
			const char *text, void *values)
{
	uint64_t number = 0;
	bool taken = key->shape == WL_CONFIG_SIZE
			     ? wl_config_take_size(scope, key->name, text, key->range, &number)
			     : wl_config_take_number(scope, key->name, text, key->range, &number);

	if (!taken || !text)
		return;
	if (key->power_of_two)
		wl_config_take_power_of_two(scope, key->name, number);
	store(key, values, number * key->scale);
}

static void take_choice(const struct wl_config_scope *scope, const struct wl_config_key *key,
			const char *text, void *values)
{
	int value;

	if (text && wl_config_take_word(scope, key->name, text, key->words, &value))
		store(key, values, (uint64_t)value);
}

static void take_path(const struct wl_config_scope *scope, const struct wl_config_key *key,
		      const char *text, const char *base, char *to)
{
	struct wl_sentence path = wl_sentence_begin(to, key->range.max);

	wl_config_take_path(scope, key->name, text ? text : key->standard_text, base, &path);
}

static void take_key(const struct wl_config_scope *scope, const struct wl_config_key *key,
		     const char *text, const char *base, void *values)
{
	uint8_t *to = (uint8_t *)values + key->value_at;
	uint32_t ipv4 = 0;

	if (!text && key->needed)
		wl_config_tell_missing(scope, key->name, key->needed);
	switch (key->shape) {
	case WL_CONFIG_OTHER:
		break;
	case WL_CONFIG_NUMBER:
	case WL_CONFIG_SIZE:
		take_number(scope, key, text, values);
		break;
	case WL_CONFIG_CHOICE:
		take_choice(scope, key, text, values);
		break;
	case WL_CONFIG_TEXT: /* "" is as good as none */
		if (text && text[0] != '\0')
			wl_config_take_text(scope, key->name, text, (char *)to, key->range.max);
		break;
	case WL_CONFIG_PATH:
		take_path(scope, key, text, base, (char *)to);
		break;
	case WL_CONFIG_IPV4:
		if (text && wl_config_take_ipv4(scope, key->name, text, &ipv4))
			store(key, values, ipv4);
		break;
	case WL_CONFIG_MAC:
		wl_config_take_mac(scope, key->name, text, to);
		break;
	case WL_CONFIG_UUID:
		wl_config_take_uuid(scope, key->name, text, to);
		break;
	}
}

void wl_config_take_section(const struct wl_config_scope *scope, enum wl_config_section_id id,
			    const void *text, const char *base, void *values)
{
	struct wl_config_section section = wl_config_section(id);

	for (size_t at = 0; at < section.count; at++) {
		const struct wl_config_key *key = &section.keys[at];
		const char *value;

		memcpy(&value, (const uint8_t *)text + key->text_at, sizeof(value));
		take_key(scope, key, value, base, values);
	}
}

/* ---- what nodes compare ------------------------------------------------------------------------- */

void wl_config_set_facts(const struct wl_config *config, uint64_t facts[WL_FACTS])
{
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);

		for (size_t at = 0; at < section.count; at++) {
			const struct wl_config_key *key = &section.keys[at];

			if (key->fact != 0)
				facts[key->fact - 1] =
					wl_config_number_of(key, config) / key->scale;
		}
	}
}

void wl_config_limits(const struct wl_config *config, struct wl_journal_limits *limits)
{
	*limits = (struct wl_journal_limits){0};
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);

		for (size_t at = 0; at < section.count; at++) {
			const struct wl_config_key *key = &section.keys[at];

			if (key->first != 0)
				limits->value[key->first - 1] = wl_config_number_of(key, config);
		}
	}
}
