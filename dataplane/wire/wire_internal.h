/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What wire.c, wire_peer.c and wire_client.c share: stores and loads of the table's types, and for
 * each layout `wl_wire_put_LAYOUT`, which writes its fields, and `wl_wire_take_LAYOUT`, which reads them
 * and says whether ranges and rules are kept. The caller has made sure of the size.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_WIRE_INTERNAL_H
#define WL_DATAPLANE_WIRE_WIRE_INTERNAL_H

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"

static inline bool wl_wire_is_zero(const uint8_t *from, size_t bytes)
{
	while (bytes != 0 && *from == 0) {
		from++;
		bytes--;
	}
	return bytes == 0;
}

/* Printable, ended by a zero, zeros behind it. */
static inline bool wl_wire_is_endpoint(const uint8_t *text)
{
	size_t at = 0;

	while (at < WIRELOG_ENDPOINT_BYTES_MAX && text[at] != 0) {
		if (text[at] <= ' ' || text[at] > '~')
			return false;
		at++;
	}
	return at < WIRELOG_ENDPOINT_BYTES_MAX &&
	       wl_wire_is_zero(text + at, WIRELOG_ENDPOINT_BYTES_MAX - at);
}

/* ---- one field: stored or loaded at *at, which goes on behind it --------------------------------- */

#define WL_WIRE_INTEGER(type, c_type, bits)                                                      \
	static inline void wl_wire_put_##type(uint8_t **at, c_type value)                        \
	{                                                                                        \
		wl_store_u##bits(*at, (uint##bits##_t)value);                                    \
		*at += bits / 8;                                                                 \
	}                                                                                        \
	static inline bool wl_wire_take_##type(const uint8_t **at, c_type *to,                   \
					       struct wl_wire_range range)                       \
	{                                                                                        \
		*to = (c_type)wl_load_u##bits(*at);                                              \
		*at += bits / 8;                                                                 \
		return wl_wire_is_in((uint64_t)*to, range); /* which extends the sign, if any */ \
	}
WL_WIRE_INTEGER(u16, uint16_t, 16)
WL_WIRE_INTEGER(u32, uint32_t, 32)
WL_WIRE_INTEGER(u64, uint64_t, 64)
WL_WIRE_INTEGER(i16, int16_t, 16)
WL_WIRE_INTEGER(i32, int32_t, 32)
#undef WL_WIRE_INTEGER

static inline void wl_wire_put_u8(uint8_t **at, uint8_t value)
{
	*(*at)++ = value;
}

static inline bool wl_wire_take_u8(const uint8_t **at, uint8_t *to, struct wl_wire_range range)
{
	*to = *(*at)++;
	return wl_wire_is_in(*to, range);
}

static inline void wl_wire_put_position(uint8_t **at, struct wl_position value)
{
	wl_wire_put_u64(at, value.term);
	wl_wire_put_u64(at, value.index);
}

static inline bool wl_wire_take_position(const uint8_t **at, struct wl_position *to,
					 struct wl_wire_range range)
{
	bool ok = wl_wire_take_u64(at, &to->term, range);

	return wl_wire_take_u64(at, &to->index, range) && ok;
}

static inline void wl_wire_put_facts(uint8_t **at, const uint64_t *facts)
{
	wl_wire_put_u32(at, WL_FACTS);
	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		wl_wire_put_u64(at, facts[fact]);
}

static inline bool wl_wire_take_facts(const uint8_t **at, uint64_t (*to)[WL_FACTS],
				      struct wl_wire_range range)
{
	uint32_t count;
	bool ok = wl_wire_take_u32(at, &count, WL_WIRE_RANGE_IN(WL_FACTS, WL_FACTS));

	for (unsigned fact = 0; fact < WL_FACTS; fact++)
		ok &= wl_wire_take_u64(at, &(*to)[fact], range);
	return ok;
}

static inline void wl_wire_put_histories(uint8_t **at, const uint64_t *histories)
{
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++)
		wl_wire_put_u64(at, histories[journal]);
}

static inline bool wl_wire_take_histories(const uint8_t **at, uint64_t (*to)[WIRELOG_JOURNALS_MAX],
					  struct wl_wire_range range)
{
	bool ok = true;

	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++)
		ok &= wl_wire_take_u64(at, &(*to)[journal], range);
	return ok;
}

