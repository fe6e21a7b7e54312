/* SPDX-License-Identifier: BSD-3-Clause */
/* What node.c and node_start.c share. */
#ifndef WL_TESTS_SIM_SERVER_NODE_INTERNAL_H
#define WL_TESTS_SIM_SERVER_NODE_INTERNAL_H

#include "tests/sim/server/node.h"

void sim_node_wake_worker(void *core);
/* Every worker. */
void sim_node_wake_workers(struct sim_node *node);
void sim_node_wake_agent(struct sim_node *node);
#define SIM_RECOVERY_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)

struct sim_cluster *sim_node_cluster(struct sim_node *node);

/* node_bases.c. A journal's newest base, before its log is recovered: 0, or what the daemon refuses with. */
int sim_bases_load(struct sim_node *node, unsigned journal, uint8_t *window);
/* The same by an operator, offline. */
void sim_bases_run_load(struct sim_drive *drive, struct wl_base_load *load,
			void (*empty)(void *context), void *context);
int sim_bases_refusal(const struct sim_drive *drive, const struct wl_base_load *load);
/* The process begins to make them, or has ended. */
void sim_bases_begin(struct sim_cluster *cluster, struct sim_node *node);
void sim_bases_end(struct sim_node *node);
/* node_archive.c. Begins before the base makers, ends behind them; a maker's log is made anew. */
void sim_archives_begin(struct sim_cluster *cluster, struct sim_node *node);
void sim_archives_end(struct sim_node *node);
void sim_archive_anew(struct sim_node *node, unsigned journal);
/* node_scrub.c */
void sim_scrubs_begin(struct sim_cluster *cluster, struct sim_node *node);
void sim_scrubs_end(struct sim_node *node);

/* node_mend.c. The process has begun; its worker may have asked for something; control looks at it; the process ends. */
void sim_mends_begin(struct sim_cluster *cluster, struct sim_node *node);
void sim_mends_wake(struct sim_node *node);
void sim_mends_look(struct sim_node *node);
void sim_mends_end(struct sim_node *node, bool power);

enum sim_recovered {
	SIM_RECOVERED,
	SIM_RECOVERY_REFUSED,
	SIM_BASES_REFUSED, /* the log begins later, and no base is whole */
	SIM_SESSIONS_REFUSED, /* the newest base holds more sessions than the file allows */
	SIM_FEATURES_REFUSED, /* the newest base has features in force that the build lacks */
	SIM_POWER_WENT,
};

/* node_recover.c: the newest record, when it is this node's: 0, or what the daemon's store refuses with. */
int sim_node_read_superblock(struct sim_cluster *cluster, struct sim_node *node,
			     struct wl_superblock *record);
/* A journal's log from its drive; node->damage says why not. */
enum sim_recovered sim_node_recover(struct sim_node *node, unsigned journal,
				    const struct wl_superblock_journal *remembered, uint8_t *window,
				    uint64_t *known_commit);
/* This start, counted in the record, durable before anything is sent. False: the power went. */
bool sim_node_count_start(struct sim_node *node, struct wl_superblock *record);
/* What the life that ended had. */
void sim_node_give_back_memory(struct sim_node *node);
bool sim_node_reads_are_sound(const struct sim_node *node);
/* The superblock as the agent sees it (wl_agent_ops). */
bool sim_node_submit_record(void *node, struct wl_superblock *record);
int sim_node_reap_record(void *node);
/* The process ends with this status: what it says then must be of use. */
void sim_node_check_end(struct sim_cluster *cluster, struct sim_node *node, int status);
/* What its log says to the operator. */
void sim_node_log(void *node, const struct wl_agent_line *line);

#endif
