/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on their way in, from everybody: strangers without the key, and a hostile peer that has it and
 * seals what it likes. A frame is taken or counted under exactly one reason; one that is not taken changes
 * nothing that is known of any sender; no sequence of a sender's boot id is taken twice.
 *
 * Input: one byte for the mode (bit 0: insecure), then frames, each a byte of choices and what it chooses.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/transport/rx.h"
#include "dataplane/wire/wire.h"
#include "tests/fuzz/input.h"

#define CLUSTER 0x0123456789abcdefu
#define BOOT_ID ((uint64_t)5 << 32 | 77)
#define PORT 7700u
#define CLIENTS 16u
#define TAKEN_MAX 512u
#define FRAME_MAX 2048u

struct taken {
	wl_identity sender;
	uint64_t boot_id, sequence;
};

static struct wl_auth keyed, insecure;
static struct wl_counters counters;
static struct wl_rx rx;
static struct wl_remote clients[CLIENTS + 1],
	clients_before[CLIENTS + 1], /* the last one is the index */
	peers_before[WIRELOG_NODES_MAX + 1];
static struct taken taken[TAKEN_MAX];
static unsigned taken_count;

int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	static const uint8_t secret[WL_AUTH_SECRET_BYTES] = "a fuzzer has it";

	(void)count;
	(void)arguments;
	FUZZ_PROMISE(wl_auth_init(&keyed, secret) == 0 && wl_auth_init(&insecure, NULL) == 0);
	return 0;
}

static void begin(bool is_insecure)
{
	memset(&rx, 0, sizeof(rx));
	memset(&counters, 0, sizeof(counters));
	memset(clients, 0, sizeof(clients));
	taken_count = 0;
	rx.auth = is_insecure ? &insecure : &keyed;
	rx.counters = &counters;
	rx.cluster = CLUSTER;
	rx.identity = wl_identity_of_node(1, 0);
	rx.boot_id = BOOT_ID;
	rx.udp_port = PORT;
	rx.members = 1u << 1 | 1u << 2 | 1u << 3;
	rx.client_idle_ns = UINT64_MAX / 2;
	rx.peers[2].identity = wl_identity_of_node(2, 0);
	rx.peers[3].identity = wl_identity_of_node(3, 0);
	rx.peers[3].boot_floor = (uint64_t)3 << 32;
	FUZZ_PROMISE(wl_remote_table_memory_bytes(CLIENTS) <= sizeof(clients));
	wl_remote_table_init(&rx.clients, clients, CLIENTS);
}

static wl_identity pick_sender(struct fuzz_input *input)
{
	uint8_t which = fuzz_u8(input);

	if (which < 64)
		return wl_identity_of_node(2, 0);
	if (which < 128)
		return wl_identity_of_node(3, 0);
	if (which < 240)
		return WL_IDENTITY_CLIENT | which % 24; /* more than there are slots */
	return fuzz_u32(input);
}

static uint8_t pick_type(struct fuzz_input *input)
{
	static const uint8_t types[] = {
		WL_WIRE_HELLO,	WL_WIRE_HELLO_REPLY, WL_WIRE_APPEND,	WL_WIRE_APPEND_ACK,
		WL_WIRE_VOTE,	WL_WIRE_PRE_VOTE,    WL_WIRE_SUBSCRIBE, WL_WIRE_KEEPALIVE,
		WL_WIRE_CREDIT, WL_WIRE_DELIVER,     WL_WIRE_GREETING,
	};
	uint8_t which = fuzz_u8(input);

	return which < 200 ? types[which % sizeof(types)] : fuzz_u8(input);
}

/* A frame that is right but for what the input says. Returns its size. */
static size_t compose(struct fuzz_input *input, uint8_t *frame)
{
	struct wl_address from = {.ipv4 = 0x0a000002, .udp_port = 9},
			  to = {.ipv4 = 0x0a000001, .udp_port = PORT};
	uint8_t *datagram = frame + WL_FRAME_ENVELOPE_BYTES;
	struct wl_frame_header header = {
		.type = pick_type(input),
		.journal = fuzz_u8(input) % 4,
		.cluster = fuzz_near(input, CLUSTER),
		.sender = pick_sender(input),
		.destination = (wl_identity)fuzz_near(input, rx.identity),
		.sender_boot = fuzz_near(input, (uint64_t)(3 + fuzz_u8(input) % 4) << 32 | 9),
		.destination_boot = fuzz_near(input, BOOT_ID),
		.sequence = fuzz_near(input, fuzz_u8(input)),
	};
	uint8_t damage = fuzz_u8(input);
	struct wl_auth_key key;
	size_t bytes;
	const uint8_t *payload = fuzz_take(input, fuzz_u8(input), &bytes);

	header.payload_bytes = (uint16_t)bytes;
	wl_frame_encode_header(datagram, &header);
	memcpy(datagram + WL_FRAME_HEADER_BYTES, payload, bytes);
	bytes += WL_FRAME_HEADER_BYTES;
	wl_auth_derive(rx.auth, header.sender, header.sender_boot, &key);
	if (damage < 200)
		wl_auth_seal(rx.auth, &key, datagram, bytes);
	if (damage >= 160 && damage < 240)
		datagram[fuzz_u8(input) % bytes] ^= (uint8_t)(1u << damage % 8);
	wl_frame_close_envelope(frame, &from, &to, bytes);
	return WL_FRAME_ENVELOPE_BYTES + bytes - (damage >= 240 ? damage % 8u : 0);
}

