/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client at the wrong worker: it was given another journal's endpoint, or asks for a journal that this node does not have.
 * Nothing that it says can be taken here, but its question is answered with where its journal is met, in no more bytes than
 * it asked with, and without a place in the table of clients. It goes there and greets anew. One whose key was refused is answered
 * likewise, under that key: it is told why nobody hears it.
 */
#include "dataplane/worker/worker_internal.h"
#include "wirelog/status.h"

void wl_worker_send_elsewhere(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_tx_to to = {message->hello_address, message->hello_identity, message->hello_boot,
			      0, message->hello_key};
	struct wl_wire_hello_reply reply = {
		.node = worker->config.node,
		.status = message->key_refused ? WIRELOG_KEY_REFUSED : WIRELOG_JOURNAL_UNKNOWN,
	};
	struct wl_wire_hello hello;
	uint8_t *payload;

	if (message->type != WL_WIRE_HELLO || !wl_identity_is_client(message->hello_identity) ||
	    !wl_wire_decode_hello(message->payload, message->bytes, &hello)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (worker->elsewhere_left == 0)
		return; /* it asks again */
	worker->elsewhere_left--;
	reply.nonce = hello.nonce;
	if (!message->key_refused && message->journal < WIRELOG_JOURNALS_MAX &&
	    worker->config.elsewhere[message->journal].node != 0) {
		reply.status = WIRELOG_JOURNAL_ELSEWHERE;
		reply.members[reply.member_count++] = worker->config.elsewhere[message->journal];
	}
	payload =
		wl_tx_open(&worker->tx, &to, WL_WIRE_HELLO_REPLY, message->journal, WL_TX_RESERVED);
	if (!payload)
		return;
	wl_tx_close(&worker->tx, wl_wire_encode_hello_reply(payload, &reply));
	wl_count(&worker->counters, WL_COUNTER_clients_sent_elsewhere);
}
