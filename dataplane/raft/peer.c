/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/peer.h"

#include "dataplane/base/check.h"

#define DAMAGE_RETRY_NS 100000000u
#define WINDOW_BYTES_MIN 8192u

void wl_peer_lead(struct wl_peer *peer, uint64_t next_index, uint64_t now_ns)
{
	WL_CHECK(next_index != 0);
	peer->state = WL_PEER_PROBE;
	peer->next_index = next_index;
	peer->fragment_offset = 0;
	peer->match_received = 0;
	peer->match_durable = 0;
	peer->burst_bytes = 0;
	peer->window_bytes = 0;
	peer->refused_index = 0;
	peer->refused_offset = 0;
	peer->commit_told = 0;
	peer->last_sent_ns = 0;
	peer->heartbeat_ns = 0;
	peer->heard_sent_ns = 0;
	peer->echoed_ns = 0;
	peer->asked_ns = 0;
	peer->progress_ns = now_ns;
	peer->rewound_ns = now_ns;
	peer->probe_outstanding = false;
	peer->no_space = false;
	peer->cannot_grow = false;
	peer->room_limit = 0;
	peer->disk_slow = false;
	peer->behind = false;
	peer->needs_base = false;
	peer->fragments_have = 0;
	peer->damaged = false;
	peer->damaged_reads = 0;
	peer->holding = false;
	peer->left_ns = 0;
	peer->counts = false;
	peer->held_back = false;
	peer->incarnation = 0;
	peer->base_index = 0;
	peer->base_digest = 0;
}

void wl_peer_heard_base(struct wl_peer *peer, uint64_t index, uint64_t digest)
{
	WL_CHECK((index == 0) == (digest == 0));
	if (index < peer->base_index)
		return;
	peer->base_index = index;
	peer->base_digest = digest;
}

bool wl_peer_notice_boot(struct wl_peer *peer, uint64_t boot_id, uint64_t next_index,
			 uint64_t now_ns)
{
	uint64_t heard_sent_ns = peer->heard_sent_ns;

	if (peer->boot_id == boot_id)
		return false;
	peer->boot_id = boot_id;
	wl_peer_lead(peer, next_index, now_ns);
	peer->heard_sent_ns = heard_sent_ns;
	return true;
}

bool wl_peer_accepted(struct wl_peer *peer, uint64_t received, uint64_t durable, uint64_t now_ns)
{
	bool grew = false;

	if (received > peer->match_received) {
		peer->match_received = received;
		peer->fragments_have = 0;
		peer->progress_ns = now_ns;
		grew = true;
	}
	if (durable > peer->match_durable && durable <= peer->match_received) {
		peer->match_durable = durable;
		grew = true;
	}
	if (peer->next_index <= peer->match_received) {
		/* It has more than we sent in this leadership: go on behind it. */
		peer->next_index = peer->match_received + 1;
		peer->fragment_offset = 0;
	}
	WL_CHECK_MSG(peer->match_durable <= peer->match_received, "durable %llu, received %llu",
		     (unsigned long long)peer->match_durable,
		     (unsigned long long)peer->match_received);
	WL_CHECK_MSG(peer->match_received < peer->next_index, "received %llu, next %llu",
		     (unsigned long long)peer->match_received,
		     (unsigned long long)peer->next_index);
	return grew;
}

static void rewind_to(struct wl_peer *peer, uint64_t index, uint64_t now_ns)
{
	/* What was acknowledged is not sent again, and what was not sent yet is not left out. */
	WL_CHECK_MSG(index > peer->match_received, "to %llu, received %llu",
		     (unsigned long long)index, (unsigned long long)peer->match_received);
	WL_CHECK_MSG(index <= peer->next_index, "to %llu, next %llu", (unsigned long long)index,
		     (unsigned long long)peer->next_index);
	peer->next_index = index;
	peer->fragment_offset = 0;
	peer->rewound_ns = now_ns;
	peer->progress_ns = now_ns;
	peer->burst_bytes = 0;
	peer->probe_outstanding = false;
}

