/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/server/machine.h"

#include <stdio.h>
#include <string.h>

#include "control/node/boot_shape.h"
#include "dataplane/nic/eal_explain.h"
#include "tests/sim/server/machine_words.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"

#define CALIBRATION_NS 10000000u
#define TEND_NS 1000000000u
#define READ_TICKS 200u /* that a pair of readings may be apart */
#define PORT_MB 24u /* what wl_port_dpdk_memory_mb would say of these links, about */

void sim_machine_init(struct sim_machine *machine, struct sim_random *random)
{
	uint16_t core = 0;

	memset(machine, 0, sizeof(*machine));
	machine->core_count = (uint16_t)sim_random_between(random, 1, SIM_MACHINE_CORES_MAX);
	/* Not dense: some belong to others. */
	for (uint16_t at = 0; at < machine->core_count; at++) {
		machine->cores[at] = core;
		core = (uint16_t)(core + 1 + sim_random_below(random, 3));
	}
	machine->hugepage_kb = sim_random_below(random, 4) == 0	  ? 0
			       : sim_random_below(random, 4) == 0 ? 1u << 20
								  : 2048;
	machine->hugepages_free =
		machine->hugepage_kb != 0 ? (uint32_t)sim_random_below(random, 512) : 0;
	machine->core_serves_disk = sim_random_below(random, 4) == 0;
	machine->counter_trusted = sim_random_below(random, 8) != 0;
	machine->ticks_hz = sim_random_between(random, 1000000000, 4000000000u);
}

/* ---- the start ---------------------------------------------------------------------------------- */

static void check(bool holds, const struct sim_cluster *cluster, const struct sim_node *node,
		  const char *what)
{
	if (!holds)
		sim_violation(cluster, node->number, "machine", "%s: \"%s\", EAL: %s", what,
			      node->start_reason, node->machine.eal_line);
}

/* The number that must stand in a refusal for want of hugepages. */
static uint64_t pages_needed(const struct sim_machine *machine, uint32_t memory_mb)
{
	uint64_t kb = (uint64_t)(memory_mb != 0 ? memory_mb : 64) * 1024;

	return machine->hugepage_kb == 0 ? 0
					 : (kb + machine->hugepage_kb - 1) / machine->hugepage_kb;
}

static void check_args(const struct sim_cluster *cluster, const struct sim_node *node,
		       const struct wl_eal_settings *settings, const struct wl_eal_args *args)
{
	const struct sim_machine *machine = &node->machine;
	bool enough = machine->hugepage_kb != 0 &&
		      machine->hugepages_free >= pages_needed(machine, settings->memory_mb);
	char memory[32];

	check(args->argv[args->argc] == NULL, cluster, node, "the vector does not end");
	check(args->hugepages == (enough && settings->hugepages != WL_HUGEPAGES_OFF), cluster, node,
	      "hugepages are used or not, against what there is");
	snprintf(memory, sizeof(memory), "-m %u", settings->memory_mb);
	check(strstr(machine->eal_line, memory) != NULL, cluster, node, "another amount of memory");
	check(strstr(machine->eal_line, args->hugepages ? "--in-memory" : "--no-huge") != NULL,
	      cluster, node, "the kind of memory is not told to EAL");
	check(strstr(machine->eal_line, "--lcores") != NULL, cluster, node,
	      "EAL may run on any core");
	check(args->memory_reason[0] != '\0', cluster, node, "no reason for the kind of memory");
}

static int fail_eal(const struct sim_cluster *cluster, struct sim_node *node)
{
	const struct sim_machine_words *words = &sim_machine_words[node->machine.eal_failure - 1];
	int status = wl_eal_explain(words->text, "starting DPDK", node->start_reason,
				    sizeof(node->start_reason));

	check(status == words->status, cluster, node, "DPDK's failure has another cause");
	check(strncmp(node->start_reason, "starting DPDK: ", 15) == 0, cluster, node,
	      "what failed is not told");
	check(strstr(node->start_reason, words->named) != NULL, cluster, node,
	      "the thing that it is about is not named");
	return status;
}

static int start_eal(const struct sim_cluster *cluster, struct sim_node *node)
{
	struct sim_machine *machine = &node->machine;
	struct wl_eal_facts facts = {
		.hugepage_kb = machine->hugepage_kb,
		.hugepages_free = machine->hugepages_free,
		.core_count = machine->core_count,
	};
	static struct wl_eal_args args;
	struct wl_eal_settings settings;
	char number[24];
	int status;

	memcpy(facts.cores, machine->cores, sizeof(machine->cores));
	wl_boot_shape_eal(node->config, WL_BOOT_EAL_BASE_MB + PORT_MB, &settings);
	status = wl_eal_args_build(&args, &settings, &facts, node->start_reason,
				   sizeof(node->start_reason));
	wl_eal_args_print(&args, machine->eal_line, sizeof(machine->eal_line));
	memcpy(machine->memory_reason, args.memory_reason, sizeof(machine->memory_reason));
	machine->hugepages = args.hugepages;
	if (status == WIRELOG_EAL_HUGEPAGES) {
		snprintf(number, sizeof(number), "%llu hugepages",
			 (unsigned long long)pages_needed(machine, settings.memory_mb));
		check(settings.hugepages == WL_HUGEPAGES_ON, cluster, node,
		      "refused for hugepages that nobody demanded");
		check(strstr(node->start_reason,
			     machine->hugepage_kb != 0 ? number : "no hugepages") != NULL,
		      cluster, node, "the number that is needed is not told");
	}
	if (status != 0)
		return status;
	check_args(cluster, node, &settings, &args);
	return machine->eal_failure != 0 ? fail_eal(cluster, node) : 0;
}

