/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's face: wirelog.h. Memory, the clock and randomness are got here; what is behind (engine.h) is pure. The
 * clock is read once a poll and once an append; everything is allocated in wirelog_connect.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/connecting.h"
#include "client/engine.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/key_file.h"

#define OUTSTANDING_DEFAULT 4096u
#define OUTSTANDING_MAX (1u << 20)
#define OUTSTANDING_BYTES_DEFAULT (16u << 20)
#define OUTSTANDING_BYTES_MIN 4096u
#define OUTSTANDING_BYTES_MAX (1u << 30)
#define APPEND_TIMEOUT_NS (10 * WL_SECOND_NS)
#define CONNECT_TIMEOUT_NS (5 * WL_SECOND_NS)
#define READER_WINDOW_BYTES (1u << 20)
#define CLOCK_TEND_NS (1 * WL_SECOND_NS)
#define KEY_LOOK_NS 1000000000u /* between two looks at whether another key file stands there */
#define WAIT_BUSY_US 500u /* something is due: timers are looked at as often as this */
#define WAIT_IDLE_US 200000u
#define CONNECT_WAIT_US 1000u
#define OPTIONS_BYTES_MIN sizeof(struct wirelog_options) /* as the first release has them */
#define CONSUMER_OPTIONS_BYTES_MIN sizeof(struct wirelog_consumer_options)
#define CURSOR_BYTES_MIN sizeof(struct wirelog_cursor)

struct wirelog {
	struct wl_engine engine;
	struct wl_auth auth;
	char *key_file; /* NULL: insecure */
	struct wl_key_file_mark key_mark; /* of the file that was read */
	uint64_t key_look_ns;
	struct wl_clock clock;
	uint64_t clock_tend_ns;
	struct wl_window_slot *slots;
	uint8_t *bytes;
	uint8_t *buffer;
};

static _Thread_local char last_reason[512];

const char *wirelog_last_reason(void)
{
	return last_reason;
}

__attribute__((format(printf, 2, 3))) static int refuse(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(last_reason, sizeof(last_reason), format, arguments);
	va_end(arguments);
	return status;
}

/* ---- options ---------------------------------------------------------------------------------- */

/*
 * Options as the application was built with them. What a newer header added must be 0 for us, who do not know what it asks for;
 * an older one has less, and the rest is 0.
 */
static int take_options(struct wirelog_options *options, const struct wirelog_options *given)
{
	const uint8_t *bytes = (const uint8_t *)given;

	if (given->size < OPTIONS_BYTES_MIN)
		return refuse(
			WIRELOG_INVALID_ARGUMENT,
			"options of %zu bytes, at least %zu: begin with WIRELOG_OPTIONS_DEFAULT",
			given->size, OPTIONS_BYTES_MIN);
	for (size_t at = sizeof(*options); at < given->size; at++) {
		if (bytes[at] != 0)
			return refuse(
				WIRELOG_INVALID_ARGUMENT,
				"options of %zu bytes use what this library does not have: install a newer one",
				given->size);
	}
	memset(options, 0, sizeof(*options));
	memcpy(options, given, given->size < sizeof(*options) ? given->size : sizeof(*options));
	options->size = sizeof(*options);
	return 0;
}

static void set_defaults(struct wirelog_options *options)
{
	if (options->outstanding_max == 0)
		options->outstanding_max = OUTSTANDING_DEFAULT;
	if (options->outstanding_bytes_max == 0)
		options->outstanding_bytes_max = OUTSTANDING_BYTES_DEFAULT;
	if (options->append_timeout_ns == 0)
		options->append_timeout_ns = APPEND_TIMEOUT_NS;
	if (options->connect_timeout_ns == 0)
		options->connect_timeout_ns = CONNECT_TIMEOUT_NS;
	if (options->reader_window_bytes == 0)
		options->reader_window_bytes = READER_WINDOW_BYTES;
}

static int check_options(const struct wirelog_options *options)
{
	if (options->outstanding_max > OUTSTANDING_MAX ||
	    (options->outstanding_max & (options->outstanding_max - 1)) != 0)
		return refuse(WIRELOG_INVALID_ARGUMENT,
			      "outstanding_max is %u: a power of two up to %u is wanted",
			      options->outstanding_max, OUTSTANDING_MAX);
	if (options->outstanding_bytes_max < OUTSTANDING_BYTES_MIN ||
	    options->outstanding_bytes_max > OUTSTANDING_BYTES_MAX)
		return refuse(WIRELOG_INVALID_ARGUMENT,
			      "outstanding_bytes_max is %u: %u to %u are wanted",
			      options->outstanding_bytes_max, OUTSTANDING_BYTES_MIN,
			      OUTSTANDING_BYTES_MAX);
	if (options->journal >= WIRELOG_JOURNALS_MAX || options->node > WIRELOG_NODES_MAX)
		return refuse(
			WIRELOG_INVALID_ARGUMENT,
			"journal is %u, node is %u: journals are 0..%d, nodes 1..%d or 0 for any",
			options->journal, options->node, WIRELOG_JOURNALS_MAX - 1,
			WIRELOG_NODES_MAX);
	return WIRELOG_OK;
}

