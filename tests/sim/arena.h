/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large blocks of zeros. What is given back is kept and handed out again, with only the touched pages zeroed: a fresh
 * mapping would cost a page fault for each of them, and starts of servers would spend most of their time there.
 * One thread.
 */
#ifndef WL_TESTS_SIM_ARENA_H
#define WL_TESTS_SIM_ARENA_H

#include <stdbool.h>
#include <stddef.h>

void *sim_arena_take(size_t bytes);
void sim_arena_give_back(void *block, size_t bytes);
/* Zeros a part of a block without giving pages to what is zero already. */
void sim_arena_zero(void *from, size_t bytes);
/* Copies out of a block without giving pages to what was never written there. */
void sim_arena_copy(void *to, const void *from, size_t bytes);
/* Looks without giving pages to what was never written there. */
bool sim_arena_is_zero(void *from, size_t bytes);

#endif
