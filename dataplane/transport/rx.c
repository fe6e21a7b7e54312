/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/rx.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/wire/wire.h"

static bool is_member(const struct wl_rx *rx, wl_identity identity)
{
	uint32_t node = wl_identity_node(identity);

	return wl_members_has(rx->members, node) && rx->peers[node].identity == identity;
}

static enum wl_wire_side side_of(wl_identity identity)
{
	return wl_identity_is_client(identity) ? WL_WIRE_CLIENT : WL_WIRE_NODE;
}

static bool is_refused(const struct wl_rx *rx, uint32_t key_id)
{
	enum wl_right right;

	return wl_keys_refuse(&rx->keys, &rx->auth->held,
			      wl_auth_secret_of(rx->auth, key_id, &right));
}

/* The remote whose present boot id the frame names: its key is at hand. Who names a client under a key that was refused is not that one,
 * and moves none of its windows. */
static struct wl_remote *find_remote(struct wl_rx *rx, const struct wl_frame_header *header)
{
	struct wl_remote *remote;

	if (wl_identity_is_client(header->sender))
		remote = wl_remote_table_find(&rx->clients, header->sender);
	else
		remote = &rx->peers[wl_identity_node(header->sender)];
	if (!remote || remote->boot_id != header->sender_boot || remote->boot_id == 0)
		return NULL;
	return remote->key.id != header->key_id && is_refused(rx, header->key_id) ? NULL : remote;
}

/* A server has one address on one link; over another link the same server has another card. Where links lead to one node
 * each (memif), the Ethernet address is drawn anew at each start and says nothing. */
static bool is_elsewhere(const struct wl_rx *rx, const struct wl_address *a,
			 const struct wl_address *b)
{
	return a->ipv4 != b->ipv4 || a->udp_port != b->udp_port ||
	       (rx->ipv4 != 0 && a->link == b->link && memcmp(a->mac, b->mac, sizeof(a->mac)) != 0);
}

/* Where it was heard last; whoever is there already can send from there, others have to share. */
static bool is_at_home(const struct wl_rx *rx, const struct wl_arrival *arrival)
{
	const struct wl_remote *peer = &rx->peers[wl_identity_node(arrival->header.sender)];

	return peer->address_known && !is_elsewhere(rx, &peer->address, &arrival->from);
}

static bool has_share(struct wl_rx *rx, const struct wl_arrival *arrival)
{
	wl_identity sender = arrival->header.sender;
	bool at_home = !wl_identity_is_client(sender) && is_at_home(rx, arrival);

	return wl_strangers_take(&rx->strangers, sender, &arrival->from, at_home);
}

/* Who has changed to another key is for that frame as one that is not known: whoever names it and does not have it costs no more. */
static enum wl_frame_verdict check_tag(struct wl_rx *rx, const struct wl_remote *remote,
				       const struct wl_arrival *arrival,
				       struct wl_auth_key *derived, bool *is_derived)
{
	const struct wl_frame_header *header = &arrival->header;

	*is_derived = !remote || remote->key.id != header->key_id;
	if (*is_derived) {
		if (!has_share(rx, arrival))
			return WL_FRAME_CROWDED;
		wl_auth_derive_of(rx->auth, header->key_id, header->sender, header->sender_boot,
				  derived);
		wl_count(rx->counters, WL_COUNTER_keys_derived);
	}
	wl_count(rx->counters, WL_COUNTER_tags_checked);
	return wl_auth_verify(rx->auth, *is_derived ? derived : &remote->key, arrival->datagram,
			      arrival->size)
		       ? WL_FRAME_OK
		       : WL_FRAME_FORGED;
}

static void note_claim(struct wl_claim *claim, enum wl_frame_verdict why,
		       const struct wl_address *address, uint64_t now_ns)
{
	claim->why = why;
	claim->address = *address;
	claim->frames++;
	claim->seen_ns = now_ns;
}

bool wl_rx_hears_elsewhere(const struct wl_rx *rx, uint32_t node, const struct wl_address *address,
			   uint64_t now_ns)
{
	const struct wl_remote *known = &rx->peers[node];

	return known->boot_id != 0 && now_ns - known->last_heard_ns <= rx->peer_alive_ns &&
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

	if (header->sender_boot == rx->claims.previous_boot[node] ||
	    !wl_rx_hears_elsewhere(rx, node, address, now_ns))
		return false;
	note_claim(twin, WL_FRAME_DUPLICATE_ID, address, now_ns);
	twin->boot_id = header->sender_boot;
	return true;
}

/* An authentic frame of a node that names our boot, of a boot id that we did not know: it lives now. */
static enum wl_frame_verdict take_node(struct wl_rx *rx, const struct wl_frame_header *header,
				       const struct wl_address *address, uint64_t now_ns,
				       struct wl_remote **remote)
{
	struct wl_remote *known = &rx->peers[wl_identity_node(header->sender)];
	uint64_t newest = wl_remote_newest_boot(known);

