/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Appends on their way in. A frame is taken record by record, in order: the session says whether
 * this one is the next, was answered before, or comes too early; the next goes into the open entry
 * and its answer waits. The first record that cannot be taken ends the frame, and the rest of
 * it shares that fate, because a session's sequences enter the log in order or not at all.
 *
 * A record that is larger than a frame comes in fragments, each a wire record of its own whose
 * bytes are a part of the payload. They are joined in order in one of a few buffers; a fragment
 * that is lost costs a resend of the record.
 *
 * NO_SPACE is for good: the client tells its application that the record is not in the log and never will be, though
 * other copies of it may be on their way. So a leader takes no append that was sent to the leader of another term, and after
 * it refused one for lack of room, none that came in an earlier frame. What had been taken by then is in the table of sessions, and
 * what older leaders took is either there, too, or behind a place where the log went another way.
 */
#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

/* One CLIENT_APPEND on its way. */
struct intake {
	struct wl_service *service;
	wl_identity client;
	uint64_t session;
	uint64_t acknowledged_through;
	int status; /* of the record that ended the frame */
	uint64_t expected; /* sequence, for OUT_OF_ORDER */
	uint64_t waiting_through; /* sequences of this frame up to here wait for EVERYWHERE */
};

void wl_service_count_refusal(struct wl_service *service, int status, uint32_t records)
{
	enum wl_counter counter;

	switch (status) {
	case WIRELOG_NOT_LEADER:
		counter = WL_COUNTER_client_not_leader;
		break;
	case WIRELOG_NO_SPACE:
		counter = WL_COUNTER_client_no_space;
		break;
	case WIRELOG_BACK_PRESSURE:
		counter = WL_COUNTER_client_back_pressure;
		break;
	case WIRELOG_OUT_OF_ORDER:
		counter = WL_COUNTER_client_out_of_order;
		break;
	case WIRELOG_SESSION_UNKNOWN:
		counter = WL_COUNTER_client_session_unknown;
		break;
	default:
		return;
	}
	wl_count_add(service->replica->counters, counter, records);
}

static void refuse(struct intake *intake, uint64_t first_sequence, uint32_t count)
{
	struct wl_wire_append_result result = {
		.first_sequence = first_sequence,
		.first_number = intake->expected,
		.count = count,
		.status = (int16_t)intake->status,
	};

	WL_CHECK(intake->status != WIRELOG_OK);
	WL_CHECK(count != 0);
	wl_service_count_refusal(intake->service, intake->status, count);
	wl_reply_results_add(intake->service, &result);
}

static bool stop(struct intake *intake, int status)
{
	WL_CHECK(status != WIRELOG_OK);
	intake->status = status;
	return false;
}

/* Committed before: the first answer again, at once, or when all voters have it where that was
 * asked for. */
static void answer_again(struct intake *intake, uint64_t sequence, uint8_t level,
			 const struct wl_session_answer *first)
{
	struct wl_service *service = intake->service;
	const struct wl_replica *replica = service->replica;
	bool everywhere = replica->leader.durable_all >= replica->commit;
	struct wl_wire_append_result result = {
		.first_sequence = sequence,
		.first_number = first->number,
		.timestamp_ns = first->timestamp_ns,
		.count = 1,
		.status = first->number ? WIRELOG_OK : WIRELOG_EXPIRED,
		.level = everywhere ? WIRELOG_EVERYWHERE : WIRELOG_COMMITTED,
	};
	struct wl_reply reply = {
		.index = service->state.sessions.applied_index, /* at or behind the record's own */
		.session = intake->session,
		.first_sequence = sequence,
		.first_number = first->number,
		.timestamp_ns = first->timestamp_ns,
		.count = 1,
		.client = intake->client,
		.level = WIRELOG_EVERYWHERE,
	};

	wl_count(replica->counters, WL_COUNTER_client_duplicates);
	if (level != WIRELOG_EVERYWHERE || everywhere || first->number == 0) {
		wl_reply_results_add(service, &result);
		return;
	}
	if (sequence > intake->waiting_through)
		intake->waiting_through = wl_reply_waiting_through(service, WIRELOG_EVERYWHERE,
								   intake->session, sequence);
	if (sequence > intake->waiting_through &&
	    wl_reply_has_room(service, WIRELOG_EVERYWHERE, intake->client))
		wl_reply_wait(service, &reply);
}

