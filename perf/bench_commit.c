/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What durability costs, and what wirelog adds: the time of a durable commit of a running three-node cluster against
 * the disk's own time for the writes that it needs, taken in turns in one run on the same machine.
 *
 *	bench_commit DIRECTORY [SECONDS for each part, 3]
 *
 * DIRECTORY lies on the disk that the nodes use. The cluster is named by WIRELOG_ENDPOINTS, WIRELOG_KEY_FILE and
 * WIRELOG_CLUSTER, its nodes' run directories (for their memory) by WIRELOG_RUN_DIRECTORIES, separated by colons.
 * perf/run sets all of them.
 *
 *  floor   three 4 KiB direct durable writes to three files at once; a majority needs the second to be done
 *  single  one append outstanding
 *  many    as many as the cluster takes
 */
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/base/histogram.h"
#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define FILES 3u
#define BLOCK_BYTES 4096u
#define FILE_BYTES (8u << 20)
#define RECORD_BYTES 64u
#define OUTSTANDING_MAX 16384u
#define ROUNDS 3u /* floor and single take turns, so that a disk that drifts drifts for both */
#define HIGHEST_NS 60000000000ull
#define WAIT_US 1000u

static _Atomic uint64_t second_counters[WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static _Atomic uint64_t third_counters[WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static _Atomic uint64_t single_counters[WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static _Atomic uint64_t many_counters[WL_HISTOGRAM_COUNTERS(HIGHEST_NS)];
static struct wl_histogram second, third, single, many;

struct bench {
	struct io_uring ring;
	int files[FILES];
	uint8_t *block;
	struct wirelog *log;
	struct wl_histogram *histogram; /* where acknowledgements go now */
	uint64_t sent_ns[OUTSTANDING_MAX];
	uint64_t acknowledged, failed;
	uint64_t part_ns;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_commit: %s: %s\n", what, why);
	exit(1);
}

/* ---- the disk alone ------------------------------------------------------------------------------- */

static void open_files(struct bench *bench, const char *directory)
{
	char path[512];

	bench->block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	if (!bench->block || io_uring_queue_init(8, &bench->ring, 0) != 0)
		die("io_uring", "cannot be set up");
	memset(bench->block, 0x5a, BLOCK_BYTES);
	for (unsigned at = 0; at < FILES; at++) {
		snprintf(path, sizeof(path), "%s/floor-%u", directory, at);
		bench->files[at] =
			open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
		if (bench->files[at] < 0)
			die(path, "direct I/O is needed");
		unlink(path);
		/* Written blocks, as the log's segments are: an unwritten one costs a journal commit more. */
		for (uint32_t offset = 0; offset < FILE_BYTES; offset += BLOCK_BYTES)
			if (pwrite(bench->files[at], bench->block, BLOCK_BYTES, offset) !=
			    (ssize_t)BLOCK_BYTES)
				die(path, "cannot be written");
		fdatasync(bench->files[at]);
	}
}

static void write_three(struct bench *bench, uint64_t offset)
{
	uint64_t began_ns = wl_clock_kernel_ns();

	for (unsigned at = 0; at < FILES; at++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&bench->ring);

		io_uring_prep_write(sqe, bench->files[at], bench->block, BLOCK_BYTES, offset);
		sqe->rw_flags = RWF_DSYNC;
	}
	io_uring_submit(&bench->ring);
	for (unsigned done = 1; done <= FILES; done++) {
		struct io_uring_cqe *cqe;

		if (io_uring_wait_cqe(&bench->ring, &cqe) != 0 || cqe->res != (int)BLOCK_BYTES)
			die("floor", "a write failed");
		io_uring_cqe_seen(&bench->ring, cqe);
		if (done == 2)
			wl_histogram_record(&second, wl_clock_kernel_ns() - began_ns);
		if (done == 3)
			wl_histogram_record(&third, wl_clock_kernel_ns() - began_ns);
	}
}

static void run_floor(struct bench *bench)
{
	uint64_t began_ns = wl_clock_kernel_ns();

	for (uint64_t turn = 0; wl_clock_kernel_ns() - began_ns < bench->part_ns / ROUNDS; turn++)
		write_three(bench, turn * BLOCK_BYTES % FILE_BYTES);
}

/* ---- the cluster ---------------------------------------------------------------------------------- */

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct bench *bench = context;

	if (ack->status != WIRELOG_OK) {
		bench->failed++;
		return;
	}
	bench->acknowledged++;
	wl_histogram_record(bench->histogram,
			    wl_clock_kernel_ns() -
				    bench->sent_ns[(uint64_t)ack->sequence % OUTSTANDING_MAX]);
}

static void connect_to_cluster(struct bench *bench)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	int status;

	options.endpoints = getenv("WIRELOG_ENDPOINTS");
	options.key_file = getenv("WIRELOG_KEY_FILE");
	options.cluster = getenv("WIRELOG_CLUSTER");
	options.outstanding_max = OUTSTANDING_MAX;
	options.on_ack = on_ack;
	options.context = bench;
	if (!options.endpoints || !options.key_file || !options.cluster)
		die("environment",
		    "WIRELOG_ENDPOINTS, WIRELOG_KEY_FILE and WIRELOG_CLUSTER are needed: use perf/run");
	status = wirelog_connect(&bench->log, &options);
	if (status != 0)
		die("connect", wirelog_last_reason());
}

