/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WL_TESTS_UNIT_RUNS_BY_CHANCE_H
#define WL_TESTS_UNIT_RUNS_BY_CHANCE_H

/* Of so many a quarter under the address sanitizer: it looks at memory, and all of them are gone through without it. */
#ifdef __SANITIZE_ADDRESS__
#define WL_RUNS(count) ((count) / 4)
#else
#define WL_RUNS(count) (count)
#endif

#endif
