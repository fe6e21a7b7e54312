/* SPDX-License-Identifier: BSD-3-Clause */
/* Control-C and SIGTERM of a command that has something to finish. */
#ifndef WL_COMMAND_TOOL_INTERRUPT_H
#define WL_COMMAND_TOOL_INTERRUPT_H

#include <signal.h>

/* What a command ends with that was interrupted: 128 and SIGINT's number, as shells say it. */
#define WL_INTERRUPT_EXIT 130

/* Not 0 after a signal. Whoever works in turns looks at it between them; only the handler writes it. */
extern volatile sig_atomic_t wl_interrupted;

/* From now on the first `signal` sets wl_interrupted. A second one kills: who asks twice does not want to wait. */
void wl_interrupt_on(int signal);

/* The same for SIGINT and SIGTERM. */
void wl_interrupt_catch(void);

#endif
