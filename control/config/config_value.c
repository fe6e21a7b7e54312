/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_value.h"

#include <string.h>

#include "dataplane/base/cluster_id.h"

struct wl_config_problem *wl_config_add_problem(struct wl_config_problems *problems, int status,
						const char *key, const char *text)
{
	struct wl_config_problem *problem;
	struct wl_sentence sentence;

	if (problems->count < WL_CONFIG_PROBLEMS_MAX)
		problems->count++;
	problem = &problems->item[problems->count - 1];
	memset(problem, 0, sizeof(*problem));
	problem->status = status;
	sentence = wl_sentence_begin(problem->key, sizeof(problem->key));
	wl_sentence_add(&sentence, key);
	sentence = wl_sentence_begin(problem->text, sizeof(problem->text));
	wl_sentence_add(&sentence, text);
	return problem;
}

struct wl_config_scope wl_config_scope_of(struct wl_config_problems *problems, const char *part)
{
	struct wl_config_scope scope = {.problems = problems};
	struct wl_sentence path = wl_sentence_begin(scope.path, sizeof(scope.path));

	wl_sentence_add(&path, part);
	return scope;
}

struct wl_config_scope wl_config_scope_in(const struct wl_config_scope *parent, const char *part)
{
	struct wl_config_scope scope = wl_config_scope_of(parent->problems, parent->path);
	struct wl_sentence path = {scope.path, sizeof(scope.path), strlen(scope.path)};

	if (path.used > 0)
		wl_sentence_add(&path, ".");
	wl_sentence_add(&path, part);
	return scope;
}

struct wl_config_scope wl_config_scope_at(const struct wl_config_scope *parent, const char *part,
					  uint32_t number)
{
	struct wl_config_scope scope = wl_config_scope_in(parent, part);
	struct wl_sentence path = {scope.path, sizeof(scope.path), strlen(scope.path)};

	wl_sentence_add(&path, "[");
	wl_sentence_add_number(&path, number);
	wl_sentence_add(&path, "]");
	return scope;
}

void wl_config_tell(const struct wl_config_scope *scope, const char *name, int status,
		    const char *wrong, const char *right)
{
	struct wl_config_scope key = name[0] ? wl_config_scope_in(scope, name) : *scope;
	char text[320];
	struct wl_sentence sentence = wl_sentence_begin(text, sizeof(text));

	wl_sentence_add(&sentence, wrong);
	if (right[0] != '\0')
		wl_sentence_add(&sentence, "; ");
	wl_sentence_add(&sentence, right);
	wl_config_add_problem(scope->problems, status, key.path, text);
}

void wl_config_tell_missing(const struct wl_config_scope *scope, const char *name,
			    const char *right)
{
	wl_config_tell(scope, name, WIRELOG_CONFIG_VALUE, "is missing", right);
}

/* "'abc' is not ...; <right>" */
static bool tell_value(const struct wl_config_scope *scope, const char *name, const char *text,
		       const char *what, const char *right)
{
	char wrong[160];
	struct wl_sentence sentence = wl_sentence_begin(wrong, sizeof(wrong));

	wl_sentence_add(&sentence, "'");
	wl_sentence_add_part(&sentence, text, 60);
	wl_sentence_add(&sentence, "' ");
	wl_sentence_add(&sentence, what);
	wl_config_tell(scope, name, WIRELOG_CONFIG_VALUE, wrong, right);
	return false;
}

static void add_size(struct wl_sentence *sentence, uint64_t bytes)
{
	static const char *const suffixes[] = {"", " KiB", " MiB", " GiB"};
	unsigned power = 0;

	while (power < 3 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		power++;
	}
	wl_sentence_add_number(sentence, bytes);
	wl_sentence_add(sentence, suffixes[power]);
}

static bool tell_range(const struct wl_config_scope *scope, const char *name, const char *text,
		       struct wl_config_range range, bool size)
{
	char right[160];
	struct wl_sentence sentence = wl_sentence_begin(right, sizeof(right));

	wl_sentence_add(&sentence, size ? "a size from " : "a whole number from ");
	if (size)
		add_size(&sentence, range.min);
	else
		wl_sentence_add_number(&sentence, range.min);
	wl_sentence_add(&sentence, " to ");
	if (size)
		add_size(&sentence, range.max);
	else
		wl_sentence_add_number(&sentence, range.max);
	wl_sentence_add(&sentence,
			size ? " (also with KiB, MiB, GiB) would be right" : " would be right");
	return tell_value(scope, name, text, "is wrong", right);
}

/* Decimal digits at *text; false when there are none or too many. */
static bool read_digits(const char **text, uint64_t *value)
{
	const char *at = *text;

	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*value > (UINT64_MAX - 9) / 10)
			return false;
		*value = *value * 10 + (uint64_t)(*at - '0');
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

bool wl_config_take_number(const struct wl_config_scope *scope, const char *name, const char *text,
			   struct wl_config_range range, uint64_t *value)
{
	const char *at = text;
	uint64_t number;

	if (!text)
		return true;
	if (!read_digits(&at, &number) || *at != '\0' || number < range.min || number > range.max)
		return tell_range(scope, name, text, range, false);
	*value = number;
	return true;
}

bool wl_config_take_u32(const struct wl_config_scope *scope, const char *name, const char *text,
			struct wl_config_range range, uint32_t *value)
{
	uint64_t number = *value;
	bool ok = wl_config_take_number(scope, name, text, range, &number);

	*value = (uint32_t)number;
	return ok;
}

bool wl_config_take_size(const struct wl_config_scope *scope, const char *name, const char *text,
			 struct wl_config_range range, uint64_t *value)
{
	static const struct {
		const char *suffix;
		unsigned shift;
	} units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	const char *at = text;
	uint64_t number;

