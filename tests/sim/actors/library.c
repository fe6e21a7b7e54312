/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/actors/asking.h"
#include "tests/sim/actors/client.h"
#include "tests/sim/actors/refusals.h"
#include "tests/sim/actors/transport_sim.h"

#define TICKETS 128u
#define CLOCK_NS 1000000000000u /* of a machine that has been up for a while */
#define ARRIVAL_NS 20000u /* from a frame to the poll that it wakes, at most */
#define DEATH_NS 30000000u
#define AWAY_NS 80000000u /* an application that does something else */
#define PLACE_NS 50000000u /* a reader that found no room asks again */
#define TIMEOUT_NS_MIN 400000000u

/* What the application knows of one append until it is answered. */
struct ticket {
	struct sim_append append; /* sequence 0: free */
	uint64_t ordinal, checksum; /* which, of all that this application ever made */
};

struct sim_library {
	struct wl_engine engine;
	struct sim_transport transport;
	struct sim_client *client;
	struct sim_asking asking;
	struct ticket tickets[TICKETS]; /* by ordinal */
	uint64_t ordinal;
	struct sim_refusals refusals;
	bool wakes; /* a poll is on the agenda */
	uint64_t away_until_ns, reads_again_ns;
	struct wirelog_cursor cursor; /* where its last subscription ended */
	bool strays; /* and it is to come from another past, once */
	bool without_a_name; /* a consumer that found no checkpoint reads all the same */
	struct wl_window_slot *slots;
	uint8_t *bytes, *buffer;
};

static uint64_t now_of(const struct sim_library *library)
{
	return library->client->cluster->agenda.now_ns;
}

static bool chance(struct sim_library *library, uint32_t per_million)
{
	return sim_random_chance(&library->client->random, per_million);
}

static uint64_t draw(struct sim_library *library, uint64_t below)
{
	return sim_random_below(&library->client->random, below);
}

/* ---- answers ---- */

static void note_refused(struct sim_library *library, const struct ticket *ticket, uint64_t session)
{
	const struct sim_refused refusal = {
		.session = session,
		.sequence = ticket->append.sequence,
		.checksum = ticket->checksum,
		.bytes = ticket->append.bytes,
	};

	sim_refusals_add(&library->refusals, &refusal);
}

bool sim_library_waits_for_a_place(const struct sim_client *client)
{
	const struct wl_sender *sender = client->library ? &client->library->engine.sender : NULL;

	return sender && sender->session.state == WL_SENDER_OPENING && sender->window.waiting == 0;
}

bool sim_library_is_unconfirmed(const struct sim_client *client)
{
	const struct wl_checkpointer *checkpointer =
		client->library ? &client->library->engine.checkpointer : NULL;

	return checkpointer && checkpointer->state >= WL_CHECKPOINTER_HELD &&
	       checkpointer->committed > checkpointer->checkpoint;
}

bool sim_library_has_refused(const struct sim_client *client,
			     const struct sim_stored_record *record)
{
	return client->library && sim_refusals_contain(&client->library->refusals, record);
}

