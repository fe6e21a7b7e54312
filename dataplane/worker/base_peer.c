/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/base_peer.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/journal.h"

/* ---- serving ------------------------------------------------------------------------------------ */

/* The one that is asked for, or else the newest; only a proven one. index 0: there is none. */
static struct wl_base_own base_for(const struct wl_journal *journal,
				   const struct wl_wire_base_ask *ask)
{
	const struct wl_base_report *report = &journal->base_report;
	const struct wl_base_own *newest = &report->newest, *before = &report->before;

	if (before->proven && before->index == ask->index && before->digest == ask->digest)
		return *before;
	if (newest->proven)
		return *newest;
	return before->proven ? *before : (struct wl_base_own){0};
}

void wl_journal_on_base_ask(struct wl_journal *journal, uint32_t node,
			    const struct wl_wire_base_ask *ask)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	journal->base_server = (struct wl_base_server){.node = node, .ask = *ask};
}

static bool send_part(struct wl_journal *journal, uint32_t node, uint64_t offset, uint64_t *sent)
{
	const struct wl_base_serving *serving = &journal->lanes.serving;
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	struct wl_wire_base_part part = {
		.position = serving->offer.position,
		.chain = serving->offer.chain,
		.digest = serving->offer.digest,
		.total = serving->offer.total,
		.offset = offset,
	};
	uint64_t left = serving->offset + serving->bytes - offset;
	size_t room;
	uint8_t *payload = wl_tx_open(replica->tx, &to, WL_WIRE_BASE_PART, replica->config.journal,
				      WL_TX_DATA);

	WL_CHECK(offset >= serving->offset);
	WL_CHECK(left != 0 && left <= serving->bytes);
	if (!payload)
		return false;
	WL_CHECK(wl_tx_open_room(replica->tx) > WL_WIRE_BASE_PART_HEADER_BYTES);
	room = wl_tx_open_room(replica->tx) - WL_WIRE_BASE_PART_HEADER_BYTES;
	part.bytes = left < room ? (uint32_t)left : (uint32_t)room;
	memcpy(payload + WL_WIRE_BASE_PART_HEADER_BYTES,
	       serving->buffer + (offset - serving->offset), part.bytes);
	wl_tx_close(replica->tx, wl_wire_encode_base_part(payload, &part) + part.bytes);
	wl_count(replica->counters, WL_COUNTER_base_parts_sent);
	*sent = part.bytes;
	return true;
}

static unsigned send_batch(struct wl_journal *journal, uint64_t offset)
{
	const struct wl_base_serving *serving = &journal->lanes.serving;
	uint32_t node = journal->base_server.node;
	unsigned parts = 0;
	uint64_t sent;

	WL_CHECK(node != 0);
	WL_CHECK(serving->bytes <= WL_BASE_LANE_BYTES);
	while (parts < WL_BASE_BATCH && offset < serving->offset + serving->bytes &&
	       send_part(journal, node, offset, &sent)) {
		offset += sent;
		parts++;
	}
	journal->base_server.node = 0;
	return parts;
}

static bool is_told(const struct wl_base_serving *serving, const struct wl_base_own *base)
{
	return wl_base_lane_state(&serving->state) == WL_BASE_SERVING_TOLD &&
	       serving->index == base->index && serving->digest == base->digest;
}

static unsigned serve(struct wl_journal *journal)
{
	struct wl_base_serving *serving = &journal->lanes.serving;
	const struct wl_wire_base_ask *ask = &journal->base_server.ask;
	struct wl_base_own base;
	uint64_t offset;

	if (journal->base_server.node == 0 ||
	    wl_base_lane_state(&serving->state) == WL_BASE_SERVING_ASKED)
		return 0;
	base = base_for(journal, ask);
	if (base.index == 0 || journal->replica.remotes[journal->base_server.node].boot_id == 0) {
		journal->base_server.node = 0;
		return 0;
	}
	offset = base.index == ask->index && base.digest == ask->digest ? ask->offset : 0;
	if (is_told(serving, &base) && offset >= serving->offset &&
	    offset - serving->offset < serving->bytes)
		return send_batch(journal, offset);
	if (is_told(serving, &base) && serving->offset == offset) {
		/* It was not there, or could not be read. */
		journal->base_server.node = 0;
		wl_base_lane_pass(&serving->state, WL_BASE_SERVING_FREE);
		return 0;
	}
	serving->index = base.index;
	serving->digest = base.digest;
	serving->offset = offset;
	wl_base_lane_pass(&serving->state, WL_BASE_SERVING_ASKED);
	return 1;
}

