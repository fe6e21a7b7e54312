/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_links.h"

#include <string.h>

#include "control/config/config_table.h"
#include "dataplane/nic/memif_address.h"

static const struct wl_config_word kinds[] = {
	{"memif", WL_CONFIG_MEMIF},
	{"af_packet", WL_CONFIG_AF_PACKET},
	{"af_xdp", WL_CONFIG_AF_XDP},
	{"pci", WL_CONFIG_PCI},
	{"eal", WL_CONFIG_EAL},
	{"udp", WL_CONFIG_UDP},
	{NULL, 0},
};

const char *wl_config_link_kind_name(enum wl_config_link_kind kind)
{
	return (unsigned)kind < 6 ? kinds[kind].name : "unknown";
}

bool wl_config_link_is_ethernet(const struct wl_config_link *link)
{
	return link->kind != WL_CONFIG_MEMIF && link->kind != WL_CONFIG_UDP && link->peer == 0;
}

bool wl_config_link_is_point_to_point(const struct wl_config_link *link)
{
	return link->kind == WL_CONFIG_MEMIF || link->peer != 0;
}

/* A key that would have no effect is refused. */
static void refuse_strangers(const struct wl_config_scope *scope,
			     const struct wl_config_link_text *text, enum wl_config_link_kind kind)
{
	struct wl_config_section links = wl_config_section(WL_CONFIG_SECTION_LINKS);

	for (size_t at = 0; at < links.count; at++) {
		const struct wl_config_key *key = &links.keys[at];
		char wrong[80];
		struct wl_sentence sentence = wl_sentence_begin(wrong, sizeof(wrong));
		const char *value;

		memcpy(&value, (const uint8_t *)text + key->text_at, sizeof(value));
		if (!value || key->kinds == 0 || key->kinds & 1u << kind)
			continue;
		wl_sentence_add(&sentence, "has no meaning for a link of kind ");
		wl_sentence_add(&sentence, wl_config_link_kind_name(kind));
		wl_config_tell(scope, key->name, WIRELOG_CONFIG_CONFLICT, wrong, "remove it");
	}
}

static bool is_pci_address(const char *text)
{
	static const char shape[] = "hhhh:hh:hh.o";
	size_t at = 0;

	for (; shape[at] != '\0'; at++) {
		char c = text[at];

		if (shape[at] == 'h'   ? !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
					   (c >= 'A' && c <= 'F'))
		    : shape[at] == 'o' ? !(c >= '0' && c <= '7')
				       : c != shape[at])
			return false;
	}
	return text[at] == '\0';
}

/* A power of two from 2^4 to 2^14, kept as its logarithm. */
static void take_ring_slots(const struct wl_config_scope *scope, const char *text,
			    uint8_t *ring_log2)
{
	uint64_t slots = 0;

	if (wl_config_take_number(scope, "ring_slots", text, (struct wl_config_range){16, 16384},
				  &slots) &&
	    slots != 0 && wl_config_take_power_of_two(scope, "ring_slots", slots))
		*ring_log2 = (uint8_t)(63 - __builtin_clzll(slots));
}

/* What DPDK's driver and the kernel would take. */
static void take_socket(const struct wl_config_scope *scope, const char *text, const char *base,
			struct wl_sentence *path)
{
	const char *fault;

	if (!wl_config_take_path(scope, "socket", text, base, path) || !text)
		return;
	fault = wl_memif_address_fault(path->text);
	if (fault)
		wl_config_tell(
			scope, "socket", WIRELOG_CONFIG_VALUE, fault,
			"a path without commas, made absolute, or '@' and a name, would be right");
}

/* Where a kernel socket for clients is bound: its name is "ADDRESS:PORT". */
static void take_listen(const struct wl_config_scope *scope, const struct wl_config_link_text *text,
			struct wl_config_link *link)
{
	struct wl_sentence name = wl_sentence_begin(link->name, sizeof(link->name));
	uint64_t port = 0;

	if (!text->address)
		wl_config_tell_missing(
			scope, "address",
			"this machine's address, 127.0.0.1 for clients on it alone, would "
			"be right");
	if (!text->port)
		wl_config_tell_missing(scope, "port", "a UDP port from 1 to 65535 would be right");
	wl_config_take_ipv4(scope, "address", text->address, &link->listen_ipv4);
	wl_config_take_number(scope, "port", text->port, (struct wl_config_range){1, 65535}, &port);
	link->listen_port = (uint16_t)port;
	wl_sentence_add(&name, text->address ? text->address : "");
	wl_sentence_add(&name, ":");
	wl_sentence_add_number(&name, port);
}

