/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A learning Ethernet switch between guests, over datagrams of Unix sockets (QEMU's -netdev dgram). For tests only.
 *
 *	ether_switch DIRECTORY PORT...     port P: DIRECTORY/switch-P is ours, DIRECTORY/guest-P the guest's
 *
 * What a guest does not take at once waits in a queue of its port; a full queue drops. A guest that ends and comes back is
 * served again. Prints "ready"; at SIGTERM what each port has received, sent and dropped.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 8
#define FRAME_BYTES 9216u
#define QUEUE_FRAMES 512u
#define STATIONS_MAX 64
#define BURST 64

struct frame {
	uint16_t size;
	uint8_t bytes[FRAME_BYTES];
};

struct switch_port {
	const char *name;
	int fd;
	struct sockaddr_un guest;
	uint32_t head, count;
	struct frame *queue;
	uint64_t received, sent, dropped;
};

static struct switch_port ports[PORTS_MAX];
static unsigned port_count, station_count;
static struct {
	uint8_t mac[6];
	unsigned port;
} stations[STATIONS_MAX];
static volatile sig_atomic_t ends;

static void on_signal(int number)
{
	(void)number;
	ends = 1;
}

static void make_address(struct sockaddr_un *address, const char *directory, const char *who,
			 const char *port)
{
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s-%s", directory, who, port);
}

static bool open_port(struct switch_port *port, const char *directory, const char *name)
{
	struct sockaddr_un own;

	memset(&own, 0, sizeof(own));
	port->name = name;
	port->queue = calloc(QUEUE_FRAMES, sizeof(port->queue[0]));
	port->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	make_address(&own, directory, "switch", name);
	make_address(&port->guest, directory, "guest", name);
	unlink(own.sun_path);
	return port->queue && port->fd >= 0 &&
	       bind(port->fd, (struct sockaddr *)&own, sizeof(own)) == 0;
}

/* False: the guest takes no more now. */
static bool send_frame(struct switch_port *port, const struct frame *frame)
{
	ssize_t sent = sendto(port->fd, frame->bytes, frame->size, 0,
			      (struct sockaddr *)&port->guest, sizeof(port->guest));

	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return false;
	/* Nobody there: a cable that leads nowhere. */
	port->sent += sent >= 0;
	port->dropped += sent < 0;
	return true;
}

static void drain(struct switch_port *port)
{
	while (port->count > 0 && send_frame(port, &port->queue[port->head])) {
		port->head = (port->head + 1) % QUEUE_FRAMES;
		port->count--;
	}
}

static void put(struct switch_port *port, const struct frame *frame)
{
	struct frame *place = &port->queue[(port->head + port->count) % QUEUE_FRAMES];

	if (port->count == 0 && send_frame(port, frame))
		return;
	if (port->count == QUEUE_FRAMES) {
		port->dropped++;
		return;
	}
	place->size = frame->size;
	memcpy(place->bytes, frame->bytes, frame->size);
	port->count++;
}

static unsigned find_station(const uint8_t *mac)
{
	unsigned at = 0;

	while (at < station_count && memcmp(stations[at].mac, mac, 6) != 0)
		at++;
	return at;
}

static void learn(const uint8_t *mac, unsigned port)
{
	unsigned at = find_station(mac);

	if (at == STATIONS_MAX)
		return;
	if (at == station_count)
		memcpy(stations[station_count++].mac, mac, 6);
	stations[at].port = port;
}

static void forward(unsigned from, const struct frame *frame)
{
	unsigned station;

	if (frame->size < 14)
		return;
	learn(frame->bytes + 6, from);
	station = (frame->bytes[0] & 1) != 0 ? STATIONS_MAX : find_station(frame->bytes);
	for (unsigned to = 0; to < port_count; to++) {
		bool known = station < station_count;

		if (to != from && (!known || stations[station].port == to))
			put(&ports[to], frame);
	}
}

static void receive(unsigned from)
{
	struct frame frame;

	for (unsigned round = 0; round < BURST; round++) {
		ssize_t got = recv(ports[from].fd, frame.bytes, sizeof(frame.bytes), 0);

		if (got <= 0)
			return;
		frame.size = (uint16_t)got;
		ports[from].received++;
		forward(from, &frame);
	}
}

static void serve(void)
{
	struct pollfd waits[PORTS_MAX];

	while (!ends) {
		struct timespec rest = {.tv_sec = 1};

		for (unsigned at = 0; at < port_count; at++) {
			drain(&ports[at]);
			waits[at] = (struct pollfd){.fd = ports[at].fd, .events = POLLIN};
			if (ports[at].count > 0)
				rest = (struct timespec){.tv_nsec = 200000};
		}
		if (ppoll(waits, port_count, &rest, NULL) <= 0)
			continue;
		for (unsigned at = 0; at < port_count; at++)
			if ((waits[at].revents & POLLIN) != 0)
				receive(at);
	}
}

int main(int count, char **arguments)
{
	if (count < 3 || count - 2 > PORTS_MAX) {
		fprintf(stderr, "usage: ether_switch DIRECTORY PORT...\n");
		return 64;
	}
	signal(SIGTERM, on_signal);
	for (int at = 2; at < count; at++, port_count++) {
		if (open_port(&ports[port_count], arguments[1], arguments[at]))
			continue;
		fprintf(stderr, "ether_switch: %s: %s\n", arguments[at], strerror(errno));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	serve();
	for (unsigned at = 0; at < port_count; at++)
		printf("port %s: received %llu sent %llu dropped %llu\n", ports[at].name,
		       (unsigned long long)ports[at].received, (unsigned long long)ports[at].sent,
		       (unsigned long long)ports[at].dropped);
	return 0;
}
