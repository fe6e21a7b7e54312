/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/storage_watch.h"

#include <errno.h>

#include "wirelog/status.h"

static bool is_want_of_room(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

/* Reads fail one by one: the trouble lasts until none has for a while. */
static bool reads_fail(struct wl_storage_watch *watch, const struct wl_storage_status *status,
		       uint64_t now_ns)
{
	if (status->reads_failed != watch->reads_failed) {
		watch->reads_failed = status->reads_failed;
		watch->read_failed_ns = now_ns;
	}
	return watch->reads_failed != 0 &&
	       now_ns - watch->read_failed_ns < WL_STORAGE_READS_QUIET_NS;
}

static bool is_on(struct wl_storage_watch *watch, const struct wl_storage_status *status,
		  enum wl_storage_trouble trouble, uint64_t now_ns)
{
	switch (trouble) {
	case WL_STORAGE_WRITE_FAILED:
		return status->write_error != 0;
	case WL_STORAGE_SEGMENT_FAILED:
		return status->segment_error != 0 && !is_want_of_room(status->segment_error);
	case WL_STORAGE_FULL:
		return is_want_of_room(status->segment_error);
	case WL_STORAGE_OPEN_FAILED:
		return status->open_error != 0;
	case WL_STORAGE_SILENT:
		return status->silent_ns >= WL_STORAGE_SILENT_NS;
	case WL_STORAGE_MAKER_SILENT:
		return status->segment_awaited_ns >= WL_STORAGE_SILENT_NS;
	case WL_STORAGE_READS_FAIL:
		return reads_fail(watch, status, now_ns);
	case WL_STORAGE_TROUBLES:
		break;
	}
	return false;
}

static struct wl_storage_line describe(const struct wl_storage_status *status,
				       enum wl_storage_trouble trouble)
{
	struct wl_storage_line line = {.trouble = trouble};

	switch (trouble) {
	case WL_STORAGE_WRITE_FAILED:
		line.error = status->write_error;
		line.offset = status->write_error_offset;
		break;
	case WL_STORAGE_SEGMENT_FAILED:
	case WL_STORAGE_FULL:
		line.error = status->segment_error;
		line.offset = status->segment_error_offset;
		break;
	case WL_STORAGE_OPEN_FAILED:
		line.error = status->open_error;
		line.offset = status->open_error_offset;
		break;
	case WL_STORAGE_SILENT:
		line.count = status->silent_ns / 1000000;
		break;
	case WL_STORAGE_MAKER_SILENT:
		line.count = status->segment_awaited_ns / 1000000;
		break;
	case WL_STORAGE_READS_FAIL:
		line.error = status->read_error;
		line.offset = status->read_error_offset;
		line.count = status->reads_failed;
		break;
	case WL_STORAGE_TROUBLES:
		break;
	}
	return line;
}

unsigned wl_storage_watch_look(struct wl_storage_watch *watch,
			       const struct wl_storage_status *status, uint64_t now_ns,
			       struct wl_storage_line lines[WL_STORAGE_TROUBLES])
{
	unsigned count = 0;

	for (unsigned trouble = 0; trouble < WL_STORAGE_TROUBLES; trouble++) {
		bool on = is_on(watch, status, trouble, now_ns);
		bool was = watch->troubles[trouble].on;

		if (on == was &&
		    (!on || now_ns - watch->troubles[trouble].said_ns < WL_STORAGE_AGAIN_NS))
			continue;
		watch->troubles[trouble].on = on;
		watch->troubles[trouble].said_ns = now_ns;
		lines[count] = describe(status, trouble);
		lines[count].begins = on && !was;
		lines[count].ends = !on;
		count++;
	}
	return count;
}

const char *wl_storage_trouble_name(enum wl_storage_trouble trouble)
{
	static const char *const names[] = {"write_failed", "segment_failed", "device_full",
					    "open_failed",  "drive_silent",   "maker_silent",
					    "reads_fail"};

	return (unsigned)trouble < WL_STORAGE_TROUBLES ? names[trouble] : "unknown";
}

int wl_storage_trouble_code(enum wl_storage_trouble trouble)
{
	static const int codes[] = {WIRELOG_STORE_FAILED, WIRELOG_SEGMENT_FAILED,
				    WIRELOG_NO_SPACE,	  WIRELOG_SEGMENT_FAILED,
				    WIRELOG_DRIVE_SILENT, WIRELOG_DRIVE_SILENT,
				    WIRELOG_READ_FAILED};

	return (unsigned)trouble < WL_STORAGE_TROUBLES ? codes[trouble] : WIRELOG_INTERNAL;
}
