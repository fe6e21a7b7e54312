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

struct drive_weather {
	struct sim_plan *plan;
	struct sim_random random;
	uint64_t now_ns, victim;
	bool damage, lies, bad_reads, files, full_from_start, limits, usurpers, torn_starts, verify,
		kills, second_victim;
};

static uint64_t draw(struct drive_weather *weather, uint64_t below)
{
	return sim_random_below(&weather->random, below);
}

static bool chance(struct drive_weather *weather, uint32_t percent)
{
	return draw(weather, 100) < percent;
}

static void add(struct drive_weather *weather, uint64_t after_ns, enum sim_verb verb, uint64_t node,
		uint64_t value)
{
	sim_plan_add(weather->plan, weather->now_ns + after_ns, verb, node, value, 0, 0);
}

/* Where it hurts: the ends, or anywhere. */
static uint64_t which_place(struct drive_weather *weather)
{
	static const uint64_t ends[] = {0, PPM / 2, PPM};

	return chance(weather, 70) ? ends[draw(weather, 3)] : draw(weather, PPM + 1);
}

static void damage(struct drive_weather *weather, uint64_t node, uint64_t ways)
{
	uint64_t way = SIM_DAMAGE_NONE + 1 + draw(weather, ways);
	uint64_t which = way >= SIM_DAMAGE_ROT_RECORD ? 1 + draw(weather, 15)
						      : which_place(weather);
	bool while_up = chance(weather, 20);
	uint64_t down_ns = 1000000 + draw(weather, 200000000);

	if (!while_up)
		add(weather, 0, SIM_CRASH, node, 0);
	sim_plan_add(weather->plan, weather->now_ns + 1, SIM_DAMAGE, node, way, which, 0);
	if (while_up) /* readers and peers meet it first */
		add(weather, draw(weather, 100000000), SIM_CRASH, node, 0);
	if (weather->verify)
		add(weather, 100000000, SIM_VERIFY, node, 0);
	add(weather, 100000000 + down_ns, SIM_START, node, 0);
	if (chance(weather,
		   30)) { /* an operator gives it an empty directory, when it was refused or not */
		add(weather, 320000000, SIM_CRASH, node, 0);
		add(weather, 320000001, SIM_WIPE, node, 0);
		add(weather, 330000000, SIM_START, node, 0);
	}
}

static void lie(struct drive_weather *weather)
{
	uint64_t node = weather->victim;

	add(weather, 0, SIM_LIE, node, 1);
	add(weather, 5000000 + draw(weather, 150000000), SIM_CRASH, node, 0);
	if (weather->verify)
		add(weather, 160000000, SIM_VERIFY, node, 0);
	add(weather, 160000000 + draw(weather, 100000000), SIM_START, node, 0);
	if (chance(weather, 50))
		add(weather, 260000000, SIM_LIE, node, 0);
}

static void disturb_reads(struct drive_weather *weather)
{
	static const enum sim_verb verbs[] = {SIM_FAIL_READ, SIM_SHORT_READS, SIM_MISREAD};
	uint64_t node = 1 + draw(weather, weather->plan->nodes);
	enum sim_verb verb = verbs[draw(weather, 3)];

	add(weather, 0, verb, node, draw(weather, chance(weather, 30) ? PPM : PPM / 10));
	if (chance(weather, 50)) { /* a start meets it */
		add(weather, 1000000, SIM_CRASH, node, 0);
		add(weather, 50000000, SIM_START, node, 0);
	}
	add(weather, 60000000 + draw(weather, 100000000), verb, node, 0);
	add(weather, 160000001, SIM_START, node, 0);
}

static void disturb_files(struct drive_weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	add(weather, 0, SIM_SLOW_OPEN, node,
	    chance(weather, 70) ? draw(weather, chance(weather, 20) ? 300000000 : 5000000) : 0);
	add(weather, 0, SIM_FAIL_PREPARE, node, chance(weather, 30) ? draw(weather, PPM) : 0);
	/* One that a write waits for is final, like a failed write. */
	if (chance(weather, 20))
		add(weather, 0, SIM_FAIL_OPEN, node, chance(weather, 50) ? PPM / 20 : 0);
}

/*
 * A leader alone with its clients gathers entries that nobody else will ever have; they are cut away when it comes back,
 * and it is made leader again for the next round.
 */
static void usurp(struct drive_weather *weather)
{
	uint64_t nodes = weather->plan->nodes, old = 1 + draw(weather, nodes);
	unsigned rounds = 3 + (unsigned)draw(weather, 6);

	for (unsigned round = 0; round < rounds; round++) {
		uint64_t next = 1 + (old + draw(weather, nodes - 1)) % nodes;

		add(weather, 0, SIM_EXPIRE, old, 0);
		add(weather, 60000000, SIM_CUT, old, SIM_NODE_ANY);
		add(weather, 60000000, SIM_CUT, SIM_NODE_ANY, old);
		add(weather, 130000000, SIM_EXPIRE, next, 0);
		add(weather, 170000000 + draw(weather, 30000000), SIM_HEAL, 0, 0);
		weather->now_ns += 260000000;
		if (chance(weather, 25)) { /* recovery sees what was cut */
			add(weather, 0, SIM_CRASH, old, 0);
			add(weather, 5000000, SIM_START, old, 0);
			weather->now_ns += 60000000;
		}
	}
	if (weather->plan->fault_ns < weather->now_ns)
		weather->plan->fault_ns = weather->now_ns;
}

