/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of a sender share: sender.c (frames out, time), sender_session.c, sender_answer.c (what came of appends). */
#ifndef WL_CLIENT_SENDER_INTERNAL_H
#define WL_CLIENT_SENDER_INTERNAL_H

#include "client/sender.h"

#define WL_SENDER_FLIGHT_BYTES (256u << 10) /* in flight, to begin with */
#define WL_SENDER_FLIGHT_BYTES_MIN (16u << 10)
#define WL_SENDER_BACK_PRESSURE_NS_MIN (500000u)
#define WL_SENDER_BACK_PRESSURE_NS_MAX (20 * WL_MS_NS)
#define WL_SENDER_NO_SPACE_NS_MIN (20 * WL_MS_NS)
#define WL_SENDER_NO_SPACE_NS_MAX (100 * WL_MS_NS)

/* ---- sender.c ---- */
/* Another leadership, or the leader was restarted: what was sent is sent again. */
void wl_sender_follow(struct wl_sender *sender);
/* Without an answer for so long, everything is sent again. */
uint64_t wl_sender_timeout(const struct wl_sender *sender);
void wl_sender_pause(struct wl_sender *sender, uint64_t min_ns, uint64_t max_ns);
/* A node said that it does not lead. */
void wl_sender_on_not_leader(struct wl_sender *sender, uint32_t node, uint32_t hint);

/* ---- sender_session.c ---- */
/* Asks for a session when that is due. Returns frames. */
unsigned wl_sender_open_session(struct wl_sender *sender);
void wl_sender_hurry_session(struct wl_sender *sender);

/* ---- sender_answer.c ---- */
/* The application gets its answer without the cluster's. */
void wl_sender_withdraw(struct wl_sender *sender, uint64_t sequence, int status);

#endif
