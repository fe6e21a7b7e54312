/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/control_entry.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

_Static_assert(WL_CONTROL_PAYLOAD_BYTES_MAX <= WL_CONTROL_BYTES_MAX,
	       "it is one that entry.c accepts");

/* One table for both directions: the arguments that each verb uses. */
struct shape {
	const char *text;
	bool expects, number, index, digest, name, members, limits;
};

static const struct shape shapes[] = {
	[WL_CONTROL_TRIM] = {.text = "trim", .number = true},
	[WL_CONTROL_BASE] = {.text = "base", .expects = true},
	[WL_CONTROL_BASE_PROVEN] = {.text = "base-proven", .index = true, .digest = true},
	[WL_CONTROL_CONSUMER_SET] = {.text = "consumer-set",
				     .expects = true,
				     .number = true,
				     .name = true},
	[WL_CONTROL_CONSUMER_DROP] = {.text = "consumer-drop",
				      .expects = true,
				      .index = true,
				      .name = true},
	[WL_CONTROL_MEMBERS] = {.text = "members",
				.expects = true,
				.number = true,
				.index = true,
				.members = true},
	[WL_CONTROL_LIMITS] = {.text = "limits", .expects = true, .limits = true},
	[WL_CONTROL_LOSS] = {.text = "loss",
			     .expects = true,
			     .number = true,
			     .index = true,
			     .digest = true,
			     .members = true},
	[WL_CONTROL_FENCE] = {.text = "fence", .number = true, .index = true},
	[WL_CONTROL_KEYS] = {.text = "keys", .expects = true, .number = true, .index = true},
	[WL_CONTROL_FEATURES] = {.text = "features", .expects = true, .number = true, .index = true},
};
_Static_assert(sizeof(shapes) / sizeof(shapes[0]) == WL_CONTROL_VERB_LAST + 1, "each verb has one");

_Static_assert(WL_CONTROL_NAMED_BYTES <= WL_CONTROL_PAYLOAD_BYTES_MAX &&
		       WL_CONTROL_LIMITS_BYTES <= WL_CONTROL_PAYLOAD_BYTES_MAX,
	       "every verb's fits");
WL_STATIC_CHECK(WL_CONTROL_PAYLOAD_BYTES % 8 == 0 && WL_CONTROL_NAMED_BYTES % 8 == 0);

static uint32_t payload_bytes(const struct shape *shape)
{
	if (shape && shape->members)
		return WL_CONTROL_MEMBERS_BYTES;
	if (shape && shape->limits)
		return WL_CONTROL_LIMITS_BYTES;
	return shape && shape->name ? WL_CONTROL_NAMED_BYTES : WL_CONTROL_PAYLOAD_BYTES;
}

static size_t incarnation_at(uint32_t node)
{
	return WL_CONTROL_PAYLOAD_BYTES + (size_t)8 * (node - 1);
}

static size_t limit_at(unsigned limit)
{
	return WL_CONTROL_PAYLOAD_BYTES + (size_t)8 * limit;
}

static const struct shape *shape_of(uint64_t verb)
{
	if (verb >= sizeof(shapes) / sizeof(shapes[0]) || !shapes[verb].text)
		return NULL; /* a number that nobody has taken yet */
	return &shapes[verb];
}

void wl_control_encode(const struct wl_control *control, struct wl_record_header *record,
		       uint8_t *payload)
{
	const struct shape *shape = shape_of(control->verb);

	WL_CHECK(payload_bytes(shape) <= WL_CONTROL_PAYLOAD_BYTES_MAX);
	*record = (struct wl_record_header){
		.session = control->verb,
		.sequence = shape && shape->expects ? control->expects : 0,
		.bytes = payload_bytes(shape),
		.kind = WL_RECORD_CONTROL,
	};
	wl_store_u64(payload, shape && shape->number ? control->number : 0);
	wl_store_u64(payload + 8, shape && shape->index ? control->index : 0);
	wl_store_u64(payload + 16, shape && shape->digest ? control->digest : 0);
	if (shape && shape->name)
		memcpy(payload + WL_CONTROL_PAYLOAD_BYTES, control->name, WL_CONSUMER_NAME_BYTES);
	for (uint32_t node = 1; shape && shape->members && node <= WIRELOG_NODES_MAX; node++)
		wl_store_u64(payload + incarnation_at(node), control->incarnation[node]);
	for (unsigned limit = 0; shape && shape->limits && limit < WL_LIMITS; limit++)
		wl_store_u64(payload + limit_at(limit), control->limit[limit]);
}

static bool uses_only(const struct shape *shape, const struct wl_control *control)
{
	return (shape->expects || control->expects == 0) &&
	       (shape->number || control->number == 0) && (shape->index || control->index == 0) &&
	       (shape->digest || control->digest == 0) &&
	       (!shape->name || wl_consumer_name_is_valid(control->name));
}

bool wl_control_decode(const uint8_t *image, const struct wl_entry_header *header,
		       struct wl_control *control)
{
	const struct shape *shape;
	struct wl_record_walk walk;
	struct wl_record_view view;

