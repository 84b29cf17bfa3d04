/* Garbled ReLU: a session's state, the set-up of a call, and planes of its values. */
#include "proto/compare/gc.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/compare/gc_run.h"
#include "proto/gc/relu_circuit.h"
#include "proto/share/random.h"
#include "proto/share/secret.h"

/* "call" as a little-endian number: the nonce that derives a call's keys. */
#define NONCE_CALL ((uint64_t)0x6c6c6163)

/* The garbling seed and the public key's, in both directions. */
static sonic_status exchange_seeds(sonic_gc *gc, sonic_error *error)
{
    uint8_t mine[SONIC_GC_HELLO_BYTES], theirs[SONIC_GC_HELLO_BYTES];
    sonic_random_bytes(gc->secret, sizeof gc->secret);
    sonic_random_bytes(gc->open[0], sizeof gc->open[0]);
    memcpy(mine, sonic_garbler_seed(gc->garbler), SONIC_GARBLE_SEED_BYTES);
    memcpy(mine + SONIC_GARBLE_SEED_BYTES, gc->open[0], sizeof gc->open[0]);
    sonic_status status = sonic_channel_exchange(gc->channel, mine, theirs, sizeof mine, error);
    if (status)
        return status;
    memcpy(gc->open[1], theirs + SONIC_GARBLE_SEED_BYTES, sizeof gc->open[1]);
    return sonic_evaluator_create(&gc->evaluator, gc->context, theirs, 0, error);
}

sonic_status sonic_gc_create(sonic_gc **gc, const sonic_context *context, sonic_channel *channel,
                             unsigned party, sonic_error *error)
{
    sonic_gc *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for garbling");
    made->context = context;
    made->channel = channel;
    made->party = party;
    sonic_status status = sonic_garbler_create(&made->garbler, context, 0, error);
    if (!status)
        status = exchange_seeds(made, error);
    if (!status)
        status = sonic_ot_pair_create(&made->ot, context, channel, party, SONIC_GC_OT_K,
                                      sonic_garbler_delta(made->garbler), error);
    if (status) {
        sonic_gc_free(made);
        return status;
    }
    *gc = made;
    return SONIC_OK;
}

void sonic_gc_free(sonic_gc *gc)
{
    if (!gc)
        return;
    sonic_garbler_free(gc->garbler);
    sonic_evaluator_free(gc->evaluator);
    sonic_ot_pair_free(&gc->ot);
    sonic_secret_free(gc, sizeof *gc);
}

static void derive(const sonic_gc *gc, sonic_aes_key *key, const uint8_t seed[16], uint64_t number)
{
    const sonic_aes_kernels *aes = &gc->context->kernels.aes;
    uint8_t derived[16];
    aes->expand(key, seed);
    aes->ctr(derived, sizeof derived, key, NONCE_CALL, number);
    aes->expand(key, derived);
    sodium_memzero(derived, sizeof derived);
}

static sonic_status check(sonic_ring ring, unsigned shift, size_t n, sonic_error *error)
{
    size_t bytes;
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a ring has 32 or 64 bits, not %d", (int)ring);
    if (shift > (unsigned)ring / 2)
        return sonic_fail(error, SONIC_E_ARGUMENT, "a relu cannot drop %u of %d bits", shift,
                          (int)ring);
    if (n >= (uint64_t)1 << 48 || !sonic_size_mul(&bytes, n, sonic_ring_bytes(ring)))
        return sonic_fail(error, SONIC_E_SHAPE, "a relu of %zu elements is too large", n);
    return SONIC_OK;
}

sonic_status sonic_gc_call_begin(sonic_gc_call *call, sonic_gc *gc, sonic_ring ring, unsigned shift,
                                 size_t n, int spill, uint64_t at, uint64_t number,
                                 sonic_error *error)
{
    *call = (sonic_gc_call){.gc = gc,
                            .ring = ring,
                            .half = n / 2 + n % 2,
                            .tables = (uint64_t)sonic_gc_ands(ring, shift) * SONIC_TABLE_BYTES,
                            .spill = spill,
                            .at = at};
    sonic_status status = check(ring, shift, n, error);
    if (!status)
        status = sonic_relu_circuit(&call->circuit, ring, shift, error);
    if (status)
        return status;
    const sonic_circuit_shape shape = sonic_circuit_shape_of(call->circuit);
    call->gates = shape.gates;
    call->labels = aligned_alloc(64, shape.slots * (size_t)SONIC_GC_LANES * SONIC_LABEL_BYTES);
    call->buffer = aligned_alloc(64, sonic_gc_kept_bytes(call, SONIC_GC_LANES));
    if (!call->labels || !call->buffer)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a relu of %zu elements", n);
    derive(gc, &call->secret, gc->secret, number);
    derive(gc, &call->open[0], gc->open[0], number);
    derive(gc, &call->open[1], gc->open[1], number);
    return SONIC_OK;
}

void sonic_gc_call_end(sonic_gc_call *call)
{
    if (call->labels)
        sodium_memzero(call->labels, sonic_circuit_shape_of(call->circuit).slots *
                                         (size_t)SONIC_GC_LANES * SONIC_LABEL_BYTES);
    if (call->buffer)
        sodium_memzero(call->buffer, sonic_gc_kept_bytes(call, SONIC_GC_LANES));
    free(call->labels);
    free(call->buffer);
    sonic_circuit_free(call->circuit);
    sodium_memzero(call, sizeof *call);
}

void sonic_gc_planes(const sonic_gc_call *call, uint64_t *planes, const void *x, size_t lanes)
{
    const sonic_bitmat_kernels *bitmat = &call->gc->context->kernels.bitmat;
    if (call->ring == SONIC_RING_64)
        bitmat->planes64(planes, sonic_size_pieces(lanes, 64), x, lanes);
    else
        bitmat->planes32(planes, sonic_size_pieces(lanes, 64), x, lanes);
}

/* A transpose of 64 x 64 bits is its own inverse. */
void sonic_gc_values(const sonic_gc_call *call, void *x, const uint64_t *planes, size_t lanes)
{
    const size_t words = sonic_size_pieces(lanes, 64), bytes = sonic_ring_bytes(call->ring);
    uint64_t rows[64] = {0}, values[64];
    for (size_t w = 0; w < words; w++) {
        for (size_t j = 0; j < (size_t)call->ring; j++)
            rows[j] = planes[j * words + w];
        call->gc->context->kernels.bitmat.planes64(values, 1, rows, 64);
        for (size_t i = 0; i < 64 && w * 64 + i < lanes; i++)
            memcpy((uint8_t *)x + (w * 64 + i) * bytes, &values[i], bytes);
    }
    sodium_memzero(rows, sizeof rows);
    sodium_memzero(values, sizeof values);
}
