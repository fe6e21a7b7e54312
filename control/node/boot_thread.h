/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a configuration to a running node, step by step; each step says in one line what it chose and why, and
 * refuses by name. The order is a safety matter in two places: the data is opened and recovered before a frame can
 * come in, and the raised boot count is durable before a frame can go out.
 *
 *	key -> run directory -> store -> memory -> EAL, ports -> recovery -> boot count
 *	    -> self-test, idle strategy -> disks -> agent -> stats socket -> workers
 *
 * Thread: [init], on the control thread.
 */
#ifndef WL_CONTROL_NODE_BOOT_THREAD_H
#define WL_CONTROL_NODE_BOOT_THREAD_H

#include "control/node/node_thread.h"

#define WL_BOOT_REASON_BYTES 512u
/* In the environment of a process that started again by itself when a journal was mended: how many did so, one behind the other. */
#define WL_BOOT_MENDED "WIRELOG_MENDED"

/* 0, or a negative enum wirelog_status with one sentence in `reason`; then wl_boot_take_down all the same. */
int wl_boot_bring_up(struct wl_node *node, const struct wl_config *config, bool insecure,
		     char *reason, size_t reason_bytes);
/* Closes what is open, in reverse. Workers have ended by then. */
void wl_boot_take_down(struct wl_node *node);

/* Steps in files of their own; same result. */
int wl_boot_open_run_directory(struct wl_node *node, char *reason,
			       size_t reason_bytes); /* boot_run_directory_file.c */
void wl_boot_close_run_directory(struct wl_node *node);
int wl_boot_open_store(struct wl_node *node, char *reason,
		       size_t reason_bytes); /* boot_store_file.c */
/* New data are written only now, when nothing else refuses the start. boot_make_store_file.c */
int wl_boot_make_store(struct wl_node *node, char *reason, size_t reason_bytes);
/* wl_store_open; a drive that is not there yet is waited for, at most storage.wait_s, and damage is looked at again. */
int wl_boot_await_store(struct wl_node *node, const struct wl_store_config *store, char *reason,
			size_t reason_bytes);
/*
 * `what` is refused for `reason` if it is found so each time; `*looks` begins at 0. True, some time later: read it again. False: enough, or the
 * end was asked for.
 */
bool wl_boot_looks_again(const char *what, unsigned *looks, const char *reason);
/* Fills log and state of a journal from the newest whole base, if there is one. Reads go into `window`: whole blocks. boot_base_file.c */
int wl_boot_load_base(struct wl_node *node, uint32_t id, struct wl_recovery_window window,
		      char *reason, size_t reason_bytes);
int wl_boot_recover(struct wl_node *node, char *reason, size_t reason_bytes);
int wl_boot_raise_id(struct wl_node *node, char *reason, size_t reason_bytes);
/* Zeroed memory for a worker, on the memory node of its core where one is configured; touched when used, or before that by
 * wl_boot_lock_memory; kept until the process ends. NULL: none. */
void *wl_boot_map(struct wl_node *node, uint32_t worker, size_t bytes); /* boot_locked_memory.c */
int wl_boot_make_journals(struct wl_node *node, char *reason,
			  size_t reason_bytes); /* boot_journals_memory.c */
int wl_boot_make_workers(struct wl_node *node, char *reason,
			 size_t reason_bytes); /* boot_workers_thread.c */
int wl_boot_lock_memory(struct wl_node *node, char *reason,
			size_t reason_bytes); /* boot_locked_memory.c */
int wl_boot_choose_idle(struct wl_node *node, char *reason, size_t reason_bytes);
int wl_boot_start_workers(struct wl_node *node, char *reason, size_t reason_bytes);
int wl_boot_open_ports(struct wl_node *node, char *reason,
		       size_t reason_bytes); /* boot_ports_dpdk.c */
/* One link as the port is told of it. */
void wl_boot_plan_link(const struct wl_config *config, const struct wl_config_link *from,
		       struct wl_link_config *to);

#endif
