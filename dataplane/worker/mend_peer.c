/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/mend_peer.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/journal.h"

#define RING_RUN_BYTES (64u << 10) /* copied in one turn, but for an entry that is longer */

/* ---- serving ------------------------------------------------------------------------------------ */

void wl_journal_on_mend_ask(struct wl_journal *journal, uint32_t node,
			    const struct wl_wire_mend_ask *ask)
{
	struct wl_mend_server *server = &journal->mend_server;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	server->waiting = wl_members_with(server->waiting, node);
	server->asks[node] = *ask;
}

static uint8_t *open_part(struct wl_journal *journal, uint32_t node)
{
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);

	return wl_tx_open(replica->tx, &to, WL_WIRE_MEND_PART, replica->config.journal, WL_TX_DATA);
}

static void say(struct wl_journal *journal, uint32_t node, enum wl_wire_mend_verdict verdict)
{
	const struct wl_wire_mend_ask *ask = &journal->mend_server.asks[node];
	struct wl_wire_mend_part part = {
		.index = ask->index,
		.chain = ask->chain,
		.first = ask->first,
		.verdict = verdict,
	};
	uint8_t *payload = open_part(journal, node);

	if (payload)
		wl_tx_close(journal->replica.tx, wl_wire_encode_mend_part(payload, &part));
}

/* False: there is no more room, or no more. */
static bool send_part(struct wl_journal *journal, uint32_t node, uint32_t *offset)
{
	const struct wl_mend_serving *serving = &journal->mend.serving;
	const struct wl_mend_run *run = &serving->run;
	struct wl_wire_mend_part part = {
		.index = run->index,
		.chain = run->chain,
		.first = run->first,
		.verdict = WL_WIRE_MEND_HAVE,
		.total = serving->bytes,
		.offset = *offset,
	};
	size_t room;
	uint8_t *payload;

	if (*offset >= serving->bytes)
		return false;
	payload = open_part(journal, node);
	if (!payload)
		return false;
	WL_CHECK(wl_tx_open_room(journal->replica.tx) > WL_WIRE_MEND_PART_HEADER_BYTES);
	room = wl_tx_open_room(journal->replica.tx) - WL_WIRE_MEND_PART_HEADER_BYTES;
	part.bytes = serving->bytes - *offset < room ? serving->bytes - *offset : (uint32_t)room;
	memcpy(payload + WL_WIRE_MEND_PART_HEADER_BYTES, serving->buffer + *offset, part.bytes);
	wl_tx_close(journal->replica.tx, wl_wire_encode_mend_part(payload, &part) + part.bytes);
	wl_count(journal->replica.counters, WL_COUNTER_mend_parts_sent);
	*offset += part.bytes;
	WL_CHECK(*offset <= serving->bytes);
	return true;
}

static bool is_about(const struct wl_mend_serving *serving, const struct wl_wire_mend_ask *ask)
{
	return serving->run.index == ask->index && serving->run.chain == ask->chain &&
	       serving->run.first == ask->first && serving->run.bytes == ask->bytes;
}

/* 0: the medium may have it. */
static uint32_t verdict_without_medium(const struct wl_journal *journal,
				       const struct wl_wire_mend_ask *ask)
{
	const struct wl_log *log = &journal->log;
	uint32_t never = journal->replica.held_back ? WL_WIRE_MEND_UNKNOWN : WL_WIRE_MEND_NEVER;
	uint64_t chain;

	if (journal->dormant)
		return 0;
	if (wl_replica_is_apart(&journal->replica))
		return WL_WIRE_MEND_UNKNOWN;
	switch (wl_log_chain_at(log, ask->index, &chain)) {
	case WL_LOG_BEYOND:
		return never;
	case WL_LOG_BELOW:
		return WL_WIRE_MEND_GIVEN_UP;
	case WL_LOG_KNOWN:
		if (chain != ask->chain)
			return never;
		break;
	case WL_LOG_UNKNOWN:
		break;
	}
	return ask->index == log->begin.position.index ? WL_WIRE_MEND_GIVEN_UP : 0;
}

/*
 * Where to look for it in the stream: marks stand at chunks. So far before the last entry that as much as is wanted lies between,
 * and up to what is durable: a later branch may have brought the entry again.
 */
