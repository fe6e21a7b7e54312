/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The protocol between control and a worker: messages by value on two bounded rings, each
 * stamped with the number of the view it belongs to. A message is named after the handler
 * that receives it. Numbers only grow; a worker that holds a newer view ignores older messages and
 * control ignores answers that belong to an older number.
 *
 * Why fence first: control may persist a new term and answer a vote only after the worker said with
 * FENCED where its log ends, and the worker neither appends nor acknowledges until a
 * newer view is installed. So the tail in a vote's comparison cannot move (docs/SAFETY.md, rule 2).
 *
 *   FENCE(e)   --> worker stops leading and following; answers FENCED(e, tail)
 *   LEAD(e)    --> worker appends the term's first entry and replicates; when that entry commits: TERM_COMMITTED(e)
 *   FOLLOW(e)  --> worker takes APPENDs of exactly this term
 *   TRANSFER(e, target) --> leader refuses appends, waits until target has the tail: TRANSFER_READY(e)
 *   RESUME(e)  --> the transfer is off, and nobody was told to take over: a worker that leads this term already leads on under number e, without a second
 *                  term-start entry; otherwise it does nothing but take the view's number
 *   RESUME(e, QUORUM, t) --> after STALLED(QUORUM or CONTROL): the leader speaks again. A majority answered control what it asked at t or later
 *                  (now_ns), and has not left the term; that counts for check-quorum like an echo of what was sent at t
 *
 * What control relies on:
 *  - A worker empties its down ring first in each turn, before it takes frames or completions: a FENCE that waited
 *    while the worker was stuck is obeyed before anything is sent.
 *  - Every message up carries view.number, and FENCED only ever the number of its FENCE. SAW_TERM tells of APPEND and
 *    APPEND_ACK alone; votes are punted, control judges their terms (else stickiness would have no effect).
 *  - STALLED: the worker is silent when it says so, except COMMIT and LEAVES (below) and NO_SPACE: it goes on leading (heartbeats, readers) and only
 *    refuses appends, says so once a second at most, and gets TRANSFER, RESUME or FOLLOW in answer.
 *  - Every list of members comes up before anything is said that it decides; control counts votes by the one that came with FENCED.
 *  - STALLED(LEAVES): as NO_SPACE; control hands leadership over, or leads on until somebody can have it.
 *  - STALLED(COMMIT): the worker goes on leading, and says it once until something moves. A TRANSFER with that reason does not wait
 *    for the target to have the whole log: TRANSFER_READY carries the position that the target has.
 *  - TRANSFER to node 0: the worker picks the voter that is furthest and not full; when there is none it says nothing,
 *    and control ends the matter with RESUME.
 *  - WANTS_TRANSFER: the worker goes on leading; control answers with TRANSFER, or not at all. Nothing waits for it.
 *  - From the first TRANSFER of a term to its end the replica says so (wl_replica_gives_away): whatever promise rests on being the leader
 *    for some time, as a lease, ends with it and is not made again in this term, not even after RESUME.
 *  - After TRANSFER_READY the worker sends nothing in this term, and STALLED(QUORUM) is not said: the successor may have been told.
 *  - A leader whose control_turn_ns is older than WL_PLANE_CONTROL_SILENCE election timeouts falls silent and says
 *    STALLED(CONTROL): nobody would fence it. Control treats a leader's worker_turn_ns in the same way.
 *  - Raw frames (ARP, ICMP) are punted up only while the ring is less than half full, so that a flood costs no vote.
 *
 * The rings are lossless for control: a full ring is counted and the sender keeps the message and tries again (FENCED,
 * TERM_COMMITTED, TRANSFER_READY, STALLED) or lets a later one stand for it (SAW_TERM, LEADER_HEARD).
 */
#ifndef WL_DATAPLANE_RAFT_PLANE_H
#define WL_DATAPLANE_RAFT_PLANE_H

#include "dataplane/base/keys.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/members.h"
#include "dataplane/base/position.h"
#include "dataplane/base/ring.h"
#include "dataplane/wire/wire.h"

struct wl_auth;

#define WL_PLANE_CONTROL_SILENCE 4u /* election timeouts */

enum wl_role {
	WL_ROLE_FENCED = 0,
	WL_ROLE_FOLLOWER = 1,
	WL_ROLE_LEADER = 2,
};

