/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One key takes the place of another while everything runs (base/keys.h, docs/OPERATIONS.md "Rotate the key"): all members hold the new one;
 * "send with it" is committed; all members were heard with it, and no client speaks with the old one; "refuse the old" is committed. Each
 * step is looked up before it is taken, so whoever begins again goes on where it stopped.
 */
#ifndef WL_COMMAND_TOOL_KEY_ROTATE_H
#define WL_COMMAND_TOOL_KEY_ROTATE_H

#include "command/tool_ask.h"

struct wl_tool_key_rotate {
	struct wl_tool_ask *ask; /* chosen */
	const char
		*file; /* whose last key is the new one; NULL: the last that the asked node holds */
	bool force; /* goes on without members that do not hold it or are not heard, and without clients */
	bool quiet;
};

/* An exit code; what was done, and why it stopped, is told. */
int wl_tool_key_rotate(const struct wl_tool_key_rotate *rotate);

#endif
