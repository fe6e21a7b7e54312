/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A raw device over memory: a loop device, which needs root; without it the test is skipped. What a power cut leaves is
 * played by the store's fixture; a real drive under the image would cost its flushes and show nothing more.
 *
 * Owner: the test. Thread: the runner's.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_STORE_DEVICE_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_STORE_DEVICE_FIXTURE_H

#include "tests/unit/dataplane/store/store_fixture.h"

#define MIB (1u << 20)
#define DEVICE_BYTES (65ull * MIB) /* 1 + 2 journals of 4 segments of 8, without bases */
#define AREA_BYTES (4ull * STORE_SEGMENT_BYTES)

struct device_fixture {
	struct store_fixture files;
	char device[32];
	int image, loop;
};

extern struct device_fixture device_fixture;

void device_fixture_init(void);
void device_fixture_fini(void);
void device_fixture_resize(uint64_t bytes);
/* Of an open that is closed at once. */
int device_fixture_open_status(void);
/* Aligned; the caller's to free. */
uint8_t *device_fixture_blocks(size_t bytes);

#endif
