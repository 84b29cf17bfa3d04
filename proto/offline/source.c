/* Sources of correlated randomness, by name. */
#include "proto/offline/source.h"

#include <string.h>

#include "dispatch/error.h"

static const struct {
    const char *name;
    unsigned k;
} sources[SONIC_SOURCES] = {
    [SONIC_SOURCE_DEALER] = {"dealer", 0}, [SONIC_SOURCE_OT1] = {"ot1", 1},
    [SONIC_SOURCE_OT2] = {"ot2", 2},       [SONIC_SOURCE_OT4] = {"ot4", 4},
    [SONIC_SOURCE_OT8] = {"ot8", 8},
};

const char *sonic_source_name(sonic_source source)
{
    return sources[source].name;
}

sonic_status sonic_source_parse(sonic_source *source, const char *name, sonic_error *error)
{
    const char *wanted = strcmp(name, "ot") == 0 ? sources[SONIC_SOURCE_OT4].name : name;
    for (unsigned s = 0; s < SONIC_SOURCES; s++)
        if (strcmp(wanted, sources[s].name) == 0) {
            *source = (sonic_source)s;
            return SONIC_OK;
        }
    return sonic_fail(error, SONIC_E_ARGUMENT,
                      "offline takes 'dealer', 'ot', 'ot1', 'ot2', 'ot4' or 'ot8', not '%s'", name);
}

unsigned sonic_source_k(sonic_source source)
{
    return sources[source].k;
}
