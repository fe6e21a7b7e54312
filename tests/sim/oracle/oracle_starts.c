/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that judges starts: what was done to a drive is known, and so is what must be said of it. */
#include "dataplane/log/entry.h"
#include "tests/sim/oracle/oracle_internal.h"

#include <string.h>

#define LLU(value) (unsigned long long)(value)

static const char *refusal_text(enum sim_refusal refusal)
{
	static const char *const texts[] = {
		[SIM_REFUSAL_NONE] = "nothing",
		[SIM_REFUSAL_LOG] = "its log",
		[SIM_REFUSAL_RECORD] = "its superblock",
		[SIM_REFUSAL_VERSION] = "the version of its superblock",
		[SIM_REFUSAL_FOREIGN] = "the owner of its superblock",
		[SIM_REFUSAL_BASE] = "its bases",
	};

	return texts[refusal];
}

static bool reads_are_sound(const struct sim_drive *drive)
{
	return drive->faults.read_error_ppm == 0 && drive->faults.short_read_ppm == 0 &&
	       drive->faults.misread_ppm == 0;
}

/* It was not opened, or a journal of it was not. */
static bool noticed(const struct sim_node *node)
{
	return node->refused || node->refusal == SIM_REFUSAL_LOG;
}

static bool is_harmed(const struct sim_drive *drive)
{
	return drive->damage.way != SIM_DAMAGE_NONE || drive->damage.vague || drive->lost != 0;
}

/* The only drive of the node to which something was done; NULL: none, or more than one. */
static const struct sim_drive *harmed_drive(const struct sim_oracle *oracle,
					    const struct sim_node *node)
{
	const struct sim_drive *harmed = NULL;

	for (unsigned journal = 0; journal < oracle->cluster->config.journals; journal++) {
		const struct sim_drive *drive = &node->drives[journal];

		if (!reads_are_sound(drive) || (harmed && is_harmed(drive)))
			return NULL;
		if (is_harmed(drive))
			harmed = drive;
	}
	return harmed;
}

/* One thing was done to it: the verdict is known to the kind and the place. */
static void judge_damage(const struct sim_oracle *oracle, const struct sim_node *node,
			 const struct sim_drive *drive)
{
	const struct sim_damage *damage = &drive->damage;
	const char *way = sim_damage_name(damage->way);
	unsigned journal = drive->identity.journal;

	if (damage->refuses != noticed(node))
		sim_violation(oracle->cluster, node->number, "O23",
			      "%s at %llu after %s: refuses %s (%s at %llu)",
			      noticed(node) ? "does not start" : "starts", LLU(damage->begin), way,
			      refusal_text(node->refusal),
			      wl_recovery_damage_name(node->damage.kind), LLU(node->damage.begin));
	if (damage->refusal != node->refusal)
		sim_violation(oracle->cluster, node->number, "O23",
			      "refuses %s after %s, and not %s", refusal_text(node->refusal), way,
			      refusal_text(damage->refusal));
	if (node->refusal != SIM_REFUSAL_LOG)
		return;
	if (!node->started[journal].refused || !(damage->kinds >> node->damage.kind & 1))
		sim_violation(oracle->cluster, node->number, "O23",
			      "calls %s in journal %u at %llu %s at %llu", way, journal,
			      LLU(damage->begin), wl_recovery_damage_name(node->damage.kind),
			      LLU(node->damage.begin));
	/*
	 * Of a file that was cut all the rest is gone: the first place that was asked for is named. Two that were exchanged
	 * stand in each other's places: one whose header does not say so (it was damaged before, and ahead) is passed by.
	 */
	if ((damage->way == SIM_DAMAGE_CUT_SEGMENT || damage->way == SIM_DAMAGE_SWAP_SEGMENTS) &&
	    node->damage.begin >= damage->begin && node->damage.begin < damage->end)
		return;
	if (damage->place != UINT64_MAX &&
	    (node->damage.begin > damage->place || node->damage.end <= damage->place))
		sim_violation(oracle->cluster, node->number, "O23",
			      "names %llu to %llu for %s at %llu", LLU(node->damage.begin),
			      LLU(node->damage.end), way, LLU(damage->place));
}

