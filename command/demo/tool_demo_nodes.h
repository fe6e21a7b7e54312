/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's processes: started, asked, killed, stopped. A node is known by its process id together with the
 * configuration that stands on its command line, so a number that the kernel gave to somebody else is not taken for it.
 *
 * `tied` nodes are children that die with this process, whatever ends it; the others outlive it. Either kind has a
 * session of its own, so that Control-C on the terminal is this command's to handle.
 *
 * The caller owns the struct. Nodes are numbered from 1. Thread: the main one (a tied node dies with the thread
 * that started it).
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_NODES_H
#define WL_COMMAND_DEMO_TOOL_DEMO_NODES_H

#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/demo/tool_demo_directory_file.h"
#include "command/tool_where_file.h"

#define WL_DEMO_SENTENCE_BYTES 320u

struct wl_demo_nodes {
	struct wl_where where;
	bool tied;
	char daemon[PATH_MAX];
	const volatile sig_atomic_t *interrupted; /* ends every wait */
};

/* What a node says of itself and of journal 0. */
struct wl_demo_facts {
	bool started; /* and not killed or stopped since */
	bool answers;
	bool leads; /* and takes appends */
	uint32_t leader; /* 0: not known */
	uint64_t term, tail, commit, commit_number;
	uint64_t chain_index;
	char chain[24];
	uint64_t trim_number; /* first record that is promised to be kept */
	uint64_t first_segment; /* that is there: those below were given up */
	uint64_t opened_from; /* entry of the base that its start went on from; 0: the log's beginning */
	uint64_t recovered_bytes, recovery_ns; /* what the start read */
	uint64_t log_bytes; /* of the stream, from its very beginning */
};

/* How the nodes were set up; each is the node's own sentence, "" where it says nothing. */
struct wl_demo_choices {
	char memory[WL_DEMO_SENTENCE_BYTES], idle[WL_DEMO_SENTENCE_BYTES],
		port[WL_DEMO_SENTENCE_BYTES], disk[WL_DEMO_SENTENCE_BYTES],
		self_test[WL_DEMO_SENTENCE_BYTES];
};

void wl_demo_nodes_init(struct wl_demo_nodes *nodes, const volatile sig_atomic_t *interrupted);

bool wl_demo_node_is_alive(const struct wl_demo_nodes *nodes, unsigned node);
unsigned wl_demo_nodes_alive(const struct wl_demo_nodes *nodes);

/* Starts the process; that it serves is for wait_leader or wait_caught_up to see. 0 or a negative errno. */
int wl_demo_node_start(struct wl_demo_nodes *nodes, unsigned node);
/* SIGKILL; returns when it is gone. */
void wl_demo_node_kill(struct wl_demo_nodes *nodes, unsigned node);
/* SIGTERM to one that is not needed any more; as below. */
unsigned wl_demo_node_stop(struct wl_demo_nodes *nodes, unsigned node);
/* SIGTERM to all, SIGKILL to those that are still there after 10 s: returns how many those were. */
unsigned wl_demo_nodes_stop(struct wl_demo_nodes *nodes);

/* Fills all; the node that leads in the highest term, or 0. */
unsigned wl_demo_nodes_ask(const struct wl_demo_nodes *nodes,
			   struct wl_demo_facts facts[WL_DEMO_NODES_MAX]);
/* What its admin.sock is asked to change; json_decref(*answer) in any case. 0, or the code with a sentence. */
int wl_demo_node_change(const struct wl_demo_nodes *nodes, unsigned node, const char *request,
			json_t **answer, char *reason);
/* Its status, and journal 0 inside it (NULL: it has none); json_decref(*status) where 0 is returned. */
int wl_demo_node_journal(const struct wl_demo_nodes *nodes, unsigned node, json_t **status,
			 json_t **journal);
bool wl_demo_node_choices(const struct wl_demo_nodes *nodes, unsigned node,
			  struct wl_demo_choices *choices);

/* 0 while every node that was started lives; else the code with which one ended, with a sentence. */
int wl_demo_nodes_check(const struct wl_demo_nodes *nodes, char *reason);

/*
 * One turn of a wait of one's own: 0, rested a little, go on; TIMED_OUT behind until_ns (of the kernel's clock), with `what` did not
 * happen; CLOSED when interrupted; or the code with which a node ended.
 */
int wl_demo_nodes_look_after(const struct wl_demo_nodes *nodes, uint64_t until_ns, const char *what,
			     char *reason);

/*
 * Until a node leads and all that live follow it. 0 and *leader; TIMED_OUT; CLOSED when interrupted; or the code with
 * which a node ended, with a sentence.
 */
int wl_demo_nodes_wait_leader(struct wl_demo_nodes *nodes, uint64_t timeout_ns, unsigned *leader,
			      char *reason);
/* Until every node that was started has committed record `number` and all name one chain value behind one entry. As above. */
int wl_demo_nodes_wait_caught_up(struct wl_demo_nodes *nodes, uint64_t number, uint64_t timeout_ns,
				 struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);

/* Until every node knows that records below `number` are trimmed, and has given up a segment. As above. */
int wl_demo_nodes_wait_trimmed(struct wl_demo_nodes *nodes, uint64_t number, uint64_t timeout_ns,
			       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason);

#endif
