/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has to be changed so that a host is what a node needs: actions, made from facts before anything is touched. A plan that cannot be
 * carried out says why (refusals), and nothing is done at all.
 *
 * One table of steps: X(name, needs, why). wl_tune_plan_NAME (tune_*.c) adds the actions of a step; each action knows how it is seen to be
 * done, is carried out and is undone (tune_do_file.h), so no step has code for that. Pure. Owner: the caller. Thread: the command's.
 */
#ifndef WL_COMMAND_TUNE_TUNE_PLAN_H
#define WL_COMMAND_TUNE_TUNE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "command/host/host_facts.h"

#define WL_TUNE_ACTIONS_MAX 96u
#define WL_TUNE_REFUSALS_MAX 24u
#define WL_TUNE_NOTES_MAX 12u
#define WL_TUNE_TEXT_BYTES 4096u

/* clang-format off */
/* In the order in which they are done; undone from the last to the first. `needs`: programs. */
#define WL_TUNE_STEPS(X) \
	X(vfio_rule, "udevadm", "the node's user opens the NIC's group") \
	X(vfio_module, "modprobe", "the driver that hands a NIC to DPDK") \
	X(hugepages, "dpdk-hugepages.py", "packets lie in hugepages of the NIC's node") \
	X(frequency, "", "a worker's core does not change its frequency") \
	X(pages_transparent, "", "khugepaged moves no memory under workers") \
	X(numa_balancing, "", "the kernel does not unmap pages of workers") \
	X(interrupts, "", "devices that come later do not interrupt workers") \
	X(drive, "udevadm", "the drive is the node's user's, under one name") \
	X(key, "", "the key is the node's user's alone") \
	X(unit, "systemctl", "control and log stay off workers' cores") \
	X(persist, "", "kernel values are set again at each boot") \
	X(nics, "driverctl", "the NIC is DPDK's, also after a boot") \
	X(start, "systemctl", "the node starts now and at each boot")
/* clang-format on */

enum wl_tune_kind {
	WL_TUNE_FILE, /* a file of ours; `run` afterwards, and when it was restored */
	WL_TUNE_VALUE, /* a value of the kernel; `run` sets it, or it is written */
	WL_TUNE_RUN, /* a command; `undo` takes it back */
	WL_TUNE_OWNER, /* owner and mode of a file that is there */
};

struct wl_tune_action {
	const char *step, *why;
	enum wl_tune_kind kind;
	char path[512];
	char text[WL_TUNE_TEXT_BYTES]; /* of a file; a value */
	char run[256], undo[256]; /* commands, words by blanks, "; " between two */
	int64_t uid, gid, mode;
	bool is_at_least; /* a value that may be larger */
};

struct wl_tune_plan {
	struct wl_tune_action actions[WL_TUNE_ACTIONS_MAX];
	unsigned action_count;
	char refusals[WL_TUNE_REFUSALS_MAX][320];
	unsigned refusal_count;
	char notes[WL_TUNE_NOTES_MAX][320]; /* what only a boot parameter or a person changes */
	unsigned note_count;
	char persistent[WL_TUNE_TEXT_BYTES]; /* lines of tmpfiles.d */
	const char *step; /* whose actions are added now */
	const char *why;
};

struct wl_tune_wish {
	bool force; /* take a NIC that carries addresses */
	bool start;
	bool has_tuned; /* tuned rules frequency, pages and balancing here */
	char tuned_profile[64]; /* the active one; "": none */
};

/* All steps. The plan may be carried out when it has no refusals. */
void wl_tune_plan_make(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		       const struct wl_tune_wish *wish);

/* For the steps. A full list drops what comes then and refuses the plan. */
struct wl_tune_action *wl_tune_add(struct wl_tune_plan *plan, enum wl_tune_kind kind,
				   const char *format, ...) __attribute__((format(printf, 3, 4)));
void wl_tune_set(char *text, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void wl_tune_refuse_plan(struct wl_tune_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void wl_tune_note(struct wl_tune_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A kernel's value, now and at each boot. */
struct wl_tune_action *wl_tune_add_value(struct wl_tune_plan *plan, const char *value,
					 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define WL_TUNE_STEP(name, needs, why)                                                         \
	void wl_tune_plan_##name(struct wl_tune_plan *plan, const struct wl_host_facts *facts, \
				 const struct wl_tune_wish *wish);
WL_TUNE_STEPS(WL_TUNE_STEP)
#undef WL_TUNE_STEP

/* tune_refusals.c: what makes a plan impossible, before any step. */
void wl_tune_check_host(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
			const struct wl_tune_wish *wish);

#endif
