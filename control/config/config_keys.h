/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every key of the configuration, in one table. It yields the text that a file is read into (config.h), the shape of
 * the file (config_yaml_file.c), ranges and defaults (config_table.c), what the status says of it, what is compared
 * between nodes, what `wirelog config reload` may change, and drivers-config/reference.yaml (scripts/tables.c).
 *
 * One list for each section, X(key, shape, rules, example, sentence), in the order of the reference:
 *
 *   shape      what the value is, and the member of the section's struct that it goes to; numbers stand in the file's unit
 *                NUMBER(member, unit, low, high, default)   unit: one, ms, us, s, mib; kept in ns where it is a time
 *                SIZE(member, low, high, default)           bytes
 *                CHOICE(member, words, default)             one of WL_CONFIG_WORDS_<words>
 *                TEXT(member) PATH(member, bytes, default) IPV4(member) MAC(member) UUID(member)
 *                OTHER("range")                             code of its own; the words are for the reference
 *              default 0: none here; what stands for it is code, and said by the rule DEFAULT
 *   rules      any of these, one after the other:
 *                NEEDED("what would be right")   it must be there
 *                POWER_OF_TWO
 *                DEFAULT("words")                what the reference says of the default
 *                ALIKE                           the same on every node
 *                COMPARED(fact)                  and the nodes tell each other (dataplane/wire/greeting.h)
 *                LIVE                            may change while the node runs
 *                FIRST(limit)                    the limit of a journal that has none in its state (dataplane/base/journal_limits.h); later
 *                                                `wirelog limit set` changes it
 *                OF(kinds)                       links of these kinds alone have it
 *   example    what the reference has; NULL: the default
 *
 * Defaults of 0 that are no value leave the member as it is. Pure, and nothing but macros.
 */
#ifndef WL_CONTROL_CONFIG_CONFIG_KEYS_H
#define WL_CONTROL_CONFIG_CONFIG_KEYS_H

#define WL_CONFIG_KIB 1024ull
#define WL_CONFIG_MIB (1024 * WL_CONFIG_KIB)
#define WL_CONFIG_GIB (1024 * WL_CONFIG_MIB)

#define WL_CONFIG_MEMIF_ONLY 1u << WL_CONFIG_MEMIF
#define WL_CONFIG_WITH_NETWORK                                                      \
	(1u << WL_CONFIG_AF_PACKET | 1u << WL_CONFIG_AF_XDP | 1u << WL_CONFIG_PCI | \
	 1u << WL_CONFIG_EAL)

/* clang-format off */
#define WL_CONFIG_CLUSTER_KEYS(X) \
	X(uuid, UUID(cluster), ALIKE NEEDED("what uuidgen prints, the same on every node, would be right"), \
	  "3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21", "What `uuidgen` prints. Data and frames of another cluster are refused.") \
	X(node, NUMBER(node, one, 1, WIRELOG_NODES_MAX, 0), NEEDED("the id of this node would be right"), \
	  "1", "Which of the nodes below this one is.")

#define WL_CONFIG_NODE_KEYS(X) \
	X(id, NUMBER(id, one, 1, WIRELOG_NODES_MAX, 0), NEEDED("a number from 1 to 7 would be right"), "1", "Its own for each node.") \
	X(address, IPV4(ipv4), NEEDED("the node's IPv4 address would be right"), "192.0.2.11", "IPv4, its own for each node.") \
	X(port, NUMBER(udp_port, one, 1, 65535 - WIRELOG_WORKERS_MAX, 7700), , NULL, "UDP port of worker 0; worker N has port + N.") \
	X(client_endpoint, OTHER("udp:ADDRESS:PORT (kernel socket), dpdk:ADDRESS:PORT, or memif:SOCKET (on the same machine)"), \
	  DEFAULT("udp:address:port where worker 0 has an Ethernet link, else nothing"), "udp:192.0.2.11:7700", \
	  "What clients are told to find this node. It is that of worker 0; clients of a journal on worker N are told PORT + N, or " \
	  "SOCKET.N where its `clients.socket` is that.") \
	X(joins, CHOICE(joins, switches, WL_CONFIG_OFF), ALIKE, NULL, \
	  "on: the cluster began without it. It has no list of members of its own and neither votes nor leads before `wirelog member add`, and " \
	  "`promote`, have put it into the log's.") \
	X(priority, NUMBER(priority, one, 0, 100, 50), ALIKE, NULL, \
	  "A leader hands over to a voter of a higher one that was in step for 50 times timing.patience_ms; of those that could follow it, it " \
	  "chooses the highest. The lowest leads where nobody else can.")

