/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/transport/endpoint.h"

#include <string.h>

#include "dataplane/base/sentence.h"
#include "wirelog/status.h"

static const char *const prefixes[] = {
	[WL_ENDPOINT_UDP] = "udp:",
	[WL_ENDPOINT_MEMIF] = "memif:",
	[WL_ENDPOINT_DPDK] = "dpdk:",
};

bool wl_endpoint_parse_number(const char *text, size_t size, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (size == 0 || size > 10)
		return false;
	for (size_t at = 0; at < size; at++) {
		if (text[at] < '0' || text[at] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[at] - '0');
	}
	*number = (uint32_t)value;
	return value <= max;
}

bool wl_endpoint_parse_ipv4(const char *text, size_t size, uint32_t *ipv4)
{
	*ipv4 = 0;
	for (unsigned part = 0; part < 4; part++) {
		const char *dot = part < 3 ? memchr(text, '.', size) : text + size;
		uint32_t number;

		if (!dot || !wl_endpoint_parse_number(text, (size_t)(dot - text), 255, &number))
			return false;
		*ipv4 = *ipv4 << 8 | number;
		if (part < 3) {
			size -= (size_t)(dot - text) + 1;
			text = dot + 1;
		}
	}
	return *ipv4 != 0;
}

static bool parse_address(const char *text, size_t size, struct wl_endpoint *endpoint)
{
	const char *colon = memchr(text, ':', size);
	uint32_t port;

	if (!colon || !wl_endpoint_parse_ipv4(text, (size_t)(colon - text), &endpoint->ipv4) ||
	    !wl_endpoint_parse_number(colon + 1, size - (size_t)(colon - text) - 1, 65535, &port) ||
	    port == 0)
		return false;
	endpoint->port = (uint16_t)port;
	return true;
}

bool wl_endpoint_parse(const char *text, size_t size, struct wl_endpoint *endpoint)
{
	memset(endpoint, 0, sizeof(*endpoint));
	for (unsigned kind = WL_ENDPOINT_UDP; kind <= WL_ENDPOINT_DPDK; kind++) {
		size_t prefix = strlen(prefixes[kind]);

		if (size <= prefix || memcmp(text, prefixes[kind], prefix) != 0)
			continue;
		endpoint->kind = (enum wl_endpoint_kind)kind;
		text += prefix;
		size -= prefix;
		if (kind != WL_ENDPOINT_MEMIF)
			return parse_address(text, size, endpoint);
		if (size >= sizeof(endpoint->path) || memchr(text, '\0', size) ||
		    (size == 1 && text[0] == '@'))
			return false;
		memcpy(endpoint->path, text, size);
		return true;
	}
	return false;
}

int wl_endpoint_parse_list(const char *text, struct wl_endpoint_list *list, char *reason,
			   size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);

	list->count = 0;
	while (text && *text != '\0') {
		size_t size = strcspn(text, ","), used = size;
		const char *word = text;

		text += size + (text[size] == ',');
		for (; used != 0 && *word == ' '; word++)
			used--;
		while (used != 0 && word[used - 1] == ' ')
			used--;
		if (used == 0)
			continue;
		if (list->count == WL_ENDPOINTS_MAX) {
			wl_sentence_add(
				&sentence,
				"more than 16 endpoints are given; one is enough, the others are learned");
			return WIRELOG_INVALID_ARGUMENT;
		}
		if (!wl_endpoint_parse(word, used, &list->endpoints[list->count])) {
			wl_sentence_add(&sentence, "endpoint '");
			wl_sentence_add_part(&sentence, word, used);
			wl_sentence_add(
				&sentence,
				"' is none of udp:ADDRESS:PORT, memif:SOCKET-PATH, dpdk:ADDRESS:PORT");
			return WIRELOG_INVALID_ARGUMENT;
		}
		list->count++;
	}
	if (list->count != 0)
		return WIRELOG_OK;
	wl_sentence_add(
		&sentence,
		"no endpoint is given: name at least one node, such as udp:192.0.2.11:7700");
	return WIRELOG_INVALID_ARGUMENT;
}

bool wl_endpoint_is_equal(const struct wl_endpoint *one, const struct wl_endpoint *other)
{
	return one->kind == other->kind && one->ipv4 == other->ipv4 && one->port == other->port &&
	       strcmp(one->path, other->path) == 0;
}

void wl_endpoint_print(const struct wl_endpoint *endpoint, char *text)
{
	struct wl_sentence sentence = wl_sentence_begin(text, WL_ENDPOINT_TEXT_BYTES);

	wl_sentence_add(&sentence, prefixes[endpoint->kind]);
	if (endpoint->kind == WL_ENDPOINT_MEMIF) {
		wl_sentence_add(&sentence, endpoint->path);
		return;
	}
	for (int shift = 24; shift >= 0; shift -= 8) {
		wl_sentence_add_number(&sentence, endpoint->ipv4 >> shift & 255);
		wl_sentence_add(&sentence, shift ? "." : ":");
	}
	wl_sentence_add_number(&sentence, endpoint->port);
}
