/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/store/device_fixture.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/runner.h"

struct device_fixture device_fixture = {.loop = -1};

static int attach(int control)
{
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	if (number < 0)
		return -1;
	snprintf(device_fixture.device, sizeof(device_fixture.device), "/dev/loop%d", number);
	device_fixture.loop = open(device_fixture.device, O_RDWR | O_CLOEXEC);
	if (device_fixture.loop < 0 ||
	    ioctl(device_fixture.loop, LOOP_SET_FD, device_fixture.image) != 0) {
		if (device_fixture.loop >= 0)
			close(device_fixture.loop);
		device_fixture.loop = -1;
	}
	return device_fixture.loop;
}

void device_fixture_fini(void)
{
	if (device_fixture.loop >= 0) {
		ioctl(device_fixture.loop, LOOP_CLR_FD);
		close(device_fixture.loop);
	}
	device_fixture.loop = -1;
	close(device_fixture.image);
	store_fixture_fini(&device_fixture.files);
}

void device_fixture_init(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	bool attached = false;

	store_fixture_init(&device_fixture.files);
	device_fixture.image = memfd_create("wirelog-device", MFD_CLOEXEC);
	CU_ASSERT_EQUAL(ftruncate(device_fixture.image, (off_t)DEVICE_BYTES), 0);
	if (control >= 0) {
		attached = attach(control) >= 0;
		close(control);
	}
	if (!attached) {
		device_fixture_fini();
		wl_skip("needs root and a free loop device");
	}
	snprintf(device_fixture.files.data, sizeof(device_fixture.files.data), "%s",
		 device_fixture.device);
}

int device_fixture_open_status(void)
{
	struct wl_store *store = NULL;
	int status = store_fixture_open(&device_fixture.files, &store);

	if (status == 0)
		wl_store_close(store);
	return status;
}

uint8_t *device_fixture_blocks(size_t bytes)
{
	uint8_t *memory = aligned_alloc(WL_BLOCK_BYTES, bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	return memory;
}

void device_fixture_resize(uint64_t bytes)
{
	CU_ASSERT_EQUAL_FATAL(ftruncate(device_fixture.image, (off_t)bytes), 0);
	CU_ASSERT_EQUAL_FATAL(ioctl(device_fixture.loop, LOOP_SET_CAPACITY), 0);
}
