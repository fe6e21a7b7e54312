/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/boot_shape.h"

#include <string.h>

#include "control/config/config_endpoint.h"
#include "control/config/config_links.h"
#include "control/config/config_table.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/base/sentence.h"

/* ---- journals ----------------------------------------------------------------------------------- */

/* What a node declared, and tells of itself. */
static wl_features features_of(const struct wl_superblock *superblock)
{
	return superblock->features_declared[superblock->node];
}

void wl_boot_shape_journal(const struct wl_config *config, const struct wl_superblock *data,
			   uint32_t id, struct wl_journal_config *journal)
{
	memset(journal, 0, sizeof(*journal));
	journal->log = (struct wl_log_config){
		.first_voters = config->voters,
		.cluster = wl_cluster_id(config->cluster),
		.journal = id,
		.node = config->node,
		.segment_bytes = config->segment_bytes,
		.ring_bytes = config->log_ring_bytes,
		.bytes_max = config->log_bytes_max,
		.entry_bytes_target = WL_ENTRY_BYTES_TARGET,
	};
	/* Random as the incarnation is, and of these data alone. */
	journal->log.history = wl_mix_u64(data->incarnation ^ wl_mix_u64(id + 1)) | 1;
	memcpy(journal->log.chunk_key, data->chunk_key, sizeof(journal->log.chunk_key));
	journal->replica = (struct wl_replica_config){
		.node = config->node,
		.incarnation = data->incarnation,
		.history = data->journals[id].history,
		.rescued = data->journals[id].rescued,
		.journal = (uint16_t)id,
		.heartbeat_ns = config->heartbeat_ns,
		.election_timeout_ns = config->election_timeout_ns,
		.patience_ns = config->patience_ns,
		.resend_ns = config->resend_ns,
		.disk_stall_ns = config->disk_stall_ns,
		.window_bytes = config->window_bytes,
		.catch_up_bytes = WL_CATCH_UP_BYTES,
		.catch_up_rate = config->catch_up_rate,
	};
	journal->service = (struct wl_service_config){
		.node = config->node,
		.journal = (uint16_t)id,
		.record_bytes_max = config->record_bytes,
		.reply_slots = WL_REPLY_SLOTS,
		.sessions_max = config->sessions,
		.subscriptions_max = config->readers,
		.read_buffers = WL_READ_BUFFERS,
		.subscription_idle_ns = config->reader_idle_ns,
		.base_every_bytes = config->base_every_bytes,
		.features = features_of(data),
		.member_count = config->node_count,
	};
	wl_config_limits(config, &journal->service.limits);
	for (uint32_t at = 0; at < config->node_count; at++) {
		journal->replica.priority[config->nodes[at].id] =
			(uint8_t)config->nodes[at].priority;
		journal->service.members[at].node = config->nodes[at].id;
		wl_config_endpoint_told(config, id, &config->nodes[at],
					journal->service.members[at].endpoint);
	}
}

void wl_boot_shape_base_identity(const struct wl_config *config, uint32_t id,
				 struct wl_base_identity *identity)
{
	*identity = (struct wl_base_identity){
		.node = config->node,
		.journal = id,
		.segment_bytes = config->segment_bytes,
	};
	memcpy(identity->cluster, config->cluster, sizeof(identity->cluster));
}

void wl_boot_shape_bases(const struct wl_config *config, const struct wl_journal_config *journal,
			 struct wl_base_maker_config *maker)
{
	*maker = (struct wl_base_maker_config){
		.log = journal->log,
		.sessions_max = journal->service.sessions_max,
		.features = journal->service.features,
	};
	/* What has left its ring is read again: it is in nobody's way. */
	maker->log.ring_bytes = WL_LOG_RING_BYTES_MIN;
	wl_boot_shape_base_identity(config, journal->log.journal, &maker->identity);
}

/* ---- workers ------------------------------------------------------------------------------------ */

/* Point to point: any address is right, this one says in a capture who it is. */
static void set_mac_of_node(uint8_t mac[6], uint32_t node)
{
	static const uint8_t base[6] = {0x02, 0x77, 0x6c, 0, 0, 0};

	memcpy(mac, base, sizeof(base));
	mac[5] = (uint8_t)node;
}

/* True: it is known without asking the link. */
static bool set_address(const struct wl_config *config, uint32_t number,
			const struct wl_config_node *node, struct wl_address *address)
{
	const struct wl_config_worker *from = &config->workers[number];
	bool known = false;

	address->ipv4 = node->ipv4;
	address->udp_port = (uint16_t)(node->udp_port + number);
	for (uint32_t link = 0; link < from->link_count; link++) {
		if (from->links[link].peer != node->id)
			continue;
		address->link = (uint16_t)link;
		set_mac_of_node(address->mac, node->id);
		known = true;
	}
	return known;
}

