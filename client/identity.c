/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who we are is 31 random bits, and of thousands of clients two may have drawn the same. Nodes know one of them: whoever comes
 * second is answered to its HELLO and to nothing else, for as long as the first one lives. So the answer names the boot_id
 * under which our identity is taken, and we draw again. Boot ids are random: two who met go different ways.
 *
 * What nodes hold of the old identity (a session, a subscription) is not ours any more. For a session only its leader's word
 * counts: that one would refuse our appends anyway, and for other nodes' sake a session that works is not given up.
 */
#include "client/client.h"
#include "dataplane/base/bytes.h"

static bool is_taken(const struct wl_client *client, uint32_t node,
		     const struct wl_wire_hello_reply *reply)
{
	return reply->challenge != 0 && reply->known_boot != 0 &&
	       reply->known_boot != client->boot_id &&
	       (client->sender.state != WL_SENDER_OPEN || node == client->leader);
}

static void draw(struct wl_client *client)
{
	client->identity = WL_IDENTITY_CLIENT | (uint32_t)(wl_mix_u64(client->boot_id) >> 33);
	client->boot_id = wl_mix_u64(client->boot_id + client->identity) | 1;
	client->sequence = 0;
	client->sender.leader_frame = 0;
	wl_auth_derive(&client->auth, client->identity, client->boot_id, &client->key);
	client->counters.identities++;
}

bool wl_identity_draw_again(struct wl_client *client, uint32_t node,
			    const struct wl_wire_hello_reply *reply)
{
	if (!is_taken(client, node, reply))
		return false;
	wl_channel_flush(client); /* those are sealed as who we were */
	if (client->sender.state == WL_SENDER_OPEN)
		wl_answer_lose_session(client);
	draw(client);
	client->served = 0;
	client->turned_away = 0;
	client->turned_away_ns = 0;
	client->sender.open_due_ns = 0;
	client->subscriber.node = 0; /* it is asked anew, or another one */
	if (client->subscriber.state == WL_SUBSCRIBER_READING)
		client->subscriber.state = WL_SUBSCRIBER_ASKING;
	wl_nodes_greet_all(client);
	return true;
}
