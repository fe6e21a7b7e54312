/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of messages, continued: the fields of what clients say to nodes and are told by them. Rows, layouts and how a list
 * is written: messages.h, which is the one to include.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_MESSAGES_CLIENT_H
#define WL_DATAPLANE_WIRE_MESSAGES_CLIENT_H

/* clang-format off */

#define WL_WIRE_FIELDS_open_session(F, ZERO, RULE) \
	F(u64, nonce, id, NOT_0, "names the request")

#define WL_WIRE_FIELDS_open_session_reply(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "of the request") \
	F(i32, status, status, NOT_ABOVE_0, "") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), "0: not known") \
	F(u64, session, id, ANY, "0 unless OK")

#define WL_WIRE_FIELDS_record(F, ZERO, RULE) \
	F(u32, bytes, bytes, NOT_0, "") \
	F(u8, level, level, IN(1, 4), "the client has put the default's place") \
	ZERO(3) \
	F(u64, not_after_ns, ns, ANY, "0: never expires") \
	F(rest, payload, bytes, ANY, "")

#define WL_WIRE_FIELDS_client_append(F, ZERO, RULE) \
	F(u64, session, id, NOT_0, "") \
	F(u64, first_sequence, sequence, NOT_0, "") \
	F(u64, acknowledged_through, sequence, ANY, \
	  "the client has an answer for each sequence up to here") \
	F(u32, record_count, count, NOT_0, "") \
	F(u32, fragment_offset, bytes, ANY, "of the payload") \
	F(u32, record_bytes, bytes, TO(WIRELOG_RECORD_BYTES_MAX), \
	  "of the payload of the fragmented record; 0: whole records") \
	F(u32, bytes, bytes, ANY, "that follow, exactly") \
	F(u64, term, term, ANY, \
	  "in which the receiver leads, as the client knows it: a leader of another term takes " \
	  "nothing of it (NOT_LEADER); 0: in whichever it leads, for who does not need to know " \
	  "that a refusal is for good") \
	F(rest, records, bytes, ANY, "with consecutive sequences, unpadded, each as below") \
	RULE(m->first_sequence <= UINT64_MAX - m->record_count, "the sequences do not wrap")

/* A run of sequences that met one fate. */
#define WL_WIRE_FIELDS_append_result(F, ZERO, RULE) \
	F(u64, first_sequence, sequence, NOT_0, "of a run of sequences with one fate") \
	F(u64, first_number, number, ANY, \
	  "with OUT_OF_ORDER the sequence that is wanted next; 0 where nothing was appended") \
	F(u64, timestamp_ns, ns, ANY, \
	  "of the entry; 0 in an answer that is given again when it is not at hand any more") \
	F(u32, count, count, NOT_0, "") \
	F(i16, status, status, NOT_ABOVE_0, "") \
	F(u8, level, level, TO(4), "that was reached") \
	ZERO(1) \
	F(u64, dwell_ns, ns, ANY, \
	  "from the turn in which they came to the one in which this leaves; 0 where it is not known: " \
	  "of an answer that is given again, of a refusal") \
	RULE(m->first_sequence <= UINT64_MAX - m->count, "the run does not wrap")

#define WL_WIRE_FIELDS_append_reply(F, ZERO, RULE) \
	F(u64, session, id, ANY, "") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), \
	  "as the answering node knows it; 0: not known") \
	F(u32, result_count, count, ANY, "") \
	F(u64, term, term, ANY, "of the answering node") \
	F(u64, frame, sequence, ANY, \
	  "of the header of the CLIENT_APPEND that is answered; 0: what had waited for its " \
	  "level") \
	F(rest, results, bytes, ANY, "so many, each as below")

