/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes in the two places of a base. Loading ends; what is loaded is the state and the log of one index, whose invariants
 * hold, and it makes a base with the digest that it was loaded with.
 *
 * Input: one byte for the buffer, then for each place one byte that says what is in it: 0 nothing; otherwise one of two whole bases, and so many
 * numbers of it (low bits) near to what they were, in its first block or anywhere; bit 7: the checksums of the changed blocks are made
 * right; bit 6: cut short by a block.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/fuzz/input.h"
#include "tests/unit/dataplane/state/base_fixture.h"

#define SESSIONS_MAX 50u
#define BLOCKS_MAX 16u

static struct base_fixture fixture;
static struct {
	uint8_t *bytes;
	uint64_t size;
} whole[WL_BASE_PLACES];
static struct {
	uint8_t bytes[BLOCKS_MAX * WL_BLOCK_BYTES];
	uint64_t size;
} places[WL_BASE_PLACES];

static struct wl_state state;
static struct wl_log log_of_load;
static void *state_memory, *log_memory;
static uint8_t *ring, *buffer;

int LLVMFuzzerInitialize(int *count, char ***arguments);

/* Sessions, terms, marks and dead ranges in both, in a file of some blocks. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	base_fixture_open_sessions(&fixture, 45);
	for (uint64_t sequence = 1; sequence <= WL_BASE_PLACES; sequence++) {
		unsigned place = (unsigned)(sequence % WL_BASE_PLACES);

		base_fixture_chance(&fixture, 200);
		base_fixture_commit_all(&fixture);
		whole[place].bytes = base_fixture_encode(&fixture, sequence, &whole[place].size);
		FUZZ_PROMISE(whole[place].size > WL_BLOCK_BYTES &&
			     whole[place].size <= BLOCKS_MAX * WL_BLOCK_BYTES);
	}
	state_memory = malloc(wl_state_memory_bytes(SESSIONS_MAX));
	log_memory = malloc(wl_log_memory_bytes(&fixture.log.config));
	ring = aligned_alloc(WL_BLOCK_BYTES, fixture.log.config.ring_bytes);
	buffer = aligned_alloc(WL_BLOCK_BYTES, BLOCKS_MAX * WL_BLOCK_BYTES);
	FUZZ_PROMISE(state_memory && log_memory && ring && buffer);
	return 0;
}

static void change_number(struct fuzz_input *input, uint8_t *bytes, uint64_t size, bool repaired)
{
	uint8_t where = fuzz_u8(input);
	uint64_t at = where < 128 ? 8u * (where % 32) : fuzz_u16(input) % (size - 8);
	uint8_t *block = bytes + at / WL_BLOCK_BYTES * WL_BLOCK_BYTES;

	if (fuzz_u8(input) % 2 == 0)
		wl_store_u64(bytes + at, fuzz_near(input, wl_load_u64(bytes + at)));
	else
		wl_store_u32(bytes + at, (uint32_t)fuzz_near(input, wl_load_u32(bytes + at)));
	if (repaired)
		wl_store_u32(block + WL_BLOCK_BYTES - 4, wl_crc32c(block, WL_BLOCK_BYTES - 4));
}

static void fill_place(struct fuzz_input *input, unsigned place)
{
	uint8_t how = fuzz_u8(input);
	unsigned from = how & 32 ? !place : place;

	places[place].size = 0;
	if (how == 0)
		return;
	places[place].size = whole[from].size;
	memcpy(places[place].bytes, whole[from].bytes, whole[from].size);
	for (unsigned changes = how % 8; changes != 0; changes--)
		change_number(input, places[place].bytes, places[place].size, (how & 0x80) != 0);
	if (how & 64)
		places[place].size -= WL_BLOCK_BYTES;
}

static enum wl_disk_status read_place(const struct wl_base_load *load)
{
	unsigned place;
	uint64_t at;
	uint32_t bytes;

	wl_base_load_want(load, &place, &at, &bytes);
	FUZZ_PROMISE(place < WL_BASE_PLACES && bytes % WL_BLOCK_BYTES == 0);
	if (places[place].size == 0)
		return WL_DISK_ABSENT;
	if (at + bytes > places[place].size)
		return WL_DISK_FAILED;
	memcpy(load->buffer, places[place].bytes + at, bytes);
	return WL_DISK_OK;
}

static void make_empty(void)
{
	wl_state_init(&state, state_memory, SESSIONS_MAX);
	wl_log_init(&log_of_load, &fixture.log.config, ring, log_memory);
}

static void check_loaded(const struct wl_base_load *load)
{
	static uint32_t order[SESSIONS_MAX];
	struct wl_base_header header = load->places[load->chosen].header;
	struct wl_base_encoder encoder;

	FUZZ_PROMISE(wl_log_check(&log_of_load) == NULL && wl_state_check(&state) == NULL);
	FUZZ_PROMISE(state.sessions.applied_index == header.log.position.index &&
		     log_of_load.tail.index == header.log.position.index);
	wl_base_encode_begin(&encoder, &header, &state, &log_of_load, order);
	FUZZ_PROMISE(encoder.header.digest == header.digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	struct wl_base_target target = {&state, &log_of_load, 0};
	struct wl_base_load load;
	uint32_t blocks = 1 + fuzz_u8(&input) % BLOCKS_MAX;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		fill_place(&input, place);
	make_empty();
	wl_base_load_init(&load, &fixture.identity, &target, buffer, blocks * WL_BLOCK_BYTES);
	load.check_both = blocks % 2 != 0;
	while (load.state != WL_BASE_LOAD_DONE) {
		FUZZ_PROMISE(wl_base_load_check(&load) == NULL);
		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			make_empty();
			wl_base_load_on_empty(&load);
		} else {
			wl_base_load_on_read(&load, read_place(&load));
		}
	}
	FUZZ_PROMISE(wl_base_load_check(&load) == NULL);
	if (load.verdict == WL_BASE_OK)
		check_loaded(&load);
	return 0;
}
