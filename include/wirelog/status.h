/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One list of codes for the library, the daemon and the command: a name, a number, the exit code of a program that ends
 * with it, a sentence with the cause, and a sentence with the fix. `wirelog explain CODE` prints them.
 * Functions return 0 or a negative code. [any]
 */
#ifndef WIRELOG_STATUS_H
#define WIRELOG_STATUS_H

/* X(name, number, exit, cause, fix); exit is one of <sysexits.h>, which who uses that column includes */
/* clang-format off */
#define WIRELOG_STATUS_LIST(X) \
	X(OK, 0, EX_OK, "Nothing is wrong.", "Nothing to do.") \
	/* appends and reads */ \
	X(NOT_CONNECTED, 1, EX_UNAVAILABLE, "No node has answered yet, or the connection was lost.", "Go on polling; check that the nodes run and that the endpoints are theirs.") \
	X(BACK_PRESSURE, 2, EX_TEMPFAIL, "Too many appends are outstanding.", "Poll until some are acknowledged, then append again.") \
	X(CLOSED, 3, EX_UNAVAILABLE, "The client was closed.", "Connect again.") \
	X(RECORD_EMPTY, 4, EX_DATAERR, "A record has at least one byte.", "Append at least one byte.") \
	X(RECORD_TOO_LARGE, 5, EX_DATAERR, "The record is larger than the cluster's limit.", "Split it, or raise limits.record_bytes on every node (at most 1 MiB).") \
	X(EXPIRED, 6, EX_TEMPFAIL, "not_after had passed when the leader sequenced the record; it is not in the log and never will be.", "Append it anew if it is still wanted.") \
	X(NOT_LEADER, 7, EX_TEMPFAIL, "This node does not lead the journal now.", "The client follows the leader by itself; nothing to do.") \
	X(NO_SPACE, 8, EX_TEMPFAIL, "The leader's log device is full; nothing was appended.", "Free space or raise log.bytes_max; service resumes by itself.") \
	X(SESSION_UNKNOWN, 9, EX_TEMPFAIL, "The cluster does not know this session (any more).", "The library opens a new session at the next append. Outcomes of the appends that were outstanding are unknown: read the log to learn them.") \
	X(UNKNOWN_OUTCOME, 10, EX_TEMPFAIL, "No answer came within the time allowed; the record may or may not be in the log.", "Read the log to learn the outcome: the record carries the session and sequence of its append.") \
	X(OUT_OF_ORDER, 11, EX_SOFTWARE, "A sequence was skipped within the session.", "The client library resends by itself; report this if you see it.") \
	X(TRIMMED, 12, EX_DATAERR, "The wanted records were removed from the log.", "Read from the first number that the message names.") \
	X(LOST, 13, EX_DATAERR, "The wanted record is damaged on this node.", "Read it from another node; run `wirelog verify` on this one.") \
	X(TOO_MANY_CLIENTS, 14, EX_TEMPFAIL, "The node serves as many clients or readers as it can.", "Close some, or use another node.") \
	X(SLOW_READER, 15, EX_TEMPFAIL, "The reader fell silent and was disconnected.", "Subscribe again from the number that the event names.") \
	X(VERSION_MISMATCH, 16, EX_PROTOCOL, "The other side speaks another protocol version.", "Install the same wirelog version on both sides.") \
	X(AUTH_FAILED, 17, EX_NOPERM, "The node did not answer: the keys or the cluster ids differ.", "Give the client the cluster's key file and cluster id.") \
	X(INVALID_ARGUMENT, 18, EX_USAGE, "An argument is outside its documented range.", "See the function's description in wirelog/wirelog.h.") \
	X(TIMED_OUT, 19, EX_TEMPFAIL, "Nothing happened within the time allowed.", "Check that a majority of the nodes runs: `wirelog status`.") \
	X(NO_MEMORY, 20, EX_OSERR, "Memory could not be allocated.", "Free memory, or lower log.ring_bytes and the clients' windows.") \
	X(NO_LEADER, 21, EX_TEMPFAIL, "Nodes answer, but none of them leads the journal.", "A majority of the nodes must run and reach each other: see `wirelog status` at each of them. The client goes on by itself when one leads.") \
	X(PATH_MTU, 22, EX_UNAVAILABLE, "The path between this client and a node does not carry full frames; smaller ones are used.", "Give every switch port, tunnel and interface on the way the MTU of the node's link (network.mtu), or set mtu= in the client's link option to what passes. At least 1280 bytes must pass.") \
	X(JOURNAL_ELSEWHERE, 23, EX_UNAVAILABLE, "The journal is with another worker of this node, and nobody answers there.", "The client goes there by itself when it is told where; correct the endpoint that the message names, or see whether that worker runs.") \
	X(JOURNAL_UNKNOWN, 24, EX_USAGE, "The nodes do not have this journal.", "Name one that their configuration lists under journals.") \
	X(CHECKPOINT_DROPPED, 25, EX_DATAERR, "The consumer has no checkpoint: it was deleted, or held back more than retention.hold allows.", "Records that it has not consumed may be gone. Make a new checkpoint with `wirelog consumer set`, and read from the first number that is kept.") \
	X(TOO_MANY_CONSUMERS, 26, EX_TEMPFAIL, "The journal has as many consumers as there may be.", "Delete those that are not wanted any more: `wirelog consumer list`, `wirelog consumer delete NAME`.") \
	X(RESCUED, 27, EX_DATAERR, "A majority of the nodes was lost, and an operator went on with what was left: records with these numbers may have been acknowledged, and are in the journal no more.", "Nothing has another meaning under these numbers, nor ever will. What was acknowledged there is to be appended again by who still has it.") \
	X(OTHER_HISTORY, 75, EX_DATAERR, "The data are of another history of this cluster: what stands there under a number is another record.", "Of a reader: begin at the first number. Of a node: keep a copy of its data, empty its storage.path, and let it join by `wirelog member add` (docs/OPERATIONS.md, \"When a majority is lost\").") \
	X(DIVERGED, 76, EX_DATAERR, "What the reader was given is not in this journal: another record stands under the same number, as after data that were set back to an older copy.", "Keep what was read, and find out which of the two is right (docs/OPERATIONS.md, \"Where a reader stands\"). A reader that is to go on here begins at a number without its cursor.") \
	X(FENCED, 29, EX_TEMPFAIL, "The append is not in the log and never will be: somebody asked what became of it, and had its sequence spent.", "Append the record again if it is still wanted: nothing of it is in the log. Who asks with --fence should be sure that the application which appends has ended.") \
	/* configuration and start */ \
	X(CONFIG_UNREADABLE, 30, EX_NOINPUT, "The configuration file cannot be read.", "Check the path and its permissions.") \
	X(CONFIG_SYNTAX, 31, EX_CONFIG, "The configuration file is not valid YAML.", "Correct the line that the message names.") \
	X(CONFIG_UNKNOWN_KEY, 32, EX_CONFIG, "The configuration has a key that does not exist or stands twice.", "Correct the line that the message names; drivers-config/reference.yaml lists every key.") \
	X(CONFIG_VALUE, 33, EX_CONFIG, "A configuration value has the wrong type or range.", "Correct the line that the message names; drivers-config/reference.yaml gives every range.") \
	X(CONFIG_CONFLICT, 34, EX_CONFIG, "Two configuration values contradict each other.", "Correct one of the lines that the message names.") \
	X(KEY_MISSING, 35, EX_CONFIG, "No key file is configured.", "Set security.key_file (make one with `wirelog key`), or start with --insecure-lab for a laboratory.") \
	X(KEY_UNSAFE, 36, EX_NOPERM, "The key file may be read by others or has the wrong size.", "chmod 0400 it; it holds a key, 32 hexadecimal digits, or two, a line each, the older first.") \
	X(KEY_REFUSED, 37, EX_NOPERM, "The key was replaced by another one, and the nodes refuse it.", "Get the new key file (`wirelog key id FILE` says which key one holds; `wirelog key list` which one is in force).") \
	X(EAL_PERMISSION, 40, EX_NOPERM, "DPDK may not use hugepages or the device as this user.", "`wirelog doctor` says which and for whom, `wirelog tune` gives them to the unit's user; or set memory.hugepages: off.") \
	X(EAL_HUGEPAGES, 41, EX_UNAVAILABLE, "Hugepages were asked for and there are not enough.", "Reserve the number that the message names (`wirelog tune` does, also for the next boot), or set memory.hugepages: auto.") \
	X(EAL_DEVICE, 42, EX_UNAVAILABLE, "DPDK does not find or cannot start the device.", "Check its name or PCI address, and that it is bound to vfio-pci: `wirelog doctor` shows it, `wirelog tune` binds it.") \
	X(EAL_IN_USE, 39, EX_TEMPFAIL, "Another process uses the NIC.", "Stop it first (another wirelogd, a DPDK program): fuser -v /dev/vfio/*.") \
	X(EAL_IOMMU, 28, EX_UNAVAILABLE, "The NIC is bound to vfio-pci, and this machine has no IOMMU.", "Switch VT-d or AMD-Vi on in the firmware and boot with intel_iommu=on iommu=pt (AMD: iommu=pt).") \
	X(EAL_CORES, 43, EX_CONFIG, "A core named in the configuration does not exist or is not allowed here.", "Correct workers[].core: `wirelog doctor` shows which cores there are and which are isolated.") \
	X(EAL_FAILED, 44, EX_UNAVAILABLE, "DPDK could not be initialised.", "See DPDK's own line in the log; logging.level: debug shows all of them.") \
	X(STOP_OVERDUE, 56, EX_TEMPFAIL, "The node was asked to end and something hung, so it was ended: a device does not answer, or a thread stands still.", "Look at what the message names. Nothing that was acknowledged is lost; start it again when its device answers.") \
	X(FILE_LIMIT, 57, EX_CANTCREAT, "The process may not write files as large as a segment.", "Raise the limit of file sizes (ulimit -f, LimitFSIZE=infinity).") \
	X(PORT_ADDRESS, 45, EX_UNAVAILABLE, "A port's address is in use or not usable.", "Stop the other process, or give the port another socket path.") \
	X(PORT_PRIVILEGE, 46, EX_NOPERM, "This kind of port needs a privilege that the process lacks.", "Run as root or with CAP_NET_RAW (af_packet) or CAP_NET_ADMIN (af_xdp).") \
	X(PORT_MTU, 47, EX_CONFIG, "The link's MTU is smaller than the configured one.", "Lower network.mtu or raise the link's.") \
	X(MEMLOCK, 48, EX_NOPERM, "The locked-memory limit is too low.", "Raise it (ulimit -l, LimitMEMLOCK=; `wirelog doctor` shows the unit's) to the number that the message names, or set off what it names: log.registered_buffers, memory.locked.") \
	X(URING_UNAVAILABLE, 49, EX_UNAVAILABLE, "The kernel refuses io_uring.", "Set kernel.io_uring_disabled=0, allow it in the container's seccomp profile, or use a kernel of 5.15 or newer.") \
	X(URING_FAILED, 50, EX_IOERR, "An io_uring operation failed that wirelog needs.", "The message names it; kernel 5.15 or newer is needed.") \
	X(DUPLICATE_ID, 51, EX_CONFIG, "Two servers run under one node id. The one that was heard first stays; the other takes no part.", "Correct cluster.node on the server whose address the line not_believed names, and restart it there.") \
	X(RUN_DIRECTORY, 53, EX_CANTCREAT, "The run directory cannot be used.", "Make what the message names, and give the node's user the right to write there (systemd: RuntimeDirectory=), or set run_directory to another place.") \
	X(RUN_IN_USE, 54, EX_TEMPFAIL, "Another wirelogd uses this run directory.", "Stop it, or give this node a run_directory of its own.") \
	X(PEER_DIFFERS, 52, EX_CONFIG, "Two nodes were given different values of what must be equal on all nodes.", "Set the key that the line peer_differs names to one value in every node's file, and restart those that differed.") \
	/* storage */ \
	X(STORE_UNREADABLE, 60, EX_NOINPUT, "The data directory or device cannot be opened.", "Check the path and its permissions.") \
	X(STORE_ABSENT, 38, EX_UNAVAILABLE, "The drive that storage.path names is not there.", "Look at the name (ls -l /dev/disk/by-id) and whether the kernel sees the drive (lsblk). Below /dev no directory is ever made for data.") \
	X(STORE_OCCUPIED, 55, EX_CANTCREAT, "There are data already where a cluster's data are to be restored.", "Keep a copy of them if anybody may want them; then give storage.path an empty directory, or make the device empty with `wirelog format`.") \
	X(STORE_UNFINISHED, 79, EX_DATAERR, "A restore into these data was not finished: they are nobody's data yet.", "Ask `wirelog restore` again, with --yes: it begins anew. Or empty storage.path.") \
	X(STORE_IN_USE, 61, EX_TEMPFAIL, "Another process uses this data directory.", "Stop it first; the message names its process id where known.") \
	X(STORE_FOREIGN, 62, EX_DATAERR, "The data belongs to another cluster or node.", "Point storage.path at this node's own data, or at an empty directory.") \
	X(STORE_DAMAGED, 63, EX_DATAERR, "Data that was durable is damaged.", "Run `wirelog verify` on it. Do not delete it: keep a copy, then restore the node from its peers.") \
	X(STORE_NOT_OURS, 64, EX_DATAERR, "The directory or device holds something that is not wirelog's.", "Use an empty directory, or a device that `wirelog format` made empty.") \
	X(STORE_VERSION, 65, EX_PROTOCOL, "The data was written by an incompatible version.", "Use the version that wrote it.") \
	X(STORE_GEOMETRY, 66, EX_CONFIG, "Segment size, journal count or the list of nodes differ from what the data was made with.", "Set the values that the message names.") \
	X(STORE_FULL, 67, EX_CANTCREAT, "There is no room for the first segments.", "Free at least what the message names.") \
	X(STORE_NO_DIRECT, 68, EX_UNAVAILABLE, "The file system does not support direct I/O.", "Use ext4 or xfs on a real disk, not tmpfs or overlayfs.") \
	X(STORE_OLD_IMAGE, 70, EX_DATAERR, "The other nodes know a later start of this node than its data do: the data are an old copy.", "Start it again: it catches up from the others and has no vote until then. If the newer data still exist, put those back instead.") \
	X(NO_HISTORY, 71, EX_UNAVAILABLE, "The data of this node were never caught up with the cluster: it neither votes nor counts.", "Start all configured nodes: a new cluster begins when all are there, a new disk is taken in by a majority of the others. If a majority's disks are gone, bring one of them back.") \
	X(STORE_DIVERGED, 72, EX_DATAERR, "A leader contradicts records that this node holds as committed: there are two histories.", "Do not delete its data: keep a copy. Compare the chain values of all nodes (`wirelog verify`) to find which history is right. If the others' is, give this node an empty directory; if this one's is, stop the others first.") \
	X(STATE_DIVERGED, 74, EX_TEMPFAIL, "A node makes another table of sessions of the same records than the others.", "Restart the node that takes no part: its log is right, and the table is made anew from it. If it happens again, look at the memory of that machine.") \
	X(STORE_SHRUNK, 73, EX_DATAERR, "The device is smaller than when its data were made.", "Give it back the size that the message names. Nothing on it was changed.") \
	X(STORE_FAILED, 69, EX_IOERR, "A durable write failed; the node left the quorum.", "Replace the device; do not restart the node on it as if nothing had happened.") \
	X(SEGMENT_FAILED, 58, EX_IOERR, "A segment of the log cannot be made or opened, and not for want of room.", "Look at the device: the message has the system's word. Nothing was lost and no write failed; it is tried again by itself.") \
	X(DRIVE_SILENT, 59, EX_IOERR, "A durable write, or the segment that the next one needs, does not come back from the drive.", "Look at the drive and its path. The node waits; a leader gives leadership away.") \
	X(READ_FAILED, 77, EX_IOERR, "Data that was committed cannot be read from the drive.", "Look at the drive: the message has the system's word and the place. Readers are served by other nodes meanwhile; run `wirelog verify`.") \
	X(RECORD_FAILED, 78, EX_IOERR, "The superblock cannot be written: no vote of this node can be made durable, so it left the quorum.", "Replace the device, or free it; then start the node again.") \
	X(FEATURE_UNKNOWN, 92, EX_PROTOCOL, "The journal uses a feature that this build does not have: it was put in force for good when all nodes had it.", "Start a build that has what the message names (`wirelog upgrade` on another node lists who has what). The data are untouched, and a newer build goes on from them.") \
	/* the command */ \
	X(INPUT_MALFORMED, 80, EX_DATAERR, "The input is not of the declared format.", "See the message number and offset; check --format.") \
	X(INPUT_UNREADABLE, 81, EX_NOINPUT, "The input cannot be read.", "Check the path and its permissions.") \
	X(NOT_RUNNING, 82, EX_UNAVAILABLE, "No node answers on the stats socket.", "Start it, or name its run directory.") \
	X(DEMO_RUNNING, 83, EX_TEMPFAIL, "A demo cluster is already up.", "`wirelog demo stop` ends it.") \
	X(DEMO_FAILED, 84, EX_SOFTWARE, "A promise of the demo did not hold.", "The lines above say which; logs are in the directory that is named.") \
	X(OUTPUT_FAILED, 85, EX_IOERR, "A file cannot be written.", "Check the path, its permissions, and the space that is left.") \
	X(INTERRUPTED, 86, EX_TEMPFAIL, "A signal ended it before everything was done.", "Run it again for the rest; `wirelog append --skip` leaves out what is in the log.") \
	X(NOT_COMMITTED, 87, EX_TEMPFAIL, "The record is not committed, as far as the node knows.", "Ask again; `wirelog end` says how far the journal is.") \
	X(TIMES_FORGOTTEN, 88, EX_DATAERR, "The node does not have the times of that record any more.", "Ask sooner: a node keeps those of its newest entries, and of the slowest one of each second for longer.") \
	X(CAPTURE_RUNNING, 89, EX_TEMPFAIL, "The frames of this node are being captured: there is one capture at a time.", "Wait for its end, or end it: the node's log (`wirelog events`) says which process asked for it.") \
	X(KEY_READ_ONLY, 94, EX_NOPERM, "The key of this client gives the right to read, and not to append.", "Append with a key that gives it (`wirelog key give append`), or with the cluster's.") \
	X(NOT_ALLOWED, 93, EX_NOPERM, "This user, or this socket of the node, may not ask the node for that.", "Ask as the node's user or root (sudo -u). What changes something is asked at admin.sock, by the `wirelog` of the node's build; members of stats_group may ask what changes nothing.") \
	X(TUNE_REFUSED, 90, EX_UNAVAILABLE, "This host cannot be set up as the configuration wants it; nothing was changed.", "Mend what the lines name (`wirelog doctor` shows all of it), then run `wirelog tune` again.") \
	X(TUNE_FAILED, 91, EX_IOERR, "A change of the host failed; what was done before it was taken back.", "Mend what the message names, then run `wirelog tune` again; it is safe to run it as often as you like.") \
	X(INTERNAL, 99, EX_SOFTWARE, "wirelog found itself in an impossible state.", "Report it with the log; the data on disk is untouched.")
/* clang-format on */

enum wirelog_status {
#define WIRELOG_STATUS_ENUM(name, number, exit, cause, fix) WIRELOG_##name = -(number),
	WIRELOG_STATUS_LIST(WIRELOG_STATUS_ENUM)
#undef WIRELOG_STATUS_ENUM
};

#ifdef __cplusplus
extern "C" {
#endif

/* "NO_SPACE"; "UNKNOWN" for a number that is no code. Static text. */
const char *wirelog_status_name(int status);
const char *wirelog_status_cause(int status);
const char *wirelog_status_fix(int status);
/* The code of a name (with or without WIRELOG_, any case); 1 when there is none. */
int wirelog_status_by_name(const char *name);
/* How wirelogd and the wirelog command end with it: 0, or one of sysexits.h (64 to 78); docs/OPERATIONS.md has the table. */
int wirelog_status_exit_code(int status);

#ifdef __cplusplus
}
#endif

#endif
