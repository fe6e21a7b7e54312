/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "dataplane/host/key_file.h"
#include "dataplane/wire/auth.h"
#include "wirelog/status.h"

int wl_tool_keys_read_file(const char *path, struct wl_keys_held *held)
{
	char reason[512];
	struct wl_key_file file;
	struct wl_auth auth;
	int status = wl_key_file_read(path, &file, reason, sizeof(reason));

	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	status = wl_auth_init_all(&auth, file.secrets, file.count);
	explicit_bzero(&file, sizeof(file));
	if (status != 0)
		return wl_tool_refuse(status, "the two keys in %s have one id: make another one",
				      path);
	*held = auth.held;
	wl_auth_fini(&auth);
	return 0;
}

const char *wl_tool_keys_text(uint32_t id, char text[WL_TOOL_KEYS_TEXT_BYTES])
{
	snprintf(text, WL_TOOL_KEYS_TEXT_BYTES, id != 0 ? "%08" PRIx32 : "-", id);
	return text;
}

/* ---- what a node says ---------------------------------------------------------------------------- */

static uint32_t id_of(const json_t *text)
{
	const char *digits = json_string_value(text);

	return digits ? (uint32_t)strtoul(digits, NULL, 16) : 0;
}

static void take_held(const json_t *list, struct wl_keys_held *held)
{
	held->count = 0;
	for (size_t at = 0; at < json_array_size(list) && at < WL_KEYS_HELD_MAX; at++)
		held->id[held->count++] = id_of(json_array_get(list, at));
}

static void add_clients(struct wl_tool_keys_node *node, const json_t *count, const json_t *address)
{
	const char *text = json_string_value(address);

	if (!json_is_integer(count)) {
		node->counts_clients = false;
		return;
	}
	node->old_clients += (uint32_t)json_integer_value(count);
	if (text)
		snprintf(node->client, sizeof(node->client), "%s", text);
}

static wl_members members_of(const json_t *journal)
{
	static const char *const sets[] = {"voters", "old_voters", "learners"};
	const json_t *members = json_object_get(journal, "members");
	wl_members found = 0;

	for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++) {
		const json_t *ids = json_object_get(members, sets[set]);

		for (size_t at = 0; at < json_array_size(ids); at++)
			found = wl_members_with(
				found, (uint32_t)json_integer_value(json_array_get(ids, at)));
	}
	return found;
}

static enum wl_keys_stage stage_of(const json_t *text)
{
	const char *name = json_string_value(text);
	enum wl_keys_stage stage = WL_KEYS_NONE;

	while (name && stage < WL_KEYS_REFUSE && strcmp(name, wl_keys_stage_name(stage)) != 0)
		stage++;
	return stage;
}

static void take_peer(struct wl_tool_keys *keys, const json_t *peer, bool is_first)
{
	uint64_t id = wl_tool_ask_number(peer, "node");
	struct wl_tool_keys_node *node = &keys->nodes[id <= WIRELOG_NODES_MAX ? id : 0];

	if (is_first) {
		take_held(json_object_get(peer, "keys"), &node->held);
		node->is_known = node->held.count != 0;
		node->speaks = id_of(json_object_get(peer, "key"));
		node->counts_clients = node->is_known;
	}
	add_clients(node, json_object_get(peer, "old_key_clients"), NULL);
}

/* Of each worker once: journals of one say the same. */
static void take_journal(struct wl_tool_keys *keys, const json_t *journal, bool is_first)
{
	const json_t *told = json_object_get(journal, "keys"),
		     *peers = json_object_get(journal, "peers");
	struct wl_tool_keys_node *own = &keys->nodes[keys->asked];

	if (is_first) {
		take_held(json_object_get(told, "held"), &own->held);
		own->is_known = true;
		own->counts_clients = true;
		own->speaks = id_of(json_object_get(told, "sent_with"));
	}
	add_clients(own, json_object_get(told, "old_clients"), json_object_get(told, "old_client"));
	for (size_t at = 0; at < json_array_size(peers); at++)
		take_peer(keys, json_array_get(peers, at), is_first);
}

