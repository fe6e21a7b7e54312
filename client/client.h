/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client, all of it, as a machine without a clock, a system call or an allocation: time is an argument of
 * wl_engine_poll, the network a table of functions (transport.h). client/wirelog_memory.c gives it both.
 *
 *	channel.c	frames in and out: sealed, verified, collected into bursts
 *	nodes.c		who is there, who leads, whom to ask when it is silent
 *	identity.c	another client has drawn ours
 *	sender.c	the session and the appends on their way out; answer.c: what came of them
 *	subscriber.c	records in: order, holes, credit, another node when one fails
 *	paths.c		how large frames pass to each node, and back
 *	engine.c	one poll
 *
 * Rules:
 *  C1  nothing of a frame is believed before its tag, its cluster, its destination, our boot_id, the sender's boot id and its
 *	sequence were checked; a new boot id of a node is learned only from a HELLO_REPLY to a question of ours
 *  C2  an append has exactly one answer; a record is delivered once and in order; a hole is an event
 *  C3  callbacks may append, subscribe and unsubscribe; they may not poll, wait or close
 *
 * Owner and thread: the wirelog object's.
 */
#ifndef WL_CLIENT_CLIENT_H
#define WL_CLIENT_CLIENT_H

#include "client/transport/transport.h"
#include "client/window.h"
#include "dataplane/wire/auth.h"
#include "dataplane/wire/path.h"
#include "dataplane/wire/replay.h"
#include "dataplane/wire/wire.h"
#include "wirelog/wirelog.h"

#define WL_MS_NS 1000000ull
#define WL_SECOND_NS 1000000000ull

#define WL_CLIENT_SILENCE_NS \
	(20 * WL_MS_NS) /* an answer is due and none came: ask the node itself */
#define WL_CLIENT_SUSPECT_NS (40 * WL_MS_NS) /* ask the others, too */
#define WL_CLIENT_ASK_NS (10 * WL_MS_NS) /* between two questions of one kind */
#define WL_CLIENT_IDLE_ASK_NS (1 * WL_SECOND_NS) /* while everything is well */
#define WL_CLIENT_LOST_NS (1 * WL_SECOND_NS) /* so long nobody answers: disconnected */
#define WL_CLIENT_FLIGHT_BYTES (256u << 10) /* of appends in flight, to begin with */
#define WL_CLIENT_FLIGHT_BYTES_MIN (16u << 10)

/* A way to a node: an endpoint that was configured or learned. */
struct wl_route {
	struct wl_transport *transport;
	uint16_t link;
	uint32_t node; /* 0: nobody has answered there yet */
	struct wl_endpoint endpoint;
	uint64_t hello_nonce; /* of the last question; 0: answered */
	uint64_t hello_asked_ns; /* when it was put first */
	uint64_t hello_due_ns, hello_pause_ns;
};

struct wl_client_node {
	wl_identity identity; /* 0: has not answered yet */
	uint64_t boot_id;
	int route; /* index; -1: none */
	uint64_t heard_ns; /* a valid frame */
	uint64_t ask_due_ns;
	unsigned asked; /* questions since it was heard */
	uint64_t commit_number, first_number;
	uint64_t term; /* the highest that it told of itself */
	bool leads_not; /* in that term: it follows another */
	struct wl_auth_key key;
	struct wl_replay replay;
	uint64_t challenge; /* to be said back: it has not taken us in yet; 0: none */
	/* paths.c: what passes to it, and what of its frames passes to us. They share their rounds. */
	struct wl_path to, from;
	int path_route; /* of these two */
	uint16_t mtu; /* of its link, as it told; 0: it has not */
	uint64_t path_rtt_ns; /* of a short probe, the last that came back */
	uint64_t doubted_ns;
};

/* What a worker said that does not have our journal, last. */
struct wl_client_elsewhere {
	int status; /* JOURNAL_ELSEWHERE, JOURNAL_UNKNOWN; 0: none said so */
	uint32_t node;
	uint64_t since_ns; /* the first one */
	char endpoint[WIRELOG_ENDPOINT_BYTES_MAX]; /* "": not told */
};

