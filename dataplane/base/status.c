/* SPDX-License-Identifier: BSD-3-Clause */
#include "wirelog/status.h"

#include <stddef.h>
#include <strings.h>
#include <sysexits.h>

struct text {
	int number, exit_code;
	const char *name, *cause, *fix;
};

static const struct text texts[] = {
#define TEXT(name, number, exit, cause, fix) {-(number), exit, #name, cause, fix},
	WIRELOG_STATUS_LIST(TEXT)
#undef TEXT
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const struct text *text_of(int status)
{
	static const struct text unknown = {1, EX_SOFTWARE, "UNKNOWN",
					    "This number is no code of wirelog.",
					    "`wirelog explain` lists all codes."};

	for (size_t at = 0; at < TEXTS; at++) {
		if (texts[at].number == status)
			return &texts[at];
	}
	return &unknown;
}

const char *wirelog_status_name(int status)
{
	return text_of(status)->name;
}

const char *wirelog_status_cause(int status)
{
	return text_of(status)->cause;
}

const char *wirelog_status_fix(int status)
{
	return text_of(status)->fix;
}

int wirelog_status_exit_code(int status)
{
	return text_of(status)->exit_code;
}

int wirelog_status_by_name(const char *name)
{
	if (strncasecmp(name, "WIRELOG_", 8) == 0)
		name += 8;
	for (size_t at = 0; at < TEXTS; at++) {
		if (strcasecmp(name, texts[at].name) == 0)
			return texts[at].number;
	}
	return 1;
}
