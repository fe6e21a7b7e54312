/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_page.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command/demo/tool_demo_up.h"

#define START_MS 5000
#define WORDS_MAX (4 + 2 * WIRELOG_NODES_MAX + 1)

static bool find_program(const char *name, char path[PATH_MAX])
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (length <= 0)
		return false;
	own[length] = '\0';
	*(strrchr(own, '/') + 1) = '\0';
	return snprintf(path, PATH_MAX, "%s%s", own, name) < PATH_MAX && access(path, X_OK) == 0;
}

__attribute__((noreturn)) static void become(const char *path, const struct wl_demo_nodes *nodes,
					     pid_t parent, int out)
{
	const char *words[WORDS_MAX] = {path, "--until-gone", "--listen", "127.0.0.1:0"};
	int none = open("/dev/null", O_RDWR), used = 4;

	for (uint32_t at = 0; at < nodes->where.run_directory_count; at++) {
		words[used++] = "--run-directory";
		words[used++] = nodes->where.run_directories[at];
	}
	setsid();
	if (nodes->tied && (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent))
		_exit(1);
	dup2(none, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(none, STDERR_FILENO);
	execv(path, (char *const *)(uintptr_t)words);
	_exit(1);
}

/* "wirelog-web: port 41234": the port, or 0. */
static unsigned read_port(int in)
{
	struct pollfd wanted = {.fd = in, .events = POLLIN};
	char line[64];
	ssize_t got = poll(&wanted, 1, START_MS) > 0 ? read(in, line, sizeof(line) - 1) : 0;
	const char *port;

	line[got > 0 ? got : 0] = '\0';
	port = strstr(line, " port ");
	return port != NULL ? (unsigned)strtoul(port + strlen(" port "), NULL, 10) : 0;
}

static unsigned start(const char *name, const struct wl_demo_nodes *nodes)
{
	char path[PATH_MAX];
	pid_t parent = getpid(), pid;
	unsigned port = 0;
	int ends[2];

	if (!find_program(name, path) || pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become(path, nodes, parent, ends[1]);
	close(ends[1]);
	if (pid > 0)
		port = read_port(ends[0]);
	close(ends[0]);
	return port;
}

void wl_demo_page_begin(const struct wl_demo_nodes *nodes)
{
	unsigned page = start("wirelog-web", nodes), metrics = start("wirelog-exporter", nodes);

	if (page != 0)
		wl_demo_up_print("page", "http://localhost:%u/", page);
	else
		wl_demo_up_print("page", "wirelog-web did not start");
	if (metrics != 0)
		wl_demo_up_print("metrics", "http://localhost:%u/metrics", metrics);
}
