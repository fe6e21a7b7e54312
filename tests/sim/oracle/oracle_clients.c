/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the oracle that stands beside clients: answers at each level, judged when they leave a node and when they
 * come, and readers, what they are given and where they are made to begin.
 *
 * What a weaker answer promises: the record's place in the log of a leader (sequenced), that a majority has it in memory
 * (received). Neither counts as acknowledged. If that very entry is committed, the number is the one that was told. A
 * received one is lost with the memory of nodes, and with nothing less.
 */
#include <string.h>

#include "dataplane/base/crc.h"
#include "dataplane/raft/quorum.h"
#include "tests/sim/oracle/oracle_internal.h"
#include "wirelog/status.h"

#define LLU(value) (unsigned long long)(value)
#define NUMBERS_JUDGED 8u /* of one result */

/* ---- answers that leave ---- */

/* The first entry of a log whose records reach `number`, by its slots; 0: not among them. */
static uint64_t index_of_number(const struct wl_log *log, uint64_t number)
{
	uint64_t low = log->tail.index > WL_LOG_ENTRIES_IN_RING
			       ? log->tail.index - WL_LOG_ENTRIES_IN_RING + 1
			       : 1;
	uint64_t high = log->tail.index + 1, oldest = low;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct wl_log_slot *slot = &log->slots[middle % WL_LOG_ENTRIES_IN_RING];

		if (slot->index != middle || slot->next_number <= number)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of the oldest slot it is not known where its records begin. */
	if (low > 1 && log->slots[(low - 1) % WL_LOG_ENTRIES_IN_RING].index != low - 1)
		return 0;
	return low > log->tail.index || (low == oldest && oldest != 1) ? 0 : low;
}

/* False: it stands there, and is another one. */
static bool holds_record(const struct sim_oracle *oracle, const struct sim_node *node,
			 const struct sim_promise *claim)
{
	uint64_t index = claim->index;
	const struct sim_drive *drive = &node->drives[oracle->journal];
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	struct wl_entry_header header;
	struct wl_record_walk walk;
	struct wl_record_view view;
	uint32_t bytes;
	const uint8_t *image = wl_log_image_in_ring(log, index, &bytes);

	if (!image && (index > log->durable.index || slot->bytes == 0 ||
		       !sim_drive_has(drive, slot->offset / drive->segment_bytes)))
		return true; /* cannot be seen */
	if (!image)
		image = sim_drive_at(drive, slot->offset);
	if (wl_entry_decode_header(image, slot->bytes, &header) != WL_ENTRY_OK)
		return node->rotten;
	wl_entry_walk_init(&walk, image, &header);
	while (wl_entry_walk_next(&walk, &view)) {
		if (view.number == claim->number)
			return view.header.session == claim->session &&
			       view.header.sequence == claim->sequence;
	}
	return false;
}

static uint64_t losses(const struct sim_cluster *cluster)
{
	uint64_t total = 0;

	for (unsigned number = 1; number <= cluster->config.nodes; number++)
		total += cluster->nodes[number].crashes + cluster->nodes[number].forgets;
	return total;
}

static struct sim_promise *promise_of(struct sim_oracle *oracle, uint64_t session,
				      uint64_t sequence)
{
	uint64_t at = (session * 31 + sequence) * 0x9e3779b97f4a7c15u >> 32;

	return &oracle->promises[at % SIM_ORACLE_PROMISES];
}

/* Whoever had it in memory when this was last looked at, and the leader itself. */
static void check_received(struct sim_oracle *oracle, const struct sim_node *leader, uint64_t index)
{
	const struct wl_log_slot *slot =
		&leader->journals[oracle->journal]->log.slots[index % WL_LOG_ENTRIES_IN_RING];
	const struct sim_holders *known = &oracle->holders[index];
	uint32_t holders = 1u << leader->number;

	if (known->term > slot->term)
		return; /* another term has come since its followers spoke */
	if (known->term == slot->term)
		holders |= known->nodes;
	if (!wl_list_decides(sim_oracle_list_of(oracle, leader), holders) &&
	    !wl_list_decides(&leader->journals[oracle->journal]->log.list_before, holders))
		sim_violation(oracle->cluster, leader->number, "O24",
			      "says received of entry %llu, and nodes %x have it", LLU(index),
			      holders);
	oracle->received[index % SIM_ORACLE_PROMISES] =
		(struct sim_promise){.index = index,
				     .term = slot->term,
				     .losses = losses(oracle->cluster)};
}

