/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sentence for people, put together in a buffer of fixed size without stdio: what does not fit
 * is cut off, the end is always a NUL. For reasons and notes of set-up code that is pure.
 *
 * Owner: the caller. Thread: [any]. Never: allocates; reads a byte past a NUL.
 */
#ifndef WL_DATAPLANE_BASE_SENTENCE_H
#define WL_DATAPLANE_BASE_SENTENCE_H

#include <stddef.h>
#include <stdint.h>

struct wl_sentence {
	char *text;
	size_t size;
	size_t used;
};

static inline struct wl_sentence wl_sentence_begin(char *text, size_t size)
{
	if (size > 0)
		text[0] = '\0';
	return (struct wl_sentence){text, size, 0};
}

/* At most `bytes` of the words. */
static inline void wl_sentence_add_part(struct wl_sentence *sentence, const char *words,
					size_t bytes)
{
	for (; bytes > 0 && *words != '\0' && sentence->used + 1 < sentence->size; bytes--)
		sentence->text[sentence->used++] = *words++;
	if (sentence->used < sentence->size)
		sentence->text[sentence->used] = '\0';
}

static inline void wl_sentence_add(struct wl_sentence *sentence, const char *words)
{
	wl_sentence_add_part(sentence, words, SIZE_MAX);
}

static inline void wl_sentence_add_number(struct wl_sentence *sentence, uint64_t number)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	wl_sentence_add(sentence, digits + at);
}

/* Sixteen digits, as chain values are shown everywhere. */
static inline void wl_sentence_add_hex(struct wl_sentence *sentence, uint64_t value)
{
	char digits[17];

	for (unsigned at = 0; at < 16; at++)
		digits[at] = "0123456789abcdef"[value >> (60 - 4 * at) & 15];
	digits[16] = '\0';
	wl_sentence_add(sentence, digits);
}

#endif