	if (is_twin(rx, header, address, now_ns))
		return header->sender_boot < newest ? WL_FRAME_OLD_BOOT : WL_FRAME_DUPLICATE_ID;
	/* One boot under two boot ids: the count was set back with the disk that holds it. */
	if (header->sender_boot != newest &&
	    wl_remote_boot_of(header->sender_boot) == wl_remote_boot_of(newest)) {
		known->forked_boot = header->sender_boot;
		return WL_FRAME_OLD_BOOT;
	}
	if (header->sender_boot < newest)
		return WL_FRAME_OLD_BOOT;
	rx->claims.previous_boot[wl_identity_node(header->sender)] = known->boot_id;
	rx->claims.home[wl_identity_node(header->sender)] = *address;
	wl_replay_init(&known->replay);
	*remote = known;
	return WL_FRAME_OK;
}

static bool says_challenge(const struct wl_rx *rx, uint8_t type, const uint8_t *payload,
			   size_t bytes, uint64_t now_ns)
{
	struct wl_wire_keepalive keepalive;

	return type == WL_WIRE_KEEPALIVE && wl_wire_decode_keepalive(payload, bytes, &keepalive) &&
	       wl_remote_is_challenge(&rx->clients, keepalive.challenge, now_ns);
}

/* Of a client that has no place, or has it under another boot_id, and that said our challenge: it lives now. */
static enum wl_frame_verdict take_client(struct wl_rx *rx, const struct wl_frame_header *header,
					 const struct wl_message *message, uint64_t now_ns,
					 struct wl_remote **remote)
{
	struct wl_remote *known = wl_remote_table_find(&rx->clients, header->sender);

	if (known && known->boot_id != 0) {
		if (now_ns - known->last_heard_ns <= rx->client_idle_ns)
			return WL_FRAME_OLD_BOOT;
		wl_remote_void_challenges(&rx->clients, known);
		known->admitted_ns = now_ns;
		known->append_floor = 0;
	}
	if (!known)
		known = wl_remote_table_add(&rx->clients, header->sender, &message->hello_address,
					    now_ns, wl_rx_quiet_ns(rx));
	if (!known)
		return WL_FRAME_NO_TABLE_ROOM;
	wl_replay_init_at(&known->replay, header->sequence);
	known->mtu = WIRELOG_MTU_MIN;
	*remote = known;
	return WL_FRAME_OK;
}

static enum wl_frame_verdict take_new_boot(struct wl_rx *rx, const struct wl_frame_header *header,
					   const struct wl_message *message, uint64_t now_ns,
					   struct wl_remote **remote)
{
	enum wl_frame_verdict verdict =
		wl_identity_is_client(header->sender)
			? take_client(rx, header, message, now_ns, remote)
			: take_node(rx, header, &message->hello_address, now_ns, remote);

	if (verdict != WL_FRAME_OK)
		return verdict;
	(*remote)->boot_id = header->sender_boot;
	wl_count(rx->counters, WL_COUNTER_remote_new_boot);
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
	return wl_answered_take(&rx->answered, header->sender, header->sender_boot,
				header->sequence);
}

static void fill_asker(struct wl_message *message, const struct wl_frame_header *header,
		       const struct wl_address *address)
{
	message->hello_identity = header->sender;
	message->hello_boot = header->sender_boot;
	message->hello_address = *address;
	message->hello_key = header->key_id;
}

/* A sender that is known changes to newer keys of the right that it came with, and never back: what comes otherwise is late, or a holder's
 * of that other one alone. */
static enum wl_frame_verdict check_change(const struct wl_rx *rx, const struct wl_remote *remote,
					  uint32_t secret, enum wl_right right)
{
	const struct wl_keys_held *held = &rx->auth->held;
	enum wl_right before_right;
	uint32_t before = wl_auth_secret_of(rx->auth, remote->key.id, &before_right);

	if (right != before_right)
		return WL_FRAME_NOT_PERMITTED;
	if (wl_keys_find(held, secret) < wl_keys_find(held, before) &&
	    wl_keys_find(held, before) < held->count)
		return WL_FRAME_REPLAYED;
	return WL_FRAME_OK;
}

/* Looked at before anything is computed. A client's question under a key that was refused goes on: it is answered, and no more. */
static enum wl_frame_verdict check_key(const struct wl_rx *rx, const struct wl_remote *remote,
				       const struct wl_frame_header *header)
{
	const struct wl_keys_held *held = &rx->auth->held;
	bool is_client = wl_identity_is_client(header->sender);
	enum wl_right right;
	uint32_t secret = wl_auth_secret_of(rx->auth, header->key_id, &right);

	if (right != WL_RIGHT_CLUSTER && !is_client)
		return WL_FRAME_NOT_PERMITTED;
	if (header->type == WL_WIRE_HELLO && is_client && wl_keys_refuse(&rx->keys, held, secret))
		return WL_FRAME_OK;
	if (!wl_keys_accept(&rx->keys, held, secret))
		return WL_FRAME_OTHER_KEY;
	if (remote && remote->key.id != header->key_id)
		return check_change(rx, remote, secret, right);
	return WL_FRAME_OK;
}