/* Frames that leave together, all over one route. */
struct wl_batch {
	unsigned count;
	int route;
	struct wl_datagram datagrams[WL_TRANSPORT_BURST];
	struct wl_window_cursor starts[WL_TRANSPORT_BURST]; /* sequence 0: holds no append */
};

enum wl_sender_state {
	WL_SENDER_NO_SESSION = 0, /* the next append opens one */
	WL_SENDER_OPENING,
	WL_SENDER_OPEN,
};

struct wl_sender {
	struct wl_window window;
	enum wl_sender_state state;
	uint64_t session;
	uint64_t nonce;
	uint64_t open_due_ns, open_pause_ns;

	uint64_t resume_ns; /* nothing is sent before: a node asked for a pause */
	uint64_t pause_ns; /* the last one; 0 after progress */
	uint64_t leader_frame; /* the last one sealed before this leadership was known */
	uint64_t progress_ns; /* something was settled last, or the first frame left into an empty flight */
	uint64_t sent_end; /* nothing from there on was ever sent */
	uint64_t flight_bytes_max;
	uint64_t cut_ns; /* the flight was last halved */
	uint32_t frame_bytes; /* payload of a frame to the leader, as last seen */
	uint64_t timeout_ns; /* until all that is not settled is sent again; doubles */
	uint64_t rewound_ns, rewound_sequence;
	uint64_t rewind_due_ns; /* asked for the same again: not before; 0: it was not */
	/* Smoothed times from frame to answer, by the level that was asked for; 0: not measured. A weaker level is answered
	 * sooner, and one voter that is away holds up EVERYWHERE alone. */
	uint64_t level_rtt_ns[WIRELOG_EVERYWHERE + 1];
	uint64_t rtt_ns; /* the shortest of them: what a refusal takes, at most */
	uint64_t rtt_sequence, rtt_sent_ns; /* the one that is being measured; 0: none */
	uint8_t rtt_level;
	uint64_t full_sequence; /* for this one the cluster had no space; nothing behind it is taken either. 0: none */
	bool congested; /* in this poll: the transport took not all */
	bool is_failing; /* a session is being given up: no appends meanwhile */
};

enum wl_subscriber_state {
	WL_SUBSCRIBER_OFF = 0,
	WL_SUBSCRIBER_ASKING, /* SUBSCRIBE is sent again until something comes */
	WL_SUBSCRIBER_READING,
};

struct wl_subscriber {
	enum wl_subscriber_state state;
	uint64_t id; /* new for each node that is asked */
	uint32_t node; /* that serves; 0: none chosen */
	uint64_t node_boot; /* of its boot when we subscribed */
	uint32_t from; /* while the first number is not known */
	uint64_t value;
	uint64_t next_number; /* 0: not known yet */
	uint64_t subscribed_ns; /* at this node */
	uint64_t subscribe_due_ns, subscribe_pause_ns;
	uint64_t heard_ns;
	uint64_t moved_ns; /* the node's commit number last moved */
	uint64_t commit_number; /* of the node */
	unsigned asked; /* messages to it since it was heard */
	uint64_t alive_ns; /* any node served us */
	unsigned tries; /* nodes that were asked since */
	uint32_t last_node; /* that was chosen */
	uint32_t refused; /* bit per node that cannot serve next_number */
	uint32_t lost; /* those of them that said that it is lost there */
	int refusal; /* what another of them said last, that it is full of readers; 0: none */
	uint64_t refused_next; /* the nearest number behind what is damaged; 0: not known */

	uint64_t credit_ns; /* the last one sent */
	uint64_t credited_number; /* and its number */
	uint64_t consumed_bytes; /* since then */
	uint64_t resend_ns, resend_number; /* the last request */

	uint8_t *assembly; /* of a record that comes in fragments; WIRELOG_RECORD_BYTES_MAX */
	uint32_t have; /* bytes of next_number in it */
};

struct wl_client_counters {
	uint64_t frames_sent, frames_received, frames_refused;
	uint64_t forged, other_cluster,
		other_version; /* of those refused: for the reason of a failed connect */
	uint64_t resends; /* of the whole window */
	uint64_t identities; /* drawn again: another client had ours */
};

