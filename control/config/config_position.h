/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where each key of a YAML text stands: the parser's events, flattened into paths like
 * "workers[0].links[2].mtu" with line and column of key and value. Finds on the way what a loader into structs does not
 * tell well: syntax errors, duplicate keys, anchors and aliases, several documents.
 *
 * Owner: config_yaml_file.c. [init]
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_POSITION_H
#define WL_CONTROL_CONFIG_CONFIG_POSITION_H

#include "control/config/config.h"

#define WL_CONFIG_POSITIONS_MAX 4096u

struct wl_config_position {
	char key[WL_CONFIG_KEY_BYTES];
	uint32_t key_line, key_column, line, column; /* from 1 */
};

struct wl_config_positions {
	struct wl_config_position *item; /* WL_CONFIG_POSITIONS_MAX, the caller's */
	uint32_t count;
};

/* 0, or CONFIG_SYNTAX or CONFIG_UNKNOWN_KEY with a problem that has its position. */
int wl_config_position_read(struct wl_config_positions *positions, const uint8_t *bytes,
			    size_t size, struct wl_config_problems *problems);
/* The key itself, else the innermost that holds it; NULL when not even that is there. */
const struct wl_config_position *
wl_config_position_find(const struct wl_config_positions *positions, const char *key, bool *exact);

#endif
