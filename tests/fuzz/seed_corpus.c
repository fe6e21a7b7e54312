/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes the seeds of tests/fuzz/corpus with the real encoders: one small file for each message, image or
 * story that a fuzzer should not have to find by chance. `make fuzz-seeds` runs it; its output is in the repository, beside what
 * fuzzing found later.
 *
 *	seed_corpus DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/itch/itch.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/capture.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/chunk.h"
#include "dataplane/log/entry.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/state/state.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"

#define SEED_BYTES_MAX 8192u

static const char *directory;
static uint8_t seed[SEED_BYTES_MAX];

static void fail(const char *path)
{
	perror(path);
	exit(1);
}

static void write_seed(const char *fuzzer, const char *name, size_t bytes)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, fuzzer);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, fuzzer, name);
	file = fopen(path, "wb");
	if (!file || fwrite(seed, 1, bytes, file) != bytes || fclose(file) != 0)
		fail(path);
}

static void write_frames(void)
{
	const struct wl_address from = {.mac = {2, 0, 0, 0, 0, 2},
					.ipv4 = 0x0a000002,
					.udp_port = 9};
	const struct wl_address to = {.mac = {2, 0, 0, 0, 0, 1},
				      .ipv4 = 0x0a000001,
				      .udp_port = 7700};
	struct wl_frame_header header = {.type = WL_WIRE_HELLO,
					 .payload_bytes = 8,
					 .cluster = 7,
					 .sender = 0x200,
					 .sender_boot = 3,
					 .sequence = 1};
	const size_t size = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + 8;
	uint8_t *frame = seed + 1;

	memset(seed, 0, sizeof(seed));
	wl_frame_encode_header(frame + WL_FRAME_ENVELOPE_BYTES, &header);
	wl_frame_close_envelope(frame, &from, &to, size - WL_FRAME_ENVELOPE_BYTES);
	write_seed("fuzz_frame", "whole", 1 + size);
	seed[0] = 3;
	write_seed("fuzz_frame", "repaired", 1 + size);
	seed[0] = 2;
	frame[13] = 6;
	write_seed("fuzz_frame", "arp", 1 + 60);
	memmove(seed + 1, seed + 1 + WL_FRAME_ENVELOPE_BYTES, WL_FRAME_HEADER_BYTES + 8);
	write_seed("fuzz_frame", "header", 1 + WL_FRAME_HEADER_BYTES + 8);
}

static size_t put_entry(uint8_t *to, unsigned records)
{
	uint8_t *body = to + WL_ENTRY_HEADER_BYTES;
	struct wl_entry_header header = {.kind = records ? WL_ENTRY_RECORDS : WL_ENTRY_TERM_START,
					 .cluster = 7,
					 .index = 1,
					 .term = 1,
					 .first_number = 1};

	for (unsigned at = 0; at < records; at++) {
		struct wl_record_header record = {.session = 5,
						  .sequence = at + 1,
						  .bytes = at % 3 ? 0 : 5 + at,
						  .kind = (uint16_t)(1 + at % 3)};

		memset(body + header.body_bytes, 0, wl_record_image_bytes(record.bytes));
		wl_entry_encode_record(body + header.body_bytes, &record);
		header.body_bytes += (uint32_t)wl_record_image_bytes(record.bytes);
		header.data_count += record.kind == WL_RECORD_DATA;
		header.record_count++;
	}
	header.body_crc = wl_crc32c(body, header.body_bytes);
	wl_entry_encode_header(to, &header);
	return wl_entry_bytes(&header);
}

/* ---- one of each message, by the table ----------------------------------------------------------- */

