/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node says in its log: why it ended, and that it was mended. Pure. [any] */
#ifndef WL_COMMAND_DEMO_TOOL_DEMO_WORDS_H
#define WL_COMMAND_DEMO_TOOL_DEMO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code and the sentence with which a node refused, out of its log's text. 0: it says none. Changes `text`. */
int wl_demo_words_find_refusal(char *text, char *reason, size_t reason_bytes);
/* What a node said last that did not refuse by name: of a configuration it says where, and what is wrong there. */
void wl_demo_words_find_last(const char *text, char *sentence, size_t sentence_bytes);
/* Entries that the newest line "mended journal=0" tells of: from other nodes, and from its own damaged chunks. False: there is none. */
bool wl_demo_words_find_mended(const char *text, uint64_t *fetched, uint64_t *salvaged);

#endif
