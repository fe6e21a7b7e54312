/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/state/state_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

void state_log_begin(struct state_log *log)
{
	memset(log, 0, sizeof(*log));
	log->bytes = malloc(STATE_FIXTURE_BYTES);
	WL_CHECK(log->bytes);
	log->next_number = 1;
	log->timestamp_ns = 1000;
}

void state_log_end(struct state_log *log)
{
	free(log->bytes);
}

void state_log_open(struct state_log *log, enum wl_entry_kind kind)
{
	WL_CHECK(log->entries < STATE_FIXTURE_ENTRIES);
	memset(&log->header, 0, sizeof(log->header));
	log->header.kind = (uint16_t)kind;
	log->header.index = ++log->entries;
	log->header.term = 1;
	log->header.first_number = log->next_number;
	log->header.timestamp_ns = log->timestamp_ns;
	log->at[log->entries] = log->used;
	log->used += WL_ENTRY_HEADER_BYTES;
	log->opened = 0;
}

static void add_record(struct state_log *log, const struct wl_record_header *record,
		       const uint8_t *payload)
{
	size_t bytes = wl_record_image_bytes(record->bytes);
	uint8_t *to = log->bytes + log->used;

	WL_CHECK(log->used + bytes <= STATE_FIXTURE_BYTES);
	memset(to, 0, bytes);
	wl_entry_encode_record(to, record);
	if (record->bytes != 0)
		memcpy(to + WL_RECORD_HEADER_BYTES, payload, record->bytes);
	log->used += bytes;
	log->header.record_count++;
}

void state_log_add(struct state_log *log, uint16_t kind, uint64_t session, uint64_t sequence)
{
	struct wl_record_header record = {
		.session = session,
		.sequence = sequence,
		.bytes = kind == WL_RECORD_DATA ? 8 : 0,
		.kind = kind,
	};

	add_record(log, &record, (const uint8_t *)"a record");
	if (kind == WL_RECORD_DATA) {
		log->header.data_count++;
		log->next_number++;
	}
}

uint64_t state_log_seal(struct state_log *log)
{
	uint8_t *image = log->bytes + log->at[log->entries];
	struct wl_entry_header decoded;

	log->header.body_bytes =
		(uint32_t)(log->used - log->at[log->entries] - WL_ENTRY_HEADER_BYTES);
	log->header.body_crc = wl_crc32c(image + WL_ENTRY_HEADER_BYTES, log->header.body_bytes);
	wl_entry_encode_header(image, &log->header);
	log->at[log->entries + 1] = log->used;
	WL_CHECK(wl_entry_decode(image, log->used, &decoded) == WL_ENTRY_OK);
	return log->entries;
}

uint64_t state_log_control(struct state_log *log, const struct wl_control *control)
{
	uint8_t payload[WL_CONTROL_PAYLOAD_BYTES_MAX];
	struct wl_record_header record;

	wl_control_encode(control, &record, payload);
	state_log_open(log, WL_ENTRY_CONTROL);
	add_record(log, &record, payload);
	return state_log_seal(log);
}

uint64_t state_log_unknown(struct state_log *log)
{
	struct wl_record_header record = {.session = 99, .bytes = 40, .kind = WL_RECORD_CONTROL};
	static const uint8_t payload[40];

	state_log_open(log, WL_ENTRY_CONTROL);
	add_record(log, &record, payload);
	return state_log_seal(log);
}

/* ---- by chance ---------------------------------------------------------------------------------- */

static void chance_record(struct state_log *log)
{
	unsigned which = (unsigned)sim_random_below(&log->random, STATE_FIXTURE_SESSIONS);
	bool expired = sim_random_chance(&log->random, 100000);

	if (log->sessions[which].id == 0) {
		/* Clients are few, so that one has several. */
		log->sessions[which].nonce = sim_random_next(&log->random);
		log->sessions[which].client = 0x80000000u + sim_random_below(&log->random, 4);
		log->sessions[which].next_sequence = 1;
		log->sessions[which].id = wl_session_id(log->header.index, log->opened++);
		state_log_add(log, WL_RECORD_OPEN_SESSION, log->sessions[which].nonce,
			      log->sessions[which].client);
		return;
	}
	if (sim_random_chance(&log->random, 8000)) {
		state_log_add(log, WL_RECORD_CLOSE_SESSION, log->sessions[which].id, 0);
		log->sessions[which].id = 0;
		return;
	}
	for (uint64_t run = sim_random_between(&log->random, 1, 6); run != 0; run--)
		state_log_add(log, expired ? WL_RECORD_EXPIRED : WL_RECORD_DATA,
			      log->sessions[which].id, log->sessions[which].next_sequence++);
}