/* A likely value of a unit (wire_types.h); where a range excludes it, the least that it has. */
static uint64_t likely(const char *unit, struct wl_wire_range range)
{
	static const struct {
		const char *unit;
		uint64_t value;
	} values[] = {
		{"term", 3}, {"index", 9},  {"number", 9}, {"sequence", 9},
		{"ns", 77},  {"id", 5},	    {"node", 2},   {"bits", 1},
		{"flag", 1}, {"choice", 1}, {"level", 3},  {"status", (uint64_t)-7},
	};

	for (size_t at = 0; at < sizeof(values) / sizeof(values[0]); at++) {
		if (strcmp(values[at].unit, unit) == 0 && wl_wire_is_in(values[at].value, range))
			return values[at].value;
	}
	return wl_wire_is_in(0, range) ? 0 : range.least;
}

#define FILL_INTEGER(name, value) message.name = (__typeof__(message.name))(value);
#define FILL_u8 FILL_INTEGER
#define FILL_u16 FILL_INTEGER
#define FILL_u32 FILL_INTEGER
#define FILL_u64 FILL_INTEGER
#define FILL_i32 FILL_INTEGER
#define FILL_position(name, value) message.name = (struct wl_position){2, 9};
#define FILL_histories(name, value) memset(message.name, 9, sizeof(message.name));
#define FILL_facts(name, value) memset(message.name, 7, sizeof(message.name));
#define FILL_label(name, value)
#define FILL_rest(name, value)
#define FILL_members(name, value)
#define FILL(type, name, unit, range, what) FILL_##type(name, likely(#unit, WL_WIRE_RANGE_##range))

/* What follows a fixed part has seeds of its own, below: of most of these messages it may be nothing. */
static void write_each_message(void)
{
#define WRITE_SEED(NAME, name, number, layout, from, to, right, server, answer)               \
	{                                                                                     \
		struct wl_wire_##layout message;                                              \
                                                                                              \
		memset(&message, 0, sizeof(message));                                         \
		seed[0] = number;                                                             \
		WL_WIRE_FIELDS_##layout(FILL, WL_WIRE_NOTHING, WL_WIRE_NOTHING) write_seed(   \
			"fuzz_wire", #name, 1 + wl_wire_encode_##layout(seed + 1, &message)); \
	}
	WL_WIRE_MESSAGES(WRITE_SEED)
}

/* ---- lists behind fixed parts ------------------------------------------------------------------- */

static void write_wishes(void)
{
	static const struct wl_wire_propose wishes[] = {
		{.verb = WL_WIRE_PROPOSE_TRIM, .number = 9},
		{WL_WIRE_PROPOSE_CONSUMER_SET, 9, 0, "reader"},
		{WL_WIRE_PROPOSE_CONSUMER_DROP, 0, 4, "reader"},
	};
	static const char *const names[] = {"trim", "consumer_set", "consumer_drop"};

	for (size_t at = 0; at < sizeof(wishes) / sizeof(wishes[0]); at++) {
		seed[0] = WL_WIRE_PROPOSE;
		write_seed("fuzz_wire", names[at],
			   1 + wl_wire_encode_propose(seed + 1, &wishes[at]));
	}
}

static void write_peer_messages(void)
{
	struct wl_wire_hello_reply reply = {.nonce = 3,
					    .node = 1,
					    .leader = 2,
					    .member_count = 2,
					    .members = {{1, "udp:192.0.2.1:7700"}, {2, ""}}};
	struct wl_wire_path_probe probe = {.bytes = WL_WIRE_PATH_BYTES_MIN, .mtu = 1400};
	struct wl_wire_append append = {.term = 3, .previous = {2, 9}};
	uint8_t *to = seed + 1;

	seed[0] = WL_WIRE_HELLO_REPLY;
	write_seed("fuzz_wire", "hello_reply_members", 1 + wl_wire_encode_hello_reply(to, &reply));
	seed[0] = WL_WIRE_PATH_PROBE;
	write_seed("fuzz_wire", "path_probe_shortest", 1 + wl_wire_encode_path_probe(to, &probe));
	seed[0] = WL_WIRE_APPEND;
	append.bytes = (uint32_t)put_entry(to + WL_WIRE_APPEND_HEADER_BYTES, 2);
	append.bytes += (uint32_t)put_entry(to + WL_WIRE_APPEND_HEADER_BYTES + append.bytes, 0);
	write_seed("fuzz_wire", "append_images",
		   1 + wl_wire_encode_append(to, &append) + append.bytes);
	append.image_bytes = 3000;
	write_seed("fuzz_wire", "append_fragment",
		   1 + wl_wire_encode_append(to, &append) + append.bytes);
}

