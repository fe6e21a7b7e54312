/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), those that a capture needs, one call a block:
 *
 *	section      byte order, version 1.0, length not known; options: comment (1), application (4)
 *	interface    link type, snap length; options: name (2), description (3), resolution of times 10^-9 (9)
 *	packet       "enhanced": interface, time, lengths, bytes; options: flags with the direction (2), packets lost before it (4), queue (6)
 *	statistics   of an interface; options: begin (2), end (3), seen (4), dropped (5), accepted by the filter (6), delivered (8)
 *
 * Every block begins and ends with its length, everything stands at multiples of four. Integers are little-endian, as the section says.
 *
 * Pure. Each function writes a whole block to `to`, which has room for WL_PCAPNG_BLOCK_BYTES_MAX, and returns its bytes. Texts are cut to
 * WL_PCAPNG_TEXT_BYTES_MAX.
 */
#ifndef WL_COMMAND_TOOL_PCAPNG_H
#define WL_COMMAND_TOOL_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_PCAPNG_TEXT_BYTES_MAX 512u
#define WL_PCAPNG_PACKET_BYTES_MAX 65535u
#define WL_PCAPNG_BLOCK_BYTES_MAX (WL_PCAPNG_PACKET_BYTES_MAX + 2 * WL_PCAPNG_TEXT_BYTES_MAX + 128)

#define WL_PCAPNG_ETHERNET 1u
#define WL_PCAPNG_IPV4 228u /* begins with the IPv4 header */

struct wl_pcapng_interface {
	uint16_t link_type;
	uint32_t snap_bytes;
	const char *name, *description;
};

struct wl_pcapng_packet {
	uint32_t interface; /* the how-manyth of the section, from 0 */
	uint64_t time_ns; /* since 1970 */
	uint32_t whole_bytes, bytes; /* at most WL_PCAPNG_PACKET_BYTES_MAX */
	const uint8_t *data;
	bool sent; /* else received */
	uint64_t lost; /* since the last one of this interface */
	uint32_t queue;
};

struct wl_pcapng_statistics {
	uint32_t interface;
	uint64_t begin_ns, end_ns;
	uint64_t seen, dropped, accepted, delivered;
};

size_t wl_pcapng_section(uint8_t *to, const char *application, const char *comment);
size_t wl_pcapng_interface(uint8_t *to, const struct wl_pcapng_interface *interface);
size_t wl_pcapng_packet(uint8_t *to, const struct wl_pcapng_packet *packet);
size_t wl_pcapng_statistics(uint8_t *to, const struct wl_pcapng_statistics *statistics);

#endif
