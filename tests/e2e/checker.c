/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a node from record 1 and holds it against what loaders were told.
 *
 *	checker --endpoints LIST --key-file FILE --cluster UUID --node N --to NUMBER [--insecure] [--trimmed] [ACKS ...]
 *
 * Every record acknowledged as OK stands at its number with its bytes, none stands twice, what was refused is not
 * there, numbers are dense, each session's sequences and each run's sequences rise, time never falls. With --trimmed the node may have
 * forgotten the oldest records; it must say so with a gap, and a line "first F" tells where its log began. Last line:
 * "records R acknowledged K unknown U refused F other O digest D"; the digest covers numbers and bytes, so equal
 * digests are equal contents. Exit 0, 1 when something does not hold, 2 when the node could not be read.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/e2e/payload.h"
#include "wirelog/wirelog.h"

#define ORDERS_MAX 4096
#define COMPLAINTS_MAX 20
#define SILENCE_NS (30ull * 1000000000)

enum outcome { OUTCOME_NONE, OUTCOME_OK, OUTCOME_UNKNOWN, OUTCOME_REFUSED };

struct fact {
	uint64_t run, sequence; /* sequence 0: free */
	uint64_t number, hash; /* as acknowledged */
	uint64_t found; /* number at which it was read, 0: not yet */
	enum outcome outcome;
};

struct order {
	uint64_t who, last;
};

static struct {
	struct fact *facts;
	size_t fact_slots, fact_count;
	struct order sessions[ORDERS_MAX], runs[ORDERS_MAX];
	size_t session_count, run_count;
	uint64_t acknowledged, unknown, refused, other, records;
	uint64_t next_number, to, last_timestamp_ns, digest, complaints;
	uint64_t first; /* all below were trimmed */
	bool may_be_trimmed, ended;
} state = {.next_number = 1, .digest = PAYLOAD_HASH_BEGIN};

#define complain(...)                                             \
	do {                                                      \
		if (state.complaints++ < COMPLAINTS_MAX) {        \
			fprintf(stderr, "checker: " __VA_ARGS__); \
			fputc('\n', stderr);                      \
		}                                                 \
	} while (0)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- what was promised --------------------------------------------------------------------------- */

static struct fact *probe(struct fact *facts, size_t slots, uint64_t run, uint64_t sequence)
{
	size_t at = (size_t)payload_mix(run ^ payload_mix(sequence)) & (slots - 1);

	while (facts[at].sequence != 0 && (facts[at].run != run || facts[at].sequence != sequence))
		at = (at + 1) & (slots - 1);
	return &facts[at];
}

static void grow(void)
{
	size_t slots = state.fact_slots ? state.fact_slots * 2 : 1 << 16;
	struct fact *facts = calloc(slots, sizeof(*facts));

	if (!facts) {
		fprintf(stderr, "checker: no memory\n");
		exit(2);
	}
	for (size_t at = 0; at < state.fact_slots; at++)
		if (state.facts[at].sequence != 0)
			*probe(facts, slots, state.facts[at].run, state.facts[at].sequence) =
				state.facts[at];
	free(state.facts);
	state.facts = facts;
	state.fact_slots = slots;
}

static struct fact *fact_of(uint64_t run, uint64_t sequence)
{
	struct fact *fact;

	if (state.fact_count * 2 >= state.fact_slots)
		grow();
	fact = probe(state.facts, state.fact_slots, run, sequence);
	if (fact->sequence == 0) {
		fact->run = run;
		fact->sequence = sequence;
		state.fact_count++;
	}
	return fact;
}

