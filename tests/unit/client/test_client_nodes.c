/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom a client follows, when nodes do not agree on who leads. */
#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS

/* Cut off from its peers and not from clients: it stood for election, nobody heard. */
static void cut_off(struct client_fixture *fixture, uint32_t node, uint64_t term)
{
	fixture->nodes[node].term = term;
	fixture->nodes[node].leader = 0;
}

static struct client_fixture *start_with_leader(uint32_t leader, uint64_t term)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_lead(fixture, leader, term);
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	return fixture;
}

static void newer_term_without_a_leader_takes_nobody_from_the_leader(void)
{
	struct client_fixture *fixture = start_with_leader(1, 7);

	cut_off(fixture, 3, 8);
	client_fixture_run(fixture, 3 * SECOND);
	CU_ASSERT_EQUAL(fixture->client->nodes.leadership.leader, 1);
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));

	client_fixture_check_acks(fixture, 20);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_NEW_LEADER), 1);
	client_fixture_end(fixture);
}

static void newcomer_finds_the_leader_beside_a_node_with_a_newer_term(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_lead(fixture, 2, 7);
	cut_off(fixture, 1, 8); /* the only endpoint that is configured */
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 5);
	client_fixture_end(fixture);
}

/* It led term 6, was cut off while node 1 was elected in term 7, and came to term 8 alone. */
static void leader_of_old_that_went_ahead_hides_no_newer_one(void)
{
	struct client_fixture *fixture = start_with_leader(3, 6);

	client_fixture_lead(fixture, 1, 7);
	cut_off(fixture, 3, 8);
	client_fixture_append(fixture, 10, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 20);
	CU_ASSERT_EQUAL(fixture->client->nodes.leadership.leader, 1);
	client_fixture_end(fixture);
}

/* Node 2 has not heard that the leader of its term gave it up. */
static void leadership_that_its_holder_ended_is_not_believed_from_others(void)
{
	struct client_fixture *fixture = start_with_leader(1, 7);

	cut_off(fixture, 1, 8);
	fixture->nodes[1].thinks_it_leads = false;
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, 500 * MS);
	CU_ASSERT_EQUAL(fixture->client->nodes.leadership.leader, 0);
	client_fixture_lead(fixture, 2, 9);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));

	client_fixture_check_acks(fixture, 15);
	client_fixture_end(fixture);
}

static void leader_that_lost_its_majority_and_came_back_is_followed_again(void)
{
	struct client_fixture *fixture = start_with_leader(1, 7);

	fixture->nodes[1].leader = fixture->nodes[2].leader = fixture->nodes[3].leader = 0;
	fixture->nodes[1].thinks_it_leads = false;
	client_fixture_append(fixture, 5, 64);
	client_fixture_run(fixture, 500 * MS);
	client_fixture_lead(fixture, 1, 7);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));

	client_fixture_check_acks(fixture, 15);
	client_fixture_end(fixture);
}

static void set_mute(struct client_fixture *fixture, bool mute)
{
	for (uint32_t node = 1; node <= CLIENT_FIXTURE_NODES; node++)
		fixture->nodes[node].mute = mute;
}

static void who_appends_nothing_hears_that_nodes_answer_again(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_fill(fixture, 10, 64);
	client_fixture_run(fixture, 50 * MS);
	fixture->read_next = 1;
	wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1);
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));
	set_mute(fixture, true);
	client_fixture_run(fixture, 4 * SECOND);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 1);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), 0);
	set_mute(fixture, false);
	client_fixture_run(fixture, 2 * SECOND);

	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 1);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), 1);
	client_fixture_end(fixture);
}

static void who_appends_is_connected_once_after_each_disconnection(void)
{
	struct client_fixture *fixture = start_with_leader(1, 7);

	for (unsigned round = 1; round <= 3; round++) {
		CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), round);
		set_mute(fixture, true);
		client_fixture_run(fixture, 4 * SECOND);
		set_mute(fixture, false);
		client_fixture_run(fixture, 2 * SECOND);
		CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), round);
	}
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_CONNECTED), 4);
	client_fixture_end(fixture);
}

static void append_that_found_no_leader_is_told_so(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_lead(fixture, 0, 3);
	client_fixture_append(fixture, 2, 64);
	client_fixture_run(fixture, 2100 * MS);

	CU_ASSERT_EQUAL(fixture->acks[1].status, WIRELOG_NO_LEADER);
	CU_ASSERT_EQUAL(fixture->acks[2].status, WIRELOG_NO_LEADER);
	client_fixture_lead(fixture, 2, 4);
	client_fixture_append(fixture, 2, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT_EQUAL(fixture->acks[4].status, WIRELOG_OK);
	CU_ASSERT_EQUAL(fixture->last_number, 2);
	client_fixture_end(fixture);
}

/* A question to node 3 was carried to node 2, and node 2 has answered it. */
static void mislead(struct wl_engine *client)
{
	int at = client->channel.nodes[3].route;

	client->nodes.hellos[at].node = 2;
	client->channel.nodes[2].route = at;
	client->channel.nodes[3].route = -1;
}

static void way_that_answers_replaces_one_that_does_not(void)
{
	struct client_fixture *fixture = start_with_leader(2, 7);

	fixture->nodes[3].up = false;
	mislead(fixture->client);
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 15);
	client_fixture_end(fixture);
}

static void node_whose_way_another_one_answered_is_found_again(void)
{
	struct client_fixture *fixture = start_with_leader(2, 7);
	int own = fixture->client->channel.nodes[2].route;

	mislead(fixture->client);
	fixture->client->channel.nodes[2].route = own;
	client_fixture_run(fixture, 3 * SECOND);
	client_fixture_lead(fixture, 3, 8);
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	client_fixture_check_acks(fixture, 15);
	client_fixture_end(fixture);
}

