/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): 64 bits that nobody can make without the
 * key. For short inputs that lie on our own medium; frames have a MAC of 128 bits (auth.h).
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_BASE_SIPHASH_H
#define WL_DATAPLANE_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define WL_SIPHASH_KEY_BYTES 16u

uint64_t wl_siphash(const uint8_t key[WL_SIPHASH_KEY_BYTES], const uint8_t *from, size_t size);

#endif
