/* SPDX-License-Identifier: BSD-3-Clause */
/* Which keys are in force, which a node holds, and who speaks with which, as JSON. */
#include "control/report/status_json.h"
#include "dataplane/transport/rx.h"

json_t *wl_status_json_key(uint32_t id)
{
	char text[17];

	wl_status_json_hex(id, text);
	return id != 0 ? json_string(text + 8) : json_null();
}

/* null: no key is to go, or the node has not said. */
static json_t *clients_of(uint32_t count)
{
	return count != WL_RX_NOT_COUNTED ? json_integer(count) : json_null();
}

static json_t *ids_of(const uint32_t ids[WL_KEYS_HELD_MAX])
{
	json_t *list = json_array();

	for (unsigned at = 0; at < WL_KEYS_HELD_MAX; at++) {
		if (ids[at] != 0)
			json_array_append_new(list, wl_status_json_key(ids[at]));
	}
	return list;
}

void wl_status_json_set_keys(json_t *object, const struct wl_journal_status *status)
{
	const struct wl_keys *keys = &status->keys_in_force;
	json_t *told = json_object();
	char address[16];

	wl_status_json_dotted(status->old_client_ipv4, address);
	json_object_set_new(told, "entry", json_integer((json_int_t)keys->index));
	json_object_set_new(told, "stage", json_string(wl_keys_stage_name(keys->stage)));
	json_object_set_new(told, "before", wl_status_json_key(keys->before));
	json_object_set_new(told, "now", wl_status_json_key(keys->now));
	json_object_set_new(told, "held", ids_of(status->keys_held.id));
	json_object_set_new(told, "sent_with", wl_status_json_key(status->key_sent_with));
	json_object_set_new(told, "old_clients", clients_of(status->old_clients));
	json_object_set_new(told, "old_client",
			    status->old_client_ipv4 != 0 ? json_string(address) : json_null());
	json_object_set_new(told, "rotation_due",
			    json_boolean(status->journal == 0 && status->keys.due != 0 &&
					 status->keys_held.id[0] != 0));
	json_object_set_new(object, "keys", told);
}

void wl_status_json_set_peer_keys(json_t *object, const struct wl_peer_status *peer)
{
	json_object_set_new(object, "key", wl_status_json_key(peer->key_id));
	json_object_set_new(object, "keys", ids_of(peer->keys_held));
	json_object_set_new(object, "old_key_clients", clients_of(peer->old_clients));
}
