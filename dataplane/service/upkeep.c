/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/upkeep.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/base_proof.h"
#include "dataplane/service/checkpoints.h"
#include "dataplane/service/finalize.h"
#include "dataplane/service/membership.h"
#include "dataplane/service/propose.h"
#include "dataplane/service/retention.h"
#include "dataplane/service/service_internal.h"

static bool propose(struct wl_service *service, const struct wl_control *control)
{
	struct wl_upkeep *upkeep = &service->upkeep;

	WL_CHECK(upkeep->proposed_index <=
		 service->state.sessions.applied_index); /* one at a time */
	if (wl_service_propose(service, control) != WL_LOG_OK)
		return false;
	upkeep->proposed_index = service->replica->log->tail.index;
	WL_CHECK(upkeep->proposed_index > service->state.sessions.applied_index);
	return true;
}

/* Lists are appended elsewhere, and waited for here as the rest. */
static unsigned note_proposed(struct wl_service *service, unsigned appended)
{
	WL_CHECK(appended == 0 ||
		 service->replica->log->tail.index > service->state.sessions.applied_index);
	if (appended != 0)
		service->upkeep.proposed_index = service->replica->log->tail.index;
	return appended;
}

static bool propose_trim(struct wl_service *service, uint64_t number)
{
	struct wl_control control = {.verb = WL_CONTROL_TRIM, .number = number};

	WL_CHECK(number > service->state.trim_number);
	WL_CHECK(number <= service->replica->log->next_number);
	WL_CHECK(service->state.consumers.count == 0 || number <= service->state.consumers.lowest);
	return propose(service, &control);
}

static bool is_due(uint64_t *looked_ns, uint64_t now_ns, uint64_t interval_ns)
{
	if (now_ns - *looked_ns < interval_ns)
		return false;
	*looked_ns = now_ns;
	return true;
}

/* Once a heartbeat: that is how often followers say anything new where nothing is appended. */
static unsigned tend_bases(struct wl_service *service)
{
	struct wl_replica *replica = service->replica;
	struct wl_upkeep *upkeep = &service->upkeep;
	wl_members differs, before = upkeep->base_differs;
	struct wl_control control;

	if (!is_due(&upkeep->base_looked_ns, replica->now_ns, replica->config.heartbeat_ns))
		return 0;
	differs = wl_base_proof_differs(replica, &service->state);
	wl_count_add(replica->counters, WL_COUNTER_base_differs,
		     wl_members_count(differs & ~before));
	upkeep->base_differs = differs;
	return wl_service_leads(service) &&
	       wl_base_proof_wants(replica, &service->state, service->config.base_every_bytes,
				   &control) &&
	       propose(service, &control);
}

/* As often: that members' data are others is said with acknowledgements, too. */
static unsigned tend_data(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	return wl_service_leads(service) &&
	       is_due(&service->upkeep.data_looked_ns, replica->now_ns,
		      replica->config.heartbeat_ns) &&
	       note_proposed(service, wl_membership_tend_data(service)) != 0;
}

/* The limits with one of them changed. False: there is no such one, they are others by now, or no member could follow. */
static bool change_limits(const struct wl_service *service, const struct wl_wire_propose *wish,
			  struct wl_journal_limits *limits)
{
	enum wl_journal_limit limit = wl_journal_limit_find(wish->name);

	*limits = service->state.limits;
	if (limit == WL_LIMITS || wish->made != limits->index ||
	    wish->number == limits->value[limit])
		return false;
	limits->value[limit] = wish->number;
	/* All that are heard have as much memory as we do: they greet with it. */
	return wl_journal_limits_are_possible(limits) &&
	       limits->value[WL_LIMIT_SESSIONS] <= service->config.sessions_max;
}

/* The next stage, as the entry that it expects says which one that is. False: it would not be in effect. */
static bool change_keys(const struct wl_service *service, const struct wl_wire_propose *wish,
			struct wl_keys *next)
{
	const struct wl_keys *keys = &service->state.keys;

	*next = (struct wl_keys){
		.before = (uint32_t)(wish->number >> 32),
		.now = (uint32_t)wish->number,
		.stage = keys->stage == WL_KEYS_SEND ? WL_KEYS_REFUSE : WL_KEYS_SEND,
	};
	return wish->made == keys->index && wl_keys_may_follow(keys, next);
}

/*
 * The old key is refused when all members were heard with the new one, we among them: they hold it, and have applied that it is sent with.
 * Where an operator goes on without some, so many that they decide must have been: whatever is asked for, the journal goes on.
 */
static bool may_refuse(const struct wl_service *service, const struct wl_wire_propose *wish,
		       const struct wl_keys *next)
{
	const struct wl_replica *replica = service->replica;
	const struct wl_list *list = &replica->log->list;
	const struct wl_tx *tx = replica->tx;
	uint32_t sends = wl_keys_send(&tx->keys, &tx->auth->held);
	wl_members heard = 0;

	WL_CHECK(next->stage == WL_KEYS_REFUSE);
	if (tx->auth->held.id[sends] == next->now)
		heard = wl_members_only(service->config.node);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (replica->remotes[node].key.id == next->now)
			heard = wl_members_with(heard, node);
	}
	if (!wl_members_has(heard, service->config.node) || !wl_list_decides(list, heard))
		return false;
	return strcmp(wish->name, WL_WIRE_PROPOSE_FORCE) == 0 ||
	       (wl_list_everybody(list) & ~heard) == 0;
}

