/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes of how large frames pass to each peer (path.h): sent, echoed, and told when full ones do not. A client probes both directions
 * itself (client/paths.c): it asks for echoes of the sizes that it wants to know of, and says what it may be sent.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

/* In an election timeout; and when something did not pass, so that it is known before entries count as held up (replica_progress.c). */
#define ROUNDS_PER_TIMEOUT 4u
#define ROUNDS_IN_DOUBT 16u
#define LONG_ECHOES 32u

/* A payload of `size` zeros, whatever its receiver is sent otherwise: that is the question. NULL: it cannot be sent. */
static uint8_t *open_padded(struct wl_worker *worker, const struct wl_remote *remote, uint8_t type,
			    uint16_t journal, size_t size)
{
	struct wl_tx_to to = wl_tx_to_remote(remote);
	uint8_t *payload;

	to.mtu = 0;
	payload = wl_tx_open(&worker->tx, &to, type, journal, WL_TX_DATA);
	if (!payload)
		return NULL;
	if (size > wl_tx_open_room(&worker->tx)) {
		wl_tx_abandon(&worker->tx);
		return NULL;
	}
	return memset(payload, 0, size);
}

static void send_probe(struct wl_worker *worker, uint32_t node, uint16_t bytes)
{
	const struct wl_wire_path_probe probe = {.round = worker->rx.paths[node].round,
						 .bytes = bytes};
	size_t size = wl_wire_payload_of(bytes);
	uint8_t *payload = open_padded(worker, &worker->rx.peers[node], WL_WIRE_PATH_PROBE,
				       worker->journals[0].config.replica.journal, size);

	if (!payload)
		return;
	wl_wire_encode_path_probe(payload, &probe);
	wl_tx_close(&worker->tx, size);
}

/* What the ring has no room for is told in a later round. */
static void tell(struct wl_worker *worker, uint32_t node)
{
	struct wl_path *path = &worker->rx.paths[node];
	uint16_t mtu = wl_path_known_mtu(path);
	const struct wl_plane_message message = {
		.verb = WL_PLANE_PATH,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.ours = path->link_mtu,
		.theirs = mtu,
	};

	if (!wl_path_has_news(path))
		return;
	if (wl_ring_push(&worker->plane->up, &message))
		path->told_mtu = mtu;
}

void wl_worker_probe_path(struct wl_worker *worker, uint32_t node)
{
	struct wl_remote *peer = &worker->rx.peers[node];
	struct wl_path *path = &worker->rx.paths[node];
	const struct wl_link_info *link = worker->port->ops->link(worker->port, peer->address.link);

	bool in_doubt = path->sizes[0].misses != 0 && !wl_path_is_narrow(path);
	uint64_t rounds = in_doubt ? ROUNDS_IN_DOUBT : ROUNDS_PER_TIMEOUT;

	if (!link)
		return;
	if (path->boot_id != peer->boot_id || path->link_mtu != link->mtu)
		wl_path_begin(path, peer->boot_id, link->mtu);
	else if (worker->now_ns - path->round_ns < worker->config.election_timeout_ns / rounds)
		return;
	wl_path_next_round(path, worker->now_ns);
	peer->mtu = path->mtu;
	tell(worker, node);
	for (unsigned size = 0; size < WL_PATH_SIZES; size++) {
		if (wl_path_wants(path, size))
			send_probe(worker, node, path->sizes[size].bytes);
	}
}

static void send_echo(struct wl_worker *worker, const struct wl_message *message,
		      const struct wl_wire_path_probe *probe)
{
	const struct wl_wire_path_echo echo = {probe->round, probe->bytes, probe->echo_bytes};
	size_t size = probe->echo_bytes ? wl_wire_payload_of(probe->echo_bytes)
					: WL_WIRE_PATH_ECHO_BYTES;
	uint8_t *payload =
		open_padded(worker, message->from, WL_WIRE_PATH_ECHO, message->journal, size);

	if (!payload)
		return;
	wl_wire_encode_path_echo(payload, &echo);
	wl_tx_close(&worker->tx, size);
}

void wl_worker_take_path_probe(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_remote *from = message->from;
	struct wl_wire_path_probe probe;

	if (!wl_wire_decode_path_probe(message->payload, message->bytes, &probe)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (wl_identity_is_client(from->identity) && probe.mtu != 0)
		from->mtu = probe.mtu;
	/* An echo that is longer than its question: so many in a turn, whoever asks. */
	if (probe.echo_bytes > probe.bytes) {
		WL_CHECK(worker->long_echoes <= LONG_ECHOES);
		if (worker->long_echoes == LONG_ECHOES)
			return;
		worker->long_echoes++;
	}
	send_echo(worker, message, &probe);
}

void wl_worker_take_path_echo(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_path *path = &worker->rx.paths[node];
	struct wl_wire_path_echo echo;

	if (!wl_wire_decode_path_echo(message->payload, message->bytes, &echo)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (path->boot_id != message->from->boot_id)
		return;
	wl_path_on_echo(path, echo.round, echo.bytes);
	message->from->mtu = path->mtu;
}
