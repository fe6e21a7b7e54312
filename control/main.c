/* SPDX-License-Identifier: BSD-3-Clause */
/* wirelogd: one node. Options, the configuration, the node's life, the exit code. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "control/node/boot_thread.h"
#include "control/node/loop_thread.h"
#include "control/node/stop_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/check.h"

/* ---- allocations of workers are counted ---------------------------------------------------------- */

/*
 * The daemon stands in front of malloc, so that "a worker never allocates after start" is a number in status and not
 * a promise. The sanitizers stand there themselves.
 */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void watch(void)
{
	if (wl_unlikely(wl_worker_thread_is_polling()))
		wl_worker_thread_count_allocation();
}

void *malloc(size_t size)
{
	watch();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	watch();
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	watch();
	return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	watch();
	return __libc_memalign(alignment, size);
}
#endif

/* ---- options ------------------------------------------------------------------------------------ */

const char *argp_program_version = "wirelogd " WIRELOG_VERSION_TEXT;

struct options {
	const char *config;
	bool check, insecure;
};

static const char documentation[] =
	"One node of a wirelog cluster: a replicated journal over DPDK and io_uring.\v"
	"Signals: SIGTERM and SIGINT hand leadership over, write what is left and end within two seconds with 0.\n"
	"\n"
	"Exit codes:\n"
	"  0   ended as asked, or --check found nothing\n"
	"  64  wrong use of the command line\n"
	"  65  the data are damaged, of another node or cluster, or not wirelog's\n"
	"  66  the configuration or the data cannot be opened\n"
	"  69  something needed is not there: a device, an address, hugepages, io_uring, direct I/O\n"
	"  70  wirelog found itself in an impossible state\n"
	"  71  no memory\n"
	"  73  no room for the first segments\n"
	"  74  a durable write failed\n"
	"  75  the data are in use by another process, or something hung at the end\n"
	"  76  the data were written by an incompatible version\n"
	"  77  a permission or privilege is missing, or the key file is open to others\n"
	"  78  the configuration is wrong\n"
	"`wirelog explain CODE` tells cause and fix of each refusal; docs/OPERATIONS.md has all of it.";

