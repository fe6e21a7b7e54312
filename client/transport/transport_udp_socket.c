/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One nonblocking kernel UDP socket for all nodes. It is not connected: one socket serves every address, and who sent
 * a datagram is told by its tag, not by its address. Buffers are a fixed pool; a burst is one sendmmsg or recvmmsg.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/transport/transport.h"
#include "wirelog/limits.h"
#include "wirelog/status.h"

#define BUFFERS (3u * WL_TRANSPORT_BURST) /* one burst received, one collected, some open */
#define BUFFER_BYTES 9216u
#define HEADERS_BYTES 28u /* IPv4 and UDP, of the MTU */
#define SOCKET_BUFFER_BYTES (4 << 20) /* as much as the system's limits allow */

struct udp {
	struct wl_transport transport;
	int fd;
	uint16_t room;
	unsigned link_count;
	struct sockaddr_in links[WL_ENDPOINTS_MAX];
	uint8_t *memory;
	uint8_t *free_buffers[BUFFERS];
	unsigned free_count;
};

static struct udp *of(struct wl_transport *transport)
{
	return (struct udp *)transport;
}

static int fail(char *reason, size_t reason_bytes, const char *what)
{
	snprintf(reason, reason_bytes, "UDP socket: %s: %s", what, strerror(errno));
	return errno == EACCES || errno == EPERM ? WIRELOG_PORT_PRIVILEGE : WIRELOG_PORT_ADDRESS;
}

static void udp_close(struct wl_transport *transport)
{
	struct udp *udp = of(transport);

	if (udp->fd >= 0)
		close(udp->fd);
	free(udp->memory);
	free(udp);
}

static int bind_socket(struct udp *udp, const struct wl_link_options *link, char *reason,
		       size_t reason_bytes)
{
	struct sockaddr_in ours = {
		.sin_family = AF_INET,
		.sin_port = htons(link->port),
		.sin_addr.s_addr = htonl(link->ipv4),
	};
	int bytes = SOCKET_BUFFER_BYTES, on = 1, probe = IP_PMTUDISC_PROBE;

	udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (udp->fd < 0)
		return fail(reason, reason_bytes, "cannot be made");
	if (bind(udp->fd, (struct sockaddr *)&ours, sizeof(ours)) != 0)
		return fail(reason, reason_bytes, "our address and port cannot be used");
	setsockopt(udp->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* No UDP checksum: the frame's tag says more. And a virtual NIC (veth) leaves the sum to hardware that never
	 * comes, so that a node on AF_PACKET would see, and drop, a wrong one. */
	setsockopt(udp->fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on));
	/* The kernel splits nothing, and believes no router: a packet passes whole or not at all, as those of a DPDK port do, so
	 * that probes of the path (paths.c) find out what passes. */
	setsockopt(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
	return WIRELOG_OK;
}

static int udp_open(struct wl_transport **opened, const struct wl_transport_config *config,
		    char *reason, size_t reason_bytes)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int status;

	*opened = NULL;
	if (!udp)
		return WIRELOG_NO_MEMORY;
	udp->transport.ops = wl_transport_udp();
	udp->fd = -1;
	udp->room = (uint16_t)((config->link.mtu ? config->link.mtu : 1500) - HEADERS_BYTES);
	udp->memory = malloc((size_t)BUFFERS * BUFFER_BYTES);
	if (!udp->memory) {
		snprintf(reason, reason_bytes, "no memory for the socket's buffers");
		udp_close(&udp->transport);
		return WIRELOG_NO_MEMORY;
	}
	for (unsigned at = 0; at < BUFFERS; at++)
		udp->free_buffers[udp->free_count++] = udp->memory + (size_t)at * BUFFER_BYTES;
	status = bind_socket(udp, &config->link, reason, reason_bytes);
	if (status != 0) {
		udp_close(&udp->transport);
		return status;
	}
	*opened = &udp->transport;
	return WIRELOG_OK;
}

static int udp_add(struct wl_transport *transport, const struct wl_endpoint *endpoint, char *reason,
		   size_t reason_bytes)
{
	struct udp *udp = of(transport);

	if (udp->link_count == WL_ENDPOINTS_MAX) {
		if (reason)
			snprintf(reason, reason_bytes, "more than %u endpoints", WL_ENDPOINTS_MAX);
		return WIRELOG_INVALID_ARGUMENT;
	}
	udp->links[udp->link_count] = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(endpoint->port),
		.sin_addr.s_addr = htonl(endpoint->ipv4),
	};
	return (int)udp->link_count++;
}