static void take_ack(const char *line)
{
	uint64_t run, sequence, number, hash;
	char status[32];
	struct fact *fact;

	/* A loader that was killed may have left half a line: that answer was not seen by anybody. */
	if (!strchr(line, '\n') || sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %31s %" SCNx64,
					  &run, &sequence, &number, status, &hash) != 5)
		return;
	fact = fact_of(run, sequence);
	if (fact->outcome != OUTCOME_NONE)
		complain("run %" PRIu64 " sequence %" PRIu64 " was answered twice", run, sequence);
	fact->number = number;
	fact->hash = hash;
	if (strcmp(status, "OK") == 0) {
		fact->outcome = OUTCOME_OK;
		state.acknowledged++;
	} else if (strcmp(status, "UNKNOWN_OUTCOME") == 0) {
		fact->outcome = OUTCOME_UNKNOWN;
		state.unknown++;
	} else {
		fact->outcome = OUTCOME_REFUSED;
		state.refused++;
	}
}

static void load_acks(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];

	if (!file) {
		perror(path);
		exit(64);
	}
	while (fgets(line, sizeof(line), file))
		take_ack(line);
	fclose(file);
}

/* ---- what is there ------------------------------------------------------------------------------- */

static void check_order(struct order *orders, size_t *count, uint64_t who, uint64_t sequence)
{
	for (size_t at = 0; at < *count; at++) {
		if (orders[at].who != who)
			continue;
		if (sequence <= orders[at].last)
			complain("%s %" PRIx64 ": sequence %" PRIu64 " after %" PRIu64,
				 orders == state.runs ? "run" : "session", who, sequence,
				 orders[at].last);
		orders[at].last = sequence;
		return;
	}
	if (*count < ORDERS_MAX)
		orders[(*count)++] = (struct order){who, sequence};
}

static void check_payload(const struct wirelog_record *record)
{
	static uint8_t expected[WIRELOG_RECORD_BYTES_MAX];
	uint64_t run, sequence;
	struct fact *fact;

	memcpy(&run, (const uint8_t *)record->bytes + 8, 8);
	memcpy(&sequence, (const uint8_t *)record->bytes + 16, 8);
	payload_make(expected, (uint32_t)record->size, run, sequence);
	if (sequence == 0 || memcmp(expected, record->bytes, record->size) != 0) {
		complain("record %" PRIu64 ": its bytes are not what was appended", record->number);
		return;
	}
	check_order(state.runs, &state.run_count, run, sequence);
	fact = fact_of(run, sequence);
	if (fact->found != 0)
		complain("run %" PRIu64 " sequence %" PRIu64 " stands at %" PRIu64
			 " and at %" PRIu64,
			 run, sequence, fact->found, record->number);
	fact->found = record->number;
	if (fact->outcome == OUTCOME_REFUSED)
		complain("record %" PRIu64 " was refused and is there", record->number);
	if (fact->outcome == OUTCOME_OK && fact->number != record->number)
		complain("acknowledged as %" PRIu64 ", stands at %" PRIu64, fact->number,
			 record->number);
	if (fact->outcome == OUTCOME_OK &&
	    fact->hash != payload_hash(PAYLOAD_HASH_BEGIN, record->bytes, record->size))
		complain("record %" PRIu64 ": other bytes than acknowledged", record->number);
}

