/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The view of a replica and what both roles share. A view is installed by
 *   FENCE   any    -> FENCED     wl_replica_on_fence
 *   LEAD    FENCED -> LEADER     wl_replica_on_lead
 *   FOLLOW  any    -> FOLLOWER   wl_replica_on_follow
 */
#include "dataplane/raft/replica_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "wirelog/status.h"

#define NO_SPACE_INTERVAL_NS 1000000000u /* STALLED(NO_SPACE) at most once a second */
#define NOT_SERVED_INTERVAL_NS 60000000000u
#define DAMAGED_READS 3u /* in a row */

/* Behind the assembly buffer every peer's read buffer is aligned as the first is. */
WL_STATIC_CHECK(WL_CHUNK_BYTES_MAX % WL_BLOCK_BYTES == 0);

size_t wl_replica_memory_bytes(void)
{
	return wl_align_up(WL_ENTRY_BYTES_MAX, WL_BLOCK_BYTES) +
	       (size_t)WIRELOG_NODES_MAX * WL_CHUNK_BYTES_MAX;
}

void wl_replica_init(struct wl_replica *replica, const struct wl_replica_config *config,
		     struct wl_log *log, uint64_t known_commit, void *memory)
{
	uint8_t *buffers = (uint8_t *)memory + wl_align_up(WL_ENTRY_BYTES_MAX, WL_BLOCK_BYTES);

	WL_CHECK((uintptr_t)memory % WL_BLOCK_BYTES == 0);
	WL_CHECK(config->node >= 1 && config->node <= WIRELOG_NODES_MAX);
	memset(replica, 0, sizeof(*replica));
	replica->config = *config;
	replica->log = log;
	replica->history = config->rescued != 0 ? config->rescued : config->history;
	wl_pace_init(&replica->leader.pace, config->catch_up_rate);
	replica->commit = known_commit;
	replica->view_commit = known_commit;
	replica->view_tail = log->tail.index;
	replica->follower.fragments.buffer = memory;
	replica->view.role = WL_ROLE_FENCED;
	replica->list_told.voters = log->config.first_voters; /* control read the same file */
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_peer *peer = &replica->leader.peers[node];

		wl_reader_init(&peer->reader, log, 1,
			       wl_reader_address(WL_READER_OF_REPLICA, node));
		wl_reader_lend(&peer->reader, buffers + (node - 1) * (size_t)WL_CHUNK_BYTES_MAX,
			       WL_CHUNK_BYTES_MAX);
	}
	WL_CHECK(known_commit <= log->tail.index);
}

/* Oldest first: control must see what happened in the order in which it did. */
static void push_pending(struct wl_replica *replica)
{
	uint32_t sent = 0;

	WL_CHECK(replica->pending_up_count <= WL_REPLICA_UP_MAX);
	while (sent < replica->pending_up_count &&
	       wl_ring_push(replica->up, &replica->pending_up[sent]))
		sent++;
	replica->pending_up_count -= sent;
	memmove(replica->pending_up, replica->pending_up + sent,
		replica->pending_up_count * sizeof(replica->pending_up[0]));
}

static void push(struct wl_replica *replica, const struct wl_plane_message *message)
{
	enum wl_plane_verb verb = message->verb;

	push_pending(replica);
	if (replica->pending_up_count == 0 && wl_ring_push(replica->up, message))
		return;
	/* Lists are told while half of the places are free. Each other verb is told at most once per view or per millisecond, so this cannot overflow unless control is dead. */
	if (replica->pending_up_count == WL_REPLICA_UP_MAX) {
		WL_CHECK(verb == WL_PLANE_LEADER_HEARD || verb == WL_PLANE_SAW_TERM);
		return;
	}
	if (verb == WL_PLANE_LEADER_HEARD && replica->pending_up_count > WL_REPLICA_UP_MAX / 2)
		return; /* a later one stands for it */
	replica->pending_up[replica->pending_up_count++] = *message;
}