static void tear_start(struct drive_weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	add(weather, 0, SIM_CRASH, node, 0);
	for (unsigned again = 0; again < 3; again++) {
		add(weather, 10000000 * again + 1, SIM_TEAR_START, node, 0);
		if (weather->verify)
			add(weather, 10000000 * again + 2, SIM_VERIFY, node, 0);
		add(weather, 10000000 * again + 3, SIM_START, node, 0);
	}
	add(weather, 50000000, SIM_START, node, 0);
}

/* Killed while a drive is slow, so that much is under way; then the power goes under the next process. */
static void kill(struct drive_weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes), up_ns = 10000000;

	add(weather, 0, SIM_SLOW, node, draw(weather, 3) * 2000000);
	add(weather, 5000000 + draw(weather, 10000000), SIM_KILL, node, 0);
	add(weather, 16000000, SIM_START, node, 0);
	add(weather, 17000000, SIM_SLOW, node, 60000);
	up_ns += draw(weather, 300000000);
	if (chance(weather, 70)) {
		add(weather, 17000000 + up_ns, SIM_CRASH, node, 0);
		add(weather, 18000000 + up_ns, SIM_START, node, 0);
	}
}

static void limit(struct drive_weather *weather)
{
	uint64_t node = 1 + draw(weather, weather->plan->nodes);

	add(weather, 0, SIM_LIMIT, node, chance(weather, 60) ? 1 + draw(weather, 4) : 0);
	add(weather, 1, SIM_CRASH, node, 0);
	add(weather, 1000000 + draw(weather, 50000000), SIM_START, node, 0);
}

/* Up to what its start must notice by itself: what is not there leaves no trace at the end. */
static void second_victim(struct drive_weather *weather)
{
	uint64_t node = 1 + weather->victim % weather->plan->nodes;

	damage(weather, weather->victim, SIM_DAMAGE_ROT_PADDING);
	damage(weather, node, SIM_DAMAGE_ROT_PADDING);
}

static void next_fault(struct drive_weather *weather)
{
	switch (draw(weather, 9)) {
	case 0:
	case 1:
		if (weather->damage)
			damage(weather, weather->victim, SIM_DAMAGE_WAYS - 1);
		break;
	case 2:
		if (weather->lies)
			lie(weather);
		break;
	case 3:
		if (weather->bad_reads)
			disturb_reads(weather);
		break;
	case 4:
	case 5:
		if (weather->files)
			disturb_files(weather);
		break;
	case 6:
		if (weather->torn_starts)
			tear_start(weather);
		break;
	case 7:
		if (weather->kills)
			kill(weather);
		break;
	default:
		if (weather->limits && chance(weather, 50))
			limit(weather);
		break;
	}
}

void sim_weather_drive(struct sim_plan *plan, uint64_t seed, uint64_t victim)
{
	struct drive_weather weather = {.plan = plan, .victim = victim};
	bool *kinds[] = {&weather.damage,	   &weather.lies,
			 &weather.bad_reads,	   &weather.files,
			 &weather.full_from_start, &weather.limits,
			 &weather.usurpers,	   &weather.torn_starts,
			 &weather.verify,	   &weather.kills};

	sim_random_init(&weather.random, seed, STREAM);
	if (!chance(&weather, 50))
		return;
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = chance(&weather, 40);
	weather.second_victim = plan->nodes >= 3 && chance(&weather, 4);
	if (plan->nodes < 3) { /* nobody else has what is lost */
		weather.damage = weather.lies = weather.bad_reads = weather.usurpers = false;
	}
	if (weather.full_from_start && chance(&weather, 30)) {
		uint64_t node = 1 + draw(&weather, plan->nodes);

		add(&weather, 0, SIM_FULL, node, 1);
		add(&weather, draw(&weather, plan->fault_ns), SIM_FULL, node, 0);
	}
	for (weather.now_ns = 80000000 + draw(&weather, 200000000); weather.now_ns < plan->fault_ns;
	     weather.now_ns += 50000000 + draw(&weather, 300000000))
		next_fault(&weather);
	if (weather.second_victim) {
		weather.now_ns = 100000000 + draw(&weather, plan->fault_ns);
		second_victim(&weather);
		plan->fault_ns = weather.now_ns + 400000000;
	}
	if (weather.damage) {
		weather.now_ns = 100000000 + draw(&weather, plan->fault_ns - 100000000);
		damage(&weather, victim, SIM_DAMAGE_WAYS - 1);
	}
	if (weather.usurpers && chance(&weather, 30)) {
		weather.now_ns = 100000000 + draw(&weather, 200000000);
		usurp(&weather);
	}
}
