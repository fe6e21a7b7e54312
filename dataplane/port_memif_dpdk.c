/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port_memif_dpdk.h"

#include <errno.h>
#include <poll.h>
#include <rte_alarm.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "dataplane/memif_socket.h"
#include "wirelog/status.h"

#define LOOK_NS 1000000u
#define LOOK_RESTLESS_NS 50000u
#define RETRY_NS 20000000u
#define RETRY_SLOW_NS 100000000u
#define HANDSHAKE_NS 2000000000u
#define MESSAGES_AT_ONCE 16u

enum source {
	SOURCE_LISTENER = 1,
	SOURCE_WAITING,
	SOURCE_PEER,
	SOURCE_DRIVER,
};

uint16_t wl_memif_buffer_bytes(uint16_t mtu)
{
	uint64_t bytes = wl_align_up(mtu + 14u, 256);

	return (uint16_t)(bytes < WL_MEMIF_BUFFER_BYTES_MIN ? WL_MEMIF_BUFFER_BYTES_MIN : bytes);
}

void wl_memif_init(struct wl_memif *memif)
{
	memset(memif, 0, sizeof(*memif));
	memif->epoll_fd = -1;
	for (unsigned i = 0; i < WL_LINKS_MAX; i++)
		memif->listeners[i].fd = -1;
	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX; i++)
		memif->waiting[i].fd = -1;
}

static bool watch(struct wl_memif *memif, int fd, enum source source, unsigned index)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP,
				    .data.u64 = (uint64_t)source << 32 | index};

	return epoll_ctl(memif->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- set-up -------------------------------------------------------------------------------- */

static int share_listener(struct wl_memif *memif, const char *address, char *reason)
{
	int free_index = -1;
	struct wl_memif_listener *listener;

	for (unsigned i = 0; i < WL_LINKS_MAX; i++) {
		listener = &memif->listeners[i];
		if (listener->fd < 0) {
			if (free_index < 0)
				free_index = (int)i;
		} else if (strcmp(listener->address, address) == 0) {
			listener->users++;
			return (int)i;
		}
	}
	WL_CHECK(free_index >= 0);
	listener = &memif->listeners[free_index];
	listener->fd = wl_memif_listen(address, reason);
	if (listener->fd < 0) {
		int status = listener->fd;

		listener->fd = -1;
		return status;
	}
	listener->users = 1;
	snprintf(listener->address, sizeof(listener->address), "%s", address);
	if (!watch(memif, listener->fd, SOURCE_LISTENER, (unsigned)free_index)) {
		snprintf(reason, WL_MEMIF_REASON_BYTES, "epoll: %s", strerror(errno));
		close_fd(&listener->fd);
		wl_memif_unlink(address);
		return WIRELOG_PORT_ADDRESS;
	}
	return free_index;
}

static void release_listener(struct wl_memif *memif, int index)
{
	struct wl_memif_listener *listener = &memif->listeners[index];

	if (--listener->users > 0)
		return;
	wl_memif_unlink(listener->address);
	close_fd(&listener->fd);
	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX; i++)
		if (memif->waiting[i].fd >= 0 && memif->waiting[i].listener == index)
			close_fd(&memif->waiting[i].fd);
}

static void name_inner(struct wl_memif_link *link)
{
	uint64_t random[2] = {0, 0};

	/* Never fails for 16 bytes once the system is up; names stay unique by process id. */
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random[0] = (uintptr_t)link;
	snprintf(link->inner, sizeof(link->inner), "@wl-%d-%llx", (int)getpid(),
		 (unsigned long long)random[0]);
	snprintf(link->secret, sizeof(link->secret), "%016llx", (unsigned long long)random[1]);
}

