/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif needs two processes, and DPDK starts once in a process: each end of a link is a child that
 * is forked from the runner before any DPDK, and talks to the test through shared memory.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/host/clock.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/memif_socket.h"
#include "dataplane/nic/port_dpdk.h"
#include "dataplane/nic/port_stats_dpdk.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define ENDS_MAX 4
#define LINKS_MAX 3
#define WAIT_NS 20000000000ull

/* What one end tells the test; written by the end alone, but for `stop`. */
struct end {
	volatile int stop;
	volatile int opened; /* 0: not yet, 1: open, negative: status */
	volatile int up[LINKS_MAX], full[LINKS_MAX];
	volatile uint64_t received[LINKS_MAX], sent[LINKS_MAX], damaged, largest;
	struct wl_port_dpdk_counters counters;
	struct wl_link_stats stats; /* of link 0 */
	bool stats_known;
	struct wl_link_number numbers[8];
	uint32_t number_count;
	struct wl_port_words words;
	volatile unsigned changes; /* times that link 0 was removed and added again */
	volatile bool changing; /* do that after every 200 frames */
	volatile int
		inherited; /* descriptors that a child of this end would have, once link 0 was up; -1: not yet */
	pid_t pid; /* the test's */
};

static struct end *ends;
static char address[64];
static char folder[] = "/tmp/wirelog-port-XXXXXX";

static struct wl_link_config link_config(bool server, uint32_t id, uint32_t id_count)
{
	struct wl_link_config config = {.kind = WL_LINK_MEMIF,
					.server = server,
					.id = id,
					.id_count = id_count};

	snprintf(config.name, sizeof(config.name), "%s", address);
	return config;
}

/* ---- in the child ------------------------------------------------------------------------------ */

/* A frame's first two bytes are its size, the rest follows from them. */
static void fill(struct wl_frame *frame, unsigned size)
{
	frame->size = (uint16_t)size;
	memcpy(frame->bytes, &frame->size, 2);
	memset(frame->bytes + 2, (int)(size & 0xff), size - 2);
}

static bool is_whole(const struct wl_frame *frame)
{
	uint16_t size;

	memcpy(&size, frame->bytes, 2);
	if (frame->size < 60 || size != frame->size)
		return false;
	for (unsigned i = 2; i < size; i++)
		if (frame->bytes[i] != (size & 0xff))
			return false;
	return true;
}

static void turn(struct wl_port *port, struct end *end, unsigned seed)
{
	struct wl_frame frames[32];
	unsigned count = port->ops->rx_burst(port, frames, 32);

	for (unsigned i = 0; i < count; i++) {
		end->damaged += !is_whole(&frames[i]);
		end->received[frames[i].link]++;
		if (frames[i].size > end->largest)
			end->largest = frames[i].size;
	}
	port->ops->rx_release(port, frames, count);
	for (uint16_t link = 0; link < port->link_count; link++) {
		unsigned room = port->ops->link(port, link)->mtu + 14u, sent;

		/* Also on links that are down: they take nothing and break nothing. */
		count = port->ops->alloc(port, link, frames, 8);
		for (unsigned i = 0; i < count; i++)
			fill(&frames[i], i == 0 ? room : 60 + (seed + i * 97) % (room - 60));
		sent = port->ops->tx_burst(port, frames, count);
		port->ops->tx_drop(port, frames + sent, count - sent);
		end->sent[link] += sent;
		end->up[link] = port->ops->link_is_up(port, link);
		end->full[link] = wl_port_dpdk_link_is_full(port, link);
	}
}

/* EAL's interrupt thread may open its epoll anew at any time, and a child can do nothing with it. */
static bool is_epoll(int fd)
{
	char path[64], target[32] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "eventpoll");
}

static int count_inheritable(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);

		count += flags >= 0 && (flags & FD_CLOEXEC) == 0 && !is_epoll(fd);
	}
	return count;
}

