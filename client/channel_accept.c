/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in: every check before any belief (C1). */
#include "client/channel.h"

#include "dataplane/base/check.h"

static bool check_header(struct wl_channel *channel, const struct wl_datagram *datagram,
			 struct wl_frame_header *header)
{
	enum wl_frame_verdict verdict =
		wl_frame_decode_header(datagram->bytes, datagram->size, header);
	uint32_t node;

	channel->counters.other_version += verdict == WL_FRAME_BAD_VERSION;
	if (verdict != WL_FRAME_OK)
		return false;
	node = wl_identity_node(header->sender);
	channel->counters.other_cluster += header->cluster != channel->cluster;
	return header->cluster == channel->cluster && header->destination == channel->identity &&
	       header->destination_boot == channel->boot_id && header->sender_boot != 0 &&
	       !wl_identity_is_client(header->sender) && node >= 1 && node <= WIRELOG_NODES_MAX &&
	       header->journal == channel->journal && header->sequence != 0 &&
	       wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_CLIENT, header->type);
}

/* A frame under a key that is not ours: whose it is, is not known; but it tells an application why nobody answers. */
static bool has_key(struct wl_channel *channel, const struct wl_frame_header *header)
{
	if (wl_keys_find(&channel->auth->held, header->key_id) < channel->auth->held.count)
		return true;
	channel->counters.other_key++;
	channel->key_lacking = header->key_id;
	return false;
}

/* A boot id that we do not know: believed when it comes with the nonce of a question that is still open. */
static enum wl_channel_verdict meet(struct wl_channel *channel,
				    const struct wl_frame_header *header,
				    const struct wl_datagram *datagram)
{
	struct wl_wire_hello_reply reply;

	if (header->type != WL_WIRE_HELLO_REPLY)
		return WL_CHANNEL_REFUSED;
	wl_auth_derive_of(channel->auth, header->key_id, header->sender, header->sender_boot,
			  &channel->scratch_key);
	if (!wl_auth_verify(channel->auth, &channel->scratch_key, datagram->bytes,
			    datagram->size)) {
		channel->counters.forged++;
		return WL_CHANNEL_REFUSED;
	}
	if (!wl_wire_decode_hello_reply(datagram->bytes + WL_FRAME_HEADER_BYTES,
					header->payload_bytes, &reply) ||
	    wl_channel_route_by_nonce(channel, reply.nonce) < 0)
		return WL_CHANNEL_REFUSED;
	if (reply.status == WIRELOG_KEY_REFUSED)
		return WL_CHANNEL_KEY_REFUSED;
	if (reply.status != WIRELOG_OK)
		return WL_CHANNEL_ELSEWHERE;
	wl_channel_meet(channel, header->sender, header->sender_boot,
			wl_keys_find(&channel->auth->held, header->key_id));
	return WL_CHANNEL_MET;
}

static enum wl_channel_verdict authenticate(struct wl_channel *channel,
					    const struct wl_frame_header *header,
					    const struct wl_datagram *datagram)
{
	struct wl_channel_node *node = &channel->nodes[wl_identity_node(header->sender)];
	uint32_t held = wl_keys_find(&channel->auth->held, header->key_id);
	struct wl_wire_hello_reply reply;

	if (node->identity != header->sender || node->boot_id != header->sender_boot)
		return meet(channel, header, datagram);
	WL_CHECK(held < channel->auth->held.count);
	if (!wl_auth_verify(channel->auth, &node->keys[held], datagram->bytes, datagram->size)) {
		channel->counters.forged++;
		return WL_CHANNEL_REFUSED;
	}
	if (header->type == WL_WIRE_HELLO_REPLY &&
	    wl_wire_decode_hello_reply(datagram->bytes + WL_FRAME_HEADER_BYTES,
				       header->payload_bytes, &reply) &&
	    reply.status == WIRELOG_KEY_REFUSED)
		return WL_CHANNEL_KEY_REFUSED;
	if (held > node->held)
		node->held = held;
	return WL_CHANNEL_MESSAGE;
}

static enum wl_channel_verdict judge(struct wl_channel *channel, const struct wl_datagram *datagram,
				     struct wl_frame_header *header)
{
	enum wl_channel_verdict verdict;
	struct wl_channel_node *node;

	if (!check_header(channel, datagram, header) || !has_key(channel, header))
		return WL_CHANNEL_REFUSED;
	verdict = authenticate(channel, header, datagram);
	node = &channel->nodes[wl_identity_node(header->sender)];
	if (verdict == WL_CHANNEL_KEY_REFUSED)
		channel->key_refused = header->key_id;
	if ((verdict == WL_CHANNEL_MESSAGE || verdict == WL_CHANNEL_MET) &&
	    !wl_replay_accept(&node->replay, header->sequence))
		return WL_CHANNEL_REFUSED;
	return verdict;
}

enum wl_channel_verdict wl_channel_accept(struct wl_channel *channel,
					  const struct wl_datagram *datagram,
					  struct wl_channel_message *message)
{
	struct wl_frame_header header;
	enum wl_channel_verdict verdict = judge(channel, datagram, &header);

	channel->counters.frames_received++;
	if (verdict == WL_CHANNEL_REFUSED || verdict == WL_CHANNEL_ELSEWHERE)
		channel->counters.frames_refused++;
	if (verdict == WL_CHANNEL_REFUSED || verdict == WL_CHANNEL_KEY_REFUSED)
		return verdict;
	*message = (struct wl_channel_message){
		.type = header.type,
		.node = wl_identity_node(header.sender),
		.payload = datagram->bytes + WL_FRAME_HEADER_BYTES,
		.bytes = header.payload_bytes,
	};
	return verdict;
}
