/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `wirelog unsafe-recover` knows of the data that are left, and what it makes of one of them: facts, a judgement, and one record.
 *
 * The caller owns the structs. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_RESCUE_H
#define WL_COMMAND_TOOL_RESCUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/members.h"
#include "dataplane/base/position.h"
#include "dataplane/log/superblock.h"

struct wl_rescue_journal {
	struct wl_position tail; /* a leader with it would keep all of this */
	uint64_t next_number; /* behind the tail */
	uint64_t commit; /* index that is known committed here */
	struct wl_list list; /* of members, by its base and the log behind */
	uint64_t history; /* that a node with it says it is of; 0: none yet */
	bool damaged; /* a start refuses it */
	bool holes; /* a start does not, but some of what is kept before the base is damaged */
};

struct wl_rescue_data { /* of one node */
	const char *path;
	struct wl_superblock superblock;
	struct wl_rescue_journal journals[WIRELOG_JOURNALS_MAX];
};

/* Reads them; nothing is changed. 0, or a negative enum wirelog_status with a sentence. */
int wl_rescue_look(struct wl_rescue_data *data, const char *path, char *reason,
		   size_t reason_bytes);
/* They are of one cluster and have the same journals, and no two of one node. False, with a sentence. */
bool wl_rescue_fit(const struct wl_rescue_data *data, uint32_t count, char *reason,
		   size_t reason_bytes);
/* Which of them has the most in this journal (Raft, section 5.4.1); of equals the first. Damaged ones last. */
uint32_t wl_rescue_best(const struct wl_rescue_data *data, uint32_t count, uint32_t journal);
/* They begin a history of their own already, and their node has not led by it yet. */
bool wl_rescue_is_under_way(const struct wl_rescue_data *data);
/* So many of the voters are here that a start of all of them elects one: no rescue is wanted. */
bool wl_rescue_is_needless(const struct wl_rescue_data *data, uint32_t count, uint32_t journal);
/* Makes the record that begins the histories, durable, of data that are as they were looked at. 0, or a negative enum wirelog_status with a sentence. */
int wl_rescue_make(struct wl_rescue_data *data, char *reason, size_t reason_bytes);

#endif
