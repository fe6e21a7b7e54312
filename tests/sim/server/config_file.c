/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/server/config_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"
#include "wirelog/status.h"

struct writer {
	struct sim_config_file *file;
	const struct sim_config_wish *wish;
	struct sim_random *random;
	enum wl_config_link_kind
		network; /* `any`: memif, or the kind of every worker's Ethernet links */
	uint64_t first_core;
};

static void say(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct writer *writer, const char *format, ...)
{
	struct sim_config_file *file = writer->file;
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(file->bytes + file->size, sizeof(file->bytes) - file->size, format,
			  arguments);
	va_end(arguments);
	file->size += (size_t)bytes;
	WL_CHECK(file->size < sizeof(file->bytes));
}

static uint64_t draw(struct writer *writer, uint64_t below)
{
	return sim_random_below(writer->random, below);
}

static bool half(struct writer *writer)
{
	return draw(writer, 2) != 0;
}

static uint64_t between(struct writer *writer, uint64_t low, uint64_t high)
{
	return sim_random_between(writer->random, low, high);
}

/* One of two pages of the same book: the plan's value, or with `any` whatever is right. */
static uint64_t pick(struct writer *writer, uint64_t planned, uint64_t low, uint64_t high)
{
	return writer->wish->any ? between(writer, low, high) : planned;
}

/* 8388608, 8192KiB or 8MiB. */
static void say_size(struct writer *writer, const char *key, uint64_t bytes)
{
	static const char *const suffixes[] = {"", "KiB", "MiB", "GiB"};
	uint64_t power = 0, most = draw(writer, 4);

	for (; power < most && bytes % 1024 == 0 && bytes != 0; power++)
		bytes /= 1024;
	say(writer, "  %s: %llu%s%s\n", key, (unsigned long long)bytes,
	    draw(writer, 4) == 0 ? " " : "", suffixes[power]);
}

static void say_number(struct writer *writer, const char *key, uint64_t number)
{
	switch (draw(writer, 8)) {
	case 0:
		say(writer, "  %s: '%llu'\n", key, (unsigned long long)number);
		break;
	case 1:
		say(writer, "  %s: %llu # as agreed\n", key, (unsigned long long)number);
		break;
	default:
		say(writer, "  %s: %llu\n", key, (unsigned long long)number);
		break;
	}
}

/* One of the words, or none of them: then the default holds. */
static void say_word(struct writer *writer, const char *key, const char *const *words,
		     unsigned count)
{
	uint64_t which = draw(writer, count + 1u);

	if (which < count)
		say(writer, "  %s: %s\n", key, words[which]);
}

static void write_cluster(struct writer *writer)
{
	const struct sim_config_wish *wish = writer->wish;

	bool upper = draw(writer, 4) == 0;

	say(writer, "cluster:\n  uuid: ");
	for (unsigned byte = 0; byte < 16; byte++)
		say(writer, upper ? "%02X%s" : "%02x%s", wish->uuid[byte],
		    byte == 3 || byte == 5 || byte == 7 || byte == 9 ? "-" : "");
	say(writer, "\n  node: %u\n  nodes:\n", wish->number);
	for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (!(wish->members & 1u << node))
			continue;
		/* Stations are told apart by the last byte (network.h). */
		say(writer, "    - id: %u\n      address: 10.0.0.%u\n", node, node);
		if (half(writer))
			say(writer, "      port: 7700\n");
		if (wish->joins & 1u << node)
			say(writer, "      joins: on\n");
		if (wish->prefers == node)
			say(writer, "      priority: 60\n");
		if (draw(writer, 3) == 0)
			say(writer, "      client_endpoint: %s:10.0.0.%u:7700\n",
			    half(writer) ? "udp" : "dpdk", node);
		else if (draw(writer, 3) == 0)
			say(writer, "      client_endpoint: memif:%s%u.sock\n",
			    half(writer) ? "run/clients-" : "/run/wirelog/clients-", node);
	}
}