	wl_entry_walk_init(&walk, image, header);
	if (header->kind != WL_ENTRY_CONTROL || !wl_entry_walk_next(&walk, &view))
		return false;
	shape = shape_of(view.header.session);
	if (!shape || view.header.bytes != payload_bytes(shape))
		return false;
	*control = (struct wl_control){
		.verb = (enum wl_control_verb)view.header.session,
		.expects = view.header.sequence,
		.number = wl_load_u64(view.payload),
		.index = wl_load_u64(view.payload + 8),
		.digest = wl_load_u64(view.payload + 16),
	};
	if (shape->name)
		memcpy(control->name, view.payload + WL_CONTROL_PAYLOAD_BYTES,
		       WL_CONSUMER_NAME_BYTES);
	for (uint32_t node = 1; shape->members && node <= WIRELOG_NODES_MAX; node++)
		control->incarnation[node] = wl_load_u64(view.payload + incarnation_at(node));
	for (unsigned limit = 0; shape->limits && limit < WL_LIMITS; limit++)
		control->limit[limit] = wl_load_u64(view.payload + limit_at(limit));
	return uses_only(shape, control);
}

struct wl_control wl_control_of_list(const struct wl_list *list, uint64_t expects)
{
	struct wl_control control = {
		.verb = WL_CONTROL_MEMBERS,
		.expects = expects,
		.number = list->voters | (uint64_t)list->old << 32,
		.index = list->learners,
	};

	memcpy(control.incarnation, list->incarnation, sizeof(control.incarnation));
	return control;
}

bool wl_control_list(const struct wl_control *control, uint64_t index, struct wl_list *list)
{
	*list = (struct wl_list){
		.index = index,
		.voters = (wl_members)control->number,
		.old = (wl_members)(control->number >> 32),
		.learners = (wl_members)control->index,
	};
	memcpy(list->incarnation, control->incarnation, sizeof(list->incarnation));
	return control->verb == WL_CONTROL_MEMBERS && control->index <= UINT32_MAX;
}

bool wl_control_changes_list(const struct wl_control *control, uint64_t index, struct wl_list *list)
{
	struct wl_list next;

	if (!wl_control_list(control, index, &next) || control->expects != list->index ||
	    !wl_list_may_follow(list, &next))
		return false;
	*list = next;
	return true;
}

struct wl_control wl_control_of_limits(const struct wl_journal_limits *limits, uint64_t expects)
{
	struct wl_control control = {.verb = WL_CONTROL_LIMITS, .expects = expects};

	memcpy(control.limit, limits->value, sizeof(control.limit));
	return control;
}

bool wl_control_changes_limits(const struct wl_control *control, uint64_t index,
			       struct wl_journal_limits *limits)
{
	struct wl_journal_limits next = {.index = index};

	memcpy(next.value, control->limit, sizeof(next.value));
	if (control->verb != WL_CONTROL_LIMITS || control->expects != limits->index ||
	    !wl_journal_limits_are_possible(&next))
		return false;
	*limits = next;
	return true;
}

bool wl_control_changes_features(const struct wl_control *control, uint64_t index,
				 uint64_t list_index, struct wl_features_in_force *features)
{
	if (control->verb != WL_CONTROL_FEATURES || control->expects != features->index ||
	    control->index != list_index || control->number == features->set ||
	    !wl_features_have(control->number, features->set))
		return false;
	WL_CHECK(index > features->index);
	*features = (struct wl_features_in_force){index, control->number};
	return true;
}

struct wl_control wl_control_of_keys(const struct wl_keys *keys, uint64_t expects)
{
	WL_CHECK(keys->stage != WL_KEYS_NONE);
	return (struct wl_control){
		.verb = WL_CONTROL_KEYS,
		.expects = expects,
		.number = keys->now | (uint64_t)keys->before << 32,
		.index = keys->stage,
	};
}

bool wl_control_changes_keys(const struct wl_control *control, uint64_t index, struct wl_keys *keys)
{
	const struct wl_keys next = {
		/* Whoever was removed before the SEND does not hold what it brought. */
		.due = control->index == WL_KEYS_REFUSE && keys->due < keys->index ? 0 : keys->due,
		.index = index,
		.before = (uint32_t)(control->number >> 32),
		.now = (uint32_t)control->number,
		.stage = (enum wl_keys_stage)control->index,
	};

	if (control->verb != WL_CONTROL_KEYS || control->index > WL_KEYS_REFUSE ||
	    control->expects != keys->index || !wl_keys_may_follow(keys, &next))
		return false;
	WL_CHECK(index > keys->index && wl_keys_are_possible(&next));
	*keys = next;
	return true;
}

struct wl_list wl_control_rescued(const struct wl_control *control, uint64_t index)
{
	struct wl_list list = {.index = index, .voters = (wl_members)control->index};

	memcpy(list.incarnation, control->incarnation, sizeof(list.incarnation));
	return list;
}

bool wl_control_begins_history(const struct wl_control *control,
			       const struct wl_entry_header *header, uint64_t before)
{
	struct wl_list list;

	if (control->verb != WL_CONTROL_LOSS || control->expects != before ||
	    control->digest == 0 || control->digest == before || control->index > UINT32_MAX ||
	    control->number != header->first_number)
		return false;
	list = wl_control_rescued(control, header->index);
	return wl_list_is_possible(&list);
}

const char *wl_control_verb_text(uint64_t verb)
{
	const struct shape *shape = shape_of(verb);

	return shape ? shape->text : "unknown";
}
