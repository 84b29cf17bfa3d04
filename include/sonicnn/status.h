/** @file
 * Statuses and errors.
 *
 * Every function that can fail returns a #sonic_status and takes a `sonic_error *` as its last
 * argument (it may be NULL).  The first function that knows the cause writes one sentence that
 * names the thing (file, layer, peer, argument); callers pass it on.  Outputs are unchanged or
 * zeroised on failure.  The library never prints and never exits.
 */
#ifndef SONICNN_STATUS_H
#define SONICNN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SONIC_API __attribute__((visibility("default")))
#define SONIC_MUST_CHECK __attribute__((warn_unused_result))
#define SONIC_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SONIC_API
#define SONIC_MUST_CHECK
#define SONIC_PRINTF(f, a)
#endif

/** 0, or a negative value whose hundreds say what broke: -1xx the caller's argument, -2xx a
 * resource of this machine, -3xx the channel, -4xx the peer, -5xx a file. */
typedef int sonic_status;

enum {
    SONIC_OK = 0,
    SONIC_E_ARGUMENT = -100,    /**< an argument that can never be right */
    SONIC_E_SHAPE = -101,       /**< shapes that do not fit each other, or overflow a size */
    SONIC_E_RANGE = -102,       /**< the range proof fails, or a value leaves the proven range */
    SONIC_E_UNSUPPORTED = -103, /**< a well-formed model asks for what the library does not do */
    SONIC_E_POISONED = -104,    /**< the session failed before and must not be used again */
    SONIC_E_MEMORY = -200,      /**< memory could not be had */
    SONIC_E_SYSTEM = -201,      /**< a system call failed */
    SONIC_E_CLOSED = -300,      /**< the peer closed the channel */
    SONIC_E_TIMEOUT = -301,     /**< no byte moved within the timeout */
    SONIC_E_ADDRESS = -302,     /**< an address cannot be resolved, bound or reached */
    SONIC_E_PEER = -400,        /**< the peer sent something malformed */
    SONIC_E_MISMATCH = -401,    /**< the peer is at another model, ring, pool, party or version */
    SONIC_E_REFUSED = -402,     /**< the peer refused and said why */
    SONIC_E_FILE = -500,        /**< a file cannot be opened, read or written */
    SONIC_E_FORMAT = -501,      /**< a file's contents are malformed or damaged */
    SONIC_E_USED_UP = -502,     /**< a pool has no unused material left */
};

/** The cause of a failure, for a person. */
typedef struct sonic_error {
    sonic_status status;
    char text[320]; /**< one sentence, NUL-terminated, printable ASCII, never a secret */
} sonic_error;

/** A few words for a status, static storage, never NULL.  Thread safe. */
SONIC_API const char *sonic_status_text(sonic_status status);

#ifdef __cplusplus
}
#endif
#endif
