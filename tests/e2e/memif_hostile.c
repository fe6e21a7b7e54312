/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif_hostile @SOCKET HOW [COUNT]: a memif client that is wrong on purpose. It says on one line what the node made of it:
 *
 *	refused TEXT	before the connection stood
 *	let go TEXT	afterwards
 *	kept		for two seconds, whatever it wrote there
 *
 * HOW: honest; one of the lies of the table below; garbage, heaps (of descriptors), killed: COUNT connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/base/bytes.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_ring.h"
#include "dataplane/nic/memif_socket.h"

#define LOG2 4u
#define SLOTS (1u << LOG2)
#define BUFFER_BYTES_MIN 2048u
#define PATIENCE_MS 10000
#define KEPT_MS 2000
#define IDS 64u
#define HEAP 5

static const char *address, *how;
static uint8_t message[WL_MEMIF_MESSAGE_BYTES];
static char text[97];
static uint8_t *region;
static uint64_t region_bytes;
static uint32_t buffer_bytes;
static int memory_fd;

static bool is(const char *lie)
{
	return strcmp(how, lie) == 0;
}

/* 1: a message; 0: silence; -1: the node hung up. `text` has the last DISCONNECT's words. */
static int hear(int fd, int patience_ms)
{
	struct pollfd event = {.fd = fd, .events = POLLIN};
	int passed, outcome;

	if (poll(&event, 1, patience_ms) <= 0)
		return 0;
	outcome = wl_memif_receive(fd, message, &passed);
	if (outcome > 0 && wl_load_u16(message) == WL_MEMIF_DISCONNECT) {
		memcpy(text, message + WL_MEMIF_DISCONNECT_TEXT, 96);
		return -1;
	}
	return outcome;
}

static bool hears(int fd, enum wl_memif_type type)
{
	return hear(fd, PATIENCE_MS) > 0 && wl_load_u16(message) == type;
}

static bool say(int fd, int passed)
{
	return wl_memif_send(fd, message, passed) && hears(fd, WL_MEMIF_ACK);
}

/* A socket on which an INIT was taken; -1: none of the ids was free. */
static int begin(void)
{
	for (uint32_t id = 0; id < IDS; id++) {
		int fd = wl_memif_connect(address);

		if (fd < 0 || !hears(fd, WL_MEMIF_HELLO)) {
			close(fd);
			return -1;
		}
		buffer_bytes = (uint32_t)wl_align_up(wl_memif_hello_mtu(message) + 14u, 256);
		if (buffer_bytes < BUFFER_BYTES_MIN)
			buffer_bytes = BUFFER_BYTES_MIN;
		wl_memif_say_init(message, id);
		if (say(fd, -1))
			return fd;
		close(fd);
	}
	return -1;
}