static size_t put_client_append(uint8_t *to, uint32_t fragment_of)
{
	struct wl_wire_record record = {.bytes = 3, .level = 3, .payload = (const uint8_t *)"abc"};
	struct wl_wire_client_append append = {.session = 4,
					       .first_sequence = 1,
					       .record_count = fragment_of ? 1 : 2,
					       .record_bytes = fragment_of};
	uint8_t *at = to + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;

	for (uint32_t records = append.record_count; records != 0; records--)
		at += wl_wire_encode_record(at, &record);
	append.bytes = (uint32_t)(at - to) - WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	wl_wire_encode_client_append(to, &append);
	return (size_t)(at - to);
}

static size_t put_delivery(uint8_t *to)
{
	struct wl_wire_delivered_record record = {.bytes = 2,
						  .timestamp_ns = 3,
						  .session = 4,
						  .sequence = 5,
						  .payload = (const uint8_t *)"xy"};
	struct wl_wire_deliver deliver = {.subscription = 1,
					  .first_number = 8,
					  .commit_number = 9,
					  .record_count = 1};

	deliver.bytes = (uint32_t)wl_wire_encode_delivered_record(to + WL_WIRE_DELIVER_HEADER_BYTES,
								  &record);
	return wl_wire_encode_deliver(to, &deliver) + deliver.bytes;
}

static void write_client_messages(void)
{
	struct wl_wire_append_reply reply = {.session = 4, .leader = 2, .result_count = 1};
	struct wl_wire_append_result result = {.first_sequence = 1,
					       .first_number = 2,
					       .count = 3,
					       .level = 3};
	uint8_t *to = seed + 1;

	seed[0] = WL_WIRE_CLIENT_APPEND;
	write_seed("fuzz_wire", "client_append_records", 1 + put_client_append(to, 0));
	write_seed("fuzz_wire", "client_append_fragment", 1 + put_client_append(to, 9));
	seed[0] = WL_WIRE_APPEND_REPLY;
	wl_wire_encode_append_result(to + wl_wire_encode_append_reply(to, &reply), &result);
	write_seed("fuzz_wire", "append_reply_results",
		   1 + WL_WIRE_APPEND_REPLY_HEADER_BYTES + WL_WIRE_APPEND_RESULT_BYTES);
	seed[0] = WL_WIRE_DELIVER;
	write_seed("fuzz_wire", "deliver_records", 1 + put_delivery(to));
}

static void write_images(void)
{
	struct wl_chunk_header chunk = {.binding = 1,
					.offset = 8192,
					.previous = 4096,
					.durable = 8192,
					.bytes = 4096,
					.used = 400};
	struct wl_segment_header segment = {.binding = 1,
					    .number = 1,
					    .segment_bytes = WL_SEGMENT_BYTES_MIN,
					    .node = 1};

	memset(seed, 0, sizeof(seed));
	write_seed("fuzz_entry", "term_start", 1 + put_entry(seed + 1, 0));
	write_seed("fuzz_entry", "records", 1 + put_entry(seed + 1, 7));
	seed[0] = 7;
	write_seed("fuzz_entry", "repaired", 1 + put_entry(seed + 1, 3));
	memset(seed, 0, sizeof(seed));
	chunk.body_crc =
		wl_crc32c(seed + 1 + WL_CHUNK_HEADER_BYTES, chunk.bytes - WL_CHUNK_HEADER_BYTES);
	wl_chunk_encode_header(seed + 1, &chunk, NULL);
	write_seed("fuzz_chunk", "chunk", 1 + chunk.bytes);
	seed[0] = 1;
	write_seed("fuzz_chunk", "header", 1 + WL_CHUNK_HEADER_BYTES);
	seed[0] = 0;
	wl_chunk_encode_segment(seed + 1, &segment);
	write_seed("fuzz_chunk", "segment", 1 + WL_BLOCK_BYTES);
}