static void take_name(const struct wl_config_scope *scope, const struct wl_config_link_text *text,
		      const char *base, struct wl_config_link *link)
{
	struct wl_sentence path = wl_sentence_begin(link->name, WL_CONFIG_SOCKET_BYTES);

	switch (link->kind) {
	case WL_CONFIG_MEMIF:
		if (!text->socket)
			wl_config_tell_missing(scope, "socket",
					       "a path, or '@' and a name, would be right");
		take_socket(scope, text->socket, base, &path);
		break;
	case WL_CONFIG_AF_PACKET:
	case WL_CONFIG_AF_XDP:
		if (!text->interface)
			wl_config_tell_missing(scope, "interface",
					       "a name like eth1 would be right");
		wl_config_take_text(scope, "interface", text->interface, link->name, 16);
		break;
	case WL_CONFIG_PCI:
		if (!text->address)
			wl_config_tell_missing(scope, "address",
					       "a PCI address like 0000:01:00.0 would be right");
		else if (!is_pci_address(text->address))
			wl_config_tell(
				scope, "address", WIRELOG_CONFIG_VALUE, "is not a PCI address",
				"something like 0000:01:00.0, as lspci -D prints it, would be right");
		else
			wl_config_take_text(scope, "address", text->address, link->name,
					    sizeof(link->name));
		break;
	case WL_CONFIG_EAL:
		if (!text->device)
			wl_config_tell_missing(
				scope, "device",
				"an EAL device like net_tap0,iface=wl0 would be right");
		wl_config_take_text(scope, "device", text->device, link->name, sizeof(link->name));
		break;
	case WL_CONFIG_UDP:
		take_listen(scope, text, link);
		break;
	}
}

static void take_peer(const struct wl_config_scope *scope, const struct wl_config_link_text *text,
		      const struct wl_config *config, struct wl_config_link *link)
{
	static const struct wl_config_word roles[] = {{"server", 1}, {"client", 0}, {NULL, 0}};
	int role;

	if (!text->peer && link->kind == WL_CONFIG_MEMIF)
		wl_config_tell_missing(scope, "peer",
				       "the id of the node at the other end would be right");
	if (wl_config_take_u32(scope, "peer", text->peer,
			       (struct wl_config_range){1, WIRELOG_NODES_MAX}, &link->peer) &&
	    link->peer != 0 &&
	    (link->peer == config->node || !wl_members_has(config->members, link->peer)))
		wl_config_tell(scope, "peer", WIRELOG_CONFIG_CONFLICT,
			       "is not another node of cluster.nodes",
			       "the id of one of them would be right");
	/* Both ends agree without a word: the lower id serves. */
	role = config->node < link->peer;
	wl_config_take_word(scope, "role", text->role, roles, &role);
	link->server = role != 0;
}

static void take_link(const struct wl_config_scope *scope, const struct wl_config_link_text *text,
		      const char *base, struct wl_config *config, struct wl_config_link *link)
{
	int kind = WL_CONFIG_MEMIF;

	if (!text->kind)
		wl_config_tell_missing(scope, "kind",
				       "memif, af_packet, af_xdp, pci, eal or udp would be right");
	if (!text->kind || !wl_config_take_word(scope, "kind", text->kind, kinds, &kind))
		return;
	link->kind = (enum wl_config_link_kind)kind;
	refuse_strangers(scope, text, link->kind);
	take_name(scope, text, base, link);
	take_peer(scope, text, config, link);
	take_ring_slots(scope, text->ring_slots, &link->ring_log2);
	wl_config_take_section(scope, WL_CONFIG_SECTION_LINKS, text, base, link);
	link->has_mac = text->mac != NULL;
}

