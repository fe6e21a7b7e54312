/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when: a heap of events ordered by time, and by order of entry where the time is
 * equal, so that a seed always replays in the same way.
 */
#ifndef WL_TESTS_SIM_AGENDA_H
#define WL_TESTS_SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_event {
	uint64_t at_ns;
	uint64_t order;
	void (*happen)(void *subject, void *object);
	void *subject;
	void *object;
};

struct sim_agenda {
	struct sim_event *heap;
	size_t count, capacity;
	uint64_t now_ns;
	uint64_t order;
	uint64_t happened;
	bool closing; /* nothing new is begun: what is left happens and is freed */
};

void sim_agenda_init(struct sim_agenda *agenda);
void sim_agenda_fini(struct sim_agenda *agenda);
void sim_agenda_add(struct sim_agenda *agenda, uint64_t at_ns, void (*happen)(void *, void *),
		    void *subject, void *object);
/* Lets the next event happen if it is due by until_ns; false when there is none. */
bool sim_agenda_step(struct sim_agenda *agenda, uint64_t until_ns);

#endif