static int take_identity(struct wl_engine_config *config)
{
	uint64_t random[2];
	size_t at = 0;

	while (at < sizeof(random)) {
		ssize_t got = getrandom((uint8_t *)random + at, sizeof(random) - at, 0);

		if (got < 0 && errno != EINTR)
			return refuse(WIRELOG_INTERNAL, "no random numbers from the kernel: %s",
				      strerror(errno));
		if (got > 0)
			at += (size_t)got;
	}
	config->identity = WL_IDENTITY_CLIENT | (uint32_t)(random[0] >> 33);
	config->boot_id = random[1] | 1;
	return WIRELOG_OK;
}

/* What the file holds now; the mark is older than what is read, so a file that comes between is read again. */
static int read_keys(struct wirelog *log, struct wl_auth *auth, bool *reads_only)
{
	struct wl_key_file file;
	int status;

	wl_key_file_is_news(log->key_file, &log->key_mark);
	status = wl_key_file_read(log->key_file, &file, last_reason, sizeof(last_reason));
	if (status == 0) {
		status = wl_auth_init_all(auth, file.secrets, file.count);
		if (status != 0)
			refuse(status, "key file %s: %s", log->key_file,
			       status == WIRELOG_KEY_UNSAFE
				       ? "its two keys have one id: make another one"
				       : "no memory for the keys");
	}
	*reads_only = file.right == WL_RIGHT_READ;
	explicit_bzero(&file, sizeof(file));
	return status;
}

/* One that cannot be read, or is half written, changes nothing: the next look finds it again. */
static void read_keys_again(struct wirelog *log)
{
	struct wl_key_file_mark before = log->key_mark;
	struct wl_auth next;
	bool reads_only;

	if (!log->key_file || !wl_key_file_is_news(log->key_file, &log->key_mark))
		return;
	if (read_keys(log, &next, &reads_only) != 0) {
		log->key_mark = before;
		return;
	}
	wl_auth_fini(&log->auth);
	log->auth = next;
	log->engine.reads_only = reads_only;
	log->engine.channel.key_refused = 0;
	wl_channel_on_keys(&log->engine.channel);
}

static int take_security(struct wirelog *log, struct wl_engine_config *config)
{
	const struct wirelog_options *options = &config->options;
	uint8_t uuid[WL_CLUSTER_ID_BYTES];

	if (!options->cluster || !wl_cluster_id_parse(options->cluster, uuid))
		return refuse(
			WIRELOG_INVALID_ARGUMENT,
			"cluster is %s: the UUID of cluster.uuid in the nodes' configuration is wanted",
			options->cluster ? "not a UUID" : "not given");
	config->cluster = wl_cluster_id(uuid);
	if (!options->key_file && !options->insecure)
		return refuse(
			WIRELOG_KEY_MISSING,
			"no key_file is given: name the cluster's, or set insecure for a laboratory");
	if (!options->key_file)
		return wl_auth_init(&log->auth, NULL);
	log->key_file = strdup(options->key_file);
	if (!log->key_file)
		return refuse(WIRELOG_NO_MEMORY, "no memory for the key");
	return read_keys(log, &log->auth, &config->reads_only);
}

/* ---- transports ------------------------------------------------------------------------------- */

static int open_transport(struct wl_channel *channel, enum wl_endpoint_kind kind,
			  const struct wl_transport_config *config)
{
	const struct wl_transport_ops *ops;

	if (channel->transports[kind])
		return WIRELOG_OK;
	ops = wl_transport_find(kind, last_reason, sizeof(last_reason));
	if (!ops)
		return WIRELOG_EAL_FAILED;
	for (unsigned other = WL_ENDPOINT_UDP; other <= WL_ENDPOINT_DPDK; other++) {
		if (channel->transports[other] && channel->transports[other]->ops == ops) {
			channel->transports[kind] = channel->transports[other];
			return WIRELOG_OK;
		}
	}
	return ops->open(&channel->transports[kind], config, last_reason, sizeof(last_reason));
}

static int open_transports(struct wl_engine *engine)
{
	const struct wirelog_options *options = &engine->environment.options;
	struct wl_endpoint_list list;
	struct wl_transport_config config = {.eal = options->eal, .endpoints = &list};
	int status =
		wl_endpoint_parse_list(options->endpoints, &list, last_reason, sizeof(last_reason));

	if (status == 0)
		status = wl_link_options_parse(options->link, &config.link, last_reason,
					       sizeof(last_reason));
	for (unsigned at = 0; at < list.count && status == 0; at++)
		status = open_transport(&engine->channel, list.endpoints[at].kind, &config);
	for (unsigned at = 0; at < list.count && status == 0; at++)
		status = wl_nodes_add_route(&engine->nodes, &list.endpoints[at], last_reason,
					    sizeof(last_reason));
	return status;
}