int wl_memif_prepare(struct wl_memif *memif, uint16_t index, const struct wl_memif_wish *wish,
		     char *device_args, char *reason)
{
	struct wl_memif_link *link = &memif->links[index];
	const char *fault = wl_memif_address_fault(wish->address);
	int listener = -1;

	WL_CHECK(link->state == WL_MEMIF_ABSENT);
	if (fault != NULL) {
		snprintf(reason, WL_MEMIF_REASON_BYTES, "memif address '%s' %s", wish->address,
			 fault);
		return WIRELOG_PORT_ADDRESS;
	}
	if (memif->epoll_fd < 0)
		memif->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	memset(link, 0, sizeof(*link));
	link->peer_fd = link->driver_fd = link->inner_fd = -1;
	name_inner(link);
	if (wish->server)
		listener = share_listener(memif, wish->address, reason);
	else
		link->inner_fd = wl_memif_listen(link->inner, reason);
	if (wish->server ? listener < 0 : link->inner_fd < 0)
		return wish->server ? listener : WIRELOG_PORT_ADDRESS;
	link->listener = listener;
	link->server = wish->server;
	link->id = wish->id;
	link->id_count = wish->id_count > 1 && !wish->server ? wish->id_count : 1;
	link->frame_bytes = wish->frame_bytes;
	link->buffer_bytes = wish->buffer_bytes;
	snprintf(link->address, sizeof(link->address), "%s", wish->address);
	snprintf(device_args, WL_MEMIF_REASON_BYTES,
		 "role=%s,id=0,socket=%s,socket-abstract=yes,bsize=%u,rsize=%u%s%s",
		 link->server ? "server" : "client", link->inner + 1, wish->buffer_bytes,
		 wish->ring_log2, link->server ? ",secret=" : "", link->server ? link->secret : "");
	link->state = WL_MEMIF_DOWN;
	link->port_id = RTE_MAX_ETHPORTS;
	if (index >= memif->link_end)
		memif->link_end = (uint16_t)(index + 1);
	return 0;
}

void wl_memif_attach(struct wl_memif *memif, uint16_t index, uint16_t port_id)
{
	struct wl_memif_link *link = &memif->links[index];

	link->port_id = port_id;
	/* A server's device only opens its ears; a client's is started when there is a server. */
	if (link->server)
		rte_eth_dev_start(port_id);
	memif->restless = true;
}

/* ---- the life of a connection --------------------------------------------------------------- */

/* What drivers and EAL's interrupt thread open from here on is theirs, until nothing is in transition any more. */
static void note_descriptors(struct wl_memif *memif)
{
	if (memif->opens)
		return;
	wl_descriptors_note(&memif->descriptors);
	memif->settles = false;
	memif->opens = true;
}

/* On EAL's interrupt thread: what it had to open anew for the drivers' sake, it has opened when it serves this. */
static void close_to_children(void *context)
{
	struct wl_memif *memif = context;

	wl_descriptors_close_to_children(&memif->descriptors);
	memif->opens = false;
}

static void begin_handshake(struct wl_memif_link *link, uint64_t now_ns)
{
	link->state = WL_MEMIF_HANDSHAKE;
	link->deadline_ns = now_ns + HANDSHAKE_NS;
	link->region_bytes = 0;
	link->rings = 0;
	link->ring_slots = 0;
}

/* The worker learns of it by the return value of tend; the driver only in the tend after that. */
static void begin_closing(struct wl_memif_link *link)
{
	close_fd(&link->peer_fd);
	link->state = WL_MEMIF_CLOSING;
	link->told_to_stop = false;
}

static void driver_let_go(struct wl_memif_link *link, uint64_t now_ns)
{
	close_fd(&link->driver_fd);
	link->state = WL_MEMIF_DOWN;
	if (link->server)
		return;
	/* Quiet by now: its rings went when it let go, so this only resets its state. */
	rte_eth_dev_stop(link->port_id);
	link->retry_ns = now_ns;
	if (link->refusals > 0)
		link->retry_ns += link->refusals % link->id_count != 0 ? 0 : RETRY_NS;
}

/* A client looks whether its server is there; only then the driver is started. */
static void dial(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	struct wl_memif_link *link = &memif->links[index];

	link->peer_fd = wl_memif_connect(link->address);
	if (link->peer_fd < 0) {
		link->peer_fd = -1;
		link->retry_ns = now_ns + RETRY_NS;
		return;
	}
	if (link->address[0] == '@' && !wl_memif_peer_is_same_user(link->peer_fd)) {
		memif->refused_user++;
		goto retry_slow;
	}
	note_descriptors(memif);
	if (rte_eth_dev_start(link->port_id) != 0)
		goto retry_slow;
	do {
		close_fd(&link->driver_fd);
		link->driver_fd = wl_memif_accept(link->inner_fd);
	} while (link->driver_fd >= 0 && !wl_memif_peer_is_self(link->driver_fd));
	if (link->driver_fd < 0) {
		rte_eth_dev_stop(link->port_id);
		goto retry_slow;
	}
	begin_handshake(link, now_ns);
	if (!watch(memif, link->peer_fd, SOURCE_PEER, index) ||
	    !watch(memif, link->driver_fd, SOURCE_DRIVER, index))
		begin_closing(link);
	return;

retry_slow:
	close_fd(&link->peer_fd);
	link->retry_ns = now_ns + RETRY_SLOW_NS;
}