static void answer_without_number(struct intake *intake, uint64_t sequence, int status)
{
	struct wl_wire_append_result result = {
		.first_sequence = sequence,
		.count = 1,
		.status = (int16_t)status,
		.level = WIRELOG_COMMITTED,
	};

	wl_reply_results_add(intake->service, &result);
}

/* A copy that comes late: somebody was told "never" of it. */
static void answer_fenced(struct intake *intake, uint64_t sequence)
{
	wl_count(intake->service->replica->counters, WL_COUNTER_client_fenced);
	answer_without_number(intake, sequence, WIRELOG_FENCED);
}

/* The client has its answer, or a fence pushed that out before it was seen (session.h): who still asks would do it for ever. */
static void answer_forgotten(struct intake *intake, uint64_t sequence)
{
	wl_count(intake->service->replica->counters, WL_COUNTER_client_duplicates);
	if (sequence > intake->acknowledged_through)
		answer_without_number(intake, sequence, WIRELOG_UNKNOWN_OUTCOME);
}

static bool append_next(struct intake *intake, uint64_t sequence, const struct wl_wire_record *wire)
{
	struct wl_service *service = intake->service;
	struct wl_replica *replica = service->replica;
	/* The stamp that it gets, or would have got. */
	uint64_t stamp_ns = wl_replica_stamp(replica);
	bool expired = wire->not_after_ns != 0 && wire->not_after_ns < stamp_ns;
	struct wl_record_header record = {
		.session = intake->session,
		.sequence = sequence,
		.bytes = expired ? 0 : wire->bytes,
		.kind = expired ? WL_RECORD_EXPIRED : WL_RECORD_DATA,
	};
	struct wl_reply reply = {
		.session = intake->session,
		.first_sequence = sequence,
		.arrived_ns = replica->now_ns,
		.count = 1,
		.client = intake->client,
		/* "never will be in the log" is a promise for good: not before it is committed. */
		.level = expired ? WIRELOG_COMMITTED : wire->level,
	};
	uint32_t image_bytes = (uint32_t)wl_record_image_bytes(record.bytes);
	struct wl_appended appended;
	int status;

	WL_CHECK(service->leading);
	WL_CHECK(service->lead_term == replica->view.term);
	if (!wl_reply_has_room(service, reply.level, intake->client) ||
	    !wl_service_has_share(service, intake->client, image_bytes))
		return stop(intake, WIRELOG_BACK_PRESSURE);
	status = wl_replica_append_record(replica, &record, wire->payload, stamp_ns, &appended);
	if (status != WIRELOG_OK)
		return stop(intake, status);
	WL_CHECK(appended.position.term == service->lead_term);
	WL_CHECK_MSG(appended.position.index > replica->commit, "appended at %llu, commit %llu",
		     (unsigned long long)appended.position.index,
		     (unsigned long long)replica->commit);
	WL_CHECK(expired == (appended.number == 0));
	if (expired)
		wl_count(replica->counters, WL_COUNTER_client_expired);
	wl_service_take_share(service, intake->client, image_bytes, appended.position.index);
	wl_session_appended(&service->state.sessions, intake->session, sequence, appended.number);
	reply.index = appended.position.index;
	reply.first_number = appended.number;
	reply.timestamp_ns = replica->log->open_header.timestamp_ns;
	wl_reply_wait(service, &reply);
	return true;
}

/* That there is something in it, and that the level is one, the decoder saw to. */
static int check_record(const struct wl_service *service, uint32_t bytes)
{
	return bytes > service->config.record_bytes_max ? WIRELOG_RECORD_TOO_LARGE : WIRELOG_OK;
}

/*
 * True when the frame goes on. *next: it is this record's turn to be appended; otherwise what is to
 * be said about it was said.
 */
