/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Appends records that can be recognised, and writes down each answer at once.
 *
 *	loader --endpoints LIST --key-file FILE --cluster UUID --acks FILE [--run N] [--count N] [--node N]
 *	       [--outstanding N] [--size-min N] [--size-max N] [--rate N] [--level N] [--timeout-ms N]
 *	       [--connect-ms N] [--insecure]
 *
 * A line of FILE, appended and flushed when the answer comes, so that it is true after any kind of death:
 *	RUN SEQUENCE NUMBER STATUS HASH
 * Runs until COUNT records are answered, or until SIGTERM: then it appends no more, waits for what is outstanding and
 * ends. Last line on stdout: "appended A acknowledged K unknown U refused R sessions_lost S longest_gap_ms G".
 * Exit 0 when everything was answered, 1 when not, 2 when it could not connect, 64 for a wrong command line.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/e2e/payload.h"
#include "wirelog/wirelog.h"

#define DRAIN_NS (60ull * 1000000000)

struct loader {
	struct wirelog *log;
	FILE *acks;
	uint64_t run, count, rate;
	uint32_t size_min, size_max, outstanding_max;
	struct wirelog_append_options append;
	uint64_t appended, answered, acknowledged, unknown, refused, sessions_lost;
	uint64_t short_of_level; /* answers that say less than was asked for */
	uint64_t last_ack_ns, longest_gap_ns;
	int last_refusal; /* told when it changes */
	uint64_t pause_until_ns; /* after a refusal there is no hurry */
};

static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
	(void)number;
	asked_to_stop = 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t size_of(const struct loader *loader, uint64_t sequence)
{
	uint64_t draw = payload_mix(loader->run * 31 + sequence);

	return loader->size_min + (uint32_t)(draw % (loader->size_max - loader->size_min + 1));
}

/* The tag of an append is our own sequence: the library's starts again with each session. */
static void on_ack(void *context, const struct wirelog_ack *ack)
{
	static uint8_t bytes[WIRELOG_RECORD_BYTES_MAX];
	struct loader *loader = context;
	uint64_t sequence = (uint64_t)(uintptr_t)ack->tag, now = now_ns();
	uint32_t size = size_of(loader, sequence);

	payload_make(bytes, size, loader->run, sequence);
	fprintf(loader->acks, "%lu %lu %lu %s %016lx\n", (unsigned long)loader->run,
		(unsigned long)sequence, (unsigned long)ack->number,
		wirelog_status_name(ack->status),
		(unsigned long)payload_hash(PAYLOAD_HASH_BEGIN, bytes, size));
	fflush(loader->acks);
	loader->answered++;
	if (ack->status == WIRELOG_OK) {
		loader->acknowledged++;
		if (now - loader->last_ack_ns > loader->longest_gap_ns)
			loader->longest_gap_ns = now - loader->last_ack_ns;
		loader->last_ack_ns = now;
		if (ack->level < loader->append.level || ack->number == 0) {
			loader->short_of_level++;
			fprintf(stderr, "loader: sequence %lu: number %lu at level %d\n",
				(unsigned long)sequence, (unsigned long)ack->number, ack->level);
		}
	} else if (ack->status == WIRELOG_UNKNOWN_OUTCOME) {
		loader->unknown++;
	} else {
		loader->refused++;
		loader->pause_until_ns = now + 50000000;
	}
	if (ack->status != loader->last_refusal)
		fprintf(stderr, "loader: answers are now %s\n", wirelog_status_name(ack->status));
	loader->last_refusal = ack->status;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct loader *loader = context;

	if (event->kind == WIRELOG_EVENT_SESSION_LOST)
		loader->sessions_lost++;
	fprintf(stderr, "loader: event %d node %u term %lu status %s\n", event->kind, event->node,
		(unsigned long)event->term, wirelog_status_name(event->status));
}

/* One more record, if rate, window and count allow it. False when nothing was appended. */
static bool append_one(struct loader *loader, uint64_t begin_ns)
{
	static uint8_t bytes[WIRELOG_RECORD_BYTES_MAX];
	uint64_t sequence = loader->appended + 1, now = now_ns();
	uint32_t size = size_of(loader, sequence);
	int64_t status;

	if (loader->count != 0 && loader->appended == loader->count)
		return false;
	if (wirelog_outstanding(loader->log) >= loader->outstanding_max ||
	    now < loader->pause_until_ns)
		return false;
	if (loader->rate != 0 &&
	    (double)loader->appended * 1e9 > (double)(now - begin_ns) * (double)loader->rate)
		return false;
	payload_make(bytes, size, loader->run, sequence);
	loader->append.tag =
		(void *)(uintptr_t)sequence; // NOLINT: an integer that travels as a pointer
	status = wirelog_append(loader->log, bytes, size, &loader->append);
	if (status == WIRELOG_BACK_PRESSURE || status == WIRELOG_NOT_CONNECTED)
		return false;
	if (status < 0) {
		fprintf(stderr, "loader: append: %s\n", wirelog_status_name((int)status));
		asked_to_stop = 1;
		return false;
	}
	loader->appended = sequence;
	return true;
}

