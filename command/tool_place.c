/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_place.h"

#include <inttypes.h>
#include <unistd.h>

void wl_verify_find_place(struct wl_verify_place *place, struct wl_store *store, uint32_t journal,
			  uint64_t segment_bytes, uint64_t offset)
{
	uint64_t base = 0;
	int fd;

	*place = (struct wl_verify_place){
		.offset = offset,
		.number = offset / segment_bytes,
		.byte = offset % segment_bytes,
	};
	if (store == NULL || !wl_store_is_block_device(store)) {
		snprintf(place->file, sizeof(place->file), "journal-%02u/segment-%012" PRIu64,
			 journal, place->number);
		return;
	}
	if (wl_store_segment_open(store, journal, place->number, &fd, &base) == 0)
		close(fd);
	place->byte += base;
}

void wl_verify_print_place(FILE *out, const struct wl_verify_place *place)
{
	if (place->file[0] != '\0')
		fprintf(out, "%s byte %" PRIu64, place->file, place->byte);
	else
		fprintf(out, "byte %" PRIu64 " of the device", place->byte);
}

json_t *wl_verify_place_json(const struct wl_verify_place *place)
{
	return json_pack("{s:I, s:I, s:s?, s:I}", "stream_offset", (json_int_t)place->offset,
			 "segment", (json_int_t)place->number, "file",
			 place->file[0] != '\0' ? place->file : NULL, "byte",
			 (json_int_t)place->byte);
}
