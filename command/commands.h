/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subcommands of `wirelog`. Each gets its own words (argv[0] is the subcommand's name) and returns the
 * process's exit code, one of sysexits.h (`wirelog help exit-codes`). A wrong option ends the process with 64.
 */
#ifndef WL_COMMAND_COMMANDS_H
#define WL_COMMAND_COMMANDS_H

int wl_cmd_append(int argc, char **argv);
int wl_cmd_backup(int argc, char **argv);
int wl_cmd_capture(int argc, char **argv);
int wl_cmd_config(int argc, char **argv);
int wl_cmd_demo(int argc, char **argv);
int wl_cmd_doctor(int argc, char **argv);
int wl_cmd_dump(int argc, char **argv);
int wl_cmd_events(int argc, char **argv);
int wl_cmd_format(int argc, char **argv);
int wl_cmd_explain(int argc, char **argv);
int wl_cmd_end(int argc, char **argv);
int wl_cmd_outcome(int argc, char **argv);
int wl_cmd_key(int argc, char **argv);
int wl_cmd_status(int argc, char **argv);
int wl_cmd_top(int argc, char **argv);
int wl_cmd_tail(int argc, char **argv);
int wl_cmd_trim(int argc, char **argv);
int wl_cmd_tune(int argc, char **argv);
int wl_cmd_readmit(int argc, char **argv);
int wl_cmd_restore(int argc, char **argv);
int wl_cmd_consumer(int argc, char **argv);
int wl_cmd_limit(int argc, char **argv);
int wl_cmd_upgrade(int argc, char **argv);
int wl_cmd_member(int argc, char **argv);
int wl_cmd_unsafe_recover(int argc, char **argv);
int wl_cmd_transfer(int argc, char **argv);
int wl_cmd_step_down(int argc, char **argv);
int wl_cmd_stop(int argc, char **argv);
int wl_cmd_why(int argc, char **argv);
int wl_cmd_verify(int argc, char **argv);
int wl_cmd_workload(int argc, char **argv);

#endif
