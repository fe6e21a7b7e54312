/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of messages: who says what to whom, and which fields it has. What the house knows of a
 * message comes from here: its number, struct, encoder and decoder (wire.h), whether a frame of it
 * is let in (transport/rx.c, client/channel.c), who serves it (worker/worker_dispatch.c), its text
 * in traces, its seed for fuzzers, its rows in docs/WIRE.md (scripts/wire-page). What the table does
 * not say, lists behind a fixed part, is written out in wire.c, wire_peer.c and wire_client.c.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_MESSAGES_H
#define WL_DATAPLANE_WIRE_MESSAGES_H

#include "dataplane/wire/messages_client.h"

/* clang-format off */

/*
 * M(NAME, name, number, layout, from, to, right, served by, answered by)
 *
 *   from, to    NODE, CLIENT, ANY of both
 *   right       that the key of its sender gives at least (base/keys.h): READ, APPEND, CLUSTER
 *   served by   at a node: the `worker` itself; the `replica` or the client `service` of the
 *               header's journal; `control`, which decodes it; `nobody`, for it is said to clients
 *               alone. Who serves has a function of the message's name: without it nothing links.
 */
#define WL_WIRE_MESSAGES(M) \
	M(HELLO, hello, 1, hello, ANY, NODE, READ, worker, "2") \
	M(HELLO_REPLY, hello_reply, 2, hello_reply, NODE, ANY, CLUSTER, worker, "") \
	M(GREETING, greeting, 3, greeting, NODE, NODE, CLUSTER, worker, "3, when it was the first") \
	M(PATH_PROBE, path_probe, 4, path_probe, ANY, NODE, READ, worker, "5") \
	M(PATH_ECHO, path_echo, 5, path_echo, NODE, ANY, CLUSTER, worker, "") \
	M(BUILD, build, 6, build, NODE, NODE, CLUSTER, worker, "6, until each has seen the other's") \
	M(STATUS_ASK, status_ask, 7, status_ask, ANY, NODE, READ, worker, "8, when the node has looked at itself") \
	M(STATUS_PART, status_part, 8, status_part, NODE, ANY, CLUSTER, worker, "7, for what follows") \
	M(APPEND, append, 10, append, NODE, NODE, CLUSTER, replica, \
	  "11; nothing when `sent_ns` is 0 and there are no bytes") \
	M(APPEND_ACK, append_ack, 11, append_ack, NODE, NODE, CLUSTER, replica, "") \
	M(CHAIN, chain, 12, chain, NODE, NODE, CLUSTER, replica, "12, when it asks") \
	M(PROPOSE, propose, 13, propose, NODE, NODE, CLUSTER, replica, "") \
	M(BASE_ASK, base_ask, 14, base_ask, NODE, NODE, CLUSTER, worker, "15") \
	M(BASE_PART, base_part, 15, base_part, NODE, NODE, CLUSTER, worker, "14, for what follows") \
	M(MEND_ASK, mend_ask, 16, mend_ask, NODE, NODE, CLUSTER, worker, "17") \
	M(MEND_PART, mend_part, 17, mend_part, NODE, NODE, CLUSTER, worker, "16, for what follows") \
	M(PRE_VOTE, pre_vote, 20, vote, NODE, NODE, CLUSTER, control, "21") \
	M(PRE_VOTE_REPLY, pre_vote_reply, 21, vote_reply, NODE, NODE, CLUSTER, control, "") \
	M(VOTE, vote, 22, vote, NODE, NODE, CLUSTER, control, "23") \
	M(VOTE_REPLY, vote_reply, 23, vote_reply, NODE, NODE, CLUSTER, control, "") \
	M(TIMEOUT_NOW, timeout_now, 24, timeout_now, NODE, NODE, CLUSTER, control, \
	  "(it begins an election)") \
	M(CHAIN_ASK, chain_ask, 25, chain_ask, NODE, NODE, CLUSTER, worker, "26") \
	M(CHAIN_TOLD, chain_told, 26, chain_told, NODE, NODE, CLUSTER, worker, "") \
	M(READ_ASK, read_ask, 27, read_ask, NODE, NODE, CLUSTER, replica, "28") \
	M(READ_TOLD, read_told, 28, read_told, NODE, NODE, CLUSTER, replica, "") \
	M(OPEN_SESSION, open_session, 30, open_session, CLIENT, NODE, APPEND, service, "40") \
	M(CLIENT_APPEND, client_append, 31, client_append, CLIENT, NODE, APPEND, service, "41") \
	M(SUBSCRIBE, subscribe, 32, subscribe, CLIENT, NODE, READ, service, "42, 43") \
	M(CREDIT, credit, 33, credit, CLIENT, NODE, READ, service, "42, 43") \
	M(UNSUBSCRIBE, unsubscribe, 34, unsubscribe, CLIENT, NODE, READ, service, "nothing") \
	M(KEEPALIVE, keepalive, 35, keepalive, CLIENT, NODE, READ, service, "44") \
	M(GOODBYE, goodbye, 36, goodbye, CLIENT, NODE, READ, worker, "nothing") \
	M(CONSUMER_ASK, consumer_ask, 37, consumer_ask, CLIENT, NODE, READ, service, "45") \
	M(END_ASK, end_ask, 38, end_ask, CLIENT, NODE, READ, service, "46") \
	M(OUTCOME_ASK, outcome_ask, 39, outcome_ask, CLIENT, NODE, APPEND, service, "47") \
	M(OPEN_SESSION_REPLY, open_session_reply, 40, open_session_reply, NODE, CLIENT, CLUSTER, nobody, \
	  "") \
	M(APPEND_REPLY, append_reply, 41, append_reply, NODE, CLIENT, CLUSTER, nobody, "") \
	M(DELIVER, deliver, 42, deliver, NODE, CLIENT, CLUSTER, nobody, "33, now and then") \
	M(GAP, gap, 43, gap, NODE, CLIENT, CLUSTER, nobody, "") \
	M(KEEPALIVE_REPLY, keepalive_reply, 44, hello_reply, NODE, CLIENT, CLUSTER, nobody, "") \
	M(CONSUMER_REPLY, consumer_reply, 45, consumer_reply, NODE, CLIENT, CLUSTER, nobody, "") \
	M(END_REPLY, end_reply, 46, end_reply, NODE, CLIENT, CLUSTER, nobody, "") \
	M(OUTCOME_REPLY, outcome_reply, 47, outcome_reply, NODE, CLIENT, CLUSTER, nobody, "")

