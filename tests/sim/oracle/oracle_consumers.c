/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the oracle that keeps consumers' checkpoints by the committed entries, and holds what applications are told of them against it. */
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/sim/oracle/oracle_internal.h"

#define LLU(value) (unsigned long long)(value)

static struct sim_checkpoint *find(struct sim_oracle *oracle, const char *name)
{
	for (unsigned at = 0; at < SIM_ORACLE_CONSUMERS; at++) {
		struct sim_checkpoint *checkpoint = &oracle->checkpoints[at];

		if (checkpoint->name[0] == '\0')
			memcpy(checkpoint->name, name, sizeof(checkpoint->name));
		if (memcmp(checkpoint->name, name, sizeof(checkpoint->name)) == 0)
			return checkpoint;
	}
	WL_CHECK(!"more consumers than the oracle knows");
	return NULL;
}

uint64_t sim_oracle_lowest_checkpoint(const struct sim_oracle *oracle)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned at = 0; at < SIM_ORACLE_CONSUMERS; at++)
		if (oracle->checkpoints[at].made != 0 && oracle->checkpoints[at].number < lowest)
			lowest = oracle->checkpoints[at].number;
	return lowest;
}

static void note_set(struct sim_oracle *oracle, uint64_t index, const struct wl_control *control)
{
	struct sim_checkpoint *checkpoint = find(oracle, control->name);
	uint64_t number = control->number, least;

	if (control->expects != 0 && control->expects != checkpoint->made)
		return;
	least = checkpoint->made != 0 ? checkpoint->number : oracle->trim_number;
	if (checkpoint->made == 0)
		checkpoint->made = index;
	if (number > oracle->numbers + 1)
		number = oracle->numbers + 1;
	checkpoint->number = number > least ? number : least;
}

static void note_drop(struct sim_oracle *oracle, const struct wl_control *control)
{
	struct sim_checkpoint *checkpoint = find(oracle, control->name);

	if ((control->expects == 0 || control->expects == checkpoint->number) &&
	    (control->index == 0 || control->index == checkpoint->made))
		checkpoint->number = checkpoint->made = 0;
}

void sim_oracle_note_consumer(struct sim_oracle *oracle, uint64_t index,
			      const struct wl_control *control)
{
	if (control->verb == WL_CONTROL_CONSUMER_SET)
		note_set(oracle, index, control);
	if (control->verb == WL_CONTROL_CONSUMER_DROP)
		note_drop(oracle, control);
}

static void judge_told(const struct sim_oracle *oracle, const struct sim_client *client,
		       const struct sim_checkpoint *checkpoint, const struct wirelog_event *event)
{
	const struct sim_reader *reader = &client->reader;

	if (event->made == checkpoint->made
		    ? event->next_number > checkpoint->number
		    : event->made > checkpoint->made && checkpoint->made != 0)
		sim_violation(
			oracle->cluster, event->node, "O39",
			"client %u is told that '%s' (%llu) is at %llu, the log says (%llu) %llu",
			client->number, checkpoint->name, LLU(event->made), LLU(event->next_number),
			LLU(checkpoint->made), LLU(checkpoint->number));
	if (event->made < reader->asked_made ||
	    (event->made == reader->asked_made && event->next_number < reader->asked_number))
		sim_violation(oracle->cluster, event->node, "O39",
			      "client %u is told that '%s' (%llu) is at %llu, and (%llu) %llu was "
			      "confirmed before it asked",
			      client->number, checkpoint->name, LLU(event->made),
			      LLU(event->next_number), LLU(reader->asked_made),
			      LLU(reader->asked_number));
}

/* event NULL: it is about to ask. */
void sim_oracle_on_checkpoint(void *context, struct sim_client *client,
			      const struct wirelog_event *event)
{
	struct sim_oracle *oracle = context;
	struct sim_reader *reader = &client->reader;
	struct sim_checkpoint *checkpoint = find(oracle, reader->consumer);

	if (!event) {
		reader->asked_made = checkpoint->confirmed_made;
		reader->asked_number = checkpoint->confirmed;
		return;
	}
	if (oracle->reduced)
		return;
	if (event->status == WIRELOG_CHECKPOINT_DROPPED && reader->taken_made == checkpoint->made)
		sim_violation(oracle->cluster, event->node, "O39",
			      "client %u is told that '%s' was dropped, and it is at %llu",
			      client->number, checkpoint->name, LLU(checkpoint->number));
	if (event->status != WIRELOG_OK)
		return;
	judge_told(oracle, client, checkpoint, event);
	if (event->made > checkpoint->confirmed_made ||
	    (event->made == checkpoint->confirmed_made &&
	     event->next_number > checkpoint->confirmed)) {
		checkpoint->confirmed_made = event->made;
		checkpoint->confirmed = event->next_number;
	}
}
