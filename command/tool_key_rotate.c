/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_key_rotate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/tool_keys.h"
#include "command/tool_refuse.h"
#include "wirelog/status.h"

#define POLL_NS 100000000
#define POLLS_PER_SECOND 10u

/* What is to be in force. */
struct wanted {
	enum wl_keys_stage stage;
	uint32_t now;
};

static void say(const struct wl_tool_key_rotate *rotate, const char *text, uint32_t id)
{
	char key[WL_TOOL_KEYS_TEXT_BYTES];

	if (rotate->quiet)
		return;
	printf("%s %s\n", text, wl_tool_keys_text(id, key));
	fflush(stdout);
}

/* ---- which ------------------------------------------------------------------------------------- */

static int choose_new(const struct wl_tool_key_rotate *rotate, const struct wl_tool_keys *keys,
		      uint32_t *id)
{
	const struct wl_keys_held *own = &keys->nodes[keys->asked].held;
	struct wl_keys_held held;
	int result;

	if (rotate->file) {
		result = wl_tool_keys_read_file(rotate->file, &held);
		*id = result == 0 ? held.id[held.count - 1] : 0;
		return result;
	}
	if (own->count == 0)
		return wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
				      "the nodes run with --insecure-lab: there is no key");
	*id = own->id[own->count - 1];
	return 0;
}

/* The one that is to go. */
static uint32_t present_of(const struct wl_tool_keys *keys)
{
	if (keys->keys.stage == WL_KEYS_NONE)
		return keys->nodes[keys->asked].speaks;
	return keys->keys.stage == WL_KEYS_SEND ? keys->keys.before : keys->keys.now;
}

/* ---- who is missing -------------------------------------------------------------------------------- */

/* Nodes that lack the key, each told on standard error. */
static unsigned count_without(const struct wl_tool_keys *keys, uint32_t id)
{
	char text[WL_TOOL_KEYS_TEXT_BYTES];
	unsigned missing = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_tool_keys_node *known = &keys->nodes[node];

		if (!wl_members_has(keys->members, node) ||
		    (known->is_known && wl_keys_find(&known->held, id) < known->held.count))
			continue;
		missing++;
		if (known->is_known)
			fprintf(stderr,
				"wirelog: node %" PRIu32
				" does not hold key %s: put it into its security.key_file, "
				"behind the present one, and run `wirelog config reload` there\n",
				node, wl_tool_keys_text(id, text));
		else
			fprintf(stderr, "wirelog: node %" PRIu32 " is not heard\n", node);
	}
	return missing;
}

/* Who was not heard with the new key, or still has clients with the old one; `tell`: each on standard error. */
static unsigned count_late(const struct wl_tool_keys *keys, uint32_t id, bool tell)
{
	char text[WL_TOOL_KEYS_TEXT_BYTES];
	unsigned late = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_tool_keys_node *known = &keys->nodes[node];
		bool sends = known->speaks == id;

		if (!wl_members_has(keys->members, node) ||
		    (sends && known->counts_clients && known->old_clients == 0))
			continue;
		late++;
		if (!tell)
			continue;
		if (!sends || !known->counts_clients)
			fprintf(stderr, "wirelog: node %" PRIu32 " was not heard with key %s\n",
				node, wl_tool_keys_text(id, text));
		else
			fprintf(stderr,
				"wirelog: %" PRIu32 " clients of node %" PRIu32
				" speak with the old key%s%s: "
				"give them the new key file\n",
				known->old_clients, node, known->client[0] ? ", one at " : "",
				known->client);
	}
	return late;
}

/* ---- steps -------------------------------------------------------------------------------------- */

static bool is_in_force(const struct wl_tool_view *view, const void *context)
{
	const struct wanted *wanted = context;
	const json_t *keys = json_object_get(view->journal, "keys");
	const char *stage = json_string_value(json_object_get(keys, "stage"));
	const char *now = json_string_value(json_object_get(keys, "now"));
	char text[WL_TOOL_KEYS_TEXT_BYTES];

	return stage && now && strcmp(stage, wl_keys_stage_name(wanted->stage)) == 0 &&
	       strcmp(now, wl_tool_keys_text(wanted->now, text)) == 0;
}

