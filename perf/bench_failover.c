/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a change of leaders costs those who append. An open load of 64 byte records runs; by the client's own clock:
 *
 *	bench_failover kill COUNT RATE        kill -9 of the leader, COUNT times: until the first record that was appended afterwards is acknowledged
 *	bench_failover transfer COUNT RATE    the leader is asked to hand over: the longest time without an acknowledgement, beside that of
 *	                                      equal windows in which nothing happens
 *
 * A line for each, then one with percentiles. The cluster is named by the environment that perf/failover sets, which also takes from the
 * nodes' logs where the milliseconds went, and counts elections that nobody needed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/host/clock.h"
#include "wirelog/wirelog.h"

#define OUTSTANDING_MAX 16384u
#define WAIT_US 200u
#define MS 1000000u
#define SECOND 1000000000u
#define WINDOW_NS (300 * (uint64_t)MS) /* of a transfer */
#define STEADY_NS (4 * (uint64_t)SECOND) /* between two kills, after the killed node is back */
#define COUNT_MAX 10000u

struct bench {
	struct wirelog *log;
	uint64_t rate, began_ns, offered;
	uint64_t appended_ns[OUTSTANDING_MAX]; /* by sequence */
	uint64_t from_ns; /* records of then and later count */
	uint64_t first_ns; /* acknowledgement of such a one; 0: not yet */
	uint64_t learned_ns; /* of another leader */
	uint64_t last_ns, longest_ns; /* acknowledgement; time without one */
	uint32_t leader;
	unsigned long failed;
	double took_ms[COUNT_MAX], calm_ms[COUNT_MAX];
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_failover: %s: %s\n", what, why);
	exit(1);
}

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct bench *bench = context;
	uint64_t now_ns = wl_clock_kernel_ns();

	if (ack->status != WIRELOG_OK) {
		bench->failed++;
		return;
	}
	if (bench->last_ns != 0 && now_ns - bench->last_ns > bench->longest_ns)
		bench->longest_ns = now_ns - bench->last_ns;
	bench->last_ns = now_ns;
	if (bench->first_ns == 0 &&
	    bench->appended_ns[(uint64_t)ack->sequence % OUTSTANDING_MAX] >= bench->from_ns)
		bench->first_ns = now_ns;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct bench *bench = context;

	if (event->kind != WIRELOG_EVENT_NEW_LEADER)
		return;
	bench->learned_ns = wl_clock_kernel_ns();
	bench->leader = event->node;
}

static void connect_to_cluster(struct bench *bench)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;

	options.endpoints = getenv("WIRELOG_ENDPOINTS");
	options.key_file = getenv("WIRELOG_KEY_FILE");
	options.cluster = getenv("WIRELOG_CLUSTER");
	options.outstanding_max = OUTSTANDING_MAX;
	options.append_timeout_ns = 60ull * SECOND;
	options.on_ack = on_ack;
	options.on_event = on_event;
	options.context = bench;
	if (!options.endpoints || !options.key_file || !options.cluster)
		die("environment", "use perf/failover");
	if (wirelog_connect(&bench->log, &options) != 0)
		die("connect", wirelog_last_reason());
	bench->began_ns = wl_clock_kernel_ns();
}

static void turn(struct bench *bench)
{
	static const uint8_t record[64] = "64 bytes of a record, as an order would be";
	uint64_t due = (wl_clock_kernel_ns() - bench->began_ns) / 1000 * bench->rate / 1000000;

	for (unsigned burst = 0; bench->offered < due && burst < 256; burst++) {
		uint64_t now_ns = wl_clock_kernel_ns();
		int64_t sequence = wirelog_append(bench->log, record, sizeof(record), NULL);

		if (sequence < 0)
			break;
		bench->appended_ns[(uint64_t)sequence % OUTSTANDING_MAX] = now_ns;
		bench->offered++;
	}
	if (bench->offered <
	    due) /* a stall is not made good: what was due then is not offered now */
		bench->offered = due;
	wirelog_wait(bench->log, WAIT_US);
}

static void run(struct bench *bench, uint64_t for_ns)
{
	uint64_t began_ns = wl_clock_kernel_ns();

	while (wl_clock_kernel_ns() - began_ns < for_ns)
		turn(bench);
}

/* ---- what is done to the leader ------------------------------------------------------------------ */

static const char *need(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		die(name, "is not set: use perf/failover");
	return value;
}

