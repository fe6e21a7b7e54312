/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a payload decode as what its frame calls it? For whoever watches what others say. */
#ifndef WL_TESTS_UNIT_DATAPLANE_WIRE_DECODES_H
#define WL_TESTS_UNIT_DATAPLANE_WIRE_DECODES_H

#include "dataplane/wire/wire.h"

static inline bool wire_decodes(uint8_t type, const uint8_t *payload, size_t bytes)
{
	switch (type) {
#define WIRE_DECODES(NAME, name, number, layout, from, to, right, server, answer) \
	case WL_WIRE_##NAME: {                                                    \
		struct wl_wire_##layout message;                                  \
                                                                                  \
		return wl_wire_decode_##layout(payload, bytes, &message);         \
	}
		WL_WIRE_MESSAGES(WIRE_DECODES)
#undef WIRE_DECODES
	default:
		return false;
	}
}

#endif
