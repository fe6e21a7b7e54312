/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens to drives, and to the data of nodes that are down. Data are destroyed on one node only, the victim;
 * sometimes a second one rots, too, but only so that its start must notice.
 */
#include "dataplane/base/limits.h"
#include "tests/sim/server/damage.h"
#include "tests/sim/plan/plan.h"
#include "tests/sim/random.h"

#define STREAM 30u
#define PPM 1000000u

struct drive_schedule {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns, victim;
	bool damage, lies, bad_reads, files, full_from_start, limits, usurpers, torn_starts, verify,
		kills, second_victim;
};

static uint64_t draw(struct drive_schedule *schedule, uint64_t below)
{
	return sim_random_below(&schedule->random, below);
}

static bool chance(struct drive_schedule *schedule, uint32_t percent)
{
	return draw(schedule, 100) < percent;
}

static void add(struct drive_schedule *schedule, uint64_t after_ns, enum sim_verb verb,
		uint64_t node, uint64_t value)
{
	sim_plan_add(schedule->plan, schedule->now_ns + after_ns, verb, node, value, 0, 0);
}

/* Where it hurts: the ends, or anywhere. */
static uint64_t which_place(struct drive_schedule *schedule)
{
	static const uint64_t ends[] = {0, PPM / 2, PPM};

	return chance(schedule, 70) ? ends[draw(schedule, 3)] : draw(schedule, PPM + 1);
}

static void damage(struct drive_schedule *schedule, uint64_t node, uint64_t ways)
{
	uint64_t way = SIM_DAMAGE_NONE + 1 + draw(schedule, ways);
	uint64_t which = way >= SIM_DAMAGE_ROT_RECORD ? 1 + draw(schedule, 15)
						      : which_place(schedule);
	bool while_up = chance(schedule, 20);
	uint64_t down_ns = 1000000 + draw(schedule, 200000000);

	if (!while_up)
		add(schedule, 0, SIM_CRASH, node, 0);
	sim_plan_add(schedule->plan, schedule->now_ns + 1, SIM_DAMAGE, node, way, which, 0);
	if (while_up) /* readers and peers meet it first */
		add(schedule, draw(schedule, 100000000), SIM_CRASH, node, 0);
	if (schedule->verify)
		add(schedule, 100000000, SIM_VERIFY, node, 0);
	add(schedule, 100000000 + down_ns, SIM_START, node, 0);
	if (chance(schedule,
		   30)) { /* an operator gives it an empty directory, when it was refused or not */
		add(schedule, 320000000, SIM_CRASH, node, 0);
		add(schedule, 320000001, SIM_WIPE, node, 0);
		add(schedule, 330000000, SIM_START, node, 0);
	}
}

static void lie(struct drive_schedule *schedule)
{
	uint64_t node = schedule->victim;

	add(schedule, 0, SIM_LIE, node, 1);
	add(schedule, 5000000 + draw(schedule, 150000000), SIM_CRASH, node, 0);
	if (schedule->verify)
		add(schedule, 160000000, SIM_VERIFY, node, 0);
	add(schedule, 160000000 + draw(schedule, 100000000), SIM_START, node, 0);
	if (chance(schedule, 50))
		add(schedule, 260000000, SIM_LIE, node, 0);
}

static void disturb_reads(struct drive_schedule *schedule)
{
	static const enum sim_verb verbs[] = {SIM_FAIL_READ, SIM_SHORT_READS, SIM_MISREAD};
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);
	enum sim_verb verb = verbs[draw(schedule, 3)];

	add(schedule, 0, verb, node, draw(schedule, chance(schedule, 30) ? PPM : PPM / 10));
	if (chance(schedule, 50)) { /* a start meets it */
		add(schedule, 1000000, SIM_CRASH, node, 0);
		add(schedule, 50000000, SIM_START, node, 0);
	}
	add(schedule, 60000000 + draw(schedule, 100000000), verb, node, 0);
	add(schedule, 160000001, SIM_START, node, 0);
}

static void disturb_files(struct drive_schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	add(schedule, 0, SIM_SLOW_OPEN, node,
	    chance(schedule, 70) ? draw(schedule, chance(schedule, 20) ? 300000000 : 5000000) : 0);
	add(schedule, 0, SIM_FAIL_PREPARE, node, chance(schedule, 30) ? draw(schedule, PPM) : 0);
	/* One that a write waits for is final, like a failed write. */
	if (chance(schedule, 20))
		add(schedule, 0, SIM_FAIL_OPEN, node, chance(schedule, 50) ? PPM / 20 : 0);
}

/*
 * A leader alone with its clients gathers entries that nobody else will ever have; they are cut away when it comes back,
 * and it is made leader again for the next round.
 */
static void usurp(struct drive_schedule *schedule)
{
	uint64_t nodes = schedule->plan->nodes, old = 1 + draw(schedule, nodes);
	unsigned rounds = 3 + (unsigned)draw(schedule, 6);

	for (unsigned round = 0; round < rounds; round++) {
		uint64_t next = 1 + (old + draw(schedule, nodes - 1)) % nodes;

		add(schedule, 0, SIM_EXPIRE, old, 0);
		add(schedule, 60000000, SIM_CUT, old, SIM_NODE_ANY);
		add(schedule, 60000000, SIM_CUT, SIM_NODE_ANY, old);
		add(schedule, 130000000, SIM_EXPIRE, next, 0);
		add(schedule, 170000000 + draw(schedule, 30000000), SIM_HEAL, 0, 0);
		schedule->now_ns += 260000000;
		if (chance(schedule, 25)) { /* recovery sees what was cut */
			add(schedule, 0, SIM_CRASH, old, 0);
			add(schedule, 5000000, SIM_START, old, 0);
			schedule->now_ns += 60000000;
		}
	}
	if (schedule->plan->fault_ns < schedule->now_ns)
		schedule->plan->fault_ns = schedule->now_ns;
}