#define WL_CONFIG_JOURNAL_KEYS(X) \
	X(id, OTHER("0, 1, 2, ... without a hole, at most 16 journals"), DEFAULT("its place in the list"), "0", "") \
	X(worker, OTHER("a number"), DEFAULT("0"), "0", "Counts from 0 in the list of workers.")

#define WL_CONFIG_WORKER_KEYS(X) \
	X(core, OTHER("a core's number, its own for each worker, or auto"), DEFAULT("auto"), "auto", \
	  "auto: wherever the process may run.")

#define WL_CONFIG_LINK_KEYS(X) \
	X(kind, OTHER("memif, af_packet, af_xdp, pci, eal or udp"), DEFAULT(""), "memif", \
	  "Needed. memif: shared memory with another process on this machine, point to point; af_packet: any kernel interface (root or " \
	  "CAP_NET_RAW); af_xdp: the same with AF_XDP (root); pci: a NIC bound to vfio-pci (`wirelog tune`); eal: any other DPDK " \
	  "device; udp: a kernel socket, for clients without DPDK, no node lies behind it. Keys of another kind are refused.") \
	X(peer, OTHER("the id of a node"), OF(1u << WL_CONFIG_MEMIF | 1u << WL_CONFIG_EAL) DEFAULT(""), "2", \
	  "The node at the other end; needed for memif, makes eal point to point.") \
	X(role, OTHER("server or client"), OF(WL_CONFIG_MEMIF_ONLY) DEFAULT("the lower node id serves"), "server", "") \
	X(socket, OTHER("a path, or @name for an abstract socket"), OF(WL_CONFIG_MEMIF_ONLY) DEFAULT(""), "run/one-two.sock", \
	  "Needed for memif; both ends alike.") \
	X(id, NUMBER(id, one, 0, 65535, 0), OF(WL_CONFIG_MEMIF_ONLY) DEFAULT("0"), "0", "Two links on one socket differ in it.") \
	X(interface, OTHER("a name"), OF(1u << WL_CONFIG_AF_PACKET | 1u << WL_CONFIG_AF_XDP) DEFAULT(""), "eth1", "Needed for these.") \
	X(address, OTHER("a PCI address, or an IPv4 address of this machine"), OF(1u << WL_CONFIG_PCI | 1u << WL_CONFIG_UDP) DEFAULT(""), \
	  "0000:01:00.0", "Needed for these: as lspci -D prints it; where the socket for clients is.") \
	X(port, OTHER("1 to 65535"), OF(1u << WL_CONFIG_UDP) DEFAULT(""), "7711", "Needed for udp.") \
	X(device, OTHER("a device of DPDK"), OF(1u << WL_CONFIG_EAL) DEFAULT(""), "net_tap0,iface=wl0", "Needed for eal.") \
	X(mtu, NUMBER(mtu, one, WIRELOG_MTU_MIN, WIRELOG_MTU_MAX, 0), DEFAULT("network.mtu"), "9000", "Both ends alike.") \
	X(ring_slots, OTHER("a power of two, 16 to 16384"), OF(WL_CONFIG_MEMIF_ONLY) DEFAULT("1024, or 256 for a large mtu"), "1024", "") \
	X(queue, NUMBER(queue, one, 0, 255, 0), OF(1u << WL_CONFIG_AF_XDP) DEFAULT("0"), "0", "") \
	X(queues, OTHER("as many as there are workers"), OF(1u << WL_CONFIG_PCI) DEFAULT("that"), "1", "May be said, is checked.") \
	X(descriptors, NUMBER(descriptors, one, 64, 8192, 0), OF(1u << WL_CONFIG_PCI) POWER_OF_TWO DEFAULT("1024"), "1024", "Of each ring.") \
	X(mac, MAC(mac), OF(~(1u << WL_CONFIG_UDP)) DEFAULT("that of the interface"), "02:00:00:00:00:01", "") \
	X(prefix_length, NUMBER(prefix_length, one, 8, 32, 24), OF(WL_CONFIG_WITH_NETWORK), NULL, "Of the network that is reached directly.") \
	X(gateway, IPV4(gateway), OF(WL_CONFIG_WITH_NETWORK) DEFAULT("none"), "192.0.2.1", "For nodes outside of it.")

