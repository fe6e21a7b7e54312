/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/state/restore.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

const char *wl_restore_verdict_name(enum wl_restore_verdict verdict)
{
	static const char *const names[] = {
		"OK",		"ENOUGH",   "CHAIN",	"OTHER_BASE", "NOT_PROVEN_SO",
		"CONTRADICTED", "FEATURES", "SESSIONS", "BELOW_BASE",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == WL_RESTORE_VERDICTS, "one for each");
	WL_CHECK(verdict < WL_RESTORE_VERDICTS);
	return names[verdict];
}

const char *wl_restore_verdict_text(enum wl_restore_verdict verdict)
{
	static const char *const texts[] = {
		"it can be restored",
		"all that is wanted was taken",
		"an entry does not follow the one before it",
		"its base is another one than its entries make, or stands at another one",
		"a majority made another base at the entry of this one",
		"a committed entry contradicts those before it",
		"features are in force in it that this build does not have: restore it with a newer one",
		"its entries allow more sessions than limits.sessions",
		"what is wanted ends before the base, and the entries from the beginning are not there",
	};

	_Static_assert(sizeof(texts) / sizeof(texts[0]) == WL_RESTORE_VERDICTS, "one for each");
	WL_CHECK(verdict < WL_RESTORE_VERDICTS);
	return texts[verdict];
}

static size_t state_bytes(uint32_t sessions_max)
{
	return wl_align_up(wl_state_memory_bytes(sessions_max), WL_BLOCK_BYTES);
}

size_t wl_restore_memory_bytes(uint32_t sessions_max)
{
	return state_bytes(sessions_max) + sessions_max * sizeof(uint32_t);
}

static bool begins_at_origin(const struct wl_restore *restore)
{
	return restore->config.page->before.position.index == 0;
}

void wl_restore_init(struct wl_restore *restore, const struct wl_restore_config *config,
		     void *memory)
{
	memset(restore, 0, sizeof(*restore));
	restore->config = *config;
	restore->order =
		(uint32_t *)(void *)((uint8_t *)memory + state_bytes(config->sessions_max));
	wl_state_init(&restore->state, memory, config->sessions_max);
	wl_archive_range_begin(&restore->seen, &config->page->before);
	restore->applies = begins_at_origin(restore);
}

struct wl_state *wl_restore_base_state(struct wl_restore *restore)
{
	return begins_at_origin(restore) ? NULL : &restore->state;
}

static bool is_entry_of_base(const struct wl_restore *restore)
{
	const struct wl_archive_place *at = &restore->seen.behind;

	return at->position.index == restore->config.page->base_index &&
	       at->chain == restore->base_chain;
}

/* The digest of a base of the state as it is. */
static uint64_t digest_here(const struct wl_restore *restore)
{
	const struct wl_archive_place *at = &restore->seen.behind;
	const struct wl_base_header header = {
		.log = {.position = at->position, .chain = at->chain}};
	struct wl_base_encoder encoder;

	WL_CHECK(restore->applies); /* N2 */
	wl_base_encode_begin(&encoder, &header, &restore->state, NULL, restore->order);
	return encoder.header.digest;
}

/* What was taken ends at the base's index. */
static enum wl_restore_verdict meet_base(struct wl_restore *restore)
{
	const struct wl_archive_place *at = &restore->seen.behind;

	if (!is_entry_of_base(restore))
		return WL_RESTORE_OTHER_BASE;
	if (begins_at_origin(restore)) {
		if (digest_here(restore) != restore->config.page->base_digest)
			return WL_RESTORE_OTHER_BASE;
		restore->base_made = true;
	}
	restore->base_met = true;
	restore->applies = true;
	return restore->state.next_number == at->next_number &&
			       restore->state.last_timestamp_ns == at->timestamp_ns
		       ? WL_RESTORE_OK
		       : WL_RESTORE_OTHER_BASE;
}

