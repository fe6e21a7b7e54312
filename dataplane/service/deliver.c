/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One reader's share of a turn: committed entries, from the log ring or from the medium, become
 * DELIVER frames, as many records in one as fit; a record larger than a frame becomes fragments,
 * each in a frame of its own. The share ends with its bytes, with the window, or with what is
 * committed; the reader is put back to the entry that was not finished and finds it again in the
 * next turn.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

struct share {
	struct wl_service *service;
	struct wl_subscription *subscription;
	uint64_t now_ns;
	uint32_t bytes_left;
	unsigned did;
	bool from_ring; /* the buffer is not needed now */

	/* the open frame */
	uint8_t *payload; /* NULL: none */
	size_t room, used;
	uint32_t count;
	uint64_t first_number;
	uint64_t chain; /* behind the entry of its last record */
};

static void charge(struct share *share, uint64_t bytes)
{
	share->bytes_left = bytes < share->bytes_left ? share->bytes_left - (uint32_t)bytes : 0;
}

static bool open_frame(struct share *share)
{
	struct wl_service *service = share->service;
	const struct wl_remote *client = wl_service_client(service, share->subscription->client);
	struct wl_tx_to to;

	WL_CHECK(!share->payload);
	if (!client || service->frames_left == 0)
		return false;
	to = wl_tx_to_remote(client);
	share->payload = wl_tx_open(service->replica->tx, &to, WL_WIRE_DELIVER,
				    service->config.journal, WL_TX_DATA);
	if (!share->payload)
		return false;
	share->room = wl_tx_open_room(service->replica->tx);
	WL_CHECK(share->room > WL_WIRE_DELIVER_HEADER_BYTES + WL_WIRE_DELIVER_RECORD_BYTES);
	service->frames_left--;
	share->used = WL_WIRE_DELIVER_HEADER_BYTES;
	share->count = 0;
	share->chain = 0;
	share->first_number = share->subscription->next_number;
	return true;
}

/* `fragment_offset` and `record_bytes` are 0 unless the frame holds a fragment. */
static void close_frame(struct share *share, uint32_t fragment_offset, uint32_t record_bytes)
{
	const struct wl_subscription *subscription = share->subscription;
	struct wl_replica *replica = share->service->replica;
	struct wl_wire_deliver deliver = {
		.subscription = subscription->id,
		.first_number = share->first_number,
		.commit_number = wl_service_commit_number(share->service),
		.record_count = share->count,
		.fragment_offset = fragment_offset,
		.record_bytes = record_bytes,
		.bytes = (uint32_t)(share->used - WL_WIRE_DELIVER_HEADER_BYTES),
		.chain = share->chain,
	};

	if (!share->payload)
		return;
	WL_CHECK(share->used >= WL_WIRE_DELIVER_HEADER_BYTES);
	WL_CHECK(share->used <= share->room);
	/* Behind a restart the number of what is committed may not be known yet; what is sent
	 * always is. */
	if (share->count != 0 && deliver.commit_number < share->first_number + share->count - 1)
		deliver.commit_number = share->first_number + share->count - 1;
	wl_wire_encode_deliver(share->payload, &deliver);
	wl_tx_close(replica->tx, share->used);
	share->payload = NULL;
	share->subscription->sent_ns = share->now_ns;
	wl_count(replica->counters, WL_COUNTER_deliver_frames);
}

static void put_record(struct share *share, const struct wl_record_view *record,
		       uint64_t timestamp_ns, uint32_t offset, uint32_t bytes)
{
	struct wl_wire_delivered_record delivered = {
		.bytes = bytes,
		.timestamp_ns = timestamp_ns,
		.session = record->header.session,
		.sequence = record->header.sequence,
		.payload = record->payload + offset,
	};

	WL_CHECK(share->payload);
	WL_CHECK(offset <= record->header.bytes && bytes <= record->header.bytes - offset);
	WL_CHECK(WL_WIRE_DELIVER_RECORD_BYTES + (size_t)bytes <= share->room - share->used);
	share->used += wl_wire_encode_delivered_record(share->payload + share->used, &delivered);
	share->count++;
	share->chain = share->subscription->reader.chain;
	charge(share, WL_WIRE_DELIVER_RECORD_BYTES + bytes);
}

/* True when the last fragment is sent. */
static bool send_fragments(struct share *share, const struct wl_record_view *record,
			   uint64_t timestamp_ns)
{
	struct wl_subscription *subscription = share->subscription;
	uint32_t bytes = record->header.bytes;

	while (subscription->fragment_offset < bytes) {
		uint32_t offset = subscription->fragment_offset;
		uint32_t part = bytes - offset;

		if (share->bytes_left == 0 || (!share->payload && !open_frame(share)))
			return false;
		if (part > share->room - share->used - WL_WIRE_DELIVER_RECORD_BYTES)
			part = (uint32_t)(share->room - share->used - WL_WIRE_DELIVER_RECORD_BYTES);
		WL_CHECK(share->count == 0); /* it has its frame for itself */
		put_record(share, record, timestamp_ns, offset, part);
		close_frame(share, offset, bytes);
		subscription->fragment_offset += part;
		share->did++;
	}
	subscription->fragment_offset = 0;
	return true;
}

