/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/events_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic int file = -1;
static uint64_t next_number = 1;

static bool read_ring(int fd, uint8_t *ring)
{
	return pread(fd, ring, WL_EVENT_RING_BYTES, 0) == (ssize_t)WL_EVENT_RING_BYTES &&
	       wl_event_ring_is_one(ring);
}

uint32_t wl_events_read(struct wl_event events[WL_EVENTS])
{
	uint8_t *ring = malloc(WL_EVENT_RING_BYTES);
	int fd = atomic_load(&file);
	uint32_t count = 0;

	if (ring && fd >= 0 && read_ring(fd, ring))
		count = wl_event_ring_read(ring, events);
	free(ring);
	return count;
}

/* Behind what is there, or at the beginning of a ring of its own. */
static int go_on(int fd)
{
	struct wl_event *events = malloc(WL_EVENTS * sizeof(*events));
	uint8_t *ring = malloc(WL_EVENT_RING_BYTES);
	uint8_t head[WL_EVENT_SLOT_BYTES];
	uint32_t count;
	int result = 0;

	next_number = 1;
	if (!events || !ring) {
		result = -ENOMEM;
	} else if (read_ring(fd, ring)) {
		count = wl_event_ring_read(ring, events);
		if (count > 0)
			next_number = events[count - 1].number + 1;
	} else {
		wl_event_ring_head(head);
		if (ftruncate(fd, 0) != 0 || ftruncate(fd, WL_EVENT_RING_BYTES) != 0 ||
		    pwrite(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
			result = errno != 0 ? -errno : -EIO;
	}
	free(events);
	free(ring);
	return result;
}

int wl_events_open(const char *path)
{
	/* Never through somebody's symbolic link: what it leads to would be overwritten. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result;

	if (fd < 0)
		return -errno;
	result = go_on(fd);
	if (result != 0) {
		close(fd);
		return result;
	}
	atomic_store(&file, fd);
	return 0;
}

void wl_events_close(void)
{
	int fd = atomic_exchange(&file, -1);

	if (fd >= 0)
		close(fd);
}

void wl_events_add(unsigned level, const char *text)
{
	uint8_t slot[WL_EVENT_SLOT_BYTES];
	struct wl_event event = {.level = level};
	struct timespec now;
	int fd = atomic_load(&file);

	if (fd < 0 || level > WL_EVENTS_LEVEL_MAX)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	event.number = next_number;
	event.time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	snprintf(event.text, sizeof(event.text), "%s", text);
	wl_event_encode(&event, slot);
	/* What cannot be written is not worth a line: that would come here again. */
	if (pwrite(fd, slot, sizeof(slot), wl_event_ring_offset(event.number)) ==
	    (ssize_t)sizeof(slot))
		next_number++;
}
