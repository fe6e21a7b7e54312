/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/cluster_id.h"

#include <string.h>

#define TEXT_BYTES 36u

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool wl_cluster_id_parse(const char *text, uint8_t uuid[WL_CLUSTER_ID_BYTES])
{
	uint8_t bytes[WL_CLUSTER_ID_BYTES] = {0};
	unsigned digits = 0;
	uint8_t any = 0;

	for (unsigned at = 0; at < TEXT_BYTES; at++) {
		int digit = digit_of(text[at]);

		if (at == 8 || at == 13 || at == 18 || at == 23) {
			if (text[at] != '-')
				return false;
			continue;
		}
		if (digit < 0)
			return false;
		bytes[digits / 2] = (uint8_t)(bytes[digits / 2] << 4 | digit);
		any |= (uint8_t)digit;
		digits++;
	}
	if (text[TEXT_BYTES] != '\0' || any == 0)
		return false;
	memcpy(uuid, bytes, sizeof(bytes));
	return true;
}
