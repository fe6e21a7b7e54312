/* SPDX-License-Identifier: BSD-3-Clause */
/* What a starting server finds on its drives: the superblock, and each journal's log. */
#include <string.h>

#include "control/node/boot_shape.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/store/store_owner.h"
#include "tests/sim/arena.h"
#include "tests/sim/server/node_config.h"
#include "tests/sim/server/node_internal.h"
#include "wirelog/status.h"

/* A store that is made has one segment of each journal, or is not made. */
static bool make_first_segments(struct sim_node *node, const struct wl_config *config)
{
	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		if (node->drives[journal].faults.full)
			return false;
	}
	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		struct wl_segment_header *identity = &node->drives[journal].identity;

		/* Whose they are is what the file says, be it the wrong one. */
		memcpy(identity->cluster, config->cluster, sizeof(identity->cluster));
		identity->node = config->node;
		identity->binding =
			wl_chunk_binding(wl_cluster_id(config->cluster), config->node, journal);
		if (config->segment_bytes == node->drives[journal].segment_bytes)
			sim_drive_make_file(&node->drives[journal], 0);
	}
	return true;
}

/* From a stream of its own: who else draws is not disturbed. */
static void draw_key(const struct sim_cluster *cluster, const struct sim_node *node, uint8_t *key)
{
	struct sim_random random;

	sim_random_init(&random, cluster->seed + node->forgets, 7000 + node->number);
	for (unsigned at = 0; at < WL_SIPHASH_KEY_BYTES; at++)
		key[at] = (uint8_t)sim_random_next(&random);
}

int sim_node_read_superblock(struct sim_cluster *cluster, struct sim_node *node,
			     struct wl_superblock *record)
{
	const struct wl_config *config = node->config;
	const struct wl_store_owner owner = {
		.cluster = config->cluster,
		.node = config->node,
		.journal_count = config->journal_count,
		.voters = config->voters,
		.segment_bytes = config->segment_bytes,
		.features = wl_features_known() & ~node->lives_without,
	};
	struct wl_sentence why = wl_sentence_begin(node->start_reason, sizeof(node->start_reason));
	unsigned damaged = 0;
	enum wl_superblock_verdict verdict =
		wl_superblock_choose(node->drives[0].superblock, record, &damaged);

	sim_trace_say(&cluster->network.trace,
		      "node %u superblock: verdict %d, sequence %llu, damaged copies %x",
		      node->number, verdict, (unsigned long long)record->sequence, damaged);
	node->damaged_copies = damaged;
	if (verdict == WL_SUPERBLOCK_OK)
		return wl_store_owner_check(record, &owner, &why);
	if (verdict == WL_SUPERBLOCK_VERSION)
		return WIRELOG_STORE_VERSION;
	/* Segments without a superblock are not an empty directory. */
	if (verdict != WL_SUPERBLOCK_EMPTY || node->drives[0].segments != 0)
		return WIRELOG_STORE_DAMAGED;
	if (!make_first_segments(node, config))
		return WIRELOG_STORE_FULL;
	memset(record, 0, sizeof(*record));
	memcpy(record->cluster, config->cluster, sizeof(record->cluster));
	record->node = config->node;
	record->journal_count = config->journal_count;
	record->segment_bytes = config->segment_bytes;
	record->voters = config->voters;
	record->incarnation = sim_random_next(&node->random);
	draw_key(cluster, node, record->chunk_key);
	/* As control/node/boot_store_file.c: a disk that was replaced does not count from one again. */
	record->boot_count = 1700000000u + cluster->agenda.now_ns / 1000000000u;
	/* Records 1 and 2, at once: the file is not there before it is whole. */
	while (record->sequence < 2) {
		record->sequence++;
		for (unsigned which = 0; which < 2; which++)
			wl_superblock_encode(
				node->drives[0].superblock[2 * (record->sequence % 2) + which],
				record);
	}
	return 0;
}

