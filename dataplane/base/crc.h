/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums, from ISA-L: CRC32C (RFC 3720 B.4 polynomial) and CRC64 (ECMA-182, reflected). [any] */
#ifndef WL_DATAPLANE_BASE_CRC_H
#define WL_DATAPLANE_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t wl_crc32c(const void *bytes, size_t size);
uint64_t wl_crc64(uint64_t seed, const void *bytes, size_t size);

#endif
