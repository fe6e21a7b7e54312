/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/capture_thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/node/capture_stream_socket.h"
#include "control/node/nic_watch_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/check.h"
#include "dataplane/host/clock.h"
#include "dataplane/worker/tap_thread.h"

#define REQUEST "/wirelog/capture"
#define LOOK_MS 5 /* into the rings: what comes meanwhile has room there */
#define FULL_MS 50 /* for room in the connection, and for the node's end */
#define END_NS 1000000000u /* for an asker that is slow to take the rest */
#define NODE_ENDS_NS 200000000u

struct wl_capture {
	struct wl_node *node;
	struct wl_capture_request request;
	pthread_t thread;
	_Atomic bool node_ends, done;
	uint64_t began_ns;
	bool tapped[WIRELOG_WORKERS_MAX]; /* the worker has the tap, or may have it */
	struct wl_capture_stream stream;
};

/* ---- taps --------------------------------------------------------------------------------------- */

static size_t ring_bytes(const struct wl_capture *capture)
{
	return (size_t)capture->request.mib << 20;
}

static void set_tap(struct wl_worker *worker, void *context)
{
	(void)worker;
	wl_tap_thread_set(context);
}

/* Every page is there before the worker writes to the first. */
static struct wl_tap *make_tap(const struct wl_capture *capture, uint32_t worker)
{
	struct wl_tap *tap = aligned_alloc(64, (sizeof(*tap) + 63) & ~(size_t)63);
	void *memory = mmap(NULL, ring_bytes(capture), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (tap && memory != MAP_FAILED) {
		wl_tap_init(tap, &capture->request, (uint16_t)worker, memory);
		return tap;
	}
	if (memory != MAP_FAILED)
		munmap(memory, ring_bytes(capture));
	free(tap);
	return NULL;
}

static struct wl_worker_thread *thread_of(const struct wl_capture *capture, uint32_t worker)
{
	return &capture->node->workers[worker].thread;
}

/* 0, or a status with a sentence. */
static int begin_taps(struct wl_capture *capture, char *reason, size_t reason_bytes)
{
	struct wl_capture_stream *stream = &capture->stream;

	while (stream->tap_count < capture->node->config->worker_count) {
		struct wl_tap *tap = make_tap(capture, stream->tap_count);

		snprintf(reason, reason_bytes, "no %u MiB of memory for worker %u",
			 capture->request.mib, stream->tap_count);
		if (!tap)
			return WIRELOG_NO_MEMORY;
		stream->taps[stream->tap_count++] = tap;
	}
	for (uint32_t worker = 0; worker < stream->tap_count; worker++) {
		snprintf(reason, reason_bytes, "worker %u did not come to it in a second", worker);
		capture->tapped[worker] = wl_worker_thread_run(thread_of(capture, worker), set_tap,
							       stream->taps[worker]);
		if (!capture->tapped[worker])
			return WIRELOG_TIMED_OUT;
	}
	return 0;
}

/* False: one stands still, and may write to its tap when it goes on. */
static bool let_taps_go(struct wl_capture *capture)
{
	bool all = true;

	for (uint32_t worker = 0; worker < capture->stream.tap_count; worker++) {
		struct wl_worker_thread *thread = thread_of(capture, worker);

		if (capture->tapped[worker] && (wl_worker_thread_run(thread, set_tap, NULL) ||
						!wl_worker_thread_polls(thread)))
			capture->tapped[worker] = false;
		all &= !capture->tapped[worker];
	}
	return all;
}

static void free_taps(struct wl_capture *capture)
{
	for (uint32_t worker = 0; worker < capture->stream.tap_count; worker++) {
		struct wl_tap *tap = capture->stream.taps[worker];

		/* Of a worker that never came back, at a node's end: it is the process that ends. */
		if (capture->tapped[worker])
			continue;
		munmap(tap->ring.memory, ring_bytes(capture));
		free(tap);
	}
	capture->stream.tap_count = 0;
}

/* ---- what is told of a link --------------------------------------------------------------------- */

static void describe(void *context, struct wl_capture_link *link)
{
	const struct wl_capture *capture = context;
	const struct wl_config_worker *worker = &capture->node->config->workers[link->worker];
	struct wl_config_link found;

	if (wl_nic_watch_find(capture->node, link->worker, link->link, &found)) {
		snprintf(link->name, sizeof(link->name), "%s %s",
			 wl_config_link_kind_name(found.kind), found.name);
		link->layer = found.kind == WL_CONFIG_UDP ? WL_CAPTURE_IPV4 : WL_CAPTURE_ETHERNET;
	} else if (link->link < worker->link_count + worker->client_slots) {
		snprintf(link->name, sizeof(link->name), "memif %s slot %u", worker->client_socket,
			 link->link - worker->link_count);
	} else {
		snprintf(link->name, sizeof(link->name), "link %u", link->link);
	}
}

/* ---- a capture's life --------------------------------------------------------------------------- */

static bool node_ends(const struct wl_capture *capture)
{
	return atomic_load_explicit(&capture->node_ends, memory_order_acquire);
}

/* Any word, or the end of the connection: it wants no more. */
static bool asker_is_through(const struct wl_capture *capture, short events, int patience_ms)
{
	struct pollfd polled = {.fd = capture->stream.connection, .events = events};

	return poll(&polled, 1, patience_ms) > 0 && (polled.revents & ~POLLOUT) != 0;
}

/* The taps are set: until somebody ends it. */
static enum wl_capture_stream_state hand_on(struct wl_capture *capture)
{
	enum wl_capture_stream_state state;
	bool full;

