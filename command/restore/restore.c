/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/restore/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command/restore/restore_log_file.h"
#include "command/restore/restore_read_file.h"
#include "command/restore/restore_store_file.h"
#include "command/tool_backup_file.h"
#include "wirelog/status.h"

/* One journal on its way, with or without a store. */
struct making {
	struct wl_restore_result *result;
	const struct wl_restore_source *source;
	const struct wl_config *config;
	struct wl_restore_target *target; /* NULL: nothing is written */
	const struct wl_superblock *record; /* of the medium */
	struct wl_restore restore;
	struct wl_restore_log log;
	char *reason;
	size_t reason_bytes;
};

static int fit(const struct wl_backup *backup, const struct wl_restore_source *source,
	       const struct wl_config *config, char *reason, size_t reason_bytes)
{
	if (memcmp(backup->cluster, config->cluster, sizeof(backup->cluster)) != 0) {
		snprintf(
			reason, reason_bytes,
			"%s is of another cluster: its entries are bound to the uuid of theirs, which "
			"cluster.uuid has to name",
			source->backup);
		return WIRELOG_STORE_FOREIGN;
	}
	if (backup->journal_count != config->journal_count) {
		snprintf(reason, reason_bytes, "%s has %u journals, configured are %u",
			 source->backup, backup->journal_count, config->journal_count);
		return WIRELOG_STORE_GEOMETRY;
	}
	if (source->to_number != 0 && source->journal >= backup->journal_count) {
		snprintf(reason, reason_bytes, "%s has no journal %u", source->backup,
			 source->journal);
		return WIRELOG_JOURNAL_UNKNOWN;
	}
	return 0;
}

static int on_taken(void *context, const uint8_t *image, const struct wl_entry_header *header)
{
	struct making *making = context;
	int status = wl_restore_log_append(&making->log, image, wl_entry_bytes(header));

	if (status == 0 && header->index == making->restore.config.page->base_index)
		status = wl_restore_log_write_base(&making->log, &making->restore);
	return status;
}

static int judge(const struct making *making, const struct wl_restore_reading *reading)
{
	const struct wl_restore *restore = &making->restore;
	uint64_t wanted = restore->config.to_number, behind = restore->seen.behind.next_number;

	/* Less than what was asked for is another thing. */
	if (wanted != 0 && !reading->enough && behind <= wanted) {
		snprintf(making->reason, making->reason_bytes,
			 "journal %u: records go up to %" PRIu64 ", and %" PRIu64
			 " is wanted: name an archive that has more, or a lower number",
			 reading->journal, behind - 1, wanted);
		return WIRELOG_INVALID_ARGUMENT;
	}
	if (!wl_restore_is_proven(restore) && !making->source->unproven) {
		snprintf(
			making->reason, making->reason_bytes,
			"%s: journal %u: no entry proves its base (of entry %" PRIu64
			"): name an archive that goes on behind it, take a backup a little later, or "
			"believe it with --unproven-base",
			making->source->backup, reading->journal, restore->config.page->base_index);
		return WIRELOG_INVALID_ARGUMENT;
	}
	return 0;
}

static void tell(const struct making *making, uint32_t id, uint64_t of_archives)
{
	const struct wl_restore *restore = &making->restore;
	const struct wl_state *state = &restore->state;
	struct wl_restore_journal *told = &making->result->journals[id];

	*told = (struct wl_restore_journal){
		.before = restore->seen.before,
		.behind = restore->seen.behind,
		.of_archives = of_archives,
		.proof = restore->proof,
		.base_made = restore->base_made,
		.history = state->history.id,
		.features = state->features.set,
		.sessions = state->sessions.count,
		.consumers = state->consumers.count,
		.voters = wl_list_voters(&state->list),
		.segments = making->log.log.segments_ready,
	};
	if (told->voters == 0)
		told->voters = making->result->backup.voters;
	if (!wl_restore_has_base(restore))
		return;
	told->base_index = restore->config.page->base_index;
	told->base_digest = restore->config.page->base_digest;
}

