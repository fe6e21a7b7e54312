/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cluster's secrets from their file: 32 hexadecimal digits a line, one line, or two while one key takes the place of the other, the
 * older first (base/keys.h). A client's file has "append " or "read " in front of each: keys that follow from those of the cluster and give
 * no more than that right. Readable by its owner alone. Daemon and library read it with the same rules.
 *
 * Owner: the caller of the bytes. Thread: [init, wl-admin]; of the library, the caller's. Never: prints or keeps a secret.
 */
#ifndef WL_DATAPLANE_HOST_KEY_FILE_H
#define WL_DATAPLANE_HOST_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "dataplane/base/keys.h"

#define WL_KEY_FILE_SECRET_BYTES 16u

struct wl_key_file {
	uint32_t count;
	enum wl_right right; /* of all of them */
	uint8_t secrets[WL_KEYS_HELD_MAX][WL_KEY_FILE_SECRET_BYTES]; /* oldest first */
};

/* 0, or KEY_MISSING (no such file), KEY_UNSAFE with one sentence in `reason`. */
int wl_key_file_read(const char *path, struct wl_key_file *file, char *reason, size_t reason_bytes);

/* Which file stood there when it was looked at: another one has another mark. */
struct wl_key_file_mark {
	ino_t inode;
	struct timespec changed;
};
/* True: another file stands there than when `mark` was last looked at, and *mark is that one's now. False as well where none does. */
bool wl_key_file_is_news(const char *path, struct wl_key_file_mark *mark);

#endif