static void judge_status(struct sim_library *library, const struct ticket *ticket,
			 const struct wirelog_ack *ack)
{
	struct sim_client *client = library->client;
	struct sim_cluster *cluster = client->cluster;

	switch (ack->status) {
	case WIRELOG_OK:
	case WIRELOG_UNKNOWN_OUTCOME:
		return;
	case WIRELOG_EXPIRED:
		if (ticket->append.not_after_ns != 0)
			return;
		break;
	case WIRELOG_RECORD_TOO_LARGE:
		cluster->seen[SIM_SEEN_TOO_LARGE]++;
		note_refused(library, ticket, ack->session);
		if (ticket->append.too_large)
			return;
		break;
	case WIRELOG_NO_SPACE:
		cluster->seen[SIM_SEEN_NO_SPACE]++;
		note_refused(library, ticket, ack->session);
		return;
	case WIRELOG_FENCED:
		note_refused(library, ticket, ack->session);
		cluster->seen[SIM_SEEN_FENCED]++;
		if (client->plan->asks != 0)
			return; /* somebody asked what became of it */
		break;
	case WIRELOG_TOO_MANY_CLIENTS:
	case WIRELOG_NOT_CONNECTED:
	case WIRELOG_NO_LEADER:
		note_refused(library, ticket, ack->session);
		return;
	default:
		break;
	}
	sim_violation(cluster, 0, "library",
		      "client %u: append %llu of %u bytes is answered with status %d",
		      client->number, (unsigned long long)ack->sequence, ticket->append.bytes,
		      ack->status);
}

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct sim_library *library = context;
	struct sim_client *client = library->client;
	uint64_t ordinal = (uintptr_t)ack->tag;
	struct ticket *ticket = &library->tickets[ordinal % TICKETS];
	struct sim_answer answer = {
		.append = ticket->append,
		.session = ack->session,
		.checksum = ticket->checksum,
		.bytes = ticket->append.bytes,
		.number = ack->number,
		.status = ack->status,
		.level = (uint8_t)ack->level,
	};

	if (ticket->ordinal != ordinal || ticket->append.sequence != (uint64_t)ack->sequence)
		sim_violation(client->cluster, 0, "library",
			      "client %u: an answer for append %llu, which waits for none",
			      client->number, (unsigned long long)ack->sequence);
	judge_status(library, ticket, ack);
	ticket->append.sequence = 0;
	client->session = ack->session;
	client->expired += ack->status == WIRELOG_EXPIRED;
	client->acknowledged += ack->status == WIRELOG_OK && ack->level >= WIRELOG_COMMITTED;
	if (ack->status == WIRELOG_OK || ack->status == WIRELOG_EXPIRED)
		client->on_answer(client->context, client, &answer);
}

/* ---- records ---- */

static void note_start(struct sim_library *library, uint64_t number)
{
	struct sim_client *client = library->client;

	if (client->reader.started)
		return;
	client->reader.on_start(client->context, client, number);
	client->reader.started = true;
	client->reader.next_number = number;
}

/* It commits all that it was given, now and then, and much of it twice. */
static void commit(struct sim_library *library)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;
	bool takes = reader->taken_made != 0;
	int status;

	if (!reader->consumes || (client->appending && !chance(library, 400000)))
		return;
	status = wl_checkpointer_commit(&library->engine.checkpointer, reader->next_number);
	if (status != (takes ? WIRELOG_OK : WIRELOG_CHECKPOINT_DROPPED))
		sim_violation(client->cluster, 0, "library",
			      "client %u: a commit of what it was given is answered with %d",
			      client->number, status);
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct sim_library *library = context;
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;
	struct wl_wire_delivered_record delivered = {
		.session = record->session,
		.sequence = record->sequence,
		.timestamp_ns = record->timestamp_ns,
		.bytes = (uint32_t)record->size,
		.payload = record->bytes,
	};

	if (reader->astray)
		sim_violation(client->cluster, reader->node, "O53",
			      "client %u is given record %llu, and comes from another past",
			      client->number, (unsigned long long)record->number);
	note_start(library, record->number);
	reader->on_record(client->context, reader->node, record->number, &delivered);
	if (record->number != reader->next_number)
		sim_violation(client->cluster, reader->node, "library",
			      "client %u is given record %llu, and %llu is next", client->number,
			      (unsigned long long)record->number,
			      (unsigned long long)reader->next_number);
	reader->next_number++;
	commit(library);
	reader->newest_ns = record->timestamp_ns;
	client->cluster->seen[SIM_SEEN_RECORD_READ]++;
	client->cluster->seen[SIM_SEEN_RESUMED] += reader->resumes;
	reader->resumes = false;
}

