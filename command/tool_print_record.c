/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_print_record.h"

#include <inttypes.h>
#include <string.h>

#include "command/itch/itch.h"
#include "command/tool_format.h"
#include "dataplane/base/bytes.h"

static const char *const format_names[] = {
	[WL_PRINT_TEXT] = "text",     [WL_PRINT_LINES] = "lines", [WL_PRINT_ITCH50] = "itch50",
	[WL_PRINT_BINARY] = "binary", [WL_PRINT_LEN16] = "len16", [WL_PRINT_HEX] = "hex",
	[WL_PRINT_JSON] = "json",
};

bool wl_print_record_format(const char *name, enum wl_print_format *format)
{
	if (strcmp(name, "len32") == 0)
		name = "binary";
	for (size_t at = 0; at < sizeof(format_names) / sizeof(format_names[0]); at++) {
		if (strcmp(name, format_names[at]) == 0) {
			*format = (enum wl_print_format)at;
			return true;
		}
	}
	return false;
}

/* Not isprint: the locale must not decide what reaches a terminal. */
static bool is_printable(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at++)
		if (!is_printable(bytes[at]))
			return false;
	return true;
}

static void print_hex(FILE *out, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t at = 0; at < size; at++) {
		putc_unlocked(digits[bytes[at] >> 4], out);
		putc_unlocked(digits[bytes[at] & 15], out);
	}
}

static void print_escaped(FILE *out, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		if (bytes[at] == '\\')
			fputs("\\\\", out);
		else if (is_printable(bytes[at]))
			putc_unlocked(bytes[at], out);
		else if (bytes[at] == '\t')
			fputs("\\t", out);
		else
			fprintf(out, "\\x%02x", bytes[at]);
	}
}

/* ---- ITCH in words ------------------------------------------------------------------------------ */

static const char *word_of(char type)
{
	static const char *const words[128] = {
		['S'] = "system event",
		['R'] = "directory",
		['H'] = "trading action",
		['Y'] = "short sale restriction",
		['L'] = "participant position",
		['V'] = "breaker levels",
		['W'] = "breaker status",
		['K'] = "IPO quoting",
		['J'] = "auction collar",
		['h'] = "operational halt",
		['A'] = "add",
		['F'] = "add attributed",
		['E'] = "execute",
		['C'] = "execute at price",
		['X'] = "cancel",
		['D'] = "delete",
		['U'] = "replace",
		['P'] = "trade",
		['Q'] = "cross trade",
		['B'] = "broken trade",
		['I'] = "imbalance",
		['N'] = "retail interest",
		['O'] = "direct listing",
	};

	return words[type & 0x7f] != NULL ? words[type & 0x7f] : "message";
}

static int trimmed(const char *text, size_t size)
{
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\0'))
		size--;
	return (int)size;
}

static void print_price(FILE *out, uint32_t price)
{
	fprintf(out, " at %" PRIu32 ".%04" PRIu32, price / 10000, price % 10000);
}

static void print_fields(FILE *out, const struct wl_itch_message *message)
{
	if (strchr("AFECXDPU", message->type) != NULL)
		fprintf(out, " order %" PRIu64, message->reference);
	if (message->type == 'U')
		fprintf(out, " by %" PRIu64, message->new_reference);
	if (strchr("AFP", message->type) != NULL)
		fprintf(out, " %s", message->side == 'B' ? "buy" : "sell");
	if (strchr("AFECXUPQ", message->type) != NULL)
		fprintf(out, " %" PRIu64, message->shares);
	if (strchr("RHYAFPQ", message->type) != NULL &&
	    is_text((const uint8_t *)message->stock, sizeof(message->stock)))
		fprintf(out, " %.*s", trimmed(message->stock, sizeof(message->stock)),
			message->stock);
	if (strchr("AFCUPQ", message->type) != NULL)
		print_price(out, message->price);
	if (strchr("ECPQ", message->type) != NULL)
		fprintf(out, " match %" PRIu64, message->match);
	if (strchr("SHY", message->type) != NULL && is_printable((uint8_t)message->code))
		fprintf(out, " '%c'", message->code);
}