void wl_boot_shape_newcomer(const struct wl_config *config, uint32_t number, uint32_t node,
			    struct wl_worker_newcomer *newcomer)
{
	const struct wl_config_node *from = wl_config_node(config, node);

	WL_CHECK(from != NULL);
	memset(newcomer, 0, sizeof(*newcomer));
	newcomer->node = node;
	newcomer->priority = (uint8_t)from->priority;
	newcomer->address_known = set_address(config, number, from, &newcomer->address);
	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		newcomer->told[journal].node = node;
		wl_config_endpoint_told(config, journal, from, newcomer->told[journal].endpoint);
	}
}

static void set_facts(const struct wl_config *config, uint32_t number, uint64_t *facts)
{
	wl_config_set_facts(config, facts);
	facts[WL_FACT_VOTERS] = wl_greeting_ids(config->voters);
	facts[WL_FACT_SESSION_RUNS] = WIRELOG_SESSION_RUNS;
	facts[WL_FACT_ENTRY_BYTES] = WL_ENTRY_BYTES_MAX;
	for (uint32_t journal = 0; journal < config->journal_count; journal++)
		facts[WL_FACT_JOURNALS] |= (uint64_t)(config->journal_worker[journal] == number)
					   << journal;
}

static void set_elsewhere(const struct wl_config *config, uint32_t number,
			  struct wl_wire_member *elsewhere)
{
	const struct wl_config_node *self = wl_config_node(config, config->node);

	for (uint32_t journal = 0; journal < config->journal_count; journal++) {
		if (config->journal_worker[journal] == number)
			continue;
		elsewhere[journal].node = config->node;
		if (self)
			wl_config_endpoint_told(config, journal, self, elsewhere[journal].endpoint);
	}
}

void wl_boot_shape_declare(struct wl_superblock *superblock, wl_features features)
{
	superblock->features_declared[superblock->node] = (uint32_t)features;
}

void wl_boot_shape_worker(const struct wl_config *config, uint32_t number,
			  const struct wl_boot_self *self, struct wl_worker_config *worker)
{
	const struct wl_config_worker *from = &config->workers[number];
	bool point_to_point = false;

	memset(worker, 0, sizeof(*worker));
	worker->node = config->node;
	worker->worker = number;
	worker->cluster = wl_cluster_id(config->cluster);
	worker->boot_id = self->boot_id;
	worker->incarnation = self->superblock->incarnation;
	for (uint32_t peer = 1; peer <= WIRELOG_NODES_MAX; peer++) {
		const struct wl_superblock_peer *known = &self->superblock->peers[peer];

		worker->peer_boot[peer] = known->boot_id;
		worker->peer_incarnation[peer] = known->incarnation;
		worker->peer_declared[peer] = self->superblock->features_declared[peer];
		worker->suspects |= (uint32_t)(known->suspect_boot != 0) << peer;
	}
	worker->features = features_of(self->superblock);
	wl_build_version(WIRELOG_VERSION_TEXT, worker->version);
	worker->members = config->members;
	worker->clients_max = config->clients;
	worker->client_idle_ns = config->client_idle_ns;
	worker->election_timeout_ns = config->patience_ns;
	set_facts(config, number, worker->facts);
	set_elsewhere(config, number, worker->elsewhere);
	for (uint32_t link = 0; link < from->link_count; link++)
		point_to_point = point_to_point ||
				 wl_config_link_is_point_to_point(&from->links[link]);
	for (uint32_t at = 0; at < config->node_count; at++) {
		const struct wl_config_node *other = &config->nodes[at];

		if (other->id == config->node) {
			/* Who sends over a memif need not know our address: what comes in there is for us. */
			worker->ipv4 = point_to_point || from->client_slots ? 0 : other->ipv4;
			worker->udp_port = (uint16_t)(other->udp_port + number);
			continue;
		}
		worker->peer_address_known[other->id] =
			set_address(config, number, other, &worker->peer_address[other->id]);
	}
}

/* ---- control ------------------------------------------------------------------------------------ */

void wl_boot_shape_agent(const struct wl_config *config, struct wl_agent_config *agent)
{
	*agent = (struct wl_agent_config){
		.node = config->node,
		.voters = config->voters,
		.journal_count = config->journal_count,
		.worker_count = config->worker_count,
		.election_timeout_ns = config->election_timeout_ns,
		.patience_ns = config->patience_ns,
		.stop_ns = WL_BOOT_STOP_NS,
	};
	for (uint32_t journal = 0; journal < config->journal_count; journal++)
		agent->worker_of_journal[journal] = (uint8_t)config->journal_worker[journal];
}

void wl_boot_shape_settings(const struct wl_config *config, uint64_t settings[WL_SETTINGS])
{
	settings[WL_SETTING_CLIENT_IDLE_NS] = config->client_idle_ns;
	settings[WL_SETTING_READER_IDLE_NS] = config->reader_idle_ns;
	settings[WL_SETTING_RESEND_NS] = config->resend_ns;
	settings[WL_SETTING_DISK_STALL_NS] = config->disk_stall_ns;
	settings[WL_SETTING_BASE_EVERY_BYTES] = config->base_every_bytes;
}

