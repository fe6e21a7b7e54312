/* SPDX-License-Identifier: BSD-3-Clause */
/* The feed against a node's side that does what each test wants of it. */
#include "watch/feed_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/runner.h"
#include "watch/others_socket.h"

struct bed {
	char directory[64], path[96];
	const char *directories[1];
	int listener, streams[2];
	struct wl_feed *feed;
	struct pollfd fds[WL_FEED_FDS_MAX];
	uint32_t count;
	int64_t now_ms;
	int wait_ms;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 8), 0);
	return fd;
}

static void begin(struct bed *bed)
{
	*bed = (struct bed){.now_ms = 1000, .listener = -1};
	strcpy(bed->directory, "/tmp/wirelog-test-feed-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(bed->directory));
	snprintf(bed->path, sizeof(bed->path), "%s/stats.sock", bed->directory);
	bed->directories[0] = bed->directory;
	bed->feed = wl_feed_open(bed->directories, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bed->feed);
}

static void end(struct bed *bed)
{
	wl_feed_close(bed->feed);
	if (bed->listener >= 0)
		close(bed->listener);
	unlink(bed->path);
	CU_ASSERT_EQUAL(rmdir(bed->directory), 0);
}

static void turn(struct bed *bed, int64_t ms)
{
	bed->now_ms += ms;
	bed->count = wl_feed_prepare(bed->feed, bed->now_ms, bed->fds, &bed->wait_ms);
	CU_ASSERT(bed->wait_ms >= 0 && bed->wait_ms <= WL_FEED_DIAL_MS);
	poll(bed->fds, bed->count, 0);
	wl_feed_take(bed->feed, bed->now_ms, bed->fds, bed->count);
}

static struct wl_watch_answers answers_of(const struct bed *bed)
{
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];

	wl_feed_answers(bed->feed, bed->now_ms, answers);
	return answers[0];
}

/* The request that waits there, or "". */
static const char *request_at(int fd)
{
	static char text[128];
	ssize_t size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[size > 0 ? size : 0] = '\0';
	return text;
}

static void say(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_DONTWAIT), (ssize_t)strlen(text));
}

static void a_node_is_asked_over_two_connections_whatever_happens(void)
{
	struct bed bed;
	int stream, asks;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	for (int at = 0; at < 20; at++)
		turn(&bed, 10);
	stream = accept(bed.listener, NULL, NULL);
	asks = accept(bed.listener, NULL, NULL);
	CU_ASSERT(stream >= 0 && asks >= 0);
	CU_ASSERT_EQUAL(accept(bed.listener, NULL, NULL), -1);
	CU_ASSERT_STRING_EQUAL(request_at(stream), "/wirelog/stream,500,/wirelog/metrics");
	CU_ASSERT_STRING_EQUAL(request_at(stream), "");
	CU_ASSERT_STRING_EQUAL(request_at(asks), "/wirelog/status");
	CU_ASSERT_STRING_EQUAL(request_at(asks), ""); /* one question at a time */
	close(stream);
	close(asks);
	end(&bed);
}

static void questions_go_round_once_a_second(void)
{
	static const char *const requests[] = {"/wirelog/status", "/wirelog/latency,10",
					       "/wirelog/latency,1", "/wirelog/events"};
	static const char *const names[] = {"status", "latency", "latency", "events"};
	struct bed bed;
	int stream, asks;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	turn(&bed, 1);
	stream = accept(bed.listener, NULL, NULL);
	asks = accept(bed.listener, NULL, NULL);
	for (int at = 0; at < 4; at++) {
		char answer[64];

		CU_ASSERT_STRING_EQUAL(request_at(asks), requests[at]);
		snprintf(answer, sizeof(answer), "{\"/wirelog/%s\": {\"it\": %d}}", names[at], at);
		say(asks, answer);
		turn(&bed, 1);
		turn(&bed, 1);
	}
	CU_ASSERT_STRING_EQUAL(request_at(asks), "");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answers_of(&bed).recent, "it")), 1);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answers_of(&bed).events, "it")), 3);
	turn(&bed, 1000);
	CU_ASSERT_STRING_EQUAL(request_at(asks), "/wirelog/status");
	close(stream);
	close(asks);
	end(&bed);
}

