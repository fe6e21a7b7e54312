/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a journal is kept, and which bases there are, as JSON. */
#include "control/report/status_json.h"

static json_t *base_of(uint64_t index, uint64_t digest)
{
	char text[17];

	if (index == 0)
		return json_null();
	wl_status_json_hex(digest, text);
	return json_pack("{s:I, s:s}", "index", (json_int_t)index, "digest", text);
}

void wl_status_json_set_kept(json_t *object, const struct wl_journal_status *status)
{
	json_t *differs = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(status->base_differs, node))
			json_array_append_new(differs, json_integer(node));
	json_object_set_new(object, "trim_number", json_integer((json_int_t)status->trim_number));
	json_object_set_new(object, "bases",
			    json_pack("{s:I, s:o, s:o, s:o}", "mark", (json_int_t)status->base_mark,
				      "proven",
				      base_of(status->proven_index, status->proven_digest), "own",
				      base_of(status->base_index, status->base_digest), "differs",
				      differs));
}
