/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the canonical bytes of a state. What decodes is a state that apply could have made: it encodes to the very same bytes,
 * holds its invariants, answers for every sequence of every session, and takes another entry.
 *
 * Input: one byte with the size of the pieces, one whose lowest bit says that the digest at the end is made right (when the rest
 * decodes), then the bytes.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/state/session_internal.h"
#include "dataplane/state/state.h"
#include "tests/fuzz/input.h"

#define SESSIONS_MAX 6u
#define DIGEST_BYTES 8u

static uint32_t order[SESSIONS_MAX];

static void begin(struct wl_state *state)
{
	static uint8_t *memory;

	if (!memory)
		memory = malloc(wl_state_memory_bytes(SESSIONS_MAX));
	FUZZ_PROMISE(memory != NULL);
	wl_state_init(state, memory, SESSIONS_MAX);
}

static bool decode(struct wl_state *state, const uint8_t *bytes, size_t size, size_t piece)
{
	struct wl_state_coding coding;

	begin(state);
	wl_state_decode_begin(&coding, state);
	for (size_t at = 0; at < size; at += piece) {
		if (!wl_state_decode(&coding, bytes + at, piece < size - at ? piece : size - at))
			break;
	}
	return wl_state_decode_end(&coding);
}

/* Whatever stands at the end is replaced by the digest of what stands before it. */
static void mend(uint8_t *bytes, size_t size)
{
	struct wl_state_coding coding;
	struct wl_state state;

	begin(&state);
	wl_state_decode_begin(&coding, &state);
	if (size >= DIGEST_BYTES && wl_state_decode(&coding, bytes, size - DIGEST_BYTES))
		wl_store_u64(bytes + size - DIGEST_BYTES, wl_state_digest(&state));
}

static void ask_all(struct wl_state *state)
{
	struct wl_session_answer answer = {0};

	for (uint32_t slot = 0; slot < state->sessions.used; slot++) {
		const struct wl_session *session = &state->sessions.sessions[slot];
		uint64_t last = session->applied.last_sequence;

		for (uint64_t run = wl_session_oldest_run(session);
		     run < session->applied.runs_total; run++)
			FUZZ_PROMISE(
				wl_session_check(&state->sessions, session->id,
						 wl_session_run_at(&state->sessions, session, run)
							 ->first_sequence,
						 0, &answer) == WL_SESSION_DONE);
		FUZZ_PROMISE(last == 0 || wl_session_check(&state->sessions, session->id, last, 0,
							   &answer) == WL_SESSION_DONE);
		FUZZ_PROMISE(answer.number < state->next_number);
	}
}

static void apply_one(struct wl_state *state)
{
	uint8_t image[WL_ENTRY_HEADER_BYTES];
	struct wl_entry_header header = {.kind = WL_ENTRY_TERM_START,
					 .index = state->sessions.applied_index + 1,
					 .first_number = state->next_number};

	if (header.index == 0)
		return;
	wl_entry_encode_header(image, &header);
	wl_state_apply(state, image, &header);
	FUZZ_PROMISE(wl_state_check(state) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wl_state_coding coding;
	struct wl_state state;
	uint8_t *bytes, *again;
	size_t piece;

	if (size < 2)
		return 0;
	piece = data[0] != 0 ? data[0] : size;
	bytes = fuzz_copy(data + 2, size - 2);
	size -= 2;
	if (data[1] & 1)
		mend(bytes, size);
	if (decode(&state, bytes, size, piece)) {
		FUZZ_PROMISE(wl_state_check(&state) == NULL);
		FUZZ_PROMISE(wl_state_encoded_bytes(&state) == size);
		again = fuzz_copy(bytes, size);
		memset(again, 0, size);
		wl_state_encode_begin(&coding, &state, order);
		for (size_t at = 0; at < size; at += piece)
			wl_state_encode(&coding, again + at, piece < size - at ? piece : size - at);
		FUZZ_PROMISE(memcmp(again, bytes, size) == 0);
		free(again);
		ask_all(&state);
		apply_one(&state);
	}
	free(bytes);
	return 0;
}
