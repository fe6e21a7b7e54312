/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a simulated server, in the daemon's order: configuration, superblock, recovery, workers, agent. */
#include <string.h>

#include "control/node/boot_shape.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/server/node_config.h"
#include "tests/sim/server/node_internal.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"

struct start { /* one, while it is under way */
	struct sim_cluster *cluster;
	struct sim_node *node;
	const struct wl_config *config;
	struct wl_superblock record;
	uint8_t *free; /* memory of the node that nobody has yet */
	uint8_t *window;
	uint64_t known_commit[SIM_WORKERS_MAX][SIM_JOURNALS_MAX]; /* by worker, by place on it */
	struct wl_journal *journals[SIM_WORKERS_MAX]; /* a worker's stand side by side */
	uint32_t journal_count[SIM_WORKERS_MAX];
	void *clients[SIM_WORKERS_MAX];
};

static void shape_worker(const struct start *start, uint32_t worker, uint64_t boot_id,
			 struct wl_worker_config *shape)
{
	const struct wl_boot_self self = {boot_id, &start->record};
	const struct sim_plan *plan = start->cluster->config.plan;
	const struct sim_network *network = &start->cluster->network;
	unsigned number = start->node->number;

	wl_boot_shape_worker(start->config, worker, &self, shape);
	if (network->wiring != SIM_WIRING_PLAIN) {
		shape->ipv4 = network->wiring == SIM_WIRING_LINKS ? 0 : SIM_IPV4(number);
		for (unsigned peer = 1; peer <= WIRELOG_NODES_MAX; peer++) {
			shape->peer_address[peer].link = sim_network_link(network, number, peer);
			shape->peer_address_known[peer] = !sim_network_is_ethernet(network) &&
							  (shape->members & 1u << peer) &&
							  peer != number;
		}
	}
	shape->clients_max = (uint32_t)plan->clients_max;
	shape->client_idle_ns = plan->client_idle_ns;
}

/* Room for clients is the plan's: less than a file may ask for, so that it runs out. */
static void shape_journal(const struct start *start, uint32_t id, struct wl_journal_config *shape)
{
	const struct sim_plan *plan = start->cluster->config.plan;

	wl_boot_shape_journal(start->config, &start->record, id, shape);
	shape->service.record_bytes_max = (uint32_t)plan->record_bytes;
	shape->service.reply_slots = (uint32_t)plan->reply_slots;
	shape->service.subscriptions_max = (uint32_t)plan->subscriptions_max;
	shape->service.read_buffers = (uint32_t)plan->read_buffers;
	shape->service.subscription_idle_ns = plan->reader_idle_ns;
	shape->service.base_every_bytes = plan->base_every;
	if (plan->no_limits)
		shape->service.limits = (struct wl_journal_limits){0};
	shape->service.limits.value[WL_LIMIT_RETENTION_BYTES] = plan->retention_bytes;
	shape->service.limits.value[WL_LIMIT_RETENTION_AGE_NS] = plan->retention_age_ns;
	if (start->node->limit_segments != 0) /* as another file would have it */
		shape->log.bytes_max = start->node->limit_segments * shape->log.segment_bytes;
}

static size_t aligned(size_t bytes)
{
	return wl_align_up(bytes, WL_BLOCK_BYTES);
}

static void *take(struct start *start, size_t bytes)
{
	void *taken = start->free;

	start->free += aligned(bytes);
	return taken;
}

static uint8_t *memory_for(struct sim_node *node)
{
	if (!node->reserved)
		return sim_arena_take(node->memory_bytes);
	node->clear(node);
	return node->reserved;
}

void sim_node_give_back_memory(struct sim_node *node)
{
	if (node->memory && !node->reserved)
		sim_arena_give_back(node->memory, node->memory_bytes);
	node->memory = NULL;
}