/*
 * L(kind, SIZE, layout): WL_WIRE_SIZE_BYTES is how long the fixed part is.
 *
 *   WHOLE   the fields are all of it: encoder and decoder are made from them
 *   HEAD    something follows: the encoder writes the fields, the decoder is written out
 *   PART    no message by itself, or one whose encoder is written out, too
 */
#define WL_WIRE_LAYOUTS(L) \
	L(WHOLE, HELLO, hello) \
	L(WHOLE, KEEPALIVE, keepalive) \
	L(WHOLE, GOODBYE, goodbye) \
	L(PART, MEMBER, member) \
	L(PART, HELLO_REPLY_HEADER, hello_reply) \
	L(WHOLE, GREETING, greeting) \
	L(WHOLE, BUILD, build) \
	L(WHOLE, STATUS_ASK, status_ask) \
	L(HEAD, STATUS_PART_HEADER, status_part) \
	L(HEAD, PATH_PROBE, path_probe) \
	L(HEAD, PATH_ECHO, path_echo) \
	L(HEAD, APPEND_HEADER, append) \
	L(WHOLE, APPEND_ACK, append_ack) \
	L(WHOLE, CHAIN, chain) \
	L(WHOLE, PROPOSE, propose) \
	L(WHOLE, BASE_ASK, base_ask) \
	L(HEAD, BASE_PART_HEADER, base_part) \
	L(WHOLE, MEND_ASK, mend_ask) \
	L(HEAD, MEND_PART_HEADER, mend_part) \
	L(WHOLE, VOTE, vote) \
	L(WHOLE, VOTE_REPLY, vote_reply) \
	L(WHOLE, TIMEOUT_NOW, timeout_now) \
	L(WHOLE, CHAIN_ASK, chain_ask) \
	L(WHOLE, CHAIN_TOLD, chain_told) \
	L(WHOLE, OPEN_SESSION, open_session) \
	L(WHOLE, OPEN_SESSION_REPLY, open_session_reply) \
	L(PART, RECORD_HEADER, record) \
	L(HEAD, CLIENT_APPEND_HEADER, client_append) \
	L(PART, APPEND_RESULT, append_result) \
	L(HEAD, APPEND_REPLY_HEADER, append_reply) \
	L(WHOLE, SUBSCRIBE, subscribe) \
	L(WHOLE, CREDIT, credit) \
	L(WHOLE, UNSUBSCRIBE, unsubscribe) \
	L(PART, DELIVER_RECORD, delivered_record) \
	L(HEAD, DELIVER_HEADER, deliver) \
	L(WHOLE, GAP, gap) \
	L(WHOLE, CONSUMER_ASK, consumer_ask) \
	L(WHOLE, CONSUMER_REPLY, consumer_reply) \
	L(WHOLE, READ_ASK, read_ask) \
	L(WHOLE, READ_TOLD, read_told) \
	L(WHOLE, END_ASK, end_ask) \
	L(WHOLE, END_REPLY, end_reply) \
	L(WHOLE, OUTCOME_ASK, outcome_ask) \
	L(WHOLE, OUTCOME_REPLY, outcome_reply)

