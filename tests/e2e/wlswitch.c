/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user-space switch between the nodes' memif ports, with faults for each direction.
 *
 *	wlswitch --nodes N --sockets PREFIX --control SOCKET
 *	wlswitch --tell SOCKET COMMAND      sends a command to one that runs, prints the answer; exit 0 unless refused
 *
 * For every ordered pair {a, b} of nodes it serves the abstract memif socket PREFIX-a-b: node a's link towards b ends
 * there. Frames that come in at a-b leave at b-a, unless a rule says otherwise. Rules come as datagrams of
 * text on the control socket, one command each, answered with one line:
 *
 *	cut A B          frames from A to B are lost (one way)      heal            every rule is removed
 *	loss A B PPM     chance of loss, parts per million          delay A B US    each frame is late by this
 *	dup A B PPM      chance of a second copy                    flip A B PPM    chance of one flipped bit
 *	swap A B PPM     chance of overtaking (held 300 us)         record FILE     writes every frame to FILE
 *	stop-record      closes it                                  replay FILE     sends all its frames once more
 *	stats            forwarded, lost                            quit
 *	A, B: node ids, or * for all. `isolate A` = cut A * and cut * A.
 *
 * Single thread, bounded queues, yields when idle. For tests only.
 */
#include <errno.h>
#include <getopt.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NODES_MAX 7
#define LATE_MAX 65536
#define BURST 32
#define FRAMES 32767

struct rule {
	bool cut;
	uint32_t loss_ppm, dup_ppm, flip_ppm, swap_ppm;
	uint64_t delay_ns;
};

struct late {
	uint64_t due_ns;
	uint16_t port;
	struct rte_mbuf *frame;
};

static unsigned node_count;
static uint16_t port_of[NODES_MAX + 1][NODES_MAX + 1];
static struct rule rules[NODES_MAX + 1][NODES_MAX + 1];
static struct late late[LATE_MAX];
static unsigned late_count;
static uint64_t forwarded, lost;
static FILE *record;
static struct rte_mempool *pool;
static uint64_t chance_state = 0x9e3779b97f4a7c15u;
static bool quit;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t draw(void)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return chance_state;
}

static bool chance(uint32_t ppm)
{
	return ppm != 0 && draw() % 1000000 < ppm;
}

static void send_now(uint16_t port, struct rte_mbuf *frame)
{
	if (rte_eth_tx_burst(port, 0, &frame, 1) == 1) {
		forwarded++;
		return;
	}
	lost++;
	rte_pktmbuf_free(frame);
}

static void send_later(uint16_t port, struct rte_mbuf *frame, uint64_t due_ns)
{
	if (late_count == LATE_MAX) {
		lost++;
		rte_pktmbuf_free(frame);
		return;
	}
	late[late_count++] = (struct late){due_ns, port, frame};
}

static void send_due(void)
{
	uint64_t now = now_ns();
	unsigned kept = 0;

	for (unsigned at = 0; at < late_count; at++) {
		if (late[at].due_ns <= now)
			send_now(late[at].port, late[at].frame);
		else
			late[kept++] = late[at];
	}
	late_count = kept;
}

static void write_record(unsigned from, unsigned to, const struct rte_mbuf *frame)
{
	uint8_t header[4] = {(uint8_t)from, (uint8_t)to, (uint8_t)frame->data_len,
			     (uint8_t)(frame->data_len >> 8)};

	fwrite(header, sizeof(header), 1, record);
	fwrite(rte_pktmbuf_mtod(frame, uint8_t *), frame->data_len, 1, record);
}

static void forward(unsigned from, unsigned to, struct rte_mbuf *frame)
{
	const struct rule *rule = &rules[from][to];
	uint16_t port = port_of[to][from];

	if (record && rte_pktmbuf_is_contiguous(frame))
		write_record(from, to, frame);
	if (rule->cut || chance(rule->loss_ppm)) {
		lost++;
		rte_pktmbuf_free(frame);
		return;
	}
	if (chance(rule->dup_ppm)) {
		struct rte_mbuf *copy = rte_pktmbuf_copy(frame, pool, 0, UINT32_MAX);

		if (copy)
			send_later(port, copy, now_ns() + draw() % 1000000);
	}
	if (chance(rule->flip_ppm))
		rte_pktmbuf_mtod(frame, uint8_t *)[draw() % frame->data_len] ^=
			(uint8_t)(1u << draw() % 8);
	if (rule->delay_ns != 0)
		send_later(port, frame, now_ns() + rule->delay_ns);
	else if (chance(rule->swap_ppm))
		send_later(port, frame, now_ns() + 300000);
	else
		send_now(port, frame);
}

