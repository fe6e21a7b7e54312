/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control entries of a leader (dataplane/log/control_entry.h): one each, sealed at once.
 *
 * Pure. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_PROPOSE_H
#define WL_DATAPLANE_SERVICE_PROPOSE_H

#include "dataplane/service/service.h"

/* Only while wl_service_leads, with no entry open. What comes of it the state says, once it is committed. */
enum wl_log_result wl_service_propose(struct wl_service *service, const struct wl_control *control);

#endif
