/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of options, as argp's parsers take them. What is not one ends the process with 64 and a sentence that names the option, the
 * text and what is wanted.
 */
#ifndef WL_COMMAND_TOOL_OPTION_H
#define WL_COMMAND_TOOL_OPTION_H

#include <argp.h>
#include <stdint.h>

/* The whole command line, as `name` ("wirelog trim"); what is wrong with it ends the process with 64, and --help with 0. */
void wl_tool_option_parse(const struct argp *argp, const char *name, int argc, char **argv,
			  void *options);
/* A whole number (wl_tool_parse_number) from `least` to `most`; UINT64_MAX: without an end. */
uint64_t wl_tool_option_number(const struct argp_state *state, const char *option, const char *text,
			       uint64_t least, uint64_t most);
/* The number of a journal. */
uint32_t wl_tool_option_journal(const struct argp_state *state, const char *text);

#endif
