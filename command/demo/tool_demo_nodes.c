/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command/demo/tool_demo_words.h"
#include "command/tool_daemon.h"
#include "command/tool_stats_socket.h"
#include "dataplane/host/clock.h"
#include "wirelog/status.h"

#define STOP_MS 10000
#define KILL_MS 10000
#define LOOK_NS 5000000 /* between two questions to a node */
#define EXEC_LOOKS 200u /* while a process has no command line: a second */
#define IO_URING "io_uring: "
#define LOG_BYTES (16u << 10) /* of a log's end */

void wl_demo_nodes_init(struct wl_demo_nodes *nodes, const volatile sig_atomic_t *interrupted)
{
	memset(nodes, 0, sizeof(*nodes));
	wl_tool_daemon_find(nodes->daemon);
	nodes->interrupted = interrupted;
}

static void name_file(const struct wl_demo_nodes *nodes, unsigned node, const char *suffix,
		      char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/node%u.%s", nodes->where.directory, node, suffix);
}

/* ---- processes ---------------------------------------------------------------------------------- */

static void rest(void)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};

	nanosleep(&pause, NULL);
}

/* The first bytes of a file of /proc about a process; 0: there is none, or it is empty. */
static size_t read_about(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, size);
	close(fd);
	return length > 0 ? (size_t)length : 0;
}

/* One that has ended and waits for its parent. */
static bool is_zombie(pid_t pid)
{
	char text[512];
	size_t length = read_about(pid, "stat", text, sizeof(text));
	const char *behind_name = memrchr(text, ')', length);

	return behind_name == NULL || memchr("ZX", behind_name[2], 2) != NULL;
}

bool wl_demo_node_is_alive(const struct wl_demo_nodes *nodes, unsigned node)
{
	char wanted[PATH_MAX], text[2 * PATH_MAX];
	pid_t pid = nodes->where.pids[node - 1];
	size_t length;

	if (pid <= 0)
		return false;
	name_file(nodes, node, "yaml", wanted);
	/* A node that starts again by itself (exec) has no command line for a moment. */
	for (unsigned looks = 0; looks < EXEC_LOOKS; looks++) {
		length = read_about(pid, "cmdline", text, sizeof(text));
		if (length != 0 || is_zombie(pid))
			break;
		rest();
	}
	return length != 0 && memmem(text, length, wanted, strlen(wanted) + 1) != NULL;
}

unsigned wl_demo_nodes_alive(const struct wl_demo_nodes *nodes)
{
	unsigned count = 0;

	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++)
		count += wl_demo_node_is_alive(nodes, node);
	return count;
}

