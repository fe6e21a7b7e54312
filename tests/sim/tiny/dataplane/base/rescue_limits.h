/* SPDX-License-Identifier: BSD-3-Clause */
/* For the simulator's tiny build: terms and numbers behind some rescues still fit into the oracle's tables. */
#ifndef WL_TESTS_SIM_TINY_DATAPLANE_BASE_RESCUE_LIMITS_H
#define WL_TESTS_SIM_TINY_DATAPLANE_BASE_RESCUE_LIMITS_H

#include "../../../../../dataplane/base/rescue_limits.h"

#undef WL_RESCUE_TERMS
#undef WL_LOSS_NUMBERS
#undef WL_RESCUE_STRIDES
#define WL_RESCUE_TERMS 256u
#define WL_LOSS_NUMBERS 4096u
#define WL_RESCUE_STRIDES 4u

#endif
