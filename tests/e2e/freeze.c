/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * freeze PID THREAD-NAME MILLISECONDS: stops one thread of a process and lets it go again, while the others run. A
 * worker that the machine forgot looks like this from beside. Says "frozen TID" when it stands still. Exit 0; 77 when
 * the kernel does not allow it, 1 when there is no such thread.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t thread_of(const char *pid, const char *name)
{
	char path[512], text[64];
	struct dirent *entry;
	pid_t found = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	tasks = opendir(path);
	while (tasks && !found && (entry = readdir(tasks))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%.20s/task/%s/comm", pid, entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(text, sizeof(text), file)) {
			text[strcspn(text, "\n")] = '\0';
			if (strcmp(text, name) == 0)
				found = atoi(entry->d_name);
		}
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return found;
}

int main(int argc, char **argv)
{
	pid_t thread = argc == 4 ? thread_of(argv[1], argv[2]) : 0;
	int status;

	if (thread == 0) {
		fprintf(stderr,
			"freeze: no such thread (usage: freeze PID THREAD-NAME MILLISECONDS)\n");
		return 1;
	}
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0 ||
	    ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0) {
		fprintf(stderr, "freeze: %s\n", strerror(errno));
		return errno == EPERM ? 77 : 1;
	}
	if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) {
		fprintf(stderr, "freeze: the thread did not stop\n");
		return 1;
	}
	printf("frozen %d\n", (int)thread);
	fflush(stdout);
	usleep((useconds_t)atoi(argv[3]) * 1000);
	ptrace(PTRACE_DETACH, thread, NULL, NULL);
	return 0;
}
