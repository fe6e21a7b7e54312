/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/path.h"

#include <string.h>

#include "wirelog/limits.h"

static bool passes(const struct wl_path_size *size)
{
	return size->proven && size->misses < WL_PATH_MISSES;
}

static unsigned shortest(const struct wl_path *path)
{
	unsigned at = WL_PATH_SIZES - 1;

	while (at > 0 && path->sizes[at].bytes == 0)
		at--;
	return at;
}

static void judge(struct wl_path *path)
{
	path->mtu = WIRELOG_MTU_MIN;
	for (unsigned at = shortest(path); at-- > 0;) {
		if (passes(&path->sizes[at]))
			path->mtu = path->sizes[at].bytes;
	}
}

void wl_path_begin(struct wl_path *path, uint64_t boot_id, uint16_t link_mtu)
{
	/* Jumbo frames of half the size, Ethernet, Ethernet less a tunnel, what every path has to carry, and what any does. */
	static const uint16_t usual[] = {4000, 1500, 1400, WIRELOG_MTU_MIN, WL_PATH_SHORTEST_BYTES};
	uint16_t told_mtu = path->told_mtu;
	unsigned count = 0;

	memset(path, 0, sizeof(*path));
	path->boot_id = boot_id;
	path->link_mtu = link_mtu;
	path->told_mtu = told_mtu;
	path->sizes[count++].bytes = link_mtu;
	for (unsigned at = 0; at < sizeof(usual) / sizeof(usual[0]); at++) {
		if (usual[at] < link_mtu)
			path->sizes[count++].bytes = usual[at];
	}
	judge(path);
}

void wl_path_next_round(struct wl_path *path, uint64_t now_ns)
{
	unsigned last = shortest(path);

	for (unsigned at = 0; at < last && wl_path_has_short_echo(path); at++) {
		if (wl_path_wants(path, at) && !path->sizes[at].echoed &&
		    path->sizes[at].misses < WL_PATH_MISSES)
			path->sizes[at].misses++;
	}
	judge(path);
	for (unsigned at = 0; at < WL_PATH_SIZES; at++)
		path->sizes[at].echoed = false;
	path->round++;
	path->round_ns = now_ns;
}

bool wl_path_wants(const struct wl_path *path, unsigned size)
{
	if (size >= WL_PATH_SIZES || path->sizes[size].bytes == 0)
		return false;
	/* While the largest passes, it and the shortest say all. */
	return size == 0 || size == shortest(path) || !passes(&path->sizes[0]) ||
	       path->sizes[0].misses != 0;
}

void wl_path_on_echo(struct wl_path *path, uint64_t round, uint32_t bytes)
{
	for (unsigned at = 0; at < WL_PATH_SIZES; at++) {
		struct wl_path_size *size = &path->sizes[at];

		if (size->bytes == 0 || size->bytes != bytes || round != path->round)
			continue;
		size->proven = true;
		size->echoed = true;
		size->misses = 0;
	}
	judge(path);
}

bool wl_path_is_narrow(const struct wl_path *path)
{
	return path->boot_id != 0 && path->sizes[0].misses >= WL_PATH_MISSES;
}

void wl_path_doubt(struct wl_path *path)
{
	for (unsigned at = 0; at < WL_PATH_SIZES; at++)
		path->sizes[at].proven = false;
	judge(path);
}

bool wl_path_awaits(const struct wl_path *path)
{
	for (unsigned at = 0; at < WL_PATH_SIZES; at++) {
		if (wl_path_wants(path, at) && passes(&path->sizes[at]) && !path->sizes[at].echoed)
			return true;
	}
	return false;
}

bool wl_path_is_settled(const struct wl_path *path)
{
	for (unsigned at = 0; at < shortest(path); at++) {
		if (passes(&path->sizes[at]) && path->sizes[at].misses == 0)
			return true;
		if (path->sizes[at].misses < WL_PATH_MISSES)
			return false;
	}
	return path->boot_id != 0;
}

uint16_t wl_path_known_mtu(const struct wl_path *path)
{
	if (!wl_path_is_settled(path))
		return 0;
	for (unsigned at = 0; at < shortest(path); at++) {
		if (passes(&path->sizes[at]))
			return path->sizes[at].bytes;
	}
	return WL_PATH_SHORTEST_BYTES;
}

bool wl_path_has_news(const struct wl_path *path)
{
	uint16_t mtu = wl_path_known_mtu(path);
	uint16_t told = path->told_mtu != 0 ? path->told_mtu : path->link_mtu;

	return mtu != 0 && mtu != told;
}

bool wl_path_has_short_echo(const struct wl_path *path)
{
	return path->sizes[shortest(path)].echoed;
}
