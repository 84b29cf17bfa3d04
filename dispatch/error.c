/* Filling a sonic_error. */
#include "dispatch/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

sonic_status sonic_fail(sonic_error *error, sonic_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        make_printable(error->text);
        error->status = status;
    }
    return status;
}

sonic_status sonic_fail_errno(sonic_error *error, sonic_status status, int code, const char *format,
                              ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        size_t used = strlen(error->text);
        (void)snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(code));
        char *reason = error->text + used + strlen(": ");
        if (used + strlen(": ") < sizeof error->text && *reason >= 'A' && *reason <= 'Z')
            *reason = (char)(*reason - 'A' + 'a');
        make_printable(error->text);
        error->status = status;
    }
    return status;
}

sonic_status sonic_fail_in(sonic_error *error, sonic_status status, const char *prefix)
{
    if (error) {
        char cause[sizeof error->text];
        memcpy(cause, error->text, sizeof cause);
        int used = snprintf(error->text, sizeof error->text, "%s: ", prefix);
        if (used > 0 && (size_t)used < sizeof error->text) {
            memcpy(error->text + used, cause, sizeof cause - (size_t)used);
            error->text[sizeof error->text - 1] = '\0';
        }
        make_printable(error->text);
        error->status = status;
    }
    return status;
}

const char *sonic_status_text(sonic_status status)
{
    switch (status) {
    case SONIC_OK: return "no error";
    case SONIC_E_ARGUMENT: return "invalid argument";
    case SONIC_E_SHAPE: return "invalid shape";
    case SONIC_E_RANGE: return "out of range";
    case SONIC_E_UNSUPPORTED: return "unsupported";
    case SONIC_E_POISONED: return "session failed before";
    case SONIC_E_MEMORY: return "out of memory";
    case SONIC_E_SYSTEM: return "system call failed";
    case SONIC_E_CLOSED: return "peer closed the channel";
    case SONIC_E_TIMEOUT: return "peer timed out";
    case SONIC_E_ADDRESS: return "address not usable";
    case SONIC_E_PEER: return "peer sent something malformed";
    case SONIC_E_MISMATCH: return "peer does not match";
    case SONIC_E_REFUSED: return "peer refused";
    case SONIC_E_FILE: return "file not accessible";
    case SONIC_E_FORMAT: return "file malformed or damaged";
    case SONIC_E_USED_UP: return "pool used up";
    default: return "unknown status";
    }
}
