/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a frame takes between two processes, and how many fit into a second: a port over memif, whose rings check and copy what the
 * other side may change (dataplane/nic/memif_ring.c), against the same port over DPDK's net_memif, which does not, and against kernel UDP
 * over the loopback. In turns, in one run on the same cores. Figures are ratios first, each the middle one of the rounds.
 *
 *	bench_port [yield|spin] [seconds for each part, 1] [rounds, 5]
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/host/clock.h"
#include "dataplane/host/idle.h"
#include "dataplane/host/placement_thread.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_dpdk.h"

#define TRIPS_MAX 200000u
#define FRAME_BYTES 106u /* a wirelog header and envelope, no payload */
#define BURST 32u
#define ROUNDS_MAX 99u

enum way {
	OVER_UDP,
	OVER_OURS,
	OVER_DRIVER,
	WAYS,
};

struct figures {
	double p50_us, p99_us;
	double mega_per_second;
};

struct other_side {
	volatile int listens, ready, counting, stop;
	volatile uint64_t received;
};

static struct other_side *other;
static uint64_t trips_ns[TRIPS_MAX];
static uint64_t part_ns = 1000000000u;
static struct wl_idler idler = {.idle = WL_IDLE_YIELD};

static void die(const char *what)
{
	fprintf(stderr, "bench_port: %s\n", what);
	exit(1);
}

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void summarise(struct figures *figures, unsigned count)
{
	if (count == 0)
		die("no round trips");
	qsort(trips_ns, count, sizeof(trips_ns[0]), by_value);
	figures->p50_us = (double)trips_ns[count / 2] / 1e3;
	figures->p99_us = (double)trips_ns[count - 1 - count / 100] / 1e3;
}

static void name_link(struct wl_link_config *link, enum way way, bool server)
{
	int of = (int)getppid();

	if (way == OVER_OURS) {
		snprintf(link->name, sizeof(link->name), "@wl-bench-%d", of);
		return;
	}
	link->kind = WL_LINK_EAL;
	link->point_to_point = true;
	snprintf(link->name, sizeof(link->name),
		 "net_memif0,role=%s,socket-abstract=yes,socket=wl-bench-%d,rsize=10",
		 server ? "server" : "client", of);
}

static struct wl_port *open_port(enum way way, bool server)
{
	struct wl_eal_settings settings = {.memory_mb = 64, .hugepages = WL_HUGEPAGES_OFF};
	struct wl_link_config link = {.kind = WL_LINK_MEMIF, .server = server};
	struct wl_port_config config = {.links = &link, .link_count = 1};
	struct wl_port_words words;
	struct wl_eal_report report;
	struct wl_port *port;

	name_link(&link, way, server);
	if (wl_eal_start(&settings, &report, words.reason, sizeof(words.reason)) != 0 ||
	    wl_port_dpdk_open(&port, &config, &words) != 0)
		die(words.reason);
	wl_eal_thread_enter();
	return port;
}

/* ---- memif ------------------------------------------------------------------------------------- */

/* Echoes; while counting, swallows. */
static void serve_port(enum way way)
{
	struct wl_port *port = open_port(way, true);
	struct wl_frame frames[BURST];

	other->listens = 1;
	while (!other->stop) {
		unsigned count, sent = 0;

		port->ops->tend(port, wl_clock_kernel_ns());
		count = port->ops->rx_burst(port, frames, BURST);
		if (!other->counting)
			sent = port->ops->tx_burst(port, frames, count);
		port->ops->rx_release(port, frames + sent, count - sent);
		other->received += count;
		other->ready = port->ops->link_is_up(port, 0);
		wl_idle_rest(&idler, count);
	}
	wl_port_dpdk_close(port);
}

static unsigned send_frames(struct wl_port *port, struct wl_frame *frames, unsigned wanted)
{
	unsigned count = port->ops->alloc(port, 0, frames, wanted), sent;

	for (unsigned i = 0; i < count; i++) {
		frames[i].size = FRAME_BYTES;
		memset(frames[i].bytes, 0x55, FRAME_BYTES);
	}
	sent = port->ops->tx_burst(port, frames, count);
	port->ops->tx_drop(port, frames + sent, count - sent);
	return sent;
}

