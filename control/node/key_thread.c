/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/key_thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/mailbox_thread.h"
#include "control/report/report_file.h"
#include "dataplane/host/key_file.h"
#include "wirelog/status.h"

struct wl_node_keys {
	struct wl_auth auth;
	struct wl_node_keys *before;
};

int wl_node_read_keys(const char *path, struct wl_auth *auth, char *reason, size_t reason_bytes)
{
	struct wl_key_file file;
	int status = wl_key_file_read(path, &file, reason, reason_bytes);

	if (status == 0 && file.right != WL_RIGHT_CLUSTER) {
		snprintf(reason, reason_bytes,
			 "key file %s holds a client's key ('%s'): a node needs the cluster's",
			 path, wl_keys_right_name(file.right));
		status = WIRELOG_KEY_UNSAFE;
	}
	if (status == 0) {
		status = wl_auth_init_all(auth, file.secrets, file.count);
		if (status != 0)
			snprintf(reason, reason_bytes, "key file %s: %s", path,
				 status == WIRELOG_KEY_UNSAFE
					 ? "its two keys have one id: make another one"
					 : "no memory for the keys");
	}
	explicit_bzero(&file, sizeof(file));
	return status;
}

static const struct wl_auth *auth_of(const struct wl_node *node)
{
	return node->key_files ? &node->key_files->auth : &node->auth;
}

static void say(const struct wl_keys_held *held)
{
	if (held->count == 2)
		wl_report(WL_REPORT_NOTICE, "key_file", "keys=2 first=%08x second=%08x",
			  held->id[0], held->id[1]);
	else
		wl_report(WL_REPORT_NOTICE, "key_file", "keys=1 first=%08x", held->id[0]);
}

int wl_node_reload_keys(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_mailbox_request request = {.verb = WL_MAILBOX_KEYS};
	struct wl_node_keys *keys;
	int status;

	if (node->insecure)
		return 0;
	keys = aligned_alloc(64, (sizeof(*keys) + 63) / 64 * 64);
	if (!keys) {
		snprintf(reason, reason_bytes, "no memory for the keys");
		return WIRELOG_NO_MEMORY;
	}
	memset(keys, 0, sizeof(*keys));
	status = wl_node_read_keys(node->config->key_file, &keys->auth, reason, reason_bytes);
	if (status == 0 &&
	    memcmp(&keys->auth.held, &auth_of(node)->held, sizeof(keys->auth.held)) != 0) {
		/* Kept before it is told: control may have it although its answer is late. */
		keys->before = node->key_files;
		node->key_files = keys;
		request.auth = &keys->auth;
		say(&keys->auth.held);
		if (wl_mailbox_ask(node->mailbox, &request))
			return 1;
		snprintf(reason, reason_bytes,
			 "control could not be told within a second: ask again");
		return WIRELOG_TIMED_OUT;
	}
	if (status == 0)
		wl_auth_fini(&keys->auth);
	free(keys);
	/* An earlier request may not have been heard. */
	request.auth = auth_of(node);
	if (status == 0 && node->key_files)
		wl_mailbox_ask(node->mailbox, &request);
	return status;
}

void wl_node_forget_keys(struct wl_node *node)
{
	while (node->key_files) {
		struct wl_node_keys *before = node->key_files->before;

		wl_auth_fini(&node->key_files->auth);
		free(node->key_files);
		node->key_files = before;
	}
}
