/* libsodium's group: constant time by its own claim, but for the question whether points are valid,
 * whose answer is public, as is that whether a peer's proof is right.  The linker (--wrap) puts these between: they ask it about copies that
 * are not secret, and what it computes is secret again. */
#include "tests/constant_time.h"

#include <stdint.h>
#include <string.h>

#include <sodium.h>

enum { BYTES = 32 }; /* of points and of scalars */

_Static_assert(BYTES == crypto_core_ristretto255_BYTES, "");
_Static_assert(BYTES == crypto_core_ristretto255_SCALARBYTES, "");

typedef struct opened {
    uint8_t bytes[BYTES];
} opened;

static opened open_copy(const uint8_t *secret)
{
    opened copy;
    memcpy(copy.bytes, secret, BYTES);
    secret_open(copy.bytes, BYTES);
    return copy;
}

static int hide_result(int status, uint8_t *result)
{
    secret_hide(result, BYTES);
    return status;
}

#define BINARY(name)                                                                               \
    int __real_##name(uint8_t *r, const uint8_t *p, const uint8_t *q);                             \
    int __wrap_##name(uint8_t *r, const uint8_t *p, const uint8_t *q);                             \
    int __wrap_##name(uint8_t *r, const uint8_t *p, const uint8_t *q)                              \
    {                                                                                              \
        const opened a = open_copy(p), b = open_copy(q);                                           \
        return hide_result(__real_##name(r, a.bytes, b.bytes), r);                                 \
    }

BINARY(crypto_core_ristretto255_add)
BINARY(crypto_core_ristretto255_sub)
BINARY(crypto_scalarmult_ristretto255)

int __real_crypto_scalarmult_ristretto255_base(uint8_t *r, const uint8_t *scalar);
int __wrap_crypto_scalarmult_ristretto255_base(uint8_t *r, const uint8_t *scalar);
int __real_crypto_core_ristretto255_is_valid_point(const uint8_t *point);
int __wrap_crypto_core_ristretto255_is_valid_point(const uint8_t *point);
int __real_sodium_is_zero(const uint8_t *bytes, size_t n);
int __wrap_sodium_is_zero(const uint8_t *bytes, size_t n);

int __wrap_crypto_scalarmult_ristretto255_base(uint8_t *r, const uint8_t *scalar)
{
    const opened a = open_copy(scalar);
    return hide_result(__real_crypto_scalarmult_ristretto255_base(r, a.bytes), r);
}

int __wrap_crypto_core_ristretto255_is_valid_point(const uint8_t *point)
{
    const opened a = open_copy(point);
    return __real_crypto_core_ristretto255_is_valid_point(a.bytes);
}

int __wrap_sodium_is_zero(const uint8_t *bytes, size_t n)
{
    constant_time_require(n == BYTES, "%zu bytes are no point", n);
    const opened a = open_copy(bytes);
    return __real_sodium_is_zero(a.bytes, n);
}

int __real_sodium_memcmp(const void *a, const void *b, size_t n);
int __wrap_sodium_memcmp(const void *a, const void *b, size_t n);

int __wrap_sodium_memcmp(const void *a, const void *b, size_t n)
{
    int differs = __real_sodium_memcmp(a, b, n);
    secret_open(&differs, sizeof differs);
    return differs;
}