static void write_messages_of_a_day(void)
{
	static const char types[] = "SRHYAFECXDUPQ";
	size_t used = 0;

	for (unsigned at = 0; types[at] != '\0'; at++) {
		struct wl_itch_message message = {.type = types[at],
						  .timestamp_ns = at,
						  .reference = 9,
						  .shares = 100,
						  .code = 'O',
						  .side = 'B',
						  .stock = "WIRE    ",
						  .mpid = "LOG "};
		size_t bytes = wl_itch_encode(&message, seed + used + 2);

		seed[used] = 0;
		seed[used + 1] = (uint8_t)bytes;
		used += 2 + bytes;
	}
	write_seed("fuzz_itch", "day", used);
}

/* Stories are told in the fuzzers' own bytes; what each draws is written at its act. */
#define STORY(fuzzer, name, ...)                               \
	do {                                                   \
		static const uint8_t story_[] = {__VA_ARGS__}; \
		memcpy(seed, story_, sizeof(story_));          \
		write_seed(fuzzer, name, sizeof(story_));      \
	} while (0)

#define FOLLOW 9, 2 /* act_control: the next term, led by node 2 */
#define LEAD 9, 1
#define TURN 192
#define SETTLE 10, 200
#define ACK_ALL(node) 3, 0, 0, 0, 0, 0, node
#define SEVEN_RIGHT 0, 0, 0, 0, 0, 0, 0 /* fields of an entry's header */
#define APPEND_AT_TAIL 0, 0, 0, 0, 0, 0, 0 /* act, place, five fields */
#define APPEND_ONE_BACK 0, 129, 0, 0, 0, 0, 0
#define OPEN_RECORD 1, 9, 0, 0
#define DATA_RECORD(index, sequence) 0, index, sequence, 0, 3
#define LARGE_RECORD 3, 9, 0, 0, 255
#define OPEN_SESSION(client) 6, 1, 0, client
#define CLIENT_APPEND(sequence, client) 5, 0, (sequence)-1, 0, 0, 0, 2, client
#define SUBSCRIBE(client) 7, client, 0, 0, 0
#define CREDIT(client) 7, client, 102, 0, 0

