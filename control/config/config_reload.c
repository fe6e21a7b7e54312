/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_reload.h"

#include <string.h>

#include "control/config/config_joins.h"
#include "control/config/config_table.h"
#include "dataplane/base/check.h"

void wl_config_changes_add(struct wl_config_changes *changes, const char *key, bool live)
{
	struct wl_config_change *change = &changes->item[changes->count];
	struct wl_sentence path = wl_sentence_begin(change->key, sizeof(change->key));

	WL_CHECK(changes->count < WL_CONFIG_CHANGES_MAX);
	wl_sentence_add(&path, key);
	change->live = live;
	change->limit = false;
	changes->count++;
}

static bool is_equal(const struct wl_config_key *key, const void *one, const void *other)
{
	return memcmp((const uint8_t *)one + key->value_at, (const uint8_t *)other + key->value_at,
		      key->value_bytes) == 0;
}

static void compare_section(enum wl_config_section_id id, const struct wl_config *running,
			    const struct wl_config *wanted, struct wl_config_changes *changes)
{
	struct wl_config_section section = wl_config_section(id);
	char path[WL_CONFIG_KEY_BYTES];

	for (size_t at = 0; at < section.count; at++) {
		const struct wl_config_key *key = &section.keys[at];

		if (key->shape == WL_CONFIG_OTHER || is_equal(key, running, wanted))
			continue;
		wl_config_key_path(id, key, path, sizeof(path));
		wl_config_changes_add(changes, path, key->live);
		/* What is compared is memory, too: that needs a restart. */
		changes->item[changes->count - 1].limit = key->first != 0 && key->fact == 0;
	}
}

/* Where nodes or links change otherwise, too, they are not met: what leads to whom is then for the restart to say. */
wl_members wl_config_joining(const struct wl_config *running, const struct wl_config *wanted)
{
	wl_members joining;

	if (wl_config_nodes_grow(running, wanted, &joining) != WL_CONFIG_GROWS ||
	    wl_config_links_grow(running, wanted, joining) == WL_CONFIG_CHANGES)
		return 0;
	return joining;
}

/* Both were zeros before they were filled, so that bytes between members are alike. */
void wl_config_compare(const struct wl_config *running, const struct wl_config *wanted,
		       struct wl_config_changes *changes)
{
	enum wl_config_growth nodes, links;
	wl_members joining;

	changes->count = 0;
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++)
		if (wl_config_section_is_single((enum wl_config_section_id)id))
			compare_section((enum wl_config_section_id)id, running, wanted, changes);
	nodes = wl_config_nodes_grow(running, wanted, &joining);
	links = wl_config_links_grow(running, wanted, joining);
	changes->joining = wl_config_joining(running, wanted);
	if (nodes != WL_CONFIG_SAME)
		wl_config_changes_add(changes, "cluster.nodes", changes->joining != 0);
	if (running->journal_count != wanted->journal_count ||
	    memcmp(running->journal_worker, wanted->journal_worker,
		   sizeof(running->journal_worker)) != 0)
		wl_config_changes_add(changes, "journals", false);
	if (links != WL_CONFIG_SAME)
		wl_config_changes_add(changes, "workers", changes->joining != 0);
}

static void take_live(const struct wl_config *wanted, struct wl_config *next,
		      const struct wl_config_section *section)
{
	for (size_t at = 0; at < section->count; at++) {
		const struct wl_config_key *key = &section->keys[at];

		if (key->live)
			memcpy((uint8_t *)next + key->value_at,
			       (const uint8_t *)wanted + key->value_at, key->value_bytes);
	}
}

int wl_config_mix(const struct wl_config *running, const struct wl_config *wanted,
		  struct wl_config *next, struct wl_config_problems *problems)
{
	*next = *running;
	problems->count = 0;
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++) {
		struct wl_config_section section = wl_config_section((enum wl_config_section_id)id);

		if (wl_config_section_is_single((enum wl_config_section_id)id))
			take_live(wanted, next, &section);
	}
	wl_config_join(wanted, wl_config_joining(running, wanted), next);
	wl_config_check_timing(next, problems);
	return problems->count ? problems->item[0].status : 0;
}