static bool offer(struct bench *bench)
{
	static const uint8_t record[RECORD_BYTES] = "64 bytes of a record, as an order would be";
	uint64_t now_ns = wl_clock_kernel_ns();
	int64_t sequence = wirelog_append(bench->log, record, sizeof(record), NULL);

	if (sequence == WIRELOG_BACK_PRESSURE)
		return false;
	if (sequence < 0)
		die("append", wirelog_status_name((int)sequence));
	bench->sent_ns[(uint64_t)sequence % OUTSTANDING_MAX] = now_ns;
	return true;
}

static void drain(struct bench *bench)
{
	while (wirelog_outstanding(bench->log) != 0)
		wirelog_wait(bench->log, WAIT_US);
}

static void run_single(struct bench *bench, uint64_t for_ns)
{
	uint64_t began_ns = wl_clock_kernel_ns();

	bench->histogram = &single;
	while (wl_clock_kernel_ns() - began_ns < for_ns) {
		if (offer(bench))
			drain(bench);
	}
}

/* Returns acknowledged records a second. */
static double run_many(struct bench *bench)
{
	uint64_t began_ns = wl_clock_kernel_ns(), before = bench->acknowledged;

	bench->histogram = &many;
	while (wl_clock_kernel_ns() - began_ns < bench->part_ns) {
		while (offer(bench))
			;
		wirelog_wait(bench->log, WAIT_US);
	}
	drain(bench);
	return (double)(bench->acknowledged - before) * 1e9 /
	       (double)(wl_clock_kernel_ns() - began_ns);
}

/* ---- memory --------------------------------------------------------------------------------------- */

/* Resident kB of the node whose pid file this is; 0: not there. */
static unsigned long resident_kb(const char *run_directory)
{
	char path[512], line[256];
	unsigned long kb = 0;
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/wirelogd.pid", run_directory);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &pid) != 1)
		die(path, "no process id");
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %lu", &kb);
	if (file)
		fclose(file);
	return kb;
}

static void print_memory(void)
{
	const char *from = getenv("WIRELOG_RUN_DIRECTORIES");
	char *list = from ? strdup(from) : NULL, *rest = list, *directory;

	printf("memory of a node (MiB resident, limit 256):");
	while (rest && (directory = strsep(&rest, ":")))
		printf(" %lu", resident_kb(directory) >> 10);
	printf("\n");
	free(list);
}

static void print_line(const char *name, const struct wl_histogram *histogram)
{
	printf("%-34s %9lu  p50 %8.1f us  p99 %8.1f us  p99.9 %8.1f us\n", name,
	       (unsigned long)wl_histogram_count(histogram),
	       (double)wl_histogram_percentile(histogram, 50) / 1e3,
	       (double)wl_histogram_percentile(histogram, 99) / 1e3,
	       (double)wl_histogram_percentile(histogram, 99.9) / 1e3);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	double rate;

	if (argc < 2 || argc > 3 || argv[1][0] == '-')
		die("usage", "bench_commit DIRECTORY [SECONDS]");
	bench.part_ns = (argc > 2 ? strtoull(argv[2], NULL, 10) : 3) * 1000000000ull;
	wl_histogram_init(&second, HIGHEST_NS, second_counters);
	wl_histogram_init(&third, HIGHEST_NS, third_counters);
	wl_histogram_init(&single, HIGHEST_NS, single_counters);
	wl_histogram_init(&many, HIGHEST_NS, many_counters);
	open_files(&bench, argv[1]);
	connect_to_cluster(&bench);
	run_single(&bench, 200000000); /* session, first segment, caches */
	wl_histogram_reset(&single);
	for (unsigned round = 0; round < ROUNDS; round++) {
		run_floor(&bench);
		run_single(&bench, bench.part_ns / ROUNDS);
	}
	rate = run_many(&bench);
	print_line("three raw writes: second done", &second);
	print_line("three raw writes: all done", &third);
	print_line("durable commit, 1 outstanding", &single);
	print_line("durable commit, many outstanding", &many);
	printf("commit p50 / second of three raw writes p50: %.2f (goal <= 2)\n",
	       (double)wl_histogram_percentile(&single, 50) /
		       (double)wl_histogram_percentile(&second, 50));
	printf("commit p50 / all of three raw writes p50:    %.2f\n",
	       (double)wl_histogram_percentile(&single, 50) /
		       (double)wl_histogram_percentile(&third, 50));
	printf("durable records of 64 B a second, many outstanding: %.0f (goal >= 300000)\n", rate);
	print_memory();
	printf("appends not acknowledged: %lu\n", (unsigned long)bench.failed);
	wirelog_close(bench.log);
	return bench.failed != 0;
}