bool wl_peer_rejected(struct wl_peer *peer, uint64_t hint, uint64_t tail, uint64_t sent_ns,
		      uint64_t now_ns)
{
	uint64_t index = hint;

	/*
	 * Frames are pipelined, so one loss is refused many times. Only a frame that left after we last
	 * went back says something new.
	 */
	if (sent_ns < peer->rewound_ns)
		return false;
	if (index > peer->next_index)
		index = peer->next_index;
	if (index > tail + 1)
		index = tail + 1;
	if (index <= peer->match_received)
		index = peer->match_received + 1; /* a rejection never moves a match */
	rewind_to(peer, index, now_ns);
	if (peer->match_received == 0)
		peer->state = WL_PEER_PROBE;
	return true;
}

void wl_peer_retry_damaged(struct wl_peer *peer, uint64_t now_ns)
{
	if (!peer->damaged || peer->reader.in_flight ||
	    now_ns - peer->damage_asked_ns < DAMAGE_RETRY_NS)
		return;
	peer->damage_asked_ns = now_ns;
	if (peer->damaged_reads <= 1)
		peer->damaged_since_ns = now_ns;
	peer->damaged = false;
	wl_reader_seek(&peer->reader, peer->next_index);
}

bool wl_peer_resend(struct wl_peer *peer, uint64_t resend_ns, uint64_t now_ns)
{
	if (now_ns - peer->progress_ns < resend_ns)
		return false;
	if (peer->state == WL_PEER_PROBE) {
		peer->probe_outstanding = false;
		peer->progress_ns = now_ns;
		return true;
	}
	if (peer->next_index == peer->match_received + 1 && peer->fragment_offset == 0)
		return false; /* nothing is outstanding */
	rewind_to(peer, peer->match_received + 1, now_ns);
	return true;
}

/*
 * What was sent behind a lost frame is sent again, so the window must not be much wider than the frames that pass
 * between two losses: halved by each loss, an eighth more for each step forward.
 */
void wl_peer_narrow_window(struct wl_peer *peer, uint32_t configured)
{
	uint32_t window = peer->window_bytes ? peer->window_bytes : configured;

	peer->window_bytes = window / 2 < WINDOW_BYTES_MIN ? WINDOW_BYTES_MIN : window / 2;
}

void wl_peer_widen_window(struct wl_peer *peer, uint32_t configured)
{
	peer->window_bytes += peer->window_bytes / 8;
	if (peer->window_bytes >= configured)
		peer->window_bytes = 0;
}

const uint8_t *wl_peer_image(struct wl_peer *peer, const struct wl_log *log, uint64_t index,
			     uint32_t *bytes)
{
	const uint8_t *image = wl_log_image_in_ring(log, index, bytes);

	peer->wants_read = false;
	if (image)
		return image;
	if (!peer->holding || peer->held.header.index != index) {
		peer->holding = false;
		if (peer->reader.in_flight)
			return NULL;
		if (peer->reader.next_index != index)
			wl_reader_seek(&peer->reader, index);
		switch (wl_reader_next(&peer->reader, log->durable.index, &peer->held)) {
		case WL_READER_ENTRY:
			peer->holding = true;
			peer->damaged_reads = 0;
			break;
		case WL_READER_WANTS_READ:
			peer->wants_read = true;
			return NULL;
		case WL_READER_DAMAGED:
			peer->damaged = true;
			peer->damaged_reads++;
			return NULL;
		case WL_READER_GONE:
		case WL_READER_END:
		case WL_READER_WAITS:
		case WL_READER_WANTS_BUFFER:
			return NULL;
		}
		WL_CHECK(peer->held.header.index == index);
	}
	WL_CHECK(peer->held.bytes >= WL_ENTRY_HEADER_BYTES);
	WL_CHECK(peer->held.bytes <= WL_ENTRY_BYTES_MAX);
	*bytes = peer->held.bytes;
	return peer->held.image;
}

const char *wl_peer_check(const struct wl_peer *peer, uint64_t tail)
{
	if (peer->match_durable > peer->match_received)
		return "P1: a peer's durable match is beyond its received one";
	if (peer->match_received >= peer->next_index)
		return "P1: what a peer is sent next is not behind its match";
	if (peer->next_index > tail + 1)
		return "P1: what a peer is sent next is beyond the tail";
	if (peer->fragment_offset != 0 && peer->next_index > tail)
		return "P2: a fragment left of an entry that is not there";
	if (peer->counts && peer->held_back)
		return "P3: a peer's data are held back, and count";
	return wl_reader_check(&peer->reader);
}
