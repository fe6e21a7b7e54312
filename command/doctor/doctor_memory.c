/* SPDX-License-Identifier: BSD-3-Clause */
/* Hugepages, locked memory, vfio. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/doctor/doctor.h"

#define GOOD WL_DOCTOR_STATE_GOOD
#define BAD WL_DOCTOR_STATE_BAD
#define UNKNOWN WL_DOCTOR_STATE_UNKNOWN
#define NOT_ASKED WL_DOCTOR_STATE_NOT_ASKED

static bool wants_no_pages(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (facts->config->hugepages == WL_HUGEPAGES_OFF) {
		wl_doctor_say(answer, NOT_ASKED, "memory.hugepages is off");
		return true;
	}
	return false;
}

/* Of this size there are enough free ones for the node. */
static bool has_enough(const struct wl_host_facts *facts, const struct wl_host_pages *pages)
{
	return pages->kb != 0 && pages->free != WL_FACT_UNKNOWN &&
	       (uint64_t)pages->free >= wl_host_pages_wanted(facts->config, pages->kb);
}

void wl_doctor_look_pages_enough(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const struct wl_host_pages *pages = facts->memory.pages;
	enum wl_doctor_state missing;

	if (wants_no_pages(facts, answer))
		return;
	if (pages[0].kb == 0 && pages[1].kb == 0) {
		wl_doctor_say(answer, UNKNOWN, "no hugepages of 2 MiB or 1 GiB are told here");
		return;
	}
	for (unsigned at = 0; at < 2; at++)
		if (has_enough(facts, &pages[at])) {
			wl_doctor_say(answer, GOOD,
				      "%" PRId64 " of %u KiB are free, %" PRIu64 " needed",
				      pages[at].free, pages[at].kb,
				      wl_host_pages_wanted(facts->config, pages[at].kb));
			return;
		}
	/* A node that runs has taken them: free ones are the next start's. */
	missing = facts->system.path_mtu[0] != '\0' ? UNKNOWN : BAD;
	wl_doctor_say(answer, missing, "%" PRId64 " of 2 MiB are free, %" PRIu64 " needed%s",
		      pages[0].kb != 0 ? pages[0].free : 0,
		      wl_host_pages_wanted(facts->config, 2048),
		      missing == UNKNOWN ? "; the node runs and has its own" : "");
}

static int64_t node_of_nics(const struct wl_host_facts *facts)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (facts->nics[at].node >= 0)
			return facts->nics[at].node;
	return WL_FACT_UNKNOWN;
}