static void note_checkpoint(struct sim_library *library, const struct wirelog_event *event)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;

	reader->on_checkpoint(client->context, client, event);
	if (event->status == WIRELOG_CHECKPOINT_DROPPED) {
		client->cluster->seen[SIM_SEEN_DROPPED]++;
		reader->taken_made = 0;
	}
	if (event->status != WIRELOG_OK || !reader->consumes)
		return; /* what the last subscription left */
	client->cluster->seen[reader->taken_made != 0 ? SIM_SEEN_CONFIRMED : SIM_SEEN_TAKEN]++;
	if (reader->taken_made != 0)
		return;
	reader->taken_made = event->made;
	reader->started = true;
	reader->next_number = event->next_number;
}

static void note_not_taken(struct sim_library *library, const struct wirelog_event *event)
{
	struct sim_client *client = library->client;

	client->reader.reads_now = false;
	client->reader.resumes = false;
	library->reads_again_ns = now_of(library) + PLACE_NS;
	library->without_a_name = true;
	/* What had been drawn before went with the question: a reader without a name begins somewhere of its own. */
	sim_reader_draw_start(client);
	if (event->status != WIRELOG_NOT_CONNECTED && event->status != WIRELOG_NO_LEADER &&
	    event->status != WIRELOG_NO_SPACE)
		sim_violation(client->cluster, event->node, "library",
			      "client %u: its checkpoint cannot be taken: %d", client->number,
			      event->status);
}

static void note_gap(struct sim_library *library, const struct wirelog_event *event)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;
	struct wl_wire_gap gap = {
		.subscription = reader->subscription,
		.first_number = event->first_number,
		.next_number = event->next_number,
		.status = event->status,
	};

	if (event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED && reader->consumes &&
	    reader->taken_made == 0 && event->first_number == 0) {
		note_not_taken(library, event);
		return;
	}
	if (event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED) {
		reader->reads_now = false;
		reader->resumes = reader->started;
		library->reads_again_ns = now_of(library) + PLACE_NS;
		wl_subscriber_get_cursor(&library->engine.subscriber, &library->cursor);
		if (event->status == WIRELOG_NOT_CONNECTED || event->status == WIRELOG_NO_HISTORY)
			return; /* nobody said so */
	} else if (reader->started && event->first_number != reader->next_number) {
		sim_violation(client->cluster, event->node, "library",
			      "client %u is told of a gap at %llu, and %llu is next",
			      client->number, (unsigned long long)event->first_number,
			      (unsigned long long)reader->next_number);
	}
	reader->node = event->node;
	reader->on_gap(client->context, client, &gap);
	reader->told_lost = 0; /* what comes is of another subscription */
	if (event->status == WIRELOG_DIVERGED) {
		reader->astray = false;
		library->cursor = (struct wirelog_cursor){0}; /* it takes this past */
	}
	if (event->kind == WIRELOG_EVENT_GAP)
		reader->next_number = event->next_number;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct sim_library *library = context;

	if (event->kind == WIRELOG_EVENT_GAP || event->kind == WIRELOG_EVENT_SUBSCRIPTION_ENDED)
		note_gap(library, event);
	else if (event->kind == WIRELOG_EVENT_CHECKPOINT)
		note_checkpoint(library, event);
	else if (event->kind == WIRELOG_EVENT_END || event->kind == WIRELOG_EVENT_OUTCOME)
		sim_asking_on_event(&library->asking, event);
	else if (event->kind == WIRELOG_EVENT_SESSION_LOST)
		library->client->sessions_lost++;
	else if (event->kind == WIRELOG_EVENT_PATH_MTU && event->status == WIRELOG_PATH_MTU)
		library->client->cluster->seen[SIM_SEEN_PATH_MTU]++;
}

