/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/tool_option.h"
#include "command/tool_refuse.h"

#define RUN_DIRECTORY_DEFAULT "/run/wirelog"

/* ---- options ------------------------------------------------------------------------------------ */

enum {
	KEY_ENDPOINTS = 0x200,
	KEY_KEY_FILE,
	KEY_CLUSTER,
	KEY_INSECURE,
	KEY_JOURNAL,
	KEY_EAL,
	KEY_LINK,
	KEY_RUN_DIRECTORY,
};

/* clang-format off */
#define OPTIONS_BEFORE_CLUSTER \
	{NULL, 0, NULL, 0, "Which cluster (without these: the running demo):", 20}, \
	{"endpoints", KEY_ENDPOINTS, "LIST", 0, \
	 "nodes, by commas: udp:ADDRESS:PORT, memif:SOCKET-PATH or dpdk:ADDRESS:PORT; one is enough", 20}, \
	{"key-file", KEY_KEY_FILE, "FILE", 0, "the cluster's key", 20}
#define OPTIONS_BEHIND_CLUSTER \
	{"insecure-lab", KEY_INSECURE, NULL, 0, "the cluster runs without a key (a laboratory)", 20}, \
	{"journal", KEY_JOURNAL, "N", 0, "which journal (default 0)", 20}, \
	{"eal", KEY_EAL, "ARGUMENTS", 0, "more arguments for DPDK (memif: and dpdk: endpoints)", 20}, \
	{"link", KEY_LINK, "PORT", 0, "dpdk: our own port, as pci=0000:01:00.0,ipv4=192.0.2.20", 20}, \
	{0}
/* clang-format on */

static const struct argp_option cluster_options[] = {
	OPTIONS_BEFORE_CLUSTER,
	{"cluster", KEY_CLUSTER, "UUID", 0, "the cluster's id", 20},
	{"cluster-id", 0, NULL, OPTION_ALIAS, NULL, 20},
	OPTIONS_BEHIND_CLUSTER,
};

static const struct argp_option by_id_options[] = {
	OPTIONS_BEFORE_CLUSTER,
	{"cluster-id", KEY_CLUSTER, "UUID", 0, "the cluster's id", 20},
	OPTIONS_BEHIND_CLUSTER,
};

static const struct argp_option run_directory_options[] = {
	{"run-directory", KEY_RUN_DIRECTORY, "DIR", 0,
	 "run directory of a node on this machine; may be repeated (default: those of the running demo, else " RUN_DIRECTORY_DEFAULT
	 ")",
	 20},
	{0},
};

