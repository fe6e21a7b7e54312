/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers' ports on one device without flow rules. DPDK starts once in a process, so each case is a child, which tells what it saw
 * through shared memory. Its one thread is both workers in turn. net_ring gives back on a queue what was sent there.
 */
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_dpdk.h"
#include "dataplane/nic/port_stats_dpdk.h"
#include "dataplane/nic/steer.h"
#include "dataplane/wire/frame.h"
#include "tests/unit/runner.h"

#define UDP_PORT 7700u
#define WORKERS 2u
#define BURST 16u
#define FRAMES 600u /* sent for each worker */
#define FRAME_BYTES 100u

struct seen {
	int opened;
	char notes[WORKERS][512], steering[WORKERS][16], reason[256];
	bool relays[WORKERS], told[WORKERS];
	unsigned received[WORKERS], out_of_order;
	struct wl_link_stats before, after; /* the second worker took nothing in between */
	unsigned taken_when_full;
	unsigned kept; /* that it had in its ring then */
	uint64_t relayed;
	unsigned buffers_missing; /* of all pools, when both ports were closed */
};

static struct seen *seen;
static unsigned numbers[WORKERS]; /* last one received */

/* ---- in the child ------------------------------------------------------------------------------ */

static void send_to(struct wl_port *port, unsigned worker, unsigned number)
{
	struct wl_address from = {.ipv4 = 1, .udp_port = 9};
	struct wl_address to = {.ipv4 = 2, .udp_port = (uint16_t)(UDP_PORT + worker)};
	struct wl_frame frame;

	if (port->ops->alloc(port, 0, &frame, 1) != 1)
		_exit(3);
	frame.size = FRAME_BYTES;
	wl_frame_close_envelope(frame.bytes, &from, &to, FRAME_BYTES - WL_FRAME_ENVELOPE_BYTES);
	memcpy(frame.bytes + WL_FRAME_ENVELOPE_BYTES, &number, sizeof(number));
	if (port->ops->tx_burst(port, &frame, 1) != 1)
		_exit(4);
}

static unsigned receive(struct wl_port *port, unsigned worker)
{
	struct wl_frame frames[BURST];
	unsigned count = port->ops->rx_burst(port, frames, BURST);

	for (unsigned at = 0; at < count; at++) {
		unsigned number;

		memcpy(&number, frames[at].bytes + WL_FRAME_ENVELOPE_BYTES, sizeof(number));
		seen->out_of_order += number <= numbers[worker];
		numbers[worker] = number;
	}
	seen->received[worker] += count;
	port->ops->rx_release(port, frames, count);
	return count;
}

/* Frames for both; the second worker is there when it `takes`. */
static void exchange(struct wl_port *ports[WORKERS], unsigned frames, bool takes)
{
	static unsigned number;

	for (unsigned at = 0; at < frames; at++) {
		number++;
		send_to(ports[0], 0, number);
		send_to(ports[0], 1, number);
		receive(ports[0], 0);
		if (takes)
			receive(ports[1], 1);
	}
	while (receive(ports[0], 0) != 0 || (takes && receive(ports[1], 1) != 0))
		;
}

/* The second worker sends more than its ring holds before the owner has a turn. */
static void send_back(struct wl_port *ports[WORKERS])
{
	struct wl_frame frames[8];

	for (unsigned number = 1; number <= WL_STEER_SLOTS; number++)
		send_to(ports[1], 0, number);
	if (ports[1]->ops->alloc(ports[1], 0, frames, 8) != 8)
		_exit(5);
	seen->taken_when_full = ports[1]->ops->tx_burst(ports[1], frames, 8);
	ports[1]->ops->tx_drop(ports[1], frames, 8);
	for (unsigned turn = 0; turn < WL_STEER_SLOTS; turn++)
		receive(ports[0], 0);
	wl_port_dpdk_link_stats(ports[0], 0, &seen->after);
	/* These are on their way when the ports close. */
	for (unsigned number = 1; number <= 40; number++)
		send_to(ports[1], 0, number);
}

static void look(struct wl_port *ports[WORKERS])
{
	struct wl_link_stats none;

	for (unsigned worker = 0; worker < WORKERS; worker++) {
		snprintf(seen->steering[worker], sizeof(seen->steering[worker]), "%s",
			 wl_port_dpdk_steering(ports[worker], 0));
		seen->relays[worker] = wl_port_dpdk_relays(ports[worker]);
		seen->told[worker] = wl_port_dpdk_link_stats(ports[worker], 0, &none);
	}
}

static void count_buffers(struct rte_mempool *pool, void *context)
{
	(void)context;
	if (strncmp(pool->name, "wl-pool-", 8) == 0)
		seen->buffers_missing += rte_mempool_in_use_count(pool);
}

