/* SPDX-License-Identifier: BSD-3-Clause */
/* What the leader itself asks of the state of all nodes: trims and bases. Clients cannot append control entries. [worker] */
#ifndef WL_DATAPLANE_SERVICE_PROPOSE_H
#define WL_DATAPLANE_SERVICE_PROPOSE_H

#include "dataplane/service/service.h"

/*
 * Appends one control entry, sealed at once; an entry that was open is sealed before it. Whether it has an effect is known when it
 * was applied (state.h): a proposal is an asking, and one that is lost with its leader is asked again by who wants it.
 *
 *  OK           it is in our log, and leaves with this turn's frames
 *  NO_ROOM      nothing was appended: not now. We lead nobody, are about to hand over, or our tail is long; ask again
 *  NO_SEGMENT   the next segment is on its way; ask again
 *  NO_SPACE     nothing can be had, and what is left is for first entries of terms (WL_LOG_KEPT_FOR_TERMS)
 *  POISONED     as of the log
 *
 * Unlike records it may use the room that is kept for first entries of terms: a full device is freed by trims.
 */
enum wl_log_result wl_service_propose(struct wl_service *service, const struct wl_control *control);

#endif
