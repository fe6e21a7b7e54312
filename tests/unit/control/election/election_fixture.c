/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/election/election_fixture.h"

#include <string.h>

#define TICK_NS 5000000u

void election_fixture_start(struct election_fixture *fixture, unsigned voters, uint64_t term,
			    uint32_t vote)
{
	struct wl_election_config config = {
		.node = 1,
		.voters = ((1u << voters) - 1) << 1,
		.journal = 3,
		.election_timeout_ns = ELECTION_FIXTURE_TIMEOUT_NS,
		.seed = 42,
	};

	memset(fixture, 0, sizeof(*fixture));
	fixture->now_ns = 1000000000;
	fixture->tail = (struct wl_position){2, 10};
	wl_election_init(&fixture->election, &config, term, vote);
	wl_election_set_tail(&fixture->election, fixture->tail);
	wl_election_start(&fixture->election, fixture->now_ns, &fixture->out);
	fixture->election.started_ns -=
		ELECTION_FIXTURE_TIMEOUT_NS; /* it has been up for a while */
}

const struct wl_election_effect *election_fixture_told(const struct election_fixture *fixture,
						       enum wl_plane_verb verb)
{
	for (unsigned i = 0; i < fixture->out.count; i++)
		if (fixture->out.item[i].verb == WL_ELECTION_TELL_WORKER &&
		    fixture->out.item[i].tell.verb == verb)
			return &fixture->out.item[i];
	return NULL;
}

const struct wl_election_effect *election_fixture_sent(const struct election_fixture *fixture,
						       uint8_t type, uint32_t to)
{
	for (unsigned i = 0; i < fixture->out.count; i++)
		if (fixture->out.item[i].verb == WL_ELECTION_SEND &&
		    fixture->out.item[i].type == type && fixture->out.item[i].node == to)
			return &fixture->out.item[i];
	return NULL;
}

unsigned election_fixture_sent_count(const struct election_fixture *fixture, uint8_t type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fixture->out.count; i++)
		count += fixture->out.item[i].verb == WL_ELECTION_SEND &&
			 fixture->out.item[i].type == type;
	return count;
}

const struct wl_election_effect *election_fixture_persist(const struct election_fixture *fixture)
{
	for (unsigned i = 0; i < fixture->out.count; i++)
		if (fixture->out.item[i].verb == WL_ELECTION_PERSIST)
			return &fixture->out.item[i];
	return NULL;
}

static void tick(struct election_fixture *fixture)
{
	fixture->now_ns += TICK_NS;
	fixture->out.count = 0;
	wl_election_on_tick(&fixture->election, fixture->now_ns, &fixture->out);
}

void election_fixture_pass(struct election_fixture *fixture, uint64_t ns)
{
	for (uint64_t end_ns = fixture->now_ns + ns; fixture->now_ns < end_ns;)
		tick(fixture);
}

bool election_fixture_pass_until(struct election_fixture *fixture, enum wl_election_state state)
{
	for (int i = 0; i < 1000 && fixture->election.state != state; i++)
		tick(fixture);
	return fixture->election.state == state;
}

static struct wl_plane_message up(struct election_fixture *fixture, enum wl_plane_verb verb)
{
	struct wl_plane_message message = {
		.verb = verb,
		.journal = 3,
		.node = 1,
		.view = {.number = fixture->election.number, .term = fixture->election.term},
		.tail = fixture->tail,
		.list = fixture->election.list,
		.now_ns = fixture->now_ns,
	};

	fixture->out.count = 0;
	return message;
}

