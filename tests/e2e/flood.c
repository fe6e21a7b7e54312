/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends frames without the key to a node's link of kind udp, as fast as it is told to.
 *
 *	flood --to IPV4:PORT --node N --cluster UUID [--rate N] [--ms N] [--kind garbage|question|peer|mixed]
 *
 *	garbage   bytes of any length
 *	question  a HELLO of a client that nobody knows: in order but for its tag, which can only be told with a key
 *	peer      an acknowledgement that claims to be of another node, of a boot that nobody knows
 *
 * At the end it prints "sent N". Exit 0, 64 for a wrong command line.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"

#define TICK_NS 1000000u
#define BYTES_MAX 1400u

enum kind { GARBAGE, QUESTION, PEER, MIXED };

struct flood {
	int fd;
	uint64_t cluster, random, sequence;
	uint32_t node;
	enum kind kind;
	uint8_t bytes[BYTES_MAX];
};

static uint64_t draw(struct flood *flood)
{
	flood->random = wl_mix_u64(flood->random + 0x9e3779b97f4a7c15u);
	return flood->random;
}

static size_t make_garbage(struct flood *flood)
{
	size_t bytes = 1 + draw(flood) % BYTES_MAX;

	for (size_t at = 0; at + 8 <= bytes; at += 8)
		wl_store_u64(flood->bytes + at, draw(flood));
	return bytes;
}

static size_t make_frame(struct flood *flood, enum kind kind)
{
	struct wl_frame_header header = {
		.type = kind == QUESTION ? WL_WIRE_HELLO : WL_WIRE_APPEND_ACK,
		.payload_bytes = 64,
		.cluster = flood->cluster,
		.sender = kind == QUESTION ? WL_IDENTITY_CLIENT | (uint32_t)draw(flood)
					   : wl_identity_of_node(1 + flood->node % 3, 0),
		.destination = wl_identity_of_node(flood->node, 0),
		.sender_boot = 1 + (draw(flood) >> 1),
		.destination_boot = kind == QUESTION ? 0 : draw(flood),
		.sequence = ++flood->sequence,
	};

	memset(flood->bytes, 0x55, WL_FRAME_HEADER_BYTES + header.payload_bytes);
	wl_frame_encode_header(flood->bytes, &header);
	wl_store_u64(flood->bytes + WL_FRAME_TAG_OFFSET, draw(flood));
	return WL_FRAME_HEADER_BYTES + header.payload_bytes;
}

static bool send_one(struct flood *flood)
{
	enum kind kind = flood->kind == MIXED ? (enum kind)(draw(flood) % MIXED) : flood->kind;
	size_t bytes = kind == GARBAGE ? make_garbage(flood) : make_frame(flood, kind);

	return send(flood->fd, flood->bytes, bytes, MSG_DONTWAIT) == (ssize_t)bytes;
}

static uint64_t send_for(struct flood *flood, uint64_t rate, uint64_t ms)
{
	struct timespec due;
	uint64_t sent = 0;

	clock_gettime(CLOCK_MONOTONIC, &due);
	for (uint64_t tick = 0; tick < ms; tick++) {
		uint64_t until = (tick + 1) * rate / 1000, from = tick * rate / 1000;

		for (uint64_t at = from; at < until; at++)
			sent += send_one(flood);
		due.tv_nsec += TICK_NS;
		if (due.tv_nsec >= 1000000000) {
			due.tv_sec++;
			due.tv_nsec -= 1000000000;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	}
	return sent;
}

static enum kind kind_of(const char *name)
{
	static const char *const names[] = {"garbage", "question", "peer", "mixed"};

	for (unsigned at = 0; at < 4; at++)
		if (strcmp(name, names[at]) == 0)
			return (enum kind)at;
	fprintf(stderr, "flood: no kind %s\n", name);
	exit(64);
}

static int dial(const char *text)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *colon = strchr(text, ':');
	char host[32];

	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : 0, text);
	if (fd < 0 || !colon || inet_pton(AF_INET, host, &to.sin_addr) != 1) {
		fprintf(stderr, "flood: no address %s\n", text);
		exit(64);
	}
	to.sin_port = htons((uint16_t)atoi(colon + 1));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("flood: connect");
		exit(64);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"to", 1, 0, 't'},
						{"node", 1, 0, 'n'},
						{"cluster", 1, 0, 'c'},
						{"rate", 1, 0, 'r'},
						{"ms", 1, 0, 'm'},
						{"kind", 1, 0, 'k'},
						{0}};
	struct flood flood = {.fd = -1, .random = 7, .kind = MIXED};
	uint64_t rate = 40000, ms = 1000;
	uint8_t uuid[WL_CLUSTER_ID_BYTES];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 't')
			flood.fd = dial(optarg);
		else if (option == 'n')
			flood.node = (uint32_t)atoi(optarg);
		else if (option == 'c' && wl_cluster_id_parse(optarg, uuid))
			flood.cluster = wl_cluster_id(uuid);
		else if (option == 'r')
			rate = strtoull(optarg, NULL, 10);
		else if (option == 'm')
			ms = strtoull(optarg, NULL, 10);
		else if (option == 'k')
			flood.kind = kind_of(optarg);
		else
			return 64;
	}
	if (flood.fd < 0 || flood.node == 0 || flood.cluster == 0) {
		fprintf(stderr, "flood: --to, --node and --cluster are needed\n");
		return 64;
	}
	printf("sent %lu\n", (unsigned long)send_for(&flood, rate, ms));
	close(flood.fd);
	return 0;
}
