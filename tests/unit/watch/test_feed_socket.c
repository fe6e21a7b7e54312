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

struct bed {
	char directory[64], path[96];
	const char *directories[1];
	int listener;
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
	CU_ASSERT_EQUAL(wl_feed_prepare(feed, 1000, fds, &wait_ms), 2);
	wl_feed_answers(feed, 1000, answers);
	CU_ASSERT(!answers[0].answers);
	wl_feed_close(feed);
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
};
