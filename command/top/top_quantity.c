/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "command/tool_format.h"
#include "command/top/top_screen.h"

/* Three figures. */
static const char *three(double value, const char *unit, char cell[WL_TOP_CELL])
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(cell, WL_TOP_CELL, "%.*f%s", digits, value, unit);
	return cell;
}

const char *wl_top_span(int64_t ns, char cell[WL_TOP_CELL])
{
	const int64_t second = 1000000000;

	if (ns < 0)
		return "-";
	if (ns == 0)
		return "0 ms";
	if (ns < 10 * second)
		wl_tool_format_duration((uint64_t)ns, cell, WL_TOP_CELL);
	else if (ns < 120 * second)
		snprintf(cell, WL_TOP_CELL, "%" PRId64 " s", ns / second);
	else if (ns < 7200 * second)
		snprintf(cell, WL_TOP_CELL, "%" PRId64 " min", ns / second / 60);
	else if (ns < 172800 * second)
		snprintf(cell, WL_TOP_CELL, "%" PRId64 " h", ns / second / 3600);
	else
		snprintf(cell, WL_TOP_CELL, "%" PRId64 " d", ns / second / 86400);
	return cell;
}

static const char *scaled(double value, bool whole, char cell[WL_TOP_CELL])
{
	static const char *const units[] = {" k", " M", " G", " T"};
	int unit = -1;

	if (!(value >= 0) || value > 1e18)
		return "-";
	if (value < 9999.5) {
		snprintf(cell, WL_TOP_CELL, "%.*f", whole || value == 0 || value >= 9.95 ? 0 : 1,
			 value);
		return cell;
	}
	for (; unit < 3 && (value >= 999.5 || unit < 0); unit++)
		value /= 1000;
	return three(value, units[unit], cell);
}

const char *wl_top_count(int64_t count, char cell[WL_TOP_CELL])
{
	return scaled((double)count, true, cell);
}

const char *wl_top_rate(double per_s, char cell[WL_TOP_CELL])
{
	return scaled(per_s, false, cell);
}

const char *wl_top_bytes(double bytes, char cell[WL_TOP_CELL])
{
	static const char *const units[] = {" KiB", " MiB", " GiB", " TiB", " PiB"};
	int unit = -1;

	if (!(bytes >= 0) || bytes > 1e18)
		return "-";
	if (bytes < 1024) {
		snprintf(cell, WL_TOP_CELL, "%.0f B", bytes);
		return cell;
	}
	for (; unit < 4 && (bytes >= 999.5 || unit < 0); unit++)
		bytes /= 1024;
	return three(bytes, units[unit], cell);
}

const char *wl_top_percent(double share, char cell[WL_TOP_CELL])
{
	if (!(share >= 0) || share > 1e6)
		return "-";
	snprintf(cell, WL_TOP_CELL, "%.*f %%", share > 0 && share < 0.00995 ? 1 : 0, share * 100);
	return cell;
}

const char *wl_top_number(int64_t number, char cell[WL_TOP_CELL])
{
	if (number < 0)
		return "-";
	snprintf(cell, WL_TOP_CELL, "%" PRId64, number);
	return cell;
}
