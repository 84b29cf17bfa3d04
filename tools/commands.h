/** @file
 * The subcommands, one function each; see tools/commands.c for the table.
 */
#ifndef SONIC_TOOLS_COMMANDS_H
#define SONIC_TOOLS_COMMANDS_H

#include "tools/cli.h"

/** Ends with an entry of NULLs. */
extern const sonic_command sonic_commands[];

int sonic_command_share_model(int argc, char **argv);
int sonic_command_share_input(int argc, char **argv);
int sonic_command_deal(int argc, char **argv);
int sonic_command_serve(int argc, char **argv);
int sonic_command_infer(int argc, char **argv);
int sonic_command_reveal(int argc, char **argv);
int sonic_command_plain(int argc, char **argv);
int sonic_command_demo(int argc, char **argv);
int sonic_command_plan(int argc, char **argv);
int sonic_command_perf(int argc, char **argv);
int sonic_command_compare(int argc, char **argv);
int sonic_command_circuit(int argc, char **argv);
int sonic_command_info(int argc, char **argv);

#endif