/* False: the link could not be had again, or came back under another index. */
static bool change_link(struct wl_port *port, struct end *end, const struct wl_link_config *link)
{
	wl_port_dpdk_remove_link(port, 0);
	turn(port, end, 0);
	end->changes++;
	return wl_port_dpdk_add_link(port, link, &end->words) == 0;
}

static void run_end(struct end *end, const struct wl_link_config *links, uint16_t link_count)
{
	struct wl_eal_settings settings = {.memory_mb = 64, .hugepages = WL_HUGEPAGES_OFF};
	struct wl_port_config config = {.links = links, .link_count = link_count, .frames = 2047};
	struct wl_eal_report report;
	struct wl_port *port;
	int status, before = count_inheritable();

	status = wl_eal_start(&settings, &report, end->words.reason, sizeof(end->words.reason));
	if (status == 0)
		status = wl_port_dpdk_open(&port, &config, &end->words);
	end->opened = status == 0 ? 1 : status;
	if (status != 0)
		_exit(1);
	for (unsigned seed = 0; !end->stop && getppid() != 1; seed++) {
		port->ops->tend(port, wl_clock_kernel_ns());
		turn(port, end, seed);
		if (end->inherited != 0 && end->received[0] > 0 && seed % 64 == 0)
			end->inherited = count_inheritable() - before;
		if (end->changing && end->received[0] >= 200 * (end->changes + 1ull) &&
		    !change_link(port, end, &links[0]))
			_exit(2);
		wl_port_dpdk_counters(port, &end->counters);
		sched_yield();
	}
	end->stats_known = wl_port_dpdk_link_stats(port, 0, &end->stats);
	end->number_count = wl_port_dpdk_link_numbers(port, 0, end->numbers, 8);
	wl_port_dpdk_close(port);
	_exit(0);
}

/* ---- in the test ------------------------------------------------------------------------------- */

static struct end *start_end(unsigned which, const struct wl_link_config *links, uint16_t count)
{
	struct end *end = &ends[which];
	pid_t pid;

	memset(end, 0, sizeof(*end));
	end->inherited = -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_end(end, links, count);
	end->pid = pid;
	return end;
}

static struct end *start_one(unsigned which, bool server, uint32_t id, uint32_t id_count)
{
	struct wl_link_config link = link_config(server, id, id_count);

	return start_end(which, &link, 1);
}

static bool reaches(const volatile uint64_t *count, uint64_t target)
{
	uint64_t end_ns = wl_clock_kernel_ns() + WAIT_NS;

	while (*count < target && wl_clock_kernel_ns() < end_ns)
		usleep(1000);
	return *count >= target;
}

static bool becomes(const volatile int *value, int wanted)
{
	uint64_t end_ns = wl_clock_kernel_ns() + WAIT_NS;

	while (*value != wanted && wl_clock_kernel_ns() < end_ns)
		usleep(1000);
	return *value == wanted;
}

static bool opens(struct end *end)
{
	uint64_t end_ns = wl_clock_kernel_ns() + WAIT_NS;

	while (end->opened == 0 && wl_clock_kernel_ns() < end_ns)
		usleep(1000);
	return end->opened == 1;
}

