/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/others_socket.h"

#include <stdio.h>

#define REQUEST "/wirelog/cluster"

void wl_others_init(struct wl_others *others)
{
	*others = (struct wl_others){.line = {.fd = -1}};
}

void wl_others_fini(struct wl_others *others)
{
	wl_line_hang_up(&others->line, 0);
	json_decref(others->cluster);
	json_decref(others->before);
}

/* A second behind the beginning: one that refuses is not asked more often for it, and one that hung cost enough. */
static void ask_another(struct wl_others *others, int64_t now_ms)
{
	int64_t next_ms = others->began_ms + WL_OTHERS_ASK_MS;

	wl_line_hang_up(&others->line, now_ms);
	others->line.due_ms = next_ms > now_ms ? next_ms : now_ms;
	others->turn++;
	others->round = 0;
}

static void ask(struct wl_others *others, int64_t now_ms)
{
	char request[48];

	if (others->round == 0) {
		others->began_ms = now_ms;
		wl_line_say(&others->line, REQUEST, now_ms);
	} else {
		snprintf(request, sizeof(request), REQUEST ",%lld", (long long)others->round);
		wl_line_say(&others->line, request, now_ms);
	}
	if (others->line.fd < 0)
		ask_another(others, now_ms);
}

void wl_others_tend(struct wl_others *others, const char *run_directory, int64_t now_ms)
{
	struct wl_line *line = &others->line;

	if (line->fd >= 0 && line->waits && now_ms - line->asked_ms >= WL_OTHERS_ANSWER_MS)
		ask_another(others, now_ms);
	if (line->waits || now_ms < line->due_ms)
		return;
	if (run_directory == NULL) {
		wl_line_hang_up(line, now_ms);
		others->round = 0;
		return;
	}
	if (line->fd < 0) {
		others->began_ms = now_ms;
		wl_line_dial(line, run_directory, now_ms);
	}
	if (line->fd < 0)
		ask_another(others, now_ms);
	else
		ask(others, now_ms);
}

bool wl_others_take(struct wl_others *others, int64_t now_ms, const char *text, size_t size)
{
	json_t *answer = size > 0 ? wl_line_unwrap(REQUEST, text, size) : NULL;
	json_int_t round = json_integer_value(json_object_get(answer, "round"));
	int64_t next_ms = others->began_ms + WL_OTHERS_ASK_MS;

	if (round <= 0) {
		json_decref(answer);
		ask_another(others, now_ms);
		return false;
	}
	others->line.waits = false;
	if (!json_is_true(json_object_get(answer, "complete"))) {
		json_decref(answer);
		others->round = round;
		others->line.due_ms = now_ms + WL_OTHERS_LOOK_MS;
		return false;
	}
	json_decref(others->before);
	others->before = others->cluster;
	others->cluster = answer;
	others->heard_ms = now_ms;
	others->round = 0;
	others->line.due_ms = next_ms > now_ms ? next_ms : now_ms;
	return true;
}