struct wl_client {
	struct wirelog_options options; /* every member set; texts are not used after connect */
	struct wl_auth auth;
	struct wl_auth_key key; /* ours */
	struct wl_auth_key scratch_key;
	uint64_t cluster;
	wl_identity identity;
	uint64_t boot_id;
	uint64_t sequence; /* of the last frame sealed */
	uint64_t nonce; /* the last given out: never twice */

	uint64_t now_ns; /* of this poll */
	uint64_t tend_ns;
	bool is_polling, is_closed;

	struct wl_transport
		*transports[WL_ENDPOINT_DPDK + 1]; /* by kind of endpoint; NULL: not opened */
	struct wl_route routes[WL_ENDPOINTS_MAX];
	unsigned route_count;
	struct wl_client_node nodes[WIRELOG_NODES_MAX + 1]; /* by id */
	uint32_t members; /* bit per node of the cluster, as nodes told; 0: not yet */
	uint32_t answered; /* bit per node that has ever answered, */
	uint32_t served; /* that has taken us in, */
	uint32_t turned_away; /* and that had no place for us when it was asked last */
	uint64_t turned_away_ns; /* the first one; 0: none */
	struct wl_client_elsewhere elsewhere;

	uint32_t leader; /* 0: not known */
	uint64_t term;
	uint64_t leader_ns; /* since when this is so */
	bool leader_is_sure; /* a node said so with its term; otherwise a refusal hinted at it */
	uint32_t told_leader; /* the last leadership that the application was told */
	uint64_t told_term;
	uint32_t record_bytes_max;
	uint64_t heard_ns; /* anybody */
	uint64_t ask_all_ns; /* everybody was asked last */
	uint64_t unanswered_ns; /* first question since somebody was heard; 0: none is open */
	unsigned unanswered; /* and how many */
	bool is_connected; /* as the application was told last */
	bool is_disconnected;

	struct wl_batch batch;
	struct wl_datagram open; /* frame being written */
	struct wl_frame_header open_header;
	int open_route; /* -1: none is open */

	struct wl_sender sender;
	struct wl_subscriber subscriber;
	struct wl_client_counters counters;
};

/* A frame that passed every check of C1. */
struct wl_client_message {
	uint8_t type;
	uint32_t node;
	const uint8_t *payload;
	size_t bytes;
};

/* ---- channel.c ---- */
/* Where to write the payload, and *room for it; NULL: the node is not known, or there is no buffer. */
uint8_t *wl_channel_open(struct wl_client *client, uint32_t node, uint8_t type, size_t *room);
/* The same to whoever is at the other end of a route: HELLO. */
uint8_t *wl_channel_open_route(struct wl_client *client, unsigned route, uint8_t type,
			       size_t *room);
void wl_channel_close(struct wl_client *client, size_t payload_bytes);
/* The same without regard to the path: a probe. */
uint8_t *wl_channel_open_probe(struct wl_client *client, uint32_t node, size_t *room);
/* A frame of appends that begins at `start`: they are sent again where the transport does not take it. */
void wl_channel_close_appends(struct wl_client *client, size_t payload_bytes,
			      struct wl_window_cursor start);
void wl_channel_abandon(struct wl_client *client);
void wl_channel_flush(struct wl_client *client);
/* True when the datagram is a message for us. HELLO_REPLYs that teach a boot id are taken in here. */
bool wl_channel_accept(struct wl_client *client, const struct wl_datagram *datagram,
		       struct wl_client_message *message);

/* ---- nodes.c ---- */
/* A new way; 0 or a negative status with a sentence. One that is there already is not added again. [init] */
int wl_nodes_add_route(struct wl_client *client, const struct wl_endpoint *endpoint, char *reason,
		       size_t reason_bytes);
/* An authentic HELLO_REPLY: the route whose question it answers, or -1. */
int wl_nodes_route_by_nonce(const struct wl_client *client, uint64_t nonce);
/* `node` speaks under a new boot_id: it was started again (or for the first time). */
void wl_nodes_take_boot(struct wl_client *client, uint32_t node, int route);
void wl_nodes_on_hello_reply(struct wl_client *client, const struct wl_client_message *message);
/* Our journal is not where that way leads; the reply says where it is, if it is anywhere. */
void wl_nodes_on_elsewhere(struct wl_client *client, uint32_t node, int route,
			   const struct wl_wire_hello_reply *reply);
