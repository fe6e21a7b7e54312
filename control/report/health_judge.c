/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules: which reasons hold at this moment. Each stands in one place, and needs nothing but what status tells. */
#include <string.h>

#include "control/report/health.h"
#include "dataplane/host/clock.h"

#define STAMPS_AHEAD_NS \
	5000000000u /* a leader may be a second ahead of a majority, a follower one behind */
#define NONE WL_HEALTH_REASONS

struct judging {
	const struct wl_status_facts *facts;
	const struct wl_health_marks *marks; /* of the journal that is judged; NULL: none */
	const struct wl_journal_status *status;
	struct wl_health_report *report;
	uint64_t now_ns;
	uint16_t journal;
};

static void add_about(const struct judging *judging, enum wl_health_reason reason, uint16_t node)
{
	struct wl_health_report *report = judging->report;

	if (wl_health_reason_level(reason) > report->level)
		report->level = wl_health_reason_level(reason);
	for (uint32_t at = 0; at < report->count; at++)
		if (report->items[at].reason == reason && report->items[at].node == node &&
		    report->items[at].journal == judging->journal)
			return;
	if (report->count < WL_HEALTH_ITEMS_MAX)
		report->items[report->count++] =
			(struct wl_health_item){.reason = reason,
						.journal = judging->journal,
						.node = node};
}

static void add_if(const struct judging *judging, bool holds, enum wl_health_reason reason)
{
	if (holds)
		add_about(judging, reason, 0);
}

/* ---- peers -------------------------------------------------------------------------------------- */

static uint64_t silent_limit_ns(const struct wl_config *config)
{
	uint64_t ns = 2 * config->election_timeout_ns;

	return ns > WL_HEALTH_PEER_SILENT_NS ? ns : WL_HEALTH_PEER_SILENT_NS;
}

static uint64_t behind_ns(const struct judging *judging, uint32_t node)
{
	return judging->marks ? wl_health_marks_behind_ns(judging->marks, judging->status, node,
							  judging->now_ns)
			      : 0;
}

/* Why a voter does not count as one that may stand in for another, as the leader sees it; NONE: it does. */
static enum wl_health_reason missing_of(const struct judging *judging, uint32_t node)
{
	const struct wl_peer_status *peer = &judging->status->peers[node];

	if (peer->apart)
		return WL_HEALTH_peer_diverged;
	if (peer->strange)
		return WL_HEALTH_peer_history;
	if (peer->lacks_features && peer->greeted)
		return WL_HEALTH_peer_outdated;
	if (peer->differs != 0 && !peer->takes_part)
		return WL_HEALTH_peer_differs;
	if (!peer->greeted || !peer->takes_part ||
	    peer->heard_ago_ns > silent_limit_ns(judging->facts->config))
		return WL_HEALTH_peer_silent;
	if (peer->needs_base)
		return WL_HEALTH_peer_needs_base;
	if (peer->held_back)
		return WL_HEALTH_peer_held_back;
	if (peer->no_space)
		return WL_HEALTH_peer_full;
	if (behind_ns(judging, node) > WL_HEALTH_BEHIND_NS)
		return WL_HEALTH_peer_behind;
	return NONE;
}

static bool is_not_believed(const struct wl_claim_status *claim)
{
	return claim->why && claim->ago_ns < WL_HEALTH_NOT_BELIEVED_NS;
}

/* Of those that say which one they run. */
static bool is_another_build(const struct judging *judging, const struct wl_peer_status *peer)
{
	char ours[WL_CONSUMER_NAME_BYTES];

	wl_build_version(judging->facts->version, ours);
	return peer->build_known && (peer->declared != judging->status->build_features ||
				     memcmp(peer->version, ours, sizeof(ours)) != 0);
}

static void judge_peers(const struct judging *judging)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_peer_status *peer = &judging->status->peers[node];

		if (peer->apart)
			add_about(judging, WL_HEALTH_peer_diverged, (uint16_t)node);
		if (peer->strange)
			add_about(judging, WL_HEALTH_peer_history, (uint16_t)node);
		if (peer->differs != 0)
			add_about(judging, WL_HEALTH_peer_differs, (uint16_t)node);
		if (peer->lacks_features && peer->greeted)
			add_about(judging, WL_HEALTH_peer_outdated, (uint16_t)node);
		if (is_another_build(judging, peer))
			add_about(judging, WL_HEALTH_versions_differ, (uint16_t)node);
		if (peer->path_is_narrow)
			add_about(judging, WL_HEALTH_path_mtu, (uint16_t)node);
		if (peer->needs_base)
			add_about(judging, WL_HEALTH_peer_needs_base, (uint16_t)node);
		if (is_not_believed(&peer->refused))
			add_about(judging, WL_HEALTH_not_believed, (uint16_t)node);
	}
}

