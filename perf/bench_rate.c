/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A running cluster under an open load: a record of 64 bytes is due at each beat of a clock, whether or not the one before was
 * acknowledged, and its time counts from the moment when it was due (so a stall is paid by all that waited behind it).
 * One line: what perf/compare sets side by side.
 *
 *	bench_rate RECORDS_A_SECOND SECONDS      0 records a second: as many as the cluster takes
 *
 * The cluster is named as for bench_commit.c, by the environment that perf/run and perf/compare set.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/base/histogram.h"
#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define RECORD_BYTES 64u
#define OUTSTANDING_MAX 16384u
#define HIGHEST_NS 60000000000ull
#define WAIT_US 200u
#define WARM_NS 1000000000u

static _Atomic uint64_t counters[WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static struct wl_histogram histogram;

struct bench {
	struct wirelog *log;
	uint64_t due_ns[OUTSTANDING_MAX]; /* by sequence */
	uint64_t acknowledged, failed;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_rate: %s: %s\n", what, why);
	exit(1);
}

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct bench *bench = context;

	if (ack->status != WIRELOG_OK) {
		bench->failed++;
		return;
	}
	bench->acknowledged++;
	wl_histogram_record(&histogram,
			    wl_clock_kernel_ns() -
				    bench->due_ns[(uint64_t)ack->sequence % OUTSTANDING_MAX]);
}

static void connect_to_cluster(struct bench *bench)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;

	options.endpoints = getenv("WIRELOG_ENDPOINTS");
	options.key_file = getenv("WIRELOG_KEY_FILE");
	options.cluster = getenv("WIRELOG_CLUSTER");
	options.outstanding_max = OUTSTANDING_MAX;
	options.on_ack = on_ack;
	options.context = bench;
	if (!options.endpoints || !options.key_file || !options.cluster)
		die("environment",
		    "WIRELOG_ENDPOINTS, WIRELOG_KEY_FILE and WIRELOG_CLUSTER are needed: use perf/compare");
	if (wirelog_connect(&bench->log, &options) != 0)
		die("connect", wirelog_last_reason());
}

static bool offer(struct bench *bench, uint64_t due_ns)
{
	static const uint8_t record[RECORD_BYTES] = "64 bytes of a record, as an order would be";
	int64_t sequence = wirelog_append(bench->log, record, sizeof(record), NULL);

	if (sequence == WIRELOG_BACK_PRESSURE)
		return false;
	if (sequence < 0)
		die("append", wirelog_status_name((int)sequence));
	bench->due_ns[(uint64_t)sequence % OUTSTANDING_MAX] = due_ns;
	return true;
}

/* Offers what is due until the time is over. Returns records acknowledged a second. */
static double run(struct bench *bench, uint64_t rate, uint64_t for_ns)
{
	uint64_t began_ns = wl_clock_kernel_ns(), before = bench->acknowledged, offered = 0, now_ns;

	while ((now_ns = wl_clock_kernel_ns()) - began_ns < for_ns) {
		uint64_t due = rate != 0 ? (now_ns - began_ns) * rate / 1000000000u : UINT64_MAX;

		while (offered < due &&
		       offer(bench, rate != 0 ? began_ns + offered * 1000000000u / rate
					      : wl_clock_kernel_ns()))
			offered++;
		wirelog_wait(bench->log, WAIT_US);
	}
	return (double)(bench->acknowledged - before) * 1e9 /
	       (double)(wl_clock_kernel_ns() - began_ns);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	uint64_t rate, seconds;
	double reached;

	if (argc != 3 || argv[1][0] == '-')
		die("usage", "bench_rate RECORDS_A_SECOND SECONDS");
	rate = strtoull(argv[1], NULL, 10);
	seconds = strtoull(argv[2], NULL, 10);
	wl_histogram_init(&histogram, HIGHEST_NS, counters);
	connect_to_cluster(&bench);
	run(&bench, rate, WARM_NS);
	wl_histogram_reset(&histogram);
	reached = run(&bench, rate, seconds * 1000000000u);
	printf("records_s=%.0f p50_us=%.1f p99_us=%.1f p999_us=%.1f failed=%lu\n", reached,
	       (double)wl_histogram_percentile(&histogram, 50) / 1e3,
	       (double)wl_histogram_percentile(&histogram, 99) / 1e3,
	       (double)wl_histogram_percentile(&histogram, 99.9) / 1e3,
	       (unsigned long)bench.failed);
	while (wirelog_outstanding(bench.log) != 0)
		wirelog_wait(bench.log, WAIT_US);
	wirelog_close(bench.log);
	return bench.failed != 0;
}
