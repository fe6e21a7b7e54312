/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wirelog-web: looks at the nodes on this machine and shows them to browsers. A process of its own, without any privilege but that of the nodes'
 * user; however many browsers there are, each node has one stream and one round of questions. Ends with SIGTERM or SIGINT.
 */
#include <argp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/tool_cluster.h"
#include "http/program.h"
#include "watch/feed_socket.h"
#include "web/picture.h"
#include "web/site_thread.h"
#include "wirelog/status.h"

#define PROGRAM "wirelog-web"
#define LISTEN_DEFAULT "127.0.0.1:9747"
#define LOOK_MS 500
#define POINT_LOOKS 2u /* a point of the curves each second */

enum { KEY_LISTEN = 0x100, KEY_PAGE, KEY_UNTIL_GONE };

struct options {
	struct wl_tool_cluster cluster;
	const char *listen, *page;
	bool until_gone;
};

struct looking {
	struct wl_feed *feed;
	struct wl_watch watch;
	struct wl_past past;
	struct wl_site site;
	uint64_t looks;
	struct wl_watch_event newest; /* that was told */
};

const char *argp_program_version = PROGRAM " " WIRELOG_VERSION_TEXT;

static const struct argp_option option_table[] = {
	{"listen", KEY_LISTEN, "ADDRESS:PORT", 0,
	 "where the page is; port 0: one that is free (default " LISTEN_DEFAULT ")", 0},
	{"page", KEY_PAGE, "DIR", 0,
	 "the files of the page (default: web/ beside this program, then ../share/wirelog/web)", 0},
	{"until-gone", KEY_UNTIL_GONE, NULL, 0, "end when no run directory is there any more", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case KEY_LISTEN:
		options->listen = argument;
		return 0;
	case KEY_PAGE:
		options->page = argument;
		return 0;
	case KEY_UNTIL_GONE:
		options->until_gone = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- looking ------------------------------------------------------------------------------------ */

/* To those who are there; and kept for those who come, where it has a place. */
static void tell(struct looking *looking, const char *name, json_t *data, int place)
{
	size_t bytes;
	char *text = wl_picture_frame(name, data, &bytes);

	if (text == NULL)
		return;
	wl_subscribers_say(&looking->site.subscribers, text, bytes);
	if (place >= 0)
		wl_site_keep(&looking->site, (enum wl_site_frame)place, text, bytes);
	else
		free(text);
}

static void add_point(struct looking *looking, int64_t wall_ms)
{
	json_t *point = wl_picture_point(&looking->watch, wall_ms);
	size_t bytes = 0;
	char *text;

	if (point == NULL)
		return;
	wl_picture_past_add(&looking->past, point);
	tell(looking, "point", point, -1);
	text = wl_picture_frame("past", json_incref(looking->past.points), &bytes);
	wl_site_keep(&looking->site, WL_SITE_PAST, text, bytes);
}

static void tell_events(struct looking *looking)
{
	const struct wl_watch *watch = &looking->watch;
	const struct wl_watch_event *newest;

	if (watch->event_count == 0)
		return;
	newest = &watch->events[watch->event_count - 1];
	if (newest->time_ns == looking->newest.time_ns && newest->node == looking->newest.node &&
	    strcmp(newest->text, looking->newest.text) == 0)
		return;
	looking->newest = *newest;
	tell(looking, "events", wl_picture_events(watch), WL_SITE_EVENTS);
}

static void look(struct looking *looking, int64_t now_ms)
{
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];
	uint32_t count = wl_feed_answers(looking->feed, now_ms, answers);
	int64_t wall = wl_feed_wall_ns();

	wl_watch_look(&looking->watch, answers, count, now_ms, wall);
	if (looking->looks++ % POINT_LOOKS == 0)
		add_point(looking, wall / 1000000);
	tell_events(looking);
	tell(looking, "now", wl_picture_now(&looking->watch, wall / 1000000, now_ms), WL_SITE_NOW);
}

static void run(struct looking *looking, const struct options *options, struct wl_http *http,
		int ends)
{
	int64_t look_ms = wl_feed_now_ms() + LOOK_MS / 2;

	while (!wl_feed_wait(looking->feed, ends, look_ms)) {
		int64_t now_ms = wl_feed_now_ms();

		if (now_ms < look_ms)
			continue;
		if (options->until_gone && wl_tool_cluster_is_gone(&options->cluster))
			return;
		look(looking, now_ms);
		wl_http_wake(http);
		look_ms = now_ms + LOOK_MS;
	}
}

/* ---- the process -------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
}

static int serve(struct looking *looking, const struct options *options)
{
	struct sockaddr_storage address = {0};
	struct wl_http_config config = {.address = (const struct sockaddr *)&address,
					.connections_max = WL_SITE_CONNECTIONS_MAX,
					.headers = wl_site_headers,
					.get = wl_site_get,
					.context = &looking->site};
	struct wl_http *http;
	sigset_t signals;
	int ends, result = wl_http_program_address(PROGRAM, options->listen, &address);

	if (result != EX_OK)
		return result;
	wl_http_program_take_signals(&signals);
	ends = signalfd(-1, &signals, SFD_CLOEXEC);
	if (ends < 0) {
		perror(PROGRAM);
		return EX_UNAVAILABLE;
	}
	looking->site.only_here = is_loopback(&address);
	if (!wl_page_load(&looking->site.page, options->page))
		fprintf(stderr,
			"wirelog-web: the page was not found in %s, only its numbers are served: make web\n",
			options->page != NULL ? options->page : "web/ or ../share/wirelog/web");
	http = wl_http_program_open(PROGRAM, options->listen, &config);
	if (http == NULL)
		return EX_UNAVAILABLE;
	run(looking, options, http, ends);
	wl_http_close(http);
	close(ends);
	return EX_OK;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = {{&wl_tool_cluster_run_directory_argp, 0, NULL,
						      20},
						     {0}};
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "A page about the nodes of a cluster: health, commit latency, throughput, workers, drives, clients, events, twice a "
		       "second. A node without a run directory on this machine is asked over the wire, by one that has: its role, how far it is, its "
		       "health. It authenticates nobody: let it listen where only those come who may look. Run it as the nodes' user.",
		.children = children,
	};
	static struct options options = {.listen = LISTEN_DEFAULT};
	static struct looking looking;
	int result;

	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	result = wl_tool_cluster_find_run_directories(&options.cluster);
	if (result != 0)
		return wirelog_status_exit_code(result);
	looking.feed =
		wl_feed_open(options.cluster.run_directories, options.cluster.run_directory_count);
	if (looking.feed == NULL || !wl_picture_past_init(&looking.past)) {
		fprintf(stderr, "wirelog-web: no memory\n");
		return EX_OSERR;
	}
	wl_site_init(&looking.site);
	result = serve(&looking, &options);
	wl_site_fini(&looking.site);
	wl_picture_past_fini(&looking.past);
	wl_feed_close(looking.feed);
	return result;
}
