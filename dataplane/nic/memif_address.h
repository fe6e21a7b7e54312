/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be the address of a memif's control socket, for whoever takes one from a person. Pure. [any] */
#ifndef WL_DATAPLANE_NIC_MEMIF_ADDRESS_H
#define WL_DATAPLANE_NIC_MEMIF_ADDRESS_H

/* Why this cannot be one, or NULL. '@' in front makes it abstract. Static text that follows the address in a sentence. */
const char *wl_memif_address_fault(const char *address);

#endif