static void check_everywhere(struct sim_oracle *oracle, const struct sim_node *leader,
			     uint64_t index)
{
	const struct wl_log_slot *slot =
		&leader->journals[oracle->journal]->log.slots[index % WL_LOG_ENTRIES_IN_RING];

	/* Reached by an older list it stays reached; who votes since may still lack it. */
	if (leader->journals[oracle->journal]->log.list.index > index || oracle->list.index > index)
		return;
	for (unsigned number = 1; number <= oracle->cluster->config.nodes; number++) {
		const struct sim_node *node = &oracle->cluster->nodes[number];
		uint64_t offset = node == leader ? slot->offset
						 : oracle->entries[index].offset[number];

		/* At a base it has all before it, wherever that stood. */
		if (!node->forgot && !node->rotten && wl_members_has(oracle->list.voters, number) &&
		    !(node->up && node->journals[oracle->journal]->opened_from >= index) &&
		    oracle->installed[number] < index &&
		    !sim_oracle_has(&node->drives[oracle->journal], offset, index, slot->chain))
			sim_violation(oracle->cluster, leader->number, "O24",
				      "says everywhere of entry %llu, and node %u does not have it",
				      LLU(index), number);
	}
}

/* One record of a result that says OK. */
static void judge_number(struct sim_oracle *oracle, const struct sim_node *node,
			 const struct wl_wire_append_result *result, uint64_t session,
			 uint32_t step)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	const struct wl_log *log = replica->log;
	struct sim_promise claim = {
		.session = session,
		.sequence = result->first_sequence + step,
		.number = result->first_number + step,
		.index = index_of_number(log, result->first_number + step),
	};

	if (claim.index == 0)
		return; /* an old one, told again */
	if (claim.index <= log->begin.position.index)
		return; /* so is this, and it was given up */
	if (wl_log_term_at(log, claim.index, &claim.term) != WL_LOG_KNOWN ||
	    !holds_record(oracle, node, &claim))
		sim_violation(oracle->cluster, node->number, "O24",
			      "tells sequence %llu of session %llx the number of another: %llu",
			      LLU(claim.sequence), LLU(session), LLU(claim.number));
	if (result->level < WIRELOG_COMMITTED && claim.term != replica->view.term)
		sim_violation(oracle->cluster, node->number, "O24",
			      "answers for entry %llu of term %llu in term %llu", LLU(claim.index),
			      LLU(claim.term), LLU(replica->view.term));
	if (result->level >= WIRELOG_COMMITTED && claim.index > replica->commit)
		sim_violation(oracle->cluster, node->number, "O24",
			      "says committed of entry %llu, and commit is %llu", LLU(claim.index),
			      LLU(replica->commit));
	if (result->level == WIRELOG_RECEIVED)
		check_received(oracle, node, claim.index);
	if (result->level == WIRELOG_EVERYWHERE)
		check_everywhere(oracle, node, claim.index);
	if (result->level < WIRELOG_COMMITTED)
		*promise_of(oracle, session, claim.sequence) = claim;
}

void sim_oracle_judge_result(struct sim_oracle *oracle, unsigned from, uint64_t session,
			     const struct wl_wire_append_result *result)
{
	const struct sim_node *node = &oracle->cluster->nodes[from];
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;

	if (result->status != WIRELOG_OK && result->status != WIRELOG_EXPIRED)
		return;
	/* Made earlier in the turn in which it fell silent: what is committed stays so. */
	if (replica->view.role != WL_ROLE_LEADER ||
	    (replica->silent && result->level < WIRELOG_COMMITTED))
		sim_violation(oracle->cluster, from, "O24",
			      "tells the fate of an append and does not lead");
	if (result->level < WIRELOG_SEQUENCED || result->level > WIRELOG_EVERYWHERE)
		sim_violation(oracle->cluster, from, "O24", "answers at level %u", result->level);
	if (result->status == WIRELOG_EXPIRED && result->level < WIRELOG_COMMITTED)
		sim_violation(oracle->cluster, from, "O24", "says expired before it is committed");
	for (uint32_t step = 0; result->status == WIRELOG_OK && step < result->count; step++) {
		if (step < NUMBERS_JUDGED || step + 1 == result->count)
			judge_number(oracle, node, result, session, step);
	}
}