static int commit(const struct wl_tool_key_rotate *rotate, const struct wl_tool_keys *keys,
		  const struct wanted *wanted)
{
	char request[96];

	snprintf(request, sizeof(request),
		 "/wirelog/key_rotate,%08" PRIx32 ",%08" PRIx32 ",%" PRIu64 ",%d", present_of(keys),
		 wanted->now, keys->keys.index, rotate->force);
	return wl_tool_ask_wait(rotate->ask, request, is_in_force, wanted);
}

static int begin(const struct wl_tool_key_rotate *rotate, const struct wl_tool_keys *keys,
		 uint32_t id)
{
	const struct wanted wanted = {WL_KEYS_SEND, id};
	unsigned missing = count_without(keys, id);
	int result;

	if (missing != 0 && !rotate->force)
		return wl_tool_refuse(
			WIRELOG_PEER_DIFFERS,
			"%u of the members are without the new key: nothing was changed", missing);
	result = commit(rotate, keys, &wanted);
	if (result == 0)
		say(rotate, "all nodes send with", id);
	return result;
}

/* Nodes apply the entry, clients take what their file holds: both within seconds. */
static int wait_for_all(const struct wl_tool_key_rotate *rotate, uint32_t id)
{
	const struct timespec poll = {.tv_nsec = POLL_NS};
	struct wl_tool_keys keys;

	for (uint32_t at = 0; at <= rotate->ask->seconds * POLLS_PER_SECOND; at++) {
		int result = wl_tool_keys_look(rotate->ask, &keys);

		if (result != 0)
			return result;
		if (count_late(&keys, id, false) == 0)
			return 0;
		nanosleep(&poll, NULL);
	}
	count_late(&keys, id, true);
	if (rotate->force)
		return 0;
	return wl_tool_refuse(
		WIRELOG_TIMED_OUT,
		"not all use the new key after %u seconds, so the old one is still taken; run it again "
		"when they do, or with --force to go on without them",
		rotate->ask->seconds);
}

static int finish(const struct wl_tool_key_rotate *rotate, const struct wl_tool_keys *keys,
		  uint32_t id)
{
	const struct wanted wanted = {WL_KEYS_REFUSE, id};
	int result = commit(rotate, keys, &wanted);

	if (result != 0)
		return result;
	say(rotate, "all nodes refuse", keys->keys.before);
	if (!rotate->quiet)
		printf("take its line out of the key files of all nodes and clients, and run `wirelog config "
		       "reload` on the nodes\n");
	return 0;
}

int wl_tool_key_rotate(const struct wl_tool_key_rotate *rotate)
{
	char text[WL_TOOL_KEYS_TEXT_BYTES];
	struct wl_tool_keys keys;
	uint32_t id = 0;
	int result = wl_tool_keys_look(rotate->ask, &keys);

	if (result == 0)
		result = choose_new(rotate, &keys, &id);
	if (result != 0)
		return result;
	if (keys.keys.stage == WL_KEYS_SEND && keys.keys.now != id)
		return wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
				      "a change to key %s is under way: finish that one first",
				      wl_tool_keys_text(keys.keys.now, text));
	if (keys.keys.stage != WL_KEYS_SEND && present_of(&keys) == id) {
		say(rotate,
		    keys.keys.stage == WL_KEYS_NONE ? "no other key is there than"
						    : "in force already is",
		    id);
		return 0;
	}
	if (keys.keys.stage != WL_KEYS_SEND)
		result = begin(rotate, &keys, id);
	if (result == 0)
		result = wait_for_all(rotate, id);
	/* The entry that the last step expects is that of the first. */
	if (result == 0)
		result = wl_tool_keys_look(rotate->ask, &keys);
	if (result == 0 && keys.keys.stage == WL_KEYS_SEND)
		result = finish(rotate, &keys, id);
	return result;
}
