/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/strangers.h"

#include <string.h>

#include "dataplane/base/bytes.h"

void wl_strangers_begin_turn(struct wl_strangers *strangers)
{
	memset(strangers, 0, sizeof(*strangers));
}

static bool take(uint8_t *taken, unsigned share)
{
	if (*taken == share)
		return false;
	(*taken)++;
	return true;
}

bool wl_strangers_take(struct wl_strangers *strangers, wl_identity claimed,
		       const struct wl_address *from, bool at_home)
{
	uint64_t place = wl_mix_u64((uint64_t)from->link << 32 | from->ipv4);
	uint8_t *of_place = &strangers->places[place % WL_STRANGERS_PLACES];

	if (!wl_identity_is_client(claimed))
		return take(&strangers->nodes[wl_identity_node(claimed)][at_home],
			    WL_STRANGERS_OF_NODE);
	return *of_place < WL_STRANGERS_OF_ONE && take(&strangers->clients, WL_STRANGERS_CLIENTS) &&
	       take(of_place, WL_STRANGERS_OF_ONE);
}
