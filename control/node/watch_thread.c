/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/watch_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "control/node/cluster_status_thread.h"
#include "control/node/latency_thread.h"
#include "control/node/nic_mend_thread.h"
#include "control/node/nic_watch_thread.h"
#include "control/node/stats_answers_thread.h"
#include "control/node/stop_thread.h"
#include "control/report/report_file.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "wirelog/status.h"

#define LOOK_NS 250000000u
#define SECOND_NS 1000000000u
#define CHANGES_MAX 64u
#define SENTENCE_BYTES 512u

struct wl_watch {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t ending;
	bool ends, runs;
	pthread_t thread;
	struct wl_health health;
	char said[SENTENCE_BYTES]; /* to systemd, last */
	bool storage_free_known;
	uint64_t storage_free_bytes;
};

/* ---- health ------------------------------------------------------------------------------------- */

static void tell(const struct wl_health_change *change)
{
	const struct wl_health_item *item = &change->item;
	const char *reason = wl_health_reason_name(item->reason);
	enum wl_health_level level = wl_health_reason_level(item->reason);
	char about[48] = "";
	int used = 0;

	if (item->journal != WL_HEALTH_NO_JOURNAL)
		used = snprintf(about, sizeof(about), " journal=%u", item->journal);
	if (item->node != 0)
		snprintf(about + used, sizeof(about) - (size_t)used, " node=%u", item->node);
	if (change->ends)
		wl_report(WL_REPORT_NOTICE, "health", "reason=%s%s ended=1 lasted_ms=%lu", reason,
			  about, (unsigned long)(change->lasted_ns / 1000000));
	else
		wl_report(level == WL_HEALTH_UNSAFE ? WL_REPORT_WARNING : WL_REPORT_NOTICE,
			  "health", "reason=%s level=%s%s text=\"%s\"", reason,
			  wl_health_level_name(level), about,
			  wl_health_reason_sentence(item->reason));
}

/* Not before the node is ready and not when it ends: then control says what it does. */
static void tell_systemd(struct wl_node *node, struct wl_watch *watch)
{
	char text[SENTENCE_BYTES];

	if (!atomic_load_explicit(&node->told_ready, memory_order_acquire) || wl_stop_is_asked())
		return;
	wl_health_describe(&watch->health.now, text, sizeof(text));
	if (strcmp(text, watch->said) == 0)
		return;
	strcpy(watch->said, text);
	sd_notifyf(0, "STATUS=%s", text);
}

void wl_watch_judge(struct wl_node *node, struct wl_status_facts *facts, struct wl_health *copy)
{
	struct wl_watch *watch = node->watch;
	struct wl_health_change changes[CHANGES_MAX];
	uint32_t count;

	pthread_mutex_lock(&watch->lock);
	facts->storage_free_known = watch->storage_free_known;
	facts->storage_free_bytes = watch->storage_free_bytes;
	/* Read under the lock: time does not go back from one look to the next. */
	facts->now_ns = wl_clock_kernel_ns();
	count = wl_health_look(&watch->health, facts, facts->now_ns, changes, CHANGES_MAX);
	for (uint32_t at = 0; at < count; at++)
		tell(&changes[at]);
	tell_systemd(node, watch);
	*copy = watch->health;
	pthread_mutex_unlock(&watch->lock);
	facts->health = copy;
}

/* ---- the thread --------------------------------------------------------------------------------- */

/* Of a raw device nothing is told: its place is all there is. */
static void look_at_storage(struct wl_node *node, struct wl_watch *watch)
{
	struct stat kind;
	struct statvfs file_system;
	bool known = stat(node->config->storage_path, &kind) == 0 && S_ISDIR(kind.st_mode) &&
		     statvfs(node->config->storage_path, &file_system) == 0;

	pthread_mutex_lock(&watch->lock);
	watch->storage_free_known = known;
	watch->storage_free_bytes = known ? file_system.f_bavail * file_system.f_frsize : 0;
	pthread_mutex_unlock(&watch->lock);
}

static bool rest(struct wl_node *node, struct wl_watch *watch)
{
	struct timespec until;
	bool goes_on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / SECOND_NS;
	until.tv_nsec %= SECOND_NS;
	pthread_mutex_lock(&watch->lock);
	while (!watch->ends && !wl_cluster_status_is_asked(node) &&
	       pthread_cond_clockwait(&watch->ending, &watch->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	goes_on = !watch->ends;
	pthread_mutex_unlock(&watch->lock);
	return goes_on;
}

static void *run(void *argument)
{
	struct wl_node *node = argument;
	struct wl_watch *watch = node->watch;
	struct wl_status_facts *facts;
	uint64_t second_ns = 0;

	wl_placement_name("wl-watch");
	do {
		uint64_t now_ns = wl_clock_kernel_ns();

		wl_nic_mend_tend(node);
		if (now_ns - second_ns >= SECOND_NS) {
			second_ns = now_ns;
			look_at_storage(node, watch);
			wl_latency_take(node, now_ns);
			wl_nic_watch_look(node);
		}
		facts = wl_stats_answers_gather(node);
		wl_cluster_status_tell(node, facts);
		free(facts);
	} while (rest(node, watch));
	return NULL;
}

void wl_watch_hurry(struct wl_node *node)
{
	pthread_cond_signal(&node->watch->ending);
}

int wl_watch_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_watch *watch = calloc(1, sizeof(*watch));
	int status;

	if (!watch) {
		snprintf(reason, reason_bytes, "no memory for the watch");
		return WIRELOG_NO_MEMORY;
	}
	pthread_mutex_init(&watch->lock, NULL);
	pthread_cond_init(&watch->ending, NULL);
	node->watch = watch;
	status = wl_latency_open(node, reason, reason_bytes);
	if (status == 0)
		status = wl_nic_watch_open(node, reason, reason_bytes);
	return status;
}

int wl_watch_start(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_watch *watch = node->watch;

	if (pthread_create(&watch->thread, NULL, run, node) != 0) {
		snprintf(reason, reason_bytes, "no thread for the watch could be made");
		return WIRELOG_INTERNAL;
	}
	watch->runs = true;
	return 0;
}

void wl_watch_stop(struct wl_node *node)
{
	struct wl_watch *watch = node->watch;

	if (!watch || !watch->runs)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->ends = true;
	pthread_cond_signal(&watch->ending);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	watch->runs = false;
}

void wl_watch_close(struct wl_node *node)
{
	if (!node->watch)
		return;
	wl_latency_close(node);
	wl_nic_watch_close(node);
	free(node->watch);
	node->watch = NULL;
}