static bool judge(struct intake *intake, uint64_t sequence, uint8_t level, bool *next)
{
	struct wl_service *service = intake->service;
	struct wl_session_answer answer;

	*next = false;
	switch (wl_session_check(&service->state.sessions, intake->session, sequence,
				 intake->acknowledged_through, &answer)) {
	case WL_SESSION_NEXT:
		*next = true;
		return true;
	case WL_SESSION_DONE:
		if (answer.timestamp_ns == 0)
			answer.timestamp_ns =
				wl_log_time_of_number(service->replica->log, answer.number);
		answer_again(intake, sequence, level, &answer);
		return true;
	case WL_SESSION_FENCED:
		answer_fenced(intake, sequence);
		return true;
	case WL_SESSION_FORGOTTEN:
		answer_forgotten(intake, sequence);
		return true;
	case WL_SESSION_IN_FLIGHT: /* its answer waits already */
		wl_count(service->replica->counters, WL_COUNTER_client_duplicates);
		return true;
	case WL_SESSION_GAP:
		intake->expected = answer.expected;
		return stop(intake, WIRELOG_OUT_OF_ORDER);
	case WL_SESSION_WINDOW:
		return stop(intake, WIRELOG_BACK_PRESSURE);
	case WL_SESSION_UNKNOWN: /* the frame was refused for it as a whole */
		break;
	}
	return stop(intake, WIRELOG_SESSION_UNKNOWN);
}

static bool take_record(struct intake *intake, uint64_t sequence,
			const struct wl_wire_record *record)
{
	int status = check_record(intake->service, record->bytes);
	bool next;

	if (status != WIRELOG_OK)
		return stop(intake, status);
	if (!judge(intake, sequence, record->level, &next))
		return false;
	return next ? append_next(intake, sequence, record) : true;
}

static struct wl_assembly *find_assembly(struct wl_service *service, uint64_t session,
					 uint64_t sequence)
{
	for (unsigned i = 0; i < WL_SERVICE_ASSEMBLIES; i++) {
		if (service->assemblies[i].session == session &&
		    service->assemblies[i].sequence == sequence)
			return &service->assemblies[i];
	}
	return NULL;
}

/* One that may be given to somebody else: whoever sends it is slow, gone, or takes his time on purpose. */
static bool may_give_way(const struct wl_assembly *assembly, uint64_t now_ns)
{
	return assembly->session == 0 ||
	       now_ns - assembly->grew_ns > WL_SERVICE_ASSEMBLY_STILL_NS ||
	       now_ns - assembly->began_ns > WL_SERVICE_ASSEMBLY_OLD_NS;
}

/* A free one, or the one that has not grown for longest; of the client's own, when it has its share. NULL: there is none. */
static struct wl_assembly *choose_assembly(struct wl_service *service, wl_identity client)
{
	struct wl_assembly *chosen = NULL, *own = NULL;
	unsigned owned = 0;

	for (unsigned i = 0; i < WL_SERVICE_ASSEMBLIES; i++) {
		struct wl_assembly *assembly = &service->assemblies[i];

		if (assembly->session != 0 && assembly->client == client) {
			owned++;
			if (!own || assembly->grew_ns < own->grew_ns)
				own = assembly;
		}
		if (may_give_way(assembly, service->replica->now_ns) &&
		    (!chosen || assembly->session == 0 ||
		     (chosen->session != 0 && assembly->grew_ns < chosen->grew_ns)))
			chosen = assembly;
	}
	WL_CHECK(owned <= WL_SERVICE_ASSEMBLIES_OF_ONE);
	return owned >= WL_SERVICE_ASSEMBLIES_OF_ONE ? own : chosen;
}

static struct wl_assembly *begin_assembly(struct intake *intake,
					  const struct wl_wire_client_append *append)
{
	struct wl_assembly *chosen = choose_assembly(intake->service, intake->client);

	WL_CHECK(append->record_bytes <= intake->service->config.record_bytes_max);
	if (!chosen)
		return NULL;
	chosen->session = append->session;
	chosen->sequence = append->first_sequence;
	chosen->client = intake->client;
	chosen->began_ns = intake->service->replica->now_ns;
	wl_fragments_begin(&chosen->fragments, append->record_bytes);
	return chosen;
}

enum joined { JOINED_PART, JOINED_WHOLE, JOINED_NO_ROOM };

