/** @file
 * Whole reads and writes at an offset of the anonymous file that holds what is made before the
 * input comes.  Its contents are as secret as the pool.
 */
#ifndef SONIC_PROTO_SHARE_SPILL_H
#define SONIC_PROTO_SHARE_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include <sonicnn/status.h>

/** @return SONIC_E_FILE with the system's reason */
SONIC_MUST_CHECK sonic_status sonic_spill_write(int fd, uint64_t at, const void *data, size_t n,
                                                sonic_error *error);
/** Every byte was written before.  @return SONIC_E_FILE */
SONIC_MUST_CHECK sonic_status sonic_spill_read(int fd, uint64_t at, void *data, size_t n,
                                               sonic_error *error);

#endif
