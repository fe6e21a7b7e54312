/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_question.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command/tool_interrupt.h"
#include "command/tool_parse.h"
#include "command/tool_path.h"
#include "command/tool_refuse.h"

struct waiting {
	struct wirelog_event answer;
	bool answered;
};

void wl_tool_question_parse_timeout(struct wl_tool_question *question, const char *text,
				    const struct argp_state *state)
{
	if (!wl_tool_parse_duration(text, &question->timeout_ns) || question->timeout_ns == 0)
		argp_error(state, "--timeout: '%s' is not a duration (500ms, 10s)", text);
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct waiting *waiting = context;
	char text[512];

	if (event->kind == WIRELOG_EVENT_PATH_MTU && event->status != WIRELOG_OK) {
		wl_tool_path_describe(event, text, sizeof(text));
		fprintf(stderr, "wirelog: %s\n", text);
	}
	if (event->kind != WIRELOG_EVENT_END && event->kind != WIRELOG_EVENT_OUTCOME)
		return;
	waiting->answer = *event;
	waiting->answered = true;
}

/* The library answers each question in its time. */
static int wait_for_answer(struct wirelog *log, const struct wl_tool_question *question,
			   struct waiting *waiting)
{
	int64_t put = question->session != 0
			      ? wirelog_ask_outcome(log, question->session, question->sequence,
						    question->fence)
			      : wirelog_ask_end(log);

	if (put < 0)
		return wl_tool_refuse((int)put, NULL);
	while (!waiting->answered && !wl_interrupted) {
		int did = wirelog_wait(log, 10000);

		if (did < 0)
			return wl_tool_refuse(did, NULL);
	}
	if (!waiting->answered)
		return WL_INTERRUPT_EXIT;
	if (waiting->answer.status == WIRELOG_INVALID_ARGUMENT)
		return wl_tool_refuse(
			WIRELOG_INVALID_ARGUMENT,
			"the session is more than a million sequences behind that one");
	return waiting->answer.status == WIRELOG_OK ? 0
						    : wl_tool_refuse(waiting->answer.status, NULL);
}

int wl_tool_question_put(struct wl_tool_question *question, struct wirelog_event *answer)
{
	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
	struct waiting waiting = {0};
	struct wirelog *log;
	int status = wl_tool_cluster_find(&question->cluster), result;

	if (status != 0)
		return wirelog_status_exit_code(status);
	wl_interrupt_catch();
	wl_tool_cluster_set_options(&question->cluster, &options);
	options.node = question->node;
	options.connect_timeout_ns = question->timeout_ns; /* 0: the library's */
	options.append_timeout_ns = question->timeout_ns ? question->timeout_ns
							 : WL_TOOL_QUESTION_TIMEOUT_NS;
	options.on_event = on_event;
	options.context = &waiting;
	status = wirelog_connect(&log, &options);
	if (status != 0)
		return wl_tool_refuse(status, "%s", wirelog_last_reason());
	result = wait_for_answer(log, question, &waiting);
	wirelog_close(log);
	*answer = waiting.answer;
	return result;
}