/* False: not now. */
static bool send_record(struct share *share, const struct wl_record_view *record,
			uint64_t timestamp_ns)
{
	struct wl_subscription *subscription = share->subscription;
	uint64_t cost = WL_WIRE_DELIVER_RECORD_BYTES + (uint64_t)record->header.bytes;
	bool nothing_in_flight = subscription->sent_bytes == subscription->consumed_bytes;

	WL_CHECK_MSG(record->number == subscription->next_number, "number %llu, expected %llu",
		     (unsigned long long)record->number,
		     (unsigned long long)subscription->next_number);
	/* A record larger than the window goes alone. */
	if (subscription->fragment_offset == 0 && cost > wl_subscription_room(subscription) &&
	    (!nothing_in_flight || subscription->credit_bytes == 0)) {
		subscription->blocked = true;
		return false;
	}
	if (share->bytes_left == 0)
		return false;
	if (share->payload && cost > share->room - share->used)
		close_frame(share, 0, 0);
	if (!share->payload && !open_frame(share))
		return false;
	if (subscription->fragment_offset != 0 || cost > share->room - share->used) {
		if (!send_fragments(share, record, timestamp_ns))
			return false;
	} else {
		put_record(share, record, timestamp_ns, 0, record->header.bytes);
	}
	wl_subscription_sent(subscription, record->number + 1, cost);
	wl_count(share->service->replica->counters, WL_COUNTER_deliver_records);
	share->did++;
	return true;
}

/* FROM_TIME: is this the entry? Then the reader is told its number before anything is sent. */
static bool is_found(struct share *share, const struct wl_entry_header *header)
{
	struct wl_subscription *subscription = share->subscription;

	if (header->data_count == 0 || header->timestamp_ns < subscription->from_time_ns)
		return false;
	subscription->state = WL_SUBSCRIPTION_GREETING;
	subscription->next_number = header->first_number;
	subscription->consumed_number = header->first_number;
	subscription->sent_ns = 0;
	return true;
}

/* True when nothing of the entry is left to send. */
static bool send_entry(struct share *share, const struct wl_reader_view *view)
{
	const struct wl_entry_header *header = &view->header;
	struct wl_subscription *subscription = share->subscription;
	struct wl_record_walk walk;
	struct wl_record_view record;

	if (subscription->state == WL_SUBSCRIPTION_SEEK_TIME && is_found(share, header))
		return false;
	if (subscription->state == WL_SUBSCRIPTION_SEEK_TIME ||
	    header->first_number + header->data_count <= subscription->next_number) {
		charge(share, view->bytes);
		return true;
	}
	wl_entry_walk_init(&walk, view->image, header);
	while (wl_entry_walk_next(&walk, &record)) {
		if (record.number < subscription->next_number)
			continue; /* 0: not a DATA record */
		if (!send_record(share, &record, header->timestamp_ns))
			return false;
	}
	return true;
}

/*
 * Entries continue one another and marks stand at or before a number, so none is passed over. But the medium keeps entries that were
 * cut away, and only the term tells them from live ones: when somebody with the key led a term twice, the one before may have been
 * the wrong one.
 */
static bool continues(const struct wl_subscription *subscription,
		      const struct wl_entry_header *header)
{
	return subscription->state == WL_SUBSCRIPTION_SEEK_TIME ||
	       header->first_number <= subscription->next_number;
}

/*
 * A rescue went on here: what stood under the numbers before the entry's is lost, and no record will ever stand there. False: this entry
 * is none of a rescue.
 */
static bool pass_lost(struct share *share, const struct wl_reader_view *view)
{
	struct wl_service *service = share->service;
	struct wl_subscription *subscription = share->subscription;
	struct wl_control loss;
	struct wl_wire_gap gap = {
		.subscription = subscription->id,
		.first_number = subscription->next_number,
		.next_number = view->header.first_number,
		.status = WIRELOG_RESCUED,
	};

	WL_CHECK(view->header.first_number > subscription->next_number);
	if (view->header.kind != WL_ENTRY_CONTROL ||
	    !wl_control_decode(view->image, &view->header, &loss) || loss.verb != WL_CONTROL_LOSS)
		return false;
	close_frame(share, 0, 0);
	if (wl_subscription_gap(service, subscription->client, &gap)) {
		wl_count(service->replica->counters, WL_COUNTER_readers_told_rescued);
		wl_subscription_go_to(subscription, gap.next_number);
	}
	return true;
}