/* What the library does with its subscription, for the oracle's account of what nodes may send to it. */
static void look_at_reader(struct sim_library *library)
{
	const struct wl_subscriber *subscriber = &library->engine.subscriber;
	struct sim_reader *reader = &library->client->reader;

	if (!reader->reads || subscriber->state == WL_SUBSCRIBER_OFF)
		return;
	reader->node = subscriber->node;
	reader->subscription = subscriber->there.id;
	reader->credit_bytes_max = library->engine.environment.options.reader_window_bytes;
	reader->credited_number = subscriber->there.credited_number;
	reader->heard = subscriber->state == WL_SUBSCRIBER_READING;
	if (subscriber->next_number != 0)
		note_start(library, subscriber->next_number);
}

static void note_identity(struct sim_library *library)
{
	struct sim_client *client = library->client;

	if (library->engine.channel.identity == client->end.identity)
		return;
	sim_endpoint_name(&client->end, library->engine.channel.identity,
			  library->engine.channel.boot_id);
	client->cluster->seen[SIM_SEEN_DRAWN_AGAIN]++;
}

static void poll(struct sim_library *library)
{
	const struct wl_window *window = &library->engine.sender.window;

	/* As wirelog_poll does when another key file stands there. */
	if (library->engine.channel.auth != library->client->cluster->client_keys) {
		library->engine.channel.auth = library->client->cluster->client_keys;
		wl_channel_on_keys(&library->engine.channel);
	}
	WL_CHECK(wl_engine_poll(&library->engine, CLOCK_NS + now_of(library)) >= 0);
	note_identity(library);
	/* Answered or taken back is not all: in the end the cluster has used up each sequence. */
	library->client->outstanding_count = (unsigned)(window->next - window->settled);
	sim_refusals_on_session(&library->refusals, library->engine.sender.session.id);
	look_at_reader(library);
}

/* ---- what the application does ---- */

static bool begin_append(struct sim_library *library)
{
	struct sim_client *client = library->client;
	uint64_t salt = library->engine.channel.boot_id, ordinal = library->ordinal + 1;
	struct ticket *ticket = &library->tickets[ordinal % TICKETS];
	uint8_t payload[SIM_RECORD_BYTES_MAX + 1];
	struct wirelog_append_options options = {.tag = (void *)(uintptr_t)ordinal};
	int64_t sequence;

	if (ticket->append.sequence != 0)
		return false;
	ticket->ordinal = library->ordinal = ordinal;
	sim_client_draw_append(client, salt, ordinal, &ticket->append);
	/* Beside a node that stays down such appends would be all that there is, until their time is over. */
	if (ticket->append.level == WIRELOG_EVERYWHERE &&
	    now_of(library) + library->engine.environment.options.append_timeout_ns >
		    client->plan->fault_ns)
		ticket->append.level = WIRELOG_COMMITTED;
	sim_client_payload(salt, ordinal, payload, ticket->append.bytes);
	ticket->checksum = wl_crc64(0, payload, ticket->append.bytes);
	options.level = (enum wirelog_level)ticket->append.level;
	options.not_after_ns = ticket->append.not_after_ns;
	sequence = wl_engine_append(&library->engine, CLOCK_NS + now_of(library), payload,
				    ticket->append.bytes, &options);
	ticket->append.sequence = sequence > 0 ? (uint64_t)sequence : 0;
	if (sequence > 0)
		return true;
	if (sequence == WIRELOG_BACK_PRESSURE) {
		client->cluster->seen[SIM_SEEN_BACK_PRESSURE]++;
		return false;
	}
	if (sequence != WIRELOG_RECORD_TOO_LARGE || !ticket->append.too_large)
		sim_violation(client->cluster, 0, "library",
			      "client %u: an append of %u bytes is refused with %lld",
			      client->number, ticket->append.bytes, (long long)sequence);
	client->cluster->seen[SIM_SEEN_TOO_LARGE]++;
	return false;
}

static void append_some(struct sim_library *library)
{
	struct sim_client *client = library->client;

	while (client->appending &&
	       library->engine.sender.window.waiting < client->outstanding_max &&
	       chance(library, 700000) && begin_append(library))
		;
}

