/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libwirelog: append records to a replicated journal and read them back.
 *
 * One wirelog object belongs to one thread: none of these functions may be called on it by two threads at
 * once. The library makes no threads (DPDK itself has one or two for its interrupts, with memif: and dpdk:); everything
 * happens inside wirelog_poll, which never waits (wirelog_wait does). Nothing is allocated after wirelog_connect returned,
 * except that a member which the cluster names later needs a link of its own, where nodes are met by memif:. The DPDK
 * transport is a shared object of its own, libwirelog-dpdk.so.0: an application that uses udp: needs no DPDK.
 *
 * Callbacks run inside wirelog_poll. They may append, subscribe, unsubscribe, consume, commit and ask; they may not
 * poll, wait or close (poll and wait answer INVALID_ARGUMENT there).
 *
 *	struct wirelog_options options = WIRELOG_OPTIONS_DEFAULT;
 *	options.endpoints = "udp:192.0.2.11:7700,udp:192.0.2.12:7700";
 *	options.on_ack = on_ack;
 *	struct wirelog *log;
 *	int status = wirelog_connect(&log, &options);
 *	int64_t sequence = wirelog_append(log, bytes, size, NULL);
 *	while (wirelog_outstanding(log) != 0)
 *		wirelog_wait(log, 1000);
 *	wirelog_close(log);
 *
 * Exactly once: an append is sent again, with its session and sequence, until an answer comes or its
 * time is over, also to another leader after a failure; the cluster puts it into the
 * log at most once and answers with the first record number (Ongaro's thesis, section 6.3). An append that was answered
 * UNKNOWN_OUTCOME because its time was over is taken back at the cluster where that is still possible: it is in the
 * log by then, or the cluster uses up its sequence with an expired record; it does not appear much later. Appends behind it go on.
 */
#ifndef WIRELOG_WIRELOG_H
#define WIRELOG_WIRELOG_H

#include <stddef.h>
#include <stdint.h>

#include "wirelog/limits.h"
#include "wirelog/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wirelog;

/* How far a record must get before the answer. The order in the log and the rule of commit are the same for all. */
enum wirelog_level {
	WIRELOG_LEVEL_DEFAULT =
		0, /* stands for WIRELOG_COMMITTED, so that forgetting to ask is the safe choice */
	WIRELOG_SEQUENCED =
		1, /* in the leader's memory, its place is decided; may be lost with the leader */
	WIRELOG_RECEIVED = 2, /* in the memory of a majority */
	WIRELOG_COMMITTED = 3, /* durable on a majority: never lost */
	WIRELOG_EVERYWHERE = 4, /* durable on all voters */
};

struct wirelog_ack {
	int64_t sequence; /* what wirelog_append returned; readers see {session, sequence} with the record */
	/* Record number, dense from 1; 0 when status is not WIRELOG_OK. What is told at SEQUENCED or RECEIVED is the number
	 * that the record has in its leader's log: when that leader is lost before the record is committed, the record may be
	 * lost with it, and the same number be given to another one. From COMMITTED on it is the record's for good. */
	uint64_t number;
	/* Leader's wall clock when it sequenced the entry, UNIX nanoseconds. 0: this answer was given before, got lost, and the
	 * time is not at hand any more (65,536 entries later, or of an expired record); the record carries it. */
	uint64_t timestamp_ns;
	/* WIRELOG_OK: in the log, at `level`. EXPIRED: not in the log, and never will be. FENCED: likewise, somebody asked what became
	 * of it and had its sequence spent (wirelog_ask_outcome). NO_SPACE, RECORD_TOO_LARGE: refused, not
	 * in the log. NOT_CONNECTED, NO_LEADER: append_timeout_ns passed before it could be sent, because nobody answered, or
	 * nobody led; not in the log. UNKNOWN_OUTCOME: it was sent, and append_timeout_ns passed without an answer, the
	 * session was lost, or a fence in this session had the answer forgotten before it came; it may be in the log. */
	int status;
	enum wirelog_level level; /* reached */
	void *tag; /* of the append */
	uint64_t session; /* 0: none was opened yet */
	/*
	 * Where its time went, of answers that the cluster gave; else 0. queue_ns from wirelog_append (in a callback: from the begin of the
	 * turn, wirelog_poll) until it left in a frame for the first time, trip_ns from there until the turn began that found its
	 * answer: together never more than an application's own clock says. Of the trip, node_ns at the leader, from the turn in which it came to the one in which the answer left (0: it did not say: an
	 * answer that was lost and is given again). The rest of the trip is the wire, both ways, and what was lost on it.
	 */
	uint64_t queue_ns, trip_ns, node_ns;
};

struct wirelog_record {
	uint64_t number;
	uint64_t timestamp_ns;
	uint64_t session; /* who appended it, and which of its appends it was */
	uint64_t sequence;
	const void *bytes; /* valid during the callback only */
	size_t size;
};

enum wirelog_event_kind {
	WIRELOG_EVENT_CONNECTED =
		1, /* a leader is known and a session is open (after the first append); or, after DISCONNECTED, a node answers again */
	/* No node answers for a second; appends are kept and sent again. status: NOT_CONNECTED, or KEY_REFUSED: nodes say that our key
	 * was replaced. All goes on as soon as key_file holds the new one. */
	WIRELOG_EVENT_DISCONNECTED,
	WIRELOG_EVENT_NEW_LEADER, /* node, term; once for each leadership that we hear of */
	/* Records [first_number, next_number) cannot be delivered: status says why. Delivery goes on at next_number by itself.
	 * TRIMMED: they were given up by `wirelog trim` or by retention. Told where the node that we read from has given them
	 * up; each does so by whole segments and in its own time, so what is below a trim may be read for a while.
	 * LOST: by no node.
	 * RESCUED: a majority of the nodes was lost, and an operator went on with what was left: records may have been acknowledged under
	 * these numbers, and are gone. No other record will ever have one of them. */
	WIRELOG_EVENT_GAP,
	/* status: LOST (all nodes that answered within 10 s have it damaged, the others might not), TOO_MANY_CLIENTS (no node
	 * can serve it, and one that might have it has no place), NOT_CONNECTED (10 s without an answer). Subscribe again at
	 * next_number; 0 where the first number was not known yet. A node that fails is left for another without a word.
	 * Of a consumer whose checkpoint could not be taken: CHECKPOINT_DROPPED (it was to be there and is not), TOO_MANY_CONSUMERS,
	 * NO_SPACE (none can be made while the log is full: 2 s), NO_LEADER or NOT_CONNECTED (10 s without an answer). */
	WIRELOG_EVENT_SUBSCRIPTION_ENDED,
	/* The cluster forgot the session: it had more than it remembers, or lost its data. Comes before the answers:
	 * every outstanding append gets UNKNOWN_OUTCOME. The next append opens a new session, whose sequences begin at 1. */
	WIRELOG_EVENT_SESSION_LOST,
	/* status PATH_MTU: full frames do not pass between us and `node`; mtu_to and mtu_from say what does, to it and from it. Frames
	 * of that size are used, and all goes on. Below 1280 nothing but the shortest messages passes, and it does not. Told again when
	 * the sizes change; status OK: full frames pass again. Known within seconds where we append to the node or read from it. */
	WIRELOG_EVENT_PATH_MTU,
	/* What became of a consumer's checkpoint (wirelog_consume); made: which one it is.
	 *   OK                  next_number: where it is, durable on a majority. It was taken, and records come from there on; or a
	 *                       wirelog_commit has taken effect.
	 *   CHECKPOINT_DROPPED  it is not there any more: it held back more than retention.hold and gave way, or was deleted. Records that
	 *                       were not consumed may be gone: those come as a gap, TRIMMED. Delivery goes on without a checkpoint, and
	 *                       wirelog_commit is refused; wirelog_consume makes a new one. first_number: where it was, as far as we
	 *                       know.
	 *   UNKNOWN_OUTCOME     the subscription ended or was replaced, and that [first_number, next_number) was committed by the
	 *                       application is not confirmed: who consumes next may be given those records again. */
	WIRELOG_EVENT_CHECKPOINT,
	/* What wirelog_ask_end asked. `question` names it; OK: `number` is that of the last record that was committed when it was asked, or
	 * of a later one; 0: there is none. NOT_CONNECTED, NO_LEADER: append_timeout_ns passed. */
	WIRELOG_EVENT_END,
	/* What wirelog_ask_outcome asked. `question` names it; session, sequence. OK: `fate`, and `number` of what is committed. NOT_CONNECTED,
	 * NO_LEADER: append_timeout_ns passed, and a fence may have been committed: ask again. Of a fence NO_SPACE: none can be
	 * committed while the log is full; INVALID_ARGUMENT: the session is more than a million sequences behind that one. */
	WIRELOG_EVENT_OUTCOME,
	/* What wirelog_ask_status asked. `question` names it; OK: `node` has said text_bytes bytes. NOT_CONNECTED: append_timeout_ns passed. */
	WIRELOG_EVENT_STATUS,
};

/* What became of an append. COMMITTED, NEVER and EXPIRED are for good: whoever is asked later says the same, or UNKNOWN. */
enum wirelog_fate {
	WIRELOG_FATE_COMMITTED = 1, /* in the log, under `number` */
	WIRELOG_FATE_NEVER =
		2, /* not in the log, and it never will be: a fence has spent its sequence */
	WIRELOG_FATE_EXPIRED = 3, /* likewise: its not_after passed */
	/* Neither: it may be on its way, and be committed later. Only a fence makes it certain. */
	WIRELOG_FATE_PENDING = 4,
	/* The session is not known (any more), or has so many appends behind this one that what became of it was forgotten. The log knows: a
	 * record carries its session and sequence. */
	WIRELOG_FATE_UNKNOWN = 5,
};

struct wirelog_event {
	enum wirelog_event_kind kind;
	uint32_t node;
	uint64_t term;
	uint64_t first_number, next_number;
	int status;
	uint32_t mtu_to, mtu_from; /* PATH_MTU only: bytes of the largest IP packets that pass */
	uint64_t made; /* CHECKPOINT only: index of the entry that made it; 0: there is none */
	int64_t question; /* END, OUTCOME, STATUS: as wirelog_ask_end, .._outcome, .._status returned it */
	uint64_t number; /* END, OUTCOME */
	enum wirelog_fate fate; /* OUTCOME with status OK */
	uint64_t session, sequence; /* OUTCOME */
	size_t text_bytes; /* STATUS: without the 0 behind them */
};

/* Begin with WIRELOG_OPTIONS_DEFAULT. Members are only ever added at the end. */
struct wirelog_options {
	size_t size; /* of this structure as the application knows it, in bytes: an older library takes what it knows */
	/* Comma separated, at most 16; one is enough, the others are learned. ADDRESS is an IPv4 address:
	 *   udp:ADDRESS:PORT       a kernel socket
	 *   memif:SOCKET-PATH      shared memory with a node on this machine ('@name' = abstract socket)
	 *   dpdk:ADDRESS:PORT      a DPDK port of our own; see eal and link */
	const char *endpoints;
	/* The cluster's key, or one that was given of it to append or to read (`wirelog key give`); NULL with insecure = 1 only. While one key takes the place of another it holds both, the older first; it is looked
	 * at once a second, and read again when another file stands there (docs/OPERATIONS.md, "Rotate the key"). */
	const char *key_file;
	int insecure; /* laboratory: frames are not authenticated */
	const char *cluster; /* UUID text */
	uint32_t journal;
	uint32_t node; /* 0: any; otherwise read from this node only, and connect waits for it. Appends find the leader anyway */
	uint32_t outstanding_max; /* appends without an answer; a power of two, at most 1 Mi */
	uint32_t outstanding_bytes_max; /* their payloads together: memory that connect allocates; 4 KiB to 1 GiB */
	uint64_t append_timeout_ns; /* then UNKNOWN_OUTCOME */
	uint64_t connect_timeout_ns; /* wirelog_connect gives up */
	uint32_t reader_window_bytes; /* flow control of one subscription */
	const char *eal; /* extra EAL arguments of dpdk: and memif: transports, or NULL */
	/* Our own end. dpdk: the port, e.g. "pci=0000:01:00.0,ipv4=192.0.2.20"; pci=, af_packet=, af_xdp= or eal=, then
	 * ipv4=, gateway=. Everywhere: port=N (of ours), mtu=N (default 1500; memif: as the node has it). */
	const char *link;
	void (*on_ack)(void *context, const struct wirelog_ack *ack);
	void (*on_record)(void *context, const struct wirelog_record *record);
	void (*on_event)(void *context, const struct wirelog_event *event);
	void *context;
};

/* Every other member 0 means its default: 4096 appends, 16 MiB, 10 s, 5 s, 1 MiB. */
#ifdef __cplusplus
static inline struct wirelog_options wirelog_options_default(void)
{
	struct wirelog_options options = {};

	options.size = sizeof(options);
	return options;
}
#define WIRELOG_OPTIONS_DEFAULT wirelog_options_default()
#else
#define WIRELOG_OPTIONS_DEFAULT                         \
	{                                               \
		.size = sizeof(struct wirelog_options), \
	}
#endif

struct wirelog_append_options {
	enum wirelog_level level;
	uint64_t not_after_ns; /* UNIX time, by the clock that stamps records; 0 never expires */
	void *tag; /* comes back in the ack */
};

/* Waits until a node answered (at most connect_timeout_ns); no session is opened until the first append. 0 or a negative
 * enum wirelog_status: INVALID_ARGUMENT, KEY_MISSING, KEY_UNSAFE, NO_MEMORY, PORT_*, EAL_*, NOT_CONNECTED, AUTH_FAILED,
 * VERSION_MISMATCH, TOO_MANY_CLIENTS, JOURNAL_ELSEWHERE, JOURNAL_UNKNOWN; *log is NULL on failure, and wirelog_last_reason says more. The options and their texts are copied or
 * not needed any more when it returns. */
int wirelog_connect(struct wirelog **log, const struct wirelog_options *options);
/* The sentence that belongs to the last failure of connect in this thread; "" after a success. Static text. */
const char *wirelog_last_reason(void);
/* Flushes nothing, waits for nothing: outstanding appends are forgotten here, not in the cluster; no callback is called. A commit that is
 * not confirmed is said once more, and nobody hears what came of it: ask wirelog_get_consumer before. NULL is allowed. */
void wirelog_close(struct wirelog *log);

/* Copies the record. Returns its sequence (> 0; 1, 2, 3, ... within a session) or BACK_PRESSURE, RECORD_EMPTY,
 * RECORD_TOO_LARGE, CLOSED, INVALID_ARGUMENT, KEY_READ_ONLY: then there is nothing to wait for. Every sequence has exactly one on_ack, also
 * while nothing is connected (append_timeout_ns). options NULL: committed, never expires. Sent at the next poll, or when a frame
 * is full. Records of one object enter the log in the order of their sequences. */
int64_t wirelog_append(struct wirelog *log, const void *bytes, size_t size,
		       const struct wirelog_append_options *options);
/* Appends whose on_ack has not been called. */
uint32_t wirelog_outstanding(const struct wirelog *log);

enum wirelog_from { WIRELOG_FROM_NUMBER = 1, WIRELOG_FROM_TIME = 2, WIRELOG_FROM_NOW = 3 };
/* One subscription per wirelog object and time: a second one replaces it. `value`: record number (0 is 1), or UNIX ns, or
 * ignored. NOW is behind what the node that serves the subscription knows to be committed: a node that has just started,
 * or lags, begins with records that were acknowledged a little earlier. Delivered are committed records, each once, in the order of their numbers. 0 or INVALID_ARGUMENT. */
int wirelog_subscribe(struct wirelog *log, enum wirelog_from from, uint64_t value);
/* Of a consumer: what was committed and not confirmed yet is said until it is, for append_timeout_ns at most; CHECKPOINT tells which. */
void wirelog_unsubscribe(struct wirelog *log);

/*
 * Where a reader stands, for an application that keeps its place itself: copied with wirelog_get_cursor, written down with what it made of
 * the records, and handed back. A number alone says too little: the data of a cluster may have been set back to an older copy, or be of another
 * history, and other records stand under its numbers then. So a cursor names the history, and the chain value of the log behind what was
 * read; a node that has another value there refuses, and the subscription ends with OTHER_HISTORY or DIVERGED instead of going on in
 * another past. The library does the same by itself whenever it goes from one node to another.
 *
 * Compared is what the node still has: where it has given up what was read (TRIMMED), or a rescue has lost it (RESCUED, told as a gap), the
 * history alone is. Where the node has not come to it yet, the reader waits.
 *
 *	struct wirelog_cursor cursor = WIRELOG_CURSOR_DEFAULT;
 *	wirelog_get_cursor(log, &cursor);
 *	... later, elsewhere ...
 *	wirelog_subscribe_at(log, &cursor);
 */
struct wirelog_cursor {
	size_t size; /* of this structure as the application knows it */
	uint64_t history; /* 0: not known, any */
	uint64_t next_number; /* first record that was not delivered; 0: not known yet */
	uint64_t known_number; /* newest record below it whose chain value is known: the last one of a frame. 0: none */
	uint64_t known_chain; /* chain value behind the entry that holds that record */
};
#ifdef __cplusplus
static inline struct wirelog_cursor wirelog_cursor_default(void)
{
	struct wirelog_cursor cursor = {};

	cursor.size = sizeof(cursor);
	return cursor;
}
#define WIRELOG_CURSOR_DEFAULT wirelog_cursor_default()
#else
#define WIRELOG_CURSOR_DEFAULT                         \
	{                                              \
		.size = sizeof(struct wirelog_cursor), \
	}
#endif
/* Where the subscription stands, also one that has ended; within on_record: behind that record. Sends nothing. 0; INVALID_ARGUMENT: `size` is none. */
int wirelog_get_cursor(const struct wirelog *log, struct wirelog_cursor *cursor);
/* As wirelog_subscribe from cursor->next_number (0 is 1), where the node's past is the cursor's. 0 or INVALID_ARGUMENT. */
int wirelog_subscribe_at(struct wirelog *log, const struct wirelog_cursor *cursor);

/*
 * Consumers. A name has a checkpoint in the cluster: the first record that it has not consumed. The cluster keeps all from there on (up to
 * retention.hold bytes of what retention would trim), wherever the application runs and whether it runs, and the next one that consumes under
 * the name begins there. A name is 1 to 31 of A-Z a-z 0-9 . _ -, of one journal; there are 64 at most. One application at a time is
 * meant to consume under a name; if there are two, each is given the records, and the checkpoint is the higher one.
 *
 * At least once: records behind the checkpoint are delivered again after a crash, so the application's own effects belong into the
 * same transaction as the number, or bear repetition. The checkpoint never goes back, and what a CHECKPOINT event confirmed is not
 * delivered again to anyone who begins at it.
 *
 *	wirelog_consume(log, "risk", NULL);
 *	on_record:	... work ...	wirelog_commit(log, record->number + 1);
 *
 * Committing each record costs nothing: only the last number counts, and it is said to the cluster once in commit_interval_ns, one
 * question at a time. The cluster itself makes at most 20 entries a second of one name.
 */
struct wirelog_consumer_options {
	size_t size; /* of this structure as the application knows it */
	/* Where a checkpoint that is not there yet begins: 0 or WIRELOG_FROM_NUMBER: at `value`, or the first record that is kept if that is
	 * higher; WIRELOG_FROM_NOW: behind what is committed. One that is there is taken where it is. */
	enum wirelog_from from;
	uint64_t value;
	int existing; /* 1: it is not made: SUBSCRIPTION_ENDED with CHECKPOINT_DROPPED where it is not there */
	uint64_t commit_interval_ns; /* 0: 100 ms; 1 ms to 1 h */
};
#ifdef __cplusplus
static inline struct wirelog_consumer_options wirelog_consumer_options_default(void)
{
	struct wirelog_consumer_options options = {};

	options.size = sizeof(options);
	return options;
}
#define WIRELOG_CONSUMER_OPTIONS_DEFAULT wirelog_consumer_options_default()
#else
#define WIRELOG_CONSUMER_OPTIONS_DEFAULT                         \
	{                                                        \
		.size = sizeof(struct wirelog_consumer_options), \
	}
#endif
/* Subscribes under a name, in the place of the subscription that is there. The checkpoint is taken first, through the log (one small
 * entry): so it is not older than any that was ever confirmed. CHECKPOINT tells where; then records come. 0 or INVALID_ARGUMENT.
 * options NULL: defaults. */
int wirelog_consume(struct wirelog *log, const char *name,
		    const struct wirelog_consumer_options *options);
/* All below `next_number` is consumed. Never waits; CHECKPOINT tells when the cluster has it, or has a later one. Not above the number behind
 * the last record that was delivered, or told as a gap. One that is below what was committed before changes nothing.
 * 0; INVALID_ARGUMENT: above that, or nobody consumes here; CHECKPOINT_DROPPED. */
int wirelog_commit(struct wirelog *log, uint64_t next_number);

struct wirelog_consumer {
	uint64_t checkpoint; /* confirmed; 0: not taken yet, or dropped */
	uint64_t committed; /* by the application; above `checkpoint`: not confirmed yet. 0: nothing was */
	uint64_t made; /* which checkpoint it is: index of the entry that made it; 0 as above */
};
/* What is known now; sends nothing. Who wants to end with everything confirmed unsubscribes and polls until committed <= checkpoint, or
 * CHECKPOINT says otherwise. */
void wirelog_get_consumer(const struct wirelog *log, struct wirelog_consumer *consumer);

/*
 * Questions to the journal. Each has exactly one event, within append_timeout_ns, and costs no entry in the log (a fence costs one). 16 may be
 * open at a time. They return what the event will name (> 0), or BACK_PRESSURE, INVALID_ARGUMENT; wirelog_ask_outcome KEY_READ_ONLY, too.
 *
 * How far is it? The answer (END) is linearizable: no record whose append was answered at COMMITTED before this call, to anybody, has a higher
 * number. Any node may be asked (options.node; else the leader is): one that does not lead asks the leader, and that one makes sure of a majority,
 * so it takes about two of their round trips. wirelog_get_position says what was heard by chance, and asks nobody.
 */
int64_t wirelog_ask_end(struct wirelog *log);
/*
 * What became of an append, by anybody, also of an application that is gone? Of its session (wirelog_ack, wirelog_position) and sequence;
 * so an application that wants to know after a crash writes both down before it appends: wirelog_open_session, then appends count from 1.
 *
 *	fence 0		OUTCOME says how it stands; PENDING may change at any time
 *	fence 1		what is not committed by then never will be: an entry spends the session's sequences up to that one, so a copy
 *			that comes late is refused (FENCED), and OUTCOME is not PENDING. For who took over from an application that is gone:
 *			one that still runs gets FENCED for all that it has on its way up to there, or UNKNOWN_OUTCOME for the
 *			oldest of what was in the log and not answered yet.
 */
int64_t wirelog_ask_outcome(struct wirelog *log, uint64_t session, uint64_t sequence, int fence);
/*
 * What a node says of itself now: who it is, its journals with their members, its health, as JSON (docs/OPERATIONS.md, "The cluster from
 * anywhere"). Each answers for itself; node 0: whoever answers first. `text` is of at least WIRELOG_STATUS_TEXT_BYTES bytes, and the
 * library's until STATUS comes, which ends it with a 0; it is empty where nobody answered. Needs no majority, and costs the journal nothing.
 * At most 8 at a time, beside the other questions: BACK_PRESSURE. A node that is not reached yet is asked when it is.
 */
int64_t wirelog_ask_status(struct wirelog *log, uint32_t node, char *text, size_t text_bytes);
/* Opens the session now, not at the first append: CONNECTED tells when it is there, wirelog_position.session its number. 0, where one is
 * open, too; or KEY_READ_ONLY. */
int wirelog_open_session(struct wirelog *log);

/* Sends, receives, calls back. Returns how much it did (0: idle), or a negative code when closed. Never waits. */
int wirelog_poll(struct wirelog *log);
/* Polls; when idle lets the CPU go and polls again, up to timeout_us. udp: sleeps until something comes; memif and dpdk:
 * spins shortly, then yields, then sleeps in steps. Returns as wirelog_poll. */
int wirelog_wait(struct wirelog *log, uint32_t timeout_us);

struct wirelog_position {
	uint32_t node; /* that we read from; else that was asked for, the leader, or any that answers */
	uint32_t leader; /* 0: not known */
	uint64_t term;
	uint64_t session; /* 0: none yet */
	uint64_t commit_number; /* last record known committed, by any node that spoke to us; may be some time behind */
	uint64_t first_number; /* first that `node` has; what is before it is told as a gap, TRIMMED */
	uint32_t record_bytes_max;
	/* Which history of the journal `node` serves; 0: not known. Numbers are of one: it is another one where an operator went on after a
	 * majority was lost (WIRELOG_RESCUED), or began anew. */
	uint64_t history;
};
/* What is known now; sends nothing. */
void wirelog_get_position(const struct wirelog *log, struct wirelog_position *position);

#ifdef __cplusplus
}
#endif
#endif
