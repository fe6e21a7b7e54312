/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does what a plan says, when it says so, to a cluster; and heals: some nodes (the core, the others stay
 * frozen in their faults), or everything.
 */
#ifndef WL_TESTS_SIM_PLAN_FAULTS_H
#define WL_TESTS_SIM_PLAN_FAULTS_H

#include "tests/sim/plan/faults_network.h"
#include "tests/sim/server/node.h"
#include "tests/sim/actors/comparer.h"
#include "tests/sim/actors/operator.h"
#include "tests/sim/plan/plan.h"

struct sim_faults {
	struct sim_cluster *cluster;
	const struct sim_plan *plan;
	struct sim_rule noise; /* of every link that is not healed */
	bool cut[WIRELOG_NODES_MAX + 1][WIRELOG_NODES_MAX + 1];
	uint16_t mtu[WIRELOG_NODES_MAX + 1][WIRELOG_NODES_MAX + 1];
	uint16_t mtu_to[WIRELOG_NODES_MAX + 1], mtu_from[WIRELOG_NODES_MAX + 1]; /* of clients */
	uint64_t slow_ns[WIRELOG_NODES_MAX + 1][WIRELOG_NODES_MAX + 1];
	uint32_t healed; /* mask of nodes: nothing happens to them any more */
	struct {
		unsigned a, b;
		uint64_t period_ns; /* 0: it does not */
		uint64_t generation; /* flips of an older one are stale */
	} flap;
	struct sim_others others;
	bool cut_teller, end_elected, end_by_power;
	uint64_t happened;
	struct sim_operator operator_;
	struct sim_comparer comparer;
	/* Told of each SIM_EXPECT_*. */
	void (*on_expect)(void *context, const struct sim_action *action);
	void *context;
};

/* faults_drive.c: the verbs from SIM_DAMAGE to SIM_LIMIT. */
void sim_faults_drive(struct sim_faults *faults, const struct sim_action *action,
		      struct sim_node *node);
/* faults_bases.c. False: not one of those. */
bool sim_faults_act_on_bases(struct sim_faults *faults, const struct sim_action *action,
			     struct sim_node *node);
/* faults_keys.c. The same; and of clients. */
bool sim_faults_act_on_keys(struct sim_faults *faults, const struct sim_action *action,
			    struct sim_node *node);
void sim_faults_give_clients_keys(struct sim_cluster *cluster, const struct sim_action *action);
/* faults_limits.c. The same. */
bool sim_faults_act_on_features(struct sim_faults *faults, const struct sim_action *action,
				struct sim_node *node);
bool sim_faults_act_on_limits(struct sim_faults *faults, const struct sim_action *action,
			      struct sim_node *node);
/* faults_rescue.c. The same. */
bool sim_faults_rescue(const struct sim_action *action, struct sim_node *node);
/* faults_members.c. The same. */
bool sim_faults_act_on_members(struct sim_faults *faults, const struct sim_action *action,
			       struct sim_node *node);
/* faults_mend.c. False: not one of those. */
bool sim_faults_mend(struct sim_faults *faults, const struct sim_action *action,
		     struct sim_node *node);
void sim_faults_init(struct sim_faults *faults, struct sim_cluster *cluster,
		     const struct sim_plan *plan);
void sim_faults_fini(struct sim_faults *faults);
/* Links among the nodes of the mask and with clients, their drives, their lives: all well from here on. */
void sim_faults_heal(struct sim_faults *faults, uint32_t nodes);
/* What the links are follows from noise, cuts and what is healed. */
void sim_faults_set_links(struct sim_faults *faults);
/* faults_links.c */
void sim_faults_leave_links(struct sim_faults *faults, uint64_t links);
void sim_faults_flap(struct sim_faults *faults, unsigned a, unsigned b, uint64_t period_ns);
void sim_faults_hold(struct sim_faults *faults, uint8_t type, unsigned from, unsigned to);
/* A node has answered a client with "committed". */
void sim_faults_on_answer(struct sim_faults *faults, unsigned node);
/* A node is about to say its first word as a leader. */
void sim_faults_on_leader(struct sim_faults *faults, unsigned node);

#endif