static pid_t pid_of(uint32_t node)
{
	char path[512];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/node%u/wirelogd.pid", need("WIRELOG_NODES"), node);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &pid) != 1 || pid <= 1) // NOLINT: it is compared
		die("no process id", path);
	fclose(file);
	return pid;
}

/* `wirelog demo start NODE` beside the load; returns when it has ended. */
static void start_again(struct bench *bench, uint32_t node)
{
	char text[12];
	pid_t pid;
	int status;

	snprintf(text, sizeof(text), "%u", node);
	pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl(need("WIRELOG_PROGRAM"), "wirelog", "demo", "start", text, (char *)NULL);
		_exit(1);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		turn(bench);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("demo start", text);
}

static bool ask_to_hand_over(uint32_t leader)
{
	static const char request[] = "/wirelog/transfer";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 2};
	char answer[1024];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t size = -1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/node%u/admin.sock",
		 need("WIRELOG_NODES"), leader);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		size = recv(fd, answer, sizeof(answer) - 1, 0);
	close(fd);
	answer[size > 0 ? size : 0] = '\0';
	return strstr(answer, "begun") != NULL;
}

static double since_ms(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e6 : 0;
}

static void kill_once(struct bench *bench, unsigned at)
{
	uint32_t leader = bench->leader;
	pid_t pid = pid_of(leader);
	struct timespec wall;
	uint64_t began_ns;

	clock_gettime(CLOCK_REALTIME, &wall);
	began_ns = wl_clock_kernel_ns();
	kill(pid, SIGKILL);
	bench->from_ns = wl_clock_kernel_ns();
	bench->first_ns = 0;
	while (bench->first_ns == 0) {
		turn(bench);
		if (wl_clock_kernel_ns() - began_ns > 30ull * SECOND)
			die("kill", "nobody acknowledged anything for 30 s");
	}
	bench->took_ms[at] = since_ms(began_ns, bench->first_ns);
	printf("kill %u node %u at %ld.%06ld learned_ms=%.1f acknowledged_ms=%.1f\n", at + 1,
	       leader, (long)wall.tv_sec, wall.tv_nsec / 1000,
	       since_ms(began_ns, bench->learned_ns), bench->took_ms[at]);
	fflush(stdout);
	start_again(bench, leader);
	run(bench, STEADY_NS);
}

static double longest_ms(struct bench *bench)
{
	bench->longest_ns = 0;
	run(bench, WINDOW_NS);
	if (wl_clock_kernel_ns() - bench->last_ns > bench->longest_ns)
		bench->longest_ns = wl_clock_kernel_ns() - bench->last_ns;
	return (double)bench->longest_ns / 1e6;
}

/* The machine gives its own stalls to either window alike. */
static void transfer_once(struct bench *bench, unsigned at)
{
	bench->calm_ms[at] = longest_ms(bench);
	for (unsigned attempt = 0; !ask_to_hand_over(bench->leader); attempt++) {
		if (attempt == 50)
			die("transfer", "was refused fifty times");
		run(bench, 100 * MS);
	}
	bench->took_ms[at] = longest_ms(bench);
	printf("transfer %u gap_ms=%.1f calm_ms=%.1f\n", at + 1, bench->took_ms[at],
	       bench->calm_ms[at]);
	fflush(stdout);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void print(const char *what, double *ms, unsigned count)
{
	qsort(ms, count, sizeof(*ms), compare);
	printf("%s count=%u p50_ms=%.1f p99_ms=%.1f max_ms=%.1f\n", what, count, ms[count / 2],
	       ms[count * 99 / 100], ms[count - 1]);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	bool kills = argc == 4 && strcmp(argv[1], "kill") == 0;
	unsigned count = argc == 4 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	if (count == 0 || count > COUNT_MAX || (!kills && strcmp(argv[1], "transfer") != 0))
		die("usage", "bench_failover kill|transfer COUNT RATE");
	bench.rate = strtoull(argv[3], NULL, 10);
	connect_to_cluster(&bench);
	run(&bench,
	    8ull * SECOND); /* until nodes have measured how silent a leader is that lives */
	for (unsigned at = 0; at < count; at++) {
		if (kills)
			kill_once(&bench, at);
		else
			transfer_once(&bench, at);
	}
	print(kills ? "killed" : "handed_over", bench.took_ms, count);
	if (!kills)
		print("calm", bench.calm_ms, count);
	printf("failed=%lu\n", bench.failed);
	return bench.failed != 0;
}