static void on_record(void *context, const struct wirelog_record *record)
{
	(void)context;
	if (record->number > state.to)
		return;
	if (record->number != state.next_number)
		complain("record %" PRIu64 " came where %" PRIu64 " was due", record->number,
			 state.next_number);
	if (record->timestamp_ns < state.last_timestamp_ns)
		complain("record %" PRIu64 ": time fell", record->number);
	state.last_timestamp_ns = record->timestamp_ns;
	state.next_number = record->number + 1;
	state.records++;
	state.digest = payload_hash(state.digest, (const uint8_t *)&record->number,
				    sizeof(record->number));
	state.digest = payload_hash(state.digest, record->bytes, record->size);
	check_order(state.sessions, &state.session_count, record->session, record->sequence);
	if (payload_is_ours(record->bytes, record->size))
		check_payload(record);
	else
		state.other++;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	(void)context;
	if (event->kind == WIRELOG_EVENT_GAP && state.may_be_trimmed &&
	    event->status == WIRELOG_TRIMMED && event->first_number == state.next_number)
		state.first = state.next_number = event->next_number;
	else if (event->kind == WIRELOG_EVENT_GAP)
		complain("gap from %" PRIu64 " to %" PRIu64 ": %s", event->first_number,
			 event->next_number, wirelog_status_name(event->status));
	if (event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		state.ended = true;
}

static void check_promises(void)
{
	for (size_t at = 0; at < state.fact_slots; at++) {
		const struct fact *fact = &state.facts[at];

		if (fact->sequence != 0 && fact->outcome == OUTCOME_OK && fact->found == 0 &&
		    fact->number >= state.first)
			complain("LOST: run %" PRIu64 " sequence %" PRIu64
				 ", acknowledged as %" PRIu64,
				 fact->run, fact->sequence, fact->number);
	}
}

static int read_all(struct wirelog *log)
{
	uint64_t heard_ns = now_ns(), before;

	state.ended = true;
	while (state.next_number <= state.to) {
		if (state.ended &&
		    wirelog_subscribe(log, WIRELOG_FROM_NUMBER, state.next_number) == 0)
			state.ended = false;
		before = state.next_number;
		if (wirelog_wait(log, 1000) < 0)
			return 2;
		if (state.next_number != before)
			heard_ns = now_ns();
		if (now_ns() - heard_ns > SILENCE_NS) {
			fprintf(stderr,
				"checker: nothing came after record %" PRIu64 " of %" PRIu64 "\n",
				state.next_number - 1, state.to);
			return 2;
		}
	}
	return 0;
}

static const struct option long_options[] = {
	{"endpoints", 1, NULL, 'e'}, {"key-file", 1, NULL, 'k'},
	{"cluster", 1, NULL, 'c'},   {"node", 1, NULL, 'n'},
	{"to", 1, NULL, 't'},	     {"insecure", 0, NULL, 'i'},
	{"trimmed", 0, NULL, 'r'},   {0},
};

static void take_options(int argc, char **argv, struct wirelog_options *options)
{
	int key;

	while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (key) {
		case 'e':
			options->endpoints = optarg;
			break;
		case 'k':
			options->key_file = optarg;
			break;
		case 'c':
			options->cluster = optarg;
			break;
		case 'n':
			options->node = (uint32_t)atoi(optarg);
			break;
		case 't':
			state.to = strtoull(optarg, NULL, 10);
			break;
		case 'i':
			options->insecure = 1;
			break;
		case 'r':
			state.may_be_trimmed = true;
			break;
		default:
			exit(64);
		}
	}
	if (!options->endpoints) {
		fprintf(stderr, "checker: see the top of tests/e2e/checker.c\n");
		exit(64);
	}
}

int main(int argc, char **argv)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog *log;
	int status;

	take_options(argc, argv, &options);
	for (int at = optind; at < argc; at++)
		load_acks(argv[at]);
	options.connect_timeout_ns = 20ull * 1000000000;
	options.on_record = on_record;
	options.on_event = on_event;
	status = wirelog_connect(&log, &options);
	if (status != 0) {
		fprintf(stderr, "checker: connect: %s: %s\n", wirelog_status_name(status),
			wirelog_last_reason());
		return 2;
	}
	status = read_all(log);
	wirelog_close(log);
	if (status == 0)
		check_promises();
	if (state.may_be_trimmed)
		printf("first %" PRIu64 "\n", state.first > 1 ? state.first : 1);
	printf("records %" PRIu64 " acknowledged %" PRIu64 " unknown %" PRIu64 " refused %" PRIu64
	       " other %" PRIu64 " digest %016" PRIx64 "\n",
	       state.records, state.acknowledged, state.unknown, state.refused, state.other,
	       state.digest);
	if (state.complaints > COMPLAINTS_MAX)
		fprintf(stderr, "checker: %" PRIu64 " complaints in all\n", state.complaints);
	return status != 0 ? status : state.complaints != 0;
}
