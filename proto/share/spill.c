/* Whole reads and writes at an offset of an anonymous file. */
#include "proto/share/spill.h"

#include "dispatch/error.h"
#include "proto/share/file_bytes.h"

sonic_status sonic_spill_write(int fd, uint64_t at, const void *data, size_t n, sonic_error *error)
{
    int code = sonic_file_write_at(fd, data, n, at);
    if (code)
        return sonic_fail_errno(error, SONIC_E_FILE, code,
                                "cannot write the temporary file of prepared layers");
    return SONIC_OK;
}

sonic_status sonic_spill_read(int fd, uint64_t at, void *data, size_t n, sonic_error *error)
{
    int code = sonic_file_read_at(fd, data, n, at);
    if (code < 0)
        return sonic_fail(error, SONIC_E_FILE,
                          "the temporary file of prepared layers is too short");
    if (code)
        return sonic_fail_errno(error, SONIC_E_FILE, code,
                                "cannot read the temporary file of prepared layers");
    return SONIC_OK;
}
