/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What wirelog-exporter and wirelog-web are alike as programs: they serve until SIGTERM or SIGINT, say where, and say what is wrong under
 * their own name. Thread: main, before any other is made.
 */
#ifndef WL_HTTP_PROGRAM_H
#define WL_HTTP_PROGRAM_H

#include <signal.h>

#include "http/http.h"

/* SIGTERM and SIGINT are left by all threads to who waits for *ends; nobody dies of a reader that has gone. */
void wl_http_program_take_signals(sigset_t *ends);
/* 0, or the exit code of a program that was told something else than ADDRESS:PORT. */
int wl_http_program_address(const char *name, const char *listen, struct sockaddr_storage *address);
/* Opens, prints the port, and tells systemd. NULL: why was told. */
struct wl_http *wl_http_program_open(const char *name, const char *listen,
				     const struct wl_http_config *config);

#endif
