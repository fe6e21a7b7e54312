/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole worker, node 1 of three, on a stage: a port that hands over what the fuzzer sends and judges
 * what the node says, a drive in memory that completes when the fuzzer wants, and the fuzzer in the
 * place of control. The frames are authentic (insecure mode, which is the same to everything behind rx).
 *
 * Promises, checked after every turn: wl_replica_check, wl_log_check; whatever leaves decodes; a fenced
 * node says nothing about its log.
 */
#ifndef WL_TESTS_FUZZ_WORKER_STAGE_H
#define WL_TESTS_FUZZ_WORKER_STAGE_H

#include "dataplane/worker/worker.h"
#include "tests/fuzz/input.h"

#define STAGE_CLUSTER 0x0123456789abcdefu
#define STAGE_BOOT ((uint64_t)9 << 32 | 5)
#define STAGE_PEER_BOOT ((uint64_t)4 << 32 | 6)
#define STAGE_CLIENTS 4u
#define STAGE_PAYLOAD_MAX 1400u
#define STAGE_CLIENT(which) (WL_IDENTITY_CLIENT | (1u + (which) % STAGE_CLIENTS))
#define STAGE_NODE(which) wl_identity_of_node(2 + (which) % 2, 0)

struct stage {
	struct wl_worker *worker;
	struct wl_journal *journal;
	struct wl_plane_rings *plane;
	uint64_t now_ns, wall_ns;
	uint64_t boot_id; /* of the newest view */
	uint64_t term; /* highest that control has used */
	uint64_t session; /* the last one that the node told a client; 0: none */
	bool buffers_end, link_full, drive_full; /* faults that last until they are taken back */
};

/* A fresh node on an empty drive, fenced; the peers are greeted. One stage at a time. */
struct stage *stage_begin(void);
void stage_end(struct stage *stage);
/* One authentic frame, received in the next turn. */
void stage_send(struct stage *stage, wl_identity sender, uint8_t type, const uint8_t *payload,
		size_t bytes);
/* What control says. */
void stage_tell(struct stage *stage, const struct wl_plane_message *message);
/* Performs one request of those that wait; false when there is none. */
bool stage_complete(struct stage *stage, unsigned which, enum wl_disk_status status);
void stage_turn(struct stage *stage, uint64_t passed_ns);
/* Turns until the drive has nothing to do. */
void stage_settle(struct stage *stage);

#endif