/* The lowest that any node knows: whichever is asked begins behind it. */
static uint64_t committed_everywhere(const struct sim_client *client)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned number = 1; number <= client->cluster->config.nodes; number++) {
		const struct sim_node *node = &client->cluster->nodes[number];
		uint64_t known = node->up ? sim_node_commit_number(node, client->journal) : 0;

		lowest = known < lowest ? known : lowest;
	}
	return lowest;
}

/* The first two share the name that operators know; where one of them is, the other may be, too. */
static void consume(struct sim_library *library)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;
	struct wirelog_consumer_options options = WIRELOG_CONSUMER_OPTIONS_DEFAULT;

	reader->from = WL_WIRE_FROM_NUMBER;
	reader->taken_made = 0;
	reader->started = false;
	options.commit_interval_ns = WL_MS_NS << draw(library, 8);
	options.from = chance(library, 500000) ? WIRELOG_FROM_NUMBER : WIRELOG_FROM_NOW;
	memset(reader->consumer, 0, sizeof(reader->consumer));
	if (client->number < 2)
		strcpy(reader->consumer, SIM_ORACLE_CONSUMER);
	else
		snprintf(reader->consumer, sizeof(reader->consumer), "app-%u", client->number);
	reader->on_checkpoint(client->context, client, NULL);
	WL_CHECK(wl_engine_consume(&library->engine, reader->consumer, &options) == WIRELOG_OK);
}

static void subscribe(struct sim_library *library)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;

	reader->committed_before = committed_everywhere(client);
	for (unsigned number = 1; number <= client->cluster->config.nodes; number++)
		reader->boot_before[number] = client->cluster->nodes[number].boot;
	reader->reads_now = true;
	reader->consumes = (client->plan->consumers >> client->number & 1) &&
			   !library->without_a_name;
	if (reader->consumes)
		consume(library);
	else if (reader->started && library->cursor.next_number == reader->next_number)
		WL_CHECK(wl_engine_subscribe_at(&library->engine, &library->cursor) == WIRELOG_OK);
	else
		wl_engine_subscribe(&library->engine,
				    (enum wirelog_from)(reader->started ? WL_WIRE_FROM_NUMBER
									: reader->from),
				    reader->started ? reader->next_number : reader->value);
}

static void stop_reading(struct sim_library *library)
{
	wl_engine_unsubscribe(&library->engine);
	library->client->reader.reads_now = false;
	library->client->reader.node = 0;
}

/* Where it stands it was given another record than the one that is committed there. */
static void stray(struct sim_library *library)
{
	struct sim_reader *reader = &library->client->reader;

	wl_subscriber_get_cursor(&library->engine.subscriber, &library->cursor);
	if (!reader->started || reader->consumes || library->cursor.known_number == 0)
		return;
	stop_reading(library);
	library->cursor.known_chain ^= 1;
	library->strays = false;
	reader->astray = true;
	subscribe(library);
}

/* What any node said of itself: the one that it reads at may have no room for the end. */
static bool has_all(const struct sim_library *library)
{
	const struct sim_reader *reader = &library->client->reader;
	uint64_t newest = library->engine.subscriber.there.commit_number;

	for (unsigned id = 1; id <= library->client->cluster->config.nodes; id++) {
		if (library->engine.nodes.nodes[id].commit_number > newest)
			newest = library->engine.nodes.nodes[id].commit_number;
	}
	return reader->started && reader->next_number > newest;
}

static void read_on(struct sim_library *library)
{
	struct sim_client *client = library->client;
	struct sim_reader *reader = &client->reader;

	if (!reader->reads || now_of(library) < library->reads_again_ns)
		return;
	if (!reader->reads_now) {
		subscribe(library);
	} else if (library->strays) {
		stray(library);
	} else if (client->appending && client->plan->starts != 0 && chance(library, 20000)) {
		stop_reading(library);
		sim_reader_draw_start(client);
		subscribe(library);
	} else if (!client->appending && client->plan->subscriptions_max < client->plan->readers &&
		   reader->heard && has_all(library)) {
		stop_reading(library); /* others have no place */
		library->reads_again_ns = now_of(library) + PLACE_NS + draw(library, PLACE_NS);
	}
}

