/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways in which a drive is damaged beyond what a power cut does, and what a start must make of each: the kind
 * and the place that it must name (docs/LOG-FORMAT.md), worked out from the stable storage by other code than the daemon's.
 */
#ifndef WL_TESTS_SIM_SERVER_DAMAGE_H
#define WL_TESTS_SIM_SERVER_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

enum sim_damage_way {
	SIM_DAMAGE_NONE,
	/* one chunk: 0 the oldest .. 1,000,000 the newest */
	SIM_DAMAGE_ROT_ENTRY,
	SIM_DAMAGE_ROT_HEADER,
	SIM_DAMAGE_ROT_PADDING,
	SIM_DAMAGE_ZERO_CHUNK, /* a lost write */
	SIM_DAMAGE_ZERO_SECTOR,
	SIM_DAMAGE_OTHER_CHUNK, /* a misdirected write: another chunk stands here, whole */
	SIM_DAMAGE_FOREIGN_CHUNK, /* one of another node */
	SIM_DAMAGE_ASTRAY, /* it stands behind everything else instead */
	SIM_DAMAGE_UNREADABLE, /* a block of it */
	/* one segment: 0 the first .. 1,000,000 the last */
	SIM_DAMAGE_ROT_SEGMENT, /* its header */
	SIM_DAMAGE_SWAP_SEGMENTS, /* with the next one */
	SIM_DAMAGE_FOREIGN_SEGMENT, /* of another node, cluster, journal or size */
	SIM_DAMAGE_DROP_SEGMENT, /* its file is gone */
	SIM_DAMAGE_DROP_TAIL, /* its file and all behind it are gone */
	SIM_DAMAGE_CUT_SEGMENT, /* its file ends in the middle */
	SIM_DAMAGE_EXTEND, /* a file of zeros behind the last one */
	/* copies of the superblock: a mask */
	SIM_DAMAGE_ROT_RECORD,
	SIM_DAMAGE_ZERO_RECORD,
	SIM_DAMAGE_SWAP_RECORD, /* it stands in the place of the other pair */
	SIM_DAMAGE_RECORD_VERSION, /* of a format to come */
	SIM_DAMAGE_RECORD_CLUSTER, /* all of another cluster */
	SIM_DAMAGE_RECORD_NODE, /* all of another node */
	/* places for bases: a mask */
	SIM_DAMAGE_ROT_BASE, /* a byte of it */
	SIM_DAMAGE_DROP_BASE, /* it is gone */
	SIM_DAMAGE_OTHER_BASE, /* what belongs into the other place stands there, too */
	SIM_DAMAGE_CHAIN_BASE, /* it is whole, of a log whose entries have other chain values; scenarios only */
	SIM_DAMAGE_WAYS,
};

/* How a start was refused. */
enum sim_refusal {
	SIM_REFUSAL_NONE,
	SIM_REFUSAL_LOG, /* recovery: its damage says more */
	SIM_REFUSAL_RECORD, /* the superblock is damaged */
	SIM_REFUSAL_VERSION,
	SIM_REFUSAL_FOREIGN, /* the superblock is of another cluster or node */
	SIM_REFUSAL_BASE, /* the log begins later, and no base is whole */
};

struct sim_damage {
	enum sim_damage_way way;
	uint64_t begin, end; /* place in the stream */
	bool torn; /* something that was done since the last good start looks like a torn write */
	bool unseen; /* it lies where a start from a base does not read */
	bool vague; /* more than one thing was done: only that a refusal is allowed is known */
	/* filled by sim_drive_expect */
	bool known, refuses;
	enum sim_refusal refusal;
	uint32_t kinds; /* that may be named: bits by enum wl_recovery_damage_kind */
	uint64_t place; /* what the named range must hold; UINT64_MAX: not looked at */
};

/* Spelling in plans; NULL behind the last. */
const char *sim_damage_name(enum sim_damage_way way);

#endif