/* The place is named, and what lies behind it where a mark shows the way; then this subscription
 * ends. */
static void end_damaged(struct share *share)
{
	struct wl_service *service = share->service;
	struct wl_subscription *subscription = share->subscription;
	const struct wl_log *log = service->replica->log;
	const struct wl_log_mark *mark = wl_log_mark_by_index(log, subscription->reader.next_index);
	const struct wl_log_mark *next = mark ? wl_log_mark_behind(log, mark) : NULL;
	struct wl_wire_gap gap = {
		.subscription = subscription->id,
		.first_number = subscription->next_number,
		.status = WIRELOG_LOST,
	};

	close_frame(share, 0, 0);
	if (next && next->index <= service->replica->commit &&
	    next->first_number > subscription->next_number && subscription->next_number != 0) {
		gap.next_number = next->first_number;
		wl_subscription_gap(service, subscription->client, &gap);
	}
	wl_count(service->replica->counters, WL_COUNTER_readers_told_lost);
	wl_subscription_end(service, subscription, WIRELOG_LOST);
}

/* It was given another past than the one that stands here: nothing of this one is told. */
static void end_diverged(struct share *share)
{
	close_frame(share, 0, 0);
	wl_count(share->service->replica->counters, WL_COUNTER_readers_told_diverged);
	wl_subscription_end(share->service, share->subscription, WIRELOG_DIVERGED);
}

/* The log begins behind what it wants, and so far nothing is promised to be gone: a base of a peer took the log's place here. Others
 * have it, or may. */
static void end_elsewhere(struct share *share, uint64_t kept)
{
	struct wl_service *service = share->service;
	struct wl_subscription *subscription = share->subscription;
	struct wl_wire_gap gap = {
		.subscription = subscription->id,
		.first_number = subscription->next_number,
		.next_number = kept,
		.status = WIRELOG_LOST,
	};

	close_frame(share, 0, 0);
	if (subscription->state != WL_SUBSCRIPTION_SEEK_TIME)
		wl_subscription_gap(service, subscription->client, &gap);
	wl_count(service->replica->counters, WL_COUNTER_readers_told_lost);
	wl_subscription_end(service, subscription, WIRELOG_LOST);
}

/* Behind a start the state is older than what was given up: it has not come to the trim yet. */
static bool knows_trims(const struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	return replica->caught_up_told &&
	       service->state.sessions.applied_index >= replica->leader_commit;
}

/* The log begins behind what it wants: it is told, and goes on at the first record that is promised to be kept. */
static void pass_gone(struct share *share)
{
	struct wl_service *service = share->service;
	struct wl_subscription *subscription = share->subscription;
	uint64_t kept = service->replica->log->begin.next_number;
	uint64_t trimmed = service->state.trim_number;
	struct wl_wire_gap gap = {
		.subscription = subscription->id,
		.first_number = subscription->next_number,
		.next_number = kept < trimmed ? kept : trimmed,
		.status = WIRELOG_TRIMMED,
	};

	subscription->seek = true;
	if (subscription->state == WL_SUBSCRIPTION_STREAM ? subscription->next_number >= kept
							  : kept <= trimmed)
		return; /* nothing that it wants is gone, or is not trimmed */
	if (subscription->state == WL_SUBSCRIPTION_SEEK_TIME ||
	    subscription->next_number >= trimmed) {
		if (knows_trims(service))
			end_elsewhere(share, kept);
		return;
	}
	WL_CHECK(gap.next_number > gap.first_number);
	close_frame(share, 0, 0);
	if (!wl_subscription_gap(service, subscription->client, &gap))
		return; /* the next turn finds it gone again */
	wl_count(service->replica->counters, WL_COUNTER_readers_told_trimmed);
	wl_subscription_go_to(subscription, gap.next_number);
}

static void return_buffer(struct wl_service *service, struct wl_subscription *subscription)
{
	uint8_t *buffer = wl_reader_return(&subscription->reader);

	WL_CHECK(!buffer || service->free_buffer_count < service->config.read_buffers);
	if (buffer)
		service->free_buffers[service->free_buffer_count++] = buffer;
}

static bool lend_buffer(struct wl_service *service, struct wl_subscription *subscription)
{
	WL_CHECK(!subscription->reader.buffer);
	if (service->free_buffer_count == 0) {
		service->buffer_waiters++;
		return false;
	}
	wl_reader_lend(&subscription->reader, service->free_buffers[--service->free_buffer_count],
		       WL_CHUNK_BYTES_MAX);
	subscription->used_buffer = false;
	return true;
}