/*
 * One list a layout, in the order of the bytes; offsets are sums of what stands before. Those of what clients say and are told
 * stand in messages_client.h.
 *
 *   F(type, name, unit, range, what)   a field; types, units and ranges: wire_types.h. A value
 *                                      outside of its range does not decode.
 *   ZERO(bytes)                        reserved: sent as zeros, anything else does not decode
 *   RULE(condition, what)              between fields of the message m: likewise
 */

/* Asks for freshness. It is as long as what a stranger is answered, an endpoint with it: nobody is
 * made to say more than was said to him before the asker has proven that he lives. */
#define WL_WIRE_FIELDS_hello(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "echoed") \
	ZERO(200)

#define WL_WIRE_FIELDS_keepalive(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "echoed") \
	F(u64, challenge, id, ANY, "that the node gave last; 0: none")

#define WL_WIRE_FIELDS_goodbye(F, ZERO, RULE)

#define WL_WIRE_FIELDS_member(F, ZERO, RULE) \
	F(u32, node, node, IN(1, WIRELOG_NODES_MAX), "") \
	F(endpoint, endpoint, text, ANY, \
	  "of the worker that has the header's journal, as a client may use it: printable, " \
	  "without blanks, zeros behind it, at least one; empty: none")

#define WL_WIRE_FIELDS_hello_reply(F, ZERO, RULE) \
	F(u64, nonce, id, ANY, "of the question") \
	F(u32, node, node, ANY, "that answers") \
	F(u32, leader, node, TO(WIRELOG_NODES_MAX), "of the header's journal; 0: not known") \
	F(u64, term, term, ANY, "") \
	F(u64, commit_number, number, ANY, "last record known committed here") \
	F(u64, first_number, number, ANY, "first record that can be read here") \
	F(u64, incarnation, id, ANY, "of the answering node's data: peers remember it") \
	F(u64, known_boot, id, ANY, \
	  "newest boot of the asker ever proven here; to a client without a place: the boot id " \
	  "under which another one that lives has its identity (it draws another); 0: none") \
	F(u64, known_incarnation, id, ANY, \
	  "of the asker's data, as known here; 0: never met, or a client") \
	F(u32, history, bits, ANY, \
	  "for each journal of this worker of which the answering node's data hold an entry, a " \
	  "term or a vote") \
	F(u32, suspect, flag, TO(1), \
	  "the asker is known here with other data than these: what it promised on them counts " \
	  "for nothing") \
	F(u32, record_bytes_max, bytes, TO(WIRELOG_RECORD_BYTES_MAX), "") \
	F(u32, member_count, count, TO(WIRELOG_NODES_MAX), \
	  "none in the answer to a stranger or a node, but one with JOURNAL_ELSEWHERE") \
	F(u64, challenge, id, ANY, \
	  "that the asking client has to say; 0: it has its place, or a node asks") \
	F(i32, status, status, NOT_ABOVE_0, \
	  "the asker has no place (TOO_MANY_CLIENTS), or this worker does not have the journal: " \
	  "another one of the node has it (JOURNAL_ELSEWHERE; the one member is this node with " \
	  "that worker's endpoint, empty where it is not known), or none (JOURNAL_UNKNOWN). The " \
	  "last two have nothing else in them but nonce and node") \
	F(u16, mtu, bytes, OR_0(WIRELOG_MTU_MIN, WIRELOG_MTU_MAX), \
	  "of the answering node's link: a client sends no larger IP packets; 0: not told") \
	ZERO(2) \
	F(u64, history_id, id, ANY, \
	  "of the header's journal, as it is committed at the answering node; 0: none began yet") \
	F(members, members, count, ANY, "so many, each as below")