#define WL_CONFIG_CLIENTS_KEYS(X) \
	X(socket, OTHER("a path, or @name"), DEFAULT("none"), "run/clients.sock", "") \
	X(slots, NUMBER(client_slots, one, 1, WL_CONFIG_CLIENT_SLOTS_MAX, 4), , NULL, "So many clients at once find a free link.") \
	X(mtu, NUMBER(client_mtu, one, WIRELOG_MTU_MIN, WIRELOG_MTU_MAX, 0), DEFAULT("network.mtu"), "9000", "Clients must use the same.") \
	X(ring_slots, OTHER("a power of two, 16 to 16384"), DEFAULT("as of a link"), "1024", "")

#define WL_CONFIG_STORAGE_KEYS(X) \
	X(path, PATH(storage_path, WL_CONFIG_PATH_BYTES, NULL), NEEDED("a directory of its own, or a block device, would be right"), "data", \
	  "A directory of this node alone (made when it is missing), on a file system with direct I/O (ext4, xfs), or a block device " \
	  "such as /dev/nvme0n1.") \
	X(wait_s, NUMBER(storage_wait_ns, s, 0, 3600, 30), , NULL, \
	  "So long a start waits for a path below /dev that is not there yet: drives may come late at boot.") \
	X(segment_bytes, SIZE(segment_bytes, WL_SEGMENT_BYTES_MIN, WL_CONFIG_GIB, WL_SEGMENT_BYTES_DEFAULT), POWER_OF_TWO, NULL, \
	  "Cannot change under existing data.") \
	X(scrub, NUMBER(scrub_ns, s, 0, 1000000000, 604800), LIVE DEFAULT("604800, a week"), "604800", \
	  "Seconds in which all that is kept is read once, so that what rots is found and mended before somebody needs it; 0: never.")

#define WL_CONFIG_LOG_KEYS(X) \
	X(ring_bytes, SIZE(log_ring_bytes, WL_LOG_RING_BYTES_MIN, WL_CONFIG_GIB, 0), POWER_OF_TWO DEFAULT("16MiB"), "16MiB", \
	  "Recent entries kept in memory; at most segment_bytes.") \
	X(bytes_max, SIZE(log_bytes_max, 3 * WL_SEGMENT_BYTES_MIN, 1024 * WL_CONFIG_GIB, 16 * WL_CONFIG_GIB), , NULL, \
	  "Of one journal on the medium, of which 18MiB are kept for elections; then NO_SPACE.") \
	X(registered_buffers, CHOICE(registered_buffers, choices, WL_CONFIG_AUTO), , NULL, \
	  "With io_uring; auto: where the limit of locked memory allows.")

#define WL_CONFIG_BASE_KEYS(X) \
	X(every, SIZE(base_every_bytes, WL_CONFIG_MIB, 64 * WL_CONFIG_GIB, 256 * WL_CONFIG_MIB), LIVE, NULL, \
	  "So much is appended, by the leader's file, before the next base is asked of all nodes: about what a start reads.") \
	X(rate, SIZE(base_bytes_per_second, WL_CONFIG_MIB, 64 * WL_CONFIG_GIB, 64 * WL_CONFIG_MIB), LIVE, NULL, \
	  "A second, that this node reads and writes for bases; up to 16 times as much while more is appended than that.")

#define WL_CONFIG_ARCHIVE_KEYS(X) \
	X(directory, PATH(archive_directory, WL_CONFIG_PATH_BYTES, NULL), DEFAULT("none"), "/srv/wirelog-archive", \
	  "Closed segments are copied there before they may be forgotten: a directory of this node alone, made when it is missing (the one above " \
	  "it must be there), better on another device. While it cannot be written nothing is given up.")

