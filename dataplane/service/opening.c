/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions on their way in, and who gives way. The leader decides, because it alone knows which clients live; what it decided
 * is a record that ends one session before the record that opens another, so that every table is the same (session.h).
 *
 * One client has few sessions; beyond that its own oldest gives way. When all places are taken, that of a client gives way
 * which is not known here or was silent for a while (wl_rx_quiet_ns), or the oldest of one that has several: it took them
 * while nobody needed them. Of those it is the one that was active longest ago among the ones that were looked at. A client
 * that speaks keeps one session, whoever comes; who comes when all have just that one is told TOO_MANY_CLIENTS. Right after
 * a leadership began nobody is called silent: they have only just found us.
 *
 * How many places there are is said by an entry (base/journal_limits.h): before there is one no session opens. Where it was lowered below what
 * lives, those who ask end the idle ones, one each, until there is room.
 */
#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

#define SESSIONS_OF_ONE 4u /* while half of the places are free; else */
#define SESSIONS_OF_ONE_CROWDED 1u
#define OPENING_BYTES (2 * WL_RECORD_HEADER_BYTES) /* in the log: it, and what ends another one */
#define LOOK_SLOTS 256u /* sessions that are looked at for one opening */

static struct wl_open_request *open_at(struct wl_service *service, uint64_t position)
{
	return &service->opens[position % WL_SERVICE_OPENS];
}

static bool is_opening(struct wl_service *service, uint64_t nonce, wl_identity client)
{
	for (uint64_t at = service->opens_popped; at != service->opens_pushed; at++) {
		const struct wl_open_request *open = open_at(service, at);

		if (open->nonce == nonce && open->client == client)
			return true;
	}
	return false;
}

/* What our tail will make of the table. */
struct outlook {
	uint32_t sessions; /* in all */
	uint32_t own; /* of this client */
	uint64_t own_oldest; /* of those in the table; 0: none */
};

static struct outlook look_ahead(struct wl_service *service, wl_identity client)
{
	struct outlook outlook = {.sessions = service->state.sessions.count};

	WL_CHECK(service->opens_pushed - service->opens_popped <= WL_SERVICE_OPENS);
	outlook.own = wl_session_count_of(&service->state.sessions, client, &outlook.own_oldest);
	for (uint64_t at = service->opens_popped; at != service->opens_pushed; at++) {
		const struct wl_open_request *open = open_at(service, at);

		if (open->index <= service->state.sessions.applied_index)
			continue;
		outlook.sessions += 1 - (open->gives_way ? 1 : 0);
		outlook.own += open->client == client;
	}
	return outlook;
}

static bool is_alive(struct wl_service *service, uint64_t client)
{
	uint64_t now_ns = service->replica->now_ns, quiet_ns = wl_rx_quiet_ns(service->rx);
	const struct wl_remote *remote = wl_service_client(service, (wl_identity)client);

	return now_ns - service->lead_since_ns <= quiet_ns ||
	       (remote && now_ns - remote->last_heard_ns <= quiet_ns);
}

/* Else the first client of two places keeps the second one out for ever. */
static bool is_spare(const struct wl_service *service, const struct wl_session_view *view)
{
	uint64_t oldest;

	return wl_session_count_of(&service->state.sessions, view->client, &oldest) > 1 &&
	       oldest == view->id;
}

static bool may_give_way(struct wl_service *service, const struct wl_session_view *view)
{
	return !view->ending && !view->in_flight &&
	       (!is_alive(service, view->client) || is_spare(service, view));
}

/* OK: *gives_way. BACK_PRESSURE: some were not looked at yet. */
static int find_idle(struct wl_service *service, uint64_t *gives_way)
{
	uint32_t capacity = service->state.sessions.capacity;
	uint64_t oldest = UINT64_MAX;

	WL_CHECK(service->looked <= capacity);
	for (uint32_t step = 0; step < LOOK_SLOTS && service->looked < capacity; step++) {
		struct wl_session_view view;

		service->look_slot = (service->look_slot + 1) % capacity;
		service->looked++;
		if (!wl_session_look(&service->state.sessions, service->look_slot, &view) ||
		    view.activity >= oldest || !may_give_way(service, &view))
			continue;
		oldest = view.activity;
		*gives_way = view.id;
	}
	WL_CHECK(oldest == UINT64_MAX || *gives_way != 0);
	if (oldest == UINT64_MAX && service->looked < capacity)
		return WIRELOG_BACK_PRESSURE;
	service->looked = 0;
	return oldest == UINT64_MAX ? WIRELOG_TOO_MANY_CLIENTS : WIRELOG_OK;
}

