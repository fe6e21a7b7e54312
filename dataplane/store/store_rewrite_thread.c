/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks that lay on the medium are written again where they were: what is mended, and nothing else. On a device the place of a
 * segment is that of another one a lap later, so the making and forgetting of segments wait meanwhile, and a segment that is not
 * there any more is not written to.
 */
#include "dataplane/store/store_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct wl_store_places {
	pthread_mutex_t journals[WIRELOG_JOURNALS_MAX];
};

struct wl_store_places *wl_store_places_make(void)
{
	struct wl_store_places *places = calloc(1, sizeof(*places));

	for (uint32_t journal = 0; places && journal < WIRELOG_JOURNALS_MAX; journal++)
		pthread_mutex_init(&places->journals[journal], NULL);
	return places;
}

void wl_store_places_free(struct wl_store_places *places)
{
	for (uint32_t journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++)
		pthread_mutex_destroy(&places->journals[journal]);
	free(places);
}

void wl_store_places_lock(struct wl_store *store, uint32_t journal)
{
	pthread_mutex_lock(&store->places->journals[journal]);
}

void wl_store_places_unlock(struct wl_store *store, uint32_t journal)
{
	pthread_mutex_unlock(&store->places->journals[journal]);
}

/* A header that says another number: the place is not that segment's, whatever the store believes. One that rotted says nothing. */
static int check_place(const struct wl_store *store, uint32_t journal, uint64_t segment, int fd,
		       uint64_t base)
{
	uint8_t *block = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	struct wl_segment_header ours, header;
	int error = 0;

	if (!block)
		return -ENOMEM;
	wl_store_describe_segment(store, journal, segment, &ours);
	if (pread(fd, block, WL_BLOCK_BYTES, (off_t)base) == (ssize_t)WL_BLOCK_BYTES &&
	    wl_chunk_decode_segment(block, WL_BLOCK_BYTES, &header) &&
	    (header.binding != ours.binding || header.number != segment))
		error = -ENOENT;
	free(block);
	return error;
}

static int rewrite(struct wl_store *store, uint32_t journal, uint64_t offset, const uint8_t *buffer,
		   uint32_t bytes)
{
	uint64_t segment_bytes = store->superblock.segment_bytes, base = 0,
		 segment = offset / segment_bytes;
	int fd = -1, error;

	if (segment < atomic_load(&store->first[journal]) ||
	    segment >= atomic_load(&store->segments[journal]))
		return -ENOENT;
	error = store->ops->segment_open(store, journal, segment, &fd, &base);
	if (error == 0)
		error = check_place(store, journal, segment, fd, base);
	if (error == 0)
		error = wl_store_write(fd, buffer, bytes, base + offset % segment_bytes);
	/* The descriptor writes through, and a drive that was asked twice has no excuse. */
	if (error == 0 && fdatasync(fd) != 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

int wl_store_rewrite(struct wl_store *store, uint32_t journal, uint64_t offset,
		     const uint8_t *buffer, uint32_t bytes)
{
	uint64_t segment_bytes = store->superblock.segment_bytes;
	int error;

	if (store->config.read_only || journal >= store->superblock.journal_count)
		return -EROFS;
	if (bytes == 0 || offset % WL_BLOCK_BYTES != 0 || bytes % WL_BLOCK_BYTES != 0 ||
	    offset % segment_bytes + bytes > segment_bytes)
		return -EINVAL;
	atomic_fetch_add(&store->busy, 1);
	wl_store_places_lock(store, journal);
	error = rewrite(store, journal, offset, buffer, bytes);
	wl_store_places_unlock(store, journal);
	atomic_fetch_sub(&store->busy, 1);
	return error;
}