static bool propose_keys(struct wl_service *service, const struct wl_wire_propose *wish)
{
	struct wl_control control;
	struct wl_keys next;
	bool follows = change_keys(service, wish, &next);

	WL_CHECK(follows); /* it is not settled */
	if (next.stage == WL_KEYS_REFUSE && !may_refuse(service, wish, &next))
		return false;
	control = wl_control_of_keys(&next, service->state.keys.index);
	return propose(service, &control);
}

/* The state has what is wished, or will never have it: another one made the checkpoint, it is gone, there is no place for it. */
static bool is_settled(struct wl_service *service, const struct wl_wire_propose *wish)
{
	const struct wl_state *state = &service->state;
	const struct wl_consumer *consumer;
	struct wl_journal_limits limits;
	struct wl_keys keys;

	if (wish->verb == WL_WIRE_PROPOSE_KEYS)
		return !change_keys(service, wish, &keys);
	if (wish->verb == WL_WIRE_PROPOSE_TRANSFER)
		return wl_replica_transfer_is_settled(service->replica, wish);
	if (wish->verb == WL_WIRE_PROPOSE_MEMBERS)
		return wl_membership_is_settled(service, wish->number, wl_service_leads(service));
	if (wish->verb == WL_WIRE_PROPOSE_LIMITS)
		return !change_limits(service, wish, &limits);
	if (wish->verb == WL_WIRE_PROPOSE_FEATURES)
		return wl_finalize_is_settled(service, wish);
	if (wish->verb == WL_WIRE_PROPOSE_TRIM)
		return wish->number <= state->trim_number;
	consumer = wl_consumers_find(&state->consumers, wish->name);
	if (!consumer)
		return wish->made != 0 || state->consumers.count >= wl_state_consumers_max(state);
	if (wish->made != 0 && wish->made != consumer->made_index)
		return true;
	return wish->verb == WL_WIRE_PROPOSE_CONSUMER_SET && wish->number <= consumer->number;
}

/* Nobody promises to forget, or has consumed, what is still to be written; and what a consumer wants is not forgotten. */
static void limit_wish(const struct wl_service *service, struct wl_wire_propose *wish)
{
	uint64_t lowest = service->state.consumers.lowest;

	if (wish->verb >= WL_WIRE_PROPOSE_MEMBERS)
		return;
	if (wish->number > service->replica->log->next_number)
		wish->number = service->replica->log->next_number;
	if (wish->verb == WL_WIRE_PROPOSE_TRIM && wish->number > lowest)
		wish->number = lowest;
}

static bool propose_wish(struct wl_service *service, const struct wl_wire_propose *wish)
{
	struct wl_control control = {.verb = WL_CONTROL_TRIM, .number = wish->number};

	WL_CHECK(wish->verb >= WL_WIRE_PROPOSE_TRIM && wish->verb <= WL_WIRE_PROPOSE_LAST);
	if (wish->verb == WL_WIRE_PROPOSE_KEYS)
		return propose_keys(service, wish);
	if (wish->verb == WL_WIRE_PROPOSE_LIMITS) {
		struct wl_journal_limits limits;

		WL_CHECK(change_limits(service, wish, &limits)); /* it is not settled */
		control = wl_control_of_limits(&limits, service->state.limits.index);
		return propose(service, &control);
	}
	if (wish->verb == WL_WIRE_PROPOSE_FEATURES)
		return wl_finalize_may(service, wish, &control) && propose(service, &control);
	memcpy(control.name, wish->name, sizeof(control.name));
	if (wish->verb == WL_WIRE_PROPOSE_CONSUMER_SET) {
		control.verb = WL_CONTROL_CONSUMER_SET;
		control.expects = wish->made;
	} else if (wish->verb == WL_WIRE_PROPOSE_CONSUMER_DROP) {
		control.verb = WL_CONTROL_CONSUMER_DROP;
		control.index = wish->made;
	}
	return propose(service, &control);
}

/* What an operator asked for is proposed, or passed on, until the state has it. */
static unsigned tend_ask(struct wl_service *service)
{
	struct wl_replica *replica = service->replica;
	struct wl_replica_ask *ask = &replica->ask;
	uint32_t leader;

	if (ask->wish.verb == 0)
		return 0;
	if (wl_service_leads(service))
		limit_wish(service, &ask->wish);
	if (is_settled(service, &ask->wish) || replica->now_ns >= ask->until_ns) {
		ask->wish.verb = 0;
		return 0;
	}
	if (!wl_service_leads(service)) {
		leader = wl_service_leader(service);
		if (leader != 0 && leader != service->config.node)
			wl_replica_pass_on_ask(replica, leader);
		return 0;
	}
	if (ask->wish.verb == WL_WIRE_PROPOSE_TRANSFER) {
		if (wl_replica_want_transfer(replica, &ask->wish))
			ask->wish.verb = 0;
		return 0;
	}
	if (ask->wish.verb == WL_WIRE_PROPOSE_MEMBERS)
		return note_proposed(service, wl_membership_propose(service, ask->wish.number));
	return propose_wish(service, &ask->wish);
}

