/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes have links of 1500 bytes here, the client one of 1428; the paths between them may carry less (client/paths.c). */
#include "tests/unit/client/client_fixture.h"
#include "tests/unit/runner.h"

#define SECOND WL_SECOND_NS
#define MS WL_MS_NS
#define LINK_MTU (CLIENT_FIXTURE_ROOM + WL_IPV4_BYTES + WL_UDP_BYTES)

static void narrow(struct client_fixture *fixture, unsigned to, unsigned from)
{
	for (uint32_t node = 1; node <= CLIENT_FIXTURE_NODES; node++) {
		fixture->path_to[node] = to;
		fixture->path_from[node] = from;
	}
}

static const struct wirelog_event *told(const struct client_fixture *fixture)
{
	return client_fixture_event(fixture, WIRELOG_EVENT_PATH_MTU);
}

static void append_all(struct client_fixture *fixture)
{
	CU_ASSERT(client_fixture_append(fixture, 500, 64) > 0);
	CU_ASSERT(client_fixture_append(fixture, 3, 5000) > 0);
	CU_ASSERT(client_fixture_append(fixture, 100, 300) > 0);
	CU_ASSERT(client_fixture_drain(fixture, 3 * SECOND));
	client_fixture_check_acks(fixture, fixture->ack_count);
}

static void read_all(struct client_fixture *fixture)
{
	fixture->read_next = 1;
	CU_ASSERT_EQUAL(wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1),
			0);
	CU_ASSERT(client_fixture_read_all(fixture, 5 * SECOND));
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
}

static void frames_are_full_where_full_ones_pass_and_nothing_is_told(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	append_all(fixture);
	fixture->largest_to_node[1] = 0;
	append_all(fixture);
	read_all(fixture);
	client_fixture_run(fixture, 2 * SECOND);

	CU_ASSERT(fixture->largest_to_node[1] > 1400);
	CU_ASSERT_EQUAL(fixture->nodes[fixture->client->subscriber.node].client_mtu, LINK_MTU);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_PATH_MTU), 0);
	client_fixture_end(fixture);
}

static void appends_pass_a_path_that_carries_less_to_the_leader_alone(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	narrow(fixture, 1400, 0);
	for (unsigned round = 0; round < 40; round++) {
		append_all(fixture);
		client_fixture_run(fixture, 20 * MS);
	}

	CU_ASSERT(fixture->largest_to_node[1] > 1300);
	CU_ASSERT_EQUAL(told(fixture)->status, WIRELOG_PATH_MTU);
	CU_ASSERT_EQUAL(told(fixture)->node, 1);
	CU_ASSERT_EQUAL(told(fixture)->mtu_to, 1400);
	CU_ASSERT_EQUAL(told(fixture)->mtu_from, LINK_MTU);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_PATH_MTU), 1);
	client_fixture_end(fixture);
}

static void appends_go_on_where_the_path_narrows_under_them(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	append_all(fixture);
	append_all(fixture);
	CU_ASSERT_EQUAL(fixture->client->paths.pairs[1].to.mtu, LINK_MTU);
	narrow(fixture, 1300, 1300);
	append_all(fixture);

	CU_ASSERT_EQUAL(fixture->client->paths.pairs[1].to.mtu, WIRELOG_MTU_MIN);
	client_fixture_end(fixture);
}

static void reader_passes_a_path_that_carries_less_from_the_node_alone(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_fill(fixture, 2000, 64);
	client_fixture_fill(fixture, 3, 9000);
	narrow(fixture, 0, 1400);
	client_fixture_run(fixture, 50 * MS);
	read_all(fixture);
	client_fixture_run(fixture, 2 * SECOND);

	CU_ASSERT_EQUAL(told(fixture)->status, WIRELOG_PATH_MTU);
	CU_ASSERT_EQUAL(told(fixture)->mtu_to, LINK_MTU);
	CU_ASSERT_EQUAL(told(fixture)->mtu_from, 1400);
	CU_ASSERT_EQUAL(fixture->nodes[told(fixture)->node].client_mtu, 1400);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_SUBSCRIPTION_ENDED), 0);
	client_fixture_end(fixture);
}

static void reader_goes_on_where_the_path_narrows_under_it(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint32_t node;

	client_fixture_fill(fixture, 500, 64);
	client_fixture_run(fixture, 50 * MS);
	read_all(fixture);
	node = fixture->client->subscriber.node;
	CU_ASSERT_EQUAL(fixture->nodes[node].client_mtu, LINK_MTU);
	narrow(fixture, 0, 1290);
	client_fixture_fill(fixture, 1000, 200);
	CU_ASSERT(client_fixture_read_all(fixture, 400 * MS));

	CU_ASSERT_EQUAL(fixture->client->subscriber.node, node);
	CU_ASSERT_EQUAL(fixture->read_wrong, 0);
	client_fixture_end(fixture);
}

