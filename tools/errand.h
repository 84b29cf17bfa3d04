/** @file
 * What a user does at one server: bring a share, wait, fetch a share; private to `sonicnn infer`.
 */
#ifndef SONIC_TOOLS_ERRAND_H
#define SONIC_TOOLS_ERRAND_H

#include "proto/channel/tcp.h"
#include "tools/blocks.h"
#include "tools/incoming.h"
#include "tools/progress.h"

struct sonic_errands;

typedef struct sonic_errand {
    unsigned party;
    const volatile int *stop; /**< may be NULL */
    sonic_reader *input;
    int fd;         /**< of the input's file, whole */
    uint64_t bytes; /**< of it */
    sonic_incoming result;
    uint64_t result_most; /**< bytes a result may have */
    sonic_channel *channel;
    sonic_greeting greeting; /**< the server's; then the user's own */
    struct sonic_errands *both;
    uint64_t done, total; /**< batches */
    bool ended;
    sonic_status status;
    sonic_error error;
} sonic_errand;

/** Opens and checks IN.party, and makes room for OUT.party. */
SONIC_MUST_CHECK sonic_status sonic_errand_open(sonic_errand *errand,
                                                const sonic_infer_options *options, unsigned party,
                                                sonic_error *error);
/** Compares the server's greeting with the input, and writes the user's. */
SONIC_MUST_CHECK sonic_status sonic_errand_prepare(sonic_errand *errand,
                                                   const uint8_t request[SONIC_ID_BYTES],
                                                   sonic_error *error);
/** Does both errands at the same time; the first failure is reported and ends the other one. */
SONIC_MUST_CHECK sonic_status sonic_errands_run(sonic_errand errand[2], sonic_bar *bar,
                                                sonic_error *error);
void sonic_errand_free(sonic_errand *errand);

#endif