void sim_library_stray(struct sim_client *client)
{
	if (client->library)
		client->library->strays = true;
}

void sim_library_leave(struct sim_client *client)
{
	stop_reading(client->library);
	client->reader.reads = false;
}

/* ---- its lives ---- */

/* All nodes: not every server's file tells clients where the others are met. */
static void add_routes(struct sim_library *library)
{
	const struct sim_client *client = library->client;

	for (unsigned number = 1; number <= client->cluster->config.nodes; number++) {
		struct wl_endpoint endpoint = {
			.kind = WL_ENDPOINT_UDP,
			.ipv4 = SIM_IPV4(number),
			.port = (uint16_t)(SIM_UDP_PORT + client->worker),
		};

		WL_CHECK(wl_nodes_add_route(&library->engine.nodes, &endpoint, NULL, 0) == 0);
	}
}

/* That of another application, now and then: there are many more clients than are simulated. */
static wl_identity draw_identity(struct sim_library *library)
{
	struct sim_client *client = library->client;
	wl_identity identity = (wl_identity)(sim_random_next(&client->random) >> 33);
	unsigned other;

	if (client->plan->alike == 0 || !chance(library, (uint32_t)client->plan->alike))
		return identity;
	other = (unsigned)draw(library, client->plan->clients);
	if (other == client->number || !(client->plan->library >> other & 1) ||
	    !client->cluster->ends[SIM_CLIENT_STATION + other])
		return identity;
	return client->cluster->ends[SIM_CLIENT_STATION + other]->identity;
}

/* As wirelog_connect, which then waits for an answer; here the first appends do. */
static void connect(struct sim_library *library)
{
	struct sim_client *client = library->client;
	struct wl_engine *engine = &library->engine;
	struct wl_engine_config config = {.auth = client->cluster->client_keys};
	bool impatient = client->plan->levels != 0 || chance(library, 500000);

	sim_endpoint_name(&client->end, draw_identity(library),
			  sim_random_next(&client->random) | 1);
	memset(library->tickets, 0, sizeof(library->tickets));
	sim_transport_init(&library->transport, &client->cluster->network, client->end.station);
	config.options = (struct wirelog_options){
		.journal = client->journal,
		.outstanding_max = TICKETS,
		.outstanding_bytes_max = 2 * SIM_RECORD_BYTES_MAX << draw(library, 4),
		/* One that wants everybody's copy waits for nodes that may be down for long. */
		.append_timeout_ns =
			TIMEOUT_NS_MIN + draw(library, impatient ? 400000000 : 5000000000),
		.reader_window_bytes = 4096u << draw(library, 8),
		.on_ack = on_ack,
		.on_record = on_record,
		.on_event = on_event,
		.context = library,
	};
	config.cluster = client->cluster->cluster;
	config.identity = client->end.identity;
	config.boot_id = client->end.boot_id;
	config.now_ns = CLOCK_NS + now_of(library);
	config.slots = library->slots;
	config.bytes = library->bytes;
	config.buffer = library->buffer;
	sim_asking_end_life(&library->asking);
	wl_engine_init(engine, &config);
	engine->channel.transports[WL_ENDPOINT_UDP] = &library->transport.transport;
	add_routes(library);
	/* More than a leader answers at a time would all be too late, one after the other. */
	if (client->outstanding_max > client->plan->reply_slots)
		client->outstanding_max = (unsigned)client->plan->reply_slots;
	client->outstanding_count = 0;
	client->session = 0;
}

