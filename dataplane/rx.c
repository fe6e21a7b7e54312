/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/rx.h"

#include <string.h>

#include "dataplane/check.h"
#include "dataplane/mutant.h"
#include "dataplane/wire.h"

static bool is_voter(const struct wl_rx *rx, wl_identity identity)
{
	uint32_t node = wl_identity_node(identity);

	return node >= 1 && node <= WIRELOG_NODES_MAX && (rx->voters & 1u << node) &&
	       rx->peers[node].identity == identity;
}

/* What a node says to a node, what a client says to a node; answers to clients come to no node. */
static bool may_say(bool client, uint8_t type)
{
	switch (type) {
	case WL_WIRE_HELLO:
		return true;
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_GREETING:
	case WL_WIRE_PATH_PROBE:
	case WL_WIRE_PATH_ECHO:
	case WL_WIRE_APPEND:
	case WL_WIRE_APPEND_ACK:
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE:
	case WL_WIRE_VOTE_REPLY:
	case WL_WIRE_TIMEOUT_NOW:
		return !client;
	case WL_WIRE_OPEN_SESSION:
	case WL_WIRE_CLIENT_APPEND:
	case WL_WIRE_SUBSCRIBE:
	case WL_WIRE_CREDIT:
	case WL_WIRE_UNSUBSCRIBE:
	case WL_WIRE_KEEPALIVE:
	case WL_WIRE_GOODBYE:
		return client;
	default:
		return false;
	}
}

/* The remote whose present epoch the frame names: its key is at hand. */
static struct wl_remote *find_remote(struct wl_rx *rx, const struct wl_frame_header *header)
{
	struct wl_remote *remote;

	if (wl_identity_is_client(header->sender))
		remote = wl_remote_table_find(&rx->clients, header->sender);
	else
		remote = &rx->peers[wl_identity_node(header->sender)];
	return remote && remote->epoch == header->sender_epoch && remote->epoch != 0 ? remote
										     : NULL;
}

static bool is_authentic(const struct wl_rx *rx, const struct wl_remote *remote,
			 const struct wl_frame_header *header, uint8_t *datagram, size_t size)
{
	struct wl_auth_key key;

	if (remote)
		return wl_auth_verify(rx->auth, &remote->key, datagram, size);
	wl_auth_derive(rx->auth, header->sender, header->sender_epoch, &key);
	return wl_auth_verify(rx->auth, &key, datagram, size);
}

static void note_claim(struct wl_claim *claim, enum wl_frame_verdict why,
		       const struct wl_address *address, uint64_t now_ns)
{
	claim->why = why;
	claim->address = *address;
	claim->frames++;
	claim->seen_ns = now_ns;
}

/* A server has one address on one link; over another link the same server has another card. Where links lead to one node
 * each (memif), the Ethernet address is drawn anew at each start and says nothing. */
static bool is_elsewhere(const struct wl_rx *rx, const struct wl_address *a,
			 const struct wl_address *b)
{
	return a->ipv4 != b->ipv4 || a->udp_port != b->udp_port ||
	       (rx->ipv4 != 0 && a->link == b->link && memcmp(a->mac, b->mac, sizeof(a->mac)) != 0);
}

bool wl_rx_hears_elsewhere(const struct wl_rx *rx, uint32_t node, const struct wl_address *address,
			   uint64_t now_ns)
{
	const struct wl_remote *known = &rx->peers[node];

	return known->epoch != 0 && now_ns - known->last_heard_ns <= rx->peer_alive_ns &&
	       is_elsewhere(rx, &known->address, address) &&
	       is_elsewhere(rx, &rx->claims.home[node], address);
}

bool wl_rx_hears_twin(const struct wl_rx *rx, uint32_t node, uint64_t now_ns)
{
	const struct wl_claim *twin = &rx->claims.twin[node];

	return twin->frames != 0 && now_ns - twin->seen_ns <= rx->peer_alive_ns;
}

bool wl_rx_is_duplicate(const struct wl_rx *rx, uint64_t now_ns)
{
	uint64_t said_ns = rx->claims.duplicate_ns;

	return said_ns != 0 && now_ns - said_ns <= rx->peer_alive_ns;
}

/* Another server under the id of a node that is heard (claim.h). A late frame of the boot before is none. */
static bool is_twin(struct wl_rx *rx, const struct wl_frame_header *header,
		    const struct wl_address *address, uint64_t now_ns)
{
	uint32_t node = wl_identity_node(header->sender);
	struct wl_claim *twin = &rx->claims.twin[node];

	if (header->sender_epoch == rx->claims.previous_epoch[node] ||
	    !wl_rx_hears_elsewhere(rx, node, address, now_ns))
		return false;
	note_claim(twin, WL_FRAME_DUPLICATE_ID, address, now_ns);
	twin->epoch = header->sender_epoch;
	return true;
}