/* True when it was alive until now: it neither crashed nor gave up. */
static bool end_with(struct end *end, bool gently)
{
	uint64_t end_ns = wl_clock_kernel_ns() + WAIT_NS;
	int status = 0;
	pid_t done = 0;

	if (end->pid <= 0)
		return false;
	end->stop = gently;
	if (!gently)
		kill(end->pid, SIGKILL);
	while (done == 0 && wl_clock_kernel_ns() < end_ns) {
		done = waitpid(end->pid, &status, WNOHANG);
		if (done == 0)
			usleep(1000);
	}
	if (done == 0) {
		kill(end->pid, SIGKILL);
		waitpid(end->pid, &status, 0);
	}
	end->pid = 0;
	return gently ? WIFEXITED(status) && WEXITSTATUS(status) == 0
		      : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void set_up(bool in_folder)
{
#ifdef __SANITIZE_THREAD__
	wl_skip("DPDK is not built for the thread sanitizer");
#endif
	if (ends == NULL)
		ends = mmap(NULL, sizeof(*ends) * ENDS_MAX, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(ends, MAP_FAILED);
	if (!in_folder) {
		static unsigned round;

		snprintf(address, sizeof(address), "@wl-test-%d-%u", (int)getpid(), round++);
		return;
	}
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(address, sizeof(address), "%s/memif", folder);
}

static void frames_cross_whole_and_in_both_directions(void)
{
	struct end *server, *client;

	set_up(false);
	server = start_one(0, true, 0, 1);
	client = start_one(1, false, 0, 1);
	CU_ASSERT_TRUE(reaches(&server->received[0], 1000));
	CU_ASSERT_TRUE(reaches(&client->received[0], 1000));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_EQUAL(server->damaged + client->damaged, 0);
	CU_ASSERT_EQUAL(server->largest, 1514);
	CU_ASSERT_EQUAL(client->largest, 1514);
}

/* DPDK's own driver: what we say and write must be memif, not only our idea of it. */
static struct wl_link_config driver_config(const char *role)
{
	struct wl_link_config config = {.kind = WL_LINK_EAL, .point_to_point = true};

	snprintf(config.name, sizeof(config.name),
		 "net_memif0,role=%s,socket=%s,socket-abstract=yes,bsize=2048", role, address + 1);
	return config;
}

static void frames_cross_to_and_from_clients_of_dpdks_driver(void)
{
	struct wl_link_config link;
	struct end *server, *client;

	set_up(false);
	server = start_one(0, true, 0, 1);
	CU_ASSERT_TRUE_FATAL(opens(server));
	link = driver_config("client");
	client = start_end(1, &link, 1);
	/* More than a ring's slots, so that slots are used again. */
	CU_ASSERT_TRUE(reaches(&server->received[0], 3000));
	CU_ASSERT_TRUE(reaches(&client->received[0], 3000));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(becomes(&server->up[0], 0));
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_EQUAL(server->damaged + client->damaged, 0);
}

static void frames_cross_to_and_from_a_server_of_dpdks_driver(void)
{
	struct wl_link_config link;
	struct end *server, *client;

	set_up(false);
	link = driver_config("server");
	server = start_end(0, &link, 1);
	client = start_one(1, false, 0, 1);
	CU_ASSERT_TRUE(reaches(&server->received[0], 3000));
	CU_ASSERT_TRUE(reaches(&client->received[0], 3000));
	/* The driver first: while its client goes it may still read what it unmaps, on another thread, and that is no fault of ours. */
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_EQUAL(server->damaged + client->damaged, 0);
}

static void children_inherit_nothing_of_either_end(void)
{
	struct end *server, *client;

	set_up(false);
	server = start_one(0, true, 0, 1);
	client = start_one(1, false, 0, 1);
	CU_ASSERT_TRUE(reaches(&server->received[0], 100));
	CU_ASSERT_TRUE(reaches(&client->received[0], 100));
	CU_ASSERT_TRUE(becomes(&server->inherited, 0));
	CU_ASSERT_TRUE(becomes(&client->inherited, 0));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
}

static void jumbo_frames_are_contiguous(void)
{
	struct wl_link_config link;
	struct end *server, *client;

	set_up(false);
	link = link_config(true, 0, 1);
	link.mtu = 9000;
	server = start_end(0, &link, 1);
	link.server = false;
	client = start_end(1, &link, 1);
	CU_ASSERT_TRUE(reaches(&server->received[0], 200));
	CU_ASSERT_TRUE(reaches(&client->received[0], 200));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_EQUAL(server->damaged + client->damaged, 0);
	CU_ASSERT_EQUAL(server->largest, 9014);
	CU_ASSERT_EQUAL(server->counters.rx_chained, 0);
}

static void a_client_survives_the_killing_of_its_server_and_meets_the_next_one(void)
{
	struct end *server, *client;

	set_up(true);
	client = start_one(1, false, 0, 1);
	for (int round = 0; round < 3; round++) {
		uint64_t received = client->received[0];

		/* The killed server leaves its socket file: the next one clears it away. */
		server = start_one(0, true, 0, 1);
		CU_ASSERT_TRUE(opens(server));
		CU_ASSERT_TRUE(reaches(&client->received[0], received + 500));
		CU_ASSERT_TRUE(end_with(server, false));
		CU_ASSERT_TRUE(becomes(&client->up[0], 0));
	}
	CU_ASSERT_EQUAL(client->counters.memif.connections, 3);
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_EQUAL(client->damaged, 0);
	unlink(address);
	rmdir(folder);
}

static void a_server_survives_the_killing_of_its_clients_and_takes_the_next_one(void)
{
	struct end *server, *client;

	set_up(true);
	server = start_one(0, true, 0, 1);
	for (int round = 0; round < 3; round++) {
		uint64_t received = server->received[0];

		client = start_one(1, false, 0, 1);
		CU_ASSERT_TRUE(reaches(&server->received[0], received + 500));
		CU_ASSERT_TRUE(end_with(client, false));
		CU_ASSERT_TRUE(becomes(&server->up[0], 0));
	}
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_EQUAL(server->damaged, 0);
	/* A server that ends by itself takes its file along. */
	CU_ASSERT_EQUAL(access(address, F_OK), -1);
	rmdir(folder);
}

static void clients_find_the_free_slots_of_a_server(void)
{
	struct wl_link_config slots[2];
	struct end *server, *first, *second, *third;

	set_up(false);
	slots[0] = link_config(true, 0, 1);
	slots[1] = link_config(true, 1, 1);
	server = start_end(0, slots, 2);
	first = start_one(1, false, 0, 2);
	CU_ASSERT_TRUE(becomes(&first->up[0], 1));
	second = start_one(2, false, 0, 2);
	CU_ASSERT_TRUE(becomes(&second->up[0], 1));
	CU_ASSERT_TRUE(reaches(&server->received[0], 500));
	CU_ASSERT_TRUE(reaches(&server->received[1], 500));
	CU_ASSERT_EQUAL(second->full[0], 0);
	third = start_one(3, false, 0, 4); /* two of which the server does not have */
	CU_ASSERT_TRUE(becomes(&third->full[0], 1));
	CU_ASSERT_EQUAL(third->up[0], 0);
	CU_ASSERT_TRUE(end_with(first, false));
	CU_ASSERT_TRUE(becomes(&third->up[0], 1));
	CU_ASSERT_TRUE(becomes(&third->full[0], 0));
	CU_ASSERT_TRUE(end_with(third, false));
	CU_ASSERT_TRUE(becomes(&server->up[0], 0));
	CU_ASSERT_EQUAL(server->up[1], 1);
	/* The slot of the dead one is free for another. */
	first = start_one(1, false, 0, 2);
	CU_ASSERT_TRUE(becomes(&first->up[0], 1));
	CU_ASSERT_TRUE(end_with(first, true));
	CU_ASSERT_TRUE(end_with(second, true));
	CU_ASSERT_TRUE(end_with(server, true));
}

static void a_link_is_removed_and_added_while_the_port_runs(void)
{
	struct wl_link_config links[2];
	struct end *server, *client;

	set_up(false);
	links[0] = link_config(true, 0, 1);
	links[1] = link_config(true, 1, 1);
	server = start_end(0, links, 2);
	links[0].server = links[1].server = false;
	client = start_end(1, links, 2);
	CU_ASSERT_TRUE(reaches(&client->received[1], 100));
	client->changing = true;
	CU_ASSERT_TRUE(reaches(&client->received[0], 1000));
	CU_ASSERT(client->changes >= 4);
	CU_ASSERT_EQUAL(client->up[1], 1);
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
	CU_ASSERT_EQUAL(server->damaged + client->damaged, 0);
}

static void a_client_with_another_mtu_is_refused_and_counted(void)
{
	struct wl_link_config link;
	struct end *server, *client;

	set_up(false);
	server = start_one(0, true, 0, 1);
	link = link_config(false, 0, 1);
	link.mtu = 9000;
	client = start_end(1, &link, 1);
	CU_ASSERT_TRUE(reaches(&server->counters.memif.refused_mtu, 3));
	CU_ASSERT_EQUAL(server->received[0], 0);
	CU_ASSERT_EQUAL(client->up[0], 0);
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
}

/* Says hello, hears nonsense of every kind, and still serves. */
static void a_server_endures_garbage_on_its_socket(void)
{
	uint8_t message[128];
	struct end *server, *client;
	int passed;

	set_up(false);
	server = start_one(0, true, 0, 1);
	CU_ASSERT_TRUE_FATAL(opens(server));
	for (unsigned type = 0; type < 24; type++) {
		int fd = wl_memif_connect(address);

		CU_ASSERT_FATAL(fd >= 0);
		memset(message, (int)(type * 37), sizeof(message));
		message[0] = (uint8_t)(type % 12);
		message[1] = 0;
		if (type >= 12)
			send(fd, message, type, MSG_NOSIGNAL);
		else
			wl_memif_send(fd, message, -1);
		usleep(3000);
		while (wl_memif_receive(fd, message, &passed) > 0)
			continue;
		close(fd);
	}
	client = start_one(1, false, 0, 1);
	CU_ASSERT_TRUE(reaches(&server->received[0], 100));
	CU_ASSERT_TRUE(end_with(client, true));
	CU_ASSERT_TRUE(end_with(server, true));
}

static void an_address_in_use_is_refused_with_the_process_that_has_it(void)
{
	char reason[WL_MEMIF_REASON_BYTES], pid[32];
	int first, second;

	set_up(true);
	first = wl_memif_listen(address, reason);
	CU_ASSERT_FATAL(first >= 0);
	second = wl_memif_listen(address, reason);
	CU_ASSERT_EQUAL(second, WIRELOG_PORT_ADDRESS);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, pid));
	/* Nobody listens any more, the file is still there: as after kill -9. */
	close(first);
	CU_ASSERT_EQUAL(access(address, F_OK), 0);
	second = wl_memif_listen(address, reason);
	CU_ASSERT(second >= 0);
	close(second);
	unlink(address);
	rmdir(folder);
}

