/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node was told by its file. Two steps, so that the second can be tested without files:
 *
 *   wl_config_load (config_yaml_file.c)  bytes -> struct wl_config_text, every value still text; unknown and
 *                                        duplicate keys, wrong kinds and positions are found here
 *   wl_config_check (config_check.c)     text -> struct wl_config; types, ranges, conflicts. Pure.
 *
 * Every problem names the key, the line and the column, what is wrong and what would be right.
 * The keys stand in one table (config_keys.h, config_table.h); drivers-config/reference.yaml is made from it.
 *
 * Owner: main; nothing changes after the start, so every thread may read it. [init] Never: looks at the machine.
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_H
#define WL_CONTROL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config/config_keys.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/members.h"
#include "dataplane/base/port.h"
#include "dataplane/host/idle.h"
#include "dataplane/nic/eal_args.h"
#include "wirelog/status.h"

#define WL_CONFIG_FILE_BYTES_MAX (1u << 20)
#define WL_CONFIG_PATH_BYTES 256u /* of a path in the file, made absolute */
#define WL_CONFIG_SOCKET_BYTES 108u /* sun_path */
#define WL_CONFIG_LINKS_MAX 16u /* of one worker, client slots apart */
#define WL_CONFIG_KEY_BYTES 96u /* "workers[1].links[12].descriptors" */
#define WL_CONFIG_EXTRA_BYTES 512u
#define WL_CONFIG_GROUP_BYTES 64u /* a name of a group */
#define WL_CONFIG_PROBLEMS_MAX 16u
#define WL_CONFIG_CLIENT_SLOTS_MAX 48u

enum wl_config_link_kind {
	WL_CONFIG_MEMIF,
	WL_CONFIG_AF_PACKET,
	WL_CONFIG_AF_XDP,
	WL_CONFIG_PCI,
	WL_CONFIG_EAL,
	WL_CONFIG_UDP, /* clients only */
};

enum wl_config_choice { /* three-valued wishes */
			WL_CONFIG_AUTO = 0,
			WL_CONFIG_ON,
			WL_CONFIG_OFF,
};

enum wl_config_log_destination {
	WL_CONFIG_LOG_STDERR = 0,
	WL_CONFIG_LOG_SYSLOG,
	WL_CONFIG_LOG_JOURNAL,
};

struct wl_config_node {
	uint32_t id;
	uint32_t ipv4; /* host order */
	uint16_t udp_port; /* of worker 0; worker w has udp_port + w */
	char client_endpoint[WIRELOG_ENDPOINT_BYTES_MAX];
	enum wl_config_choice joins;
	uint32_t priority; /* who is to lead rather */
};

struct wl_config_link {
	enum wl_config_link_kind kind;
	char name[128]; /* socket, interface, PCI address, EAL device or ADDRESS:PORT */
	uint32_t peer; /* memif and point-to-point eal: the only node behind it; 0: any */
	bool server; /* memif */
	uint32_t id; /* memif */
	uint16_t mtu;
	uint8_t ring_log2; /* memif; 0: the port chooses */
	uint16_t descriptors; /* pci; 0: the port chooses */
	uint16_t queue; /* af_xdp */
	bool has_mac;
	uint8_t mac[6];
	uint8_t prefix_length; /* of the IPv4 network that is reached without the gateway */
	uint32_t gateway; /* 0: none */
	uint32_t listen_ipv4; /* udp; host order */
	uint16_t listen_port;
};

struct wl_config_worker {
	int core; /* -1: wherever the process may run */
	struct wl_config_link links[WL_CONFIG_LINKS_MAX];
	uint32_t link_count;
	char client_socket[WL_CONFIG_SOCKET_BYTES]; /* memif for local clients; "": none */
	uint32_t client_slots;
	uint16_t client_mtu;
	uint8_t client_ring_log2;
};

struct wl_config {
	char file[WL_CONFIG_PATH_BYTES]; /* that it was loaded from, absolute; "": none */
	uint8_t cluster[16];
	char cluster_text[37];
	uint32_t node;
	struct wl_config_node nodes[WIRELOG_NODES_MAX];
	uint32_t node_count;
	wl_members members; /* all of them */
	wl_members voters; /* the cluster's first list: those that do not join */

	uint32_t journal_worker[WIRELOG_JOURNALS_MAX]; /* by journal id; ids are dense from 0 */
	uint32_t journal_count;
	struct wl_config_worker workers[WIRELOG_WORKERS_MAX];
	uint32_t worker_count;

	char storage_path[WL_CONFIG_PATH_BYTES];
	uint64_t storage_wait_ns;
	uint64_t segment_bytes;
	uint64_t log_ring_bytes;
	uint64_t log_bytes_max;
	enum wl_config_choice registered_buffers;
	uint64_t base_every_bytes; /* of the stream, from one base to the next */
	uint64_t scrub_ns; /* all that is kept is read once in that time; 0: never */
	uint64_t base_bytes_per_second; /* read and written for bases */
	char archive_directory[WL_CONFIG_PATH_BYTES]; /* "": none */
	uint64_t retention_bytes, retention_age_ns, retention_hold_bytes,
		retention_records; /* 0: no limit */

	enum wl_hugepages hugepages;
	uint32_t memory_mb; /* 0: what the ports need */
	enum wl_config_choice
		memory_locked; /* what workers use is in RAM from the start, and stays there */
	char eal_extra[WL_CONFIG_EXTRA_BYTES];
	uint16_t network_mtu;

