/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration in effect as JSON: whatever has a row in control/config/config_keys.h is in it. */
#include <string.h>

#include "control/config/config_table.h"
#include "control/report/status_json.h"

static void set_number(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *address_of(uint32_t ipv4)
{
	char text[16];

	if (ipv4 == 0)
		return json_null();
	wl_status_json_dotted(ipv4, text);
	return json_string(text);
}

static json_t *mac_of(const uint8_t *mac)
{
	static const uint8_t none[6];
	char text[18];

	if (memcmp(mac, none, sizeof(none)) == 0)
		return json_null();
	for (unsigned byte = 0; byte < 6; byte++) {
		text[3 * byte] = "0123456789abcdef"[mac[byte] >> 4];
		text[3 * byte + 1] = "0123456789abcdef"[mac[byte] & 15];
		text[3 * byte + 2] = byte < 5 ? ':' : '\0';
	}
	return json_string(text);
}

static json_t *value_of(const struct wl_config_key *key, const void *values)
{
	const uint8_t *at = (const uint8_t *)values + key->value_at;

	switch (key->shape) {
	case WL_CONFIG_NUMBER:
	case WL_CONFIG_SIZE:
		return json_integer((json_int_t)wl_config_number_of(key, values));
	case WL_CONFIG_CHOICE:
		return json_string(wl_config_word_of(key, values));
	case WL_CONFIG_TEXT:
	case WL_CONFIG_PATH:
		return json_string((const char *)at);
	case WL_CONFIG_IPV4:
		return address_of((uint32_t)wl_config_number_of(key, values));
	case WL_CONFIG_MAC:
		return mac_of(at);
	case WL_CONFIG_UUID: /* the cluster's, and the only one */
		return json_string(((const struct wl_config *)values)->cluster_text);
	case WL_CONFIG_OTHER:
		break;
	}
	return json_null();
}

/* All keys of a section that have a member, but those that links of other kinds have (`kinds`: a bit for each). Elements of lists have them under
 * their names in the file, what stands once under the names of its members: with units, and one in the whole configuration. */
static void set_section(json_t *object, enum wl_config_section_id id, const void *values,
			uint32_t kinds)
{
	struct wl_config_section section = wl_config_section(id);
	bool by_name = id == WL_CONFIG_SECTION_NODES || id == WL_CONFIG_SECTION_LINKS;

	for (size_t at = 0; at < section.count; at++) {
		const struct wl_config_key *key = &section.keys[at];

		if (key->shape != WL_CONFIG_OTHER && (key->kinds == 0 || key->kinds & kinds))
			json_object_set_new(object, by_name ? key->name : key->member,
					    value_of(key, values));
	}
}

/* null: the port chooses. */
static json_t *slots_of(uint8_t ring_log2)
{
	return ring_log2 == 0 ? json_null() : json_integer((json_int_t)1 << ring_log2);
}

static json_t *link_of(const struct wl_config_link *link)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(wl_config_link_kind_name(link->kind)));
	json_object_set_new(object, "name", json_string(link->name));
	set_number(object, "peer", link->peer);
	set_section(object, WL_CONFIG_SECTION_LINKS, link, 1u << link->kind);
	if (link->kind == WL_CONFIG_MEMIF) {
		json_object_set_new(object, "role",
				    json_string(link->server ? "server" : "client"));
		json_object_set_new(object, "ring_slots", slots_of(link->ring_log2));
	}
	return object;
}

static json_t *worker_of(const struct wl_config_worker *worker)
{
	json_t *object = json_object(), *links = json_array();

	for (uint32_t at = 0; at < worker->link_count; at++)
		json_array_append_new(links, link_of(&worker->links[at]));
	json_object_set_new(object, "core", json_integer(worker->core));
	json_object_set_new(object, "links", links);
	json_object_set_new(object, "client_socket", json_string(worker->client_socket));
	set_section(object, WL_CONFIG_SECTION_CLIENTS, worker, 0);
	json_object_set_new(object, "client_ring_slots", slots_of(worker->client_ring_log2));
	return object;
}

static json_t *node_of(const struct wl_config_node *node)
{
	json_t *object = json_object();

	set_section(object, WL_CONFIG_SECTION_NODES, node, 0);
	json_object_set_new(object, "client_endpoint", json_string(node->client_endpoint));
	return object;
}

json_t *wl_status_json_config(const struct wl_config *config)
{
	json_t *object = json_object(), *nodes = json_array(), *workers = json_array();
	json_t *journals = json_array();

	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++)
		if (wl_config_section_is_single((enum wl_config_section_id)id))
			set_section(object, (enum wl_config_section_id)id, config, 0);
	for (uint32_t at = 0; at < config->node_count; at++)
		json_array_append_new(nodes, node_of(&config->nodes[at]));
	for (uint32_t at = 0; at < config->worker_count; at++)
		json_array_append_new(workers, worker_of(&config->workers[at]));
	for (uint32_t at = 0; at < config->journal_count; at++)
		json_array_append_new(journals, json_integer(config->journal_worker[at]));
	json_object_set_new(object, "nodes", nodes);
	json_object_set_new(object, "workers", workers);
	set_number(object, "journals", config->journal_count);
	json_object_set_new(object, "journal_workers", journals);
	return object;
}