#define WL_WIRE_FIELDS_greeting(F, ZERO, RULE) \
	F(u64, seen_boot, id, ANY, "the receiver's boot whose greeting has come; 0: none") \
	F(u32, flags, bits, BITS(WL_WIRE_GREETING_FLAGS), \
	  "of the receiver as the sender sees it. 1: another server has your id, and that one " \
	  "is heard; 2: another one claims it, and is not heard") \
	F(facts, fact, facts, ANY, "u32: how many (9), then each as u64, in the order below") \
	F(u32, apart, bits, TO((1u << WIRELOG_JOURNALS_MAX) - 1), \
	  "for each journal of the sender's worker in which it takes no part any more " \
	  "(STORE_DIVERGED, STATE_DIVERGED)") \
	F(u32, old_clients, clients, ANY, \
	  "of the sender's worker that speak with the key that is to be refused next; 2^32 - 1: none is") \
	F(u32, key_first, id, ANY, "of the key that the sender has first in its file; 0: insecure") \
	F(u32, key_second, id, ANY, "and second; 0: it has one") \
	F(histories, histories, id, ANY, \
	  "of the history of each journal of the sender's worker; 0: none began there yet, or the " \
	  "journal is not that worker's")

/* What the sender's build is. Nodes of builds that do not know it drop it: they have no features. */
#define WL_WIRE_FIELDS_build(F, ZERO, RULE) \
	F(u64, seen_boot, id, ANY, "the receiver's boot whose BUILD has come; 0: none") \
	F(u64, supported, bits, ANY, \
	  "the features that it has, and has declared in its superblock (base/features.h)") \
	F(u64, in_force, bits, ANY, \
	  "those that are in force in journals of the sender's worker, all together") \
	F(label, version, text, ANY, "of the build, 1 to 31 of `A-Z a-z 0-9 . _ -`, zeros behind it") \
	RULE(m->version[0] != 0, "a build has a version") \
	RULE((m->in_force & ~m->supported) == 0, "who lacks what is in force has stopped")

/* What a node says of itself, for who looks at the whole cluster from another one or from a client. Nodes of builds that do not know it drop it. */
#define WL_WIRE_FIELDS_status_ask(F, ZERO, RULE) \
	F(u64, round, id, NOT_0, "names the question; the node looks at itself once more for each") \
	F(u64, version, id, ANY, "of the text that a part has come of; 0: none") \
	F(u32, offset, bytes, TO(WL_WIRE_STATUS_BYTES_MAX), "from here on") \
	ZERO(4) \
	RULE(m->version != 0 || m->offset == 0, "of a text that is not known the beginning is asked for")

#define WL_WIRE_FIELDS_status_part(F, ZERO, RULE) \
	F(u64, round, id, NOT_0, "of the question") \
	F(u64, version, id, NOT_0, "of the text: another one, and it begins anew") \
	F(u32, total, bytes, TO(WL_WIRE_STATUS_BYTES_MAX), "of the text") \
	F(u32, offset, bytes, ANY, "of these bytes in it") \
	F(u32, bytes, bytes, NOT_0, "that follow, exactly") \
	ZERO(4) \
	F(rest, part, bytes, ANY, "of the text: JSON, as docs/OPERATIONS.md says of status, the members that tell health") \
	RULE(m->offset < m->total && m->bytes <= m->total - m->offset, \
	     "what is told is a part of the whole")

