/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/anatomy_json.h"

#include "wirelog/status.h"

static json_t *number_json(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static json_t *time_json(uint32_t us)
{
	return us == WL_ANATOMY_NOT_YET ? json_null() : json_integer(us);
}

/* ---- found -------------------------------------------------------------------------------------- */

static json_t *peers_json(const struct wl_anatomy_entry *entry)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < WIRELOG_NODES_MAX; at++) {
		const struct wl_anatomy_peer *peer = &entry->peers[at];

		if (peer->sent_us == WL_ANATOMY_NOT_YET && peer->received_us == WL_ANATOMY_NOT_YET)
			continue;
		json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o}", "node", (int)at + 1,
						      "sent_us", time_json(peer->sent_us),
						      "received_us", time_json(peer->received_us),
						      "durable_us", time_json(peer->durable_us)));
	}
	return list;
}

static const char *part_name(enum wl_anatomy_part part)
{
	static const char *const names[] = {"turn",	  "own_drive", "sending", "peer",
					    "peer_drive", "commit",    "answer"};

	return names[part];
}

static json_t *text_json(const struct wl_anatomy_longest *longest)
{
	unsigned us = longest->us, node = longest->node;

	switch (longest->part) {
	case WL_ANATOMY_TURN:
		return json_sprintf(
			"until its turn: the worker was at something else, for at most %u us", us);
	case WL_ANATOMY_OWN_DRIVE:
		return json_sprintf("this node's drive: %u us until it was durable here", us);
	case WL_ANATOMY_SENDING:
		return json_sprintf("%u us until it left for node %u: what went before it", us,
				    node);
	case WL_ANATOMY_PEER:
		if (longest->with_drive)
			return json_sprintf(
				"node %u: %u us from sending it to its word that it is durable there: "
				"the network and back, its turn, its drive",
				node, us);
		return json_sprintf(
			"the way to node %u and back: %u us from sending it to its word that it came",
			node, us);
	case WL_ANATOMY_PEER_DRIVE:
		return json_sprintf("node %u's drive: %u us more until it was durable there", node,
				    us);
	case WL_ANATOMY_COMMIT:
		return json_sprintf(
			"the commit: %u us more until what stands before it was committed", us);
	case WL_ANATOMY_ANSWER:
		return json_sprintf("the answer: %u us until it left, behind those of others", us);
	}
	return json_null();
}

static json_t *longest_json(const struct wl_anatomy_entry *entry)
{
	struct wl_anatomy_longest longest = wl_anatomy_longest(entry);

	return json_pack("{s:s, s:i, s:o}", "part", part_name(longest.part), "us", (int)longest.us,
			 "text", text_json(&longest));
}

static json_t *found_json(const struct wl_why *why)
{
	const struct wl_anatomy_entry *entry = &why->entry;

	return json_pack(
		"{s:b, s:i, s:i, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o}",
		"found", 1, "node", (int)why->node, "journal", (int)why->journal, "number",
		number_json(why->number), "index", number_json(entry->head.index), "term",
		number_json(entry->head.term), "timestamp_ns",
		number_json(entry->head.timestamp_ns), "entry", "first",
		number_json(entry->head.first_number), "count", number_json(entry->head.count),
		"sequenced_us", number_json(entry->head.sequenced_us), "durable_us",
		time_json(entry->durable_us), "committed_us", time_json(entry->committed_us),
		"answered_us", time_json(entry->answered_us), "peers", peers_json(entry), "longest",
		longest_json(entry));
}

/* ---- not found ---------------------------------------------------------------------------------- */

/* Takes `reason`. */
static json_t *missing_json(const struct wl_why *why, int status, uint32_t leader, json_t *reason)
{
	return json_pack("{s:b, s:i, s:i, s:o, s:s, s:o, s:o}", "found", 0, "node", (int)why->node,
			 "journal", (int)why->journal, "number", number_json(why->number), "code",
			 wirelog_status_name(status), "leader",
			 leader != 0 ? json_integer(leader) : json_null(), "reason", reason);
}

static json_t *not_committed_json(const struct wl_why *why)
{
	json_t *reason = json_sprintf(
		"record %lu of journal %u is not committed, as far as node %u knows: the last one is "
		"%lu",
		(unsigned long)why->number, why->journal, why->node,
		(unsigned long)why->status->commit_number);

	return missing_json(why, WIRELOG_NOT_COMMITTED, why->status->view.leader, reason);
}

static json_t *by_somebody_else_json(const struct wl_why *why)
{
	unsigned long number = why->number, term = why->leader.term, node = why->leader.node;
	json_t *reason;

	if (node != 0)
		reason = json_sprintf(
			"node %u did not lead journal %u when record %lu was sequenced: node %lu did "
			"(term %lu); ask there",
			why->node, why->journal, number, node, term);
	else
		reason = json_sprintf(
			"node %u did not lead journal %u when record %lu was sequenced, in term %lu; "
			"it does not know who did",
			why->node, why->journal, number, term);
	return missing_json(why, WIRELOG_NOT_LEADER, (uint32_t)node, reason);
}

/* This node sequenced it, and either its times gave way, or it lost its leadership before it saw the commit. */
static json_t *forgotten_json(const struct wl_why *why)
{
	unsigned long number = why->number;
	json_t *reason;

	if (why->found)
		reason = json_sprintf(
			"node %u lost its leadership of journal %u before it saw record %lu "
			"committed: the times of that are not known",
			why->node, why->journal, number);
	else
		reason = json_sprintf(
			"record %lu of journal %u is too old: node %u keeps times of the newest %u "
			"entries, and of the slowest one of each of %u seconds, since it began",
			number, why->journal, why->node, WL_ANATOMY_ENTRIES, WL_ANATOMY_SECONDS);
	return missing_json(why, WIRELOG_TIMES_FORGOTTEN,
			    why->leader_known ? (uint32_t)why->leader.node : 0, reason);
}

json_t *wl_anatomy_json(const struct wl_why *why)
{
	if (why->found && why->entry.committed_us != WL_ANATOMY_NOT_YET)
		return found_json(why);
	if (why->number > why->status->commit_number)
		return not_committed_json(why);
	if (why->leader_known && why->leader.node != why->node)
		return by_somebody_else_json(why);
	return forgotten_json(why);
}
