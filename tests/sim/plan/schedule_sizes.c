/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sizes that a configuration may choose. Those that decide what stands next to what on a drive: segments, and the ring
 * that mirrors them; the smallest ones wrap soonest and are drawn most often, the daemon's defaults are among the others. And
 * what a frame holds, and how many sessions a journal remembers.
 */
#include "dataplane/base/limits.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define STREAM 70u

#define MTU_MIN 1280u
#define MTU_MAX 9000u
#define DEAD_SOON_NS 100000000u

static void draw_limits(struct sim_plan *plan, struct sim_random *random)
{
	if (sim_random_chance(random, 400000))
		plan->mtu = sim_random_between(random, MTU_MIN, MTU_MAX);
	else if (sim_random_chance(random, 100000))
		plan->mtu = MTU_MIN;
	if (plan->sessions_max > plan->clients && sim_random_chance(random, 300000)) {
		plan->sessions_max = plan->clients + (1ull << sim_random_below(random, 10)) -
				     (plan->clients != 0);
		/* Who drew another identity leaves a session behind: it has to be known as dead soon. */
		if (plan->sessions_max < 2 * plan->clients && plan->client_idle_ns > DEAD_SOON_NS)
			plan->client_idle_ns = DEAD_SOON_NS;
	}
}

static uint64_t smaller_of(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

void sim_schedule_sizes(struct sim_plan *plan, uint64_t seed)
{
	uint64_t room = plan->segment_bytes * plan->segments_max, rings = 1;
	uint64_t most = smaller_of(WL_SEGMENT_BYTES_DEFAULT, 8 * WL_SEGMENT_BYTES_MIN);
	struct sim_random random;

	sim_random_init(&random, seed, STREAM);
	while (plan->segment_bytes < most && sim_random_chance(&random, 400000))
		plan->segment_bytes *= 2;
	plan->segments_max = room / plan->segment_bytes;
	while (WL_LOG_RING_BYTES_MIN << rings <= plan->segment_bytes)
		rings++;
	plan->ring_bytes = (uint64_t)WL_LOG_RING_BYTES_MIN << sim_random_below(&random, rings);
	draw_limits(plan, &random);
}