#define WL_WIRE_FIELDS_subscribe(F, ZERO, RULE) \
	F(u64, subscription, id, ANY, "the client's own") \
	F(u32, from, choice, IN(WL_WIRE_FROM_NUMBER, WL_WIRE_FROM_NOW), \
	  "1: number, 2: time (first record with timestamp_ns >= value), 3: now") \
	F(u32, credit_bytes, bytes, ANY, "payload that may be in flight") \
	F(u64, value, number, ANY, "number or time") \
	F(u64, history_id, id, ANY, \
	  "that the number is of: another one than the node's, and than the one that a rescue ended " \
	  "before it, is refused (OTHER_HISTORY); 0: any") \
	F(u64, known_number, number, ANY, \
	  "of a record that the reader was given, before `value`: the newest one whose chain value it " \
	  "was told; 0: none") \
	F(u64, known_chain, id, ANY, \
	  "chain value behind the entry that holds that record: another one than the node's is refused " \
	  "(DIVERGED)") \
	RULE(m->known_number == 0 || (m->from == WL_WIRE_FROM_NUMBER && m->known_number < m->value), \
	     "a record that is known stands before the number that is asked for") \
	RULE(m->known_number != 0 || m->known_chain == 0, \
	     "there is no `known_chain` without `known_number`")

/* It also keeps the subscription alive. */
#define WL_WIRE_FIELDS_credit(F, ZERO, RULE) \
	F(u64, subscription, id, ANY, "") \
	F(u64, next_number, number, ANY, "all below are consumed") \
	F(u32, credit_bytes, bytes, ANY, "from there on") \
	F(u32, resend, flag, TO(1), "something was lost: send again from next_number")

#define WL_WIRE_FIELDS_unsubscribe(F, ZERO, RULE) \
	F(u64, subscription, id, ANY, "")

#define WL_WIRE_FIELDS_delivered_record(F, ZERO, RULE) \
	F(u32, bytes, bytes, NOT_0, "") \
	ZERO(4) \
	F(u64, timestamp_ns, ns, ANY, "") \
	F(u64, session, id, ANY, "") \
	F(u64, sequence, sequence, ANY, "") \
	F(rest, payload, bytes, ANY, "")

#define WL_WIRE_FIELDS_deliver(F, ZERO, RULE) \
	F(u64, subscription, id, ANY, "") \
	F(u64, first_number, number, ANY, "") \
	F(u64, commit_number, number, ANY, "last committed record known at this node") \
	F(u32, record_count, count, ANY, "") \
	F(u32, fragment_offset, bytes, ANY, "of the payload") \
	F(u32, record_bytes, bytes, TO(WIRELOG_RECORD_BYTES_MAX), \
	  "of the payload of the fragmented record; 0: whole records") \
	F(u32, bytes, bytes, ANY, "that follow, exactly") \
	F(u64, chain, id, ANY, "value behind the entry that holds the last record here; 0: no records") \
	F(rest, records, bytes, ANY, "committed, in order, each as below") \
	RULE(m->first_number <= UINT64_MAX - m->record_count, "the numbers do not wrap")

#define WL_WIRE_FIELDS_gap(F, ZERO, RULE) \
	F(u64, subscription, id, ANY, "") \
	F(u64, first_number, number, ANY, "missing from here ...; at an end: where the reader last said that it stands, 0 if it never did") \
	F(u64, next_number, number, ANY, "... to before here; 0: the subscription is over") \
	F(i32, status, status, NOT_ABOVE_0, \
	  "TRIMMED, LOST, RESCUED, SLOW_READER, TOO_MANY_CLIENTS, OTHER_HISTORY, NO_HISTORY, DIVERGED") \
	ZERO(4)

