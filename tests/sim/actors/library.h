/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An application that uses the client library: the very object files of libwirelog (client/client.h) over the simulated
 * switch, polled when a frame comes and now and then without one. It appends records with unique contents and reads, and
 * everything that it knows comes by the library's callbacks; each is held against what the library promises (wirelog.h):
 *
 *	an append has exactly one answer, at the level that was asked for or above
 *	what is refused for good is not in the log, and never will be
 *	a record is delivered once, in order, and a hole is an event
 *	a consumer begins where its checkpoint was confirmed last, or behind that; what it commits is confirmed, or told to be dropped
 *
 * What it was told goes to the oracle as any client's answers do. It looks away for a while, is killed, says goodbye. What the
 * library never does (fragments at will, an old life that comes back, answers asked for twice) is left to client.c.
 */
#ifndef WL_TESTS_SIM_ACTORS_LIBRARY_H
#define WL_TESTS_SIM_ACTORS_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

struct sim_client;
struct sim_library;
struct sim_stored_record;

/* The client is set up but for its network. Its memory is freed with fini. */
void sim_library_init(struct sim_client *client);
void sim_library_fini(struct sim_client *client);
/* It has read enough. */
void sim_library_leave(struct sim_client *client);
/* It goes on as a reader of a cluster that was set back: what stands where it is is not what it was given. */
void sim_library_stray(struct sim_client *client);
/* It was told of every append, and has no session: what is left to the cluster waits until there is a place. */
bool sim_library_waits_for_a_place(const struct sim_client *client);
/* It committed what it has consumed, and was not told yet what came of it. */
bool sim_library_is_unconfirmed(const struct sim_client *client);
/* Was this one refused for good? */
bool sim_library_has_refused(const struct sim_client *client,
			     const struct sim_stored_record *record);

#endif
