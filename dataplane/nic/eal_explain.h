/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's own words into ours: from the text that EAL and its drivers logged while something failed
 * to one of our codes, and one sentence that names the thing it is about.
 *
 * Pure. Owner: the caller of both texts. [any] Never: keeps a pointer; fails - what it does not know
 * is EAL_FAILED with DPDK's most telling line.
 */
#ifndef WL_DATAPLANE_NIC_EAL_EXPLAIN_H
#define WL_DATAPLANE_NIC_EAL_EXPLAIN_H

#include <stddef.h>

/*
 * `subject`: what was being done, e.g. "starting DPDK" or "link 2 (af_packet eth1)"; stands first in
 * the sentence. Returns a negative enum wirelog_status.
 */
int wl_eal_explain(const char *log_text, const char *subject, char *reason, size_t reason_bytes);

#endif
