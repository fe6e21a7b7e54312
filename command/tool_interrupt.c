/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_interrupt.h"

volatile sig_atomic_t wl_interrupted;

static void on_signal(int signal)
{
	(void)signal;
	wl_interrupted = 1;
}

void wl_interrupt_on(int signal)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

void wl_interrupt_catch(void)
{
	wl_interrupt_on(SIGINT);
	wl_interrupt_on(SIGTERM);
}