/* What went wrong before it was wirelogd goes into the pipe; exec closes it. */
static void become_node(const struct wl_demo_nodes *nodes, pid_t parent, const char *configuration,
			int log, int pipe_end)
{
	enum { PIPE = STDERR_FILENO + 1 };
	sigset_t none;
	int nothing = open("/dev/null", O_RDWR), error;

	if (nodes->tied && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
		_exit(127);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(nothing, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (pipe_end != PIPE)
		dup2(pipe_end, PIPE);
	fcntl(PIPE, F_SETFD, FD_CLOEXEC);
	/* DPDK's own descriptors are not all closed by exec: one that lives on would hold a link open. */
	close_range(PIPE + 1, ~0u, 0);
	execlp(nodes->daemon, "wirelogd", "--config", configuration, (char *)NULL);
	error = errno;
	if (write(PIPE, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 once the child is wirelogd, or the negative errno that it told. */
static int wait_executed(pid_t pid, int pipe_end)
{
	int error = 0;
	ssize_t count;

	do
		count = read(pipe_end, &error, sizeof(error));
	while (count < 0 && errno == EINTR);
	if (count == 0)
		return 0;
	waitpid(pid, NULL, 0);
	return count == (ssize_t)sizeof(error) && error != 0 ? -error : -EIO;
}

static int fork_node(struct wl_demo_nodes *nodes, unsigned node, const char *configuration, int log)
{
	pid_t parent = getpid(), pid;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become_node(nodes, parent, configuration, log, ends[1]);
	error = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (error == 0)
		error = wait_executed(pid, ends[0]);
	close(ends[0]);
	if (error == 0)
		nodes->where.pids[node - 1] = pid;
	return error;
}

int wl_demo_node_start(struct wl_demo_nodes *nodes, unsigned node)
{
	char configuration[PATH_MAX], path[PATH_MAX];
	int log, error;

	name_file(nodes, node, "yaml", configuration);
	name_file(nodes, node, "log", path);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (log < 0)
		return -errno;
	error = fork_node(nodes, node, configuration, log);
	close(log);
	return error;
}

/* True when it is gone. Works for children and for nodes that another command started. */
static bool wait_gone(pid_t pid, int timeout_ms)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	bool gone = fd < 0;

	if (fd >= 0) {
		int count;

		do
			count = poll(&wanted, 1, timeout_ms);
		while (count < 0 && errno == EINTR);
		gone = count > 0;
		close(fd);
	}
	waitpid(pid, NULL, WNOHANG);
	return gone;
}

void wl_demo_node_kill(struct wl_demo_nodes *nodes, unsigned node)
{
	pid_t pid = nodes->where.pids[node - 1];

	if (wl_demo_node_is_alive(nodes, node)) {
		kill(pid, SIGKILL);
		wait_gone(pid, KILL_MS);
	}
	nodes->where.pids[node - 1] = 0;
}

/* 1 when it had to be killed. */
static unsigned wait_stopped(struct wl_demo_nodes *nodes, unsigned node, uint64_t until_ns)
{
	uint64_t now_ns = wl_clock_kernel_ns();
	int left_ms = until_ns > now_ns ? (int)((until_ns - now_ns) / 1000000u) : 0;
	unsigned killed = 0;

	if (wl_demo_node_is_alive(nodes, node) &&
	    !wait_gone(nodes->where.pids[node - 1], left_ms)) {
		wl_demo_node_kill(nodes, node);
		killed = 1;
	}
	/* One that had ended before leaves a zombie where it is our child. */
	if (nodes->where.pids[node - 1] > 0)
		waitpid(nodes->where.pids[node - 1], NULL, WNOHANG);
	nodes->where.pids[node - 1] = 0;
	return killed;
}

unsigned wl_demo_node_stop(struct wl_demo_nodes *nodes, unsigned node)
{
	if (wl_demo_node_is_alive(nodes, node))
		kill(nodes->where.pids[node - 1], SIGTERM);
	return wait_stopped(nodes, node, wl_clock_kernel_ns() + (uint64_t)STOP_MS * 1000000u);
}

unsigned wl_demo_nodes_stop(struct wl_demo_nodes *nodes)
{
	uint64_t until_ns = wl_clock_kernel_ns() + (uint64_t)STOP_MS * 1000000u;
	unsigned killed = 0;

	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++)
		if (wl_demo_node_is_alive(nodes, node))
			kill(nodes->where.pids[node - 1], SIGTERM);
	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++)
		killed += wait_stopped(nodes, node, until_ns);
	return killed;
}

/* ---- questions ---------------------------------------------------------------------------------- */

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

int wl_demo_node_change(const struct wl_demo_nodes *nodes, unsigned node, const char *request,
			json_t **answer, char *reason)
{
	int status =
		wl_stats_socket_change(nodes->where.run_directories[node - 1], request, answer);

	if (status != 0)
		snprintf(reason, WL_DEMO_REASON_BYTES, "node %u: %.1000s", node,
			 wl_stats_socket_reason());
	return status;
}

int wl_demo_node_journal(const struct wl_demo_nodes *nodes, unsigned node, json_t **status,
			 json_t **journal)
{
	int error = wl_stats_socket_ask(nodes->where.run_directories[node - 1], "/wirelog/status",
					status);

	*journal = error == 0 ? json_array_get(json_object_get(*status, "journals"), 0) : NULL;
	return error;
}

static void take_kept(const json_t *journal, struct wl_demo_facts *facts)
{
	const json_t *recovery = json_object_get(journal, "recovery");

	facts->trim_number = number_of(journal, "trim_number");
	facts->first_segment = number_of(json_object_get(journal, "begin"), "segment");
	facts->opened_from = number_of(json_object_get(journal, "bases"), "opened_from");
	facts->recovered_bytes = number_of(recovery, "bytes");
	facts->recovery_ns = number_of(recovery, "took_ns");
	facts->log_bytes = number_of(json_object_get(journal, "log"), "append_offset");
}

static bool ask_node(const struct wl_demo_nodes *nodes, unsigned node, struct wl_demo_facts *facts)
{
	json_t *status, *journal, *chain;

	memset(facts, 0, sizeof(*facts));
	if (wl_demo_node_journal(nodes, node, &status, &journal) != 0)
		return false;
	chain = json_object_get(journal, "chain");
	facts->answers = journal != NULL;
	facts->leads = strcmp(text_of(journal, "role"), "leader") == 0 &&
		       json_is_true(json_object_get(journal, "ready")) &&
		       !json_is_true(json_object_get(journal, "silent"));
	facts->leader = (uint32_t)number_of(journal, "leader");
	facts->term = number_of(journal, "term");
	facts->tail = number_of(json_object_get(journal, "tail"), "index");
	facts->commit = number_of(journal, "commit");
	facts->commit_number = number_of(journal, "commit_number");
	facts->chain_index = number_of(chain, "index");
	snprintf(facts->chain, sizeof(facts->chain), "%s", text_of(chain, "value"));
	take_kept(journal, facts);
	json_decref(status);
	return facts->answers;
}

unsigned wl_demo_nodes_ask(const struct wl_demo_nodes *nodes,
			   struct wl_demo_facts facts[WL_DEMO_NODES_MAX])
{
	unsigned leader = 0;

	memset(facts, 0, WL_DEMO_NODES_MAX * sizeof(facts[0]));
	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++) {
		struct wl_demo_facts *one = &facts[node - 1];

		ask_node(nodes, node, one);
		one->started = nodes->where.pids[node - 1] != 0;
		if (one->leads && (leader == 0 || one->term > facts[leader - 1].term))
			leader = node;
	}
	return leader;
}

bool wl_demo_node_choices(const struct wl_demo_nodes *nodes, unsigned node,
			  struct wl_demo_choices *choices)
{
	json_t *status, *worker, *idle, *memory;
	const char *disk;

	memset(choices, 0, sizeof(*choices));
	if (wl_stats_socket_ask(nodes->where.run_directories[node - 1], "/wirelog/status",
				&status) != 0)
		return false;
	worker = json_array_get(json_object_get(status, "workers"), 0);
	idle = json_object_get(worker, "idle");
	memory = json_object_get(status, "memory");
	snprintf(choices->memory, sizeof(choices->memory), "%s", text_of(memory, "reason"));
	if (choices->memory[0] == '\0')
		snprintf(choices->memory, sizeof(choices->memory), "%s pages",
			 text_of(memory, "pages"));
	snprintf(choices->idle, sizeof(choices->idle), "%s: %s", text_of(idle, "strategy"),
		 text_of(idle, "reason"));
	snprintf(choices->port, sizeof(choices->port), "%s", text_of(worker, "port"));
	/* The note begins with what it is about, and so does the line that it is put in. */
	disk = text_of(worker, "disk");
	if (strncmp(disk, IO_URING, strlen(IO_URING)) == 0)
		disk += strlen(IO_URING);
	snprintf(choices->disk, sizeof(choices->disk), "%s", disk);
	snprintf(choices->self_test, sizeof(choices->self_test), "%s",
		 text_of(worker, "self_test"));
	json_decref(status);
	return true;
}

/* ---- waiting ------------------------------------------------------------------------------------ */

/* A node that ended says why in its log. */
static int why_ended(const struct wl_demo_nodes *nodes, unsigned node, char *reason)
{
	char path[PATH_MAX], text[LOG_BYTES + 1] = "", sentence[1024];
	FILE *log;
	int status = 0;

	name_file(nodes, node, "log", path);
	log = fopen(path, "re");
	if (log != NULL) {
		if (fseek(log, -(long)LOG_BYTES, SEEK_END) != 0)
			rewind(log);
		text[fread(text, 1, LOG_BYTES, log)] = '\0';
		fclose(log);
		status = wl_demo_words_find_refusal(text, sentence, sizeof(sentence));
	}
	if (status == 0) {
		status = WIRELOG_DEMO_FAILED;
		wl_demo_words_find_last(text, sentence, sizeof(sentence));
	}
	snprintf(reason, WL_DEMO_REASON_BYTES, "node %u ended: %.400s (its log: %.1000s)", node,
		 sentence, path);
	return status;
}

int wl_demo_nodes_check(const struct wl_demo_nodes *nodes, char *reason)
{
	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++)
		if (nodes->where.pids[node - 1] != 0 && !wl_demo_node_is_alive(nodes, node))
			return why_ended(nodes, node, reason);
	return 0;
}

