/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the host to a guest. For tests only.
 *
 *	talk guest SOCKET SECONDS COMMAND      runs it in the guest (agent.c), prints what it said, ends with its status
 *	talk monitor SOCKET SECONDS COMMAND    one line for QEMU's monitor, prints the answer
 *
 * Exit 75 when nobody answered in time, 64 for a wrong command line.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 75

static int peer = -1;
static uint64_t deadline_ms;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void give_up(const char *what)
{
	fprintf(stderr, "talk: %s\n", what);
	exit(NOBODY);
}

static void reach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (;;) {
		peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(peer, (struct sockaddr *)&address, sizeof(address)) == 0)
			return;
		close(peer);
		if (now_ms() >= deadline_ms)
			give_up("the guest is not there");
		usleep(50000);
	}
}

static void say(const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t took = send(peer, bytes, count, MSG_NOSIGNAL);

		if (took <= 0)
			give_up("the guest is gone");
		bytes += took;
		count -= (size_t)took;
	}
}

static size_t hear(char *bytes, size_t size)
{
	struct pollfd wait = {.fd = peer, .events = POLLIN};
	uint64_t now = now_ms();
	ssize_t got;

	if (now >= deadline_ms || poll(&wait, 1, (int)(deadline_ms - now)) <= 0)
		give_up("no answer in time");
	got = recv(peer, bytes, size, 0);
	if (got <= 0)
		give_up("the guest is gone");
	return (size_t)got;
}

/* The line of our answer; what was meant for who asked before and left is passed over. */
static void find_answer(const char *id, int *status, unsigned long long *bytes)
{
	char line[128], found[32];
	size_t used = 0;

	for (;;) {
		char byte;

		hear(&byte, 1);
		if (byte != '\n') {
			if (used + 1 < sizeof(line))
				line[used++] = byte;
			continue;
		}
		line[used] = '\0';
		used = 0;
		if (sscanf(line, "DONE %31s %d %llu", found, status, bytes) == 3 &&
		    strcmp(found, id) == 0)
			return;
	}
}

static int ask_guest(const char *command)
{
	char head[64], id[32], part[4096];
	unsigned long long bytes;
	int status;

	snprintf(id, sizeof(id), "%d.%llu", getpid(), (unsigned long long)now_ms());
	/* The line before may have been left unfinished. */
	snprintf(head, sizeof(head), "\nRUN %s %zu\n", id, strlen(command));
	say(head, strlen(head));
	say(command, strlen(command));
	find_answer(id, &status, &bytes);
	while (bytes > 0) {
		size_t got = hear(part, bytes < sizeof(part) ? (size_t)bytes : sizeof(part));

		fwrite(part, 1, got, stdout);
		bytes -= got;
	}
	return status;
}

/* Its prompt comes at once, and again behind the answer. */
static int ask_monitor(const char *command)
{
	static char text[65536];
	size_t used = 0;
	unsigned prompts = 0;

	while (prompts < 2 && used + 1 < sizeof(text)) {
		const char *at = text;

		used += hear(text + used, sizeof(text) - 1 - used);
		text[used] = '\0';
		for (prompts = 0; (at = strstr(at, "(qemu) ")) != NULL; at++)
			prompts++;
		if (prompts == 1 && strlen(command) > 0) {
			say(command, strlen(command));
			say("\n", 1);
			command = "";
		}
	}
	fwrite(text, 1, used, stdout);
	return 0;
}

int main(int count, char **arguments)
{
	bool guest = count == 5 && strcmp(arguments[1], "guest") == 0;

	if (!guest && (count != 5 || strcmp(arguments[1], "monitor") != 0)) {
		fprintf(stderr, "usage: talk guest|monitor SOCKET SECONDS COMMAND\n");
		return 64;
	}
	deadline_ms = now_ms() + strtoull(arguments[3], NULL, 10) * 1000u;
	reach(arguments[2]);
	return guest ? ask_guest(arguments[4]) : ask_monitor(arguments[4]);
}
