/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/client.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "wirelog/status.h"

#define TICK_NS 1000000u
#define RESEND_NS 5000000u
#define DEATH_NS 30000000u /* a client that died is away for at most this long */
#define FRAMES_UNLIMITED 1000000u
#define DELIVER_OVERHEAD 172u /* a record of MTU - this fills a DELIVER exactly */

static void tick(void *subject, void *object);

/* Sizes at which something changes: the ends of the range, a whole fragment, a whole frame. */
static uint32_t edge_bytes(const struct sim_client *client, uint64_t draw)
{
	uint32_t max = (uint32_t)client->plan->record_bytes;
	uint32_t room = (uint32_t)client->plan->mtu - DELIVER_OVERHEAD;
	uint32_t near = (uint32_t)(draw >> 16) % 3 - 1;
	const uint32_t edges[] = {1,
				  2,
				  max - 1,
				  max,
				  client->part_bytes + near,
				  2 * client->part_bytes + near,
				  room + near,
				  2 * room + near};
	uint32_t bytes = edges[(draw >> 8) % (sizeof(edges) / sizeof(edges[0]))];

	return bytes > max ? max : bytes;
}

uint32_t sim_client_payload_bytes(const struct sim_client *client, uint64_t session,
				  uint64_t sequence)
{
	uint64_t counter = session ^ sequence * 0x9e3779b97f4a7c15u;
	uint64_t draw = sim_random_mix(&counter);

	if (client->plan->edge_sizes && draw % 8 == 1)
		return edge_bytes(client, draw);
	/* Mostly small ones; a few that need several frames. */
	return draw % 64 == 0 ? 1 + (uint32_t)(draw >> 8) % 6000 : 8 + (uint32_t)(draw >> 8) % 200;
}

void sim_client_payload(uint64_t session, uint64_t sequence, uint8_t *to, uint32_t bytes)
{
	uint64_t counter = session * 31 + sequence;

	for (uint32_t at = 0; at < bytes; at += 8) {
		uint64_t word = sim_random_mix(&counter);

		memcpy(to + at, &word, bytes - at < 8 ? bytes - at : 8);
	}
}

static void open_session(struct sim_client *client)
{
	struct wl_wire_open_session open = {.nonce = client->nonce};
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	sim_endpoint_send(&client->end, client->leader, WL_WIRE_OPEN_SESSION, payload,
			  wl_wire_encode_open_session(payload, &open));
}

static void ask_everybody(struct sim_client *client)
{
	client->leader = 0;
	for (unsigned node = 1; node <= client->cluster->config.nodes; node++)
		sim_endpoint_greet(&client->end, node);
}

static void lose_session(struct sim_client *client)
{
	client->session = 0;
	client->nonce = sim_random_next(&client->random) | 1;
	client->next_sequence = 1;
	client->acknowledged_through = 0;
	client->outstanding_count = 0;
	memset(client->outstanding, 0, sizeof(client->outstanding));
	memset(client->told, 0, sizeof(client->told));
}

/* ---- answers ---- */

static void note_told(struct sim_client *client, const struct sim_answer *answer)
{
	uint64_t sequence = answer->append.sequence;
	struct sim_told *told = &client->told[sequence % SIM_CLIENT_OUTSTANDING];

	if (answer->status == WIRELOG_OK &&
	    (told->sequence != sequence || answer->level > told->level))
		*told = (struct sim_told){sequence, answer->number, answer->level};
}

/* Done at the level that was asked for: a weaker record is not followed any further. */
static void finish(struct sim_client *client, struct sim_append *append, int status, uint8_t level)
{
	append->sequence = 0;
	client->outstanding_count--;
	client->acknowledged += status == WIRELOG_OK && level >= WIRELOG_COMMITTED;
	client->expired += status == WIRELOG_EXPIRED;
	client->last_progress_ns = client->cluster->agenda.now_ns;
	while (client->acknowledged_through + 1 < client->next_sequence &&
	       client->outstanding[(client->acknowledged_through + 1) % SIM_CLIENT_OUTSTANDING]
			       .sequence == 0)
		client->acknowledged_through++;
}

