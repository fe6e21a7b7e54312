/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/doctor/ustar.h"

#include <string.h>

enum { MODE_AT = 100, UID_AT = 108, GID_AT = 116, SIZE_AT = 124, TIME_AT = 136, SUM_AT = 148 };
enum { TYPE_AT = 156, MAGIC_AT = 257 };

/* `digits` octal ones and a zero byte behind them. */
static void put_octal(uint8_t *at, unsigned digits, uint64_t number)
{
	at[digits] = 0;
	for (; digits > 0; digits--, number >>= 3)
		at[digits - 1] = (uint8_t)('0' + (number & 7));
}

bool wl_ustar_header(uint8_t block[WL_USTAR_BLOCK], const char *name, uint64_t size,
		     uint64_t time_s)
{
	size_t length = strlen(name);
	uint64_t sum = 0;

	if (length == 0 || length > WL_USTAR_NAME_MAX || size > WL_USTAR_SIZE_MAX)
		return false;
	memset(block, 0, WL_USTAR_BLOCK);
	memcpy(block, name, length);
	put_octal(block + MODE_AT, 7, 0600);
	put_octal(block + UID_AT, 7, 0);
	put_octal(block + GID_AT, 7, 0);
	put_octal(block + SIZE_AT, 11, size);
	put_octal(block + TIME_AT, 11, time_s & WL_USTAR_SIZE_MAX);
	memset(block + SUM_AT, ' ', 8);
	block[TYPE_AT] = '0';
	memcpy(block + MAGIC_AT, "ustar\00000", 8);
	for (unsigned at = 0; at < WL_USTAR_BLOCK; at++)
		sum += block[at];
	put_octal(block + SUM_AT, 6, sum);
	return true;
}