/* A drive that lost what it had acknowledged: a hole, or parts of a chunk, or nothing that a node alone could see. */
static void judge_loss(const struct sim_oracle *oracle, const struct sim_node *node)
{
	if (noticed(node) &&
	    (node->refusal != SIM_REFUSAL_LOG ||
	     (node->damage.kind != WL_DAMAGE_ROT && node->damage.kind != WL_DAMAGE_LOST_WRITE)))
		sim_violation(oracle->cluster, node->number, "O23", "calls lost writes %s at %llu",
			      wl_recovery_damage_name(node->damage.kind), LLU(node->damage.begin));
}

/* Nothing was done to the data since they were looked at: the start finds the same, from the same entry on. */
static void after_recovery(void *context, struct sim_node *node, unsigned journal)
{
	const struct sim_oracle *oracle = context;
	const struct sim_found *verified = &node->verified[journal];
	const struct sim_found *started = &node->started[journal];

	if (oracle->reduced || !verified->valid || !started->valid ||
	    !reads_are_sound(&node->drives[journal]))
		return;
	if (verified->nowhere != started->nowhere || verified->first_index != started->first_index)
		sim_violation(oracle->cluster, node->number, "O23",
			      "was verified %s entry %llu on; the start opens it %s entry %llu on",
			      verified->nowhere ? "as nothing, from" : "from",
			      LLU(verified->first_index),
			      started->nowhere ? "nowhere, from" : "from",
			      LLU(started->first_index));
	if (verified->refused != started->refused ||
	    verified->damage.kind != started->damage.kind ||
	    verified->damage.begin != started->damage.begin ||
	    verified->damage.end != started->damage.end ||
	    verified->last_index != started->last_index)
		sim_violation(
			oracle->cluster, node->number, "O23",
			"was verified as %s at %llu, last entry %llu; the start says %s at %llu, %llu",
			wl_recovery_damage_name(verified->damage.kind), LLU(verified->damage.begin),
			LLU(verified->last_index), wl_recovery_damage_name(started->damage.kind),
			LLU(started->damage.begin), LLU(started->last_index));
}

static void after_start(void *context, struct sim_node *node)
{
	struct sim_oracle *oracle = context;
	const struct sim_drive *harmed = harmed_drive(oracle, node);

	if (oracle->reduced)
		return;
	if (node->newer && !node->rotten && node->refusal != SIM_REFUSAL_VERSION)
		sim_violation(oracle->cluster, node->number, "O23",
			      "refuses %s of data that a newer version wrote",
			      refusal_text(node->refusal));
	if (noticed(node) && !node->rotten && !node->newer && !node->contradicted)
		sim_violation(oracle->cluster, node->number, "O23",
			      "refuses a drive that only saw power cuts: %s, %s at %llu",
			      refusal_text(node->refusal),
			      wl_recovery_damage_name(node->damage.kind), LLU(node->damage.begin));
	if (node->newer)
		harmed = NULL; /* nobody looks at what lies behind it */
	if (harmed && harmed->damage.known)
		judge_damage(oracle, node, harmed);
	else if (harmed && harmed->damage.way == SIM_DAMAGE_NONE && !harmed->damage.vague)
		judge_loss(oracle, node);
	for (unsigned journal = 0; journal < oracle->cluster->config.journals; journal++) {
		struct sim_drive *drive = &node->drives[journal];

		if (node->refused || node->started[journal].refused)
			continue;
		drive->latent |= drive->damage.unseen;
		memset(&drive->damage, 0, sizeof(drive->damage));
		drive->lost = 0;
	}
}

/* ---- looked at from outside ---- */

