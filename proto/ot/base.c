/* Masny and Rindal's oblivious transfer over libsodium's ristretto255. */
#include "proto/ot/base.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/share/file_bytes.h"
#include "proto/share/random.h"

enum {
    POINT = crypto_core_ristretto255_BYTES,
    SCALAR = crypto_core_ristretto255_SCALARBYTES,
    WIDE = crypto_core_ristretto255_HASHBYTES, /* of uniform points and of uniform scalars */
    PERSONAL = crypto_generichash_blake2b_PERSONALBYTES,
    /* Transfers a message: the sender waits for the first message while the receiver works on it,
     * 0.1 ms a transfer on a 2.8 GHz Ice Lake. */
    BATCH = 8
};

_Static_assert(WIDE == crypto_core_ristretto255_NONREDUCEDSCALARBYTES, "one size serves both");

/* What the two oracles are asked: the points that follow the head are one, or three. */
typedef struct query {
    uint8_t sender[POINT]; /* Y */
    uint8_t index[8];
    uint8_t bit;
    uint8_t point[3][POINT];
} query;

typedef struct pair {
    uint8_t r[2][POINT];
} pair;

static void ask(uint8_t *out, size_t n, const char personal[PERSONAL], const query *q,
                size_t points)
{
    (void)crypto_generichash_blake2b_salt_personal(out, n, (const uint8_t *)q,
                                                   offsetof(query, point) + points * POINT, NULL, 0,
                                                   NULL, (const uint8_t *)personal);
}

/* H: the point that belongs to `bit` where the other point of the pair is r. */
static void mask_of(uint8_t mask[POINT], query *q, uint8_t bit, const uint8_t r[POINT])
{
    uint8_t wide[WIDE];
    q->bit = bit;
    memcpy(q->point[0], r, POINT);
    ask(wide, sizeof wide, "sonicnn OT point", q, 1);
    (void)crypto_core_ristretto255_from_hash(mask, wide);
    sodium_memzero(wide, sizeof wide); /* says the receiver's bit to whoever asks for both masks */
}

/* K */
static void key_of(uint8_t key[SONIC_OT_KEY_BYTES], query *q, uint8_t bit, const pair *sent,
                   const uint8_t shared[POINT])
{
    q->bit = bit;
    memcpy(q->point[0], sent->r, sizeof sent->r);
    memcpy(q->point[2], shared, POINT);
    ask(key, SONIC_OT_KEY_BYTES, "sonicnn OT key  ", q, 3);
}

static void random_point(uint8_t point[POINT])
{
    uint8_t wide[WIDE];
    sonic_random_bytes(wide, sizeof wide);
    (void)crypto_core_ristretto255_from_hash(point, wide);
    sodium_memzero(wide, sizeof wide);
}

/* A random scalar other than 0, and its multiple of the generator. */
static void random_pair(uint8_t scalar[SCALAR], uint8_t point[POINT])
{
    uint8_t wide[WIDE];
    do {
        sonic_random_bytes(wide, sizeof wide);
        crypto_core_ristretto255_scalar_reduce(scalar, wide);
    } while (crypto_scalarmult_ristretto255_base(point, scalar) != 0);
    sodium_memzero(wide, sizeof wide);
}

static sonic_status refuse(const sonic_channel *channel, sonic_error *error)
{
    return sonic_fail(error, SONIC_E_PEER,
                      "%s sent bytes that are no point of ristretto255 in an oblivious transfer",
                      sonic_channel_peer(channel));
}

/* Both keys of a transfer; false where the receiver's points are none. */
static bool send_one(uint8_t keys[2 * SONIC_OT_KEY_BYTES], query *q, const uint8_t y[SCALAR],
                     const pair *got)
{
    uint8_t point[POINT], shared[POINT];
    bool valid = true;
    for (uint8_t bit = 0; bit < 2 && valid; bit++) {
        mask_of(point, q, bit, got->r[!bit]);
        valid = !sodium_is_zero(got->r[bit], POINT) &&
                crypto_core_ristretto255_sub(point, got->r[bit], point) == 0 &&
                crypto_scalarmult_ristretto255(shared, y, point) == 0;
        if (valid)
            key_of(keys + bit * SONIC_OT_KEY_BYTES, q, bit, got, shared);
    }
    sodium_memzero(shared, sizeof shared);
    return valid;
}