static unsigned poll_ports(void)
{
	struct rte_mbuf *frames[BURST];
	unsigned total = 0;

	for (unsigned from = 1; from <= node_count; from++) {
		for (unsigned to = 1; to <= node_count; to++) {
			unsigned count;

			if (from == to)
				continue;
			count = rte_eth_rx_burst(port_of[from][to], 0, frames, BURST);
			for (unsigned at = 0; at < count; at++)
				forward(from, to, frames[at]);
			total += count;
		}
	}
	return total;
}

static const char *replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t header[4];

	if (!file)
		return strerror(errno);
	while (fread(header, sizeof(header), 1, file) == 1) {
		uint16_t size = (uint16_t)(header[2] | header[3] << 8);
		struct rte_mbuf *frame = rte_pktmbuf_alloc(pool);
		uint8_t *bytes = frame ? (uint8_t *)rte_pktmbuf_append(frame, size) : NULL;

		if (!bytes || fread(bytes, size, 1, file) != 1) {
			rte_pktmbuf_free(frame);
			break;
		}
		send_now(port_of[header[1]][header[0]], frame);
		if (forwarded % 16 == 0)
			usleep(100); /* receivers' rings are short */
	}
	fclose(file);
	return "ok";
}

/* "*" is every node. */
static bool in_range(const char *text, unsigned node)
{
	return strcmp(text, "*") == 0 || (unsigned)atoi(text) == node;
}

static bool is_rule(const char *verb)
{
	static const char *const verbs[] = {"cut", "loss", "dup", "flip", "swap", "delay"};

	for (unsigned at = 0; at < sizeof(verbs) / sizeof(verbs[0]); at++)
		if (strcmp(verb, verbs[at]) == 0)
			return true;
	return false;
}

static void set_rule(const char *verb, const char *from, const char *to, uint64_t value)
{
	for (unsigned a = 1; a <= node_count; a++) {
		for (unsigned b = 1; b <= node_count; b++) {
			struct rule *rule = &rules[a][b];

			if (a == b || !in_range(from, a) || !in_range(to, b))
				continue;
			if (strcmp(verb, "cut") == 0)
				rule->cut = true;
			else if (strcmp(verb, "loss") == 0)
				rule->loss_ppm = (uint32_t)value;
			else if (strcmp(verb, "dup") == 0)
				rule->dup_ppm = (uint32_t)value;
			else if (strcmp(verb, "flip") == 0)
				rule->flip_ppm = (uint32_t)value;
			else if (strcmp(verb, "swap") == 0)
				rule->swap_ppm = (uint32_t)value;
			else if (strcmp(verb, "delay") == 0)
				rule->delay_ns = value * 1000;
		}
	}
}

static void obey(char *text, char *answer, size_t size)
{
	char verb[32] = "", first[256] = "", second[32] = "*";
	unsigned long long value = 0;
	int words = sscanf(text, "%31s %255s %31s %llu", verb, first, second, &value);

	snprintf(answer, size, "ok");
	if (strcmp(verb, "heal") == 0) {
		memset(rules, 0, sizeof(rules));
	} else if (strcmp(verb, "isolate") == 0 && words >= 2) {
		set_rule("cut", first, "*", 0);
		set_rule("cut", "*", first, 0);
	} else if (strcmp(verb, "stats") == 0) {
		snprintf(answer, size, "forwarded %llu lost %llu late %u",
			 (unsigned long long)forwarded, (unsigned long long)lost, late_count);
	} else if (strcmp(verb, "record") == 0 && words >= 2) {
		record = fopen(first, "wb");
		if (!record)
			snprintf(answer, size, "%s", strerror(errno));
	} else if (strcmp(verb, "stop-record") == 0) {
		if (record)
			fclose(record);
		record = NULL;
	} else if (strcmp(verb, "replay") == 0 && words >= 2) {
		snprintf(answer, size, "%s", replay(first));
	} else if (strcmp(verb, "quit") == 0) {
		quit = true;
	} else if (words >= 3 && is_rule(verb)) {
		set_rule(verb, first, second, value);
	} else {
		snprintf(answer, size, "unknown command");
	}
}

static void take_commands(int control)
{
	struct sockaddr_un from;
	socklen_t from_size = sizeof(from);
	char text[512], answer[256];
	ssize_t size = recvfrom(control, text, sizeof(text) - 1, MSG_DONTWAIT,
				(struct sockaddr *)&from, &from_size);

	if (size <= 0)
		return;
	text[size] = 0;
	obey(text, answer, sizeof(answer));
	if (from_size > sizeof(sa_family_t))
		sendto(control, answer, strlen(answer), MSG_DONTWAIT, (struct sockaddr *)&from,
		       from_size);
}

