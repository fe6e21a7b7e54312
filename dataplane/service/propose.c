/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/propose.h"

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

enum wl_log_result wl_service_propose(struct wl_service *service, const struct wl_control *control)
{
	/* Not before everything of earlier terms is applied: what it expects is judged by the state that we know. */
	if (!wl_service_leads(service))
		return service->replica->log->poisoned ? WL_LOG_POISONED : WL_LOG_NO_ROOM;
	WL_CHECK(service->lead_term == service->replica->view.term);
	WL_CHECK(service->state.sessions.applied_index >=
		 service->replica->leader.term_start_index);
	return wl_replica_append_control(service->replica, control);
}