static void a_rate_is_over_the_last_samples(void)
{
	struct bed bed;
	int stream;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	turn(&bed, 1);
	stream = accept(bed.listener, NULL, NULL);
	for (int at = 0; at < 6; at++) {
		char answer[64];

		snprintf(answer, sizeof(answer), "{\"/wirelog/metrics\": {\"it\": %d}}", at);
		say(stream, answer);
		turn(&bed, 500);
	}
	CU_ASSERT(answers_of(&bed).answers);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answers_of(&bed).metrics, "it")), 5);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(answers_of(&bed).before, "it")), 2);
	CU_ASSERT_EQUAL(answers_of(&bed).span_ms, 1500);
	close(stream);
	end(&bed);
}

static void a_node_that_says_nothing_is_silent_and_dialled_again(void)
{
	struct bed bed;
	int stream;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	turn(&bed, 1);
	stream = accept(bed.listener, NULL, NULL);
	say(stream, "{\"/wirelog/metrics\": {}}");
	turn(&bed, 1);
	CU_ASSERT(answers_of(&bed).answers);
	turn(&bed, WL_FEED_SILENT_MS);
	CU_ASSERT(!answers_of(&bed).answers);
	CU_ASSERT_PTR_NOT_NULL(answers_of(&bed).metrics); /* what it said last stays */
	turn(&bed, 2000);
	turn(&bed, WL_FEED_DIAL_MS);
	CU_ASSERT(accept(bed.listener, NULL, NULL) >= 0); /* what the first dialling left there */
	close(stream);
	stream = accept(bed.listener, NULL, NULL);
	CU_ASSERT(stream >= 0);
	say(stream, "{\"/wirelog/metrics\": {}}");
	turn(&bed, 1);
	CU_ASSERT(answers_of(&bed).answers);
	CU_ASSERT_EQUAL(answers_of(&bed).span_ms, 0); /* nothing over the time between */
	close(stream);
	end(&bed);
}

static void a_node_that_dies_is_silent_at_once(void)
{
	struct bed bed;
	int stream;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	turn(&bed, 1);
	stream = accept(bed.listener, NULL, NULL);
	say(stream, "{\"/wirelog/metrics\": {}}");
	turn(&bed, 1);
	close(stream);
	turn(&bed, 1);
	CU_ASSERT(!answers_of(&bed).answers);
	end(&bed);
}

static void nonsense_ends_the_connection_and_nothing_else(void)
{
	static const char *const nonsense[] = {"{", "[]", "{\"error\": \"no\"}", "\xff\xfe",
					       "{\"/wirelog/other\": 1}"};

	for (size_t at = 0; at < sizeof(nonsense) / sizeof(nonsense[0]); at++) {
		struct bed bed;
		int stream;
		char byte;

		begin(&bed);
		bed.listener = listen_at(bed.path);
		turn(&bed, 1);
		stream = accept(bed.listener, NULL, NULL);
		request_at(stream);
		say(stream, nonsense[at]);
		turn(&bed, 1);
		CU_ASSERT_EQUAL(recv(stream, &byte, 1, MSG_DONTWAIT), 0);
		CU_ASSERT(!answers_of(&bed).answers);
		close(stream);
		end(&bed);
	}
}

static void a_path_that_is_too_long_is_a_node_that_does_not_answer(void)
{
	char path[300];
	const char *directories[1] = {path};
	struct wl_feed *feed;
	struct pollfd fds[WL_FEED_FDS_MAX];
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];
	int wait_ms;

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	feed = wl_feed_open(directories, 1);
	CU_ASSERT_EQUAL(wl_feed_prepare(feed, 1000, fds, &wait_ms), 3);
	wl_feed_answers(feed, 1000, answers);
	CU_ASSERT(!answers[0].answers);
	wl_feed_close(feed);
}

/* ---- who has no run directory here --------------------------------------------------------------- */

/* Answers as node 1 of these members. Returns the line on which the others are asked for, or -1. */
static int serve_members(struct bed *bed, const char *members)
{
	char status[200];
	int stream, asks;

	bed->listener = listen_at(bed->path);
	turn(bed, 1);
	stream = accept(bed->listener, NULL, NULL);
	asks = accept(bed->listener, NULL, NULL);
	say(stream, "{\"/wirelog/metrics\": {\"node\": 1}}");
	snprintf(
		status, sizeof(status),
		"{\"/wirelog/status\": {\"node\": 1, \"journals\": [{\"members\": {\"voters\": %s}}]}}",
		members);
	say(asks, status);
	turn(bed, 1);
	turn(bed, WL_FEED_DIAL_MS);
	bed->streams[0] = stream;
	bed->streams[1] = asks;
	return accept(bed->listener, NULL, NULL);
}