bool sim_node_count_start(struct sim_node *node, struct wl_superblock *record)
{
	uint8_t image[WL_BLOCK_BYTES];

	record->boot_count++;
	record->sequence++;
	wl_superblock_encode(image, record);
	for (unsigned which = 0; which < 2; which++) {
		uint8_t *copy = node->drives[0].superblock[wl_superblock_copy(
			record->sequence, which, node->damaged_copies)];
		bool torn = node->tears_start && sim_random_chance(&node->random, 500000);

		for (unsigned at = 0; at < WL_BLOCK_BYTES; at += WL_SECTOR_BYTES) {
			if (!torn || sim_random_chance(&node->random, 500000))
				memcpy(copy + at, image + at, WL_SECTOR_BYTES);
		}
		if (torn)
			return false;
	}
	node->damaged_copies &= ~(3u << 2 * (record->sequence % 2));
	node->declared_ever |= wl_features_known() & ~node->lives_without;
	return true;
}

/* False: the power went before all of it was zeros. */
static bool scrub(struct sim_node *node, struct sim_drive *drive,
		  const struct wl_recovery *recovery)
{
	if (!node->tears_start || sim_random_chance(&node->random, 300000)) {
		sim_drive_zero(drive, recovery->scrub_begin, recovery->scrub_end);
		return true;
	}
	for (uint64_t at = recovery->scrub_begin; at < recovery->scrub_end; at += WL_SECTOR_BYTES) {
		if (sim_random_chance(&node->random, 500000))
			sim_arena_zero(sim_drive_at(drive, at), WL_SECTOR_BYTES);
	}
	return false;
}

static enum sim_recovered drive_recovery(struct sim_node *node, struct sim_drive *drive,
					 struct wl_recovery *recovery, struct sim_found *found)
{
	bool scrubbed = false;
	uint64_t offset, first_index = recovery->log->tail.index + 1;
	uint32_t bytes;

	while (recovery->state == WL_RECOVERY_WANTS_READ ||
	       recovery->state == WL_RECOVERY_WANTS_SCRUB) {
		if (recovery->state == WL_RECOVERY_WANTS_READ) {
			wl_recovery_want(recovery, &offset, &bytes);
			wl_recovery_on_read(recovery,
					    sim_drive_read_now(drive, offset,
							       recovery->window.bytes, bytes));
			continue;
		}
		WL_CHECK(!recovery->read_only);
		scrubbed = true;
		if (!scrub(node, drive, recovery))
			return SIM_POWER_WENT;
		wl_recovery_on_scrubbed(recovery);
	}
	*found = (struct sim_found){
		.valid = true,
		.refused = recovery->state == WL_RECOVERY_REFUSED,
		.damage = recovery->damage,
		.first_index = first_index,
		.last_index = recovery->log->tail.index,
	};
	WL_CHECK_MSG(!found->refused || !scrubbed, "%s", "refused, and data were changed before");
	return found->refused ? SIM_RECOVERY_REFUSED : SIM_RECOVERED;
}

enum sim_recovered sim_node_recover(struct sim_node *node, unsigned journal,
				    const struct wl_superblock_journal *remembered, uint8_t *window,
				    uint64_t *known_commit)
{
	struct sim_drive *drive = &node->drives[journal];
	struct wl_recovery recovery;
	enum sim_recovered recovered;
	int status = sim_bases_load(node, journal, window);

	if (status == WIRELOG_STORE_GEOMETRY)
		return SIM_SESSIONS_REFUSED;
	if (status == WIRELOG_FEATURE_UNKNOWN)
		return SIM_FEATURES_REFUSED;
	if (status != 0) {
		node->started[journal] = (struct sim_found){.valid = true, .nowhere = true};
		return SIM_BASES_REFUSED;
	}
	wl_recovery_init(&recovery, &node->journals[journal]->log, drive->segments,
			 remembered->watermark,
			 (struct wl_recovery_window){window, SIM_RECOVERY_WINDOW_BYTES});
	wl_journal_recover(node->journals[journal], &recovery);
	recovered = drive_recovery(node, drive, &recovery, &node->started[journal]);
	/* Of several that are dormant the first is named. */
	if (node->refusal != SIM_REFUSAL_LOG)
		node->damage = node->started[journal].damage;
	*known_commit = wl_recovery_commit(&recovery, remembered->commit);
	return recovered;
}

/* ---- from outside ---- */

struct look {
	struct sim_cluster *cluster;
	unsigned journal;
};

static void show_entry(void *context, const uint8_t *image, const struct wl_entry_header *header,
		       uint64_t offset)
{
	const struct look *look = context;

	(void)offset;
	if (look->cluster->on_verified_entry)
		look->cluster->on_verified_entry(look->cluster->context, look->journal,
						 header->index, wl_entry_chain(image));
}