void wl_doctor_look_pages_on_node(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	int64_t node = node_of_nics(facts);

	if (wants_no_pages(facts, answer))
		return;
	if (facts->nic_count == 0) {
		wl_doctor_say(answer, NOT_ASKED, "no link is a NIC");
		return;
	}
	if (node == WL_FACT_UNKNOWN || node >= WL_HOST_NODES_MAX) {
		wl_doctor_say(answer, UNKNOWN, "the NIC's node is not told");
		return;
	}
	for (unsigned at = 0; at < 2; at++) {
		const struct wl_host_pages *pages = &facts->memory.pages[at];
		int64_t there = pages->total_on[node];

		if (pages->kb != 0 && there != WL_FACT_UNKNOWN && there > 0 &&
		    (uint64_t)there >= wl_host_pages_wanted(facts->config, pages->kb)) {
			wl_doctor_say(answer, GOOD, "%" PRId64 " of %u KiB on node %" PRId64, there,
				      pages->kb, node);
			return;
		}
	}
	if (facts->memory.pages[0].total_on[node] == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read of node %" PRId64, node);
	else
		wl_doctor_say(answer, BAD, "%" PRId64 " of 2 MiB on node %" PRId64,
			      facts->memory.pages[0].total_on[node], node);
}

void wl_doctor_look_pages_mount(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	const char *mount = facts->memory.mount;

	if (wants_no_pages(facts, answer))
		return;
	if (mount[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, strcmp(mount, "none") == 0 ? BAD : GOOD, "%s", mount);
}

void wl_doctor_look_pages_allowed(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	int64_t limit = facts->memory.pages_limit;
	uint64_t wanted;

	if (wants_no_pages(facts, answer))
		return;
	wanted = wl_host_pages_wanted(facts->config, 2048) * 2048 * 1024;
	if (limit == INT64_MAX)
		wl_doctor_say(answer, GOOD, "no limit");
	else
		wl_doctor_say(answer, (uint64_t)limit >= wanted ? GOOD : BAD,
			      "%" PRId64 " MiB, %" PRIu64 " needed", limit >> 20, wanted >> 20);
}

void wl_doctor_look_pages_transparent(const struct wl_host_facts *facts,
				      struct wl_doctor_answer *answer)
{
	const char *word = facts->memory.transparent;

	if (word[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, strcmp(word, "always") == 0 ? BAD : GOOD, "%s", word);
}

static bool has_vfio_nic(const struct wl_host_facts *facts)
{
	for (unsigned at = 0; at < facts->nic_count; at++)
		if (facts->nics[at].kind == WL_CONFIG_PCI &&
		    !(facts->nics[at].has_family &&
		      facts->nics[at].family.binding == WL_NIC_NEVER_BOUND))
			return true;
	return false;
}

void wl_doctor_look_memory_locked(const struct wl_host_facts *facts,
				  struct wl_doctor_answer *answer)
{
	int64_t limit = facts->memory.locked_limit;
	uint64_t wanted;

	if (wl_doctor_needs_config(facts, answer))
		return;
	if (limit == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	if (limit == INT64_MAX) {
		wl_doctor_say(answer, GOOD, "no limit");
		return;
	}
	wanted = (uint64_t)facts->config->journal_count * facts->config->log_ring_bytes;
	if (has_vfio_nic(facts))
		wanted += wl_host_pages_wanted(facts->config, 2048) * 2048 * 1024;
	if (!has_vfio_nic(facts) && facts->config->registered_buffers != WL_CONFIG_ON &&
	    facts->config->memory_locked != WL_CONFIG_ON)
		wl_doctor_say(answer, NOT_ASKED, "%" PRId64 " KiB; nothing has to be locked",
			      limit >> 10);
	else
		wl_doctor_say(answer, (uint64_t)limit >= wanted ? GOOD : BAD,
			      "%" PRId64 " KiB, %" PRIu64 " needed", limit >> 10, wanted >> 10);
}

void wl_doctor_look_memory_swap(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (facts->memory.swap_kb == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else if (facts->memory.swap_kb == 0)
		wl_doctor_say(answer, GOOD, "no swap");
	else if (facts->config != NULL && facts->config->memory_locked == WL_CONFIG_ON)
		wl_doctor_say(answer, GOOD, "memory.locked is on");
	else
		wl_doctor_say(answer, BAD, "%" PRId64 " MiB of swap", facts->memory.swap_kb >> 10);
}

void wl_doctor_look_memory_free(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	uint64_t wanted_kb;

	if (wl_doctor_needs_config(facts, answer))
		return;
	if (facts->memory.available_kb == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
		return;
	}
	wanted_kb = (uint64_t)facts->config->journal_count * facts->config->log_ring_bytes >> 10;
	wl_doctor_say(answer, (uint64_t)facts->memory.available_kb >= wanted_kb ? GOOD : BAD,
		      "%" PRId64 " MiB, rings take %" PRIu64, facts->memory.available_kb >> 10,
		      wanted_kb >> 10);
}

/* ---- vfio --------------------------------------------------------------------------------------- */

static bool needs_no_vfio(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return true;
	if (!has_vfio_nic(facts)) {
		wl_doctor_say(answer, NOT_ASKED, "no NIC is bound for DPDK");
		return true;
	}
	return false;
}

void wl_doctor_look_iommu_on(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	int64_t groups = facts->system.iommu_groups;

	if (needs_no_vfio(facts, answer))
		return;
	if (groups == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, groups > 0 ? GOOD : BAD, "%" PRId64 " groups", groups);
}

void wl_doctor_look_vfio_module(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	int64_t loaded = facts->system.vfio_is_loaded;

	if (needs_no_vfio(facts, answer))
		return;
	if (loaded == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, loaded ? GOOD : BAD, loaded ? "loaded" : "not loaded");
}

void wl_doctor_look_vfio_protected(const struct wl_host_facts *facts,
				   struct wl_doctor_answer *answer)
{
	int64_t without = facts->system.vfio_without_iommu;

	if (needs_no_vfio(facts, answer))
		return;
	if (without == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, facts->system.vfio_is_loaded == 1 ? GOOD : UNKNOWN,
			      "this kernel does not say that it has that mode");
	else
		wl_doctor_say(answer, without ? BAD : GOOD, without ? "on" : "off");
}
