/* SPDX-License-Identifier: BSD-3-Clause */
/* Types, ranges and conflicts of everything but the links (config_links.c). */
#include <string.h>

#include "control/config/config_endpoint.h"
#include "control/config/config_links.h"
#include "control/config/config_table.h"
#include "dataplane/nic/memif_address.h"

#define MS 1000000ull
#define RANGE(low, high) ((struct wl_config_range){low, high})

static void set_defaults(struct wl_config *config)
{
	memset(config, 0, sizeof(*config));
	for (unsigned id = 0; id < WL_CONFIG_SECTIONS; id++)
		if (wl_config_section_is_single((enum wl_config_section_id)id))
			wl_config_set_defaults((enum wl_config_section_id)id, config);
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
	wl_config_set_defaults(WL_CONFIG_SECTION_NODES, node);
	wl_config_take_section(scope, WL_CONFIG_SECTION_NODES, text, base, node);
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

	wl_config_take_section(&scope, WL_CONFIG_SECTION_CLUSTER, &text->cluster, base, config);
	if (text->cluster.uuid && problems->count == 0)
		memcpy(config->cluster_text, text->cluster.uuid, 36);
	if (text->cluster.nodes_count == 0)
		wl_config_tell_missing(&scope, "nodes",
				       "a list of all nodes with id and address would be right");
	config->node_count = text->cluster.nodes_count;
	for (uint32_t at = 0; at < text->cluster.nodes_count; at++) {
		struct wl_config_scope here = wl_config_scope_at(&scope, "nodes", at);

		take_node(&here, &text->cluster.nodes[at], base, &config->nodes[at]);
		check_distinct(&here, config, at);
		config->members = wl_members_with(config->members, config->nodes[at].id);
		if (config->nodes[at].joins != WL_CONFIG_ON)
			config->voters = wl_members_with(config->voters, config->nodes[at].id);
	}
	if (problems->count == 0 && config->voters == 0)
		wl_config_tell(&scope, "nodes", WIRELOG_CONFIG_CONFLICT, "all of them join",
			       "a cluster begins with one node at least that does not");
	if (problems->count == 0 && !wl_members_has(config->members, config->node))
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

	wl_config_take_section(&storage, WL_CONFIG_SECTION_STORAGE, &text->storage, base, config);
	wl_config_take_section(&log, WL_CONFIG_SECTION_LOG, &text->log, base, config);
	if (config->log_ring_bytes == 0)
		config->log_ring_bytes = config->segment_bytes < WL_LOG_RING_BYTES_DEFAULT
						 ? config->segment_bytes
						 : WL_LOG_RING_BYTES_DEFAULT;
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

#define PATIENCE_NS (400 * MS)

void wl_config_check_timing(const struct wl_config *config, struct wl_config_problems *problems)
{
	struct wl_config_scope scope = wl_config_scope_of(problems, "timing");

	if (4 * config->heartbeat_ns > config->election_timeout_ns)
		wl_config_tell(&scope, "heartbeat_ms", WIRELOG_CONFIG_CONFLICT,
			       "is more than a quarter of timing.election_timeout_ms",
			       "less would be right, so that one lost frame is no election");
	if (config->patience_ns < config->election_timeout_ns)
		wl_config_tell(&scope, "patience_ms", WIRELOG_CONFIG_CONFLICT,
			       "is less than timing.election_timeout_ms",
			       "that or more would be right");
	if (2 * config->resend_ns > config->election_timeout_ns)
		wl_config_tell(&scope, "resend_us", WIRELOG_CONFIG_CONFLICT,
			       "is more than half of timing.election_timeout_ms",
			       "less would be right");
}

static void take_timing(const struct wl_config_text *text, struct wl_config *config,
			struct wl_config_problems *problems)
{
	struct wl_config_scope scope = wl_config_scope_of(problems, "timing");
	uint64_t fifteenth_ms;

	wl_config_take_section(&scope, WL_CONFIG_SECTION_TIMING, &text->timing, "", config);
	fifteenth_ms = config->election_timeout_ns / MS / 15;
	if (config->heartbeat_ns == 0)
		config->heartbeat_ns = (fifteenth_ms ? fifteenth_ms : 1) * MS;
	if (config->patience_ns == 0)
		config->patience_ns = config->election_timeout_ns > PATIENCE_NS
					      ? config->election_timeout_ns
					      : PATIENCE_NS;
	wl_config_check_timing(config, problems);
}

static void take_host(const struct wl_config_text *text, const char *base, struct wl_config *config,
		      struct wl_config_problems *problems)
{
	const struct {
		enum wl_config_section_id id;
		const void *text;
	} parts[] = {
		{WL_CONFIG_SECTION_LIMITS, &text->limits},
		{WL_CONFIG_SECTION_BASE, &text->base},
		{WL_CONFIG_SECTION_RETENTION, &text->retention},
		{WL_CONFIG_SECTION_ARCHIVE, &text->archive},
		{WL_CONFIG_SECTION_MEMORY, &text->memory},
		{WL_CONFIG_SECTION_IDLE, &text->idle},
		{WL_CONFIG_SECTION_SECURITY, &text->security},
		{WL_CONFIG_SECTION_LOGGING, &text->logging},
		{WL_CONFIG_SECTION_TOP, text},
	};

	for (unsigned at = 0; at < sizeof(parts) / sizeof(parts[0]); at++) {
		struct wl_config_scope scope =
			wl_config_scope_of(problems, wl_config_section(parts[at].id).path);

		wl_config_take_section(&scope, parts[at].id, parts[at].text, base, config);
	}
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
	take_host(text, base, config, problems);
	default_endpoints(config);
	if (problems->count == 0)
		wl_config_check_endpoints(config, problems);
	return problems->count ? problems->item[0].status : 0;
}
