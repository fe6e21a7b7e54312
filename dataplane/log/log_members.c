/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of members that is in force in a log: from the moment in which its entry is appended until it is cut away. It is kept beside the
 * entries as the terms are, so that whoever counts, and control with it, counts by the log and by nothing else.
 */
#include "dataplane/log/log_internal.h"

void wl_log_set_list(struct wl_log *log, const struct wl_list *list)
{
	log->list = *list;
	if (list->index == 0)
		log->list = (struct wl_list){.voters = log->config.first_voters};
	log->list_before = log->list;
}

bool wl_log_cuts_committed_list(const struct wl_log *log, uint64_t index)
{
	return index < log->list_before.index;
}

void wl_log_set_history(struct wl_log *log, struct wl_log_history history)
{
	log->history = history;
	log->history_before = history;
}

void wl_log_stand_alone(struct wl_log *log, uint64_t incarnation)
{
	struct wl_list alone = {
		.index = log->list.index,
		.voters = wl_members_only(log->config.node),
	};

	WL_CHECK(log->config.node >= 1 && log->config.node <= WIRELOG_NODES_MAX);
	WL_CHECK(log->chunk_count == 0 && !log->entry_open);
	alone.incarnation[log->config.node] = incarnation;
	log->list = alone;
	log->list_before = alone;
}

static void begin_history(struct wl_log *log, uint64_t id, uint64_t index)
{
	WL_CHECK(id != 0);
	log->history_before = log->history;
	log->history = (struct wl_log_history){.id = id, .index = index};
}

void wl_log_members_take(struct wl_log *log, const uint8_t *image,
			 const struct wl_entry_header *header)
{
	struct wl_list before = log->list;
	struct wl_control control;

	WL_CHECK(header->index == log->tail.index);
	if (wl_unlikely(header->kind == WL_ENTRY_TERM_START) && header->body_bytes != 0)
		begin_history(log, wl_entry_history(image, header), header->index);
	if (wl_likely(header->kind != WL_ENTRY_CONTROL) ||
	    !wl_control_decode(image, header, &control))
		return;
	if (wl_control_begins_history(&control, header, log->history.id)) {
		begin_history(log, control.digest, header->index);
		log->list = wl_control_rescued(&control, header->index);
		log->list_before = before;
	} else if (wl_control_changes_list(&control, header->index, &log->list)) {
		log->list_before = before;
	}
}

void wl_log_members_cut(struct wl_log *log, uint64_t index)
{
	WL_CHECK(index == log->tail.index);
	if (log->history.index > index)
		log->history = log->history_before;
	if (log->list.index <= index)
		return;
	WL_CHECK(!wl_log_cuts_committed_list(log, index));
	log->list = log->list_before;
}
