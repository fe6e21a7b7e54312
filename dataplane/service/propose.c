/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/propose.h"

#include "dataplane/service/service_internal.h"

enum wl_log_result wl_service_propose(struct wl_service *service, const struct wl_control *control)
{
	struct wl_replica *replica = service->replica;
	enum wl_log_result result;

	result = wl_log_open_entry(replica->log, WL_ENTRY_CONTROL, replica->view.term,
				   wl_replica_stamp(replica), replica->commit);
	if (result == WL_LOG_OK)
		wl_log_seal_control(replica->log, control);
	return result;
}
