/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/control_entry.h"

#include "dataplane/base/bytes.h"

_Static_assert(WL_CONTROL_PAYLOAD_BYTES <= WL_CONTROL_BYTES_MAX, "it is one that entry.c accepts");

/* One table for both directions: the arguments that each verb uses. */
struct shape {
	const char *text;
	bool expects, number, index_and_digest;
};

static const struct shape shapes[] = {
	[WL_CONTROL_TRIM] = {.text = "trim", .number = true},
	[WL_CONTROL_BASE] = {.text = "base", .expects = true},
	[WL_CONTROL_BASE_PROVEN] = {.text = "base-proven", .index_and_digest = true},
};

static const struct shape *shape_of(uint64_t verb)
{
	if (verb == 0 || verb >= sizeof(shapes) / sizeof(shapes[0]))
		return NULL;
	return &shapes[verb];
}

void wl_control_encode(const struct wl_control *control, struct wl_record_header *record,
		       uint8_t *payload)
{
	const struct shape *shape = shape_of(control->verb);

	*record = (struct wl_record_header){
		.session = control->verb,
		.sequence = shape && shape->expects ? control->expects : 0,
		.bytes = WL_CONTROL_PAYLOAD_BYTES,
		.kind = WL_RECORD_CONTROL,
	};
	wl_store_u64(payload, shape && shape->number ? control->number : 0);
	wl_store_u64(payload + 8, shape && shape->index_and_digest ? control->index : 0);
	wl_store_u64(payload + 16, shape && shape->index_and_digest ? control->digest : 0);
}

static bool uses_only(const struct shape *shape, const struct wl_control *control)
{
	return (shape->expects || control->expects == 0) &&
	       (shape->number || control->number == 0) &&
	       (shape->index_and_digest || (control->index == 0 && control->digest == 0));
}

bool wl_control_decode(const uint8_t *image, const struct wl_entry_header *header,
		       struct wl_control *control)
{
	const struct shape *shape;
	struct wl_record_walk walk;
	struct wl_record_view view;

	wl_record_walk_init(&walk, image, header);
	if (header->kind != WL_ENTRY_CONTROL || !wl_record_walk_next(&walk, &view))
		return false;
	shape = shape_of(view.header.session);
	if (!shape || view.header.bytes != WL_CONTROL_PAYLOAD_BYTES)
		return false;
	*control = (struct wl_control){
		.verb = (enum wl_control_verb)view.header.session,
		.expects = view.header.sequence,
		.number = wl_load_u64(view.payload),
		.index = wl_load_u64(view.payload + 8),
		.digest = wl_load_u64(view.payload + 16),
	};
	return uses_only(shape, control);
}

const char *wl_control_verb_text(uint64_t verb)
{
	const struct shape *shape = shape_of(verb);

	return shape ? shape->text : "unknown";
}
