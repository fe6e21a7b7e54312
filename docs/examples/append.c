/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Appends each line of standard input to a journal, then reads the records back.
 *
 *	cc append.c -lwirelog -o append
 *	./append udp:192.0.2.11:7700,udp:192.0.2.12:7700 cluster.key 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 <lines
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <wirelog/wirelog.h>

struct progress {
	uint64_t first, last; /* record numbers of ours */
	uint64_t next; /* to be read */
	unsigned failed;
};

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct progress *progress = context;

	if (ack->status != WIRELOG_OK) {
		fprintf(stderr, "append %" PRId64 ": %s\n", ack->sequence,
			wirelog_status_cause(ack->status));
		progress->failed++;
		return;
	}
	if (progress->first == 0)
		progress->first = ack->number;
	progress->last = ack->number;
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct progress *progress = context;

	printf("%" PRIu64 " %.*s\n", record->number, (int)record->size,
	       (const char *)record->bytes);
	progress->next = record->number + 1;
}

static void append_lines(struct wirelog *log)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		size_t size = strcspn(line, "\n");

		if (size == 0)
			continue; /* a record has at least one byte */
		/* The window is full: answers make room. */
		while (wirelog_append(log, line, size, NULL) == WIRELOG_BACK_PRESSURE)
			wirelog_wait(log, 1000);
	}
	while (wirelog_outstanding(log) != 0)
		wirelog_wait(log, 1000);
}

int main(int argc, char **argv)
{
	struct progress progress = {0};
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog *log;

	if (argc != 4) {
		fprintf(stderr, "usage: append ENDPOINTS KEY-FILE CLUSTER <lines\n");
		return 64;
	}
	options.endpoints = argv[1];
	options.key_file = argv[2];
	options.cluster = argv[3];
	options.on_ack = on_ack;
	options.on_record = on_record;
	options.context = &progress;
	if (wirelog_connect(&log, &options) != 0) {
		fprintf(stderr, "%s\n", wirelog_last_reason());
		return 69;
	}
	append_lines(log);
	if (progress.last != 0) {
		wirelog_subscribe(log, WIRELOG_FROM_NUMBER, progress.first);
		while (progress.next <= progress.last && wirelog_wait(log, 1000) >= 0)
			;
	}
	wirelog_close(log);
	return progress.failed != 0;
}