static void close_transports(struct wl_channel *channel)
{
	for (unsigned kind = WL_ENDPOINT_UDP; kind <= WL_ENDPOINT_DPDK; kind++) {
		struct wl_transport *transport = channel->transports[kind];

		for (unsigned other = kind; other <= WL_ENDPOINT_DPDK; other++) {
			if (channel->transports[other] == transport)
				channel->transports[other] = NULL;
		}
		if (transport)
			transport->ops->close(transport);
	}
}

/* ---- connecting ------------------------------------------------------------------------------- */

static int wait_for_answer(struct wirelog *log)
{
	const uint64_t began_ns = wl_clock_now_ns(&log->clock);
	int status = wl_connecting_judge(&log->engine, began_ns, last_reason, sizeof(last_reason));

	while (status == WL_CONNECTING) {
		wirelog_wait(log, CONNECT_WAIT_US);
		status = wl_connecting_judge(&log->engine, began_ns, last_reason,
					     sizeof(last_reason));
	}
	return status;
}

static int allocate(struct wirelog *log, const struct wirelog_options *options)
{
	log->slots = malloc(options->outstanding_max * sizeof(log->slots[0]));
	log->bytes = malloc(options->outstanding_bytes_max);
	log->buffer = malloc(WIRELOG_RECORD_BYTES_MAX);
	if (!log->slots || !log->bytes || !log->buffer)
		return refuse(WIRELOG_NO_MEMORY, "no memory for %u appends of %u bytes together",
			      options->outstanding_max, options->outstanding_bytes_max);
	return WIRELOG_OK;
}

/* All that needs no network. */
static int prepare(struct wirelog *log, const struct wirelog_options *options)
{
	struct wl_engine_config config = {.auth = &log->auth};
	int status = take_options(&config.options, options);

	set_defaults(&config.options);
	if (status == 0)
		status = check_options(&config.options);
	if (status == 0)
		status = take_identity(&config);
	if (status == 0)
		status = take_security(log, &config);
	if (status == 0)
		status = allocate(log, &config.options);
	if (status != 0)
		return status;
	wl_clock_open(&log->clock, NULL, 0);
	config.now_ns = wl_clock_now_ns(&log->clock);
	config.slots = log->slots;
	config.bytes = log->bytes;
	config.buffer = log->buffer;
	wl_engine_init(&log->engine, &config);
	return WIRELOG_OK;
}

static void free_all(struct wirelog *log)
{
	close_transports(&log->engine.channel);
	wl_auth_fini(&log->auth);
	free(log->key_file);
	free(log->slots);
	free(log->bytes);
	free(log->buffer);
	explicit_bzero(log, sizeof(*log));
	free(log);
}

int wirelog_connect(struct wirelog **connected, const struct wirelog_options *options)
{
	struct wirelog *log;
	int status;

	*connected = NULL;
	last_reason[0] = '\0';
	log = aligned_alloc(64, (sizeof(*log) + 63) / 64 * 64);
	if (!log)
		return refuse(WIRELOG_NO_MEMORY, "no memory for the client");
	memset(log, 0, sizeof(*log));
	status = prepare(log, options);
	if (status != 0) {
		free_all(log);
		return status;
	}
	status = open_transports(&log->engine);
	if (status == 0)
		status = wait_for_answer(log);
	if (status != 0) {
		wirelog_close(log);
		return status;
	}
	*connected = log;
	return WIRELOG_OK;
}

void wirelog_close(struct wirelog *log)
{
	if (!log)
		return;
	wl_engine_close(&log->engine);
	free_all(log);
}

/* ---- the rest --------------------------------------------------------------------------------- */

int64_t wirelog_append(struct wirelog *log, const void *bytes, size_t size,
		       const struct wirelog_append_options *options)
{
	return wl_engine_append(&log->engine, wl_clock_now_ns(&log->clock), bytes, size, options);
}

uint32_t wirelog_outstanding(const struct wirelog *log)
{
	return log->engine.sender.window.waiting;
}

int wirelog_subscribe(struct wirelog *log, enum wirelog_from from, uint64_t value)
{
	return wl_engine_subscribe(&log->engine, from, value);
}

void wirelog_unsubscribe(struct wirelog *log)
{
	wl_engine_unsubscribe(&log->engine);
}

