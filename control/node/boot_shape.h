/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a checked configuration to what each part of a node is told: journals, workers, control, EAL, idling. The daemon's
 * boot and the simulator's nodes are shaped by the same functions, so that what one of them runs with is what the
 * other runs with.
 *
 * Pure. Owner: the caller of all structs; a shape of EAL points into the configuration. [init]
 */
#ifndef WL_CONTROL_NODE_BOOT_SHAPE_H
#define WL_CONTROL_NODE_BOOT_SHAPE_H

#include "control/agent/agent.h"
#include "control/config/config.h"
#include "dataplane/worker/worker.h"

#define WL_BOOT_EAL_BASE_MB 16u /* that EAL needs beside the ports' buffers */
#define WL_BOOT_EXTEND_US \
	30000000u /* a start that moves has so much longer; it says so every second */
#define WL_BOOT_STOP_NS \
	1200000000u /* for the agent; with the joins less than the promised 2 s of SIGTERM */

/* What the data say about this boot. */
struct wl_boot_self {
	uint64_t boot_id;
	const struct wl_superblock
		*superblock; /* with what this build declared: wl_boot_shape_declare */
};

/* What this process may use of the machine, ascending. */
struct wl_boot_cores {
	const uint16_t *core;
	uint16_t count;
};

/* `data`: the superblock of the data that it is for. */
void wl_boot_shape_journal(const struct wl_config *config, const struct wl_superblock *data,
			   uint32_t id, struct wl_journal_config *journal);
/* Of the journal's base maker; `journal` is what wl_boot_shape_journal said. Without the lowest segment on the medium. */
void wl_boot_shape_bases(const struct wl_config *config, const struct wl_journal_config *journal,
			 struct wl_base_maker_config *maker);
/* Whose bases they are. */
void wl_boot_shape_base_identity(const struct wl_config *config, uint32_t id,
				 struct wl_base_identity *identity);
/* Before the first frame of a start is sent, and durable by then: what its build has (docs/SAFETY.md, rule 34). */
void wl_boot_shape_declare(struct wl_superblock *superblock, wl_features features);
void wl_boot_shape_worker(const struct wl_config *config, uint32_t number,
			  const struct wl_boot_self *self, struct wl_worker_config *worker);
/* What the worker is told of a node that joins while it runs; the address's link is the configuration's place. */
void wl_boot_shape_newcomer(const struct wl_config *config, uint32_t number, uint32_t node,
			    struct wl_worker_newcomer *newcomer);
/* Without the two random numbers: seed, spare_incarnation. */
void wl_boot_shape_agent(const struct wl_config *config, struct wl_agent_config *agent);
/* What may change while workers run (plane.h). */
void wl_boot_shape_settings(const struct wl_config *config, uint64_t settings[WL_SETTINGS]);
/* Tells the agent of worker 0's Ethernet links (`port` is that worker's), and of the peers behind the first of them. */
void wl_boot_shape_neighbours(const struct wl_config *config, const struct wl_port *port,
			      struct wl_agent *agent);
/* The same for one peer that joined while the node runs. */
void wl_boot_shape_neighbour(const struct wl_config *config, const struct wl_port *port,
			     uint32_t node, struct wl_agent *agent);
/* `memory_mb`: what was found to be needed; what is configured stands before it. */
void wl_boot_shape_eal(const struct wl_config *config, uint32_t memory_mb,
		       struct wl_eal_settings *settings);
/* Without what the self-test of the disk finds. */
void wl_boot_shape_idle(const struct wl_config *config, uint32_t number,
			const struct wl_boot_cores *allowed, struct wl_idle_facts *facts);
/* 0, or EAL_CORES with a sentence: a worker's core that the process may not use is refused by name, and not by EAL. */
int wl_boot_shape_check_cores(const struct wl_config *config, const struct wl_boot_cores *allowed,
			      char *reason, size_t reason_bytes);

#endif
