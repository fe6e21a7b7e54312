/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog workload`: makes test data. Returns an exit code of sysexits; a wrong option exits. */
#ifndef WL_COMMAND_CMD_WORKLOAD_H
#define WL_COMMAND_CMD_WORKLOAD_H

int cmd_workload(int argc, char **argv);

#endif