int wl_demo_nodes_look_after(const struct wl_demo_nodes *nodes, uint64_t until_ns, const char *what,
			     char *reason)
{
	int status;

	if (*nodes->interrupted) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "interrupted");
		return WIRELOG_CLOSED;
	}
	status = wl_demo_nodes_check(nodes, reason);
	if (status != 0)
		return status;
	if (wl_clock_kernel_ns() > until_ns) {
		snprintf(reason, WL_DEMO_REASON_BYTES,
			 "%s within the time allowed; logs: %s/node*.log", what,
			 nodes->where.directory);
		return WIRELOG_TIMED_OUT;
	}
	rest();
	return 0;
}

static bool all_follow(const struct wl_demo_nodes *nodes,
		       const struct wl_demo_facts facts[WL_DEMO_NODES_MAX], unsigned leader)
{
	if (leader == 0)
		return false;
	for (unsigned node = 1; node <= nodes->where.run_directory_count; node++)
		if (nodes->where.pids[node - 1] != 0 &&
		    (facts[node - 1].leader != leader ||
		     facts[node - 1].term != facts[leader - 1].term))
			return false;
	return true;
}

int wl_demo_nodes_wait_leader(struct wl_demo_nodes *nodes, uint64_t timeout_ns, unsigned *leader,
			      char *reason)
{
	uint64_t until_ns = wl_clock_kernel_ns() + timeout_ns;
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	int status;

	for (;;) {
		*leader = wl_demo_nodes_ask(nodes, facts);
		if (all_follow(nodes, facts, *leader))
			return 0;
		status = wl_demo_nodes_look_after(nodes, until_ns, "no leader was elected", reason);
		if (status != 0)
			return status;
	}
}

