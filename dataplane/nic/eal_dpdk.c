/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/eal_dpdk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/host/placement_thread.h"
#include "dataplane/nic/descriptors_file.h"
#include "dataplane/nic/eal_explain.h"
#include "wirelog/status.h"

#define KEPT_BYTES 8192u
#define LINE_BYTES 1024u

/* EAL is one for a process, and so is this: its log, and where stdout and stderr went meanwhile. */
static struct {
	pthread_mutex_t lock;
	FILE *stream;
	wl_eal_log_sink *sink;
	void *sink_context;
	uint64_t kept_total;
	char kept[KEPT_BYTES];
	char line[LINE_BYTES];
	size_t line_used;
	bool started;
	int caught_fd, stdout_fd, stderr_fd;
} eal = {.lock = PTHREAD_MUTEX_INITIALIZER, .caught_fd = -1, .stdout_fd = -1, .stderr_fd = -1};

/* ---- the log ---------------------------------------------------------------------------------- */

static void keep(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		eal.kept[eal.kept_total++ % KEPT_BYTES] = text[i];
}

static ssize_t on_log(void *cookie, const char *text, size_t bytes)
{
	int level = rte_log_cur_msg_loglevel();

	(void)cookie;
	pthread_mutex_lock(&eal.lock);
	keep(text, bytes);
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] != '\n' && eal.line_used + 1 < LINE_BYTES) {
			eal.line[eal.line_used++] = text[i];
			continue;
		}
		eal.line[eal.line_used] = '\0';
		if (eal.sink != NULL && eal.line_used > 0)
			eal.sink(eal.sink_context, level > 0 ? (unsigned)level : 6, eal.line);
		eal.line_used = 0;
	}
	pthread_mutex_unlock(&eal.lock);
	return (ssize_t)bytes;
}

void wl_eal_set_log(wl_eal_log_sink *sink, void *context)
{
	pthread_mutex_lock(&eal.lock);
	eal.sink = sink;
	eal.sink_context = context;
	pthread_mutex_unlock(&eal.lock);
}

uint64_t wl_eal_log_mark(void)
{
	uint64_t mark;

	pthread_mutex_lock(&eal.lock);
	mark = eal.kept_total;
	pthread_mutex_unlock(&eal.lock);
	return mark;
}

void wl_eal_log_since(uint64_t mark, char *text, size_t text_bytes)
{
	size_t used = 0;

	pthread_mutex_lock(&eal.lock);
	if (eal.kept_total > KEPT_BYTES && mark < eal.kept_total - KEPT_BYTES)
		mark = eal.kept_total - KEPT_BYTES;
	for (; mark < eal.kept_total && used + 1 < text_bytes; mark++)
		text[used++] = eal.kept[mark % KEPT_BYTES];
	text[used] = '\0';
	pthread_mutex_unlock(&eal.lock);
}

/* ---- what EAL prints past its log ------------------------------------------------------------- */

static void let_go_of_output(void)
{
	fflush(stdout);
	fflush(stderr);
	if (eal.stdout_fd >= 0) {
		dup2(eal.stdout_fd, STDOUT_FILENO);
		close(eal.stdout_fd);
	}
	if (eal.stderr_fd >= 0) {
		dup2(eal.stderr_fd, STDERR_FILENO);
		close(eal.stderr_fd);
	}
	eal.stdout_fd = eal.stderr_fd = -1;
}

/* EAL ended the process while its output was caught: nothing may be lost then. */
static void at_exit(void)
{
	char text[1024];
	ssize_t bytes;

	if (eal.caught_fd < 0)
		return;
	let_go_of_output();
	lseek(eal.caught_fd, 0, SEEK_SET);
	while ((bytes = read(eal.caught_fd, text, sizeof(text))) > 0)
		if (write(STDERR_FILENO, text, (size_t)bytes) != bytes)
			break;
}

void wl_eal_catch_output(void)
{
	static bool registered;

	fflush(stdout);
	fflush(stderr);
	if (eal.caught_fd < 0)
		eal.caught_fd = memfd_create("eal-output", MFD_CLOEXEC);
	if (eal.caught_fd < 0 || eal.stdout_fd >= 0)
		return;
	if (!registered)
		registered = atexit(at_exit) == 0;
	eal.stdout_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	eal.stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (eal.stdout_fd >= 0)
		dup2(eal.caught_fd, STDOUT_FILENO);
	if (eal.stderr_fd >= 0)
		dup2(eal.caught_fd, STDERR_FILENO);
}

/* What was printed joins what was logged. */
void wl_eal_release_output(void)
{
	char text[1024];
	ssize_t bytes;

	if (eal.caught_fd < 0)
		return;
	let_go_of_output();
	lseek(eal.caught_fd, 0, SEEK_SET);
	while ((bytes = read(eal.caught_fd, text, sizeof(text))) > 0)
		keep(text, (size_t)bytes);
	close(eal.caught_fd);
	eal.caught_fd = -1;
}

/* ---- what the machine has --------------------------------------------------------------------- */

static uint32_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned value = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%u", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/*
 * Free is not the same as allowed: take them and give them back. A cgroup without hugepages says so only when one is
 * touched, by SIGBUS; asked for in this way (Linux 5.14) it is an error number.
 */