/* What control has told a worker about one journal. */
struct wl_view {
	uint64_t number;
	uint64_t term;
	enum wl_role role;
	uint32_t leader; /* node id, 0 = not known */
};

enum wl_plane_verb {
	/* down: control to worker */
	WL_PLANE_FENCE = 1,
	WL_PLANE_LEAD,
	WL_PLANE_FOLLOW,
	WL_PLANE_TRANSFER, /* target = node */
	WL_PLANE_NEIGHBOUR, /* mac of an IPv4 address, on link */
	WL_PLANE_STOP,
	WL_PLANE_RESUME, /* same term, new number: the transfer is off; reason QUORUM, now_ns: speak again */
	WL_PLANE_HOLD_BACK, /* before the first view: our data do not count, and acknowledgements say so (control/agent/incarnations.h) */
	WL_PLANE_COUNT, /* they count from now on: that is durable */
	WL_PLANE_ASK, /* `wish` of an operator: proposed, or passed on to the leader (replica_propose.c) */
	WL_PLANE_COMPARE, /* what does each node have at tail.index? (worker/chain_peer.h) */
	WL_PLANE_SET, /* all journals of the worker: enum wl_setting `reason` is `ours` from now on */
	WL_PLANE_USE_KEYS, /* of the worker: what `auth` holds and `keys` says (base/keys.h) is in force from now on */
	/* up: worker to control */
	WL_PLANE_FENCED = 32, /* tail */
	WL_PLANE_SAW_TERM, /* term of an authentic frame newer than the view's; node = sender */
	WL_PLANE_LEADER_HEARD, /* node = leader of the view's term, at now_ns; at most once a millisecond */
	WL_PLANE_TERM_COMMITTED, /* the leader's first entry is committed */
	WL_PLANE_TRANSFER_READY, /* node has the log up to tail: all of it, but for STALLED(COMMIT) */
	WL_PLANE_STALLED, /* the worker cannot lead: reason; it already stopped sending */
	WL_PLANE_POISONED, /* a durable write failed */
	WL_PLANE_STOPPED,
	/* What a node's data remember (control/agent/incarnations.h) */
	WL_PLANE_PEER_BOOT, /* node runs under boot_id, on the data `incarnation` (0: not told, nor what follows); it has `history`, and
			      knows other data of ours where reason is not 0 */
	WL_PLANE_ROLLED_BACK, /* node knows boot_id of ours, and we do not: our data are an old image */
	WL_PLANE_DIVERGED, /* what node has at tail.index, or makes of it, is not what we have there: chain, their_chain; reason = kind (divergence.h) */
	WL_PLANE_PEER_APART, /* node says that it takes no part in this journal any more */
	WL_PLANE_PEER_DIFFERS, /* node's fact `reason` (greeting.h) is not ours */
	WL_PLANE_PATH, /* frames of `theirs` bytes pass to node, the link's MTU is `ours` */
	/* Who is not believed (claim.h): from address ipv4, mac */
	WL_PLANE_TWIN, /* another server has the id of node, which is heard at `ours` */
	WL_PLANE_OWN_TWIN, /* node says that another server has our id; reason 1: it hears that one, 2: it hears us */
	WL_PLANE_REFUSED, /* says that it is node (0: not known); reason = verdict; `theirs` frames so far */
	WL_PLANE_LIST, /* the list of members that is in force in the log is another one: `list`, `list_before` */
	WL_PLANE_HISTORY, /* the journal's data are of the history `ours`; reason 1: the LOSS that begins it is committed (worker_history.c) */
	WL_PLANE_PEER_HISTORY, /* node's are of another one, `theirs`: nothing that it says of the journal counts */
	/* What builds have, and what is in force (worker/worker_build.c) */
	WL_PLANE_PEER_BUILD, /* node has declared the features `theirs` */
	WL_PLANE_PEER_LACKS, /* node's build has the features `theirs`, and not all of `ours`, which are in force: it is not heard */
	WL_PLANE_FEATURES, /* `theirs` are in force in the journal by the entry tail.index; our build has `ours` */
	WL_PLANE_CAUGHT_UP, /* our durable log reaches the commit of the view's leader, who has committed in its term; and our data count, or
			    the leader has taken them in */
	WL_PLANE_WANTS_TRANSFER, /* leader: node could lead and is to; reason: enum wl_transfer_reason */
	WL_PLANE_KEYS, /* journal 0 says `keys` now: committed, and applied here */
};

