/* SPDX-License-Identifier: BSD-3-Clause */
/* A header of a tar archive as POSIX has it (ustar): files of mode 0600, of nobody. Pure. Thread: any. */
#ifndef WL_COMMAND_DOCTOR_USTAR_H
#define WL_COMMAND_DOCTOR_USTAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_USTAR_BLOCK 512u
#define WL_USTAR_NAME_MAX 99u /* bytes of a name */
#define WL_USTAR_SIZE_MAX 077777777777ull

/* False: the name or the size does not fit. The file's bytes follow, padded with zeros to a block; two blocks of zeros end an archive. */
bool wl_ustar_header(uint8_t block[WL_USTAR_BLOCK], const char *name, uint64_t size,
		     uint64_t time_s);

#endif
