/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is done about a device that wants a reset, or is taken away. DPDK starts once in a process, so each case is a child, which tells what
 * it saw through shared memory. net_ring gives back what was sent to it; its events are made as a driver makes them.
 */
#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_device_dpdk.h"
#include "dataplane/nic/port_stats_dpdk.h"
#include "tests/unit/runner.h"

#define DEVICE "net_ring0"
#define UDP_PORT 7700u
#define WORKERS_MAX 2u
#define FRAMES 20u
#define FRAME_BYTES 100u

/* A driver's side of DPDK, which installs no header for it. */
struct rte_eth_dev;
struct rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(struct rte_eth_dev *device, enum rte_eth_event_type event,
				 void *result);

struct look {
	enum wl_device_state state;
	bool up;
	unsigned came; /* frames of FRAMES that were sent */
};

struct seen {
	int opened, reset;
	char reason[256];
	struct look before, asked, held, after;
	struct wl_device_told told, told_after_event;
	bool stats_told; /* while it is not well */
	bool on_bus; /* DPDK still has the device */
	unsigned buffers_missing;
};

static struct seen *seen;
static struct wl_port *ports[WORKERS_MAX];
static uint32_t worker_count;
static uint64_t now_ns = 1000000000u;

/* ---- in the child ------------------------------------------------------------------------------ */

static void open_ports(uint32_t workers, bool tended)
{
	struct wl_eal_settings settings = {.memory_mb = 96, .hugepages = WL_HUGEPAGES_OFF};
	struct wl_link_config link = {.kind = WL_LINK_EAL, .name = DEVICE};
	struct wl_eal_report report;

	worker_count = workers;
	seen->opened = wl_eal_start(&settings, &report, seen->reason, sizeof(seen->reason));
	for (uint32_t worker = 0; worker < workers && seen->opened == 0; worker++) {
		struct wl_port_config config = {.worker = worker,
						.workers = workers,
						.tended = tended,
						.udp_port = (uint16_t)(UDP_PORT + worker),
						.links = &link,
						.link_count = 1};
		struct wl_port_words words;

		seen->opened = wl_port_dpdk_open(&ports[worker], &config, &words);
		memcpy(seen->reason, words.reason, sizeof(words.reason));
	}
	if (seen->opened != 0)
		_exit(2);
}

static void tend(void)
{
	now_ns += 1000000000u;
	for (uint32_t worker = 0; worker < worker_count; worker++)
		ports[worker]->ops->tend(ports[worker], now_ns);
}

static unsigned receive(struct wl_port *port)
{
	struct wl_frame frames[FRAMES];
	unsigned count = port->ops->rx_burst(port, frames, FRAMES);

	port->ops->rx_release(port, frames, count);
	return count;
}

/* Frames that no worker is named in are the owner's. */
static struct look look(void)
{
	struct wl_port *port = ports[0];
	struct wl_frame frames[FRAMES];
	struct look now = {.state = wl_port_device_state(port, 0),
			   .up = port->ops->link_is_up(port, 0)};
	unsigned count = port->ops->alloc(port, 0, frames, FRAMES), sent, got;

	for (unsigned at = 0; at < count; at++) {
		frames[at].size = FRAME_BYTES;
		memset(frames[at].bytes, 0, FRAME_BYTES);
	}
	sent = port->ops->tx_burst(port, frames, count);
	port->ops->tx_drop(port, frames + sent, count - sent);
	do {
		got = receive(port);
		now.came += got;
	} while (got != 0);
	return now;
}

static void raise_event(enum rte_eth_event_type event)
{
	rte_eth_dev_callback_process(rte_eth_dev_allocated(DEVICE), event, NULL);
}

static void hold(void)
{
	for (uint32_t worker = 0; worker < worker_count; worker++)
		wl_port_device_hold(ports[worker], 0);
	tend();
	seen->held = look();
}

static void count_buffers(struct rte_mempool *pool, void *context)
{
	(void)context;
	if (strncmp(pool->name, "wl-pool-", 8) == 0)
		seen->buffers_missing += rte_mempool_in_use_count(pool);
}

/* The pool of a worker that is alone goes with its port, so it is counted before. */
static void close_ports(void)
{
	rte_mempool_walk(count_buffers, NULL);
	for (uint32_t worker = 0; worker < worker_count; worker++)
		wl_port_dpdk_close(ports[worker]);
	_exit(0);
}