void election_fixture_fenced(struct election_fixture *fixture)
{
	struct wl_plane_message message = up(fixture, WL_PLANE_FENCED);

	wl_election_on_fenced(&fixture->election, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_persisted(struct election_fixture *fixture, bool ok)
{
	fixture->out.count = 0;
	wl_election_on_persisted(&fixture->election, ok, fixture->now_ns, &fixture->out);
}

void election_fixture_settle(struct election_fixture *fixture)
{
	election_fixture_fenced(fixture);
	if (fixture->election.state == WL_ELECTION_PERSISTING)
		election_fixture_persisted(fixture, true);
}

void election_fixture_leader_heard(struct election_fixture *fixture, uint32_t leader)
{
	struct wl_plane_message message = up(fixture, WL_PLANE_LEADER_HEARD);

	message.node = leader;
	wl_election_on_leader_heard(&fixture->election, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_saw_term(struct election_fixture *fixture, uint64_t term)
{
	struct wl_plane_message message = up(fixture, WL_PLANE_SAW_TERM);

	message.node = 2;
	message.view.term = term;
	wl_election_on_saw_term(&fixture->election, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_stalled(struct election_fixture *fixture, enum wl_stall_reason reason)
{
	struct wl_plane_message message = up(fixture, WL_PLANE_STALLED);

	message.reason = reason;
	wl_election_on_stalled(&fixture->election, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_pre_vote(struct election_fixture *fixture, uint32_t from, uint64_t term,
			       struct wl_position last)
{
	struct wl_wire_vote message = {.term = term, .last = last, .flags = 0};

	fixture->out.count = 0;
	wl_election_on_pre_vote(&fixture->election, from, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_vote(struct election_fixture *fixture, uint32_t from, uint64_t term,
			   struct wl_position last)
{
	election_fixture_vote_flags(fixture, from, term, last, 0);
}

void election_fixture_vote_flags(struct election_fixture *fixture, uint32_t from, uint64_t term,
				 struct wl_position last, uint32_t flags)
{
	struct wl_wire_vote message = {.term = term, .last = last, .flags = flags};

	fixture->out.count = 0;
	wl_election_on_vote(&fixture->election, from, &message, fixture->now_ns, &fixture->out);
}

void election_fixture_pre_vote_reply(struct election_fixture *fixture, uint32_t from,
				     uint64_t asked_term, uint64_t term, bool granted)
{
	struct wl_wire_vote_reply message = {.term = term,
					     .asked_term = asked_term,
					     .granted = granted,
					     .round = fixture->election.round};

	fixture->out.count = 0;
	wl_election_on_pre_vote_reply(&fixture->election, from, &message, fixture->now_ns,
				      &fixture->out);
}

void election_fixture_vote_reply(struct election_fixture *fixture, uint32_t from,
				 uint64_t asked_term, uint64_t term, bool granted)
{
	struct wl_wire_vote_reply message = {.term = term,
					     .asked_term = asked_term,
					     .granted = granted};

	fixture->out.count = 0;
	wl_election_on_vote_reply(&fixture->election, from, &message, fixture->now_ns,
				  &fixture->out);
}

void election_fixture_timeout_now(struct election_fixture *fixture, uint32_t from, uint64_t term,
				  struct wl_position last)
{
	struct wl_wire_timeout_now message = {.term = term, .last = last};

	fixture->out.count = 0;
	wl_election_on_timeout_now(&fixture->election, from, &message, fixture->now_ns,
				   &fixture->out);
}

void election_fixture_become_candidate(struct election_fixture *fixture)
{
	uint64_t asked = fixture->election.term + 1;

	election_fixture_pass_until(fixture, WL_ELECTION_PRE_CANDIDATE);
	for (uint32_t node = 2; node <= WIRELOG_NODES_MAX; node++)
		if (fixture->election.state == WL_ELECTION_PRE_CANDIDATE)
			election_fixture_pre_vote_reply(fixture, node, asked, asked, true);
	election_fixture_settle(fixture);
}

void election_fixture_become_leader(struct election_fixture *fixture)
{
	election_fixture_become_candidate(fixture);
	for (uint32_t node = 2; node <= WIRELOG_NODES_MAX; node++)
		if (fixture->election.state == WL_ELECTION_CANDIDATE)
			election_fixture_vote_reply(fixture, node, fixture->election.term,
						    fixture->election.term, true);
}