/* "ITCH 09:30:00.123456789 add order 17 buy 100 AAPL at 150.2500" */
static bool print_itch(FILE *out, const uint8_t *bytes, size_t size)
{
	struct wl_itch_message message;
	uint64_t seconds;

	memset(&message, 0, sizeof(message));
	if (wl_itch_decode(&message, bytes, size) != WL_ITCH_OK)
		return false;
	seconds = message.timestamp_ns / 1000000000u;
	fprintf(out, "ITCH %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%09" PRIu64 " %s",
		seconds / 3600, seconds / 60 % 60, seconds % 60, message.timestamp_ns % 1000000000u,
		word_of(message.type));
	print_fields(out, &message);
	return true;
}

/* ---- formats ------------------------------------------------------------------------------------ */

static void print_text(FILE *out, const struct wirelog_record *record)
{
	char time[WL_TOOL_TIME_BYTES];

	wl_tool_format_time(record->timestamp_ns, time);
	fprintf(out, "%10" PRIu64 "  %s  ", record->number, time);
	/* A line of text may by chance be as long as a message of its first letter. */
	if (is_text(record->bytes, record->size) || !print_itch(out, record->bytes, record->size))
		print_escaped(out, record->bytes, record->size);
	putc_unlocked('\n', out);
}

static void print_json(FILE *out, const struct wirelog_record *record)
{
	const uint8_t *bytes = record->bytes;
	char time[WL_TOOL_TIME_BYTES];

	wl_tool_format_time(record->timestamp_ns, time);
	fprintf(out,
		"{\"number\":%" PRIu64 ",\"timestamp_ns\":%" PRIu64
		",\"time\":\"%s\",\"session\":\"%016" PRIx64 "\",\"sequence\":%" PRIu64
		",\"size\":%zu,",
		record->number, record->timestamp_ns, time, record->session, record->sequence,
		record->size);
	if (!is_text(bytes, record->size)) {
		fputs("\"hex\":\"", out);
		print_hex(out, bytes, record->size);
	} else {
		fputs("\"text\":\"", out);
		for (size_t at = 0; at < record->size; at++) {
			if (bytes[at] == '"' || bytes[at] == '\\')
				putc_unlocked('\\', out);
			putc_unlocked(bytes[at], out);
		}
	}
	fputs("\"}\n", out);
}

static int print_prefixed(FILE *out, size_t prefix_bytes, const struct wirelog_record *record)
{
	uint8_t prefix[4];

	if (prefix_bytes == 2) {
		if (record->size > UINT16_MAX)
			return WIRELOG_INPUT_MALFORMED;
		wl_store_be16(prefix, (uint16_t)record->size);
	} else {
		wl_store_be32(prefix, (uint32_t)record->size);
	}
	fwrite_unlocked(prefix, 1, prefix_bytes, out);
	fwrite_unlocked(record->bytes, 1, record->size, out);
	return 0;
}

int wl_print_record(FILE *out, enum wl_print_format format, const struct wirelog_record *record)
{
	int status = 0;

	switch (format) {
	case WL_PRINT_TEXT:
		print_text(out, record);
		break;
	case WL_PRINT_LINES:
		fwrite_unlocked(record->bytes, 1, record->size, out);
		putc_unlocked('\n', out);
		break;
	case WL_PRINT_ITCH50:
		if (wl_itch_check(record->bytes, record->size) != WL_ITCH_OK)
			return WIRELOG_INPUT_MALFORMED;
		status = print_prefixed(out, 2, record);
		break;
	case WL_PRINT_BINARY:
		status = print_prefixed(out, 4, record);
		break;
	case WL_PRINT_LEN16:
		status = print_prefixed(out, 2, record);
		break;
	case WL_PRINT_HEX:
		print_hex(out, record->bytes, record->size);
		putc_unlocked('\n', out);
		break;
	case WL_PRINT_JSON:
		print_json(out, record);
		break;
	}
	return status == 0 && ferror_unlocked(out) ? WIRELOG_OUTPUT_FAILED : status;
}
