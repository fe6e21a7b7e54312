/* SPDX-License-Identifier: BSD-3-Clause */
/* NICs of the file: a check asks each, and the worst answer counts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/doctor/doctor.h"

#define GOOD WL_DOCTOR_STATE_GOOD
#define BAD WL_DOCTOR_STATE_BAD
#define UNKNOWN WL_DOCTOR_STATE_UNKNOWN
#define NOT_ASKED WL_DOCTOR_STATE_NOT_ASKED

typedef void look_fn(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
		     struct wl_doctor_answer *answer);

/* bad before unknown before good before not asked */
static int weight_of(enum wl_doctor_state state)
{
	static const int weights[] = {[GOOD] = 1, [BAD] = 3, [UNKNOWN] = 2, [NOT_ASKED] = 0};

	return weights[state];
}

static void look_at_each(const struct wl_host_facts *facts, struct wl_doctor_answer *answer,
			 look_fn *look)
{
	if (wl_doctor_needs_config(facts, answer))
		return;
	wl_doctor_say(answer, NOT_ASKED, "no link is a NIC");
	for (unsigned at = 0; at < facts->nic_count; at++) {
		const struct wl_host_nic *nic = &facts->nics[at];
		struct wl_doctor_answer one = {0};

		if (nic->is_there == 1)
			look(facts, nic, &one);
		else
			wl_doctor_say(&one, UNKNOWN, "it is not there");
		if (at > 0 && weight_of(one.state) <= weight_of(answer->state))
			continue;
		wl_doctor_say(answer, one.state, "%.40s: %.140s", nic->name, one.current);
		snprintf(answer->fix, sizeof(answer->fix), "%s", one.fix);
	}
}

static bool is_bound(const struct wl_host_nic *nic)
{
	return strcmp(nic->driver, "vfio-pci") == 0;
}

static bool stays_with_kernel(const struct wl_host_nic *nic)
{
	return nic->kind != WL_CONFIG_PCI ||
	       (nic->has_family && nic->family.binding == WL_NIC_NEVER_BOUND);
}

/* Only a running node could say. True when it was so. */
static bool is_out_of_sight(const struct wl_host_nic *nic, struct wl_doctor_answer *answer)
{
	if (strcmp(nic->interface, "none") != 0 && nic->interface[0] != '\0')
		return false;
	wl_doctor_say(answer, UNKNOWN, "bound to %s: `wirelog status` tells it", nic->driver);
	return true;
}

#define LOOK(name, each)                                              \
	void wl_doctor_look_##name(const struct wl_host_facts *facts, \
				   struct wl_doctor_answer *answer)   \
	{                                                             \
		look_at_each(facts, answer, each);                    \
	}

/* ---- vfio --------------------------------------------------------------------------------------- */

static void look_at_group(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (stays_with_kernel(nic))
		wl_doctor_say(answer, NOT_ASKED, "its kernel driver stays");
	else if (strcmp(nic->group, "none") == 0)
		wl_doctor_say(answer, UNKNOWN, "it is in no group");
	else if (strcmp(nic->group_stranger, "none") != 0)
		wl_doctor_say(answer, BAD, "group %s has %s, too", nic->group, nic->group_stranger);
	else
		wl_doctor_say(answer, GOOD, "group %s", nic->group);
}
LOOK(iommu_group, look_at_group)

static void look_at_access(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			   struct wl_doctor_answer *answer)
{
	int may = wl_host_owner_allows(&nic->group_file, &facts->system, 6);

	if (stays_with_kernel(nic))
		wl_doctor_say(answer, NOT_ASKED, "its kernel driver stays");
	else if (may < 0)
		wl_doctor_say(answer, UNKNOWN, "no /dev/vfio/%s, or no user %s", nic->group,
			      facts->system.user);
	else
		wl_doctor_say(answer, may ? GOOD : BAD,
			      "/dev/vfio/%s: owner %" PRId64 ":%" PRId64 ", mode %04o", nic->group,
			      nic->group_file.uid, nic->group_file.gid,
			      (unsigned)nic->group_file.mode);
}
LOOK(vfio_access, look_at_access)

/* ---- the card ----------------------------------------------------------------------------------- */

void wl_doctor_look_nic_there(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return;
	wl_doctor_say(answer, NOT_ASKED, "no link is a NIC");
	for (unsigned at = 0; at < facts->nic_count; at++) {
		wl_doctor_say(answer, facts->nics[at].is_there == 1 ? GOOD : BAD, "%s%s",
			      facts->nics[at].name,
			      facts->nics[at].is_there == 1 ? "" : " is not there");
		if (facts->nics[at].is_there != 1)
			return;
	}
}

static void look_at_family(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			   struct wl_doctor_answer *answer)
{
	(void)facts;
	if (nic->has_family)
		wl_doctor_say(answer, GOOD, "%s (%s)", nic->family.name, nic->id);
	else
		wl_doctor_say(answer, BAD, "none fits %s, driver %s", nic->id, nic->driver);
}
LOOK(nic_family, look_at_family)