static const struct argp_option argp_options[] = {
	{"config", 'c', "FILE", 0,
	 "the node's configuration (YAML); see drivers-config/reference.yaml", 0},
	{"check", 'k', NULL, 0, "check the configuration and end; nothing is started or opened", 0},
	{"insecure-lab", 'i', NULL, 0,
	 "no key: frames are not authenticated; for a laboratory only", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config = argument;
		return 0;
	case 'k':
		options->check = true;
		return 0;
	case 'i':
		options->insecure = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", argument);
		return EINVAL;
	case ARGP_KEY_END:
		if (!options->config)
			argp_error(state, "--config FILE is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the configuration -------------------------------------------------------------------------- */

static int load_config(const struct options *options, struct wl_config *config)
{
	struct wl_config_problems *problems = calloc(1, sizeof(*problems));
	int status;

	if (!problems)
		return WIRELOG_NO_MEMORY;
	status = wl_config_load(options->config, config, problems);
	wl_config_print_problems(options->config, problems);
	free(problems);
	return status;
}

/* Devices that all workers share: nobody has asked them yet what they can do. */
static void tell_steering(const struct wl_config *config)
{
	const struct wl_config_worker *first = &config->workers[0];

	for (uint32_t at = 0; at < first->link_count && config->worker_count > 1; at++) {
		const struct wl_config_link *link = &first->links[at];

		if (link->kind == WL_CONFIG_PCI || (link->kind == WL_CONFIG_EAL && link->peer == 0))
			printf("note: %s: %u workers share it: by flow rules, or handed on by worker 0 where it takes none; decided at "
			       "the start, and told by its line and by status\n",
			       link->name, config->worker_count);
	}
}

/* What is right in itself but not there on this machine is worth a note, not a refusal. */
static int tell_checked(const struct options *options, const struct wl_config *config)
{
	printf("%s: right: node %u of %u, %u worker%s, %u journal%s\n", options->config,
	       config->node, config->node_count, config->worker_count,
	       config->worker_count == 1 ? "" : "s", config->journal_count,
	       config->journal_count == 1 ? "" : "s");
	if (config->key_file[0] == '\0')
		printf("note: security.key_file is not set; wirelogd starts only with --insecure-lab\n");
	else if (access(config->key_file, R_OK) != 0)
		printf("note: the key file %s cannot be read on this machine\n", config->key_file);
	tell_steering(config);
	return EX_OK;
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void print_journal(const struct wl_node_journal *journal, uint32_t id)
{
	struct wl_journal_status status;

	if (!journal->journal || !wl_published_read(&journal->journal->published, &status))
		return;
	dprintf(STDERR_FILENO,
		"wirelog: journal=%u role=%s term=%lu view=%lu leader=%u tail=%lu/%lu durable=%lu/%lu commit=%lu chain=%016lx@%lu next_number=%lu\n",
		id, wl_plane_role_name(status.view.role), (unsigned long)status.view.term,
		(unsigned long)status.view.number, status.view.leader,
		(unsigned long)status.tail.term, (unsigned long)status.tail.index,
		(unsigned long)status.durable.term, (unsigned long)status.durable.index,
		(unsigned long)status.commit, (unsigned long)status.chain,
		(unsigned long)status.chain_index, (unsigned long)status.next_number);
}

/* An impossible state: where, and how far each journal was a millisecond ago. The process aborts afterwards. */
static void on_fatal(void *context, const struct wl_check_failure *failure)
{
	const struct wl_node *node = context;

	/* Nobody may keep a broken node alive by not reading its words. */
	fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
	wl_check_print(NULL, failure);
	for (uint32_t id = 0; node->config && id < node->config->journal_count; id++)
		print_journal(&node->journals[id], id);
}

static bool has_running_worker(const struct wl_node *node)
{
	for (uint32_t number = 0; number < WIRELOG_WORKERS_MAX; number++)
		if (node->workers[number].running)
			return true;
	return false;
}

static int refuse(int status, const char *reason)
{
	wl_report(WL_REPORT_ERROR, "refused", "code=%s exit=%d reason=\"%s\"",
		  wirelog_status_name(status), wirelog_status_exit_code(status),
		  reason[0] ? reason : wirelog_status_cause(status));
	wl_report(WL_REPORT_ERROR, "refused", "fix=\"%s\"", wirelog_status_fix(status));
	return wirelog_status_exit_code(status);
}

/*
 * The others know a later boot of this node, and its data hold nothing: a new disk, on a machine whose clock is behind what it was
 * when the one before was new. The count of boots stands behind theirs by now, durably: no operator is needed for that.
 */
static bool may_start_again(const struct wl_node *node)
{
	return wl_agent_is_rolled_back(node->agent) && node->is_fresh &&
	       !has_running_worker(node) && !wl_agent_record_has_failed(node->agent);
}

/* A journal that was dormant is whole: nothing but a start opens it. Asked to end, it ends. */
static bool was_mended(const struct wl_node *node)
{
	return node->mend_watch.outcome == WL_MEND_STARTS_AGAIN && !wl_stop_is_asked() &&
	       !has_running_worker(node) && !wl_agent_record_has_failed(node->agent);
}

static int refuse_damaged(const struct wl_node *node)
{
	const struct wl_mend_report *report = &node->mend_watch.refused;
	char reason[WL_BOOT_REASON_BYTES];

	snprintf(
		reason, sizeof(reason),
		"journal %u is damaged, and not to be mended: %s at stream offset %lu to %lu; see `wirelog verify %s`",
		node->mend_watch.journal,
		wl_recovery_damage_name((enum wl_recovery_damage_kind)report->kind),
		(unsigned long)report->begin, (unsigned long)report->end,
		node->config->storage_path);
	return refuse(WIRELOG_STORE_DAMAGED, reason);
}

static int refuse_outdated(const struct wl_node *node)
{
	char lacking[WL_FEATURES_TEXT_BYTES], reason[WL_BOOT_REASON_BYTES];
	struct wl_agent_status status;

	wl_agent_get_status(node->agent, &status);
	snprintf(reason, sizeof(reason), "a feature is in force that this build does not have: %s",
		 wl_features_text(status.features_in_force & ~wl_features_supported(), lacking));
	return refuse(WIRELOG_FEATURE_UNKNOWN, reason);
}

static void count_mended(const struct wl_node *node)
{
	char rounds[16];

	snprintf(rounds, sizeof(rounds), "%u", node->mend_rounds + 1);
	setenv(WL_BOOT_MENDED, rounds, 1);
}

static int run_node(struct wl_node *node, const struct wl_config *config, bool insecure,
		    bool *again)
{
	char reason[WL_BOOT_REASON_BYTES];
	int status = wl_boot_bring_up(node, config, insecure, reason, sizeof(reason));
	int code = EX_OK;
	bool mended;

	if (status == 0)
		wl_loop_run(node);
	else if (status != WIRELOG_CLOSED) /* SIGTERM while starting */
		code = refuse(status, reason);
	mended = status == 0 && was_mended(node);
	*again = mended || (status == 0 && may_start_again(node));
	if (mended)
		count_mended(node);
	if (*again)
		code = EX_TEMPFAIL; /* should that fail: whoever started us does it */
	else if (status == 0 && wl_agent_is_rolled_back(node->agent))
		code = refuse(WIRELOG_STORE_OLD_IMAGE, "");
	else if (status == 0 && wl_agent_is_outdated(node->agent))
		code = refuse_outdated(node);
	else if (status == 0 && node->mend_watch.outcome == WL_MEND_IS_REFUSED)
		code = refuse_damaged(node);
	/* A start that was refused has no more time to end than one that was asked to. */
	wl_stop_end_with(code);
	if (*again)
		wl_stop_ask_to_start_again();
	else
		wl_stop_ask();
	if (!has_running_worker(node))
		wl_boot_take_down(node);
	else if (status == 0)
		code = refuse(WIRELOG_STOP_OVERDUE, "a worker hangs");
	if (*again)
		wl_report(WL_REPORT_NOTICE, "starts_again", "reason=\"%s\"",
			  mended ? "what was damaged is mended"
				 : "peers know a later boot of this node, and its data are new");
	else
		wl_report(WL_REPORT_NOTICE, "ended", "exit=%d", code);
	wl_report_close();
	/* A thread that hangs keeps nothing: what was acknowledged is durable. */
	if (has_running_worker(node))
		_exit(code);
	return code;
}

/*
 * A closed 0, 1 or 2 would be the number of the first files of ours that are opened, and lines for stderr would land there.
 * Past a limit of file sizes a write says EFBIG, and does not end the process.
 */
static void make_surroundings_safe(void)
{
	signal(SIGXFSZ, SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EX_OSERR);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {argp_options, parse_option, NULL, documentation,
					 NULL,	       NULL,	     NULL};
	static struct wl_config config;
	static struct wl_node node;
	struct options options = {0};
	bool again = false;
	int status;

	make_surroundings_safe();
	argp_err_exit_status = EX_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	status = load_config(&options, &config);
	if (status != 0)
		return wirelog_status_exit_code(status);
	if (options.check)
		return tell_checked(&options, &config);
	wl_check_set_hook(on_fatal, &node);
	status = wl_stop_open();
	if (status == 0)
		status = wl_report_open(config.log_destination, config.log_level);
	if (status != 0)
		return refuse(status, "no thread could be made");
	status = run_node(&node, &config, options.insecure, &again);
	/* With the same process id, and without what DPDK leaves behind in a process. */
	if (again)
		execv("/proc/self/exe", argv);
	return status;
}
