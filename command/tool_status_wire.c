/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_status_wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "command/tool_interrupt.h"
#include "command/tool_others.h"
#include "command/tool_refuse.h"
#include "dataplane/base/members.h"

#define ANSWER_NS 800000000u /* as nodes wait for one another */
#define WAIT_US 10000u

struct asking {
	struct wirelog *log;
	struct wl_asked {
		int64_t question; /* 0: none is open */
		json_t *said; /* NULL: nothing yet */
		char text[WIRELOG_STATUS_TEXT_BYTES];
	} asked[WIRELOG_NODES_MAX + 1]; /* by node; 0: any */
	int status; /* of the last answer */
};

static void on_event(void *context, const struct wirelog_event *event)
{
	struct asking *asking = context;

	for (uint32_t at = 0; event->kind == WIRELOG_EVENT_STATUS && at <= WIRELOG_NODES_MAX;
	     at++) {
		struct wl_asked *asked = &asking->asked[at];

		if (asked->question != event->question)
			continue;
		asked->question = 0;
		asking->status = event->status;
		if (event->status == WIRELOG_OK)
			asked->said = json_loadb(asked->text, event->text_bytes, 0, NULL);
	}
}

static int put(struct asking *asking, uint32_t node)
{
	struct wl_asked *asked = &asking->asked[node];
	int64_t question = wirelog_ask_status(asking->log, node, asked->text, sizeof(asked->text));

	asked->question = question > 0 ? question : 0;
	return question > 0 ? 0 : wl_tool_refuse((int)question, NULL);
}

/* The library answers each question in its time. */
static int wait_for_answers(struct asking *asking)
{
	for (uint32_t at = 0; at <= WIRELOG_NODES_MAX;) {
		int did;

		if (asking->asked[at].question == 0) {
			at++;
			continue;
		}
		if (wl_interrupted)
			return WL_INTERRUPT_EXIT;
		did = wirelog_wait(asking->log, WAIT_US);
		if (did < 0)
			return wl_tool_refuse(did, NULL);
	}
	return 0;
}

/* Whoever answers first knows who the others are. */
static int ask_any(struct asking *asking)
{
	int result = put(asking, 0);

	if (result == 0)
		result = wait_for_answers(asking);
	if (result == 0 && asking->asked[0].said == NULL)
		result = wl_tool_refuse(
			asking->status != WIRELOG_OK ? asking->status : WIRELOG_TIMED_OUT,
			"a node answers, and does not say how it is: it may run a build that does not know the question");
	return result;
}

static uint32_t number_of(const json_t *said)
{
	json_int_t number = json_integer_value(json_object_get(said, "node"));

	return number >= 1 && number <= WIRELOG_NODES_MAX ? (uint32_t)number : 0;
}

/* *members: as the one that answered knows them, itself among them. */
static int ask_members(struct asking *asking, wl_members *members)
{
	const struct wl_status_row one = {.status = asking->asked[0].said};
	json_t *numbers = wl_tool_others_members(&one, 1);
	uint32_t answered = number_of(one.status);
	int result = 0;

	*members = wl_members_only(answered);
	for (size_t i = 0; i < json_array_size(numbers); i++) {
		json_int_t node = json_integer_value(json_array_get(numbers, i));

		if (node >= 1 && node <= WIRELOG_NODES_MAX)
			*members = wl_members_with(*members, (uint32_t)node);
	}
	json_decref(numbers);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX && result == 0; node++)
		if (wl_members_has(*members, node) && node != answered)
			result = put(asking, node);
	return result != 0 ? result : wait_for_answers(asking);
}

static json_t *said_by(const struct asking *asking, uint32_t node)
{
	bool is_first = node == number_of(asking->asked[0].said);

	return asking->asked[node].said || !is_first ? asking->asked[node].said
						     : asking->asked[0].said;
}

/* Whether somebody hears those that were silent all the time is asked behind it: before, one that ended just then was still heard. */
static int ask_behind_silence(struct asking *asking, wl_members members)
{
	uint32_t first = number_of(asking->asked[0].said);
	bool all = true;
	int result;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		all &= !wl_members_has(members, node) || said_by(asking, node);
	if (all || first == 0)
		return 0;
	result = put(asking, first);
	return result != 0 ? result : wait_for_answers(asking);
}

static size_t fill(const struct asking *asking, wl_members members,
		   struct wl_status_row rows[WIRELOG_NODES_MAX], json_t *all)
{
	size_t count = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		json_t *said = said_by(asking, node);

		if (!wl_members_has(members, node))
			continue;
		rows[count++] = (struct wl_status_row){
			.node = node,
			.reason = "TIMED_OUT",
			.status = said,
		};
		if (said)
			json_array_append(all, said);
	}
	return count;
}

static void forget(struct asking *asking)
{
	for (uint32_t at = 0; at <= WIRELOG_NODES_MAX; at++)
		json_decref(asking->asked[at].said);
}

int wl_tool_status_wire_ask(struct wl_tool_cluster *cluster,
			    struct wl_status_row rows[WIRELOG_NODES_MAX], size_t *count,
			    json_t **said)
{
	static struct asking asking;
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	wl_members members = 0;
	int result = wl_tool_cluster_find(cluster);

	if (result != 0)
		return wirelog_status_exit_code(result);
	memset(&asking, 0, sizeof(asking));
	wl_interrupt_catch();
	wl_tool_cluster_set_options(cluster, &options);
	options.append_timeout_ns = ANSWER_NS;
	options.on_event = on_event;
	options.context = &asking;
	result = wirelog_connect(&asking.log, &options);
	if (result != 0)
		return wl_tool_refuse(result, "%s", wirelog_last_reason());
	result = ask_any(&asking);
	if (result == 0)
		result = ask_members(&asking, &members);
	if (result == 0)
		result = ask_behind_silence(&asking, members);
	wirelog_close(asking.log);
	if (result == 0) {
		*said = json_array();
		*count = fill(&asking, members, rows, *said);
	}
	forget(&asking);
	return result;
}
