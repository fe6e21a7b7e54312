/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * State(i): what apply makes of the committed entries up to i. The table of sessions, the number that the next record gets, the
 * last stamp, from which record on everything is kept, where consumers are, and which bases there are. It changes by entries alone: no clock, no
 * configuration. So every node has the same one at the same index, a digest says whether that is so, and its canonical bytes (a
 * base holds them) stand for the whole log before.
 *
 *  What control entries do (dataplane/log/control_entry.h); whatever is not in effect is ignored, on every node alike:
 *  TRIM         asks. trim_number = max(now, min(asked, next_number, lowest checkpoint)): it never falls, names no record that does not
 *               exist yet, and passes no consumer's checkpoint (docs/SAFETY.md, rule 14).
 *  CONSUMER_SET makes a checkpoint, or moves it: to max(now, min(asked, next_number)), of a new one max(trim_number, min(asked,
 *               next_number)). With an index it expects that the checkpoint is the one that was made there. Not in effect where the
 *               table is full.
 *  CONSUMER_DROP in effect when the name has a checkpoint, and it is the number, and was made at the index, that it expects.
 *  BASE         in effect when it expects the base mark that there is. Its index is the next one: all nodes make a base of state(index).
 *  BASE_PROVEN  in effect when it names the base mark that there is, and that one is not proven yet: a majority made a base with this
 *               digest there.
 *  MEMBERS      in effect when it expects the entry of the list that there is, and may follow it (base/members.h). The log has it in force
 *               from append on; here it is known to be committed.
 *  LIMITS       in effect when it expects the entry of the limits that there are, and each is possible (base/journal_limits.h). Sessions that
 *               live go on where there are more than the new limit; openings have no effect until there are fewer. A node that has memory
 *               for fewer than the limit applies no more (wl_session_table_lacks_room).
 *
 *  LOSS         in effect when it expects the history that there is. Another one begins, no session is left, and no id of one is given
 *               again; the list is the one that it says, and the next number is its own: between the two no record is, nor ever will be
 *               (docs/SAFETY.md, rule 32).
 *  FEATURES     in effect when it expects the entry of the features that there are, names the list that there is, takes none back and adds
 *               some (base/features.h). They are in force from the next entry on. A node whose build lacks one applies nothing behind it, and
 *               stops: that is its service's to judge.
 *  KEYS         in effect when it expects the entry of the keys that there are, and may follow them (base/keys.h). Those of journal 0
 *               are in force for its nodes once they applied it.
 *  FENCE        spends the sequences of a session up to one: those that are not in the log never will be (session.h, rule 31).
 *
 *  What must hold; wl_state_check is this text as code. The table keeps its own (session.h, S1 to S3).
 *  T1  the trim point is a record's number that was given, or the next one
 *  T2  the base mark is an entry that is applied, the one before it stands before it
 *  T3  what is proven is the newest mark or an older one; what was proven before stands before it
 *  T4  no checkpoint is below the trim point; the table of consumers keeps its own rules (consumers.h)
 *  T5  the list of members is of an entry that is applied, and may be one
 *  T6  so are the limits; the table of sessions goes by them
 *  T7  the history is of an entry that is applied; what was lost before it is a range of numbers below the next one; ids of sessions go by it
 *  T8  features are in force by an entry that is applied, and there are no more consumers than they allow
 *  T9  the keys are of an entry that is applied, and may be some
 *
 * Pure. Owner: the journal's worker; the base maker has one of its own. Memory from the caller. [worker, wl-base]
 */
#ifndef WL_DATAPLANE_STATE_STATE_H
#define WL_DATAPLANE_STATE_STATE_H

#include "dataplane/log/control_entry.h"
#include "dataplane/state/consumers.h"
#include "dataplane/state/session.h"

struct wl_base_proof {
	uint64_t index; /* of a BASE entry; 0: none */
	uint64_t digest; /* of the base that a majority made there */
};

struct wl_history {
	uint64_t id; /* of the entries; 0: none began yet */
	uint64_t index; /* of the entry that began it */
	uint64_t before; /* the one that a rescue ended there; 0: none did */
	uint64_t lost_number,
		next_number; /* of that rescue: records [lost_number, next_number) are not there; 0: none was */
};