static void end_members(struct bed *bed, int others)
{
	close(bed->streams[0]);
	close(bed->streams[1]);
	if (others >= 0)
		close(others);
	end(bed);
}

static uint32_t count_of(const struct bed *bed)
{
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];

	return wl_feed_answers(bed->feed, bed->now_ms, answers);
}

static void nobody_is_asked_for_others_where_all_are_here(void)
{
	struct bed bed;

	begin(&bed);
	CU_ASSERT_EQUAL(serve_members(&bed, "[1]"), -1);
	CU_ASSERT_EQUAL(count_of(&bed), 1);
	end_members(&bed, -1);
}

static void who_is_missing_is_asked_for_until_the_round_is_over(void)
{
	struct bed bed;
	int others;

	begin(&bed);
	others = serve_members(&bed, "[1, 2]");
	CU_ASSERT_FATAL(others >= 0);
	CU_ASSERT_STRING_EQUAL(request_at(others), "/wirelog/cluster");
	say(others, "{\"/wirelog/cluster\": {\"round\": 8, \"complete\": false}}");
	turn(&bed, 1);
	turn(&bed, 1);
	CU_ASSERT_STRING_EQUAL(request_at(others), ""); /* not at once */
	turn(&bed, WL_OTHERS_LOOK_MS);
	CU_ASSERT_STRING_EQUAL(request_at(others), "/wirelog/cluster,8");
	CU_ASSERT_EQUAL(count_of(&bed), 1);
	say(others, "{\"/wirelog/cluster\": {\"round\": 8, \"complete\": true, \"node\": 1,"
		    "\"nodes\": [{\"node\": 2, \"status\": {}}]}}");
	turn(&bed, 1);
	CU_ASSERT_EQUAL(count_of(&bed), 2);
	CU_ASSERT_STRING_EQUAL(request_at(others), "");
	turn(&bed, WL_OTHERS_ASK_MS);
	CU_ASSERT_STRING_EQUAL(request_at(others), "/wirelog/cluster");
	end_members(&bed, others);
}

static void who_refuses_the_question_is_asked_again_a_second_later(void)
{
	struct bed bed;
	int others;

	begin(&bed);
	others = serve_members(&bed, "[1, 2]");
	say(others, "{\"error\": \"unknown\"}");
	turn(&bed, 1);
	turn(&bed, WL_FEED_DIAL_MS);
	CU_ASSERT_EQUAL(accept(bed.listener, NULL, NULL), -1);
	turn(&bed, WL_OTHERS_ASK_MS - WL_FEED_DIAL_MS);
	close(others);
	others = accept(bed.listener, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(request_at(others), "/wirelog/cluster");
	end_members(&bed, others);
}

static void who_hangs_is_let_go_and_another_is_asked(void)
{
	struct bed bed;
	struct wl_others others;
	int first;

	begin(&bed);
	bed.listener = listen_at(bed.path);
	wl_others_init(&others);
	wl_others_tend(&others, bed.directory, 5000);
	first = accept(bed.listener, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(request_at(first), "/wirelog/cluster");
	wl_others_tend(&others, bed.directory, 5000 + WL_OTHERS_ANSWER_MS - 1);
	CU_ASSERT_EQUAL(others.turn, 0);
	wl_others_tend(&others, bed.directory, 5000 + WL_OTHERS_ANSWER_MS);
	CU_ASSERT_EQUAL(others.turn, 1);
	close(first);
	first = accept(bed.listener, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(request_at(first), "/wirelog/cluster");
	close(first);
	wl_others_fini(&others);
	end(&bed);
}

WL_SUITE(feed_socket)
{
	WL_TEST(a_node_is_asked_over_two_connections_whatever_happens),
	WL_TEST(questions_go_round_once_a_second),
	WL_TEST(a_rate_is_over_the_last_samples),
	WL_TEST(a_node_that_says_nothing_is_silent_and_dialled_again),
	WL_TEST(a_node_that_dies_is_silent_at_once),
	WL_TEST(nonsense_ends_the_connection_and_nothing_else),
	WL_TEST(a_path_that_is_too_long_is_a_node_that_does_not_answer),
	WL_TEST(nobody_is_asked_for_others_where_all_are_here),
	WL_TEST(who_is_missing_is_asked_for_until_the_round_is_over),
	WL_TEST(who_refuses_the_question_is_asked_again_a_second_later),
	WL_TEST(who_hangs_is_let_go_and_another_is_asked),
};
