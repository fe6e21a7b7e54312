/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_opening_dpdk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/base/sentence.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/eal_explain.h"
#include "wirelog/status.h"

#define LOG_BYTES 4096u

int wl_port_opening_fail(const struct wl_opening *opening, int status, const char *what)
{
	struct wl_sentence reason =
		wl_sentence_begin(opening->words->reason, sizeof(opening->words->reason));

	wl_sentence_add(&reason, opening->subject);
	wl_sentence_add(&reason, ": ");
	wl_sentence_add(&reason, what);
	return status;
}

int wl_port_opening_explain(const struct wl_opening *opening, int error)
{
	char text[LOG_BYTES];
	int status;

	wl_eal_log_since(opening->mark, text, sizeof(text));
	if (text[0] == '\0' && error != 0)
		snprintf(text, sizeof(text), "%s", strerror(error < 0 ? -error : error));
	status = wl_eal_explain(text, opening->subject, opening->words->reason,
				sizeof(opening->words->reason));
	return status == WIRELOG_EAL_FAILED ? WIRELOG_EAL_DEVICE : status;
}

void wl_port_opening_note(const struct wl_opening *opening, const char *format, ...)
{
	char *text = opening->words->note;
	size_t used = strlen(text), size = sizeof(opening->words->note);
	va_list arguments;

	if (used > 0 && used + 2 < size) {
		memcpy(text + used, "; ", 3);
		used += 2;
	}
	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}