static void leader_whose_way_another_one_answered_is_found_again_at_once(void)
{
	struct client_fixture *fixture = start_with_leader(3, 7);
	struct wl_engine *client = fixture->client;
	int own = client->channel.nodes[2].route, at = client->channel.nodes[3].route;

	mislead(client);
	client->channel.nodes[2].route = own;
	client->nodes.hellos[at].due_ns = client->environment.now_ns + SECOND;
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));

	client_fixture_check_acks(fixture, 15);
	client_fixture_end(fixture);
}

static void take_identity_of(struct client_fixture *fixture)
{
	for (uint32_t node = 1; node <= CLIENT_FIXTURE_NODES; node++) {
		fixture->nodes[node].taken = fixture->client->channel.identity;
		fixture->nodes[node].taken_boot = 77;
	}
}

static void client_whose_identity_another_one_has_draws_again(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	wl_identity first = fixture->client->channel.identity;
	uint64_t boot_id = fixture->client->channel.boot_id;

	client_fixture_fill(fixture, 10, 64);
	take_identity_of(fixture);
	fixture->read_next = 1;
	wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1);
	client_fixture_append(fixture, 5, 64);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));
	CU_ASSERT(client_fixture_read_all(fixture, SECOND));

	CU_ASSERT_NOT_EQUAL(fixture->client->channel.identity, first);
	CU_ASSERT(wl_identity_is_client(fixture->client->channel.identity));
	CU_ASSERT_NOT_EQUAL(fixture->client->channel.boot_id, boot_id);
	CU_ASSERT_EQUAL(fixture->client->identities, 1);
	CU_ASSERT_EQUAL(fixture->acks[5].status, WIRELOG_OK);
	client_fixture_end(fixture);
}

/* It was silent for so long that its place went to another one, of its own identity. */
static void session_of_an_identity_that_was_lost_is_told_as_lost(void)
{
	struct client_fixture *fixture = start_with_leader(1, 7);

	take_identity_of(fixture);
	client_fixture_append(fixture, 1, 64);
	CU_ASSERT(client_fixture_drain(fixture, 2 * SECOND));
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SESSION_LOST), 1);
	CU_ASSERT_EQUAL(fixture->acks[11].status, WIRELOG_UNKNOWN_OUTCOME);
	CU_ASSERT_EQUAL(client_fixture_append(fixture, 1, 64), 1);
	CU_ASSERT(client_fixture_drain(fixture, SECOND));

	CU_ASSERT_EQUAL(fixture->session_count, 2);
	client_fixture_end(fixture);
}

/* The one endpoint that it was given leads to another worker of node 2. */
static struct client_fixture *start_astray(int status)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->client->channel.routes[0].link = CLIENT_FIXTURE_ASTRAY + 2;
	fixture->client->channel.routes[0].endpoint.port = 7700 + CLIENT_FIXTURE_ASTRAY + 2;
	fixture->astray_status = status;
	return fixture;
}

static void client_at_the_wrong_worker_goes_where_its_journal_is(void)
{
	struct client_fixture *fixture = start_astray(WIRELOG_JOURNAL_ELSEWHERE);

	client_fixture_append(fixture, 20, 64);
	CU_ASSERT(client_fixture_drain(fixture, 100 * MS));
	client_fixture_check_acks(fixture, 20);
	/* It is asked again now and then, and what it says takes nobody's place. */
	for (unsigned round = 0; round < 5; round++) {
		client_fixture_run(fixture, SECOND);
		client_fixture_append(fixture, 1, 64);
		CU_ASSERT(client_fixture_drain(fixture, 20 * MS));
	}

	client_fixture_check_acks(fixture, 25);
	CU_ASSERT(fixture->astray_hellos > 1 && fixture->astray_hellos < 10);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_DISCONNECTED), 0);
	client_fixture_end(fixture);
}

static void client_whose_journal_is_nowhere_knows_it(void)
{
	struct client_fixture *fixture = start_astray(WIRELOG_JOURNAL_UNKNOWN);

	client_fixture_run(fixture, 100 * MS);
	CU_ASSERT_EQUAL(fixture->client->nodes.elsewhere.status, WIRELOG_JOURNAL_UNKNOWN);
	CU_ASSERT_EQUAL(fixture->client->nodes.elsewhere.node, 2);
	CU_ASSERT_EQUAL(fixture->client->nodes.answered, 0);
	client_fixture_end(fixture);
}

WL_SUITE(client_nodes)
{
	WL_TEST(client_at_the_wrong_worker_goes_where_its_journal_is),
	WL_TEST(client_whose_journal_is_nowhere_knows_it),
	WL_TEST(client_whose_identity_another_one_has_draws_again),
	WL_TEST(session_of_an_identity_that_was_lost_is_told_as_lost),
	WL_TEST(who_appends_nothing_hears_that_nodes_answer_again),
	WL_TEST(who_appends_is_connected_once_after_each_disconnection),
	WL_TEST(append_that_found_no_leader_is_told_so),
	WL_TEST(newer_term_without_a_leader_takes_nobody_from_the_leader),
	WL_TEST(newcomer_finds_the_leader_beside_a_node_with_a_newer_term),
	WL_TEST(leader_of_old_that_went_ahead_hides_no_newer_one),
	WL_TEST(leadership_that_its_holder_ended_is_not_believed_from_others),
	WL_TEST(leader_that_lost_its_majority_and_came_back_is_followed_again),
	WL_TEST(way_that_answers_replaces_one_that_does_not),
	WL_TEST(node_whose_way_another_one_answered_is_found_again),
	WL_TEST(leader_whose_way_another_one_answered_is_found_again_at_once),
};
