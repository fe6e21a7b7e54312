/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/tx.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_tx_init(struct wl_tx *tx, struct wl_port *port, const struct wl_auth *auth,
		struct wl_counters *counters)
{
	memset(tx, 0, sizeof(*tx));
	tx->port = port;
	tx->auth = auth;
	tx->counters = counters;
	WL_CHECK(port->link_count <= WL_LINKS_MAX);
}

void wl_tx_derive_key(struct wl_tx *tx)
{
	const struct wl_auth *auth = tx->auth;

	WL_CHECK(auth->held.count >= 1 && auth->held.count <= WL_KEYS_HELD_MAX);
	for (uint32_t at = 0; at < auth->held.count; at++)
		for (uint32_t right = 0; right < WL_RIGHTS; right++)
			wl_auth_derive_of(auth, auth->id[right][at], tx->identity, tx->boot_id,
					  &tx->own[right][at]);
}

const struct wl_auth_key *wl_tx_key_for(const struct wl_tx *tx, const struct wl_tx_to *to)
{
	const struct wl_keys_held *held = &tx->auth->held;
	uint32_t sends = wl_keys_send(&tx->keys, held), heard = held->count;
	enum wl_right right = WL_RIGHT_CLUSTER;

	WL_CHECK(sends < held->count);
	if (to->key_id != 0)
		heard = wl_keys_find(held, wl_auth_secret_of(tx->auth, to->key_id, &right));
	if (heard == held->count || (heard < sends && !wl_identity_is_client(to->identity)))
		return &tx->own[WL_RIGHT_CLUSTER][sends];
	return &tx->own[right][heard];
}

/*
 * What the link did not take is dropped: its queue is full, and waiting would hold up every other link. But a follower that hears
 * no heartbeat stands for election, and a vote that is lost costs a round: the newest of those wait at the head of the queue.
 */
static void keep_reserved(struct wl_tx *tx, struct wl_tx_link *link, uint32_t from)
{
	uint32_t reserved = 0, kept = 0;

	for (uint32_t at = from; at < link->count; at++)
		reserved += link->reserved[at];
	for (uint32_t at = from; at < link->count; at++) {
		if (link->reserved[at] && reserved-- <= WL_TX_RESERVE) {
			link->queue[kept] = link->queue[at];
			link->reserved[kept++] = true;
			continue;
		}
		tx->port->ops->tx_drop(tx->port, &link->queue[at], 1);
		tx->dropped++;
		wl_count(tx->counters, WL_COUNTER_tx_link_full);
	}
	link->count = kept;
	if (kept == 0)
		link->kept_since_ns = 0;
	else if (link->kept_since_ns == 0)
		link->kept_since_ns = tx->now_ns;
}

static void drop_kept(struct wl_tx *tx, struct wl_tx_link *link)
{
	tx->port->ops->tx_drop(tx->port, link->queue, link->count);
	wl_count_add(tx->counters, WL_COUNTER_tx_link_full, link->count);
	tx->dropped += link->count;
	link->count = 0;
	link->kept_since_ns = 0;
}

void wl_tx_begin_turn(struct wl_tx *tx, uint64_t now_ns)
{
	tx->now_ns = now_ns;
	for (uint16_t link = 0; link < tx->port->link_count; link++) {
		if (wl_unlikely(tx->links[link].kept_since_ns != 0) &&
		    now_ns - tx->links[link].kept_since_ns > WL_TX_KEEP_NS)
			drop_kept(tx, &tx->links[link]);
	}
}

void wl_tx_forget(struct wl_tx *tx)
{
	for (uint16_t link = 0; link < tx->port->link_count; link++) {
		if (tx->links[link].kept_since_ns != 0)
			drop_kept(tx, &tx->links[link]);
	}
}

static unsigned flush_link(struct wl_tx *tx, struct wl_tx_link *link)
{
	uint64_t bytes = 0;
	unsigned sent = 0;

	while (sent < link->count) {
		unsigned taken;

		for (uint32_t at = sent; at < link->count; at++)
			bytes += link->queue[at].size;
		taken = tx->port->ops->tx_burst(tx->port, link->queue + sent, link->count - sent);
		sent += taken;
		for (uint32_t at = sent; at < link->count; at++)
			bytes -= link->queue[at].size;
		if (taken == 0)
			break;
	}
	keep_reserved(tx, link, sent);
	wl_count_add(tx->counters, WL_COUNTER_tx_frames, sent);
	wl_count_add(tx->counters, WL_COUNTER_tx_bytes, bytes);
	return sent;
}

static void enqueue(struct wl_tx_link *queue, const struct wl_frame *frame, enum wl_tx_class class)
{
	queue->reserved[queue->count] = class == WL_TX_RESERVED;
	queue->queue[queue->count++] = *frame;
}

/* Gives the buffer of the newest data frame back. False: none waits. */
static bool displace_data(struct wl_tx *tx, struct wl_tx_link *queue)
{
	uint32_t at = queue->count;

	while (at > 0 && queue->reserved[at - 1])
		at--;
	if (at == 0)
		return false;
	tx->port->ops->tx_drop(tx->port, &queue->queue[--at], 1);
	tx->dropped++;
	wl_count(tx->counters, WL_COUNTER_tx_link_full);
	for (queue->count--; at < queue->count; at++) {
		queue->queue[at] = queue->queue[at + 1];
		queue->reserved[at] = queue->reserved[at + 1];
	}
	return true;
}

/* An empty frame of the link, or false: no buffer, or the queue's last places are kept for others. */
static bool take_frame(struct wl_tx *tx, uint16_t link, enum wl_tx_class class,
		       struct wl_frame *frame)
{
	struct wl_tx_link *queue = &tx->links[link];
	uint32_t limit = class == WL_TX_RESERVED ? WL_TX_QUEUE : WL_TX_QUEUE - WL_TX_RESERVE;