/* What a node says about the leadership of a term. leader 0: it knows none. */
void wl_nodes_learn_leader(struct wl_client *client, uint32_t from, uint32_t leader, uint64_t term);
/* It said that it does not lead; `hint` is whom it thinks to lead, 0: nobody. */
void wl_nodes_on_not_leader(struct wl_client *client, uint32_t from, uint32_t hint);
/* HELLO on every way: nobody knows us any more. */
void wl_nodes_greet_all(struct wl_client *client);
/* Nothing more is wanted of anybody. */
void wl_nodes_say_goodbye(struct wl_client *client);
bool wl_nodes_is_greeted(const struct wl_client *client, uint32_t node);
/* Nodes answer, and none of them knows a leader. */
bool wl_nodes_lead_nobody(const struct wl_client *client);
/* Questions that are due. */
unsigned wl_nodes_poll(struct wl_client *client);
void wl_nodes_ask(struct wl_client *client, uint32_t node);
void wl_nodes_ask_all(struct wl_client *client);

/* ---- identity.c ---- */
/* True when it says that somebody else has our identity there: we are another one now, and ask to be taken in. */
bool wl_identity_draw_again(struct wl_client *client, uint32_t node,
			    const struct wl_wire_hello_reply *reply);

/* ---- sender.c ---- */
void wl_sender_init(struct wl_client *client, struct wl_window_slot *slots, uint8_t *bytes);
/* Sends what may be sent. Returns frames. */
unsigned wl_sender_pump(struct wl_client *client);
/* Deadlines and timeouts. Returns answers given. */
unsigned wl_sender_poll(struct wl_client *client);
/* Time since which an answer of the leader is due; 0: none is. */
uint64_t wl_sender_waits_since(const struct wl_client *client);
/* Another leadership, or the leader was restarted: what was sent is sent again. */
void wl_sender_on_leader(struct wl_client *client);
/* Without an answer for so long, everything is sent again. */
uint64_t wl_sender_timeout_of(const struct wl_sender *sender);
void wl_sender_pause(struct wl_client *client, uint64_t min_ns, uint64_t max_ns);

/* ---- answer.c ---- */
void wl_answer_on_open_session_reply(struct wl_client *client,
				     const struct wl_client_message *message);
void wl_answer_on_append_reply(struct wl_client *client, const struct wl_client_message *message);
/* What is outstanding gets UNKNOWN_OUTCOME, the next append opens another. */
void wl_answer_lose_session(struct wl_client *client);
/* Whatever waits and never left is refused for sure. */
void wl_answer_refuse_unsent(struct wl_client *client, int status);
/* The application gets its answer without the cluster's. */
void wl_answer_withdraw(struct wl_client *client, uint64_t sequence, int status);

/* ---- subscriber.c ---- */
int wl_subscriber_start(struct wl_client *client, enum wirelog_from from, uint64_t value);
void wl_subscriber_stop(struct wl_client *client);
void wl_subscriber_on_deliver(struct wl_client *client, const struct wl_client_message *message);
void wl_subscriber_on_gap(struct wl_client *client, const struct wl_client_message *message);
unsigned wl_subscriber_poll(struct wl_client *client);

/* ---- paths.c ---- */
/* Probes of the paths that are in use. */
void wl_paths_poll(struct wl_client *client);
void wl_paths_on_echo(struct wl_client *client, const struct wl_client_message *message);
/* Frames to this node, or of it, are lost again and again: small ones, until larger ones are seen to pass. */
void wl_paths_doubt(struct wl_client *client, uint32_t node);

/* ---- engine.c ---- */
/* After options, auth, cluster, identity, boot id and transports are set, and the memory is zero otherwise. */
void wl_engine_init(struct wl_client *client, struct wl_window_slot *slots, uint8_t *bytes,
		    uint8_t *assembly);
int wl_engine_poll(struct wl_client *client, uint64_t now_ns);
int64_t wl_engine_append(struct wl_client *client, const void *bytes, size_t size,
			 const struct wirelog_append_options *options);
void wl_engine_tell(struct wl_client *client, const struct wirelog_event *event);

static inline uint64_t wl_client_nonce(struct wl_client *client)
{
	return ++client->nonce ? client->nonce : ++client->nonce;
}

#endif
