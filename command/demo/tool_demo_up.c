/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_page.h"
#include "command/demo/tool_demo_fill_file.h"
#include "command/demo/tool_demo_up.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/host/clock.h"
#include "wirelog/status.h"

#define LEADER_NS UINT64_C(30000000000) /* nodes write their first segments before they serve */
#define WIDTH 100
#define INDENT 14

/* ---- saying ------------------------------------------------------------------------------------- */

void wl_demo_up_print(const char *name, const char *format, ...)
{
	char text[2048], *rest = text;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("  %-*s", INDENT - 2, name);
	while (strlen(rest) > WIDTH - INDENT) {
		char *at = rest + (WIDTH - INDENT);

		while (at > rest && *at != ' ')
			at--;
		if (at == rest)
			break;
		printf("%.*s\n%*s", (int)(at - rest), rest, INDENT, "");
		rest = at + 1;
	}
	printf("%s\n", rest);
}

static void print_choices(const struct wl_demo_nodes *nodes,
			  const struct wl_demo_directory *directory, unsigned node)
{
	struct wl_demo_choices choices;

	wl_demo_up_print("directory", "%s (%s)", directory->path, directory->why);
	wl_demo_up_print("disk", "%s, %.1f GB free, direct I/O works", directory->file_system,
			 (double)directory->free_bytes / 1e9);
	if (!wl_demo_node_choices(nodes, node, &choices))
		return;
	if (choices.disk[0] != '\0')
		wl_demo_up_print("io_uring", "%s", choices.disk);
	wl_demo_up_print("ports", "memif, shared memory between processes: no NIC, no root%s%s",
			 choices.port[0] != '\0' ? "; " : "", choices.port);
	wl_demo_up_print("memory", "%s%s", choices.memory,
			 strstr(choices.memory, "configured") != NULL
				 ? ", so that the machine needs no preparation"
				 : "");
	wl_demo_up_print("idle", "%s", choices.idle);
	if (choices.self_test[0] != '\0')
		wl_demo_up_print("self-test", "%s", choices.self_test);
}

/* ---- up ----------------------------------------------------------------------------------------- */

int wl_demo_up_clear(const volatile sig_atomic_t *interrupted, char *reason)
{
	struct wl_demo_nodes nodes;
	unsigned alive;
	int status;

	wl_demo_nodes_init(&nodes, interrupted);
	if (wl_where_load(&nodes.where) != 0)
		return 0;
	alive = wl_demo_nodes_alive(&nodes);
	if (alive > 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "a demo is up: %u of its nodes run in %s",
			 alive, nodes.where.directory);
		return WIRELOG_DEMO_RUNNING;
	}
	status = wl_demo_directory_remove(nodes.where.directory, reason);
	/* Somebody put another thing in its place: the demo is gone either way. */
	if (status == WIRELOG_STORE_NOT_OURS)
		status = 0;
	if (status == 0 && wl_where_remove() == 0)
		printf("removed what an earlier demo left in %s\n", nodes.where.directory);
	return status;
}

static int start_all(struct wl_demo_nodes *nodes, char *reason)
{
	for (unsigned node = 1; node <= WL_DEMO_NODES; node++) {
		int error = wl_demo_node_start(nodes, node);

		if (error == 0)
			continue;
		snprintf(reason, WL_DEMO_REASON_BYTES, "node %u cannot be started: %s", node,
			 strerror(-error));
		return WIRELOG_NOT_RUNNING;
	}
	return 0;
}

int wl_demo_up_begin(struct wl_demo_nodes *nodes, const struct wl_demo_plan *plan,
		     enum wl_demo_stage *stage, unsigned *leader, char *reason)
{
	struct wl_demo_directory directory;
	int status, error;

	*stage = WL_DEMO_STAGE_NOTHING;
	status = wl_demo_directory_choose(&directory, plan->directory, reason);
	if (status != 0)
		return status;
	snprintf(nodes->where.directory, sizeof(nodes->where.directory), "%s", directory.path);
	*stage = WL_DEMO_STAGE_DIRECTORY;
	status = wl_demo_fill(&directory, plan->configurations, &nodes->where, reason);
	if (status != 0)
		return status;
	*stage = WL_DEMO_STAGE_NODES;
	status = start_all(nodes, reason);
	/* Told before it serves: whoever kills us now can still be cleaned up after. */
	error = wl_where_save(&nodes->where);
	if (status == 0 && error != 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "%s cannot be written: %s", wl_where_path(),
			 strerror(-error));
		status = WIRELOG_OUTPUT_FAILED;
	}
	if (status == 0)
		status = wl_demo_nodes_wait_leader(nodes, LEADER_NS, leader, reason);
	if (status == 0)
		print_choices(nodes, &directory, *leader);
	if (status == 0 && plan->page)
		wl_demo_page_begin(nodes);
	return status;
}

unsigned wl_demo_up_end(struct wl_demo_nodes *nodes, enum wl_demo_stage stage, bool keep)
{
	char reason[WL_DEMO_REASON_BYTES];
	unsigned killed = 0;

	if (stage == WL_DEMO_STAGE_NODES) {
		killed = wl_demo_nodes_stop(nodes);
		wl_where_remove();
	}
	if (stage >= WL_DEMO_STAGE_DIRECTORY) {
		int status = keep ? wl_demo_directory_keep(nodes->where.directory, reason)
				  : wl_demo_directory_remove(nodes->where.directory, reason);

		if (status != 0)
			fprintf(stderr, "wirelog: %s\n", reason);
	}
	return killed;
}
