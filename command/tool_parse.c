/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_parse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

/* ---- numbers ------------------------------------------------------------------------------------ */

/* Digits at *text; moves it behind them. False: there is none, or too many. */
static bool take_digits(const char **text, uint64_t *number)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			return false;
	*number = value;
	return true;
}

bool wl_tool_parse_number(const char *text, uint64_t *number)
{
	uint64_t value, factor = 1;

	if (!take_digits(&text, &value))
		return false;
	switch (*text) {
	case 'k':
		factor = 1000;
		break;
	case 'M':
		factor = 1000000;
		break;
	case 'G':
		factor = 1000000000;
		break;
	}
	if (factor > 1)
		text++;
	if (*text != '\0' || __builtin_mul_overflow(value, factor, &value))
		return false;
	*number = value;
	return true;
}

/* ".25" as nanoseconds of a unit; digits beyond what counts are read and dropped. */
static bool take_fraction(const char **text, uint64_t unit_ns, uint64_t *fraction_ns)
{
	uint64_t value = 0;

	*fraction_ns = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (!isdigit((unsigned char)**text))
		return false;
	for (uint64_t scale = 1; isdigit((unsigned char)**text); (*text)++) {
		if (scale > UINT64_C(100000000000))
			continue;
		value = value * 10 + (uint64_t)(**text - '0');
		scale *= 10;
		*fraction_ns = (uint64_t)((unsigned __int128)value * unit_ns / scale);
	}
	return true;
}

/* ---- durations ---------------------------------------------------------------------------------- */

static uint64_t unit_of(const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", SECOND_NS},
		{"m", 60 * SECOND_NS},
		{"h", 3600 * SECOND_NS},
		{"d", 86400 * SECOND_NS},
	};

	for (size_t at = 0; at < sizeof(units) / sizeof(units[0]); at++)
		if (strcmp(text, units[at].name) == 0)
			return units[at].ns;
	return 0;
}

bool wl_tool_parse_duration(const char *text, uint64_t *duration_ns)
{
	uint64_t whole, fraction, unit;

	if (!take_digits(&text, &whole))
		return false;
	unit = unit_of(text + strspn(text, ".0123456789"));
	if (unit == 0 || !take_fraction(&text, unit, &fraction) || unit_of(text) != unit ||
	    __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, fraction, &whole))
		return false;
	*duration_ns = whole;
	return true;
}

/* ---- times -------------------------------------------------------------------------------------- */

static bool parse_unix(const char *text, uint64_t *time_ns)
{
	uint64_t seconds, fraction;

	if (!take_digits(&text, &seconds) || !take_fraction(&text, SECOND_NS, &fraction) ||
	    *text != '\0' || __builtin_mul_overflow(seconds, SECOND_NS, &seconds) ||
	    __builtin_add_overflow(seconds, fraction, &seconds))
		return false;
	*time_ns = seconds;
	return true;
}

/* "Z", "+01:00", or nothing. `zone_s` is how far that zone's clocks are ahead. */
static bool parse_zone(const char *text, bool *local, long *zone_s)
{
	int hours, minutes, length = 0;
	char sign;

	*local = *text == '\0';
	*zone_s = 0;
	if (*local || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 ||
	    text[length] != '\0' || (sign != '+' && sign != '-') || hours < 0 || hours > 23 ||
	    minutes < 0 || minutes > 59)
		return false;
	*zone_s = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

static bool parse_date(const char *text, uint64_t *time_ns)
{
	struct tm tm = {.tm_isdst = -1}, read;
	uint64_t fraction = 0;
	long zone_s;
	bool local;
	time_t seconds;
	const char *rest = strptime(text, "%Y-%m-%d", &tm);

	if (rest == NULL)
		return false;
	if (*rest == 'T' || *rest == 't' || *rest == ' ') {
		rest++;
		rest += strspn(rest, " ");
		text = rest;
		rest = strptime(text, "%H:%M:%S", &tm);
		if (rest == NULL)
			rest = strptime(text, "%H:%M", &tm);
		if (rest == NULL || !take_fraction(&rest, SECOND_NS, &fraction))
			return false;
	}
	if (!parse_zone(rest, &local, &zone_s))
		return false;
	read = tm;
	tm.tm_isdst = -1;
	seconds = local ? mktime(&tm) : timegm(&tm);
	/* What was moved into another day or hour did not exist: the 31st of April. */
	if (tm.tm_mday != read.tm_mday || tm.tm_mon != read.tm_mon)
		return false;
	seconds -= zone_s;
	/* The last second whose nanoseconds fit is in 2554. */
	if (seconds < 0 || (uint64_t)seconds >= UINT64_MAX / SECOND_NS)
		return false;
	*time_ns = (uint64_t)seconds * SECOND_NS + fraction;
	return true;
}

bool wl_tool_parse_time(const char *text, uint64_t now_ns, uint64_t *time_ns)
{
	uint64_t duration;

	if (text[0] == '@')
		return parse_unix(text + 1, time_ns);
	if (wl_tool_parse_duration(text + (text[0] == '+'), &duration)) {
		if (text[0] == '+')
			*time_ns = duration > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + duration;
		else
			*time_ns = duration > now_ns ? 0 : now_ns - duration;
		return true;
	}
	return parse_date(text, time_ns);
}
