/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_capture_file.h"

#include "wirelog/status.h"

#define ETHERNET_BYTES 14u

static int put(struct wl_capture_file *file, size_t bytes)
{
	return fwrite(file->block, 1, bytes, file->to) == bytes ? 0 : WIRELOG_OUTPUT_FAILED;
}

static struct wl_capture_file_link *link_at(struct wl_capture_file *file, uint16_t worker,
					    uint16_t link)
{
	if (worker >= WIRELOG_WORKERS_MAX || link >= WL_LINKS_MAX)
		return NULL;
	return &file->links[worker][link];
}

/* What does not belong to the file's frames: of a link over a kernel socket, the Ethernet header that the node put there. */
static uint32_t skipped(const struct wl_capture_file_link *link)
{
	return link->layer == WL_CAPTURE_IPV4 ? ETHERNET_BYTES : 0;
}

int wl_capture_file_begin(struct wl_capture_file *file, const char *application,
			  const char *comment)
{
	return put(file, wl_pcapng_section(file->block, application, comment));
}

static int take_link(struct wl_capture_file *file, const uint8_t *packet, size_t size)
{
	struct wl_capture_file_link *link;
	struct wl_capture_link told;
	char description[64];

	if (!wl_capture_decode_link(packet, size, &told))
		return WIRELOG_INPUT_MALFORMED;
	link = link_at(file, told.worker, told.link);
	if (!link || link->known)
		return WIRELOG_INPUT_MALFORMED;
	*link = (struct wl_capture_file_link){.known = true,
					      .layer = told.layer,
					      .interface = file->interfaces++};
	snprintf(description, sizeof(description), "node %u, worker %u, link %u", file->node,
		 told.worker, told.link);
	return put(file, wl_pcapng_interface(file->block,
					     &(struct wl_pcapng_interface){
						     .link_type = link->layer == WL_CAPTURE_IPV4
									  ? WL_PCAPNG_IPV4
									  : WL_PCAPNG_ETHERNET,
						     .snap_bytes = file->snap_bytes - skipped(link),
						     .name = told.name,
						     .description = description,
					     }));
}

static int take_frame(struct wl_capture_file *file, const struct wl_capture_frame *frame)
{
	struct wl_capture_file_link *link = link_at(file, frame->worker, frame->link);
	uint32_t skip;

	if (!link || !link->known || frame->bytes > WL_PCAPNG_PACKET_BYTES_MAX)
		return WIRELOG_INPUT_MALFORMED;
	if (wl_capture_file_is_full(file))
		return 0;
	skip = skipped(link);
	if (frame->bytes < skip)
		return WIRELOG_INPUT_MALFORMED;
	link->written++;
	file->packets++;
	file->bytes += frame->bytes - skip;
	return put(file, wl_pcapng_packet(file->block,
					  &(struct wl_pcapng_packet){
						  .interface = link->interface,
						  .time_ns = frame->time_ns,
						  .whole_bytes = frame->whole_bytes - skip,
						  .bytes = frame->bytes - skip,
						  .data = frame->data + skip,
						  .sent = frame->direction == WL_CAPTURE_SENT,
						  .lost = frame->lost,
						  .queue = frame->worker,
					  }));
}

static int take_frames(struct wl_capture_file *file, const uint8_t *packet, size_t size)
{
	size_t offset = WL_CAPTURE_HEAD_BYTES;
	struct wl_capture_frame frame;

	while (wl_capture_next_frame(packet, size, &offset, &frame)) {
		int result = take_frame(file, &frame);

		if (result != 0)
			return result;
	}
	return offset == size ? 0 : WIRELOG_INPUT_MALFORMED;
}

static int put_statistics(struct wl_capture_file *file, struct wl_capture_file_link *link,
			  const struct wl_capture_total *total)
{
	link->has_total = true;
	return put(file, wl_pcapng_statistics(file->block, &(struct wl_pcapng_statistics){
								   .interface = link->interface,
								   .begin_ns = file->begin_ns,
								   .end_ns = file->now_ns,
								   .seen = total->seen,
								   .dropped = total->lost,
								   .accepted = total->chosen,
								   .delivered = link->written,
							   }));
}

static int take_totals(struct wl_capture_file *file, const uint8_t *packet, size_t size)
{
	size_t offset = WL_CAPTURE_HEAD_BYTES;
	struct wl_capture_total total;

	if (file->ended || !wl_capture_decode_end(packet, size, &file->why))
		return WIRELOG_INPUT_MALFORMED;
	file->ended = true;
	while (wl_capture_next_total(packet, size, &offset, &total)) {
		struct wl_capture_file_link *link = link_at(file, total.worker, total.link);
		int result = 0;

		if (!link || link->has_total)
			return WIRELOG_INPUT_MALFORMED;
		file->lost += total.lost;
		/* A link of which no frame was chosen has no interface. */
		if (link->known)
			result = put_statistics(file, link, &total);
		if (result != 0)
			return result;
	}
	return offset == size ? 0 : WIRELOG_INPUT_MALFORMED;
}

int wl_capture_file_take(struct wl_capture_file *file, const uint8_t *packet, size_t size)
{
	switch (wl_capture_kind_of(packet, size)) {
	case WL_CAPTURE_LINK:
		return take_link(file, packet, size);
	case WL_CAPTURE_FRAMES:
		return take_frames(file, packet, size);
	case WL_CAPTURE_TOTALS:
		return take_totals(file, packet, size);
	case WL_CAPTURE_NOTHING:
		break;
	}
	return WIRELOG_INPUT_MALFORMED;
}

bool wl_capture_file_is_full(const struct wl_capture_file *file)
{
	return file->packets_max != 0 && file->packets >= file->packets_max;
}

int wl_capture_file_end(struct wl_capture_file *file)
{
	int result = 0;

	for (unsigned worker = 0; worker < WIRELOG_WORKERS_MAX; worker++) {
		for (unsigned at = 0; at < WL_LINKS_MAX && result == 0; at++) {
			struct wl_capture_file_link *link = &file->links[worker][at];

			if (link->known && !link->has_total)
				result = put_statistics(
					file, link,
					&(struct wl_capture_total){.seen = link->written,
								   .chosen = link->written});
		}
	}
	return fflush(file->to) == 0 ? result : WIRELOG_OUTPUT_FAILED;
}