/* Whether the rest still decides, whichever of them is lost next; under a joint list both of its sides. */
static bool can_spare_one(const struct wl_list *list, wl_members count)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(count, node) &&
		    !wl_list_decides(list, wl_members_without(count, node)))
			return false;
	return true;
}

/* What is left when those that do not count are taken away. Two nodes never have one to spare, and are not blamed for it. */
static void judge_redundancy(const struct judging *judging, bool counts_itself)
{
	const struct wl_list *list = &judging->status->list;
	wl_members voters = wl_list_voters(list), count = 0;
	uint32_t self = judging->facts->config->node;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		enum wl_health_reason missing = NONE;

		if (!wl_members_has(voters, node))
			continue;
		if (node != self)
			missing = missing_of(judging, node);
		if (missing != NONE)
			add_about(judging, missing, (uint16_t)node);
		else if (node != self || counts_itself)
			count = wl_members_with(count, node);
	}
	add_if(judging, count != voters && !can_spare_one(list, count), WL_HEALTH_redundancy_lost);
}

/* ---- a journal ---------------------------------------------------------------------------------- */

/* Within 2000..2200: what lies outside was never set, or wrongly. A worker that has not turned yet says 0. */
static bool is_plausible(uint64_t wall_ns)
{
	return wall_ns == 0 ||
	       (wall_ns >= WL_CLOCK_YEAR_2000_NS && wall_ns < WL_CLOCK_YEAR_2200_NS);
}

static void judge_drive(const struct judging *judging)
{
	const struct wl_storage_status *storage = &judging->status->storage;

	add_if(judging,
	       storage->silent_ns >= WL_HEALTH_DRIVE_STALLED_NS ||
		       storage->segment_awaited_ns >= WL_HEALTH_DRIVE_STALLED_NS,
	       WL_HEALTH_drive_stalled);
	add_if(judging,
	       storage->segment_error != 0 || storage->open_error != 0 ||
		       storage->forget_error != 0,
	       WL_HEALTH_drive_fails);
}

/* Bytes until no segment can be made any more: by the log's own limit, or by the file system where that is known. */
static uint64_t room_of(const struct judging *judging, uint64_t used)
{
	const struct wl_config *config = judging->facts->config;
	uint64_t room = config->log_bytes_max > used ? config->log_bytes_max - used : 0;
	uint64_t made = judging->status->segments_ready * config->segment_bytes;
	uint64_t free = judging->facts->storage_free_bytes;

	if (judging->facts->storage_free_known && made >= judging->status->append_offset &&
	    free + (made - judging->status->append_offset) < room)
		room = free + (made - judging->status->append_offset);
	return room;
}

/* Four fifths full, and the rest goes within the hour: a log that is trimmed in time never comes so far. */
static void judge_room(const struct judging *judging)
{
	uint64_t used, room;

	if (!judging->marks)
		return;
	used = wl_health_marks_used(judging->status, judging->facts->config->segment_bytes);
	room = room_of(judging, used);
	add_if(judging,
	       room <= used / 4 &&
		       wl_health_marks_full_in_ns(judging->marks, room) < WL_HEALTH_FULL_WITHIN_NS,
	       WL_HEALTH_filling);
}

static void judge_mending(const struct judging *judging)
{
	uint32_t phase = judging->facts->journals[judging->journal].mending.phase;

	add_if(judging, judging->status->dormant, WL_HEALTH_dormant);
	add_if(judging, phase == WL_MENDING_LOST, WL_HEALTH_entry_lost);
	add_if(judging, phase != WL_MENDING_NONE && phase != WL_MENDING_LOST, WL_HEALTH_mending);
}

static void judge_archive(const struct judging *judging)
{
	const struct wl_archive_report *report =
		&judging->facts->journals[judging->journal].archive;

	add_if(judging,
	       report->configured && (report->error != 0 || report->verdict != WL_ARCHIVE_OK),
	       WL_HEALTH_archive_behind);
}

static void judge_progress(const struct judging *judging)
{
	const struct wl_journal_status *status = judging->status;

	add_if(judging, status->view.number == 0 && !status->dormant, WL_HEALTH_not_begun);
	add_if(judging, status->poisoned, WL_HEALTH_poisoned);
	add_if(judging, status->no_space, WL_HEALTH_no_space);
	add_if(judging, status->damaged, WL_HEALTH_damaged);
	add_if(judging, status->lacks_features, WL_HEALTH_outdated);
	add_if(judging, status->lacks_room, WL_HEALTH_limits_lack_room);
	judge_mending(judging);
	add_if(judging, status->silent, WL_HEALTH_silent);
	add_if(judging, status->view.number != 0 && status->terms_left <= WL_LOG_TERMS_LOW,
	       WL_HEALTH_terms_low);
	add_if(judging, status->state_undecided, WL_HEALTH_state_undecided);
	add_if(judging, status->base_differs != 0, WL_HEALTH_base_differs);
	add_if(judging, status->bases.stop != WL_BASE_STOP_NONE, WL_HEALTH_bases_stopped);
	add_if(judging, status->bases.failing, WL_HEALTH_base_failed);
	judge_archive(judging);
	add_if(judging, status->commit_stalled, WL_HEALTH_commit_stalled);
	add_if(judging, status->duplicate, WL_HEALTH_duplicate_id);
	add_if(judging,
	       status->clock_astray || !is_plausible(status->wall_ns) ||
		       status->stamps_ahead_ns > STAMPS_AHEAD_NS,
	       WL_HEALTH_clock);
	add_if(judging, status->rebuilding, WL_HEALTH_rebuilding);
	add_if(judging, status->view.role == WL_ROLE_LEADER && !status->ready, WL_HEALTH_not_ready);
}

