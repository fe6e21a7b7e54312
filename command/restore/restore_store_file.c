/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/restore/restore_store_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command/tool_journal.h"
#include "dataplane/log/rescue.h"
#include "dataplane/state/base_format.h"
#include "dataplane/store/superblock_uring.h"
#include "wirelog/status.h"

static struct wl_store_config shape(const struct wl_config *config)
{
	return (struct wl_store_config){
		.path = config->storage_path,
		.cluster = config->cluster,
		.node = config->node,
		.journal_count = config->journal_count,
		.segment_bytes = config->segment_bytes,
		.base_bytes = wl_base_room(config->sessions),
		.voters = config->voters,
		.features = wl_features_supported(),
		.restores = true,
	};
}

int wl_restore_target_ask(const struct wl_config *config, struct wl_superblock *record,
			  char *reason, size_t reason_bytes)
{
	struct wl_store_config shaped = shape(config);
	struct wl_store *store;
	struct stat there;
	int status;

	memset(record, 0, sizeof(*record));
	shaped.make_later = true;
	/* An open makes the directory. */
	if (stat(config->storage_path, &there) != 0 && errno == ENOENT)
		return 0;
	status = wl_store_open(&store, &shaped, reason, reason_bytes);
	if (status != 0)
		return status;
	*record = *wl_store_superblock(store);
	wl_store_close(store);
	return 0;
}

/* ---- what an earlier one left --------------------------------------------------------------------- */

static bool is_empty(struct wl_store *store)
{
	for (uint32_t id = 0; id < wl_store_superblock(store)->journal_count; id++)
		if (wl_store_segment_count(store, id) != 0)
			return false;
	return true;
}

static int clear(struct wl_store *store, uint32_t id)
{
	uint64_t count = wl_store_segment_count(store, id);
	int error = 0;

	for (unsigned place = 0; place < WL_STORE_BASE_PLACES && error == 0; place++)
		error = wl_store_base_remove(store, id, place);
	if (error == 0 && count != 0)
		error = wl_store_segment_forget(store, id, count - 1);
	return error;
}

static int clear_all(struct wl_restore_target *target)
{
	uint32_t count = wl_store_superblock(target->store)->journal_count;
	int error = 0;

	for (uint32_t id = 0; id < count && error == 0; id++)
		error = clear(target->store, id);
	if (error == 0)
		return 0;
	snprintf(target->reason, target->reason_bytes,
		 "%s: what an earlier restore left cannot be removed: %s",
		 target->config->storage_path, strerror(-error));
	return WIRELOG_STORE_FAILED;
}

int wl_restore_target_open(struct wl_restore_target *target)
{
	const struct wl_store_config shaped = shape(target->config);
	int status = wl_store_open(&target->store, &shaped, target->reason, target->reason_bytes);

	if (status == 0)
		status = clear_all(target);
	/* A log begins at segment 0, and whoever forgot some begins behind them. */
	if (status == 0) {
		wl_store_close(target->store);
		target->store = NULL;
		status = wl_store_open(&target->store, &shaped, target->reason,
				       target->reason_bytes);
	}
	if (status == 0 && !is_empty(target->store)) {
		snprintf(target->reason, target->reason_bytes,
			 "%s: what an earlier restore left is there again",
			 target->config->storage_path);
		status = WIRELOG_STORE_FAILED;
	}
	if (status == 0)
		target->record = *wl_store_superblock(target->store);
	return status;
}

void wl_restore_target_close(struct wl_restore_target *target)
{
	if (target->store)
		wl_store_close(target->store);
	target->store = NULL;
}

/* ---- what was written ------------------------------------------------------------------------------ */

static bool is_same(const struct wl_tool_journal *read, const struct wl_log *log,
		    const struct wl_restore_journal *journal)
{
	return !wl_tool_journal_is_damaged(read) && !read->damaged_below &&
	       read->recovery.damage.kind == WL_DAMAGE_NONE &&
	       wl_position_equal(read->log.tail, log->tail) &&
	       read->log.tail_chain == log->tail_chain &&
	       read->log.next_number == log->next_number &&
	       read->log.begin.position.index == journal->before.position.index &&
	       wl_tool_journal_base(read) == journal->base_index;
}

static int read_again(struct wl_restore_target *target, const struct wl_log *log,
		      const struct wl_restore_journal *journal)
{
	static struct wl_tool_journal read;
	struct wl_tool_journal_store of = {target->store, log->config.journal};
	struct wl_tool_journal_source source;
	int status;

	wl_tool_journal_of_store(&of, &source);
	source.from_begin = true;
	source.watermark = log->durable_offset;
	status = wl_tool_journal_open(&read, &source);
	if (status == 0 && !is_same(&read, log, journal)) {
		snprintf(
			target->reason, target->reason_bytes,
			"%s: journal %u does not read as it was written (%s at stream offset %" PRIu64
			", last entry %" PRIu64 " of %" PRIu64 ", base of entry %" PRIu64
			" of %" PRIu64 ", behind entry %" PRIu64 " of %" PRIu64 ")",
			target->config->storage_path, log->config.journal,
			wl_recovery_damage_name(read.recovery.damage.kind),
			read.recovery.damage.begin, read.log.tail.index, log->tail.index,
			wl_tool_journal_base(&read), journal->base_index,
			read.log.begin.position.index, journal->before.position.index);
		status = WIRELOG_STORE_FAILED;
	}
	wl_tool_journal_close(&read);
	return status;
}

int wl_restore_target_take(struct wl_restore_target *target, const struct wl_log *log,
			   const struct wl_restore_journal *journal)
{
	struct wl_superblock_journal *record = &target->record.journals[log->config.journal];
	int status = read_again(target, log, journal);

	if (status != 0)
		return status;
	*record = (struct wl_superblock_journal){
		.term = log->tail.term,
		.watermark = log->durable_offset,
		.commit = log->tail,
		.history = journal->history,
	};
	target->record.features_in_force |= journal->features;
	return 0;
}

int wl_restore_target_end(struct wl_restore_target *target, const uint64_t *histories)
{
	struct wl_superblock_writer *writer = NULL;
	int status = wl_superblock_writer_open(&writer, target->store);

	if (status != 0) {
		snprintf(target->reason, target->reason_bytes,
			 "%s: the record cannot be written: %s", target->config->storage_path,
			 wirelog_status_cause(status));
		return status;
	}
	wl_rescue_record(&target->record, histories);
	target->record.unfinished = false;
	if (wl_superblock_writer_persist(writer, &target->record) != 0)
		status = WIRELOG_STORE_FAILED;
	if (status != 0)
		snprintf(
			target->reason, target->reason_bytes,
			"%s: the record that ends it could not be made durable; it counts when it is "
			"there: `wirelog verify` says so",
			target->config->storage_path);
	wl_superblock_writer_close(writer);
	return status;
}
