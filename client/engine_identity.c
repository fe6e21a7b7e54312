/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who we are is 31 random bits, and of thousands of clients two may have drawn the same. Nodes know one of them: whoever comes
 * second is answered to its HELLO and to nothing else, for as long as the first one lives. So the answer names the boot id
 * under which our identity is taken, and we draw again. Boot ids are random: two who met go different ways.
 *
 * What nodes hold of the old identity (a session, a subscription) is not ours any more. For a session only its leader's word
 * counts: that one would refuse our appends anyway, and for other nodes' sake a session that works is not given up.
 */
#include "client/engine_internal.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

static bool is_taken(const struct wl_engine *engine, uint32_t node,
		     const struct wl_wire_hello_reply *reply)
{
	return reply->challenge != 0 && reply->known_boot != 0 &&
	       reply->known_boot != engine->channel.boot_id &&
	       (engine->sender.session.state != WL_SENDER_OPEN ||
		node == engine->nodes.leadership.leader);
}

static void draw(struct wl_engine *engine)
{
	uint64_t boot_id = engine->channel.boot_id;
	wl_identity identity = WL_IDENTITY_CLIENT | (uint32_t)(wl_mix_u64(boot_id) >> 33);

	wl_channel_name(&engine->channel, identity, wl_mix_u64(boot_id + identity) | 1);
	engine->identities++;
}

bool wl_engine_draw_identity_again(struct wl_engine *engine, uint32_t node,
				   const struct wl_wire_hello_reply *reply)
{
	if (!is_taken(engine, node, reply))
		return false;
	wl_channel_flush(&engine->channel); /* those are sealed as who we were */
	if (engine->sender.session.state == WL_SENDER_OPEN)
		wl_sender_lose_session(&engine->sender);
	WL_CHECK(engine->sender.session.state != WL_SENDER_OPEN);
	draw(engine);
	wl_sender_on_identity(&engine->sender);
	wl_subscriber_on_identity(&engine->subscriber);
	wl_checkpointer_on_identity(&engine->checkpointer);
	wl_asker_on_identity(&engine->asker);
	wl_nodes_on_identity(&engine->nodes);
	return true;
}