static void open_ports(struct wl_port *ports[WORKERS], const struct wl_link_config *link)
{
	struct wl_eal_settings settings = {.memory_mb = 96, .hugepages = WL_HUGEPAGES_OFF};
	struct wl_eal_report report;

	seen->opened = wl_eal_start(&settings, &report, seen->reason, sizeof(seen->reason));
	for (uint32_t worker = 0; worker < WORKERS && seen->opened == 0; worker++) {
		struct wl_port_config config = {.worker = worker,
						.workers = WORKERS,
						.udp_port = (uint16_t)(UDP_PORT + worker),
						.links = link,
						.link_count = 1};
		struct wl_port_words words;

		seen->opened = wl_port_dpdk_open(&ports[worker], &config, &words);
		memcpy(seen->notes[worker], words.note, sizeof(words.note));
		memcpy(seen->reason, words.reason, sizeof(words.reason));
	}
	if (seen->opened != 0)
		_exit(2);
}

static void run(const char *device)
{
	struct wl_link_config link = {.kind = WL_LINK_EAL};
	struct wl_port *ports[WORKERS];

	snprintf(link.name, sizeof(link.name), "%s", device);
	open_ports(ports, &link);
	look(ports);
	if (strstr(device, "net_ring")) {
		exchange(ports, FRAMES, true);
		wl_port_dpdk_link_stats(ports[0], 0, &seen->before);
		seen->relayed = ports[0]->relayed;
		exchange(ports, WL_STEER_SLOTS + FRAMES, false);
		wl_port_dpdk_link_stats(ports[0], 0, &seen->after);
		/* The owner goes first: what it handed over is still there. */
		wl_port_dpdk_close(ports[0]);
		for (unsigned got; (got = receive(ports[1], 1)) != 0 && seen->kept < FRAMES;)
			seen->kept += got;
	} else {
		send_back(ports);
		wl_port_dpdk_close(ports[0]);
	}
	wl_port_dpdk_close(ports[1]);
	rte_mempool_walk(count_buffers, NULL);
	_exit(0);
}

/* ---- in the test ------------------------------------------------------------------------------- */

static void see(const char *device)
{
	int status = 0;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	wl_skip("DPDK is not built for the thread sanitizer");
#endif
	if (!seen)
		seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(seen, MAP_FAILED);
	memset(seen, 0, sizeof(*seen));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run(device);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(seen->opened, 0);
	CU_ASSERT_STRING_EQUAL(seen->reason, "");
}

static void each_worker_gets_its_own_in_order(void)
{
	see("net_ring0");
	CU_ASSERT_STRING_EQUAL(seen->steering[0], "software");
	CU_ASSERT_STRING_EQUAL(seen->steering[1], "software");
	CU_ASSERT_EQUAL(seen->out_of_order, 0);
	CU_ASSERT_EQUAL(seen->received[0], FRAMES + WL_STEER_SLOTS + FRAMES);
	CU_ASSERT_EQUAL(seen->before.handed_over, FRAMES);
	CU_ASSERT_EQUAL(seen->before.handed_dropped, 0);
	CU_ASSERT_EQUAL(seen->relayed, FRAMES);
	/* Whose port moves the others' frames is awake for them; the device is told of once. */
	CU_ASSERT(seen->relays[0] && !seen->relays[1]);
	CU_ASSERT(seen->told[0] && !seen->told[1]);
}

static void what_a_worker_does_not_take_is_bounded_and_counted(void)
{
	see("net_ring0");
	CU_ASSERT_EQUAL(seen->after.handed_over, FRAMES + WL_STEER_SLOTS);
	CU_ASSERT_EQUAL(seen->after.handed_dropped, FRAMES);
}

static void the_ring_outlives_its_owner_and_no_buffer_is_lost(void)
{
	see("net_ring0");
	CU_ASSERT(seen->kept >= FRAMES);
	CU_ASSERT_EQUAL(seen->buffers_missing, 0);
}

static void the_owner_sends_for_all_where_queues_are_pairs(void)
{
	see("net_null0,no-rx=1");
	CU_ASSERT_PTR_NOT_NULL(strstr(seen->notes[0], "receives for all, and sends for all"));
	CU_ASSERT_EQUAL(seen->taken_when_full, 0);
	CU_ASSERT_EQUAL(seen->after.handed_back, WL_STEER_SLOTS);
	CU_ASSERT_EQUAL(seen->after.tx_frames, WL_STEER_SLOTS);
	CU_ASSERT_EQUAL(seen->buffers_missing, 0);
}

static void the_note_says_why_and_who_sends(void)
{
	see("net_ring0");
	CU_ASSERT_PTR_NOT_NULL(strstr(seen->notes[0], "steering in software ("));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		seen->notes[0], "worker 0 receives for all, and each sends on a queue of its own"));
	CU_ASSERT_PTR_NOT_NULL(strstr(seen->notes[1], "steering in software"));
	CU_ASSERT_EQUAL(seen->buffers_missing, 0);
}

WL_SUITE(port_hub)
{
	WL_TEST(each_worker_gets_its_own_in_order),
	WL_TEST(what_a_worker_does_not_take_is_bounded_and_counted),
	WL_TEST(the_ring_outlives_its_owner_and_no_buffer_is_lost),
	WL_TEST(the_owner_sends_for_all_where_queues_are_pairs),
	WL_TEST(the_note_says_why_and_who_sends),
};
