/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The leader's half: one entry per turn from whatever arrived, sent to each follower (replica_send.c) while the leader's own
 * write is on its way; commit by the fastest majority of durable positions.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/log/rescue.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"
#include "wirelog/status.h"

/*
 * The data of a rescue (docs/SAFETY.md, rule 32): the first term says what was lost, and who is left, before anything else is taken. The
 * term is ready when that is committed, for it counts as a part of its first entry.
 */
static bool append_loss(struct wl_replica *replica)
{
	struct wl_log *log = replica->log;
	struct wl_control loss = {
		.verb = WL_CONTROL_LOSS,
		.expects = log->history.id,
		.number = log->next_number +
			  WL_LOSS_NUMBERS * wl_rescue_stride(replica->config.rescued),
		.index = wl_members_only(replica->config.node),
		.digest = replica->config.rescued,
	};

	/* A part of the term's first entry, and nothing stands between. */
	WL_CHECK(replica->config.rescued != 0 && log->tail.term == replica->view.term);
	loss.incarnation[replica->config.node] = replica->config.incarnation;
	if (wl_log_open_entry(log, WL_ENTRY_CONTROL, replica->view.term, log->last_timestamp_ns,
			      replica->commit) != WL_LOG_OK)
		return false;
	wl_log_seal_control(log, &loss);
	wl_count(replica->counters, WL_COUNTER_entries_appended);
	return true;
}

/* A term starts with an empty entry (Raft section 8): what came before commits with it. */
static void start_term(struct wl_replica *replica)
{
	struct wl_log *log = replica->log;

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	WL_CHECK(replica->leader.term_start_index == 0 && !replica->leader.ready);
	if (log->tail.term != replica->view.term) {
		if (wl_log_open_entry(log, WL_ENTRY_TERM_START, replica->view.term,
				      log->last_timestamp_ns, replica->commit) != WL_LOG_OK)
			return; /* no room yet: the next turn tries again */
		wl_log_seal_entry(log);
		wl_count(replica->counters, WL_COUNTER_entries_appended);
	}
	if (wl_replica_is_rescued(replica) && !append_loss(replica))
		return;
	WL_CHECK_MSG(log->tail.term == replica->view.term, "tail of term %llu in %llu",
		     (unsigned long long)log->tail.term, (unsigned long long)replica->view.term);
	replica->leader.term_start_index = log->tail.index;
}

void wl_replica_leader_begin(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;

	WL_CHECK(!wl_replica_is_apart(replica) && !replica->silent);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		wl_peer_lead(&leader->peers[node], replica->log->tail.index + 1, replica->now_ns);
		leader->peers[node].boot_id = replica->remotes[node].boot_id;
	}
	memset(leader->clocks, 0, sizeof(leader->clocks));
	leader->term_start_index = 0;
	leader->room_limit = 0;
	replica->leaves_told_ns = 0;
	leader->no_space_told_ns = 0; /* control must hear of it in this leadership, at once */
	replica->disk_progress_ns = replica->now_ns;
	leader->asked_ns = replica->now_ns;
	leader->paced = 0;
	wl_replica_progress_begin(replica);
	start_term(replica);
	wl_pace_begin(&leader->pace, replica->log->append_offset, replica->now_ns);
}

bool wl_replica_leader_has_quorum(const struct wl_replica *replica)
{
	wl_members heard = 0;

	WL_CHECK(replica->leader.asked_ns <= replica->now_ns);
	if (replica->now_ns - replica->leader.asked_ns <= wl_replica_patience_ns(replica))
		return true;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (node == replica->config.node ||
		    (wl_replica_hears(replica, &replica->leader.peers[node]) &&
		     !wl_replica_knows_held_back(replica, node)))
			heard |= wl_members_only(node);
	}
	return wl_list_decides(wl_replica_list(replica), heard);
}

static void raise(uint64_t *level, uint64_t index)
{
	if (index > *level)
		*level = index;
}

/* A match belongs to the boot that acknowledged it. */
static void notice_boots(struct wl_replica *replica)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_replica_is_peer(replica, node))
			wl_peer_notice_boot(&replica->leader.peers[node],
					    replica->remotes[node].boot_id,
					    replica->log->tail.index + 1, replica->now_ns);
	}
}

