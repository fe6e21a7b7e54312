/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In a guest: runs what the host asks for, one command at a time, over the virtio port named "agent". For tests only.
 *
 *	asked:    RUN ID BYTES\n and so many bytes, for /bin/sh
 *	answered: DONE ID STATUS BYTES\n and what it wrote to stdout and stderr; a process that it left behind may go on writing
 *
 * Ends when the command is "quit".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"
#define COMMAND_BYTES 65536u

static int open_port(void)
{
	DIR *ports = opendir(PORTS);
	struct dirent *entry;
	char path[512], name[64];
	int port = -1;

	while (ports && port < 0 && (entry = readdir(ports)) != NULL) {
		FILE *file;

		snprintf(path, sizeof(path), PORTS "/%.255s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		snprintf(path, sizeof(path), "/dev/%.255s", entry->d_name);
		if (fgets(name, sizeof(name), file) && strcmp(name, "agent\n") == 0)
			port = open(path, O_RDWR | O_CLOEXEC);
		fclose(file);
	}
	if (ports)
		closedir(ports);
	return port;
}

/* Nothing can be read while nobody is at the host's end. */
static void read_all(int port, char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t got = read(port, bytes, count);

		if (got <= 0) {
			usleep(10000);
			continue;
		}
		bytes += got;
		count -= (size_t)got;
	}
}

static void write_all(int port, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t took = write(port, bytes, count);

		if (took <= 0) {
			usleep(10000);
			continue;
		}
		bytes += took;
		count -= (size_t)took;
	}
}

static void read_line(int port, char *line, size_t size)
{
	size_t used = 0;

	for (;;) {
		char byte;

		read_all(port, &byte, 1);
		if (byte == '\n')
			break;
		if (used + 1 < size)
			line[used++] = byte;
	}
	line[used] = '\0';
}

static int run(const char *command, int output)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		int nothing = open("/dev/null", O_RDONLY);

		dup2(nothing, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
		setsid();
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0)
		return 126;
	/* What others left behind comes to us, as we stand in for init. */
	while (waitpid(child, &status, 0) != child)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void answer(int port, const char *id, int status, int output)
{
	char head[128], part[4096];
	struct stat file = {.st_size = 0};
	off_t at = 0;

	fstat(output, &file);
	snprintf(head, sizeof(head), "DONE %s %d %lld\n", id, status, (long long)file.st_size);
	write_all(port, head, strlen(head));
	while (at < file.st_size) {
		size_t wanted = sizeof(part);
		ssize_t got;

		if ((off_t)wanted > file.st_size - at)
			wanted = (size_t)(file.st_size - at);
		got = pread(output, part, wanted, at);
		if (got <= 0)
			break;
		write_all(port, part, (size_t)got);
		at += got;
	}
}

int main(void)
{
	static char command[COMMAND_BYTES + 1];
	char line[128], id[32], path[] = "/tmp/said-XXXXXX";
	int port = open_port();

	if (port < 0) {
		fprintf(stderr, "agent: no port of that name\n");
		return 1;
	}
	for (;;) {
		unsigned bytes;
		int output, status;

		read_line(port, line, sizeof(line));
		if (sscanf(line, "RUN %31s %u", id, &bytes) != 2 || bytes > COMMAND_BYTES)
			continue;
		read_all(port, command, bytes);
		command[bytes] = '\0';
		if (strcmp(command, "quit") == 0)
			return 0;
		strcpy(path, "/tmp/said-XXXXXX");
		output = mkostemp(path, O_CLOEXEC);
		unlink(path);
		status = run(command, output);
		answer(port, id, status, output);
		close(output);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
