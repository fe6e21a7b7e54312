/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_option.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/tool_parse.h"
#include "wirelog/limits.h"

void wl_tool_option_parse(const struct argp *argp, const char *name, int argc, char **argv,
			  void *options)
{
	static char shown[64];

	snprintf(shown, sizeof(shown), "%s", name);
	argv[0] = shown;
	argp_err_exit_status = EX_USAGE;
	argp_parse(argp, argc, argv, 0, NULL, options);
}

uint64_t wl_tool_option_number(const struct argp_state *state, const char *option, const char *text,
			       uint64_t least, uint64_t most)
{
	uint64_t number = 0;

	if (wl_tool_parse_number(text, &number) && number >= least && number <= most)
		return number;
	if (most == UINT64_MAX)
		argp_error(state, "%s: '%s' is not a number from %" PRIu64, option, text, least);
	else
		argp_error(state, "%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, option,
			   text, least, most);
	return least; /* argp_error has ended the process */
}

uint32_t wl_tool_option_journal(const struct argp_state *state, const char *text)
{
	return (uint32_t)wl_tool_option_number(state, "--journal", text, 0,
					       WIRELOG_JOURNALS_MAX - 1);
}