static void answered(struct sim_client *client, uint64_t sequence, uint64_t number,
		     const struct wl_wire_append_result *result)
{
	struct sim_append *append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];
	const struct sim_told *told = &client->told[sequence % SIM_CLIENT_OUTSTANDING];
	struct sim_answer answer = {
		.append = {.sequence = sequence},
		.session = client->session,
		.bytes = sim_client_payload_bytes(client, client->session, sequence),
		.number = number,
		.status = result->status,
		.level = result->level,
	};
	bool waits = append->sequence == sequence;
	uint8_t payload[SIM_RECORD_BYTES_MAX + 1];

	sim_client_payload(client->session, sequence, payload, answer.bytes);
	answer.checksum = wl_crc64(0, payload, answer.bytes);
	/* An answer may come twice; then it must be the same. */
	if (waits)
		answer.append = *append;
	if (told->sequence == sequence && told->level >= WIRELOG_COMMITTED)
		answer.before = told->number;
	if (client->on_answer)
		client->on_answer(client->context, client, &answer);
	note_told(client, &answer);
	if (waits)
		finish(client, append, result->status, result->level);
}

static void refused(struct sim_client *client, const struct wl_wire_append_result *result)
{
	struct sim_append *append =
		&client->outstanding[result->first_sequence % SIM_CLIENT_OUTSTANDING];

	if (append->sequence != result->first_sequence || !append->too_large)
		return;
	append->withdrawn = true;
	append->bytes = 1; /* the tombstone's */
	client->cluster->seen[SIM_SEEN_TOO_LARGE]++;
}

/* A result on behalf of a whole session: false when there is nothing more to be read. */
static bool take_refusal(struct sim_client *client, unsigned node, uint32_t leader,
			 const struct wl_wire_append_result *result)
{
	switch (result->status) {
	case WIRELOG_NOT_LEADER:
		client->leader = leader != client->leader ? leader : 0;
		break;
	case WIRELOG_SESSION_UNKNOWN:
		lose_session(client);
		client->sessions_lost++;
		return false;
	case WIRELOG_OUT_OF_ORDER:
		/* What a weaker level had acknowledged was lost with a leader. */
		if (node == client->leader && result->first_number != 0 &&
		    result->first_number <= client->acknowledged_through) {
			sim_client_send_tombstones(client, result->first_number);
			client->cluster->seen[SIM_SEEN_WEAKER_LOST]++;
		}
		break;
	case WIRELOG_RECORD_TOO_LARGE:
		refused(client, result);
		break;
	case WIRELOG_BACK_PRESSURE:
		client->cluster->seen[SIM_SEEN_BACK_PRESSURE]++;
		break;
	case WIRELOG_NO_SPACE: /* it is sent again */
		client->cluster->seen[SIM_SEEN_NO_SPACE]++;
		break;
	default:
		break;
	}
	return true;
}