static void write_journals(struct writer *writer)
{
	const struct sim_config_wish *wish = writer->wish;

	/* One journal on worker 0 need not be written down. */
	if (wish->journals == 1 && wish->workers == 1 && half(writer))
		return;
	say(writer, "journals:\n");
	for (unsigned journal = 0; journal < wish->journals; journal++)
		say(writer, "  - id: %u\n    worker: %u\n", journal, journal % wish->workers);
}

static void write_ring(struct writer *writer, const char *indent)
{
	if (writer->wish->any && half(writer))
		say(writer, "%sring_slots: %u\n", indent, 16u << draw(writer, 11));
	if (writer->wish->any && half(writer))
		say(writer, "%smtu: %llu\n", indent,
		    (unsigned long long)between(writer, WIRELOG_MTU_MIN, WIRELOG_MTU_MAX));
}

/* Point to point: a memif, or any device of EAL that names its peer. */
static void write_peer_link(struct writer *writer, unsigned peer, unsigned worker)
{
	bool lower = writer->wish->number < peer;

	if (draw(writer, 4) == 0) {
		say(writer,
		    "      - kind: eal\n        device: net_tap%u,iface=wl%u\n        peer: %u\n",
		    peer, peer, peer);
		if (half(writer))
			say(writer, "        mac: 02:0A:%02x:00:00:%02x\n", worker, peer);
		return;
	}
	say(writer, "      - kind: memif\n        peer: %u\n        socket: %s%u.sock\n", peer,
	    half(writer) ? "run/to-" : "/run/wirelog/to-", peer);
	if (half(writer))
		say(writer, "        role: %s\n", lower ? "server" : "client");
	if (worker != 0 || half(writer))
		say(writer, "        id: %u\n", worker);
	write_ring(writer, "        ");
}

static void write_ethernet_link(struct writer *writer, unsigned worker)
{
	switch (writer->network) {
	case WL_CONFIG_AF_XDP:
		say(writer, "      - kind: af_xdp\n        interface: eth1\n        queue: %u\n",
		    worker);
		break;
	case WL_CONFIG_PCI:
		say(writer, "      - kind: pci\n        address: 0000:0A:00.%u\n", 3u);
		if (half(writer))
			say(writer, "        queues: %u\n", writer->wish->workers);
		if (half(writer))
			say(writer, "        descriptors: %u\n", 64u << draw(writer, 8));
		break;
	case WL_CONFIG_EAL:
		say(writer, "      - kind: eal\n        device: net_tap0,iface=wl0\n");
		break;
	default:
		say(writer, "      - kind: af_packet\n        interface: enp5s0f1\n");
		break;
	}
	if (half(writer))
		say(writer, "        prefix_length: %llu\n",
		    (unsigned long long)between(writer, 8, 24));
	if (half(writer))
		say(writer, "        gateway: 10.0.0.254\n");
	if (half(writer))
		say(writer, "        mtu: %llu\n",
		    (unsigned long long)between(writer, WIRELOG_MTU_MIN, WIRELOG_MTU_MAX));
	if (half(writer))
		say(writer, "        mac: 02:00:00:00:0f:%02x\n", writer->wish->number);
}

static void write_workers(struct writer *writer)
{
	const struct sim_config_wish *wish = writer->wish;
	bool ethernet = writer->network != WL_CONFIG_MEMIF, pinned = wish->any && half(writer);

	say(writer, "workers:\n");
	for (unsigned worker = 0; worker < wish->workers; worker++) {
		if (wish->names_core)
			say(writer, "  - core: %u\n", wish->core + worker);
		else if (pinned)
			say(writer, "  - core: %llu\n",
			    (unsigned long long)writer->first_core + worker);
		else
			say(writer, "  - core: auto\n");
		if (ethernet || wish->members != 1u << wish->number)
			say(writer, "    links:\n");
		if (ethernet)
			write_ethernet_link(writer, worker);
		for (unsigned peer = 1; peer <= WIRELOG_NODES_MAX && !ethernet; peer++)
			if (peer != wish->number && wish->members & 1u << peer)
				write_peer_link(writer, peer, worker);
		if (half(writer)) {
			say(writer, "    clients:\n      socket: run/clients-%u.sock\n", worker);
			if (half(writer))
				say(writer, "      slots: %llu\n",
				    (unsigned long long)between(writer, 1, 4));
			write_ring(writer, "      ");
		}
	}
}