/* Of one journal, while its state has no limits; then `wirelog limit` has them. A limit of 0 is none. */
#define WL_CONFIG_RETENTION_KEYS(X) \
	X(bytes, SIZE(retention_bytes, 0, 1024 * WL_CONFIG_GIB, 0), FIRST(RETENTION_BYTES) DEFAULT("0, no limit"), "0", \
	  "More than that behind the newest record is trimmed, in whole segments.") \
	X(age, NUMBER(retention_age_ns, s, 0, 1000000000, 0), FIRST(RETENTION_AGE_NS) DEFAULT("0, no limit"), "0", \
	  "What is older is trimmed, in whole segments, and by a clock that a majority vouches for.") \
	X(records, NUMBER(retention_records, one, 0, INT64_MAX, 0), FIRST(RETENTION_RECORDS) DEFAULT("0, no limit"), "0", \
	  "What is before that many newest records is trimmed, in whole segments.") \
	X(hold, SIZE(retention_hold_bytes, 0, 1024 * WL_CONFIG_GIB, 0), FIRST(RETENTION_HOLD_BYTES) DEFAULT("0, no limit"), "0", \
	  "So much of what these would trim a consumer's checkpoint may hold back; where it holds more, the leader drops it.")

#define WL_CONFIG_MEMORY_KEYS(X) \
	X(hugepages, CHOICE(hugepages, pages, WL_HUGEPAGES_AUTO), , NULL, "auto: when there are enough; on: or refuse; off: 4 KiB pages.") \
	X(megabytes, NUMBER(memory_mb, mib, 16, 1u << 20, 0), DEFAULT("what the links need"), "256", "For packet buffers and drivers.") \
	X(locked, CHOICE(memory_locked, choices, WL_CONFIG_AUTO), , NULL, \
	  "What workers use, in RAM from the start. auto: where the limit of locked memory allows and a quarter of what is free is " \
	  "enough; on: or refuse.")

#define WL_CONFIG_NETWORK_KEYS(X) \
	X(mtu, NUMBER(network_mtu, one, WIRELOG_MTU_MIN, WIRELOG_MTU_MAX, 1500), , NULL, "Of every link that does not say its own.")

#define WL_CONFIG_TIMING_KEYS(X) \
	X(election_timeout_ms, NUMBER(election_timeout_ns, ms, 20, 60000, 300), COMPARED(ELECTION_TIMEOUT), NULL, \
	  "A leader unheard for one to two of these is replaced.") \
	X(patience_ms, NUMBER(patience_ns, ms, 20, 60000, 0), DEFAULT("400, or election_timeout_ms if that is more"), "400", \
	  "A leader that no majority answers for so long falls silent, and so long a commit, a hand-over or a follower may take before it is " \
	  "called lost. At least election_timeout_ms.") \
	X(heartbeat_ms, NUMBER(heartbeat_ns, ms, 1, 10000, 0), COMPARED(HEARTBEAT) DEFAULT("a fifteenth of election_timeout_ms"), "20", \
	  "At most a quarter of election_timeout_ms.") \
	X(resend_us, NUMBER(resend_ns, us, 100, 1000000, 5000), LIVE, NULL, \
	  "Entries without progress leave again; at most half of election_timeout_ms.") \
	X(disk_stall_ms, NUMBER(disk_stall_ns, ms, 50, 60000, 1000), LIVE, NULL, \
	  "A leader whose oldest write is older gives leadership away.") \
	X(client_idle_s, NUMBER(client_idle_ns, s, 1, 86400, 60), LIVE, NULL, "So long the identity of a silent client stays its own.") \
	X(reader_idle_s, NUMBER(reader_idle_ns, s, 1, 86400, 10), LIVE, NULL, "A reader silent for longer is disconnected.")