#define WL_WIRE_FIELDS_path_probe(F, ZERO, RULE) \
	F(u64, round, count, ANY, "echoed") \
	F(u16, bytes, bytes, ANY, "of this IP packet; echoed") \
	F(u16, echo_bytes, bytes, OR_0(WL_WIRE_PATH_BYTES_MIN, WIRELOG_MTU_MAX), \
	  "that the echo's packet is to have; echoed; 0: no padding") \
	F(u16, mtu, bytes, OR_0(WIRELOG_MTU_MIN, WIRELOG_MTU_MAX), \
	  "of a client: largest packet that it is to be sent. Else 0") \
	ZERO(2)

#define WL_WIRE_FIELDS_path_echo(F, ZERO, RULE) \
	F(u64, round, count, ANY, "of the probe") \
	F(u16, bytes, bytes, ANY, "of the probe's IP packet") \
	F(u16, echo_bytes, bytes, OR_0(WL_WIRE_PATH_BYTES_MIN, WIRELOG_MTU_MAX), \
	  "of this IP packet; 0: no padding") \
	ZERO(4)

#define WL_WIRE_FIELDS_append(F, ZERO, RULE) \
	F(u64, term, term, NOT_0, "") \
	F(position, previous, position, ANY, \
	  "the entry before the first one here (before the fragmented one, for a fragment)") \
	F(u64, commit, index, ANY, "of the leader") \
	F(u64, sent_ns, ns, ANY, \
	  "leader's clock, echoed; 0: wants no answer. A frame that is not newer by it than one " \
	  "before is taken, and is no sign of a leader that lives") \
	F(u32, fragment_offset, bytes, ANY, "of these bytes in the image") \
	F(u32, image_bytes, bytes, OR_0(WL_ENTRY_HEADER_BYTES + 1, WL_ENTRY_BYTES_MAX), \
	  "of the whole image, of which this is a fragment; 0: whole images") \
	F(u32, bytes, bytes, ANY, "that follow, exactly") \
	F(u32, flags, bits, BITS(WL_WIRE_APPEND_FLAGS), \
	  "2: what you lack was given up here, ask for a base") \
	F(u64, previous_chain, id, ANY, \
	  "chain value behind `previous`; 0: not at hand, and matches nothing by itself") \
	F(u64, clock_ns, ns, ANY, \
	  "wall clock that a majority vouches for; 0: so many have not been heard") \
	F(u64, state_index, index, ANY, \
	  "what do you make of the entries up to here? 0: not asked") \
	F(u64, state_digest, id, ANY, \
	  "a majority of the voters makes this of them; 0: not known, or not asked") \
	F(rest, images, bytes, ANY, \
	  "whole images one behind the other, ending where the bytes end; or one part of one " \
	  "image; or nothing: a heartbeat") \
	RULE(m->previous.term <= m->term, "`previous` is not of a later term") \
	RULE((m->previous.index == 0) == (m->previous.term == 0), \
	     "the term and the index of `previous` are both 0, or none") \
	RULE(m->previous.index != UINT64_MAX, "there is an index behind `previous`") \
	RULE(m->state_index != 0 || m->state_digest == 0, "no `state_digest` without `state_index`")