/* A log and a state beside the node's. */
struct copy {
	struct wl_log log;
	struct wl_state state;
	struct wl_log_config shape;
};

static void empty_copy(void *context)
{
	struct copy *copy = context;

	wl_log_init(&copy->log, &copy->shape, copy->log.ring, copy->log.slots);
	wl_state_clear(&copy->state);
}

/* As a start finds it: 0, or a refusal. */
static int load_copy(struct copy *copy, const struct sim_node *node, struct sim_drive *drive,
		     uint8_t *window)
{
	const struct wl_base_target target = {
		.state = &copy->state,
		.log = &copy->log,
		.first_segment = drive->oldest,
	};
	struct wl_base_identity identity;
	struct wl_base_load load;

	wl_boot_shape_base_identity(node->config, drive->identity.journal, &identity);
	wl_base_load_init(&load, &identity, &target, window, SIM_RECOVERY_WINDOW_BYTES);
	sim_bases_run_load(drive, &load, empty_copy, copy);
	return sim_bases_refusal(drive, &load);
}

static void walk_copy(struct look *look, struct sim_node *node, const struct wl_superblock *record,
		      struct copy *copy, uint8_t *window)
{
	struct sim_cluster *cluster = look->cluster;
	struct sim_drive *drive = &node->drives[look->journal];
	struct wl_recovery recovery;

	wl_recovery_init(&recovery, &copy->log, drive->segments,
			 record->journals[look->journal].watermark,
			 (struct wl_recovery_window){window, SIM_RECOVERY_WINDOW_BYTES});
	recovery.read_only = true;
	recovery.on_entry = show_entry;
	recovery.context = look;
	(void)drive_recovery(node, drive, &recovery, &node->verified[look->journal]);
	if (cluster->after_verify)
		cluster->after_verify(cluster->context, node, look->journal,
				      wl_recovery_commit(&recovery,
							 record->journals[look->journal].commit));
}

static void verify_journal(struct look *look, struct sim_node *node,
			   const struct wl_superblock *record)
{
	struct wl_journal_config shape;
	struct copy copy;
	size_t bytes, log_bytes;
	uint8_t *memory;
	int status;

	node->verified[look->journal] = (struct sim_found){0};
	wl_boot_shape_journal(node->config, record, look->journal, &shape);
	copy.shape = shape.log;
	log_bytes = wl_align_up(wl_log_memory_bytes(&shape.log), WL_BLOCK_BYTES);
	bytes = SIM_RECOVERY_WINDOW_BYTES + shape.log.ring_bytes + log_bytes +
		wl_state_memory_bytes(shape.service.sessions_max);
	memory = sim_arena_take(bytes);
	wl_log_init(&copy.log, &shape.log, memory + SIM_RECOVERY_WINDOW_BYTES,
		    memory + SIM_RECOVERY_WINDOW_BYTES + shape.log.ring_bytes);
	wl_state_init(&copy.state,
		      memory + SIM_RECOVERY_WINDOW_BYTES + shape.log.ring_bytes + log_bytes,
		      shape.service.sessions_max);
	status = load_copy(&copy, node, &node->drives[look->journal], memory);
	if (status == 0)
		walk_copy(look, node, record, &copy, memory);
	else if (status != WIRELOG_STORE_GEOMETRY) /* that is said of a file, not of the data */
		node->verified[look->journal] = (struct sim_found){.valid = true, .nowhere = true};
	sim_arena_give_back(memory, bytes);
}

void sim_node_verify(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];
	struct look look = {.cluster = cluster};
	struct wl_superblock record;

	/* An empty place, or one whose configuration cannot be read, is not looked at. */
	if (node->up || node->drives[0].segments == 0 || sim_node_config_read(cluster, number) != 0)
		return;
	*node->config = node->file->config;
	if (sim_node_read_superblock(cluster, node, &record) != 0)
		return;
	for (; look.journal < cluster->config.journals; look.journal++)
		verify_journal(&look, node, &record);
	/* Reads that failed say nothing of what another time will be read. */
	if (!sim_node_reads_are_sound(node))
		sim_node_forget_verified(node);
}

void sim_node_forget_verified(struct sim_node *node)
{
	memset(node->verified, 0, sizeof(node->verified));
}