static void choose_idle(const struct sim_cluster *cluster, struct sim_node *node,
			const struct wl_boot_cores *cores)
{
	const struct wl_config *config = node->config;
	struct sim_machine *machine = &node->machine;
	struct wl_idle_facts facts;

	wl_boot_shape_idle(config, 0, cores, &facts);
	facts.core_serves_disk = machine->core_serves_disk;
	machine->idle = wl_idle_choose(&facts, machine->idle_reason, sizeof(machine->idle_reason));
	check(config->idle == WL_IDLE_AUTO || machine->idle == config->idle, cluster, node,
	      "a wish for idling is not followed");
	/* Spinning beside somebody who needs the core costs scheduler ticks. */
	check(config->idle != WL_IDLE_AUTO ||
		      (machine->idle == WL_IDLE_SPIN) ==
			      (!facts.core_serves_disk &&
			       facts.pollers + facts.other_threads <= facts.cores),
	      cluster, node, "idles against what there is");
	check(machine->idle_reason[0] != '\0' &&
		      wl_idle_by_name(wl_idle_name(machine->idle)) == (int)machine->idle,
	      cluster, node, "idling without a word");
}

/* Refused for a core: it must be one that a worker of the file wants. */
static bool names_a_core(const struct sim_node *node)
{
	bool named = false;

	for (uint32_t worker = 0; worker < node->config->worker_count; worker++) {
		char words[32];

		snprintf(words, sizeof(words), "core %d ", node->config->workers[worker].core);
		named |= strstr(node->start_reason, words) != NULL;
	}
	return named;
}

int sim_machine_start(struct sim_cluster *cluster, struct sim_node *node)
{
	const struct wl_boot_cores cores = {node->machine.cores, node->machine.core_count};
	int status = wl_boot_shape_check_cores(node->config, &cores, node->start_reason,
					       sizeof(node->start_reason));

	if (status != 0) {
		check(status == WIRELOG_EAL_CORES && names_a_core(node), cluster, node,
		      "the core is not named");
		return status;
	}
	status = start_eal(cluster, node);
	if (status == 0)
		choose_idle(cluster, node, &cores);
	return status;
}

/* ---- clocks ------------------------------------------------------------------------------------- */

/* What the counter shows: a quartz of its own, that the kernel's clock drifts against. */
static uint64_t ticks_at(const struct sim_node *node, uint64_t true_ns)
{
	return (uint64_t)((unsigned __int128)(true_ns + 1000000000u) * node->machine.ticks_hz /
			  1000000000u) -
	       node->machine.ticks_back;
}

static struct wl_clock_pair read_pair(struct sim_node *node)
{
	return (struct wl_clock_pair){ticks_at(node, node->agenda->now_ns) +
					      sim_random_below(&node->random, READ_TICKS),
				      sim_node_now(node)};
}

void sim_machine_open_clocks(struct sim_node *node)
{
	struct sim_machine *machine = &node->machine;

	for (unsigned thread = 0; thread < SIM_THREADS; thread++) {
		struct wl_clock *clock = &machine->clock[thread];
		struct wl_clock_pair second = read_pair(node), first = second;

		memset(clock, 0, sizeof(*clock));
		/* 10 ms before: the kernel's clock ran as it runs now. */
		first.ticks -= (uint64_t)((unsigned __int128)CALIBRATION_NS * machine->ticks_hz /
					  1000000000u) +
			       sim_random_below(&node->random, READ_TICKS);
		first.ns -= CALIBRATION_NS +
			    (uint64_t)((int64_t)CALIBRATION_NS / 1000 * node->drift_ppm / 1000);
		if (machine->counter_trusted)
			wl_clock_calibrate(clock, first, second);
		clock->wall_offset_ns = (int64_t)node->wall_offset_ns;
		machine->now_ns[thread] = 0;
		machine->tended_ns[thread] = second.ns;
	}
}

uint64_t sim_machine_now(struct sim_node *node, unsigned thread)
{
	struct sim_machine *machine = &node->machine;
	struct wl_clock *clock = &machine->clock[thread];
	uint64_t now = clock->counter ? wl_clock_try(clock, ticks_at(node, node->agenda->now_ns))
				      : 0;

	if (now == 0)
		now = sim_node_now(node);

	/* As worker_thread.c and loop_thread.c: after a correction the clock stands still rather than go back. */
	if (now > machine->now_ns[thread])
		machine->now_ns[thread] = now;
	if (machine->now_ns[thread] - machine->tended_ns[thread] >= TEND_NS) {
		machine->tended_ns[thread] = machine->now_ns[thread];
		clock->wall_offset_ns = (int64_t)node->wall_offset_ns;
		if (clock->counter)
			wl_clock_correct(clock, read_pair(node));
	}
	return machine->now_ns[thread];
}