void wl_replica_tell(struct wl_replica *replica, enum wl_plane_verb verb, uint32_t node,
		     uint32_t reason)
{
	struct wl_plane_message message = {
		.verb = verb,
		.journal = replica->config.journal,
		.node = node,
		.view = replica->view,
		.tail = replica->log->tail,
		.list = *wl_replica_list(replica),
		.list_before = wl_replica_list_before(replica),
		.now_ns = replica->now_ns,
		.reason = reason,
	};

	WL_CHECK(verb >= WL_PLANE_FENCED); /* it goes up */
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	push(replica, &message);
}

void wl_replica_tell_diverged(struct wl_replica *replica, const struct wl_divergence *divergence)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_DIVERGED,
		.journal = replica->config.journal,
		.node = divergence->node,
		.view = replica->view,
		.tail = divergence->position,
		.now_ns = replica->now_ns,
		.reason = divergence->kind,
		.chain = divergence->chain,
		.their_chain = divergence->their_chain,
	};

	WL_CHECK(divergence->node >= 1 && divergence->node <= WIRELOG_NODES_MAX);
	push(replica, &message);
}

void wl_replica_tell_transfer_ready(struct wl_replica *replica, uint32_t node,
				    struct wl_position has)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_TRANSFER_READY,
		.journal = replica->config.journal,
		.node = node,
		.view = replica->view,
		.tail = has,
		.now_ns = replica->now_ns,
	};

	WL_CHECK(node != replica->config.node);
	WL_CHECK_MSG(has.index <= replica->log->tail.index, "node %u has %llu, our tail is %llu",
		     node, (unsigned long long)has.index,
		     (unsigned long long)replica->log->tail.index);
	push(replica, &message);
}

void wl_replica_tell_stalled_commit(struct wl_replica *replica, uint64_t missing)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_STALLED,
		.journal = replica->config.journal,
		.node = wl_replica_best_successor(replica, true),
		.view = replica->view,
		.tail = replica->log->tail,
		.now_ns = replica->now_ns,
		.reason = WL_STALL_COMMIT,
		.theirs = missing,
	};

	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	push(replica, &message);
}

void wl_replica_saw_term(struct wl_replica *replica, uint32_t from, uint64_t term)
{
	struct wl_plane_message message = {
		.verb = WL_PLANE_SAW_TERM,
		.journal = replica->config.journal,
		.node = from,
		.view = replica->view,
		.tail = replica->log->tail,
		.now_ns = replica->now_ns,
	};

	WL_CHECK(term > replica->view.term);
	if (term <= replica->saw_term_told)
		return;
	message.view.term = term;
	/* Lost when the ring is full; the sender's next frame says it again. */
	if (replica->pending_up_count == 0 && wl_ring_push(replica->up, &message))
		replica->saw_term_told = term;
}

void wl_replica_stall(struct wl_replica *replica, enum wl_stall_reason reason)
{
	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	/* For what else there is it goes on leading. */
	WL_CHECK(reason == WL_STALL_DISK || reason == WL_STALL_QUORUM ||
		 reason == WL_STALL_CONTROL);
	if (replica->silent)
		return;
	replica->silent = true;
	wl_tx_forget(replica->tx);
	wl_count(replica->counters, WL_COUNTER_stalls);
	if (reason == WL_STALL_QUORUM)
		wl_count(replica->counters, WL_COUNTER_quorum_lost);
	wl_replica_tell(replica, WL_PLANE_STALLED, replica->config.node, reason);
}

