/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of the status: which features this build has, a peer declared, and are in force in a journal. A set is told by names, and as the number that
 * a request says back (control/node/stats_finalize_thread.h). Pure. [any]
 */
#ifndef WL_CONTROL_REPORT_FEATURES_JSON_H
#define WL_CONTROL_REPORT_FEATURES_JSON_H

#include <jansson.h>

#include "dataplane/worker/published.h"

/* "build": {"features", "set"} */
void wl_features_json_set_build(json_t *object, const struct wl_journal_status *status);
/* "version" (null: it has not said yet), "declared", "declared_set", "lacks_features" */
void wl_features_json_set_peer(json_t *object, const struct wl_peer_status *peer);
/* "features": {"entry" (null: none says any), "in_force", "set", "lacks"} */
void wl_features_json_set_journal(json_t *object, const struct wl_journal_status *status);

#endif