static void measure_port(struct figures *figures, enum way way)
{
	struct wl_frame frames[BURST];
	uint64_t began_ns, start_ns, received;
	struct wl_port *port;
	unsigned trips = 0;

	while (!other->listens) /* the driver calls once */
		usleep(1000);
	port = open_port(way, false);

	while (!other->ready || !port->ops->link_is_up(port, 0)) {
		port->ops->tend(port, wl_clock_kernel_ns());
		wl_idle_rest(&idler, 0);
	}
	began_ns = wl_clock_kernel_ns();
	while (trips < TRIPS_MAX && wl_clock_kernel_ns() - began_ns < part_ns) {
		unsigned got;

		start_ns = wl_clock_kernel_ns();
		while (send_frames(port, frames, 1) == 0)
			wl_idle_rest(&idler, 0);
		do {
			got = port->ops->rx_burst(port, frames, BURST);
			wl_idle_rest(&idler, got);
		} while (got == 0);
		trips_ns[trips++] = wl_clock_kernel_ns() - start_ns;
		port->ops->rx_release(port, frames, got);
	}
	summarise(figures, trips);
	other->counting = 1;
	received = other->received;
	began_ns = wl_clock_kernel_ns();
	while (wl_clock_kernel_ns() - began_ns < part_ns)
		wl_idle_rest(&idler, send_frames(port, frames, BURST));
	figures->mega_per_second = (double)(other->received - received) * 1e3 /
				   (double)(wl_clock_kernel_ns() - began_ns);
	other->stop = 1;
	wl_port_dpdk_close(port);
}

/* ---- kernel UDP -------------------------------------------------------------------------------- */

static int udp_socket(uint16_t port, bool listens)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_port = htons(port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (fd < 0 || (listens ? bind(fd, (struct sockaddr *)&name, sizeof(name))
			       : connect(fd, (struct sockaddr *)&name, sizeof(name))) != 0)
		die("no UDP socket");
	return fd;
}

static uint16_t udp_port(void)
{
	return (uint16_t)(20000 + getppid() % 20000);
}