static inline void wl_wire_put_endpoint(uint8_t **at, const char *text)
{
	memset(*at, 0, WIRELOG_ENDPOINT_BYTES_MAX);
	memcpy(*at, text, strnlen(text, WIRELOG_ENDPOINT_BYTES_MAX - 1));
	*at += WIRELOG_ENDPOINT_BYTES_MAX;
}

static inline bool wl_wire_take_endpoint(const uint8_t **at, char (*to)[WIRELOG_ENDPOINT_BYTES_MAX],
					 struct wl_wire_range range)
{
	bool ok = wl_wire_is_endpoint(*at);

	(void)range;
	memcpy(*to, *at, WIRELOG_ENDPOINT_BYTES_MAX);
	*at += WIRELOG_ENDPOINT_BYTES_MAX;
	return ok;
}

static inline void wl_wire_put_label(uint8_t **at, const char *text)
{
	memcpy(*at, text, WL_CONSUMER_NAME_BYTES);
	*at += WL_CONSUMER_NAME_BYTES;
}

/* A name, or none. */
static inline bool wl_wire_take_label(const uint8_t **at, char (*to)[WL_CONSUMER_NAME_BYTES],
				      struct wl_wire_range range)
{
	bool ok = wl_consumer_name_is_valid(*at) || wl_wire_is_zero(*at, WL_CONSUMER_NAME_BYTES);

	(void)range;
	memcpy(*to, *at, WL_CONSUMER_NAME_BYTES);
	*at += WL_CONSUMER_NAME_BYTES;
	return ok;
}

/* The bytes behind the fixed part are put there by whoever has them; a decoded message points to them. */
static inline void wl_wire_put_rest(uint8_t **at, const uint8_t *rest)
{
	(void)at;
	(void)rest;
}

static inline bool wl_wire_take_rest(const uint8_t **at, const uint8_t **to,
				     struct wl_wire_range range)
{
	(void)range;
	*to = *at;
	return true;
}

static inline void wl_wire_put_members(uint8_t **at, const struct wl_wire_member *members)
{
	(void)at;
	(void)members;
}

static inline bool wl_wire_take_members(const uint8_t **at,
					struct wl_wire_member (*to)[WIRELOG_NODES_MAX],
					struct wl_wire_range range)
{
	(void)at;
	(void)to;
	(void)range;
	return true;
}

static inline void wl_wire_put_zero(uint8_t **at, size_t bytes)
{
	memset(*at, 0, bytes);
	*at += bytes;
}

static inline bool wl_wire_take_zero(const uint8_t **at, size_t bytes)
{
	bool ok = wl_wire_is_zero(*at, bytes);

	*at += bytes;
	return ok;
}

/* ---- all fields of a layout --------------------------------------------------------------------- */

/* clang-format off */

#define WL_WIRE_PUT(type, name, unit, range, what) wl_wire_put_##type(&at, m->name);
#define WL_WIRE_PUT_ZERO(bytes) wl_wire_put_zero(&at, bytes);
#define WL_WIRE_TAKE(type, name, unit, range, what) \
	ok &= wl_wire_take_##type(&at, &m->name, WL_WIRE_RANGE_##range);
#define WL_WIRE_TAKE_ZERO(bytes) ok &= wl_wire_take_zero(&at, bytes);
#define WL_WIRE_TAKE_RULE(condition, what) ok &= (condition);

#define WL_WIRE_PUT_TAKE(kind, SIZE, layout) \
	static inline uint8_t *wl_wire_put_##layout(uint8_t *at, const struct wl_wire_##layout *m) \
	{ \
		(void)m; /* one layout has no fields */ \
		WL_WIRE_FIELDS_##layout(WL_WIRE_PUT, WL_WIRE_PUT_ZERO, WL_WIRE_NOTHING) \
		return at; \
	} \
	static inline bool wl_wire_take_##layout(const uint8_t *at, struct wl_wire_##layout *m) \
	{ \
		bool ok = true; \
	\
		(void)at, (void)m; \
		WL_WIRE_FIELDS_##layout(WL_WIRE_TAKE, WL_WIRE_TAKE_ZERO, WL_WIRE_TAKE_RULE) \
		return ok; \
	}
WL_WIRE_LAYOUTS(WL_WIRE_PUT_TAKE)
#undef WL_WIRE_PUT_TAKE

/* clang-format on */

#endif
