/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which keys a worker uses (base/keys.h): what journal 0's committed entries say goes up to control, who tells all workers of the node;
 * and what the key file holds comes down the same way. A client whose key is refused from now on loses its place: what it says is not
 * taken any more, and its question is answered with that (worker_elsewhere.c). Its sessions are the log's, and stay.
 */
#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define COUNT_INTERVAL_NS 100000000u

static struct wl_remote *client_at(struct wl_worker *worker, uint32_t slot)
{
	struct wl_remote *client = &worker->rx.clients.slots[slot];

	return client->identity != 0 && client->boot_id != 0 ? client : NULL;
}

static uint32_t secret_of(const struct wl_rx *rx, const struct wl_remote *client)
{
	enum wl_right right;

	return wl_auth_secret_of(rx->auth, client->key.id, &right);
}

static void forget_refused_clients(struct wl_worker *worker)
{
	struct wl_rx *rx = &worker->rx;

	for (uint32_t slot = 0; slot < rx->clients.used; slot++) {
		struct wl_remote *client = client_at(worker, slot);

		if (!client || wl_keys_accept(&rx->keys, &rx->auth->held, secret_of(rx, client)))
			continue;
		for (uint32_t at = 0; at < worker->journal_count; at++)
			wl_service_on_goodbye(worker->journals[at].service, client->identity);
		wl_remote_table_forget(&rx->clients, client);
		wl_count(&worker->counters, WL_COUNTER_clients_key_refused);
	}
}

/* Few are there while a key is to go; a look at each is 1 in 100 of a turn's time at most. */
static void count_old_clients(struct wl_worker *worker)
{
	struct wl_rx *rx = &worker->rx;

	rx->old_client_ipv4 = 0;
	rx->old_clients = rx->keys.stage == WL_KEYS_SEND ? 0 : WL_RX_NOT_COUNTED;
	if (rx->keys.stage != WL_KEYS_SEND)
		return;
	for (uint32_t slot = 0; slot < rx->clients.used; slot++) {
		const struct wl_remote *client = client_at(worker, slot);

		/* One that died, and whose goodbye was lost, does not hold a change up for ever. */
		if (!client || secret_of(rx, client) != rx->keys.before ||
		    worker->now_ns - client->last_heard_ns > rx->client_idle_ns)
			continue;
		rx->old_clients++;
		rx->old_client_ipv4 = client->address.ipv4;
	}
}

void wl_worker_use_keys(struct wl_worker *worker, const struct wl_auth *auth,
			const struct wl_keys *keys)
{
	worker->rx.keys = *keys;
	worker->tx.keys = *keys;
	/* NULL: whoever drives the worker knows of no other file. */
	if (auth && auth != worker->rx.auth) {
		WL_CHECK(auth->held.count != 0);
		worker->rx.auth = auth;
		worker->tx.auth = auth;
		wl_tx_derive_key(&worker->tx);
	}
	forget_refused_clients(worker);
	count_old_clients(worker);
}

void wl_worker_tend_keys(struct wl_worker *worker)
{
	struct wl_journal *journal = wl_worker_journal(worker, 0);
	struct wl_plane_message message = {.verb = WL_PLANE_KEYS, .now_ns = worker->now_ns};

	if (worker->now_ns - worker->clients_counted_ns >= COUNT_INTERVAL_NS) {
		worker->clients_counted_ns = worker->now_ns;
		count_old_clients(worker);
	}
	if (!journal)
		return;
	message.keys = wl_service_state(journal->service)->keys;
	/* What the ring has no room for is told in a later round. */
	if (message.keys.index != worker->keys_told && wl_ring_push(&worker->plane->up, &message))
		worker->keys_told = message.keys.index;
}
