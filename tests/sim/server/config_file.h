/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file of a simulated server: text as an operator writes it, with spellings and optional keys by
 * chance, read by the daemon's own parser when the server starts. A file is parsed once and kept until somebody
 * writes it anew. Who makes a mistake in it (config_edit.c) says what must come of it.
 */
#ifndef WL_TESTS_SIM_SERVER_CONFIG_FILE_H
#define WL_TESTS_SIM_SERVER_CONFIG_FILE_H

#include "control/config/config.h"
#include "tests/sim/random.h"

#define SIM_CONFIG_BYTES 32768u

/* What the file is to say. */
struct sim_config_wish {
	const uint8_t *uuid;
	unsigned number;
	uint32_t members; /* bit per node id */
	uint32_t joins; /* of them: not in the first list */
	uint64_t segment_bytes, ring_bytes, log_bytes_max;
	uint64_t election_timeout_ns, patience_ns, heartbeat_ns;
	unsigned prefers; /* the node of the highest priority; 0: all are alike */
	uint64_t sessions, mtu;
	unsigned workers, journals;
	bool names_core;
	uint16_t core; /* of worker 0 */
	bool demands_pages, keyless;
	unsigned eal_extra; /* 0: by chance; 1 refused, 2 too long, 3 allowed */
	bool any; /* whatever is right, of links of every kind; else what the simulator can run */
};

enum sim_config_edit {
	SIM_EDIT_NONE, /* the right file */
	SIM_EDIT_UNKNOWN_KEY,
	SIM_EDIT_DUPLICATE_KEY,
	SIM_EDIT_WRONG_TYPE, /* a list or a mapping where a value belongs */
	SIM_EDIT_WRONG_VALUE, /* out of range, no number, no such word */
	SIM_EDIT_CONFLICT, /* right one by one, not together */
	SIM_EDIT_MISSING, /* a key that is needed */
	SIM_EDIT_GARBAGE, /* not a text */
	SIM_EDIT_EMPTY,
	SIM_EDIT_MANY, /* more of it than there can be */
	SIM_EDIT_CUT, /* its end is lost */
	SIM_EDIT_FLIPPED, /* some bytes are others */
	SIM_EDIT_GONE, /* it cannot be opened */
	/* Right in themselves, but not of this node's data: the wish itself is another one. */
	SIM_EDIT_CLUSTER,
	SIM_EDIT_NODE,
	SIM_EDIT_MEMBERS,
	SIM_EDIT_GEOMETRY,
	SIM_EDITS,
};

struct sim_config_file {
	char bytes[SIM_CONFIG_BYTES];
	size_t size;
	enum sim_config_edit edit; /* NONE when no place for the mistake was found */
	int expected; /* of the parser: a status */
	bool unforeseen; /* refused or not, as the bytes happen to be */
	uint32_t expected_line; /* of the first problem; 0: any */
	bool parsed;
	int status;
	struct wl_config config; /* when status is 0 */
	struct wl_config_problems problems;
};

void sim_config_file_write(struct sim_config_file *file, const struct sim_config_wish *wish,
			   struct sim_random *random);
/* config_edit.c: makes a mistake in it. */
void sim_config_file_edit(struct sim_config_file *file, enum sim_config_edit edit,
			  struct sim_random *random);
/* What the daemon makes of it: 0 or a negative enum wirelog_status. */
int sim_config_file_read(struct sim_config_file *file);
/* NULL, or what is wrong with what the parser made of it. */
const char *sim_config_file_judge(const struct sim_config_file *file);

#endif
