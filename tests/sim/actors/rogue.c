/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/rogue.h"

#include <string.h>

#include "wirelog/status.h"

#define THINK_NS 1000000u

static struct sim_rogue_session *session_by(struct sim_rogue *rogue, uint64_t session,
					    uint64_t nonce)
{
	for (unsigned at = 0; at < SIM_ROGUE_SESSIONS; at++) {
		struct sim_rogue_session *own = &rogue->sessions[at];

		if ((session != 0 && own->session == session) ||
		    (nonce != 0 && own->nonce == nonce))
			return own;
	}
	return NULL;
}

static void take_result(struct sim_rogue *rogue, struct sim_rogue_session *own,
			const struct wl_wire_append_result *result)
{
	uint64_t end = result->first_sequence + result->count;

	rogue->cluster->seen[SIM_SEEN_ROGUE_REFUSED] += result->status != WIRELOG_OK;
	if (!own)
		return;
	if (result->status == WIRELOG_OUT_OF_ORDER)
		own->next_sequence = result->first_number;
	else if (result->status == WIRELOG_SESSION_UNKNOWN)
		own->session = 0;
	else if ((result->status == WIRELOG_OK || result->status == WIRELOG_EXPIRED) &&
		 end > own->next_sequence)
		own->next_sequence = end;
}

static void take_reply(struct sim_rogue *rogue, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_append_reply reply;
	struct wl_wire_append_result result;

	if (!wl_wire_decode_append_reply(payload, bytes, &reply))
		return;
	for (uint32_t at = 0; at < reply.result_count; at++) {
		wl_wire_decode_append_result(reply.results + at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
		take_result(rogue, session_by(rogue, reply.session, 0), &result);
	}
}

static void take_open_reply(struct sim_rogue *rogue, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_open_session_reply reply;
	struct sim_rogue_session *own;

	if (!wl_wire_decode_open_session_reply(payload, bytes, &reply))
		return;
	own = session_by(rogue, 0, reply.nonce);
	rogue->cluster->seen[SIM_SEEN_ROGUE_REFUSED] += reply.status != WIRELOG_OK;
	if (!own || reply.status != WIRELOG_OK)
		return;
	own->session = reply.session;
	own->next_sequence = 1;
}

static void on_message(void *context, unsigned node, const struct wl_frame_header *header,
		       const uint8_t *payload)
{
	struct sim_rogue *rogue = context;
	struct wl_wire_hello_reply reply;

	(void)node;
	if (header->type == WL_WIRE_HELLO_REPLY || header->type == WL_WIRE_KEEPALIVE_REPLY) {
		if (wl_wire_decode_hello_reply(payload, header->payload_bytes, &reply))
			rogue->leader = reply.leader;
	} else if (header->type == WL_WIRE_OPEN_SESSION_REPLY) {
		take_open_reply(rogue, payload, header->payload_bytes);
	} else if (header->type == WL_WIRE_APPEND_REPLY) {
		take_reply(rogue, payload, header->payload_bytes);
	} else if (header->type == WL_WIRE_GAP) {
		rogue->cluster->seen[SIM_SEEN_ROGUE_REFUSED]++;
	}
}

static void tick(void *subject, void *object)
{
	struct sim_rogue *rogue = subject;
	struct sim_agenda *agenda = &rogue->cluster->agenda;
	unsigned node =
		1 + (unsigned)sim_random_below(&rogue->random, rogue->cluster->config.nodes);

	(void)object;
	if (agenda->closing || agenda->now_ns >= rogue->plan->fault_ns)
		return;
	sim_agenda_add(agenda, agenda->now_ns + sim_random_below(&rogue->random, 2 * THINK_NS),
		       tick, rogue, NULL);
	if (rogue->leader != 0 && sim_random_chance(&rogue->random, 600000))
		node = rogue->leader;
	if (rogue->end.node_boot[node] == 0 || sim_random_chance(&rogue->random, 20000))
		sim_endpoint_greet(&rogue->end, node);
	else
		sim_rogue_do_mischief(rogue, node);
}

void sim_rogue_init(struct sim_rogue *rogue, struct sim_cluster *cluster, unsigned number,
		    const struct sim_plan *plan)
{
	memset(rogue, 0, sizeof(*rogue));
	rogue->cluster = cluster;
	rogue->plan = plan;
	sim_random_init(&rogue->random, cluster->seed, 40 + number);
	rogue->forges = sim_random_chance(&rogue->random, 300000);
	rogue->identity = (wl_identity)(sim_random_next(&rogue->random) >> 33);
	for (unsigned which = 0; which < 2; which++)
		rogue->boots[which] = sim_random_next(&rogue->random) | 1;
	sim_endpoint_open(&rogue->end, cluster, SIM_ROGUE_STATION + number);
	sim_endpoint_name(&rogue->end, rogue->identity, rogue->boots[0]);
	rogue->end.journal = (uint16_t)(number % cluster->config.journals);
	rogue->end.worker = rogue->end.journal % cluster->config.workers;
	rogue->end.on_message = on_message;
	rogue->end.context = rogue;
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + THINK_NS, tick, rogue, NULL);
}
