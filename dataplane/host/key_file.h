/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cluster's secret from its file: 32 hexadecimal digits and perhaps a newline, readable by its owner
 * alone. Daemon and library read it with the same rules.
 *
 * Owner: the caller of the 16 bytes. Thread: [init]. Never: prints or keeps the secret.
 */
#ifndef WL_DATAPLANE_HOST_KEY_FILE_H
#define WL_DATAPLANE_HOST_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

#define WL_KEY_FILE_SECRET_BYTES 16u

/* 0, or KEY_MISSING (no such file), KEY_UNSAFE with one sentence in `reason`. */
int wl_key_file_read(const char *path, uint8_t secret[WL_KEY_FILE_SECRET_BYTES], char *reason,
		     size_t reason_bytes);

#endif
