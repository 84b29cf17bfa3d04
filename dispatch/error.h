/** @file
 * How the library reports: one call that fills the error and returns its status.
 */
#ifndef SONIC_DISPATCH_ERROR_H
#define SONIC_DISPATCH_ERROR_H

#include <sonicnn/status.h>

/** Writes the sentence (printable ASCII only: other bytes become '?') and returns `status`, so that
 * callers write `return sonic_fail(error, SONIC_E_SHAPE, "layer %s: ...", name);`.  error may be
 * NULL. */
sonic_status sonic_fail(sonic_error *error, sonic_status status, const char *format, ...)
    SONIC_PRINTF(3, 4);

/** The same with the reason of a failed system call behind it: "cannot open x: permission denied".
 * @param code the errno of that call */
sonic_status sonic_fail_errno(sonic_error *error, sonic_status status, int code, const char *format,
                              ...) SONIC_PRINTF(4, 5);

/** Puts "<prefix>: " before the sentence already in error, and returns its status. */
sonic_status sonic_fail_in(sonic_error *error, sonic_status status, const char *prefix);

#endif
