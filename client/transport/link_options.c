/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/transport/link_options.h"

#include <stdbool.h>
#include <string.h>

#include "client/transport/endpoint.h"
#include "dataplane/base/sentence.h"
#include "wirelog/limits.h"
#include "wirelog/status.h"

static const char *const kinds[] = {
	[WL_LINK_OPTIONS_PCI] = "pci",
	[WL_LINK_OPTIONS_AF_PACKET] = "af_packet",
	[WL_LINK_OPTIONS_AF_XDP] = "af_xdp",
	[WL_LINK_OPTIONS_EAL] = "eal",
};

struct word {
	const char *name, *value;
	size_t name_bytes, value_bytes;
};

static bool is_called(const struct word *word, const char *name)
{
	return word->name_bytes == strlen(name) && memcmp(word->name, name, word->name_bytes) == 0;
}

static bool take_device(struct wl_link_options *options, const struct word *word)
{
	for (unsigned kind = WL_LINK_OPTIONS_PCI; kind <= WL_LINK_OPTIONS_EAL; kind++) {
		if (!is_called(word, kinds[kind]))
			continue;
		if (options->kind != WL_LINK_OPTIONS_NONE || word->value_bytes == 0 ||
		    word->value_bytes >= sizeof(options->name))
			return false;
		options->kind = (enum wl_link_options_kind)kind;
		memcpy(options->name, word->value, word->value_bytes);
		return true;
	}
	return false;
}

static bool take(struct wl_link_options *options, const struct word *word)
{
	uint32_t number;

	if (is_called(word, "ipv4"))
		return wl_endpoint_parse_ipv4(word->value, word->value_bytes, &options->ipv4);
	if (is_called(word, "gateway"))
		return wl_endpoint_parse_ipv4(word->value, word->value_bytes, &options->gateway);
	if (is_called(word, "port")) {
		if (!wl_endpoint_parse_number(word->value, word->value_bytes, 65535, &number))
			return false;
		options->port = (uint16_t)number;
		return number != 0;
	}
	if (is_called(word, "mtu")) {
		if (!wl_endpoint_parse_number(word->value, word->value_bytes, WIRELOG_MTU_MAX,
					      &number))
			return false;
		options->mtu = (uint16_t)number;
		return number >= WIRELOG_MTU_MIN;
	}
	return take_device(options, word);
}

int wl_link_options_parse(const char *text, struct wl_link_options *options, char *reason,
			  size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);

	memset(options, 0, sizeof(*options));
	while (text && *text != '\0') {
		size_t size = strncmp(text, "eal=", 4) == 0 ? strlen(text) : strcspn(text, ",");
		const char *equals = memchr(text, '=', size);
		struct word word = {.name = text};

		word.name_bytes = equals ? (size_t)(equals - text) : size;
		word.value = equals ? equals + 1 : text + size;
		word.value_bytes = equals ? size - word.name_bytes - 1 : 0;
		if (!take(options, &word)) {
			wl_sentence_add(&sentence, "link: '");
			wl_sentence_add_part(&sentence, text, size);
			wl_sentence_add(
				&sentence,
				"' is not one of pci=ADDRESS, af_packet=INTERFACE, af_xdp=INTERFACE, "
				"eal=DEVICE (one device), ipv4=ADDRESS, gateway=ADDRESS, "
				"port=1..65535, mtu=1280..9000");
			return WIRELOG_INVALID_ARGUMENT;
		}
		text += size + (text[size] == ',');
	}
	return WIRELOG_OK;
}
