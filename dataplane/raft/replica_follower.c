/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The follower's half: takes APPENDs of exactly its view's term, keeps its log equal to
 * the leader's, and acknowledges cumulatively, once a turn: how far the log is known equal (received) and how
 * much of that is on the medium (durable). What came twice is recognised, what came too early is
 * refused with the index to begin again from (Raft section 5.3).
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

#define HEARD_UP_INTERVAL_NS 1000000u /* LEADER_HEARD at most once a millisecond */

void wl_replica_follower_begin(struct wl_replica *replica)
{
	struct wl_replica_follower *follower = &replica->follower;

	/* Of the view before nothing is said in this one. */
	WL_CHECK(!follower->acknowledge && !follower->refusal.pending);
	follower->match = 0;
	follower->acknowledged_durable = 0;
	follower->leader_sent_ns = 0;
	follower->heard_leader = 0;
	follower->heard_up_ns = 0;
	follower->middle.known = false;
}

void wl_replica_refuse(struct wl_replica *replica, const struct wl_wire_append *append,
		       uint64_t hint_index)
{
	WL_CHECK(replica->view.role == WL_ROLE_FOLLOWER);
	if (hint_index <= replica->commit)
		hint_index = replica->commit + 1;
	WL_CHECK_MSG(hint_index <= replica->log->tail.index + 1, "hint %llu, tail %llu",
		     (unsigned long long)hint_index, (unsigned long long)replica->log->tail.index);
	replica->follower.refusal = (struct wl_replica_refusal){
		.pending = true,
		.hint_index = hint_index,
		.sent_ns = append->sent_ns,
	};
	replica->follower.acknowledge = true;
	wl_count(replica->counters, WL_COUNTER_append_rejected);
}

/* True when our log holds append->previous; otherwise refuses with the best place to begin again. `same`: its chain value says so, too. */
static bool has_previous(struct wl_replica *replica, uint32_t from,
			 const struct wl_wire_append *append, bool *same)
{
	const struct wl_log *log = replica->log;
	uint64_t index = append->previous.index;
	enum wl_log_known known;
	uint64_t term;

	*same = false;
	if (index > log->tail.index) {
		wl_count(replica->counters, WL_COUNTER_append_gap);
		wl_replica_refuse(
			replica, append,
			(replica->follower.match ? replica->follower.match : log->tail.index) + 1);
		return false;
	}
	known = wl_log_term_at(log, index, &term);
	if (known == WL_LOG_BELOW) {
		/* Committed, and given up. What both still hold decides. */
		wl_replica_refuse(replica, append, replica->commit + 1);
		return false;
	}
	WL_CHECK(known == WL_LOG_KNOWN);
	if (term == append->previous.term)
		return wl_replica_agrees(replica, from, append->previous, append->previous_chain,
					 same);
	if (index <= replica->commit) {
		wl_replica_diverged(replica, from, append->previous, append->previous_chain);
		return false;
	}
	/* Skip our whole conflicting term at once (Raft section 5.3, last paragraph). */
	wl_replica_refuse(replica, append, wl_log_first_index_of_term(log, term));
	return false;
}

/* `index` is in our log already. False: stop with this frame. */
static bool take_known(struct wl_replica *replica, uint64_t index, const uint8_t *image,
		       size_t bytes)
{
	struct wl_log *log = replica->log;
	struct wl_entry_header header;
	uint64_t term, chain = wl_entry_chain(image);
	bool known;

	WL_CHECK(wl_entry_decode_header(image, bytes, &header) == WL_ENTRY_OK &&
		 wl_log_term_at(log, index, &term) == WL_LOG_KNOWN);
	if (term == header.term) {
		wl_count(replica->counters, WL_COUNTER_append_duplicate);
		return wl_replica_agrees(replica, replica->follower.heard_leader,
					 (struct wl_position){term, index}, chain, &known);
	}
	if (index <= replica->commit || wl_log_cuts_committed_list(log, index - 1)) {
		/* No correct leader asks for this. Nothing that was committed is ever cut away. */
		wl_replica_diverged(replica, replica->follower.heard_leader,
				    (struct wl_position){header.term, index}, chain);
		return false;
	}
	/* Nothing is cut away for an image that could not take its place. */
	if (wl_entry_decode(image, bytes, &header) != WL_ENTRY_OK) {
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return false;
	}
	WL_CHECK(index > replica->commit); /* R5 */
	wl_log_truncate(log, index - 1);
	WL_CHECK_MSG(log->tail.index == index - 1, "tail %llu, not %llu",
		     (unsigned long long)log->tail.index, (unsigned long long)index - 1);
	WL_CHECK(log->durable.index <= log->tail.index);
	if (replica->follower.match > index - 1)
		replica->follower.match = index - 1;
	wl_count(replica->counters, WL_COUNTER_truncations);
	return true;
}

