/* SPDX-License-Identifier: BSD-3-Clause */
/* Types, ranges and conflicts of everything but the links (config_links.c). */
#include <string.h>

#include "control/config/config_endpoint.h"
#include "control/config/config_links.h"
#include "control/config/config_value.h"
#include "dataplane/nic/memif_address.h"

#define MS 1000000ull
#define SECOND 1000000000ull
#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define RANGE(low, high) ((struct wl_config_range){low, high})

static const struct wl_config_word choices[] = {
	{"auto", WL_CONFIG_AUTO},
	{"on", WL_CONFIG_ON},
	{"off", WL_CONFIG_OFF},
	{NULL, 0},
};

static void set_defaults(struct wl_config *config)
{
	memset(config, 0, sizeof(*config));
	config->segment_bytes = WL_SEGMENT_BYTES_DEFAULT;
	config->log_ring_bytes = WL_LOG_RING_BYTES_DEFAULT;
	config->log_bytes_max = 16 * GIB;
	config->client_idle_ns = 60 * SECOND;
	config->reader_idle_ns = 10 * SECOND;
	config->record_bytes = WIRELOG_RECORD_BYTES_DEFAULT;
	config->sessions = 1024;
	config->clients = 1024;
	config->readers = 32;
	config->window_bytes = 1 * MIB;
	config->log_level = 6;
}

static void take_text_endpoint(const struct wl_config_scope *scope, const char *text,
			       const char *base, struct wl_config_node *node)
{
	static const char memif[] = "memif:";
	struct wl_sentence path = {node->client_endpoint, sizeof(node->client_endpoint), 0};

	if (text && strncmp(text, memif, sizeof(memif) - 1) == 0) {
		char socket[WIRELOG_ENDPOINT_BYTES_MAX - sizeof(memif) + 1];
		struct wl_sentence absolute = wl_sentence_begin(socket, sizeof(socket));

		if (wl_config_take_path(scope, "client_endpoint", text + sizeof(memif) - 1, base,
					&absolute) &&
		    wl_memif_address_fault(socket))
			wl_config_tell(scope, "client_endpoint", WIRELOG_CONFIG_VALUE,
				       wl_memif_address_fault(socket),
				       "memif:SOCKET with a path without commas would be right");
		wl_sentence_add(&path, memif);
		wl_sentence_add(&path, socket);
		return;
	}
	if (text && strncmp(text, "udp:", 4) != 0 && strncmp(text, "dpdk:", 5) != 0)
		wl_config_tell(
			scope, "client_endpoint", WIRELOG_CONFIG_VALUE, "is not an endpoint",
			"udp:ADDRESS:PORT, memif:SOCKET or dpdk:ADDRESS:PORT would be right");
	wl_config_take_text(scope, "client_endpoint", text, node->client_endpoint,
			    sizeof(node->client_endpoint));
}

static void take_node(const struct wl_config_scope *scope, const struct wl_config_node_text *text,
		      const char *base, struct wl_config_node *node)
{
	uint64_t port = 7700;

	if (!text->id)
		wl_config_tell_missing(scope, "id", "a number from 1 to 7 would be right");
	if (!text->address)
		wl_config_tell_missing(scope, "address", "the node's IPv4 address would be right");
	wl_config_take_u32(scope, "id", text->id, RANGE(1, WIRELOG_NODES_MAX), &node->id);
	wl_config_take_ipv4(scope, "address", text->address, &node->ipv4);
	wl_config_take_number(scope, "port", text->port, RANGE(1, 65535 - WIRELOG_WORKERS_MAX),
			      &port);
	node->udp_port = (uint16_t)port;
	take_text_endpoint(scope, text->client_endpoint, base, node);
}

static void check_distinct(const struct wl_config_scope *scope, const struct wl_config *config,
			   uint32_t at)
{
	const struct wl_config_node *node = &config->nodes[at];

	for (uint32_t before = 0; before < at; before++) {
		const struct wl_config_node *other = &config->nodes[before];

		if (node->id != 0 && node->id == other->id)
			wl_config_tell(scope, "id", WIRELOG_CONFIG_CONFLICT,
				       "another node has this id", "every node needs its own");
		if (node->ipv4 != 0 && node->ipv4 == other->ipv4)
			wl_config_tell(scope, "address", WIRELOG_CONFIG_CONFLICT,
				       "another node has this address", "every node needs its own");
	}
}

static void take_cluster(const struct wl_config_text *text, const char *base,
			 struct wl_config *config, struct wl_config_problems *problems)
{
	struct wl_config_scope scope = wl_config_scope_of(problems, "cluster");

