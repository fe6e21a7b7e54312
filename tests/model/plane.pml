/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plane messages between control and a worker of one node (dataplane/raft/plane.h), for one journal: two threads, two rings,
 * a superblock that survives crashes, candidates that ask for votes, and leaders that send appends.
 *
 * What is checked, in every interleaving and with a crash at any point:
 *   S1  in one term at most one candidate ever gets this node's vote, over all its lives
 *   S2  a vote leaves only when {term, vote} is durable
 *   S3  no append between FENCED and the next view: the tail in the vote's comparison cannot move
 *   S4  a vote is granted only to a log that is at least as long as ours at the moment the vote leaves
 *   S5  the durable term never falls; the view's term is never above it
 *   S6  views are installed in the order in which control decided them
 *
 * Each -D below breaks one rule; the checker must then find a violation (tests/model/run):
 *   VOTE_WITHOUT_FENCE     decides with the tail that it heard of last
 *   VOTE_BEFORE_PERSIST    the answer leaves before the superblock is durable
 *   TERM_THEN_VOTE         term and vote in two records
 *   APPEND_WHILE_FENCED    the worker goes on appending after it said FENCED
 *   STALE_FENCED           control takes the answer to an older FENCE for the answer to this one
 *   VOTE_FORGOTTEN         the vote is cleared when the same term is installed again
 */
#define TERMS 3
#define TAIL_MAX 2
#define CRASHES 1
#define BOOT_IDS 8

mtype = { FENCE, FOLLOW, FENCED, SAW_TERM };

chan down = [2] of { mtype, byte, byte }; /* verb, number, term */
chan up = [2] of { mtype, byte, byte }; /* verb, number, tail or term */

/* superblock */
byte durable_term, durable_vote;

/* worker */
byte worker_boot, worker_term, tail;
bool fenced;

/* control */
byte number, term, vote;
byte wanted_term, wanted_candidate, wanted_last;
byte seen_tail; /* tail that FENCED named */
bool grant;
mtype = { IDLE, FENCING, PERSISTING, ANSWERING };
mtype state;

/* ghosts: they remember what a node may forget */
byte granted[TERMS + 1];
bool fence_answered; /* between FENCED and the next view */
byte highest_installed; /* number */
byte crashes;

inline restart()
{
	number = 0;
	term = durable_term;
	vote = durable_vote;
	state = IDLE;
	worker_boot = 0;
	worker_term = term;
	fenced = true;
	fence_answered = false;
	highest_installed = 0;
	do
	:: nempty(down) -> down ? _, _, _
	:: empty(down) -> break
	od;
	do
	:: nempty(up) -> up ? _, _, _
	:: empty(up) -> break
	od
}

inline persist(new_term, new_vote)
{
	assert(new_term >= durable_term); /* S5 */
	durable_term = new_term;
	durable_vote = new_vote
}

inline answer()
{
	if
	:: grant ->
#ifndef VOTE_BEFORE_PERSIST
		assert(durable_term == wanted_term && durable_vote == wanted_candidate); /* S2 */
#endif
		assert(granted[wanted_term] == 0 || granted[wanted_term] == wanted_candidate); /* S1 */
		assert(wanted_last >= tail); /* S4 */
		granted[wanted_term] = wanted_candidate
	:: else -> skip
	fi
}

/* A candidate asks: any term, either of two candidates, any log. */
inline ask()
{
	if
	:: wanted_term = 1
	:: wanted_term = 2
	:: wanted_term = 3
	fi;
	if
	:: wanted_candidate = 1
	:: wanted_candidate = 2
	fi;
	if
	:: wanted_last = 0
	:: wanted_last = 1
	:: wanted_last = 2
	fi
}

inline decide(known_tail)
{
	grant = wanted_candidate != 0 && wanted_last >= known_tail &&
		(wanted_term > term || vote == 0 || vote == wanted_candidate)
}

