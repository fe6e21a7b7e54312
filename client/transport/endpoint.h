/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a node can be met, as text and as numbers: udp:ADDRESS:PORT, memif:SOCKET-PATH,
 * dpdk:ADDRESS:PORT. Addresses are IPv4 in dotted form; names are not looked up, because that would wait.
 *
 * Pure. The caller owns everything. [any]
 */
#ifndef WL_CLIENT_TRANSPORT_ENDPOINT_H
#define WL_CLIENT_TRANSPORT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_ENDPOINTS_MAX 16u
#define WL_ENDPOINT_PATH_BYTES 108u /* a Unix socket's path with its NUL; '@' in front: abstract */
#define WL_ENDPOINT_TEXT_BYTES (WL_ENDPOINT_PATH_BYTES + 8u)

enum wl_endpoint_kind {
	WL_ENDPOINT_UDP = 1,
	WL_ENDPOINT_MEMIF,
	WL_ENDPOINT_DPDK,
};

struct wl_endpoint {
	enum wl_endpoint_kind kind;
	uint32_t ipv4; /* host order; not memif */
	uint16_t port;
	char path[WL_ENDPOINT_PATH_BYTES]; /* memif */
};

struct wl_endpoint_list {
	struct wl_endpoint endpoints[WL_ENDPOINTS_MAX];
	unsigned count;
};

/* The first `size` bytes of `text`. False: it is none; *endpoint is undefined then. */
bool wl_endpoint_parse(const char *text, size_t size, struct wl_endpoint *endpoint);
/* Comma separated, blanks around each are passed over. 0, or INVALID_ARGUMENT with a sentence in `reason`. */
int wl_endpoint_parse_list(const char *text, struct wl_endpoint_list *list, char *reason,
			   size_t reason_bytes);
bool wl_endpoint_is_equal(const struct wl_endpoint *one, const struct wl_endpoint *other);
/* `text` has WL_ENDPOINT_TEXT_BYTES. */
void wl_endpoint_print(const struct wl_endpoint *endpoint, char *text);

/* "192.0.2.1" and a number that must not be above `max`; all of `size` bytes are used. [any] */
bool wl_endpoint_parse_ipv4(const char *text, size_t size, uint32_t *ipv4);
bool wl_endpoint_parse_number(const char *text, size_t size, uint32_t max, uint32_t *number);

#endif