/* Forgets what belonged to the view before. */
static void install_view(struct wl_replica *replica, const struct wl_view *view)
{
	WL_CHECK(!replica->log->entry_open);
	WL_CHECK_MSG(view->number > replica->view.number, "view %llu behind %llu",
		     (unsigned long long)view->number, (unsigned long long)replica->view.number);
	WL_CHECK_MSG(view->term >= replica->view.term, "term %llu behind %llu",
		     (unsigned long long)view->term, (unsigned long long)replica->view.term);
	WL_CHECK_MSG(replica->commit <= replica->log->tail.index, "commit %llu, tail %llu",
		     (unsigned long long)replica->commit,
		     (unsigned long long)replica->log->tail.index); /* R1 */
	if (view->term != replica->view.term || view->role == WL_ROLE_LEADER)
		replica->leader.gives_away = false;
	replica->view = *view;
	replica->view_tail = replica->log->tail.index;
	replica->view_commit = replica->commit;
	replica->leader.ready = false;
	replica->silent = false;
	replica->leader.handing_over = false;
	replica->leader.transfer_told = false;
	replica->follower.acknowledge = false;
	replica->follower.refusal.pending = false;
	replica->follower.diverged = wl_replica_is_apart(replica);
	replica->follower.branch_only = false;
	replica->diverged_told = 0;
	replica->follower.fragments_index = 0;
	replica->follower.base_wanted = false;
	wl_replica_state_begin(replica);
	replica->leader.received_majority = 0;
	replica->leader.received_all = 0;
	replica->leader.durable_all = 0;
	replica->saw_term_told = view->term;
	replica->leader_commit = 0;
	replica->caught_up_told = false;
	replica->follower.middle.known = false;
	wl_replica_read_on_view(replica);
	if (replica->tx)
		wl_tx_forget(replica->tx);
	wl_count(replica->counters, WL_COUNTER_views_installed);
}

void wl_replica_on_fence(struct wl_replica *replica, const struct wl_plane_message *message)
{
	struct wl_view fenced = replica->view;

	if (message->view.number <= replica->view.number)
		return;
	fenced.number = message->view.number;
	fenced.role = WL_ROLE_FENCED;
	fenced.leader = 0;
	replica->fenced_once = true;
	install_view(replica, &fenced);
	wl_count(replica->counters, WL_COUNTER_fences);
	wl_replica_tell(replica, WL_PLANE_FENCED, replica->config.node, 0);
}

void wl_replica_on_lead(struct wl_replica *replica, const struct wl_plane_message *message)
{
	if (message->view.number <= replica->view.number)
		return;
	install_view(replica, &message->view);
	/* Elected before control heard of it: who stands apart leads nobody. */
	if (wl_replica_is_apart(replica)) {
		replica->view.role = WL_ROLE_FENCED;
		return;
	}
	replica->view.role = WL_ROLE_LEADER;
	replica->view.leader = replica->config.node;
	wl_replica_leader_begin(replica);
}

void wl_replica_on_follow(struct wl_replica *replica, const struct wl_plane_message *message)
{
	if (message->view.number <= replica->view.number)
		return;
	install_view(replica, &message->view);
	replica->view.role = WL_ROLE_FOLLOWER;
	wl_replica_follower_begin(replica);
}

/* Room goes before how far it is: a full one is led by only where all are. Of those that are in step the one of the higher priority. */
static bool is_better(const struct wl_replica *replica, uint32_t node, uint32_t than)
{
	const struct wl_peer *peer = &replica->leader.peers[node],
			     *best = &replica->leader.peers[than];
	const uint8_t *priority = replica->config.priority;
	bool may = wl_replica_may_succeed(replica, node);

	if (peer->no_space != best->no_space)
		return best->no_space;
	if (may != wl_replica_may_succeed(replica, than))
		return may;
	if (may && priority[node] != priority[than])
		return priority[node] > priority[than];
	return peer->match_received > best->match_received;
}

/* Of a leader that commits nothing: who does not answer, or whose own disk is behind, is no way out of that. */
static bool may_commit_instead(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return !peer->disk_slow && !peer->no_space && peer->match_received >= replica->commit &&
	       peer->match_durable == peer->match_received && wl_replica_hears(replica, peer);
}