static void refuse(int fd, const char *why)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];

	wl_memif_say_disconnect(message, why);
	wl_memif_send(fd, message, -1);
}

/* All server links of one address have the same MTU. */
static uint16_t mtu_of_listener(const struct wl_memif *memif, unsigned index)
{
	for (unsigned i = 0; i < memif->link_end; i++) {
		const struct wl_memif_link *link = &memif->links[i];

		if (link->state != WL_MEMIF_ABSENT && link->server && link->listener == (int)index)
			return (uint16_t)(link->frame_bytes - RTE_ETHER_HDR_LEN);
	}
	return 0;
}

static void accept_peers(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	const struct wl_memif_listener *listener = &memif->listeners[index];
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];

	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX && listener->fd >= 0; i++) {
		struct wl_memif_waiting *waiting = &memif->waiting[i];

		if (waiting->fd >= 0)
			continue;
		waiting->fd = wl_memif_accept(listener->fd);
		if (waiting->fd < 0)
			return;
		waiting->listener = (int)index;
		waiting->deadline_ns = now_ns + HANDSHAKE_NS;
		wl_memif_say_hello(message, mtu_of_listener(memif, index));
		if (listener->address[0] == '@' && !wl_memif_peer_is_same_user(waiting->fd)) {
			memif->refused_user++;
			close_fd(&waiting->fd);
		} else if (!wl_memif_send(waiting->fd, message, -1) ||
			   !watch(memif, waiting->fd, SOURCE_WAITING, i)) {
			close_fd(&waiting->fd);
		}
	}
}

/* The server's side of a new connection: connects the driver of the link with that id. */
static void adopt(struct wl_memif *memif, unsigned index, int peer_fd, uint8_t *message,
		  uint64_t now_ns)
{
	struct wl_memif_link *link = &memif->links[index];

	note_descriptors(memif);
	link->driver_fd = wl_memif_connect(link->inner);
	if (link->driver_fd < 0) {
		link->driver_fd = -1;
		refuse(peer_fd, "Not ready");
		close(peer_fd);
		return;
	}
	wl_store_u32(message + WL_MEMIF_INIT_ID, 0);
	memset(message + WL_MEMIF_INIT_SECRET, 0, 24);
	memcpy(message + WL_MEMIF_INIT_SECRET, link->secret, strlen(link->secret));
	link->peer_fd = peer_fd;
	link->swallow_hello = true;
	begin_handshake(link, now_ns);
	if (!wl_memif_send(link->driver_fd, message, -1) ||
	    !watch(memif, link->driver_fd, SOURCE_DRIVER, index) ||
	    !watch(memif, link->peer_fd, SOURCE_PEER, index))
		begin_closing(link);
}

static void hear_waiting(struct wl_memif *memif, struct wl_memif_waiting *waiting, uint64_t now_ns)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	const char *why = "ID not found";
	int passed, outcome, peer_fd;
	uint32_t id;

	outcome = wl_memif_receive(waiting->fd, message, &passed);
	if (outcome == 0)
		return;
	close_fd(&passed);
	if (outcome < 0 || wl_load_u16(message) != WL_MEMIF_INIT) {
		close_fd(&waiting->fd);
		return;
	}
	/* Out of the set first: the link watches it under another name. */
	epoll_ctl(memif->epoll_fd, EPOLL_CTL_DEL, waiting->fd, NULL);
	peer_fd = waiting->fd;
	waiting->fd = -1;
	id = wl_load_u32(message + WL_MEMIF_INIT_ID);
	for (unsigned i = 0; i < memif->link_end; i++) {
		const struct wl_memif_link *link = &memif->links[i];

		if (link->state == WL_MEMIF_ABSENT || !link->server || link->id != id ||
		    link->listener != waiting->listener)
			continue;
		if (link->state == WL_MEMIF_DOWN) {
			adopt(memif, i, peer_fd, message, now_ns);
			return;
		}
		why = "Already connected";
	}
	refuse(peer_fd, why);
	close(peer_fd);
}

