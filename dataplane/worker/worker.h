/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pinned poll-mode worker: its port, its disk, its journals, and one function that does a
 * bounded amount of everything and returns how much it did. The loop around it (clock, idling) is
 * worker_thread.c; the simulator drives the same wl_worker_turn.
 *
 * Order inside a turn, and why: control first, because a fence that waited must hold before anything leaves; then
 * completions, because they free room; then frames; then what follows from both (seal, replicate, commit,
 * answer); then the disk; then one transmit burst for each link.
 *
 * Pure: time comes in, port and disk are tables. Owner: the worker's thread. [worker]
 */
#ifndef WL_DATAPLANE_WORKER_WORKER_H
#define WL_DATAPLANE_WORKER_WORKER_H

#include "dataplane/base/members.h"
#include "dataplane/worker/journal.h"
#include "dataplane/worker/status_lane.h"

struct wl_worker_config {
	uint32_t node;
	uint32_t worker;
	uint64_t cluster;
	uint64_t boot_id; /* of this boot */
	uint64_t incarnation; /* of our data */
	wl_members members; /* whose frames are taken: all nodes of the file */
	uint32_t ipv4;
	uint16_t udp_port;
	uint32_t clients_max; /* a power of two */
	uint64_t client_idle_ns;
	uint64_t election_timeout_ns; /* timing.patience_ms: nothing here is what voters promise */
	uint64_t facts[WL_FACTS]; /* told to peers; the link's MTU is added for each */
	/* where control says that the peers are; a mac that is not known yet comes as NEIGHBOUR, and so does another one */
	struct wl_address peer_address[WIRELOG_NODES_MAX + 1];
	bool peer_address_known[WIRELOG_NODES_MAX + 1];
	uint64_t peer_boot[WIRELOG_NODES_MAX + 1]; /* proven before this start; 0: none */
	uint64_t peer_incarnation[WIRELOG_NODES_MAX + 1]; /* likewise */
	/* of this build; 0: it knows of none, and says nothing of itself (base/features.h) */
	wl_features features;
	char version[WL_CONSUMER_NAME_BYTES];
	wl_features peer_declared[WIRELOG_NODES_MAX + 1]; /* before this start */
	wl_members suspects; /* nodes that is known to have had other data before */
	/* journals that this node's other workers have, and where clients meet those; node 0: there is no such journal */
	struct wl_wire_member elsewhere[WIRELOG_JOURNALS_MAX];
};

#define WL_WORKER_PEER_ALIVE_TIMEOUTS 4u /* election timeouts: claim.h */
#define WL_WORKER_DISK_BACKLOG 64u
#define WL_WORKER_ELSEWHERE 16u /* clients at the wrong worker that are answered in one turn */

#define WL_WORKER_STATUS_CLIENTS \
	8u /* that ask what the node says of itself at a time; who finds no place asks again */

/* What peers and clients ask this node about itself, and what peers are asked (worker_status.c). */
struct wl_worker_status {
	struct wl_status_lane *lane; /* NULL: another worker's, or nobody looks */
	struct wl_status_asker {
		wl_identity identity; /* 0: nobody */
		uint16_t journal; /* that it asks in */
		uint64_t round, boot_id; /* of the question that was put last */
		uint64_t heard_ns;
		enum wl_status_asker_state {
			WL_STATUS_ASKER_WAITS, /* nobody has looked since it asked */
			WL_STATUS_ASKER_LOOKED_FOR,
			WL_STATUS_ASKER_ANSWERED, /* the text is the answer to its question */
		} state;
	} askers[1 + WIRELOG_NODES_MAX +
		 WL_WORKER_STATUS_CLIENTS]; /* nodes by their ids, then clients */
	uint64_t looked_ns;
	uint64_t round, began_ns; /* that the peers are asked in */
	struct wl_status_reading {
		uint64_t version, asked_ns;
		uint32_t have; /* bytes of that text */
	} reading[WIRELOG_NODES_MAX + 1];
};

struct wl_worker {
	struct wl_worker_config config;
	struct wl_port *port;
	struct wl_disk *disk;
	struct wl_plane_rings *plane;
	struct wl_counters counters;
	struct wl_rx rx;
	struct wl_tx tx;
	struct wl_journal *journals;
	uint32_t journal_count;

	struct wl_disk_request
		backlog[WL_WORKER_DISK_BACKLOG]; /* the disk had no room yet; in order */
	uint32_t backlog_count;
	uint32_t requests_in_flight;

	uint64_t now_ns, wall_ns; /* of this turn */
	uint32_t long_echoes; /* likewise (worker_path.c) */
	uint64_t last_turn_ns, tended_ns, published_ns, space_retry_ns, write_retry_ns;
	uint32_t elsewhere_left; /* in this turn */
	uint64_t hello_due_ns[WIRELOG_NODES_MAX + 1];
	/* what control was told of peers (incarnations.h): the boot id of their boot, of a boot known under another boot id */
	uint64_t boot_told[WIRELOG_NODES_MAX + 1], fork_told[WIRELOG_NODES_MAX + 1];
	struct wl_worker_status status;
	uint64_t keys_told,
		clients_counted_ns; /* entry of the keys that control was told of (worker_keys.c) */
	uint64_t rolled_back_told; /* a boot of ours that a peer knows and we do not */
	uint32_t histories_open; /* bit per journal of ours that is of no history yet (worker_history.c) */
	bool besieged; /* in the last turn frames came that were not believed */
	uint32_t checked; /* machine that was looked at in the last turn (worker_check.c) */
	bool stopping, stopped;
	uint64_t stop_since_ns;
};

/* A node that the file names only now (control/config/config_joins.h). */
struct wl_worker_newcomer {
	uint32_t node;
	struct wl_address address;
	bool address_known; /* else a NEIGHBOUR tells it */
	uint8_t priority; /* in who is to lead */
	struct wl_wire_member told[WIRELOG_JOURNALS_MAX]; /* to clients, by journal */
};

size_t wl_worker_memory_bytes(const struct wl_worker_config *config); /* the table of clients */

/* What a worker works with and does not own: it outlives the worker. */
struct wl_worker_lent {
	struct wl_port *port;
	struct wl_disk *disk;
	struct wl_plane_rings *plane;
	const struct wl_auth *auth;
	void *memory; /* wl_worker_memory_bytes */
	struct wl_status_lane *status; /* NULL: it tells and asks nothing of itself */
};

/* `journals` were filled by wl_journal_init and recovery; wl_journal_start follows. */
void wl_worker_init(struct wl_worker *worker, const struct wl_worker_config *config,
		    const struct wl_worker_lent *lent);
/* `known_commit[i]` belongs to journals[i]. */
void wl_worker_start(struct wl_worker *worker, struct wl_journal *journals, uint32_t journal_count,
		     const uint64_t *known_commit);
/* 0: there was nothing to do; frames that are not believed are nothing. `now_ns` never falls. After STOP was served, worker->stopped is set. */
unsigned wl_worker_turn(struct wl_worker *worker, uint64_t now_ns, uint64_t wall_ns);

/* From here on its frames are taken, it is greeted, and clients are told of it. Between two turns; at most once for a node. */
void wl_worker_meet(struct wl_worker *worker, const struct wl_worker_newcomer *newcomer);

/*
 * Stops the node when an invariant of one of its machines is broken, with the machine, its term, tail and commit. A turn looks at the
 * next one, in rotation and in constant time; the simulator at all of them after each turn (worker_check.c).
 */
void wl_worker_check_next(struct wl_worker *worker);
void wl_worker_check(const struct wl_worker *worker);

#endif
