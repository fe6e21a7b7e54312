/* SPDX-License-Identifier: BSD-3-Clause */
/* What tool_health.c put together, for people: 100 columns. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "command/tool_health.h"

#define COLUMNS 100
#define CELL 40

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

/* Cut where the line is full. */
__attribute__((format(printf, 2, 3))) static void print_line(FILE *out, const char *format, ...)
{
	char line[COLUMNS + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (size_t end = strlen(line); end > 0 && line[end - 1] == ' '; end--)
		line[end - 1] = '\0';
	fprintf(out, "%s\n", line);
}

static const char *number(const json_t *value, char cell[CELL])
{
	if (!json_is_integer(value))
		return "-";
	snprintf(cell, CELL, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return cell;
}

static const char *word(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : "-";
}

/* "250ms", "12s", "7m", "3h", "12d" */
static const char *span(const json_t *value, char cell[CELL])
{
	json_int_t ms = json_integer_value(value) / 1000000;

	if (!json_is_integer(value))
		return "-";
	if (ms < 1000)
		snprintf(cell, CELL, "%dms", (int)ms);
	else if (ms < 120000)
		snprintf(cell, CELL, "%ds", (int)(ms / 1000));
	else if (ms < 7200000)
		snprintf(cell, CELL, "%dm", (int)(ms / 60000));
	else if (ms < 172800000)
		snprintf(cell, CELL, "%dh", (int)(ms / 3600000));
	else
		snprintf(cell, CELL, "%" JSON_INTEGER_FORMAT "d", ms / 86400000);
	return cell;
}

/* The words that a node gives, by commas. */
static void list_words(const json_t *health, const json_t *node, char *words, size_t bytes)
{
	const json_t *reasons = at(health, "reasons");
	size_t used = 0;

	words[0] = '\0';
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);

		if (!json_is_integer(at(node, "node")) ||
		    !json_equal(at(reason, "said_by"), at(node, "node")) || used >= bytes)
			continue;
		used += (size_t)snprintf(words + used, bytes - used, "%s%s", used ? "," : "",
					 word(at(reason, "reason")));
	}
}

static void print_node(FILE *out, const json_t *health, const json_t *node)
{
	const json_t *journals = at(node, "journals");
	char cells[5][CELL], words[COLUMNS];

	list_words(health, node, words, sizeof(words));
	if (!json_is_true(at(node, "answered")))
		print_line(out, "%4s %7s %-8s %6s %14s %10s %6s %-8s no answer%s%s",
			   json_is_integer(at(node, "node")) ? number(at(node, "node"), cells[0])
							     : "?",
			   "-", "-", "-", "-", "-", "-", word(at(node, "level")),
			   json_is_string(at(node, "run_directory")) ? ": " : "",
			   json_is_string(at(node, "run_directory"))
				   ? word(at(node, "run_directory"))
				   : "");
	for (size_t i = 0; i < json_array_size(journals); i++) {
		const json_t *journal = json_array_get(journals, i);

		print_line(out, "%4s %7s %-8s %6s %14s %10s %6s %-8s %s",
			   number(at(node, "node"), cells[0]),
			   number(at(journal, "journal"), cells[1]), word(at(journal, "role")),
			   number(at(journal, "term"), cells[2]),
			   number(at(journal, "commit"), cells[3]),
			   number(at(journal, "behind_entries"), cells[4]),
			   span(at(journal, "behind_ns"), (char[CELL]){0}), word(at(node, "level")),
			   words);
	}
}

static void print_reason(FILE *out, const json_t *reason)
{
	char who[2 * CELL] = "", about[3 * CELL] = "", cell[CELL];
	int used = 0;

	if (json_is_integer(at(reason, "said_by")))
		snprintf(who, sizeof(who), "node %s says: ", number(at(reason, "said_by"), cell));
	if (json_is_integer(at(reason, "journal")))
		used = snprintf(about, sizeof(about), ", journal %s",
				number(at(reason, "journal"), cell));
	if (json_is_integer(at(reason, "node")))
		snprintf(about + used, sizeof(about) - (size_t)used, ", node %s",
			 number(at(reason, "node"), cell));
	print_line(out, "%s%s, %s%s, for %s", who, word(at(reason, "level")),
		   word(at(reason, "reason")), about, span(at(reason, "for_ns"), cell));
	print_line(out, "    %s", word(at(reason, "text")));
}

void wl_tool_health_print(FILE *out, const json_t *health)
{
	const json_t *nodes = at(health, "nodes"), *reasons = at(health, "reasons");

	print_line(out, "%4s %7s %-8s %6s %14s %10s %6s %-8s %s", "NODE", "JOURNAL", "ROLE", "TERM",
		   "COMMIT", "BEHIND", "LAG", "HEALTH", "WHY");
	for (size_t i = 0; i < json_array_size(nodes); i++)
		print_node(out, health, json_array_get(nodes, i));
	for (size_t i = 0; i < json_array_size(reasons); i++)
		print_reason(out, json_array_get(reasons, i));
	print_line(out, "cluster: %s", word(at(health, "level")));
}
