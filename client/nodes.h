/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is there, who leads, and whom to ask when it is silent. Every node is known by its id, every way to one by its route. HELLO asks
 * whoever is at an endpoint for its boot; KEEPALIVE asks a node that is known. Both are answered with the leadership as that
 * node sees it, and with the members' endpoints.
 *
 * A leader is silent when an answer of it is due (an append, a session, a question) and nothing came. After a while it is asked,
 * then everybody is. A leadership of a higher term replaces what is known; an equal one only fills a gap. Appends that went to
 * a node which no longer leads cost a refusal or a resend, never a wrong answer.
 *
 * That a node knows no leader is a reason to ask, and never an answer: a node that was cut off and stood for election in vain
 * has a higher term than the leader whom a majority follows. Only the leader itself can say that it leads no more. What a
 * node says of its own term ends its leaderships of earlier ones, whoever still tells of them.
 *
 * Whoever appends or reads asks here. That another one leads is not told to them: they compare wl_leadership.starts with what they
 * saw last. The application is told of each leadership.
 *
 * Units: nanoseconds. Owner and thread: the engine's. Errors: none, but of a route that cannot be added. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_NODES_H
#define WL_CLIENT_NODES_H

#include "client/channel.h"
#include "client/environment.h"
#include "dataplane/base/members.h"

/* What was asked over a route, and who answered there. By the index of the route. */
struct wl_hello {
	uint32_t node; /* 0: nobody has answered there yet */
	uint64_t asked_ns; /* the question that is open was put first */
	uint64_t due_ns, pause_ns;
};

struct wl_node {
	uint64_t heard_ns; /* a valid frame */
	uint64_t ask_due_ns, key_due_ns;
	unsigned asked; /* questions since it was heard */
	uint64_t commit_number, first_number;
	uint64_t history; /* of our journal, as it told; 0: none */
	uint64_t term; /* the highest that it told of itself */
	bool leads_not; /* in that term: it follows another */
	uint64_t challenge; /* to be said back: it has not taken us in yet; 0: none */
	uint16_t link_mtu; /* as it told; 0: it has not */
};

struct wl_leadership {
	uint32_t leader; /* 0: not known */
	uint64_t term;
	uint64_t since_ns; /* this is so */
	bool is_sure; /* a node said so with its term; otherwise a refusal hinted at it */
	uint32_t told_leader; /* the last one that the application was told */
	uint64_t told_term;
	/* How often one began: another leader, another term, or the same one was started again. What was sent before is for nothing. */
	uint64_t starts;
	uint64_t learned; /* and how many of them a node told with its term */
};

/* What a worker said that does not have our journal, last. */
struct wl_elsewhere {
	int status; /* JOURNAL_ELSEWHERE, JOURNAL_UNKNOWN; 0: none said so */
	uint32_t node;
	uint64_t since_ns; /* the first one */
	char endpoint[WIRELOG_ENDPOINT_BYTES_MAX]; /* "": not told */
};

struct wl_nodes {
	struct wl_environment *environment;
	struct wl_channel *channel;

	struct wl_hello hellos[WL_ENDPOINTS_MAX];
	struct wl_node nodes[WIRELOG_NODES_MAX + 1]; /* by id */
	struct wl_leadership leadership;
	struct wl_elsewhere elsewhere;
	uint32_t record_bytes_max;

	wl_members members; /* of the cluster, as nodes told; 0: not yet */
	wl_members answered; /* who has ever answered, */
	wl_members served; /* who has taken us in, */
	wl_members turned_away; /* and who had no place for us when it was asked last */
	uint64_t turned_away_ns; /* the first one; 0: none */

	uint64_t heard_ns; /* anybody */
	uint64_t ask_all_ns; /* everybody was asked last */
	uint64_t unanswered_ns; /* first question since somebody was heard; 0: none is open */
	unsigned unanswered; /* and how many */
	bool is_silent; /* nobody has answered for long: wl_nodes_is_silence_news */
};

/* What a refusal says of the leadership. */
enum wl_nodes_hint {
	WL_NODES_HINT_OLD = 0, /* nothing: it is not of the leader that we know */
	WL_NODES_HINT_SOON, /* it leads, but its term's first entry is not committed yet */
	WL_NODES_HINT_OTHER, /* another one may lead; the leadership is that one's, for now */
};

/* Zeroed memory. */
void wl_nodes_init(struct wl_nodes *nodes, struct wl_environment *environment,
		   struct wl_channel *channel);
/* wl_channel_add_route, and the way is greeted. [init] */
int wl_nodes_add_route(struct wl_nodes *nodes, const struct wl_endpoint *endpoint, char *reason,
		       size_t reason_bytes);

/* A frame of it was accepted, of whatever kind. */
void wl_nodes_on_heard(struct wl_nodes *nodes, uint32_t node);
/* It speaks under a new boot id (WL_CHANNEL_MET): it was started again, or for the first time. */
void wl_nodes_on_boot(struct wl_nodes *nodes, const struct wl_channel_message *message);
/* Our journal is not where that way leads (WL_CHANNEL_ELSEWHERE); the reply says where it is, if it is anywhere. */
void wl_nodes_on_elsewhere(struct wl_nodes *nodes, const struct wl_channel_message *message);
/* A HELLO_REPLY or KEEPALIVE_REPLY is taken in by these three, in this order: what the node is, */
void wl_nodes_on_hello_reply(struct wl_nodes *nodes, uint32_t node,
			     const struct wl_wire_hello_reply *reply);
/* whether it takes us in (true: it is the leader, and has no place for us), */
bool wl_nodes_take_place(struct wl_nodes *nodes, uint32_t node,
			 const struct wl_wire_hello_reply *reply);
/* and what it says of the others. */
void wl_nodes_learn_others(struct wl_nodes *nodes, uint32_t node,
			   const struct wl_wire_hello_reply *reply);
/* What a node says about the leadership of a term. leader 0: it knows none. */
void wl_nodes_learn_leader(struct wl_nodes *nodes, uint32_t from, uint32_t leader, uint64_t term);
/* It said that it does not lead; `hint` is whom it thinks to lead, 0: nobody. */
enum wl_nodes_hint wl_nodes_on_not_leader(struct wl_nodes *nodes, uint32_t from, uint32_t hint);
/* It knows of this number as committed. */
void wl_nodes_note_commit(struct wl_nodes *nodes, uint32_t node, uint64_t commit_number);

/* We have another name, and nobody knows us any more: HELLO on every way. */
void wl_nodes_on_identity(struct wl_nodes *nodes);
/* Nothing more is wanted of anybody. */
void wl_nodes_say_goodbye(struct wl_nodes *nodes);
/* Nodes answer, and none of them knows a leader. */
bool wl_nodes_lead_nobody(const struct wl_nodes *nodes);
/* Who can be asked what any may answer: the leader, else one that took us in; 0: nobody is known yet. */
uint32_t wl_nodes_anybody(const struct wl_nodes *nodes);
void wl_nodes_ask(struct wl_nodes *nodes, uint32_t node);
void wl_nodes_ask_all(struct wl_nodes *nodes);
/* Questions that are due. `waits_since_ns`: an answer of the leader is due since then; 0: none is. Returns 1 when something was said. */
unsigned wl_nodes_poll(struct wl_nodes *nodes, uint64_t waits_since_ns);
/* Once a turn: is_silent has changed. */
bool wl_nodes_is_silence_news(struct wl_nodes *nodes);

#endif
