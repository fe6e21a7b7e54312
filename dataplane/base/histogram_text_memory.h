/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram as one word of text, as HdrHistogram's tools exchange them: V2 encoding, deflated, base64 ("HISTFAAA..."). They
 * decode it, and add it to others.
 *
 * The compressed form is, big-endian: u32 cookie 0x1c849304 | 0x10, u32 bytes that follow, zlib stream of what wl_histogram_encode wrote.
 * Thread: [any but workers]: it allocates.
 */
#ifndef WL_DATAPLANE_BASE_HISTOGRAM_TEXT_MEMORY_H
#define WL_DATAPLANE_BASE_HISTOGRAM_TEXT_MEMORY_H

#include "dataplane/base/histogram.h"

/* The caller's to free; NULL: no memory. */
char *wl_histogram_text(const struct wl_histogram *histogram);

#endif
