/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the table of messages as blocks of Markdown, each behind a line "@name"; scripts/wire-page puts them into docs/WIRE.md. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/wire/wire.h"

static const char *side(enum wl_wire_side side)
{
	return side == WL_WIRE_NODE ? "node" : side == WL_WIRE_CLIENT ? "client" : "node, client";
}

static const char *right_text(enum wl_right right)
{
	return right == WL_RIGHT_READ ? "read" : right == WL_RIGHT_APPEND ? "append" : "cluster";
}

/* As a reader of bytes sees it. */
static const char *type_text(const char *type)
{
	static const char *const texts[][2] = {
		{"position", "u64 + u64"}, {"endpoint", "text"},
		{"label", "text"},	   {"rest", ""},
		{"members", ""},	   {"facts", "u32 + u64s"},
		{"histories", "u64s"},
	};

	for (size_t at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		if (strcmp(texts[at][0], type) == 0)
			return texts[at][1];
	}
	return type;
}

static void print_bits(uint64_t set)
{
	const char *comma = "";

	for (uint64_t bit = 1; bit != 0 && bit <= set; bit <<= 1) {
		if ((set & bit) == 0)
			continue;
		printf("%s%" PRIu64, comma, bit);
		comma = ", ";
	}
}

static void print_range(struct wl_wire_range range)
{
	if (range.bits)
		print_bits(range.most);
	else if (range.most == UINT64_MAX)
		printf("%s", range.least == 0 ? "" : "not 0");
	else if (range.most == 0)
		printf("0 or negative");
	else if (range.most == INT64_MAX)
		printf("below 2^63");
	else if (range.least == range.most)
		printf("%" PRIu64, range.least);
	else
		printf("%s%" PRIu64 "..%" PRIu64, range.or_0 ? "0, " : "", range.least, range.most);
}

/* clang-format off */
#define FIELD(type, name, unit, range, what) \
	printf("| %u | %s | " #name " | " #unit " | ", offset, type_text(#type)); \
	print_range(WL_WIRE_RANGE_##range); \
	printf(" | %s |\n", what); \
	offset += WL_WIRE_BYTES_##type; \
	follows |= WL_WIRE_BYTES_##type == 0;
#define RESERVED(bytes) \
	printf("| %u | %u bytes | reserved | | 0 | |\n", offset, bytes); \
	offset += bytes;
#define RULE(condition, what) printf("; %s", what);
#define LAYOUT(kind, SIZE, layout) \
	{ \
		bool follows = strcmp(#kind, "HEAD") == 0; \
		unsigned offset = 0; \
	\
		printf("@" #layout "\n| offset | type | field | unit | accepted | |\n" \
		       "|---|---|---|---|---|---|\n"); \
		WL_WIRE_FIELDS_##layout(FIELD, RESERVED, WL_WIRE_NOTHING) \
		printf("\n%u bytes%s", offset, follows ? " and what follows" : ""); \
		WL_WIRE_FIELDS_##layout(WL_WIRE_NOTHING, WL_WIRE_NOTHING, RULE) \
		printf(".\n"); \
	}
#define MESSAGE(NAME, name, number, layout, from, to, right, server, answer) \
	printf("| %d | " #NAME " | %s -> %s | %s | %s | %s |\n", number, side(WL_WIRE_##from), \
	       side(WL_WIRE_##to), right_text(WL_RIGHT_##right), strcmp(#server, "nobody") == 0 ? "" : #server, answer);

int main(void)
{
	printf("@messages\n| type | name | from -> to | right | served at a node by | answered by |\n"
	       "|---|---|---|---|---|---|\n");
	WL_WIRE_MESSAGES(MESSAGE)
	WL_WIRE_LAYOUTS(LAYOUT)
	return 0;
}
