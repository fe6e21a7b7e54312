/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every limit that a user or two modules rely on, in one place, related to each
 * other by the compiler. Sizes are bytes unless the name says otherwise.
 */
#ifndef WIRELOG_LIMITS_H
#define WIRELOG_LIMITS_H

#define WIRELOG_NODES_MAX 7 /* voters; node ids are 1..WIRELOG_NODES_MAX */
#define WIRELOG_JOURNALS_MAX 16 /* journals of one node; ids are 0..15 */
#define WIRELOG_WORKERS_MAX 16 /* poll-mode workers of one node */

#define WIRELOG_RECORD_BYTES_DEFAULT (64u << 10) /* default for `limits.record_bytes` */
#define WIRELOG_RECORD_BYTES_MAX (1u << 20) /* a payload is never larger than this */
#define WIRELOG_ENDPOINT_BYTES_MAX 96 /* text of one endpoint with its final NUL */

#define WIRELOG_SESSIONS_MAX 10240 /* sessions that a journal remembers */
#define WIRELOG_SESSION_RUNS 128 /* runs of {sequence, number} remembered for each session */
#define WIRELOG_SUBSCRIPTIONS_MAX 64 /* readers of one worker at one time */
#define WIRELOG_CLIENTS_MAX 16384 /* clients that a worker knows by address */

#define WIRELOG_STATUS_TEXT_BYTES 16385 /* what a node says of itself at most, with its final NUL */

#define WIRELOG_MTU_MIN 1280
#define WIRELOG_MTU_MAX 9000

#endif