static void write_stories(void)
{
	STORY("fuzz_worker_peer", "leader_serves", LEAD, TURN, SETTLE, ACK_ALL(0), SETTLE,
	      ACK_ALL(1), TURN, OPEN_SESSION(0), TURN, SETTLE, ACK_ALL(0), TURN, SUBSCRIBE(1),
	      CLIENT_APPEND(1, 0), CLIENT_APPEND(2, 0), TURN, SETTLE, ACK_ALL(1), TURN, CREDIT(1),
	      CLIENT_APPEND(2, 0), TURN);
	/* The last of its entries breaks a rule of sessions that only leaders keep. */
	STORY("fuzz_worker_peer", "follower_takes", FOLLOW, TURN, SETTLE, APPEND_AT_TAIL, 1, 0,
	      SEVEN_RIGHT, 0, 0, TURN, APPEND_AT_TAIL, 1, 1, SEVEN_RIGHT, OPEN_RECORD, 0, 0, TURN,
	      SETTLE, APPEND_AT_TAIL, 1, 1, SEVEN_RIGHT, DATA_RECORD(2, 5), 0, 0, TURN, SETTLE,
	      APPEND_AT_TAIL, 0, 0, TURN, SETTLE);
	STORY("fuzz_worker_peer", "fragments_join", FOLLOW, TURN, SETTLE, 2, 0, 0, 0, 0, 0, 0, 5,
	      SEVEN_RIGHT, LARGE_RECORD, LARGE_RECORD, LARGE_RECORD, LARGE_RECORD, LARGE_RECORD, 0,
	      0, 0, 0, 0, TURN, SETTLE);
	STORY("fuzz_worker_peer", "leader_falls", LEAD, TURN, SETTLE, ACK_ALL(0), TURN,
	      OPEN_SESSION(0), TURN, FOLLOW, TURN, APPEND_ONE_BACK, 1, 0, SEVEN_RIGHT, 0, 0, TURN,
	      LEAD, TURN, 3, 0, 250, 0, 0, 1, 0, 0, 0, 0, TURN, SETTLE);
	STORY("fuzz_rx", "greeting_and_replay", 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 1, 0, 0, 0, 0, 0,
	      1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0);
	STORY("fuzz_rx", "insecure", 1, 0, 2, 0, 0, 70, 0, 1, 0, 0, 5, 0, 0, 4, 1, 2, 3, 4, 0, 6, 1,
	      0, 130, 0, 2, 0, 0, 9, 0, 0, 0);
	STORY("fuzz_event_ring", "more_than_fit", 200);
	STORY("fuzz_event_ring", "a_number_elsewhere", 20, 7, 0, 0, 2, 9, 1, 7, 248, 1, 2, 9, 1);
	STORY("fuzz_superblock", "two_pairs", 8, 4, 8, 4, 8, 5, 8, 5);
	STORY("fuzz_superblock", "torn_copy", 8, 4, 8, 4, 9, 5, 16, 0, 1, 1, 8, 5);
	STORY("fuzz_archive", "range", 0);
	STORY("fuzz_archive", "range_cut_short", 0, 2, 0);
	STORY("fuzz_archive", "range_with_a_right_checksum", 2, 40, 0, 1, 3);
	STORY("fuzz_archive", "page", 1);
	STORY("fuzz_archive", "page_with_a_right_checksum", 3, 28, 0, 1, 16);
	STORY("fuzz_base", "two_whole_ones", 7, 16, 16);
	STORY("fuzz_base", "newest_cut_short", 3, 64, 16);
	STORY("fuzz_base", "impossible_begin_in_a_whole_block", 1, 129, 13, 0, 255, 0);
	STORY("fuzz_base", "a_term_that_falls", 0, 129, 200, 0, 9, 0, 161, 16);
	STORY("fuzz_mend", "rot", 0, 4, 3, 0, 1, 0, 90, 0, 7);
	STORY("fuzz_mend", "older_state", 3, 2, 5, 0, 6, 3, 0, 0, 9, 0);
	STORY("fuzz_mend", "nobody_has", 4, 7, 0, 5, 1, 6, 2);
	STORY("fuzz_recovery", "untouched", 0);
	STORY("fuzz_recovery", "lost_end", 1, 7, 6, 0);
	STORY("fuzz_recovery", "rot", 0, 4, 1, 0, 80, 0, 7);
	STORY("fuzz_recovery", "lie_with_a_right_checksum", 1, 6, 3, 1, 161, 5, 2, 0, 10, 1, 1, 9);
	STORY("fuzz_recovery", "older_state_comes_back", 0, 2, 5, 0, 2, 6, 0, 3, 9, 0);
}

/* A client's whole offer, and then what it does to the memory: receive, send, write here and there. */
/*
 * After an offer: the next descriptor of a ring names the region that there is, a length that may be, and a place of which only the
 * beginning lies in it. Nothing but the check of bounds stands between it and what is behind.
 */