static void place(struct wl_journal *journal, const struct wl_wire_mend_ask *ask)
{
	struct wl_mend_serving *serving = &journal->mend.serving;
	const struct wl_log *log = &journal->log;
	const struct wl_log_mark *mark = wl_log_mark_by_index(log, ask->index);
	uint64_t last = mark ? mark->offset : 0;

	while (mark && mark->index > ask->first && last - mark->offset < ask->bytes) {
		const struct wl_log_mark *before = wl_log_mark_by_index(log, mark->index - 1);

		if (!before)
			break;
		mark = before;
	}
	serving->begin = mark ? mark->offset / WL_BLOCK_BYTES * WL_BLOCK_BYTES : log->begin.offset;
	serving->end = log->durable_offset;
	WL_CHECK(serving->end % WL_BLOCK_BYTES == 0);
}

/* Newest first, as far as they stand in the ring: what was appended a moment ago is not worth a read. */
static uint32_t take_from_ring(const struct wl_journal *journal, const struct wl_mend_run *run,
			       uint8_t *to)
{
	const struct wl_log *log = &journal->log;
	uint32_t most = run->bytes < RING_RUN_BYTES ? run->bytes : RING_RUN_BYTES, taken = 0, bytes;
	uint64_t first = run->index;
	const uint8_t *image;

	while (first >= run->first && (image = wl_log_image_in_ring(log, first, &bytes)) &&
	       (taken == 0 || bytes <= most - taken)) {
		taken += bytes;
		first--;
		if (taken >= most)
			break;
	}
	WL_CHECK(taken <= WL_MEND_LANE_BYTES);
	for (uint64_t index = first + 1; taken != 0 && index <= run->index; index++) {
		image = wl_log_image_in_ring(log, index, &bytes);
		memcpy(to, image, bytes);
		to += bytes;
	}
	return taken;
}

/* Whoever asked for what lies ready goes first: else two that ask for different things would have the medium read for nobody. */
static uint32_t next_asker(const struct wl_mend_server *server,
			   const struct wl_mend_serving *serving, bool is_told)
{
	for (uint32_t node = 1; is_told && node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(server->waiting, node) && is_about(serving, &server->asks[node]))
			return node;
	}
	for (uint32_t step = 1; step <= WIRELOG_NODES_MAX; step++) {
		uint32_t node = (server->turn + step - 1) % WIRELOG_NODES_MAX + 1;

		if (wl_members_has(server->waiting, node))
			return node;
	}
	return 0;
}

static unsigned answer(struct wl_journal *journal, uint32_t node)
{
	struct wl_mend_serving *serving = &journal->mend.serving;
	uint32_t offset = journal->mend_server.asks[node].offset;
	unsigned parts = 0;

	WL_CHECK(wl_mend_lane_state(&serving->state) == WL_MEND_SERVING_TOLD);
	WL_CHECK(serving->bytes <= WL_MEND_LANE_BYTES);
	if (serving->bytes == 0) {
		say(journal, node, WL_WIRE_MEND_UNKNOWN);
		return 1;
	}
	while (parts < WL_MEND_BATCH && send_part(journal, node, &offset))
		parts++;
	return parts + 1;
}

static unsigned serve(struct wl_journal *journal)
{
	struct wl_mend_serving *serving = &journal->mend.serving;
	struct wl_mend_server *server = &journal->mend_server;
	uint32_t state = wl_mend_lane_state(&serving->state), verdict;
	uint32_t node = next_asker(server, serving, state == WL_MEND_SERVING_TOLD);
	const struct wl_wire_mend_ask *ask = &server->asks[node];
	unsigned did = 1;

	if (node == 0 || state == WL_MEND_SERVING_ASKED)
		return 0;
	server->turn = node;
	if (journal->replica.remotes[node].boot_id == 0) {
		server->waiting = wl_members_without(server->waiting, node);
		return 1;
	}
	/* Who begins anew found it wrong, or had nothing of it: it is read anew. */
	if (state == WL_MEND_SERVING_TOLD && is_about(serving, ask) &&
	    !(ask->offset == 0 && serving->begun)) {
		serving->begun = true;
		did = answer(journal, node);
		/* What was not there may be there when it is asked for again. */
		if (serving->bytes == 0)
			wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_FREE);
	} else {
		verdict = verdict_without_medium(journal, ask);
		if (verdict == 0) {
			serving->run = (struct wl_mend_run){ask->index, ask->chain, ask->first,
							    ask->bytes};
			serving->begin = serving->end = 0;
			serving->begun = false;
			if (!journal->dormant)
				place(journal, ask);
			serving->bytes = journal->dormant ? 0
							  : take_from_ring(journal, &serving->run,
									   serving->buffer);
			wl_mend_lane_pass(&serving->state, serving->bytes != 0
								   ? WL_MEND_SERVING_TOLD
								   : WL_MEND_SERVING_ASKED);
			return 1;
		}
		say(journal, node, verdict);
	}
	server->waiting = wl_members_without(server->waiting, node);
	return did;
}

