/* SPDX-License-Identifier: BSD-3-Clause */
/* The data: opened and locked, every journal's log recovered, the boot count raised durably. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "control/node/boot_thread.h"
#include "control/node/boot_shape.h"
#include "control/node/stop_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"
#include "dataplane/host/clock.h"

#define WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)
#define PROGRESS_NS 1000000000u

int wl_boot_open_store(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	struct wl_store_config store = {
		.path = config->storage_path,
		.cluster = config->cluster,
		.node = config->node,
		.journal_count = config->journal_count,
		.segment_bytes = config->segment_bytes,
		.base_bytes = wl_base_room(config->sessions),
		.voters = config->voters,
		.features = wl_features_supported(),
		.make_later = true,
	};
	int status = wl_boot_await_store(node, &store, reason, reason_bytes);

	if (status != 0)
		return status;
	node->superblock = *wl_store_superblock(node->store);
	/* Durable with the count of this start. */
	wl_boot_shape_declare(&node->superblock, wl_features_supported());
	wl_report(WL_REPORT_NOTICE, "store", "path=%s kind=%s boots=%lu", config->storage_path,
		  wl_store_is_block_device(node->store) ? "block_device" : "directory",
		  (unsigned long)node->superblock.boot_count);
	return 0;
}

/* The step machine's reads and scrubs, one after the other; says once a second how far it is. */
static int drive(struct wl_node *node, uint32_t id, struct wl_recovery *recovery)
{
	uint64_t told_ns = wl_clock_kernel_ns(), offset = 0;
	uint64_t bytes_all = recovery->segments * node->config->segment_bytes;

	while (recovery->state == WL_RECOVERY_WANTS_READ ||
	       recovery->state == WL_RECOVERY_WANTS_SCRUB) {
		uint64_t now = wl_clock_kernel_ns();
		uint32_t bytes;
		int error;

		if (wl_stop_is_asked())
			return -ECANCELED;
		if (recovery->state == WL_RECOVERY_WANTS_SCRUB) {
			error = wl_store_scrub(node->store, id, recovery->scrub_begin,
					       recovery->scrub_end);
			if (error != 0)
				return error;
			wl_recovery_on_scrubbed(recovery);
			continue;
		}
		wl_recovery_want(recovery, &offset, &bytes);
		error = wl_store_read(node->store, id, offset, recovery->window.bytes, bytes);
		wl_recovery_on_read(recovery, error == 0	 ? WL_DISK_OK
					      : error == -ENOENT ? WL_DISK_ABSENT
								 : WL_DISK_FAILED);
		if (now - told_ns < PROGRESS_NS)
			continue;
		told_ns = now;
		wl_report(WL_REPORT_NOTICE, "recovery", "journal=%u read_mib=%lu of_mib=%lu", id,
			  (unsigned long)(offset >> 20), (unsigned long)(bytes_all >> 20));
		/* As long as it moves it is no start that hangs, however large the log is. */
		sd_notifyf(
			0,
			"STATUS=reading the log of journal %u: %lu of %lu MiB\nEXTEND_TIMEOUT_USEC=%u",
			id, (unsigned long)(offset >> 20), (unsigned long)(bytes_all >> 20),
			WL_BOOT_EXTEND_US);
	}
	return 0;
}

/* Not to be mended: the data of somebody else. All else is looked at by who mends, which may refuse it, too. */
static bool is_final(const struct wl_recovery_damage *damage)
{
	return damage->kind == WL_DAMAGE_FOREIGN;
}

/* It takes no part until it is mended (mend_thread.h); the other journals of this node do. */
static void sleep_one(struct wl_node *node, uint32_t id)
{
	const struct wl_recovery_damage *damage = &node->journals[id].damage;

	wl_report(WL_REPORT_ERROR, "dormant",
		  "journal=%u damage=%s offset=%lu end=%lu last_good=%lu fix=\"what is damaged is "
		  "asked for at the other nodes; until it is whole this journal takes no part: see "
		  "`wirelog status`\"",
		  id, wl_recovery_damage_name(damage->kind), (unsigned long)damage->begin,
		  (unsigned long)damage->end, (unsigned long)damage->last_good_index);
	wl_journal_sleep(node->journals[id].journal);
	node->journals[id].known_commit = 0;
}

