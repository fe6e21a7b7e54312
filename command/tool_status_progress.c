/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_status_progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "command/tool_format.h"

static const json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static uint64_t number(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(at(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

/* ", 95.3 MiB/s, 1 h 12 min left", as far as it is known. */
static void print_speed(FILE *out, const json_t *of)
{
	const json_t *left = at(of, "remaining_s");
	uint64_t seconds = (uint64_t)json_integer_value(left);

	if (number(of, "bytes_per_second") != 0)
		fprintf(out, ", %.1f MiB/s", (double)number(of, "bytes_per_second") / 1048576);
	if (!json_is_integer(left))
		return;
	if (seconds >= 86400)
		fprintf(out, ", %" PRIu64 " d %" PRIu64 " h left", seconds / 86400,
			seconds / 3600 % 24);
	else if (seconds >= 3600)
		fprintf(out, ", %" PRIu64 " h %" PRIu64 " min left", seconds / 3600,
			seconds / 60 % 60);
	else if (seconds >= 60)
		fprintf(out, ", %" PRIu64 " min %" PRIu64 " s left", seconds / 60, seconds % 60);
	else
		fprintf(out, ", %" PRIu64 " s left", seconds);
}

static void print_peers(FILE *out, int journal, const json_t *peers)
{
	const json_t *peer;
	size_t index;

	json_array_foreach(peers, index, peer)
	{
		char entries[32];

		if (!json_is_true(at(peer, "behind")))
			continue;
		wl_tool_format_count(number(peer, "behind_entries"), entries);
		fprintf(out, "catch-up: node %d journal %d: %s entries, %.1f MiB behind",
			(int)number(peer, "node"), journal, entries,
			(double)number(peer, "behind_bytes") / 1048576);
		print_speed(out, peer);
		fprintf(out, "\n");
	}
}

static void print_mending(FILE *out, int node, int journal, const json_t *mending)
{
	const char *phase = json_string_value(at(mending, "phase"));

	if (!phase || strcmp(phase, "none") == 0)
		return;
	fprintf(out,
		"mending: node %d journal %d: %s, %" PRIu64 " of %" PRIu64 " holes left, %.1f MiB",
		node, journal, phase, number(mending, "holes_left"), number(mending, "holes"),
		(double)number(mending, "bytes_left") / 1048576);
	print_speed(out, mending);
	fprintf(out, "\n");
}

static void print_scrub(FILE *out, int node, int journal, const json_t *scrub)
{
	bool runs = json_is_real(at(scrub, "percent"));

	if (!runs && !json_is_integer(at(scrub, "finished_s_ago")))
		return;
	fprintf(out, "scrub: node %d journal %d: ", node, journal);
	if (runs) {
		fprintf(out, "%.0f %%", json_real_value(at(scrub, "percent")));
		print_speed(out, scrub);
	} else {
		fprintf(out, "all read %" PRIu64 " s ago", number(scrub, "finished_s_ago"));
	}
	fprintf(out, ", %" PRIu64 " found, %" PRIu64 " mended\n", number(scrub, "found"),
		number(scrub, "mended"));
}

void wl_status_progress_print(FILE *out, const struct wl_status_row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++) {
		const json_t *journals = at(rows[row].status, "journals"), *journal;
		int node = (int)number(rows[row].status, "node");
		size_t index;

		json_array_foreach(journals, index, journal)
		{
			print_peers(out, (int)index, at(journal, "peers"));
			print_mending(out, node, (int)index, at(journal, "mending"));
			print_scrub(out, node, (int)index, at(journal, "scrub"));
		}
	}
}