static enum joined join(struct intake *intake, const struct wl_wire_client_append *append,
			const struct wl_wire_record *part)
{
	struct wl_service *service = intake->service;
	struct wl_assembly *assembly =
		find_assembly(service, append->session, append->first_sequence);
	enum wl_fragments_verdict verdict;

	if (assembly && assembly->fragments.size != append->record_bytes) {
		assembly->session = 0;
		assembly = NULL;
	}
	if (!assembly && append->fragment_offset == 0) {
		assembly = begin_assembly(intake, append);
		if (!assembly)
			return JOINED_NO_ROOM;
	}
	if (!assembly)
		return JOINED_PART;
	/* One that was sent again from its beginning passes over what is already here. */
	verdict = wl_fragments_add(&assembly->fragments, append->fragment_offset, part->payload,
				   part->bytes);
	if (verdict == WL_FRAGMENTS_PART || verdict == WL_FRAGMENTS_WHOLE)
		assembly->grew_ns = service->replica->now_ns;
	return verdict == WL_FRAGMENTS_WHOLE ? JOINED_WHOLE : JOINED_PART;
}

static bool take_fragment(struct intake *intake, const struct wl_wire_client_append *append)
{
	struct wl_service *service = intake->service;
	struct wl_wire_record record;
	struct wl_assembly *assembly;
	int status;
	bool next = true;

	wl_wire_next_record(append->records, &record);
	status = check_record(service, append->record_bytes);
	if (status != WIRELOG_OK)
		return append->fragment_offset != 0 || stop(intake, status);
	/* Judged at its first fragment, so that what is not its turn takes no buffer; the others
	 * stay unanswered. */
	if (append->fragment_offset == 0 &&
	    !judge(intake, append->first_sequence, record.level, &next))
		return false;
	if (!next)
		return true;
	if (append->fragment_offset == 0 &&
	    !wl_service_has_share(service, intake->client, append->record_bytes))
		return stop(intake, WIRELOG_BACK_PRESSURE);
	switch (join(intake, append, &record)) {
	case JOINED_NO_ROOM:
		return stop(intake, WIRELOG_BACK_PRESSURE);
	case JOINED_PART:
		return true;
	case JOINED_WHOLE:
		break;
	}
	assembly = find_assembly(service, append->session, append->first_sequence);
	WL_CHECK(assembly->fragments.size == append->record_bytes);
	record.bytes = assembly->fragments.size;
	record.payload = assembly->fragments.buffer;
	assembly->session = 0;
	return take_record(intake, append->first_sequence, &record);
}

static void take_records(struct intake *intake, const struct wl_wire_client_append *append)
{
	const uint8_t *at = append->records;

	for (uint32_t i = 0; i < append->record_count; i++) {
		struct wl_wire_record record;

		at = wl_wire_next_record(at, &record);
		if (!take_record(intake, append->first_sequence + i, &record)) {
			refuse(intake, append->first_sequence + i, append->record_count - i);
			return;
		}
	}
}

/* Of the frame as a whole. */
static int check_append(struct wl_service *service, const struct wl_wire_client_append *append,
			wl_identity client)
{
	if (!wl_service_leads(service))
		return WIRELOG_NOT_LEADER;
	if (append->term != 0 && append->term != service->lead_term)
		return WIRELOG_NOT_LEADER;
	if (!wl_session_is_of(&service->state.sessions, append->session, client))
		return WIRELOG_SESSION_UNKNOWN;
	return WIRELOG_OK;
}

void wl_service_on_client_append(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_client_append append;
	struct intake intake = {.service = service};

	if (!message->from || !wl_identity_is_client(message->from->identity) ||
	    !wl_wire_decode_client_append(message->payload, message->bytes, &append)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	wl_count_add(service->replica->counters, WL_COUNTER_client_appends, append.record_count);
	if (message->sequence <= message->from->append_floor) {
		wl_count_add(service->replica->counters, WL_COUNTER_client_overtaken,
			     append.record_count);
		return;
	}
	intake.client = message->from->identity;
	intake.session = append.session;
	intake.acknowledged_through = append.acknowledged_through;
	wl_reply_results_begin(service, intake.client, append.session, message->sequence);
	intake.status = check_append(service, &append, intake.client);
	if (intake.status != WIRELOG_OK) {
		if (append.fragment_offset == 0)
			refuse(&intake, append.first_sequence, append.record_count);
	} else if (append.record_bytes == 0) {
		take_records(&intake, &append);
	} else if (!take_fragment(&intake, &append)) {
		refuse(&intake, append.first_sequence, 1);
	}
	if (intake.status == WIRELOG_NO_SPACE)
		message->from->append_floor = message->sequence;
	if (service->results.count != 0)
		wl_reply_results_send(service);
}
