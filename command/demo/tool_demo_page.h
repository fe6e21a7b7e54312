/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page (wirelog-web) and the exporter beside a demo, on ports that are free. They end by themselves when the demo's directory is gone, and with
 * this process where its nodes are tied to it. What is not there, or does not start, is said and nothing else.
 */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_PAGE_H
#define WL_COMMAND_DEMO_TOOL_DEMO_PAGE_H

#include "command/demo/tool_demo_nodes.h"

/* Prints where they are. [main] */
void wl_demo_page_begin(const struct wl_demo_nodes *nodes);

#endif
