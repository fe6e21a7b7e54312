/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_udp_dpdk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"

#define SOCKET_BUFFER_BYTES (4 << 20)
#define IPV4_DESTINATION (WL_ETHER_BYTES + 16u) /* RFC 791 */
#define UDP_DESTINATION (WL_ETHER_BYTES + WL_IPV4_BYTES + 2u) /* RFC 768 */

static struct sockaddr_in sockaddr_of(uint32_t ipv4, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(ipv4),
		.sin_port = htons(port),
	};
}

int wl_port_udp_open(struct wl_udp_link *link, const struct wl_address *listen,
		     const struct wl_address *self, uint16_t mtu)
{
	struct sockaddr_in address = sockaddr_of(listen->ipv4, listen->udp_port);
	int bytes = SOCKET_BUFFER_BYTES, probe = IP_PMTUDISC_PROBE, error;

	memset(link, 0, sizeof(*link));
	link->self = *self;
	link->frame_bytes = (uint16_t)(WL_ETHER_BYTES + mtu);
	link->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return -errno;
	/* A burst of a client's window while the worker is away; the kernel gives what it allows. */
	setsockopt(link->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(link->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* Nothing is split, and no router is believed: clients find out what passes (path.h). */
	setsockopt(link->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
	if (bind(link->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	error = -errno;
	wl_port_udp_close(link);
	return error;
}

void wl_port_udp_close(struct wl_udp_link *link)
{
	rte_pktmbuf_free_bulk(link->empty, link->empty_count);
	link->empty_count = 0;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static void refill(struct wl_udp_link *link, struct rte_mempool *pool, uint16_t wanted)
{
	while (link->empty_count < wanted) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

		if (!mbuf)
			return;
		link->empty[link->empty_count++] = mbuf;
	}
}

/* The envelope that a card would have brought. */
static void put_envelope(const struct wl_udp_link *link, struct rte_mbuf *mbuf,
			 const struct sockaddr_in *from, unsigned datagram_bytes)
{
	struct wl_address sender = {
		.ipv4 = ntohl(from->sin_addr.s_addr),
		.udp_port = ntohs(from->sin_port),
	};

	wl_frame_close_envelope(rte_pktmbuf_mtod(mbuf, uint8_t *), &sender, &link->self,
				datagram_bytes);
	rte_pktmbuf_data_len(mbuf) = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagram_bytes);
	rte_pktmbuf_pkt_len(mbuf) = rte_pktmbuf_data_len(mbuf);
}

/* Whole ones go to `mbufs`, what is too long back to the empty ones. */
static uint16_t take(struct wl_udp_link *link, const struct mmsghdr *messages, unsigned count,
		     struct rte_mbuf **mbufs, struct wl_udp_counters *counters)
{
	uint16_t taken = 0, kept = 0;

	for (unsigned at = 0; at < count; at++) {
		struct rte_mbuf *mbuf = link->empty[at];

		if (messages[at].msg_hdr.msg_flags & MSG_TRUNC) {
			counters->too_long++;
			link->empty[kept++] = mbuf;
			continue;
		}
		put_envelope(link, mbuf, messages[at].msg_hdr.msg_name, messages[at].msg_len);
		mbufs[taken++] = mbuf;
	}
	memmove(&link->empty[kept], &link->empty[count],
		(link->empty_count - count) * sizeof(link->empty[0]));
	link->empty_count = (uint16_t)(link->empty_count - count + kept);
	counters->received += taken;
	return taken;
}

uint16_t wl_port_udp_receive(struct wl_udp_link *link, struct rte_mempool *pool,
			     struct rte_mbuf **mbufs, uint16_t max,
			     struct wl_udp_counters *counters)
{
	struct mmsghdr messages[WL_BURST];
	struct sockaddr_in from[WL_BURST];
	struct iovec room[WL_BURST];
	uint16_t wanted;
	int count;

	refill(link, pool, max);
	wanted = link->empty_count < max ? link->empty_count : max;
	for (uint16_t at = 0; at < wanted; at++) {
		room[at].iov_base = rte_pktmbuf_mtod_offset(link->empty[at], uint8_t *,
							    WL_FRAME_ENVELOPE_BYTES);
		room[at].iov_len = link->frame_bytes - WL_FRAME_ENVELOPE_BYTES;
		messages[at].msg_hdr = (struct msghdr){
			.msg_name = &from[at],
			.msg_namelen = sizeof(from[at]),
			.msg_iov = &room[at],
			.msg_iovlen = 1,
		};
	}
	if (wanted == 0)
		return 0;
	counters->calls++;
	count = recvmmsg(link->fd, messages, wanted, MSG_DONTWAIT, NULL);
	return count > 0 ? take(link, messages, (unsigned)count, mbufs, counters) : 0;
}

static void load(struct rte_mbuf *mbuf, struct sockaddr_in *to, struct iovec *bytes)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	*to = sockaddr_of(wl_load_be32(frame + IPV4_DESTINATION),
			  wl_load_be16(frame + UDP_DESTINATION));
	bytes->iov_base = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, WL_FRAME_ENVELOPE_BYTES);
	bytes->iov_len = rte_pktmbuf_data_len(mbuf) - WL_FRAME_ENVELOPE_BYTES;
}

uint16_t wl_port_udp_send(struct wl_udp_link *link, struct rte_mbuf **mbufs, uint16_t count,
			  struct wl_udp_counters *counters)
{
	struct mmsghdr messages[WL_BURST];
	struct sockaddr_in to[WL_BURST];
	struct iovec bytes[WL_BURST];
	uint16_t loaded = count < WL_BURST ? count : WL_BURST;
	int sent;

	for (uint16_t at = 0; at < loaded; at++) {
		load(mbufs[at], &to[at], &bytes[at]);
		messages[at].msg_hdr = (struct msghdr){
			.msg_name = &to[at],
			.msg_namelen = sizeof(to[at]),
			.msg_iov = &bytes[at],
			.msg_iovlen = 1,
		};
	}
	if (loaded == 0)
		return 0;
	counters->calls++;
	sent = sendmmsg(link->fd, messages, loaded, MSG_DONTWAIT);
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR))
		return 0;
	if (sent <= 0) {
		/* The first one cannot be sent at all: it must not hold up those behind it. */
		counters->refused++;
		sent = 1;
	} else {
		counters->sent += (uint64_t)sent;
	}
	rte_pktmbuf_free_bulk(mbufs, (unsigned)sent);
	return (uint16_t)sent;
}
