/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/plan/faults_operator.h"

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/sim/server/node_config.h"

static bool has_data(const struct sim_node *node)
{
	struct wl_superblock record;
	unsigned damaged;

	return wl_superblock_choose(node->drives[0].superblock, &record, &damaged) !=
	       WL_SUPERBLOCK_EMPTY;
}

/*
 * A file that is right by chance and says something else is the operator's wish, and another run: it is put right before
 * the start. What must be refused is refused at the start.
 */
static void write_file(struct sim_faults *faults, struct sim_node *node, uint64_t edit)
{
	if (edit >= SIM_EDITS)
		return;
	/* New data would be made for the wrong owner; that is done to one node of a cluster on purpose only. */
	if (edit >= SIM_EDIT_CLUSTER && !has_data(node)) {
		if (edit != SIM_EDIT_CLUSTER || faults->plan->nodes < 3 || node->up)
			return;
		node->stranger = true;
		node->was_stranger = true;
	}
	if (edit == SIM_EDIT_NONE) {
		node->names_core = node->demands_pages = node->keyless = false;
		node->eal_extra = 0;
	}
	sim_node_config_write(faults->cluster, node->number, (enum sim_config_edit)edit);
	if (!node->file->unforeseen)
		return;
	if (sim_node_config_read(faults->cluster, node->number) == 0)
		sim_node_config_write(faults->cluster, node->number, SIM_EDIT_NONE);
}

#define LATER 100u /* versions from ours to one that this build does not know */

/* Byte 4 of a record is its version, its last four bytes are the checksum (docs/LOG-FORMAT.md). */
static void set_version(struct sim_node *node, bool newer)
{
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES && !node->up; copy++) {
		uint8_t *bytes = node->drives[0].superblock[copy];
		bool whole = wl_load_u32(bytes + WL_BLOCK_BYTES - 4) ==
			     wl_crc32c(bytes, WL_BLOCK_BYTES - 4);

		uint16_t version = wl_load_u16(bytes + 4);

		if (!whole || wl_load_u32(bytes) == 0 || (version > LATER) == newer)
			continue;
		node->newer = newer;
		wl_store_u16(bytes + 4, (uint16_t)(newer ? version + LATER : version - LATER));
		wl_store_u32(bytes + WL_BLOCK_BYTES - 4, wl_crc32c(bytes, WL_BLOCK_BYTES - 4));
	}
}

static void change_machine(struct sim_faults *faults, struct sim_node *node,
			   const struct sim_action *action)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_DPDK:
		node->machine.eal_failure =
			value != 0 ? (unsigned)((value - 1) % sim_machine_failures()) + 1 : 0;
		return;
	case SIM_PAGES:
		node->machine.hugepages_free = node->machine.hugepage_kb != 0 ? (uint32_t)value : 0;
		node->demands_pages = action->argument[2] != 0;
		break;
	case SIM_MEMORY:
		node->machine.memory_bytes = value;
		return;
	case SIM_KEYLESS:
		node->keyless = true;
		break;
	case SIM_EXTRA:
		node->eal_extra = (unsigned)(value % 4);
		break;
	case SIM_SESSIONS:
		node->sessions = value % (WIRELOG_SESSIONS_MAX + 1);
		break;
	default:
		node->names_core = true;
		node->core = (uint16_t)(value % 1024);
		break;
	}
	sim_node_config_write(faults->cluster, node->number, SIM_EDIT_NONE);
}

bool sim_faults_act_as_operator(struct sim_faults *faults, const struct sim_action *action,
				struct sim_node *node)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_CONFIG:
		write_file(faults, node, value);
		return true;
	case SIM_CHECK_CONFIG:
		for (uint64_t left = action->argument[2]; left > 0; left--)
			sim_node_config_check_any(faults->cluster, node->number,
						  (enum sim_config_edit)(value % SIM_EDIT_CLUSTER));
		return true;
	case SIM_DPDK:
	case SIM_PAGES:
	case SIM_CORE:
	case SIM_MEMORY:
	case SIM_KEYLESS:
	case SIM_EXTRA:
	case SIM_SESSIONS:
		change_machine(faults, node, action);
		return true;
	case SIM_TRANSFER_TO:
		sim_operator_transfer(&faults->operator_, node->number, (uint32_t)value);
		return true;
	case SIM_ASK:
		sim_operator_ask(&faults->operator_, node->number);
		return true;
	case SIM_COMPARE:
		sim_comparer_begin(&faults->comparer, node->number);
		return true;
	case SIM_FAIL_RECORD:
		node->record_fails = true;
		return true;
	case SIM_NEWER:
		set_version(node, true);
		return true;
	default:
		return false;
	}
}

void sim_faults_drive_changed(struct sim_faults *faults, struct sim_node *node)
{
	node->newer = false;
	if (node->file->edit >= SIM_EDIT_CLUSTER)
		sim_node_config_write(faults->cluster, node->number, SIM_EDIT_NONE);
}

void sim_faults_repair(struct sim_faults *faults, struct sim_node *node)
{
	bool wrong = node->file->edit != SIM_EDIT_NONE || node->names_core || node->demands_pages ||
		     node->keyless || node->eal_extra != 0 || node->sessions != 0;

	node->machine.eal_failure = 0;
	node->names_core = false;
	node->demands_pages = false;
	node->keyless = false;
	node->eal_extra = 0;
	if (node->sessions != 0 && node->up)
		sim_node_crash(faults->cluster, node->number); /* it reads its file at a start */
	node->sessions = 0;
	node->machine.memory_bytes = 0;
	if (node->newer) {
		set_version(node, false);
		node->refused = false;
	}
	node->record_fails = false;
	if (node->stranger) {
		sim_node_crash(faults->cluster, node->number);
		for (unsigned journal = 0; journal < faults->plan->journals; journal++)
			sim_drive_wipe(&node->drives[journal]);
		sim_node_forget_verified(node);
		node->forgot = true;
		node->forgets++;
		node->refused = false;
		node->stranger = false;
	}
	if (wrong)
		sim_node_config_write(faults->cluster, node->number, SIM_EDIT_NONE);
}