/* Everything volatile lies in one block, handed out from the service. False: the machine has no room for it. */
static bool take_memory(struct start *start)
{
	struct sim_node *node = start->node;
	struct wl_journal_config journal;
	struct wl_worker_config worker;

	shape_journal(start, 0, &journal);
	shape_worker(start, 0, 0, &worker);
	node->memory_bytes =
		start->config->journal_count *
			(aligned(sizeof(struct wl_journal)) + aligned(journal.log.ring_bytes) +
			 aligned(wl_journal_memory_bytes(&journal))) +
		start->config->worker_count * (aligned(sizeof(struct wl_worker)) +
					       aligned(sizeof(struct wl_plane_rings)) +
					       aligned(wl_plane_rings_memory_bytes()) +
					       aligned(wl_worker_memory_bytes(&worker))) +
		aligned(sizeof(struct wl_agent)) + SIM_RECOVERY_WINDOW_BYTES;
	if (node->machine.memory_bytes != 0 && node->machine.memory_bytes < node->memory_bytes)
		return false;
	start->free = node->memory = memory_for(node);
	return true;
}

static void make_worker(struct start *start, uint32_t number)
{
	struct sim_core *core = &start->node->cores[number];
	struct wl_worker_config shape;

	shape_worker(start, number, 0, &shape);
	core->worker = take(start, sizeof(struct wl_worker));
	core->plane = take(start, sizeof(struct wl_plane_rings));
	wl_plane_rings_init(core->plane, take(start, wl_plane_rings_memory_bytes()));
	start->clients[number] = take(start, wl_worker_memory_bytes(&shape));
	for (uint32_t id = 0; id < start->config->journal_count; id++)
		start->journal_count[number] += start->config->journal_worker[id] == number;
	start->journals[number] =
		take(start, start->journal_count[number] * sizeof(struct wl_journal));
	start->journal_count[number] = 0; /* counted again as they are made */
}

static enum sim_recovered make_journal(struct start *start, uint32_t id)
{
	struct sim_drive *drive = &start->node->drives[id];
	uint32_t worker = start->config->journal_worker[id];
	uint32_t place = start->journal_count[worker]++;
	struct wl_journal *journal = &start->journals[worker][place];
	struct wl_journal_config shape;
	enum sim_recovered recovered;
	uint8_t *ring;

	/* As the store does: what a process that died gave a name to may lose it with the power. */
	sim_drive_sync_names(drive);
	if (drive->raw && !start->node->rotten && !start->node->stranger && drive->lost == 0 &&
	    !sim_drive_survey(drive))
		sim_violation(start->cluster, start->node->number, "O37",
			      "segments of journal %u are not found at their places", id);
	shape_journal(start, id, &shape);
	ring = take(start, shape.log.ring_bytes);
	wl_journal_init(journal, &shape, ring, take(start, wl_journal_memory_bytes(&shape)));
	start->node->journals[id] = journal;
	recovered = sim_node_recover(start->node, id, &start->record.journals[id], start->window,
				     &start->known_commit[worker][place]);
	if (recovered != SIM_POWER_WENT && start->cluster->after_recovery)
		start->cluster->after_recovery(start->cluster->context, start->node, id);
	if (recovered == SIM_RECOVERY_REFUSED &&
	    start->node->started[id].damage.kind != WL_DAMAGE_FOREIGN) {
		/* As control/node/boot_store_file.c: it takes no part until it is mended. */
		wl_journal_sleep(journal);
		start->known_commit[worker][place] = 0;
		start->node->refusal = SIM_REFUSAL_LOG;
		recovered = SIM_RECOVERED;
	}
	/* Its torn end may be zeros by now: what was seen before says nothing of the next start, whatever becomes of this one. */
	start->node->verified[id].valid = false;
	return recovered;
}

static enum sim_refusal refusal_of(int status)
{
	switch (status) {
	case 0:
	case WIRELOG_FEATURE_UNKNOWN:
		return SIM_REFUSAL_NONE;
	case WIRELOG_STORE_VERSION:
		return SIM_REFUSAL_VERSION;
	case WIRELOG_STORE_DAMAGED:
		return SIM_REFUSAL_RECORD;
	default:
		return SIM_REFUSAL_FOREIGN;
	}
}

