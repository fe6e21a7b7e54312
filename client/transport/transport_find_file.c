/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the transports are. An application that uses kernel sockets has no need of DPDK: that transport is a
 * shared object of its own, opened when an endpoint asks for it. A program that was linked with it has it at hand.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/transport/transport.h"
#include "wirelog/status.h"

#define DPDK_OBJECT "libwirelog-dpdk.so.0"

typedef const struct wl_transport_ops *find_function(void);

static find_function *look_up(void *object)
{
	union {
		void *object;
		find_function *function; /* POSIX says that they convert, ISO C does not */
	} symbol = {.object = dlsym(object, "wirelog_dpdk_transport")};

	return symbol.function;
}

/* The one that stands beside ourselves, wherever we are installed, else the one that the loader finds. Never closed: DPDK
 * has threads and exit handlers. A second open finds the same one. */
static void *load(void)
{
	char path[PATH_MAX];
	const char *end;
	Dl_info own;
	int length;

	if (dladdr((void *)(uintptr_t)&wl_transport_find, &own) != 0 && own.dli_fname != NULL &&
	    (end = strrchr(own.dli_fname, '/')) != NULL) {
		length = snprintf(path, sizeof(path), "%.*s/" DPDK_OBJECT,
				  (int)(end - own.dli_fname), own.dli_fname);
		if (length < (int)sizeof(path) && access(path, R_OK) == 0)
			return dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	return dlopen(DPDK_OBJECT, RTLD_NOW | RTLD_LOCAL);
}

static const struct wl_transport_ops *open_object(char *reason, size_t reason_bytes)
{
	void *object = load();
	find_function *find = object ? look_up(object) : NULL;

	if (!object)
		snprintf(
			reason, reason_bytes,
			"memif: and dpdk: endpoints need " DPDK_OBJECT
			", which cannot be loaded (%s): install it beside libwirelog.so.0, with DPDK's libraries, or use "
			"udp: endpoints",
			dlerror());
	else if (!find)
		snprintf(reason, reason_bytes,
			 DPDK_OBJECT " is not wirelog's: install the one of this version");
	return find ? find() : NULL;
}

const struct wl_transport_ops *wl_transport_find(enum wl_endpoint_kind kind, char *reason,
						 size_t reason_bytes)
{
	const struct wl_transport_ops *ops;

	if (kind == WL_ENDPOINT_UDP)
		return wl_transport_udp();
	ops = wirelog_dpdk_transport ? wirelog_dpdk_transport() : open_object(reason, reason_bytes);
	if (!ops || ops->abi == WL_TRANSPORT_ABI)
		return ops;
	snprintf(reason, reason_bytes,
		 DPDK_OBJECT " belongs to another version of libwirelog: install both anew");
	return NULL;
}
