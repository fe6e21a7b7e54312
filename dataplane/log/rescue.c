/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/rescue.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_rescue_record(struct wl_superblock *record, const uint64_t *histories)
{
	WL_CHECK(record->journal_count >= 1);
	WL_CHECK(record->journal_count <= WIRELOG_JOURNALS_MAX);
	for (uint32_t id = 0; id < record->journal_count; id++) {
		struct wl_superblock_journal *journal = &record->journals[id];

		WL_CHECK(histories[id] != 0);
		WL_CHECK(histories[id] != journal->history);
		journal->term += WL_RESCUE_TERMS * wl_rescue_stride(histories[id]);
		journal->vote = 0;
		journal->rescued = histories[id];
		/* Whatever these data were to the others: by the list that begins now they alone count. */
		if (journal->caught_up_boot == 0)
			journal->caught_up_boot = record->boot_count != 0 ? record->boot_count : 1;
	}
	/* Of members of the history that ends here. Who comes under their ids later has other data, and must. */
	memset(record->peers, 0, sizeof(record->peers));
	memset(record->peer_durable, 0, sizeof(record->peer_durable));
}