/* The data of somebody else are refused by name; there were some, or they were damaged: a forged owner may be the very one that the file names. */
static void check_owner(const struct start *start, int status)
{
	const struct sim_node *node = start->node;
	int expected = sim_node_config_refusal(node->file);

	if (expected != 0 && !node->stranger && status != expected &&
	    status != WIRELOG_STORE_DAMAGED && status != WIRELOG_STORE_VERSION &&
	    !(node->rotten &&
	      (status == WIRELOG_STORE_FOREIGN || status == WIRELOG_STORE_GEOMETRY)))
		sim_violation(start->cluster, node->number, "config",
			      "a file of another owner (mistake %d) led to %s, not %s: \"%s\"",
			      node->file->edit, wirelog_status_name(status),
			      wirelog_status_name(expected), node->start_reason);
}

/* The superblock, when it may be used: 0 or a refusal. */
static int open_record(struct start *start)
{
	struct sim_node *node = start->node;
	int status = sim_node_read_superblock(start->cluster, node, &start->record);

	check_owner(start, status);
	if (status == 0) /* durable with the count of this start */
		wl_boot_shape_declare(&start->record,
				      wl_features_known() & ~start->node->lives_without);
	node->refusal = refusal_of(status);
	/* An operator's mistake is not a drive's: the right file makes it good. */
	if (status == WIRELOG_FEATURE_UNKNOWN)
		return status; /* the right build makes it good */
	node->refused = status == WIRELOG_STORE_DAMAGED || status == WIRELOG_STORE_VERSION ||
			(status != 0 && status != WIRELOG_STORE_FULL && !node->stranger &&
			 sim_node_config_refusal(node->file) == 0);
	return status;
}

/* The data, recovered: 0 or a refusal. WIRELOG_CLOSED: the power went meanwhile. */
static int open_data(struct start *start)
{
	struct sim_node *node = start->node;
	enum sim_recovered recovered = SIM_RECOVERED;
	int status = open_record(start);

	if (status == 0)
		status = sim_machine_start(start->cluster, node);
	if (status != 0)
		return status;
	if (!take_memory(start))
		return WIRELOG_NO_MEMORY;
	node->agent = take(start, sizeof(struct wl_agent));
	memset(node->storage, 0, sizeof(node->storage));
	start->window = node->window = take(start, SIM_RECOVERY_WINDOW_BYTES);
	for (uint32_t worker = 0; worker < start->config->worker_count; worker++)
		make_worker(start, worker);
	for (uint32_t id = 0; id < start->config->journal_count && recovered == SIM_RECOVERED; id++)
		recovered = make_journal(start, id);
	if (recovered == SIM_RECOVERED && node->record_fails) {
		node->record_fails = false;
		return WIRELOG_STORE_FAILED;
	}
	if (recovered == SIM_RECOVERED && !sim_node_count_start(node, &start->record))
		recovered = SIM_POWER_WENT;
	if (recovered == SIM_RECOVERED)
		return 0;
	if (recovered == SIM_POWER_WENT)
		return WIRELOG_CLOSED;
	/* The right file makes it good, and the right build. */
	if (recovered == SIM_SESSIONS_REFUSED)
		return WIRELOG_STORE_GEOMETRY;
	if (recovered == SIM_FEATURES_REFUSED)
		return WIRELOG_FEATURE_UNKNOWN;
	node->refused = true;
	node->refusal = recovered == SIM_BASES_REFUSED ? SIM_REFUSAL_BASE : SIM_REFUSAL_LOG;
	sim_trace_say(&start->cluster->network.trace, "node %u refuses: %s at %llu", node->number,
		      wl_recovery_damage_name(node->damage.kind),
		      (unsigned long long)node->damage.begin);
	return WIRELOG_STORE_DAMAGED;
}

bool sim_node_reads_are_sound(const struct sim_node *node)
{
	bool sound = true;

	for (unsigned journal = 0; journal < SIM_JOURNALS_MAX; journal++) {
		const struct sim_drive_faults *faults = &node->drives[journal].faults;

		sound &= faults->read_error_ppm == 0 && faults->short_read_ppm == 0 &&
			 faults->misread_ppm == 0;
	}
	return sound;
}