static int recover_one(struct wl_node *node, uint32_t id, struct wl_recovery_window window,
		       char *reason, size_t reason_bytes)
{
	struct wl_node_journal *journal = &node->journals[id];
	struct wl_log *log = &journal->journal->log;
	uint64_t began_ns = wl_clock_kernel_ns(), walked_from;
	struct wl_recovery recovery;
	int error;

	error = wl_boot_load_base(node, id, window, reason, reason_bytes);
	if (error != 0)
		return error;
	walked_from = journal->journal->opened_from != 0 ? log->append_offset : 0;
	wl_recovery_init(&recovery, log, wl_store_segment_count(node->store, id),
			 node->superblock.journals[id].watermark, window);
	wl_journal_recover(journal->journal, &recovery);
	error = drive(node, id, &recovery);
	if (error == -ECANCELED && wl_stop_is_asked()) {
		snprintf(reason, reason_bytes, "asked to stop while the log was read");
		return WIRELOG_CLOSED;
	}
	if (error != 0) {
		snprintf(reason, reason_bytes,
			 "journal %u: the torn end cannot be overwritten with zeros: %s", id,
			 strerror(-error));
		return WIRELOG_STORE_FAILED;
	}
	journal->damage = recovery.damage;
	journal->known_commit = wl_recovery_commit(&recovery, node->superblock.journals[id].commit);
	journal->recovered_index = log->tail.index;
	journal->recovered_bytes = log->append_offset - walked_from;
	journal->recovery_ns = wl_clock_kernel_ns() - began_ns;
	if (recovery.state == WL_RECOVERY_REFUSED && !is_final(&recovery.damage)) {
		sleep_one(node, id);
		return 0;
	}
	if (recovery.state == WL_RECOVERY_REFUSED) {
		snprintf(
			reason, reason_bytes,
			"journal %u is damaged: %s at stream offset %lu to %lu, last good entry %lu; see `wirelog verify %s`",
			id, wl_recovery_damage_name(recovery.damage.kind),
			(unsigned long)recovery.damage.begin, (unsigned long)recovery.damage.end,
			(unsigned long)recovery.damage.last_good_index, node->config->storage_path);
		return WIRELOG_STORE_DAMAGED;
	}
	if (recovery.damage.kind == WL_DAMAGE_TORN_TAIL)
		wl_report(WL_REPORT_NOTICE, "torn_tail_cut", "journal=%u begin=%lu end=%lu", id,
			  (unsigned long)recovery.damage.begin, (unsigned long)recovery.damage.end);
	wl_report(
		WL_REPORT_NOTICE, "recovered",
		"journal=%u index=%lu term=%lu next_number=%lu known_commit=%lu base=%lu mib=%lu ms=%lu",
		id, (unsigned long)log->tail.index, (unsigned long)log->tail.term,
		(unsigned long)log->next_number, (unsigned long)journal->known_commit,
		(unsigned long)journal->journal->opened_from,
		(unsigned long)(journal->recovered_bytes >> 20),
		(unsigned long)(journal->recovery_ns / 1000000));
	return 0;
}

/* A chain of starts that mending made ends with a log that opens (main.c). */
static void count_rounds(struct wl_node *node)
{
	const char *rounds = getenv(WL_BOOT_MENDED);
	bool is_dormant = false;

	for (uint32_t id = 0; id < node->config->journal_count; id++)
		is_dormant |= node->journals[id].journal->dormant;
	if (is_dormant && rounds)
		node->mend_rounds = (uint32_t)strtoul(rounds, NULL, 10);
	unsetenv(WL_BOOT_MENDED);
}

int wl_boot_recover(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_recovery_window window = {aligned_alloc(WL_BLOCK_BYTES, WINDOW_BYTES),
					    WINDOW_BYTES};
	int status = 0;

	if (!window.bytes) {
		snprintf(reason, reason_bytes, "no memory for recovery's window");
		return WIRELOG_NO_MEMORY;
	}
	for (uint32_t id = 0; id < node->config->journal_count && status == 0; id++)
		status = recover_one(node, id, window, reason, reason_bytes);
	free(window.bytes);
	count_rounds(node);
	return status;
}

/* Stamps follow a majority's clocks (replica_clock.c), so this one is told and does no harm. */
static void judge_wall_clock(void)
{
	time_t now = time(NULL);

	if (now < (time_t)(WL_CLOCK_YEAR_2000_NS / 1000000000u) ||
	    now >= (time_t)(WL_CLOCK_YEAR_2200_NS / 1000000000u))
		wl_report(WL_REPORT_WARNING, "wall_clock",
			  "seconds_since_1970=%ld reason=\"outside of 2000..2200\" fix=\"set it\"",
			  (long)now);
}

static bool has_no_entry(const struct wl_node *node)
{
	for (uint32_t id = 0; id < node->config->journal_count; id++)
		if (node->journals[id].recovered_index != 0 || node->journals[id].journal->dormant)
			return false;
	return true;
}

/*
 * New data begin with the time, so that a replaced disk mostly outranks the one before it and is listened to at once. Nothing
 * depends on it: peers that know a later boot say so, and the node starts once more behind it (main.c).
 */
static uint64_t first_boot(void)
{
	time_t now = time(NULL);

	return now > 0 && now < INT32_MAX ? (uint64_t)now : 0;
}

/*
 * The boot id of this boot: the count makes it larger than every one before, the random half differs even when
 * the count was lost with the disk.
 */
int wl_boot_raise_id(struct wl_node *node, char *reason, size_t reason_bytes)
{
	uint32_t random;
	int status;

	status = wl_superblock_writer_open(&node->writer, node->store);
	if (status != 0) {
		snprintf(reason, reason_bytes, "the superblock cannot be written: %s",
			 wirelog_status_cause(status));
		return status;
	}
	judge_wall_clock();
	node->is_fresh = has_no_entry(node);
	if (node->superblock.boot_count == 0)
		node->superblock.boot_count = first_boot();
	node->superblock.boot_count++;
	status = wl_superblock_writer_persist(node->writer, &node->superblock);
	if (status < 0) {
		snprintf(reason, reason_bytes, "the superblock cannot be made durable (%s)",
			 status > -30 ? strerror(-status) : wirelog_status_name(status));
		return WIRELOG_STORE_FAILED;
	}
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		snprintf(reason, reason_bytes, "no random number: %s", strerror(errno));
		return WIRELOG_INTERNAL;
	}
	node->boot_id = node->superblock.boot_count << 32 | random;
	return 0;
}