	if (!text->cluster.uuid)
		wl_config_tell_missing(
			&scope, "uuid",
			"what uuidgen prints, the same on every node, would be right");
	else if (wl_config_take_uuid(&scope, "uuid", text->cluster.uuid, config->cluster))
		memcpy(config->cluster_text, text->cluster.uuid, 36);
	if (!text->cluster.node)
		wl_config_tell_missing(&scope, "node", "the id of this node would be right");
	wl_config_take_u32(&scope, "node", text->cluster.node, RANGE(1, WIRELOG_NODES_MAX),
			   &config->node);
	if (text->cluster.nodes_count == 0)
		wl_config_tell_missing(&scope, "nodes",
				       "a list of all nodes with id and address would be right");
	config->node_count = text->cluster.nodes_count;
	for (uint32_t at = 0; at < text->cluster.nodes_count; at++) {
		struct wl_config_scope here = wl_config_scope_at(&scope, "nodes", at);

		take_node(&here, &text->cluster.nodes[at], base, &config->nodes[at]);
		check_distinct(&here, config, at);
		config->voters |= 1u << config->nodes[at].id;
	}
	if (problems->count == 0 && !(config->voters & 1u << config->node))
		wl_config_tell(&scope, "node", WIRELOG_CONFIG_CONFLICT,
			       "is not among cluster.nodes",
			       "the id of one of them would be right");
}

static void take_journals(const struct wl_config_text *text, struct wl_config *config,
			  struct wl_config_problems *problems)
{
	struct wl_config_scope top = wl_config_scope_of(problems, "");
	uint32_t used = 0, seen = 0;

	config->journal_count = text->journals_count ? text->journals_count : 1;
	for (uint32_t at = 0; at < text->journals_count; at++) {
		struct wl_config_scope scope = wl_config_scope_at(&top, "journals", at);
		uint32_t id = at, worker = 0;

		if (!wl_config_take_u32(&scope, "id", text->journals[at].id,
					RANGE(0, config->journal_count - 1), &id))
			continue;
		if (seen & 1u << id)
			wl_config_tell(&scope, "id", WIRELOG_CONFIG_CONFLICT,
				       "another journal has this id",
				       "ids are 0, 1, 2, ... without a hole");
		seen |= 1u << id;
		wl_config_take_u32(&scope, "worker", text->journals[at].worker,
				   RANGE(0, config->worker_count ? config->worker_count - 1 : 0),
				   &worker);
		config->journal_worker[id] = worker;
	}
	for (uint32_t journal = 0; journal < config->journal_count; journal++)
		used |= 1u << config->journal_worker[journal];
	for (uint32_t worker = 0; worker < config->worker_count; worker++) {
		struct wl_config_scope scope = wl_config_scope_at(&top, "workers", worker);

		if (problems->count == 0 && !(used & 1u << worker))
			wl_config_tell(&scope, "", WIRELOG_CONFIG_CONFLICT,
				       "no journal runs on this worker",
				       "remove it, or name it as the worker of a journal");
	}
}

static void take_storage(const struct wl_config_text *text, const char *base,
			 struct wl_config *config, struct wl_config_problems *problems)
{
	struct wl_config_scope storage = wl_config_scope_of(problems, "storage");
	struct wl_config_scope log = wl_config_scope_of(problems, "log");
	struct wl_sentence path =
		wl_sentence_begin(config->storage_path, sizeof(config->storage_path));
	int choice = WL_CONFIG_AUTO;

	if (!text->storage.path)
		wl_config_tell_missing(&storage, "path",
				       "a directory of its own, or a block device, would be right");
	wl_config_take_path(&storage, "path", text->storage.path, base, &path);
	wl_config_take_size(&storage, "segment_bytes", text->storage.segment_bytes,
			    RANGE(WL_SEGMENT_BYTES_MIN, 1 * GIB), &config->segment_bytes);
	wl_config_take_power_of_two(&storage, "segment_bytes", config->segment_bytes);
	if (config->log_ring_bytes > config->segment_bytes)
		config->log_ring_bytes = config->segment_bytes;
	wl_config_take_size(&log, "ring_bytes", text->log.ring_bytes,
			    RANGE(WL_LOG_RING_BYTES_MIN, 1 * GIB), &config->log_ring_bytes);
	wl_config_take_power_of_two(&log, "ring_bytes", config->log_ring_bytes);
	wl_config_take_size(&log, "bytes_max", text->log.bytes_max,
			    RANGE(3 * WL_SEGMENT_BYTES_MIN, 1024 * GIB), &config->log_bytes_max);
	wl_config_take_word(&log, "registered_buffers", text->log.registered_buffers, choices,
			    &choice);
	config->registered_buffers = (enum wl_config_choice)choice;
	if (problems->count != 0)
		return;
	if (config->log_ring_bytes > config->segment_bytes)
		wl_config_tell(&log, "ring_bytes", WIRELOG_CONFIG_CONFLICT,
			       "is larger than storage.segment_bytes",
			       "at most as much would be right");
	if (config->log_bytes_max < 2 * config->segment_bytes)
		wl_config_tell(&log, "bytes_max", WIRELOG_CONFIG_CONFLICT,
			       "has no room for two segments of storage.segment_bytes",
			       "more would be right");
}

