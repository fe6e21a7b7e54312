/* SPDX-License-Identifier: BSD-3-Clause */
/* What a frame carries, by the table of messages: whether it decodes, and as text. */
#ifndef WL_TESTS_SIM_NETWORK_WORDS_H
#define WL_TESTS_SIM_NETWORK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Anything that a node may say, to a node or to a client. */
bool sim_words_decode(uint8_t type, const uint8_t *payload, size_t bytes);
/* "APPEND_ACK"; NULL: there is no such message. */
const char *sim_words_name(uint8_t type);
/* 0: there is no such message. */
uint8_t sim_words_type(const char *name);
/* Of the message that a frame carries, from its first byte on the link; 0: it is none of ours, or damaged in its header. */
uint8_t sim_words_of_frame(const uint8_t *frame, size_t size);
/* Its name and its fields that are not 0; its size, where it does not decode. */
void sim_words_print(FILE *file, uint8_t type, const uint8_t *payload, size_t bytes);

#endif
