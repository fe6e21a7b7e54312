/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The archive of closed segments (archive.directory). wl-base reads each journal's stream and decides (dataplane/log/archiver.h); what is to be
 * written is handed to a thread of its own, wl-archive: a network file system that hangs holds that one and no other. Until a range is durable its
 * segment is not given up (base_exchange.h).
 *
 * What fails is tried again every few seconds, and told once: nothing that was acknowledged is lost, the journal grows meanwhile.
 *
 * Thread: wl-base's, where nothing else is said.
 */
#ifndef WL_CONTROL_NODE_ARCHIVE_THREAD_H
#define WL_CONTROL_NODE_ARCHIVE_THREAD_H

#include "control/node/node_thread.h"

/* Before wl-base runs. False: no memory. Without archive.directory nothing is done, here and below. [init] */
bool wl_archive_thread_open(struct wl_node *node);
/* wl-base has ended. A write that hangs holds this up, too. [init] */
void wl_archive_thread_close(struct wl_node *node);
/* As of wl_base_maker_log. */
struct wl_archive_source {
	const struct wl_log *log; /* NULL: there is nothing to archive now */
	uint64_t applied;
};

/* One thing for one journal. *did: there was something to do. Returns the bytes that were read. */
uint64_t wl_archive_thread_serve(struct wl_node *node, uint32_t journal,
				 struct wl_store_reader *reader,
				 const struct wl_archive_source *source, bool *did);
/* Of the stream: before it all is archived. */
uint64_t wl_archive_thread_position(const struct wl_node *node, uint32_t journal);
/* The log of the maker begins anew. */
void wl_archive_thread_anew(struct wl_node *node, uint32_t journal);

#endif