	if (queue->count >= limit)
		flush_link(tx, queue);
	if (tx->port->ops->alloc(tx->port, link, frame, 1) == 1)
		return true;
	if (class == WL_TX_RESERVED && displace_data(tx, queue) &&
	    tx->port->ops->alloc(tx->port, link, frame, 1) == 1)
		return true;
	wl_count(tx->counters, WL_COUNTER_tx_no_buffer);
	return false;
}

static size_t room_of(uint16_t mtu)
{
	return (size_t)mtu - WL_IPV4_BYTES - WL_UDP_BYTES - WL_FRAME_HEADER_BYTES;
}

uint16_t wl_tx_mtu(const struct wl_tx *tx, uint16_t link)
{
	return tx->port->ops->link(tx->port, link)->mtu;
}

size_t wl_tx_room(const struct wl_tx *tx, uint16_t link)
{
	return room_of(wl_tx_mtu(tx, link));
}

uint8_t *wl_tx_open(struct wl_tx *tx, const struct wl_tx_to *to, uint8_t type, uint16_t journal,
		    enum wl_tx_class class)
{
	size_t overhead = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, room;

	WL_CHECK(!tx->is_open);
	if (to->identity == 0 || to->address.link >= tx->port->link_count) {
		wl_count(tx->counters, WL_COUNTER_tx_no_address);
		return NULL;
	}
	if (!take_frame(tx, to->address.link, class, &tx->open))
		return NULL;
	room = wl_tx_room(tx, to->address.link);
	if (room > tx->open.size - overhead)
		room = tx->open.size - overhead;
	if (to->mtu != 0 && room > room_of(to->mtu))
		room = room_of(to->mtu);
	tx->open_room = room;
	tx->open_key = wl_tx_key_for(tx, to);
	tx->open_class = class;
	tx->open_to = to->address;
	tx->open_header = (struct wl_frame_header){
		.type = type,
		.journal = journal,
		.cluster = tx->cluster,
		.sender = tx->identity,
		.destination = to->identity,
		.sender_boot = tx->boot_id,
		.destination_boot = to->boot_id,
	};
	tx->is_open = true;
	return tx->open.bytes + overhead;
}

size_t wl_tx_open_room(const struct wl_tx *tx)
{
	WL_CHECK(tx->is_open);
	return tx->open_room;
}

void wl_tx_close(struct wl_tx *tx, size_t payload_bytes)
{
	struct wl_tx_link *queue = &tx->links[tx->open_to.link];
	const struct wl_link_info *link = tx->port->ops->link(tx->port, tx->open_to.link);
	struct wl_address from = {.ipv4 = link->ipv4, .udp_port = tx->udp_port};
	uint8_t *datagram = tx->open.bytes + WL_FRAME_ENVELOPE_BYTES;
	size_t size = WL_FRAME_HEADER_BYTES + payload_bytes;

	WL_CHECK(tx->is_open && WL_FRAME_ENVELOPE_BYTES + size <= tx->open.size);
	memcpy(from.mac, link->mac, sizeof(from.mac));
	tx->open_header.payload_bytes = (uint16_t)payload_bytes;
	tx->open_header.sequence = ++tx->sequence;
	wl_frame_encode_header(datagram, &tx->open_header);
	wl_auth_seal(tx->auth, tx->open_key, datagram, size);
	wl_frame_close_envelope(tx->open.bytes, &from, &tx->open_to, size);
	tx->open.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + size);
	tx->open.link = tx->open_to.link;
	enqueue(queue, &tx->open, tx->open_class);
	tx->is_open = false;
}

void wl_tx_abandon(struct wl_tx *tx)
{
	WL_CHECK(tx->is_open);
	tx->open.link = tx->open_to.link;
	tx->port->ops->tx_drop(tx->port, &tx->open, 1);
	tx->is_open = false;
}

bool wl_tx_raw(struct wl_tx *tx, uint16_t link, const uint8_t *bytes, size_t size)
{
	struct wl_frame frame;

	if (link >= tx->port->link_count || !take_frame(tx, link, WL_TX_RESERVED, &frame))
		return false;
	frame.link = link;
	if (size > frame.size) {
		tx->port->ops->tx_drop(tx->port, &frame, 1);
		return false;
	}
	memcpy(frame.bytes, bytes, size);
	frame.size = (uint16_t)size;
	enqueue(&tx->links[link], &frame, WL_TX_RESERVED);
	return true;
}

unsigned wl_tx_flush(struct wl_tx *tx)
{
	unsigned sent = 0;

	for (uint16_t link = 0; link < tx->port->link_count; link++) {
		if (tx->links[link].count != 0)
			sent += flush_link(tx, &tx->links[link]);
	}
	return sent;
}

static const char *check_link(const struct wl_tx_link *link, uint64_t now_ns)
{
	if (link->count > WL_TX_RESERVE)
		return "T2: a link keeps more frames than the reserve";
	for (uint32_t at = 0; at < link->count; at++) {
		if (!link->reserved[at])
			return "T2: a link keeps a frame of the data class";
	}
	if ((link->kept_since_ns != 0) != (link->count != 0))
		return "T3: since when a link keeps frames is not known, or it keeps none";
	if (link->count != 0 && now_ns - link->kept_since_ns > WL_TX_KEEP_NS)
		return "T3: a link keeps frames for too long";
	return NULL;
}

const char *wl_tx_check(const struct wl_tx *tx)
{
	const char *broken = tx->is_open ? "T1: a frame is open behind a flush" : NULL;

	for (uint16_t link = 0; link < tx->port->link_count && !broken; link++)
		broken = check_link(&tx->links[link], tx->now_ns);
	return broken;
}