static bool are_caught_up(const struct wl_demo_facts facts[WL_DEMO_NODES_MAX], uint64_t number)
{
	uint64_t chain_index = 0;

	for (unsigned at = 0; at < WL_DEMO_NODES_MAX; at++) {
		if (!facts[at].started)
			continue;
		if (chain_index == 0)
			chain_index = facts[at].chain_index;
		if (!facts[at].answers || facts[at].commit_number < number ||
		    facts[at].chain_index == 0 || facts[at].chain_index != chain_index)
			return false;
	}
	return true;
}

static bool are_trimmed(const struct wl_demo_facts facts[WL_DEMO_NODES_MAX], uint64_t number)
{
	for (unsigned at = 0; at < WL_DEMO_NODES_MAX; at++)
		if (facts[at].started &&
		    (facts[at].trim_number < number || facts[at].first_segment == 0))
			return false;
	return true;
}

typedef bool holds(const struct wl_demo_facts facts[WL_DEMO_NODES_MAX], uint64_t number);

struct wanted {
	holds *holds;
	uint64_t number, timeout_ns;
	const char *else_what; /* what did not happen, when time is over */
};

static int wait_for(struct wl_demo_nodes *nodes, const struct wanted *wanted,
		    struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	uint64_t until_ns = wl_clock_kernel_ns() + wanted->timeout_ns;
	int status = 0;

	while (status == 0) {
		wl_demo_nodes_ask(nodes, facts);
		if (wanted->holds(facts, wanted->number))
			return 0;
		status = wl_demo_nodes_look_after(nodes, until_ns, wanted->else_what, reason);
	}
	return status;
}

int wl_demo_nodes_wait_caught_up(struct wl_demo_nodes *nodes, uint64_t number, uint64_t timeout_ns,
				 struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	const struct wanted wanted = {are_caught_up, number, timeout_ns,
				      "the nodes did not come into step"};

	return wait_for(nodes, &wanted, facts, reason);
}

int wl_demo_nodes_wait_trimmed(struct wl_demo_nodes *nodes, uint64_t number, uint64_t timeout_ns,
			       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	const struct wanted wanted = {are_trimmed, number, timeout_ns,
				      "the nodes did not give up what was trimmed"};

	return wait_for(nodes, &wanted, facts, reason);
}
