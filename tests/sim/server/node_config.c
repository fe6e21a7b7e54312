/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/server/node_config.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "control/config/config_links.h"
#include "control/node/boot_shape.h"
#include "dataplane/base/check.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"

static void wish_of(const struct sim_cluster *cluster, unsigned number,
		    struct sim_config_wish *wish)
{
	const struct sim_cluster_config *config = &cluster->config;

	*wish = (struct sim_config_wish){
		.uuid = cluster->uuid,
		.number = number,
		.members = ((1u << config->nodes) - 1) << 1,
		.joins = (((1u << config->nodes) - 1) << 1) & ~sim_plan_voters(config->plan),
		.segment_bytes = config->segment_bytes,
		.ring_bytes = config->ring_bytes,
		.log_bytes_max = config->segment_bytes * config->segments_max,
		.election_timeout_ns = config->election_timeout_ns,
		.patience_ns = config->patience_ns,
		.prefers = (unsigned)config->plan->prefers,
		.heartbeat_ns = config->heartbeat_ns,
		.sessions = cluster->nodes[number].sessions ? cluster->nodes[number].sessions
							    : config->plan->sessions_max,
		.mtu = config->mtu,
		.workers = config->workers,
		.journals = config->journals,
		.names_core = cluster->nodes[number].names_core,
		.core = cluster->nodes[number].core,
		.demands_pages = cluster->nodes[number].demands_pages,
		.keyless = cluster->nodes[number].keyless,
		.eal_extra = cluster->nodes[number].eal_extra,
	};
}

void sim_node_config_init(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];

	node->file = calloc(1, sizeof(*node->file));
	node->config = calloc(1, sizeof(*node->config));
	WL_CHECK(node->file != NULL && node->config != NULL);
	sim_random_init(&node->operator_random, cluster->seed, 5000 + number);
	sim_machine_init(&node->machine, &node->operator_random);
	sim_node_config_write(cluster, number, SIM_EDIT_NONE);
}

void sim_node_config_fini(struct sim_cluster *cluster, unsigned number)
{
	free(cluster->nodes[number].file);
	free(cluster->nodes[number].config);
	cluster->nodes[number].file = NULL;
}

/* Right by itself, but it names a cluster, a node, a list or a size that are not those of the data. */
static void change_hard_state(struct sim_config_wish *wish, enum sim_config_edit edit,
			      uint8_t uuid[16], struct sim_random *random)
{
	unsigned other = 1 + (unsigned)sim_random_below(random, WIRELOG_NODES_MAX);

	memcpy(uuid, wish->uuid, 16);
	wish->uuid = uuid;
	switch (edit) {
	case SIM_EDIT_CLUSTER:
		uuid[sim_random_below(random, 16)] ^= (uint8_t)(1u << sim_random_below(random, 8));
		break;
	case SIM_EDIT_NODE:
		if (other == wish->number)
			other = other % WIRELOG_NODES_MAX + 1;
		wish->number = other;
		wish->members |= 1u << other;
		break;
	case SIM_EDIT_MEMBERS:
		/* It alone, or one more or less than there are. */
		if (other == wish->number && wish->members != 1u << wish->number)
			wish->members = 1u << wish->number;
		else
			wish->members ^=
				1u
				<< (other != wish->number ? other : other % WIRELOG_NODES_MAX + 1);
		break;
	case SIM_EDIT_GEOMETRY:
		if (sim_random_below(random, 2) == 0) {
			wish->journals++;
			break;
		}
		wish->segment_bytes *= 2;
		wish->log_bytes_max *= 2; /* a file that is right by itself */
		break;
	default:
		break;
	}
}

void sim_node_config_write(struct sim_cluster *cluster, unsigned number, enum sim_config_edit edit)
{
	struct sim_node *node = &cluster->nodes[number];
	struct sim_config_wish wish;
	uint8_t uuid[16];

	wish_of(cluster, number, &wish);
	change_hard_state(&wish, edit, uuid, &node->operator_random);
	sim_config_file_write(node->file, &wish, &node->operator_random);
	sim_config_file_edit(node->file, edit, &node->operator_random);
	if (edit >= SIM_EDIT_CLUSTER)
		node->file->edit = edit;
	/* What was seen under another file does not bind the next start. */
	sim_node_forget_verified(node);
}

static void complain(const struct sim_cluster *cluster, unsigned number,
		     const struct sim_config_file *file, const char *wrong)
{
	const struct wl_config_problem *problem = &file->problems.item[0];

	sim_trace_say(&cluster->network.trace, "the file:\n%.*s", (int)file->size, file->bytes);
	sim_violation(cluster, number, "config",
		      "%s: mistake %d, expected %s at line %u; %s at %u:%u: %s: %s", wrong,
		      file->edit, wirelog_status_name(file->expected), file->expected_line,
		      wirelog_status_name(file->status), problem->line, problem->column,
		      problem->key, problem->text);
}

