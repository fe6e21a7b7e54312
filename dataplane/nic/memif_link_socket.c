/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_link_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/nic/memif_client_socket.h"
#include "dataplane/nic/memif_socket.h"
#include "wirelog/status.h"

#define ETHERNET_BYTES 14u
#define LOOK_NS 1000000u
#define LOOK_RESTLESS_NS 50000u
#define RETRY_NS 20000000u
#define RETRY_SLOW_NS 100000000u
#define HANDSHAKE_NS 2000000000u
#define GIVES_WAY_NS 50000000u /* who said nothing for so long makes room for the next one */
#define MESSAGES_AT_ONCE 16u
#define ACCEPTS_AT_ONCE 4u
#define ACCEPT_NS 1000000u

enum source {
	SOURCE_LISTENER = 1,
	SOURCE_WAITING,
	SOURCE_PEER,
};

uint16_t wl_memif_buffer_bytes(uint16_t mtu)
{
	uint64_t bytes = wl_align_up(mtu + ETHERNET_BYTES, 256);

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

static void refuse(int fd, const char *why)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];

	wl_memif_say_disconnect(message, why);
	wl_memif_send(fd, message, -1);
}

/* ---- set-up ----------------------------------------------------------------------------------- */

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

int wl_memif_add(struct wl_memif *memif, uint16_t index, const struct wl_memif_wish *wish,
		 char *reason)
{
	struct wl_memif_link *link = &memif->links[index];
	const char *fault = wl_memif_address_fault(wish->address);
	int listener = -1;

	WL_CHECK(link->state == WL_MEMIF_ABSENT);
	WL_CHECK(wish->ring_log2 >= 1 && wish->ring_log2 <= WL_MEMIF_RING_LOG2_MAX);
	if (fault) {
		snprintf(reason, WL_MEMIF_REASON_BYTES, "memif address '%s' %s", wish->address,
			 fault);
		return WIRELOG_PORT_ADDRESS;
	}
	if (memif->epoll_fd < 0)
		memif->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wish->server) {
		listener = share_listener(memif, wish->address, reason);
		if (listener < 0)
			return listener;
	}
	*link = (struct wl_memif_link){
		.state = WL_MEMIF_DOWN,
		.server = wish->server,
		.listener = listener,
		.id = wish->id,
		.id_count = wish->id_count > 1 && !wish->server ? wish->id_count : 1,
		.limits = {wish->frame_bytes, wish->buffer_bytes, wish->ring_log2},
		.peer_fd = -1,
	};
	snprintf(link->address, sizeof(link->address), "%s", wish->address);
	if (index >= memif->link_end)
		memif->link_end = (uint16_t)(index + 1);
	return 0;
}

/* ---- both ends of a connection ---------------------------------------------------------------- */

static void begin_handshake(struct wl_memif_link *link, int peer_fd, uint64_t now_ns)
{
	link->peer_fd = peer_fd;
	link->state = WL_MEMIF_HANDSHAKE;
	link->deadline_ns = now_ns + HANDSHAKE_NS;
	link->offer = (struct wl_memif_offer){0};
	link->said = WL_MEMIF_HELLO;
	link->said_ring = false;
}

static void come_up(struct wl_memif *memif, struct wl_memif_link *link)
{
	link->state = WL_MEMIF_UP;
	memif->counters.connections++;
	link->refusals = 0;
	link->met_taken = link->is_full = false;
}

/* Everything of the connection goes here, and nowhere else. */
static void let_go(struct wl_memif_link *link, uint64_t now_ns)
{
	close_fd(&link->peer_fd);
	link->rx = link->tx = (struct wl_memif_ring){0};
	wl_memif_region_close(&link->region);
	link->state = WL_MEMIF_DOWN;
	link->retry_ns = now_ns;
	/* A client goes through all ids of a server at once, and then waits. */
	if (link->refusals > 0 && link->refusals % link->id_count == 0) {
		link->retry_ns += RETRY_NS;
		link->is_full = link->met_taken;
		link->met_taken = false;
	}
}

/* ---- a server ----------------------------------------------------------------------------------- */

