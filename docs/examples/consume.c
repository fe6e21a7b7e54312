/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Consumes a journal under a name: begins where the last one that had this name was done, wherever that one ran, and goes on for ever. The
 * cluster keeps what was not consumed yet, up to retention.hold.
 *
 *	cc consume.c -lwirelog -o consume
 *	./consume udp:192.0.2.11:7700,udp:192.0.2.12:7700 cluster.key 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 billing
 *
 * At least once: what is done between the last confirmed commit and a crash is done again. So the effect of a record (here a line on standard
 * output) bears repetition, or the number is kept in the same transaction with it, and records below that number are passed over.
 *
 * Committing every record is cheap: the library says the last one ten times a second. An orderly end unsubscribes, and waits until the last commit
 * is confirmed.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include <wirelog/wirelog.h>

static volatile sig_atomic_t is_asked_to_end;

struct consumption {
	struct wirelog *log;
	int begins_anew, result;
};

static void ask_to_end(int signal)
{
	(void)signal;
	is_asked_to_end = 1;
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct consumption *consumption = context;

	printf("%" PRIu64 " %.*s\n", record->number, (int)record->size,
	       (const char *)record->bytes);
	if (fflush(stdout) == 0)
		wirelog_commit(consumption->log, record->number + 1);
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct consumption *consumption = context;

	if (event->kind == WIRELOG_EVENT_GAP)
		fprintf(stderr, "records %" PRIu64 " to %" PRIu64 " are gone: %s\n",
			event->first_number, event->next_number - 1,
			wirelog_status_cause(event->status));
	/* We were too slow for retention.hold, or somebody deleted it. What is gone comes as a gap; here we go on under a new one. */
	if (event->kind == WIRELOG_EVENT_CHECKPOINT && event->status == WIRELOG_CHECKPOINT_DROPPED)
		consumption->begins_anew = 1;
	if (event->kind == WIRELOG_EVENT_CHECKPOINT && event->status == WIRELOG_UNKNOWN_OUTCOME)
		consumption->result = 75;
	if (event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		consumption->begins_anew = 1;
}

int main(int argc, char **argv)
{
	struct consumption consumption = {0};
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog_consumer consumer;

	if (argc != 5) {
		fprintf(stderr, "usage: consume ENDPOINTS KEY-FILE CLUSTER NAME\n");
		return 64;
	}
	options.endpoints = argv[1];
	options.key_file = argv[2];
	options.cluster = argv[3];
	options.on_record = on_record;
	options.on_event = on_event;
	options.context = &consumption;
	consumption.begins_anew = 1;
	signal(SIGINT, ask_to_end);
	signal(SIGTERM, ask_to_end);
	if (wirelog_connect(&consumption.log, &options) != 0) {
		fprintf(stderr, "%s\n", wirelog_last_reason());
		return 69;
	}
	while (!is_asked_to_end) {
		if (consumption.begins_anew && wirelog_consume(consumption.log, argv[4], NULL) != 0)
			return 64;
		consumption.begins_anew = 0;
		wirelog_wait(consumption.log, 10000);
	}
	wirelog_unsubscribe(consumption.log);
	do {
		wirelog_wait(consumption.log, 10000);
		wirelog_get_consumer(consumption.log, &consumer);
	} while (consumer.committed > consumer.checkpoint && consumption.result == 0);
	wirelog_close(consumption.log);
	return consumption.result;
}
