/* The table of subcommands. */
#include "tools/commands.h"

#include <stddef.h>

const sonic_command sonic_commands[] = {
    { "share-model", "owner: split a network into a share per server", sonic_command_share_model },
    { "deal", "dealer: make the servers' offline material", sonic_command_deal },
    { "serve", "one of the two servers", sonic_command_serve },
    { "share-input", "user: split images into a share per server", sonic_command_share_input },
    { "infer", "user: have the servers classify, and collect the result's shares",
      sonic_command_infer },
    { "reveal", "user: join the two shares of the result", sonic_command_reveal },
    { "plain", "the same network and numbers in the clear", sonic_command_plain },
    { "demo", "every role on this machine, and what it costs", sonic_command_demo },
    { "plan", "what inferences will take, with a dealer and without", sonic_command_plan },
    { "perf", "what a network takes on this machine, layer by layer", sonic_command_perf },
    { "compare", "what the ways to compare cost: this program's and the prior art's",
      sonic_command_compare },
    { "circuit", "a Boolean circuit between two sides, one garbles it", sonic_command_circuit },
    { "info", "what this machine can do, or what a file is", sonic_command_info },
    { NULL, NULL, NULL },
};
