/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/idle.h"

#include <string.h>

#include "dataplane/sentence.h"

static const char *const names[] = {"auto", "spin", "yield", "backoff"};

const char *wl_idle_name(enum wl_idle idle)
{
	return (unsigned)idle < 4 ? names[idle] : "unknown";
}

int wl_idle_by_name(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

static void add_counts(struct wl_sentence *sentence, const struct wl_idle_facts *facts)
{
	wl_sentence_add_number(sentence, facts->pollers);
	wl_sentence_add(sentence, facts->pollers == 1 ? " poller on " : " pollers on ");
	wl_sentence_add_number(sentence, facts->cores);
	wl_sentence_add(sentence, facts->cores == 1 ? " core" : " cores");
}

/* Why spinning would hurt here; 0 when it would not. */
static int spin_fault(const struct wl_idle_facts *facts)
{
	if (facts->pollers > facts->cores)
		return 1;
	if (facts->core_serves_disk)
		return 2;
	if (facts->pollers + facts->other_threads > facts->cores)
		return 3;
	return 0;
}

static void add_fault(struct wl_sentence *sentence, const struct wl_idle_facts *facts, int fault)
{
	switch (fault) {
	case 1:
		add_counts(sentence, facts);
		break;
	case 2:
		wl_sentence_add(sentence, "the poller shares its core with disk completions");
		break;
	case 3:
		add_counts(sentence, facts);
		wl_sentence_add(sentence, " leave none for the control thread");
		break;
	default:
		add_counts(sentence, facts);
		wl_sentence_add(sentence, ", each has one to itself");
		break;
	}
}

enum wl_idle wl_idle_choose(const struct wl_idle_facts *facts, char *reason, size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);
	int fault = spin_fault(facts);

	if (facts->wish == WL_IDLE_AUTO) {
		add_fault(&sentence, facts, fault);
		return fault != 0 ? WL_IDLE_YIELD : WL_IDLE_SPIN;
	}
	wl_sentence_add(&sentence, "configured");
	if (facts->wish == WL_IDLE_SPIN && fault != 0) {
		wl_sentence_add(&sentence, "; warning: ");
		add_fault(&sentence, facts, fault);
		wl_sentence_add(&sentence, ", yield would be faster");
	}
	return facts->wish;
}
