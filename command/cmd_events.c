/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog events`: the last 256 events of each node on this machine, from the file in its run directory: whether it runs, has ended or
 * has crashed. Several nodes' are put in the order of their time.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_cluster.h"
#include "command/tool_format.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "dataplane/base/event_ring.h"

struct options {
	struct wl_tool_cluster cluster;
	bool json;
};

struct told {
	const char *run_directory;
	struct wl_event event;
};

struct list {
	struct told *told;
	size_t count;
};

static const struct argp_option option_table[] = {
	{"json", 'j', NULL, 0, "one object a line", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* 0 or a negative errno; -EBADMSG: it is something else. */
static int read_ring(const char *run_directory, uint8_t *ring)
{
	char path[4096];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/" WL_EVENTS_FILE_NAME, run_directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, ring, WL_EVENT_RING_BYTES, 0);
	close(fd);
	return got == (ssize_t)WL_EVENT_RING_BYTES && wl_event_ring_is_one(ring) ? 0 : -EBADMSG;
}

static void take(struct list *list, const char *run_directory, const uint8_t *ring)
{
	static struct wl_event events[WL_EVENTS];
	uint32_t count = wl_event_ring_read(ring, events);

	for (uint32_t at = 0; at < count; at++)
		list->told[list->count++] = (struct told){run_directory, events[at]};
}

static int by_time(const void *one, const void *other)
{
	const struct wl_event *first = &((const struct told *)one)->event;
	const struct wl_event *second = &((const struct told *)other)->event;

	if (first->time_ns != second->time_ns)
		return first->time_ns < second->time_ns ? -1 : 1;
	return first->number < second->number ? -1 : first->number > second->number;
}

static void print_text(const struct told *told, bool several)
{
	static const char *const levels[] = {"emergency", "alert",  "critical", "error",
					     "warning",	  "notice", "info",	"debug"};
	const char *name = strrchr(told->run_directory, '/');
	char time[WL_TOOL_TIME_BYTES];

	wl_tool_format_time(told->event.time_ns, time);
	if (several)
		printf("%s ", name != NULL && name[1] != '\0' ? name + 1 : told->run_directory);
	printf("%s %s %s\n", time, levels[told->event.level], told->event.text);
}

static void print_json(const struct told *told)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:i, s:s}", "run_directory",
				   told->run_directory, "number", (json_int_t)told->event.number,
				   "time_ns", (json_int_t)told->event.time_ns, "level",
				   (int)told->event.level, "text", told->event.text);

	if (object != NULL)
		json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static int print_all(const struct options *options, struct list *list)
{
	if (list->count != 0)
		qsort(list->told, list->count, sizeof(list->told[0]), by_time);
	for (size_t at = 0; at < list->count; at++) {
		if (options->json)
			print_json(&list->told[at]);
		else
			print_text(&list->told[at], options->cluster.run_directory_count > 1);
	}
	return EX_OK;
}

static int run(const struct options *options, struct list *list, uint8_t *ring)
{
	uint32_t read = 0;
	int error = 0;

	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++) {
		const char *directory = options->cluster.run_directories[at];
		int result = read_ring(directory, ring);

		if (result == 0) {
			take(list, directory, ring);
			read++;
			continue;
		}
		error = result;
		fprintf(stderr, "wirelog: %s/" WL_EVENTS_FILE_NAME ": %s\n", directory,
			result == -EBADMSG ? "not a file of events" : strerror(-result));
	}
	return read > 0 || error == 0 ? print_all(options, list) : EX_NOINPUT;
}

int wl_cmd_events(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "The last 256 events of the nodes on this machine: elections, requests, what went wrong and when it was over. "
		       "It reads the file `events` in the run directory, also of a node that has crashed.",
		.children = wl_tool_ask_children,
	};
	static struct options options;
	struct list list = {
		.told = calloc((size_t)WL_EVENTS * WIRELOG_NODES_MAX, sizeof(*list.told))};
	uint8_t *ring = malloc(WL_EVENT_RING_BYTES);
	int result;

	wl_tool_option_parse(&argp, "wirelog events", argc, argv, &options);
	result = wl_tool_cluster_find_run_directories(&options.cluster);
	if (result != 0)
		result = wirelog_status_exit_code(result);
	else if (list.told == NULL || ring == NULL)
		result = wl_tool_refuse(WIRELOG_NO_MEMORY, "no memory for the events");
	else
		result = run(&options, &list, ring);
	free(list.told);
	free(ring);
	return result;
}
