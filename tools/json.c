/* A thin layer over jansson, with stubs for builds without it. */
#include "config.h"

#include "tools/json.h"

#include <stdio.h>

#ifdef HAVE_JANSSON
#include <jansson.h>

bool sonic_json_available(void)
{
    return true;
}

sonic_json *sonic_json_object(void)
{
    return json_object();
}

static void put(sonic_json *in, const char *key, json_t *value)
{
    if (!in)
        json_decref(value);
    else if (key)
        (void)json_object_set_new(in, key, value);
    else
        (void)json_array_append_new(in, value);
}

sonic_json *sonic_json_put_object(sonic_json *in, const char *key)
{
    json_t *value = json_object();
    put(in, key, value);
    return in ? value : NULL;
}

sonic_json *sonic_json_put_array(sonic_json *in, const char *key)
{
    json_t *value = json_array();
    put(in, key, value);
    return in ? value : NULL;
}

void sonic_json_put_string(sonic_json *in, const char *key, const char *value)
{
    put(in, key, json_string(value));
}

void sonic_json_put_integer(sonic_json *in, const char *key, uint64_t value)
{
    put(in, key, json_integer((json_int_t)value));
}

void sonic_json_put_real(sonic_json *in, const char *key, double value)
{
    put(in, key, json_real(value));
}

void sonic_json_put_bool(sonic_json *in, const char *key, bool value)
{
    put(in, key, json_boolean(value));
}

bool sonic_json_print(sonic_json *json)
{
    if (!json)
        return false;
    int rc =
        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    json_decref(json);
    return rc == 0 && putchar('\n') != EOF && fflush(stdout) == 0;
}

#else

bool sonic_json_available(void)
{
    return false;
}

sonic_json *sonic_json_object(void)
{
    return NULL;
}

sonic_json *sonic_json_put_object(sonic_json *in, const char *key)
{
    (void)in, (void)key;
    return NULL;
}

sonic_json *sonic_json_put_array(sonic_json *in, const char *key)
{
    (void)in, (void)key;
    return NULL;
}

void sonic_json_put_string(sonic_json *in, const char *key, const char *value)
{
    (void)in, (void)key, (void)value;
}

void sonic_json_put_integer(sonic_json *in, const char *key, uint64_t value)
{
    (void)in, (void)key, (void)value;
}

void sonic_json_put_real(sonic_json *in, const char *key, double value)
{
    (void)in, (void)key, (void)value;
}

void sonic_json_put_bool(sonic_json *in, const char *key, bool value)
{
    (void)in, (void)key, (void)value;
}

bool sonic_json_print(sonic_json *json)
{
    (void)json;
    return false;
}

#endif

void sonic_json_put_hex(sonic_json *in, const char *key, const uint8_t *bytes, size_t n)
{
    char text[129] = "";
    for (size_t i = 0; i < n && i < 64; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    sonic_json_put_string(in, key, text);
}