static void write_storage(struct writer *writer)
{
	static const char *const choices[] = {"auto", "on", "off"};
	const struct sim_config_wish *wish = writer->wish;
	uint64_t segment = wish->segment_bytes, ring = wish->ring_bytes, most = wish->log_bytes_max;

	if (wish->any) {
		segment = (uint64_t)WL_SEGMENT_BYTES_MIN << draw(writer, 5);
		ring = (uint64_t)WL_LOG_RING_BYTES_MIN << draw(writer, 2);
		/* Of the smallest segments two have no room for a full journal's elections. */
		most = segment * between(writer, segment == WL_SEGMENT_BYTES_MIN ? 3 : 2, 4096);
	}
	say(writer, "storage:\n  path: data\n");
	say_size(writer, "segment_bytes", segment);
	say(writer, "log:\n");
	say_size(writer, "ring_bytes", ring);
	say_size(writer, "bytes_max", most);
	say_word(writer, "registered_buffers", choices, 3);
}

static void write_timing(struct writer *writer)
{
	const struct sim_config_wish *wish = writer->wish;
	uint64_t election = pick(writer, wish->election_timeout_ns / 1000000, 20, 60000);
	uint64_t heartbeat = wish->heartbeat_ns / 1000000;

	say(writer, "timing:\n");
	say_number(writer, "election_timeout_ms", election);
	say_number(writer, "patience_ms", wish->any ? election : wish->patience_ns / 1000000);
	if (wish->any)
		heartbeat = between(writer, 1, election / 4 < 10000 ? election / 4 : 10000);
	say_number(writer, "heartbeat_ms", heartbeat);
	say_number(writer, "resend_us",
		   pick(writer, 2000, 100, election * 500 < 1000000 ? election * 500 : 1000000));
	say_number(writer, "disk_stall_ms", pick(writer, 2 * election, 50, 60000));
	say_number(writer, "client_idle_s", pick(writer, 1, 1, 86400));
	say_number(writer, "reader_idle_s", pick(writer, 1, 1, 86400));
}

static void write_limits(struct writer *writer)
{
	const struct sim_config_wish *wish = writer->wish;

	say(writer, "limits:\n");
	say_size(writer, "record_bytes",
		 pick(writer, WIRELOG_RECORD_BYTES_DEFAULT, 1, WIRELOG_RECORD_BYTES_MAX));
	say_number(writer, "sessions", pick(writer, wish->sessions, 1, WIRELOG_SESSIONS_MAX));
	say_number(writer, "clients", wish->any ? 8u << draw(writer, 12) : 64);
	say_number(writer, "readers", pick(writer, 8, 1, WIRELOG_SUBSCRIPTIONS_MAX));
	say_size(writer, "window_bytes", pick(writer, 1u << 20, 65536, 64u << 20));
}

static void write_extra(struct writer *writer)
{
	static const char *const refused[] = {"--proc-type=secondary", "-h",
					      "--huge-dir=/x --version", "--telemetry"};
	unsigned kind = writer->wish->eal_extra;

	if (kind == 1)
		say(writer, "eal_extra: \"%s\"\n", refused[draw(writer, 4)]);
	if (kind == 2) {
		say(writer, "eal_extra: \"");
		for (unsigned word = 0; word < 120; word++)
			say(writer, "-d ");
		say(writer, "\"\n");
	}
	if (kind == 3 || (kind == 0 && half(writer)))
		say(writer, "eal_extra: \"%s\"\n",
		    half(writer) ? " --log-level=lib.eal:debug  --no-rte-acl" : "");
}