static bool may_use_hugepages(uint32_t page_kb, uint32_t pages)
{
	unsigned shift = 10 + (31u - (unsigned)__builtin_clz(page_kb));
	size_t bytes = ((size_t)page_kb << 10) * pages;
	void *memory = mmap(
		NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (int)(shift << MAP_HUGE_SHIFT), -1, 0);
	bool may;

	if (memory == MAP_FAILED)
		return false;
	may = madvise(memory, bytes, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
	munmap(memory, bytes);
	return may;
}

static void gather_facts(const struct wl_eal_settings *settings, struct wl_eal_facts *facts)
{
	static const uint32_t sizes_kb[] = {2048, 1048576};
	uint64_t best_kb = 0;
	char path[128];
	struct wl_cores allowed;

	memset(facts, 0, sizeof(*facts));
	for (unsigned i = 0; i < 2; i++) {
		uint32_t free_pages, needed = wl_eal_args_pages(settings, sizes_kb[i]);

		snprintf(path, sizeof(path),
			 "/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", sizes_kb[i]);
		if (access(path, R_OK) != 0)
			continue;
		free_pages = read_number(path);
		if (free_pages >= needed && !may_use_hugepages(sizes_kb[i], needed))
			free_pages = 0;
		if (facts->hugepage_kb == 0 || (uint64_t)free_pages * sizes_kb[i] > best_kb) {
			facts->hugepage_kb = sizes_kb[i];
			facts->hugepages_free = free_pages;
			best_kb = (uint64_t)free_pages * sizes_kb[i];
		}
	}
	wl_placement_allowed(&allowed);
	for (uint16_t at = 0; at < allowed.count && at < WL_EAL_CORES_MAX; at++)
		facts->cores[facts->core_count++] = allowed.cores[at];
}

/* ---- start and end ---------------------------------------------------------------------------- */

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool open_log(void)
{
	static const cookie_io_functions_t functions = {.write = on_log};

	if (eal.stream == NULL)
		eal.stream = fopencookie(NULL, "w", functions);
	return eal.stream != NULL && rte_openlog_stream(eal.stream) == 0;
}

static void on_alarm(void *served)
{
	sem_post(served);
}

/* What the interrupt thread opens when it begins, it has opened when it serves an alarm. */
static void wait_for_interrupt_thread(void)
{
	static sem_t served; /* it may come later than we wait */
	struct timespec until;

	sem_init(&served, 0, 0);
	if (rte_eal_alarm_set(1, on_alarm, &served) != 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	while (sem_clockwait(&served, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
}

static int run_init(struct wl_eal_args *args)
{
	cpu_set_t before;
	bool restore = sched_getaffinity(0, sizeof(before), &before) == 0;
	struct wl_descriptors descriptors;
	int outcome;

	wl_eal_catch_output();
	wl_descriptors_note(&descriptors);
	outcome = rte_eal_init(args->argc, args->argv);
	if (outcome >= 0)
		wait_for_interrupt_thread();
	wl_descriptors_close_to_children(&descriptors);
	wl_eal_release_output();
	/* A failed start may leave this thread pinned. */
	if (outcome < 0 && restore)
		sched_setaffinity(0, sizeof(before), &before);
	return outcome;
}

int wl_eal_start(const struct wl_eal_settings *settings, struct wl_eal_report *report, char *reason,
		 size_t reason_bytes)
{
	/* EAL keeps pointers into the vector for the life of the process. */
	static struct wl_eal_args args;
	struct wl_eal_facts facts;
	char text[KEPT_BYTES];
	uint64_t started_ns, mark;
	int status;

	memset(report, 0, sizeof(*report));
	if (args.argc != 0) {
		snprintf(reason, reason_bytes, "DPDK starts only once in a process");
		return WIRELOG_EAL_FAILED;
	}
	gather_facts(settings, &facts);
	status = wl_eal_args_build(&args, settings, &facts, reason, reason_bytes);
	wl_eal_args_print(&args, report->line, sizeof(report->line));
	memcpy(report->memory_reason, args.memory_reason, sizeof(report->memory_reason));
	report->hugepages = args.hugepages;
	if (status != 0) {
		args.argc = 0;
		return status;
	}
	if (!open_log()) {
		snprintf(reason, reason_bytes, "no memory for DPDK's log");
		return WIRELOG_NO_MEMORY;
	}
	mark = wl_eal_log_mark();
	started_ns = monotonic_ns();
	if (run_init(&args) < 0) {
		wl_eal_log_since(mark, text, sizeof(text));
		status = wl_eal_explain(text, "starting DPDK", reason, reason_bytes);
		return status;
	}
	report->start_ns = monotonic_ns() - started_ns;
	eal.started = true;
	return 0;
}

/*
 * Without rte_eal_cleanup: it unmaps DPDK's memory (22.11) while EAL's interrupt thread runs on and looks its handles
 * up there. Nobody can end that thread, and a callback that keeps it makes the cleanup itself wait for ever. Memory,
 * IOMMU mappings and devices go with the process; files there are none.
 */
void wl_eal_stop(void)
{
	eal.started = false;
	wl_eal_set_log(NULL, NULL);
}

bool wl_eal_is_started(void)
{
	return eal.started;
}

bool wl_eal_thread_enter(void)
{
	/* The thread that started EAL is registered already. */
	return rte_lcore_id() != LCORE_ID_ANY || rte_thread_register() == 0;
}

void wl_eal_thread_leave(void)
{
	if (rte_lcore_id() != LCORE_ID_ANY && rte_lcore_id() != rte_get_main_lcore())
		rte_thread_unregister();
}