static bool add_run_directory(struct wl_tool_cluster *cluster, const char *directory)
{
	if (cluster->run_directory_count == WIRELOG_NODES_MAX)
		return false;
	cluster->run_directories[cluster->run_directory_count++] = directory;
	return true;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct wl_tool_cluster *cluster = state->input;

	switch (key) {
	case KEY_ENDPOINTS:
		cluster->endpoints = argument;
		return 0;
	case KEY_KEY_FILE:
		cluster->key_file = argument;
		return 0;
	case KEY_CLUSTER:
		cluster->cluster = argument;
		return 0;
	case KEY_INSECURE:
		cluster->insecure = true;
		return 0;
	case KEY_JOURNAL:
		cluster->journal = wl_tool_option_journal(state, argument);
		return 0;
	case KEY_EAL:
		cluster->eal = argument;
		return 0;
	case KEY_LINK:
		cluster->link = argument;
		return 0;
	case KEY_RUN_DIRECTORY:
		if (!add_run_directory(cluster, argument))
			argp_error(state, "--run-directory: at most %d", WIRELOG_NODES_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp wl_tool_cluster_argp = {.options = cluster_options, .parser = parse_option};
const struct argp wl_tool_cluster_by_id_argp = {.options = by_id_options, .parser = parse_option};
const struct argp wl_tool_cluster_run_directory_argp = {.options = run_directory_options,
							.parser = parse_option};

/* ---- finding ------------------------------------------------------------------------------------ */

static const char *environment_of(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static int load_demo(struct wl_tool_cluster *cluster)
{
	int result;

	if (cluster->is_demo)
		return 0;
	result = wl_where_load(&cluster->where);
	cluster->is_demo = result == 0;
	return result;
}

static int refuse_no_cluster(int error)
{
	if (error == -ENOENT)
		wl_tool_refuse(WIRELOG_NOT_RUNNING,
			       "no cluster is named and no demo is up; `wirelog demo` starts one, "
			       "--endpoints names another");
	else
		wl_tool_refuse(WIRELOG_NOT_RUNNING, "%s cannot be used: %s", wl_where_path(),
			       strerror(-error));
	return WIRELOG_NOT_RUNNING;
}

static int check_complete(const struct wl_tool_cluster *cluster)
{
	if (cluster->cluster == NULL) {
		wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
			       "--cluster UUID (or WIRELOG_CLUSTER) is needed with --endpoints: "
			       "cluster.uuid of the nodes' configuration");
		return WIRELOG_INVALID_ARGUMENT;
	}
	if (cluster->key_file == NULL && !cluster->insecure) {
		wl_tool_refuse(WIRELOG_KEY_MISSING,
			       "--key-file FILE (or WIRELOG_KEY_FILE) is needed with "
			       "--endpoints");
		return WIRELOG_KEY_MISSING;
	}
	return 0;
}

int wl_tool_cluster_find(struct wl_tool_cluster *cluster)
{
	int result;

	if (cluster->endpoints == NULL)
		cluster->endpoints = environment_of("WIRELOG_ENDPOINTS");
	if (cluster->key_file == NULL && !cluster->insecure)
		cluster->key_file = environment_of("WIRELOG_KEY_FILE");
	if (cluster->cluster == NULL)
		cluster->cluster = environment_of("WIRELOG_CLUSTER");
	if (cluster->endpoints != NULL)
		return check_complete(cluster);
	result = load_demo(cluster);
	if (result != 0)
		return refuse_no_cluster(result);
	cluster->endpoints = cluster->where.endpoints;
	if (cluster->key_file == NULL && cluster->where.key_file[0] != '\0')
		cluster->key_file = cluster->where.key_file;
	if (cluster->cluster == NULL)
		cluster->cluster = cluster->where.cluster;
	cluster->insecure = cluster->key_file == NULL;
	return 0;
}

int wl_tool_cluster_find_run_directories(struct wl_tool_cluster *cluster)
{
	const char *listed = environment_of("WIRELOG_RUN_DIRECTORIES");
	char *rest = cluster->environment;

	if (cluster->run_directory_count > 0)
		return 0;
	if (listed != NULL) {
		if ((size_t)snprintf(rest, sizeof(cluster->environment), "%s", listed) >=
		    sizeof(cluster->environment)) {
			wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
				       "WIRELOG_RUN_DIRECTORIES is too long");
			return WIRELOG_INVALID_ARGUMENT;
		}
		for (char *one; (one = strsep(&rest, ":")) != NULL;)
			if (*one != '\0')
				add_run_directory(cluster, one);
		return 0;
	}
	if (load_demo(cluster) == 0) {
		for (uint32_t at = 0; at < cluster->where.run_directory_count; at++)
			add_run_directory(cluster, cluster->where.run_directories[at]);
		return 0;
	}
	if (access(RUN_DIRECTORY_DEFAULT "/stats.sock", F_OK) == 0) {
		add_run_directory(cluster, RUN_DIRECTORY_DEFAULT);
		return 0;
	}
	wl_tool_refuse(WIRELOG_NOT_RUNNING,
		       "no demo is up, and no node runs in " RUN_DIRECTORY_DEFAULT
		       "; --run-directory DIR names another node's run directory");
	return WIRELOG_NOT_RUNNING;
}

bool wl_tool_cluster_names_endpoints(const struct wl_tool_cluster *cluster)
{
	return cluster->endpoints != NULL ||
	       (environment_of("WIRELOG_ENDPOINTS") && cluster->run_directory_count == 0 &&
		!environment_of("WIRELOG_RUN_DIRECTORIES"));
}

bool wl_tool_cluster_is_gone(const struct wl_tool_cluster *cluster)
{
	for (uint32_t at = 0; at < cluster->run_directory_count; at++)
		if (access(cluster->run_directories[at], F_OK) == 0)
			return false;
	return true;
}

void wl_tool_cluster_set_options(const struct wl_tool_cluster *cluster,
				 struct wirelog_options *options)
{
	options->endpoints = cluster->endpoints;
	options->key_file = cluster->key_file;
	options->cluster = cluster->cluster;
	options->insecure = cluster->insecure;
	options->journal = cluster->journal;
	options->eal = cluster->eal;
	options->link = cluster->link;
}
