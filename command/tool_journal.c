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

static int read_base_from_store(void *context, unsigned place, uint64_t at, uint8_t *buffer,
				uint32_t bytes)
{
	const struct wl_tool_journal_store *of = context;

	return wl_store_base_read(of->store, of->journal, place,
				  (struct wl_store_part){at, buffer, bytes});
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
		.first_segment = wl_store_segment_first(of->store, of->journal),
		.watermark = superblock->journals[of->journal].watermark,
		.read = read_from_store,
		.read_base = read_base_from_store,
		.identity = {.node = superblock->node,
			     .journal = of->journal,
			     .segment_bytes = superblock->segment_bytes},
		.context = of,
	};
	memcpy(source->identity.cluster, superblock->cluster, sizeof(superblock->cluster));
	memcpy(source->chunk_key, superblock->chunk_key, sizeof(source->chunk_key));
}

static enum wl_disk_status read_status(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

/* Of the base from which a start would walk. */
static const struct wl_log_base *base_of(const struct wl_tool_journal *journal)
{
	return &journal->load.places[journal->load.chosen].header.log;
}

/* What a start takes for granted is committed once it was met: recovery lets nothing supersede it from there on. */
static void meet_base(struct wl_tool_journal *journal, const uint8_t *image,
		      const struct wl_entry_header *header, uint64_t offset)
{
	const struct wl_log_base *base = base_of(journal);

	if (wl_tool_journal_base(journal) == 0 || header->index != base->position.index ||
	    offset < base->walk_offset)
		return;
	journal->base_met = wl_entry_chain(image) == base->chain;
	journal->base_differs = !journal->base_met;
	if (journal->base_met && journal->recovery.known_commit < header->index)
		journal->recovery.known_commit = header->index;
}

/* An entry may be superseded by a later one of the same index: the last one counts. */
static void on_entry(void *context, const uint8_t *image, const struct wl_entry_header *header,
		     uint64_t offset)
{
	struct wl_tool_journal *journal = context;

	meet_base(journal, image, header, offset);
	if (header->index == journal->source.chain_index) {
		journal->chain = wl_entry_chain(image);
		journal->chain_known = true;
	} else if (header->index < journal->source.chain_index) {
		journal->chain_known = false;
	}
}

static void start_log(struct wl_tool_journal *journal)
{
	const struct wl_tool_journal_source *source = &journal->source;
	struct wl_log_config config = {
		.cluster = source->cluster,
		.journal = source->journal,
		.node = source->node,
		.segment_bytes = source->segment_bytes,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.bytes_max = (source->segments + 1) * source->segment_bytes,
	};

	memcpy(config.chunk_key, source->chunk_key, sizeof(config.chunk_key));
	wl_log_init(&journal->log, &config, journal->ring, journal->memory);
	wl_state_init(&journal->state, journal->state_memory, WIRELOG_SESSIONS_MAX);
}

/* ---- where it begins ---------------------------------------------------------------------------- */

static enum wl_disk_status base_status(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

/* The entries that said so may have been given up. */
static void take_from_base(struct wl_tool_journal *journal)
{
	const struct wl_history *history = &journal->state.history;

	wl_log_set_list(&journal->log, &journal->state.list);
	wl_log_set_history(&journal->log,
			   (struct wl_log_history){.id = history->id, .index = history->index});
}

/* The log as it is at the newest whole base, or as it is at the origin. */
static void find_base(struct wl_tool_journal *journal)
{
	const struct wl_tool_journal_source *source = &journal->source;
	const struct wl_base_target target = {&journal->state, &journal->log,
					      source->first_segment};
	struct wl_base_load *load = &journal->load;
	uint32_t bytes;
	unsigned place;
	uint64_t at;
	int error;

	start_log(journal);
	wl_base_load_init(load, &source->identity, &target, journal->window, WINDOW_BYTES);
	while (load->state != WL_BASE_LOAD_DONE) {
		if (load->state == WL_BASE_LOAD_WANTS_EMPTY) {
			start_log(journal);
			wl_base_load_on_empty(load);
			continue;
		}
		wl_base_load_want(load, &place, &at, &bytes);
		error = source->read_base == NULL ? -ENOENT
						  : source->read_base(source->context, place, at,
								      journal->window, bytes);
		wl_base_load_on_read(load, base_status(error));
	}
	if (load->verdict == WL_BASE_OK)
		take_from_base(journal);
	else
		start_log(journal);
	/* As control/node/boot_base_file.c refuses. */
	journal->nowhere = load->verdict != WL_BASE_OK &&
			   (source->first_segment != 0 ||
			    (load->verdict != WL_BASE_EMPTY && load->verdict != WL_BASE_DAMAGED));
}

/*
 * A log that begins at the first entry that is kept, as if a base of that very entry stood there: all behind it is walked. False: it cannot
 * be read, or is not the one that follows what was given up.
 */
static bool begin_at_first_kept(struct wl_tool_journal *journal)
{
	const struct wl_log_begin begin = journal->log.begin;
	const uint8_t *image = journal->window + WL_CHUNK_HEADER_BYTES;
	struct wl_log_base base = {.begin = begin,
				   .walk_offset = begin.offset,
				   .mark_bytes = WL_LOG_MARK_BYTES};
	struct wl_entry_header header;

	if (journal->source.read(journal->source.context, begin.offset, journal->window,
				 WL_BLOCK_BYTES) != 0 ||
	    wl_entry_decode_header(image, WL_BLOCK_BYTES - WL_CHUNK_HEADER_BYTES, &header) !=
		    WL_ENTRY_OK ||
	    header.index != begin.position.index + 1 || header.previous_chain != begin.chain)
		return false;
	base.position = (struct wl_position){header.term, header.index};
	base.chain = wl_entry_chain(image);
	base.next_number = header.first_number + header.data_count;
	base.timestamp_ns = header.timestamp_ns > begin.timestamp_ns ? header.timestamp_ns
								     : begin.timestamp_ns;
	base.terms = base.marks = 1;
	start_log(journal);
	return wl_log_restore(&journal->log, &base) &&
	       wl_log_restore_term(&journal->log,
				   &(struct wl_log_term){header.term, header.index}) &&
	       wl_log_restore_mark(
		       &journal->log,
		       &(struct wl_log_mark){.offset = begin.offset + WL_CHUNK_HEADER_BYTES,
					     .index = header.index,
					     .first_number = header.first_number,
					     .timestamp_ns = base.timestamp_ns,
					     .previous_chain = begin.chain,
					     .previous_timestamp_ns = begin.timestamp_ns}) &&
	       wl_log_restore_end(&journal->log, journal->source.first_segment);
}

/* ---- walking ------------------------------------------------------------------------------------ */

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
			 journal->source.watermark,
			 (struct wl_recovery_window){journal->window, WINDOW_BYTES});
	recovery->read_only = true;
	recovery->on_entry = on_entry;
	recovery->context = journal;
	while (recovery->state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(recovery, &offset, &bytes);
		wl_recovery_on_read(
			recovery, read_status(journal->source.read(journal->source.context, offset,
								   journal->window, bytes)));
	}
	if (recovery->state == WL_RECOVERY_REFUSED)
		end_at_damage(journal);
}

