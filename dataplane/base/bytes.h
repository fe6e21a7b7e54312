/* SPDX-License-Identifier: BSD-3-Clause */
/* Little-endian loads and stores on unaligned bytes; big-endian ones (be) for the network headers. */
#ifndef WL_DATAPLANE_BASE_BYTES_H
#define WL_DATAPLANE_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "wirelog is built for little-endian machines"
#endif

static inline uint16_t wl_load_u16(const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint32_t wl_load_u32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t wl_load_u64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void wl_store_u16(uint8_t *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void wl_store_u32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void wl_store_u64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline uint16_t wl_load_be16(const uint8_t *from)
{
	return __builtin_bswap16(wl_load_u16(from));
}

static inline uint32_t wl_load_be32(const uint8_t *from)
{
	return __builtin_bswap32(wl_load_u32(from));
}

static inline uint64_t wl_load_be64(const uint8_t *from)
{
	return __builtin_bswap64(wl_load_u64(from));
}

static inline void wl_store_be16(uint8_t *to, uint16_t value)
{
	wl_store_u16(to, __builtin_bswap16(value));
}

static inline void wl_store_be32(uint8_t *to, uint32_t value)
{
	wl_store_u32(to, __builtin_bswap32(value));
}

static inline void wl_store_be64(uint8_t *to, uint64_t value)
{
	wl_store_u64(to, __builtin_bswap64(value));
}

/* Spreads what differs in any bit over all of them, for tables: no secret, no two values become one. */
static inline uint64_t wl_mix_u64(uint64_t value)
{
	value ^= value >> 32;
	value *= 0xd6e8feb86659fd93u;
	value ^= value >> 32;
	value *= 0xd6e8feb86659fd93u;
	value ^= value >> 32;
	return value;
}

static inline uint64_t wl_align_up(uint64_t value, uint64_t power_of_two)
{
	return (value + power_of_two - 1) & ~(power_of_two - 1);
}

#endif
