/* SPDX-License-Identifier: BSD-3-Clause */
/* What mender.c, mender_ask.c, mender_running.c and mender_serve.c share. Pure. */
#ifndef WL_DATAPLANE_WORKER_MENDER_INTERNAL_H
#define WL_DATAPLANE_WORKER_MENDER_INTERNAL_H

#include "dataplane/base/check.h"
#include "dataplane/worker/mender.h"

enum wl_mender_phase {
	WL_MENDER_PHASE_REST, /* of a journal that runs: nothing is known to be damaged */
	WL_MENDER_PHASE_LOAD, /* to mend */
	WL_MENDER_PHASE_MEND,
	WL_MENDER_PHASE_UNCOUNT, /* before the log is given up from given_up_from on */
	WL_MENDER_PHASE_ZERO,
	WL_MENDER_PHASE_LOAD_AGAIN, /* to prove */
	WL_MENDER_PHASE_PROVE,
	WL_MENDER_PHASE_REMOVE, /* a base that the mended log does not fit */
	WL_MENDER_PHASE_END,
};

static inline bool wl_mender_want(struct wl_mender *mender, enum wl_mender_state state,
				  uint64_t offset, uint8_t *buffer, uint32_t bytes)
{
	WL_CHECK(mender->state == WL_MENDER_IDLE);
	mender->state = state;
	mender->want = (struct wl_mender_want){.offset = offset, .bytes = bytes, .buffer = buffer};
	return true;
}

/* Copies what the machine knows; hands the report on, with this phase. */
void wl_mender_note(struct wl_mender *mender);
void wl_mender_tell(struct wl_mender *mender, enum wl_mending_phase phase);
/* The machine wants entries: the next question or answer. The lane is ours in IDLE, and in TOLD: what came stays where it is until then. */
void wl_mender_ask(struct wl_mender *mender);
/* Damage in a journal that runs: from the mark before it. False: there is none to be mended. */
bool wl_mender_begin_running(struct wl_mender *mender, const struct wl_mender_running *running);
/* What is mended may be given up meanwhile: then there is nothing to be mended, and nothing to be made anew. */
bool wl_mender_is_gone(const struct wl_mender *mender, const struct wl_mender_running *running);
/* True: something is to be read for a peer that asked. */
bool wl_mender_serve(struct wl_mender *mender);

#endif