/* One whole image that should become `index`. False: stop with this frame. */
static bool take_image(struct wl_replica *replica, const struct wl_wire_append *append,
		       uint64_t index, const uint8_t *image, size_t bytes)
{
	struct wl_log *log = replica->log;
	struct wl_entry_header header;

	/* R4; and a place that a base is to have is written to by nobody else. */
	WL_CHECK(replica->view.role == WL_ROLE_FOLLOWER && !replica->follower.installing);
	WL_CHECK_MSG(index <= log->tail.index + 1, "image %llu, tail %llu",
		     (unsigned long long)index, (unsigned long long)log->tail.index);
	if (wl_entry_decode_header(image, bytes, &header) != WL_ENTRY_OK || header.index != index ||
	    header.term > append->term) {
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return false;
	}
	if (index <= log->tail.index) {
		if (!take_known(replica, index, image, bytes))
			return false;
		if (index <= log->tail.index)
			return true;
	}
	switch (wl_log_append_image(log, image, bytes)) {
	case WL_LOG_OK:
		WL_CHECK(log->tail.index == index && log->tail.term == header.term);
		wl_count(replica->counters, WL_COUNTER_entries_appended);
		wl_count_add(replica->counters, WL_COUNTER_records_appended, header.data_count);
		return true;
	case WL_LOG_NO_ROOM:
		wl_count(replica->counters, WL_COUNTER_log_no_room);
		return false; /* the leader sends it again when it sees no progress */
	case WL_LOG_NO_SEGMENT:
		wl_count(replica->counters, WL_COUNTER_log_no_segment);
		return false;
	case WL_LOG_NO_SPACE:
		wl_count(replica->counters, WL_COUNTER_log_no_space);
		return false;
	case WL_LOG_NOT_NEXT:
		if (header.previous_term == log->tail.term &&
		    header.previous_chain != log->tail_chain) {
			wl_replica_diverged(replica, replica->follower.heard_leader, log->tail,
					    header.previous_chain);
			return false;
		}
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return false;
	case WL_LOG_DAMAGED:
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return false;
	case WL_LOG_ENTRY_FULL:
	case WL_LOG_POISONED:
		return false;
	}
	return false;
}

static void took(struct wl_replica *replica, uint64_t index)
{
	struct wl_replica_follower *follower = &replica->follower;

	WL_CHECK_MSG(index <= replica->log->tail.index, "took %llu, tail %llu",
		     (unsigned long long)index,
		     (unsigned long long)replica->log->tail.index); /* R3 */
	if (index > follower->match)
		follower->match = index;
	if (follower->refusal.pending && follower->refusal.hint_index <= follower->match)
		follower->refusal.pending = false; /* what was missing has come meanwhile */
}

static void take_images(struct wl_replica *replica, const struct wl_wire_append *append)
{
	const uint8_t *at = append->images;
	const uint8_t *end = at + append->bytes;
	uint64_t index = append->previous.index;

	while (at < end) {
		struct wl_entry_header header;
		size_t bytes;

		if (wl_entry_decode_header(at, (size_t)(end - at), &header) != WL_ENTRY_OK ||
		    wl_entry_bytes(&header) > (size_t)(end - at)) {
			wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
			return;
		}
		bytes = wl_entry_bytes(&header);
		if (!take_image(replica, append, ++index, at, bytes))
			return;
		took(replica, index);
		at += bytes;
	}
}