static bool make_memory(void)
{
	unsigned flags = MFD_ALLOW_SEALING | MFD_CLOEXEC;

	region_bytes = wl_memif_region_bytes(LOG2, buffer_bytes);
	memory_fd = memfd_create("hostile", flags);
	if (memory_fd < 0 || ftruncate(memory_fd, (off_t)region_bytes) != 0)
		return false;
	if (!is("unsealed") && fcntl(memory_fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0)
		return false;
	region = mmap(NULL, region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	return region != MAP_FAILED;
}

static int what_is_passed(void)
{
	if (is("file"))
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	return is("no_descriptor") ? -1 : dup(memory_fd);
}

/* True: the node has connected. */
static bool offer(int fd, struct wl_memif_ring *tx, struct wl_memif_ring *rx)
{
	const uint32_t ring_bytes = wl_memif_ring_bytes(LOG2);
	const struct wl_memif_ring_shape to_server = {0, buffer_bytes, LOG2, true};
	const struct wl_memif_ring_shape to_client = {ring_bytes, buffer_bytes, LOG2, false};

	wl_memif_ring_make(tx, region, (uint32_t)region_bytes, &to_server, 2 * ring_bytes);
	wl_memif_ring_make(rx, region, (uint32_t)region_bytes, &to_client,
			   2 * ring_bytes + SLOTS * buffer_bytes);
	if (is("cookie"))
		region[0] ^= 1;
	wl_memif_say_region(message, is("size")	  ? region_bytes + 4096
				     : is("huge") ? UINT64_MAX
						  : region_bytes);
	if (is("region_index"))
		wl_store_u16(message + WL_MEMIF_REGION_INDEX, 7);
	if (!say(fd, what_is_passed()))
		return false;
	wl_memif_say_ring(message, true, is("ring_offset") ? (uint32_t)region_bytes - 64 : 0,
			  is("ring_size") ? 200 : LOG2);
	if (!say(fd, dup(memory_fd)))
		return false;
	wl_memif_say_ring(message, false, ring_bytes, LOG2);
	if (!say(fd, dup(memory_fd)))
		return false;
	wl_memif_say(message, WL_MEMIF_CONNECT);
	return wl_memif_send(fd, message, -1) && hears(fd, WL_MEMIF_CONNECTED);
}

static void put_descriptors(uint32_t ring, uint16_t number, uint32_t length, uint32_t offset)
{
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		uint8_t *descriptor = region + ring + WL_MEMIF_RING_HEADER_BYTES +
				      slot * WL_MEMIF_DESCRIPTOR_BYTES;

		wl_store_u16(descriptor + 2, number);
		wl_store_u32(descriptor + 4, length);
		wl_store_u32(descriptor + 8, offset);
	}
}

/* Everywhere but in the headers, again and again, while the node polls. */
static void scribble(void)
{
	unsigned seed = (unsigned)getpid();

	for (unsigned i = 0; i < 2000000; i++) {
		uint32_t at = (uint32_t)rand_r(&seed) % (uint32_t)(2 * wl_memif_ring_bytes(LOG2));

		region[at] = (uint8_t)rand_r(&seed);
	}
}

/* What a connected client does wrong. */
static void lie(struct wl_memif_ring *tx, struct wl_memif_ring *rx)
{
	const uint32_t ring_bytes = wl_memif_ring_bytes(LOG2);
	struct wl_memif_place places[SLOTS];
	unsigned count;

	wl_memif_ring_start(rx);
	wl_memif_ring_start(tx);
	count = wl_memif_ring_take(tx, places, SLOTS);
	for (unsigned at = 0; at < count; at++)
		memset(places[at].bytes, 0xee, 200);
	if (is("head"))
		wl_store_u16(region + 6, 40000);
	if (is("room_head"))
		wl_store_u16(region + ring_bytes + 6, 40000);
	if (is("offset"))
		put_descriptors(0, 0, 200, UINT32_MAX - 100);
	if (is("length"))
		put_descriptors(0, 0, UINT32_MAX, 0);
	if (is("region"))
		put_descriptors(0, 5, 200, 0);
	if (is("garbage_frames"))
		put_descriptors(0, 0, 200, 2 * ring_bytes);
	if (is("room_offset"))
		put_descriptors(ring_bytes, 0, 9000, UINT32_MAX - 100);
	if (is("offset") || is("length") || is("region") || is("garbage_frames"))
		wl_memif_ring_publish(tx);
	/* Refused by the seal, and then tried by taking the pages away. */
	if (is("shrink")) {
		if (ftruncate(memory_fd, 0) == 0)
			printf("unsealed! ");
		fallocate(memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  (off_t)region_bytes);
	}
	if (is("scribble"))
		scribble();
	if (is("killed"))
		raise(SIGKILL);
}

static void one_client(void)
{
	struct wl_memif_ring tx, rx;
	int fd = begin();

	if (fd < 0 || !make_memory()) {
		printf("no slot: %s\n", text);
		exit(1);
	}
	if (!offer(fd, &tx, &rx)) {
		printf("refused %s\n", text);
		return;
	}
	lie(&tx, &rx);
	text[0] = '\0';
	if (is("chatter")) {
		wl_memif_say_region(message, 1);
		wl_memif_send(fd, message, dup(memory_fd));
	}
	if (hear(fd, KEPT_MS) < 0)
		printf("let go %s\n", text);
	else
		printf("kept\n");
}

/* More descriptors in one message than there is any use for. */
static void send_heap(int fd, enum wl_memif_type type)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * HEAP)];
		struct cmsghdr alignment;
	} control;
	struct iovec part = {message, sizeof(message)};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *extra;
	int heap[HEAP];

	for (unsigned at = 0; at < HEAP; at++)
		heap[at] = STDERR_FILENO;
	memset(&control, 0, sizeof(control));
	extra = CMSG_FIRSTHDR(&header);
	extra->cmsg_level = SOL_SOCKET;
	extra->cmsg_type = SCM_RIGHTS;
	extra->cmsg_len = CMSG_LEN(sizeof(heap));
	memcpy(CMSG_DATA(extra), heap, sizeof(heap));
	wl_store_u16(message, (uint16_t)type);
	sendmsg(fd, &header, MSG_NOSIGNAL);
}

static void garbage(unsigned number)
{
	int fd = wl_memif_connect(address);

	if (fd < 0)
		return;
	memset(message, (int)(number * 37), sizeof(message));
	wl_store_u16(message, (uint16_t)(number % 12));
	send(fd, message, number % 3 == 0 ? sizeof(message) : number % 200, MSG_NOSIGNAL);
	close(fd);
}

/* The heap comes as the first message, or in the middle of an honest handshake. */
static void heaps(unsigned number)
{
	int fd = number % 2 == 0 ? wl_memif_connect(address) : begin();

	if (fd < 0)
		return;
	memset(message, 0, sizeof(message));
	send_heap(fd, number % 4 < 2 ? WL_MEMIF_ADD_RING : WL_MEMIF_ADD_REGION);
	send_heap(fd, WL_MEMIF_ADD_RING);
	hear(fd, PATIENCE_MS);
	close(fd);
}

static void killed(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		one_client();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 1;

	if (argc < 3) {
		fprintf(stderr, "usage: memif_hostile @SOCKET HOW [COUNT]\n");
		return 64;
	}
	address = argv[1];
	how = argv[2];
	signal(SIGPIPE, SIG_IGN);
	for (unsigned number = 0; number < count; number++) {
		if (is("garbage"))
			garbage(number);
		else if (is("heaps"))
			heaps(number);
		else if (is("killed"))
			killed();
		else
			one_client();
	}
	return 0;
}
