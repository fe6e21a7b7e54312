/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/crc.h"

#include <isa-l/crc.h>
#include <isa-l/crc64.h>

uint32_t wl_crc32c(const void *bytes, size_t size)
{
	/* ISA-L takes a non-const pointer and a start value; RFC 3720 inverts before and after. */
	return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)size, ~0u);
}

uint64_t wl_crc64(uint64_t seed, const void *bytes, size_t size)
{
	return crc64_ecma_refl(seed, bytes, size);
}
