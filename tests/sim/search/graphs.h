/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way in which five nodes may hear each other: 1,024 undirected graphs (FAULTS section 1, partial topologies). Each gets a
 * cluster under load that runs well at first, then has these links alone, then all again.
 */
#ifndef WL_TESTS_SIM_SEARCH_GRAPHS_H
#define WL_TESTS_SIM_SEARCH_GRAPHS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_graphs {
	unsigned nodes, jobs;
	uint64_t directed; /* so many graphs of one-way links, by chance, instead of all undirected ones */
	bool one; /* only this one */
	uint64_t graph;
	const char *trace; /* of the one */
	const char *program; /* for the command that replays */
};

/* 0: what must hold held for each; 1: not, as was told on stderr. */
int sim_graphs_run(const struct sim_graphs *graphs);

#endif
