/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader sends to its followers: who is in step first, in as few frames as hold what was sealed; who is behind last in the worker's
 * turn, behind every live frame, and while records flow by a budget (pace.h). Where commits wait for the one that is behind it is no
 * neighbour of the live ones but one of them: nothing is kept from it.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"

#define FRAMES_PER_TURN 128u /* to one follower */

/* Stream bytes sent and not yet known as received. */
static uint64_t bytes_in_flight(const struct wl_replica *replica, const struct wl_peer *peer)
{
	const struct wl_log_slot *first, *last;
	const struct wl_log *log = replica->log;

	if (peer->next_index <= peer->match_received + 1)
		return peer->fragment_offset;
	first = &log->slots[(peer->match_received + 1) % WL_LOG_ENTRIES_IN_RING];
	last = &log->slots[(peer->next_index - 1) % WL_LOG_ENTRIES_IN_RING];
	if (first->index != peer->match_received + 1 || last->index != peer->next_index - 1)
		return peer
			->burst_bytes; /* far behind: the whole burst counts until all of it has arrived */
	WL_CHECK_MSG(last->offset >= first->offset, "entry %llu at %llu, %llu at %llu",
		     (unsigned long long)first->index, (unsigned long long)first->offset,
		     (unsigned long long)last->index, (unsigned long long)last->offset);
	return last->offset + last->bytes - first->offset + peer->fragment_offset;
}

/* Fills `images` with whole entries from next_index on, or with one fragment. Returns the bytes. */
static uint32_t fill_images(struct wl_replica *replica, struct wl_peer *peer,
			    struct wl_wire_append *append, uint8_t *images, size_t room)
{
	uint32_t filled = 0;

	while (peer->next_index <= replica->log->tail.index) {
		uint32_t bytes = 0, part;
		const uint8_t *image = wl_peer_image(peer, replica->log, peer->next_index, &bytes);

		if (!image)
			break;
		WL_CHECK(bytes >= WL_ENTRY_HEADER_BYTES && bytes <= WL_ENTRY_BYTES_MAX);
		/* The follower's word, and wrong: of what fits into a frame nobody has a part. */
		if (peer->fragment_offset >= bytes || bytes <= room)
			peer->fragment_offset = 0;
		if (bytes <= room - filled && peer->fragment_offset == 0) {
			memcpy(images + filled, image, bytes);
			filled += bytes;
			peer->next_index++;
			wl_count(replica->counters, WL_COUNTER_append_entries_sent);
			continue;
		}
		if (filled != 0)
			break; /* the large one goes into frames of its own */
		WL_CHECK(peer->fragment_offset < bytes);
		part = bytes - peer->fragment_offset;
		if (part > room)
			part = (uint32_t)room;
		memcpy(images, image + peer->fragment_offset, part);
		append->fragment_offset = peer->fragment_offset;
		append->image_bytes = bytes;
		peer->fragment_offset += part;
		if (peer->fragment_offset == bytes) {
			peer->fragment_offset = 0;
			peer->next_index++;
		}
		return part;
	}
	WL_CHECK(filled <= room && peer->next_index <= replica->log->tail.index + 1);
	return filled;
}

enum append_purpose {
	WITH_ENTRIES, /* not sent when there is none to put in */
	HEARTBEAT, /* empty, wants an answer: also the probe "do you have this?" */
	COMMIT_NEWS, /* empty, wants none */
};

/* Its next entry was given up. It is asked about the last one before our beginning: it may have that, after all. */
static uint64_t previous_index(const struct wl_replica *replica, const struct wl_peer *peer)
{
	uint64_t begin = replica->log->begin.position.index;

	return peer->next_index > begin ? peer->next_index - 1 : begin;
}

/* The chain value behind `previous_index`: of a recent entry, or from the image behind it. 0: it is not at hand. */
static uint64_t chain_before(const struct wl_replica *replica, const struct wl_peer *peer)
{
	const uint8_t *image;
	uint64_t chain;
	uint32_t bytes;

	if (wl_log_chain_at(replica->log, previous_index(replica, peer), &chain) == WL_LOG_KNOWN)
		return chain;
	image = wl_log_image_in_ring(replica->log, peer->next_index, &bytes);
	if (image)
		return wl_entry_previous_chain(image);
	return peer->holding && peer->held.header.index == peer->next_index
		       ? peer->held.header.previous_chain
		       : 0;
}