static uint64_t drops(void)
{
	uint64_t sum = 0;

	for (unsigned verdict = 0; verdict < WL_FRAME_VERDICTS; verdict++)
		sum += counters.dropped[verdict];
	return sum;
}

static void check_refused(enum wl_frame_verdict verdict, uint64_t drops_before,
			  uint64_t count_before)
{
	bool slow = verdict == WL_FRAME_ARP || verdict == WL_FRAME_ICMP;

	FUZZ_PROMISE(drops() - drops_before == (slow ? 0 : 1));
	FUZZ_PROMISE(counters.dropped[verdict] - count_before == (slow ? 0 : 1));
	if (verdict ==
	    WL_FRAME_OLD_BOOT) { /* that a boot has two boot ids is remembered, to be told */
		for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
			peers_before[node].forked_boot = rx.peers[node].forked_boot;
	}
	FUZZ_PROMISE(memcmp(peers_before, rx.peers, sizeof(peers_before)) == 0);
	/* A sequence that was seen before, under a boot id that is known: nothing else either. */
	FUZZ_PROMISE(memcmp(clients_before, clients, sizeof(clients)) == 0);
}

/* A question moves the window of who asks, and nothing else. */
static void check_question_changed_nothing(void)
{
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
		peers_before[node].replay = rx.peers[node].replay;
	for (unsigned slot = 0; slot < CLIENTS; slot++)
		clients_before[slot].replay = clients[slot].replay;
	FUZZ_PROMISE(memcmp(peers_before, rx.peers, sizeof(peers_before)) == 0);
	FUZZ_PROMISE(memcmp(clients_before, clients, sizeof(clients)) == 0);
}

static void check_taken(const struct wl_message *message, const struct wl_frame *frame)
{
	const uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	struct taken now = {wl_load_u32(datagram + 16), wl_load_u64(datagram + 24),
			    wl_load_u64(datagram + 40)};

	FUZZ_PROMISE(message->payload + message->bytes <= frame->bytes + frame->size);
	FUZZ_PROMISE(message->link == frame->link);
	if (message->type == WL_WIRE_HELLO) {
		FUZZ_PROMISE(message->from == NULL && message->hello_identity == now.sender);
		check_question_changed_nothing();
		return;
	}
	FUZZ_PROMISE(message->from != NULL && message->from->identity == now.sender);
	FUZZ_PROMISE(message->from->boot_id == now.boot_id && message->from->address_known);
	FUZZ_PROMISE(wl_load_u64(datagram + 32) == BOOT_ID && wl_load_u64(datagram + 8) == CLUSTER);
	for (unsigned at = 0; at < taken_count; at++)
		FUZZ_PROMISE(taken[at].sender != now.sender || taken[at].boot_id != now.boot_id ||
			     taken[at].sequence != now.sequence);
	if (taken_count < TAKEN_MAX)
		taken[taken_count++] = now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	uint8_t composed[FRAME_MAX];
	uint64_t now_ns = 1000;

	begin(fuzz_u8(&input) & 1);
	while (fuzz_left(&input) != 0) {
		uint64_t drops_before = drops(), before[WL_FRAME_VERDICTS];
		struct wl_frame frame = {.link = 2};
		enum wl_frame_verdict verdict;
		struct wl_message message;
		struct wl_arrival arrival;
		const uint8_t *bytes = composed;
		size_t frame_bytes;

		if (fuzz_u8(&input) < 240)
			frame_bytes = compose(&input, composed);
		else
			bytes = fuzz_take(&input, fuzz_u8(&input), &frame_bytes);
		frame.bytes = fuzz_copy(bytes, frame_bytes);
		frame.size = (uint16_t)frame_bytes;
		memcpy(peers_before, rx.peers, sizeof(peers_before));
		memcpy(clients_before, clients, sizeof(clients));
		for (unsigned at = 0; at < WL_FRAME_VERDICTS; at++)
			before[at] = counters.dropped[at];
		if (fuzz_u8(&input) & 1)
			wl_rx_begin_turn(&rx);
		verdict = wl_rx_sort(&rx, &frame, ++now_ns, &arrival);
		if (verdict == WL_FRAME_OK)
			verdict = wl_rx_admit(&rx, &arrival, now_ns, &message);
		FUZZ_PROMISE(memcmp(frame.bytes, bytes, frame_bytes) == 0);
		if (verdict == WL_FRAME_OK)
			check_taken(&message, &frame);
		else
			check_refused(verdict, drops_before, before[verdict]);
		free(frame.bytes);
	}
	return 0;
}