/* Another entry took the place of one that a majority had in memory. */
void sim_oracle_judge_entry(struct sim_oracle *oracle, unsigned node, uint64_t index, uint64_t term)
{
	const struct sim_promise *received = &oracle->received[index % SIM_ORACLE_PROMISES];

	if (received->index == index && received->term != term &&
	    received->losses == losses(oracle->cluster))
		sim_violation(
			oracle->cluster, node, "O25",
			"entry %llu of term %llu was received by a majority, no node lost its "
			"memory, and one of term %llu is committed there",
			LLU(index), LLU(received->term), LLU(term));
}

/* ---- answers that come ---- */

static void check_promise(struct sim_oracle *oracle, const struct sim_client *client,
			  const struct sim_answer *answer)
{
	uint64_t sequence = answer->append.sequence;
	const struct sim_promise *promise = promise_of(oracle, answer->session, sequence);

	if (promise->session != answer->session || promise->sequence != sequence)
		return;
	if (promise->index <= oracle->committed &&
	    oracle->entries[promise->index].term == promise->term &&
	    promise->number != answer->number)
		sim_violation(oracle->cluster, 0, "O24",
			      "client %u was told number %llu for sequence %llu, then %llu",
			      client->number, LLU(promise->number), LLU(sequence),
			      LLU(answer->number));
}

/* False: it is no acknowledgement, and nothing may rest on it. */
bool sim_oracle_judge_level(struct sim_oracle *oracle, const struct sim_client *client,
			    const struct sim_answer *answer)
{
	struct sim_cluster *cluster = oracle->cluster;

	if (answer->status == WIRELOG_OK && answer->level < answer->append.level)
		sim_violation(cluster, 0, "O24", "client %u asked for level %u and is told %u",
			      client->number, answer->append.level, answer->level);
	if (answer->status != WIRELOG_OK)
		return false;
	if (answer->level < WIRELOG_COMMITTED) {
		cluster->seen[SIM_SEEN_WEAKER]++;
		return false;
	}
	cluster->seen[SIM_SEEN_EVERYWHERE] += answer->level == WIRELOG_EVERYWHERE;
	check_promise(oracle, client, answer);
	if (answer->before != 0 && answer->before != answer->number)
		sim_violation(cluster, 0, "O6",
			      "client %u is told number %llu for sequence %llu, after %llu",
			      client->number, LLU(answer->number), LLU(answer->append.sequence),
			      LLU(answer->before));
	cluster->seen[SIM_SEEN_TOLD_AGAIN] += answer->before != 0;
	return true;
}

/* ---- readers ---- */

static void on_record(void *context, unsigned node, uint64_t number,
		      const struct wl_wire_delivered_record *record)
{
	const struct sim_oracle *oracle = context;
	const struct sim_stored_record *stored;

	if (oracle->reduced)
		return;
	stored = &oracle->records[number];
	if (number == 0 || number > oracle->numbers)
		sim_violation(oracle->cluster, node, "O22",
			      "gives a reader record %llu, and %llu are committed", LLU(number),
			      LLU(oracle->numbers));
	if (record->session != stored->session || record->sequence != stored->sequence ||
	    record->bytes != stored->bytes || record->timestamp_ns != stored->timestamp_ns ||
	    wl_crc64(0, record->payload, record->bytes) != stored->checksum)
		sim_violation(oracle->cluster, node, "O22",
			      "gives a reader other contents for record %llu", LLU(number));
}

static void on_deliver(void *context, unsigned node, const struct wl_wire_deliver *deliver)
{
	const struct sim_oracle *oracle = context;

	if (deliver->commit_number > oracle->numbers && !oracle->reduced)
		sim_violation(oracle->cluster, node, "O22",
			      "tells a reader of %llu committed records, there are %llu",
			      LLU(deliver->commit_number), LLU(oracle->numbers));
}