static void tear_start(struct drive_schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	add(schedule, 0, SIM_CRASH, node, 0);
	for (unsigned again = 0; again < 3; again++) {
		add(schedule, 10000000 * again + 1, SIM_TEAR_START, node, 0);
		if (schedule->verify)
			add(schedule, 10000000 * again + 2, SIM_VERIFY, node, 0);
		add(schedule, 10000000 * again + 3, SIM_START, node, 0);
	}
	add(schedule, 50000000, SIM_START, node, 0);
}

/* Killed while a drive is slow, so that much is under way; then the power goes under the next process. */
static void kill(struct drive_schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes), up_ns = 10000000;

	add(schedule, 0, SIM_SLOW, node, draw(schedule, 3) * 2000000);
	add(schedule, 5000000 + draw(schedule, 10000000), SIM_KILL, node, 0);
	add(schedule, 16000000, SIM_START, node, 0);
	add(schedule, 17000000, SIM_SLOW, node, 60000);
	up_ns += draw(schedule, 300000000);
	if (chance(schedule, 70)) {
		add(schedule, 17000000 + up_ns, SIM_CRASH, node, 0);
		add(schedule, 18000000 + up_ns, SIM_START, node, 0);
	}
}

static void limit(struct drive_schedule *schedule)
{
	uint64_t node = 1 + draw(schedule, schedule->plan->nodes);

	add(schedule, 0, SIM_LIMIT, node, chance(schedule, 60) ? 1 + draw(schedule, 4) : 0);
	add(schedule, 1, SIM_CRASH, node, 0);
	add(schedule, 1000000 + draw(schedule, 50000000), SIM_START, node, 0);
}

/* Up to what its start must notice by itself: what is not there leaves no trace at the end. */
static void second_victim(struct drive_schedule *schedule)
{
	uint64_t node = 1 + schedule->victim % schedule->plan->nodes;

	damage(schedule, schedule->victim, SIM_DAMAGE_ROT_PADDING);
	damage(schedule, node, SIM_DAMAGE_ROT_PADDING);
}

static void next_fault(struct drive_schedule *schedule)
{
	switch (draw(schedule, 9)) {
	case 0:
	case 1:
		if (schedule->damage)
			damage(schedule, schedule->victim, SIM_DAMAGE_ROT_BASE - 1);
		break;
	case 2:
		if (schedule->lies)
			lie(schedule);
		break;
	case 3:
		if (schedule->bad_reads)
			disturb_reads(schedule);
		break;
	case 4:
	case 5:
		if (schedule->files)
			disturb_files(schedule);
		break;
	case 6:
		if (schedule->torn_starts)
			tear_start(schedule);
		break;
	case 7:
		if (schedule->kills)
			kill(schedule);
		break;
	default:
		if (schedule->limits && chance(schedule, 50))
			limit(schedule);
		break;
	}
}

void sim_schedule_drive(struct sim_plan *plan, uint64_t seed, uint64_t victim)
{
	struct drive_schedule schedule = {.plan = plan, .victim = victim};
	bool *kinds[] = {&schedule.damage,	    &schedule.lies,
			 &schedule.bad_reads,	    &schedule.files,
			 &schedule.full_from_start, &schedule.limits,
			 &schedule.usurpers,	    &schedule.torn_starts,
			 &schedule.verify,	    &schedule.kills};

	sim_random_init(&schedule.random, seed, STREAM);
	if (!chance(&schedule, 50))
		return;
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&schedule, 40);
	schedule.second_victim = plan->nodes >= 3 && chance(&schedule, 4);
	if (plan->nodes < 3) { /* nobody else has what is lost */
		schedule.damage = schedule.lies = schedule.bad_reads = schedule.usurpers = false;
	}
	if (schedule.full_from_start && chance(&schedule, 30)) {
		uint64_t node = 1 + draw(&schedule, plan->nodes);

		add(&schedule, 0, SIM_FULL, node, 1);
		add(&schedule, draw(&schedule, plan->fault_ns), SIM_FULL, node, 0);
	}
	for (schedule.now_ns = 80000000 + draw(&schedule, 200000000);
	     schedule.now_ns < plan->fault_ns;
	     schedule.now_ns += 50000000 + draw(&schedule, 300000000))
		next_fault(&schedule);
	if (schedule.second_victim) {
		schedule.now_ns = 100000000 + draw(&schedule, plan->fault_ns);
		second_victim(&schedule);
		plan->fault_ns = schedule.now_ns + 400000000;
	}
	if (schedule.damage) {
		schedule.now_ns = 100000000 + draw(&schedule, plan->fault_ns - 100000000);
		damage(&schedule, victim, SIM_DAMAGE_ROT_BASE - 1);
	}
	if (schedule.usurpers && chance(&schedule, 30)) {
		schedule.now_ns = 100000000 + draw(&schedule, 200000000);
		usurp(&schedule);
	}
}
