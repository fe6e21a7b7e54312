/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of consumer checkpoints (dataplane/state/consumers.h): 1 to 31 of A-Z a-z 0-9 . _ - and zeros up to 32 bytes, wherever one stands:
 * in a frame, in an entry, in the state. So two names are the same when their 32 bytes are. Pure. [any]
 */
#ifndef WL_DATAPLANE_BASE_CONSUMER_NAME_H
#define WL_DATAPLANE_BASE_CONSUMER_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_CONSUMER_NAME_BYTES 32u /* with at least one zero */

static inline bool wl_consumer_name_has(uint8_t letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

/* Of any WL_CONSUMER_NAME_BYTES. */
static inline bool wl_consumer_name_is_valid(const void *name)
{
	const uint8_t *bytes = name;
	size_t at = 0;

	while (at < WL_CONSUMER_NAME_BYTES && wl_consumer_name_has(bytes[at]))
		at++;
	if (at == 0 || at == WL_CONSUMER_NAME_BYTES)
		return false;
	while (at < WL_CONSUMER_NAME_BYTES && bytes[at] == 0)
		at++;
	return at == WL_CONSUMER_NAME_BYTES;
}

#endif