uint32_t wl_replica_best_successor(const struct wl_replica *replica, bool not_committing)
{
	uint32_t best = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer *peer = &replica->leader.peers[node];

		if (node == replica->config.node ||
		    !wl_members_has(wl_replica_list(replica)->voters, node) ||
		    !wl_replica_counts(replica, node) || peer->match_received == 0 ||
		    (not_committing && !may_commit_instead(replica, peer)))
			continue;
		if (best == 0 || is_better(replica, node, best))
			best = node;
	}
	return best;
}

/* More than a passing error. */
static bool is_held_up(const struct wl_replica *replica, const struct wl_peer *peer)
{
	return peer->damaged_reads >= DAMAGED_READS &&
	       replica->now_ns - peer->damaged_since_ns > wl_replica_patience_ns(replica);
}

bool wl_replica_cannot_serve(struct wl_replica *replica)
{
	struct wl_replica_leader *leader = &replica->leader;
	uint32_t held_up = 0, successor;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(wl_list_everybody(wl_replica_list(replica)), node) &&
		    is_held_up(replica, &leader->peers[node]))
			held_up |= wl_members_only(node);
	}
	if (held_up == 0 || (leader->not_served_ns != 0 &&
			     replica->now_ns - leader->not_served_ns < NOT_SERVED_INTERVAL_NS))
		return false;
	successor = wl_replica_best_successor(replica, false);
	if (successor == 0 || wl_members_without(held_up, successor) == 0 ||
	    leader->peers[successor].match_durable < replica->commit)
		return false;
	leader->not_served_ns = replica->now_ns;
	return true;
}

void wl_replica_on_transfer(struct wl_replica *replica, const struct wl_plane_message *message)
{
	struct wl_replica_leader *leader = &replica->leader;
	uint32_t target = message->node;

	if (message->view.number < replica->view.number || replica->view.role != WL_ROLE_LEADER ||
	    message->view.term != replica->view.term)
		return;
	WL_CHECK(replica->view.leader == replica->config.node);
	replica->view.number = message->view.number;
	leader->transfer_short = message->reason == WL_STALL_COMMIT;
	if (target == 0)
		target = wl_replica_best_successor(replica, leader->transfer_short);
	if (target == 0 || target > WIRELOG_NODES_MAX || target == replica->config.node ||
	    wl_replica_knows_held_back(replica, target))
		return; /* control ends the matter with RESUME */
	leader->handing_over = true;
	leader->gives_away = true;
	leader->transfer_told = false;
	leader->transfer_target = target;
}

/*
 * A majority answered what control asked at asked_ns, and has not left our term. It counts like an echo of that time, in a field of its
 * own: too long ago, and this turn finds no quorum again before anything is said. A log that is poisoned meanwhile stays silent.
 */
static void speak_again(struct wl_replica *replica, uint64_t asked_ns)
{
	WL_CHECK(replica->view.role == WL_ROLE_LEADER);
	WL_CHECK(!wl_replica_is_apart(replica));
	if (replica->log->poisoned)
		return;
	replica->silent = false;
	replica->leader.asked_ns = asked_ns < replica->now_ns ? asked_ns : replica->now_ns;
	wl_replica_progress_begin(replica);
}

void wl_replica_on_resume(struct wl_replica *replica, const struct wl_plane_message *message)
{
	if (message->view.number < replica->view.number)
		return;
	replica->view.number = message->view.number;
	replica->leader.handing_over = false;
	if (message->reason == WL_STALL_QUORUM && replica->view.role == WL_ROLE_LEADER &&
	    message->view.term == replica->view.term && replica->silent &&
	    !wl_replica_is_apart(replica))
		speak_again(replica, message->now_ns);
}

