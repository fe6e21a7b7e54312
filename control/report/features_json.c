/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the status: what this build has, what a peer declared, what is in force in a journal (dataplane/base/features.h). */
#include "control/report/features_json.h"

static json_t *names_of(wl_features set)
{
	json_t *list = json_array();

	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(set >> bit & 1))
			continue;
		if (wl_feature_name(bit))
			json_array_append_new(list, json_string(wl_feature_name(bit)));
		else
			json_array_append_new(list, json_sprintf("bit %u", bit));
	}
	return list;
}

void wl_features_json_set_build(json_t *object, const struct wl_journal_status *status)
{
	json_object_set_new(object, "build",
			    json_pack("{s:o, s:I}", "features", names_of(status->build_features),
				      "set", (json_int_t)status->build_features));
}

void wl_features_json_set_peer(json_t *object, const struct wl_peer_status *peer)
{
	json_object_set_new(object, "version",
			    peer->build_known ? json_string(peer->version) : json_null());
	json_object_set_new(object, "declared", names_of(peer->declared));
	json_object_set_new(object, "declared_set", json_integer((json_int_t)peer->declared));
	json_object_set_new(object, "lacks_features", json_boolean(peer->lacks_features));
}

void wl_features_json_set_journal(json_t *object, const struct wl_journal_status *status)
{
	const struct wl_features_in_force *features = &status->features;

	json_object_set_new(object, "features",
			    json_pack("{s:o, s:o, s:I, s:b}", "entry",
				      features->index != 0
					      ? json_integer((json_int_t)features->index)
					      : json_null(),
				      "in_force", names_of(features->set), "set",
				      (json_int_t)features->set, "lacks", status->lacks_features));
}
