/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/election/suspicion.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_suspicion_begin(struct wl_suspicion *suspicion, uint64_t timeout_ns, uint64_t patience_ns)
{
	WL_CHECK(timeout_ns != 0);
	memset(suspicion, 0, sizeof(*suspicion));
	suspicion->timeout_ns = timeout_ns;
	suspicion->patience_ns = patience_ns > timeout_ns ? patience_ns : timeout_ns;
	suspicion->longest_ns = suspicion->patience_ns / 4;
}

static void fade(struct wl_suspicion *suspicion, uint64_t heard_ns)
{
	while (heard_ns - suspicion->since_ns >= WL_SUSPICION_HALF_NS &&
	       suspicion->longest_ns != 0) {
		suspicion->longest_ns /= 2;
		suspicion->since_ns += WL_SUSPICION_HALF_NS;
	}
}

static void measure(struct wl_suspicion *suspicion, uint64_t silence_ns, uint64_t now_ns)
{
	fade(suspicion, now_ns);
	if (silence_ns > suspicion->patience_ns)
		silence_ns = suspicion->patience_ns;
	if (silence_ns <= suspicion->longest_ns)
		return;
	suspicion->longest_ns = silence_ns;
	suspicion->since_ns = now_ns;
	WL_CHECK(suspicion->longest_ns <= suspicion->patience_ns);
}

void wl_suspicion_heard(struct wl_suspicion *suspicion, uint32_t leader, uint64_t term,
			uint64_t heard_ns)
{
	uint64_t silence_ns = 0;

	WL_CHECK(leader != 0);
	if (suspicion->since_ns == 0)
		suspicion->since_ns = heard_ns;
	/* Told late and out of order: nothing is measured by it. */
	if (heard_ns < suspicion->heard_ns || heard_ns < suspicion->since_ns)
		return;
	if (leader == suspicion->leader && term == suspicion->term)
		silence_ns = heard_ns - suspicion->heard_ns;
	suspicion->leader = leader;
	suspicion->term = term;
	suspicion->heard_ns = heard_ns;
	suspicion->suspects = false;
	measure(suspicion, silence_ns, heard_ns);
}

void wl_suspicion_suspects(struct wl_suspicion *suspicion)
{
	suspicion->suspects = suspicion->leader != 0;
}

void wl_suspicion_answered(struct wl_suspicion *suspicion, uint32_t node, uint64_t now_ns)
{
	if (!suspicion->suspects || node != suspicion->leader || now_ns < suspicion->heard_ns)
		return;
	suspicion->suspects = false;
	measure(suspicion, now_ns - suspicion->heard_ns, now_ns);
}

uint64_t wl_suspicion_bound(const struct wl_suspicion *suspicion)
{
	uint64_t bound = 2 * suspicion->longest_ns;

	if (bound > 2 * suspicion->patience_ns)
		bound = 2 * suspicion->patience_ns;
	return bound > suspicion->timeout_ns ? bound : suspicion->timeout_ns;
}
