/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog capture`: frames that a node receives and sends, as a pcapng file. The node copies them out of its poll loop; this command writes
 * them, so a node needs no right to write anywhere, and a slow disk here costs frames of the capture and nothing else.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_capture_file.h"
#include "command/tool_cluster.h"
#include "command/tool_format.h"
#include "command/tool_interrupt.h"
#include "command/tool_message_type.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"

#define SECOND_NS UINT64_C(1000000000)
#define TOTALS_NS (5 * SECOND_NS) /* how long a node is waited for that was told to end */
#define LOOK_MS 200 /* at limits and signals */
#define SECONDS_MAX 86400u

enum {
	KEY_NODE = 0x100,
	KEY_PEER,
	KEY_TYPE,
	KEY_JOURNAL,
	KEY_DIRECTION,
	KEY_SNAP,
	KEY_SECONDS,
	KEY_PACKETS,
	KEY_BUFFER
};

struct options {
	struct wl_tool_cluster cluster;
	struct wl_capture_request request;
	const char *path; /* "-": standard output */
	uint32_t node; /* 0: the only one that there is */
	uint64_t seconds, packets; /* 0: no limit */
};

static const struct argp_option option_table[] = {
	{"node", KEY_NODE, "N", 0, "the node whose frames are captured, where several are known",
	 0},
	{"peer", KEY_PEER, "LIST", 0,
	 "only frames from and to these: ids of nodes, by commas, and the word clients", 0},
	{"type", KEY_TYPE, "LIST", 0, "only these messages, by commas, as APPEND,APPEND_ACK", 0},
	{"journal", KEY_JOURNAL, "LIST", 0, "only of these journals, by commas", 0},
	{"direction", KEY_DIRECTION, "rx|tx", 0,
	 "only what the node receives, or sends (default: both)", 0},
	{"snap", KEY_SNAP, "BYTES", 0,
	 "so much of each frame, from 64 (default: all of it); 114 are all headers, and nothing of a record",
	 0},
	{"seconds", KEY_SECONDS, "S", 0, "end after so many seconds", 0},
	{"packets", KEY_PACKETS, "N", 0, "end after so many frames", 0},
	{"buffer", KEY_BUFFER, "MIB", 0,
	 "memory of the node for frames that are on their way here, for each worker: a power of two, to 1024 (default 16)",
	 0},
	{0},
};

/* ---- options ------------------------------------------------------------------------------------ */

/* Calls `take` for each part of a list; it says no with false. */
static void take_list(struct argp_state *state, const char *option, const char *list,
		      bool (*take)(struct wl_capture_request *request, const char *part,
				   size_t bytes))
{
	struct options *options = state->input;

	for (const char *part = list;; part++) {
		size_t bytes = strcspn(part, ",");

		if (!take(&options->request, part, bytes))
			argp_error(state, "%s: '%.*s' is not one; there are %s", option, (int)bytes,
				   part,
				   strcmp(option, "--type") == 0 ? wl_tool_message_type_names()
				   : strcmp(option, "--peer") == 0
					   ? "1 to 7 (nodes), and the word clients"
					   : "0 to 15");
		part += bytes;
		if (*part == '\0')
			return;
	}
}

/* A small number; `above` where it is none. */
static uint32_t number_in(const char *part, size_t bytes, uint32_t above)
{
	uint32_t number = 0;

	if (bytes == 0 || bytes > 2 || strspn(part, "0123456789") < bytes)
		return above;
	for (size_t at = 0; at < bytes; at++)
		number = number * 10 + (uint32_t)(part[at] - '0');
	return number < above ? number : above;
}

static bool take_peer(struct wl_capture_request *request, const char *part, size_t bytes)
{
	uint32_t node = number_in(part, bytes, WIRELOG_NODES_MAX + 1);

	if (bytes == strlen("clients") && memcmp(part, "clients", bytes) == 0)
		request->peers |= 1;
	else if (node == 0 || node > WIRELOG_NODES_MAX)
		return false;
	else
		request->peers |= 1u << node;
	return true;
}

static bool take_type(struct wl_capture_request *request, const char *part, size_t bytes)
{
	uint8_t type = wl_tool_message_type(part, bytes);

	request->types |= UINT64_C(1) << type;
	return type != 0;
}

static bool take_journal(struct wl_capture_request *request, const char *part, size_t bytes)
{
	uint32_t journal = number_in(part, bytes, WIRELOG_JOURNALS_MAX);

	request->journals |= 1u << journal;
	return journal < WIRELOG_JOURNALS_MAX;
}

static uint32_t parse_direction(struct argp_state *state, const char *text)
{
	if (strcmp(text, "rx") == 0)
		return WL_CAPTURE_RECEIVED;
	if (strcmp(text, "tx") != 0)
		argp_error(state, "--direction: '%s' is neither rx nor tx", text);
	return WL_CAPTURE_SENT;
}

static uint32_t parse_buffer(struct argp_state *state, const char *text)
{
	uint64_t mib = wl_tool_option_number(state, "--buffer", text, 1, WL_CAPTURE_MIB_MAX);

	if ((mib & (mib - 1)) != 0)
		argp_error(state, "--buffer: %s is no power of two", text);
	return (uint32_t)mib;
}

static void parse_filter(int key, char *argument, struct argp_state *state)
{
	if (key == KEY_PEER)
		take_list(state, "--peer", argument, take_peer);
	else if (key == KEY_TYPE)
		take_list(state, "--type", argument, take_type);
	else
		take_list(state, "--journal", argument, take_journal);
}

static void parse_path(struct options *options, const char *argument, struct argp_state *state)
{
	if (options->path != NULL)
		argp_error(state, "'%s' is one word too many", argument);
	options->path = argument;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case KEY_NODE:
		options->node = (uint32_t)wl_tool_option_number(state, "--node", argument, 1,
								WIRELOG_NODES_MAX);
		return 0;
	case KEY_PEER:
	case KEY_TYPE:
	case KEY_JOURNAL:
		parse_filter(key, argument, state);
		return 0;
	case KEY_DIRECTION:
		options->request.directions = parse_direction(state, argument);
		return 0;
	case KEY_SNAP:
		options->request.snap_bytes = (uint32_t)wl_tool_option_number(
			state, "--snap", argument, WL_CAPTURE_SNAP_MIN, WL_CAPTURE_SNAP_MAX);
		return 0;
	case KEY_SECONDS:
		options->seconds =
			wl_tool_option_number(state, "--seconds", argument, 1, SECONDS_MAX);
		return 0;
	case KEY_PACKETS:
		options->packets =
			wl_tool_option_number(state, "--packets", argument, 1, UINT64_MAX);
		return 0;
	case KEY_BUFFER:
		options->request.mib = parse_buffer(state, argument);
		return 0;
	case ARGP_KEY_ARG:
		parse_path(options, argument, state);
		return 0;
	case ARGP_KEY_END:
		if (options->path == NULL)
			argp_error(state, "where to? FILE, or - for standard output");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the node ----------------------------------------------------------------------------------- */

static uint32_t node_at(const char *run_directory)
{
	json_t *status;
	uint32_t node = 0;

	if (wl_stats_socket_ask(run_directory, "/wirelog/status", &status) != 0)
		return 0;
	node = (uint32_t)json_integer_value(json_object_get(status, "node"));
	json_decref(status);
	return node;
}

/* NULL: refused, and *code says how to end. */
static const char *choose(const struct options *options, int *code)
{
	const struct wl_tool_cluster *cluster = &options->cluster;

	*code = 0;
	if (options->node == 0 && cluster->run_directory_count == 1)
		return cluster->run_directories[0];
	if (options->node == 0) {
		*code = wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
				       "whose frames? %u nodes are known here, --node N names one",
				       cluster->run_directory_count);
		return NULL;
	}
	for (uint32_t at = 0; at < cluster->run_directory_count; at++)
		if (node_at(cluster->run_directories[at]) == options->node)
			return cluster->run_directories[at];
	*code = wl_tool_refuse(WIRELOG_NOT_RUNNING, "node %u does not answer here", options->node);
	return NULL;
}

/* The connection that frames come on; -1: refused. */
static int begin(const struct options *options, const char *run_directory,
		 struct wl_capture_file *file, int *code)
{
	char request[32 + WL_CAPTURE_REQUEST_BYTES] = "/wirelog/capture,";
	const char *refused, *reason;
	int connection, status;
	json_t *answer;

	wl_capture_print_request(&options->request, request + strlen(request));
	status = wl_stats_socket_begin(run_directory, request, &answer, &connection);
	if (status != 0) {
		*code = wl_tool_refuse(status, "%s", wl_stats_socket_reason());
		return -1;
	}
	file->node = (uint32_t)json_integer_value(json_object_get(answer, "node"));
	if (!json_is_true(json_object_get(answer, "begun"))) {
		refused = json_string_value(json_object_get(answer, "code"));
		reason = json_string_value(json_object_get(answer, "reason"));
		status = refused != NULL ? wirelog_status_by_name(refused) : WIRELOG_INTERNAL;
		*code = wl_tool_refuse(status, "%s", reason != NULL ? reason : "");
		close(connection);
		connection = -1;
	}
	json_decref(answer);
	return connection;
}

/* ---- the file ----------------------------------------------------------------------------------- */

/* Captures have records in them: nobody else reads the file. NULL: refused. */
static FILE *open_file(const char *path, int *code)
{
	FILE *file;
	int fd;

	if (strcmp(path, "-") == 0) {
		if (!isatty(STDOUT_FILENO))
			return stdout;
		*code = wl_tool_refuse(
			WIRELOG_OUTPUT_FAILED,
			"standard output is a terminal: `wirelog capture - | tshark -r -`");
		return NULL;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL)
		*code = wl_tool_refuse(WIRELOG_OUTPUT_FAILED, "%s: %s", path, strerror(errno));
	return file;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t passed_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* ---- capturing ---------------------------------------------------------------------------------- */

enum reason { GOES_ON, INTERRUPTED, LIMIT, NODE_ENDED, NODE_GONE };

struct capture {
	const struct options *options;
	struct wl_capture_file *file;
	int connection;
	uint64_t began_ns, told_ns; /* told_ns: when the node was told to end; 0: not yet */
	enum reason reason;
	int status; /* of writing, and of what came */
};

/* The node lets its workers' taps go, sends what is left, and how many frames had no room. */
static void tell_to_end(struct capture *capture, enum reason reason)
{
	capture->reason = reason;
	capture->told_ns = passed_ns();
	/* Without a word that could stay unread there: that would cost what the node has sent. */
	shutdown(capture->connection, SHUT_WR);
}

static void heed_limits(struct capture *capture)
{
	const struct options *options = capture->options;

	if (capture->told_ns != 0)
		return;
	if (wl_interrupted)
		tell_to_end(capture, INTERRUPTED);
	else if (wl_capture_file_is_full(capture->file) ||
		 (options->seconds != 0 &&
		  passed_ns() - capture->began_ns >= options->seconds * SECOND_NS))
		tell_to_end(capture, LIMIT);
}

/* All that is there now. */
static void take(struct capture *capture)
{
	static uint8_t packet[WL_CAPTURE_PACKET_BYTES_MAX + 1];

	while (capture->status == 0 && !capture->file->ended) {
		ssize_t got = recv(capture->connection, packet, sizeof(packet), MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got <= 0) {
			capture->reason = NODE_GONE;
			break;
		}
		capture->file->now_ns = wall_ns();
		capture->status = wl_capture_file_take(capture->file, packet, (size_t)got);
		heed_limits(capture);
	}
	/* Who reads behind a pipe sees frames as they come. */
	if (capture->status == 0 && fflush(capture->file->to) != 0)
		capture->status = WIRELOG_OUTPUT_FAILED;
	if (capture->file->ended && capture->reason == GOES_ON)
		capture->reason = NODE_ENDED;
}

static bool goes_on(const struct capture *capture)
{
	return capture->status == 0 && !capture->file->ended && capture->reason != NODE_GONE &&
	       (capture->told_ns == 0 || passed_ns() - capture->told_ns < TOTALS_NS);
}

static void capture_all(struct capture *capture)
{
	while (goes_on(capture)) {
		struct pollfd polled = {.fd = capture->connection, .events = POLLIN};

		heed_limits(capture);
		if (poll(&polled, 1, LOOK_MS) > 0)
			take(capture);
	}
	capture->file->now_ns = wall_ns();
	if (capture->status == 0 && !capture->file->ended)
		capture->reason = NODE_GONE;
}

static int tell(const struct capture *capture)
{
	static const char *const reasons[] = {
		[INTERRUPTED] = "ended by a signal",
		[LIMIT] = "the limit is reached",
		[NODE_ENDED] = "the node ends",
		[NODE_GONE] =
			"the node is gone, or stands still: how many had no room is not known",
	};
	const struct wl_capture_file *file = capture->file;
	char packets[32], bytes[32], lost[32];

	wl_tool_format_count(file->packets, packets);
	wl_tool_format_count(file->bytes, bytes);
	wl_tool_format_count(file->lost, lost);
	fprintf(stderr, "wirelog: %s packets, %s bytes, %s dropped for want of room%s; %s\n",
		packets, bytes, lost, file->lost != 0 ? " (--buffer)" : "",
		reasons[capture->reason]);
	if (capture->status == WIRELOG_INPUT_MALFORMED)
		return wl_tool_refuse(WIRELOG_VERSION_MISMATCH,
				      "what node %u sends is no capture of this version",
				      file->node);
	if (capture->status != 0)
		return wl_tool_refuse(capture->status, "%s: %s", capture->options->path,
				      strerror(errno));
	if (capture->reason == NODE_GONE)
		return wirelog_status_exit_code(WIRELOG_NOT_RUNNING);
	return EX_OK;
}

static void say_filter(const struct options *options, const struct wl_capture_file *file,
		       char *text, size_t size)
{
	const struct wl_capture_request *request = &options->request;

	snprintf(text, size,
		 "node %u; directions %x, peers %x, types %lx, journals %x (masks; 0: all)",
		 file->node, request->directions, request->peers, (unsigned long)request->types,
		 request->journals);
}

/* Owns neither connection nor file. */
static int run(const struct options *options, struct wl_capture_file *file, int connection)
{
	struct capture capture = {.options = options,
				  .file = file,
				  .connection = connection,
				  .began_ns = passed_ns()};
	char comment[160];

	say_filter(options, file, comment, sizeof(comment));
	file->snap_bytes = options->request.snap_bytes;
	file->packets_max = options->packets;
	file->begin_ns = wall_ns();
	capture.status = wl_capture_file_begin(file, "wirelog " WIRELOG_VERSION_TEXT, comment);
	if (capture.status == 0 && fflush(file->to) != 0)
		capture.status = WIRELOG_OUTPUT_FAILED;
	capture_all(&capture);
	if (capture.status == 0)
		capture.status = wl_capture_file_end(file);
	return tell(&capture);
}

int wl_cmd_capture(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "FILE",
		.doc = "The frames that a node receives and sends, as a pcapng file, which Wireshark reads; with wirelog.lua "
		       "it knows each message. FILE is made, for its owner alone, and must not be there; - is standard output. "
		       "Ends by a limit, Control-C or the node's end, and says how many frames there were, and how many had no room.\v"
		       "For the node's user and root: frames have records in them. One capture at a time for a node "
		       "(CAPTURE_RUNNING, 75). What is slow here costs frames of the capture, never the node: they are dropped and counted. "
		       "Sent are frames that the link took, received all that came, believed or not. Of a link over a kernel socket the "
		       "IPv4 and UDP headers are the node's own.",
		.children = wl_tool_ask_children,
	};
	static struct options options = {
		.request = {.snap_bytes = WL_CAPTURE_SNAP_MAX,
			    .mib = WL_CAPTURE_MIB_DEFAULT,
			    .directions = WL_CAPTURE_RECEIVED | WL_CAPTURE_SENT}};
	static struct wl_capture_file file;
	const char *run_directory;
	int connection, code;

	wl_tool_option_parse(&argp, "wirelog capture", argc, argv, &options);
	code = wl_tool_cluster_find_run_directories(&options.cluster);
	if (code != 0)
		return wirelog_status_exit_code(code);
	run_directory = choose(&options, &code);
	file.to = run_directory != NULL ? open_file(options.path, &code) : NULL;
	if (file.to == NULL)
		return code;
	wl_interrupt_catch();
	signal(SIGPIPE, SIG_IGN);
	connection = begin(&options, run_directory, &file, &code);
	if (connection < 0) {
		if (file.to != stdout)
			unlink(options.path);
		return code;
	}
	code = run(&options, &file, connection);
	close(connection);
	if (file.to != stdout && fclose(file.to) != 0 && code == 0)
		code = wl_tool_refuse(WIRELOG_OUTPUT_FAILED, "%s: %s", options.path,
				      strerror(errno));
	return code;
}
