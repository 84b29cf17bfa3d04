/** @file
 * What the subcommands share: exit codes, error lines, parsing of options.
 */
#ifndef SONIC_TOOLS_CLI_H
#define SONIC_TOOLS_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/context.h"
#include "proto/model/model.h"
#include "proto/offline/relu_plan.h"

enum { SONIC_EXIT_OK = 0, SONIC_EXIT_FAILURE = 1, SONIC_EXIT_USAGE = 2 };

/** The end of every --help. */
#define SONIC_CLI_EXIT_CODES \
    "Exit code: 0 done, 1 failed (one sentence on stderr says why), 2 wrong usage."

/** A subcommand: `run` gets argv with argv[0] = "sonicnn NAME" and returns an exit code. */
typedef struct sonic_command {
    const char *name;
    const char *help; /**< one line */
    int (*run)(int argc, char **argv);
} sonic_command;

/** Parses a subcommand's arguments into `input`; leaves the process on --help or wrong usage. */
void sonic_cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/** Prints "sonicnn: SENTENCE" on stderr unless error is NULL, and returns SONIC_EXIT_FAILURE. */
int sonic_cli_report(const sonic_error *error);

/** An unsigned number in [low, high]; anything else is wrong usage of `option`. */
uint64_t sonic_cli_number(const struct argp_state *state, const char *option, const char *text,
                          uint64_t low, uint64_t high);
/** Seconds, fractions allowed, as milliseconds. */
int sonic_cli_seconds(const struct argp_state *state, const char *option, const char *text);

/** Ways of comparing and sources of material that do not go together are wrong usage. */
void sonic_cli_fit(const struct argp_state *state, sonic_methods methods);

/** From now on SIGINT and SIGTERM set the flag that is returned, once; a second signal ends the
 * process as usual. */
const volatile int *sonic_cli_catch_signals(void);

/** "BASE.suffix", malloc'ed. */
sonic_status sonic_cli_path(char **path, const char *base, const char *suffix, sonic_error *error);

/** A byte count for people: "12.3 MB"; a count of other things: "12.3 M". */
void sonic_cli_bytes(char text[16], double bytes);
void sonic_cli_count(char text[16], double count);

/** A shape for people: "3x32x32", "-" without dimensions. */
void sonic_cli_shape(char text[48], const sonic_shape *shape);

/** Reads all data of a container, so that every checksum is checked. */
SONIC_MUST_CHECK sonic_status sonic_cli_check_data(sonic_reader *reader, sonic_error *error);

/** "HOST:PORT" of an address with another port. */
void sonic_cli_address(char text[128], const char *address, unsigned port);

/** @name Options shared by several subcommands, as argp children */
/**@{*/
extern const struct argp sonic_cli_context_argp;  /**< --tier, --threads: a sonic_context_options */
extern const struct argp sonic_cli_json_argp;     /**< --json: a bool */
extern const struct argp sonic_cli_relu_argp;     /**< --relu: a sonic_relu */
extern const struct argp sonic_cli_offline_argp;  /**< --offline: a sonic_source */
extern const struct argp sonic_cli_quantise_argp; /**< --ring ...: a sonic_quantise_options */
/**@}*/

#endif
