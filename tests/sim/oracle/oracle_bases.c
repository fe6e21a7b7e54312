/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that judges what is given up: only what a committed entry trimmed, only what no start needs. */
#include "dataplane/base/bytes.h"
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

/* Whoever took a peer's base never held what lies before it. */
static bool has_base_behind(const struct sim_drive *drive, uint64_t index)
{
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++) {
		const struct sim_base *base = &drive->bases[place];

		if (base->bytes && !base->damaged && wl_load_u64(base->bytes + 56) >= index)
			return true;
	}
	return false;
}

bool sim_oracle_has(const struct sim_drive *drive, uint64_t offset, uint64_t index, uint64_t chain)
{
	if (offset != 0 && offset / drive->segment_bytes < drive->oldest)
		return true; /* whether it may be gone is O36's to say */
	if (offset == 0 && has_base_behind(drive, index))
		return true;
	return sim_oracle_is_on_platter(drive, offset, index, chain);
}

static void note_trim(struct sim_oracle *oracle, uint64_t number)
{
	if (number > oracle->numbers + 1)
		number = oracle->numbers + 1;
	if (number > sim_oracle_lowest_checkpoint(oracle))
		number = sim_oracle_lowest_checkpoint(oracle);
	if (number > oracle->trim_number)
		oracle->trim_number = number;
}

static void on_base(void *context, const struct sim_node *node, unsigned journal, uint64_t index,
		    uint64_t digest)
{
	struct sim_oracle *oracle = (struct sim_oracle *)context + journal;
	struct sim_made_base *made = &oracle->bases[oracle->base_count % SIM_ORACLE_BASES];

	for (unsigned at = 0; at < SIM_ORACLE_BASES; at++) {
		struct sim_made_base *other = &oracle->bases[at];

		if (other->index == index && other->digest == digest)
			made = other;
	}
	oracle->base_count += made->index != index || made->digest != digest;
	if (made->index != index || made->digest != digest)
		*made = (struct sim_made_base){.index = index, .digest = digest};
	made->nodes |= 1u << node->number;
}

static void on_archived(void *context, const struct sim_node *node, unsigned journal,
			uint64_t index, uint64_t chain)
{
	const struct sim_oracle *oracle = (const struct sim_oracle *)context + journal;

	if (oracle->reduced || node->rotten || node->contradicted)
		return;
	if (index > oracle->committed || oracle->entries[index].chain != chain)
		sim_violation(oracle->cluster, node->number, "O44",
			      "archives entry %llu, which is not the one that is committed",
			      LLU(index));
}

void sim_oracles_watch_bases(struct sim_oracle *oracles)
{
	oracles->cluster->on_base = on_base;
	oracles->cluster->on_archived = on_archived;
}

static void check_proof(const struct sim_oracle *oracle, unsigned node,
			const struct wl_control *control)
{
	uint32_t makers = 0;

	for (unsigned at = 0; at < SIM_ORACLE_BASES; at++) {
		const struct sim_made_base *made = &oracle->bases[at];

		if (made->index == control->index && made->digest == control->digest)
			makers = made->nodes;
	}
	if (!wl_list_decides(sim_oracle_list_of(oracle, &oracle->cluster->nodes[node]), makers) &&
	    !wl_list_decides(&oracle->list, makers))
		sim_violation(oracle->cluster, node, "O38",
			      "calls a base at %llu proven that nodes %x made", LLU(control->index),
			      makers);
}

void sim_oracle_note_control(struct sim_oracle *oracle, unsigned node, const uint8_t *image,
			     const struct wl_entry_header *header)
{
	struct wl_control control;

	if (header->kind != WL_ENTRY_CONTROL || !wl_control_decode(image, header, &control))
		return;
	if (control.verb == WL_CONTROL_BASE_PROVEN && !oracle->reduced)
		check_proof(oracle, node, &control);
	if (control.verb == WL_CONTROL_BASE_PROVEN && control.index > oracle->proven) {
		oracle->proven_before = oracle->proven;
		oracle->proven = control.index;
	}
	sim_oracle_note_features(oracle, node, header->index, &control);
	if (control.verb == WL_CONTROL_MEMBERS)
		sim_oracle_note_members(oracle, node, header->index, &control);
	if (control.verb == WL_CONTROL_LOSS)
		sim_oracle_note_loss(oracle, node, header, &control);
	if (control.verb == WL_CONTROL_TRIM)
		note_trim(oracle, control.number);
	sim_oracle_note_consumer(oracle, header->index, &control);
	sim_oracle_note_limits(oracle, header->index, &control);
	sim_oracle_note_fence(oracle, &control);
}