/* An authentic frame of a node that names our boot, of an epoch that we did not know: it lives now. */
static enum wl_frame_verdict take_node(struct wl_rx *rx, const struct wl_frame_header *header,
				       const struct wl_address *address, uint64_t now_ns,
				       struct wl_remote **remote)
{
	struct wl_remote *known = &rx->peers[wl_identity_node(header->sender)];
	uint64_t newest = wl_remote_newest_epoch(known);

	if (is_twin(rx, header, address, now_ns))
		return header->sender_epoch < newest ? WL_FRAME_OLD_EPOCH : WL_FRAME_DUPLICATE_ID;
	/* One boot under two epochs: the count was set back with the disk that holds it. */
	if (header->sender_epoch != newest &&
	    wl_remote_boot_of(header->sender_epoch) == wl_remote_boot_of(newest)) {
		known->forked_epoch = header->sender_epoch;
		return WL_FRAME_OLD_EPOCH;
	}
	if (header->sender_epoch < newest)
		return WL_FRAME_OLD_EPOCH;
	rx->claims.previous_epoch[wl_identity_node(header->sender)] = known->epoch;
	rx->claims.home[wl_identity_node(header->sender)] = *address;
	wl_replay_init(&known->replay);
	*remote = known;
	return WL_FRAME_OK;
}

/* Of a client that has no place, or has it under another epoch: it lives now if it says our challenge. */
static enum wl_frame_verdict take_client(struct wl_rx *rx, const struct wl_frame_header *header,
					 const struct wl_message *message, uint64_t now_ns,
					 struct wl_remote **remote)
{
	struct wl_remote *known = wl_remote_table_find(&rx->clients, header->sender);
	struct wl_wire_keepalive keepalive;

	if (!WL_MUTANT(client_unchallenged) &&
	    (header->type != WL_WIRE_KEEPALIVE ||
	     !wl_wire_decode_keepalive(message->payload, message->bytes, &keepalive) ||
	     !wl_remote_is_challenge(&rx->clients, keepalive.challenge, now_ns)))
		return WL_FRAME_UNPROVEN;
	if (known && known->epoch != 0) {
		if (now_ns - known->last_heard_ns <= rx->client_idle_ns &&
		    !WL_MUTANT(client_replaced_at_once))
			return WL_FRAME_OLD_EPOCH;
		wl_remote_void_challenges(&rx->clients, known);
		known->admitted_ns = now_ns;
	}
	if (!known)
		known = wl_remote_table_add(&rx->clients, header->sender, &message->hello_address,
					    now_ns, wl_rx_quiet_ns(rx));
	if (!known)
		return WL_FRAME_NO_TABLE_ROOM;
	wl_replay_init_at(&known->replay, header->sequence);
	*remote = known;
	return WL_FRAME_OK;
}

static enum wl_frame_verdict take_new_epoch(struct wl_rx *rx, const struct wl_frame_header *header,
					    const struct wl_message *message, uint64_t now_ns,
					    struct wl_remote **remote)
{
	enum wl_frame_verdict verdict =
		wl_identity_is_client(header->sender)
			? take_client(rx, header, message, now_ns, remote)
			: take_node(rx, header, &message->hello_address, now_ns, remote);

	if (verdict != WL_FRAME_OK)
		return verdict;
	(*remote)->epoch = header->sender_epoch;
	wl_auth_derive(rx->auth, header->sender, header->sender_epoch, &(*remote)->key);
	wl_count(rx->counters, WL_COUNTER_remote_new_epoch);
	return WL_FRAME_OK;
}

/* A question is answered once: who is known has a window, of others the last ones are remembered. */
static bool is_new_question(struct wl_rx *rx, struct wl_remote *remote,
			    const struct wl_frame_header *header)
{
	if (header->sequence == 0)
		return false;
	if (remote)
		return wl_replay_accept(&remote->replay, header->sequence);
	return wl_answered_is_new(&rx->answered, header->sender, header->sender_epoch,
				  header->sequence);
}

static void fill_asker(struct wl_message *message, const struct wl_frame_header *header,
		       const struct wl_address *address)
{
	message->hello_identity = header->sender;
	message->hello_epoch = header->sender_epoch;
	message->hello_address = *address;
}

static enum wl_frame_verdict check_header(const struct wl_rx *rx,
					  const struct wl_frame_header *header)
{
	if (header->cluster != rx->cluster)
		return WL_FRAME_OTHER_CLUSTER;
	/* A client knows an endpoint and not yet who is there: its HELLO is for whoever receives it. */
	if (header->destination != rx->identity &&
	    (header->destination != 0 || header->type != WL_WIRE_HELLO))
		return WL_FRAME_OTHER_DESTINATION;
	if (header->sender_epoch == 0 ||
	    (!wl_identity_is_client(header->sender) && !is_voter(rx, header->sender)))
		return WL_FRAME_UNKNOWN_SENDER;
	return WL_FRAME_OK;
}

