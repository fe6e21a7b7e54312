/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/connecting.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/transport/transport.h"
#include "dataplane/base/limits.h"
#include "wirelog/status.h"

#define TURNED_AWAY_NS (100 * WL_MS_NS) /* a node had no place for us: another may have */

struct reason {
	char *text;
	size_t bytes;
};

__attribute__((format(printf, 3, 4))) static int refuse(const struct reason *reason, int status,
							const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason->text, reason->bytes, format, arguments);
	va_end(arguments);
	return status;
}

static bool has_answer(const struct wl_engine *engine)
{
	return engine->environment.options.node != 0
		       ? engine->nodes.served >> engine->environment.options.node & 1
		       : engine->nodes.served != 0;
}

/* Whoever answered had no place, and the others had time to answer. */
static bool is_turned_away(const struct wl_engine *engine)
{
	uint32_t wanted = engine->environment.options.node != 0
				  ? 1u << engine->environment.options.node
				  : engine->nodes.answered;

	return engine->nodes.turned_away_ns != 0 &&
	       engine->environment.now_ns - engine->nodes.turned_away_ns > TURNED_AWAY_NS &&
	       (engine->nodes.turned_away & wanted) == wanted;
}

/* Over memif nobody can be asked without a slot: all that are there are taken, and the others had time to come. */
static bool finds_no_slot(const struct wl_engine *engine, uint64_t began_ns)
{
	bool is_full = false;

	for (unsigned at = 0; at < engine->channel.route_count; at++) {
		const struct wl_route *route = &engine->channel.routes[at];
		const struct wl_transport_ops *ops = route->transport->ops;

		if (ops->is_up(route->transport, route->link))
			return false;
		is_full |= ops->is_full && ops->is_full(route->transport, route->link);
	}
	return is_full && engine->environment.now_ns - began_ns > TURNED_AWAY_NS;
}

/* Whoever answered does not have our journal, and the others had time to answer. */
static bool is_unknown_journal(const struct wl_engine *engine)
{
	return engine->nodes.elsewhere.status == WIRELOG_JOURNAL_UNKNOWN &&
	       engine->nodes.answered == 0 &&
	       engine->environment.now_ns - engine->nodes.elsewhere.since_ns > TURNED_AWAY_NS;
}

static int explain_elsewhere(const struct wl_engine *engine, const struct reason *reason)
{
	const struct wl_elsewhere *elsewhere = &engine->nodes.elsewhere;
	unsigned journal = engine->environment.options.journal;

	if (elsewhere->status == WIRELOG_JOURNAL_UNKNOWN)
		return refuse(
			reason, WIRELOG_JOURNAL_UNKNOWN,
			"node %u has no journal %u: name one that its configuration lists under "
			"journals",
			elsewhere->node, journal);
	if (elsewhere->endpoint[0] == '\0')
		return refuse(
			reason, WIRELOG_JOURNAL_ELSEWHERE,
			"journal %u is with another worker of node %u, whose endpoint is not told: name it "
			"(a port is counted up by worker, a socket path ends in .N)",
			journal, elsewhere->node);
	return refuse(reason, WIRELOG_JOURNAL_ELSEWHERE,
		      "journal %u is with another worker of node %u, at %s, where nobody answered",
		      journal, elsewhere->node, elsewhere->endpoint);
}

/* Nodes say nothing to a stranger, so this is told from what was seen here. */
static int explain_silence(const struct wl_engine *engine, const struct reason *reason)
{
	unsigned up = 0;
	const char *wanted = engine->environment.options.endpoints;
	unsigned long long ms = engine->environment.options.connect_timeout_ns / WL_MS_NS;

	for (unsigned at = 0; at < engine->channel.route_count; at++) {
		const struct wl_route *route = &engine->channel.routes[at];

		up += route->endpoint.kind == WL_ENDPOINT_MEMIF &&
		      route->transport->ops->is_up(route->transport, route->link);
	}
	if (engine->channel.key_refused != 0)
		return refuse(
			reason, WIRELOG_KEY_REFUSED,
			"key %08x of key_file was replaced, and the nodes at %s refuse it: get the new key "
			"file (`wirelog key id FILE` says which key one holds)",
			engine->channel.key_refused, wanted);
	if (engine->channel.counters.other_version != 0)
		return refuse(reason, WIRELOG_VERSION_MISMATCH,
			      "a node at %s speaks another protocol version", wanted);
	if (engine->channel.key_lacking != 0)
		return refuse(reason, WIRELOG_AUTH_FAILED,
			      "a node at %s uses key %08x, which key_file does not hold", wanted,
			      engine->channel.key_lacking);
	if (engine->channel.counters.forged != 0 || engine->channel.counters.other_cluster != 0)
		return refuse(
			reason, WIRELOG_AUTH_FAILED,
			"a node at %s has another key or another cluster id than we were given",
			wanted);
	if (engine->nodes.elsewhere.status != 0 && engine->nodes.answered == 0)
		return explain_elsewhere(engine, reason);
	if (engine->nodes.answered != 0)
		return refuse(reason, WIRELOG_NOT_CONNECTED,
			      "node %u did not answer within %llu ms; others of the cluster did",
			      engine->environment.options.node, ms);
	if (up != 0)
		return refuse(
			reason, WIRELOG_AUTH_FAILED,
			"%u nodes are connected, but none answered within %llu ms: key_file or cluster differ from theirs",
			up, ms);
	return refuse(
		reason, WIRELOG_NOT_CONNECTED,
		"no node answered within %llu ms at %s: is it running there, with this key_file and this cluster id?",
		ms, wanted);
}

int wl_connecting_judge(const struct wl_engine *engine, uint64_t began_ns, char *text, size_t bytes)
{
	const struct wirelog_options *options = &engine->environment.options;
	const struct reason room = {text, bytes}, *reason = &room;

	if (has_answer(engine))
		return WIRELOG_OK;
	if (is_turned_away(engine))
		return refuse(
			reason, WIRELOG_TOO_MANY_CLIENTS,
			"the nodes at %s have no place for one client more: close clients that are "
			"not needed, or raise limits.clients",
			options->endpoints);
	if (finds_no_slot(engine, began_ns))
		return refuse(
			reason, WIRELOG_TOO_MANY_CLIENTS,
			"each memif slot for clients at %s is taken: close clients that are not "
			"needed, or raise slots under clients in the nodes' files",
			options->endpoints);
	if (engine->channel.key_refused != 0 && engine->channel.auth->held.count == 1)
		return explain_silence(engine, reason);
	if (is_unknown_journal(engine))
		return explain_elsewhere(engine, reason);
	if (engine->environment.now_ns > began_ns + options->connect_timeout_ns)
		return explain_silence(engine, reason);
	return WL_CONNECTING;
}
