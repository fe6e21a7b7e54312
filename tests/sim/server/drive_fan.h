/* SPDX-License-Identifier: BSD-3-Clause */
/* One disk for a worker, in front of the drives of its journals: a request goes to the drive of its journal. */
#ifndef WL_TESTS_SIM_SERVER_DRIVE_FAN_H
#define WL_TESTS_SIM_SERVER_DRIVE_FAN_H

#include "tests/sim/server/drive.h"

struct sim_drive_fan {
	struct wl_disk disk; /* first: the worker sees this */
	struct sim_drive *drives; /* by journal */
	uint32_t journals; /* bit per journal of this worker */
};

void sim_drive_fan_init(struct sim_drive_fan *fan, struct sim_drive *drives, uint32_t journals);

#endif
