/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a fuzzer draws from its input: numbers, bytes, numbers close to a value. An input that is used
 * up gives zeros, so every prefix of an input is an input.
 *
 * A promise that does not hold ends the process with a line that names it, as a sanitizer does.
 */
#ifndef WL_TESTS_FUZZ_INPUT_H
#define WL_TESTS_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_PROMISE(condition)                                                              \
	do {                                                                                 \
		if (!(condition)) {                                                          \
			fprintf(stderr, "broken promise at %s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                                                 \
			abort();                                                             \
		}                                                                            \
	} while (0)

struct fuzz_input {
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct fuzz_input fuzz_input_of(const uint8_t *data, size_t size)
{
	return (struct fuzz_input){data, data + size};
}

static inline size_t fuzz_left(const struct fuzz_input *input)
{
	return (size_t)(input->end - input->at);
}

static inline uint8_t fuzz_u8(struct fuzz_input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static inline uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint16_t low = fuzz_u8(input);

	return (uint16_t)(low | fuzz_u8(input) << 8);
}

static inline uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t low = fuzz_u16(input);

	return low | (uint32_t)fuzz_u16(input) << 16;
}

static inline uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t low = fuzz_u32(input);

	return low | (uint64_t)fuzz_u32(input) << 32;
}

/* At most `max` bytes of the input, where they stand. */
static inline const uint8_t *fuzz_take(struct fuzz_input *input, size_t max, size_t *bytes)
{
	const uint8_t *at = input->at;

	*bytes = max < fuzz_left(input) ? max : fuzz_left(input);
	input->at += *bytes;
	return at;
}

/* A copy with nothing behind it, so that one byte too far is noticed. The caller frees it. */
static inline uint8_t *fuzz_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	FUZZ_PROMISE(copy != NULL);
	if (size != 0)
		memcpy(copy, bytes, size);
	return copy;
}

/* The value itself, its neighbourhood, an end of the range, or anything. Most inputs say "itself". */
static inline uint64_t fuzz_near(struct fuzz_input *input, uint64_t value)
{
	uint8_t how = fuzz_u8(input);

	if (how < 160)
		return value;
	if (how < 200)
		return value - (how - 159u);
	if (how < 240)
		return value + (how - 199u);
	switch (how % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return UINT64_MAX - fuzz_u8(input);
	case 3:
		return 1ull << fuzz_u8(input) % 64;
	case 4:
		return value ^ 1ull << fuzz_u8(input) % 64;
	case 5:
		return fuzz_u16(input);
	default:
		return fuzz_u64(input);
	}
}

#endif