static void judge_journal(struct judging *judging, uint16_t id)
{
	const struct wl_status_facts *facts = judging->facts;
	bool held_back = facts->agent_known && facts->agent.journals[id].held_back;

	judging->journal = id;
	add_if(judging, held_back, WL_HEALTH_held_back);
	add_if(judging, facts->agent_known && facts->agent.no_majority[id], WL_HEALTH_no_majority);
	add_if(judging, wl_status_json_is_apart(facts, id), WL_HEALTH_diverged);
	if (!facts->journals[id].published_known)
		return;
	judging->status = &facts->journals[id].published;
	judge_progress(judging);
	judge_peers(judging);
	judge_drive(judging);
	judge_room(judging);
	add_if(judging, wl_status_json_leader_of(facts, id) == 0, WL_HEALTH_no_leader);
	if (judging->status->view.role == WL_ROLE_LEADER)
		judge_redundancy(judging, !held_back && !judging->status->poisoned);
}

/* ---- the node ----------------------------------------------------------------------------------- */

static void judge_node(struct judging *judging)
{
	const struct wl_status_facts *facts = judging->facts;

	judging->journal = WL_HEALTH_NO_JOURNAL;
	add_if(judging, facts->agent_known && facts->agent.record_failed,
	       WL_HEALTH_superblock_failed);
	add_if(judging, facts->links_down != 0, WL_HEALTH_link_down);
	add_if(judging, facts->links_gone != 0, WL_HEALTH_nic_gone);
	add_if(judging, facts->agent_known && facts->agent.address_twice, WL_HEALTH_address_twice);
	add_if(judging, facts->worker_allocations != 0, WL_HEALTH_worker_allocates);
	for (uint32_t at = 0; facts->agent_known && at < facts->config->worker_count; at++)
		add_if(judging,
		       !facts->agent.workers[at].stopped &&
			       facts->agent.workers[at].silent_ns > WL_HEALTH_WORKER_SILENT_NS,
		       WL_HEALTH_worker_silent);
}

void wl_health_judge(const struct wl_status_facts *facts, const struct wl_health_marks *marks,
		     uint64_t now_ns, struct wl_health_report *report)
{
	struct judging judging = {.facts = facts, .report = report, .now_ns = now_ns};

	report->level = WL_HEALTH_HEALTHY;
	report->count = 0;
	for (uint32_t id = 0; id < facts->config->journal_count; id++) {
		judging.marks = marks ? &marks[id] : NULL;
		judge_journal(&judging, (uint16_t)id);
	}
	judge_node(&judging);
}

/* ---- what is told of peers ---------------------------------------------------------------------- */

static json_t *peer_json(const struct judging *judging, uint32_t node)
{
	const struct wl_journal_status *status = judging->status;
	uint64_t has = status->peers[node].match_received, tail = status->tail.index;
	enum wl_health_reason missing = missing_of(judging, node);

	return json_pack("{s:i, s:i, s:b, s:o, s:I, s:I}", "journal", (int)judging->journal, "node",
			 (int)node, "counts", missing == NONE, "missing",
			 missing == NONE ? json_null()
					 : json_string(wl_health_reason_name(missing)),
			 "behind_entries", (json_int_t)(tail > has ? tail - has : 0), "behind_ns",
			 (json_int_t)behind_ns(judging, node));
}

json_t *wl_health_json_peers(const struct wl_status_facts *facts,
			     const struct wl_health_marks *marks, uint64_t now_ns)
{
	struct judging judging = {.facts = facts, .now_ns = now_ns};
	json_t *list = json_array();

	for (uint32_t id = 0; id < facts->config->journal_count; id++) {
		const struct wl_status_journal *journal = &facts->journals[id];

		judging.journal = (uint16_t)id;
		judging.status = &journal->published;
		judging.marks = marks ? &marks[id] : NULL;
		if (!journal->published_known || journal->published.view.role != WL_ROLE_LEADER)
			continue;
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
			if (node != facts->config->node &&
			    wl_members_has(wl_list_everybody(&journal->published.list), node))
				json_array_append_new(list, peer_json(&judging, node));
	}
	return list;
}
