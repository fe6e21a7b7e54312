/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK starts once in a process: each test is a child that is forked before any DPDK. */
#include "dataplane/nic/eal_dpdk.h"

#define ALLOW_EXPERIMENTAL_API /* an interrupt source of our own; by this suite only */
#include <rte_interrupts.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runner.h"

#define FAILED 9

static int status_of(void (*child)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		child();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return status;
}

static void start(void)
{
	const struct wl_eal_settings settings = {.memory_mb = 16, .hugepages = WL_HUGEPAGES_OFF};
	struct wl_eal_report report;
	char reason[256];

	if (wl_eal_start(&settings, &report, reason, sizeof(reason)) != 0)
		_exit(FAILED);
}

static void do_nothing(void *context)
{
	(void)context;
}

/* A source that is always ready, with its handle in DPDK's memory, as drivers have them: the thread never rests. */
static void keep_interrupt_thread_busy(void)
{
	struct rte_intr_handle *handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_SHARED);
	int fd = eventfd(1, EFD_CLOEXEC);

	if (handle == NULL || fd < 0 || rte_intr_fd_set(handle, fd) != 0 ||
	    rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) != 0 ||
	    rte_intr_callback_register(handle, do_nothing, NULL) != 0)
		_exit(FAILED);
}

static void stop_under_interrupts(void)
{
	start();
	keep_interrupt_thread_busy();
	wl_eal_stop();
	usleep(20000);
}

static void a_stop_leaves_the_interrupt_thread_no_memory_that_is_gone(void)
{
#ifdef __SANITIZE_THREAD__
	wl_skip("DPDK is not built for the thread sanitizer");
#endif
	CU_ASSERT_EQUAL(status_of(stop_under_interrupts), 0);
}

WL_SUITE(eal_dpdk)
{
	WL_TEST(a_stop_leaves_the_interrupt_thread_no_memory_that_is_gone),
};
