/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/keys.h"

#include "dataplane/base/check.h"

bool wl_keys_may_follow(const struct wl_keys *keys, const struct wl_keys *next)
{
	if (next->before == 0 || next->now == 0 || next->before == next->now)
		return false;
	if (next->stage == WL_KEYS_SEND)
		return keys->stage == WL_KEYS_NONE ||
		       (keys->stage == WL_KEYS_REFUSE && keys->now == next->before);
	return next->stage == WL_KEYS_REFUSE && keys->stage == WL_KEYS_SEND &&
	       keys->before == next->before && keys->now == next->now;
}

bool wl_keys_are_possible(const struct wl_keys *keys)
{
	if (keys->index == 0)
		return keys->before == 0 && keys->now == 0 && keys->stage == WL_KEYS_NONE;
	return keys->before != 0 && keys->now != 0 && keys->before != keys->now &&
	       (keys->stage == WL_KEYS_SEND || keys->stage == WL_KEYS_REFUSE);
}

uint32_t wl_keys_find(const struct wl_keys_held *held, uint32_t id)
{
	uint32_t at = 0;

	WL_CHECK(held->count <= WL_KEYS_HELD_MAX);
	while (at < held->count && held->id[at] != id)
		at++;
	return at;
}

static bool is_refused(const struct wl_keys *keys, const struct wl_keys_held *held, uint32_t at)
{
	uint32_t now = wl_keys_find(held, keys->now);

	return held->id[at] == keys->before || (now < held->count && at < now);
}

bool wl_keys_accept(const struct wl_keys *keys, const struct wl_keys_held *held, uint32_t id)
{
	uint32_t at = wl_keys_find(held, id);

	if (at == held->count)
		return false;
	if (keys->stage == WL_KEYS_SEND)
		return id == keys->before || id == keys->now;
	return keys->stage == WL_KEYS_NONE || !is_refused(keys, held, at);
}

bool wl_keys_refuse(const struct wl_keys *keys, const struct wl_keys_held *held, uint32_t id)
{
	return keys->stage == WL_KEYS_REFUSE && wl_keys_find(held, id) < held->count &&
	       wl_keys_find(held, keys->now) < held->count && !wl_keys_accept(keys, held, id);
}

uint32_t wl_keys_send(const struct wl_keys *keys, const struct wl_keys_held *held)
{
	uint32_t at = wl_keys_find(held, keys->now);

	WL_CHECK(held->count != 0);
	if (keys->stage == WL_KEYS_NONE)
		return 0;
	if (at < held->count)
		return at;
	for (at = 0; at < held->count; at++) {
		if (wl_keys_accept(keys, held, held->id[at]))
			return at;
	}
	return 0; /* others say by its id that it is the wrong one */
}

const char *wl_keys_right_name(enum wl_right right)
{
	static const char *const names[WL_RIGHTS] = {"read", "append", "cluster"};

	return (unsigned)right < WL_RIGHTS ? names[right] : "unknown";
}

const char *wl_keys_stage_name(enum wl_keys_stage stage)
{
	static const char *const names[] = {"none", "send", "refuse"};

	return (unsigned)stage < sizeof(names) / sizeof(names[0]) ? names[stage] : "unknown";
}