static void a_file_that_is_no_socket_is_not_removed(void)
{
	char reason[WL_MEMIF_REASON_BYTES];
	FILE *file;

	set_up(true);
	file = fopen(address, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fclose(file);
	CU_ASSERT_EQUAL(wl_memif_listen(address, reason), WIRELOG_PORT_ADDRESS);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "not a socket"));
	CU_ASSERT_EQUAL(access(address, F_OK), 0);
	unlink(address);
	rmdir(folder);
}

static void addresses_that_cannot_be_are_named(void)
{
	char longest[140] = "/";

	memset(longest + 1, 'x', 120);
	CU_ASSERT_PTR_NULL(wl_memif_address_fault("/run/wirelog/memif"));
	CU_ASSERT_PTR_NULL(wl_memif_address_fault("@wirelog"));
	CU_ASSERT_PTR_NOT_NULL(wl_memif_address_fault("relative/path"));
	CU_ASSERT_PTR_NOT_NULL(wl_memif_address_fault("@"));
	CU_ASSERT_PTR_NOT_NULL(wl_memif_address_fault("/a,role=server"));
	CU_ASSERT_PTR_NOT_NULL(wl_memif_address_fault(longest));
}

static void devices_that_are_not_there_are_errors_with_a_sentence(void)
{
	static const struct {
		enum wl_link_kind kind;
		const char *name;
		int status;
		const char *words;
	} cases[] = {
		{WL_LINK_AF_PACKET, "nosuch0", WIRELOG_EAL_DEVICE, "no such interface"},
		{WL_LINK_AF_PACKET, "a-name-that-is-too-long", WIRELOG_EAL_DEVICE, "interface"},
		{WL_LINK_PCI, "0000:99:00.0", WIRELOG_EAL_DEVICE, "no such PCI device"},
		{WL_LINK_EAL, "net_nosuch0", WIRELOG_EAL_DEVICE, "no device that DPDK knows"},
		{WL_LINK_MEMIF, "relative", WIRELOG_PORT_ADDRESS, "absolute path"},
		{WL_LINK_UDP, "192.0.2.1:7711", WIRELOG_PORT_ADDRESS, "cannot be bound there"},
	};

	set_up(false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Nobody has this address (RFC 5737). */
		struct wl_link_config link = {.kind = cases[i].kind,
					      .listen_ipv4 = 0xc0000201,
					      .listen_port = 7711};
		struct end *end;

		snprintf(link.name, sizeof(link.name), "%s", cases[i].name);
		end = start_end(0, &link, 1);
		CU_ASSERT_FALSE(opens(end));
		CU_ASSERT_EQUAL(end->opened, cases[i].status);
		CU_ASSERT_PTR_NOT_NULL(strstr(end->words.reason, cases[i].words));
		end_with(end, true);
	}
}