/*
 * False: what was walked is not what a start would say. Either it would not notice, but what is kept before the base's chunk is not
 * whole (damaged_below); or that is good as far as it goes, and does not go up to the base.
 */
static bool walk_all(struct wl_tool_journal *journal)
{
	uint64_t base = wl_tool_journal_base(journal), walk_offset;

	if (base == 0 || journal->log.begin.position.index == base) {
		walk(journal);
		return true;
	}
	walk_offset = base_of(journal)->walk_offset;
	journal->damaged_below = true;
	journal->below = (struct wl_recovery_damage){
		.kind = WL_DAMAGE_CHAIN,
		.begin = journal->log.begin.offset,
		.end = journal->log.begin.offset + WL_BLOCK_BYTES,
		.last_good_index = journal->log.begin.position.index,
	};
	if (journal->log.begin.position.index == 0)
		start_log(journal);
	else if (!begin_at_first_kept(journal))
		return false;
	if (journal->log.tail.index == base) {
		journal->base_met = journal->log.tail_chain == base_of(journal)->chain;
		journal->base_differs = !journal->base_met;
	}
	walk(journal);
	journal->damaged_below = journal->recovery.state == WL_RECOVERY_REFUSED &&
				 journal->recovery.damage.begin < walk_offset;
	if (!journal->damaged_below)
		return journal->base_met;
	journal->below = journal->recovery.damage;
	/* The walk was told of the first kept entry as of a base; nothing says that its chunk is whole. */
	if (journal->below.begin <= journal->log.begin.offset)
		journal->below.last_good_index = journal->log.begin.position.index;
	return false;
}

/* Of an entry that the walk did not meet: it began there, or behind it. */
static void find_chain(struct wl_tool_journal *journal)
{
	uint64_t index = journal->source.chain_index;
	struct wl_reader_view view;

	if (journal->chain_known || index == 0)
		return;
	journal->chain_known = wl_log_chain_at(&journal->log, index, &journal->chain) ==
			       WL_LOG_KNOWN;
	if (journal->chain_known || index <= journal->log.begin.position.index ||
	    index > journal->log.tail.index)
		return;
	wl_tool_journal_seek(journal, index);
	if (wl_tool_journal_next(journal, &view) != WL_READER_ENTRY)
		return;
	journal->chain = wl_entry_chain(view.image);
	journal->chain_known = true;
}

static void open_and_walk(struct wl_tool_journal *journal)
{
	find_base(journal);
	if (journal->nowhere)
		return;
	if (!journal->source.from_begin) {
		walk(journal);
	} else if (!walk_all(journal)) {
		find_base(journal);
		walk(journal);
	}
	find_chain(journal);
}

int wl_tool_journal_open(struct wl_tool_journal *journal,
			 const struct wl_tool_journal_source *source)
{
	struct wl_log_config config = {
		.segment_bytes = source->segment_bytes,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.bytes_max = (source->segments + 1) * source->segment_bytes,
	};

	memset(journal, 0, sizeof(*journal));
	journal->source = *source;
	/* Nothing stands in the ring; the log wants one all the same. */
	journal->ring = aligned_alloc(WL_BLOCK_BYTES, config.ring_bytes);
	journal->window = aligned_alloc(WL_BLOCK_BYTES, WINDOW_BYTES);
	journal->memory = malloc(wl_log_memory_bytes(&config));
	journal->state_memory = malloc(wl_state_memory_bytes(WIRELOG_SESSIONS_MAX));
	if (journal->ring == NULL || journal->window == NULL || journal->memory == NULL ||
	    journal->state_memory == NULL)
		return WIRELOG_NO_MEMORY;
	open_and_walk(journal);
	wl_tool_journal_seek(journal, 1);
	return 0;
}

void wl_tool_journal_close(struct wl_tool_journal *journal)
{
	free(journal->ring);
	free(journal->window);
	free(journal->memory);
	free(journal->state_memory);
	journal->ring = journal->window = NULL;
	journal->memory = journal->state_memory = NULL;
}

void wl_tool_journal_seek(struct wl_tool_journal *journal, uint64_t index)
{
	uint64_t first = journal->log.begin.position.index + 1;

	wl_reader_init(&journal->reader, &journal->log, index > first ? index : first, 0);
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
