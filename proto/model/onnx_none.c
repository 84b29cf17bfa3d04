/* Stands for the importer where the library was configured without it. */
#include "proto/model/model.h"

#include "dispatch/error.h"

sonic_status sonic_model_import(sonic_model *model, const char *path, sonic_error *error)
{
    *model = (sonic_model){0};
    return sonic_fail(error, SONIC_E_UNSUPPORTED,
                      "'%.200s' cannot be imported: sonicnn was built without protobuf-c", path);
}