/* What the buffer held is used up. Others wait: they first. */
static void want_read(struct wl_service *service, struct wl_subscription *subscription)
{
	bool gives_way = service->buffer_waited != 0 && subscription->used_buffer;

	WL_CHECK(subscription->reader.buffer);
	WL_CHECK(!subscription->reader.in_flight);
	/* A read that the disk had no room for in an earlier turn goes with the buffer. */
	subscription->wants_read = !gives_way;
	if (gives_way)
		return_buffer(service, subscription);
}

static bool is_in_buffer(const struct wl_reader *reader, const uint8_t *image)
{
	uintptr_t buffer = (uintptr_t)reader->buffer;

	return buffer != 0 && (uintptr_t)image >= buffer &&
	       (uintptr_t)image < buffer + reader->buffer_bytes;
}

/* Readers see nothing beyond it (rule F3). */
static uint64_t last_index(const struct wl_service *service)
{
	return service->replica->commit;
}

/* One step. False when this reader's share is over. */
static bool read_entry(struct share *share)
{
	struct wl_service *service = share->service;
	struct wl_subscription *subscription = share->subscription;
	struct wl_reader before = subscription->reader;
	struct wl_reader_view view;

	switch (wl_reader_next(&subscription->reader, last_index(service), &view)) {
	case WL_READER_ENTRY:
		WL_CHECK(view.header.index <= last_index(service));
		share->from_ring = !is_in_buffer(&subscription->reader, view.image);
		subscription->used_buffer |= !share->from_ring;
		if (!continues(subscription, &view.header)) {
			subscription->reader = before;
			if (!pass_lost(share, &view))
				end_damaged(share);
			return false;
		}
		if (!wl_cursor_fits(service, subscription, &view.header)) {
			subscription->reader = before;
			end_diverged(share);
			return false;
		}
		if (send_entry(share, &view))
			return true;
		subscription->reader = before;
		return false;
	case WL_READER_WANTS_BUFFER:
		return lend_buffer(service, subscription);
	case WL_READER_WANTS_READ:
		want_read(service, subscription);
		return false;
	case WL_READER_DAMAGED:
		if (wl_reader_try_again(&subscription->reader, share->now_ns))
			wl_count(service->replica->counters, WL_COUNTER_reads_again);
		else
			end_damaged(share);
		return false;
	case WL_READER_GONE:
		pass_gone(share);
		return false;
	case WL_READER_WAITS:
		return false;
	case WL_READER_END:
		break;
	}
	share->from_ring = true;
	return false;
}

static bool is_reading(const struct wl_subscription *subscription)
{
	return subscription->state == WL_SUBSCRIPTION_SEEK_TIME ||
	       subscription->state == WL_SUBSCRIPTION_STREAM;
}

/* An empty DELIVER: where the reader stands, and where the committed log ends. */
static void sign_of_life(struct share *share)
{
	const struct wl_subscription *subscription = share->subscription;
	uint64_t interval_ns = WL_SERVICE_IDLE_NS;

	if (subscription->state == WL_SUBSCRIPTION_GREETING)
		interval_ns = WL_SERVICE_GREETING_NS;
	else if (subscription->consumed_number < subscription->next_number)
		interval_ns = WL_SERVICE_UNCONFIRMED_NS;
	if (subscription->sent_ns != 0 && share->now_ns - subscription->sent_ns < interval_ns)
		return;
	if (open_frame(share))
		close_frame(share, 0, 0);
}

unsigned wl_deliver(struct wl_service *service, struct wl_subscription *subscription,
		    uint64_t now_ns)
{
	struct wl_reader *reader = &subscription->reader;
	struct share share = {
		.service = service,
		.subscription = subscription,
		.now_ns = now_ns,
		.bytes_left = WL_SERVICE_DELIVER_BYTES,
	};

	WL_CHECK(subscription->state != WL_SUBSCRIPTION_FREE);
	WL_CHECK(subscription->state != WL_SUBSCRIPTION_CLOSING);
	if (subscription->seek && !reader->in_flight && !subscription->wants_read)
		wl_subscription_seek(service, subscription);
	/* The cheap question first: most readers have everything, most of the time. */
	while (!subscription->seek && is_reading(subscription) && !subscription->blocked &&
	       share.bytes_left != 0 && !wl_reader_rests(reader, now_ns)) {
		if (reader->next_index > last_index(service)) {
			share.from_ring = true;
			break;
		}
		if (!read_entry(&share))
			break;
	}
	close_frame(&share, 0, 0);
	if (subscription->state == WL_SUBSCRIPTION_FREE ||
	    subscription->state == WL_SUBSCRIPTION_CLOSING)
		return share.did;
	sign_of_life(&share);
	if (reader->buffer && !reader->in_flight && !subscription->wants_read &&
	    (share.from_ring || (share.did == 0 && service->buffer_waited != 0)))
		return_buffer(service, subscription);
	return share.did;
}
