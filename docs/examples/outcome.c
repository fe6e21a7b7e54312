/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Appends one record so that its outcome is known even if this program dies at any moment: it notes the session before it appends. Run again
 * with what was noted it says what became of the record, and makes sure that nothing else will.
 *
 *	cc outcome.c -lwirelog -o outcome
 *	./outcome udp:192.0.2.11:7700 cluster.key 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 "buy 100"
 *	./outcome udp:192.0.2.11:7700 cluster.key 5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 --of 0000000000150000 1
 *
 * The second form is for who takes over: the fence has what is still on its way refused, so "never" stays true, and the record may be
 * appended anew under a session of its own. Exit code 0: it is in the log; 65: it is not, and never will be; 75: not known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wirelog/wirelog.h>

struct one {
	struct wirelog *log;
	int is_over, result;
};

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct one *one = context;

	one->is_over = 1;
	one->result = ack->status == WIRELOG_OK ? 0 : wirelog_status_exit_code(ack->status);
	printf("%s %" PRIu64 "\n", wirelog_status_name(ack->status), ack->number);
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct one *one = context;

	if (event->kind != WIRELOG_EVENT_OUTCOME)
		return;
	one->is_over = 1;
	one->result = 75;
	if (event->status != WIRELOG_OK)
		printf("%s\n", wirelog_status_cause(event->status));
	else if (event->fate == WIRELOG_FATE_COMMITTED)
		printf("committed %" PRIu64 "\n", event->number);
	else if (event->fate == WIRELOG_FATE_NEVER || event->fate == WIRELOG_FATE_EXPIRED)
		printf("never\n");
	else
		printf("unknown\n"); /* forgotten: the log knows, each record carries its session and sequence */
	if (event->status == WIRELOG_OK && event->fate == WIRELOG_FATE_COMMITTED)
		one->result = 0;
	else if (event->fate == WIRELOG_FATE_NEVER || event->fate == WIRELOG_FATE_EXPIRED)
		one->result = 65;
}

/* Its name first, where it outlives us: a file or a database in earnest. */
static uint64_t note_session(struct wirelog *log)
{
	struct wirelog_position position = {0};

	wirelog_open_session(log);
	for (int turns = 0; position.session == 0 && turns < 1000; turns++) {
		wirelog_wait(log, 10000);
		wirelog_get_position(log, &position);
	}
	fprintf(stderr, "session %016" PRIx64 ", sequence 1\n", position.session);
	return position.session;
}

int main(int argc, char **argv)
{
	struct one one = {0};
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	int asks = argc == 7 && strcmp(argv[4], "--of") == 0;

	if (argc != 5 && !asks) {
		fprintf(stderr,
			"usage: outcome ENDPOINTS KEY-FILE CLUSTER RECORD\n"
			"       outcome ENDPOINTS KEY-FILE CLUSTER --of SESSION SEQUENCE\n");
		return 64;
	}
	options.endpoints = argv[1];
	options.key_file = argv[2];
	options.cluster = argv[3];
	options.on_ack = on_ack;
	options.on_event = on_event;
	options.context = &one;
	if (wirelog_connect(&one.log, &options) != 0) {
		fprintf(stderr, "%s\n", wirelog_last_reason());
		return 69;
	}
	if (asks && wirelog_ask_outcome(one.log, strtoull(argv[5], NULL, 16),
					strtoull(argv[6], NULL, 10), 1) < 0)
		return 64;
	if (!asks && (note_session(one.log) == 0 ||
		      wirelog_append(one.log, argv[4], strlen(argv[4]), NULL) < 0))
		return 75;
	while (!one.is_over)
		wirelog_wait(one.log, 10000);
	wirelog_close(one.log);
	return one.result;
}