static const struct wl_memif_link *first_of_listener(const struct wl_memif *memif, unsigned index)
{
	for (unsigned i = 0; i < memif->link_end; i++) {
		const struct wl_memif_link *link = &memif->links[i];

		if (link->state != WL_MEMIF_ABSENT && link->server && link->listener == (int)index)
			return link;
	}
	return NULL;
}

/* A place for who comes next: a free one, or that of the one who is silent longest. */
static struct wl_memif_waiting *find_waiting(struct wl_memif *memif, uint64_t now_ns)
{
	struct wl_memif_waiting *oldest = &memif->waiting[0];

	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX; i++) {
		struct wl_memif_waiting *waiting = &memif->waiting[i];

		if (waiting->fd < 0)
			return waiting;
		if (waiting->since_ns < oldest->since_ns)
			oldest = waiting;
	}
	if (now_ns < oldest->since_ns + GIVES_WAY_NS)
		return NULL;
	close_fd(&oldest->fd);
	return oldest;
}

/* All server links of one address have the same MTU. */
static void greet(struct wl_memif *memif, struct wl_memif_waiting *waiting)
{
	unsigned index = (unsigned)waiting->listener;
	const struct wl_memif_link *link = first_of_listener(memif, index);
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];

	if (memif->listeners[index].address[0] == '@' && !wl_memif_peer_is_same_user(waiting->fd)) {
		memif->counters.refused_user++;
		close_fd(&waiting->fd);
		return;
	}
	wl_memif_say_hello(message, (uint16_t)(link->limits.frame_bytes - ETHERNET_BYTES),
			   link->limits.ring_log2);
	if (!wl_memif_send(waiting->fd, message, -1) ||
	    !watch(memif, waiting->fd, SOURCE_WAITING, (unsigned)(waiting - memif->waiting)))
		close_fd(&waiting->fd);
}

static void accept_peers(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	if (now_ns < memif->next_accept_ns || memif->listeners[index].fd < 0)
		return;
	for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
		struct wl_memif_waiting *waiting = find_waiting(memif, now_ns);
		int fd = waiting ? wl_memif_accept(memif->listeners[index].fd) : -EAGAIN;

		if (fd < 0) {
			memif->counters.no_descriptor += fd == -EMFILE || fd == -ENFILE;
			return;
		}
		*waiting = (struct wl_memif_waiting){.fd = fd,
						     .listener = (int)index,
						     .since_ns = now_ns};
		greet(memif, waiting);
	}
}

/* NULL: then *why says what is in the way. */
static struct wl_memif_link *find_link(struct wl_memif *memif, int listener, uint32_t id,
				       const char **why)
{
	*why = "ID not found";
	for (unsigned i = 0; i < memif->link_end; i++) {
		struct wl_memif_link *link = &memif->links[i];

		if (link->state == WL_MEMIF_ABSENT || !link->server || link->id != id ||
		    link->listener != listener)
			continue;
		if (link->state == WL_MEMIF_DOWN)
			return link;
		*why = WL_MEMIF_TAKEN;
	}
	return NULL;
}

static void hear_waiting(struct wl_memif *memif, struct wl_memif_waiting *waiting, uint64_t now_ns)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	struct wl_memif_link *link = NULL;
	int passed, peer_fd = waiting->fd;
	int outcome = wl_memif_receive(peer_fd, message, &passed);
	const char *why = NULL;
	uint32_t id = 0;

	if (outcome == 0)
		return;
	close_fd(&passed);
	waiting->fd = -1;
	/* Out of the set first: a link watches it under another name. */
	epoll_ctl(memif->epoll_fd, EPOLL_CTL_DEL, peer_fd, NULL);
	if (outcome > 0) {
		why = wl_memif_init_fault(message, &id);
		memif->counters.refused_offer += why != NULL;
	}
	if (outcome > 0 && !why)
		link = find_link(memif, waiting->listener, id, &why);
	if (!link) {
		if (why)
			refuse(peer_fd, why);
		close(peer_fd);
		return;
	}
	begin_handshake(link, peer_fd, now_ns);
	wl_memif_say(message, WL_MEMIF_ACK);
	if (!wl_memif_send(peer_fd, message, -1) ||
	    !watch(memif, peer_fd, SOURCE_PEER, (unsigned)(link - memif->links)))
		let_go(link, now_ns);
}