static enum wl_frame_verdict accept(struct wl_rx *rx, uint8_t *datagram, size_t size,
				    const struct wl_address *address, uint64_t now_ns,
				    struct wl_message *message)
{
	struct wl_frame_header header;
	struct wl_remote *remote;
	enum wl_frame_verdict verdict = wl_frame_decode_header(datagram, size, &header);

	if (verdict == WL_FRAME_OK)
		verdict = check_header(rx, &header);
	if (verdict != WL_FRAME_OK)
		return verdict;
	remote = find_remote(rx, &header);
	if (!is_authentic(rx, remote, &header, datagram, size))
		return WL_FRAME_FORGED;
	/* From here on the sender knows the cluster's secret; whether it speaks now is the next question. */
	if (!may_say(wl_identity_is_client(header.sender), header.type))
		return WL_FRAME_UNKNOWN_TYPE;
	*message = (struct wl_message){
		.type = header.type,
		.journal = header.journal,
		.link = address->link,
		.payload = datagram + WL_FRAME_HEADER_BYTES,
		.bytes = header.payload_bytes,
	};
	if (header.type == WL_WIRE_HELLO) {
		if (header.destination_epoch != 0)
			return WL_FRAME_UNPROVEN;
		fill_asker(message, &header, address);
		return is_new_question(rx, remote, &header) ? WL_FRAME_OK : WL_FRAME_REPLAYED;
	}
	if (header.destination_epoch != rx->epoch && !WL_MUTANT(old_boot_frames))
		return WL_FRAME_UNPROVEN;
	if (header.sequence == 0)
		return WL_FRAME_REPLAYED; /* no sender counts from 0; and a refused frame teaches us no epoch */
	if (!remote) {
		fill_asker(message, &header, address);
		verdict = take_new_epoch(rx, &header, message, now_ns, &remote);
		if (verdict == WL_FRAME_NO_TABLE_ROOM && !is_new_question(rx, NULL, &header))
			return WL_FRAME_REPLAYED;
		if (verdict != WL_FRAME_OK)
			return verdict;
	}
	if (!wl_replay_accept(&remote->replay, header.sequence))
		return WL_FRAME_REPLAYED;
	remote->address = *address;
	remote->address_known = true;
	if (wl_identity_is_client(header.sender))
		wl_remote_table_heard(&rx->clients, remote, now_ns);
	else
		remote->last_heard_ns = now_ns;
	message->from = remote;
	return WL_FRAME_OK;
}

/* Nothing in such a frame is believed; but what it claims, and where it came from, tells an operator whom to ask. */
static void note_refused(struct wl_rx *rx, enum wl_frame_verdict verdict, const uint8_t *datagram,
			 const struct wl_address *address, uint64_t now_ns)
{
	uint32_t node = 0;

	if (verdict != WL_FRAME_FORGED && verdict != WL_FRAME_OTHER_CLUSTER &&
	    verdict != WL_FRAME_UNKNOWN_SENDER && verdict != WL_FRAME_BAD_VERSION)
		return;
	if (verdict != WL_FRAME_BAD_VERSION)
		node = wl_identity_node(wl_frame_claimed_sender(datagram));
	note_claim(&rx->claims.refused[node <= WIRELOG_NODES_MAX ? node : 0], verdict, address,
		   now_ns);
}

enum wl_frame_verdict wl_rx_accept(struct wl_rx *rx, const struct wl_frame *frame, uint64_t now_ns,
				   struct wl_message *message)
{
	struct wl_address address = {.link = frame->link};
	const uint8_t *datagram;
	size_t size;
	/* Where any address is ours (memif), any port is: who dials a socket path knows neither. */
	uint16_t udp_port = rx->ipv4 != 0 ? rx->udp_port : 0;
	enum wl_frame_verdict verdict = wl_frame_open_envelope(
		frame->bytes, frame->size, rx->ipv4, udp_port, &address, &datagram, &size);

	if (verdict == WL_FRAME_OK) {
		verdict = accept(rx, frame->bytes + (datagram - frame->bytes), size, &address,
				 now_ns, message);
		if (wl_unlikely(verdict != WL_FRAME_OK))
			note_refused(rx, verdict, datagram, &address, now_ns);
	}
	if (verdict != WL_FRAME_OK && verdict != WL_FRAME_ARP && verdict != WL_FRAME_ICMP)
		wl_count_drop(rx->counters, verdict);
	return verdict;
}
