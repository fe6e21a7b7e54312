/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_bases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (1u << 20)

/* What bases are read into: a state, and a log that only the decoder wants. */
struct scratch {
	struct wl_state state;
	struct wl_log log;
	uint8_t *ring, *piece;
	void *log_memory, *state_memory;
};

static void init_state(struct scratch *scratch)
{
	wl_state_init(&scratch->state, scratch->state_memory, WIRELOG_SESSIONS_MAX);
}

static bool allocate(struct scratch *scratch, const struct wl_tool_journal *journal)
{
	const struct wl_log_config *config = &journal->log.config;

	memset(scratch, 0, sizeof(*scratch));
	scratch->ring = aligned_alloc(WL_BLOCK_BYTES, config->ring_bytes);
	scratch->piece = aligned_alloc(WL_BLOCK_BYTES, PIECE_BYTES);
	scratch->log_memory = malloc(wl_log_memory_bytes(config));
	scratch->state_memory = malloc(wl_state_memory_bytes(WIRELOG_SESSIONS_MAX));
	return scratch->ring != NULL && scratch->piece != NULL && scratch->log_memory != NULL &&
	       scratch->state_memory != NULL;
}

static void release(struct scratch *scratch)
{
	free(scratch->ring);
	free(scratch->piece);
	free(scratch->log_memory);
	free(scratch->state_memory);
}

static enum wl_base_verdict read_header(struct scratch *scratch,
					const struct wl_tool_journal_source *source, unsigned place,
					struct wl_base_header *header)
{
	enum wl_base_verdict verdict;
	int error = -ENOENT;

	if (source->read_base != NULL)
		error = source->read_base(source->context, place, 0, scratch->piece,
					  WL_BLOCK_BYTES);
	if (error != 0)
		return error == -ENOENT ? WL_BASE_EMPTY : WL_BASE_DAMAGED;
	verdict = wl_base_decode_header(scratch->piece, &source->identity, header);
	/* As a start sees it (base_load.h). */
	return verdict == WL_BASE_OK && header->sequence % WL_BASE_PLACES != place ? WL_BASE_DAMAGED
										   : verdict;
}

static enum wl_base_verdict read_blocks(struct scratch *scratch,
					const struct wl_tool_journal_source *source, unsigned place,
					uint64_t bytes)
{
	enum wl_base_verdict verdict = WL_BASE_OK;
	struct wl_base_decoder decoder;

	wl_base_decode_begin(&decoder, &source->identity, &scratch->state, &scratch->log,
			     source->first_segment);
	for (uint64_t at = 0; at < bytes; at += PIECE_BYTES) {
		uint32_t piece = bytes - at < PIECE_BYTES ? (uint32_t)(bytes - at) : PIECE_BYTES;

		if (source->read_base(source->context, place, at, scratch->piece, piece) != 0)
			return WL_BASE_DAMAGED;
		for (uint32_t block = 0; block < piece && verdict == WL_BASE_OK;
		     block += WL_BLOCK_BYTES)
			verdict = wl_base_decode(&decoder, scratch->piece + block);
	}
	return verdict == WL_BASE_OK && wl_base_decode_is_done(&decoder) ? WL_BASE_OK
									 : WL_BASE_DAMAGED;
}

/* Its state is in `scratch` afterwards, when it is whole. */
static void read_place(struct scratch *scratch, const struct wl_tool_journal *journal,
		       unsigned place, struct wl_tool_base *base)
{
	*base = (struct wl_tool_base){0};
	base->verdict = read_header(scratch, &journal->source, place, &base->header);
	if (base->verdict != WL_BASE_OK)
		return;
	wl_log_init(&scratch->log, &journal->log.config, scratch->ring, scratch->log_memory);
	init_state(scratch);
	base->verdict =
		read_blocks(scratch, &journal->source, place, wl_base_file_bytes(&base->header));
	base->state_digest = wl_state_digest(&scratch->state);
}