/* ---- relaying ------------------------------------------------------------------------------- */

/* A client brings the memory. The driver believes what it says, so sizes are compared here. */
static bool client_fits(struct wl_memif *memif, struct wl_memif_link *link, const uint8_t *message)
{
	uint64_t bytes;

	switch (wl_load_u16(message)) {
	case WL_MEMIF_ADD_REGION:
		if (wl_load_u16(message + WL_MEMIF_REGION_INDEX) != 0)
			return false;
		link->region_bytes = wl_load_u64(message + WL_MEMIF_REGION_SIZE);
		return true;
	case WL_MEMIF_ADD_RING:
		if (message[WL_MEMIF_RING_LOG2] > 14)
			return false;
		link->rings++;
		link->ring_slots = 1u << message[WL_MEMIF_RING_LOG2];
		return true;
	case WL_MEMIF_CONNECT:
		bytes = wl_memif_region_buffer_bytes(link->region_bytes, link->rings,
						     link->ring_slots);
		if (bytes >= link->frame_bytes && bytes <= link->buffer_bytes)
			return true;
		memif->refused_mtu++;
		refuse(link->peer_fd, "Buffer size differs: same MTU on both ends?");
		return false;
	default:
		return true;
	}
}

static bool pass_from_peer(struct wl_memif *memif, struct wl_memif_link *link, uint8_t *message,
			   int passed)
{
	bool taken = wl_load_u16(message) != WL_MEMIF_DISCONNECT;

	if (!taken && link->state == WL_MEMIF_HANDSHAKE) {
		link->refusals++;
		link->id_turn = (link->id_turn + 1) % link->id_count;
	}
	if (taken && link->server)
		taken = client_fits(memif, link, message);
	if (!taken) {
		close_fd(&passed);
		return false;
	}
	return wl_memif_send(link->driver_fd, message, passed);
}

static bool pass_from_driver(struct wl_memif_link *link, uint8_t *message, int passed)
{
	uint16_t type = wl_load_u16(message);

	if (type == WL_MEMIF_HELLO && link->swallow_hello) {
		link->swallow_hello = false;
		close_fd(&passed);
		return true;
	}
	if (type == WL_MEMIF_INIT && !link->server)
		wl_store_u32(message + WL_MEMIF_INIT_ID, link->id + link->id_turn);
	return wl_memif_send(link->peer_fd, message, passed) && type != WL_MEMIF_DISCONNECT;
}

static void relay(struct wl_memif *memif, struct wl_memif_link *link, bool from_peer)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	int passed;

	for (unsigned i = 0; i < MESSAGES_AT_ONCE; i++) {
		int outcome = wl_memif_receive(from_peer ? link->peer_fd : link->driver_fd, message,
					       &passed);
		bool goes_on = outcome > 0;

		if (outcome == 0)
			return;
		if (goes_on)
			goes_on = from_peer ? pass_from_peer(memif, link, message, passed)
					    : pass_from_driver(link, message, passed);
		if (!goes_on) {
			begin_closing(link);
			return;
		}
	}
}

static void hear_driver(struct wl_memif *memif, struct wl_memif_link *link, uint64_t now_ns)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	int passed, outcome;

	if (link->state != WL_MEMIF_CLOSING) {
		relay(memif, link, false);
		return;
	}
	/* Its last words lead nowhere; its end-of-file says that the rings are unmapped. */
	do {
		outcome = wl_memif_receive(link->driver_fd, message, &passed);
		close_fd(&passed);
	} while (outcome > 0);
	if (outcome < 0 && link->told_to_stop)
		driver_let_go(link, now_ns);
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void hear(struct wl_memif *memif, uint64_t tag, uint64_t now_ns)
{
	unsigned index = (unsigned)(tag & UINT32_MAX);
	struct wl_memif_link *link = &memif->links[index % WL_LINKS_MAX];

	/* An event may be older than what an earlier one of the same turn has closed. */
	switch ((enum source)(tag >> 32)) {
	case SOURCE_LISTENER:
		accept_peers(memif, index, now_ns);
		break;
	case SOURCE_WAITING:
		if (memif->waiting[index].fd >= 0)
			hear_waiting(memif, &memif->waiting[index], now_ns);
		break;
	case SOURCE_PEER:
		if (link->peer_fd >= 0)
			relay(memif, link, true);
		break;
	case SOURCE_DRIVER:
		if (link->driver_fd >= 0)
			hear_driver(memif, link, now_ns);
		break;
	}
}