/* Around where a session has come to: of the present, or without effect. */
static void chance_fence(struct state_log *log, struct wl_control *control)
{
	unsigned which = (unsigned)sim_random_below(&log->random, STATE_FIXTURE_SESSIONS);
	uint64_t next = log->sessions[which].next_sequence;

	control->index = log->sessions[which].id;
	control->number = next + sim_random_below(&log->random, 4);
	control->number -= control->number > 2 ? 2 : 0;
	if (control->index != 0 && control->number >= next)
		log->sessions[which].next_sequence = control->number + 1;
}

static void chance_control(struct state_log *log)
{
	struct wl_control control = {.verb = (enum wl_control_verb)sim_random_between(
					     &log->random, WL_CONTROL_TRIM, WL_CONTROL_VERB_LAST)};
	bool fits = !sim_random_chance(&log->random, 300000);

	control.number = sim_random_below(&log->random, 2 * log->next_number);
	control.expects = fits ? log->base_mark : sim_random_below(&log->random, log->entries + 1);
	control.index = control.expects;
	control.digest = sim_random_next(&log->random);
	/* Few names, so that they meet; some of them alike at first. */
	snprintf(control.name, sizeof(control.name), "reader.%.*s",
		 (int)sim_random_below(&log->random, 4), "abc");
	if (control.verb >= WL_CONTROL_CONSUMER_SET && fits)
		control.expects = control.index = 0;
	if (control.verb == WL_CONTROL_FENCE)
		chance_fence(log, &control);
	state_log_control(log, &control);
	if (control.verb == WL_CONTROL_BASE && control.expects == log->base_mark)
		log->base_mark = log->entries;
}

void state_log_chance(struct state_log *log, uint64_t seed, unsigned entries)
{
	sim_random_init(&log->random, seed, 7);
	for (unsigned done = 0; done < entries; done++) {
		log->timestamp_ns += sim_random_below(&log->random, 3) * 1000;
		if (sim_random_chance(&log->random, 30000)) {
			chance_control(log);
			continue;
		}
		if (sim_random_chance(&log->random, 10000)) {
			state_log_unknown(log);
			continue;
		}
		if (sim_random_chance(&log->random, 20000)) {
			state_log_open(log, WL_ENTRY_TERM_START);
			state_log_seal(log);
			continue;
		}
		state_log_open(log, WL_ENTRY_RECORDS);
		for (uint64_t more = sim_random_between(&log->random, 1, 6); more != 0; more--)
			chance_record(log);
		state_log_seal(log);
	}
}

unsigned state_log_apply(const struct state_log *log, struct wl_state *state, uint64_t last)
{
	unsigned ended = 0;

	for (uint64_t index = state->sessions.applied_index + 1; index <= last; index++) {
		const uint8_t *image = log->bytes + log->at[index];
		struct wl_entry_header header;

		WL_CHECK(wl_entry_decode(image, log->at[index + 1] - log->at[index], &header) ==
			 WL_ENTRY_OK);
		ended += wl_state_apply(state, image, &header);
	}
	return ended;
}

void state_start(struct wl_state *state, void **memory, uint32_t sessions_max)
{
	size_t bytes = wl_align_up(wl_state_memory_bytes(sessions_max), WL_BLOCK_BYTES);

	*memory = aligned_alloc(WL_BLOCK_BYTES, bytes);
	WL_CHECK(*memory);
	memset(*memory, 0xab, bytes);
	wl_state_init(state, *memory, sessions_max);
}