sonic_status sonic_base_ot_send(sonic_channel *channel, uint8_t *keys, size_t n, sonic_error *error)
{
    uint8_t y[SCALAR];
    query q;
    random_pair(y, q.sender);
    sonic_status status = sonic_channel_send(channel, q.sender, POINT, error);
    for (size_t done = 0; done < n && !status; done += BATCH) {
        pair got[BATCH];
        const size_t take = sonic_size_min(BATCH, n - done);
        status = sonic_channel_receive(channel, got, take * sizeof *got, error);
        for (size_t i = 0; i < take && !status; i++) {
            sonic_file_put64(q.index, done + i);
            if (!send_one(keys + (done + i) * 2 * SONIC_OT_KEY_BYTES, &q, y, &got[i]))
                status = refuse(channel, error);
        }
    }
    if (status)
        sodium_memzero(keys, n * 2 * SONIC_OT_KEY_BYTES);
    sodium_memzero(y, sizeof y);
    sodium_memzero(&q, sizeof q);
    return status;
}

/* The points to send for a secret bit, and the scalar behind the chosen one. */
static void choose(pair *out, uint8_t a[SCALAR], query *q, uint8_t bit)
{
    const uint8_t chosen = (uint8_t)-bit;
    uint8_t own[POINT], other[POINT], mask[POINT];
    random_point(other);
    random_pair(a, own);
    mask_of(mask, q, bit, other);
    (void)crypto_core_ristretto255_add(own, own, mask);
    for (size_t i = 0; i < POINT; i++) {
        const uint8_t swap = chosen & (own[i] ^ other[i]);
        out->r[0][i] = own[i] ^ swap;
        out->r[1][i] = other[i] ^ swap;
    }
    sodium_memzero(own, sizeof own);
    sodium_memzero(other, sizeof other);
    sodium_memzero(mask, sizeof mask);
}

sonic_status sonic_base_ot_receive(sonic_channel *channel, uint8_t *keys, const uint8_t *choice,
                                   size_t n, sonic_error *error)
{
    uint8_t a[BATCH][SCALAR], shared[POINT];
    query q;
    sonic_status status = sonic_channel_receive(channel, q.sender, POINT, error);
    if (!status &&
        (sodium_is_zero(q.sender, POINT) || !crypto_core_ristretto255_is_valid_point(q.sender)))
        status = refuse(channel, error);
    for (size_t done = 0; done < n && !status; done += BATCH) {
        pair out[BATCH];
        const size_t take = sonic_size_min(BATCH, n - done);
        const uint8_t bits = choice[done / 8]; /* BATCH is 8 */
        for (size_t i = 0; i < take; i++) {
            sonic_file_put64(q.index, done + i);
            choose(&out[i], a[i], &q, bits >> i & 1);
        }
        status = sonic_channel_send(channel, out, take * sizeof *out, error);
        for (size_t i = 0; i < take && !status; i++) {
            sonic_file_put64(q.index, done + i);
            if (crypto_scalarmult_ristretto255(shared, a[i], q.sender) != 0)
                status = refuse(channel, error);
            else
                key_of(keys + (done + i) * SONIC_OT_KEY_BYTES, &q, bits >> i & 1, &out[i], shared);
        }
    }
    if (status)
        sodium_memzero(keys, n * SONIC_OT_KEY_BYTES);
    sodium_memzero(a, sizeof a);
    sodium_memzero(shared, sizeof shared);
    sodium_memzero(&q, sizeof q);
    return status;
}
