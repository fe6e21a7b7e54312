/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node says of itself, read in parts (docs/WIRE.md, "STATUS"). Asked of one node each, or of any that answers first; put again every
 * 20 ms until the text is whole or its time is over. The text goes into the application's memory, which is the reader's from the question to
 * its event. The application hears STATUS from here, once for each question; it may ask again meanwhile.
 *
 *  C6  a text is of one version: a part that does not continue it is not taken, and one that begins another is its beginning
 *
 * Units: nanoseconds, bytes. Owner and thread: the engine's. Errors: BACK_PRESSURE, events. Limits: WL_STATUS_READER_QUESTIONS.
 * Pure; allocates nothing.
 */
#ifndef WL_CLIENT_STATUS_READER_H
#define WL_CLIENT_STATUS_READER_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"

#define WL_STATUS_READER_QUESTIONS 8u

struct wl_status_question {
	int64_t id; /* as the application knows it; 0: free */
	uint32_t node; /* 0: any, until one has answered */
	uint64_t round; /* names the question on the wire */
	char *text; /* WIRELOG_STATUS_TEXT_BYTES of the application's */
	uint64_t version; /* of what has come; 0: nothing has */
	uint32_t have; /* bytes of it */
	uint64_t began_ns;
	uint64_t due_ns; /* again */
};

struct wl_status_reader {
	struct wl_environment *environment;
	struct wl_channel *channel;
	const struct wl_nodes *nodes;

	struct wl_status_question questions[WL_STATUS_READER_QUESTIONS];
	unsigned count; /* that are open */
};

/* Zeroed memory. */
void wl_status_reader_init(struct wl_status_reader *reader, struct wl_environment *environment,
			   struct wl_channel *channel, const struct wl_nodes *nodes);
/* What the event will name; or BACK_PRESSURE. node: 1 to WIRELOG_NODES_MAX; 0: any. */
int64_t wl_status_reader_ask(struct wl_status_reader *reader, uint32_t node, char *text);
void wl_status_reader_on_part(struct wl_status_reader *reader,
			      const struct wl_channel_message *message);
/* What is due. Returns 1 when something was said or ended. */
unsigned wl_status_reader_poll(struct wl_status_reader *reader);

#endif
