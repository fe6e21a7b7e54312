/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *  Ethernet 0 destination[6]  6 source[6]  12 type
 *  ARP      14 hardware type  16 protocol type  18 hardware bytes  19 protocol bytes  20 operation
 *           22 sender mac[6]  28 sender ipv4  32 target mac[6]  38 target ipv4    = 42 bytes
 *  IPv4     14 version, words  15 tos  16 total  18 id  20 fragment  22 ttl  23 protocol
 *           24 checksum  26 source  30 destination
 *  ICMP     34 type  35 code  36 checksum  38 rest
 */
#include "control/agent/neighbour.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define ETHER_BYTES 14u
#define ETHER_BYTES_MIN 60u /* without the checksum that the NIC appends */
#define ARP_BYTES 42u
#define IPV4_BYTES 20u
#define ICMP_BYTES 8u
#define TYPE_IPV4 0x0800u
#define TYPE_ARP 0x0806u
#define ARP_REQUEST 1u
#define ARP_REPLY 2u
#define ICMP_ECHO_REPLY 0u
#define ICMP_ECHO 8u

/*
 * While nobody answers: 10 ms, doubled. The last pause is what a peer waits at most when a cut has healed, or its card was
 * replaced while we were deaf: it must be shorter than the few election timeouts in which a majority has to commit again.
 */
#define PAUSE_FIRST_NS 10000000u
#define PAUSE_MAX_NS 160000000u
/* A known address is asked for again after a second, and after twice as long each time that the same card answers. */
#define CONFIRM_NS 1000000000ull
#define CONFIRM_DOUBLINGS_MAX 4u
/* All are asked until the same card answered so often in a row, and then each so manieth time: a forged answer is not believed for ever. */
#define ANSWERS_TRUSTED 3u
#define ALL_ARE_ASKED_EACH 8u
#define UNANSWERED_MAX 2u /* then its card may be another one */
#define ANSWER_NS 1000000000u /* a reply within this time belongs to our question */
/* Longer than the pause between two questions to all while it lasts. */
#define TWICE_NS 5000000000ull

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static bool mac_is_unicast(const uint8_t *mac)
{
	static const uint8_t zero[6];

	return (mac[0] & 1) == 0 && memcmp(mac, zero, 6) != 0;
}

static bool ipv4_is_unicast(uint32_t ipv4)
{
	return ipv4 >> 24 != 0 && ipv4 >> 24 != 127 && ipv4 >> 28 < 14;
}

void wl_neighbour_init(struct wl_neighbours *neighbours)
{
	memset(neighbours, 0, sizeof(*neighbours));
}

void wl_neighbour_set_link(struct wl_neighbours *neighbours, uint16_t link,
			   const struct wl_link_info *info)
{
	struct wl_neighbour_link *to;

	WL_CHECK(link < WL_LINKS_MAX);
	to = &neighbours->links[link];
	to->answers = info->ethernet && info->ipv4 != 0;
	to->ipv4 = info->ipv4;
	memcpy(to->mac, info->mac, sizeof(to->mac));
}

bool wl_neighbour_add(struct wl_neighbours *neighbours, uint16_t link, uint32_t ipv4,
		      uint32_t next_hop)
{
	WL_CHECK(link < WL_LINKS_MAX);
	if (neighbours->count == WL_NEIGHBOURS_MAX)
		return false;
	neighbours->entries[neighbours->count++] = (struct wl_neighbour_entry){
		.link = link,
		.ipv4 = ipv4,
		.next_hop = next_hop != 0 ? next_hop : ipv4,
		.pause_ns = PAUSE_FIRST_NS,
	};
	return true;
}