/* ---- asking ------------------------------------------------------------------------------------- */

static void tell(struct wl_journal *journal, uint32_t verdict, uint32_t bytes)
{
	struct wl_mend_asking *asking = &journal->mend.asking;

	WL_CHECK(wl_mend_lane_state(&asking->state) == WL_MEND_ASKING_WANTED);
	WL_CHECK(bytes <= WL_MEND_LANE_BYTES);
	asking->verdict = verdict;
	asking->bytes = bytes;
	journal->mend_fetch = (struct wl_mend_fetch){0};
	wl_mend_lane_pass(&asking->state, WL_MEND_ASKING_TOLD);
}

static bool ends_batch(const struct wl_mend_fetch *fetch, const struct wl_wire_mend_part *part)
{
	return part->bytes < fetch->part_bytes ||
	       fetch->have - fetch->asked_offset >= WL_MEND_BATCH * fetch->part_bytes;
}

void wl_journal_on_mend_part(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_mend_part *part)
{
	struct wl_mend_asking *asking = &journal->mend.asking;
	struct wl_mend_fetch *fetch = &journal->mend_fetch;

	if (wl_mend_lane_state(&asking->state) != WL_MEND_ASKING_WANTED || node != asking->node ||
	    part->index != asking->run.index || part->chain != asking->run.chain ||
	    part->first != asking->run.first)
		return;
	if (part->verdict != WL_WIRE_MEND_HAVE) {
		tell(journal, part->verdict, 0);
		return;
	}
	/* It makes the run anew when another one was asked for meanwhile: of another length it is another one. */
	if (fetch->total != 0 && fetch->total != part->total)
		*fetch = (struct wl_mend_fetch){.tries = fetch->tries};
	if (part->offset != fetch->have)
		return;
	if (part->offset == fetch->asked_offset)
		fetch->part_bytes = part->bytes;
	fetch->total = part->total;
	memcpy(asking->buffer + fetch->have, part->part, part->bytes);
	fetch->have += part->bytes;
	WL_CHECK(fetch->have <= fetch->total);
	fetch->tries = 0;
	wl_count(journal->replica.counters, WL_COUNTER_mend_parts_taken);
	if (fetch->have == fetch->total)
		tell(journal, WL_WIRE_MEND_HAVE, fetch->total);
	else if (ends_batch(fetch, part))
		fetch->asked_ns = 0;
}

static void send_ask(struct wl_journal *journal, uint64_t now_ns)
{
	const struct wl_mend_asking *asking = &journal->mend.asking;
	struct wl_mend_fetch *fetch = &journal->mend_fetch;
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[asking->node]);
	const struct wl_wire_mend_ask ask = {
		.index = asking->run.index,
		.chain = asking->run.chain,
		.first = asking->run.first,
		.bytes = asking->run.bytes,
		.offset = fetch->have,
	};
	uint8_t *payload = NULL;

	WL_CHECK(asking->node >= 1 && asking->node <= WIRELOG_NODES_MAX);
	WL_CHECK(fetch->tries < WL_MEND_TRIES);
	if (to.boot_id != 0)
		payload = wl_tx_open(replica->tx, &to, WL_WIRE_MEND_ASK, replica->config.journal,
				     WL_TX_DATA);
	if (payload) {
		wl_tx_close(replica->tx, wl_wire_encode_mend_ask(payload, &ask));
		wl_count(replica->counters, WL_COUNTER_mend_asks_sent);
	}
	fetch->asked_ns = now_ns;
	fetch->asked_offset = fetch->have;
	fetch->tries++;
}

static unsigned ask(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_mend_fetch *fetch = &journal->mend_fetch;

	if (wl_mend_lane_state(&journal->mend.asking.state) != WL_MEND_ASKING_WANTED ||
	    (fetch->asked_ns != 0 && now_ns - fetch->asked_ns < WL_MEND_ASK_NS))
		return 0;
	if (fetch->tries == WL_MEND_TRIES)
		tell(journal, 0, 0);
	else
		send_ask(journal, now_ns);
	return 1;
}

unsigned wl_journal_turn_mend(struct wl_journal *journal, uint64_t now_ns)
{
	return serve(journal) + ask(journal, now_ns);
}
