/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking the leader of a journal for something that is committed: through admin.sock of the nodes on this machine, any of which
 * passes it on. The asker waits until a node's status shows it. A failure is told on standard error and returned (wirelog/status.h).
 */
#ifndef WL_COMMAND_TOOL_ASK_H
#define WL_COMMAND_TOOL_ASK_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/tool_cluster.h"

#define WL_TOOL_ASK_SECONDS_DEFAULT 10u
#define WL_TOOL_ASK_SECONDS_MAX 3600u

struct wl_tool_ask {
	struct wl_tool_cluster cluster;
	uint32_t journal;
	uint32_t seconds; /* for a majority to commit it */
	const char *directory; /* of the node that is asked: wl_tool_ask_choose */
};

/* Options that every command has which asks: rows of its table, and behind its own keys the parser of both. */
enum { WL_TOOL_ASK_KEY_JOURNAL = 0x200, WL_TOOL_ASK_KEY_SECONDS };
#define WL_TOOL_ASK_OPTION_JOURNAL                                                         \
	{                                                                                  \
		"journal", WL_TOOL_ASK_KEY_JOURNAL, "N", 0, "which journal (default 0)", 0 \
	}
#define WL_TOOL_ASK_OPTION_SECONDS                                                    \
	{                                                                             \
		"timeout", WL_TOOL_ASK_KEY_SECONDS, "S", 0,                           \
			"so many seconds for a majority to commit it (default 10)", 0 \
	}
/* The command's argp children: whom to ask. */
extern const struct argp_child wl_tool_ask_children[];
/* Fills `ask`: what was not given, and its child's input, with ARGP_KEY_INIT. ARGP_ERR_UNKNOWN: not one of these. */
error_t wl_tool_ask_parse_option(int key, const char *argument, struct argp_state *state,
				 struct wl_tool_ask *ask);

/* One journal of one node, as it stands in its status; json_decref(status). */
struct wl_tool_view {
	json_t *status, *journal; /* journal: inside status; NULL: the node does not have it */
};

/* 0, or what wl_stats_socket_ask says; *view is there in any case. */
int wl_tool_ask_look(const char *directory, uint32_t journal, struct wl_tool_view *view);
/* A number that stands there, 0 if none does. */
uint64_t wl_tool_ask_number(const json_t *object, const char *name);
/* Finds the run directories, and among them whom to ask: the leader, or who knows one. */
int wl_tool_ask_choose(struct wl_tool_ask *ask);
/* The same, and how many journals that node has. */
int wl_tool_ask_count_journals(struct wl_tool_ask *ask, uint32_t *count);
/* Sends `request` once a second until `is_done` says so of what the node's status shows. */
int wl_tool_ask_wait(const struct wl_tool_ask *ask, const char *request,
		     bool (*is_done)(const struct wl_tool_view *view, const void *wanted),
		     const void *wanted);
/* The same of what it shows now. */
bool wl_tool_ask_is_done(const struct wl_tool_ask *ask,
			 bool (*is_done)(const struct wl_tool_view *view, const void *wanted),
			 const void *wanted);

#endif
