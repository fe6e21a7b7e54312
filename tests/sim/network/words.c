/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/network/words.h"

#include <inttypes.h>
#include <string.h>

#include "dataplane/wire/frame.h"
#include "tests/unit/dataplane/wire/decodes.h"

static const char *const names[WL_WIRE_TYPES] = {
#define NAME(NAME, name, number, layout, from, to, right, server, answer) [number] = #NAME,
	WL_WIRE_MESSAGES(NAME)
#undef NAME
};

bool sim_words_decode(uint8_t type, const uint8_t *payload, size_t bytes)
{
	return wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_ANY, type) &&
	       wire_decodes(type, payload, bytes);
}

const char *sim_words_name(uint8_t type)
{
	return type < WL_WIRE_TYPES ? names[type] : NULL;
}

uint8_t sim_words_type(const char *name)
{
	for (uint8_t type = 0; type < WL_WIRE_TYPES; type++) {
		if (names[type] && strcmp(names[type], name) == 0)
			return type;
	}
	return 0;
}

uint8_t sim_words_of_frame(const uint8_t *frame, size_t size)
{
	struct wl_frame_header header;

	if (size < WL_FRAME_ENVELOPE_BYTES ||
	    wl_frame_decode_header(frame + WL_FRAME_ENVELOPE_BYTES, size - WL_FRAME_ENVELOPE_BYTES,
				   &header) != WL_FRAME_OK)
		return 0;
	return header.type;
}

/* ---- text -------------------------------------------------------------------------------------- */

static void say_integer(FILE *file, const char *name, const char *unit, uint64_t value)
{
	if (value == 0)
		return;
	if (strcmp(unit, "id") == 0)
		fprintf(file, " %s %" PRIx64, name, value);
	else
		fprintf(file, " %s %" PRId64, name, (int64_t)value);
}

static void say_position(FILE *file, const char *name, const char *unit, struct wl_position value)
{
	(void)unit;
	fprintf(file, " %s %" PRIu64 ":%" PRIu64, name, value.term, value.index);
}

static void say_facts(FILE *file, const char *name, const char *unit, const uint64_t *facts)
{
	(void)name, (void)unit;
	for (enum wl_fact fact = 0; fact < WL_FACTS; fact++)
		fprintf(file, " %s %" PRIu64, wl_greeting_fact_name(fact), facts[fact]);
}

static void say_histories(FILE *file, const char *name, const char *unit, const uint64_t *histories)
{
	(void)unit;
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++)
		if (histories[journal] != 0)
			fprintf(file, " %s %u %016" PRIx64, name, journal, histories[journal]);
}

static void say_endpoint(FILE *file, const char *name, const char *unit, const char *text)
{
	(void)unit;
	fprintf(file, " %s '%s'", name, text);
}

#define say_label say_endpoint
#define say_u8 say_integer
#define say_u16 say_integer
#define say_u32 say_integer
#define say_u64 say_integer
#define say_i16(file, name, unit, value) say_integer(file, name, unit, (uint64_t)(value))
#define say_i32 say_i16
/* Bytes that follow are told by their count; lists that are worth it, below. */
#define say_rest(file, name, unit, value)
#define say_members(file, name, unit, value)

#define SAY(type, name, unit, range, what) say_##type(file, #name, #unit, m->name);
#define PRINT(kind, SIZE, layout)                                                \
	static void print_##layout(FILE *file, const struct wl_wire_##layout *m) \
	{                                                                        \
		(void)file, (void)m;                                             \
		WL_WIRE_FIELDS_##layout(SAY, WL_WIRE_NOTHING, WL_WIRE_NOTHING)   \
	}
WL_WIRE_LAYOUTS(PRINT)

/* ---- lists behind a fixed part ------------------------------------------------------------------ */

static void print_results(FILE *file, const struct wl_wire_append_reply *reply)
{
	struct wl_wire_append_result result;

	for (uint32_t at = 0; at < reply->result_count; at++) {
		wl_wire_decode_append_result(
			reply->results + (size_t)at * WL_WIRE_APPEND_RESULT_BYTES, &result);
		fprintf(file, " {");
		print_append_result(file, &result);
		fprintf(file, " }");
	}
}

static void print_members(FILE *file, const struct wl_wire_hello_reply *reply)
{
	for (uint32_t at = 0; at < reply->member_count; at++) {
		fprintf(file, " {");
		print_member(file, &reply->members[at]);
		fprintf(file, " }");
	}
}

static void print_records(FILE *file, const struct wl_wire_client_append *append)
{
	const uint8_t *at = append->records;
	struct wl_wire_record record;

	for (uint32_t count = 0; count < append->record_count; count++) {
		at = wl_wire_next_record(at, &record);
		fprintf(file, " {");
		print_record(file, &record);
		fprintf(file, " }");
	}
}

static void print_delivered(FILE *file, const struct wl_wire_deliver *deliver)
{
	const uint8_t *at = deliver->records;
	struct wl_wire_delivered_record record;

	for (uint32_t count = 0; count < deliver->record_count; count++) {
		at = wl_wire_next_delivered(at, &record);
		fprintf(file, " {");
		print_delivered_record(file, &record);
		fprintf(file, " }");
	}
}

static void print_list(FILE *file, uint8_t type, const void *message)
{
	if (type == WL_WIRE_APPEND_REPLY)
		print_results(file, message);
	else if (type == WL_WIRE_HELLO_REPLY || type == WL_WIRE_KEEPALIVE_REPLY)
		print_members(file, message);
	else if (type == WL_WIRE_CLIENT_APPEND)
		print_records(file, message);
	else if (type == WL_WIRE_DELIVER)
		print_delivered(file, message);
}

static bool print_fields(FILE *file, uint8_t type, const uint8_t *payload, size_t bytes)
{
	switch (type) {
#define PRINT_MESSAGE(NAME, name, number, layout, from, to, right, server, answer) \
	case WL_WIRE_##NAME: {                                                     \
		struct wl_wire_##layout message;                                   \
                                                                                   \
		if (!wl_wire_decode_##layout(payload, bytes, &message))            \
			return false;                                              \
		print_##layout(file, &message);                                    \
		print_list(file, type, &message);                                  \
		return true;                                                       \
	}
		WL_WIRE_MESSAGES(PRINT_MESSAGE)
	default:
		return false;
	}
}

void sim_words_print(FILE *file, uint8_t type, const uint8_t *payload, size_t bytes)
{
	const char *name = sim_words_name(type);

	fprintf(file, " %s", name ? name : "?");
	if (!print_fields(file, type, payload, bytes))
		fprintf(file, " %zu bytes", bytes);
}