/* Room that was made ahead is used up, and the next does not come. A leader is judged by what it commits then (replica_progress.c). */
static void watch_maker(struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	if (!log->segment_asked || !log->segment_awaited)
		replica->segment_since_ns = 0;
	else if (replica->segment_since_ns == 0)
		replica->segment_since_ns = replica->now_ns;
	WL_CHECK(replica->segment_since_ns <= replica->now_ns);
}

static void watch_disk(struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	WL_CHECK_MSG(log->durable_offset >= replica->disk_progress_offset, "%llu behind %llu",
		     (unsigned long long)log->durable_offset,
		     (unsigned long long)replica->disk_progress_offset);
	WL_CHECK(replica->disk_progress_ns <= replica->now_ns);
	/* What came back unwritten waits as what is under way does. */
	if ((log->writes_in_flight == 0 && log->open_error == 0) ||
	    log->durable_offset != replica->disk_progress_offset) {
		replica->disk_progress_offset = log->durable_offset;
		replica->disk_progress_ns = replica->now_ns;
	}
	if (log->poisoned && !replica->poisoned_told) {
		replica->poisoned_told = true;
		replica->silent = true;
		wl_replica_tell(replica, WL_PLANE_POISONED, replica->config.node, 0);
	}
	if (replica->view.role == WL_ROLE_LEADER &&
	    replica->now_ns - replica->disk_progress_ns > replica->config.disk_stall_ns)
		wl_replica_stall(replica, WL_STALL_DISK);
	if (replica->view.role == WL_ROLE_LEADER && wl_log_is_full(log) &&
	    wl_replica_successor_has_room(replica) &&
	    replica->now_ns - replica->leader.no_space_told_ns > NO_SPACE_INTERVAL_NS) {
		/* Not silent: heartbeats go on, so that somebody leads while every device is full. */
		replica->leader.no_space_told_ns = replica->now_ns;
		wl_replica_tell(replica, WL_PLANE_STALLED, replica->config.node, WL_STALL_NO_SPACE);
	}
}

bool wl_replica_has_history(const struct wl_replica *replica)
{
	return replica->log->tail.index != 0 || replica->view.term != 0 || replica->fenced_once ||
	       replica->dormant;
}

/*
 * Our medium holds everything up to what the leader of this term committed in its own term, and with that all that
 * was ever committed before. Data that went back count from here on, if the list that is committed names them (replica_return.c).
 */
static void watch_step(struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;
	uint64_t match = replica->view.role == WL_ROLE_LEADER ? log->tail.index
							      : replica->follower.match;
	enum wl_log_known known;
	uint64_t term;

	if (replica->view.role == WL_ROLE_LEADER)
		replica->leader_commit = replica->commit;
	if (replica->held_back && !wl_replica_is_taken_in(replica))
		return;
	if (replica->leader_commit == 0 || match < replica->leader_commit ||
	    log->durable.index < replica->leader_commit)
		return;
	known = wl_log_term_at(log, replica->leader_commit, &term);
	WL_CHECK(known != WL_LOG_BEYOND);
	if (known != WL_LOG_KNOWN || term != replica->view.term)
		return; /* given up here: of an older term */
	replica->caught_up_told = true;
	wl_replica_tell(replica, WL_PLANE_CAUGHT_UP, replica->config.node, 0);
}

void wl_replica_begin_turn(struct wl_replica *replica, uint64_t now_ns)
{
	WL_CHECK_MSG(now_ns >= replica->now_ns, "%llu behind %llu", (unsigned long long)now_ns,
		     (unsigned long long)replica->now_ns);
	replica->now_ns = now_ns;
	wl_replica_tell_list(replica);
	wl_replica_clock_watch(replica);
	/* Who told a successor asks nobody for an answer any more; control's deadline ends it. */
	if (replica->view.role == WL_ROLE_LEADER && !replica->silent &&
	    !(replica->leader.handing_over && replica->leader.transfer_told) &&
	    !wl_replica_leader_has_quorum(replica))
		wl_replica_stall(replica, WL_STALL_QUORUM);
	if (replica->view.role == WL_ROLE_LEADER && !replica->silent)
		wl_replica_watch_progress(replica);
	push_pending(replica);
}