static bool udp_is_up(const struct wl_transport *transport, uint16_t link)
{
	(void)transport;
	(void)link;
	return true;
}

static unsigned udp_receive(struct wl_transport *transport, struct wl_datagram *datagrams,
			    unsigned max)
{
	struct udp *udp = of(transport);
	struct mmsghdr messages[WL_TRANSPORT_BURST];
	struct iovec parts[WL_TRANSPORT_BURST];
	int got;

	if (max > udp->free_count)
		max = udp->free_count;
	if (max > WL_TRANSPORT_BURST)
		max = WL_TRANSPORT_BURST;
	memset(messages, 0, max * sizeof(messages[0]));
	for (unsigned at = 0; at < max; at++) {
		parts[at] =
			(struct iovec){udp->free_buffers[udp->free_count - 1 - at], BUFFER_BYTES};
		messages[at].msg_hdr.msg_iov = &parts[at];
		messages[at].msg_hdr.msg_iovlen = 1;
	}
	/* Errors are those of datagrams that could not be delivered: whoever waits for an answer asks again. */
	got = recvmmsg(udp->fd, messages, max, MSG_DONTWAIT, NULL);
	if (got <= 0)
		return 0;
	udp->free_count -= (unsigned)got;
	for (int at = 0; at < got; at++)
		datagrams[at] = (struct wl_datagram){
			.bytes = parts[at].iov_base,
			.handle = parts[at].iov_base,
			.size = (uint16_t)(messages[at].msg_hdr.msg_flags & MSG_TRUNC
						   ? 0
						   : messages[at].msg_len),
		};
	return (unsigned)got;
}

static void give_back(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned count)
{
	struct udp *udp = of(transport);

	for (unsigned at = 0; at < count; at++)
		udp->free_buffers[udp->free_count++] = datagrams[at].handle;
}

static bool udp_alloc(struct wl_transport *transport, uint16_t link, struct wl_datagram *datagram)
{
	struct udp *udp = of(transport);

	if (udp->free_count == 0)
		return false;
	datagram->handle = udp->free_buffers[--udp->free_count];
	datagram->bytes = datagram->handle;
	datagram->size = udp->room;
	datagram->link = link;
	return true;
}

static unsigned udp_send(struct wl_transport *transport, struct wl_datagram *datagrams,
			 unsigned count)
{
	struct udp *udp = of(transport);
	struct mmsghdr messages[WL_TRANSPORT_BURST];
	struct iovec parts[WL_TRANSPORT_BURST];
	unsigned sent = 0;

	if (count > WL_TRANSPORT_BURST)
		count = WL_TRANSPORT_BURST;
	memset(messages, 0, count * sizeof(messages[0]));
	for (unsigned at = 0; at < count; at++) {
		parts[at] = (struct iovec){datagrams[at].bytes, datagrams[at].size};
		messages[at].msg_hdr.msg_iov = &parts[at];
		messages[at].msg_hdr.msg_iovlen = 1;
		messages[at].msg_hdr.msg_name = &udp->links[datagrams[at].link];
		messages[at].msg_hdr.msg_namelen = sizeof(udp->links[0]);
	}
	while (sent < count) {
		int took = sendmmsg(udp->fd, messages + sent, count - sent, MSG_DONTWAIT);

		if (took > 0) {
			sent += (unsigned)took;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS)
			break; /* the socket is full: the caller keeps the rest */
		sent++; /* this one cannot be delivered (no route, refused, too long): it is lost */
	}
	give_back(transport, datagrams, sent);
	return sent;
}

static void udp_tend(struct wl_transport *transport, uint64_t now_ns)
{
	(void)transport;
	(void)now_ns;
}

static void udp_wait(struct wl_transport *transport, uint32_t timeout_us)
{
	struct pollfd what = {.fd = of(transport)->fd, .events = POLLIN};
	struct timespec timeout = {timeout_us / 1000000, (long)(timeout_us % 1000000) * 1000};

	ppoll(&what, 1, &timeout, NULL);
}

const struct wl_transport_ops *wl_transport_udp(void)
{
	static const struct wl_transport_ops ops = {
		.abi = WL_TRANSPORT_ABI,
		.name = "udp",
		.open = udp_open,
		.close = udp_close,
		.add = udp_add,
		.is_up = udp_is_up,
		.receive = udp_receive,
		.release = give_back,
		.alloc = udp_alloc,
		.send = udp_send,
		.drop = give_back,
		.tend = udp_tend,
		.wait = udp_wait,
	};

	return &ops;
}