static const char *take_offer(struct wl_memif_link *link, const uint8_t *message, int passed)
{
	const char *why = wl_memif_offer_take(&link->offer, &link->limits, message);

	if (why || wl_load_u16(message) != WL_MEMIF_ADD_REGION)
		return why;
	return passed < 0 ? "Region without a descriptor"
			  : wl_memif_region_take(&link->region, passed, link->offer.region_bytes);
}

/* `rx` or `tx` of the link, as the client offered it. */
static bool open_ring(struct wl_memif_link *link, const struct wl_memif_offered_ring *offer,
		      bool sends)
{
	const struct wl_memif_ring_shape shape = {
		.offset = offer->offset,
		.frame_bytes = link->limits.frame_bytes,
		.log2 = offer->log2,
		.sends = sends,
	};

	return wl_memif_ring_open(sends ? &link->tx : &link->rx, link->region.memory,
				  (uint32_t)link->region.bytes, &shape);
}

static const char *open_rings(struct wl_memif *memif, struct wl_memif_link *link)
{
	const struct wl_memif_offer *offer = &link->offer;
	bool mtu;
	const char *why = wl_memif_offer_fault(offer, &link->limits, &mtu);

	memif->counters.refused_mtu += mtu;
	if (why)
		return why;
	if (!open_ring(link, &offer->to_server, false) || !open_ring(link, &offer->to_client, true))
		return "Ring without its cookie";
	return NULL;
}

/* NULL, or why the client is refused. */
static const char *hear_client(struct wl_memif *memif, struct wl_memif_link *link, uint8_t *message,
			       int passed)
{
	bool connects = wl_load_u16(message) == WL_MEMIF_CONNECT;
	const char *why;

	if (link->state == WL_MEMIF_UP)
		return "Unexpected message";
	why = connects ? open_rings(memif, link) : take_offer(link, message, passed);
	if (why)
		return why;
	wl_memif_say(message, connects ? WL_MEMIF_CONNECTED : WL_MEMIF_ACK);
	if (!wl_memif_send(link->peer_fd, message, -1))
		return "Does not listen";
	if (connects)
		come_up(memif, link);
	return NULL;
}

/* ---- a client ----------------------------------------------------------------------------------- */

static void dial(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	struct wl_memif_link *link = &memif->links[index];
	int fd = wl_memif_connect(link->address);

	if (fd < 0) {
		memif->counters.no_descriptor += fd == -EMFILE || fd == -ENFILE;
		link->retry_ns = now_ns + RETRY_NS;
		return;
	}
	if (link->address[0] == '@' && !wl_memif_peer_is_same_user(fd)) {
		memif->counters.refused_user++;
		close(fd);
		link->retry_ns = now_ns + RETRY_SLOW_NS;
		return;
	}
	begin_handshake(link, fd, now_ns);
	if (!watch(memif, fd, SOURCE_PEER, index))
		let_go(link, now_ns);
}

static const char *hear_server(struct wl_memif *memif, struct wl_memif_link *link, uint8_t *message)
{
	uint16_t type = wl_load_u16(message);

	if (link->state == WL_MEMIF_UP)
		return "Unexpected message";
	if (type == WL_MEMIF_ACK)
		return wl_memif_client_say_next(link, message);
	if (type == WL_MEMIF_HELLO && link->said == WL_MEMIF_HELLO) {
		link->ring_log2 = wl_memif_hello_ring_log2(message, link->limits.ring_log2);
		if (link->ring_log2 == 0)
			return "Incompatible memif version";
		wl_memif_say_init(message, link->id + link->id_turn);
		link->said = WL_MEMIF_INIT;
		return wl_memif_send(link->peer_fd, message, -1) ? NULL : "Does not listen";
	}
	if (type != WL_MEMIF_CONNECTED || link->said != WL_MEMIF_CONNECT)
		return "Unexpected message";
	wl_memif_ring_start(&link->rx);
	wl_memif_ring_start(&link->tx);
	come_up(memif, link);
	return NULL;
}

/* ---- hearing ------------------------------------------------------------------------------------ */

