/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"

void sim_agenda_init(struct sim_agenda *agenda)
{
	memset(agenda, 0, sizeof(*agenda));
}

void sim_agenda_fini(struct sim_agenda *agenda)
{
	free(agenda->heap);
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

void sim_agenda_add(struct sim_agenda *agenda, uint64_t at_ns, void (*happen)(void *, void *),
		    void *subject, void *object)
{
	struct sim_event event = {at_ns, agenda->order++, happen, subject, object};
	size_t at = agenda->count++;

	WL_CHECK(at_ns >= agenda->now_ns);
	if (agenda->count > agenda->capacity) {
		agenda->capacity = agenda->capacity ? 2 * agenda->capacity : 1024;
		agenda->heap = realloc(agenda->heap, agenda->capacity * sizeof(agenda->heap[0]));
		WL_CHECK(agenda->heap != NULL);
	}
	while (at > 0 && is_before(&event, &agenda->heap[(at - 1) / 2])) {
		agenda->heap[at] = agenda->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	agenda->heap[at] = event;
}

static struct sim_event take_first(struct sim_agenda *agenda)
{
	struct sim_event first = agenda->heap[0];
	struct sim_event last = agenda->heap[--agenda->count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < agenda->count) {
		if (child + 1 < agenda->count &&
		    is_before(&agenda->heap[child + 1], &agenda->heap[child]))
			child++;
		if (!is_before(&agenda->heap[child], &last))
			break;
		agenda->heap[at] = agenda->heap[child];
		at = child;
	}
	agenda->heap[at] = last;
	return first;
}

bool sim_agenda_step(struct sim_agenda *agenda, uint64_t until_ns)
{
	struct sim_event event;

	if (agenda->count == 0 || agenda->heap[0].at_ns > until_ns)
		return false;
	event = take_first(agenda);
	agenda->now_ns = event.at_ns;
	agenda->happened++;
	event.happen(event.subject, event.object);
	return true;
}