static void frames_of_a_device_by_its_eal_name_come_back(void)
{
	/* net_ring gives what it sent back to itself. */
	struct wl_link_config link = {.kind = WL_LINK_EAL,
				      .name = "net_ring0",
				      .point_to_point = true};
	struct end *end;

	set_up(false);
	end = start_end(0, &link, 1);
	CU_ASSERT_TRUE(reaches(&end->received[0], 1000));
	CU_ASSERT_TRUE(end_with(end, true));
	CU_ASSERT_EQUAL(end->damaged, 0);
	/* What the device says of itself, and its driver beside: by names that are not empty. */
	CU_ASSERT_TRUE(end->stats_known);
	CU_ASSERT(end->stats.rx_frames >= 1000 && end->stats.tx_frames >= end->stats.rx_frames);
	CU_ASSERT(end->number_count > 0 && end->number_count <= 8);
	for (uint32_t at = 0; at < end->number_count; at++)
		CU_ASSERT(end->numbers[at].name[0] != '\0' && end->numbers[at].value != 0);
}

WL_SUITE(port_dpdk)
{
	WL_TEST(frames_cross_whole_and_in_both_directions),
	WL_TEST(frames_cross_to_and_from_clients_of_dpdks_driver),
	WL_TEST(frames_cross_to_and_from_a_server_of_dpdks_driver),
	WL_TEST(children_inherit_nothing_of_either_end),
	WL_TEST(jumbo_frames_are_contiguous),
	WL_TEST(a_client_survives_the_killing_of_its_server_and_meets_the_next_one),
	WL_TEST(a_server_survives_the_killing_of_its_clients_and_takes_the_next_one),
	WL_TEST(clients_find_the_free_slots_of_a_server),
	WL_TEST(a_link_is_removed_and_added_while_the_port_runs),
	WL_TEST(a_client_with_another_mtu_is_refused_and_counted),
	WL_TEST(a_server_endures_garbage_on_its_socket),
	WL_TEST(an_address_in_use_is_refused_with_the_process_that_has_it),
	WL_TEST(a_file_that_is_no_socket_is_not_removed),
	WL_TEST(addresses_that_cannot_be_are_named),
	WL_TEST(devices_that_are_not_there_are_errors_with_a_sentence),
	WL_TEST(frames_of_a_device_by_its_eal_name_come_back),
};
