/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is at the other end of a Unix socket, by the kernel's word of the moment when it connected. The name of a user comes from the machine's own file, and
 * from no service: it is for people, and nothing is decided by it.
 *
 * Never: waits. Thread: [any] but workers.
 */
#ifndef WL_CONTROL_REPORT_ASKER_FILE_H
#define WL_CONTROL_REPORT_ASKER_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#define WL_ASKER_USERS "/etc/passwd"
#define WL_ASKER_USER_BYTES 33u /* of a name that is longer: so much of it */

struct wl_asker {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* 0: of another namespace */
};

/* False: the kernel does not say. */
bool wl_asker_of(int connection, struct wl_asker *asker);
/* Of its groups beside the first one too; a list of more than 1024 has none of ours. */
bool wl_asker_is_in(int connection, const struct wl_asker *asker, gid_t group);
/* "-": the file `users` has none, or one that is not made of letters, digits, and any of - _ . Returns `user`. */
const char *wl_asker_user(const char *users, uid_t uid, char user[WL_ASKER_USER_BYTES]);

#endif