static void take_fragment(struct wl_replica *replica, const struct wl_wire_append *append)
{
	struct wl_replica_follower *follower = &replica->follower;
	struct wl_fragments *fragments = &follower->fragments;
	enum wl_fragments_verdict verdict = WL_FRAGMENTS_AHEAD;
	uint64_t index = append->previous.index + 1;
	bool has_some = follower->fragments_index == index &&
			fragments->size == append->image_bytes;

	if (index <= follower->match) {
		wl_count(replica->counters, WL_COUNTER_append_duplicate);
		return;
	}
	/* What has come of this image stays: one lost fragment must not cost the others (no large entry would ever pass). */
	if (append->fragment_offset == 0 && !has_some) {
		follower->fragments_index = index;
		wl_fragments_begin(fragments, append->image_bytes);
		has_some = true;
	}
	if (append->image_bytes > WL_ENTRY_BYTES_MAX)
		verdict = WL_FRAGMENTS_TOO_LONG;
	else if (has_some)
		verdict = wl_fragments_add(fragments, append->fragment_offset, append->images,
					   append->bytes);
	if (verdict == WL_FRAGMENTS_TOO_LONG)
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
	if (verdict == WL_FRAGMENTS_AHEAD) {
		wl_count(replica->counters, WL_COUNTER_append_gap);
		wl_replica_refuse(replica, append, index);
		if (has_some && follower->refusal.hint_index == index)
			follower->refusal.hint_offset = fragments->have;
	}
	if (verdict != WL_FRAGMENTS_WHOLE)
		return;
	WL_CHECK(follower->fragments_index == index);
	WL_CHECK(fragments->size == append->image_bytes && fragments->size <= WL_ENTRY_BYTES_MAX);
	follower->fragments_index = 0;
	if (take_image(replica, append, index, fragments->buffer, fragments->size))
		took(replica, index);
}

/*
 * What was sent before something that came already is late. It is taken, but it says nothing of a leader that may
 * be gone since: else a network that gives back old frames would keep elections away for as long as it goes on.
 */
static void heard(struct wl_replica *replica, uint32_t from, const struct wl_wire_append *append)
{
	struct wl_replica_follower *follower = &replica->follower;
	bool news = follower->heard_leader != from || append->sent_ns > follower->leader_sent_ns;

	WL_CHECK(follower->heard_up_ns <= replica->now_ns);
	if (append->sent_ns > follower->leader_sent_ns)
		follower->leader_sent_ns = append->sent_ns;
	if (!news || (follower->heard_leader == from &&
		      replica->now_ns - follower->heard_up_ns < HEARD_UP_INTERVAL_NS))
		return;
	follower->heard_leader = from;
	follower->heard_up_ns = replica->now_ns;
	wl_replica_tell(replica, WL_PLANE_LEADER_HEARD, from, 0);
}

/* A leader of an older term learns ours from the refusal and steps down. */
static void answer_stale(struct wl_replica *replica, uint32_t from,
			 const struct wl_wire_append *append)
{
	struct wl_wire_append_ack ack = {
		.term = replica->view.term,
		.sent_ns = append->sent_ns,
		.flags = WL_WIRE_ACK_REJECTED,
	};
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[from]);
	uint8_t *payload;

	wl_count(replica->counters, WL_COUNTER_append_stale_term);
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_APPEND_ACK, replica->config.journal,
			     WL_TX_RESERVED);
	if (payload)
		wl_tx_close(replica->tx, wl_wire_encode_append_ack(payload, &ack));
}

