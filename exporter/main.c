/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wirelog-exporter: asks the stats sockets of the nodes on this machine when Prometheus asks it. A process of its own, without any privilege
 * but that of the nodes' user; it holds nothing, and ends with SIGTERM or SIGINT.
 */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/tool_cluster.h"
#include "command/tool_stats_socket.h"
#include "exporter/exposition.h"
#include "exporter/scrape.h"
#include "http/program.h"
#include "wirelog/status.h"

#define PROGRAM "wirelog-exporter"
#define LISTEN_DEFAULT "127.0.0.1:9746"
#define RECENT "/wirelog/latency,10"

_Static_assert(WL_EXPOSITION_RECENT_S == 10, "as the request says");

enum { KEY_LISTEN = 0x100, KEY_ONCE, KEY_UNTIL_GONE };

struct options {
	struct wl_tool_cluster cluster;
	const char *listen;
	bool once, until_gone;
};

const char *argp_program_version = PROGRAM " " WIRELOG_VERSION_TEXT;

static const struct argp_option option_table[] = {
	{"listen", KEY_LISTEN, "ADDRESS:PORT", 0,
	 "where /metrics is; port 0: one that is free (default " LISTEN_DEFAULT ")", 0},
	{"once", KEY_ONCE, NULL, 0, "write the page to standard output and end", 0},
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
	case KEY_ONCE:
		options->once = true;
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

/* ---- a page ------------------------------------------------------------------------------------- */

/* All three or none: a node that stops in between did not answer. */
static void ask(const char *run_directory, struct wl_exposition_node *node)
{
	json_t *catalogue = NULL, *metrics = NULL, *recent = NULL;

	*node = (struct wl_exposition_node){.run_directory = run_directory};
	if (wl_stats_socket_ask(run_directory, "/wirelog/metrics", &metrics) == 0 &&
	    wl_stats_socket_ask(run_directory, "/wirelog/catalogue", &catalogue) == 0 &&
	    wl_stats_socket_ask(run_directory, RECENT, &recent) == 0) {
		node->catalogue = catalogue;
		node->metrics = metrics;
		node->recent = recent;
		return;
	}
	json_decref(catalogue);
	json_decref(metrics);
	json_decref(recent);
}

static char *make_page(void *context, bool openmetrics, size_t *bytes)
{
	const struct wl_tool_cluster *cluster = context;
	struct wl_exposition_node nodes[WIRELOG_NODES_MAX];
	char *text = NULL;
	FILE *out = open_memstream(&text, bytes);

	if (out == NULL)
		return NULL;
	for (uint32_t at = 0; at < cluster->run_directory_count; at++)
		ask(cluster->run_directories[at], &nodes[at]);
	wl_exposition_write(out, nodes, cluster->run_directory_count, openmetrics);
	fclose(out);
	for (uint32_t at = 0; at < cluster->run_directory_count; at++) {
		json_decref((json_t *)(uintptr_t)nodes[at].catalogue);
		json_decref((json_t *)(uintptr_t)nodes[at].metrics);
		json_decref((json_t *)(uintptr_t)nodes[at].recent);
	}
	return text;
}

static int print_page(struct options *options)
{
	size_t bytes;
	char *text = make_page(&options->cluster, false, &bytes);
	bool written = text != NULL && fwrite(text, 1, bytes, stdout) == bytes &&
		       fflush(stdout) == 0;

	free(text);
	return written ? EX_OK : EX_IOERR;
}

/* ---- the process -------------------------------------------------------------------------------- */

static int serve(struct options *options)
{
	struct sockaddr_storage address = {0};
	struct wl_scrape scrape = {.make = make_page, .context = &options->cluster};
	struct wl_http_config config = {.address = (const struct sockaddr *)&address,
					.connections_max = WL_SCRAPE_CONNECTIONS_MAX,
					.get = wl_scrape_get,
					.context = &scrape};
	struct wl_http *http;
	sigset_t ends;
	const struct timespec second = {.tv_sec = 1};
	int result = wl_http_program_address(PROGRAM, options->listen, &address);

	if (result != EX_OK)
		return result;
	wl_http_program_take_signals(&ends);
	http = wl_http_program_open(PROGRAM, options->listen, &config);
	if (http == NULL)
		return EX_UNAVAILABLE;
	while (sigtimedwait(&ends, NULL, &second) < 0)
		if (options->until_gone && wl_tool_cluster_is_gone(&options->cluster))
			break;
	wl_http_close(http);
	wl_scrape_fini(&scrape);
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
		.doc = "Metrics of the nodes on this machine for Prometheus: text format 0.0.4, or OpenMetrics when that is asked "
		       "for, at /metrics. Each scrape asks the nodes' stats sockets; run it as their user.",
		.children = children,
	};
	static struct options options = {.listen = LISTEN_DEFAULT};
	int result;

	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	result = wl_tool_cluster_find_run_directories(&options.cluster);
	if (result != 0)
		return wirelog_status_exit_code(result);
	return options.once ? print_page(&options) : serve(&options);
}
