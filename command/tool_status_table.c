/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_status_table.h"

#include "command/tool_status_progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "wirelog/limits.h"

#define CELL_BYTES 64

enum column {
	NODE,
	JOURNAL,
	ROLE,
	TERM,
	LEADER,
	TAIL,
	DURABLE,
	COMMIT,
	FIRST,
	RECORDS,
	RATE,
	BASE,
	CHAIN,
	UP,
	STATE,
	COLUMNS,
};

static const char *const titles[COLUMNS] = {"NODE",	 "JOURNAL", "ROLE",   "TERM",  "LEADER",
					    "TAIL",	 "DURABLE", "COMMIT", "FIRST", "RECORDS",
					    "RECORDS/S", "BASE",    "CHAIN",  "UP",    "STATE"};

/* Text to the left, numbers to the right. */
static const bool is_text[COLUMNS] = {[ROLE] = true, [CHAIN] = true, [STATE] = true};

struct line {
	char cell[COLUMNS][CELL_BYTES];
};

/* ---- cells -------------------------------------------------------------------------------------- */

static const json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static void set_number(char *cell, const json_t *value)
{
	if (json_is_integer(value))
		snprintf(cell, CELL_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

static void set_chain(char *cell, const json_t *chain)
{
	json_int_t index = json_integer_value(at(chain, "index"));
	const char *value = json_string_value(at(chain, "value"));

	/* Index 0: the value behind it is not at hand. */
	if (index > 0 && value != NULL)
		snprintf(cell, CELL_BYTES, "%.16s@%" JSON_INTEGER_FORMAT, value, index);
}

/* Entry of the node's newest base; with a question mark while no majority is known to have made the same. */
static void set_base(char *cell, const json_t *bases)
{
	const json_t *index = at(at(bases, "own"), "index");

	if (json_is_integer(index))
		snprintf(cell, CELL_BYTES, "%" JSON_INTEGER_FORMAT "%s", json_integer_value(index),
			 json_is_true(at(bases, "own_proven")) ? "" : "?");
}

/* Committed records a second between two answers of one process, by its own clock. */
static void set_rate(char *cell, const struct wl_status_row *row, const json_t *journal,
		     const json_t *before)
{
	json_int_t ns = json_integer_value(at(row->status, "uptime_ns")) -
			json_integer_value(at(row->before, "uptime_ns"));
	json_int_t records = json_integer_value(at(journal, "commit_number")) -
			     json_integer_value(at(before, "commit_number"));

	if (before != NULL && ns > 0 && records >= 0)
		snprintf(cell, CELL_BYTES, "%.0f", (double)records * 1e9 / (double)ns);
}

static void set_uptime(char *cell, const json_t *uptime)
{
	json_int_t seconds = json_integer_value(uptime) / 1000000000;

	if (!json_is_integer(uptime))
		return;
	if (seconds < 60)
		snprintf(cell, CELL_BYTES, "%ds", (int)seconds);
	else if (seconds < 3600)
		snprintf(cell, CELL_BYTES, "%dm%02ds", (int)seconds / 60, (int)seconds % 60);
	else if (seconds < 86400)
		snprintf(cell, CELL_BYTES, "%dh%02dm", (int)seconds / 3600, (int)seconds / 60 % 60);
	else
		snprintf(cell, CELL_BYTES, "%" JSON_INTEGER_FORMAT "d%02dh", seconds / 86400,
			 (int)(seconds / 3600 % 24));
}

static void add_word(char *cell, const char *word)
{
	size_t length = strlen(cell);

	snprintf(cell + length, CELL_BYTES - length, "%s%s", length ? "," : "", word);
}

/* How long a full log can still be led. */
static void add_elections_left(char *cell, const json_t *journal)
{
	const json_t *left = at(journal, "elections_left");
	char word[CELL_BYTES];

	if (!json_is_true(at(journal, "no_space")) || !json_is_integer(left))
		return;
	snprintf(word, sizeof(word), "elections_left=%lld", (long long)json_integer_value(left));
	add_word(cell, word);
}

static void set_state(char *cell, const json_t *status, const json_t *journal)
{
	static const char *const flags[] = {"silent", "no_space", "poisoned", "damaged",
					    "handing_over"};
	const char *role = json_string_value(at(journal, "role"));
	const json_t *reasons = at(at(status, "mode"), "reasons");

	cell[0] = '\0';
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const char *reason = json_string_value(json_array_get(reasons, i));

		if (reason != NULL)
			add_word(cell, reason);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (json_is_true(at(journal, flags[i])) && strstr(cell, flags[i]) == NULL)
			add_word(cell, flags[i]);
	add_elections_left(cell, journal);
	if (cell[0] != '\0')
		return;
	if (role != NULL && strcmp(role, "leader") == 0)
		add_word(cell, json_is_true(at(journal, "ready")) ? "ready" : "not ready yet");
	else
		add_word(cell, "ok");
}

static void fill(struct line *line, const struct wl_status_row *row, size_t which)
{
	const json_t *status = row->status;
	const json_t *journal = json_array_get(at(status, "journals"), which);
	const char *role = json_string_value(at(journal, "role"));
	json_int_t next = json_integer_value(at(journal, "commit_number"));

	for (int column = 0; column < COLUMNS; column++)
		strcpy(line->cell[column], "-");
	set_number(line->cell[NODE], at(status, "node"));
	set_number(line->cell[JOURNAL], at(journal, "journal"));
	if (role != NULL)
		snprintf(line->cell[ROLE], CELL_BYTES, "%s", role);
	set_number(line->cell[TERM], at(journal, "term"));
	if (json_integer_value(at(journal, "leader")) != 0)
		set_number(line->cell[LEADER], at(journal, "leader"));
	set_number(line->cell[TAIL], at(at(journal, "tail"), "index"));
	set_number(line->cell[DURABLE], at(at(journal, "durable"), "index"));
	set_number(line->cell[COMMIT], at(journal, "commit"));
	if (json_is_integer(at(journal, "commit_number")))
		snprintf(line->cell[RECORDS], CELL_BYTES, "%" JSON_INTEGER_FORMAT, next);
	set_rate(line->cell[RATE], row, journal,
		 json_array_get(at(row->before, "journals"), which));
	set_number(line->cell[FIRST], at(at(journal, "begin"), "number"));
	set_base(line->cell[BASE], at(journal, "bases"));
	set_chain(line->cell[CHAIN], at(journal, "chain"));
	set_uptime(line->cell[UP], at(status, "uptime_ns"));
	set_state(line->cell[STATE], status, journal);
}

/* ---- lines -------------------------------------------------------------------------------------- */

/* A column without a title is not shown. */
static void measure(const struct line *line, size_t width[COLUMNS])
{
	for (int column = 0; column < COLUMNS; column++)
		if (width[column] != 0 && strlen(line->cell[column]) > width[column])
			width[column] = strlen(line->cell[column]);
}

static void print_line(FILE *out, const struct line *line, const size_t width[COLUMNS])
{
	for (int column = 0; column < COLUMNS; column++) {
		const char *cell = line->cell[column];

		if (width[column] == 0)
			continue;
		if (column == COLUMNS - 1)
			fprintf(out, "%s\n", cell);
		else
			fprintf(out, "%*s  ",
				is_text[column] ? -(int)width[column] : (int)width[column], cell);
	}
}

/* Each journal of each node that answered, through `each`. */
static void for_each_journal(const struct wl_status_row *rows, size_t count,
			     void (*each)(void *context, const struct line *line), void *context)
{
	struct line line;

	for (size_t row = 0; row < count; row++) {
		const json_t *journals = at(rows[row].status, "journals");

		for (size_t i = 0; i < json_array_size(journals); i++) {
			fill(&line, &rows[row], i);
			each(context, &line);
		}
	}
}

struct printing {
	FILE *out;
	size_t width[COLUMNS];
};

static void measure_one(void *context, const struct line *line)
{
	struct printing *printing = context;

	measure(line, printing->width);
}

static void print_one(void *context, const struct line *line)
{
	struct printing *printing = context;

	print_line(printing->out, line, printing->width);
}

/* ---- what somebody should know ------------------------------------------------------------------ */

static const json_t *chain_of(const struct wl_status_row *row, size_t journal)
{
	return at(json_array_get(at(row->status, "journals"), journal), "chain");
}

/* Chain values are comparable where they stand behind the same entry. */
static void print_chains(FILE *out, const struct wl_status_row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++) {
		for (size_t journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
			const json_t *mine = chain_of(&rows[row], journal);

			for (size_t other = row + 1; mine != NULL && other < count; other++) {
				const json_t *theirs = chain_of(&rows[other], journal);

				if (json_integer_value(at(mine, "index")) > 0 &&
				    json_equal(at(mine, "index"), at(theirs, "index")) &&
				    !json_equal(at(mine, "value"), at(theirs, "value")))
					fprintf(out,
						"DIVERGED: nodes %d and %d have different chain values of "
						"journal %zu behind entry %" JSON_INTEGER_FORMAT
						"\n",
						(int)json_integer_value(
							at(rows[row].status, "node")),
						(int)json_integer_value(
							at(rows[other].status, "node")),
						journal, json_integer_value(at(mine, "index")));
			}
		}
	}
}

static bool is_of_sessions(const json_t *divergence)
{
	const char *of = json_string_value(at(divergence, "of"));

	return of != NULL && strcmp(of, "sessions") == 0;
}

/* A node that stands apart: what it has, and what was said against it. */
static void print_divergences(FILE *out, const struct wl_status_row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++) {
		const json_t *journals = at(rows[row].status, "journals");

		for (size_t i = 0; i < json_array_size(journals); i++) {
			const json_t *journal = json_array_get(journals, i);
			const json_t *divergence = at(journal, "divergence");
			const char *ours = json_string_value(at(divergence, "chain"));
			const char *theirs = json_string_value(at(divergence, "their_chain"));

			if (ours != NULL && theirs != NULL)
				fprintf(out,
					"DIVERGED: node %d takes no part in journal %zu: its %s behind entry "
					"%" JSON_INTEGER_FORMAT " is %s, node %d has %s\n",
					(int)json_integer_value(at(rows[row].status, "node")), i,
					is_of_sessions(divergence) ? "digest of sessions"
								   : "chain value",
					json_integer_value(at(divergence, "index")), ours,
					(int)json_integer_value(at(divergence, "node")), theirs);
		}
	}
}

