/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/state/consumers.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

WL_STATIC_CHECK(WL_CONSUMER_NAME_BYTES % 8 == 0); /* the digest takes words */
WL_STATIC_CHECK(WL_CONSUMERS_AT_FIRST <= WL_CONSUMERS_MAX);

void wl_consumers_init(struct wl_consumer_table *table)
{
	memset(table, 0, sizeof(*table));
	table->lowest = UINT64_MAX;
}

/* Where the name stands, or would. */
static uint32_t place_of(const struct wl_consumer_table *table, const char *name)
{
	uint32_t at = 0;

	while (at < table->count &&
	       memcmp(table->consumers[at].name, name, WL_CONSUMER_NAME_BYTES) < 0)
		at++;
	return at;
}

static bool stands_at(const struct wl_consumer_table *table, uint32_t at, const char *name)
{
	return at < table->count &&
	       memcmp(table->consumers[at].name, name, WL_CONSUMER_NAME_BYTES) == 0;
}

const struct wl_consumer *wl_consumers_find(const struct wl_consumer_table *table, const char *name)
{
	uint32_t at = place_of(table, name);

	return stands_at(table, at, name) ? &table->consumers[at] : NULL;
}

const struct wl_consumer *wl_consumers_lowest(const struct wl_consumer_table *table)
{
	for (uint32_t at = 0; at < table->count; at++)
		if (table->consumers[at].number == table->lowest)
			return &table->consumers[at];
	WL_CHECK(table->count == 0);
	return NULL;
}

static uint64_t digest_of(const struct wl_consumer *consumer)
{
	uint64_t digest = wl_mix_u64(consumer->number);

	digest = wl_mix_u64(digest ^ consumer->made_index);
	for (uint32_t at = 0; at < WL_CONSUMER_NAME_BYTES; at += 8)
		digest = wl_mix_u64(digest ^ wl_load_u64((const uint8_t *)consumer->name + at));
	return digest;
}

/* After each change: so the digest and the lowest checkpoint are at hand. O(WL_CONSUMERS_MAX). */
static void sum_up(struct wl_consumer_table *table)
{
	table->digest = 0;
	table->lowest = UINT64_MAX;
	for (uint32_t at = 0; at < table->count; at++) {
		const struct wl_consumer *consumer = &table->consumers[at];

		table->digest = wl_mix_u64(table->digest ^ digest_of(consumer));
		if (consumer->number < table->lowest)
			table->lowest = consumer->number;
	}
	WL_CHECK(wl_consumers_check(table));
}

static uint64_t between(uint64_t number, uint64_t least, uint64_t most)
{
	if (number > most)
		number = most;
	return number > least ? number : least;
}

static void make(struct wl_consumer_table *table, const struct wl_consumer_set *asked,
		 uint64_t made_index)
{
	uint32_t at = place_of(table, asked->name);
	struct wl_consumer *place = &table->consumers[at];

	WL_CHECK(table->count < WL_CONSUMERS_MAX);
	WL_CHECK(made_index != 0 && asked->least <= asked->most);
	memmove(place + 1, place, (table->count - at) * sizeof(*place));
	memcpy(place->name, asked->name, WL_CONSUMER_NAME_BYTES);
	place->number = between(asked->number, asked->least, asked->most);
	place->made_index = made_index;
	table->count++;
}

void wl_consumers_set(struct wl_consumer_table *table, const struct wl_consumer_set *asked)
{
	uint32_t at = place_of(table, asked->name);
	struct wl_consumer *found = &table->consumers[at];
	bool is_there = stands_at(table, at, asked->name);

	WL_CHECK(asked->places <= WL_CONSUMERS_MAX);
	WL_CHECK(!is_there || found->number <= asked->most);
	if (is_there && (asked->expects == 0 || asked->expects == found->made_index))
		found->number = between(asked->number, found->number, asked->most);
	else if (!is_there && asked->expects == 0 && table->count < asked->places)
		make(table, asked, asked->index);
	else
		return;
	sum_up(table);
}

void wl_consumers_drop(struct wl_consumer_table *table, const char *name, uint64_t number,
		       uint64_t made_index)
{
	uint32_t at = place_of(table, name);
	struct wl_consumer *found = &table->consumers[at];

	if (!stands_at(table, at, name) || (number != 0 && number != found->number) ||
	    (made_index != 0 && made_index != found->made_index))
		return;
	table->count--;
	memmove(found, found + 1, (table->count - at) * sizeof(*found));
	/* Two tables that are the same are the same bytes. */
	memset(&table->consumers[table->count], 0, sizeof(*found));
	sum_up(table);
}

bool wl_consumers_take(struct wl_consumer_table *table, const struct wl_consumer_set *consumer)
{
	if (table->count >= consumer->places || !wl_consumer_name_is_valid(consumer->name) ||
	    place_of(table, consumer->name) != table->count || consumer->number == UINT64_MAX ||
	    consumer->number != between(consumer->number, consumer->least, consumer->most) ||
	    consumer->expects == 0 || consumer->expects > consumer->index)
		return false;
	make(table, consumer, consumer->expects);
	sum_up(table);
	return true;
}

bool wl_consumers_check(const struct wl_consumer_table *table)
{
	return table->count <= WL_CONSUMERS_MAX &&
	       (table->count == 0) == (table->lowest == UINT64_MAX);
}