#define WL_CONFIG_IDLE_KEYS(X) \
	X(strategy, CHOICE(idle, strategies, WL_IDLE_AUTO), , NULL, "What a worker does when there is nothing to do.") \
	X(local_pollers, NUMBER(local_pollers, one, 0, 1024, 0), DEFAULT("0"), "0", \
	  "Other processes of this machine that poll on the same cores (nodes, clients); for auto.")

#define WL_CONFIG_LIMITS_KEYS(X) \
	X(record_bytes, SIZE(record_bytes, 1, WIRELOG_RECORD_BYTES_MAX, WIRELOG_RECORD_BYTES_DEFAULT), COMPARED(RECORD_BYTES), NULL, \
	  "The largest record.") \
	X(sessions, NUMBER(sessions, one, 1, WIRELOG_SESSIONS_MAX, 1024), COMPARED(SESSIONS) FIRST(SESSIONS), NULL, \
	  "Remembered clients of a journal: memory for so many, and the most that `wirelog limit set` takes.") \
	X(clients, NUMBER(clients, one, 8, WIRELOG_CLIENTS_MAX, 1024), POWER_OF_TWO, NULL, "Known by address at one time.") \
	X(readers, NUMBER(readers, one, 1, WIRELOG_SUBSCRIPTIONS_MAX, 32), , NULL, "Subscriptions at one time.") \
	X(window_bytes, SIZE(window_bytes, 64 * WL_CONFIG_KIB, 64 * WL_CONFIG_MIB, WL_CONFIG_MIB), , NULL, \
	  "Sent to one follower and not acknowledged.") \
	X(catch_up_rate, SIZE(catch_up_rate, WL_CONFIG_MIB, 64 * WL_CONFIG_GIB, 64 * WL_CONFIG_MIB), , NULL, \
	  "Sent each second to followers that are behind while records flow, beside twice what is appended. Without records nothing is held back.")

#define WL_CONFIG_SECURITY_KEYS(X) \
	X(key_file, PATH(key_file, WL_CONFIG_PATH_BYTES, NULL), ALIKE DEFAULT("none"), "cluster.key", \
	  "32 hexadecimal digits, mode 0400: `wirelog key` makes one. Without it a node starts only with --insecure-lab.")

#define WL_CONFIG_LOGGING_KEYS(X) \
	X(level, CHOICE(log_level, levels, 6), LIVE, NULL, "") \
	X(destination, CHOICE(log_destination, destinations, WL_CONFIG_LOG_STDERR), , NULL, "journal: that of systemd.")

#define WL_CONFIG_TOP_KEYS(X) \
	/* sun_path has 108 bytes, "/stats.sock" and "/admin.sock" take 12 of them */ \
	X(run_directory, PATH(run_directory, WL_CONFIG_SOCKET_BYTES - 12, "/run/wirelog"), , "run", \
	  "Sockets for requests (stats.sock, admin.sock) and pid file; made with mode 0700 when it is missing.") \
	X(stats_group, TEXT(stats_group), DEFAULT("none"), "\"\"", \
	  "A group of this machine whose members may ask the stats socket, too (mode 0660), for all that changes nothing. Without it: the node's user " \
	  "and root alone, as always at admin.sock.") \
	X(dpdk_telemetry, TEXT(dpdk_telemetry), DEFAULT("none"), "\"\"", \
	  "A name: DPDK's own telemetry socket is opened, as /var/run/dpdk/NAME/dpdk_telemetry.v2 for root, and has /wirelog/... beside what DPDK " \
	  "tells. Letters, digits, and any of - _ . with its own name for each node of a machine. Without it DPDK opens no socket.") \
	X(eal_extra, TEXT(eal_extra), DEFAULT("none"), "\"\"", \
	  "More arguments for DPDK's EAL, for what has no key here. The effective line is logged at start.")

/* Words of a CHOICE: W(word, value). */
#define WL_CONFIG_WORDS_choices(W) W(auto, WL_CONFIG_AUTO) W(on, WL_CONFIG_ON) W(off, WL_CONFIG_OFF)
#define WL_CONFIG_WORDS_switches(W) W(on, WL_CONFIG_ON) W(off, WL_CONFIG_OFF)
#define WL_CONFIG_WORDS_pages(W) W(auto, WL_HUGEPAGES_AUTO) W(on, WL_HUGEPAGES_ON) W(off, WL_HUGEPAGES_OFF)
#define WL_CONFIG_WORDS_strategies(W) \
	W(auto, WL_IDLE_AUTO) W(spin, WL_IDLE_SPIN) W(yield, WL_IDLE_YIELD) W(backoff, WL_IDLE_BACKOFF)
