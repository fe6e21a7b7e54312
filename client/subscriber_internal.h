/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of a subscriber share: subscriber.c (what is said, and when), subscriber_node.c (who serves), subscriber_record.c (what comes). */
#ifndef WL_CLIENT_SUBSCRIBER_INTERNAL_H
#define WL_CLIENT_SUBSCRIBER_INTERNAL_H

#include "client/subscriber.h"

/* ---- subscriber.c ---- */
void wl_subscriber_say_unsubscribe(struct wl_subscriber *subscriber);
/* All before next_number is here; `resend`: and what comes was not what is next. */
void wl_subscriber_say_credit(struct wl_subscriber *subscriber, bool resend);

/* ---- subscriber_node.c ---- */
bool wl_subscriber_can_serve(const struct wl_subscriber *subscriber, uint32_t node);
/* 0: none can serve now. */
uint32_t wl_subscriber_choose_node(const struct wl_subscriber *subscriber);
void wl_subscriber_begin_at(struct wl_subscriber *subscriber, uint32_t node);
void wl_subscriber_leave_node(struct wl_subscriber *subscriber);
/* This node cannot give us next_number; `behind` is where it could go on, 0: not known. */
void wl_subscriber_refuse_node(struct wl_subscriber *subscriber, int status, uint64_t behind);
/* A node that is there has no place: it did not look for the record, and others need not be waited for. */
bool wl_subscriber_is_turned_away(const struct wl_subscriber *subscriber);
/* The subscription is over, for the reason that was given last; `otherwise` when none was. */
void wl_subscriber_end(struct wl_subscriber *subscriber, int otherwise);
/* From here to before `next_number` there is nothing to be had. */
void wl_subscriber_skip(struct wl_subscriber *subscriber, uint64_t next_number, int status);
/* What stands before next_number is of the history that the node serves. */
void wl_subscriber_note_history(struct wl_subscriber *subscriber);
/* next_number is another one. */
void wl_subscriber_move(struct wl_subscriber *subscriber, uint64_t next_number);

#endif