/* False: the connection is over. */
static bool hear_message(struct wl_memif *memif, struct wl_memif_link *link, uint64_t now_ns)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	int passed, outcome = wl_memif_receive(link->peer_fd, message, &passed);
	const char *why = NULL;

	if (outcome == 0)
		return false;
	if (outcome > 0 && wl_load_u16(message) == WL_MEMIF_DISCONNECT) {
		if (link->state == WL_MEMIF_HANDSHAKE) {
			link->refusals++;
			link->met_taken |= wl_memif_says_taken(message);
			link->id_turn = (link->id_turn + 1) % link->id_count;
		}
		outcome = -1;
	}
	if (outcome > 0)
		why = link->server ? hear_client(memif, link, message, passed)
				   : hear_server(memif, link, message);
	close_fd(&passed);
	if (outcome > 0 && !why)
		return true;
	if (why) {
		refuse(link->peer_fd, why);
		if (link->state == WL_MEMIF_UP)
			memif->counters.broken++;
		else if (link->server)
			memif->counters.refused_offer++;
		else
			link->refusals++;
	}
	let_go(link, now_ns);
	return false;
}

static void hear(struct wl_memif *memif, uint64_t tag, uint64_t now_ns)
{
	unsigned index = (unsigned)(tag & UINT32_MAX);
	struct wl_memif_link *link;

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
		link = &memif->links[index];
		for (unsigned i = 0; i < MESSAGES_AT_ONCE && link->peer_fd >= 0; i++)
			if (!hear_message(memif, link, now_ns))
				break;
		break;
	}
}

/* ---- turns -------------------------------------------------------------------------------------- */

static void break_link(struct wl_memif *memif, struct wl_memif_link *link, uint64_t now_ns)
{
	refuse(link->peer_fd, "Ring index or descriptor out of bounds");
	memif->counters.broken++;
	let_go(link, now_ns);
}

/* What time brings. */
static void advance(struct wl_memif *memif, unsigned index, uint64_t now_ns)
{
	struct wl_memif_link *link = &memif->links[index];

	switch (link->state) {
	case WL_MEMIF_ABSENT:
		break;
	case WL_MEMIF_UP:
		if (link->rx.broken || link->tx.broken)
			break_link(memif, link, now_ns);
		break;
	case WL_MEMIF_DOWN:
		if (!link->server && now_ns >= link->retry_ns)
			dial(memif, index, now_ns);
		break;
	case WL_MEMIF_HANDSHAKE:
		if (now_ns >= link->deadline_ns)
			let_go(link, now_ns);
		break;
	}
}

static bool shakes_hands(const struct wl_memif *memif)
{
	for (unsigned i = 0; i < memif->link_end; i++)
		if (memif->links[i].state == WL_MEMIF_HANDSHAKE)
			return true;
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
	for (unsigned i = 0; i < memif->link_end; i++)
		advance(memif, i, now_ns);
	count = epoll_wait(memif->epoll_fd, events, 16, 0);
	for (int i = 0; i < count; i++)
		hear(memif, events[i].data.u64, now_ns);
	if (now_ns >= memif->next_accept_ns)
		memif->next_accept_ns = now_ns + ACCEPT_NS;
	for (unsigned i = 0; i < WL_MEMIF_WAITING_MAX; i++)
		if (memif->waiting[i].fd >= 0 &&
		    now_ns >= memif->waiting[i].since_ns + HANDSHAKE_NS)
			close_fd(&memif->waiting[i].fd);
	memif->next_look_ns = now_ns + (shakes_hands(memif) ? LOOK_RESTLESS_NS : LOOK_NS);
	return links_up(memif) != up_before;
}

/* ---- the end ------------------------------------------------------------------------------------ */

void wl_memif_remove(struct wl_memif *memif, uint16_t index)
{
	struct wl_memif_link *link = &memif->links[index];

	if (link->state == WL_MEMIF_ABSENT)
		return;
	let_go(link, 0);
	if (link->server)
		release_listener(memif, link->listener);
	link->state = WL_MEMIF_ABSENT;
}

void wl_memif_fini(struct wl_memif *memif)
{
	for (unsigned i = 0; i < WL_LINKS_MAX; i++)
		wl_memif_remove(memif, (uint16_t)i);
	close_fd(&memif->epoll_fd);
}
