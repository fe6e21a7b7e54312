/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an offset of a journal's stream is on the medium, and how that is told. Thread: any, one at a time. */
#ifndef WL_COMMAND_TOOL_PLACE_H
#define WL_COMMAND_TOOL_PLACE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/store/store.h"

#define WL_VERIFY_PLACE_BYTES 96u

struct wl_verify_place {
	uint64_t offset;
	uint64_t number; /* of the segment */
	uint64_t byte; /* in the segment's file, or of the device */
	char file[WL_VERIFY_PLACE_BYTES]; /* "journal-00/segment-000000000007"; "" on a device */
};

/* Where stream offset `offset` is on the medium. `store` NULL: a directory. */
void wl_verify_find_place(struct wl_verify_place *place, struct wl_store *store, uint32_t journal,
			  uint64_t segment_bytes, uint64_t offset);
void wl_verify_print_place(FILE *out, const struct wl_verify_place *place);
json_t *wl_verify_place_json(const struct wl_verify_place *place);

#endif