static int run(struct loader *loader)
{
	uint64_t begin_ns = now_ns(), stop_ns = 0;

	loader->last_ack_ns = begin_ns;
	for (;;) {
		uint32_t burst = 0;

		while (!asked_to_stop && burst < 64 && append_one(loader, begin_ns))
			burst++;
		if (wirelog_wait(loader->log, 500) < 0)
			return 1;
		if (loader->answered == loader->appended &&
		    (asked_to_stop || (loader->count != 0 && loader->appended == loader->count)))
			return 0;
		if (asked_to_stop && stop_ns == 0)
			stop_ns = now_ns();
		if (stop_ns != 0 && now_ns() - stop_ns > DRAIN_NS)
			return 1;
	}
}

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "loader: '%s' is no number\n", text);
		exit(64);
	}
	return value;
}

enum option_key {
	OPTION_ENDPOINTS = 1,
	OPTION_KEY,
	OPTION_CLUSTER,
	OPTION_ACKS,
	OPTION_RUN,
	OPTION_COUNT,
	OPTION_NODE,
	OPTION_OUTSTANDING,
	OPTION_SIZE_MIN,
	OPTION_SIZE_MAX,
	OPTION_RATE,
	OPTION_LEVEL,
	OPTION_TIMEOUT,
	OPTION_CONNECT,
	OPTION_INSECURE,
};

static const struct option long_options[] = {
	{"endpoints", 1, NULL, OPTION_ENDPOINTS},
	{"key-file", 1, NULL, OPTION_KEY},
	{"cluster", 1, NULL, OPTION_CLUSTER},
	{"acks", 1, NULL, OPTION_ACKS},
	{"run", 1, NULL, OPTION_RUN},
	{"count", 1, NULL, OPTION_COUNT},
	{"node", 1, NULL, OPTION_NODE},
	{"outstanding", 1, NULL, OPTION_OUTSTANDING},
	{"size-min", 1, NULL, OPTION_SIZE_MIN},
	{"size-max", 1, NULL, OPTION_SIZE_MAX},
	{"rate", 1, NULL, OPTION_RATE},
	{"level", 1, NULL, OPTION_LEVEL},
	{"timeout-ms", 1, NULL, OPTION_TIMEOUT},
	{"connect-ms", 1, NULL, OPTION_CONNECT},
	{"insecure", 0, NULL, OPTION_INSECURE},
	{0},
};

static void take_option(struct loader *loader, struct wirelog_options *options, int key,
			const char *text)
{
	switch ((enum option_key)key) {
	case OPTION_ENDPOINTS:
		options->endpoints = text;
		break;
	case OPTION_KEY:
		options->key_file = text;
		break;
	case OPTION_CLUSTER:
		options->cluster = text;
		break;
	case OPTION_ACKS:
		loader->acks = fopen(text, "a");
		break;
	case OPTION_RUN:
		loader->run = number_of(text);
		break;
	case OPTION_COUNT:
		loader->count = number_of(text);
		break;
	case OPTION_NODE:
		options->node = (uint32_t)number_of(text);
		break;
	case OPTION_OUTSTANDING:
		loader->outstanding_max = (uint32_t)number_of(text);
		break;
	case OPTION_SIZE_MIN:
		loader->size_min = (uint32_t)number_of(text);
		break;
	case OPTION_SIZE_MAX:
		loader->size_max = (uint32_t)number_of(text);
		break;
	case OPTION_RATE:
		loader->rate = number_of(text);
		break;
	case OPTION_LEVEL:
		loader->append.level = (enum wirelog_level)number_of(text);
		break;
	case OPTION_TIMEOUT:
		options->append_timeout_ns = number_of(text) * 1000000;
		break;
	case OPTION_CONNECT:
		options->connect_timeout_ns = number_of(text) * 1000000;
		break;
	case OPTION_INSECURE:
		options->insecure = 1;
		break;
	default:
		exit(64);
	}
}

int main(int argc, char **argv)
{
	struct loader loader = {.run = (uint64_t)getpid(),
				.rate = 4000,
				.size_min = PAYLOAD_HEADER_BYTES,
				.size_max = 400,
				.outstanding_max = 64,
				.append.level = WIRELOG_COMMITTED};
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	int key, status;

	options.append_timeout_ns = 60ull * 1000000000;
	options.connect_timeout_ns = 20ull * 1000000000;
	while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&loader, &options, key, optarg);
	if (!loader.acks || !options.endpoints || loader.size_min < PAYLOAD_HEADER_BYTES ||
	    loader.size_max < loader.size_min || loader.size_max > WIRELOG_RECORD_BYTES_MAX) {
		fprintf(stderr, "loader: see the top of tests/e2e/loader.c\n");
		return 64;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	options.on_ack = on_ack;
	options.on_event = on_event;
	options.context = &loader;
	status = wirelog_connect(&loader.log, &options);
	if (status != 0) {
		fprintf(stderr, "loader: connect: %s: %s\n", wirelog_status_name(status),
			wirelog_last_reason());
		return 2;
	}
	status = run(&loader);
	printf("appended %lu acknowledged %lu unknown %lu refused %lu sessions_lost %lu longest_gap_ms %lu\n",
	       (unsigned long)loader.appended, (unsigned long)loader.acknowledged,
	       (unsigned long)loader.unknown, (unsigned long)loader.refused,
	       (unsigned long)loader.sessions_lost,
	       (unsigned long)(loader.longest_gap_ns / 1000000));
	wirelog_close(loader.log);
	fclose(loader.acks);
	return status != 0 || loader.short_of_level != 0;
}