/* ---- installing --------------------------------------------------------------------------------- */

static bool is_offered(const struct wl_base_offer *offer, const struct wl_wire_base_part *part)
{
	return wl_position_equal(offer->position, part->position) && offer->chain == part->chain &&
	       offer->digest == part->digest && offer->total == part->total;
}

/* Nothing of it is with the maker yet. */
static void begin_fetch(struct wl_journal *journal, const struct wl_wire_base_part *part)
{
	struct wl_base_fetch *fetch = &journal->base_fetch;

	WL_CHECK(fetch->given == 0);
	fetch->offer = (struct wl_base_offer){
		.position = part->position,
		.chain = part->chain,
		.digest = part->digest,
		.total = part->total,
	};
	fetch->have = 0;
	fetch->given = 0;
}

static bool collects(const struct wl_journal *journal)
{
	uint32_t state = wl_base_lane_state(&journal->lanes.installing.state);

	return (state == WL_BASE_INSTALLING_IDLE && journal->base_fetch.given == 0) ||
	       state == WL_BASE_INSTALLING_TAKEN;
}

/* The batch has come as a whole: its last part is shorter, or the next one asked for by it. */
static bool ends_batch(const struct wl_base_fetch *fetch, const struct wl_wire_base_part *part)
{
	return part->bytes < fetch->part_bytes ||
	       fetch->have - fetch->asked_offset >= (uint64_t)WL_BASE_BATCH * fetch->part_bytes;
}

void wl_journal_on_base_part(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_base_part *part)
{
	struct wl_base_fetch *fetch = &journal->base_fetch;
	struct wl_replica *replica = &journal->replica;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (node != replica->follower.heard_leader || !wl_replica_wants_base(replica) ||
	    !wl_replica_gives_way(replica, part->position, part->chain) || !collects(journal))
		return;
	if (!is_offered(&fetch->offer, part)) {
		if (fetch->given != 0 || part->offset != 0)
			return; /* what was begun is not there any more: it is given up when nothing comes */
		begin_fetch(journal, part);
	}
	if (part->offset != fetch->have ||
	    fetch->have - fetch->given + part->bytes > WL_BASE_LANE_BYTES)
		return;
	if (part->offset == fetch->asked_offset)
		fetch->part_bytes = part->bytes;
	memcpy(journal->lanes.installing.buffer + (fetch->have - fetch->given), part->part,
	       part->bytes);
	fetch->have += part->bytes;
	WL_CHECK(fetch->have <= fetch->offer.total);
	fetch->heard_ns = replica->now_ns;
	wl_count(replica->counters, WL_COUNTER_base_parts_taken);
	if (ends_batch(fetch, part))
		fetch->asked_ns = 0;
}

static void forget_fetch(struct wl_base_fetch *fetch, uint64_t again_ns)
{
	*fetch = (struct wl_base_fetch){.again_ns = again_ns};
}

static void send_ask(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_base_fetch *fetch = &journal->base_fetch;
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[replica->follower.heard_leader]);
	struct wl_wire_base_ask ask = {
		.index = fetch->offer.position.index,
		.digest = fetch->offer.digest,
		.offset = fetch->have,
	};
	uint8_t *payload;

	payload = wl_tx_open(replica->tx, &to, WL_WIRE_BASE_ASK, replica->config.journal,
			     WL_TX_RESERVED);
	if (!payload)
		return;
	wl_tx_close(replica->tx, wl_wire_encode_base_ask(payload, &ask));
	fetch->asked_ns = now_ns;
	fetch->asked_offset = fetch->have;
}

/* Room for another part in a buffer is the least that must be left. */
static bool is_full(const struct wl_base_fetch *fetch)
{
	return fetch->have == fetch->offer.total ||
	       fetch->have - fetch->given > WL_BASE_LANE_BYTES - WIRELOG_MTU_MAX;
}

