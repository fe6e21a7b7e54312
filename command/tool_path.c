/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_path.h"

#include <stdio.h>

/* Below the least MTU the size says only that something passes. */
static void describe_way(uint32_t mtu, const char *way, char *text, size_t bytes)
{
	if (mtu < WIRELOG_MTU_MIN)
		snprintf(text, bytes, "fewer than %d bytes %s", WIRELOG_MTU_MIN, way);
	else
		snprintf(text, bytes, "%u bytes %s", mtu, way);
}

void wl_tool_path_describe(const struct wirelog_event *event, char *text, size_t bytes)
{
	char to[48], from[48];

	describe_way(event->mtu_to, "to it", to, sizeof(to));
	describe_way(event->mtu_from, "from it", from, sizeof(from));
	if (event->status == WIRELOG_OK)
		snprintf(text, bytes, "full frames pass to node %u and back again", event->node);
	else
		snprintf(text, bytes, "packets of at most %s, %s pass at node %u: %s %s [%s]", to,
			 from, event->node, wirelog_status_cause(event->status),
			 wirelog_status_fix(event->status), wirelog_status_name(event->status));
}

bool wl_tool_path_is_unusable(const struct wirelog_event *event)
{
	return event->mtu_to < WIRELOG_MTU_MIN || event->mtu_from < WIRELOG_MTU_MIN;
}
