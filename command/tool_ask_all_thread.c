/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_ask_all_thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "command/tool_stats_socket.h"
#include "dataplane/base/check.h"
#include "wirelog/limits.h"

static void *ask(void *context)
{
	struct wl_tool_asked *asked = context;

	wl_stats_socket_wait_at_most(asked->within_ms);
	asked->status = wl_stats_socket_ask(asked->run_directory, asked->request, &asked->answer);
	wl_stats_socket_wait_at_most(WL_STATS_ASK_MS);
	snprintf(asked->reason, sizeof(asked->reason), "%s",
		 asked->status != 0 ? wl_stats_socket_reason() : "");
	return NULL;
}

void wl_tool_ask_all(struct wl_tool_asked *asked, uint32_t count)
{
	pthread_t threads[WIRELOG_NODES_MAX];
	bool runs[WIRELOG_NODES_MAX] = {false};

	WL_CHECK(count <= WIRELOG_NODES_MAX);
	for (uint32_t at = 1; at < count; at++)
		runs[at] = pthread_create(&threads[at], NULL, ask, &asked[at]) == 0;
	/* Whom no thread could be made for is asked here. */
	for (uint32_t at = 0; at < count; at++)
		if (!runs[at])
			ask(&asked[at]);
	for (uint32_t at = 1; at < count; at++)
		if (runs[at])
			pthread_join(threads[at], NULL);
}
