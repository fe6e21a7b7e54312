/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the simulator's tiny build (Makefile, GEOMETRY): the public limits, with small records and tables. The same
 * sources are compiled with it; what wraps, fills up or is pushed out once an hour in the daemon does so
 * in a second here.
 */
#ifndef WL_TESTS_SIM_TINY_WIRELOG_LIMITS_H
#define WL_TESTS_SIM_TINY_WIRELOG_LIMITS_H

#include "../../../../include/wirelog/limits.h"

#undef WIRELOG_RECORD_BYTES_DEFAULT
#undef WIRELOG_RECORD_BYTES_MAX
#undef WIRELOG_SESSION_RUNS
#define WIRELOG_RECORD_BYTES_DEFAULT 16384u
#define WIRELOG_RECORD_BYTES_MAX 16384u
#define WIRELOG_SESSION_RUNS 8

#endif
