/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What others cost a client that appends one record at a time: its p99 alone, beside each kind of neighbour, and after a pause.
 * Parts take turns, so that a machine that drifts drifts for all. The neighbours are processes of their own:
 *
 *  sink       40,000 frames a second to a socket that nobody reads: what such a process costs this machine by itself
 *  questions  the same frames to the nodes: questions of clients that do not have the key
 *  garbage    the same number of frames of random bytes
 *  appends    a client with the key that appends 1 KiB records as fast as it is let
 *
 * and at last one append after each pause of two seconds.
 *
 *	bench_beside DIRECTORY [SECONDS for each part, 3]
 *
 * The cluster is named as for bench_commit, its links of kind udp by WIRELOG_UDP_ENDPOINTS ("udp:IPV4:PORT,..."). perf/run
 * sets all of them.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/base/histogram.h"
#include "dataplane/host/clock.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"
#include "wirelog/wirelog.h"

#define ROUNDS 3u
#define PAUSES 30u
#define PAUSE_US 2000000u
#define FRAMES_PER_MS 40u
#define TARGETS_MAX 7u
#define RECORD_BYTES 64u
#define FLOOD_RECORD_BYTES 1024u
#define HIGHEST_NS 60000000000ull
#define WAIT_US 1000u

enum part { ALONE, SINK, QUESTIONS, GARBAGE, APPENDS, PAUSED, PARTS };
static const char *const names[PARTS] = {
	"alone",	  "beside sink",    "beside questions",
	"beside garbage", "beside appends", "after 2 s of silence"};

static _Atomic uint64_t counters[PARTS][WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static struct wl_histogram histograms[PARTS];
static _Atomic int *now_on; /* the part: shared with the neighbours; PARTS: the end */
static uint64_t acknowledged_at_ns, failed;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_beside: %s: %s\n", what, why);
	exit(1);
}

static struct wirelog *connect_to_cluster(void (*on_ack)(void *, const struct wirelog_ack *),
					  uint32_t outstanding)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct wirelog *log;

	options.endpoints = getenv("WIRELOG_ENDPOINTS");
	options.key_file = getenv("WIRELOG_KEY_FILE");
	options.cluster = getenv("WIRELOG_CLUSTER");
	options.outstanding_max = outstanding;
	options.on_ack = on_ack;
	if (!options.endpoints || !options.key_file || !options.cluster)
		die("environment", "use perf/run");
	if (wirelog_connect(&log, &options) != 0)
		die("connect", wirelog_last_reason());
	return log;
}

/* ---- neighbours ------------------------------------------------------------------------------------ */

struct flood {
	int fd;
	struct sockaddr_in targets[TARGETS_MAX], sink;
	unsigned target_count;
	uint64_t cluster, drawn;
};

static void find_targets(struct flood *flood)
{
	const char *at = getenv("WIRELOG_UDP_ENDPOINTS");
	socklen_t bytes = sizeof(flood->sink);
	uint8_t uuid[WL_CLUSTER_ID_BYTES];
	char host[32];
	int port, sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	while (at && flood->target_count < TARGETS_MAX &&
	       sscanf(at, "udp:%31[0-9.]:%d", host, &port) == 2) {
		struct sockaddr_in *target = &flood->targets[flood->target_count++];

		target->sin_family = AF_INET;
		target->sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, host, &target->sin_addr);
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	flood->sink.sin_family = AF_INET;
	flood->sink.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (flood->target_count == 0 || sink < 0 ||
	    bind(sink, (struct sockaddr *)&flood->sink, bytes) != 0 ||
	    getsockname(sink, (struct sockaddr *)&flood->sink, &bytes) != 0)
		die("WIRELOG_UDP_ENDPOINTS", "no link of kind udp");
	flood->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (wl_cluster_id_parse(getenv("WIRELOG_CLUSTER"), uuid))
		flood->cluster = wl_cluster_id(uuid);
}

static void send_frame(struct flood *flood, enum part part)
{
	uint8_t bytes[WL_FRAME_HEADER_BYTES + 64];
	unsigned target = (unsigned)(flood->drawn % flood->target_count);
	struct wl_frame_header header = {
		.type = WL_WIRE_HELLO,
		.payload_bytes = 64,
		.cluster = flood->cluster,
		.sender = WL_IDENTITY_CLIENT | (uint32_t)wl_mix_u64(flood->drawn),
		.sender_boot = 1 + flood->drawn,
		.sequence = 1,
	};

	flood->drawn++;
	for (size_t at = 0; at < sizeof(bytes); at += 8)
		wl_store_u64(bytes + at, wl_mix_u64(flood->drawn + at));
	if (part != GARBAGE)
		wl_frame_encode_header(bytes, &header);
	sendto(flood->fd, bytes, sizeof(bytes), MSG_DONTWAIT,
	       (struct sockaddr *)(part == SINK ? &flood->sink : &flood->targets[target]),
	       sizeof(flood->sink));
}