int sim_node_config_read(struct sim_cluster *cluster, unsigned number)
{
	struct sim_config_file *file = cluster->nodes[number].file;
	bool parsed = file->parsed;
	int status = sim_config_file_read(file);
	const char *wrong = parsed ? NULL : sim_config_file_judge(file);

	if (wrong)
		complain(cluster, number, file, wrong);
	return status;
}

int sim_node_config_refusal(const struct sim_config_file *file)
{
	switch (file->edit) {
	case SIM_EDIT_CLUSTER:
	case SIM_EDIT_NODE:
		return WIRELOG_STORE_FOREIGN;
	case SIM_EDIT_MEMBERS:
	case SIM_EDIT_GEOMETRY:
		return WIRELOG_STORE_GEOMETRY;
	default:
		return 0;
	}
}

/* What a node would be told must be what its parts accept. */
static void shape_eal(const struct sim_machine *machine, const struct wl_config *config)
{
	struct wl_eal_facts facts = {.hugepage_kb = machine->hugepage_kb,
				     .hugepages_free = machine->hugepages_free,
				     .core_count = machine->core_count};
	const struct wl_config_link *link = &config->workers[0].links[0];
	static struct wl_eal_args args;
	struct wl_eal_settings settings;
	char reason[256], line[2048], named[160];

	memcpy(facts.cores, machine->cores, sizeof(machine->cores));
	wl_boot_shape_eal(config, 64, &settings);
	WL_CHECK_MSG(wl_eal_args_build(&args, &settings, &facts, reason, sizeof(reason)) == 0, "%s",
		     reason);
	wl_eal_args_print(&args, line, sizeof(line));
	/* EAL starts a NIC only when it was named; other devices are the ports' own. */
	snprintf(named, sizeof(named), "-a %s",
		 link->name); /* an edit may have made it another one */
	if (config->workers[0].link_count != 0 && link->kind == WL_CONFIG_PCI)
		WL_CHECK_MSG(strstr(line, named) != NULL, "%s", line);
	else
		WL_CHECK_MSG(strstr(line, "--no-pci") != NULL, "%s", line);
}

static bool has_ethernet(const struct wl_config_worker *worker)
{
	for (uint32_t link = 0; link < worker->link_count; link++)
		if (wl_config_link_is_ethernet(&worker->links[link]))
			return true;
	return false;
}

static void shape_all(const struct wl_config *config)
{
	static const struct wl_superblock none;
	const struct wl_boot_self self = {1, &none};
	uint32_t others = config->members & ~(1u << config->node);

	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		struct wl_journal_config shape;

		wl_boot_shape_journal(config, &none, journal, &shape);
		WL_CHECK(wl_journal_memory_bytes(&shape) != 0);
	}
	for (uint32_t worker = 0; worker < config->worker_count; worker++) {
		struct wl_worker_config shape;
		uint32_t known = 0;

		wl_boot_shape_worker(config, worker, &self, &shape);
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
			known |= (uint32_t)shape.peer_address_known[node] << node;
		/* Each other node is behind a link of its own, or will be found behind an Ethernet link. */
		WL_CHECK((known & ~others) == 0);
		WL_CHECK(known == others || has_ethernet(&config->workers[worker]));
		WL_CHECK(wl_worker_memory_bytes(&shape) != 0);
	}
}

void sim_node_config_check_any(struct sim_cluster *cluster, unsigned number,
			       enum sim_config_edit edit)
{
	struct sim_node *node = &cluster->nodes[number];
	struct sim_config_file *file = calloc(1, sizeof(*file));
	struct sim_config_wish wish;
	const char *wrong;

	WL_CHECK(file != NULL);
	wish_of(cluster, number, &wish);
	wish.any = true;
	/* Not what is wrong with this node's own file. */
	wish.names_core = wish.demands_pages = wish.keyless = false;
	wish.eal_extra = 3;
	wish.eal_extra = 0; /* what EAL may not have is a matter of starts */
	wish.workers = 1 + (unsigned)sim_random_below(&node->operator_random, 3);
	wish.journals = wish.workers + (unsigned)sim_random_below(&node->operator_random, 4);
	sim_config_file_write(file, &wish, &node->operator_random);
	sim_config_file_edit(file, edit, &node->operator_random);
	sim_config_file_read(file);
	wrong = sim_config_file_judge(file);
	if (wrong)
		complain(cluster, number, file, wrong);
	if (file->status == 0) {
		shape_all(&file->config);
		shape_eal(&node->machine, &file->config);
	}
	free(file);
}
