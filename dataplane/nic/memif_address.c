/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/memif_address.h"

#include <string.h>

#define ADDRESS_BYTES_MAX 103u /* sun_path has 108, of which DPDK's driver keeps some for itself */

const char *wl_memif_address_fault(const char *address)
{
	const char *name = address[0] == '@' ? address + 1 : address;

	if (name[0] == '\0')
		return "is empty";
	if (strlen(address) > ADDRESS_BYTES_MAX)
		return "is longer than 103 bytes";
	if (strpbrk(address, ",\n") != NULL)
		return "has a comma or a line break";
	if (address[0] != '@' && address[0] != '/')
		return "is neither an absolute path nor '@' and a name";
	return NULL;
}
