/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host/idle.h"

#include <string.h>

#include "dataplane/base/sentence.h"

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

/* ---- the schedule ------------------------------------------------------------------------------- */

void wl_idle_heed(struct wl_idler *idler, uint64_t activity, uint64_t now_ns)
{
	if (activity != idler->activity || idler->active_ns == 0) {
		idler->activity = activity;
		idler->active_ns = now_ns;
	}
	idler->quiet_ns = now_ns - idler->active_ns;
}

static uint64_t nap_ns(uint64_t quiet_ns)
{
	uint64_t ns = WL_IDLE_NAP_NS_MIN;

	for (uint64_t span = 2 * WL_IDLE_QUIET_NS; span <= quiet_ns && ns < WL_IDLE_NAP_NS_MAX;
	     span += WL_IDLE_QUIET_NS)
		ns *= 2;
	return ns < WL_IDLE_NAP_NS_MAX ? ns : WL_IDLE_NAP_NS_MAX;
}

/* Spins, then yields, then sleeps twice as long each time. */
static enum wl_idle_how back_off(const struct wl_idler *idler, uint64_t *ns)
{
	uint64_t ns_max = idler->sleep_ns_max != 0 ? idler->sleep_ns_max : WL_IDLE_BACKOFF_NS_MAX;
	uint32_t awake = idler->sleeps_only ? 0 : WL_IDLE_BACKOFF_SPINS + WL_IDLE_BACKOFF_YIELDS;
	uint32_t turns = idler->empty_turns, doublings;

	if (turns <= awake)
		return turns <= WL_IDLE_BACKOFF_SPINS ? WL_IDLE_PAUSE : WL_IDLE_GIVE_WAY;
	doublings = turns - awake - 1;
	*ns = (uint64_t)WL_IDLE_BACKOFF_NS_MIN << (doublings < 20 ? doublings : 20);
	if (*ns > ns_max)
		*ns = ns_max;
	return WL_IDLE_SLEEP;
}

/*
 * Yields, and takes a nap of the shortest kind now and then. Threads that only yield look busy to the scheduler and share
 * the core among themselves: the kernel's own workers, which complete this node's durable writes, were seen to wait
 * for seconds beside three of them (Linux 6.18).
 */
static enum wl_idle_how give_way(const struct wl_idler *idler, uint64_t *ns)
{
	if (idler->empty_turns % WL_IDLE_YIELDS_BEFORE_NAP != 0)
		return WL_IDLE_GIVE_WAY;
	*ns = 1;
	return WL_IDLE_SLEEP;
}

enum wl_idle_how wl_idle_pause(const struct wl_idler *idler, uint64_t *ns)
{
	*ns = 0;
	if (idler->idle == WL_IDLE_SPIN)
		return WL_IDLE_PAUSE;
	if (idler->besieged)
		return WL_IDLE_GIVE_WAY;
	if (idler->quiet_ns >= WL_IDLE_QUIET_NS && idler->empty_turns > WL_IDLE_NAP_AFTER_TURNS) {
		*ns = nap_ns(idler->quiet_ns);
		return WL_IDLE_SLEEP;
	}
	return idler->idle == WL_IDLE_BACKOFF ? back_off(idler, ns) : give_way(idler, ns);
}
