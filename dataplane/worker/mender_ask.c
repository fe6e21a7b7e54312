/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries that our own medium lacks: one peer after the other is asked, through the lane. */
#include "dataplane/wire/wire.h"
#include "dataplane/worker/mender_internal.h"

/* Everybody was asked. Again later, whatever they said. */
static void rest(struct wl_mender *mender)
{
	struct wl_mend *mend = &mender->mend;

	mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
	wl_mender_note(mender);
	wl_mender_tell(mender, mend->lost ? WL_MENDING_LOST : WL_MENDING_ASKS);
	/* Nobody has it any more, and a base stands for it: what lies behind the hole can be had with that alone. */
	if (mend->lost && mender->report.given_up != 0 && mender->config.dormant) {
		mender->given_up_from = mend->hole.begin;
		mender->phase = WL_MENDER_PHASE_UNCOUNT;
		return;
	}
	wl_mend_ask_again(mend);
	mender->report.has_not = mender->report.given_up = 0;
}

static void ask(struct wl_mender *mender)
{
	struct wl_mend_asking *asking = &mender->lanes->asking;
	const struct wl_mend *mend = &mender->mend;
	uint32_t node = wl_mend_peer(mend);

	WL_CHECK(!mender->asked);
	if (node == 0) {
		rest(mender);
		return;
	}
	if (mender->report.index != mend->ask.index)
		mender->report.has_not = mender->report.given_up = 0;
	wl_mender_note(mender);
	wl_mender_tell(mender, mend->lost ? WL_MENDING_LOST : WL_MENDING_ASKS);
	asking->run = (struct wl_mend_run){
		.index = mend->ask.index,
		.chain = mend->ask.chain,
		.first = mend->ask.first,
		.bytes = mend->ask.bytes < WL_ENTRY_BYTES_MAX ? mend->ask.bytes
							      : (uint32_t)WL_ENTRY_BYTES_MAX,
	};
	asking->node = node;
	mender->asked = true;
	wl_mend_lane_pass(&asking->state, WL_MEND_ASKING_WANTED);
}

static void take_answer(struct wl_mender *mender)
{
	const struct wl_mend_asking *asking = &mender->lanes->asking;
	struct wl_mend_report *report = &mender->report;
	struct wl_mend *mend = &mender->mend;
	enum wl_mend_verdict verdict = WL_MEND_UNKNOWN;

	WL_CHECK(asking->bytes <= WL_MEND_LANE_BYTES);
	mender->asked = false;
	if (asking->verdict == 0) {
		wl_mend_on_silence(mend, asking->node);
		return;
	}
	report->moved_ns = mender->now_ns;
	if (asking->verdict != WL_WIRE_MEND_HAVE)
		report->has_not = wl_members_with(report->has_not, asking->node);
	if (asking->verdict == WL_WIRE_MEND_GIVEN_UP)
		report->given_up = wl_members_with(report->given_up, asking->node);
	if (asking->verdict == WL_WIRE_MEND_HAVE)
		verdict = WL_MEND_HAVE;
	else if (asking->verdict == WL_WIRE_MEND_NEVER)
		verdict = WL_MEND_NEVER;
	wl_mend_on_answer(mend, asking->node, verdict, asking->buffer, asking->bytes);
}

void wl_mender_ask(struct wl_mender *mender)
{
	uint32_t state = wl_mend_lane_state(&mender->lanes->asking.state);

	if (state == WL_MEND_ASKING_WANTED)
		return;
	if (mender->asked) {
		take_answer(mender);
		mender->moved_on = true;
	} else {
		ask(mender);
	}
}