/* One APPEND. False when no frame could be had, or no entry for it. */
static bool send_append(struct wl_replica *replica, uint32_t node, enum append_purpose purpose,
			uint32_t *sent)
{
	struct wl_peer *peer = &replica->leader.peers[node];
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	struct wl_wire_append append = {
		.term = replica->view.term,
		.previous.index = previous_index(replica, peer),
		.commit = replica->commit,
		.clock_ns = wl_replica_clock_vouched(replica),
		.state_index = replica->state.index,
		.state_digest = replica->state.verdict,
	};
	uint8_t *payload;

	/* Who fell silent, or never led, says nothing as a leader; and nothing leaves for whom we do not know. */
	WL_CHECK(replica->view.role == WL_ROLE_LEADER && !replica->silent);
	WL_CHECK(node != replica->config.node && replica->remotes[node].boot_id != 0);
	WL_CHECK(wl_log_term_at(replica->log, append.previous.index, &append.previous.term) ==
		 WL_LOG_KNOWN);
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_APPEND, replica->config.journal,
			     purpose == WITH_ENTRIES ? WL_TX_DATA : WL_TX_RESERVED);
	if (!payload)
		return false;
	append.images = payload + WL_WIRE_APPEND_HEADER_BYTES;
	append.previous_chain = chain_before(replica, peer);
	if (purpose == WITH_ENTRIES) {
		append.bytes =
			fill_images(replica, peer, &append, payload + WL_WIRE_APPEND_HEADER_BYTES,
				    wl_tx_open_room(replica->tx) - WL_WIRE_APPEND_HEADER_BYTES);
		if (append.bytes == 0) {
			wl_tx_abandon(
				replica->tx); /* the next image is still on its way from the medium */
			return false;
		}
	}
	WL_CHECK(WL_WIRE_APPEND_HEADER_BYTES + append.bytes <= wl_tx_open_room(replica->tx));
	if (purpose != COMMIT_NEWS)
		append.sent_ns = replica->now_ns;
	if (peer->needs_base)
		append.flags |= WL_WIRE_APPEND_NEEDS_BASE;
	wl_tx_close(replica->tx, wl_wire_encode_append(payload, &append) + append.bytes);
	wl_count(replica->counters,
		 append.bytes ? WL_COUNTER_append_frames_sent : WL_COUNTER_append_heartbeats_sent);
	peer->last_sent_ns = replica->now_ns;
	if (purpose == HEARTBEAT) {
		peer->heartbeat_ns = replica->now_ns;
		peer->dropped_seen = replica->tx->dropped;
	}
	if (append.sent_ns != 0) {
		peer->asked_ns = append.sent_ns;
		replica->reads.sent_ns = append.sent_ns;
		wl_replica_tell_left(replica, node);
	}
	peer->commit_told = replica->commit;
	peer->burst_bytes += append.bytes;
	*sent = append.bytes;
	return true;
}

static void probe(struct wl_replica *replica, uint32_t node)
{
	struct wl_peer *peer = &replica->leader.peers[node];
	uint32_t bytes, sent;

	/* What is missing follows once we know where to begin. */
	if (peer->probe_outstanding)
		return;
	/* Without the chain value a match would prove nothing: it stands in the image that comes next, which may have to be read. */
	wl_peer_retry_damaged(peer, replica->now_ns);
	if (chain_before(replica, peer) == 0 && !peer->damaged &&
	    !wl_peer_image(peer, replica->log, peer->next_index, &bytes))
		return;
	if (send_append(replica, node, HEARTBEAT, &sent)) {
		peer->probe_outstanding = true;
		peer->progress_ns = replica->now_ns;
	}
}

/* `budget`: bytes of images at most, and the rest of a frame. Returns what left. */
static uint64_t stream(struct wl_replica *replica, uint32_t node, uint64_t budget)
{
	struct wl_peer *peer = &replica->leader.peers[node];
	uint64_t in_flight = bytes_in_flight(replica, peer), left = 0;
	uint32_t window = peer->window_bytes ? peer->window_bytes : replica->config.window_bytes;
	uint32_t from_medium = 0, sent;

	WL_CHECK_MSG(peer->next_index <= replica->log->tail.index + 1, "next %llu, tail %llu",
		     (unsigned long long)peer->next_index,
		     (unsigned long long)replica->log->tail.index); /* P1 */
	wl_peer_retry_damaged(peer, replica->now_ns);
	if (in_flight == 0) {
		peer->progress_ns = replica->now_ns;
		peer->burst_bytes = 0;
	}
	for (unsigned frames = 0;
	     frames < FRAMES_PER_TURN && peer->next_index <= replica->log->tail.index; frames++) {
		/* One entry may always be under way as a whole: it is acknowledged by nothing less. */
		if (in_flight >= window && peer->next_index > peer->match_received + 1)
			break;
		if (from_medium >= replica->config.catch_up_bytes || left >= budget)
			break;
		/* A full follower has room for our term's first entry, and for some that it lacks: one by one. */
		if (peer->no_space && peer->next_index > peer->match_received + 1 &&
		    peer->fragment_offset == 0)
			break;
		if (!send_append(replica, node, WITH_ENTRIES, &sent))
			break;
		in_flight += sent;
		left += sent;
		if (peer->holding)
			from_medium += sent;
	}
	return left;
}

