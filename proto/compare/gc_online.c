/* Garbled ReLU with the input: its words, their labels, and the evaluation. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/compare/gc_run.h"
#include "proto/compare/pack.h"
#include "proto/gc/label.h"
#include "proto/share/secret.h"
#include "proto/share/spill.h"

static uint8_t *garbled(const sonic_gc_call *call, size_t chunk)
{
    return call->x + sonic_gc_word_bytes(call, chunk * SONIC_GC_LANES);
}

static uint8_t *evaluated(const sonic_gc_call *call, size_t chunk)
{
    return garbled(call, chunk) + sonic_gc_word_bytes(call, call->half);
}

static const sonic_vec_kernels *vec_of(const sonic_gc_call *call)
{
    return &call->gc->context->kernels.vec[sonic_ring_index(call->ring)];
}

static size_t word_bytes(void *arg, size_t chunk)
{
    const sonic_gc_call *call = arg;
    return sonic_gc_word_bytes(call, sonic_gc_lanes(call, chunk));
}

/* The own share of the values that are evaluated here, less s. */
static sonic_status word_produce(void *arg, size_t chunk, uint8_t *out, sonic_error *error)
{
    const sonic_gc_call *call = arg;
    const size_t lanes = sonic_gc_lanes(call, chunk);
    (void)error;
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_CHOICE, out,
                    sonic_gc_word_bytes(call, lanes));
    vec_of(call)->sub(out, evaluated(call, chunk), out, lanes);
    return SONIC_OK;
}

static sonic_status word_consume(void *arg, size_t chunk, const uint8_t *in, sonic_error *error)
{
    const sonic_gc_call *call = arg;
    (void)error;
    vec_of(call)->add(garbled(call, chunk), garbled(call, chunk), in, sonic_gc_lanes(call, chunk));
    return SONIC_OK;
}

static size_t label_bytes(void *arg, size_t chunk)
{
    const sonic_gc_call *call = arg;
    return sonic_gc_label_bytes(call, sonic_gc_lanes(call, chunk));
}

/* Labels of g, whose place the share of the result takes: -m. */
static sonic_status label_produce(void *arg, size_t chunk, uint8_t *out, sonic_error *error)
{
    const sonic_gc_call *call = arg;
    const size_t lanes = sonic_gc_lanes(call, chunk), words = sonic_size_pieces(lanes, 64);
    uint8_t m[SONIC_GC_LANES * 8], *g = garbled(call, chunk);
    uint64_t planes[64 * SONIC_GC_WORDS];
    (void)error;
    sonic_gc_planes(call, planes, g, lanes);
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_ZERO, out,
                    sonic_gc_label_bytes(call, lanes));
    for (size_t j = 0; j < (size_t)call->ring; j++, out += lanes * SONIC_LABEL_BYTES)
        sonic_labels_choose(out, out, planes + j * words, lanes,
                            sonic_garbler_delta(call->gc->garbler));
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_SHARE, m,
                    sonic_gc_word_bytes(call, lanes));
    memset(g, 0, sonic_gc_word_bytes(call, lanes));
    vec_of(call)->sub(g, g, m, lanes);
    sodium_memzero(m, sizeof m);
    sodium_memzero(planes, sizeof planes);
    return SONIC_OK;
}

/* Bits of the evaluated result, given the colours of its labels of zero. */
static void decode(const sonic_gc_call *call, void *x, const uint8_t *colours, size_t lanes)
{
    const size_t words = sonic_size_pieces(lanes, 64);
    uint64_t planes[64 * SONIC_GC_WORDS], active[SONIC_GC_WORDS];
    sonic_unpack_planes(planes, colours, (size_t)call->ring, lanes);
    for (uint32_t j = 0; j < (uint32_t)call->ring; j++) {
        sonic_labels_colours(active,
                             call->labels + sonic_circuit_output_slot(call->circuit, j) * lanes *
                                                SONIC_LABEL_BYTES,
                             lanes);
        for (size_t w = 0; w < words; w++)
            planes[j * words + w] ^= active[w];
    }
    sonic_gc_values(call, x, planes, lanes);
    sodium_memzero(planes, sizeof planes);
    sodium_memzero(active, sizeof active);
}

static sonic_status label_consume(void *arg, size_t chunk, const uint8_t *in, sonic_error *error)
{
    const sonic_gc_call *call = arg;
    const size_t lanes = sonic_gc_lanes(call, chunk), labels = sonic_gc_label_bytes(call, lanes);
    const uint64_t at = sonic_gc_kept_at(call, chunk);
    sonic_status status =
        sonic_spill_read(call->spill, at, sonic_gc_word(call, 1, lanes), labels, error);
    if (!status)
        status = sonic_spill_read(call->spill, at + labels, call->buffer,
                                  sonic_gc_kept_bytes(call, lanes) - labels, error);
    if (status)
        return status;
    memcpy(sonic_gc_word(call, 0, lanes), in, labels);
    sonic_gc_expand(call, &call->open[1], chunk, SONIC_GC_ZERO, sonic_gc_word(call, 2, lanes),
                    labels);
    status = sonic_evaluator_run(call->gc->evaluator, call->buffer, call->labels, lanes,
                                 call->circuit, 0, call->gates, error);
    if (!status)
        decode(call, evaluated(call, chunk), call->buffer + lanes * (size_t)call->tables, lanes);
    return status;
}

static sonic_status run_rounds(sonic_gc_call *call, sonic_error *error)
{
    sonic_round round = {.blocks = sonic_size_pieces(call->half, SONIC_GC_LANES),
                         .block_bytes = word_bytes,
                         .produce = word_produce,
                         .consume = word_consume,
                         .arg = call};
    sonic_status status = sonic_channel_round(call->gc->channel, &round, error);
    round.block_bytes = label_bytes;
    round.produce = label_produce;
    round.consume = label_consume;
    return status ? status : sonic_channel_round(call->gc->channel, &round, error);
}

/* Halves: server 0 garbles the first ceil(n / 2) values, server 1 the others and, where n is odd,
 * one of zero. */
sonic_status sonic_gc_relu(sonic_gc *gc, sonic_ring ring, unsigned shift, void *x, size_t n,
                           int spill, uint64_t at, sonic_error *error)
{
    const bool is_prepared = gc->consumed < gc->prepared;
    sonic_gc_call call;
    if (n == 0)
        return SONIC_OK;
    sonic_status status =
        sonic_gc_call_begin(&call, gc, ring, shift, n, spill, at, gc->consumed, error);
    if (!status && !is_prepared)
        status = sonic_fail(error, SONIC_E_ARGUMENT, "no garbled relu is prepared");
    const size_t bytes = sonic_gc_word_bytes(&call, n), half = sonic_gc_word_bytes(&call, call.half);
    uint8_t *mine = x, *own[2];
    if (!status && !(call.x = calloc(2, half)))
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for a relu of %zu elements", n);
    if (!status) {
        own[0] = call.x + (gc->party == 0 ? 0 : half);
        own[1] = call.x + (gc->party == 0 ? half : 0);
        memcpy(own[0], mine, half);
        memcpy(own[1], mine + half, bytes - half);
        status = run_rounds(&call, error);
    }
    if (status) {
        sodium_memzero(x, bytes);
    } else {
        memcpy(mine, own[0], half);
        memcpy(mine + half, own[1], bytes - half);
    }
    sonic_secret_free(call.x, 2 * half);
    sonic_gc_call_end(&call);
    gc->consumed += is_prepared;
    return status;
}
