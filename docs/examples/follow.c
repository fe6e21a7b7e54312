/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a journal from a record on to what is committed, and says which records it cannot have: those that were trimmed (`wirelog trim`,
 * retention) before it came.
 *
 *	cc follow.c -lwirelog -o follow
 *	./follow udp:192.0.2.11:7700,udp:192.0.2.12:7700 cluster.key 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 1
 *
 * Who keeps a position (the number that is wanted next) beside what it made of the records goes on there after any pause. Its gap, if there
 * is one, is told before the next record: here it is a line on standard error and exit code 65; a real consumer loads a snapshot that is at
 * least as new as next_number.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <wirelog/wirelog.h>

struct progress {
	uint64_t next; /* wanted next: all before it were given to us, or are gone */
	uint64_t gone;
	uint64_t again; /* subscribe again at this number; 0: no need */
};

static void on_record(void *context, const struct wirelog_record *record)
{
	struct progress *progress = context;

	printf("%" PRIu64 " %.*s\n", record->number, (int)record->size,
	       (const char *)record->bytes);
	progress->next = record->number + 1;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct progress *progress = context;

	if (event->kind == WIRELOG_EVENT_GAP) {
		fprintf(stderr, "records %" PRIu64 " to %" PRIu64 " are gone: %s\n",
			event->first_number, event->next_number - 1,
			wirelog_status_cause(event->status));
		progress->gone += event->next_number - event->first_number;
		progress->next = event->next_number; /* delivery goes on there by itself */
	}
	if (event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		progress->again = progress->next;
}

int main(int argc, char **argv)
{
	struct progress progress = {0};
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog_position position = {0};
	struct wirelog *log;

	if (argc != 5) {
		fprintf(stderr, "usage: follow ENDPOINTS KEY-FILE CLUSTER NUMBER\n");
		return 64;
	}
	options.endpoints = argv[1];
	options.key_file = argv[2];
	options.cluster = argv[3];
	options.on_record = on_record;
	options.on_event = on_event;
	options.context = &progress;
	progress.next = strtoull(argv[4], NULL, 10);
	if (wirelog_connect(&log, &options) != 0) {
		fprintf(stderr, "%s\n", wirelog_last_reason());
		return 69;
	}
	progress.again = progress.next;
	do {
		if (progress.again != 0)
			wirelog_subscribe(log, WIRELOG_FROM_NUMBER, progress.again);
		progress.again = 0;
		if (wirelog_wait(log, 1000) < 0)
			break;
		wirelog_get_position(log, &position);
	} while (position.commit_number == 0 || progress.next <= position.commit_number);
	wirelog_close(log);
	return progress.gone != 0 ? 65 : 0;
}