void wl_replica_leader_advance(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;
	uint64_t received[WIRELOG_NODES_MAX + 1], durable[WIRELOG_NODES_MAX + 1];
	const struct wl_list *list = wl_replica_list(replica);
	uint64_t majority, term;

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	notice_boots(replica);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &leader->peers[node];

		received[node] = wl_replica_counts(replica, node) ? peer->match_received : 0;
		durable[node] = wl_replica_counts(replica, node) ? peer->match_durable : 0;
	}
	received[replica->config.node] = replica->log->tail.index;
	durable[replica->config.node] = replica->log->durable.index;

	/* Matches may fall with a peer's boot; what was reached was reached. */
	raise(&leader->received_majority, wl_quorum_majority(received, list));
	raise(&leader->received_all, wl_quorum_everybody(received, list));
	raise(&leader->durable_all, wl_quorum_everybody(durable, list));
	WL_CHECK(leader->durable_all <= leader->received_all);
	WL_CHECK(leader->received_all <= leader->received_majority);
	WL_CHECK(leader->received_majority <= replica->log->tail.index); /* R7 */
	majority = wl_quorum_majority(durable, list);
	if (majority <= replica->commit)
		return;
	/* Counting copies commits only entries of our own term (Raft section 5.4.2, figure 8). */
	WL_CHECK(wl_log_term_at(replica->log, majority, &term) == WL_LOG_KNOWN);
	if (term != replica->view.term)
		return;
	replica->commit = majority;
	if (!leader->ready && leader->term_start_index != 0 &&
	    majority >= leader->term_start_index) {
		leader->ready = true;
		wl_replica_tell(replica, WL_PLANE_TERM_COMMITTED, replica->config.node, 0);
	}
}

static void take_rejection(struct wl_replica *replica, struct wl_peer *peer,
			   const struct wl_wire_append_ack *ack)
{
	bool streamed = peer->state == WL_PEER_STREAM;

	WL_CHECK(replica->view.role == WL_ROLE_LEADER && !replica->silent);
	wl_count(replica->counters, WL_COUNTER_ack_rejections);
	/*
	 * Sent again and refused again: it was not lost, the follower cannot take it now (its disk is behind, its device
	 * full). The timer tries again; answering each refusal at once would be a storm.
	 */
	if (streamed && ack->hint_index == peer->refused_index &&
	    ack->hint_offset <= peer->refused_offset)
		return;
	if (!wl_peer_rejected(peer, ack->hint_index, replica->log->tail.index, ack->sent_ns,
			      replica->now_ns))
		return;
	wl_count(replica->counters, WL_COUNTER_append_resent);
	peer->refused_index = ack->hint_index;
	peer->refused_offset = ack->hint_offset;
	if (streamed)
		wl_peer_narrow_window(peer, replica->config.window_bytes);
	/* A part of what we do not have is nothing to go on from, whatever it says. */
	if (peer->state == WL_PEER_STREAM && peer->next_index == ack->hint_index &&
	    ack->hint_index <= replica->log->tail.index)
		peer->fragment_offset = ack->hint_offset;
}

/* What it calls a match is one: our entry, and all before it. An index whose chain value is not at hand any more was compared by the
 * follower, with the images that came behind it. */
static bool has_our_entry(struct wl_replica *replica, uint32_t from,
			  const struct wl_wire_append_ack *ack)
{
	struct wl_position position = {.index = ack->match_received};
	bool known;

	/* Below our beginning: committed, and compared when it was sent. */
	WL_CHECK(wl_log_term_at(replica->log, position.index, &position.term) != WL_LOG_BEYOND);
	return wl_replica_agrees(replica, from, position, ack->match_chain, &known);
}

