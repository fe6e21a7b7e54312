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

static int read_base_from_store(void *context, unsigned place, uint64_t at, uint8_t *to,
				uint32_t bytes)
{
	const struct wl_tool_journal_store *of = context;

	return wl_store_base_read(of->store, of->journal, place, at, to, bytes);
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
		.first_segment = wl_store_segment_first(of->store, of->journal),
		.read = read_from_store,
		.read_base = read_base_from_store,
		.context = of,
	};
	memcpy(source->uuid, superblock->cluster, sizeof(source->uuid));
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

static void refuse(struct wl_tool_journal *journal, enum wl_recovery_damage_kind kind,
		   uint64_t begin, uint64_t end)
{
	journal->recovery.state = WL_RECOVERY_REFUSED;
	journal->recovery.damage = (struct wl_recovery_damage){
		.kind = kind,
		.begin = begin,
		.end = end,
		.last_good_index = journal->log.tail.index,
	};
}

/* Both bases are looked at; the log is filled from one where it has no beginning of its own. False: then there is none. */
static bool load_base(struct wl_tool_journal *journal)
{
	const struct wl_tool_journal_source *source = &journal->source;
	struct wl_base_identity identity = {
		.node = source->node,
		.journal = source->journal,
		.segment_bytes = source->segment_bytes,
	};
	bool needed = source->first_segment != 0;
	struct wl_base_target target = {NULL, needed ? &journal->log : NULL, source->first_segment};
	struct wl_base_load load;
	unsigned place;
	uint64_t at;
	uint32_t bytes;

	memcpy(identity.cluster, source->uuid, sizeof(identity.cluster));
	wl_base_load_init(&load, &identity, &target, journal->window, WINDOW_BYTES);
	load.check_both = true;
	while (load.state != WL_BASE_LOAD_DONE) {
		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			struct wl_log_config config = journal->log.config;

			wl_log_init(&journal->log, &config, journal->ring, journal->memory);
			wl_base_load_on_empty(&load);
			continue;
		}
		wl_base_load_want(&load, &place, &at, &bytes);
		wl_base_load_on_read(&load,
				     read_status(source->read_base(source->context, place, at,
								   journal->window, bytes)));
	}
	memcpy(journal->bases, load.places, sizeof(journal->bases));
	journal->from_base = needed && load.verdict == WL_BASE_OK;
	return !needed || journal->from_base;
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
	if (source->read_base == NULL || load_base(journal))
		walk(journal);
	else
		refuse(journal, WL_DAMAGE_SEGMENT_ABSENT, 0,
		       source->first_segment * source->segment_bytes);
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

void wl_tool_journal_sweep(struct wl_tool_journal *journal)
{
	const struct wl_log *log = &journal->log;
	uint64_t wanted = journal->source.chain_index;
	enum wl_reader_result result = WL_READER_END;
	struct wl_reader_view view;

	if (!journal->from_base)
		return;
	if (wanted != 0 && wanted == log->begin.position.index) {
		journal->chain = log->begin.chain;
		journal->chain_known = true;
	}
	wl_tool_journal_seek(journal, log->begin.position.index + 1);
	while (journal->reader.next_index <= log->tail.index &&
	       (result = wl_tool_journal_next(journal, &view)) == WL_READER_ENTRY) {
		if (view.header.index != wanted)
			continue;
		journal->chain = wl_entry_chain(view.image);
		journal->chain_known = true;
	}
	if (result != WL_READER_DAMAGED || wl_tool_journal_is_damaged(journal))
		return;
	refuse(journal, WL_DAMAGE_ROT, view.offset, view.offset + WL_BLOCK_BYTES);
	journal->recovery.damage.last_good_index = journal->reader.next_index - 1;
}

uint64_t wl_tool_journal_index_near(const struct wl_tool_journal *journal, uint64_t number)
{
	const struct wl_log_mark *mark = wl_log_mark_by_number(&journal->log, number);

	return mark != NULL ? mark->index : journal->log.begin.position.index + 1;
}