	if (!text)
		return true;
	if (!read_digits(&at, &number))
		return tell_range(scope, name, text, range, true);
	while (*at == ' ')
		at++;
	for (unsigned unit = 0; unit < sizeof(units) / sizeof(units[0]); unit++) {
		if (strcmp(at, units[unit].suffix) != 0)
			continue;
		if (number > UINT64_MAX >> units[unit].shift)
			break;
		number <<= units[unit].shift;
		if (number < range.min || number > range.max)
			break;
		*value = number;
		return true;
	}
	return tell_range(scope, name, text, range, true);
}

bool wl_config_take_power_of_two(const struct wl_config_scope *scope, const char *name,
				 uint64_t value)
{
	char wrong[80], right[80];
	struct wl_sentence sentence = wl_sentence_begin(wrong, sizeof(wrong));
	uint64_t below = value;

	if (value != 0 && (value & (value - 1)) == 0)
		return true;
	while (below & (below - 1))
		below &= below - 1;
	add_size(&sentence, value);
	wl_sentence_add(&sentence, " is not a power of two");
	sentence = wl_sentence_begin(right, sizeof(right));
	add_size(&sentence, below);
	wl_sentence_add(&sentence, " or ");
	add_size(&sentence, below * 2);
	wl_sentence_add(&sentence, " would be right");
	wl_config_tell(scope, name, WIRELOG_CONFIG_VALUE, wrong, right);
	return false;
}

bool wl_config_take_word(const struct wl_config_scope *scope, const char *name, const char *text,
			 const struct wl_config_word *words, int *value)
{
	char right[200];
	struct wl_sentence sentence = wl_sentence_begin(right, sizeof(right));

	if (!text)
		return true;
	wl_sentence_add(&sentence, "one of");
	for (; words->name; words++) {
		if (strcmp(text, words->name) == 0) {
			*value = words->value;
			return true;
		}
		wl_sentence_add(&sentence, " ");
		wl_sentence_add(&sentence, words->name);
		if (words[1].name)
			wl_sentence_add(&sentence, ",");
	}
	wl_sentence_add(&sentence, " would be right");
	return tell_value(scope, name, text, "is not known", right);
}

bool wl_config_take_ipv4(const struct wl_config_scope *scope, const char *name, const char *text,
			 uint32_t *value)
{
	const char *at = text;
	uint32_t address = 0;
	bool ok = true;

	if (!text)
		return true;
	for (unsigned part = 0; part < 4 && ok; part++) {
		uint64_t number;

		ok = (part == 0 || *at++ == '.') && read_digits(&at, &number) && number <= 255;
		address = address << 8 | (uint32_t)(ok ? number : 0);
	}
	if (!ok || *at != '\0' || address == 0 || address == UINT32_MAX || address >> 28 == 0xe)
		return tell_value(scope, name, text, "is not the IPv4 address of a host",
				  "something like 192.0.2.11 would be right");
	*value = address;
	return true;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool wl_config_take_mac(const struct wl_config_scope *scope, const char *name, const char *text,
			uint8_t value[6])
{
	uint8_t mac[6];
	bool ok;

	if (!text)
		return true;
	ok = strlen(text) == 17;
	for (unsigned at = 0; at < 6 && ok; at++) {
		int high = hex_digit(text[3 * at]), low = hex_digit(text[3 * at + 1]);

		ok = high >= 0 && low >= 0 && (at == 5 || text[3 * at + 2] == ':');
		mac[at] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	if (!ok || (mac[0] & 1) != 0)
		return tell_value(scope, name, text, "is not the Ethernet address of a host",
				  "something like 02:00:00:00:00:01 would be right");
	memcpy(value, mac, sizeof(mac));
	return true;
}

bool wl_config_take_uuid(const struct wl_config_scope *scope, const char *name, const char *text,
			 uint8_t value[16])
{
	if (!text || wl_cluster_id_parse(text, value))
		return true;
	return tell_value(
		scope, name, text, "is not a UUID",
		"32 hexadecimal digits as 8-4-4-4-12, as uuidgen prints them, would be right");
}

bool wl_config_take_text(const struct wl_config_scope *scope, const char *name, const char *text,
			 char *value, size_t value_bytes)
{
	char right[80];
	struct wl_sentence sentence = wl_sentence_begin(right, sizeof(right));

	if (!text)
		return true;
	if (text[0] != '\0' && strlen(text) < value_bytes) {
		memcpy(value, text, strlen(text) + 1);
		return true;
	}
	wl_sentence_add(&sentence, "1 to ");
	wl_sentence_add_number(&sentence, value_bytes - 1);
	wl_sentence_add(&sentence, " characters would be right");
	return tell_value(scope, name, text, text[0] ? "is too long" : "is empty", right);
}

bool wl_config_take_path(const struct wl_config_scope *scope, const char *name, const char *text,
			 const char *base, struct wl_sentence *value)
{
	char right[80];
	struct wl_sentence sentence = wl_sentence_begin(right, sizeof(right));
	bool relative = text && text[0] != '/' && text[0] != '@' && base[0] != '\0';
	size_t bytes = text ? strlen(text) + (relative ? strlen(base) + 1 : 0) : 0;

	if (!text)
		return true;
	if (text[0] != '\0' && bytes < value->size) {
		if (relative) {
			wl_sentence_add(value, base);
			wl_sentence_add(value, "/");
		}
		wl_sentence_add(value, text);
		return true;
	}
	wl_sentence_add(&sentence, "a path of at most ");
	wl_sentence_add_number(&sentence, value->size - 1);
	wl_sentence_add(&sentence, " characters, made absolute, would be right");
	return tell_value(scope, name, text, text[0] ? "is too long" : "is empty", right);
}
