/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

void wl_http_program_take_signals(sigset_t *ends)
{
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(ends);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGINT);
	sigprocmask(SIG_BLOCK, ends, NULL);
}

int wl_http_program_address(const char *name, const char *listen, struct sockaddr_storage *address)
{
	if (wl_http_parse_address(listen, address))
		return EX_OK;
	fprintf(stderr, "%s: --listen %s: it is ADDRESS:PORT\n", name, listen);
	return EX_USAGE;
}

struct wl_http *wl_http_program_open(const char *name, const char *listen,
				     const struct wl_http_config *config)
{
	uint16_t port;
	struct wl_http *http = wl_http_open(config, &port);

	if (http == NULL) {
		fprintf(stderr, "%s: %s: %s\n", name, listen,
			errno != 0 ? strerror(errno) : "it cannot be listened on");
		return NULL;
	}
	printf("%s: port %u\n", name, port);
	fflush(stdout);
	sd_notify(0, "READY=1");
	return http;
}