static void add_neighbour(const struct wl_config *config, uint16_t link,
			  const struct wl_link_info *info, uint32_t peer, struct wl_agent *agent)
{
	const struct wl_config_link *from = &config->workers[0].links[link];
	uint32_t mask = from->prefix_length ? UINT32_MAX << (32 - from->prefix_length) : 0;
	bool far = from->gateway != 0 && (peer & mask) != (info->ipv4 & mask);

	wl_agent_add_neighbour(agent, link, peer, far ? from->gateway : 0);
}

/* Ethernet links are numbered alike for every worker; peers lie behind the first. */
void wl_boot_shape_neighbours(const struct wl_config *config, const struct wl_port *port,
			      struct wl_agent *agent)
{
	bool peers_added = false;

	for (uint16_t link = 0; link < config->workers[0].link_count; link++) {
		const struct wl_link_info *info = port->ops->link(port, link);

		if (!info || !info->ethernet)
			continue;
		wl_agent_set_link(agent, link, info);
		for (uint32_t at = 0; at < config->node_count && !peers_added; at++) {
			if (config->nodes[at].id != config->node)
				add_neighbour(config, link, info, config->nodes[at].ipv4, agent);
		}
		peers_added = true;
	}
}

void wl_boot_shape_neighbour(const struct wl_config *config, const struct wl_port *port,
			     uint32_t node, struct wl_agent *agent)
{
	const struct wl_config_node *peer = wl_config_node(config, node);

	WL_CHECK(peer != NULL);
	for (uint16_t link = 0; link < config->workers[0].link_count; link++) {
		const struct wl_link_info *info = port->ops->link(port, link);

		if (!info || !info->ethernet)
			continue;
		add_neighbour(config, link, info, peer->ipv4, agent);
		return;
	}
}

/* ---- the machine -------------------------------------------------------------------------------- */

void wl_boot_shape_eal(const struct wl_config *config, uint32_t memory_mb,
		       struct wl_eal_settings *settings)
{
	const struct wl_config_worker *first = &config->workers[0];

	*settings = (struct wl_eal_settings){
		.program = "wirelogd",
		.hugepages = config->hugepages,
		.memory_mb = config->memory_mb ? config->memory_mb : memory_mb,
		.telemetry = config->dpdk_telemetry,
		.extra = config->eal_extra[0] ? config->eal_extra : NULL,
		.debug = config->log_level >= 7,
	};
	for (uint32_t at = 0; at < first->link_count; at++)
		if (first->links[at].kind == WL_CONFIG_PCI && settings->pci_count < WL_EAL_PCI_MAX)
			settings->pci[settings->pci_count++] = first->links[at].name;
}

void wl_boot_shape_idle(const struct wl_config *config, uint32_t number,
			const struct wl_boot_cores *allowed, struct wl_idle_facts *facts)
{
	bool own_core = config->workers[number].core >= 0;
	uint32_t pinned = 0;

	for (uint32_t worker = 0; worker < config->worker_count; worker++)
		pinned += config->workers[worker].core >= 0;
	*facts = (struct wl_idle_facts){
		.wish = config->idle,
		.cores = own_core && pinned == config->worker_count ? pinned : allowed->count,
		.pollers = config->worker_count + config->local_pollers,
		.other_threads = 1,
	};
}

static bool may_use(const struct wl_boot_cores *allowed, int core)
{
	for (uint16_t at = 0; at < allowed->count; at++)
		if (allowed->core[at] == core)
			return true;
	return false;
}

int wl_boot_shape_check_cores(const struct wl_config *config, const struct wl_boot_cores *allowed,
			      char *reason, size_t reason_bytes)
{
	for (uint32_t number = 0; number < config->worker_count; number++) {
		int core = config->workers[number].core;
		struct wl_sentence sentence;

		if (core < 0 || may_use(allowed, core))
			continue;
		sentence = wl_sentence_begin(reason, reason_bytes);
		wl_sentence_add(&sentence, "workers[");
		wl_sentence_add_number(&sentence, number);
		wl_sentence_add(&sentence, "].core: core ");
		wl_sentence_add_number(&sentence, (uint64_t)core);
		wl_sentence_add(&sentence,
				" does not exist or is not allowed here; this process may use ");
		wl_sentence_add_number(&sentence, allowed->count);
		wl_sentence_add(&sentence, " cores, ");
		wl_sentence_add_number(&sentence, allowed->core[0]);
		wl_sentence_add(&sentence, " to ");
		wl_sentence_add_number(&sentence, allowed->core[allowed->count - 1]);
		return WIRELOG_EAL_CORES;
	}
	return 0;
}
