/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers, their links and their client slots: for config_check.c only. Pure. [init] */
#ifndef WL_CONTROL_CONFIG_CONFIG_LINKS_H
#define WL_CONTROL_CONFIG_CONFIG_LINKS_H

#include "control/config/config_value.h"

/* Needs config->node, nodes and voters. */
void wl_config_take_workers(const struct wl_config_text *text, const char *base,
			    struct wl_config *config, struct wl_config_problems *problems);
/* Has neighbours to resolve. */
bool wl_config_link_is_ethernet(const struct wl_config_link *link);
/* Whoever is at the other end may have any address. */
bool wl_config_link_is_point_to_point(const struct wl_config_link *link);
/* config_reach.c: of a worker whose links are right by themselves. */
void wl_config_check_reach(const struct wl_config_scope *scope, const struct wl_config *config,
			   const struct wl_config_worker *worker);

#endif
