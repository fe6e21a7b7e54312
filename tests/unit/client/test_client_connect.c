/* SPDX-License-Identifier: BSD-3-Clause */
/* wirelog_connect as an application meets it, and the kernel's sockets below it, on loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/transport/transport.h"
#include "tests/unit/runner.h"
#include "wirelog/wirelog.h"

#define CLUSTER "5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90"

static struct wirelog_options good_options(void)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;

	options.endpoints = "udp:127.0.0.1:9";
	options.cluster = CLUSTER;
	options.insecure = 1;
	options.connect_timeout_ns = 20000000;
	return options;
}

static int connect_status(const struct wirelog_options *options)
{
	struct wirelog *log = (struct wirelog *)&log;
	int status = wirelog_connect(&log, options);

	CU_ASSERT_PTR_NULL(log);
	CU_ASSERT_NOT_EQUAL(wirelog_last_reason()[0], '\0');
	wirelog_close(log);
	return status;
}

static void silence_is_not_connected_with_a_sentence(void)
{
	struct wirelog_options options = good_options();

	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_NOT_CONNECTED);
	CU_ASSERT_PTR_NOT_NULL(strstr(wirelog_last_reason(), "udp:127.0.0.1:9"));
}

/* As an application meets it that was built with a header of another time. */
static void options_of_another_size_are_taken_as_far_as_both_know_them(void)
{
	struct {
		struct wirelog_options known;
		uint64_t added;
	} newer = {.known = good_options()};
	struct wirelog_options none = {0};

	newer.known.size = sizeof(newer);
	CU_ASSERT_EQUAL(connect_status(&newer.known), WIRELOG_NOT_CONNECTED);
	newer.added = 1;
	CU_ASSERT_EQUAL(connect_status(&newer.known), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(wirelog_last_reason(), "newer"));
	CU_ASSERT_EQUAL(connect_status(&none), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(wirelog_last_reason(), "WIRELOG_OPTIONS_DEFAULT"));
}

static void options_that_are_wrong_are_refused_by_name(void)
{
	struct wirelog_options options = good_options();

	options.endpoints = "udp:localhost:1";
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(wirelog_last_reason(), "udp:localhost:1"));
	options = good_options();
	options.cluster = "no uuid";
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
	options = good_options();
	options.outstanding_max = 1000;
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
	options = good_options();
	options.outstanding_bytes_max = 100;
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
	options = good_options();
	options.node = WIRELOG_NODES_MAX + 1;
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
	options = good_options();
	options.link = "mtu=5";
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_INVALID_ARGUMENT);
}

static void key_is_needed_unless_insecure_is_said(void)
{
	struct wirelog_options options = good_options();

	options.insecure = 0;
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_KEY_MISSING);
	options.key_file = "/nonexistent/key";
	CU_ASSERT_EQUAL(connect_status(&options), WIRELOG_KEY_MISSING);
}

/* Opens the transport and a plain socket; a way to the latter. */
struct pair {
	struct wl_transport *transport;
	int fd;
	int link;
	struct sockaddr_in address;
};

static void open_pair(struct pair *pair)
{
	struct wl_endpoint_list endpoints = {.count = 0};
	struct wl_transport_config config = {.endpoints = &endpoints};
	struct wl_endpoint endpoint = {.kind = WL_ENDPOINT_UDP, .ipv4 = INADDR_LOOPBACK};
	socklen_t bytes = sizeof(pair->address);
	char reason[256];

	pair->address = (struct sockaddr_in){.sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pair->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CU_ASSERT_EQUAL_FATAL(
		bind(pair->fd, (struct sockaddr *)&pair->address, sizeof(pair->address)), 0);
	getsockname(pair->fd, (struct sockaddr *)&pair->address, &bytes);
	endpoint.port = ntohs(pair->address.sin_port);
	CU_ASSERT_EQUAL_FATAL(
		wl_transport_udp()->open(&pair->transport, &config, reason, sizeof(reason)), 0);
	pair->link = pair->transport->ops->add(pair->transport, &endpoint, reason, sizeof(reason));
	CU_ASSERT_EQUAL(pair->link, 0);
}

static void close_pair(struct pair *pair)
{
	pair->transport->ops->close(pair->transport);
	close(pair->fd);
}

static void bursts_go_to_and_fro_over_a_kernel_socket(void)
{
	struct pair pair;
	struct wl_datagram datagrams[WL_TRANSPORT_BURST];
	uint8_t bytes[64];
	struct sockaddr_in from;
	socklen_t from_bytes = sizeof(from);
	unsigned got = 0;

	open_pair(&pair);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned at = 0; at < WL_TRANSPORT_BURST; at++) {
			CU_ASSERT_FATAL(
				pair.transport->ops->alloc(pair.transport, 0, &datagrams[at]));
			CU_ASSERT_EQUAL(datagrams[at].size, 1472);
			datagrams[at].bytes[0] = (uint8_t)at;
			datagrams[at].size = 1;
		}
		CU_ASSERT_EQUAL(pair.transport->ops->send(pair.transport, datagrams,
							  WL_TRANSPORT_BURST),
				WL_TRANSPORT_BURST);
		for (unsigned at = 0; at < WL_TRANSPORT_BURST; at++) {
			CU_ASSERT_EQUAL(recvfrom(pair.fd, bytes, sizeof(bytes), 0,
						 (struct sockaddr *)&from, &from_bytes),
					1);
			CU_ASSERT_EQUAL(bytes[0], at);
			CU_ASSERT_EQUAL(sendto(pair.fd, bytes, 2, 0, (struct sockaddr *)&from,
					       from_bytes),
					2);
		}
		pair.transport->ops->wait(pair.transport, 100000);
		got = pair.transport->ops->receive(pair.transport, datagrams, WL_TRANSPORT_BURST);
		CU_ASSERT_EQUAL(got, WL_TRANSPORT_BURST);
		CU_ASSERT_EQUAL(datagrams[3].size, 2);
		pair.transport->ops->release(pair.transport, datagrams, got);
	}
	close_pair(&pair);
}

static void wait_ends_when_nothing_comes(void)
{
	struct pair pair;
	struct wl_datagram datagram;

	open_pair(&pair);
	pair.transport->ops->wait(pair.transport, 1000);
	CU_ASSERT_EQUAL(pair.transport->ops->receive(pair.transport, &datagram, 1), 0);
	close_pair(&pair);
}

WL_SUITE(client_connect)
{
	WL_TEST(silence_is_not_connected_with_a_sentence),
	WL_TEST(options_of_another_size_are_taken_as_far_as_both_know_them),
	WL_TEST(options_that_are_wrong_are_refused_by_name),
	WL_TEST(key_is_needed_unless_insecure_is_said),
	WL_TEST(bursts_go_to_and_fro_over_a_kernel_socket),
	WL_TEST(wait_ends_when_nothing_comes),
};
