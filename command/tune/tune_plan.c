/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tune/tune_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct step {
	const char *name, *needs, *why;
	void (*plan)(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		     const struct wl_tune_wish *wish);
} steps[] = {
#define STEP(name_, needs_, why_) {#name_, needs_, why_, wl_tune_plan_##name_},
	WL_TUNE_STEPS(STEP)
#undef STEP
};

#define PRINT(text, bytes, format)                          \
	do {                                                \
		va_list arguments_;                         \
		va_start(arguments_, format);               \
		vsnprintf(text, bytes, format, arguments_); \
		va_end(arguments_);                         \
	} while (0)

void wl_tune_set(char *text, size_t bytes, const char *format, ...)
{
	PRINT(text, bytes, format);
}

void wl_tune_refuse_plan(struct wl_tune_plan *plan, const char *format, ...)
{
	if (plan->refusal_count == WL_TUNE_REFUSALS_MAX)
		return;
	PRINT(plan->refusals[plan->refusal_count], sizeof(plan->refusals[0]), format);
	plan->refusal_count++;
}

void wl_tune_note(struct wl_tune_plan *plan, const char *format, ...)
{
	if (plan->note_count == WL_TUNE_NOTES_MAX)
		return;
	PRINT(plan->notes[plan->note_count], sizeof(plan->notes[0]), format);
	plan->note_count++;
}

/* One more; past the end a place that nobody reads. */
static struct wl_tune_action *add(struct wl_tune_plan *plan, enum wl_tune_kind kind)
{
	static struct wl_tune_action nowhere;
	struct wl_tune_action *action = &nowhere;

	if (plan->action_count < WL_TUNE_ACTIONS_MAX)
		action = &plan->actions[plan->action_count++];
	else
		wl_tune_refuse_plan(plan, "more than %u changes", WL_TUNE_ACTIONS_MAX);
	memset(action, 0, sizeof(*action));
	action->kind = kind;
	action->step = plan->step;
	action->why = plan->why;
	return action;
}

struct wl_tune_action *wl_tune_add(struct wl_tune_plan *plan, enum wl_tune_kind kind,
				   const char *format, ...)
{
	struct wl_tune_action *action = add(plan, kind);

	PRINT(action->path, sizeof(action->path), format);
	return action;
}

struct wl_tune_action *wl_tune_add_value(struct wl_tune_plan *plan, const char *value,
					 const char *format, ...)
{
	struct wl_tune_action *action = add(plan, WL_TUNE_VALUE);
	size_t used = strlen(plan->persistent);

	PRINT(action->path, sizeof(action->path), format);
	wl_tune_set(action->text, sizeof(action->text), "%s", value);
	snprintf(plan->persistent + used, sizeof(plan->persistent) - used, "w %s - - - - %s\n",
		 action->path, value);
	return action;
}

void wl_tune_plan_make(struct wl_tune_plan *plan, const struct wl_host_facts *facts,
		       const struct wl_tune_wish *wish)
{
	char program[128];

	memset(plan, 0, sizeof(*plan));
	wl_tune_check_host(plan, facts, wish);
	for (size_t at = 0; at < sizeof(steps) / sizeof(steps[0]); at++) {
		unsigned before = plan->action_count;
		static const char *const places[] = {"/usr/sbin",	"/usr/bin",
						     "/sbin",		"/bin",
						     "/usr/local/sbin", "/usr/local/bin"};
		bool is_there = steps[at].needs[0] == '\0';

		plan->step = steps[at].name;
		plan->why = steps[at].why;
		steps[at].plan(plan, facts, wish);
		for (size_t place = 0; place < sizeof(places) / sizeof(places[0]); place++) {
			snprintf(program, sizeof(program), "%s/%s", places[place], steps[at].needs);
			is_there = is_there || wl_host_is_there(facts->root, program);
		}
		if (plan->action_count > before && !is_there)
			wl_tune_refuse_plan(
				plan,
				"%s is not installed, %s needs it: apt-get install dpdk "
				"driverctl udev kmod",
				steps[at].needs, steps[at].name);
	}
}