static void on_verified_entry(void *context, unsigned journal, uint64_t index, uint64_t chain)
{
	struct sim_oracle *oracle = (struct sim_oracle *)context + journal;

	/* The last one of an index is the one that counts. */
	if (index < oracle->entries_max)
		oracle->verified[index] = chain;
}

/* What it knows as committed is what was committed. */
static void after_verify(void *context, struct sim_node *node, unsigned journal,
			 uint64_t known_commit)
{
	const struct sim_oracle *oracle = (struct sim_oracle *)context + journal;
	uint64_t last = node->verified[journal].last_index;

	for (uint64_t index = node->verified[journal].first_index;
	     index <= known_commit && index <= last && !oracle->reduced; index++) {
		if (index > oracle->committed ||
		    oracle->verified[index] != oracle->entries[index].chain)
			sim_violation(oracle->cluster, node->number, "O2",
				      "shows another entry %llu offline than was committed",
				      LLU(index));
	}
}

/* ---- what may be lost without anybody's notice ---- */

static bool others_have(const struct sim_oracle *oracle, const struct sim_node *node,
			const struct wl_entry_header *header, uint64_t chain)
{
	unsigned copies = 0;

	if (header->index >= oracle->entries_max)
		return false;
	for (unsigned number = 1; number <= oracle->cluster->config.nodes; number++) {
		const struct sim_node *other = &oracle->cluster->nodes[number];

		copies += other != node && !other->forgot && !other->rotten &&
			  sim_oracle_is_on_platter(&other->drives[oracle->journal],
						   oracle->entries[header->index].offset[number],
						   header->index, chain);
	}
	return copies >= oracle->cluster->config.nodes / 2 + 1;
}

static bool may_lose(void *context, const struct sim_node *node, unsigned journal, uint64_t begin,
		     uint64_t end)
{
	const struct sim_oracle *oracle = (struct sim_oracle *)context + journal;
	const uint8_t *chunk = sim_drive_at(&node->drives[journal], begin);
	struct wl_chunk_header header;
	uint64_t at = WL_CHUNK_HEADER_BYTES;

	if (!wl_chunk_decode_header(chunk, end - begin, &header) || header.bytes != end - begin)
		return false;
	while (at < header.used) {
		struct wl_entry_header entry;

		if (wl_entry_decode(chunk + at, header.used - at, &entry) != WL_ENTRY_OK ||
		    !others_have(oracle, node, &entry, wl_entry_chain(chunk + at)))
			return false;
		at += wl_entry_bytes(&entry);
	}
	return true;
}

/* ---- what may be mended ---- */

static bool drive_has(const struct sim_drive *drive, uint64_t index, uint64_t chain)
{
	uint64_t end = drive->segments * drive->segment_bytes;

	for (uint64_t at = drive->oldest * drive->segment_bytes; at < end; at += 8) {
		const uint8_t *from = sim_drive_at(drive, at);
		uint64_t left = drive->segment_bytes - at % drive->segment_bytes;
		struct wl_entry_header header;

		if (left >= WL_ENTRY_HEADER_BYTES && wl_load_u32(from) == WL_ENTRY_MAGIC &&
		    wl_entry_decode(from, left, &header) == WL_ENTRY_OK && header.index == index &&
		    wl_entry_chain(from) == chain)
			return true;
	}
	return false;
}

bool sim_oracle_somebody_has(const struct sim_oracle *oracle, uint64_t index, uint64_t chain)
{
	bool has = false;

	for (unsigned number = 1; number <= oracle->cluster->config.nodes && !has; number++) {
		const struct sim_node *node = &oracle->cluster->nodes[number];

		has = node->up && !node->contradicted &&
		      drive_has(&node->drives[oracle->journal], index, chain);
	}
	return has;
}

void sim_oracles_watch_starts(struct sim_oracle *oracles)
{
	struct sim_cluster *cluster = oracles->cluster;

	cluster->after_recovery = after_recovery;
	cluster->after_start = after_start;
	cluster->on_verified_entry = on_verified_entry;
	cluster->after_verify = after_verify;
	cluster->may_lose = may_lose;
}