static void write_host(struct writer *writer)
{
	static const char *const pages[] = {"auto", "off"};
	static const char *const strategies[] = {"auto", "spin", "yield", "backoff"};
	static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
	static const char *const destinations[] = {"stderr", "syslog", "journal"};

	say(writer, "memory:\n  megabytes: %llu\n", (unsigned long long)between(writer, 16, 512));
	if (writer->wish->demands_pages)
		say(writer, "  hugepages: on\n");
	else
		say_word(writer, "hugepages", pages, 2);
	say(writer, "idle:\n  local_pollers: %llu\n", (unsigned long long)draw(writer, 4));
	say_word(writer, "strategy", strategies, 4);
	say(writer, "logging:\n  level: %s\n", levels[draw(writer, 5)]);
	say_word(writer, "destination", destinations, 3);
	if (!writer->wish->keyless)
		say(writer, "security:\n  key_file: %s\n",
		    half(writer) ? "cluster.key" : "/etc/wl.key");
	if (half(writer))
		say(writer, "run_directory: %s\n", half(writer) ? "run" : "/run/wirelog-of-one");
	write_extra(writer);
	if (writer->wish->mtu != 1500 || half(writer))
		say(writer, "network:\n  mtu: %llu\n", (unsigned long long)writer->wish->mtu);
}

void sim_config_file_write(struct sim_config_file *file, const struct sim_config_wish *wish,
			   struct sim_random *random)
{
	static void (*const parts[])(
		struct writer *) = {write_cluster, write_journals, write_workers, write_storage,
				    write_timing,  write_limits,   write_host};
	struct writer writer = {.file = file, .wish = wish, .random = random};
	uint64_t first;

	file->size = 0;
	file->edit = SIM_EDIT_NONE;
	file->expected = 0;
	file->unforeseen = false;
	file->expected_line = 0;
	file->parsed = false;
	if (wish->any)
		writer.network = (enum wl_config_link_kind)draw(&writer, 5);
	writer.first_core = draw(&writer, 1000);
	say(&writer, "%s", half(&writer) ? "# a node of a simulated cluster\n" : "---\n");
	/* A mapping has no order: the parts go round. */
	first = draw(&writer, 7);
	for (unsigned part = 0; part < 7; part++)
		parts[(first + part) % 7](&writer);
}

int sim_config_file_read(struct sim_config_file *file)
{
	/* What wl_config_load says without bytes is a platform's affair; its code is not. */
	if (file->edit == SIM_EDIT_GONE)
		return file->status = WIRELOG_CONFIG_UNREADABLE;
	if (!file->parsed)
		file->status = wl_config_parse((const uint8_t *)file->bytes, file->size, "/etc/wl",
					       &file->config, &file->problems);
	file->parsed = true;
	return file->status;
}

static bool is_of_configuration(int status)
{
	return status == WIRELOG_CONFIG_SYNTAX || status == WIRELOG_CONFIG_UNKNOWN_KEY ||
	       status == WIRELOG_CONFIG_VALUE || status == WIRELOG_CONFIG_CONFLICT;
}

const char *sim_config_file_judge(const struct sim_config_file *file)
{
	const struct wl_config_problem *problem = &file->problems.item[0];

	if (file->edit == SIM_EDIT_GONE)
		return wirelog_status_exit_code(file->status) == 66 ? NULL : "another exit code";
	if (file->status == 0) {
		if (file->problems.count != 0)
			return "it was taken, with problems";
		return file->expected == 0 || file->unforeseen ? NULL : "a wrong file was taken";
	}
	if (file->expected == 0 && !file->unforeseen)
		return "a right file was refused";
	if (file->problems.count == 0 || problem->text[0] == '\0')
		return "it was refused without a word";
	if (problem->status != file->status || !is_of_configuration(file->status) ||
	    wirelog_status_exit_code(file->status) != 78)
		return "it was refused with another code";
	if (file->unforeseen)
		return NULL;
	if (file->status != file->expected)
		return "it was refused for another reason";
	if (file->edit != SIM_EDIT_EMPTY && (problem->line == 0 || problem->column == 0))
		return "the place of the mistake is not told";
	if (file->expected_line != 0 && problem->line != file->expected_line)
		return "another line is blamed";
	return NULL;
}