static void be_flood(void)
{
	static struct flood flood;
	int part;

	find_targets(&flood);
	while ((part = atomic_load(now_on)) != PARTS) {
		for (unsigned at = 0; at < FRAMES_PER_MS; at++)
			if (part == SINK || part == QUESTIONS || part == GARBAGE)
				send_frame(&flood, (enum part)part);
		usleep(1000);
	}
}

static void ignore_ack(void *context, const struct wirelog_ack *ack)
{
	(void)context;
	(void)ack;
}

static void be_client(void)
{
	static const uint8_t record[FLOOD_RECORD_BYTES];
	struct wirelog *log = connect_to_cluster(ignore_ack, 16384);
	int part;

	while ((part = atomic_load(now_on)) != PARTS) {
		while (part == APPENDS && wirelog_append(log, record, sizeof(record), NULL) > 0)
			;
		wirelog_wait(log, WAIT_US);
	}
	wirelog_close(log);
}

static pid_t start(void (*be)(void))
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be();
	_exit(0);
}

/* ---- the client that is measured ------------------------------------------------------------------- */

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	(void)context;
	acknowledged_at_ns = wl_clock_kernel_ns();
	failed += ack->status != WIRELOG_OK;
}

static void append_one(struct wirelog *log, struct wl_histogram *histogram)
{
	static const uint8_t record[RECORD_BYTES] = "64 bytes of a record, as an order would be";
	uint64_t began_ns = wl_clock_kernel_ns();
	int64_t sequence = wirelog_append(log, record, sizeof(record), NULL);

	if (sequence < 0)
		die("append", wirelog_status_name((int)sequence));
	while (wirelog_outstanding(log) != 0)
		wirelog_wait(log, WAIT_US);
	if (histogram)
		wl_histogram_record(histogram, acknowledged_at_ns - began_ns);
}

static void run_part(struct wirelog *log, enum part part, uint64_t for_ns)
{
	uint64_t began_ns;

	atomic_store(now_on, part);
	for (unsigned settle = 0; settle < 200; settle++)
		append_one(log, NULL);
	began_ns = wl_clock_kernel_ns();
	while (wl_clock_kernel_ns() - began_ns < for_ns)
		append_one(log, &histograms[part]);
	atomic_store(now_on, ALONE);
	/* What the neighbour has under way is not the next part's. */
	for (unsigned settle = 0; settle < 200; settle++)
		append_one(log, NULL);
}

static void run_pauses(struct wirelog *log)
{
	for (unsigned at = 0; at < PAUSES; at++) {
		uint64_t until_ns = wl_clock_kernel_ns() + PAUSE_US * 1000ull;

		while (wl_clock_kernel_ns() < until_ns)
			wirelog_wait(log, PAUSE_US / 10);
		append_one(log, &histograms[PAUSED]);
	}
}

static void print(void)
{
	double alone = (double)wl_histogram_percentile(&histograms[ALONE], 99);

	for (unsigned part = 0; part < PARTS; part++) {
		const struct wl_histogram *of = &histograms[part];

		printf("%-22s %8lu  p50 %8.1f us  p99 %8.1f us  max %8.1f us  p99 / alone %5.2f\n",
		       names[part], (unsigned long)wl_histogram_count(of),
		       (double)wl_histogram_percentile(of, 50) / 1e3,
		       (double)wl_histogram_percentile(of, 99) / 1e3,
		       (double)wl_histogram_max(of) / 1e3,
		       (double)wl_histogram_percentile(of, 99) / alone);
	}
	printf("appends not acknowledged: %lu\n", (unsigned long)failed);
}

int main(int argc, char **argv)
{
	uint64_t part_ns = (argc > 2 ? strtoull(argv[2], NULL, 10) : 3) * 1000000000ull;
	struct wirelog *log;
	pid_t flood, client;

	if (argc < 2 || argc > 3 || argv[1][0] == '-')
		die("usage", "bench_beside DIRECTORY [SECONDS]");
	now_on = mmap(NULL, sizeof(*now_on), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (now_on == MAP_FAILED)
		die("mmap", "no memory");
	for (unsigned part = 0; part < PARTS; part++)
		wl_histogram_init(&histograms[part], HIGHEST_NS, counters[part]);
	flood = start(be_flood);
	client = start(be_client);
	log = connect_to_cluster(on_ack, 16);
	for (unsigned warm = 0; warm < 2000; warm++)
		append_one(log, NULL);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (enum part part = ALONE; part < PAUSED; part++)
			run_part(log, part, part_ns / ROUNDS);
	run_pauses(log);
	atomic_store(now_on, PARTS);
	waitpid(flood, NULL, 0);
	waitpid(client, NULL, 0);
	print();
	wirelog_close(log);
	return failed != 0;
}