static bool device_is_up(uint16_t port_id)
{
	struct rte_eth_link status;

	return rte_eth_link_get_nowait(port_id, &status) == 0 &&
	       status.link_status == RTE_ETH_LINK_UP;
}

/* What time brings. True while the link is in transition. */
static bool advance(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	struct wl_memif_link *link = &memif->links[index];

	switch (link->state) {
	case WL_MEMIF_ABSENT:
	case WL_MEMIF_UP:
		return false;
	case WL_MEMIF_DOWN:
		if (!link->server && now_ns >= link->retry_ns && link->port_id < RTE_MAX_ETHPORTS)
			dial(memif, index, now_ns);
		return link->state == WL_MEMIF_HANDSHAKE;
	case WL_MEMIF_HANDSHAKE:
		if (device_is_up(link->port_id)) {
			link->state = WL_MEMIF_UP;
			link->connections++;
			link->refusals = 0;
		} else if (now_ns >= link->deadline_ns) {
			begin_closing(link);
		}
		return true;
	case WL_MEMIF_CLOSING:
		if (!link->told_to_stop) {
			link->told_to_stop = true;
			shutdown(link->driver_fd, SHUT_WR);
		}
		hear_driver(memif, link, now_ns);
		return true;
	}
	return false;
}

static uint64_t links_up(const struct wl_memif *memif)
{
	uint64_t up = 0;

	for (unsigned i = 0; i < memif->link_end; i++)
		up |= (uint64_t)wl_memif_is_up(memif, (uint16_t)i) << i;
	return up;
}

bool wl_memif_tend(struct wl_memif *memif, uint64_t now_ns)
{
	struct epoll_event events[16];
	uint64_t up_before;
	int count;

	if (memif->epoll_fd < 0 || now_ns < memif->next_look_ns)
		return false;
	up_before = links_up(memif);
	memif->restless = false;
	/* Before the events: a link that they close is told of in the next turn, not in this one. */
	for (unsigned i = 0; i < memif->link_end; i++)
		memif->restless |= advance(memif, i, now_ns);
	count = epoll_wait(memif->epoll_fd, events, 16, 0);
	for (int i = 0; i < count; i++)
		hear(memif, events[i].data.u64, now_ns);
	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX; i++)
		if (memif->waiting[i].fd >= 0 && now_ns >= memif->waiting[i].deadline_ns)
			close_fd(&memif->waiting[i].fd);
	memif->restless |= count > 0;
	if (memif->opens && !memif->restless && !memif->settles)
		memif->settles = rte_eal_alarm_set(1, close_to_children, memif) == 0;
	memif->next_look_ns = now_ns + (memif->restless ? LOOK_RESTLESS_NS : LOOK_NS);
	return links_up(memif) != up_before;
}

/* ---- the end -------------------------------------------------------------------------------- */

void wl_memif_remove(struct wl_memif *memif, uint16_t index)
{
	struct wl_memif_link *link = &memif->links[index];
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	int passed;

	if (link->state == WL_MEMIF_ABSENT)
		return;
	close_fd(&link->peer_fd);
	if (link->driver_fd >= 0) {
		struct pollfd driver = {.fd = link->driver_fd, .events = POLLIN};

		shutdown(link->driver_fd, SHUT_WR);
		while (poll(&driver, 1, 200) > 0 &&
		       wl_memif_receive(link->driver_fd, message, &passed) > 0)
			close_fd(&passed);
		close_fd(&link->driver_fd);
	}
	if (link->port_id < RTE_MAX_ETHPORTS)
		rte_eth_dev_stop(link->port_id);
	close_fd(&link->inner_fd);
	if (link->server)
		release_listener(memif, link->listener);
	link->state = WL_MEMIF_ABSENT;
}

void wl_memif_fini(struct wl_memif *memif)
{
	rte_eal_alarm_cancel(close_to_children, memif);
	for (unsigned i = 0; i < WL_LINKS_MAX; i++)
		wl_memif_remove(memif, (uint16_t)i);
	close_fd(&memif->epoll_fd);
}
