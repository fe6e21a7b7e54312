/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/restore/restore_log_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/base/cluster_id.h"
#include "wirelog/status.h"

#define REQUESTS 16u
#define PIECE_BYTES (1u << 20)
#define SEQUENCE 1u /* of the base: the first one */

static struct wl_log_config shape(const struct wl_restore_log *log, uint32_t journal)
{
	const struct wl_config *config = log->config;
	struct wl_log_config shaped = {
		.cluster = wl_cluster_id(config->cluster),
		.journal = journal,
		.node = config->node,
		.segment_bytes = config->segment_bytes,
		.ring_bytes = WL_LOG_RING_BYTES_MIN, /* no chunk depends on it */
		.bytes_max = log->bytes_max,
		.entry_bytes_target = WL_ENTRY_BYTES_TARGET,
		.first_voters = config->voters,
	};

	memcpy(shaped.chunk_key, log->record->chunk_key, sizeof(shaped.chunk_key));
	return shaped;
}

/* As a log is that a peer's base was installed in: its first chunk follows none, and stands behind the first segment's header. */
static bool stand_at(struct wl_restore_log *log, const struct wl_archive_place *begin)
{
	struct wl_log_base base = {
		.position = begin->position,
		.chain = begin->chain,
		.next_number = begin->next_number,
		.timestamp_ns = begin->timestamp_ns,
		.walk_offset = WL_BLOCK_BYTES,
		.mark_bytes = WL_LOG_MARK_BYTES,
		.installed = true,
	};

	if (begin->position.index == 0)
		return true;
	base.begin = (struct wl_log_begin){
		.position = begin->position,
		.chain = begin->chain,
		.next_number = begin->next_number,
		.timestamp_ns = begin->timestamp_ns,
		.offset = WL_BLOCK_BYTES,
	};
	return wl_log_restore(&log->log, &base) && wl_log_restore_end(&log->log, 0);
}

/* Of a raw device only so many segments exist. */
static uint64_t room_of(const struct wl_restore_log *log, uint32_t journal)
{
	const struct wl_superblock *superblock = log->record;
	uint64_t area;

	if (superblock->area_segments == 0)
		return log->config->log_bytes_max;
	area = journal + 1 == superblock->journal_count ? superblock->last_area_segments
							: superblock->area_segments;
	area *= superblock->segment_bytes;
	return area < log->config->log_bytes_max ? area : log->config->log_bytes_max;
}

int wl_restore_log_open(struct wl_restore_log *log, const struct wl_archive_place *begin,
			uint32_t journal)
{
	struct wl_log_config config;

	log->bytes_max = room_of(log, journal);
	config = shape(log, journal);
	log->ring = aligned_alloc(WL_BLOCK_BYTES, config.ring_bytes);
	log->piece = aligned_alloc(WL_BLOCK_BYTES, PIECE_BYTES);
	log->memory = malloc(wl_log_memory_bytes(&config));
	if (!log->ring || !log->piece || !log->memory)
		return WIRELOG_NO_MEMORY;
	wl_log_init(&log->log, &config, log->ring, log->memory);
	if (stand_at(log, begin))
		return 0;
	snprintf(log->reason, log->reason_bytes, "journal %u: no log begins as its page says",
		 journal);
	return WIRELOG_STORE_DAMAGED;
}

void wl_restore_log_close(struct wl_restore_log *log)
{
	free(log->ring);
	free(log->piece);
	free(log->memory);
	log->ring = log->piece = NULL;
	log->memory = NULL;
}

/* ---- the medium ---------------------------------------------------------------------------------- */

static int perform(struct wl_restore_log *log, const struct wl_disk_request *request)
{
	uint32_t journal = log->log.config.journal;

	if (!log->store)
		return 0;
	if (request->verb == WL_DISK_PREPARE)
		return wl_store_segment_prepare(log->store, journal,
						request->offset / log->config->segment_bytes, NULL);
	WL_CHECK(request->verb == WL_DISK_WRITE);
	return wl_store_rewrite(log->store, journal, request->offset, request->buffer,
				request->bytes);
}

/* A segment that there is no room for is the log's to be without; all else ends it. */
static int carry_out(struct wl_restore_log *log, const struct wl_disk_request *request)
{
	int error = perform(log, request);
	const struct wl_disk_completion completion = {
		.verb = request->verb,
		.status = error == 0	     ? WL_DISK_OK
			  : error == -ENOSPC ? WL_DISK_NO_SPACE
					     : WL_DISK_FAILED,
		.journal = request->journal,
		.offset = request->offset,
		.cookie = request->cookie,
		.bytes = request->bytes,
		.error = -error,
	};

	wl_log_on_written(&log->log, &completion);
	if (error == 0 || (error == -ENOSPC && request->verb == WL_DISK_PREPARE))
		return 0;
	snprintf(log->reason, log->reason_bytes, "%s: journal %u cannot be written: %s",
		 log->config->storage_path, log->log.config.journal, strerror(-error));
	return error == -ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_FAILED;
}

