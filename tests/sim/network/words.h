/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what a frame carries decodes as what it calls itself: anything that a node may say, to a node or to a client. */
#ifndef WL_TESTS_SIM_NETWORK_WORDS_H
#define WL_TESTS_SIM_NETWORK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sim_words_decode(uint8_t type, const uint8_t *payload, size_t bytes);

#endif
