/* The program `sonicnn`: finds the subcommand and runs it. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tools/commands.h"

static const char intro[] = "Usage: sonicnn COMMAND [OPTION...]\n"
                            "Two servers that do not collude classify images with a neural "
                            "network; neither sees the network,\n"
                            "the images or the results.\n"
                            "\n";

static const char outro[] =
    "\n"
    "An inference from start to end:\n"
    "  owner     sonicnn share-model net.onnx -o net     (net.0 to server 0, net.1 to server 1)\n"
    "  dealer    sonicnn deal net.graph --count 100 -o pool\n"
    "  server 0  sonicnn serve net.0 --pool pool.0 --listen :7000 --peer :7010\n"
    "  server 1  sonicnn serve net.1 --pool pool.1 --listen :7001 --peer HOST0:7010\n"
    "  user      sonicnn share-input net.graph images.idx -o in\n"
    "            sonicnn infer in --server HOST0:7000 --server HOST1:7001 -o out\n"
    "            sonicnn reveal out\n"
    "Without a dealer: both servers with `--offline ot` in place of --pool; what it takes is said\n"
    "by `sonicnn plan net.onnx`.\n"
    "\n"
    "`sonicnn COMMAND --help` explains a command, `sonicnn --version` prints the version.\n";

static void print_help(FILE *out)
{
    fputs(intro, out);
    for (const sonic_command *c = sonic_commands; c->name; c++)
        fprintf(out, "  %-12s %s\n", c->name, c->help);
    fputs(outro, out);
}

/* A full disk or a closed pipe must not look like success. */
static int check_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "sonicnn: cannot write the output\n");
    return code ? code : SONIC_EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    /* A peer that is gone is an error of the channel, not the end of the process. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0) {
        fprintf(stderr, "sonicnn: libsodium could not be initialised\n");
        return SONIC_EXIT_FAILURE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return check_output(SONIC_EXIT_OK);
    }
    if (strcmp(name, "--version") == 0) {
        puts(PACKAGE_STRING);
        return check_output(SONIC_EXIT_OK);
    }
    for (const sonic_command *c = sonic_commands; c->name; c++)
        if (strcmp(name, c->name) == 0) {
            char shown[64];
            (void)snprintf(shown, sizeof shown, "sonicnn %s", name);
            argv[1] = shown;
            return check_output(c->run(argc - 1, argv + 1));
        }
    if (*name)
        fprintf(stderr, "sonicnn: there is no command '%s'; `sonicnn --help` lists them\n", name);
    else
        print_help(stderr);
    return SONIC_EXIT_USAGE;
}
