/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the engine share: engine.c (one turn), engine_identity.c (another client has drawn ours). */
#ifndef WL_CLIENT_ENGINE_INTERNAL_H
#define WL_CLIENT_ENGINE_INTERNAL_H

#include "client/engine.h"

/* True when it says that somebody else has our identity there: we are another one now, and ask to be taken in. */
bool wl_engine_draw_identity_again(struct wl_engine *engine, uint32_t node,
				   const struct wl_wire_hello_reply *reply);

#endif