/* The tag is right: its sender has the key that it names. */
static bool is_permitted(const struct wl_rx *rx, const struct wl_frame_header *header)
{
	enum wl_right right;

	wl_auth_secret_of(rx->auth, header->key_id, &right);
	return right >= wl_wire_right(header->type);
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
	if (header->sender_boot == 0 ||
	    (!wl_identity_is_client(header->sender) && !is_member(rx, header->sender)))
		return WL_FRAME_UNKNOWN_SENDER;
	return WL_FRAME_OK;
}

/* What makes a frame useless whatever its tag says: it names another boot of ours, or comes a second time. Nothing is believed
 * by dropping it, and it costs neither a key nor a tag. */
static enum wl_frame_verdict check_fresh(const struct wl_rx *rx, const struct wl_remote *remote,
					 const struct wl_arrival *arrival)
{
	const struct wl_frame_header *header = &arrival->header;
	bool asks = header->type == WL_WIRE_HELLO;
	uint64_t wanted = asks ? 0 : rx->boot_id;

	if (header->destination_boot != wanted)
		return WL_FRAME_UNPROVEN;
	if (header->sequence == 0)
		return WL_FRAME_REPLAYED; /* no sender counts from 0 */
	if (remote)
		return wl_replay_is_new(&remote->replay, header->sequence) ? WL_FRAME_OK
									   : WL_FRAME_REPLAYED;
	if (asks && !wl_answered_is_new(&rx->answered, header->sender, header->sender_boot,
					header->sequence))
		return WL_FRAME_REPLAYED;
	return WL_FRAME_OK;
}

static enum wl_rx_rank rank_of(const struct wl_remote *remote, const struct wl_arrival *arrival)
{
	bool client = wl_identity_is_client(arrival->header.sender);

	if (remote)
		return client ? WL_RX_CLIENT : WL_RX_PEER;
	return client ? WL_RX_STRANGE_CLIENT : WL_RX_STRANGE_NODE;
}

static enum wl_frame_verdict admit(struct wl_rx *rx, const struct wl_arrival *arrival,
				   uint64_t now_ns, struct wl_message *message)
{
	const struct wl_frame_header *header = &arrival->header;
	/* Asked again: what came before it in this turn may have changed who is known. */
	struct wl_remote *remote = find_remote(rx, header);
	struct wl_auth_key derived;
	bool is_derived;
	enum wl_frame_verdict verdict = check_key(rx, remote, header);

	if (verdict != WL_FRAME_OK)
		return verdict;
	/* Of a client that has no place, nothing else is of use: no key is derived for it. */
	if (!remote && wl_identity_is_client(header->sender) && header->type != WL_WIRE_HELLO &&
	    !says_challenge(rx, header->type, arrival->datagram + WL_FRAME_HEADER_BYTES,
			    header->payload_bytes, now_ns))
		return WL_FRAME_UNPROVEN;
	verdict = check_tag(rx, remote, arrival, &derived, &is_derived);
	if (verdict != WL_FRAME_OK)
		return verdict;
	/* From here on the sender has the key that it names; whether it speaks now is the next question. */
	if (!wl_wire_may_say(side_of(header->sender), WL_WIRE_NODE, header->type))
		return WL_FRAME_UNKNOWN_TYPE;
	if (!is_permitted(rx, header))
		return WL_FRAME_NOT_PERMITTED;
	*message = (struct wl_message){
		.type = header->type,
		.journal = header->journal,
		.link = arrival->from.link,
		.sequence = header->sequence,
		.payload = arrival->datagram + WL_FRAME_HEADER_BYTES,
		.bytes = header->payload_bytes,
	};
	if (header->type == WL_WIRE_HELLO) {
		fill_asker(message, header, &arrival->from);
		message->key_refused = is_refused(rx, header->key_id);
		return is_new_question(rx, remote, header) ? WL_FRAME_OK : WL_FRAME_REPLAYED;
	}
	if (!remote) {
		fill_asker(message, header, &arrival->from);
		verdict = take_new_boot(rx, header, message, now_ns, &remote);
		if (verdict == WL_FRAME_NO_TABLE_ROOM && !is_new_question(rx, NULL, header))
			return WL_FRAME_REPLAYED;
		if (verdict != WL_FRAME_OK)
			return verdict;
	}
	if (!wl_replay_accept(&remote->replay, header->sequence))
		return WL_FRAME_REPLAYED;
	if (is_derived)
		remote->key = derived;
	remote->address = arrival->from;
	remote->address_known = true;
	if (wl_identity_is_client(header->sender))
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
	struct wl_claim *claim;
	uint32_t node = 0;

	if (verdict != WL_FRAME_FORGED && verdict != WL_FRAME_OTHER_KEY &&
	    verdict != WL_FRAME_OTHER_CLUSTER && verdict != WL_FRAME_UNKNOWN_SENDER &&
	    verdict != WL_FRAME_BAD_VERSION)
		return;
	if (verdict != WL_FRAME_BAD_VERSION)
		node = wl_identity_node(wl_frame_claimed_sender(datagram));
	claim = &rx->claims.refused[node <= WIRELOG_NODES_MAX ? node : 0];
	note_claim(claim, verdict, address, now_ns);
	claim->key_id =
		verdict != WL_FRAME_BAD_VERSION ? wl_load_u32(datagram + WL_FRAME_KEY_OFFSET) : 0;
}