#define WL_WIRE_FIELDS_append_ack(F, ZERO, RULE) \
	F(u64, term, term, NOT_0, "of the follower") \
	F(u64, match_received, index, ANY, \
	  "the log is known equal to the leader's of this term up to here") \
	F(u64, match_durable, index, ANY, "the only one that counts for commit") \
	F(u64, sent_ns, ns, ANY, \
	  "of the newest APPEND (of the refused one, in a refusal); 0: says that a write " \
	  "completed") \
	F(u64, hint_index, index, ANY, \
	  "of a refusal: where the leader should go on; 0: not at all, its term is over") \
	F(u32, flags, bits, BITS(WL_WIRE_ACK_FLAGS), \
	  "1: refused, 2: no space, 4: slow disk, 8: the log gets no further segment, 16: held " \
	  "back (below)") \
	F(u32, hint_offset, bytes, TO(WL_ENTRY_BYTES_MAX), \
	  "so many of the image at hint_index have come in fragments already") \
	F(u64, match_chain, id, ANY, "chain value behind match_received; 0: not at hand") \
	F(u64, room, bytes, TO(INT64_MAX), \
	  "for records behind the follower's tail, of its stream") \
	F(u64, wall_ns, ns, ANY, "wall clock of the follower") \
	F(u64, state_index, index, ANY, \
	  "as the leader asked; 0: not applied yet, or more was when the question came") \
	F(u64, state_digest, id, ANY, "of the follower's table of sessions behind that entry") \
	F(u64, base_index, index, ANY, "of the follower's newest base; 0: it has none") \
	F(u64, base_digest, id, ANY, "of that base") \
	F(u64, incarnation, id, ANY, \
	  "of the follower's data: the leader counts those that the list of members names") \
	RULE(m->match_durable <= m->match_received, \
	     "`match_durable` is not above `match_received`") \
	RULE((m->state_index == 0) == (m->state_digest == 0), \
	     "`state_index` and `state_digest` are both 0, or none") \
	RULE((m->base_index == 0) == (m->base_digest == 0), \
	     "`base_index` and `base_digest` are both 0, or none")

#define WL_WIRE_FIELDS_chain(F, ZERO, RULE) \
	F(u64, index, index, NOT_0, "what do you have committed there?") \
	F(u64, chain, id, ANY, \
	  "value behind it at the sender; 0: nothing is committed there, or it is not at hand") \
	F(u32, asks, flag, TO(1), "the receiver is to say its own") \
	ZERO(4)

/* What a follower's operator asks for, and the leader proposes. */
#define WL_WIRE_FIELDS_propose(F, ZERO, RULE) \
	F(u32, verb, choice, IN(WL_WIRE_PROPOSE_TRIM, WL_WIRE_PROPOSE_LAST), \
	  "1: trim; 2: make or move a consumer's checkpoint; 3: drop it; 4: change the members; " \
	  "5: set a limit; 6: hand leadership over; 7: put features in force; 8: the next stage of a " \
	  "change of keys") \
	ZERO(4) \
	F(u64, number, number, ANY, \
	  "1: records below it may be forgotten; 2: the first one that is not consumed; 4: what is " \
	  "asked for (1: add a learner, 2: promote, 3: demote, 4: remove, 5: replace, 6: readmit " \
	  "its present data), the node's id << 8, and of 5 the id of the one in its place << 16; 5: " \
	  "the limit, of time in ns; 6: the term in which it was asked, and in no other is it done; 7: all " \
	  "that are to be in force, those that are included; 8: id of the new key, and of the old one << 32") \
	F(u64, made, index, ANY, \
	  "of the entry that made the checkpoint which is meant. 2: 0: any, and it is made where " \
	  "it is not there. 5: of the entry that said the limits of which one is to change; 6: the " \
	  "id of the node that is to lead, 0: whoever is best; 7: of the entry that put those in force " \
	  "that are, 0: none are; 8: of the entry that said the keys before, 0: none did") \
	F(label, name, text, ANY, \
	  "of the consumer, 1 to 31 of `A-Z a-z 0-9 . _ -`, zeros behind it; 1, 4, 6, 7: empty; 5: of " \
	  "the limit; 8: empty, or `force`") \
	RULE((m->number == 0) == (m->verb == WL_WIRE_PROPOSE_CONSUMER_DROP) || \
		     m->verb == WL_WIRE_PROPOSE_LIMITS, \
	     "`number` is 0 where a checkpoint is dropped, and only there or of a limit") \
	RULE(m->verb == WL_WIRE_PROPOSE_KEYS || \
		     (m->name[0] == 0) == (m->verb == WL_WIRE_PROPOSE_TRIM || \
					   m->verb == WL_WIRE_PROPOSE_MEMBERS || \
					   m->verb == WL_WIRE_PROPOSE_TRANSFER || \
					   m->verb == WL_WIRE_PROPOSE_FEATURES), \
	     "`name` is there for a checkpoint or a limit, and only there") \
	RULE(m->made == 0 ? m->verb != WL_WIRE_PROPOSE_CONSUMER_DROP && \
				    m->verb != WL_WIRE_PROPOSE_LIMITS \
			  : m->verb != WL_WIRE_PROPOSE_TRIM && \
				    m->verb != WL_WIRE_PROPOSE_MEMBERS, \
	     "`made` is not 0 where a checkpoint is dropped or a limit set, and 0 where records are " \
	     "trimmed or members change") \
	RULE(m->verb != WL_WIRE_PROPOSE_TRANSFER || m->made <= WIRELOG_NODES_MAX, \
	     "who is to lead has the id of a node")

