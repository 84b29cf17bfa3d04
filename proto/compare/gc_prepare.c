/* Garbled ReLU before the input comes: labels of the evaluator's words, tables. */
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

/* This party's own words s of a chunk: bits for the transfers, wire by wire. */
static void draw_choices(const sonic_gc_call *call, size_t chunk, size_t lanes, uint8_t *bits)
{
    uint8_t s[SONIC_GC_LANES * 8];
    uint64_t planes[64 * SONIC_GC_WORDS];
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_CHOICE, s,
                    sonic_gc_word_bytes(call, lanes));
    sonic_gc_planes(call, planes, s, lanes);
    sonic_pack_planes(bits, planes, (size_t)call->ring, lanes);
    sodium_memzero(s, sizeof s);
    sodium_memzero(planes, sizeof planes);
}

static size_t choice_bytes(void *arg, size_t block)
{
    const sonic_gc_call *call = arg;
    return sonic_cot_bytes(SONIC_GC_OT_K,
                           sonic_gc_lanes(call, call->first + block) * (size_t)call->ring);
}

static sonic_status choice_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    sonic_gc_call *call = arg;
    const size_t chunk = call->first + block, lanes = sonic_gc_lanes(call, chunk);
    uint8_t bits[SONIC_GC_LANES * 8];
    draw_choices(call, chunk, lanes, bits);
    sonic_status status = sonic_cot_receive(call->gc->ot.receiver, call->buffer, out, bits,
                                            lanes * (size_t)call->ring, error);
    if (!status)
        status = sonic_spill_write(call->spill, sonic_gc_kept_at(call, chunk), call->buffer,
                                   sonic_gc_label_bytes(call, lanes), error);
    sodium_memzero(bits, sizeof bits);
    return status;
}

static sonic_status choice_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    sonic_gc_call *call = arg;
    return sonic_cot_send(call->gc->ot.sender,
                          call->zero + block * sonic_gc_label_bytes(call, SONIC_GC_LANES), in,
                          sonic_gc_lanes(call, call->first + block) * (size_t)call->ring, error);
}

static size_t table_bytes(void *arg, size_t block)
{
    const sonic_gc_call *call = arg;
    const size_t lanes = sonic_gc_lanes(call, call->first + block);
    return sonic_gc_kept_bytes(call, lanes) - sonic_gc_label_bytes(call, lanes);
}

/* Labels of zero of m: such that the public labels are active for this party's share. */
static void fit_share(const sonic_gc_call *call, size_t chunk, size_t lanes)
{
    const size_t words = sonic_size_pieces(lanes, 64);
    uint8_t m[SONIC_GC_LANES * 8], *labels = sonic_gc_word(call, 2, lanes);
    uint64_t planes[64 * SONIC_GC_WORDS];
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_SHARE, m,
                    sonic_gc_word_bytes(call, lanes));
    sonic_gc_planes(call, planes, m, lanes);
    sonic_gc_expand(call, &call->open[0], chunk, SONIC_GC_ZERO, labels,
                    sonic_gc_label_bytes(call, lanes));
    for (size_t j = 0; j < (size_t)call->ring; j++, labels += lanes * SONIC_LABEL_BYTES)
        sonic_labels_choose(labels, labels, planes + j * words, lanes,
                            sonic_garbler_delta(call->gc->garbler));
    sodium_memzero(m, sizeof m);
    sodium_memzero(planes, sizeof planes);
}

/* The colours of the result's labels of zero, with which the evaluator's say bits. */
static void pack_colours(const sonic_gc_call *call, uint8_t *out, size_t lanes)
{
    const size_t words = sonic_size_pieces(lanes, 64);
    uint64_t planes[64 * SONIC_GC_WORDS];
    for (uint32_t j = 0; j < (uint32_t)call->ring; j++)
        sonic_labels_colours(planes + j * words,
                             call->labels + sonic_circuit_output_slot(call->circuit, j) * lanes *
                                                SONIC_LABEL_BYTES,
                             lanes);
    sonic_pack_planes(out, planes, (size_t)call->ring, lanes);
}

static sonic_status table_produce(void *arg, size_t block, uint8_t *out, sonic_error *error)
{
    sonic_gc_call *call = arg;
    const size_t chunk = call->first + block, lanes = sonic_gc_lanes(call, chunk);
    const size_t labels = sonic_gc_label_bytes(call, lanes);
    sonic_gc_expand(call, &call->secret, chunk, SONIC_GC_ZERO, sonic_gc_word(call, 0, lanes),
                    labels);
    memcpy(sonic_gc_word(call, 1, lanes),
           call->zero + block * sonic_gc_label_bytes(call, SONIC_GC_LANES), labels);
    fit_share(call, chunk, lanes);
    sonic_status status = sonic_garbler_run(call->gc->garbler, out, call->labels, lanes,
                                            call->circuit, 0, call->gates, error);
    if (!status)
        pack_colours(call, out + lanes * (size_t)call->tables, lanes);
    return status;
}

static sonic_status table_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error)
{
    sonic_gc_call *call = arg;
    const size_t chunk = call->first + block;
    const size_t labels = sonic_gc_label_bytes(call, sonic_gc_lanes(call, chunk));
    return sonic_spill_write(call->spill, sonic_gc_kept_at(call, chunk) + labels, in,
                             table_bytes(arg, block), error);
}

/* Two rounds a group. */
static sonic_status prepare(sonic_gc_call *call, sonic_error *error)
{
    const size_t chunks = sonic_size_pieces(call->half, SONIC_GC_LANES);
    const size_t most = SONIC_GC_GROUP / SONIC_GC_LANES;
    sonic_status status = SONIC_OK;
    for (call->first = 0; !status && call->first < chunks; call->first += most) {
        sonic_round round = {.blocks = sonic_size_min(most, chunks - call->first),
                             .block_bytes = choice_bytes,
                             .produce = choice_produce,
                             .consume = choice_consume,
                             .arg = call};
        status = sonic_channel_round(call->gc->channel, &round, error);
        round.block_bytes = table_bytes;
        round.produce = table_produce;
        round.consume = table_consume;
        if (!status)
            status = sonic_channel_round(call->gc->channel, &round, error);
    }
    return status;
}

sonic_status sonic_gc_prepare(sonic_gc *gc, sonic_ring ring, unsigned shift, size_t n, int spill,
                              uint64_t at, sonic_error *error)
{
    sonic_gc_call call;
    if (n == 0)
        return SONIC_OK;
    sonic_status status =
        sonic_gc_call_begin(&call, gc, ring, shift, n, spill, at, gc->prepared, error);
    const size_t group =
        sonic_size_min(sonic_size_pieces(call.half, SONIC_GC_LANES) * SONIC_GC_LANES, SONIC_GC_GROUP);
    if (!status && !(call.zero = aligned_alloc(64, sonic_gc_label_bytes(&call, group))))
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for a relu of %zu elements", n);
    if (!status) {
        status = prepare(&call, error);
        gc->prepared++; /* streams of this number are used, whether or not all went well */
    }
    sonic_secret_free(call.zero, sonic_gc_label_bytes(&call, group));
    sonic_gc_call_end(&call);
    return status;
}