static void look_at_driver(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			   struct wl_doctor_answer *answer)
{
	(void)facts;
	if (nic->kind != WL_CONFIG_PCI)
		wl_doctor_say(answer, is_bound(nic) ? BAD : GOOD, "%s", nic->driver);
	else if (!stays_with_kernel(nic))
		wl_doctor_say(answer, is_bound(nic) ? GOOD : BAD, "%s, vfio-pci is needed",
			      nic->driver);
	else if (is_bound(nic) || strcmp(nic->driver, "none") == 0)
		wl_doctor_say(answer, BAD, "%s, its kernel driver %s is needed", nic->driver,
			      nic->family.drivers[0]);
	else
		wl_doctor_say(answer, GOOD, "%s", nic->driver);
	if (answer->state == BAD && nic->kind == WL_CONFIG_PCI && stays_with_kernel(nic))
		snprintf(answer->fix, sizeof(answer->fix),
			 "driverctl unset-override %s: a card of this family is never unbound",
			 nic->address);
}
LOOK(nic_driver, look_at_driver)

static void look_at_needs(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (!nic->has_family)
		wl_doctor_say(answer, UNKNOWN, "no profile");
	else if (nic->family.needs[0] == '\0')
		wl_doctor_say(answer, NOT_ASKED, "%s needs none", nic->family.name);
	else
		wl_doctor_say(answer, nic->needs_is_there ? GOOD : BAD, "%s%s", nic->family.needs,
			      nic->needs_is_there ? "" : " is missing");
	snprintf(answer->fix, sizeof(answer->fix), "%s", nic->family.needs_fix);
}
LOOK(nic_needs, look_at_needs)

