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

void wl_log_members_take(struct wl_log *log, const uint8_t *image,
			 const struct wl_entry_header *header)
{
	struct wl_list before = log->list;
	struct wl_control control;

	if (wl_likely(header->kind != WL_ENTRY_CONTROL) ||
	    !wl_control_decode(image, header, &control) ||
	    !wl_control_changes_list(&control, header->index, &log->list))
		return;
	log->list_before = before;
}

void wl_log_members_cut(struct wl_log *log, uint64_t index)
{
	if (log->list.index <= index)
		return;
	WL_CHECK(!wl_log_cuts_committed_list(log, index));
	log->list = log->list_before;
}
