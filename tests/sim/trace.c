/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/trace.h"

#include <stdarg.h>

#include "dataplane/wire/frame.h"
#include "tests/sim/network/ether.h"
#include "tests/sim/network/words.h"

static void stamp(const struct sim_trace *trace)
{
	fprintf(trace->file, "%12.6f ", (double)*trace->now_ns / 1e6);
}

void sim_trace_say(const struct sim_trace *trace, const char *format, ...)
{
	va_list arguments;

	if (!trace->file)
		return;
	stamp(trace);
	va_start(arguments, format);
	vfprintf(trace->file, format, arguments);
	va_end(arguments);
	fputc('\n', trace->file);
}

#define LLU(value) (unsigned long long)(value)

void sim_trace_plane(const struct sim_trace *trace, unsigned node, const char *way,
		     const struct wl_ring *ring, uint64_t *said)
{
	uint64_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);

	if (!trace->file)
		return;
	for (; *said < pushed; ++*said) {
		const struct wl_plane_message *message =
			(const void *)(ring->slots +
				       (*said & (ring->slot_count - 1)) * (size_t)ring->slot_bytes);

		stamp(trace);
		fprintf(trace->file, "node %u %s %s number %llu term %llu %s tail %llu:%llu", node,
			way, wl_plane_verb_name(message->verb), LLU(message->view.number),
			LLU(message->view.term), wl_plane_role_name(message->view.role),
			LLU(message->tail.term), LLU(message->tail.index));
		if (message->node)
			fprintf(trace->file, " node %u", message->node);
		if (message->verb == WL_PLANE_STALLED)
			fprintf(trace->file, " %s",
				wl_plane_stall_name((enum wl_stall_reason)message->reason));
		fputc('\n', trace->file);
	}
}

static void say_foreign(FILE *file, const uint8_t *bytes, size_t size)
{
	struct sim_arp arp;

	if (sim_ether_read_arp(bytes, size, &arp))
		fprintf(file, " ARP %s: 10.0.0.%u is at %02x:%02x:%02x:%02x:%02x:%02x, 10.0.0.%u?",
			arp.operation == SIM_ARP_REQUEST ? "request" : "reply", arp.sender & 0xff,
			arp.sender_mac[0], arp.sender_mac[1], arp.sender_mac[2], arp.sender_mac[3],
			arp.sender_mac[4], arp.sender_mac[5], arp.target & 0xff);
	else
		fprintf(file, " (not a frame of ours, %zu bytes)", size);
}

void sim_trace_frame(const struct sim_trace *trace, unsigned from, unsigned to,
		     const uint8_t *bytes, size_t size, const char *fate)
{
	struct wl_frame_header header;

	if (!trace->file)
		return;
	stamp(trace);
	fprintf(trace->file, "%u>%u", from, to);
	if (size < WL_FRAME_ENVELOPE_BYTES ||
	    wl_frame_decode_header(bytes + WL_FRAME_ENVELOPE_BYTES, size - WL_FRAME_ENVELOPE_BYTES,
				   &header) != WL_FRAME_OK)
		say_foreign(trace->file, bytes, size);
	else
		sim_words_print(trace->file, header.type,
				bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES,
				header.payload_bytes);
	fprintf(trace->file, "%s%s\n", *fate ? " " : "", fate);
}
