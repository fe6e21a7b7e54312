/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/shares.h"

#include <string.h>

#include "dataplane/base/check.h"

void wl_shares_reset(struct wl_shares *shares)
{
	memset(shares, 0, sizeof(*shares));
}

static bool is_recent(uint64_t appended_ns, uint64_t now_ns)
{
	return appended_ns != 0 && now_ns - appended_ns <= WL_SHARE_MEMORY_NS;
}

static bool has_company(const struct wl_shares *shares, uint32_t share, uint64_t now_ns)
{
	return is_recent(shares->newest == share ? shares->other_ns : shares->newest_ns, now_ns);
}

bool wl_shares_has_room(const struct wl_shares *shares, uint32_t share, uint32_t bytes,
			uint64_t now_ns)
{
	uint64_t held = (uint64_t)shares->bytes[0][share] + shares->bytes[1][share];
	uint64_t most = has_company(shares, share, now_ns) ? WL_SHARE_BYTES : WL_SHARE_ALONE_BYTES;

	WL_CHECK(share < WL_SHARES);
	return held == 0 || held + bytes <= most;
}

void wl_shares_add(struct wl_shares *shares, uint32_t share, uint32_t bytes, uint64_t index,
		   uint64_t now_ns)
{
	WL_CHECK(share < WL_SHARES);
	WL_CHECK(index >= shares->old_index && index >= shares->young_index);
	shares->bytes[shares->young][share] += bytes;
	shares->young_index = index;
	if (shares->newest != share) {
		shares->other = shares->newest;
		shares->other_ns = shares->newest_ns;
		shares->newest = share;
	}
	shares->newest_ns = now_ns;
}

void wl_shares_commit(struct wl_shares *shares, uint64_t index)
{
	WL_CHECK(shares->young_index == 0 || shares->young_index >= shares->old_index);
	if (index < shares->old_index || (shares->old_index == 0 && shares->young_index == 0))
		return;
	shares->young ^= 1;
	memset(shares->bytes[shares->young], 0, sizeof(shares->bytes[0]));
	shares->old_index = shares->young_index;
	shares->young_index = 0;
}