/* The other end of a control socket: one command, one answer. */
static int tell(const char *path, const char *command)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 20}; /* a replay answers when it is over */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char answer[256];
	ssize_t size;

	/* Bound to a name that the kernel chooses, so that the answer finds us. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0) {
		perror("socket");
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (sendto(fd, command, strlen(command), 0, (struct sockaddr *)&address, sizeof(address)) <
		    0 ||
	    (size = recv(fd, answer, sizeof(answer) - 1, 0)) < 0) {
		perror(path);
		return 1;
	}
	answer[size] = 0;
	puts(answer);
	close(fd);
	return strcmp(answer, "ok") != 0 && strncmp(answer, "forwarded", 9) != 0;
}

static int open_control(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void start_eal(const char *prefix)
{
	static char vdevs[NODES_MAX * NODES_MAX][160], lcores[32];
	char *argv[16 + NODES_MAX * NODES_MAX] = {"wlswitch",	 "--no-huge",	   "--no-pci",
						  "--no-shconf", "--iova-mode=va", "-m",
						  "256",	 "--no-telemetry", "--lcores",
						  lcores,	 "--log-level",	   "critical"};
	int argc = 12, at = 0;

	/* One thread, not tied to a core: it would share that core with a worker that is tied, too. */
	snprintf(lcores, sizeof(lcores), "0@(0-%ld)", sysconf(_SC_NPROCESSORS_ONLN) - 1);
	for (unsigned from = 1; from <= node_count; from++) {
		for (unsigned to = 1; to <= node_count; to++) {
			if (from == to)
				continue;
			snprintf(
				vdevs[at], sizeof(vdevs[at]),
				"--vdev=net_memif%u%u,role=server,id=0,socket=%s-%u-%u,socket-abstract=yes,rsize=10",
				from, to, prefix, from, to);
			argv[argc++] = vdevs[at++];
		}
	}
	if (rte_eal_init(argc, argv) < 0) {
		fprintf(stderr, "wlswitch: EAL did not start\n");
		exit(1);
	}
}

static void start_port(unsigned from, unsigned to)
{
	struct rte_eth_conf conf = {0};
	char name[32];
	uint16_t port;

	snprintf(name, sizeof(name), "net_memif%u%u", from, to);
	if (rte_eth_dev_get_port_by_name(name, &port) != 0 ||
	    rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, 1024, 0, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, 1024, 0, NULL) != 0 || rte_eth_dev_start(port) != 0) {
		fprintf(stderr, "wlswitch: port %s did not start\n", name);
		exit(1);
	}
	port_of[from][to] = port;
}

static void start_ports(void)
{
	for (unsigned from = 1; from <= node_count; from++) {
		for (unsigned to = 1; to <= node_count; to++) {
			if (from != to)
				start_port(from, to);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"nodes", 1, NULL, 'n'},
						{"sockets", 1, NULL, 's'},
						{"control", 1, NULL, 'c'},
						{"tell", 1, NULL, 't'},
						{0}};
	const char *prefix = NULL, *control_path = NULL;
	unsigned idle = 0;
	int control, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			node_count = (unsigned)atoi(optarg);
		else if (option == 's')
			prefix = optarg;
		else if (option == 'c')
			control_path = optarg;
		else if (option == 't' && optind < argc)
			return tell(optarg, argv[optind]);
	}
	if (node_count < 2 || node_count > NODES_MAX || !prefix || !control_path) {
		fprintf(stderr, "usage: wlswitch --nodes N --sockets PREFIX --control SOCKET\n");
		return 64;
	}
	start_eal(prefix);
	pool = rte_pktmbuf_pool_create("switch", FRAMES, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	if (!pool) {
		fprintf(stderr, "wlswitch: no memory for frames: %s\n", rte_strerror(rte_errno));
		return 1;
	}
	start_ports();
	control = open_control(control_path);
	puts("ready");
	fflush(stdout);
	while (!quit) {
		unsigned did = poll_ports();

		if (late_count != 0)
			send_due();
		take_commands(control);
		idle = did == 0 ? idle + 1 : 0;
		/* A few yields while an answer may be on its way, then leave the cores to those who have work. */
		if (idle > 50)
			usleep(20);
		else if (idle != 0)
			sched_yield();
	}
	if (record)
		fclose(record);
	close(control);
	unlink(control_path);
	return 0;
}
