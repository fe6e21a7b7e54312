/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tune/tune_apply.h"

#include <inttypes.h>
#include <string.h>

#include "wirelog/status.h"

static void show_action(FILE *to, const struct wl_tune_do *tune,
			const struct wl_tune_action *action)
{
	char now[128];

	wl_tune_do_describe(tune, action, now, sizeof(now));
	fprintf(to, "  %-17s ", action->step);
	switch (action->kind) {
	case WL_TUNE_FILE:
		fprintf(to, "write %s (%s)\n", action->path, now);
		if (action->run[0] != '\0')
			fprintf(to, "%*srun %s\n", 20, "", action->run);
		break;
	case WL_TUNE_VALUE:
		fprintf(to, "%s\n%*s%s -> %s\n", action->path, 20, "", now, action->text);
		if (action->run[0] != '\0')
			fprintf(to, "%*srun %s\n", 20, "", action->run);
		break;
	case WL_TUNE_RUN:
		fprintf(to, "run %s\n", action->run);
		break;
	case WL_TUNE_OWNER:
		fprintf(to, "%s: %s -> %" PRId64 ":%" PRId64 " %04o\n", action->path, now,
			action->uid, action->gid, (unsigned)action->mode);
		break;
	}
}

unsigned wl_tune_show(FILE *to, const struct wl_tune_do *tune, const struct wl_tune_plan *plan)
{
	const char *step = "";
	unsigned open = 0;

	for (unsigned at = 0; at < plan->action_count; at++) {
		const struct wl_tune_action *action = &plan->actions[at];

		if (wl_tune_do_is_done(tune, action))
			continue;
		if (strcmp(step, action->step) != 0)
			fprintf(to, "%s: %s\n", action->step, action->why);
		step = action->step;
		show_action(to, tune, action);
		open++;
	}
	for (unsigned at = 0; at < plan->note_count; at++)
		fprintf(to, "note: %s\n", plan->notes[at]);
	return open;
}

int wl_tune_apply(struct wl_tune_do *tune, const struct wl_tune_plan *plan)
{
	size_t before = json_array_size(tune->record);

	for (unsigned at = 0; at < plan->action_count; at++) {
		char why[sizeof(tune->reason)];

		if (wl_tune_do_action(tune, &plan->actions[at]))
			continue;
		memcpy(why, tune->reason, sizeof(why));
		if (tune->told != NULL)
			fprintf(tune->told, "failed %s; what this run changed is undone\n", why);
		wl_tune_do_undo(tune, before);
		memcpy(tune->reason, why, sizeof(why));
		return WIRELOG_TUNE_FAILED;
	}
	return 0;
}
