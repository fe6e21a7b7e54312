/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_pcapng.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

enum block_type { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };

enum option {
	END = 0,
	COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_RESOLUTION = 9,
	PACKET_FLAGS = 2,
	PACKET_LOST = 4,
	PACKET_QUEUE = 6,
	STATISTICS_BEGIN = 2,
	STATISTICS_END = 3,
	STATISTICS_SEEN = 4,
	STATISTICS_DROPPED = 5,
	STATISTICS_ACCEPTED = 6,
	STATISTICS_DELIVERED = 8,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LENGTH_NOT_KNOWN UINT64_MAX
#define NANOSECONDS 9u /* ten to the minus ninth */
#define INBOUND 1u
#define OUTBOUND 2u

struct block {
	uint8_t *bytes;
	size_t used;
};

static void add_u16(struct block *block, uint16_t value)
{
	wl_store_u16(block->bytes + block->used, value);
	block->used += 2;
}

static void add_u32(struct block *block, uint32_t value)
{
	wl_store_u32(block->bytes + block->used, value);
	block->used += 4;
}

static void add_u64(struct block *block, uint64_t value)
{
	wl_store_u64(block->bytes + block->used, value);
	block->used += 8;
}

/* The upper half first, whatever the byte order is. */
static void add_time(struct block *block, uint64_t time_ns)
{
	add_u32(block, (uint32_t)(time_ns >> 32));
	add_u32(block, (uint32_t)time_ns);
}

static void add_bytes(struct block *block, const void *bytes, size_t count)
{
	if (count != 0)
		memcpy(block->bytes + block->used, bytes, count);
	block->used += count;
	while (block->used % 4 != 0)
		block->bytes[block->used++] = 0;
}

static struct block begin(uint8_t *to, enum block_type type)
{
	struct block block = {.bytes = to};

	add_u32(&block, type);
	add_u32(&block, 0); /* the length, at the end */
	return block;
}

static void add_option(struct block *block, enum option option, const void *value, size_t bytes)
{
	add_u16(block, (uint16_t)option);
	add_u16(block, (uint16_t)bytes);
	add_bytes(block, value, bytes);
}

static void add_text(struct block *block, enum option option, const char *text)
{
	if (text && text[0] != '\0')
		add_option(block, option, text, strnlen(text, WL_PCAPNG_TEXT_BYTES_MAX));
}

static void add_number(struct block *block, enum option option, uint64_t number)
{
	add_option(block, option, &number, sizeof(number));
}

static void add_moment(struct block *block, enum option option, uint64_t time_ns)
{
	add_u16(block, (uint16_t)option);
	add_u16(block, 8);
	add_time(block, time_ns);
}

static size_t end(struct block *block)
{
	add_option(block, END, NULL, 0);
	add_u32(block, (uint32_t)block->used + 4);
	WL_CHECK(block->used <= WL_PCAPNG_BLOCK_BYTES_MAX);
	wl_store_u32(block->bytes + 4, (uint32_t)block->used);
	return block->used;
}

size_t wl_pcapng_section(uint8_t *to, const char *application, const char *comment)
{
	struct block block = begin(to, SECTION);

	add_u32(&block, BYTE_ORDER_MAGIC);
	add_u16(&block, 1);
	add_u16(&block, 0);
	add_u64(&block, LENGTH_NOT_KNOWN);
	add_text(&block, COMMENT, comment);
	add_text(&block, SECTION_APPLICATION, application);
	return end(&block);
}

size_t wl_pcapng_interface(uint8_t *to, const struct wl_pcapng_interface *interface)
{
	const uint8_t resolution = NANOSECONDS;
	struct block block = begin(to, INTERFACE);

	add_u16(&block, interface->link_type);
	add_u16(&block, 0);
	add_u32(&block, interface->snap_bytes);
	add_text(&block, INTERFACE_NAME, interface->name);
	add_text(&block, INTERFACE_DESCRIPTION, interface->description);
	add_option(&block, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	return end(&block);
}

size_t wl_pcapng_packet(uint8_t *to, const struct wl_pcapng_packet *packet)
{
	const uint32_t flags = packet->sent ? OUTBOUND : INBOUND;
	struct block block = begin(to, PACKET);

	WL_CHECK(packet->bytes <= WL_PCAPNG_PACKET_BYTES_MAX);
	add_u32(&block, packet->interface);
	add_time(&block, packet->time_ns);
	add_u32(&block, packet->bytes);
	add_u32(&block, packet->whole_bytes);
	add_bytes(&block, packet->data, packet->bytes);
	add_option(&block, PACKET_FLAGS, &flags, sizeof(flags));
	if (packet->lost != 0)
		add_number(&block, PACKET_LOST, packet->lost);
	add_option(&block, PACKET_QUEUE, &packet->queue, sizeof(packet->queue));
	return end(&block);
}

size_t wl_pcapng_statistics(uint8_t *to, const struct wl_pcapng_statistics *statistics)
{
	struct block block = begin(to, STATISTICS);

	add_u32(&block, statistics->interface);
	add_time(&block, statistics->end_ns);
	add_moment(&block, STATISTICS_BEGIN, statistics->begin_ns);
	add_moment(&block, STATISTICS_END, statistics->end_ns);
	add_number(&block, STATISTICS_SEEN, statistics->seen);
	add_number(&block, STATISTICS_DROPPED, statistics->dropped);
	add_number(&block, STATISTICS_ACCEPTED, statistics->accepted);
	add_number(&block, STATISTICS_DELIVERED, statistics->delivered);
	return end(&block);
}
