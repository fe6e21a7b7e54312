/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine under a simulated server, as far as the daemon's start looks at one: cores that the process may use,
 * hugepages, DPDK's mood, and a counter of ticks beside the kernel's clock. It outlives the process.
 */
#ifndef WL_TESTS_SIM_SERVER_MACHINE_H
#define WL_TESTS_SIM_SERVER_MACHINE_H

#include "dataplane/host/clock.h"
#include "dataplane/host/idle.h"
#include "dataplane/nic/eal_args.h"
#include "tests/sim/random.h"

#define SIM_MACHINE_CORES_MAX 16u

struct sim_cluster;
struct sim_node;

enum sim_thread { /* each has a clock of its own */
		  SIM_THREAD_CONTROL,
		  SIM_THREAD_WORKER, /* the first; others follow */
		  SIM_THREADS = SIM_THREAD_WORKER + 2,
};

struct sim_machine {
	uint16_t cores[SIM_MACHINE_CORES_MAX];
	uint16_t core_count;
	uint32_t hugepage_kb, hugepages_free;
	uint64_t memory_bytes; /* that the process may map; 0: enough */
	bool core_serves_disk; /* what the self-test finds */
	unsigned eal_failure; /* DPDK fails at the next start: number of the words that it says, from 1; 0: it does not */
	bool counter_trusted; /* else time comes from the kernel */
	uint64_t ticks_hz; /* of the counter, by its own idea of a second */
	uint64_t ticks_back; /* so far it went back by so many */
	uint64_t shaken_until_ns; /* then its clocks have noticed, at the latest by a tend */

	/* of the last start */
	struct wl_clock clock[SIM_THREADS];
	uint64_t now_ns[SIM_THREADS], tended_ns[SIM_THREADS];
	bool hugepages;
	char memory_reason[160], eal_line[1024], idle_reason[256];
	enum wl_idle idle;
};

void sim_machine_init(struct sim_machine *machine, struct sim_random *random);
/*
 * What the daemon does between its data and its workers: cores, EAL, idling. 0, or the refusal's status with its sentence in
 * the node's start_reason; "machine" when that is not what this machine must lead to.
 */
int sim_machine_start(struct sim_cluster *cluster, struct sim_node *node);
/* Sets the threads' clocks, as wl_clock_open does. */
void sim_machine_open_clocks(struct sim_node *node);
/* One reading at the begin of a turn; never falls. Tends the clock once a second. */
uint64_t sim_machine_now(struct sim_node *node, unsigned thread);
unsigned sim_machine_failures(void);

#endif