static void take_reply(struct sim_client *client, unsigned node, const uint8_t *payload,
		       size_t bytes)
{
	struct wl_wire_append_reply reply;

	if (!wl_wire_decode_append_reply(payload, bytes, &reply) ||
	    reply.session != client->session)
		return;
	for (uint32_t at = 0; at < reply.result_count; at++) {
		struct wl_wire_append_result result;

		wl_wire_decode_append_result(reply.results + at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
		if (result.status != WIRELOG_OK && result.status != WIRELOG_EXPIRED) {
			if (!take_refusal(client, node, reply.leader, &result))
				return;
			continue;
		}
		for (uint32_t step = 0; step < result.count; step++)
			answered(client, result.first_sequence + step,
				 result.first_number ? result.first_number + step : 0, &result);
	}
}

static void take_hello_reply(struct sim_client *client, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_hello_reply reply;

	if (!wl_wire_decode_hello_reply(payload, bytes, &reply))
		return;
	/* An old leader that was cut off still believes in itself: the newest term knows best. */
	if (reply.leader >= 1 && reply.leader <= WIRELOG_NODES_MAX &&
	    (client->leader == 0 || reply.term > client->leader_term)) {
		client->leader = reply.leader;
		client->leader_term = reply.term;
	}
}

static void take_open_reply(struct sim_client *client, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_open_session_reply reply;

	if (!wl_wire_decode_open_session_reply(payload, bytes, &reply) ||
	    reply.nonce != client->nonce)
		return;
	if (reply.status == WIRELOG_OK && client->session == 0)
		client->session = reply.session;
	else if (reply.status == WIRELOG_NOT_LEADER)
		client->leader = 0;
}

static void on_message(void *context, unsigned node, const struct wl_frame_header *header,
		       const uint8_t *payload)
{
	struct sim_client *client = context;

	switch (header->type) {
	case WL_WIRE_HELLO_REPLY:
		sim_reader_on_boot(client, node, header->sender_boot);
		take_hello_reply(client, payload, header->payload_bytes);
		break;
	case WL_WIRE_KEEPALIVE_REPLY:
		take_hello_reply(client, payload, header->payload_bytes);
		break;
	case WL_WIRE_OPEN_SESSION_REPLY:
		take_open_reply(client, payload, header->payload_bytes);
		break;
	case WL_WIRE_APPEND_REPLY:
		take_reply(client, node, payload, header->payload_bytes);
		break;
	case WL_WIRE_DELIVER:
		sim_reader_on_deliver(client, node, payload, header->payload_bytes);
		break;
	case WL_WIRE_GAP:
		sim_reader_on_gap(client, node, payload, header->payload_bytes);
		break;
	default:
		break;
	}
}

/* ---- appends ---- */

static uint8_t draw_level(struct sim_client *client)
{
	static const uint8_t others[] = {WIRELOG_SEQUENCED, WIRELOG_RECEIVED, WIRELOG_EVERYWHERE};

	if (sim_random_below(&client->random, 100) >= client->plan->levels)
		return WIRELOG_COMMITTED;
	return others[sim_random_below(&client->random, sizeof(others))];
}

void sim_client_draw_append(struct sim_client *client, uint64_t session, uint64_t sequence,
			    struct sim_append *append)
{
	struct sim_cluster *cluster = client->cluster;
	uint64_t now = cluster->agenda.now_ns;

	*append = (struct sim_append){
		.sequence = sequence,
		.bytes = sim_client_payload_bytes(client, session, sequence),
		.level = draw_level(client),
		.began_ns = now,
		.began_after = cluster->highest_answered[client->journal],
	};
	if (client->plan->edge_sizes && sim_random_chance(&client->random, 20000)) {
		append->bytes = (uint32_t)client->plan->record_bytes + 1;
		append->too_large = true;
	}
	if (sim_random_chance(&client->random, 20000)) /* now and then one that may come too late */
		append->not_after_ns =
			1700000000000000000u + now + sim_random_below(&client->random, 2000000000);
}

static void begin_append(struct sim_client *client)
{
	uint64_t sequence = client->next_sequence++;

	sim_client_draw_append(client, client->session, sequence,
			       &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING]);
	client->outstanding_count++;
}

static bool may_begin(const struct sim_client *client)
{
	return client->appending && client->outstanding_count < client->outstanding_max &&
	       client->next_sequence - client->acknowledged_through < SIM_CLIENT_OUTSTANDING - 1;
}

/* One that was answered long ago is asked for again: the same number, whoever leads now. */
static void doubt(struct sim_client *client)
{
	uint64_t back = 1 + sim_random_below(&client->random, SIM_CLIENT_OUTSTANDING / 2);
	uint64_t sequence = client->next_sequence - back;

	if (back < client->next_sequence && sequence <= client->acknowledged_through &&
	    client->told[sequence % SIM_CLIENT_OUTSTANDING].sequence == sequence)
		sim_client_send_again(client, sequence);
}

static void append_some(struct sim_client *client)
{
	uint64_t now = client->cluster->agenda.now_ns, first_new = client->next_sequence;

	if (client->plan->session_records != 0 && client->outstanding_count == 0 &&
	    client->appending && client->next_sequence > client->plan->session_records) {
		lose_session(client);
		return;
	}
	while (may_begin(client) && sim_random_chance(&client->random, 700000))
		begin_append(client);
	if (first_new < client->next_sequence)
		sim_client_send_from(client, first_new);
	else if (client->outstanding_count != 0 && now - client->last_progress_ns > RESEND_NS &&
		 sim_random_chance(&client->random, 300000))
		sim_client_send_from(client, client->acknowledged_through + 1);
	else if (client->appending && sim_random_chance(&client->random, 20000))
		doubt(client);
}

/*
 * In the middle of what it was about to send. As somebody else: what was outstanding has no owner any more. Or as
 * the same one, which wrote down what it had sent: a new boot_id, which nodes believe when they have not heard the old one for a while.
 */