static void take_status(struct wl_tool_keys *keys, const struct wl_tool_view *view)
{
	const json_t *journals = json_object_get(view->status, "journals");
	const json_t *told = json_object_get(view->journal, "keys");
	uint64_t asked = wl_tool_ask_number(view->status, "node"), seen = 0;

	memset(keys, 0, sizeof(*keys));
	keys->asked = asked <= WIRELOG_NODES_MAX ? (uint32_t)asked : 0;
	keys->members = members_of(view->journal);
	keys->rotation_due = json_is_true(json_object_get(told, "rotation_due"));
	keys->keys = (struct wl_keys){
		.index = wl_tool_ask_number(told, "entry"),
		.before = id_of(json_object_get(told, "before")),
		.now = id_of(json_object_get(told, "now")),
		.stage = stage_of(json_object_get(told, "stage")),
	};
	for (size_t at = 0; at < json_array_size(journals); at++) {
		const json_t *journal = json_array_get(journals, at);
		uint64_t worker = wl_tool_ask_number(journal, "worker");

		if (worker >= 64 || seen >> worker & 1)
			continue;
		take_journal(keys, journal, seen == 0);
		seen |= 1ull << worker;
	}
}

int wl_tool_keys_look(const struct wl_tool_ask *ask, struct wl_tool_keys *keys)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_look(ask->directory, ask->journal, &view);

	if (result == 0)
		take_status(keys, &view);
	else
		result = wl_tool_refuse(result, "%s", wl_stats_socket_reason());
	json_decref(view.status);
	return result;
}

/* ---- what is shown ------------------------------------------------------------------------------- */

static void print_node(const struct wl_tool_keys *keys, uint32_t id)
{
	const struct wl_tool_keys_node *node = &keys->nodes[id];
	char first[WL_TOOL_KEYS_TEXT_BYTES], second[WL_TOOL_KEYS_TEXT_BYTES],
		speaks[WL_TOOL_KEYS_TEXT_BYTES], clients[16] = "-";

	if (node->counts_clients)
		snprintf(clients, sizeof(clients), "%" PRIu32, node->old_clients);
	if (!node->is_known)
		printf("%5u  it has not been heard\n", id);
	else
		printf("%5u  %-8s %-8s  %-9s  %s\n", id, wl_tool_keys_text(node->held.id[0], first),
		       wl_tool_keys_text(node->held.id[1], second),
		       wl_tool_keys_text(node->speaks, speaks), clients);
}

void wl_tool_keys_print(const struct wl_tool_keys *keys)
{
	static const char *const sentences[] = {
		[WL_KEYS_NONE] =
			"no change of keys was ever begun: nodes send with the first key of their file",
		[WL_KEYS_SEND] =
			"nodes send with the new key and take both: `wirelog key rotate` goes on",
		[WL_KEYS_REFUSE] = "the old key is refused",
	};
	char now[WL_TOOL_KEYS_TEXT_BYTES], before[WL_TOOL_KEYS_TEXT_BYTES];

	printf("%5s  %-17s  %-9s  %s\n", "NODE", "HOLDS", "SENDS", "OLD CLIENTS");
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		if (wl_members_has(keys->members, id))
			print_node(keys, id);
	}
	printf("%s\n", sentences[keys->keys.stage]);
	if (keys->keys.stage != WL_KEYS_NONE)
		printf("as entry %" PRIu64 " says: %s behind %s\n", keys->keys.index,
		       wl_tool_keys_text(keys->keys.now, now),
		       wl_tool_keys_text(keys->keys.before, before));
	if (keys->rotation_due)
		printf("a node that was removed still holds the key: `wirelog key rotate` is due\n");
}

static json_t *json_of(uint32_t id, const struct wl_tool_keys_node *node)
{
	json_t *held = json_array();
	char text[WL_TOOL_KEYS_TEXT_BYTES];

	for (uint32_t at = 0; at < node->held.count; at++)
		json_array_append_new(held,
				      json_string(wl_tool_keys_text(node->held.id[at], text)));
	return json_pack("{s:i, s:b, s:o, s:o, s:o}", "node", (int)id, "heard", node->is_known,
			 "holds", held, "sends",
			 node->speaks != 0 ? json_string(wl_tool_keys_text(node->speaks, text))
					   : json_null(),
			 "old_clients",
			 node->counts_clients ? json_integer(node->old_clients) : json_null());
}

void wl_tool_keys_print_json(const struct wl_tool_keys *keys)
{
	char now[WL_TOOL_KEYS_TEXT_BYTES], before[WL_TOOL_KEYS_TEXT_BYTES];
	json_t *nodes = json_array(), *all;

	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		if (wl_members_has(keys->members, id))
			json_array_append_new(nodes, json_of(id, &keys->nodes[id]));
	}
	all = json_pack("{s:s, s:I, s:s, s:s, s:b, s:o}", "stage",
			wl_keys_stage_name(keys->keys.stage), "entry", (json_int_t)keys->keys.index,
			"now", wl_tool_keys_text(keys->keys.now, now), "before",
			wl_tool_keys_text(keys->keys.before, before), "rotation_due",
			keys->rotation_due, "nodes", nodes);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}