/* Its log ends before ours begins: heartbeats are all that we have for it. */
static void notice_base(struct wl_replica *replica, struct wl_peer *peer)
{
	bool needs = peer->next_index <= replica->log->begin.position.index;

	if (needs && !peer->needs_base)
		wl_count(replica->counters, WL_COUNTER_peers_need_base);
	peer->needs_base = needs;
}

/* Stream bytes that it was not sent yet, of those that stood at the end of the last turn; UINT64_MAX: more than are in memory. */
static uint64_t bytes_behind(const struct wl_replica *replica, const struct wl_peer *peer)
{
	const struct wl_log *log = replica->log;
	uint64_t offset;
	uint32_t bytes;

	if (peer->next_index > log->tail.index)
		return 0;
	if (!wl_log_image_in_ring(log, peer->next_index, &bytes))
		return UINT64_MAX;
	offset = wl_log_offset_near(log, peer->next_index);
	return offset < replica->leader.pace.appended ? replica->leader.pace.appended - offset : 0;
}

/* More than a window is missing; until what is left fits into a turn. */
static void notice_behind(const struct wl_replica *replica, struct wl_peer *peer)
{
	uint64_t bytes = bytes_behind(replica, peer);

	if (bytes > replica->config.window_bytes)
		peer->behind = true;
	else if (bytes <= WL_PACE_TURN_BYTES)
		peer->behind = false;
}

void wl_replica_notice_behind(struct wl_replica *replica)
{
	wl_members in_step = wl_members_only(replica->config.node), behind = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_peer *peer = &replica->leader.peers[node];

		if (!wl_replica_is_peer(replica, node))
			continue;
		notice_behind(replica, peer);
		if (peer->behind)
			behind |= wl_members_only(node);
		else if (wl_replica_hears(replica, peer))
			in_step |= wl_members_only(node);
	}
	replica->leader.paced = wl_list_decides(wl_replica_list(replica), in_step) ? behind : 0;
}

void wl_replica_send_to_peer(struct wl_replica *replica, uint32_t node)
{
	struct wl_peer *peer = &replica->leader.peers[node];
	uint32_t sent;

	WL_CHECK(node != replica->config.node);
	WL_CHECK(peer->last_sent_ns <= replica->now_ns && peer->heartbeat_ns <= replica->now_ns);
	if (replica->remotes[node].boot_id == 0)
		return; /* not greeted yet */
	if (wl_peer_resend(peer, replica->config.resend_ns, replica->now_ns)) {
		wl_count(replica->counters, WL_COUNTER_append_resent);
		if (peer->state == WL_PEER_STREAM)
			wl_peer_narrow_window(peer, replica->config.window_bytes);
	}
	notice_base(replica, peer);
	if (peer->state == WL_PEER_PROBE && !peer->needs_base)
		probe(replica, node);
	else if (!peer->needs_base && !wl_members_has(replica->leader.paced, node))
		stream(replica, node, UINT64_MAX);
	/*
	 * Heartbeat = data; without data, an empty frame in time, or at once when there is a commit to tell. Also where frames
	 * were dropped on their way out: the data may have been among them. And at once when somebody waits for an echo.
	 */
	if (replica->now_ns - peer->last_sent_ns >= replica->config.heartbeat_ns ||
	    wl_replica_read_hurries(replica, peer) ||
	    (replica->tx->dropped != peer->dropped_seen &&
	     replica->now_ns - peer->heartbeat_ns >= replica->config.heartbeat_ns))
		send_append(replica, node, HEARTBEAT, &sent);
	else if (peer->state == WL_PEER_STREAM && peer->commit_told < replica->commit &&
		 peer->commit_told < peer->match_received)
		send_append(replica, node, COMMIT_NEWS, &sent);
}

/* The first one in this turn was the last one before: a short budget goes round. */
unsigned wl_replica_catch_up(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;
	uint32_t first = leader->paced_next;
	uint64_t sent = 0;

	if (replica->view.role != WL_ROLE_LEADER || replica->silent)
		return 0;
	WL_CHECK(first <= WIRELOG_NODES_MAX);
	WL_CHECK(!wl_members_has(leader->paced, replica->config.node));
	wl_pace_turn(&leader->pace, replica->log->append_offset, replica->now_ns);
	for (uint32_t at = 0; at < WIRELOG_NODES_MAX && leader->paced != 0; at++) {
		uint32_t node = 1 + (first + at) % WIRELOG_NODES_MAX;
		const struct wl_peer *peer = &leader->peers[node];
		uint64_t budget = wl_pace_left(&leader->pace), bytes;

		if (budget == 0)
			break;
		if (!wl_members_has(leader->paced, node) || peer->state != WL_PEER_STREAM ||
		    peer->needs_base || replica->remotes[node].boot_id == 0)
			continue;
		bytes = stream(replica, node, budget);
		wl_pace_spend(&leader->pace, bytes);
		leader->paced_next = node;
		sent += bytes;
	}
	wl_count_add(replica->counters, WL_COUNTER_append_bytes_behind, sent);
	return sent != 0;
}
