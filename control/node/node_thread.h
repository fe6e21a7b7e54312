/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One running node: everything that wirelogd puts together, in the order in which it is opened. boot_thread.c fills it
 * and takes it down in reverse, loop_thread.c runs control on it, stats_answers_thread.c tells about it.
 *
 * Owner: main. Thread: filled [init]; afterwards each part belongs to the thread that its own header names.
 */
#ifndef WL_CONTROL_NODE_NODE_THREAD_H
#define WL_CONTROL_NODE_NODE_THREAD_H

#include "control/agent/agent.h"
#include "control/config/config.h"
#include "control/node/mend_watch.h"
#include "control/report/stats_socket.h"
#include "control/report/storage_watch.h"
#include "dataplane/log/recovery.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_dpdk.h"
#include "dataplane/store/disk_uring.h"
#include "dataplane/store/self_test_uring.h"
#include "dataplane/store/store.h"
#include "dataplane/store/superblock_uring.h"
#include "dataplane/wire/auth.h"
#include "dataplane/worker/worker_thread.h"

struct wl_base_thread;
struct wl_watch;
struct wl_latency;
struct wl_nic_watch;
struct wl_mend_thread;
struct wl_scrub_thread;
struct wl_archive_thread;
struct wl_reloaded;
struct wl_capture;
struct wl_node_keys;

#define WL_NODE_NOTE_BYTES 512u

/* Memory that a worker uses while it polls. */
struct wl_node_map {
	void *memory;
	size_t bytes;
};

struct wl_node_journal {
	struct wl_journal *journal; /* inside its worker's array */
	uint8_t *ring;
	void *memory;
	size_t memory_bytes;
	uint64_t known_commit;
	struct wl_recovery_damage damage;
	struct wl_storage_watch storage;
	uint64_t recovered_index, recovered_bytes, recovery_ns;
	enum wl_base_verdict base_verdicts[WL_BASE_PLACES]; /* as found at the start */
};

struct wl_node_worker {
	struct wl_worker *worker;
	struct wl_worker_thread thread;
	bool running;
	struct wl_plane_rings plane;
	struct wl_port *port;
	uint64_t link_down_said_ns[WL_CONFIG_LINKS_MAX]; /* 0: it was up when last looked at */
	struct wl_disk *disk;
	struct wl_journal *journals;
	uint32_t journal_count;
	uint64_t known_commit[WIRELOG_JOURNALS_MAX]; /* by place in `journals` */
	struct wl_port_words port_words;
	char disk_note[WL_NODE_NOTE_BYTES];
	char self_test[256];
	char idle_reason[256];
};

struct wl_node {
	const struct wl_config *config;
	bool insecure;
	struct wl_auth auth;
	bool auth_open;
	struct wl_node_keys *key_files; /* those that were read again, newest first (key_thread.h) */
	struct wl_store *store;
	struct wl_superblock superblock; /* as durable */
	struct wl_superblock_writer *writer;
	uint64_t boot_id;
	uint64_t cluster; /* number of the cluster's UUID */
	bool is_fresh; /* no journal has an entry: nothing is lost when the data take another name and boot */
	uint64_t started_ns;
	struct wl_eal_report eal;
	bool eal_started;
	struct wl_node_journal journals[WIRELOG_JOURNALS_MAX];
	struct wl_node_worker workers[WIRELOG_WORKERS_MAX];
	/* ring, memory and anatomy of each journal; plane, journals, worker, clients of each worker; the status lane */
	struct wl_node_map maps[3 * WIRELOG_JOURNALS_MAX + 4 * WIRELOG_WORKERS_MAX + 1];
	uint32_t map_count;
	struct wl_agent *agent;
	struct wl_stats_socket *stats, *admin;
	gid_t stats_group; /* where the configuration names one */
	struct wl_control_mailbox *mailbox; /* between control and wl-admin */
	/* As `config`, with what was reloaded; NULL: nothing was. wl-admin writes, others read (reload_thread.h). */
	_Atomic(struct wl_reloaded *) reloaded;
	_Atomic uint64_t
		base_bytes_per_second; /* that bases may cost, as reloaded last: wl-admin writes, wl-base reads */
	struct wl_base_thread *bases; /* base_thread.c */
	struct wl_watch *watch; /* watch_thread.c */
	struct wl_status_lane *status; /* cluster_status_thread.c */
	uint64_t status_began_ns; /* wl-stats: the round that was begun last */
	struct wl_latency *latency; /* latency_thread.c */
	struct wl_nic_watch *nics; /* nic_watch_thread.c */
	struct wl_capture *capture; /* capture_thread.c; NULL: there was none */
	struct wl_journal_limits limits_told
		[WIRELOG_JOURNALS_MAX]; /* that the log was told (limits_told.h); control's */
	_Atomic bool told_ready; /* control has said that the node is ready */
	struct wl_mend_thread *mends; /* mend_thread.c */
	struct wl_scrub_thread *scrubs; /* scrub_thread.c */
	struct wl_archive_thread *archives; /* archive_thread.c; NULL: there is no archive */
	_Atomic uint64_t scrub_period_ns; /* as reloaded last: wl-admin writes, wl-base reads */
	struct wl_mend_watch mend_watch; /* control's part of it */
	uint32_t mend_rounds; /* starts that mending made, one behind the other, before this one */
	int pid_file; /* locked; -1: not ours */
};

#endif