static void write_memif_lies(uint8_t *at)
{
	static const uint8_t received[] = {
		2, 6,	0, 1,  1, 0, /* the client's head: one frame */
		2, 128, 0, 11, 0, 0, 0, 0, 100, 0, 0, 0, 0xc4, 0x22, 0, 0, 4 * 8,
	};
	static const uint8_t sent[] = {
		2, 0, 2, 11, 0, 0, 0, 0, 0, 1, 0, 0, 0xc4, 0x22, 0, 0, 1 + 4 * 8, 100,
	};

	memcpy(at, received, sizeof(received));
	write_seed("fuzz_memif", "received_from_outside", (size_t)(at - seed) + sizeof(received));
	memcpy(at, sent, sizeof(sent));
	write_seed("fuzz_memif", "sent_to_outside", (size_t)(at - seed) + sizeof(sent));
}

static void write_memif(void)
{
	static const uint8_t log2 = 4;
	static const uint8_t steps[] = {
		1 + 4 * 8, 100, /* eight frames to the client */
		2,	   6,	0, 1,  3, 0, /* the client's head: three frames */
		0 + 4 * 8, /* are received */
		2,	   128, 0, 11, 0, 0, 9,	    0, 200, 0, 0, 0, 255, 255, 255, 255, /* a lie */
		2,	   6,	0, 1,  4, 0, 4 * 8,
	};
	uint8_t *at = seed + 1;

	memset(seed, 0, sizeof(seed));
	seed[0] = 3;
	wl_memif_say_region(at, wl_memif_region_bytes(log2, 256));
	at += WL_MEMIF_MESSAGE_BYTES;
	wl_memif_say_ring(at, true, 0, log2);
	at += WL_MEMIF_MESSAGE_BYTES;
	wl_memif_say_ring(at, false, wl_memif_ring_bytes(log2), log2);
	at += WL_MEMIF_MESSAGE_BYTES;
	write_seed("fuzz_memif", "offer", (size_t)(at - seed));
	memcpy(at, steps, sizeof(steps));
	write_seed("fuzz_memif", "frames_and_a_lie", (size_t)(at - seed) + sizeof(steps));
	write_memif_lies(at);
	memset(seed, 0, sizeof(seed));
	seed[0] = 2;
	wl_memif_say_hello(seed + 1, 1500, log2);
	wl_memif_say_init(seed + 1 + WL_MEMIF_MESSAGE_BYTES, 3);
	write_seed("fuzz_memif", "greeting", 1 + 2 * WL_MEMIF_MESSAGE_BYTES);
}

/* Two sessions: one of three runs, one that did nothing yet; and what is there before any entry. */
static void write_states(void)
{
	static const uint64_t words[] = {
		9,	 20,
		500,	 4,
		8,	 3,
		8,	 77,
		3,	 76,
		12,	 2,
		0,	 /* the list of members */ 8,
		0xe,	 0x10,
		101,	 102,
		103,	 104,
		0,	 0,
		0,	 /* the limits */ 7,
		1 << 24, 5000000000,
		0,	 2,
		100,	 2 << 16,
		1,	 2,
		12,	 9,
		15,	 3,
		1,	 3,
		100,	 4,
		0,	 200,
		6,	 12,
		300,	 5 << 16,
		1,	 3,
		11,	 0,
		0,	 0,
		0,
	};
	struct wl_state_coding coding;
	struct wl_state state;
	void *memory = calloc(1, wl_state_memory_bytes(1));
	uint32_t order;

	if (!memory)
		fail("memory");
	memset(seed, 0, sizeof(seed));
	seed[0] = 7;
	wl_state_init(&state, memory, 1);
	wl_state_encode_begin(&coding, &state, &order);
	write_seed("fuzz_state", "empty",
		   2 + wl_state_encode(&coding, seed + 2, SEED_BYTES_MAX - 2));
	state.sessions.applied_index = 2;
	state.features = (struct wl_features_in_force){2, wl_features_known()};
	wl_state_encode_begin(&coding, &state, &order);
	write_seed("fuzz_state", "features",
		   2 + wl_state_encode(&coding, seed + 2, SEED_BYTES_MAX - 2));
	seed[1] = 1;
	memcpy(seed + 2, words, sizeof(words));
	write_seed("fuzz_state", "sessions", 2 + sizeof(words));
	free(memory);
}

