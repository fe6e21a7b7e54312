/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog top`: looks at the nodes of a cluster twice a second, until q. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_cluster.h"
#include "command/tool_interrupt.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/top/top_terminal.h"
#include "watch/feed_socket.h"
#include "wirelog/status.h"

#define LOOK_MS 500

struct options {
	struct wl_tool_cluster cluster;
	bool plain;
};

static const struct argp_option option_table[] = {
	{"no-colour", 'n', NULL, 0, "as the variable NO_COLOR: nothing is told by colour alone", 0},
	{"no-color", 0, NULL, OPTION_ALIAS, NULL, 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case 'n':
		options->plain = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void look(struct wl_top *top, const struct wl_feed *feed, int64_t now_ms)
{
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];
	uint32_t count = wl_feed_answers(feed, now_ms, answers);

	wl_watch_look(&top->live, answers, count, now_ms, wl_feed_wall_ns());
	wl_top_look(top);
}

static void draw(struct wl_top_screen *screen, const struct wl_top *top)
{
	wl_top_terminal_measure(screen);
	screen->wall_ns = wl_feed_wall_ns();
	wl_top_screen_draw(screen, top, wl_feed_now_ms());
	wl_top_terminal_draw(screen);
}

/* The first picture comes when the nodes had time to say something; keys are answered at once. */
static void run(struct wl_top *top, struct wl_top_screen *screen, struct wl_feed *feed)
{
	int64_t look_ms = wl_feed_now_ms() + LOOK_MS / 2;

	while (!top->over && !wl_interrupted) {
		bool changed = false;
		int64_t now_ms;

		wl_feed_wait(feed, STDIN_FILENO, look_ms);
		now_ms = wl_feed_now_ms();
		for (int key; (key = wl_top_terminal_key()) != 0; changed = true)
			wl_top_key(top, key);
		if (now_ms >= look_ms) {
			look(top, feed, now_ms);
			look_ms = now_ms + LOOK_MS;
			changed = true;
		}
		if (changed)
			draw(screen, top);
	}
}

static int show(const struct options *options)
{
	struct wl_feed *feed = wl_feed_open(options->cluster.run_directories,
					    options->cluster.run_directory_count);
	struct wl_top *top = calloc(1, sizeof(*top));
	struct wl_top_screen *screen = calloc(1, sizeof(*screen));
	const char *no_colour = getenv("NO_COLOR");
	bool plain = options->plain || (no_colour != NULL && no_colour[0] != '\0');
	char reason[256];
	int result = EX_OK;

	if (feed == NULL || top == NULL || screen == NULL) {
		result = wl_tool_refuse(WIRELOG_NO_MEMORY, "no memory for the picture");
	} else if (!wl_top_terminal_open(!plain, reason, sizeof(reason))) {
		result = wl_tool_refuse(WIRELOG_INVALID_ARGUMENT, "%s", reason);
	} else {
		wl_interrupt_catch();
		run(top, screen, feed);
		wl_top_terminal_close();
	}
	wl_feed_close(feed);
	free(top);
	free(screen);
	return result;
}

int wl_cmd_top(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "The nodes of a cluster on one screen, looked at twice a second: who leads, who is behind and why; commit latency of "
		       "the last ten seconds by stage; records, drive, network, clients, stalls; events. q ends it, h shows the other keys. "
		       "A node without a run directory on this machine is asked over the wire, by one that has: its role, how far it is, its health."
		       "\v"
		       "It needs a terminal; 80 x 24 is enough. `wirelog status --watch` is for files and pipes, wirelog-web for a browser.",
		.children = wl_tool_ask_children,
	};
	static struct options options;
	int result;

	wl_tool_option_parse(&argp, "wirelog top", argc, argv, &options);
	result = wl_tool_cluster_find_run_directories(&options.cluster);
	return result != 0 ? wirelog_status_exit_code(result) : show(&options);
}