static void take_clients(const struct wl_config_scope *worker_scope,
			 const struct wl_config_clients_text *text, const char *base,
			 uint16_t mtu_default, struct wl_config_worker *worker)
{
	struct wl_config_scope scope = wl_config_scope_in(worker_scope, "clients");
	struct wl_sentence path =
		wl_sentence_begin(worker->client_socket, sizeof(worker->client_socket));

	if (!text->socket) {
		if (text->slots || text->mtu || text->ring_slots)
			wl_config_tell_missing(&scope, "socket",
					       "a path, or '@' and a name, would be right");
		return;
	}
	take_socket(&scope, text->socket, base, &path);
	worker->client_mtu = mtu_default;
	wl_config_set_defaults(WL_CONFIG_SECTION_CLIENTS, worker);
	wl_config_take_section(&scope, WL_CONFIG_SECTION_CLIENTS, text, base, worker);
	take_ring_slots(&scope, text->ring_slots, &worker->client_ring_log2);
}

static void take_core(const struct wl_config_scope *scope, const char *text,
		      struct wl_config *config, uint32_t number)
{
	uint64_t core = 0;

	config->workers[number].core = -1;
	if (!text || strcmp(text, "auto") == 0 ||
	    !wl_config_take_number(scope, "core", text, (struct wl_config_range){0, 1023}, &core))
		return;
	config->workers[number].core = (int)core;
	for (uint32_t at = 0; at < number; at++) {
		if (config->workers[at].core != (int)core)
			continue;
		wl_config_tell(scope, "core", WIRELOG_CONFIG_CONFLICT,
			       "another worker has this core",
			       "a core of its own, or auto, would be right");
	}
}

/* A NIC has one queue for each worker that names it; the agent numbers Ethernet links alike for all workers. */
static void check_shared_links(const struct wl_config_text *text, const struct wl_config *config,
			       struct wl_config_problems *problems)
{
	const struct wl_config_worker *first = &config->workers[0];

	for (uint32_t number = 0; number < config->worker_count; number++) {
		const struct wl_config_worker *worker = &config->workers[number];
		struct wl_config_scope top = wl_config_scope_of(problems, "");
		struct wl_config_scope scope = wl_config_scope_at(&top, "workers", number);

		for (uint32_t at = 0; at < worker->link_count; at++) {
			const struct wl_config_link *link = &worker->links[at];
			struct wl_config_scope here = wl_config_scope_at(&scope, "links", at);
			uint32_t queues = config->worker_count;

			if (wl_config_link_is_ethernet(link) &&
			    (at >= first->link_count || first->links[at].kind != link->kind ||
			     strcmp(first->links[at].name, link->name) != 0))
				wl_config_tell(
					&here, "", WIRELOG_CONFIG_CONFLICT,
					"differs from the link at this place of workers[0]",
					"the same Ethernet links in the same order for every worker would be right");
			if (wl_config_take_u32(
				    &here, "queues", text->workers[number].links[at].queues,
				    (struct wl_config_range){1, WIRELOG_WORKERS_MAX}, &queues) &&
			    queues != config->worker_count)
				wl_config_tell(&here, "queues", WIRELOG_CONFIG_CONFLICT,
					       "a NIC has as many queues as there are workers",
					       "remove it, or make the two equal");
		}
	}
}

void wl_config_take_workers(const struct wl_config_text *text, const char *base,
			    struct wl_config *config, struct wl_config_problems *problems)
{
	struct wl_config_scope top = wl_config_scope_of(problems, "");
	struct wl_config_scope network = wl_config_scope_of(problems, "network");

	wl_config_take_section(&network, WL_CONFIG_SECTION_NETWORK, &text->network, base, config);
	if (text->workers_count == 0)
		wl_config_tell_missing(
			&top, "workers",
			"a list of one worker for each poll-mode thread would be right");
	config->worker_count = text->workers_count;
	for (uint32_t number = 0; number < text->workers_count; number++) {
		const struct wl_config_worker_text *from = &text->workers[number];
		struct wl_config_worker *worker = &config->workers[number];
		struct wl_config_scope scope = wl_config_scope_at(&top, "workers", number);

		take_core(&scope, from->core, config, number);
		worker->link_count = from->links_count;
		for (uint32_t at = 0; at < from->links_count; at++) {
			struct wl_config_scope here = wl_config_scope_at(&scope, "links", at);

			worker->links[at].mtu = config->network_mtu;
			wl_config_set_defaults(WL_CONFIG_SECTION_LINKS, &worker->links[at]);
			take_link(&here, &from->links[at], base, config, &worker->links[at]);
		}
		take_clients(&scope, &from->clients, base, config->network_mtu, worker);
		if (problems->count == 0)
			wl_config_check_reach(&scope, config, worker);
	}
	if (problems->count == 0)
		check_shared_links(text, config, problems);
}
