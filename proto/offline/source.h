/** @file
 * Where a session's correlated randomness comes from, by name.
 */
#ifndef SONIC_PROTO_OFFLINE_SOURCE_H
#define SONIC_PROTO_OFFLINE_SOURCE_H

#include <sonicnn/status.h>

typedef enum sonic_source {
    SONIC_SOURCE_DEALER, /**< pools that a third party dealt */
    SONIC_SOURCE_OT1,    /**< the servers alone, by oblivious transfers extended with SoftSpokenOT,
                              k = 1, 2, 4 or 8: 16 / k bytes a transfer, 2^k / k AES calls */
    SONIC_SOURCE_OT2,
    SONIC_SOURCE_OT4,
    SONIC_SOURCE_OT8,
    SONIC_SOURCES
} sonic_source;

/** "dealer", "ot1", "ot2", "ot4", "ot8". */
const char *sonic_source_name(sonic_source source);
/** The inverse; "ot" is ot4.  @return SONIC_E_ARGUMENT, with a sentence that lists the names */
SONIC_MUST_CHECK sonic_status sonic_source_parse(sonic_source *source, const char *name,
                                                 sonic_error *error);
/** SoftSpokenOT's k; 0 for the dealer. */
unsigned sonic_source_k(sonic_source source);

#endif