int wirelog_get_cursor(const struct wirelog *log, struct wirelog_cursor *cursor)
{
	struct wirelog_cursor known = WIRELOG_CURSOR_DEFAULT;
	size_t size = cursor->size;

	if (size < CURSOR_BYTES_MIN)
		return WIRELOG_INVALID_ARGUMENT;
	wl_subscriber_get_cursor(&log->engine.subscriber, &known);
	memset(cursor, 0, size);
	memcpy(cursor, &known, size < sizeof(known) ? size : sizeof(known));
	cursor->size = size;
	return WIRELOG_OK;
}

int wirelog_subscribe_at(struct wirelog *log, const struct wirelog_cursor *cursor)
{
	struct wirelog_cursor known = WIRELOG_CURSOR_DEFAULT;
	const uint8_t *bytes = (const uint8_t *)cursor;

	if (cursor->size < CURSOR_BYTES_MIN)
		return WIRELOG_INVALID_ARGUMENT;
	for (size_t at = sizeof(known); at < cursor->size; at++)
		if (bytes[at] != 0)
			return WIRELOG_INVALID_ARGUMENT; /* of a newer library */
	memcpy(&known, cursor, cursor->size < sizeof(known) ? cursor->size : sizeof(known));
	return wl_engine_subscribe_at(&log->engine, &known);
}

int wirelog_consume(struct wirelog *log, const char *name,
		    const struct wirelog_consumer_options *options)
{
	struct wirelog_consumer_options known = WIRELOG_CONSUMER_OPTIONS_DEFAULT;
	const uint8_t *bytes = (const uint8_t *)options;

	if (options && options->size < CONSUMER_OPTIONS_BYTES_MIN)
		return WIRELOG_INVALID_ARGUMENT;
	for (size_t at = sizeof(known); options && at < options->size; at++)
		if (bytes[at] != 0)
			return WIRELOG_INVALID_ARGUMENT; /* of a newer library */
	if (options)
		memcpy(&known, options,
		       options->size < sizeof(known) ? options->size : sizeof(known));
	return wl_engine_consume(&log->engine, name, &known);
}

int wirelog_commit(struct wirelog *log, uint64_t next_number)
{
	return wl_checkpointer_commit(&log->engine.checkpointer, next_number);
}

void wirelog_get_consumer(const struct wirelog *log, struct wirelog_consumer *consumer)
{
	wl_engine_get_consumer(&log->engine, consumer);
}

int64_t wirelog_ask_end(struct wirelog *log)
{
	return wl_engine_ask_end(&log->engine);
}

int64_t wirelog_ask_outcome(struct wirelog *log, uint64_t session, uint64_t sequence, int fence)
{
	return wl_engine_ask_outcome(&log->engine, session, sequence, fence);
}

int64_t wirelog_ask_status(struct wirelog *log, uint32_t node, char *text, size_t text_bytes)
{
	return wl_engine_ask_status(&log->engine, node, text, text_bytes);
}

int wirelog_open_session(struct wirelog *log)
{
	return wl_engine_open_session(&log->engine);
}

int wirelog_poll(struct wirelog *log)
{
	uint64_t now_ns = wl_clock_now_ns(&log->clock);

	if (now_ns - log->clock_tend_ns >= CLOCK_TEND_NS) {
		log->clock_tend_ns = now_ns;
		wl_clock_tend(&log->clock);
	}
	if (now_ns - log->key_look_ns >= KEY_LOOK_NS) {
		log->key_look_ns = now_ns;
		read_keys_again(log);
	}
	return wl_engine_poll(&log->engine, now_ns);
}

static uint32_t rest_us(const struct wirelog *log, uint64_t left_ns)
{
	uint32_t most_us = wl_engine_is_busy(&log->engine) ? WAIT_BUSY_US : WAIT_IDLE_US;

	return left_ns / 1000 < most_us ? (uint32_t)(left_ns / 1000) + 1 : most_us;
}

static void let_go(struct wirelog *log, uint32_t timeout_us)
{
	struct wl_transport *udp = log->engine.channel.transports[WL_ENDPOINT_UDP];
	struct wl_transport *other = log->engine.channel.transports[WL_ENDPOINT_MEMIF]
					     ? log->engine.channel.transports[WL_ENDPOINT_MEMIF]
					     : log->engine.channel.transports[WL_ENDPOINT_DPDK];

	if (other)
		other->ops->wait(other, timeout_us);
	else
		udp->ops->wait(udp, timeout_us);
}

int wirelog_wait(struct wirelog *log, uint32_t timeout_us)
{
	int did = wirelog_poll(log);
	uint64_t until_ns = log->engine.environment.now_ns + (uint64_t)timeout_us * 1000;

	while (did == 0 && log->engine.environment.now_ns < until_ns) {
		let_go(log, rest_us(log, until_ns - log->engine.environment.now_ns));
		did = wirelog_poll(log);
	}
	return did;
}

void wirelog_get_position(const struct wirelog *log, struct wirelog_position *position)
{
	wl_engine_get_position(&log->engine, position);
}