uint64_t sim_oracle_first_since(const struct sim_oracle *oracle, uint64_t timestamp_ns)
{
	uint64_t low = 1, high = oracle->numbers + 1;

	while (low < high) { /* timestamps never fall along the log */
		uint64_t middle = low + (high - low) / 2;

		if (oracle->records[middle].timestamp_ns < timestamp_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void on_start(void *context, const struct sim_client *client, uint64_t number)
{
	struct sim_oracle *oracle = context;
	const struct sim_reader *reader = &client->reader;
	uint64_t boot = oracle->cluster->nodes[reader->node].boot;
	uint64_t first;

	if (oracle->reduced)
		return;
	if (reader->from == WL_WIRE_FROM_TIME) {
		first = sim_oracle_first_since(oracle, reader->value);
		/* What was trimmed is passed over. */
		if ((number != first && (number < first || number > oracle->trim_number)) ||
		    first > oracle->numbers)
			sim_violation(oracle->cluster, reader->node, "O22",
				      "a reader from time %llu begins at %llu instead of %llu",
				      LLU(reader->value), LLU(number), LLU(first));
		oracle->cluster->seen[SIM_SEEN_TIME_START]++;
		return;
	}
	/* What a node knew as committed, it knows again only after its start's first news. */
	if (number > oracle->numbers + 1 ||
	    (number <= reader->committed_before && boot == reader->boot_before[reader->node]))
		sim_violation(oracle->cluster, reader->node, "O22",
			      "a reader from now begins at %llu; committed were %llu, now are %llu",
			      LLU(number), LLU(reader->committed_before), LLU(oracle->numbers));
	oracle->cluster->seen[SIM_SEEN_NOW_START]++;
}

/* What it calls lost, nodes called lost; the library passes over nothing that one of them was not asked for. */
static void judge_loss(const struct sim_oracle *oracle, const struct sim_client *client,
		       const struct wl_wire_gap *gap)
{
	const struct sim_reader *reader = &client->reader;
	uint32_t needed = reader->node != 0 ? 1u << reader->node : 0;
	bool passes_over = client->library && gap->next_number > gap->first_number;

	if (passes_over)
		needed = (2u << oracle->cluster->config.nodes) - 2;
	if (reader->told_lost == 0 || (needed & ~reader->told_lost) != 0)
		sim_violation(
			oracle->cluster, reader->node, "O22",
			"client %u takes record %llu for lost, nodes %x said so, needed are %x",
			client->number, LLU(gap->first_number), reader->told_lost, needed);
}

/* That it takes no part, of a node that was given a reason once: what it said then may come later. number 0: of any. */
static bool is_right_to_stand_apart(const struct sim_oracle *oracle, uint32_t number, int status)
{
	bool has_reason = false;

	for (unsigned at = 1; at <= oracle->cluster->config.nodes; at++) {
		const struct sim_node *node = &oracle->cluster->nodes[at];

		has_reason |= (number == 0 || number == at) &&
			      (status == WIRELOG_STORE_DIVERGED ? node->contradicted
								: node->rotted_in != 0);
	}
	return has_reason && (status == WIRELOG_STORE_DIVERGED || status == WIRELOG_STATE_DIVERGED);
}

static void on_gap(void *context, const struct sim_client *client, const struct wl_wire_gap *gap)
{
	struct sim_oracle *oracle = context;
	const struct sim_reader *reader = &client->reader;

	if (oracle->reduced || is_right_to_stand_apart(oracle, reader->node, gap->status))
		return;
	switch (gap->status) {
	case WIRELOG_SLOW_READER:
		if (gap->first_number > reader->next_number && reader->started)
			sim_violation(oracle->cluster, reader->node, "O22",
				      "drops a reader at %llu that has read up to %llu",
				      LLU(gap->first_number), LLU(reader->next_number));
		break;
	case WIRELOG_TOO_MANY_CLIENTS:
		oracle->cluster->seen[SIM_SEEN_TOO_MANY]++;
		break;
	case WIRELOG_LOST:
		judge_loss(oracle, client, gap);
		oracle->cluster->seen[SIM_SEEN_LOST]++;
		break;
	case WIRELOG_TRIMMED:
		sim_oracle_judge_trimmed(oracle, reader->node, gap);
		oracle->cluster->seen[SIM_SEEN_TRIMMED]++;
		break;
	case WIRELOG_DIVERGED:
		if (!reader->astray)
			sim_violation(oracle->cluster, reader->node, "O53",
				      "client %u, which read up to %llu here, is told DIVERGED",
				      client->number, LLU(reader->next_number));
		oracle->cluster->seen[SIM_SEEN_DIVERGED]++;
		break;
	case WIRELOG_OTHER_HISTORY:
		if (oracle->goes_on_at == 0)
			sim_violation(oracle->cluster, reader->node, "O53",
				      "client %u is told OTHER_HISTORY, and there is one alone",
				      client->number);
		oracle->cluster->seen[SIM_SEEN_OTHER_HISTORY]++;
		break;
	case WIRELOG_RESCUED:
		sim_oracle_judge_rescued(oracle, reader->node, gap);
		oracle->cluster->seen[SIM_SEEN_RESCUED]++;
		break;
	default:
		sim_violation(oracle->cluster, reader->node, "O22", "ends a reader with status %d",
			      gap->status);
	}
}

/* Bytes that are on their way to a reader, as far as it has confirmed: never more than it asked for, or one record. */
static void check_window(const struct sim_oracle *oracle, unsigned node,
			 const struct sim_reader *reader, uint64_t last)
{
	const struct wl_log *log = &oracle->cluster->nodes[node].journals[oracle->journal]->log;
	uint64_t bytes = 0, number = reader->credited_number;

	/* What was trimmed is not sent, whether or not the reader has heard so. */
	if (number < log->begin.next_number)
		number = log->begin.next_number;
	if (number < reader->passed_number)
		number = reader->passed_number;
	if (last <= number)
		return; /* one record, or none */
	for (; number <= last; number++) {
		if (number > oracle->numbers)
			return; /* its size is not known yet */
		bytes += WL_WIRE_DELIVER_RECORD_BYTES + oracle->records[number].bytes;
	}
	if (bytes > reader->credit_bytes_max)
		sim_violation(oracle->cluster, node, "O22",
			      "%llu bytes are on their way to a reader that grants %u", LLU(bytes),
			      reader->credit_bytes_max);
}

/* By its name: the address may be one that was damaged on its way. */
static struct sim_client *client_of(const struct sim_oracle *oracle,
				    const struct wl_frame_header *header)
{
	struct sim_client *found = NULL; /* in an older life, or one of two who drew the same */

	for (unsigned number = 0; number < SIM_ORACLE_CLIENTS; number++) {
		struct sim_client *client = oracle->clients[number];

		if (!client || client->end.identity != header->destination)
			continue;
		found = client;
		if (client->end.boot_id == header->destination_boot)
			break;
	}
	return found;
}

/* Records are passed over, and the subscription goes on. It may be behind what it had sent already: a word of the reader that comes late sent it
 * back there, and what the reader says next brings it forward again. */
static void note_passed(struct sim_reader *reader, uint64_t boot, const struct wl_wire_gap *gap)
{
	bool goes_on = reader->sent_subscription == gap->subscription &&
		       reader->sent_boot == boot && reader->sent_through != UINT64_MAX;

	reader->sent_subscription = gap->subscription;
	reader->sent_boot = boot;
	if (!goes_on)
		reader->sent_through = UINT64_MAX;
	else if (reader->sent_through < gap->next_number)
		reader->sent_through = gap->next_number;
	reader->passed_number = gap->next_number;
}

/* A node calls a record lost: then its drive is not well. */
void sim_oracle_judge_gap(struct sim_oracle *oracle, unsigned node,
			  const struct wl_frame_header *header, const struct wl_wire_gap *gap)
{
	const struct sim_node *from = &oracle->cluster->nodes[node];
	const struct wl_log *log = &from->journals[oracle->journal]->log;
	struct sim_client *client = client_of(oracle, header);
	bool goes_on = gap->status == WIRELOG_TRIMMED || gap->status == WIRELOG_RESCUED;
	bool lacks;

	/* The subscription has ended. A copy of its SUBSCRIBE that comes late begins another one under its name, where "now" is by
	 * then; the reader sees that records are missing, and asks for them. */
	if (gap->status != WIRELOG_LOST && !goes_on && client &&
	    client->reader.sent_subscription == gap->subscription)
		client->reader.sent_through = UINT64_MAX;
	if (gap->status == WIRELOG_TRIMMED)
		sim_oracle_judge_trimmed(oracle, node, gap);
	/* It leaves in the turn in which the loss is committed: judged where it comes. */
	if (goes_on) {
		if (client && client->reader.node == node &&
		    client->reader.subscription == gap->subscription)
			note_passed(&client->reader, from->boot, gap);
	}
	if (gap->status != WIRELOG_LOST)
		return;
	/* Where a peer's base took the log's place nothing stands before it; others have that. An end names where the reader said that it
	 * stands, which may be beyond what it asked for last. */
	lacks = (oracle->installed[node] != 0 || log->installed_index != 0) &&
		(gap->next_number == 0 || gap->first_number < log->begin.next_number);
	/* What could not be opened could not be read. */
	if (!lacks && !from->rotten && from->drives[oracle->journal].failed_opens == 0)
		sim_violation(oracle->cluster, node, "O22",
			      "calls record %llu lost, and its drive is well",
			      LLU(gap->first_number));
	if (client)
		client->reader.told_lost |= wl_members_only(node);
}

void sim_oracle_note_left(struct sim_oracle *oracle, const struct wl_frame_header *header,
			  const struct wl_wire_unsubscribe *left)
{
	for (unsigned number = 0; number < SIM_ORACLE_CLIENTS; number++) {
		struct sim_client *client = oracle->clients[number];

		if (client && client->end.identity == header->sender)
			client->reader.left_subscription = left->subscription;
	}
}

/* A frame to a reader that keeps the rules leaves: nothing is left out, and not too much is sent. */
void sim_oracle_judge_deliver(struct sim_oracle *oracle, unsigned node,
			      const struct wl_frame_header *header,
			      const struct wl_wire_deliver *deliver)
{
	struct sim_client *client = client_of(oracle, header);
	struct sim_reader *reader;
	uint64_t boot = oracle->cluster->nodes[node].boot;
	bool whole = deliver->record_bytes == 0 ||
		     deliver->fragment_offset + deliver->bytes - WL_WIRE_DELIVER_RECORD_BYTES ==
			     deliver->record_bytes;
	uint64_t through = deliver->first_number + (whole ? deliver->record_count : 0);

	/* What goes to an older life under the same name was sent, too: it is the subscription that goes on. */
	if (!client || client->reader.node != node ||
	    client->reader.subscription != deliver->subscription || deliver->first_number == 0 ||
	    client->reader.left_subscription == deliver->subscription)
		return;
	reader = &client->reader;
	if (reader->sent_subscription != deliver->subscription || reader->sent_boot != boot) {
		reader->sent_subscription = deliver->subscription;
		reader->sent_boot = boot;
		reader->sent_through = reader->started ? reader->next_number : UINT64_MAX;
	}
	/*
	 * What its card had no room for never left; the reader asks for it. A copy of a SUBSCRIBE that comes late begins the subscription anew, and
	 * then a CREDIT says how far the reader is: it goes on there.
	 */
	if (deliver->first_number > reader->sent_through &&
	    !(reader->started && deliver->first_number <= reader->next_number) &&
	    oracle->cluster->nodes[node]
			    .cores[oracle->journal % oracle->cluster->config.workers]
			    .worker->tx.dropped == 0)
		sim_violation(
			oracle->cluster, node, "O22",
			"goes on with record %llu for a reader that was sent those below %llu",
			LLU(deliver->first_number), LLU(reader->sent_through));
	if (reader->sent_through == UINT64_MAX || through > reader->sent_through)
		reader->sent_through = through;
	if (reader->started && reader->credited_number != 0 && deliver->record_count != 0)
		check_window(oracle, node, reader,
			     deliver->first_number + deliver->record_count - 1);
}

void sim_oracle_watch_client(struct sim_oracle *oracle, struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;

	client->on_answer = sim_oracle_on_answer;
	client->on_question = sim_oracle_on_question;
	client->context = oracle;
	oracle->clients[client->number] = client;
	reader->on_record = on_record;
	reader->on_deliver = on_deliver;
	reader->on_start = on_start;
	reader->on_gap = on_gap;
	reader->on_checkpoint = sim_oracle_on_checkpoint;
}
