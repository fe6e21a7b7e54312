/* SPDX-License-Identifier: BSD-3-Clause */
/* Are workers alone on their cores, and is time what they take it for? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/doctor/doctor.h"

#define GOOD WL_DOCTOR_STATE_GOOD
#define BAD WL_DOCTOR_STATE_BAD
#define UNKNOWN WL_DOCTOR_STATE_UNKNOWN
#define NOT_ASKED WL_DOCTOR_STATE_NOT_ASKED

/* Nothing can be said of workers' cores: no file, or it names none. */
static bool has_no_cores(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (facts->cores.worker_count == 0) {
		wl_doctor_say(answer, NOT_ASKED, "workers[].core is auto");
		return true;
	}
	return false;
}

/* Every worker's core is in the set. */
static void look_in(const struct wl_host_facts *facts, struct wl_doctor_answer *answer,
		    const struct wl_core_set *set)
{
	struct wl_core_set missing;
	char list[96];

	if (has_no_cores(facts, answer))
		return;
	if (!set->is_known) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	missing = wl_core_set_minus(&facts->cores.wanted, set);
	if (wl_core_set_count(&missing) == 0) {
		wl_core_set_print(&facts->cores.wanted, ',', list, sizeof(list));
		wl_doctor_say(answer, GOOD, "%s", list);
		return;
	}
	wl_core_set_print(&missing, ',', list, sizeof(list));
	wl_doctor_say(answer, BAD, "not %s", list);
}

void wl_doctor_look_core_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	look_in(facts, answer, &facts->cores.online);
}

void wl_doctor_look_core_isolated(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	look_in(facts, answer, &facts->cores.isolated);
}

void wl_doctor_look_core_tickless(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	look_in(facts, answer, &facts->cores.tickless);
}

void wl_doctor_look_core_rcu(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	look_in(facts, answer, &facts->cores.rcu_offloaded);
}

void wl_doctor_look_core_mask(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	look_in(facts, answer, &facts->cores.allowed);
}

void wl_doctor_look_core_left(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	struct wl_core_set left;
	char list[96];

	if (wl_doctor_needs_config(facts, answer))
		return;
	if (!facts->cores.online.is_known) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	left = wl_core_set_minus(&facts->cores.online, &facts->cores.wanted);
	wl_core_set_print(&left, ',', list, sizeof(list));
	wl_doctor_say(answer, wl_core_set_count(&left) > 0 ? GOOD : BAD, "left: %s", list);
}

void wl_doctor_look_core_siblings(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	const struct wl_host_cores *cores = &facts->cores;

	if (has_no_cores(facts, answer))
		return;
	wl_doctor_say(answer, GOOD, "each has its core for itself");
	for (unsigned at = 0; at < cores->worker_count; at++) {
		const struct wl_host_core *core = &cores->workers[at];
		struct wl_core_set own = {.is_known = true}, others, idle;
		char list[64];

		if (!core->siblings.is_known) {
			wl_doctor_say(answer, UNKNOWN, "of core %u cannot be read", core->number);
			return;
		}
		wl_core_set_add(&own, core->number);
		others = wl_core_set_minus(&core->siblings, &own);
		/* One that is isolated and no worker's does nothing. */
		idle = wl_core_set_minus(&cores->isolated, &cores->wanted);
		others = wl_core_set_minus(&others, &idle);
		wl_core_set_print(&others, ',', list, sizeof(list));
		if (wl_core_set_count(&others) == 0)
			continue;
		wl_doctor_say(answer, BAD, "core %u shares with %s", core->number, list);
		return;
	}
}

void wl_doctor_look_core_governor(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	if (has_no_cores(facts, answer))
		return;
	wl_doctor_say(answer, GOOD, "performance");
	for (unsigned at = 0; at < facts->cores.worker_count; at++) {
		const struct wl_host_core *core = &facts->cores.workers[at];

		if (core->governor[0] == '\0') {
			wl_doctor_say(answer, UNKNOWN, "of core %u cannot be read", core->number);
			return;
		}
		if (strcmp(core->governor, "none") == 0) {
			wl_doctor_say(answer, NOT_ASKED,
				      "the firmware or a hypervisor rules the frequency");
		} else if (strcmp(core->governor, "performance") != 0) {
			wl_doctor_say(answer, BAD, "core %u: %s", core->number, core->governor);
			return;
		}
	}
}

/* A frame that comes in is worth a few microseconds, not more. */
#define IDLE_LATENCY_US_MAX 10

void wl_doctor_look_core_idle_states(const struct wl_host_facts *facts,
				     struct wl_doctor_answer *answer)
{
	if (has_no_cores(facts, answer))
		return;
	if (facts->config->idle == WL_IDLE_SPIN) {
		wl_doctor_say(answer, GOOD, "workers spin: their cores never idle");
		return;
	}
	wl_doctor_say(answer, GOOD, "at most %d us", IDLE_LATENCY_US_MAX);
	for (unsigned at = 0; at < facts->cores.worker_count; at++) {
		const struct wl_host_core *core = &facts->cores.workers[at];

		if (core->idle_latency_us == WL_FACT_UNKNOWN) {
			wl_doctor_say(answer, UNKNOWN, "of core %u cannot be read", core->number);
			return;
		}
		if (core->idle_latency_us > IDLE_LATENCY_US_MAX) {
			wl_doctor_say(answer, BAD, "core %u wakes up in %" PRId64 " us",
				      core->number, core->idle_latency_us);
			return;
		}
	}
}

