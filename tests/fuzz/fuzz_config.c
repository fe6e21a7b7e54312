/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a configuration file. It is taken, or refused with at least one problem that has a status
 * and a text; what is taken keeps the limits that the rest of the node relies on.
 */
#include "control/config/config.h"
#include "tests/fuzz/input.h"

static void check_taken(const struct wl_config *config)
{
	FUZZ_PROMISE(config->node >= 1 && config->node <= WIRELOG_NODES_MAX);
	FUZZ_PROMISE(config->node_count >= 1 && config->node_count <= WIRELOG_NODES_MAX);
	FUZZ_PROMISE(config->members & 1u << config->node);
	FUZZ_PROMISE(config->voters != 0 && (config->voters & ~config->members) == 0);
	FUZZ_PROMISE(config->journal_count >= 1 && config->journal_count <= WIRELOG_JOURNALS_MAX);
	FUZZ_PROMISE(config->worker_count >= 1 && config->worker_count <= WIRELOG_WORKERS_MAX);
	for (uint32_t journal = 0; journal < config->journal_count; journal++)
		FUZZ_PROMISE(config->journal_worker[journal] < config->worker_count);
	for (uint32_t worker = 0; worker < config->worker_count; worker++)
		FUZZ_PROMISE(config->workers[worker].link_count <= WL_CONFIG_LINKS_MAX);
	FUZZ_PROMISE(config->segment_bytes >= WL_SEGMENT_BYTES_MIN);
	FUZZ_PROMISE(config->log_ring_bytes >= WL_LOG_RING_BYTES_MIN &&
		     config->log_ring_bytes <= config->segment_bytes);
	FUZZ_PROMISE((config->segment_bytes & (config->segment_bytes - 1)) == 0);
	FUZZ_PROMISE((config->log_ring_bytes & (config->log_ring_bytes - 1)) == 0);
	FUZZ_PROMISE(config->record_bytes >= 1 && config->record_bytes <= WIRELOG_RECORD_BYTES_MAX);
	FUZZ_PROMISE(config->clients != 0 && config->clients <= WIRELOG_CLIENTS_MAX);
	FUZZ_PROMISE(config->election_timeout_ns != 0 && config->heartbeat_ns != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wl_config config;
	static struct wl_config_problems problems;
	uint8_t *bytes = fuzz_copy(data, size);
	int status = wl_config_parse(bytes, size, "/base", &config, &problems);

	free(bytes);
	if (status == 0) {
		check_taken(&config);
		return 0;
	}
	FUZZ_PROMISE(problems.count >= 1 && problems.count <= WL_CONFIG_PROBLEMS_MAX);
	FUZZ_PROMISE(problems.item[0].status == status && status < 0);
	for (uint32_t at = 0; at < problems.count; at++)
		FUZZ_PROMISE(problems.item[at].text[0] != '\0');
	return 0;
}