static unsigned collect(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_base_installing *installing = &journal->lanes.installing;
	struct wl_base_fetch *fetch = &journal->base_fetch;
	bool begun = fetch->given != 0;

	WL_CHECK(fetch->given <= fetch->have);
	WL_CHECK(fetch->have - fetch->given <= WL_BASE_LANE_BYTES);
	if (fetch->offer.position.index != 0 &&
	    (!wl_replica_wants_base(&journal->replica) ||
	     !wl_replica_gives_way(&journal->replica, fetch->offer.position, fetch->offer.chain) ||
	     now_ns - fetch->heard_ns > WL_BASE_SILENCE_NS)) {
		forget_fetch(fetch, 0);
		if (begun)
			wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_ABANDONED);
		return 1;
	}
	if (!wl_replica_wants_base(&journal->replica) || now_ns < fetch->again_ns)
		return 0;
	if (fetch->offer.position.index != 0 && is_full(fetch)) {
		installing->offer = fetch->offer;
		installing->offset = fetch->given;
		installing->bytes = (uint32_t)(fetch->have - fetch->given);
		fetch->given = fetch->have;
		fetch->heard_ns = now_ns;
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_GIVEN);
		return 1;
	}
	if (fetch->asked_ns != 0 && now_ns - fetch->asked_ns < WL_BASE_ASK_NS)
		return 0;
	send_ask(journal, now_ns);
	return 1;
}

/* All of it is there. From here on the log stands still: nothing is written to the place that the base names. */
static unsigned place(struct wl_journal *journal)
{
	struct wl_base_installing *installing = &journal->lanes.installing;
	struct wl_replica *replica = &journal->replica;

	if (!wl_replica_wants_base(replica) ||
	    !wl_replica_gives_way(replica, installing->offer.position, installing->offer.chain)) {
		wl_replica_stand_still(replica, false);
		forget_fetch(&journal->base_fetch, 0);
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_ABANDONED);
		return 1;
	}
	wl_replica_stand_still(replica, true);
	if (!wl_log_may_jump(&journal->log))
		return 0;
	installing->walk_offset = wl_log_jump_place(&journal->log);
	installing->first_segment = journal->log.first_segment;
	WL_CHECK(installing->walk_offset % WL_BLOCK_BYTES == 0);
	WL_CHECK(installing->walk_offset > journal->log.durable_offset);
	wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_PLACED);
	return 1;
}

static void copy_state(struct wl_state *to, const struct wl_base_installing *installing)
{
	struct wl_state_coding encoding, decoding;
	uint8_t piece[4096];
	size_t bytes;

	wl_state_clear(to);
	wl_state_encode_begin(&encoding, installing->applied, installing->order);
	wl_state_decode_begin(&decoding, to);
	while ((bytes = wl_state_encode(&encoding, piece, sizeof(piece))) != 0)
		WL_CHECK(wl_state_decode(&decoding, piece, bytes));
	WL_CHECK(wl_state_decode_end(&decoding));
}

/* The base is durable: a start would begin there. Not while fenced: that tail does not move. */
static unsigned jump(struct wl_journal *journal)
{
	struct wl_base_installing *installing = &journal->lanes.installing;

	if (journal->replica.view.role != WL_ROLE_FOLLOWER || !wl_log_may_jump(&journal->log))
		return 0;
	WL_CHECK(wl_log_jump(&journal->log, &installing->base));
	WL_CHECK(journal->log.tail.index == installing->base.position.index);
	copy_state(wl_service_state(journal->service), installing);
	wl_log_set_list(&journal->log, &wl_service_state(journal->service)->list);
	wl_log_set_history(&journal->log, wl_journal_history(journal));
	wl_replica_jumped(&journal->replica);
	wl_service_jumped(journal->service);
	journal->opened_from = installing->base.position.index;
	forget_fetch(&journal->base_fetch, 0);
	wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_JUMPED);
	return 1;
}

static unsigned install(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_base_installing *installing = &journal->lanes.installing;

	switch ((enum wl_base_installing_state)wl_base_lane_state(&installing->state)) {
	case WL_BASE_INSTALLING_IDLE:
	case WL_BASE_INSTALLING_TAKEN:
		return collect(journal, now_ns);
	case WL_BASE_INSTALLING_RIGHT:
		return place(journal);
	case WL_BASE_INSTALLING_WRITTEN:
		return jump(journal);
	case WL_BASE_INSTALLING_FAILED:
		wl_count(journal->replica.counters, WL_COUNTER_bases_refused);
		wl_replica_stand_still(&journal->replica, false);
		forget_fetch(&journal->base_fetch, now_ns + WL_BASE_AGAIN_NS);
		wl_base_lane_pass(&installing->state, WL_BASE_INSTALLING_IDLE);
		return 1;
	case WL_BASE_INSTALLING_GIVEN:
	case WL_BASE_INSTALLING_PLACED:
	case WL_BASE_INSTALLING_JUMPED:
	case WL_BASE_INSTALLING_ABANDONED:
		break;
	}
	return 0;
}

unsigned wl_journal_turn_bases(struct wl_journal *journal, uint64_t now_ns)
{
	return serve(journal) + install(journal, now_ns);
}
