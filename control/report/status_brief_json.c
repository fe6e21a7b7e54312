/* SPDX-License-Identifier: BSD-3-Clause */
/* Of a node's status what it says to the others: the same members, so that whoever reads the one reads the other. */
#include "control/report/status_json.h"

#define OF(names) names, sizeof(names) / sizeof((names)[0])

static json_t *pick(const json_t *from, const char *const *names, size_t count)
{
	json_t *to = json_object();

	for (size_t at = 0; at < count; at++)
		if (json_object_get(from, names[at]))
			json_object_set(to, names[at], json_object_get(from, names[at]));
	return to;
}

/* Whom it hears: one that does not answer somebody else may be cut off from him alone. */
static json_t *brief_peers(const json_t *peers)
{
	static const char *const names[] = {"node", "heard_ago_ns"};
	json_t *brief = json_array();

	for (size_t at = 0; at < json_array_size(peers); at++)
		json_array_append_new(brief, pick(json_array_get(peers, at), OF(names)));
	return brief;
}

static json_t *brief_journal(const json_t *journal)
{
	static const char *const names[] = {"journal", "role",	       "term",	"leader",
					    "commit",  "durable",      "chain", "ready",
					    "dormant", "commit_number"};
	static const char *const lists[] = {"voters", "old_voters", "learners"};
	json_t *brief = pick(journal, OF(names));

	json_object_set_new(brief, "members", pick(json_object_get(journal, "members"), OF(lists)));
	json_object_set_new(brief, "peers", brief_peers(json_object_get(journal, "peers")));
	return brief;
}

json_t *wl_status_json_brief(const struct wl_status_facts *facts)
{
	static const char *const names[] = {"node",	 "version", "boot_id",
					    "uptime_ns", "mode",    "health"};
	json_t *whole = wl_status_json_status(facts), *journals = json_array();
	const json_t *all = json_object_get(whole, "journals");
	json_t *brief = pick(whole, OF(names));

	for (size_t at = 0; at < json_array_size(all); at++)
		json_array_append_new(journals, brief_journal(json_array_get(all, at)));
	json_object_set_new(brief, "journals", journals);
	json_decref(whole);
	return brief;
}
