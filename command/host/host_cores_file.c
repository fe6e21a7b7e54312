/* SPDX-License-Identifier: BSD-3-Clause */
/* Cores of the workers, and what else may run on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/host/host_facts.h"

#define CPUS "/sys/devices/system/cpu"

static void read_set(const char *root, const char *path, struct wl_core_set *set)
{
	char line[4096];

	memset(set, 0, sizeof(*set));
	if (wl_host_read_line(root, path, line, sizeof(line)))
		wl_core_set_parse(set, line);
}

/* The value behind `key` in a text of lines; "" when it is not there. */
static void read_value(const char *text, const char *key, char *value, size_t value_bytes)
{
	const char *at = strstr(text, key);
	size_t length;

	value[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(key);
	at += strspn(at, " \t:=");
	length = strcspn(at, "\n");
	if (length < value_bytes) {
		memcpy(value, at, length);
		value[length] = '\0';
	}
}

/* ---- one core ----------------------------------------------------------------------------------- */

struct idle {
	const char *root;
	unsigned core;
	int64_t latency_us;
};

static bool look_at_idle_state(void *context, const char *name)
{
	struct idle *idle = context;
	char path[WL_HOST_PATH_BYTES];
	int64_t latency, disabled;

	wl_host_path(path, "", CPUS "/cpu%u/cpuidle/%s/latency", idle->core, name);
	latency = wl_host_read_number(idle->root, path);
	wl_host_path(path, "", CPUS "/cpu%u/cpuidle/%s/disable", idle->core, name);
	disabled = wl_host_read_number(idle->root, path);
	if (latency != WL_FACT_UNKNOWN && disabled != 1 && latency > idle->latency_us)
		idle->latency_us = latency;
	return true;
}

static bool look_at_node(void *context, const char *name)
{
	struct wl_host_core *core = context;

	if (strncmp(name, "node", 4) != 0 || name[4] < '0' || name[4] > '9')
		return true;
	core->node = strtol(name + 4, NULL, 10);
	return false;
}

static void read_core(const char *root, unsigned number, struct wl_host_core *core)
{
	struct idle idle = {.root = root, .core = number, .latency_us = 0};
	char path[WL_HOST_PATH_BYTES];

	core->number = number;
	core->node = WL_FACT_UNKNOWN;
	core->idle_latency_us = WL_FACT_UNKNOWN;
	wl_host_path(path, "", CPUS "/cpu%u", number);
	wl_host_each(root, path, look_at_node, core);
	wl_host_path(path, "", CPUS "/cpu%u/topology/thread_siblings_list", number);
	read_set(root, path, &core->siblings);
	wl_host_path(path, "", CPUS "/cpu%u/cpufreq/scaling_governor", number);
	wl_host_read_line(root, path, core->governor, sizeof(core->governor));
	wl_host_path(path, "", CPUS "/cpu%u", number);
	if (!wl_host_is_there(root, path))
		return;
	wl_host_path(path, "", CPUS "/cpu%u/cpufreq", number);
	if (!wl_host_is_there(root, path))
		strcpy(core->governor, "none");
	wl_host_path(path, "", CPUS "/cpu%u/cpuidle", number);
	wl_host_each(root, path, look_at_idle_state, &idle);
	core->idle_latency_us = idle.latency_us;
}

/* ---- interrupts --------------------------------------------------------------------------------- */

struct irqs {
	const char *root;
	struct wl_host_cores *cores;
};

static bool look_at_irq(void *context, const char *name)
{
	struct irqs *irqs = context;
	struct wl_host_cores *cores = irqs->cores;
	struct wl_core_set where, hit;
	char path[WL_HOST_PATH_BYTES];
	size_t used = strlen(cores->irqs_told);

	if (name[0] < '0' || name[0] > '9')
		return true;
	/* Where it goes now; a kernel that does not say tells where it may go. */
	wl_host_path(path, "", "/proc/irq/%s/effective_affinity_list", name);
	read_set(irqs->root, path, &where);
	if (!where.is_known || wl_core_set_count(&where) == 0) {
		wl_host_path(path, "", "/proc/irq/%s/smp_affinity_list", name);
		read_set(irqs->root, path, &where);
	}
	if (!where.is_known)
		return true;
	cores->irqs_known = 1;
	hit = wl_core_set_both(&where, &cores->wanted);
	if (wl_core_set_count(&hit) == 0)
		return true;
	if (cores->irqs_on_workers++ < WL_HOST_IRQS_TOLD)
		snprintf(cores->irqs_told + used, sizeof(cores->irqs_told) - used, "%s%s",
			 used > 0 ? ", " : "", name);
	return true;
}

/* A mask as the kernel writes it: groups of 32 bits in hexadecimal, the highest first. */
static void parse_mask(const char *line, struct wl_core_set *set)
{
	unsigned bit = 0;

	memset(set, 0, sizeof(*set));
	for (size_t at = strlen(line); at > 0; at--) {
		char digit[2] = {line[at - 1], '\0'};
		unsigned long value = strtoul(digit, NULL, 16);

		if (digit[0] == ',')
			continue;
		for (unsigned one = 0; one < 4; one++, bit++)
			if (value >> one & 1)
				wl_core_set_add(set, bit);
	}
	set->is_known = line[0] != '\0';
}

/* ---- all ---------------------------------------------------------------------------------------- */

static int64_t has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word)) != NULL) {
		if ((at == text || at[-1] == ' ' || at[-1] == '\t') &&
		    (at[length] == ' ' || at[length] == '\0'))
			return 1;
		at += length;
	}
	return 0;
}