static void take_timing(const struct wl_config_text *text, struct wl_config *config,
			struct wl_config_problems *problems)
{
	struct wl_config_scope scope = wl_config_scope_of(problems, "timing");
	uint64_t election_ms = 300, heartbeat_ms, resend_us = 5000, stall_ms = 1000;
	uint64_t client_s = config->client_idle_ns / SECOND,
		 reader_s = config->reader_idle_ns / SECOND;

	wl_config_take_number(&scope, "election_timeout_ms", text->timing.election_timeout_ms,
			      RANGE(20, 60000), &election_ms);
	heartbeat_ms = election_ms / 15 ? election_ms / 15 : 1;
	wl_config_take_number(&scope, "heartbeat_ms", text->timing.heartbeat_ms, RANGE(1, 10000),
			      &heartbeat_ms);
	wl_config_take_number(&scope, "resend_us", text->timing.resend_us, RANGE(100, 1000000),
			      &resend_us);
	wl_config_take_number(&scope, "disk_stall_ms", text->timing.disk_stall_ms, RANGE(50, 60000),
			      &stall_ms);
	wl_config_take_number(&scope, "client_idle_s", text->timing.client_idle_s, RANGE(1, 86400),
			      &client_s);
	wl_config_take_number(&scope, "reader_idle_s", text->timing.reader_idle_s, RANGE(1, 86400),
			      &reader_s);
	if (4 * heartbeat_ms > election_ms)
		wl_config_tell(&scope, "heartbeat_ms", WIRELOG_CONFIG_CONFLICT,
			       "is more than a quarter of timing.election_timeout_ms",
			       "less would be right, so that one lost frame is no election");
	if (resend_us > election_ms * 500)
		wl_config_tell(&scope, "resend_us", WIRELOG_CONFIG_CONFLICT,
			       "is more than half of timing.election_timeout_ms",
			       "less would be right");
	config->election_timeout_ns = election_ms * MS;
	config->heartbeat_ns = heartbeat_ms * MS;
	config->resend_ns = resend_us * 1000;
	config->disk_stall_ns = stall_ms * MS;
	config->client_idle_ns = client_s * SECOND;
	config->reader_idle_ns = reader_s * SECOND;
}

static void take_limits(const struct wl_config_text *text, struct wl_config *config,
			struct wl_config_problems *problems)
{
	struct wl_config_scope scope = wl_config_scope_of(problems, "limits");
	uint64_t record = config->record_bytes, window = config->window_bytes;

	wl_config_take_size(&scope, "record_bytes", text->limits.record_bytes,
			    RANGE(1, WIRELOG_RECORD_BYTES_MAX), &record);
	wl_config_take_u32(&scope, "sessions", text->limits.sessions,
			   RANGE(1, WIRELOG_SESSIONS_MAX), &config->sessions);
	wl_config_take_u32(&scope, "clients", text->limits.clients, RANGE(8, WIRELOG_CLIENTS_MAX),
			   &config->clients);
	wl_config_take_power_of_two(&scope, "clients", config->clients);
	wl_config_take_u32(&scope, "readers", text->limits.readers,
			   RANGE(1, WIRELOG_SUBSCRIPTIONS_MAX), &config->readers);
	wl_config_take_size(&scope, "window_bytes", text->limits.window_bytes,
			    RANGE(64 * KIB, 64 * MIB), &window);
	config->record_bytes = (uint32_t)record;
	config->window_bytes = (uint32_t)window;
}

static void take_host(const struct wl_config_text *text, struct wl_config *config,
		      struct wl_config_problems *problems)
{
	static const struct wl_config_word pages[] = {
		{"auto", WL_HUGEPAGES_AUTO},
		{"on", WL_HUGEPAGES_ON},
		{"off", WL_HUGEPAGES_OFF},
		{NULL, 0},
	};
	static const struct wl_config_word strategies[] = {
		{"auto", WL_IDLE_AUTO},
		{"spin", WL_IDLE_SPIN},
		{"yield", WL_IDLE_YIELD},
		{"backoff", WL_IDLE_BACKOFF},
		{NULL, 0},
	};
	struct wl_config_scope memory = wl_config_scope_of(problems, "memory");
	struct wl_config_scope idle = wl_config_scope_of(problems, "idle");
	struct wl_config_scope top = wl_config_scope_of(problems, "");
	int hugepages = WL_HUGEPAGES_AUTO, strategy = WL_IDLE_AUTO, locked = WL_CONFIG_AUTO;