bool sim_node_may_start(const struct sim_node *node)
{
	return !node->up &&
	       (!node->refused || (node->refused_for_now && sim_node_reads_are_sound(node)));
}

static bool data_are_sound(const struct sim_node *node)
{
	bool sound = true;

	for (unsigned journal = 0; journal < SIM_JOURNALS_MAX; journal++) {
		const struct sim_drive *drive = &node->drives[journal];

		sound &= drive->damage.way == SIM_DAMAGE_NONE && !drive->damage.vague &&
			 drive->lost == 0;
	}
	return sound;
}

/*
 * As control/main.c ends: a name, a cause, a fix and an exit code for scripts and the service manager, and what
 * `wirelog explain` finds under that name, however it is spelled.
 */
void sim_node_check_end(struct sim_cluster *cluster, struct sim_node *node, int status)
{
	const char *name = wirelog_status_name(status);
	char longer[64] = "wirelog_";
	int code = wirelog_status_exit_code(status);

	strncat(longer, name, sizeof(longer) - 10);
	if (wirelog_status_by_name(name) != status || wirelog_status_by_name(longer) != status ||
	    wirelog_status_cause(status)[0] == '\0' || wirelog_status_fix(status)[0] == '\0' ||
	    code < 64 || code > 78)
		sim_violation(cluster, node->number, "status", "refused with %d: %s, exit code %d",
			      status, name, code);
}

static void refuse(const struct start *start, int status)
{
	struct sim_node *node = start->node;

	if (status != WIRELOG_CLOSED)
		sim_node_check_end(start->cluster, node, status);
	node->start_status = status;
	node->refused_for_now = node->refused && !sim_node_reads_are_sound(node) &&
				data_are_sound(node);
	sim_trace_say(&start->cluster->network.trace, "node %u does not start: %s %s", node->number,
		      wirelog_status_name(status), node->start_reason);
	sim_node_give_back_memory(node);
	if (node->refused && start->cluster->after_start)
		start->cluster->after_start(start->cluster->context, node);
}

static void attach(const struct start *start, struct sim_core *core)
{
	struct sim_node *node = start->node;
	unsigned number = sim_station_of(node->number, core->number);
	struct sim_station *station = &node->network->stations[number];
	uint32_t mine = 0;

	core->actor.turn_at_ns = 0;
	core->told_up = 0;
	core->told_down = 0;
	sim_network_attach(node->network, number, sim_node_wake_worker, core);
	/* Each link of the file is one of the station's: which one a frame takes does not matter, its address does. */
	if (node->network->wiring == SIM_WIRING_PLAIN)
		station->port.link_count =
			(uint16_t)(start->config->workers[core->number].link_count + 1);
	station->budget = &node->budget;
	for (uint32_t id = 0; id < start->config->journal_count; id++) {
		if (start->config->journal_worker[id] != core->number)
			continue;
		node->drives[id].on_completion = sim_node_wake_worker;
		node->drives[id].context = core;
		mine |= 1u << id;
	}
	sim_drive_fan_init(&core->disk, node->drives, mine);
}

static void start_worker(struct start *start, uint32_t number, uint64_t boot_id)
{
	struct sim_core *core = &start->node->cores[number];
	unsigned station = sim_station_of(start->node->number, number);
	struct wl_worker_config shape;

	attach(start, core);
	shape_worker(start, number, boot_id, &shape);
	wl_worker_init(core->worker, &shape,
		       &(struct wl_worker_lent){
			       .port = &start->node->network->stations[station].port,
			       .disk = &core->disk.disk,
			       .plane = core->plane,
			       .auth = &start->cluster->keys[start->node->key_file],
			       .memory = start->clients[number],
		       });
	wl_worker_start(core->worker, start->journals[number], start->journal_count[number],
			start->known_commit[number]);
}

