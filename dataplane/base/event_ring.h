/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last events of a node, in a file of fixed size (RUN_DIRECTORY/events) that a crash leaves readable and the next start goes on with.
 *
 *	   0  8 bytes "WLEVENTS"
 *	   8  u32     version, 1
 *	  12  u32     slots, 256
 *	  16          zeros
 *	 512  slots   512 bytes each: event number n is in slot n % 256
 *
 *	slot   0  u64  number of the event, from 1; 0: none
 *	       8  u64  wall clock, ns since 1970
 *	      16  u32  level, syslog's
 *	      20  u32  bytes of text
 *	      24       text, without a NUL
 *	     504  u64  the number again: differs while the slot is half written
 *
 * Little-endian. Pure: bytes in, bytes out; whoever reads believes nothing. [any]
 */
#ifndef WL_DATAPLANE_BASE_EVENT_RING_H
#define WL_DATAPLANE_BASE_EVENT_RING_H

#include <stdbool.h>
#include <stdint.h>

#define WL_EVENTS 256u
#define WL_EVENT_SLOT_BYTES 512u
#define WL_EVENT_TEXT_BYTES_MAX 480u
#define WL_EVENT_RING_BYTES ((1u + WL_EVENTS) * WL_EVENT_SLOT_BYTES)
#define WL_EVENTS_FILE_NAME "events" /* in the run directory */

struct wl_event {
	uint64_t number, time_ns;
	uint32_t level;
	char text[WL_EVENT_TEXT_BYTES_MAX + 1];
};

void wl_event_ring_head(uint8_t head[WL_EVENT_SLOT_BYTES]);
bool wl_event_ring_is_one(const uint8_t *ring);
/* Where an event's slot stands in the file. */
uint32_t wl_event_ring_offset(uint64_t number);
void wl_event_encode(const struct wl_event *event, uint8_t slot[WL_EVENT_SLOT_BYTES]);
/*
 * Control characters come out as '?'. Of a whole ring (WL_EVENT_RING_BYTES that are one): all events that are whole, oldest first. Returns how many. Those that do not belong to the newest
 * WL_EVENTS numbers are left out.
 */
uint32_t wl_event_ring_read(const uint8_t *ring, struct wl_event events[WL_EVENTS]);

#endif