	do {
		state = wl_capture_stream_move(&capture->stream);
		full = state == WL_CAPTURE_STREAM_FULL;
	} while (state != WL_CAPTURE_STREAM_GONE && !node_ends(capture) &&
		 !asker_is_through(capture, full ? POLLIN | POLLOUT : POLLIN,
				   full ? FULL_MS : LOOK_MS));
	return state;
}

/* What is left and the totals; an asker that does not take them goes without. */
static void hand_over_rest(struct wl_capture *capture)
{
	uint64_t began_ns = wl_clock_kernel_ns();
	bool moved = false;

	for (;;) {
		uint64_t limit = node_ends(capture) ? NODE_ENDS_NS : END_NS;
		enum wl_capture_stream_state state =
			moved ? wl_capture_stream_end(&capture->stream,
						      node_ends(capture) ? WL_CAPTURE_NODE_ENDS
									 : WL_CAPTURE_ASKED)
			      : wl_capture_stream_move(&capture->stream);

		if (state == WL_CAPTURE_STREAM_GONE || (moved && state == WL_CAPTURE_STREAM_EMPTY))
			return;
		moved |= state == WL_CAPTURE_STREAM_EMPTY;
		if (state != WL_CAPTURE_STREAM_FULL)
			continue;
		if (wl_clock_kernel_ns() - began_ns > limit)
			return;
		/* A word that it has said stays unread: only room is waited for. */
		poll(&(struct pollfd){.fd = capture->stream.connection, .events = POLLOUT}, 1,
		     FULL_MS);
	}
}

static void answer(const struct wl_capture *capture, int status, const char *reason)
{
	json_t *value = json_pack("{s:{s:b, s:i, s:s, s:s}}", REQUEST, "begun", status == 0, "node",
				  (int)capture->node->config->node, "code",
				  wirelog_status_name(status), "reason", status ? reason : "");
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	if (text)
		send(capture->stream.connection, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	free(text);
	json_decref(value);
}

/* `lost` is what the workers counted, who have let their taps go by then. */
static void tell(const struct wl_capture *capture, const char *what, uint64_t lost)
{
	struct ucred asker = {0};
	socklen_t bytes = sizeof(asker);

	getsockopt(capture->stream.connection, SOL_SOCKET, SO_PEERCRED, &asker, &bytes);
	wl_report(WL_REPORT_NOTICE, "capture",
		  "state=%s uid=%u pid=%d seconds=%lu frames=%lu bytes=%lu lost=%lu", what,
		  asker.uid, (int)asker.pid,
		  (unsigned long)((wl_clock_kernel_ns() - capture->began_ns) / 1000000000u),
		  (unsigned long)capture->stream.frames, (unsigned long)capture->stream.bytes,
		  (unsigned long)lost);
}

static void *run(void *argument)
{
	struct wl_capture *capture = argument;
	char reason[128] = "";
	sigset_t all;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	status = begin_taps(capture, reason, sizeof(reason));
	answer(capture, status, reason);
	tell(capture, status == 0 ? "begun" : "failed", 0);
	if (status == 0)
		hand_on(capture);
	/* A second each time: a worker that stands still has something worse than a tap. */
	while (!let_taps_go(capture) && !node_ends(capture))
		;
	if (status == 0) {
		hand_over_rest(capture);
		tell(capture, "ended", wl_capture_stream_total(&capture->stream).lost);
	}
	close(capture->stream.connection);
	free_taps(capture);
	atomic_store_explicit(&capture->done, true, memory_order_release);
	return NULL;
}

static void forget(struct wl_node *node)
{
	if (!node->capture)
		return;
	pthread_join(node->capture->thread, NULL);
	free(node->capture);
	node->capture = NULL;
}

static bool workers_poll(const struct wl_node *node)
{
	for (uint32_t worker = 0; worker < node->config->worker_count; worker++)
		if (!wl_worker_thread_polls(&node->workers[worker].thread))
			return false;
	return true;
}

static int begin(struct wl_node *node, int connection, const struct wl_capture_request *request)
{
	struct wl_capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		return WIRELOG_NO_MEMORY;
	capture->node = node;
	capture->request = *request;
	capture->began_ns = wl_clock_kernel_ns();
	capture->stream.connection = connection;
	capture->stream.describe = describe;
	capture->stream.context = capture;
	if (pthread_create(&capture->thread, NULL, run, capture) != 0) {
		free(capture);
		return WIRELOG_NO_MEMORY;
	}
	pthread_setname_np(capture->thread, "wl-capture");
	node->capture = capture;
	return 0;
}

json_t *wl_capture_take(void *context, int *connection, const char *parameter, char *error,
			size_t error_bytes)
{
	struct wl_node *node = context;
	struct wl_capture_request request;

	if (!wl_capture_parse_request(parameter, &request)) {
		snprintf(error, error_bytes,
			 "'%.60s' is not SNAP,MIB,DIRECTIONS,PEERS,TYPES,JOURNALS", parameter);
		return NULL;
	}
	if (node->capture && atomic_load_explicit(&node->capture->done, memory_order_acquire))
		forget(node);
	if (node->capture)
		return json_pack("{s:b, s:s, s:s}", "begun", 0, "code",
				 wirelog_status_name(WIRELOG_CAPTURE_RUNNING), "reason", "");
	if (!workers_poll(node)) {
		snprintf(error, error_bytes,
			 "the node is starting or ending: its workers do not poll");
		return NULL;
	}
	if (begin(node, *connection, &request) != 0) {
		snprintf(error, error_bytes, "there is no memory, or no thread, for a capture");
		return NULL;
	}
	*connection = -1;
	return NULL;
}

void wl_capture_close(struct wl_node *node)
{
	if (!node->capture)
		return;
	atomic_store_explicit(&node->capture->node_ends, true, memory_order_release);
	forget(node);
}
