/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/reload_thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/config_reload.h"
#include "control/node/boot_shape.h"
#include "control/node/join_thread.h"
#include "control/node/key_thread.h"
#include "control/node/mailbox_thread.h"
#include "control/report/report_file.h"

/* Who reads an older one goes on with it. Few: one for each file that said something else. */
struct wl_reloaded {
	struct wl_config config;
	struct wl_reloaded *before;
};

/* What one request needs; large. */
struct reload {
	struct wl_config wanted;
	struct wl_config_problems problems;
	struct wl_config_changes changes;
};

const struct wl_config *wl_reload_config(const struct wl_node *node)
{
	const struct wl_reloaded *reloaded =
		atomic_load_explicit(&node->reloaded, memory_order_acquire);

	return reloaded ? &reloaded->config : node->config;
}

void wl_reload_forget(struct wl_node *node)
{
	struct wl_reloaded *reloaded = atomic_exchange(&node->reloaded, NULL);

	while (reloaded) {
		struct wl_reloaded *before = reloaded->before;

		free(reloaded);
		reloaded = before;
	}
}

static json_t *refusal_of(const struct wl_config_problems *problems)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < problems->count; at++) {
		const struct wl_config_problem *problem = &problems->item[at];

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:s, s:s}", "code",
						      wirelog_status_name(problem->status), "line",
						      (json_int_t)problem->line, "column",
						      (json_int_t)problem->column, "key",
						      problem->key, "text", problem->text));
	}
	return json_pack("{s:b, s:o}", "taken", 0, "problems", list);
}

static json_t *answer_of(const struct wl_config_changes *changes)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < changes->count; at++)
		json_array_append_new(
			list, json_pack("{s:s, s:b, s:b}", "key", changes->item[at].key, "live",
					changes->item[at].live, "limit", changes->item[at].limit));
	return json_pack("{s:b, s:o}", "taken", 1, "changed", list);
}

static const char *fix_of(const struct wl_config_change *change)
{
	if (change->limit)
		return " fix=\"wirelog limit set\"";
	return change->live ? "" : " fix=\"restart the node\"";
}

static void say(const struct wl_config_changes *changes)
{
	for (uint32_t at = 0; at < changes->count; at++)
		wl_report(WL_REPORT_NOTICE, "reloaded", "key=%s now=%d%s", changes->item[at].key,
			  changes->item[at].live, fix_of(&changes->item[at]));
}

/* The status keeps what is in effect: never what still waits for a restart. */
static void keep(struct wl_node *node, struct wl_reloaded *next)
{
	next->before = atomic_load_explicit(&node->reloaded, memory_order_relaxed);
	atomic_store_explicit(&node->reloaded, next, memory_order_release);
}

/* What control and workers are told. `next` is kept where it says something else. */
static json_t *put_into_effect(struct wl_node *node, struct reload *reload,
			       struct wl_reloaded **next, char *error, size_t error_bytes)
{
	struct wl_mailbox_request request = {.verb = WL_MAILBOX_SET};
	const struct wl_config *config = &(*next)->config;
	int keys = wl_node_reload_keys(node, error, error_bytes);

	if (keys < 0)
		return NULL;
	if (keys > 0)
		wl_config_changes_add(&reload->changes, "security.key_file", true);
	if (reload->changes.joining != 0 &&
	    !wl_join_nodes(node, config, reload->changes.joining, error, error_bytes))
		return NULL;
	/* Who was met stays met, so it is kept before anything else may fail. */
	if (memcmp(config, wl_reload_config(node), sizeof(*config)) != 0) {
		keep(node, *next);
		*next = NULL;
	}
	wl_boot_shape_settings(config, request.settings);
	if (!wl_mailbox_ask(node->mailbox, &request)) {
		snprintf(error, error_bytes,
			 "the workers could not be told within a second: ask again");
		return NULL;
	}
	wl_report_set_level(config->log_level);
	atomic_store_explicit(&node->scrub_period_ns, config->scrub_ns, memory_order_relaxed);
	atomic_store_explicit(&node->base_bytes_per_second, config->base_bytes_per_second,
			      memory_order_relaxed);
	say(&reload->changes);
	return answer_of(&reload->changes);
}

static json_t *take(struct wl_node *node, struct reload *reload, char *error, size_t error_bytes)
{
	const struct wl_config *running = wl_reload_config(node);
	struct wl_reloaded *next = calloc(1, sizeof(*next));
	json_t *answer = NULL;

	if (!next)
		return NULL;
	if (wl_config_load(running->file, &reload->wanted, &reload->problems) != 0 ||
	    wl_config_mix(running, &reload->wanted, &next->config, &reload->problems) != 0) {
		answer = refusal_of(&reload->problems);
	} else {
		wl_config_compare(running, &reload->wanted, &reload->changes);
		answer = put_into_effect(node, reload, &next, error, error_bytes);
	}
	free(next);
	return answer;
}

json_t *wl_reload(struct wl_node *node, char *error, size_t error_bytes)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	json_t *answer = NULL;

	snprintf(error, error_bytes, "no memory to read the file");
	if (reload)
		answer = take(node, reload, error, error_bytes);
	free(reload);
	return answer;
}
