/* SPDX-License-Identifier: BSD-3-Clause */
/* Which members have no run directory here, and what they said over the wire: to the same picture. */
#include "watch/watch.h"

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

/* 0: it has never said it. */
static json_int_t number_of(const struct wl_watch_answers *one)
{
	json_int_t number = json_integer_value(at(one->metrics, "node"));

	if (one->node != 0)
		return one->node;
	return number != 0 ? number : json_integer_value(at(one->status, "node"));
}

static bool has(const struct wl_watch_answers *answers, uint32_t count, json_int_t number)
{
	for (uint32_t i = 0; i < count; i++)
		if (number_of(&answers[i]) == number)
			return true;
	return false;
}

/* True: `wanted` is among the members of its journals; 0: one is that is none of the `count`. */
static bool names(const json_t *status, json_int_t wanted, const struct wl_watch_answers *answers,
		  uint32_t count)
{
	static const char *const lists[] = {"voters", "old_voters", "learners"};
	const json_t *journals = at(status, "journals");

	for (size_t i = 0; i < 3 * json_array_size(journals); i++) {
		const json_t *list =
			at(at(json_array_get(journals, i / 3), "members"), lists[i % 3]);

		for (size_t j = 0; j < json_array_size(list); j++) {
			json_int_t number = json_integer_value(json_array_get(list, j));

			if (wanted != 0 ? number == wanted : !has(answers, count, number))
				return true;
		}
	}
	return false;
}

bool wl_watch_lacks(const struct wl_watch_answers *answers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (names(answers[i].status, 0, answers, count))
			return true;
	return false;
}

static bool is_member(const json_t *nodes, json_int_t number,
		      const struct wl_watch_answers *answers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (names(answers[i].status, number, NULL, 0))
			return true;
	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (names(at(json_array_get(nodes, i), "status"), number, NULL, 0))
			return true;
	return false;
}

static const json_t *status_of(const json_t *cluster, json_int_t number)
{
	const json_t *nodes = at(cluster, "nodes");

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *one = json_array_get(nodes, i);

		if (json_integer_value(at(one, "node")) == number &&
		    json_is_object(at(one, "status")))
			return at(one, "status");
	}
	return NULL;
}

/* A run directory that has never said whose it is may be that of one that is silent. */
uint32_t wl_watch_others(struct wl_watch_answers answers[WIRELOG_NODES_MAX], uint32_t count,
			 const struct wl_watch_cluster *cluster)
{
	const json_t *nodes = at(cluster->answer, "nodes");
	bool tells_silent = !has(answers, count, 0);
	uint32_t all = count;

	for (size_t i = 0; i < json_array_size(nodes) && all < WIRELOG_NODES_MAX; i++) {
		json_int_t number = json_integer_value(at(json_array_get(nodes, i), "node"));
		const json_t *status = cluster->fresh ? status_of(cluster->answer, number) : NULL;

		if (number <= 0 || number > (json_int_t)WIRELOG_NODES_MAX ||
		    has(answers, all, number))
			continue;
		if (!status && !(tells_silent && is_member(nodes, number, answers, count)))
			continue;
		answers[all++] = (struct wl_watch_answers){
			.node = (int)number,
			.asked_by = (int)json_integer_value(at(cluster->answer, "node")),
			.answers = status != NULL,
			.status = status,
			.status_before = status_of(cluster->before, number),
		};
	}
	return all;
}