struct wl_state {
	struct wl_session_table sessions; /* its applied_index is the state's */
	uint64_t next_number; /* the next DATA record gets it; 1 at first */
	uint64_t last_timestamp_ns; /* the highest of all entries: UNIX time; 0 at first */
	uint64_t trim_number; /* first number that is promised to be kept; 1 at first, never falls */
	uint64_t base_mark,
		base_mark_before; /* index of the newest BASE entry, of the one before it; 0: none */
	struct wl_base_proof proven,
		proven_before; /* newest base that a majority made alike, and the one before */
	struct wl_consumer_table consumers;
	struct wl_list list; /* of the members; its index 0: no entry said anything yet */
	struct wl_journal_limits limits; /* its index 0: no entry said any yet */
	struct wl_history history;
	struct wl_features_in_force features;
	struct wl_keys keys; /* its index 0: no entry said any yet */
	uint64_t ignored; /* control entries that this program does not know; not part of the state */
};

/* Bytes of memory that a state needs beside its struct, for so many sessions. */
size_t wl_state_memory_bytes(uint32_t sessions_max);
/* State(0). `memory`: wl_state_memory_bytes, the caller's, as long as the state is used; touched only where sessions live. */
void wl_state_init(struct wl_state *state, void *memory, uint32_t sessions_max);
/* State(0) again, in the memory that it has. */
void wl_state_clear(struct wl_state *state);
/* Applies one committed entry, an image that wl_entry_decode accepted; entries come in index order, each once. Returns the sessions that
 * it ended. Not behind one that contradicts (sessions.contradicted): what comes then is no state of a log. */
unsigned wl_state_apply(struct wl_state *state, const uint8_t *image,
			const struct wl_entry_header *header);
/* The table of sessions goes by the limits that stand in the state. */
void wl_state_limit_sessions(struct wl_state *state);
/* How many consumers it has places for: a rule of apply that a feature changes. */
static inline uint32_t wl_state_consumers_max(const struct wl_state *state)
{
	return state->features.set & WL_FEATURE(CONSUMERS_128) ? WL_CONSUMERS_MAX
							       : WL_CONSUMERS_AT_FIRST;
}
/* Equal on two nodes whose states are equal, however each came to it. Covers all of it; never 0. O(1). Like the table's it withstands no
 * forger. */
uint64_t wl_state_digest(const struct wl_state *state);
/* NULL, or which invariant is broken. O(1). */
const char *wl_state_check(const struct wl_state *state);

/*
 * Canonical bytes: the same on all nodes with equal states, whatever slots, buckets and free lists look like. Features where there are some, consumers by rising names,
 * sessions by rising id, runs oldest first, the digest last (docs/LOG-FORMAT.md, "State"). Written and read in pieces of any size. O(1) memory beside `order`.
 */
#define WL_STATE_UNIT_BYTES 304u /* the largest part that is coded at once */

/* The caller's; nothing in it is for the caller. */
struct wl_state_coding {
	struct wl_state *decoded; /* while decoding */
	const struct wl_state *state;
	const uint32_t *order; /* while encoding: slots by rising id */
	struct wl_session *session; /* whose runs come next */
	uint64_t run; /* the next one's ordinal */
	uint64_t numbers_before; /* while decoding: all numbers of the runs that came are below */
	uint64_t last_id;
	uint32_t sessions, sessions_left;
	uint32_t consumer, consumers; /* the next one, and how many */
	uint32_t unit_bytes,
		unit_at; /* the part that is coded now, and how much of it has passed */
	uint8_t part; /* enum in state_coding.c */
	bool features_left; /* that part comes next */
	bool failed;
	uint8_t unit[WL_STATE_UNIT_BYTES];
};

/* How many there will be. O(slots that were ever taken). */
uint64_t wl_state_encoded_bytes(const struct wl_state *state);
/* The state must not change until all is written. `order`: sessions_max places, the caller's. O(sessions * log sessions). */
void wl_state_encode_begin(struct wl_state_coding *coding, const struct wl_state *state,
			   uint32_t *order);
/* The next bytes, at most `room`. 0: all is written (or room is 0). */
size_t wl_state_encode(struct wl_state_coding *coding, uint8_t *to, size_t room);
/* `state` was just initialised. What was decoded so far is of no use before wl_state_decode_end. */
void wl_state_decode_begin(struct wl_state_coding *coding, struct wl_state *state);
/* The next bytes. False: no node that keeps the rules wrote them; they are never asserted on, and nothing more is taken. */
bool wl_state_decode(struct wl_state_coding *coding, const uint8_t *from, size_t bytes);
/* After a false: it has, or allows, more sessions than the state has room for, and not more than any state may have. */
bool wl_state_decode_lacks_room(const struct wl_state_coding *coding);
/* True: all came, and the digest inside is that of the state. */
bool wl_state_decode_end(struct wl_state_coding *coding);

#endif