/* Of the replicated part of a base (dataplane/state/base_format.h). */
#define WL_WIRE_FIELDS_base_ask(F, ZERO, RULE) \
	F(u64, index, index, ANY, "of the base; 0: the newest that is proven") \
	F(u64, digest, id, ANY, "of it; 0: not known yet") \
	F(u64, offset, bytes, ANY, "from here on") \
	RULE((m->index == 0) == (m->digest == 0), "`index` and `digest` are both 0, or none") \
	RULE(m->index != 0 || m->offset == 0, "of what is not known yet the beginning is asked for")

#define WL_WIRE_FIELDS_base_part(F, ZERO, RULE) \
	F(position, position, position, ANY, "the entry that the base stands at") \
	F(u64, chain, id, ANY, "chain value behind it") \
	F(u64, digest, id, NOT_0, "of the base: a majority made the same") \
	F(u64, total, bytes, NOT_0, "of the replicated part") \
	F(u64, offset, bytes, ANY, "of these bytes in it") \
	F(u32, bytes, bytes, NOT_0, "that follow, exactly") \
	ZERO(4) \
	F(rest, part, bytes, ANY, "of the replicated part") \
	RULE(m->position.index != 0 && m->position.term != 0, "a base stands at an entry") \
	RULE(m->offset < m->total && m->bytes <= m->total - m->offset, \
	     "what is told is a part of the whole")

/* Of entries that are damaged at the asker: from any node to any, whatever role they have. */
#define WL_WIRE_FIELDS_mend_ask(F, ZERO, RULE) \
	F(u64, index, index, NOT_0, "of the last entry that is wanted") \
	F(u64, chain, id, ANY, "chain value behind it: no other entry is meant") \
	F(u64, first, index, NOT_0, "of the first entry that is wanted") \
	F(u32, bytes, bytes, IN(1, WL_ENTRY_BYTES_MAX), \
	  "of the answer's run at most, but for one entry that is longer") \
	F(u32, offset, bytes, TO(WL_ENTRY_BYTES_MAX), "of that run, from here on") \
	RULE(m->first <= m->index, "the first entry does not stand behind the last one")

#define WL_WIRE_FIELDS_mend_part(F, ZERO, RULE) \
	F(u64, index, index, NOT_0, "as asked") \
	F(u64, chain, id, ANY, "as asked") \
	F(u64, first, index, NOT_0, "as asked") \
	F(u32, verdict, choice, IN(WL_WIRE_MEND_HAVE, WL_WIRE_MEND_LAST), \
	  "1: here it is; 2: it was never here; 3: nothing is known of it here, now; 4: it was " \
	  "given up here, a base stands for it") \
	F(u32, total, bytes, TO(WL_ENTRY_BYTES_MAX), \
	  "of the run: whole images one behind the other, the last one that was asked for at its " \
	  "end; 0: there is none") \
	F(u32, offset, bytes, TO(WL_ENTRY_BYTES_MAX), "of these bytes in it") \
	F(u32, bytes, bytes, ANY, "that follow, exactly") \
	F(rest, part, bytes, ANY, "of the run") \
	RULE((m->verdict == WL_WIRE_MEND_HAVE) == (m->bytes != 0), \
	     "bytes follow where it is there, and only then") \
	RULE(m->offset <= m->total && m->bytes <= m->total - m->offset && \
		     (m->total == 0) == (m->bytes == 0), \
	     "what is told is a part of the whole")