static void write_arp(const struct wl_neighbour_link *ours, uint16_t operation, const uint8_t *to,
		      uint32_t ipv4, struct wl_neighbour_output *out)
{
	uint8_t *frame = out->frame;
	bool asks = operation == ARP_REQUEST;

	memset(frame, 0, ETHER_BYTES_MIN);
	memcpy(frame, to, 6);
	memcpy(frame + 6, ours->mac, 6);
	wl_store_be16(frame + 12, TYPE_ARP);
	wl_store_be16(frame + 14, 1); /* Ethernet */
	wl_store_be16(frame + 16, TYPE_IPV4);
	frame[18] = 6;
	frame[19] = 4;
	wl_store_be16(frame + 20, operation);
	memcpy(frame + 22, ours->mac, 6);
	wl_store_be32(frame + 28, ours->ipv4);
	if (!asks)
		memcpy(frame + 32, to, 6);
	wl_store_be32(frame + 38, ipv4);
	out->bytes = ETHER_BYTES_MIN;
}

static bool is_recent(uint64_t then_ns, uint64_t now_ns)
{
	return then_ns != 0 && now_ns - then_ns <= TWICE_NS;
}

bool wl_neighbour_is_twice(const struct wl_neighbour_entry *entry, uint64_t now_ns)
{
	return is_recent(entry->twice_ns, now_ns);
}

bool wl_neighbour_is_ours_twice(const struct wl_neighbours *neighbours, uint16_t link,
				uint64_t now_ns)
{
	WL_CHECK(link < WL_LINKS_MAX);
	return is_recent(neighbours->ours_twice_ns[link], now_ns);
}

static uint64_t confirm_pause_ns(uint32_t answers)
{
	uint32_t doublings = answers > ANSWERS_TRUSTED ? answers - ANSWERS_TRUSTED : 0;

	return CONFIRM_NS << (doublings < CONFIRM_DOUBLINGS_MAX ? doublings
								: CONFIRM_DOUBLINGS_MAX);
}

/* Its card answered our question, or is the first one to claim the address: then it is believed until somebody answers for it. */
static void believe(struct wl_neighbour_entry *entry, bool differs, bool answered, uint64_t now_ns)
{
	entry->asked = false;
	entry->doubted = false;
	entry->unanswered = 0;
	entry->pause_ns = PAUSE_FIRST_NS;
	if (differs || !answered)
		entry->answers = 0;
	entry->answers += answered;
	entry->ask_at_ns = answered ? now_ns + confirm_pause_ns(entry->answers) : now_ns;
}

/* A second card answered the question that the first one had answered. Which of them is right nobody can tell from here, so the one that was
 * known before the question stays: frames do not go here and there by who was quicker. */
static void on_second_answer(struct wl_neighbours *neighbours, struct wl_neighbour_entry *entry,
			     const uint8_t *mac, uint64_t now_ns)
{
	WL_CHECK(entry->known && entry->asked_all && !entry->asked);
	if (entry->moved && memcmp(entry->mac_before, mac, 6) == 0) {
		memcpy(entry->twice_mac, entry->mac, 6);
		memcpy(entry->mac, mac, 6);
		entry->changed = true;
		entry->moved = false;
	} else {
		memcpy(entry->twice_mac, mac, 6);
	}
	entry->twice_ns = now_ns;
	entry->answers = 0;
	entry->ask_at_ns = now_ns + CONFIRM_NS;
	neighbours->counts.arp_twice++;
}

/* What `ipv4` at `mac` means for one entry that waits for it. */
static void learn(struct wl_neighbours *neighbours, struct wl_neighbour_entry *entry,
		  const uint8_t *mac, bool is_reply, uint64_t now_ns)
{
	bool in_time = is_reply && entry->asked_ns != 0 && now_ns - entry->asked_ns <= ANSWER_NS;
	bool answers = in_time && entry->asked;
	bool differs = !entry->known || memcmp(entry->mac, mac, 6) != 0;

	WL_CHECK(mac_is_unicast(mac));
	if (differs && entry->known && in_time && entry->asked_all && !entry->asked) {
		on_second_answer(neighbours, entry, mac, now_ns);
		return;
	}
	if (differs && entry->known && !answers) {
		/* A claim. We ask, not more often than a question may wait for its answer. */
		entry->doubted = true;
		if (now_ns - entry->asked_ns > ANSWER_NS)
			entry->ask_at_ns = now_ns;
		neighbours->counts.arp_ignored++;
		return;
	}
	if (differs) {
		entry->moved = entry->known;
		memcpy(entry->mac_before, entry->mac, 6);
		memcpy(entry->mac, mac, 6);
		entry->known = true;
		entry->changed = true;
		neighbours->counts.arp_learned++;
	}
	if (answers || differs)
		believe(entry, differs, answers, now_ns);
}