/* Has the log another entry there? What cannot be read says nothing. */
static bool contradicts_log(struct wl_tool_journal *journal, const struct wl_tool_base *base)
{
	uint64_t index = base->header.log.position.index;
	struct wl_reader_view view;

	/* That one is refused by a start, and so it was not walked over. */
	if (index == wl_tool_journal_base(journal) && journal->base_differs)
		return true;
	if (index <= journal->log.begin.position.index || index > journal->log.tail.index)
		return false;
	wl_tool_journal_seek(journal, index);
	return wl_tool_journal_next(journal, &view) == WL_READER_ENTRY &&
	       (view.header.term != base->header.log.position.term ||
		wl_entry_chain(view.image) != base->header.log.chain);
}

/* The state of `scratch` goes on up to the base's index. False: an entry cannot be read. */
static bool apply_to(struct scratch *scratch, struct wl_tool_journal *journal, uint64_t index)
{
	struct wl_reader_view view;

	wl_tool_journal_seek(journal, scratch->state.sessions.applied_index + 1);
	while (scratch->state.sessions.applied_index < index &&
	       !scratch->state.sessions.contradicted) {
		if (wl_tool_journal_next(journal, &view) != WL_READER_ENTRY)
			return false;
		wl_state_apply(&scratch->state, view.image, &view.header);
	}
	return true;
}

/* The state of `scratch` is what the entries behind `from` have made so far. */
static void compare(struct scratch *scratch, struct wl_tool_journal *journal, uint64_t from,
		    struct wl_tool_base *base)
{
	uint64_t index = base->header.log.position.index;

	if (index > journal->log.tail.index ||
	    scratch->state.sessions.applied_index < journal->log.begin.position.index ||
	    !apply_to(scratch, journal, index))
		return;
	base->made_from = from;
	if (wl_state_digest(&scratch->state) != base->state_digest)
		base->state = WL_TOOL_BASE_DIFFERS;
	else if (base->state == WL_TOOL_BASE_NOT_COMPARED)
		base->state = WL_TOOL_BASE_SAME;
}

static void look(struct wl_tool_bases *bases, struct scratch *scratch,
		 struct wl_tool_journal *journal)
{
	struct wl_tool_base *places = bases->places, again;
	uint64_t from = 0;
	unsigned older;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		read_place(scratch, journal, place, &places[place]);
	older = places[1].verdict == WL_BASE_OK &&
		(places[0].verdict != WL_BASE_OK ||
		 places[1].header.sequence < places[0].header.sequence);
	if (journal->nowhere || places[older].verdict != WL_BASE_OK)
		return;
	for (unsigned place = 0; place < WL_BASE_PLACES; place++) {
		if (places[place].verdict == WL_BASE_OK && contradicts_log(journal, &places[place]))
			places[place].state = WL_TOOL_BASE_DIFFERS;
	}
	if (journal->log.begin.position.index == 0) {
		init_state(scratch);
		compare(scratch, journal, 0, &places[older]);
	} else {
		read_place(scratch, journal, older, &again);
		from = places[older].header.log.position.index;
	}
	if (places[!older].verdict == WL_BASE_OK)
		compare(scratch, journal, from, &places[!older]);
}

int wl_tool_bases_look(struct wl_tool_bases *bases, struct wl_tool_journal *journal)
{
	struct scratch *scratch = malloc(sizeof(*scratch));
	int status = WIRELOG_NO_MEMORY;

	memset(bases, 0, sizeof(*bases));
	if (scratch == NULL)
		return status;
	if (allocate(scratch, journal)) {
		look(bases, scratch, journal);
		status = 0;
	}
	release(scratch);
	free(scratch);
	return status;
}

const char *wl_tool_base_state_name(enum wl_tool_base_state state)
{
	switch (state) {
	case WL_TOOL_BASE_NOT_COMPARED:
		return "not compared";
	case WL_TOOL_BASE_SAME:
		return "same";
	case WL_TOOL_BASE_DIFFERS:
		return "differs";
	}
	return "unknown";
}
