/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_endpoint.h"

#include <string.h>

#include "dataplane/base/sentence.h"

#define PORT_MAX 65535u

static const char memif[] = "memif:";

static bool is_memif(const char *endpoint)
{
	return strncmp(endpoint, memif, sizeof(memif) - 1) == 0;
}

/* The number behind the last colon; false: there is none, and clients will not understand it either. */
static bool read_port(const char *endpoint, size_t *at, uint64_t *port)
{
	const char *colon = strrchr(endpoint, ':');

	if (!colon || colon[1] == '\0')
		return false;
	*at = (size_t)(colon + 1 - endpoint);
	*port = 0;
	for (const char *digit = colon + 1; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9' || *port > PORT_MAX)
			return false;
		*port = *port * 10 + (uint64_t)(*digit - '0');
	}
	return true;
}

bool wl_config_endpoint_of_worker(const char *endpoint, uint32_t worker, char *to)
{
	struct wl_sentence sentence = wl_sentence_begin(to, WIRELOG_ENDPOINT_BYTES_MAX);
	char host[WIRELOG_ENDPOINT_BYTES_MAX] = "";
	size_t at;
	uint64_t port;

	if (worker == 0 || endpoint[0] == '\0') {
		wl_sentence_add(&sentence, endpoint);
	} else if (is_memif(endpoint)) {
		wl_sentence_add(&sentence, endpoint);
		wl_sentence_add(&sentence, ".");
		wl_sentence_add_number(&sentence, worker);
	} else if (read_port(endpoint, &at, &port) && port + worker <= PORT_MAX) {
		memcpy(host, endpoint, at);
		wl_sentence_add(&sentence, host);
		wl_sentence_add_number(&sentence, port + worker);
	} else {
		return false;
	}
	return sentence.used < WIRELOG_ENDPOINT_BYTES_MAX - 1 || worker == 0;
}

/* Our own worker listens where its clients would be told. */
static bool is_named_alike(const struct wl_config *config, uint32_t worker)
{
	const struct wl_config_node *self = wl_config_node(config, config->node);
	char endpoint[WIRELOG_ENDPOINT_BYTES_MAX];

	if (!self)
		return false;
	wl_config_endpoint_of_worker(self->client_endpoint, worker, endpoint);
	return config->workers[worker].client_slots != 0 && is_memif(endpoint) &&
	       strcmp(endpoint + sizeof(memif) - 1, config->workers[worker].client_socket) == 0;
}

void wl_config_endpoint_told(const struct wl_config *config, uint32_t journal,
			     const struct wl_config_node *node, char *to)
{
	uint32_t worker = config->journal_worker[journal];

	/* A socket is only a name: where ours is another one, those of the others are not known. */
	if (!wl_config_endpoint_of_worker(node->client_endpoint, worker, to) ||
	    (worker != 0 && is_memif(to) && !is_named_alike(config, worker)))
		to[0] = '\0';
}

void wl_config_check_endpoints(const struct wl_config *config, struct wl_config_problems *problems)
{
	struct wl_config_scope top = wl_config_scope_of(problems, "cluster");

	for (uint32_t number = 1; number < config->worker_count; number++) {
		for (uint32_t at = 0; at < config->node_count; at++) {
			const struct wl_config_node *node = &config->nodes[at];
			struct wl_config_scope scope = wl_config_scope_at(&top, "nodes", at);
			char endpoint[WIRELOG_ENDPOINT_BYTES_MAX];

			if (!wl_config_endpoint_of_worker(node->client_endpoint, number, endpoint))
				wl_config_tell(
					&scope, "client_endpoint", WIRELOG_CONFIG_CONFLICT,
					"has no room for the endpoints of the other workers",
					"a port that leaves room for port + N, or a shorter socket path, would be right");
		}
	}
}