	wl_config_take_word(&memory, "hugepages", text->memory.hugepages, pages, &hugepages);
	wl_config_take_u32(&memory, "megabytes", text->memory.megabytes, RANGE(16, 1u << 20),
			   &config->memory_mb);
	wl_config_take_word(&memory, "locked", text->memory.locked, choices, &locked);
	config->memory_locked = (enum wl_config_choice)locked;
	wl_config_take_word(&idle, "strategy", text->idle.strategy, strategies, &strategy);
	wl_config_take_u32(&idle, "local_pollers", text->idle.local_pollers, RANGE(0, 1024),
			   &config->local_pollers);
	config->hugepages = (enum wl_hugepages)hugepages;
	config->idle = (enum wl_idle)strategy;
	if (text->eal_extra && text->eal_extra[0] != '\0')
		wl_config_take_text(&top, "eal_extra", text->eal_extra, config->eal_extra,
				    sizeof(config->eal_extra));
}

static void take_files(const struct wl_config_text *text, const char *base,
		       struct wl_config *config, struct wl_config_problems *problems)
{
	static const struct wl_config_word levels[] = {
		{"error", 3}, {"warning", 4}, {"notice", 5}, {"info", 6}, {"debug", 7}, {NULL, 0},
	};
	static const struct wl_config_word destinations[] = {
		{"stderr", WL_CONFIG_LOG_STDERR},
		{"syslog", WL_CONFIG_LOG_SYSLOG},
		{"journal", WL_CONFIG_LOG_JOURNAL},
		{NULL, 0},
	};
	struct wl_config_scope security = wl_config_scope_of(problems, "security");
	struct wl_config_scope logging = wl_config_scope_of(problems, "logging");
	struct wl_config_scope top = wl_config_scope_of(problems, "");
	struct wl_sentence key = wl_sentence_begin(config->key_file, sizeof(config->key_file));
	/* The stats socket lies in it: sun_path has 108 bytes, "/stats.sock" takes 12 of them. */
	struct wl_sentence run =
		wl_sentence_begin(config->run_directory, WL_CONFIG_SOCKET_BYTES - 12);
	int level = 6, destination = WL_CONFIG_LOG_STDERR;

	wl_config_take_path(&security, "key_file", text->security.key_file, base, &key);
	wl_config_take_path(&top, "run_directory",
			    text->run_directory ? text->run_directory : "/run/wirelog", base, &run);
	wl_config_take_word(&logging, "level", text->logging.level, levels, &level);
	wl_config_take_word(&logging, "destination", text->logging.destination, destinations,
			    &destination);
	config->log_level = (unsigned)level;
	config->log_destination = (enum wl_config_log_destination)destination;
}

/* What clients are told when nothing was configured: an Ethernet link's address can be reached by any socket. */
static void default_endpoints(struct wl_config *config)
{
	bool ethernet = false;

	for (uint32_t at = 0; at < config->workers[0].link_count; at++)
		ethernet = ethernet || wl_config_link_is_ethernet(&config->workers[0].links[at]);
	for (uint32_t at = 0; at < config->node_count && ethernet; at++) {
		struct wl_config_node *node = &config->nodes[at];
		struct wl_sentence text = {node->client_endpoint, sizeof(node->client_endpoint), 0};

		if (node->client_endpoint[0] != '\0')
			continue;
		wl_sentence_add(&text, "udp:");
		for (int shift = 24; shift >= 0; shift -= 8) {
			wl_sentence_add_number(&text, node->ipv4 >> shift & 0xff);
			wl_sentence_add(&text, shift ? "." : ":");
		}
		wl_sentence_add_number(&text, node->udp_port);
	}
}

int wl_config_check(const struct wl_config_text *text, const char *base, struct wl_config *config,
		    struct wl_config_problems *problems)
{
	set_defaults(config);
	take_cluster(text, base, config, problems);
	wl_config_take_workers(text, base, config, problems);
	take_journals(text, config, problems);
	take_storage(text, base, config, problems);
	take_timing(text, config, problems);
	take_limits(text, config, problems);
	take_host(text, config, problems);
	take_files(text, base, config, problems);
	default_endpoints(config);
	if (problems->count == 0)
		wl_config_check_endpoints(config, problems);
	return problems->count ? problems->item[0].status : 0;
}