static void on_arp(struct wl_neighbours *neighbours, const struct wl_neighbour_input *in,
		   uint64_t now_ns, struct wl_neighbour_output *out)
{
	const struct wl_neighbour_link *ours = &neighbours->links[in->link];
	const uint8_t *frame = in->frame, *mac = frame + 22;
	uint16_t operation = wl_load_be16(frame + 20);
	uint32_t sender = wl_load_be32(frame + 28), target = wl_load_be32(frame + 38);

	if (wl_load_be16(frame + 14) != 1 || wl_load_be16(frame + 16) != TYPE_IPV4 ||
	    frame[18] != 6 || frame[19] != 4 ||
	    (operation != ARP_REQUEST && operation != ARP_REPLY) || !mac_is_unicast(mac)) {
		neighbours->counts.arp_ignored++;
		return;
	}
	if (memcmp(mac, ours->mac, 6) == 0)
		return; /* our own question, reflected */
	if (sender == ours->ipv4) {
		neighbours->counts.arp_conflicts++;
		neighbours->ours_twice_ns[in->link] = now_ns;
		memcpy(neighbours->ours_twice_mac[in->link], mac, 6);
		return;
	}
	for (uint32_t i = 0; i < neighbours->count; i++) {
		struct wl_neighbour_entry *entry = &neighbours->entries[i];

		if (entry->link == in->link && entry->next_hop == sender)
			learn(neighbours, entry, mac, operation == ARP_REPLY, now_ns);
	}
	if (operation != ARP_REQUEST || target != ours->ipv4)
		return;
	write_arp(ours, ARP_REPLY, mac, sender, out);
	neighbours->counts.arp_answered++;
}