void wl_replica_on_durable(struct wl_replica *replica)
{
	if (replica->view.role == WL_ROLE_LEADER && !replica->silent)
		wl_replica_leader_advance(replica);
	WL_CHECK_MSG(replica->commit <= replica->log->tail.index, "commit %llu, tail %llu",
		     (unsigned long long)replica->commit,
		     (unsigned long long)replica->log->tail.index); /* R1 */
}

void wl_replica_end_turn(struct wl_replica *replica)
{
	wl_replica_tell_list(replica);
	watch_maker(replica);
	watch_disk(replica);
	wl_replica_inquiry_end_turn(replica);
	if (replica->view.role == WL_ROLE_LEADER)
		wl_replica_leader_end_turn(replica);
	else if (replica->view.role == WL_ROLE_FOLLOWER)
		wl_replica_follower_end_turn(replica);
	WL_CHECK_MSG(replica->commit >= replica->view_commit, "commit %llu, was %llu",
		     (unsigned long long)replica->commit,
		     (unsigned long long)replica->view_commit); /* R1 */
	if (!replica->caught_up_told && !replica->silent && replica->view.role != WL_ROLE_FENCED)
		watch_step(replica);
}

unsigned wl_replica_want_reads(struct wl_replica *replica, struct wl_disk_request *requests,
			       unsigned max)
{
	unsigned count = 0;

	if (replica->view.role != WL_ROLE_LEADER || replica->silent)
		return 0;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX && count < max; node++) {
		struct wl_peer *peer = &replica->leader.peers[node];

		if (!peer->wants_read || peer->reader.in_flight)
			continue;
		wl_reader_want(&peer->reader, &requests[count++]);
		peer->wants_read = false;
	}
	WL_CHECK(count <= max);
	return count;
}

void wl_replica_on_read(struct wl_replica *replica, const struct wl_disk_completion *completion)
{
	uint32_t node = wl_reader_number(completion);

	WL_CHECK(wl_reader_owner(completion) == WL_READER_OF_REPLICA);
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	wl_reader_on_read(&replica->leader.peers[node].reader, completion);
}

static const char *check_leader(const struct wl_replica *replica)
{
	const struct wl_replica_leader *leader = &replica->leader;
	const struct wl_log *log = replica->log;
	uint64_t term;

	if (replica->commit > replica->view_commit &&
	    (wl_log_term_at(log, replica->commit, &term) != WL_LOG_KNOWN ||
	     term != replica->view.term))
		return "R2: a leader's commit is an entry of another term";
	if (leader->ready && replica->commit < leader->term_start_index)
		return "R6: ready before the term's first entry committed";
	if (leader->durable_all > leader->received_all ||
	    leader->received_all > leader->received_majority ||
	    leader->received_majority > log->tail.index)
		return "R7: levels are not in order";
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const char *broken = wl_peer_check(&leader->peers[node], log->tail.index);

		if (broken)
			return broken;
	}
	return NULL;
}

const char *wl_replica_check(const struct wl_replica *replica)
{
	const struct wl_log *log = replica->log;

	if (replica->commit < replica->view_commit)
		return "R1: commit fell";
	if (replica->commit > log->tail.index)
		return "R1: commit is beyond the tail";
	if (replica->view.role == WL_ROLE_FOLLOWER && replica->follower.match > log->tail.index)
		return "R3: match is beyond the tail";
	if (replica->view.role == WL_ROLE_FENCED && log->tail.index != replica->view_tail)
		return "R4: the tail of a fenced replica moved";
	if (replica->view.role == WL_ROLE_FENCED && replica->follower.acknowledge)
		return "R4: a fenced replica has something to acknowledge";
	return replica->view.role == WL_ROLE_LEADER ? check_leader(replica) : NULL;
}