/* The lowest checkpoint goes, unless it moves meanwhile; what it held goes with the next look, which is due at once. */
static bool drop_lowest(struct wl_service *service)
{
	const struct wl_consumer *lowest = wl_consumers_lowest(&service->state.consumers);
	struct wl_control control = {.verb = WL_CONTROL_CONSUMER_DROP};

	WL_CHECK(lowest); /* something is held back */
	WL_CHECK(lowest->number == service->state.consumers.lowest);
	control.expects = lowest->number;
	control.index = lowest->made_index;
	memcpy(control.name, lowest->name, sizeof(control.name));
	if (!propose(service, &control))
		return false;
	service->upkeep.retention_looked_ns -= WL_UPKEEP_RETENTION_NS;
	wl_count(service->replica->counters, WL_COUNTER_checkpoints_dropped);
	return true;
}

/* The first limits of a journal are those of its first leader's file, behind what all its members have. */
static unsigned tend_limits(struct wl_service *service)
{
	const struct wl_journal_limits *limits = &service->config.limits;
	struct wl_control control;

	if (service->state.limits.index != 0 || limits->value[WL_LIMIT_SESSIONS] == 0 ||
	    !wl_journal_limits_are_possible(limits) || !wl_service_leads(service) ||
	    wl_finalize_begins(service, &control))
		return 0;
	if (control.verb != WL_CONTROL_FEATURES)
		control = wl_control_of_limits(limits, 0);
	return propose(service, &control);
}

static unsigned tend_retention(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;
	const uint64_t *limit = service->state.limits.value;
	struct wl_retention retention = {
		.bytes = limit[WL_LIMIT_RETENTION_BYTES],
		.age_ns = limit[WL_LIMIT_RETENTION_AGE_NS],
		.records = limit[WL_LIMIT_RETENTION_RECORDS],
		.checkpoint = service->state.consumers.count != 0 ? service->state.consumers.lowest
								  : 0,
	};
	uint64_t number;

	if (!is_due(&service->upkeep.retention_looked_ns, replica->now_ns,
		    WL_UPKEEP_RETENTION_NS) ||
	    !wl_service_leads(service))
		return 0;
	retention.vouched_ns = wl_replica_clock_vouched(replica);
	service->upkeep.held_bytes = wl_retention_held(&retention, replica->log, replica->commit);
	if (limit[WL_LIMIT_RETENTION_HOLD_BYTES] != 0 &&
	    service->upkeep.held_bytes > limit[WL_LIMIT_RETENTION_HOLD_BYTES])
		return drop_lowest(service);
	number = wl_retention_number(&retention, replica->log, replica->commit,
				     service->state.trim_number);
	return number != 0 && propose_trim(service, number);
}

/* Not before those that are due seldom: consumers may ask all the time. */
static unsigned tend_checkpoints(struct wl_service *service)
{
	unsigned appended;

	if (service->checkpoints.count == 0)
		return 0;
	appended = wl_checkpoints_turn(service);
	if (appended != 0)
		service->upkeep.proposed_index = service->replica->log->tail.index;
	return appended;
}

unsigned wl_upkeep_turn(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;
	struct wl_upkeep *upkeep = &service->upkeep;
	unsigned did;

	WL_CHECK(upkeep->lead_term <= replica->view.term);
	/* What an earlier leadership appended is applied before the next one begins, or was cut away. */
	if (upkeep->lead_term != replica->view.term) {
		upkeep->lead_term = replica->view.term;
		upkeep->proposed_index = 0;
		wl_checkpoints_forget(service);
	}
	WL_CHECK(upkeep->proposed_index <= replica->log->tail.index);
	if (service->state.sessions.applied_index < upkeep->proposed_index ||
	    replica->log->entry_open)
		return 0;
	if (wl_service_leads(service) && note_proposed(service, wl_membership_tend(service)) != 0)
		return 1;
	did = tend_limits(service) || tend_ask(service) || tend_data(service) ||
	      tend_bases(service) || tend_retention(service);
	if (did == 0)
		did = note_proposed(service, wl_reads_propose(service));
	return did != 0 ? did : tend_checkpoints(service);
}

void wl_service_set(struct wl_service *service, enum wl_setting setting, uint64_t value)
{
	struct wl_service_config *config = &service->config;

	if (setting == WL_SETTING_READER_IDLE_NS)
		config->subscription_idle_ns = value;
	else if (setting == WL_SETTING_BASE_EVERY_BYTES)
		config->base_every_bytes = value;
}