/* All that was appended is durable, and the segments that it wants are there. */
static int drain(struct wl_restore_log *log)
{
	struct wl_disk_request requests[REQUESTS];
	unsigned count;
	int status = 0;

	while (status == 0 && (count = wl_log_cut_writes(&log->log, requests, REQUESTS)) != 0)
		for (unsigned at = 0; at < count && status == 0; at++)
			status = carry_out(log, &requests[at]);
	return status;
}

static int refuse_room(const struct wl_restore_log *log)
{
	const struct wl_log *of = &log->log;

	if (of->segment_error == ENOSPC)
		snprintf(log->reason, log->reason_bytes,
			 "%s: there is no room for segment %" PRIu64 " of journal %u",
			 log->config->storage_path, of->segments_ready, of->config.journal);
	else
		snprintf(
			log->reason, log->reason_bytes,
			"journal %u has more than %" PRIu64
			" MiB with what a log keeps free: raise log.bytes_max, or give it a larger device",
			of->config.journal, log->bytes_max >> 20);
	return WIRELOG_STORE_FULL;
}

int wl_restore_log_append(struct wl_restore_log *log, const uint8_t *image, uint64_t bytes)
{
	enum wl_log_result result = wl_log_append_image(&log->log, image, bytes);
	int status = 0;

	/* A segment at a time is asked for, and chunks in flight are none. */
	for (unsigned tried = 0; status == 0 && tried < REQUESTS &&
				 (result == WL_LOG_NO_ROOM || result == WL_LOG_NO_SEGMENT);
	     tried++) {
		status = drain(log);
		if (status == 0)
			result = wl_log_append_image(&log->log, image, bytes);
	}
	if (status != 0 || result == WL_LOG_OK)
		return status;
	if (result == WL_LOG_NO_SPACE)
		return refuse_room(log);
	snprintf(log->reason, log->reason_bytes,
		 "journal %u: entry %" PRIu64 " cannot be appended (%d)", log->log.config.journal,
		 log->log.tail.index + 1, (int)result);
	return WIRELOG_STORE_DAMAGED;
}

int wl_restore_log_end(struct wl_restore_log *log)
{
	int status = drain(log);

	if (status != 0)
		return status;
	/* Who starts on it begins a term at once. */
	if (wl_log_elections_left(&log->log) < WL_LOG_KEPT_FOR_TERMS)
		return refuse_room(log);
	WL_CHECK(wl_position_equal(log->log.durable, log->log.tail));
	return 0;
}

/* ---- the base ------------------------------------------------------------------------------------ */

static int write_blocks(struct wl_restore_log *log, struct wl_base_encoder *encoder)
{
	struct wl_store_base *base = NULL;
	size_t bytes = 0;
	int error;

	error = wl_store_base_begin(log->store, log->log.config.journal,
				    SEQUENCE % WL_STORE_BASE_PLACES,
				    wl_base_file_bytes(&encoder->header), &base);
	while (error == 0 && (bytes = wl_base_encode(encoder, log->piece, PIECE_BYTES)) != 0)
		error = wl_store_base_write(base, log->piece, bytes);
	if (error == 0)
		return wl_store_base_commit(base);
	wl_store_base_abandon(base);
	return error;
}

int wl_restore_log_write_base(struct wl_restore_log *log, const struct wl_restore *restore)
{
	struct wl_base_header header = {
		.identity = {.node = log->config->node,
			     .journal = log->log.config.journal,
			     .segment_bytes = log->config->segment_bytes},
		.sequence = SEQUENCE,
	};
	struct wl_base_encoder encoder;
	int status = drain(log), error = 0;

	if (status != 0)
		return status;
	memcpy(header.identity.cluster, log->config->cluster, sizeof(header.identity.cluster));
	if (!wl_log_describe_base(&log->log, restore->config.page->base_index, &header.log)) {
		snprintf(log->reason, log->reason_bytes,
			 "journal %u: no base stands at entry %" PRIu64, header.identity.journal,
			 restore->config.page->base_index);
		return WIRELOG_STORE_DAMAGED;
	}
	wl_base_encode_begin(&encoder, &header, &restore->state, &log->log, restore->order);
	if (encoder.header.digest != restore->config.page->base_digest) {
		snprintf(log->reason, log->reason_bytes,
			 "journal %u: its base is another one than the page says",
			 header.identity.journal);
		return WIRELOG_STORE_DAMAGED;
	}
	if (log->store)
		error = write_blocks(log, &encoder);
	if (error == 0)
		return 0;
	snprintf(log->reason, log->reason_bytes, "%s: the base of journal %u cannot be written: %s",
		 log->config->storage_path, header.identity.journal, strerror(-error));
	return error == -ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_FAILED;
}