/* As control/node/loop_thread.c: peers lie behind the first Ethernet link. */
static void add_neighbours(struct sim_cluster *cluster, struct sim_node *node)
{
	const struct sim_network *network = &cluster->network;
	const struct wl_port *port = &network->stations[node->number].port;

	if (!sim_network_is_ethernet(network))
		return;
	for (uint16_t link = 0; link < port->link_count; link++)
		wl_agent_set_link(node->agent, link, port->ops->link(port, link));
	for (unsigned peer = 1; peer <= cluster->config.nodes; peer++) {
		bool far = sim_network_is_far(network, node->number, peer);

		if (peer != node->number)
			WL_CHECK(wl_agent_add_neighbour(node->agent, 0, SIM_IPV4(peer),
							far ? SIM_IPV4(SIM_ROUTER_STATION) : 0));
	}
}

static void start_agent(struct start *start)
{
	struct sim_node *node = start->node;
	const struct wl_agent_ops ops = {.submit = sim_node_submit_record,
					 .reap = sim_node_reap_record,
					 .log = sim_node_log,
					 .context = node};
	struct wl_plane_rings *planes[SIM_WORKERS_MAX];
	struct wl_agent_config shape;

	for (uint32_t worker = 0; worker < start->config->worker_count; worker++)
		planes[worker] = node->cores[worker].plane;
	wl_boot_shape_agent(start->config, &shape);
	for (uint32_t id = 0; id < start->config->journal_count; id++)
		shape.dormant |= (uint32_t)node->journals[id]->dormant << id;
	shape.seed = sim_random_next(&node->random);
	shape.spare_incarnation = sim_random_next(&node->random);
	wl_agent_init(node->agent, &shape, &ops, planes, &start->record);
	for (uint32_t id = 0; id < start->config->journal_count; id++)
		wl_agent_set_tail(node->agent, id, node->journals[id]->log.tail);
	wl_agent_use_key_file(node->agent, &start->cluster->keys[node->key_file]);
	add_neighbours(start->cluster, node);
	wl_agent_start(node->agent, sim_machine_now(node, SIM_THREAD_CONTROL));
}

static void begin_life(struct start *start)
{
	struct sim_node *node = start->node;
	uint64_t boot_id = start->record.boot_count << 32 |
			   (sim_random_next(&node->random) & 0xffffffff);

	if (start->cluster->after_start)
		start->cluster->after_start(start->cluster->context, node);
	for (uint32_t id = 0; id < start->config->journal_count; id++)
		sim_drive_start(&node->drives[id]);
	node->up = true;
	node->contradicted = false; /* that was memory */
	node->record_state = 0;
	node->budget.armed = false;
	node->tears_record = false;
	node->record_fails = false;
	node->started_ns = sim_node_now(node);
	sim_machine_open_clocks(node);
	node->agent_actor.turn_at_ns = 0;
	for (uint32_t worker = 0; worker < start->config->worker_count; worker++)
		start_worker(start, worker, boot_id);
	start_agent(start);
	sim_archives_begin(start->cluster, node);
	sim_bases_begin(start->cluster, node);
	sim_mends_begin(start->cluster, node);
	sim_scrubs_begin(start->cluster, node);
	sim_node_wake_workers(node);
	sim_node_wake_agent(node);
}

void sim_node_start(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];
	struct start start = {.cluster = cluster, .node = node, .config = node->config};
	int status;

	WL_CHECK(!node->up && !node->possessed);
	if (cluster->before_start)
		cluster->before_start(cluster->context, node);
	sim_trace_say(&cluster->network.trace, "node %u starts", number);
	node->start_reason[0] = '\0';
	node->start_status = 0;
	node->refusal = SIM_REFUSAL_NONE;
	node->lives_without = node->lacks;
	node->refused = false;
	node->damage = (struct wl_recovery_damage){0};
	memset(node->started, 0, sizeof(node->started));
	node->boot++;
	node->starts++;
	status = sim_node_config_read(cluster, number);
	if (status == 0) {
		*node->config = node->file->config;
		status = node->config->key_file[0] == '\0' ? WIRELOG_KEY_MISSING
							   : open_data(&start);
	}
	node->tears_start = false;
	if (status == 0)
		begin_life(&start);
	else
		refuse(&start, status);
}