static bool is_installed(const struct sim_base *base)
{
	return wl_load_u32(base->bytes + 168) != 0;
}

/* A peer's base took the log's place: what was made of the old log counts for nothing, and goes with the next base. */
static bool is_below_installed(const struct sim_drive *drive, unsigned place)
{
	const struct sim_base *base = &drive->bases[place];
	const struct sim_base *other = &drive->bases[(place + 1) % WL_STORE_BASE_PLACES];

	return other->bytes && !other->damaged && is_installed(other) &&
	       wl_load_u64(other->bytes + 40) > wl_load_u64(base->bytes + 40);
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
		if (!is_below_installed(drive, place) &&
		    walk / drive->segment_bytes < drive->oldest)
			sim_violation(oracle->cluster, node->number, "O37",
				      "segments below %llu are gone, a base needs %llu",
				      LLU(drive->oldest), LLU(walk / drive->segment_bytes));
	}
	if (drive->oldest != 0 && whole == 0 && !node->rotten)
		sim_violation(oracle->cluster, node->number, "O37",
			      "segments below %llu are gone, and there is no base",
			      LLU(drive->oldest));
}

void sim_oracle_check_begin(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct sim_drive *drive = &node->drives[oracle->journal];
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	const struct wl_state *state = wl_service_state(node->journals[oracle->journal]->service);
	bool given_up;

	if (state->sessions.applied_index == oracle->committed && !sim_node_table_rots(node) &&
	    state->trim_number != oracle->trim_number)
		sim_violation(oracle->cluster, node->number, "O38",
			      "keeps records from %llu on, the log says %llu",
			      LLU(state->trim_number), LLU(oracle->trim_number));
	if (drive->oldest > log->begin.offset / drive->segment_bytes && !node->rotten)
		sim_violation(oracle->cluster, node->number, "O36",
			      "segments below %llu are gone, its log begins at %llu",
			      LLU(drive->oldest), LLU(log->begin.offset));
	if (state->sessions.applied_index == oracle->committed && !sim_node_table_rots(node) &&
	    state->consumers.lowest != sim_oracle_lowest_checkpoint(oracle))
		sim_violation(oracle->cluster, node->number, "O38",
			      "has its lowest checkpoint at %llu, the log says %llu",
			      LLU(state->consumers.lowest),
			      LLU(sim_oracle_lowest_checkpoint(oracle)));
	if (log->begin.position.index == 0 || node->rotten || node->contradicted)
		return;
	/* Where a peer's base took the log's place it begins there: nothing was given up that others do not have. */
	if (log->begin.position.index == log->installed_index)
		oracle->installed[node->number] = log->installed_index;
	given_up = log->begin.position.index != oracle->installed[node->number];
	if (given_up && log->begin.next_number > oracle->trim_number)
		sim_violation(oracle->cluster, node->number, "O36",
			      "gives up records below %llu, trimmed are those below %llu",
			      LLU(log->begin.next_number), LLU(oracle->trim_number));
	if (given_up && log->begin.position.index >= oracle->proven_before)
		sim_violation(oracle->cluster, node->number, "O37",
			      "gives up all up to entry %llu, the older proven base is at %llu",
			      LLU(log->begin.position.index), LLU(oracle->proven_before));
	if (given_up && node->archives[oracle->journal].archiver &&
	    log->begin.position.index > node->archives[oracle->journal].reached)
		sim_violation(oracle->cluster, node->number, "O44",
			      "gives up all up to entry %llu, archived is all up to %llu",
			      LLU(log->begin.position.index),
			      LLU(node->archives[oracle->journal].reached));
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