/* PRE_VOTE and VOTE. */
#define WL_WIRE_FIELDS_vote(F, ZERO, RULE) \
	F(u64, term, term, NOT_0, "of the candidate; of a pre-vote: the one that it would take") \
	F(position, last, position, ANY, "of the candidate's log") \
	F(u32, flags, bits, BITS(WL_WIRE_VOTE_TRANSFER), \
	  "1: sent by the leader itself, stickiness does not apply") \
	F(u32, round, count, ANY, "of a pre-vote: comes back with the answer. Else 0") \
	F(u64, incarnation, id, ANY, "of the sender's data: do they remember what it said?") \
	F(u64, caught_up_boot, id, ANY, "of the sender's data") \
	RULE(m->last.term < m->term, "a candidate's log is of older terms")

#define WL_WIRE_FIELDS_vote_reply(F, ZERO, RULE) \
	F(u64, term, term, ANY, "of the voter; pre-vote granted: the asked one") \
	F(u64, asked_term, term, ANY, "") \
	F(u32, granted, flag, TO(1), "") \
	F(u32, round, count, ANY, "of the request") \
	F(u64, incarnation, id, ANY, "as in the request") \
	F(u64, caught_up_boot, id, ANY, "as in the request")

#define WL_WIRE_FIELDS_timeout_now(F, ZERO, RULE) \
	F(u64, term, term, NOT_0, "") \
	F(position, last, position, ANY, \
	  "the leader's tail, which the receiver has; or as much as it has, with flag 1") \
	F(u32, flags, bits, BITS(WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING), \
	  "1: nothing commits at the leader any more, though a majority answers") \
	ZERO(4) \
	RULE(m->last.term <= m->term, "`last` is not of a later term")

/* From any node to any, whatever role they have: what stands on your medium? */
#define WL_WIRE_FIELDS_chain_ask(F, ZERO, RULE) \
	F(u64, index, index, NOT_0, "") \
	F(u64, round, id, ANY, "echoed")

#define WL_WIRE_FIELDS_chain_told(F, ZERO, RULE) \
	F(u64, index, index, NOT_0, "as asked") \
	F(u64, round, id, ANY, "as asked") \
	F(u32, verdict, choice, IN(WL_WIRE_CHAIN_KNOWN, WL_WIRE_CHAIN_LAST), \
	  "1: known; 2: given up here; 3: not known to be committed here; 4: the medium does not " \
	  "give it") \
	ZERO(4) \
	F(u64, term, term, ANY, "of the entry there; 0 unless it is known") \
	F(u64, chain, id, ANY, "value behind it; 0 unless it is known") \
	F(u64, first, index, NOT_0, "first entry that is kept here") \
	F(u64, commit, index, ANY, "last entry that is known committed here") \
	RULE((m->verdict == WL_WIRE_CHAIN_KNOWN) == (m->term != 0), \
	     "an entry that is known has a term, and no other one") \
	RULE(m->verdict == WL_WIRE_CHAIN_KNOWN || m->chain == 0, \
	     "no value of what is not known")

/* How far is the journal? A follower asks its leader, for all that asked it (raft/replica_read.c). */
#define WL_WIRE_FIELDS_read_ask(F, ZERO, RULE) \
	F(u64, round, count, NOT_0, "of the asking node, rising; echoed")

#define WL_WIRE_FIELDS_read_told(F, ZERO, RULE) \
	F(u64, round, count, NOT_0, "of the question") \
	F(i32, status, status, NOT_ABOVE_0, "NOT_LEADER") \
	ZERO(4) \
	F(u64, index, index, ANY, \
	  "what was committed when the question came, told when voters that decide had echoed a " \
	  "frame of after that; 0 unless OK") \
	F(u64, number, number, ANY, "of the last record up to there; 0: there is none, or not OK") \
	RULE((m->status == 0) == (m->index != 0), "`index` is told with OK, and only then") \
	RULE(m->status == 0 || m->number == 0, "`number` is told with OK only")

/* clang-format on */

#endif