active proctype control()
{
	byte e, value;

	d_step {
		durable_term = 0;
		durable_vote = 0;
		fenced = true;
		state = IDLE
	}
	do
	/* a vote request arrives */
	:: atomic { state == IDLE && number < BOOT_IDS - 2 ->
		ask();
		if
		:: wanted_term < term -> skip /* refused, nothing changes */
		:: wanted_term >= term ->
#ifdef VOTE_WITHOUT_FENCE
			seen_tail = value;
			decide(seen_tail);
			state = PERSISTING
#else
			number++;
			down ! FENCE, number, term;
			state = FENCING
#endif
		fi }

	/* the worker saw a newer term in a leader's frame: adopt it without a vote */
	:: atomic { state == IDLE && number < BOOT_IDS - 2 && up ?? [SAW_TERM, _, _] ->
		up ?? SAW_TERM, e, value;
		if
		:: value > term ->
			wanted_term = value;
			wanted_candidate = 0;
			wanted_last = 0;
			number++;
			down ! FENCE, number, term;
			state = FENCING
		:: else -> skip
		fi }

	:: atomic { state != IDLE && up ?? [SAW_TERM, _, _] -> up ?? SAW_TERM, _, _ } /* told again later */

	:: atomic { up ?? [FENCED, _, _] ->
		up ?? FENCED, e, value;
		if
#ifdef STALE_FENCED
		:: state == FENCING ->
#else
		:: state == FENCING && e == number ->
#endif
			seen_tail = value;
			decide(seen_tail);
			state = PERSISTING
		:: else -> skip
		fi }

	/* give up waiting: the fence took too long, ask again under a newer number */
	:: atomic { state == FENCING && number < BOOT_IDS - 2 && nfull(down) ->
		ask();
		if
		:: wanted_term >= term ->
			number++;
			down ! FENCE, number, term
		:: else -> wanted_term = term; wanted_candidate = 0
		fi }

	:: atomic { state == PERSISTING ->
#ifdef VOTE_BEFORE_PERSIST
		answer();
#endif
		state = ANSWERING }

	:: state == ANSWERING ->
#ifdef TERM_THEN_VOTE
		persist(wanted_term, 0);
		/* a crash fits in here */
		atomic {
			answer();
			if
			:: grant -> persist(wanted_term, wanted_candidate)
			:: else -> skip
			fi;
		}
		atomic {
#else
		atomic {
			if
			:: grant -> persist(wanted_term, wanted_candidate)
			:: !grant && wanted_term > term -> persist(wanted_term, 0)
			:: else -> skip
			fi;
		}
		/* durable, not yet said: a crash fits in here */
		atomic {
#ifndef VOTE_BEFORE_PERSIST
			answer();
#endif
#endif
			if
			:: grant -> vote = wanted_candidate
			:: !grant && wanted_term > term -> vote = 0
			:: else -> skip
			fi;
			term = wanted_term;
#ifdef VOTE_FORGOTTEN
			vote = 0;
#endif
			number++;
			down ! FOLLOW, number, term;
			state = IDLE
		}

	:: atomic { crashes < CRASHES -> crashes++; restart() }
	od
}

active proctype worker()
{
	byte e, t;
	mtype verb;

	do
	:: atomic { nempty(down) && nfull(up) ->
		down ? verb, e, t;
		if
		:: e <= worker_boot -> skip
		:: else ->
			worker_boot = e;
			if
			:: verb == FENCE ->
				fenced = true;
				fence_answered = true;
				up ! FENCED, e, tail
			:: verb == FOLLOW ->
				assert(e >= highest_installed); /* S6 */
				assert(t <= durable_term); /* S5 */
				highest_installed = e;
				worker_term = t;
				fenced = false;
				fence_answered = false
			fi
		fi }

	/* an append of exactly the view's term */
#ifdef APPEND_WHILE_FENCED
	:: atomic { tail < TAIL_MAX && worker_term > 0 ->
#else
	:: atomic { !fenced && tail < TAIL_MAX && worker_term > 0 ->
#endif
		assert(!fence_answered); /* S3 */
		tail++ }

	/* an authentic frame of a newer term: reported, never obeyed */
	:: atomic { !fenced && worker_term < TERMS && nfull(up) && !(up ?? [SAW_TERM, _, _]) ->
		up ! SAW_TERM, worker_boot, worker_term + 1 }

	/* The other end of a full ring may be down: nothing is lost but signs that come again. */
	od
}
