/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a client that was just opened is connected: somebody answered who serves it; or what stands in the way, as a sentence that
 * says what to do. Nodes say nothing to a stranger, so most of it is told from what was seen here.
 *
 * Pure: it looks at an engine and changes nothing. Thread: that of the wirelog object.
 */
#ifndef WL_CLIENT_CONNECTING_H
#define WL_CLIENT_CONNECTING_H

#include <stddef.h>
#include <stdint.h>

#include "client/engine.h"

#define WL_CONNECTING 1 /* nobody has answered yet, and there is time */

/*
 * WIRELOG_OK: connected. WL_CONNECTING: poll, and ask again. A negative enum wirelog_status: it will not be, and `text` of
 * `bytes` says why. `began_ns`: when the engine was opened, by its clock.
 */
int wl_connecting_judge(const struct wl_engine *engine, uint64_t began_ns, char *text,
			size_t bytes);

#endif