void wl_doctor_look_core_interrupts(const struct wl_host_facts *facts,
				    struct wl_doctor_answer *answer)
{
	if (has_no_cores(facts, answer))
		return;
	if (facts->cores.irqs_known != 1)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else if (facts->cores.irqs_on_workers == 0)
		wl_doctor_say(answer, GOOD, "none");
	else
		wl_doctor_say(answer, BAD, "%u: %s%s", facts->cores.irqs_on_workers,
			      facts->cores.irqs_told,
			      facts->cores.irqs_on_workers > WL_HOST_IRQS_TOLD ? ", ..." : "");
}

void wl_doctor_look_core_new_interrupts(const struct wl_host_facts *facts,
					struct wl_doctor_answer *answer)
{
	struct wl_core_set hit;
	char list[96];

	if (has_no_cores(facts, answer))
		return;
	if (!facts->cores.irqs_default.is_known) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	hit = wl_core_set_both(&facts->cores.irqs_default, &facts->cores.wanted);
	wl_core_set_print(&hit, ',', list, sizeof(list));
	wl_doctor_say(answer, wl_core_set_count(&hit) == 0 ? GOOD : BAD, "on workers' cores: %s",
		      list);
}

void wl_doctor_look_core_node(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const struct wl_host_core *first = &facts->cores.workers[0];

	if (has_no_cores(facts, answer))
		return;
	wl_doctor_say(answer, GOOD, "node %" PRId64, first->node);
	for (unsigned at = 0; at < facts->cores.worker_count; at++) {
		const struct wl_host_core *core = &facts->cores.workers[at];

		if (core->node == WL_FACT_UNKNOWN) {
			wl_doctor_say(answer, UNKNOWN, "of core %u cannot be read", core->number);
			return;
		}
		if (core->node != first->node) {
			wl_doctor_say(answer, BAD,
				      "core %u on node %" PRId64 ", core %u on node %" PRId64,
				      first->number, first->node, core->number, core->node);
			return;
		}
	}
}

void wl_doctor_look_core_unit(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const struct wl_core_set *unit = &facts->system.unit_cores;
	struct wl_core_set hit;
	char list[96];

	if (has_no_cores(facts, answer))
		return;
	if (facts->system.unit_is_there != 1) {
		wl_doctor_say(answer, UNKNOWN, "the unit is not installed");
		return;
	}
	if (!unit->is_known || wl_core_set_count(unit) == 0) {
		hit = wl_core_set_minus(&facts->cores.wanted, &facts->cores.isolated);
		if (facts->cores.isolated.is_known && wl_core_set_count(&hit) == 0)
			wl_doctor_say(answer, GOOD, "workers' cores are isolated");
		else
			wl_doctor_say(answer, BAD, "CPUAffinity= is not said");
		return;
	}
	hit = wl_core_set_both(unit, &facts->cores.wanted);
	wl_core_set_print(&hit, ',', list, sizeof(list));
	if (wl_core_set_count(&hit) > 0)
		wl_doctor_say(answer, BAD, "CPUAffinity= has workers' cores %s", list);
	else
		wl_doctor_say(answer, GOOD, "CPUAffinity= has none of them");
}

/* ---- yes and no --------------------------------------------------------------------------------- */

static void look_at_fact(struct wl_doctor_answer *answer, int64_t fact, int64_t wanted,
			 const char *is, const char *is_not)
{
	if (fact == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, fact == wanted ? GOOD : BAD, "%s",
			      fact == wanted ? is : is_not);
}

void wl_doctor_look_core_avx2(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	look_at_fact(answer, facts->cores.avx2, 1, "it has it", "it has it not");
}

void wl_doctor_look_core_numa_balancing(const struct wl_host_facts *facts,
					struct wl_doctor_answer *answer)
{
	look_at_fact(answer, facts->cores.numa_balancing, 0, "off", "on");
}

void wl_doctor_look_core_watchdog(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	look_at_fact(answer, facts->cores.nmi_watchdog, 0, "off", "on");
}

void wl_doctor_look_clock_tsc(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (facts->cores.tsc_invariant == 0 && facts->cores.is_virtual == 1) {
		/* Many hypervisors hide the flag and have the counter; the kernel's choice says whether it trusts it. */
		wl_doctor_say(answer,
			      strcmp(facts->cores.clocksource, "tsc") == 0 ||
					      strcmp(facts->cores.clocksource, "kvm-clock") == 0
				      ? UNKNOWN
				      : BAD,
			      "a guest: not told by its hypervisor");
		return;
	}
	look_at_fact(answer, facts->cores.tsc_invariant, 1, "constant_tsc and nonstop_tsc",
		     "constant_tsc or nonstop_tsc is missing");
}

void wl_doctor_look_clock_source(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const char *source = facts->cores.clocksource;

	if (source[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else if (strcmp(source, "tsc") == 0 ||
		 (facts->cores.is_virtual == 1 && strcmp(source, "kvm-clock") == 0))
		wl_doctor_say(answer, GOOD, "%s", source);
	else
		wl_doctor_say(answer, BAD, "%s", source);
}

void wl_doctor_look_clock_disciplined(const struct wl_host_facts *facts,
				      struct wl_doctor_answer *answer)
{
	const char *daemon = facts->system.clock_daemon;

	if (facts->system.clock_is_synchronised == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "daemon: %s", daemon);
	else
		wl_doctor_say(answer, facts->system.clock_is_synchronised == 1 ? GOOD : BAD,
			      "%s, daemon: %s",
			      facts->system.clock_is_synchronised == 1 ? "synchronised"
								       : "not synchronised",
			      daemon);
}
