/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/server/drive_fan.h"

#include "dataplane/base/check.h"

static unsigned submit(struct wl_disk *disk, const struct wl_disk_request *requests, unsigned count)
{
	struct sim_drive_fan *fan = (struct sim_drive_fan *)disk;

	for (unsigned at = 0; at < count; at++) {
		struct wl_disk *drive;

		WL_CHECK(fan->journals >> requests[at].journal & 1);
		drive = &fan->drives[requests[at].journal].disk;
		if (drive->ops->submit(drive, &requests[at], 1) == 0)
			return at;
	}
	return count;
}

static unsigned reap(struct wl_disk *disk, struct wl_disk_completion *completions, unsigned max)
{
	struct sim_drive_fan *fan = (struct sim_drive_fan *)disk;
	unsigned count = 0;

	for (unsigned at = 0; at < SIM_JOURNALS_MAX; at++) {
		struct wl_disk *drive = &fan->drives[at].disk;

		if (fan->journals >> at & 1)
			count += drive->ops->reap(drive, completions + count, max - count);
	}
	return count;
}

static void close_fan(struct wl_disk *disk)
{
	(void)disk;
}

static const struct wl_disk_ops ops = {"sim", submit, reap, close_fan};

void sim_drive_fan_init(struct sim_drive_fan *fan, struct sim_drive *drives, uint32_t journals)
{
	fan->disk.ops = &ops;
	fan->drives = drives;
	fan->journals = journals;
}
