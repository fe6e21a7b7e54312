/* SPDX-License-Identifier: BSD-3-Clause */
/* What archive_format.c and backup_format.c share. Pure. [any] */
#ifndef WL_DATAPLANE_LOG_ARCHIVE_INTERNAL_H
#define WL_DATAPLANE_LOG_ARCHIVE_INTERNAL_H

#include "dataplane/log/archive_format.h"

#define WL_ARCHIVE_PLACE_BYTES 40u

void wl_archive_encode_place(uint8_t *to, const struct wl_archive_place *place);
void wl_archive_decode_place(const uint8_t *from, struct wl_archive_place *place);
/* Nothing falls on the way from one place to another, and neither is impossible by itself. */
bool wl_archive_is_behind(const struct wl_archive_place *before,
			  const struct wl_archive_place *behind);

#endif
