/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that judges what is given up: only what a committed entry trimmed, only what no start needs. */
#include "dataplane/base/bytes.h"
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

bool sim_oracle_has(const struct sim_drive *drive, uint64_t offset, uint64_t index, uint64_t chain)
{
	if (offset != 0 && offset / drive->segment_bytes < drive->oldest)
		return true; /* whether it may be gone is O36's to say */
	return sim_oracle_is_on_platter(drive, offset, index, chain);
}

void sim_oracle_note_trim(struct sim_oracle *oracle, const uint8_t *image,
			  const struct wl_entry_header *header)
{
	struct wl_control control;

	if (header->kind != WL_ENTRY_CONTROL || !wl_control_decode(image, header, &control) ||
	    control.verb != WL_CONTROL_TRIM)
		return;
	if (control.number > oracle->numbers + 1)
		control.number = oracle->numbers + 1;
	if (control.number > oracle->trim_number)
		oracle->trim_number = control.number;
}

/* Both of two whole bases: the newest may rot. */
static void check_bases(const struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct sim_drive *drive = &node->drives[oracle->journal];
	unsigned whole = 0;

	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++) {
		const struct sim_base *base = &drive->bases[place];
		uint64_t walk;

		if (!base->bytes || base->damaged)
			continue;
		whole++;
		walk = wl_load_u64(base->bytes + 152);
		if (walk / drive->segment_bytes < drive->oldest)
			sim_violation(oracle->cluster, node->number, "O37",
				      "segments below %llu are gone, a base needs %llu",
				      LLU(drive->oldest), LLU(walk / drive->segment_bytes));
	}
	if (drive->oldest != 0 && whole == 0 && !node->rotten)
		sim_violation(oracle->cluster, node->number, "O37",
			      "segments below %llu are gone, and there is no base",
			      LLU(drive->oldest));
}

void sim_oracle_check_begin(const struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_log *log = &node->journals[oracle->journal]->log;

	if (log->begin.position.index == 0 || node->rotten || node->contradicted)
		return;
	if (log->begin.next_number > oracle->trim_number)
		sim_violation(oracle->cluster, node->number, "O36",
			      "gives up records below %llu, trimmed are those below %llu",
			      LLU(log->begin.next_number), LLU(oracle->trim_number));
	if (oracle->checks % 16 == 0)
		check_bases(oracle, node);
}

void sim_oracle_judge_trimmed(const struct sim_oracle *oracle, unsigned node,
			      const struct wl_wire_gap *gap)
{
	if (node != 0 && oracle->cluster->nodes[node].rotten)
		return;
	if (gap->next_number <= gap->first_number || gap->next_number > oracle->trim_number)
		sim_violation(
			oracle->cluster, node, "O36",
			"tells a reader that %llu to %llu were trimmed, trimmed are those below %llu",
			LLU(gap->first_number), LLU(gap->next_number), LLU(oracle->trim_number));
}