static void die(struct sim_client *client)
{
	uint64_t now = client->cluster->agenda.now_ns;
	wl_identity identity = client->end.identity;

	client->frames_left = (unsigned)sim_random_below(&client->random, 4);
	if (client->session != 0 && client->leader != 0)
		append_some(client);
	client->frames_left = FRAMES_UNLIMITED;
	if (sim_random_chance(&client->random, 600000)) {
		identity = (wl_identity)(sim_random_next(&client->random) >> 33);
		lose_session(client);
	}
	sim_endpoint_name(&client->end, identity, sim_random_next(&client->random) | 1);
	client->leader = 0;
	client->dead_until_ns = now + sim_random_below(&client->random, DEATH_NS);
	sim_reader_forget(client);
	client->cluster->seen[SIM_SEEN_DEATHS]++;
}

static void act(struct sim_client *client)
{
	uint64_t now = client->cluster->agenda.now_ns;

	if (client->leader == 0 || client->end.node_boot[client->leader] == 0) {
		if (sim_random_chance(&client->random, 200000))
			ask_everybody(client);
		return;
	}
	if (now - client->last_progress_ns > 20 * RESEND_NS &&
	    sim_random_chance(&client->random, 100000)) {
		ask_everybody(client); /* silence: the node may have restarted, or leads no more */
		return;
	}
	if (client->session != 0)
		append_some(client);
	else if (client->appending && sim_random_chance(&client->random, 300000))
		open_session(client);
}

static void tick(void *subject, void *object)
{
	struct sim_client *client = subject;
	struct sim_agenda *agenda = &client->cluster->agenda;
	uint64_t think_ns = client->plan->think_ns, now = agenda->now_ns;

	(void)object;
	if (agenda->closing)
		return;
	sim_agenda_add(agenda, now + think_ns / 2 + sim_random_below(&client->random, think_ns),
		       tick, client, NULL);
	if (now < client->dead_until_ns)
		return;
	if (now < client->plan->fault_ns &&
	    sim_random_chance(&client->random, (uint32_t)client->plan->deaths)) {
		die(client);
		return;
	}
	sim_reader_tick(client);
	act(client);
}

void sim_client_open(struct sim_client *client, unsigned node)
{
	client->leader = node;
	open_session(client);
}

void sim_client_begin(struct sim_client *client)
{
	struct sim_append *append =
		&client->outstanding[client->next_sequence % SIM_CLIENT_OUTSTANDING];

	begin_append(client);
	append->not_after_ns = 0;
	append->level = WIRELOG_COMMITTED;
}

void sim_client_send_to(struct sim_client *client, unsigned node)
{
	client->leader = node;
	sim_client_send_from(client, client->acknowledged_through + 1);
}

void sim_client_init(struct sim_client *client, struct sim_cluster *cluster, unsigned number,
		     const struct sim_plan *plan)
{
	wl_identity identity;

	memset(client, 0, sizeof(*client));
	WL_CHECK(plan->record_bytes <= SIM_RECORD_BYTES_MAX);
	client->cluster = cluster;
	client->plan = plan;
	client->number = number;
	client->journal = number % cluster->config.journals;
	client->worker = client->journal % cluster->config.workers;
	sim_random_init(&client->random, cluster->seed, 300 + number);
	identity = (wl_identity)(sim_random_next(&client->random) >> 33);
	client->nonce = sim_random_next(&client->random) | 1;
	client->next_sequence = 1;
	client->frames_left = FRAMES_UNLIMITED;
	client->part_bytes = (uint32_t)plan->mtu - 100 - WL_WIRE_CLIENT_APPEND_HEADER_BYTES -
			     WL_WIRE_RECORD_HEADER_BYTES;
	if (client->part_bytes > 1200 && sim_random_chance(&client->random, 500000))
		client->part_bytes = 1200;
	client->outstanding_max = (unsigned)plan->outstanding_max;
	if (client->outstanding_max >= SIM_CLIENT_OUTSTANDING)
		client->outstanding_max = SIM_CLIENT_OUTSTANDING - 1;
	client->appending = true;
	if (plan->library >> number & 1) {
		client->end.cluster = cluster;
		client->end.station = SIM_CLIENT_STATION + number;
		sim_reader_init(client);
		sim_library_init(client);
		return;
	}
	sim_endpoint_open(&client->end, cluster, SIM_CLIENT_STATION + number);
	sim_endpoint_name(&client->end, identity, sim_random_next(&client->random) | 1);
	client->end.journal = (uint16_t)client->journal;
	client->end.worker = client->worker;
	client->end.on_message = on_message;
	client->end.context = client;
	sim_reader_init(client);
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + TICK_NS, tick, client, NULL);
}

void sim_client_fini(struct sim_client *client)
{
	sim_library_fini(client);
}