static void look_at_port_of(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			    struct wl_doctor_answer *answer)
{
	(void)facts;
	if (strcmp(nic->interface, "none") == 0)
		wl_doctor_say(answer, GOOD, "no interface of the kernel");
	else if (nic->master[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else if (strcmp(nic->master, "none") != 0)
		wl_doctor_say(answer, BAD, "%s is a port of %s %s", nic->interface,
			      nic->master_kind, nic->master);
	else if (strcmp(nic->upper, "none") != 0)
		wl_doctor_say(answer, BAD, "%s lies on %s", nic->upper, nic->interface);
	else
		wl_doctor_say(answer, GOOD, "%s is nobody's", nic->interface);
}
LOOK(nic_port_of, look_at_port_of)

static void look_at_route(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (strcmp(nic->interface, "none") == 0)
		wl_doctor_say(answer, GOOD, "no interface of the kernel");
	else if (stays_with_kernel(nic))
		wl_doctor_say(answer, NOT_ASKED, "it is not taken from the kernel");
	else if (nic->routes_default4 == 1 || nic->routes_default6 == 1)
		wl_doctor_say(answer, BAD, "that of IPv%d leaves by %s",
			      nic->routes_default4 == 1 ? 4 : 6, nic->interface);
	else if (nic->routes_default4 == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "cannot be read here");
	else
		wl_doctor_say(answer, GOOD, "none");
}
LOOK(nic_default_route, look_at_route)

static void look_at_link(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			 struct wl_doctor_answer *answer)
{
	(void)facts;
	if (is_out_of_sight(nic, answer))
		return;
	if (nic->carrier == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "%s is not up, so nothing is told", nic->interface);
	else
		wl_doctor_say(answer, nic->carrier == 1 ? GOOD : BAD,
			      nic->carrier == 1 ? "up" : "no carrier");
}
LOOK(nic_link, look_at_link)

static void look_at_speed(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (is_out_of_sight(nic, answer))
		return;
	if (nic->speed_mbit == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, nic->speed_mbit >= 10000 ? GOOD : BAD, "%" PRId64 " Mbit/s",
			      nic->speed_mbit);
}
LOOK(nic_speed, look_at_speed)

static void look_at_lanes(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (nic->lanes <= 0 || nic->lanes_max <= 0 || nic->lanes_max > 32)
		wl_doctor_say(answer, UNKNOWN, "no PCI Express link is told");
	else
		wl_doctor_say(answer, nic->lanes >= nic->lanes_max ? GOOD : BAD,
			      "%" PRId64 " of %" PRId64, nic->lanes, nic->lanes_max);
}
LOOK(nic_lanes, look_at_lanes)

static void look_at_pause(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			  struct wl_doctor_answer *answer)
{
	(void)facts;
	if (is_out_of_sight(nic, answer))
		return;
	if (nic->pause == WL_FACT_UNKNOWN)
		wl_doctor_say(answer, UNKNOWN, "not told");
	else
		wl_doctor_say(answer, nic->pause ? BAD : GOOD, nic->pause ? "on" : "off");
}
LOOK(nic_pause, look_at_pause)

static void look_at_mtu(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			struct wl_doctor_answer *answer)
{
	(void)facts;
	if (nic->has_family && nic->mtu_wanted > nic->family.mtu_max)
		wl_doctor_say(answer, BAD, "%u, %s carries %u", nic->mtu_wanted, nic->family.name,
			      nic->family.mtu_max);
	else if (stays_with_kernel(nic) && nic->mtu != WL_FACT_UNKNOWN)
		wl_doctor_say(answer, nic->mtu >= nic->mtu_wanted ? GOOD : BAD,
			      "%u, %s has %" PRId64, nic->mtu_wanted, nic->interface, nic->mtu);
	else if (!nic->has_family)
		wl_doctor_say(answer, UNKNOWN, "no profile");
	else
		wl_doctor_say(answer, GOOD, "%u of %u", nic->mtu_wanted, nic->family.mtu_max);
}
LOOK(nic_mtu, look_at_mtu)

void wl_doctor_look_nic_path_mtu(const struct wl_host_facts *facts, struct wl_doctor_answer *answer)
{
	if (wl_doctor_needs_config(facts, answer))
		return;
	if (facts->config->node_count < 2)
		wl_doctor_say(answer, NOT_ASKED, "there are no peers");
	else if (facts->system.path_mtu[0] == '\0')
		wl_doctor_say(answer, UNKNOWN, "the node does not run here: it measures the paths");
	else if (strcmp(facts->system.path_mtu, "none") == 0)
		wl_doctor_say(answer, GOOD, "the node says nothing of paths");
	else
		wl_doctor_say(answer, BAD, "%s", facts->system.path_mtu);
}

static void look_at_queues(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			   struct wl_doctor_answer *answer)
{
	uint32_t workers = facts->config->worker_count;

	if (nic->kind != WL_CONFIG_PCI)
		wl_doctor_say(answer, NOT_ASKED, "not a port of DPDK's own");
	else if (!nic->has_family)
		wl_doctor_say(answer, UNKNOWN, "no profile");
	else
		wl_doctor_say(answer, workers <= nic->family.queues_max ? GOOD : BAD,
			      "%u workers, at most %u queues", workers, nic->family.queues_max);
}
LOOK(nic_queues, look_at_queues)

static void look_at_steering(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			     struct wl_doctor_answer *answer)
{
	static const char *const words[] = {"flow rules", "hash (RSS) alone", "one queue"};

	if (nic->kind != WL_CONFIG_PCI || facts->config->worker_count < 2)
		wl_doctor_say(answer, NOT_ASKED, "one worker needs none");
	else if (!nic->has_family)
		wl_doctor_say(answer, UNKNOWN, "no profile");
	else
		wl_doctor_say(answer, nic->family.steering == WL_NIC_STEERS_BY_RULES ? GOOD : BAD,
			      "%s: %s", nic->family.name, words[nic->family.steering]);
}
LOOK(nic_steering, look_at_steering)

static void look_at_descriptors(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
				struct wl_doctor_answer *answer)
{
	uint32_t wanted = nic->descriptors != 0 ? nic->descriptors : 1024;

	(void)facts;
	if (nic->kind != WL_CONFIG_PCI)
		wl_doctor_say(answer, NOT_ASKED, "not a port of DPDK's own");
	else if (!nic->has_family)
		wl_doctor_say(answer, UNKNOWN, "no profile");
	else
		wl_doctor_say(answer,
			      wanted >= nic->family.descriptors_min &&
					      wanted <= nic->family.descriptors_max
				      ? GOOD
				      : BAD,
			      "%u of %u to %u", wanted, nic->family.descriptors_min,
			      nic->family.descriptors_max);
}
LOOK(nic_descriptors, look_at_descriptors)

static void look_at_node(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			 struct wl_doctor_answer *answer)
{
	if (facts->cores.worker_count == 0) {
		wl_doctor_say(answer, NOT_ASKED, "workers[].core is auto");
		return;
	}
	if (nic->node < 0 || facts->cores.workers[0].node == WL_FACT_UNKNOWN) {
		wl_doctor_say(answer, UNKNOWN, "its node is not told");
		return;
	}
	wl_doctor_say(answer, nic->node == facts->cores.workers[0].node ? GOOD : BAD,
		      "node %" PRId64 ", core %u on node %" PRId64, nic->node,
		      facts->cores.workers[0].number, facts->cores.workers[0].node);
}
LOOK(nic_node, look_at_node)

static void look_at_firmware(const struct wl_host_facts *facts, const struct wl_host_nic *nic,
			     struct wl_doctor_answer *answer)
{
	(void)facts;
	if (is_out_of_sight(nic, answer))
		return;
	wl_doctor_say(answer, nic->firmware[0] != '\0' ? GOOD : UNKNOWN, "%s",
		      nic->firmware[0] != '\0' ? nic->firmware : "not told");
}
LOOK(nic_firmware, look_at_firmware)
