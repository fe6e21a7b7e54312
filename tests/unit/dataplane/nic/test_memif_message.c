/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_ring.h"
#include "tests/unit/runner.h"

#define LOG2 10u
#define BUFFER_BYTES 2048u

static const struct wl_memif_limits limits = {1514, BUFFER_BYTES, LOG2};
static uint8_t message[WL_MEMIF_MESSAGE_BYTES];
static struct wl_memif_offer offer;

static const char *say_region(uint64_t bytes)
{
	wl_memif_say_region(message, bytes);
	return wl_memif_offer_take(&offer, &limits, message);
}

static const char *say_ring(bool to_server, uint32_t offset, uint8_t log2)
{
	wl_memif_say_ring(message, to_server, offset, log2);
	return wl_memif_offer_take(&offer, &limits, message);
}

static const char *fault(void)
{
	bool mtu;

	return wl_memif_offer_fault(&offer, &limits, &mtu);
}

/* What our own clients offer. */
static void make_offer(void)
{
	memset(&offer, 0, sizeof(offer));
	CU_ASSERT_PTR_NULL(say_region(wl_memif_region_bytes(LOG2, BUFFER_BYTES)));
	CU_ASSERT_PTR_NULL(say_ring(true, 0, LOG2));
	CU_ASSERT_PTR_NULL(say_ring(false, wl_memif_ring_bytes(LOG2), LOG2));
	CU_ASSERT_PTR_NULL(fault());
}

static void a_whole_offer_is_taken(void)
{
	make_offer();

	CU_ASSERT_EQUAL(offer.region_bytes, 2 * (128 + 1024 * 16) + 2ull * 1024 * 2048);
	CU_ASSERT_EQUAL(offer.to_client.offset, 128 + 1024 * 16);
}

static void a_second_region_or_ring_is_refused(void)
{
	make_offer();

	CU_ASSERT_PTR_NOT_NULL(say_region(4096));
	CU_ASSERT_PTR_NOT_NULL(say_ring(true, 0, LOG2));
	CU_ASSERT_PTR_NOT_NULL(say_ring(false, 0, LOG2));
	CU_ASSERT_PTR_NULL(fault());
}

static void what_is_missing_is_missed_at_connect(void)
{
	memset(&offer, 0, sizeof(offer));
	CU_ASSERT_PTR_NOT_NULL(fault());

	CU_ASSERT_PTR_NULL(say_ring(true, 0, LOG2));
	CU_ASSERT_PTR_NULL(say_ring(false, 0, LOG2));
	CU_ASSERT_PTR_NOT_NULL(fault());

	memset(&offer, 0, sizeof(offer));
	CU_ASSERT_PTR_NULL(say_region(wl_memif_region_bytes(LOG2, BUFFER_BYTES)));
	CU_ASSERT_PTR_NULL(say_ring(true, 0, LOG2));
	CU_ASSERT_PTR_NOT_NULL(fault());
}

static void sizes_out_of_bounds_are_refused(void)
{
	memset(&offer, 0, sizeof(offer));

	CU_ASSERT_PTR_NOT_NULL(say_region(0));
	CU_ASSERT_PTR_NOT_NULL(say_region(1ull << 30));
	CU_ASSERT_PTR_NOT_NULL(say_region(UINT64_MAX));
	CU_ASSERT_PTR_NOT_NULL(say_ring(true, 0, 0));
	CU_ASSERT_PTR_NOT_NULL(say_ring(true, 0, LOG2 + 1));
	CU_ASSERT_PTR_NOT_NULL(say_ring(true, 0, 255));
	CU_ASSERT_EQUAL(offer.region_bytes, 0);
	CU_ASSERT_FALSE(offer.to_server.said);
}

static void other_regions_and_rings_are_refused(void)
{
	memset(&offer, 0, sizeof(offer));

	wl_memif_say_region(message, 65536);
	wl_store_u16(message + WL_MEMIF_REGION_INDEX, 1);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_take(&offer, &limits, message));
	wl_memif_say_ring(message, true, 0, LOG2);
	wl_store_u16(message + WL_MEMIF_RING_INDEX, 1);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_take(&offer, &limits, message));
	wl_memif_say_ring(message, true, 0, LOG2);
	wl_store_u16(message + WL_MEMIF_RING_REGION, 1);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_take(&offer, &limits, message));
}

static void a_ring_must_lie_in_its_region(void)
{
	const uint32_t end = (uint32_t)wl_memif_region_bytes(LOG2, BUFFER_BYTES);
	const uint32_t last = end - wl_memif_ring_bytes(LOG2);

	make_offer();
	offer.to_server.offset = last;
	CU_ASSERT_PTR_NULL(fault());

	offer.to_server.offset = last + 16;
	CU_ASSERT_PTR_NOT_NULL(fault());
	offer.to_server.offset = UINT32_MAX - 15;
	CU_ASSERT_PTR_NOT_NULL(fault());
	/* An index that lies across two cache lines would tear. */
	offer.to_server.offset = 8;
	CU_ASSERT_PTR_NOT_NULL(fault());
	make_offer();
	offer.to_client.log2 = LOG2 - 1;
	CU_ASSERT_PTR_NOT_NULL(fault());
}