static enum wl_frame_verdict sort(struct wl_rx *rx, const struct wl_frame *frame,
				  struct wl_arrival *arrival)
{
	/* Where any address is ours (memif), any port is: who dials a socket path knows neither. */
	const struct wl_address ours = {.ipv4 = rx->ipv4,
					.udp_port = rx->ipv4 != 0 ? rx->udp_port : 0};
	const struct wl_remote *remote;
	enum wl_frame_verdict verdict;

	arrival->datagram = NULL;
	arrival->from = (struct wl_address){.link = frame->link};
	verdict = wl_frame_open_envelope(frame->bytes, frame->size, &ours, &arrival->from,
					 &arrival->size);
	if (verdict != WL_FRAME_OK)
		return verdict;
	arrival->datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	verdict = wl_frame_decode_header(arrival->datagram, arrival->size, &arrival->header);
	if (verdict == WL_FRAME_OK)
		verdict = check_header(rx, &arrival->header);
	if (verdict != WL_FRAME_OK)
		return verdict;
	remote = find_remote(rx, &arrival->header);
	verdict = check_key(rx, remote, &arrival->header);
	if (verdict != WL_FRAME_OK)
		return verdict;
	arrival->rank = rank_of(remote, arrival);
	return check_fresh(rx, remote, arrival);
}

static enum wl_frame_verdict count(struct wl_rx *rx, enum wl_frame_verdict verdict,
				   const struct wl_arrival *arrival, uint64_t now_ns)
{
	if (wl_likely(verdict == WL_FRAME_OK) || verdict == WL_FRAME_ARP ||
	    verdict == WL_FRAME_ICMP)
		return verdict;
	if (arrival->datagram)
		note_refused(rx, verdict, arrival->datagram, &arrival->from, now_ns);
	wl_count_drop(rx->counters, verdict);
	return verdict;
}

enum wl_frame_verdict wl_rx_sort(struct wl_rx *rx, const struct wl_frame *frame, uint64_t now_ns,
				 struct wl_arrival *arrival)
{
	return count(rx, sort(rx, frame, arrival), arrival, now_ns);
}

enum wl_frame_verdict wl_rx_admit(struct wl_rx *rx, const struct wl_arrival *arrival,
				  uint64_t now_ns, struct wl_message *message)
{
	return count(rx, admit(rx, arrival, now_ns, message), arrival, now_ns);
}

static const char *check_nodes(const struct wl_rx *rx)
{
	uint32_t own = wl_identity_node(rx->identity);

	if (rx->peers[own].boot_id != 0)
		return "X1: somebody is known under our own id";
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(rx->members, node) && node != own &&
		    wl_identity_node(rx->peers[node].identity) != node)
			return "X2: a member is known under another identity";
		for (unsigned at_home = 0; at_home < 2; at_home++) {
			if (rx->strangers.nodes[node][at_home] > WL_STRANGERS_OF_NODE)
				return "X4: a node that is not known got more than its share";
		}
	}
	return NULL;
}

static const char *check_clients(const struct wl_rx *rx)
{
	const struct wl_remote_table *clients = &rx->clients;

	if (clients->count > clients->used || clients->used > clients->slot_count)
		return "X3: more clients than places";
	if ((clients->count == 0) != (clients->oldest == 0) ||
	    (clients->count == 0) != (clients->newest == 0))
		return "X3: the list of clients does not end where they do";
	if (rx->strangers.clients > WL_STRANGERS_CLIENTS || rx->answered.count > WL_ANSWERED_MIN)
		return "X4: more was spent on who is not known than their shares";
	return NULL;
}

const char *wl_rx_check(const struct wl_rx *rx)
{
	const char *broken = check_nodes(rx);

	return broken ? broken : check_clients(rx);
}
