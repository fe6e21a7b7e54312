/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/greeting.h"

#include <string.h>

#include "wirelog/limits.h"

static const struct {
	const char *name;
	bool decides;
} facts[WL_FACTS] = {
#define FACT(fact, name, decides) {name, decides},
	WL_FACT_LIST(FACT)
#undef FACT
};

void wl_greeting_take(struct wl_greeting *greeting, uint64_t boot_id, const uint64_t *ours,
		      const uint64_t *theirs)
{
	uint32_t differs = 0;

	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		differs |= (uint32_t)(ours[fact] != theirs[fact]) << fact;
	if (greeting->boot_id != boot_id)
		greeting->told = 0;
	greeting->boot_id = boot_id;
	greeting->differs = differs;
	greeting->told &= differs;
	memcpy(greeting->ours, ours, sizeof(greeting->ours));
	memcpy(greeting->theirs, theirs, sizeof(greeting->theirs));
}

bool wl_greeting_takes_part(const struct wl_greeting *greeting, uint64_t boot_id)
{
	if (boot_id == 0 || greeting->boot_id != boot_id)
		return false;
	for (unsigned fact = 0; fact < WL_FACTS; fact++) {
		if ((greeting->differs & 1u << fact) && facts[fact].decides)
			return false;
	}
	return true;
}

uint64_t wl_greeting_ids(wl_members voters)
{
	uint64_t digits = 0;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(voters, node))
			digits = digits * 10 + node;
	}
	return digits;
}

const char *wl_greeting_fact_name(enum wl_fact fact)
{
	return (unsigned)fact < WL_FACTS ? facts[fact].name : "unknown";
}

bool wl_greeting_fact_decides(enum wl_fact fact)
{
	return (unsigned)fact < WL_FACTS && facts[fact].decides;
}
