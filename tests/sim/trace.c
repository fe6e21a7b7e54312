/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/trace.h"

#include <stdarg.h>

#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/ether.h"

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
			LLU(message->view.term), wl_role_name(message->view.role),
			LLU(message->tail.term), LLU(message->tail.index));
		if (message->node)
			fprintf(trace->file, " node %u", message->node);
		if (message->verb == WL_PLANE_STALLED)
			fprintf(trace->file, " %s",
				wl_stall_reason_name((enum wl_stall_reason)message->reason));
		fputc('\n', trace->file);
	}
}

static void say_append(FILE *file, const uint8_t *payload, size_t size)
{
	struct wl_wire_append append;

	if (!wl_wire_decode_append(payload, size, &append))
		return;
	fprintf(file, " APPEND term %llu after %llu:%llu commit %llu bytes %u", LLU(append.term),
		LLU(append.previous.term), LLU(append.previous.index), LLU(append.commit),
		append.bytes);
	if (append.image_bytes)
		fprintf(file, " fragment %u of %u", append.fragment_offset, append.image_bytes);
	if (append.sent_ns)
		fprintf(file, " sent %llu", LLU(append.sent_ns));
}

static void say_append_ack(FILE *file, const uint8_t *payload, size_t size)
{
	struct wl_wire_append_ack ack;

	if (!wl_wire_decode_append_ack(payload, size, &ack))
		return;
	fprintf(file, " ACK term %llu received %llu durable %llu sent %llu", LLU(ack.term),
		LLU(ack.match_received), LLU(ack.match_durable), LLU(ack.sent_ns));
	if (ack.flags & WL_WIRE_ACK_REJECTED)
		fprintf(file, " REJECTED %llu hint %llu:%llu", LLU(ack.rejected_index),
			LLU(ack.hint_term), LLU(ack.hint_index));
	if (ack.flags & WL_WIRE_ACK_NO_SPACE)
		fprintf(file, " NO_SPACE");
	if (ack.flags & WL_WIRE_ACK_DISK_SLOW)
		fprintf(file, " DISK_SLOW");
}

static void say_vote(FILE *file, uint8_t type, const uint8_t *payload, size_t size)
{
	struct wl_wire_vote vote;
	struct wl_wire_vote_reply reply;
	const char *pre = type == WL_WIRE_PRE_VOTE || type == WL_WIRE_PRE_VOTE_REPLY ? "PRE_" : "";

	if ((type == WL_WIRE_PRE_VOTE || type == WL_WIRE_VOTE) &&
	    wl_wire_decode_vote(payload, size, &vote))
		fprintf(file, " %sVOTE term %llu last %llu:%llu flags %u caught up %llu", pre,
			LLU(vote.term), LLU(vote.last.term), LLU(vote.last.index), vote.flags,
			LLU(vote.caught_up_boot));
	else if (wl_wire_decode_vote_reply(payload, size, &reply))
		fprintf(file, " %sVOTE_REPLY term %llu asked %llu granted %u", pre, LLU(reply.term),
			LLU(reply.asked_term), reply.granted);
}

static void say_client(FILE *file, uint8_t type, const uint8_t *payload, size_t size)
{
	struct wl_wire_client_append append;
	struct wl_wire_append_reply reply;
	struct wl_wire_append_result result;

	if (type == WL_WIRE_CLIENT_APPEND && wl_wire_decode_client_append(payload, size, &append)) {
		fprintf(file,
			" CLIENT_APPEND session %llx term %llu sequence %llu count %u bytes %u",
			LLU(append.session), LLU(append.term), LLU(append.first_sequence),
			append.record_count, append.bytes);
		return;
	}
	if (!wl_wire_decode_append_reply(payload, size, &reply))
		return;
	fprintf(file,
		" APPEND_REPLY session %llx leader %u term %llu frame %llu:", LLU(reply.session),
		reply.leader, LLU(reply.term), LLU(reply.frame));
	for (uint32_t at = 0; at < reply.result_count; at++) {
		wl_wire_decode_append_result(reply.results + at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
		fprintf(file, " {%llu+%u -> %llu status %d level %u}", LLU(result.first_sequence),
			result.count, LLU(result.first_number), result.status, result.level);
	}
}

static void say_message(FILE *file, const struct wl_frame_header *header, const uint8_t *payload)
{
	static const char *const names[64] = {
		[WL_WIRE_HELLO] = "HELLO",
		[WL_WIRE_HELLO_REPLY] = "HELLO_REPLY",
		[WL_WIRE_GREETING] = "GREETING",
		[WL_WIRE_PATH_PROBE] = "PATH_PROBE",
		[WL_WIRE_PATH_ECHO] = "PATH_ECHO",
		[WL_WIRE_CHAIN] = "CHAIN",
		[WL_WIRE_TIMEOUT_NOW] = "TIMEOUT_NOW",
		[WL_WIRE_OPEN_SESSION] = "OPEN_SESSION",
		[WL_WIRE_SUBSCRIBE] = "SUBSCRIBE",
		[WL_WIRE_CREDIT] = "CREDIT",
		[WL_WIRE_UNSUBSCRIBE] = "UNSUBSCRIBE",
		[WL_WIRE_KEEPALIVE] = "KEEPALIVE",
		[WL_WIRE_OPEN_SESSION_REPLY] = "OPEN_SESSION_REPLY",
		[WL_WIRE_DELIVER] = "DELIVER",
		[WL_WIRE_GAP] = "GAP",
		[WL_WIRE_KEEPALIVE_REPLY] = "KEEPALIVE_REPLY",
	};

	switch (header->type) {
	case WL_WIRE_APPEND:
		say_append(file, payload, header->payload_bytes);
		return;
	case WL_WIRE_APPEND_ACK:
		say_append_ack(file, payload, header->payload_bytes);
		return;
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE:
	case WL_WIRE_VOTE_REPLY:
		say_vote(file, header->type, payload, header->payload_bytes);
		return;
	case WL_WIRE_CLIENT_APPEND:
	case WL_WIRE_APPEND_REPLY:
		say_client(file, header->type, payload, header->payload_bytes);
		return;
	default:
		fprintf(file, " %s %u bytes",
			header->type < 64 && names[header->type] ? names[header->type] : "?",
			header->payload_bytes);
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
		say_message(trace->file, &header,
			    bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES);
	fprintf(trace->file, "%s%s\n", *fate ? " " : "", fate);
}
