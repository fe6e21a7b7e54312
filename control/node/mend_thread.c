/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/mend_thread.h"

void wl_mend_thread_request(struct wl_node *node, uint32_t journal, uint64_t offset)
{
	wl_mend_lanes_note_damaged(&node->journals[journal].journal->mend, offset);
}