/* Sum of RFC 1071 over big-endian words; 0 means right when the checksum is part of them. */
static uint16_t checksum(const uint8_t *from, size_t bytes)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < bytes; i += 2)
		sum += wl_load_be16(from + i);
	if (i < bytes)
		sum += (uint32_t)from[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static bool is_echo_for_us(const struct wl_neighbour_link *ours,
			   const struct wl_neighbour_input *in, uint16_t *total)
{
	const uint8_t *frame = in->frame, *ip = frame + ETHER_BYTES;

	if (in->bytes < ETHER_BYTES + IPV4_BYTES + ICMP_BYTES || memcmp(frame, ours->mac, 6) != 0 ||
	    !mac_is_unicast(frame + 6))
		return false;
	*total = wl_load_be16(ip + 2);
	/* No options, no fragments: nobody needs either to see whether we are there. */
	return ip[0] == 0x45 && *total >= IPV4_BYTES + ICMP_BYTES &&
	       *total <= in->bytes - ETHER_BYTES && (wl_load_be16(ip + 6) & 0x3fff) == 0 &&
	       ip[9] == 1 && checksum(ip, IPV4_BYTES) == 0 &&
	       ipv4_is_unicast(wl_load_be32(ip + 12)) && wl_load_be32(ip + 16) == ours->ipv4 &&
	       ip[IPV4_BYTES] == ICMP_ECHO && ip[IPV4_BYTES + 1] == 0 &&
	       checksum(ip + IPV4_BYTES, *total - IPV4_BYTES) == 0;
}

static void on_echo(struct wl_neighbours *neighbours, const struct wl_neighbour_input *in,
		    struct wl_neighbour_output *out)
{
	const struct wl_neighbour_link *ours = &neighbours->links[in->link];
	uint8_t *frame = out->frame, *ip = frame + ETHER_BYTES, *icmp = ip + IPV4_BYTES;
	uint16_t total;

	if (!is_echo_for_us(ours, in, &total) || ETHER_BYTES + total > sizeof(out->frame)) {
		neighbours->counts.echo_ignored++;
		return;
	}
	memset(frame, 0, ETHER_BYTES_MIN);
	memcpy(frame, in->frame, ETHER_BYTES + total);
	memcpy(frame, in->frame + 6, 6);
	memcpy(frame + 6, ours->mac, 6);
	ip[8] = 64; /* time to live */
	memcpy(ip + 12, in->frame + 30, 4);
	memcpy(ip + 16, in->frame + 26, 4);
	wl_store_be16(ip + 10, 0);
	wl_store_be16(ip + 10, checksum(ip, IPV4_BYTES));
	icmp[0] = ICMP_ECHO_REPLY;
	wl_store_be16(icmp + 2, 0);
	wl_store_be16(icmp + 2, checksum(icmp, total - IPV4_BYTES));
	out->bytes = (uint16_t)(ETHER_BYTES + total);
	if (out->bytes < ETHER_BYTES_MIN)
		out->bytes = ETHER_BYTES_MIN;
	neighbours->counts.echo_answered++;
}

void wl_neighbour_on_frame(struct wl_neighbours *neighbours, const struct wl_neighbour_input *in,
			   uint64_t now_ns, struct wl_neighbour_output *out)
{
	out->link = in->link;
	out->bytes = 0;
	if (in->link >= WL_LINKS_MAX || !neighbours->links[in->link].answers ||
	    in->bytes < ETHER_BYTES)
		return;
	if (wl_load_be16(in->frame + 12) == TYPE_ARP && in->bytes >= ARP_BYTES)
		on_arp(neighbours, in, now_ns, out);
	else if (wl_load_be16(in->frame + 12) == TYPE_ARP)
		neighbours->counts.arp_ignored++;
	else if (wl_load_be16(in->frame + 12) == TYPE_IPV4)
		on_echo(neighbours, in, out);
}

static bool is_asked_alone(const struct wl_neighbour_entry *entry, uint64_t now_ns)
{
	WL_CHECK(entry->known || entry->answers == 0);
	return entry->known && !entry->doubted && entry->unanswered < UNANSWERED_MAX &&
	       entry->answers >= ANSWERS_TRUSTED && entry->answers % ALL_ARE_ASKED_EACH != 0 &&
	       !wl_neighbour_is_twice(entry, now_ns);
}

bool wl_neighbour_ask(struct wl_neighbours *neighbours, uint64_t now_ns,
		      struct wl_neighbour_output *out)
{
	for (uint32_t i = 0; i < neighbours->count; i++) {
		uint32_t at = (neighbours->next + i) % neighbours->count;
		struct wl_neighbour_entry *entry = &neighbours->entries[at];
		const struct wl_neighbour_link *ours = &neighbours->links[entry->link];

		if (!ours->answers || now_ns < entry->ask_at_ns)
			continue;
		entry->unanswered += entry->asked;
		entry->asked_all = !is_asked_alone(entry, now_ns);
		entry->asked = true;
		entry->moved = false;
		entry->asked_ns = now_ns;
		entry->ask_at_ns = now_ns + entry->pause_ns;
		if (entry->pause_ns < PAUSE_MAX_NS)
			entry->pause_ns *= 2;
		neighbours->next = (at + 1) % neighbours->count;
		neighbours->counts.arp_asked++;
		out->link = entry->link;
		write_arp(ours, ARP_REQUEST, entry->asked_all ? broadcast : entry->mac,
			  entry->next_hop, out);
		return true;
	}
	return false;
}
