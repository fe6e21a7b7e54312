/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/repeats.h"

#include <string.h>

/* As much of it as there is room for. */
static void copy_text(char *to, size_t room, const char *text)
{
	size_t bytes = strnlen(text, room - 1);

	memcpy(to, text, bytes);
	to[bytes] = '\0';
}

static bool is_over(const struct wl_repeats_event *event, uint64_t now_ns)
{
	return now_ns - event->began_ns >= WL_REPEATS_SPAN_NS;
}

static void begin(struct wl_repeats_event *event, uint64_t now_ns)
{
	event->began_ns = now_ns;
	event->lines = 0;
	event->held_back = 0;
}

/* The event's place, a new one, one that nobody needs any more, or the last one, which is shared. */
static struct wl_repeats_event *find(struct wl_repeats *repeats, const char *name, uint64_t now_ns)
{
	struct wl_repeats_event *unused = NULL;

	for (uint32_t at = 0; at < repeats->count; at++) {
		struct wl_repeats_event *event = &repeats->events[at];

		if (strncmp(event->name, name, sizeof(event->name) - 1) == 0)
			return event;
		if (event->held_back == 0 && is_over(event, now_ns))
			unused = event;
	}
	if (repeats->count < WL_REPEATS_EVENTS)
		unused = &repeats->events[repeats->count++];
	if (!unused)
		return &repeats->events[WL_REPEATS_EVENTS - 1];
	copy_text(unused->name, sizeof(unused->name), name);
	begin(unused, now_ns);
	return unused;
}

bool wl_repeats_admit(struct wl_repeats *repeats, const char *name, unsigned level,
		      const char *text, uint64_t now_ns)
{
	struct wl_repeats_event *event = find(repeats, name, now_ns);

	if (event->held_back == 0 && is_over(event, now_ns))
		begin(event, now_ns);
	if (event->lines < WL_REPEATS_LINES) {
		event->lines++;
		return true;
	}
	event->held_back++;
	event->last_level = level;
	copy_text(event->last, sizeof(event->last), text);
	repeats->held_back++;
	return false;
}

const struct wl_repeats_event *wl_repeats_tell(struct wl_repeats *repeats, uint64_t now_ns,
					       bool at_end, uint32_t *held_back)
{
	for (uint32_t at = 0; at < repeats->count; at++) {
		struct wl_repeats_event *event = &repeats->events[at];

		if (event->held_back == 0 || (!at_end && !is_over(event, now_ns)))
			continue;
		*held_back = event->held_back;
		begin(event, now_ns);
		return event;
	}
	return NULL;
}

bool wl_repeats_has_more(const struct wl_repeats *repeats)
{
	for (uint32_t at = 0; at < repeats->count; at++)
		if (repeats->events[at].held_back != 0)
			return true;
	return false;
}