static void run_reset(uint32_t workers)
{
	struct wl_link_stats stats;
	struct wl_port_words words;

	open_ports(workers, true);
	seen->before = look();
	raise_event(RTE_ETH_EVENT_INTR_LSC);
	wl_port_device_told(ports[0], 0, &seen->told_after_event);
	raise_event(RTE_ETH_EVENT_INTR_RESET);
	raise_event(RTE_ETH_EVENT_INTR_RESET);
	seen->asked = look();
	seen->stats_told = wl_port_dpdk_link_stats(ports[0], 0, &stats);
	hold();
	seen->reset = wl_port_device_reset(ports[0], 0, &words);
	for (uint32_t worker = 0; worker < workers; worker++)
		wl_port_device_release(ports[worker], 0);
	tend();
	seen->after = look();
	wl_port_device_told(ports[0], 0, &seen->told);
	close_ports();
}

static void reset_of_one(void)
{
	run_reset(1);
}

static void reset_of_two(void)
{
	run_reset(2);
}

static void run_removal(uint32_t workers)
{
	uint16_t device;

	open_ports(workers, true);
	seen->before = look();
	raise_event(RTE_ETH_EVENT_INTR_RMV);
	tend();
	seen->asked = look();
	hold();
	wl_port_device_let_go(ports[0], 0);
	seen->on_bus = rte_eth_dev_get_port_by_name(DEVICE, &device) == 0;
	tend();
	seen->after = look();
	close_ports();
}

static void removal_from_one(void)
{
	run_removal(1);
}

static void removal_from_two(void)
{
	run_removal(2);
}

/* It goes down, and nothing tells of it. */
static void run_silent(bool tended)
{
	uint16_t device;

	open_ports(1, tended);
	rte_eth_dev_get_port_by_name(DEVICE, &device);
	seen->before = look();
	rte_eth_dev_set_link_down(device);
	tend();
	seen->asked = look();
	wl_port_device_ask(ports[0], 0);
	tend();
	seen->after = look();
	close_ports();
}

static void silent_and_tended(void)
{
	run_silent(true);
}

static void silent_and_alone(void)
{
	run_silent(false);
}

/* ---- in the test ------------------------------------------------------------------------------- */

static void see(void (*run)(void))
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
	if (pid == 0) {
		run();
		_exit(3);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(seen->opened, 0);
	CU_ASSERT_STRING_EQUAL(seen->reason, "");
	CU_ASSERT(seen->before.up && seen->before.state == WL_DEVICE_WELL);
	CU_ASSERT_EQUAL(seen->before.came, FRAMES);
	CU_ASSERT_EQUAL(seen->buffers_missing, 0);
}

static void check_reset(void)
{
	CU_ASSERT_EQUAL(seen->told_after_event.link_events, 1);
	CU_ASSERT_EQUAL(seen->asked.state, WL_DEVICE_WANTS_RESET);
	CU_ASSERT_FALSE(seen->stats_told);
	/* Held: nothing goes to its queues, nothing is taken from them. */
	CU_ASSERT(!seen->held.up && seen->held.came == 0);
	CU_ASSERT_EQUAL(seen->reset, 0);
	CU_ASSERT(seen->after.up && seen->after.state == WL_DEVICE_WELL);
	CU_ASSERT_EQUAL(seen->after.came, FRAMES);
	/* It asked twice before it was served, and is served once. */
	CU_ASSERT_EQUAL(seen->told.resets, 1);
}

static void device_that_wants_a_reset_carries_frames_again(void)
{
	see(reset_of_one);
	check_reset();
}

static void device_of_two_workers_is_reset_as_a_whole(void)
{
	see(reset_of_two);
	check_reset();
}

static void check_removal(void)
{
	/* Its link is down before anybody has held it. */
	CU_ASSERT(seen->asked.state == WL_DEVICE_LEAVES && !seen->asked.up);
	CU_ASSERT_EQUAL(seen->asked.came, 0);
	CU_ASSERT_FALSE(seen->on_bus);
	CU_ASSERT(seen->after.state == WL_DEVICE_GONE && !seen->after.up);
	CU_ASSERT_EQUAL(seen->after.came, 0);
}

static void device_that_is_taken_away_is_let_go(void)
{
	see(removal_from_one);
	check_removal();
}

static void device_of_two_workers_is_let_go_by_both(void)
{
	see(removal_from_two);
	check_removal();
}

static void link_without_interrupts_is_asked_by_who_tends_alone(void)
{
	see(silent_and_tended);
	CU_ASSERT_TRUE(seen->asked.up);
	CU_ASSERT_FALSE(seen->after.up);
	see(silent_and_alone);
	CU_ASSERT_FALSE(seen->asked.up);
}

WL_SUITE(port_device)
{
	WL_TEST(device_that_wants_a_reset_carries_frames_again),
	WL_TEST(device_of_two_workers_is_reset_as_a_whole),
	WL_TEST(device_that_is_taken_away_is_let_go),
	WL_TEST(device_of_two_workers_is_let_go_by_both),
	WL_TEST(link_without_interrupts_is_asked_by_who_tends_alone),
};