enum wl_restore_verdict wl_restore_on_base(struct wl_restore *restore,
					   const struct wl_base_header *header)
{
	const struct wl_backup_journal *page = restore->config.page;

	WL_CHECK(restore->entries == 0 && page->base_index != 0);
	if (header->log.position.index != page->base_index || header->digest != page->base_digest)
		return WL_RESTORE_OTHER_BASE;
	if (!wl_features_have(restore->config.features, restore->state.features.set))
		return WL_RESTORE_FEATURES;
	restore->base_chain = header->log.chain;
	return page->before.position.index == page->base_index ? meet_base(restore) : WL_RESTORE_OK;
}

/* An entry that says what a majority made of the base, wherever it stands. */
static enum wl_restore_verdict note_proof(struct wl_restore *restore, const uint8_t *image,
					  const struct wl_entry_header *header)
{
	const struct wl_backup_journal *page = restore->config.page;
	struct wl_control control;

	if (header->kind != WL_ENTRY_CONTROL || page->base_index == 0 ||
	    !wl_control_decode(image, header, &control) || control.verb != WL_CONTROL_BASE_PROVEN ||
	    control.index != page->base_index)
		return WL_RESTORE_OK;
	if (control.digest != page->base_digest)
		return WL_RESTORE_NOT_PROVEN_SO;
	restore->proof = header->index;
	return WL_RESTORE_OK;
}

static enum wl_restore_verdict apply(struct wl_restore *restore, const uint8_t *image,
				     const struct wl_entry_header *header)
{
	struct wl_state *state = &restore->state;

	wl_state_apply(state, image, header);
	WL_CHECK(state->sessions.applied_index == restore->seen.behind.position.index); /* N2 */
	if (state->sessions.contradicted)
		return WL_RESTORE_CONTRADICTED;
	if (!wl_features_have(restore->config.features, state->features.set))
		return WL_RESTORE_FEATURES;
	return wl_session_table_lacks_room(&state->sessions) ? WL_RESTORE_SESSIONS : WL_RESTORE_OK;
}

enum wl_restore_verdict wl_restore_take(struct wl_restore *restore, const uint8_t *image,
					const struct wl_entry_header *header)
{
	const struct wl_restore_config *config = &restore->config;
	enum wl_restore_verdict verdict = WL_RESTORE_OK;

	if (config->to_number != 0 &&
	    header->first_number + header->data_count > config->to_number + 1)
		return WL_RESTORE_ENOUGH;
	if (!wl_entry_number_follows(header, restore->seen.behind.next_number) ||
	    wl_archive_range_add(&restore->seen, image, header) != WL_ARCHIVE_OK)
		return WL_RESTORE_CHAIN;
	restore->entries++;
	WL_CHECK(restore->seen.behind.position.index == header->index); /* N1 */
	if (restore->applies)
		verdict = apply(restore, image, header);
	if (verdict == WL_RESTORE_OK && header->index == config->page->base_index)
		verdict = meet_base(restore);
	return verdict == WL_RESTORE_OK ? note_proof(restore, image, header) : verdict;
}

enum wl_restore_verdict wl_restore_end(const struct wl_restore *restore)
{
	WL_CHECK(wl_restore_check(restore) == NULL);
	return restore->applies ? WL_RESTORE_OK : WL_RESTORE_BELOW_BASE;
}

const char *wl_restore_check(const struct wl_restore *restore)
{
	const struct wl_archive_range *seen = &restore->seen;

	if (seen->behind.position.index != seen->before.position.index + restore->entries)
		return "N1: as many entries as the places say";
	if (restore->applies &&
	    restore->state.sessions.applied_index != seen->behind.position.index)
		return "N2: the state is that behind the last entry";
	if (restore->config.to_number != 0 && restore->entries != 0 &&
	    seen->behind.next_number > restore->config.to_number + 1 &&
	    seen->behind.next_number != seen->before.next_number)
		return "N3: no record above the wanted number";
	return NULL;
}
