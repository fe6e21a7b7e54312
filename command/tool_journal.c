/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/cluster_id.h"

#define WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)

static int read_from_store(void *context, uint64_t offset, uint8_t *buffer, uint32_t bytes)
{
	const struct wl_tool_journal_store *of = context;

	return wl_store_read(of->store, of->journal, offset, buffer, bytes);
}

void wl_tool_journal_of_store(struct wl_tool_journal_store *of,
			      struct wl_tool_journal_source *source)
{
	const struct wl_superblock *superblock = wl_store_superblock(of->store);

	*source = (struct wl_tool_journal_source){
		.cluster = wl_cluster_id(superblock->cluster),
		.node = superblock->node,
		.journal = of->journal,
		.segment_bytes = superblock->segment_bytes,
		.segments = wl_store_segment_count(of->store, of->journal),
		.watermark = superblock->journals[of->journal].watermark,
		.read = read_from_store,
		.context = of,
	};
	memcpy(source->chunk_key, superblock->chunk_key, sizeof(source->chunk_key));
}

static enum wl_disk_status read_status(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

/* An entry may be superseded by a later one of the same index: the last one counts. */
static void on_entry(void *context, const uint8_t *image, const struct wl_entry_header *header,
		     uint64_t offset)
{
	struct wl_tool_journal *journal = context;

	(void)offset;
	if (header->index == journal->source.chain_index) {
		journal->chain = wl_entry_chain(image);
		journal->chain_known = true;
	} else if (header->index < journal->source.chain_index) {
		journal->chain_known = false;
	}
}

/* A log that was refused is left as it was met; to be read as far as it is good it needs its ends. */
static void end_at_damage(struct wl_tool_journal *journal)
{
	const struct wl_recovery *recovery = &journal->recovery;
	struct wl_log *log = &journal->log;

	log->durable = log->tail;
	log->durable_offset = log->tail.index != 0 ? recovery->last_good_end : 0;
	log->append_offset = recovery->last_good_end;
	log->ring_valid_from = recovery->last_good_end;
	log->ring_end = recovery->last_good_end;
}

static void walk(struct wl_tool_journal *journal)
{
	struct wl_recovery *recovery = &journal->recovery;
	uint64_t offset;
	uint32_t bytes;

	wl_recovery_init(recovery, &journal->log, journal->source.segments,
			 journal->source.watermark, journal->window, WINDOW_BYTES);
	recovery->read_only = true;
	recovery->on_entry = on_entry;
	recovery->context = journal;
	while (recovery->state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(recovery, &offset, &bytes);
		wl_recovery_on_read(
			recovery, read_status(journal->source.read(journal->source.context, offset,
								   journal->window, bytes)));
	}
	if (wl_tool_journal_is_damaged(journal))
		end_at_damage(journal);
}

int wl_tool_journal_open(struct wl_tool_journal *journal,
			 const struct wl_tool_journal_source *source)
{
	struct wl_log_config config = {
		.cluster = source->cluster,
		.journal = source->journal,
		.node = source->node,
		.segment_bytes = source->segment_bytes,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.bytes_max = (source->segments + 1) * source->segment_bytes,
	};

	memcpy(config.chunk_key, source->chunk_key, sizeof(config.chunk_key));
	memset(journal, 0, sizeof(*journal));
	journal->source = *source;
	/* Nothing stands in the ring; the log wants one all the same. */
	journal->ring = aligned_alloc(WL_BLOCK_BYTES, config.ring_bytes);
	journal->window = aligned_alloc(WL_BLOCK_BYTES, WINDOW_BYTES);
	journal->memory = malloc(wl_log_memory_bytes(&config));
	if (journal->ring == NULL || journal->window == NULL || journal->memory == NULL)
		return WIRELOG_NO_MEMORY;
	wl_log_init(&journal->log, &config, journal->ring, journal->memory);
	walk(journal);
	wl_tool_journal_seek(journal, 1);
	return 0;
}

void wl_tool_journal_close(struct wl_tool_journal *journal)
{
	free(journal->ring);
	free(journal->window);
	free(journal->memory);
	journal->ring = journal->window = NULL;
	journal->memory = NULL;
}

void wl_tool_journal_seek(struct wl_tool_journal *journal, uint64_t index)
{
	wl_reader_init(&journal->reader, &journal->log, index != 0 ? index : 1, 0);
	wl_reader_lend(&journal->reader, journal->window, WINDOW_BYTES);
}

static void perform(struct wl_tool_journal *journal)
{
	struct wl_disk_request request;
	struct wl_disk_completion completion;

	wl_reader_want(&journal->reader, &request);
	completion = (struct wl_disk_completion){
		.verb = WL_DISK_READ,
		.status = read_status(journal->source.read(journal->source.context, request.offset,
							   request.buffer, request.bytes)),
		.journal = request.journal,
		.offset = request.offset,
		.cookie = request.cookie,
		.bytes = request.bytes,
	};
	wl_reader_on_read(&journal->reader, &completion);
}

enum wl_reader_result wl_tool_journal_next(struct wl_tool_journal *journal,
					   struct wl_reader_view *view)
{
	enum wl_reader_result result;

	while ((result = wl_reader_next(&journal->reader, journal->log.tail.index, view)) ==
	       WL_READER_WANTS_READ)
		perform(journal);
	return result;
}

uint64_t wl_tool_journal_index_near(const struct wl_tool_journal *journal, uint64_t number)
{
	const struct wl_log_mark *mark = wl_log_mark_by_number(&journal->log, number);

	return mark != NULL ? mark->index : 0;
}
