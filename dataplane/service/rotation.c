/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/rotation.h"

#include <string.h>

#include "dataplane/base/check.h"

static uint64_t bit(uint32_t slot)
{
	return (uint64_t)1 << slot;
}

static void take_out(struct wl_rotation *rotation, uint32_t place)
{
	WL_CHECK(place < rotation->client_count);
	rotation->client_count--;
	memmove(&rotation->clients[place], &rotation->clients[place + 1],
		(rotation->client_count - place) * sizeof(rotation->clients[0]));
}

static void go_to_the_end(struct wl_rotation *rotation, uint32_t place)
{
	const struct wl_rotation_client client = rotation->clients[place];

	take_out(rotation, place);
	rotation->clients[rotation->client_count++] = client;
}

/* The first of `slots` behind `last`, around the end; there is one. */
static uint32_t first_behind(uint64_t slots, uint32_t last)
{
	uint64_t behind = slots & ~(bit(last) | (bit(last) - 1));

	WL_CHECK(slots != 0 && last < WIRELOG_SUBSCRIPTIONS_MAX);
	return (uint32_t)__builtin_ctzll(behind ? behind : slots);
}

void wl_rotation_add(struct wl_rotation *rotation, uint32_t slot, wl_identity client)
{
	uint32_t place = 0;

	WL_CHECK(slot < WIRELOG_SUBSCRIPTIONS_MAX);
	WL_CHECK(client != 0);
	while (place < rotation->client_count && rotation->clients[place].client != client)
		place++;
	if (place == rotation->client_count) {
		WL_CHECK(place < WIRELOG_SUBSCRIPTIONS_MAX);
		rotation->clients[rotation->client_count++] = (struct wl_rotation_client){
			.client = client,
			.last = slot,
		};
	}
	WL_CHECK((rotation->clients[place].slots & bit(slot)) == 0);
	rotation->clients[place].slots |= bit(slot);
}

void wl_rotation_remove(struct wl_rotation *rotation, uint32_t slot)
{
	WL_CHECK(slot < WIRELOG_SUBSCRIPTIONS_MAX);
	for (uint32_t place = 0; place < rotation->client_count; place++) {
		struct wl_rotation_client *client = &rotation->clients[place];

		if (!(client->slots & bit(slot)))
			continue;
		client->slots &= ~bit(slot);
		if (client->slots == 0)
			take_out(rotation, place);
		break;
	}
	rotation->left &= ~bit(slot);
}

void wl_rotation_begin_turn(struct wl_rotation *rotation)
{
	WL_CHECK(rotation->client_count <= WIRELOG_SUBSCRIPTIONS_MAX);
	if (rotation->left == 0 && rotation->client_count > 1)
		go_to_the_end(rotation, 0);
	rotation->left = 0;
	for (uint32_t place = 0; place < rotation->client_count; place++)
		rotation->left |= rotation->clients[place].slots;
}

uint32_t wl_rotation_next(struct wl_rotation *rotation)
{
	for (uint32_t place = 0; rotation->left != 0 && place < rotation->client_count; place++) {
		struct wl_rotation_client *client = &rotation->clients[place];
		uint64_t slots = client->slots & rotation->left;
		uint32_t slot;

		if (slots == 0)
			continue;
		slot = first_behind(slots, client->last);
		client->last = slot;
		rotation->left &= ~bit(slot);
		go_to_the_end(rotation, place);
		return slot;
	}
	return WL_ROTATION_NOBODY;
}
