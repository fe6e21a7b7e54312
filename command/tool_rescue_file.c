/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_rescue.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "command/tool_journal.h"
#include "dataplane/log/rescue.h"
#include "dataplane/store/superblock_uring.h"
#include "wirelog/status.h"

static void take(const struct wl_superblock *superblock, uint32_t id,
		 const struct wl_tool_journal *journal, struct wl_rescue_journal *found)
{
	const struct wl_superblock_journal *record = &superblock->journals[id];

	*found = (struct wl_rescue_journal){
		.tail = journal->log.tail,
		.next_number = journal->log.next_number,
		.commit = journal->recovery.known_commit,
		.list = journal->log.list,
		.history = journal->log.history.id,
		.damaged = wl_tool_journal_is_damaged(journal) || record->divergence.node != 0,
	};
	if (record->commit.index > found->commit)
		found->commit = record->commit.index;
	if (record->history != 0)
		found->history = record->history;
	if (record->rescued != 0)
		found->history = record->rescued;
	if (record->rescued != 0 && journal->log.history.id != record->rescued)
		found->list = (struct wl_list){.voters = wl_members_only(superblock->node)};
	if (wl_list_voters(&found->list) == 0)
		found->list.voters = superblock->voters;
}

/*
 * As a start would find it: from the newest base, which has the list of members whatever was trimmed, to the tail. Then all that is kept, for
 * what a start does not read may be damaged, too.
 */
static int look_at(struct wl_store *store, uint32_t id, struct wl_rescue_journal *found)
{
	static struct wl_tool_journal journal;
	struct wl_tool_journal_store of = {store, id};
	struct wl_tool_journal_source source;
	int status;

	wl_tool_journal_of_store(&of, &source);
	status = wl_tool_journal_open(&journal, &source);
	if (status == 0)
		take(wl_store_superblock(store), id, &journal, found);
	wl_tool_journal_close(&journal);
	if (status != 0)
		return status;
	source.from_begin = true;
	status = wl_tool_journal_open(&journal, &source);
	found->holes = journal.damaged_below;
	wl_tool_journal_close(&journal);
	return status;
}

int wl_rescue_look(struct wl_rescue_data *data, const char *path, char *reason, size_t reason_bytes)
{
	const struct wl_store_config config = {.path = path, .read_only = true};
	struct wl_store *store;
	int status;

	memset(data, 0, sizeof(*data));
	data->path = path;
	status = wl_store_open(&store, &config, reason, reason_bytes);
	if (status != 0)
		return status;
	data->superblock = *wl_store_superblock(store);
	for (uint32_t id = 0; id < data->superblock.journal_count && status == 0; id++)
		status = look_at(store, id, &data->journals[id]);
	wl_store_close(store);
	if (status != 0)
		snprintf(reason, reason_bytes, "%s: %s", path, wirelog_status_cause(status));
	return status;
}

bool wl_rescue_fit(const struct wl_rescue_data *data, uint32_t count, char *reason,
		   size_t reason_bytes)
{
	wl_members nodes = 0;

	for (uint32_t at = 0; at < count; at++) {
		const struct wl_superblock *one = &data[at].superblock,
					   *first = &data[0].superblock;

		if (memcmp(one->cluster, first->cluster, sizeof(one->cluster)) != 0 ||
		    one->journal_count != first->journal_count) {
			snprintf(reason, reason_bytes,
				 "%s is of another cluster than %s, or has other journals",
				 data[at].path, data[0].path);
			return false;
		}
		for (uint32_t id = 0; id < one->journal_count; id++) {
			uint64_t theirs = data[at].journals[id].history;
			uint64_t ours = data[0].journals[id].history;

			if (theirs == ours || theirs == 0 || ours == 0)
				continue;
			snprintf(
				reason, reason_bytes,
				"%s and %s are of two histories of journal %u: one of them was rescued "
				"or begun anew already",
				data[at].path, data[0].path, id);
			return false;
		}
		if (wl_members_has(nodes, one->node)) {
			snprintf(reason, reason_bytes, "node %u is here twice: %s, and before it",
				 one->node, data[at].path);
			return false;
		}
		nodes = wl_members_with(nodes, one->node);
	}
	return true;
}

uint32_t wl_rescue_best(const struct wl_rescue_data *data, uint32_t count, uint32_t journal)
{
	uint32_t best = 0;

	for (uint32_t at = 1; at < count; at++) {
		const struct wl_rescue_journal *one = &data[at].journals[journal];
		const struct wl_rescue_journal *before = &data[best].journals[journal];

		if (one->damaged)
			continue;
		if (before->damaged || !wl_position_at_least(before->tail, one->tail))
			best = at;
	}
	return best;
}

bool wl_rescue_is_under_way(const struct wl_rescue_data *data)
{
	for (uint32_t id = 0; id < data->superblock.journal_count; id++)
		if (data->superblock.journals[id].rescued != 0)
			return true;
	return false;
}

bool wl_rescue_is_needless(const struct wl_rescue_data *data, uint32_t count, uint32_t journal)
{
	uint32_t best = wl_rescue_best(data, count, journal);
	wl_members here = 0;

	for (uint32_t at = 0; at < count; at++) {
		const struct wl_superblock *one = &data[at].superblock;

		if (!data[at].journals[journal].damaged &&
		    one->journals[journal].caught_up_boot != 0 &&
		    wl_list_names(&data[best].journals[journal].list, one->node, one->incarnation))
			here = wl_members_with(here, one->node);
	}
	return wl_list_decides(&data[best].journals[journal].list, here);
}

int wl_rescue_make(struct wl_rescue_data *data, char *reason, size_t reason_bytes)
{
	struct wl_superblock *record = &data->superblock;
	const struct wl_store_config config = {
		.path = data->path,
		.cluster = record->cluster,
		.node = record->node,
		.journal_count = record->journal_count,
		.segment_bytes = record->segment_bytes,
		.voters = record->voters,
		.features = wl_features_supported(),
	};
	struct wl_superblock_writer *writer = NULL;
	uint64_t histories[WIRELOG_JOURNALS_MAX];
	struct wl_store *store;
	int status = wl_store_open(&store, &config, reason, reason_bytes);

	if (status != 0)
		return status;
	if (wl_store_superblock(store)->sequence != record->sequence) {
		snprintf(
			reason, reason_bytes,
			"%s has changed since it was looked at: its node ran meanwhile. Stop it, and ask "
			"again",
			data->path);
		wl_store_close(store);
		return WIRELOG_STORE_IN_USE;
	}
	status = WIRELOG_URING_UNAVAILABLE;
	if (getrandom(histories, sizeof(histories), 0) == (ssize_t)sizeof(histories) &&
	    wl_superblock_writer_open(&writer, store) == 0) {
		for (uint32_t id = 0; id < record->journal_count; id++)
			histories[id] |= 1;
		wl_rescue_record(record, histories);
		status = wl_superblock_writer_persist(writer, record) == 0 ? 0
									   : WIRELOG_URING_FAILED;
	}
	if (status != 0)
		snprintf(
			reason, reason_bytes,
			"%s: the record of the new history could not be made durable; it counts when "
			"it is there: look with --dry-run, and ask again",
			data->path);
	if (writer)
		wl_superblock_writer_close(writer);
	wl_store_close(store);
	return status;
}
