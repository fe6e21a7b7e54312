/* SPDX-License-Identifier: BSD-3-Clause */
/* What DPDK 22.11 says when it does not start, and what an operator must be told of it. */
#ifndef WL_TESTS_SIM_SERVER_MACHINE_WORDS_H
#define WL_TESTS_SIM_SERVER_MACHINE_WORDS_H

struct sim_machine_words {
	const char *text; /* all that EAL logged and printed */
	int status;
	const char *named; /* stands in the sentence */
};

extern const struct sim_machine_words sim_machine_words[];

#endif
