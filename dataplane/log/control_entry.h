/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control entries: what a leader asks of the state of all nodes, as opposed to what clients append (dataplane/state/state.h
 * says what comes of each). An entry of kind WL_ENTRY_CONTROL holds exactly one record of kind WL_RECORD_CONTROL, and no data:
 *
 *   record's session    the verb
 *   record's sequence   what the state must be for it to have an effect (`expects`; 0 where the verb expects nothing)
 *   payload, 24 bytes    0 u64 number    8 u64 index    16 u64 digest    zero where the verb does not use it
 *   and, where the verb has a name, 32 bytes more: 24 name (base/consumer_name.h)
 *   or, where it is about members, 56 bytes more: 24 u64 incarnation of the data of node 1, of node 2, ... 7; 0: not named
 *   or, where it is about limits, 40 bytes more: 24 u64 of each limit, in the order of base/journal_limits.h
 *
 * The entry is whole whatever its verb is: entry.c checks its shape alone. A verb that this program does not know, or one with
 * other arguments, is ignored by who applies it.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_LOG_CONTROL_ENTRY_H
#define WL_DATAPLANE_LOG_CONTROL_ENTRY_H

#include "dataplane/base/consumer_name.h"
#include "dataplane/base/features.h"
#include "dataplane/base/journal_limits.h"
#include "dataplane/base/keys.h"
#include "dataplane/base/members.h"
#include "dataplane/log/entry.h"

enum wl_control_verb {
	WL_CONTROL_TRIM = 1, /* number: records below it may be forgotten */
	WL_CONTROL_BASE = 2, /* expects: the base mark there is; this entry becomes the next one */
	WL_CONTROL_BASE_PROVEN = 3, /* index, digest: a majority made this of the base there */
	WL_CONTROL_CONSUMER_SET =
		4, /* name, number: its checkpoint; expects: index at which it was made, 0: made where it is not there */
	WL_CONTROL_CONSUMER_DROP =
		5, /* name; expects: its number, index: at which it was made; 0: any */
	WL_CONTROL_MEMBERS =
		6, /* number: voters, and the old ones << 32; index: learners; expects: the entry of the list before. In force from append on */
	WL_CONTROL_LIMITS = 7, /* expects: the entry of the limits before, 0: there were none */
	/* number: the next record's, WL_LOSS_NUMBERS higher at least, and the entry's first_number; digest: the history that begins here;
	 * expects: the one before; index: the voters, who are all members, with the names of their data. In force from append on */
	WL_CONTROL_LOSS = 8,
	WL_CONTROL_FENCE =
		9, /* index: a session, number: its sequences up to this one that are not in the log are spent */
	WL_CONTROL_KEYS =
		10, /* number: ids, `now` and `before` << 32; index: stage; expects: the entry of the keys before, 0: none */
	/* number: the features in force from here on, all of them; index: the list of members of which each declared them; expects: the entry
	 * of the features before, 0: there were none */
	WL_CONTROL_FEATURES = 11,
	WL_CONTROL_VERB_LAST = WL_CONTROL_FEATURES,
};

struct wl_control {
	enum wl_control_verb verb;
	uint64_t expects; /* BASE, CONSUMER_SET, CONSUMER_DROP, MEMBERS, LIMITS, LOSS, KEYS, FEATURES */
	uint64_t number; /* TRIM, CONSUMER_SET, MEMBERS, LOSS, FENCE, KEYS, FEATURES */
	uint64_t index,
		digest; /* BASE_PROVEN, LOSS; CONSUMER_DROP, MEMBERS, FENCE, KEYS, FEATURES: index */
	char name[WL_CONSUMER_NAME_BYTES]; /* CONSUMER_SET, CONSUMER_DROP */
	uint64_t incarnation[WIRELOG_NODES_MAX + 1]; /* MEMBERS, LOSS, by node id */
	uint64_t limit[WL_LIMITS]; /* LIMITS */
};

#define WL_CONTROL_PAYLOAD_BYTES 24u /* of a verb without more */
#define WL_CONTROL_NAMED_BYTES (WL_CONTROL_PAYLOAD_BYTES + WL_CONSUMER_NAME_BYTES)
#define WL_CONTROL_MEMBERS_BYTES (WL_CONTROL_PAYLOAD_BYTES + 8 * WIRELOG_NODES_MAX)
#define WL_CONTROL_LIMITS_BYTES (WL_CONTROL_PAYLOAD_BYTES + 8 * WL_LIMITS)
#define WL_CONTROL_PAYLOAD_BYTES_MAX WL_CONTROL_MEMBERS_BYTES
/* Of a whole entry as this program writes it, at most. */
#define WL_CONTROL_ENTRY_BYTES_MAX \
	(WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES + WL_CONTROL_PAYLOAD_BYTES_MAX)

/* The one record of the entry: its header, and what that counts as its bytes to `payload`, WL_CONTROL_PAYLOAD_BYTES_MAX at most. What the
 * verb does not use is written as 0. */
void wl_control_encode(const struct wl_control *control, struct wl_record_header *record,
		       uint8_t *payload);
/* Of an image that wl_entry_decode accepted. False: no control entry, an unknown verb, arguments that are not its own, or no name. */
bool wl_control_decode(const uint8_t *image, const struct wl_entry_header *header,
		       struct wl_control *control);
/* A list as it stands in an entry: bits per node id. */
struct wl_control wl_control_of_list(const struct wl_list *list, uint64_t expects);
/* The list that such a control entry, at `index`, says. False: it has bits that are no member's. */
bool wl_control_list(const struct wl_control *control, uint64_t index, struct wl_list *list);
/* The entry at `index` is about members, and what it says follows `list`: that is the list now. False: it is ignored, by all alike. */
bool wl_control_changes_list(const struct wl_control *control, uint64_t index,
			     struct wl_list *list);
/* Limits as they stand in an entry. */
struct wl_control wl_control_of_limits(const struct wl_journal_limits *limits, uint64_t expects);
/* The entry at `index` is about limits, follows `limits`, and says possible ones: those are the limits now. False: it is ignored, by all alike. */
bool wl_control_changes_limits(const struct wl_control *control, uint64_t index,
			       struct wl_journal_limits *limits);
/* Keys as they stand in an entry. */
struct wl_control wl_control_of_keys(const struct wl_keys *keys, uint64_t expects);
/* The entry at `index` is about keys, and what it says may follow `keys` (base/keys.h): those are in force now. False: it is ignored, by all alike. */
bool wl_control_changes_keys(const struct wl_control *control, uint64_t index,
			     struct wl_keys *keys);
/* What is in force by an entry: a part of the state (dataplane/state/state.h). */
struct wl_features_in_force {
	uint64_t index; /* of the entry that said so; 0: none did */
	wl_features set; /* 0: none */
};
/* The entry at `index` is about features, follows `features`, takes none back and adds some, and was made of the list of members of the entry
 * `list_index`: those are in force now. False: it is ignored, by all alike. */
bool wl_control_changes_features(const struct wl_control *control, uint64_t index,
				 uint64_t list_index, struct wl_features_in_force *features);
/* The entry with this header is a LOSS that is in force behind the history `before`: false for any other, on all nodes alike. */
bool wl_control_begins_history(const struct wl_control *control,
			       const struct wl_entry_header *header, uint64_t before);
/* The members behind such a LOSS. */
struct wl_list wl_control_rescued(const struct wl_control *control, uint64_t index);
/* "trim", "base", "base-proven", "consumer-set", "consumer-drop", "members", "limits", "loss", "fence", "keys", "features"; "unknown" for any other number. */
const char *wl_control_verb_text(uint64_t verb);

#endif