/* Of the checkpoint of one consumer (dataplane/state/consumers.h), to the leader. */
#define WL_WIRE_FIELDS_consumer_ask(F, ZERO, RULE) \
	F(u64, nonce, id, NOT_0, "names the question, also when it is put again") \
	F(u32, verb, choice, IN(WL_WIRE_CONSUMER_TAKE, WL_WIRE_CONSUMER_LAST), \
	  "1: where does it stand? Answered when an entry was committed behind the question. 2: " \
	  "move it. 3: is it still there, as far as the leader knows?") \
	F(u32, existing, flag, TO(1), "1: it is not made where it is not there. Else 0") \
	F(u64, number, number, ANY, \
	  "1: where one that is made begins, no later than behind the last record; 2: the first " \
	  "record that is not consumed. Else 0") \
	F(u64, made, index, ANY, "2, 3: of the entry that made the checkpoint which is meant. Else 0") \
	F(label, name, text, ANY, "of the consumer, as in PROPOSE") \
	RULE(m->name[0] != 0, "a consumer has a name") \
	RULE((m->made == 0) == (m->verb == WL_WIRE_CONSUMER_TAKE), \
	     "`made` is 0 where a checkpoint is taken, and only there") \
	RULE(m->existing == 0 || m->verb == WL_WIRE_CONSUMER_TAKE, \
	     "`existing` is for taking a checkpoint alone") \
	RULE(m->number == 0 || m->verb != WL_WIRE_CONSUMER_LOOK, \
	     "`number` is 0 where one only looks") \
	RULE(m->number != 0 || m->verb != WL_WIRE_CONSUMER_MOVE, \
	     "`number` is not 0 where a checkpoint is moved")

#define WL_WIRE_FIELDS_consumer_reply(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "of the question") \
	F(i32, status, status, NOT_ABOVE_0, \
	  "CHECKPOINT_DROPPED: that one is not there (any more); TOO_MANY_CONSUMERS: there is no " \
	  "place for one more; NO_SPACE: not while the log is full; NOT_LEADER") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), "0: not known") \
	F(u64, number, number, ANY, "its checkpoint, committed; 0 unless OK") \
	F(u64, made, index, ANY, "of the entry that made it; 0 unless OK") \
	RULE((m->status == 0) == (m->made != 0), "`made` is told with OK, and only then") \
	RULE((m->status == 0) == (m->number != 0), "`number` likewise")

/* To any node. */
#define WL_WIRE_FIELDS_end_ask(F, ZERO, RULE) \
	F(u64, nonce, id, NOT_0, "names the question, also when it is put again")

#define WL_WIRE_FIELDS_end_reply(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "of the question") \
	F(i32, status, status, NOT_ABOVE_0, "NOT_LEADER: nobody leads, as far as this node knows; BACK_PRESSURE") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), "0: not known") \
	F(u64, number, number, ANY, \
	  "of the last record that was committed when the question came, or a later one; 0 unless " \
	  "OK, or there is none") \
	RULE(m->status == 0 || m->number == 0, "`number` is told with OK only")

/* To the leader. */
#define WL_WIRE_FIELDS_outcome_ask(F, ZERO, RULE) \
	F(u64, nonce, id, NOT_0, "names the question, also when it is put again") \
	F(u64, session, id, NOT_0, "") \
	F(u64, sequence, sequence, NOT_0, "of the append in question") \
	F(u32, fence, flag, TO(1), \
	  "1: where it is not in the log, the session's sequences up to it are spent, and it never " \
	  "will be") \
	ZERO(4)

#define WL_WIRE_FIELDS_outcome_reply(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "of the question") \
	F(i32, status, status, NOT_ABOVE_0, \
	  "NOT_LEADER; BACK_PRESSURE; of a fence NO_SPACE, or INVALID_ARGUMENT: so far ahead of the " \
	  "session that it was never sent") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), "0: not known") \
	F(u32, fate, choice, TO(WL_WIRE_FATE_LAST), \
	  "1: committed; 2: never, a fence spent its sequence; 3: never, it expired; 4: pending, it " \
	  "may still come; 5: unknown, the session was forgotten, or what became of so old an " \
	  "append; 0 unless OK") \
	ZERO(4) \
	F(u64, number, number, ANY, "of the record; 0 unless committed") \
	RULE((m->status == 0) == (m->fate != 0), "`fate` is told with OK, and only then") \
	RULE((m->fate == WL_WIRE_FATE_COMMITTED) == (m->number != 0), \
	     "`number` is told of what is committed, and only then")

/* clang-format on */

#endif