/* The limit was lowered: more than one has to go, and the one that would open now had no place. */
static bool is_crowded(struct wl_service *service, wl_identity client)
{
	return look_ahead(service, client).sessions >
	       wl_session_table_limit(&service->state.sessions);
}

/* OK: there is room, or there will be when *gives_way (0: nobody has to) has ended. */
static int make_room(struct wl_service *service, wl_identity client, uint64_t *gives_way)
{
	struct outlook outlook = look_ahead(service, client);
	uint32_t limit = wl_session_table_limit(&service->state.sessions);
	uint32_t most = outlook.sessions > limit / 2 ? SESSIONS_OF_ONE_CROWDED : SESSIONS_OF_ONE;

	*gives_way = 0;
	if (outlook.own >= most) {
		*gives_way = outlook.own_oldest;
		/* Its others are on their way: it asks again when they are there. */
		return outlook.own_oldest != 0 ? WIRELOG_OK : WIRELOG_BACK_PRESSURE;
	}
	return outlook.sessions < limit ? WIRELOG_OK : find_idle(service, gives_way);
}

/* OK and the *index of its entry. */
static int append(struct wl_service *service, const struct wl_record_header *record,
		  uint64_t *index)
{
	struct wl_appended appended;
	int status;

	WL_CHECK(service->leading);
	WL_CHECK(service->lead_term == service->replica->view.term);
	status = wl_replica_append_record(service->replica, record, NULL,
					  wl_replica_stamp(service->replica), &appended);
	if (status == WIRELOG_OK)
		*index = appended.position.index;
	return status;
}

/* Whose session gives way is decided by limits in the state, or by none at all. */
static bool has_limits(const struct wl_service *service)
{
	return service->state.limits.index != 0 ||
	       service->config.limits.value[WL_LIMIT_SESSIONS] == 0;
}

/* OK: it waits to be committed. */
static int begin_session(struct wl_service *service, uint64_t nonce, wl_identity client)
{
	struct wl_record_header opens = {
		.session = nonce,
		.sequence = client,
		.kind = WL_RECORD_OPEN_SESSION,
	};
	struct wl_record_header closes = {.kind = WL_RECORD_CLOSE_SESSION};
	uint64_t index = 0;
	bool crowded;
	int status;

	if (!has_limits(service) ||
	    service->opens_pushed - service->opens_popped == WL_SERVICE_OPENS ||
	    !wl_service_has_share(service, client, OPENING_BYTES))
		return WIRELOG_BACK_PRESSURE;
	crowded = is_crowded(service, client);
	status = make_room(service, client, &closes.session);
	if (status == WIRELOG_OK && closes.session != 0) {
		status = append(service, &closes, &index);
		if (status == WIRELOG_OK)
			wl_session_ending(&service->state.sessions, closes.session);
	}
	if (status == WIRELOG_OK && !crowded)
		status = append(service, &opens, &index);
	if (status != WIRELOG_OK || crowded)
		return status == WIRELOG_OK ? WIRELOG_BACK_PRESSURE : status;
	WL_CHECK(index > service->state.sessions.applied_index);
	wl_service_take_share(service, client, OPENING_BYTES, index);
	*open_at(service, service->opens_pushed++) = (struct wl_open_request){
		.index = index,
		.nonce = nonce,
		.client = client,
		.gives_way = closes.session != 0,
	};
	return WIRELOG_OK;
}

void wl_service_on_open_session(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_open_session open;
	wl_identity client;
	uint64_t session;
	int status;

	if (!message->from || !wl_identity_is_client(message->from->identity) ||
	    !wl_wire_decode_open_session(message->payload, message->bytes, &open)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	client = message->from->identity;
	if (!wl_service_leads(service)) {
		wl_service_count_refusal(service, WIRELOG_NOT_LEADER, 1);
		wl_reply_open_session(service, client, open.nonce, WIRELOG_NOT_LEADER, 0);
		return;
	}
	session = wl_session_by_nonce(&service->state.sessions, open.nonce, client);
	if (session != 0) {
		wl_reply_open_session(service, client, open.nonce, WIRELOG_OK, session);
		return;
	}
	if (is_opening(service, open.nonce, client))
		return;
	status = begin_session(service, open.nonce, client);
	if (status != WIRELOG_OK) {
		wl_service_count_refusal(service, status, 1);
		wl_reply_open_session(service, client, open.nonce, status, 0);
	}
}
