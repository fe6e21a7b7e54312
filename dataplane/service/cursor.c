/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a reader says that it stands, held against the log: the chain value behind the entry of a record that it was given. Its
 * subscription begins to read at that entry, not at the number that it wants, so the value is met on the way, from the ring
 * or from the medium, and nothing is sent before. What was given up, or lost by a rescue, has no value here any more: it is let pass, and
 * counted. A record that is not committed here yet is waited for, as any other.
 */
#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

void wl_cursor_begin(struct wl_subscription *subscription, const struct wl_wire_subscribe *request)
{
	WL_CHECK(subscription->seek); /* else what it knows is never met */
	subscription->known_number = request->known_number;
	subscription->known_chain = request->known_chain;
}

static void pass_unknown(struct wl_service *service, struct wl_subscription *subscription)
{
	subscription->known_number = 0;
	wl_count(service->replica->counters, WL_COUNTER_readers_not_compared);
}

uint64_t wl_cursor_seek(struct wl_service *service, struct wl_subscription *subscription)
{
	if (subscription->known_number != 0 &&
	    subscription->known_number < service->replica->log->begin.next_number)
		pass_unknown(service, subscription);
	/* A CREDIT may have moved it to before what it says that it was given: that is met on the way, too. */
	if (subscription->known_number == 0 ||
	    subscription->known_number > subscription->next_number)
		return subscription->next_number;
	return subscription->known_number;
}

bool wl_cursor_fits(struct wl_service *service, struct wl_subscription *subscription,
		    const struct wl_entry_header *header)
{
	uint64_t number = subscription->known_number;

	WL_CHECK(!subscription->seek);
	if (number == 0 || header->first_number + header->data_count <= number)
		return true; /* nothing to compare, or not yet */
	if (header->first_number > number) {
		pass_unknown(service, subscription); /* a rescue lost it */
		return true;
	}
	subscription->known_number = 0;
	return subscription->reader.chain == subscription->known_chain;
}