	uint64_t election_timeout_ns, patience_ns, heartbeat_ns, resend_ns, disk_stall_ns;
	uint64_t client_idle_ns, reader_idle_ns;

	enum wl_idle idle;
	uint32_t local_pollers; /* of other local nodes and clients, for the choice of an idle strategy */

	uint32_t record_bytes, sessions, clients, readers;
	uint32_t window_bytes;
	uint64_t catch_up_rate; /* bytes a second */

	char key_file[WL_CONFIG_PATH_BYTES]; /* "": none */
	char run_directory[WL_CONFIG_PATH_BYTES];
	char stats_group[WL_CONFIG_GROUP_BYTES]; /* "": none */
	char dpdk_telemetry[WL_CONFIG_GROUP_BYTES]; /* "": none */
	unsigned log_level; /* syslog's: 3 error .. 7 debug */
	enum wl_config_log_destination log_destination;
};

struct wl_config_problem {
	int status; /* a negative enum wirelog_status */
	uint32_t line, column; /* from 1; 0: of the file as a whole */
	char key[WL_CONFIG_KEY_BYTES]; /* "" where none is to blame */
	char text[320]; /* what is wrong; what would be right */
};

struct wl_config_problems {
	struct wl_config_problem item[WL_CONFIG_PROBLEMS_MAX];
	uint32_t count;
};

/* ---- values as they stand in the file; NULL: the key is absent ---------------------------------- */

#define WL_CONFIG_TEXT_MEMBER(key, shape, rules, example, sentence) char *key;

struct wl_config_node_text {
	WL_CONFIG_NODE_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_cluster_text {
	WL_CONFIG_CLUSTER_KEYS(WL_CONFIG_TEXT_MEMBER)
	struct wl_config_node_text *nodes;
	uint32_t nodes_count;
};

struct wl_config_journal_text {
	WL_CONFIG_JOURNAL_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_link_text {
	WL_CONFIG_LINK_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_clients_text {
	WL_CONFIG_CLIENTS_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_worker_text {
	WL_CONFIG_WORKER_KEYS(WL_CONFIG_TEXT_MEMBER)
	struct wl_config_link_text *links;
	uint32_t links_count;
	struct wl_config_clients_text clients;
};

struct wl_config_storage_text {
	WL_CONFIG_STORAGE_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_log_text {
	WL_CONFIG_LOG_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_base_text {
	WL_CONFIG_BASE_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_retention_text {
	WL_CONFIG_RETENTION_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_archive_text {
	WL_CONFIG_ARCHIVE_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_memory_text {
	WL_CONFIG_MEMORY_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_network_text {
	WL_CONFIG_NETWORK_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_timing_text {
	WL_CONFIG_TIMING_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_idle_text {
	WL_CONFIG_IDLE_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_limits_text {
	WL_CONFIG_LIMITS_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_security_text {
	WL_CONFIG_SECURITY_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_logging_text {
	WL_CONFIG_LOGGING_KEYS(WL_CONFIG_TEXT_MEMBER)
};

struct wl_config_text {
	struct wl_config_cluster_text cluster;
	struct wl_config_journal_text *journals;
	uint32_t journals_count;
	struct wl_config_worker_text *workers;
	uint32_t workers_count;
	struct wl_config_storage_text storage;
	struct wl_config_log_text log;
	struct wl_config_base_text base;
	struct wl_config_retention_text retention;
	struct wl_config_archive_text archive;
	struct wl_config_memory_text memory;
	struct wl_config_network_text network;
	struct wl_config_timing_text timing;
	struct wl_config_idle_text idle;
	struct wl_config_limits_text limits;
	struct wl_config_security_text security;
	struct wl_config_logging_text logging;
	WL_CONFIG_TOP_KEYS(WL_CONFIG_TEXT_MEMBER)
};
#undef WL_CONFIG_TEXT_MEMBER

/*
 * Checks the text and fills `config`. `base`: directory that relative paths in the file mean; "" leaves
 * them. 0, or the status of the first problem; lines and columns are not known here.
 */
int wl_config_check(const struct wl_config_text *text, const char *base, struct wl_config *config,
		    struct wl_config_problems *problems);

/* Reads and checks a file. 0, or the status of the first problem; `config` counts only then. */
int wl_config_load(const char *path, struct wl_config *config, struct wl_config_problems *problems);
/* The same from bytes in memory. */
int wl_config_parse(const uint8_t *bytes, size_t size, const char *base, struct wl_config *config,
		    struct wl_config_problems *problems);
/* A line of standard error for each: file, line, column, key, what is wrong. */
void wl_config_print_problems(const char *path, const struct wl_config_problems *problems);

/* One more problem; dropped when the list is full. For the files of this module. */
struct wl_config_problem *wl_config_add_problem(struct wl_config_problems *problems, int status,
						const char *key, const char *text);

/* NULL: the file does not name it. */
static inline const struct wl_config_node *wl_config_node(const struct wl_config *config,
							  uint32_t node)
{
	for (uint32_t at = 0; at < config->node_count; at++)
		if (config->nodes[at].id == node)
			return &config->nodes[at];
	return NULL;
}

const char *wl_config_link_kind_name(enum wl_config_link_kind kind);

#endif
