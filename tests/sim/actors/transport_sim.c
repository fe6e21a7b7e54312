/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/transport_sim.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/wire/frame.h"
#include "wirelog/status.h"

#define OWN_PORT 9000u

static struct sim_transport *of(struct wl_transport *transport)
{
	return (struct sim_transport *)transport;
}

static struct wl_port *port_of(const struct sim_transport *own)
{
	return &own->network->stations[own->station].port;
}

static void close_nothing(struct wl_transport *transport)
{
	(void)transport;
}

static int add(struct wl_transport *transport, const struct wl_endpoint *endpoint, char *reason,
	       size_t reason_bytes)
{
	struct sim_transport *own = of(transport);

	(void)reason;
	(void)reason_bytes;
	if (own->link_count == WL_ENDPOINTS_MAX)
		return WIRELOG_INVALID_ARGUMENT;
	own->links[own->link_count].ipv4 = endpoint->ipv4;
	own->links[own->link_count].port = endpoint->port;
	return (int)own->link_count++;
}

static bool is_up(const struct wl_transport *transport, uint16_t link)
{
	(void)transport;
	(void)link;
	return true;
}

/* The kernel drops what is not addressed to the socket. */
static unsigned receive(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned max)
{
	struct sim_transport *own = of(transport);
	struct wl_port *port = port_of(own);
	unsigned count = 0;
	struct wl_frame frame;

	while (count < max && port->ops->rx_burst(port, &frame, 1) == 1) {
		const struct wl_address ours = {.udp_port = OWN_PORT};
		struct wl_address from;
		size_t size;

		if (wl_frame_open_envelope(frame.bytes, frame.size, &ours, &from, &size) !=
		    WL_FRAME_OK) {
			port->ops->rx_release(port, &frame, 1);
			continue;
		}
		datagrams[count++] = (struct wl_datagram){
			.bytes = frame.bytes + WL_FRAME_ENVELOPE_BYTES,
			.handle = frame.bytes,
			.size = (uint16_t)size,
		};
	}
	return count;
}

static void give_back(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned count)
{
	struct wl_port *port = port_of(of(transport));

	for (unsigned at = 0; at < count; at++) {
		struct wl_frame frame = {.bytes = datagrams[at].handle};

		port->ops->rx_release(port, &frame, 1);
	}
}

static bool alloc(struct wl_transport *transport, uint16_t link, struct wl_datagram *datagram)
{
	struct wl_port *port = port_of(of(transport));
	struct wl_frame frame;

	if (port->ops->alloc(port, 0, &frame, 1) != 1)
		return false;
	*datagram = (struct wl_datagram){
		.bytes = frame.bytes + WL_FRAME_ENVELOPE_BYTES,
		.handle = frame.bytes,
		.size = (uint16_t)(frame.size - WL_FRAME_ENVELOPE_BYTES),
		.link = link,
	};
	return true;
}

/* The client's own stack has asked for the address; it is not what is tested here. */
static unsigned send(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned count)
{
	struct sim_transport *own = of(transport);
	const struct sim_station *station = &own->network->stations[own->station];
	struct wl_port *port = port_of(own);

	for (unsigned at = 0; at < count; at++) {
		const struct wl_datagram *datagram = &datagrams[at];
		struct wl_address from = {.ipv4 = SIM_IPV4(own->station), .udp_port = OWN_PORT};
		struct wl_address to = {.ipv4 = own->links[datagram->link].ipv4,
					.udp_port = own->links[datagram->link].port};
		struct wl_frame frame = {
			.bytes = datagram->handle,
			.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagram->size),
		};

		memcpy(from.mac, station->links[0].mac, sizeof(from.mac));
		sim_network_mac(own->network, to.ipv4 & 0xff, own->station, to.mac);
		wl_frame_close_envelope(frame.bytes, &from, &to, datagram->size);
		if (port->ops->tx_burst(port, &frame, 1) == 0)
			return at;
	}
	return count;
}

static void tend(struct wl_transport *transport, uint64_t now_ns)
{
	(void)transport;
	(void)now_ns;
}

static void wait(struct wl_transport *transport, uint32_t timeout_us)
{
	(void)transport;
	(void)timeout_us;
	WL_CHECK_MSG(false, "%s", "a simulated application waits by its agenda");
}

void sim_transport_init(struct sim_transport *transport, struct sim_network *network,
			unsigned station)
{
	static const struct wl_transport_ops ops = {
		.abi = WL_TRANSPORT_ABI,
		.name = "sim",
		.close = close_nothing,
		.add = add,
		.is_up = is_up,
		.receive = receive,
		.release = give_back,
		.alloc = alloc,
		.send = send,
		.drop = give_back,
		.tend = tend,
		.wait = wait,
	};

	memset(transport, 0, sizeof(*transport));
	transport->transport.ops = &ops;
	transport->network = network;
	transport->station = station;
}