static void serve_udp(uint16_t port)
{
	struct mmsghdr messages[BURST];
	struct iovec parts[BURST];
	static char bytes[BURST][2048];
	int fd = udp_socket(port, true);
	struct timeval patience = {0, 100000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < BURST; i++) {
		parts[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	other->ready = 1;
	while (!other->stop) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		int count;

		if (other->counting) {
			count = recvmmsg(fd, messages, BURST, MSG_WAITFORONE, NULL);
			other->received += count > 0 ? (unsigned)count : 0;
			continue;
		}
		if (recvfrom(fd, bytes, 2048, 0, (struct sockaddr *)&from, &size) > 0)
			sendto(fd, bytes, FRAME_BYTES - 42, 0, (struct sockaddr *)&from, size);
	}
	close(fd);
}

static void measure_udp(struct figures *figures, uint16_t port)
{
	char bytes[2048] = "";
	struct iovec part = {bytes, FRAME_BYTES - 42};
	struct mmsghdr messages[BURST];
	uint64_t began_ns, received;
	unsigned trips = 0;
	int fd;

	while (!other->ready)
		usleep(1000);
	fd = udp_socket(port, false);
	began_ns = wl_clock_kernel_ns();
	while (trips < TRIPS_MAX && wl_clock_kernel_ns() - began_ns < part_ns) {
		uint64_t start_ns = wl_clock_kernel_ns();

		if (send(fd, bytes, FRAME_BYTES - 42, 0) < 0 ||
		    recv(fd, bytes, sizeof(bytes), 0) < 0)
			die("UDP loopback");
		trips_ns[trips++] = wl_clock_kernel_ns() - start_ns;
	}
	summarise(figures, trips);
	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < BURST; i++) {
		messages[i].msg_hdr.msg_iov = &part;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	other->counting = 1;
	/* Wakes the other side from its wait for one to echo. */
	send(fd, bytes, FRAME_BYTES - 42, 0);
	received = other->received;
	began_ns = wl_clock_kernel_ns();
	while (wl_clock_kernel_ns() - began_ns < part_ns)
		if (sendmmsg(fd, messages, BURST, 0) < 0)
			sched_yield();
	figures->mega_per_second = (double)(other->received - received) * 1e3 /
				   (double)(wl_clock_kernel_ns() - began_ns);
	other->stop = 1;
	close(fd);
}

/* ------------------------------------------------------------------------------------------------ */

/* Each side in a process of its own: what DPDK keeps of a device that is gone is not carried into the next round. */
static pid_t start_side(const struct wl_cores *cores, enum way way, bool server,
			struct figures *figures)
{
	char reason[128];
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wl_placement_enter(cores->cores[server ? 0 : cores->count - 1], server ? 0 : 1, reason,
			   sizeof(reason));
	if (way == OVER_UDP && server)
		serve_udp(udp_port());
	else if (way == OVER_UDP)
		measure_udp(figures, udp_port());
	else if (server)
		serve_port(way);
	else
		measure_port(figures, way);
	_exit(0);
}

static void measure(const struct wl_cores *cores, enum way way, struct figures *figures)
{
	pid_t server, client;
	int status;

	memset(other, 0, sizeof(*other));
	server = start_side(cores, way, true, figures);
	client = start_side(cores, way, false, figures);
	waitpid(client, &status, 0);
	if (status != 0) {
		kill(server, SIGKILL);
		die("a side failed");
	}
	waitpid(server, NULL, 0);
}

static int by_double(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The middle one of what rounds gave. */
static double middle(double *of_rounds, unsigned rounds)
{
	qsort(of_rounds, rounds, sizeof(of_rounds[0]), by_double);
	return of_rounds[rounds / 2];
}

static void tell(const struct figures (*figures)[WAYS], unsigned rounds, enum way way,
		 const char *name)
{
	double p50[ROUNDS_MAX], p99[ROUNDS_MAX], rate[ROUNDS_MAX], slower[ROUNDS_MAX],
		faster[ROUNDS_MAX];

	for (unsigned round = 0; round < rounds; round++) {
		const struct figures *these = &figures[round][way];
		const struct figures *ours = &figures[round][OVER_OURS];

		p50[round] = these->p50_us;
		p99[round] = these->p99_us;
		rate[round] = these->mega_per_second;
		slower[round] = ours->p50_us / these->p50_us;
		faster[round] = ours->mega_per_second / these->mega_per_second;
	}
	printf("  %-10s round trip p50 %8.2f us p99 %8.2f us   one way %8.2f M/s", name,
	       middle(p50, rounds), middle(p99, rounds), middle(rate, rounds));
	if (way != OVER_OURS)
		printf("   ours to this: p50 %.2f, rate %.2f", middle(slower, rounds),
		       middle(faster, rounds));
	printf("\n");
}

int main(int argc, char **argv)
{
	struct figures(*figures)[WAYS];
	unsigned rounds = 5;
	struct wl_cores cores;

	if (argc > 1)
		idler.idle = strcmp(argv[1], "spin") == 0 ? WL_IDLE_SPIN : WL_IDLE_YIELD;
	if (argc > 2)
		part_ns = (uint64_t)(atof(argv[2]) * 1e9);
	if (argc > 3)
		rounds = (unsigned)atoi(argv[3]);
	if (rounds == 0 || rounds > ROUNDS_MAX)
		die("1 to 99 rounds");
	other = mmap(NULL, sizeof(*other), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	figures = mmap(NULL, rounds * sizeof(*figures), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (other == MAP_FAILED || figures == MAP_FAILED)
		die("no memory");
	wl_placement_allowed(&cores);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned way = 0; way < WAYS; way++)
			measure(&cores, (enum way)way, &figures[round][way]);
	}
	printf("port: %u cores, idle %s, frames of %u bytes, %u rounds\n", cores.count,
	       wl_idle_name(idler.idle), FRAME_BYTES, rounds);
	tell(figures, rounds, OVER_OURS, "memif");
	tell(figures, rounds, OVER_DRIVER, "net_memif");
	tell(figures, rounds, OVER_UDP, "udp");
	return 0;
}
