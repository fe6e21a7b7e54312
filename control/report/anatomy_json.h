/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The answer to /wirelog/why: where the time of one record went (dataplane/worker/anatomy.h), and which part was the longest, in words.
 * Pure but for jansson's memory. Thread: as status_json.h.
 */
#ifndef WL_CONTROL_REPORT_ANATOMY_JSON_H
#define WL_CONTROL_REPORT_ANATOMY_JSON_H

#include <jansson.h>

#include "dataplane/worker/anatomy.h"
#include "dataplane/worker/published.h"

struct wl_why {
	uint32_t node, journal;
	uint64_t number; /* of the record that is asked for */
	const struct wl_journal_status *status;
	bool found;
	struct wl_anatomy_entry entry;
	bool leader_known;
	struct wl_anatomy_leader leader; /* in whose term it was sequenced */
};

/*
 * {"found": true, "node", "journal", "number", "index", "term", "timestamp_ns", "entry": {"first", "count"}, "sequenced_us", "durable_us",
 *  "committed_us", "answered_us", "peers": [{"node", "sent_us", "received_us", "durable_us"}], "longest": {"part", "us", "text"}}: times since
 *  it came, null where there is none; or
 * {"found": false, "node", "journal", "number", "code": a status's name, "leader": who sequenced it, or null, "reason": a sentence}
 */
json_t *wl_anatomy_json(const struct wl_why *why);

#endif
