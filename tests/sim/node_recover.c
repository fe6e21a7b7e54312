/* SPDX-License-Identifier: BSD-3-Clause */
/* What a starting server finds on its drives: the superblock, and each journal's log. */
#include <string.h>

#include "dataplane/check.h"
#include "dataplane/store_owner.h"
#include "tests/sim/arena.h"
#include "tests/sim/node_internal.h"
#include "wirelog/status.h"

int sim_node_read_superblock(struct sim_cluster *cluster, struct sim_node *node,
			     struct wl_superblock *record)
{
	const struct wl_config *config = &node->file->config;
	const struct wl_store_owner owner = {
		.cluster = config->cluster,
		.node = config->node,
		.journal_count = config->journal_count,
		.voters = config->voters,
		.segment_bytes = config->segment_bytes,
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
	if (verdict != WL_SUPERBLOCK_EMPTY)
		return WIRELOG_STORE_DAMAGED;
	memset(record, 0, sizeof(*record));
	memcpy(record->cluster, config->cluster, sizeof(record->cluster));
	record->node = config->node;
	record->journal_count = config->journal_count;
	record->segment_bytes = config->segment_bytes;
	record->voters = config->voters;
	record->incarnation = sim_random_next(&node->random);
	/* As control/boot_store_file.c: a disk that was replaced does not count from one again. */
	record->boot_count = 1700000000u + cluster->agenda.now_ns / 1000000000u;
	return 0;
}

void sim_node_count_start(struct sim_node *node, struct wl_superblock *record)
{
	record->boot_count++;
	record->sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(node->drives[0].superblock[2 * (record->sequence % 2) + which],
				     record);
	node->damaged_copies &= ~(3u << 2 * (record->sequence % 2));
}

bool sim_node_recover(struct sim_node *node, unsigned journal, uint64_t witness, uint8_t *window,
		      uint64_t *known_commit)
{
	struct sim_drive *drive = &node->drives[journal];
	struct wl_log *log = &node->journals[journal]->log;
	struct wl_recovery recovery;

	wl_recovery_init(&recovery, log, drive->segments, witness, window,
			 SIM_RECOVERY_WINDOW_BYTES);
	for (;;) {
		uint64_t offset;
		uint32_t bytes;

		switch (recovery.state) {
		case WL_RECOVERY_WANTS_READ:
			wl_recovery_want(&recovery, &offset, &bytes);
			if (offset / drive->segment_bytes >= drive->segments) {
				wl_recovery_on_read(&recovery, WL_DISK_ABSENT);
				break;
			}
			if (drive->faults.read_error_ppm &&
			    sim_random_chance(&node->random, drive->faults.read_error_ppm)) {
				wl_recovery_on_read(&recovery, WL_DISK_FAILED);
				break;
			}
			memcpy(window, drive->platters + offset, bytes);
			wl_recovery_on_read(&recovery, WL_DISK_OK);
			break;
		case WL_RECOVERY_WANTS_SCRUB:
			sim_arena_zero(drive->platters + recovery.scrub_begin,
				       recovery.scrub_end - recovery.scrub_begin);
			wl_recovery_on_scrubbed(&recovery);
			break;
		case WL_RECOVERY_DONE:
			*known_commit = recovery.known_commit;
			return true;
		case WL_RECOVERY_REFUSED:
			node->damage = recovery.damage;
			return false;
		}
	}
}
