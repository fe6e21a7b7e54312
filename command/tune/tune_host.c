/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps on the kernel: pages, frequency, interrupts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/tune/tune_plan.h"

#define UNUSED(x) ((void)(x))

static int64_t node_of_nics(const struct wl_host_facts *facts)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (facts->nics[at].node >= 0 && facts->nics[at].node < WL_HOST_NODES_MAX)
			return facts->nics[at].node;
	return WL_FACT_UNKNOWN;
}

/* Pages of 1 GiB that are there already do as well; more of them can hardly be had after the boot. */
void wl_tune_plan_hugepages(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			    const struct wl_tune_wish *wish)
{
	const struct wl_host_pages *small = &facts->memory.pages[0];
	const struct wl_host_pages *large = &facts->memory.pages[1];
	int64_t node = node_of_nics(facts), there, wanted;
	struct wl_tune_action *action;
	char value[32];

	UNUSED(wish);
	if (facts->config->hugepages == WL_HUGEPAGES_OFF || small->kb == 0)
		return;
	if (large->kb != 0 && large->total != WL_FACT_UNKNOWN && large->total > 0 &&
	    (uint64_t)large->total >= wl_host_pages_wanted(facts->config, large->kb))
		return;
	there = node != WL_FACT_UNKNOWN ? small->total_on[node] : small->total;
	if (there == WL_FACT_UNKNOWN) {
		node = WL_FACT_UNKNOWN;
		there = small->total;
	}
	wanted = (int64_t)wl_host_pages_wanted(facts->config, small->kb);
	/* Those that are there are somebody else's as well: never fewer, at the next boot neither. */
	snprintf(value, sizeof(value), "%" PRId64, wanted > there ? wanted : there);
	if (node != WL_FACT_UNKNOWN)
		action = wl_tune_add_value(plan, value,
					   "/sys/devices/system/node/node%" PRId64
					   "/hugepages/hugepages-2048kB/nr_hugepages",
					   node);
	else
		action = wl_tune_add_value(
			plan, value, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	action->is_at_least = true;
	if (node != WL_FACT_UNKNOWN)
		wl_tune_set(action->run, sizeof(action->run),
			    "dpdk-hugepages.py --pagesize 2M --node %" PRId64 " --reserve %" PRId64
			    "M",
			    node, 2 * (wanted > there ? wanted : there));
}

void wl_tune_plan_frequency(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			    const struct wl_tune_wish *wish)
{
	struct wl_tune_action *action;
	char list[512];

	if (!wish->has_tuned) {
		for (unsigned at = 0; at < facts->cores.worker_count; at++)
			if (facts->cores.workers[at].governor[0] != '\0' &&
			    strcmp(facts->cores.workers[at].governor, "none") != 0)
				wl_tune_add_value(
					plan, "performance",
					"/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
					facts->cores.workers[at].number);
		return;
	}
	wl_core_set_print(&facts->cores.wanted, ',', list, sizeof(list));
	action = wl_tune_add(plan, WL_TUNE_FILE, "/etc/tuned/wirelog/tuned.conf");
	/* Includes what keeps tasks and interrupts off these cores; its threads are named wl-pmd-N. */
	wl_tune_set(
		action->text, sizeof(action->text),
		"# Made by wirelog tune.\n[main]\nsummary=wirelog: workers poll on cores %s\n"
		"include=network-latency\n\n[cpu]\ngovernor=performance\nforce_latency=cstate.id:1|2\n\n"
		"[vm]\ntransparent_hugepages=madvise\n\n[sysctl]\nkernel.numa_balancing=0\n\n"
		"[scheduler]\nisolated_cores=%s\nps_blacklist=^wl-pmd-\n",
		list, list);
	if (strcmp(wish->tuned_profile, "wirelog") == 0)
		return;
	action = wl_tune_add(plan, WL_TUNE_RUN, "tuned's profile");
	wl_tune_set(action->run, sizeof(action->run), "tuned-adm profile wirelog");
	if (wish->tuned_profile[0] != '\0')
		wl_tune_set(action->undo, sizeof(action->undo), "tuned-adm profile %s",
			    wish->tuned_profile);
	else
		wl_tune_set(action->undo, sizeof(action->undo), "tuned-adm off");
}

void wl_tune_plan_pages_transparent(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
				    const struct wl_tune_wish *wish)
{
	if (facts->memory.transparent[0] != '\0' &&
	    strcmp(facts->memory.transparent, "never") != 0 && !wish->has_tuned)
		wl_tune_add_value(plan, "madvise", "/sys/kernel/mm/transparent_hugepage/enabled");
}

void wl_tune_plan_numa_balancing(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
				 const struct wl_tune_wish *wish)
{
	if (facts->cores.numa_balancing != WL_FACT_UNKNOWN && !wish->has_tuned)
		wl_tune_add_value(plan, "0", "/proc/sys/kernel/numa_balancing");
}

/* Groups of 32 bits in hexadecimal, the highest first. */
static void print_mask(const struct wl_core_set *set, char *text, size_t text_bytes)
{
	size_t used = 0;
	bool begun = false;

	for (unsigned group = WL_CORE_SET_MAX / 32; group-- > 0;) {
		uint32_t bits = (uint32_t)(set->words[group / 2] >> (group % 2 * 32));

		if ((!begun && bits == 0 && group > 0) || used >= text_bytes)
			continue;
		used += (size_t)snprintf(text + used, text_bytes - used, begun ? ",%08x" : "%x",
					 bits);
		begun = true;
	}
}

void wl_tune_plan_interrupts(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			     const struct wl_tune_wish *wish)
{
	const struct wl_host_cores *cores = &facts->cores;
	struct wl_core_set left = wl_core_set_minus(&cores->online, &cores->wanted);
	/* What was narrowed already, as by irqaffinity= at boot, is not made wider. */
	struct wl_core_set others = wl_core_set_minus(&cores->irqs_default, &cores->wanted);
	struct wl_core_set missing;
	char mask[320], list[128];

	UNUSED(wish);
	if (cores->worker_count == 0)
		return;
	wl_core_set_print(&cores->wanted, ',', list, sizeof(list));
	missing = wl_core_set_minus(&cores->wanted, &cores->isolated);
	if (wl_core_set_count(&missing) > 0)
		wl_tune_note(
			plan,
			"boot with isolcpus=%s nohz_full=%s rcu_nocbs=%s (and irqaffinity= the others): "
			"no command does it while the kernel runs",
			list, list, list);
	if (cores->irqs_on_workers > 0)
		wl_tune_note(
			plan,
			"interrupts %s come to workers' cores: irqaffinity= at boot, or irqbalance's ban "
			"list",
			cores->irqs_told);
	if (wl_core_set_count(&others) == 0)
		others = left;
	if (!cores->irqs_default.is_known || wl_core_set_count(&others) == 0)
		return;
	print_mask(&others, mask, sizeof(mask));
	wl_tune_add_value(plan, mask, "/proc/irq/default_smp_affinity");
}

void wl_tune_plan_persist(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			  const struct wl_tune_wish *wish)
{
	struct wl_tune_action *action;

	UNUSED(facts);
	UNUSED(wish);
	if (plan->persistent[0] == '\0')
		return;
	action = wl_tune_add(plan, WL_TUNE_FILE, "/etc/tmpfiles.d/wirelog-tune.conf");
	wl_tune_set(action->text, sizeof(action->text),
		    "# Made by wirelog tune; `wirelog tune --undo` takes it away.\n%.4000s",
		    plan->persistent);
}
