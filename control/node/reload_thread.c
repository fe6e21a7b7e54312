/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/reload_thread.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/config/config_reload.h"
#include "control/node/boot_shape.h"
#include "control/node/mailbox_thread.h"
#include "control/report/report_file.h"

/* What one request needs; large. */
struct reload {
	struct wl_config wanted, next;
	struct wl_config_problems problems;
	struct wl_config_changes changes;
};

const struct wl_config *wl_reload_config(const struct wl_node *node)
{
	return node->reloaded ? node->reloaded : node->config;
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
static bool keep(struct wl_node *node, const struct wl_config *next)
{
	if (!node->reloaded)
		node->reloaded = malloc(sizeof(*node->reloaded));
	if (node->reloaded)
		*node->reloaded = *next;
	return node->reloaded != NULL;
}

static json_t *take(struct wl_node *node, struct reload *reload, char *error, size_t error_bytes)
{
	const struct wl_config *running = wl_reload_config(node);
	struct wl_mailbox_request request = {.verb = WL_MAILBOX_SET};

	if (wl_config_load(running->file, &reload->wanted, &reload->problems) != 0 ||
	    wl_config_mix(running, &reload->wanted, &reload->next, &reload->problems) != 0)
		return refusal_of(&reload->problems);
	wl_config_compare(running, &reload->wanted, &reload->changes);
	wl_boot_shape_settings(&reload->next, request.settings);
	if (!wl_mailbox_ask(node->mailbox, &request)) {
		snprintf(error, error_bytes,
			 "the workers could not be told within a second: ask again");
		return NULL;
	}
	wl_report_set_level(reload->next.log_level);
	atomic_store_explicit(&node->scrub_period_ns, reload->next.scrub_ns, memory_order_relaxed);
	atomic_store_explicit(&node->base_bytes_per_second, reload->next.base_bytes_per_second,
			      memory_order_relaxed);
	say(&reload->changes);
	if (!keep(node, &reload->next)) {
		snprintf(error, error_bytes, "no memory to keep what is in effect now");
		return NULL;
	}
	return answer_of(&reload->changes);
}

json_t *wl_reload(struct wl_node *node, char *error, size_t error_bytes)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	json_t *answer;

	snprintf(error, error_bytes, "no memory to read the file");
	if (!reload)
		return NULL;
	answer = take(node, reload, error, error_bytes);
	free(reload);
	return answer;
}
