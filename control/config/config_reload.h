/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration beside the one that a node runs with: what is different, and what of it may change while it runs (LIVE
 * in config_keys.h). Everything else needs a restart: it decides what is replicated, how much memory there is, or
 * what other nodes were told at the greeting.
 *
 * Pure. [wl-admin]
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_RELOAD_H
#define WL_CONTROL_CONFIG_CONFIG_RELOAD_H

#include "control/config/config.h"

#define WL_CONFIG_CHANGES_MAX 64u /* more than there are single keys, and three lists */

struct wl_config_change {
	char key[WL_CONFIG_KEY_BYTES]; /* "timing.resend_us"; a list as a whole: "workers" */
	bool live;
	bool limit; /* it counts where a journal has no limits yet, and nowhere else: `wirelog limit set` */
};

struct wl_config_changes {
	struct wl_config_change item[WL_CONFIG_CHANGES_MAX];
	uint32_t count;
	wl_members
		joining; /* nodes that the file names only now, and that may be met while it runs (config_joins.h) */
};

void wl_config_changes_add(struct wl_config_changes *changes, const char *key, bool live);
void wl_config_compare(const struct wl_config *running, const struct wl_config *wanted,
		       struct wl_config_changes *changes);
/*
 * `next`: as `running`, with the live keys of `wanted` and the nodes that join. 0, or CONFIG_CONFLICT with a problem: they contradict what stays as
 * it is until a restart.
 */
int wl_config_mix(const struct wl_config *running, const struct wl_config *wanted,
		  struct wl_config *next, struct wl_config_problems *problems);
/* The nodes that wl_config_compare and wl_config_mix say join; 0: none, or not without a restart. */
wl_members wl_config_joining(const struct wl_config *running, const struct wl_config *wanted);

#endif