void wl_replica_on_append_ack(struct wl_replica *replica, uint32_t from,
			      const struct wl_wire_append_ack *ack)
{
	struct wl_peer *peer = &replica->leader.peers[from];

	WL_CHECK(from >= 1 && from <= WIRELOG_NODES_MAX);
	wl_count(replica->counters, WL_COUNTER_ack_received);
	if (replica->view.role == WL_ROLE_FENCED)
		return;
	if (ack->term > replica->view.term) {
		wl_replica_saw_term(replica, from, ack->term);
		return;
	}
	if (replica->view.role != WL_ROLE_LEADER || replica->silent ||
	    ack->term < replica->view.term || !wl_replica_is_peer(replica, from)) {
		wl_count(replica->counters, WL_COUNTER_ack_stale);
		return;
	}
	if (ack->match_received > replica->log->tail.index ||
	    ack->match_durable > ack->match_received || ack->sent_ns > replica->now_ns) {
		wl_count_drop(replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	notice_boots(replica);
	if (!has_our_entry(replica, from, ack))
		return;
	if (ack->sent_ns > peer->heard_sent_ns)
		peer->heard_sent_ns = ack->sent_ns;
	wl_replica_room_on_ack(replica, peer, ack);
	wl_replica_notice_data(peer, ack->incarnation, (ack->flags & WL_WIRE_ACK_HELD_BACK) != 0);
	wl_replica_read_on_ack(replica, from, ack);
	wl_replica_clock_on_ack(replica, from, ack);
	wl_replica_state_on_ack(replica, from, ack);
	if (wl_replica_is_apart(replica))
		return;
	peer->disk_slow = (ack->flags & WL_WIRE_ACK_DISK_SLOW) != 0;
	wl_peer_heard_base(peer, ack->base_index, ack->base_digest);
	if (wl_peer_accepted(peer, ack->match_received, ack->match_durable, replica->now_ns)) {
		peer->refused_index = 0;
		wl_peer_widen_window(peer, replica->config.window_bytes);
	}
	if (ack->hint_offset > peer->fragments_have)
		peer->fragments_have = ack->hint_offset;
	if (ack->flags & WL_WIRE_ACK_REJECTED) {
		take_rejection(replica, peer, ack);
	} else if (peer->state == WL_PEER_PROBE && ack->match_received + 1 >= peer->next_index) {
		peer->state = WL_PEER_STREAM;
		peer->probe_outstanding = false;
		peer->next_index = ack->match_received + 1;
		peer->fragment_offset = 0;
	}
	WL_CHECK_MSG(peer->match_received < peer->next_index, "received %llu, next %llu",
		     (unsigned long long)peer->match_received,
		     (unsigned long long)peer->next_index);
	WL_CHECK(peer->next_index <= replica->log->tail.index + 1); /* P1 */
	wl_replica_leader_advance(replica);
}

int wl_replica_takes_appends(const struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	if (replica->view.role != WL_ROLE_LEADER || replica->silent || !replica->leader.ready ||
	    replica->leader.handing_over)
		return WIRELOG_NOT_LEADER;
	if (log->poisoned)
		return WIRELOG_NOT_LEADER;
	WL_CHECK(replica->leader.term_start_index != 0 &&
		 replica->leader.term_start_index <= replica->commit); /* R6 */
	WL_CHECK(replica->commit <= log->tail.index);
	if (log->tail.index - replica->commit >= WL_LOG_ENTRIES_IN_RING / 2)
		return WIRELOG_BACK_PRESSURE; /* followers cannot keep up: the tail must stay findable */
	return WIRELOG_OK;
}

static int status_of(struct wl_replica *replica, enum wl_log_result result)
{
	switch (result) {
	case WL_LOG_OK:
		return WIRELOG_OK;
	case WL_LOG_NO_SPACE:
		wl_count(replica->counters, WL_COUNTER_log_no_space);
		return WIRELOG_NO_SPACE;
	case WL_LOG_NO_SEGMENT:
		wl_count(replica->counters, WL_COUNTER_log_no_segment);
		replica->leader.no_segment = true;
		return WIRELOG_BACK_PRESSURE;
	case WL_LOG_POISONED:
		return WIRELOG_NOT_LEADER;
	default:
		WL_CHECK(result == WL_LOG_NO_ROOM); /* no image was offered */
		wl_count(replica->counters, WL_COUNTER_log_no_room);
		return WIRELOG_BACK_PRESSURE;
	}
}

static void seal(struct wl_replica *replica)
{
	struct wl_log *log = replica->log;

	if (!log->entry_open)
		return;
	WL_CHECK_MSG(log->open_header.term == replica->view.term, "entry of term %llu in %llu",
		     (unsigned long long)log->open_header.term,
		     (unsigned long long)replica->view.term);
	if (log->open_header.record_count == 0) {
		wl_log_abandon_entry(log);
		return;
	}
	wl_count(replica->counters, WL_COUNTER_entries_appended);
	wl_count_add(replica->counters, WL_COUNTER_records_appended, log->open_header.data_count);
	wl_log_seal_entry(log);
}

int wl_replica_append_record(struct wl_replica *replica, const struct wl_record_header *record,
			     const uint8_t *payload, uint64_t stamp_ns,
			     struct wl_appended *appended)
{
	struct wl_log *log = replica->log;
	enum wl_log_result result;
	int status = wl_replica_takes_appends(replica);

	if (status == WIRELOG_OK)
		status = wl_replica_has_room(replica, record->bytes);
	if (status == WIRELOG_NO_SPACE)
		wl_count(replica->counters, WL_COUNTER_log_no_space);
	if (status != WIRELOG_OK)
		return status;
	for (;;) {
		if (!log->entry_open) {
			result = wl_log_open_entry(log, WL_ENTRY_RECORDS, replica->view.term,
						   stamp_ns, replica->commit);
			if (result != WL_LOG_OK)
				return status_of(replica, result);
		}
		result = wl_log_add_record(log, record, payload, &appended->number);
		if (result != WL_LOG_ENTRY_FULL)
			break;
		WL_CHECK(log->open_header.record_count != 0); /* an empty entry takes any record */
		seal(replica);
	}
	if (result != WL_LOG_OK)
		return status_of(replica, result);
	wl_count_add(replica->counters, WL_COUNTER_record_bytes_appended, record->bytes);
	/* A client is told this place before the entry stands there. */
	WL_CHECK(log->open_header.index == log->tail.index + 1);
	WL_CHECK(log->open_header.term == replica->view.term);
	appended->position = (struct wl_position){replica->view.term, log->open_header.index};
	return WIRELOG_OK;
}

enum wl_log_result wl_replica_append_control(struct wl_replica *replica,
					     const struct wl_control *control)
{
	struct wl_log *log = replica->log;
	enum wl_log_result result;

	if (wl_replica_takes_appends(replica) != WIRELOG_OK)
		return log->poisoned ? WL_LOG_POISONED : WL_LOG_NO_ROOM;
	seal(replica);
	WL_CHECK(!log->entry_open);
	result = wl_log_open_entry(log, WL_ENTRY_CONTROL, replica->view.term,
				   wl_replica_stamp(replica), replica->commit);
	if (result != WL_LOG_OK) {
		status_of(replica, result);
		return result;
	}
	wl_log_seal_control(log, control);
	WL_CHECK(log->tail.term == replica->view.term && log->tail.index > replica->commit);
	wl_count(replica->counters, WL_COUNTER_entries_appended);
	return WL_LOG_OK;
}

static void transfer(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;
	const struct wl_peer *target = &leader->peers[leader->transfer_target];
	struct wl_position has = {.index = target->match_received};
	enum wl_log_known known;

	if (!leader->handing_over || leader->transfer_told ||
	    (has.index < replica->log->tail.index && !leader->transfer_short))
		return;
	WL_CHECK(leader->transfer_target >= 1 && leader->transfer_target <= WIRELOG_NODES_MAX);
	known = wl_log_term_at(replica->log, has.index, &has.term);
	WL_CHECK(known != WL_LOG_BEYOND);
	if (known != WL_LOG_KNOWN)
		return; /* nobody could bring it up */
	leader->transfer_told = true;
	leader->paced = 0; /* nothing leaves behind it, in this turn either */
	wl_replica_tell_transfer_ready(replica, leader->transfer_target, has);
}

void wl_replica_leader_end_turn(struct wl_replica *replica)
{
	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	seal(replica);
	replica->leader.paced = 0;
	if (replica->silent)
		return;
	if (replica->leader.term_start_index == 0)
		start_term(replica);
	wl_replica_state_ask(replica);
	wl_replica_leader_advance(replica);
	wl_replica_watch_succession(replica);
	/*
	 * A successor that was told campaigns past everybody's stickiness. A voter that elected it and then lost its disk
	 * must not come into step in our old term, or it would vote once more in the new one: so it hears nothing of us.
	 */
	if (replica->leader.handing_over && replica->leader.transfer_told)
		return;
	wl_replica_read_leader_turn(replica);
	wl_replica_room_end_turn(replica);
	wl_replica_notice_behind(replica);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_replica_is_peer(replica, node))
			wl_replica_send_to_peer(replica, node);
	}
	transfer(replica);
}