void wl_replica_on_append(struct wl_replica *replica, uint32_t from,
			  const struct wl_wire_append *append)
{
	bool same;

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX);
	wl_count(replica->counters, WL_COUNTER_append_frames_received);
	if (replica->view.role == WL_ROLE_FENCED)
		return;
	if (append->term > replica->view.term) {
		wl_replica_saw_term(replica, from, append->term);
		return;
	}
	if (append->term < replica->view.term) {
		if (!replica->silent)
			answer_stale(replica, from, append);
		return;
	}
	/* A term has one leader; whoever else speaks for it is not to be believed. */
	if (replica->view.role == WL_ROLE_LEADER ||
	    (replica->view.leader != 0 && replica->view.leader != from) ||
	    (replica->follower.heard_leader != 0 && replica->follower.heard_leader != from)) {
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	heard(replica, from, append);
	WL_CHECK(replica->follower.heard_leader == from);
	wl_replica_clock_on_append(replica, append);
	if (replica->follower.diverged) {
		wl_replica_judge_branch(replica, from, append);
		return;
	}
	wl_replica_state_on_append(replica, from, append);
	if (wl_replica_is_apart(replica))
		return;
	if (append->commit > replica->leader_commit)
		replica->leader_commit = append->commit;
	if (append->bytes != 0 || append->sent_ns != 0)
		replica->follower.acknowledge = true;
	if (replica->follower.installing)
		return; /* the log stands still for a base that takes its place */
	replica->follower.base_wanted = (append->flags & WL_WIRE_APPEND_NEEDS_BASE) != 0;
	if (!has_previous(replica, from, append, &same))
		return;
	replica->follower.base_wanted = false;
	if (same)
		took(replica, append->previous.index);
	if (append->image_bytes != 0)
		take_fragment(replica, append);
	else
		take_images(replica, append);
	/* Only what is known equal may count as committed here (Raft figure 2, AppendEntries step 5). */
	if (append->commit > replica->commit && replica->follower.match > replica->commit)
		replica->commit = append->commit < replica->follower.match
					  ? append->commit
					  : replica->follower.match;
	WL_CHECK_MSG(replica->commit <= replica->log->tail.index, "commit %llu, tail %llu",
		     (unsigned long long)replica->commit,
		     (unsigned long long)replica->log->tail.index); /* R1 */
}

void wl_replica_follower_end_turn(struct wl_replica *replica)
{
	struct wl_replica_follower *follower = &replica->follower;
	const struct wl_log *log = replica->log;
	uint64_t durable = log->durable.index < follower->match ? log->durable.index
								: follower->match;
	uint32_t leader = follower->heard_leader;
	struct wl_wire_append_ack ack;
	struct wl_tx_to to;
	uint8_t *payload;

	if (leader == 0 || log->poisoned || (follower->diverged && !follower->refusal.pending))
		return;
	if (!follower->acknowledge && durable == follower->acknowledged_durable)
		return;
	WL_CHECK(leader <= WIRELOG_NODES_MAX && leader != replica->config.node);
	WL_CHECK_MSG(follower->match <= log->tail.index, "match %llu, tail %llu",
		     (unsigned long long)follower->match,
		     (unsigned long long)log->tail.index); /* R3 */
	ack = (struct wl_wire_append_ack){
		.term = replica->view.term,
		.match_received = follower->diverged ? 0 : follower->match,
		.match_durable = follower->diverged ? 0 : durable,
		.sent_ns = follower->leader_sent_ns,
		.room = wl_log_record_room(log),
		.wall_ns = replica->wall_ns,
		.state_index = replica->state.digest != 0 ? replica->state.index : 0,
		.state_digest = replica->state.digest,
		.base_index = replica->base_index,
		.base_digest = replica->base_digest,
		.incarnation = replica->config.incarnation,
	};
	if (wl_log_chain_at(log, ack.match_received, &ack.match_chain) != WL_LOG_KNOWN)
		ack.match_chain = 0;
	if (follower->fragments_index == follower->match + 1)
		ack.hint_offset = follower->fragments.have;
	if (follower->refusal.pending) {
		ack.flags |= WL_WIRE_ACK_REJECTED;
		ack.sent_ns = follower->refusal.sent_ns;
		ack.hint_index = follower->refusal.hint_index;
		ack.hint_offset = follower->refusal.hint_offset;
	}
	if (wl_log_is_full(log))
		ack.flags |= WL_WIRE_ACK_NO_SPACE;
	if (!wl_log_can_grow(log))
		ack.flags |= WL_WIRE_ACK_CANNOT_GROW;
	if (replica->held_back)
		ack.flags |= WL_WIRE_ACK_HELD_BACK;
	if (replica->now_ns - replica->disk_progress_ns > replica->config.disk_stall_ns ||
	    wl_replica_segment_awaited_ns(replica) > replica->config.disk_stall_ns)
		ack.flags |= WL_WIRE_ACK_DISK_SLOW;
	to = wl_tx_to_remote(&replica->remotes[leader]);
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_APPEND_ACK, replica->config.journal,
			     WL_TX_RESERVED);
	if (!payload)
		return; /* tried again next turn */
	wl_tx_close(replica->tx, wl_wire_encode_append_ack(payload, &ack));
	wl_count(replica->counters, WL_COUNTER_ack_sent);
	follower->acknowledge = false;
	follower->refusal.pending = false;
	follower->acknowledged_durable = durable;
}