static int read_and_log(struct making *making, uint32_t id)
{
	const struct wl_backup_journal *page = &making->result->backup.journals[id];
	struct wl_restore_reading reading = {
		.source = making->source,
		.backup = &making->result->backup,
		.journal = id,
		.restore = &making->restore,
		.on_taken = on_taken,
		.context = making,
		.reason = making->reason,
		.reason_bytes = making->reason_bytes,
	};
	int status = wl_restore_read_base(&reading);

	if (status == 0)
		status = wl_restore_log_open(&making->log, &page->before, id);
	if (status == 0 && page->base_index != 0 && making->restore.base_met)
		status = wl_restore_log_write_base(&making->log, &making->restore);
	if (status == 0)
		status = wl_restore_read_entries(&reading);
	if (status == 0)
		status = judge(making, &reading);
	if (status == 0)
		status = wl_restore_log_end(&making->log);
	if (status == 0)
		tell(making, id, reading.of_archives);
	return status;
}

static int make_journal(struct making *making, uint32_t id)
{
	const struct wl_restore_source *source = making->source;
	const struct wl_restore_config config = {
		.page = &making->result->backup.journals[id],
		.features = wl_features_supported(),
		.sessions_max = making->config->sessions,
		.to_number = source->journal == id ? source->to_number : 0,
	};
	void *memory = malloc(wl_restore_memory_bytes(config.sessions_max));
	int status;

	if (!memory)
		return WIRELOG_NO_MEMORY;
	wl_restore_init(&making->restore, &config, memory);
	making->log = (struct wl_restore_log){
		.store = making->target ? making->target->store : NULL,
		.record = making->record,
		.config = making->config,
		.reason = making->reason,
		.reason_bytes = making->reason_bytes,
	};
	status = read_and_log(making, id);
	if (status == 0 && making->target)
		status = wl_restore_target_take(making->target, &making->log.log,
						&making->result->journals[id]);
	wl_restore_log_close(&making->log);
	free(memory);
	return status;
}

static int make_all(struct making *making)
{
	int status = 0;

	for (uint32_t id = 0; id < making->result->backup.journal_count && status == 0; id++)
		status = make_journal(making, id);
	return status;
}

int wl_restore_look(struct wl_restore_result *result, const struct wl_restore_source *source,
		    const struct wl_config *config, char *reason, size_t reason_bytes)
{
	static struct making making;
	struct wl_superblock record;
	int status;

	memset(result, 0, sizeof(*result));
	reason[0] = '\0';
	status = wl_backup_file_read_page(&result->backup, source->backup, reason, reason_bytes);
	if (status == 0)
		status = fit(&result->backup, source, config, reason, reason_bytes);
	if (status == 0)
		status = wl_restore_target_ask(config, &record, reason, reason_bytes);
	making = (struct making){.result = result,
				 .source = source,
				 .config = config,
				 .record = &record,
				 .reason = reason,
				 .reason_bytes = reason_bytes};
	return status != 0 ? status : make_all(&making);
}

/* Random, and each of its own. */
static int draw(uint64_t *histories, char *reason, size_t reason_bytes)
{
	if (getrandom(histories, WIRELOG_JOURNALS_MAX * sizeof(histories[0]), 0) !=
	    (ssize_t)(WIRELOG_JOURNALS_MAX * sizeof(histories[0]))) {
		snprintf(reason, reason_bytes, "no random number: %s", strerror(errno));
		return WIRELOG_INTERNAL;
	}
	for (uint32_t id = 0; id < WIRELOG_JOURNALS_MAX; id++)
		histories[id] |= 1;
	return 0;
}

static int write_all(struct wl_restore_result *result, struct wl_restore_target *target,
		     const struct wl_restore_source *source)
{
	static struct making making;
	int status;

	making = (struct making){.result = result,
				 .source = source,
				 .config = target->config,
				 .target = target,
				 .record = &target->record,
				 .reason = target->reason,
				 .reason_bytes = target->reason_bytes};
	status = make_all(&making);
	if (status == 0)
		status = draw(result->histories, target->reason, target->reason_bytes);
	if (status == 0)
		status = wl_restore_target_end(target, result->histories);
	if (status == 0)
		result->incarnation = target->record.incarnation;
	return status;
}

int wl_restore_make(struct wl_restore_result *result, const struct wl_restore_source *source,
		    const struct wl_config *config, char *reason, size_t reason_bytes)
{
	static struct wl_restore_target target;
	int status = wl_restore_look(result, source, config, reason, reason_bytes);

	if (status != 0)
		return status;
	target = (struct wl_restore_target){.config = config,
					    .reason = reason,
					    .reason_bytes = reason_bytes};
	status = wl_restore_target_open(&target);
	if (status == 0)
		status = write_all(result, &target, source);
	wl_restore_target_close(&target);
	return status;
}
