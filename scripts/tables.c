/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes what is made from the tables of the sources, so that it cannot say anything else than they do:
 *
 *	tables counters     docs/COUNTERS.md
 *
 * `make tables` writes the files, `make lint` compares them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "control/agent/agent.h"
#include "dataplane/base/metric.h"
#include "dataplane/transport/counters.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct wl_metric worker[] = {WL_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric agent[] = {WL_AGENT_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric neighbours[] = {WL_NEIGHBOUR_COUNTER_LIST(WL_METRIC_ROW)};
static const struct wl_metric elections[] = {WL_ELECTION_COUNTER_LIST(WL_METRIC_ROW)};

static void write_counters(const char *title, const struct wl_metric *metrics, size_t count)
{
	printf("\n## %s\n\n| counter | kind | unit | what |\n|---|---|---|---|\n", title);
	for (size_t at = 0; at < count; at++)
		printf("| `%s` | %s | %s | %s |\n", metrics[at].name,
		       metrics[at].kind == WL_METRIC_MOST ? "most" : "sum", metrics[at].unit,
		       metrics[at].help);
}

static void write_all_counters(void)
{
	printf("# Counters\n\n"
	       "Made from the lists in the sources by `make tables`; not edited by hand. A counter begins with each start of a\n"
	       "node. `sum`: so many since then; `most`: the largest since then. Where they stand in the status and what else is\n"
	       "told there: [OPERATIONS.md](OPERATIONS.md).\n");
	write_counters("Of a worker: `workers[].counters`", worker, COUNT(worker));
	write_counters("Of control: `control`", agent, COUNT(agent));
	write_counters("Of control's neighbours: `control`", neighbours, COUNT(neighbours));
	write_counters("Of a journal's elections: `journals[].election`", elections,
		       COUNT(elections));
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "counters") == 0) {
		write_all_counters();
		return 0;
	}
	fprintf(stderr, "usage: tables counters\n");
	return 64;
}