#define WL_CONFIG_WORDS_levels(W) W(error, 3) W(warning, 4) W(notice, 5) W(info, 6) W(debug, 7)
#define WL_CONFIG_WORDS_destinations(W) \
	W(stderr, WL_CONFIG_LOG_STDERR) W(syslog, WL_CONFIG_LOG_SYSLOG) W(journal, WL_CONFIG_LOG_JOURNAL)

/* S(ID, LIST, path, struct of the text, struct of the values, sentence), in the order of the reference */
#define WL_CONFIG_SECTION_LIST(S) \
	S(CLUSTER, WL_CONFIG_CLUSTER_KEYS, "cluster", struct wl_config_cluster_text, struct wl_config, "") \
	S(NODES, WL_CONFIG_NODE_KEYS, "cluster.nodes[]", struct wl_config_node_text, struct wl_config_node, \
	  "Needed. All nodes, 1 to 7, the same list on every node. Those that do not join later are the voters with which the cluster begins; from the " \
	  "first `wirelog member` on the log says who votes.") \
	S(JOURNALS, WL_CONFIG_JOURNAL_KEYS, "journals[]", struct wl_config_journal_text, struct wl_config, \
	  "Totally ordered logs, the same list on every node. Default: one journal, on worker 0.") \
	S(WORKERS, WL_CONFIG_WORKER_KEYS, "workers[]", struct wl_config_worker_text, struct wl_config_worker, \
	  "Needed. One poll-mode thread (wl-pmd-N) each, at most 16; each has at least one journal.") \
	S(LINKS, WL_CONFIG_LINK_KEYS, "workers[].links[]", struct wl_config_link_text, struct wl_config_link, \
	  "Where frames come from. Every other node must be reached: by a memif link of its own, or by an Ethernet link.") \
	S(CLIENTS, WL_CONFIG_CLIENTS_KEYS, "workers[].clients", struct wl_config_clients_text, struct wl_config_worker, \
	  "Local clients over memif. Default: none.") \
	S(STORAGE, WL_CONFIG_STORAGE_KEYS, "storage", struct wl_config_storage_text, struct wl_config, "") \
	S(LOG, WL_CONFIG_LOG_KEYS, "log", struct wl_config_log_text, struct wl_config, "") \
	S(BASE, WL_CONFIG_BASE_KEYS, "base", struct wl_config_base_text, struct wl_config, "") \
	S(RETENTION, WL_CONFIG_RETENTION_KEYS, "retention", struct wl_config_retention_text, struct wl_config, "") \
	S(ARCHIVE, WL_CONFIG_ARCHIVE_KEYS, "archive", struct wl_config_archive_text, struct wl_config, "") \
	S(MEMORY, WL_CONFIG_MEMORY_KEYS, "memory", struct wl_config_memory_text, struct wl_config, "") \
	S(NETWORK, WL_CONFIG_NETWORK_KEYS, "network", struct wl_config_network_text, struct wl_config, "") \
	S(TIMING, WL_CONFIG_TIMING_KEYS, "timing", struct wl_config_timing_text, struct wl_config, "") \
	S(IDLE, WL_CONFIG_IDLE_KEYS, "idle", struct wl_config_idle_text, struct wl_config, "") \
	S(LIMITS, WL_CONFIG_LIMITS_KEYS, "limits", struct wl_config_limits_text, struct wl_config, "") \
	S(SECURITY, WL_CONFIG_SECURITY_KEYS, "security", struct wl_config_security_text, struct wl_config, "") \
	S(LOGGING, WL_CONFIG_LOGGING_KEYS, "logging", struct wl_config_logging_text, struct wl_config, "") \
	S(TOP, WL_CONFIG_TOP_KEYS, "", struct wl_config_text, struct wl_config, "")
/* clang-format on */

#endif