static void print_cluster(FILE *out, const struct wl_status_row *rows, size_t count)
{
	const json_t *first = NULL;

	for (size_t row = 0; row < count; row++) {
		const json_t *cluster = at(rows[row].status, "cluster");

		if (!json_is_string(cluster) || (first != NULL && json_equal(first, cluster)))
			continue;
		fprintf(out, "%scluster %s, wirelog %s\n", first != NULL ? "ANOTHER " : "",
			json_string_value(cluster),
			json_is_string(at(rows[row].status, "version"))
				? json_string_value(at(rows[row].status, "version"))
				: "-");
		first = first != NULL ? first : cluster;
	}
}

/* Once, whoever of them says so. */
static void print_key_is_due(FILE *out, const struct wl_status_row *rows, size_t count)
{
	bool is_due = false;

	for (size_t row = 0; row < count; row++) {
		const json_t *journal = json_array_get(at(rows[row].status, "journals"), 0);

		is_due |= json_is_true(at(at(journal, "keys"), "rotation_due"));
	}
	if (is_due)
		fprintf(out,
			"a node that was removed still holds the key: `wirelog key rotate` is due\n");
}

void wl_status_table_print(FILE *out, const struct wl_status_row *rows, size_t count)
{
	struct printing printing = {.out = out};
	struct line title;
	bool goes_on = false;

	for (size_t row = 0; row < count; row++)
		goes_on |= rows[row].before != NULL;
	for (int column = 0; column < COLUMNS; column++) {
		snprintf(title.cell[column], CELL_BYTES, "%s", titles[column]);
		if (column != RATE || goes_on)
			printing.width[column] = strlen(titles[column]);
	}
	print_cluster(out, rows, count);
	for_each_journal(rows, count, measure_one, &printing);
	print_line(out, &title, printing.width);
	for_each_journal(rows, count, print_one, &printing);
	for (size_t row = 0; row < count; row++) {
		if (rows[row].status == NULL)
			fprintf(out, "no answer from %s [%s]\n", rows[row].run_directory,
				rows[row].reason);
		else if (json_is_true(at(at(rows[row].status, "mode"), "insecure")))
			fprintf(out,
				"INSECURE: node %d does not authenticate frames (--insecure-lab)\n",
				(int)json_integer_value(at(rows[row].status, "node")));
	}
	print_key_is_due(out, rows, count);
	wl_status_progress_print(out, rows, count);
	print_divergences(out, rows, count);
	print_chains(out, rows, count);
}
