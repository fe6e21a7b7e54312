/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/eal_explain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/base/sentence.h"
#include "wirelog/status.h"

struct rule {
	const char *words; /* in one line; NULL: the rule's first word alone decides */
	const char *also; /* in the same line, or NULL */
	int status;
	const char *meaning;
};

/* The first rule that fits any line counts: causes stand before their consequences. */
static const struct rule rules[] = {
	{"lcore", "unavailable", WIRELOG_EAL_CORES, "a core does not exist or is not allowed"},
	{"invalid", "lcore", WIRELOG_EAL_CORES, "the list of cores is not valid"},
	{"invalid core", NULL, WIRELOG_EAL_CORES, "the list of cores is not valid"},
	{"/dev/vfio", "ermission denied", WIRELOG_EAL_PERMISSION,
	 "this user may not open the device"},
	{"/dev/vfio", "o such file", WIRELOG_EAL_DEVICE, "the device is not bound to vfio-pci"},
	{"VFIO", "not viable", WIRELOG_EAL_DEVICE,
	 "another device of the same IOMMU group is not bound to vfio-pci"},
	{"hugepage", "ermission denied", WIRELOG_EAL_PERMISSION,
	 "this user may not use the hugepages"},
	{"runtime directory", NULL, WIRELOG_EAL_PERMISSION,
	 "this user may not create DPDK's run directory"},
	{"/var/run/dpdk", "ermission denied", WIRELOG_EAL_PERMISSION,
	 "this user may not create DPDK's run directory"},
	{"PACKET_FANOUT", NULL, WIRELOG_PORT_ADDRESS,
	 "another process has the fan-out group that goes with our process id: start once more"},
	{"AF_PACKET socket", NULL, WIRELOG_PORT_PRIVILEGE,
	 "raw packet sockets need root or CAP_NET_RAW"},
	{"AF_XDP", "not permitted", WIRELOG_PORT_PRIVILEGE,
	 "XDP sockets need root, or CAP_NET_ADMIN and CAP_BPF"},
	{"xsk", "not permitted", WIRELOG_PORT_PRIVILEGE,
	 "XDP sockets need root, or CAP_NET_ADMIN and CAP_BPF"},
	{"load", "XDP prog", WIRELOG_PORT_PRIVILEGE,
	 "loading the XDP program needs root, or CAP_NET_ADMIN and CAP_BPF"},
	{"/dev/net/tun", NULL, WIRELOG_PORT_PRIVILEGE, "TAP devices need root or CAP_NET_ADMIN"},
	{"TUNSETIFF", NULL, WIRELOG_PORT_PRIVILEGE, "TAP devices need root or CAP_NET_ADMIN"},
	{"umem", "not permitted", WIRELOG_PORT_PRIVILEGE,
	 "registering packet memory needs a higher locked-memory limit or root"},
	{"umem", NULL, WIRELOG_EAL_DEVICE,
	 "the packet memory does not suit XDP, or the locked-memory limit is too low"},
	{"create xsk socket", NULL, WIRELOG_EAL_DEVICE,
	 "the interface's driver does not support XDP, or the queue is taken"},
	{"SIOCGIFINDEX", NULL, WIRELOG_EAL_DEVICE, "there is no such interface"},
	{"iface", "not found", WIRELOG_EAL_DEVICE, "there is no such interface"},
	{"if_nametoindex", NULL, WIRELOG_EAL_DEVICE, "there is no such interface"},
	{"ethtool", "rror", WIRELOG_EAL_DEVICE, "there is no such interface"},
	{"max_rx_pktlen", "max valid", WIRELOG_PORT_MTU, "the device does not do this MTU"},
	{"MTU", "fail", WIRELOG_PORT_MTU, "the device refuses this MTU"},
	{"MTU", "max value", WIRELOG_PORT_MTU, "the device does not do this MTU"},
	{"will not fit in mbuf", NULL, WIRELOG_PORT_MTU,
	 "frames would not fit into packet buffers"},
	{"No free hugepages", NULL, WIRELOG_EAL_HUGEPAGES, "there are no free hugepages"},
	{"no mounted hugetlbfs", NULL, WIRELOG_EAL_HUGEPAGES, "hugetlbfs is not mounted"},
	{"hugepage information", NULL, WIRELOG_EAL_HUGEPAGES, "there are no usable hugepages"},
	{"Not enough memory available", NULL, WIRELOG_EAL_HUGEPAGES,
	 "there is not enough hugepage memory"},
	{"Cannot init memory", NULL, WIRELOG_EAL_HUGEPAGES, "the memory could not be had"},
	{"ermission denied", NULL, WIRELOG_EAL_PERMISSION, "this user may not do that"},
	{"not permitted", NULL, WIRELOG_EAL_PERMISSION, "this user may not do that"},
	{"No such device", NULL, WIRELOG_EAL_DEVICE, "there is no such device"},
	{"Cannot find device", NULL, WIRELOG_EAL_DEVICE, "there is no such device"},
	{"annot find", "device", WIRELOG_EAL_DEVICE, "there is no such device"},
	{"failed to parse device", NULL, WIRELOG_EAL_DEVICE,
	 "the name is no device that DPDK knows"},
	{"no driver found", NULL, WIRELOG_EAL_DEVICE, "DPDK has no driver for it"},
	{"probe of", NULL, WIRELOG_EAL_DEVICE, "the driver refuses it"},
	{"cannot attach", NULL, WIRELOG_EAL_DEVICE, "the driver refuses it"},
	{"annot be used", NULL, WIRELOG_EAL_DEVICE, "the device cannot be used"},
	{"Cannot probe", NULL, WIRELOG_EAL_DEVICE, "a device could not be started"},
	{"unrecognized option", NULL, WIRELOG_CONFIG_VALUE, "eal_extra has an unknown option"},
	{"invalid option", NULL, WIRELOG_CONFIG_VALUE, "eal_extra has an unknown option"},
	{"requires an argument", NULL, WIRELOG_CONFIG_VALUE,
	 "an option in eal_extra is incomplete"},
	{"not compatible", NULL, WIRELOG_CONFIG_CONFLICT,
	 "eal_extra contradicts the configuration"},
	{"annot be specified", NULL, WIRELOG_CONFIG_CONFLICT,
	 "eal_extra contradicts the configuration"},
	{"Invalid 'command line' arguments", NULL, WIRELOG_CONFIG_VALUE,
	 "DPDK does not take this command line"},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* Where EAL's page of options begins, which it prints after a bad one; else the end. */
static size_t telling_bytes(const char *text)
{
	const char *usage = strstr(text, "\nUsage: ");

	return usage != NULL ? (size_t)(usage - text) + 1 : strlen(text);
}

static bool line_has(const char *line, size_t bytes, const char *words)
{
	size_t size = strlen(words);

	for (size_t at = 0; at + size <= bytes; at++)
		if (memcmp(line + at, words, size) == 0)
			return true;
	return false;
}

/* The line without DPDK's prefixes: "EAL: ", "FATAL: ", "function(): ". */
static const char *strip(const char *line, size_t *bytes)
{
	static const char *const prefixes[] = {"EAL: ", "FATAL: ", "Error - exiting"};
	size_t i = 0;

	while (i < 3) {
		size_t size = strlen(prefixes[i]);

		if (*bytes > size && memcmp(line, prefixes[i], size) == 0) {
			line += size;
			*bytes -= size;
			i = 0;
		} else {
			i++;
		}
	}
	return line;
}

static const struct rule *first_rule(const char *text, const char **line, size_t *bytes)
{
	const char *end = text + telling_bytes(text);

	for (size_t i = 0; i < RULES; i++) {
		for (const char *at = text; at < end; at += *at == '\n') {
			size_t size = strcspn(at, "\n");

			if (line_has(at, size, rules[i].words) &&
			    (rules[i].also == NULL || line_has(at, size, rules[i].also))) {
				*line = at;
				*bytes = size;
				return &rules[i];
			}
			at += size;
		}
	}
	return NULL;
}

/* The last line that says something: an unknown failure is usually told at the end. */
static void last_line(const char *text, const char **line, size_t *bytes)
{
	const char *end = text + telling_bytes(text);

	*line = text;
	*bytes = 0;
	for (const char *at = text; at < end; at += *at == '\n') {
		size_t size = strcspn(at, "\n");

		if (size > 0) {
			*line = at;
			*bytes = size;
		}
		at += size;
	}
}

int wl_eal_explain(const char *log_text, const char *subject, char *reason, size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);
	const char *line;
	size_t bytes;
	const struct rule *rule = first_rule(log_text, &line, &bytes);

	if (rule == NULL)
		last_line(log_text, &line, &bytes);
	line = strip(line, &bytes);
	wl_sentence_add(&sentence, subject);
	wl_sentence_add(&sentence, ": ");
	wl_sentence_add(&sentence, rule != NULL ? rule->meaning : "DPDK failed");
	if (bytes > 0) {
		wl_sentence_add(&sentence, " (DPDK says: ");
		wl_sentence_add_part(&sentence, line, bytes);
		wl_sentence_add(&sentence, ")");
	}
	return rule != NULL ? rule->status : WIRELOG_EAL_FAILED;
}