static void read_processor(const char *root, struct wl_host_cores *cores)
{
	static char text[1 << 16];
	char flags[8192];

	cores->tsc_invariant = cores->avx2 = cores->is_virtual = WL_FACT_UNKNOWN;
	if (!wl_host_read_text(root, "/proc/cpuinfo", text, sizeof(text)))
		return;
	read_value(text, "\nflags", flags, sizeof(flags));
	if (flags[0] == '\0')
		return;
	cores->tsc_invariant = has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc");
	cores->avx2 = has_word(flags, "avx2");
	cores->is_virtual = has_word(flags, "hypervisor");
}

/* rcu_nocbs=LIST of the boot line; a kernel that was not told offloads what is tickless. */
static void read_boot_line(const char *root, struct wl_host_cores *cores)
{
	char line[4096], list[512], *at;

	if (!wl_host_read_line(root, "/proc/cmdline", line, sizeof(line)))
		return;
	at = strstr(line, "rcu_nocbs=");
	cores->rcu_offloaded = cores->tickless;
	cores->rcu_offloaded.is_known = true;
	if (at == NULL)
		return;
	snprintf(list, sizeof(list), "%s", at + 10);
	list[strcspn(list, " ")] = '\0';
	wl_core_set_parse(&cores->rcu_offloaded, list);
}

static void read_wanted(const struct wl_config *config, struct wl_core_set *wanted)
{
	wanted->is_known = config != NULL;
	for (uint32_t at = 0; config != NULL && at < config->worker_count; at++)
		if (config->workers[at].core >= 0)
			wl_core_set_add(wanted, (unsigned)config->workers[at].core);
}

void wl_host_cores_read(struct wl_host_facts *facts)
{
	static char status[8192];
	struct wl_host_cores *cores = &facts->cores;
	struct irqs irqs = {.root = facts->root, .cores = cores};
	char value[1024];

	read_wanted(facts->config, &cores->wanted);
	read_set(facts->root, CPUS "/online", &cores->online);
	read_set(facts->root, CPUS "/isolated", &cores->isolated);
	read_set(facts->root, CPUS "/nohz_full", &cores->tickless);
	read_boot_line(facts->root, cores);
	if (wl_host_read_text(facts->root, "/proc/self/status", status, sizeof(status))) {
		read_value(status, "Cpus_allowed_list", value, sizeof(value));
		if (value[0] != '\0')
			wl_core_set_parse(&cores->allowed, value);
	}
	for (unsigned core = 0; core < WL_CORE_SET_MAX; core++)
		if (wl_core_set_has(&cores->wanted, core))
			read_core(facts->root, core, &cores->workers[cores->worker_count++]);
	cores->irqs_known = WL_FACT_UNKNOWN;
	wl_host_each(facts->root, "/proc/irq", look_at_irq, &irqs);
	if (wl_host_read_line(facts->root, "/proc/irq/default_smp_affinity", value, sizeof(value)))
		parse_mask(value, &cores->irqs_default);
	read_processor(facts->root, cores);
	cores->numa_balancing = wl_host_read_number(facts->root, "/proc/sys/kernel/numa_balancing");
	cores->nmi_watchdog = wl_host_read_number(facts->root, "/proc/sys/kernel/nmi_watchdog");
	wl_host_read_line(facts->root,
			  "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			  cores->clocksource, sizeof(cores->clocksource));
}
