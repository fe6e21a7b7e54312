/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader trims by itself: of a journal that is larger, or older, or has more records, than the limits in the state allow. Measured in the leader's own stream and segments; what
 * it proposes counts for all. Age is judged by a clock that a majority vouches for (docs/SAFETY.md, rule 15).
 *
 * Pure: what comes out is a function of what goes in. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_RETENTION_H
#define WL_DATAPLANE_SERVICE_RETENTION_H

#include "dataplane/log/log.h"

struct wl_retention {
	uint64_t bytes; /* of the stream behind which nothing need be kept; 0: no limit */
	uint64_t age_ns; /* the same of time; 0: no limit */
	uint64_t records; /* the same of committed records; 0: no limit */
	uint64_t vouched_ns; /* UNIX time that a majority's clocks have reached; 0: not known, nothing is too old */
	uint64_t checkpoint; /* lowest one of consumers: it and what is behind it is kept; 0: there is none */
};

/*
 * The first record to keep, where trimming to it lets at least one more segment go than `trim_number`, which is promised already; else 0. Never above
 * entry `commit`: all records below it are committed. Nor above the checkpoint.
 */
uint64_t wl_retention_number(const struct wl_retention *retention, const struct wl_log *log,
			     uint64_t commit, uint64_t trim_number);
/* Bytes of the stream, whole segments, that would go if it were not for the checkpoint. */
uint64_t wl_retention_held(const struct wl_retention *retention, const struct wl_log *log,
			   uint64_t commit);

#endif