static void whole_path_is_told_when_full_frames_pass_again(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_fill(fixture, 10, 64);
	narrow(fixture, 1400, 1280);
	client_fixture_run(fixture, 50 * MS);
	read_all(fixture);
	client_fixture_run(fixture, 2 * SECOND);
	CU_ASSERT_EQUAL(told(fixture)->status, WIRELOG_PATH_MTU);
	CU_ASSERT_EQUAL(told(fixture)->mtu_from, 1280);
	narrow(fixture, 0, 0);
	client_fixture_run(fixture, 3 * SECOND);

	CU_ASSERT_EQUAL(told(fixture)->status, WIRELOG_OK);
	CU_ASSERT_EQUAL(told(fixture)->mtu_to, LINK_MTU);
	CU_ASSERT_EQUAL(told(fixture)->mtu_from, LINK_MTU);
	client_fixture_end(fixture);
}

static void path_below_the_least_is_told(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	client_fixture_fill(fixture, 200, 64);
	client_fixture_run(fixture, 50 * MS); /* greetings are short, and pass */
	narrow(fixture, 0, 1000);
	CU_ASSERT_EQUAL(wl_subscriber_start(&fixture->client->subscriber, WIRELOG_FROM_NUMBER, 1),
			0);
	client_fixture_run(fixture, 3 * SECOND);

	CU_ASSERT_EQUAL(told(fixture)->status, WIRELOG_PATH_MTU);
	CU_ASSERT(told(fixture)->mtu_from < WIRELOG_MTU_MIN);
	client_fixture_end(fixture);
}

static void each_node_has_a_path_of_its_own(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->path_to[2] = 1400;
	append_all(fixture);
	append_all(fixture);
	CU_ASSERT_EQUAL(fixture->client->paths.pairs[1].to.mtu, LINK_MTU);
	client_fixture_lead(fixture, 2, 2);
	fixture->nodes[1].up = false;
	for (unsigned round = 0; round < 40; round++) {
		append_all(fixture);
		client_fixture_run(fixture, 20 * MS);
	}

	CU_ASSERT_EQUAL(fixture->client->paths.pairs[2].to.mtu, 1400);
	CU_ASSERT_EQUAL(told(fixture)->node, 2);
	client_fixture_end(fixture);
}

static void lost_probes_cost_only_the_size_of_frames(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	fixture->probes_lost = true;
	append_all(fixture);
	read_all(fixture);
	client_fixture_run(fixture, 2 * SECOND);
	CU_ASSERT(fixture->largest_to_node[1] <= WIRELOG_MTU_MIN);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_PATH_MTU), 0);
	fixture->probes_lost = false;
	client_fixture_run(fixture, SECOND);
	append_all(fixture);
	append_all(fixture);

	CU_ASSERT(fixture->largest_to_node[1] > 1400);
	client_fixture_end(fixture);
}

static void smaller_link_of_a_node_is_no_fault(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);

	for (uint32_t node = 1; node <= CLIENT_FIXTURE_NODES; node++)
		fixture->nodes[node].link_mtu = 1400;
	narrow(fixture, 1400, 1400);
	for (unsigned round = 0; round < 40; round++)
		append_all(fixture);
	read_all(fixture);
	client_fixture_run(fixture, 2 * SECOND);

	CU_ASSERT(fixture->largest_to_node[1] > 1300);
	CU_ASSERT_EQUAL(fixture->client->sender.resends, 0);
	CU_ASSERT_EQUAL(client_fixture_events(fixture, WIRELOG_EVENT_PATH_MTU), 0);
	client_fixture_end(fixture);
}

static void idle_client_sends_no_probes(void)
{
	struct client_fixture *fixture = client_fixture_start(NULL);
	uint64_t before;

	append_all(fixture);
	client_fixture_run(fixture, 100 * MS);
	before = fixture->frames_to_node[1];
	client_fixture_run(fixture, 10 * SECOND);

	CU_ASSERT(fixture->frames_to_node[1] - before < 30); /* it asks whether all is well */
	client_fixture_end(fixture);
}

WL_SUITE(client_paths)
{
	WL_TEST(frames_are_full_where_full_ones_pass_and_nothing_is_told),
	WL_TEST(appends_pass_a_path_that_carries_less_to_the_leader_alone),
	WL_TEST(appends_go_on_where_the_path_narrows_under_them),
	WL_TEST(reader_passes_a_path_that_carries_less_from_the_node_alone),
	WL_TEST(reader_goes_on_where_the_path_narrows_under_it),
	WL_TEST(whole_path_is_told_when_full_frames_pass_again),
	WL_TEST(path_below_the_least_is_told),
	WL_TEST(each_node_has_a_path_of_its_own),
	WL_TEST(lost_probes_cost_only_the_size_of_frames),
	WL_TEST(smaller_link_of_a_node_is_no_fault),
	WL_TEST(idle_client_sends_no_probes),
};
