/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's environment layer: started once for the process, its words kept from the user and turned
 * into codes. How a daemon or a client gets to frames:
 *
 *	struct wl_eal_settings settings = {.hugepages = .., .memory_mb = .., .pci = .., .extra = ..};
 *	status = wl_eal_start(&settings, &report, reason, sizeof(reason));	(0.2 s)
 *	log report.line, report.memory_reason
 *	wl_eal_set_log(sink, context)			drivers' later lines, one at a time
 *	for each worker, on the main thread:
 *		status = wl_port_dpdk_open(&port, &config, note, reason)	port_dpdk.h
 *	on each worker's own thread:
 *		wl_placement_enter(core, worker, reason)	pinned, named wl-pmd-N
 *		wl_eal_thread_enter()			gives it a cache of packet buffers
 *		loop: port->ops->...; port->ops->tend(port, now_ns) about once a millisecond
 *		wl_eal_thread_leave()
 *	after the workers have ended: wl_port_dpdk_close(port) for each, then wl_eal_stop().
 *
 * memory_mb: wl_port_dpdk_memory_mb() of all ports together, plus 16.
 * A second wl_eal_start in one process fails with EAL_FAILED, also after wl_eal_stop: DPDK is so.
 * Thread: [init] but for enter and leave. Never: pins the calling thread to one core (unless the
 * settings say so); opens a telemetry socket; leaves files in /run.
 */
#ifndef WL_DATAPLANE_NIC_EAL_DPDK_H
#define WL_DATAPLANE_NIC_EAL_DPDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/nic/eal_args.h"

struct wl_eal_report {
	char line[1024]; /* the effective command line */
	char memory_reason[160];
	bool hugepages;
	uint64_t start_ns;
};

/* A whole line without its newline; level as in rte_log.h: 4 error, 5 warning, 6 notice, 7 info. */
typedef void wl_eal_log_sink(void *context, unsigned level, const char *line);

/* 0 or a negative enum wirelog_status with a sentence in `reason`; `report` is filled either way. */
int wl_eal_start(const struct wl_eal_settings *settings, struct wl_eal_report *report, char *reason,
		 size_t reason_bytes);
/* No port is open any more. What DPDK has of the machine goes when the process ends, which is soon. */
void wl_eal_stop(void);
bool wl_eal_is_started(void);

/* NULL: lines are only remembered. The sink is called on whatever thread logs. */
void wl_eal_set_log(wl_eal_log_sink *sink, void *context);

/* What was logged after a mark, for wl_eal_explain; at most the last 8 KiB. [any] */
uint64_t wl_eal_log_mark(void);
void wl_eal_log_since(uint64_t mark, char *text, size_t text_bytes);

/*
 * Libraries below drivers (libbpf) print past DPDK's log. Between these two, what goes to stdout and
 * stderr joins the log instead. Only where the process has one thread that prints: at start-up.
 */
void wl_eal_catch_output(void);
void wl_eal_release_output(void);

/* For threads that use ports. False: no room for one more; it works without a cache. [worker] */
bool wl_eal_thread_enter(void);
void wl_eal_thread_leave(void);

#endif
