/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the oracle that judges answers to questions: how far the journal is (O49), "never" (O50), and the other fates of appends (O51).
 * What is told is held against everything that any node had called committed when the question was put, which is more than anybody was told.
 */
#include "dataplane/base/check.h"
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

void sim_oracle_note_fence(struct sim_oracle *oracle, const struct wl_control *control)
{
	if (control->verb != WL_CONTROL_FENCE)
		return;
	sim_oracle_note_spent(oracle, control->index, control->number);
	oracle->fences[oracle->fence_count++ % SIM_ORACLE_FENCES] = (struct sim_fence){
		.session = control->index,
		.sequence = control->number,
	};
}

static bool has_fence(const struct sim_oracle *oracle, uint64_t session, uint64_t sequence)
{
	for (unsigned at = 0; at < SIM_ORACLE_FENCES; at++) {
		if (oracle->fences[at].session == session &&
		    oracle->fences[at].sequence >= sequence)
			return true;
	}
	return oracle->fence_count > SIM_ORACLE_FENCES; /* older ones are forgotten */
}

/* 0: not committed. */
static uint64_t number_of(const struct sim_oracle *oracle, uint64_t session, uint64_t sequence)
{
	for (uint64_t number = oracle->numbers; number > 0; number--) {
		const struct sim_stored_record *record = &oracle->records[number];

		if (record->session == session && record->sequence == sequence)
			return number;
	}
	return 0;
}

void sim_oracle_judge_never(const struct sim_oracle *oracle, unsigned node, uint64_t session,
			    uint64_t sequence)
{
	for (unsigned at = 0; at < SIM_ORACLE_FENCES && at < oracle->never_count; at++) {
		if (oracle->nevers[at].session == session &&
		    oracle->nevers[at].sequence == sequence)
			sim_violation(
				oracle->cluster, node, "O50",
				"sequence %llu of session %llx is committed, and \"never\" was told of it",
				LLU(sequence), LLU(session));
	}
}

static void judge_end(const struct sim_oracle *oracle, const struct sim_client *client,
		      const struct sim_question *question, const struct wirelog_event *event)
{
	if (event->number < question->numbers || event->number > oracle->numbers)
		sim_violation(
			oracle->cluster, event->node, "O49",
			"client %u is told that the journal ends at %llu; it was at %llu when that was "
			"asked, and is at %llu",
			client->number, LLU(event->number), LLU(question->numbers),
			LLU(oracle->numbers));
}

static void judge_never(struct sim_oracle *oracle, const struct sim_client *client,
			const struct sim_question *question, const struct wirelog_event *event)
{
	uint64_t number = number_of(oracle, question->session, question->sequence);
	bool fenced = has_fence(oracle, question->session, question->sequence);

	if (number != 0 || (!fenced && event->fate == WIRELOG_FATE_NEVER))
		sim_violation(
			oracle->cluster, event->node, "O50",
			"client %u is told \"never\" of sequence %llu of session %llx, which is "
			"number %llu; a fence is %s",
			client->number, LLU(question->sequence), LLU(question->session),
			LLU(number), fenced ? "committed" : "not");
	oracle->nevers[oracle->never_count++ % SIM_ORACLE_FENCES] = (struct sim_fence){
		.session = question->session,
		.sequence = question->sequence,
	};
	oracle->cluster->seen[SIM_SEEN_NEVER] += event->fate == WIRELOG_FATE_NEVER;
}

static void judge_committed(const struct sim_oracle *oracle, const struct sim_client *client,
			    const struct sim_question *question, const struct wirelog_event *event)
{
	if (event->number != number_of(oracle, question->session, question->sequence))
		sim_violation(oracle->cluster, event->node, "O51",
			      "client %u is told that sequence %llu of session %llx is number %llu",
			      client->number, LLU(question->sequence), LLU(question->session),
			      LLU(event->number));
}

void sim_oracle_on_question(void *context, struct sim_client *client, struct sim_question *question,
			    const struct wirelog_event *event)
{
	struct sim_oracle *oracle = context;

	if (!event) {
		question->numbers = oracle->numbers;
		question->committed_as = number_of(oracle, question->session, question->sequence);
		return;
	}
	if (oracle->reduced)
		return;
	if (event->kind == WIRELOG_EVENT_END) {
		judge_end(oracle, client, question, event);
		oracle->cluster->seen[SIM_SEEN_END]++;
		return;
	}
	if (event->node != 0 && sim_node_table_rots(&oracle->cluster->nodes[event->node]))
		return; /* what it remembers is not what it made */
	switch (event->fate) {
	case WIRELOG_FATE_COMMITTED:
		judge_committed(oracle, client, question, event);
		break;
	case WIRELOG_FATE_NEVER:
	case WIRELOG_FATE_EXPIRED:
		judge_never(oracle, client, question, event);
		break;
	case WIRELOG_FATE_PENDING:
		if (question->committed_as != 0 || question->fence)
			sim_violation(
				oracle->cluster, event->node, "O51",
				"client %u is told that sequence %llu of session %llx is pending, and it "
				"was number %llu when that was asked%s",
				client->number, LLU(question->sequence), LLU(question->session),
				LLU(question->committed_as),
				question->fence ? ", with a fence" : "");
		break;
	case WIRELOG_FATE_UNKNOWN:
		break;
	}
}