/* Why a worker wants leadership to be handed over. */
enum wl_transfer_reason {
	WL_TRANSFER_ASKED = 1, /* by an operator, at any node */
	WL_TRANSFER_PREFERRED, /* a voter of a higher priority is in step, and has been for a while */
	WL_TRANSFER_DISK, /* our drive does not keep up, and the successor's does */
};

enum wl_stall_reason {
	WL_STALL_DISK = 1, /* oldest write is older than the limit */
	WL_STALL_QUORUM, /* no majority acknowledged for an election timeout (check-quorum) */
	WL_STALL_NO_SPACE,
	WL_STALL_COMMIT, /* a majority answers and nothing commits: not silent; node: who may be able to, 0 nobody; `theirs`: the voters that are missing */
	WL_STALL_CONTROL, /* the control loop shows no sign of life */
	WL_STALL_LEAVES, /* the list that is committed, or what an operator asks for, does not have this node as voter: not silent */
};

/* What a worker may be told anew while it runs. Each is a limit of its own judgement: nothing that is replicated depends on it. */
enum wl_setting {
	WL_SETTING_CLIENT_IDLE_NS, /* wl_rx.client_idle_ns */
	WL_SETTING_READER_IDLE_NS, /* wl_service_config.subscription_idle_ns */
	WL_SETTING_RESEND_NS, /* wl_replica_config.resend_ns */
	WL_SETTING_DISK_STALL_NS, /* wl_replica_config.disk_stall_ns */
	WL_SETTING_BASE_EVERY_BYTES, /* wl_service_config.base_every_bytes */
	WL_SETTINGS,
};

struct wl_plane_message {
	enum wl_plane_verb verb;
	uint16_t journal;
	uint16_t link;
	uint32_t node;
	struct wl_view view; /* LEAD, FOLLOW: the view to install; others: number (and term) count */
	struct wl_position tail;
	/* FENCED, LIST: what is in force at the tail. And who voted by the list before, as long as that list may come back: none, when ours is known
	 * to be committed. */
	struct wl_list list;
	wl_members list_before;
	uint64_t now_ns; /* worker's clock when it spoke; RESUME: control's, when it asked */
	uint32_t reason;
	uint32_t ipv4;
	uint8_t mac[6];
	uint64_t boot_id,
		incarnation; /* PEER_BOOT, ROLLED_BACK; REFUSED: boot_id is the id of the key that it named */
	uint32_t history; /* PEER_BOOT: bit per journal of the worker */
	uint64_t chain, their_chain; /* DIVERGED */
	uint64_t ours, theirs; /* PEER_DIFFERS, TWIN, REFUSED, STALLED(COMMIT), SET */
	struct wl_wire_propose wish; /* ASK */
	struct wl_keys keys; /* USE_KEYS, KEYS */
	const struct wl_auth *auth; /* USE_KEYS: control's, as long as the worker runs */
};

/* Slow-path traffic that shares the NIC: whole Ethernet frames (ARP, ICMP) or messages of peers' controls. */
struct wl_punt {
	uint16_t link;
	uint16_t bytes;
	uint16_t journal;
	uint8_t type; /* enum wl_wire_type; 0 = raw Ethernet frame */
	uint8_t zero;
	uint32_t node; /* sender (up), receiver (down) */
	uint64_t boot_id; /* up: the sender's */
	uint8_t data[WL_PUNT_BYTES_MAX];
};

struct wl_plane_rings {
	struct wl_ring down, up, punt_down, punt_up;
	/* Signs of life, written by one side and read by the other. */
	alignas(64) _Atomic uint64_t worker_turn_ns; /* worker's clock at its last turn */
	alignas(64) _Atomic uint64_t control_turn_ns;
};

size_t wl_plane_rings_memory_bytes(void);
void wl_plane_rings_init(struct wl_plane_rings *plane, void *memory);
const char *wl_plane_verb_name(enum wl_plane_verb verb);
const char *wl_plane_role_name(enum wl_role role);
const char *wl_plane_stall_name(enum wl_stall_reason reason);

#endif