static void write_controls(void)
{
	struct wl_control control = {WL_CONTROL_TRIM,	    3, 4, 5, 6, "reader", {0, 11, 12, 13},
				     {1 << 24, 0, 0, 64, 9}};
	uint8_t *body = seed + 1 + WL_ENTRY_HEADER_BYTES;

	for (; control.verb <= WL_CONTROL_VERB_LAST; control.verb++) {
		struct wl_entry_header header = {.kind = WL_ENTRY_CONTROL,
						 .cluster = 7,
						 .index = 2,
						 .term = 1,
						 .first_number = 1,
						 .record_count = 1};
		struct wl_record_header record;

		memset(seed, 0, sizeof(seed));
		wl_control_encode(&control, &record, body + WL_RECORD_HEADER_BYTES);
		wl_entry_encode_record(body, &record);
		header.body_bytes = (uint32_t)wl_record_image_bytes(record.bytes);
		header.body_crc = wl_crc32c(body, header.body_bytes);
		wl_entry_encode_header(seed + 1, &header);
		write_seed("fuzz_entry", wl_control_verb_text(control.verb),
			   1 + wl_entry_bytes(&header));
	}
}

/* A packet behind its length. */
static uint8_t *put_packet(uint8_t *at, const uint8_t *packet, size_t bytes)
{
	wl_store_u16(at, (uint16_t)bytes);
	memcpy(at + 2, packet, bytes);
	return at + 2 + bytes;
}

/* A capture as a node sends it: a link, two frames of it, the totals; and a request. */
static void write_captures(void)
{
	const struct wl_capture_request request = {.snap_bytes = 114,
						   .mib = 16,
						   .directions = 3,
						   .types = 6};
	const struct wl_capture_link link = {.layer = WL_CAPTURE_IPV4,
					     .worker = 1,
					     .name = "udp x"};
	struct wl_capture_frame frame = {.whole_bytes = 60,
					 .bytes = 43,
					 .worker = 1,
					 .direction = 2};
	char text[WL_CAPTURE_REQUEST_BYTES];
	uint8_t packet[512] = {0}, *at = seed;

	at = put_packet(at, packet, wl_capture_encode_link(packet, &link));
	wl_capture_encode_head(packet, WL_CAPTURE_FRAMES, WL_CAPTURE_ASKED);
	wl_capture_encode_frame(packet + WL_CAPTURE_HEAD_BYTES, &frame);
	frame.lost = 7;
	wl_capture_encode_frame(packet + WL_CAPTURE_HEAD_BYTES + wl_capture_frame_room(43), &frame);
	at = put_packet(at, packet, WL_CAPTURE_HEAD_BYTES + 2 * wl_capture_frame_room(43));
	wl_capture_encode_head(packet, WL_CAPTURE_TOTALS, WL_CAPTURE_NODE_ENDS);
	wl_capture_encode_total(packet + WL_CAPTURE_HEAD_BYTES,
				&(struct wl_capture_total){1, 0, 12, 9, 7});
	at = put_packet(at, packet, WL_CAPTURE_HEAD_BYTES + WL_CAPTURE_TOTAL_BYTES);
	write_seed("fuzz_capture", "a_capture", (size_t)(at - seed));
	wl_capture_print_request(&request, text);
	at = put_packet(seed, (const uint8_t *)text, strlen(text));
	write_seed("fuzz_capture", "a_request", (size_t)(at - seed));
}

int main(int count, char **arguments)
{
	if (count != 2) {
		fprintf(stderr, "usage: seed_corpus DIRECTORY\n");
		return 64;
	}
	directory = arguments[1];
	mkdir(directory, 0777);
	write_frames();
	write_each_message();
	write_peer_messages();
	write_wishes();
	write_client_messages();
	write_images();
	write_controls();
	write_states();
	write_messages_of_a_day();
	write_stories();
	write_memif();
	write_captures();
	return 0;
}