static void buffers_of_another_mtu_are_told_apart(void)
{
	bool mtu;

	make_offer();
	offer.region_bytes = wl_memif_region_bytes(LOG2, 1024);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_fault(&offer, &limits, &mtu));
	CU_ASSERT_TRUE(mtu);
	offer.region_bytes = wl_memif_region_bytes(LOG2, 9216);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_fault(&offer, &limits, &mtu));
	CU_ASSERT_TRUE(mtu);
	offer.to_server.offset = 1;
	CU_ASSERT_PTR_NOT_NULL(wl_memif_offer_fault(&offer, &limits, &mtu));
	CU_ASSERT_FALSE(mtu);
}

static void a_hello_names_mtu_and_slots(void)
{
	wl_memif_say_hello(message, 9000, 8);
	CU_ASSERT_EQUAL(wl_memif_hello_mtu(message), 9000);
	CU_ASSERT_EQUAL(wl_memif_hello_ring_log2(message, 10), 8);
	CU_ASSERT_EQUAL(wl_memif_hello_ring_log2(message, 4), 4);

	/* A server that speaks version 3 only. */
	wl_store_u16(message + WL_MEMIF_HELLO_LIMITS, 0x0300);
	CU_ASSERT_EQUAL(wl_memif_hello_ring_log2(message, 10), 0);
	wl_memif_say(message, WL_MEMIF_ACK);
	CU_ASSERT_EQUAL(wl_memif_hello_mtu(message), 0);
	CU_ASSERT_EQUAL(wl_memif_hello_ring_log2(message, 10), 0);
}

/* The bytes behind the message are another one's. */
static void mtu_of_a_greeting_ends_with_its_name(void)
{
	uint8_t messages[2 * WL_MEMIF_MESSAGE_BYTES];

	wl_memif_say_hello(messages, 1500, 4);
	memset(messages + WL_MEMIF_HELLO_NAME + strlen("wirelog "), '0',
	       WL_MEMIF_MESSAGE_BYTES - 10);
	memcpy(messages + WL_MEMIF_MESSAGE_BYTES, "1500", 5);
	CU_ASSERT_EQUAL(wl_memif_hello_mtu(messages), 0);
	memcpy(messages + WL_MEMIF_HELLO_NAME + 32 - 4, "1500", 4);
	CU_ASSERT_EQUAL(wl_memif_hello_mtu(messages), 1500);
}

static void an_init_of_another_version_or_mode_is_refused(void)
{
	uint32_t id = 0;

	wl_memif_say_init(message, 47);
	CU_ASSERT_PTR_NULL(wl_memif_init_fault(message, &id));
	CU_ASSERT_EQUAL(id, 47);

	message[WL_MEMIF_INIT_MODE] = 1;
	CU_ASSERT_PTR_NOT_NULL(wl_memif_init_fault(message, &id));
	wl_memif_say_init(message, 47);
	message[WL_MEMIF_INIT_VERSION] = 1;
	CU_ASSERT_PTR_NOT_NULL(wl_memif_init_fault(message, &id));
	wl_memif_say_region(message, 47);
	CU_ASSERT_PTR_NOT_NULL(wl_memif_init_fault(message, &id));
}

static void a_region_tells_the_size_of_its_buffers(void)
{
	const uint64_t bytes = wl_memif_region_bytes(LOG2, BUFFER_BYTES);

	CU_ASSERT_EQUAL(wl_memif_region_buffer_bytes(bytes, LOG2), BUFFER_BYTES);
	CU_ASSERT_EQUAL(wl_memif_region_buffer_bytes(bytes, 12), 500);
	CU_ASSERT_EQUAL(wl_memif_region_buffer_bytes(100, LOG2), 0);
	CU_ASSERT_EQUAL(wl_memif_region_buffer_bytes(0, LOG2), 0);
}

WL_SUITE(memif_message)
{
	WL_TEST(mtu_of_a_greeting_ends_with_its_name),
	WL_TEST(a_whole_offer_is_taken),
	WL_TEST(a_second_region_or_ring_is_refused),
	WL_TEST(what_is_missing_is_missed_at_connect),
	WL_TEST(sizes_out_of_bounds_are_refused),
	WL_TEST(other_regions_and_rings_are_refused),
	WL_TEST(a_ring_must_lie_in_its_region),
	WL_TEST(buffers_of_another_mtu_are_told_apart),
	WL_TEST(a_hello_names_mtu_and_slots),
	WL_TEST(an_init_of_another_version_or_mode_is_refused),
	WL_TEST(a_region_tells_the_size_of_its_buffers),
};
