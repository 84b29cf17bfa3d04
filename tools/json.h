/** @file
 * A thin layer over jansson, so that the subcommands need not know whether it was built in.
 *
 * Every function accepts NULL (out of memory, or no jansson) and then does nothing;
 * sonic_json_print() is what fails.
 */
#ifndef SONIC_TOOLS_JSON_H
#define SONIC_TOOLS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct json_t sonic_json;

bool sonic_json_available(void);

sonic_json *sonic_json_object(void);
/** Adds an empty object or array under a key (into an array: key NULL) and returns it, borrowed. */
sonic_json *sonic_json_put_object(sonic_json *in, const char *key);
sonic_json *sonic_json_put_array(sonic_json *in, const char *key);
void sonic_json_put_string(sonic_json *in, const char *key, const char *value);
void sonic_json_put_integer(sonic_json *in, const char *key, uint64_t value);
void sonic_json_put_real(sonic_json *in, const char *key, double value);
void sonic_json_put_bool(sonic_json *in, const char *key, bool value);
/** A hexadecimal string of n bytes, at most 64. */
void sonic_json_put_hex(sonic_json *in, const char *key, const uint8_t *bytes, size_t n);

/** Prints on stdout and frees.  @return false when it could not be made or printed */
bool sonic_json_print(sonic_json *json);

#endif
