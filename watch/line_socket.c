/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/line_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "stats.sock"

void wl_line_hang_up(struct wl_line *line, int64_t now_ms)
{
	if (line->fd >= 0)
		close(line->fd);
	*line = (struct wl_line){.fd = -1, .due_ms = now_ms + WL_LINE_DIAL_MS};
}

/* A socket of this kind connects at once or not at all. */
void wl_line_dial(struct wl_line *line, const char *run_directory, int64_t now_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SOCKET_NAME,
			      run_directory);

	line->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (line->fd < 0 || length >= (int)sizeof(address.sun_path) ||
	    connect(line->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		wl_line_hang_up(line, now_ms);
		return;
	}
	line->due_ms = line->asked_ms = now_ms;
}

void wl_line_say(struct wl_line *line, const char *request, int64_t now_ms)
{
	if (send(line->fd, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		wl_line_hang_up(line, now_ms);
		return;
	}
	line->asked_ms = now_ms;
	line->waits = true;
}

int64_t wl_line_until_ms(const struct wl_line *line, int64_t patience_ms)
{
	return line->waits ? line->asked_ms + patience_ms : line->due_ms;
}

json_t *wl_line_unwrap(const char *request, const char *text, size_t size)
{
	json_t *whole = json_loadb(text, size, 0, NULL);
	char name[64];
	json_t *value;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(request, ","), request);
	value = json_incref(json_object_get(whole, name));
	json_decref(whole);
	return value;
}