/* Closed as wirelog_close does, or killed. What was outstanding has no owner any more. */
static void begin_anew(struct sim_library *library, bool says_goodbye)
{
	struct sim_client *client = library->client;

	if (says_goodbye && library->engine.subscriber.state != WL_SUBSCRIBER_OFF) {
		wl_checkpointer_close(&library->engine.checkpointer);
		wl_subscriber_stop(&library->engine.subscriber);
		wl_channel_flush(&library->engine.channel);
	}
	connect(library);
	sim_refusals_end_life(&library->refusals);
	client->reader.node = 0;
	client->reader.reads_now = false;
	client->reader.resumes = false;
	client->reader.consumes = false;
	client->reader.astray = false;
	library->cursor = (struct wirelog_cursor){0};
	sim_reader_draw_start(client);
}

static bool leaves(struct sim_library *library)
{
	struct sim_client *client = library->client;
	uint64_t now = now_of(library);

	if (now < client->plan->fault_ns && chance(library, (uint32_t)client->plan->deaths)) {
		append_some(library);
		if (chance(library, 500000))
			poll(library);
		begin_anew(library, chance(library, 500000));
		library->away_until_ns = now + draw(library, DEATH_NS);
		client->cluster->seen[SIM_SEEN_DEATHS]++;
		return true;
	}
	if (client->plan->session_records != 0 && client->appending &&
	    library->engine.sender.window.next > client->plan->session_records &&
	    client->outstanding_count == 0) {
		begin_anew(library, true);
		return true;
	}
	if (client->appending && chance(library, client->reader.slow ? 30000 : 2000))
		library->away_until_ns = now + draw(library, AWAY_NS);
	return now < library->away_until_ns;
}

static void tick(void *subject, void *object)
{
	struct sim_library *library = subject;
	struct sim_agenda *agenda = &library->client->cluster->agenda;
	uint64_t think_ns = library->client->plan->think_ns;

	(void)object;
	if (agenda->closing)
		return;
	sim_agenda_add(agenda, agenda->now_ns + think_ns / 2 + draw(library, think_ns), tick,
		       library, NULL);
	if (agenda->now_ns < library->away_until_ns || leaves(library))
		return;
	append_some(library);
	read_on(library);
	sim_asking_tick(&library->asking);
	poll(library);
}

static void wake_up(void *subject, void *object)
{
	struct sim_library *library = subject;

	(void)object;
	library->wakes = false;
	if (!library->client->cluster->agenda.closing && now_of(library) >= library->away_until_ns)
		poll(library);
}

static void on_frame(void *context)
{
	struct sim_library *library = context;

	if (library->wakes)
		return;
	library->wakes = true;
	sim_agenda_add(&library->client->cluster->agenda,
		       now_of(library) + draw(library, ARRIVAL_NS), wake_up, library, NULL);
}

void sim_library_init(struct sim_client *client)
{
	struct sim_library *library =
		aligned_alloc(_Alignof(struct sim_library), sizeof(struct sim_library));

	WL_CHECK(library != NULL);
	memset(library, 0, sizeof(*library));
	library->client = client;
	client->library = library;
	sim_asking_init(&library->asking, client, &library->engine);
	library->slots = malloc(TICKETS * sizeof(library->slots[0]));
	library->bytes = malloc(2 * SIM_RECORD_BYTES_MAX << 3);
	library->buffer = malloc(WIRELOG_RECORD_BYTES_MAX);
	WL_CHECK(library->slots && library->bytes && library->buffer);
	client->cluster->ends[client->end.station] = &client->end;
	client->cluster->network.applications |= 1u << client->end.station;
	sim_network_attach(&client->cluster->network, client->end.station, on_frame, library);
	connect(library);
	sim_agenda_add(&client->cluster->agenda, now_of(library) + client->plan->think_ns, tick,
		       library, NULL);
}

void sim_library_fini(struct sim_client *client)
{
	struct sim_library *library = client->library;

	if (!library)
		return;
	free(library->slots);
	free(library->bytes);
	free(library->buffer);
	free(library);
	client->library = NULL;
}
