/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places stand in one array, are found by a hash table with chains, and are linked in the order in which they were heard
 * last, to within HEARD_STEP_NS: a frame of who speaks all the time moves nothing. Free places are a chain of their own.
 */
#include "dataplane/transport/remote.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define HEARD_STEP_NS 100000000u
#define SEARCH 64u /* places of one host that are looked at for a quiet one */

static uint32_t places_at(uint32_t slot_count)
{
	return (uint32_t)wl_align_up(slot_count * sizeof(struct wl_remote), 64);
}

size_t wl_remote_table_memory_bytes(uint32_t slot_count)
{
	return places_at(slot_count) + 2 * slot_count * sizeof(uint32_t);
}

void wl_remote_table_init(struct wl_remote_table *table, void *memory, uint32_t slot_count)
{
	WL_CHECK(slot_count != 0 && (slot_count & (slot_count - 1)) == 0);
	memset(table, 0, sizeof(*table));
	table->slots = memory;
	table->slot_count = slot_count;
	table->buckets = (uint32_t *)((uint8_t *)memory + places_at(slot_count));
	table->of_hosts = table->buckets + slot_count;
	memset(table->buckets, 0, 2 * slot_count * sizeof(uint32_t));
	for (uint32_t at = 0; at < slot_count; at++)
		table->slots[at].identity = 0;
}

static uint32_t *bucket_of(const struct wl_remote_table *table, wl_identity identity)
{
	return &table->buckets[(identity * 0x9e3779b1u >> 7) & (table->slot_count - 1)];
}

/* Hosts that share a count share the part that one may have: a coarse bound is enough. */
static uint32_t host_of(const struct wl_remote_table *table, const struct wl_address *address)
{
	uint32_t where = address->ipv4 ^ address->link * 0x85ebca6bu;

	return (where * 0xc2b2ae35u >> 9) & (table->slot_count - 1);
}

static uint32_t slot_of(const struct wl_remote_table *table, const struct wl_remote *remote)
{
	return (uint32_t)(remote - table->slots) + 1;
}

struct wl_remote *wl_remote_table_find(struct wl_remote_table *table, wl_identity identity)
{
	uint32_t slot = *bucket_of(table, identity);

	while (slot != 0 && table->slots[slot - 1].identity != identity)
		slot = table->slots[slot - 1].next;
	return slot != 0 ? &table->slots[slot - 1] : NULL;
}

/* ---- the order in which they were heard ---- */

static void list_remove(struct wl_remote_table *table, const struct wl_remote *remote)
{
	*(remote->older ? &table->slots[remote->older - 1].newer : &table->oldest) = remote->newer;
	*(remote->newer ? &table->slots[remote->newer - 1].older : &table->newest) = remote->older;
}

static void list_add(struct wl_remote_table *table, struct wl_remote *remote, uint64_t now_ns)
{
	remote->older = table->newest;
	remote->newer = 0;
	*(table->newest ? &table->slots[table->newest - 1].newer : &table->oldest) =
		slot_of(table, remote);
	table->newest = slot_of(table, remote);
	remote->listed_ns = now_ns;
}

void wl_remote_table_heard(struct wl_remote_table *table, struct wl_remote *client, uint64_t now_ns)
{
	client->last_heard_ns = now_ns;
	if (now_ns - client->listed_ns < HEARD_STEP_NS)
		return;
	list_remove(table, client);
	list_add(table, client, now_ns);
}

/* ---- places ---- */

void wl_remote_table_forget(struct wl_remote_table *table, struct wl_remote *client)
{
	uint32_t *link = bucket_of(table, client->identity), slot = slot_of(table, client);

	while (*link != slot) {
		WL_CHECK(*link != 0);
		link = &table->slots[*link - 1].next;
	}
	*link = client->next;
	list_remove(table, client);
	WL_CHECK(table->of_hosts[client->host] != 0);
	table->of_hosts[client->host]--;
	wl_remote_void_challenges(table, client);
	client->identity = 0;
	client->next = table->free;
	table->free = slot;
	table->count--;
}

/* The one of this host, or of any (NULL), that is silent for longest, if it is for longer than quiet_ns. */
static struct wl_remote *find_quiet(struct wl_remote_table *table, const uint32_t *host,
				    uint64_t now_ns, uint64_t quiet_ns)
{
	uint32_t slot = table->oldest;

	for (unsigned looked = 0; slot != 0 && looked < SEARCH; looked++) {
		struct wl_remote *client = &table->slots[slot - 1];

		if ((!host || client->host == *host) && now_ns - client->last_heard_ns > quiet_ns)
			return client;
		slot = client->newer;
	}
	return NULL;
}

static struct wl_remote *take_slot(struct wl_remote_table *table)
{
	uint32_t slot = table->free;

	if (slot == 0)
		return table->used < table->slot_count ? &table->slots[table->used++] : NULL;
	table->free = table->slots[slot - 1].next;
	return &table->slots[slot - 1];
}

struct wl_remote *wl_remote_table_add(struct wl_remote_table *table, wl_identity identity,
				      const struct wl_address *address, uint64_t now_ns,
				      uint64_t quiet_ns)
{
	uint32_t host = host_of(table, address), *bucket = bucket_of(table, identity);
	bool over = table->of_hosts[host] >= table->slot_count - table->slot_count / 4;
	struct wl_remote *client;

	if (over || table->count == table->slot_count) {
		client = find_quiet(table, over ? &host : NULL, now_ns, quiet_ns);
		if (!client)
			return NULL;
		wl_remote_table_forget(table, client);
	}
	client = take_slot(table);
	WL_CHECK(client != NULL);
	memset(client, 0, offsetof(struct wl_remote, key));
	wl_replay_init(&client->replay);
	client->identity = identity;
	client->last_heard_ns = now_ns;
	client->admitted_ns = now_ns;
	client->host = host;
	client->next = *bucket;
	*bucket = slot_of(table, client);
	list_add(table, client, now_ns);
	table->of_hosts[host]++;
	table->count++;
	return client;
}
