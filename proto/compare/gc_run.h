/** @file
 * Inside ReLU by garbled circuits: a session's state, and one call.  Private to proto/compare/gc*.
 *
 * A call's values are two halves: this server garbles one and evaluates the other.  A half is made
 * of chunks of SONIC_GC_LANES values.  In a chunk of `lanes` values, label i of wire j of a word is
 * at 16 (j lanes + i), bit i of plane j is bit j of value i.
 */
#ifndef SONIC_PROTO_COMPARE_GC_RUN_H
#define SONIC_PROTO_COMPARE_GC_RUN_H

#include <sonicnn/garble.h>

#include "proto/compare/gc.h"
#include "proto/ot/pair.h"

enum { SONIC_GC_WORDS = SONIC_GC_LANES / 64 }; /**< of a plane */

struct sonic_gc {
    const sonic_context *context;
    sonic_channel *channel;
    unsigned party;
    sonic_garbler *garbler;
    sonic_evaluator *evaluator;
    sonic_ot_pair ot;            /**< sends labels of the peer's s, chooses those of the own s */
    uint8_t secret[16];          /**< what calls' secret keys are derived from */
    uint8_t open[2][16];         /**< the same of the public keys: garbled here, by the peer */
    uint64_t prepared, consumed; /**< calls */
};

/** Streams under a call's keys: numbers of chunk c. */
enum { SONIC_GC_ZERO, SONIC_GC_SHARE, SONIC_GC_CHOICE, SONIC_GC_STREAMS };

typedef struct sonic_gc_call {
    sonic_gc *gc;
    sonic_ring ring;
    size_t half;            /**< values that each server garbles */
    size_t first;           /**< chunk of the half that block 0 of the round is about */
    sonic_circuit *circuit; /**< inputs g, s, m */
    uint64_t gates;         /**< of the circuit */
    uint64_t tables;        /**< bytes of one value's */
    int spill;
    uint64_t at;
    sonic_aes_key secret;  /**< labels of zero of g, m, s */
    sonic_aes_key open[2]; /**< active labels of m */
    uint8_t *labels;       /**< of a chunk: all slots */
    uint8_t *buffer;       /**< of a chunk: what is kept of it */
    uint8_t *zero;         /**< of a group: labels of zero of the peer's s; NULL online */
    uint8_t *x;            /**< online: own shares of both halves, the garbled one first */
} sonic_gc_call;

/** Call number `number` of a session.  To be freed, also after a failure. */
SONIC_MUST_CHECK sonic_status sonic_gc_call_begin(sonic_gc_call *call, sonic_gc *gc,
                                                  sonic_ring ring, unsigned shift, size_t n,
                                                  int spill, uint64_t at, uint64_t number,
                                                  sonic_error *error);
void sonic_gc_call_end(sonic_gc_call *call);

static inline size_t sonic_gc_lanes(const sonic_gc_call *call, size_t chunk)
{
    const size_t left = call->half - chunk * SONIC_GC_LANES;
    return left < SONIC_GC_LANES ? left : SONIC_GC_LANES;
}

/** Bytes of a word's labels, and of a word itself, of `lanes` values. */
static inline size_t sonic_gc_label_bytes(const sonic_gc_call *call, size_t lanes)
{
    return lanes * (size_t)call->ring * SONIC_LABEL_BYTES;
}
static inline size_t sonic_gc_word_bytes(const sonic_gc_call *call, size_t lanes)
{
    return lanes * ((size_t)call->ring / 8);
}

/** What is kept of a chunk: labels of s, tables, decoding bits. */
static inline size_t sonic_gc_kept_bytes(const sonic_gc_call *call, size_t lanes)
{
    return sonic_gc_label_bytes(call, lanes) + lanes * (size_t)call->tables +
           sonic_gc_word_bytes(call, lanes);
}
static inline uint64_t sonic_gc_kept_at(const sonic_gc_call *call, size_t chunk)
{
    return call->at + (uint64_t)chunk * sonic_gc_kept_bytes(call, SONIC_GC_LANES);
}

/** Labels of word 0 (g), 1 (s) or 2 (m) among a chunk's. */
static inline uint8_t *sonic_gc_word(const sonic_gc_call *call, unsigned word, size_t lanes)
{
    return call->labels + word * sonic_gc_label_bytes(call, lanes);
}

/** Bytes [0, n) of a stream of a chunk. */
static inline void sonic_gc_expand(const sonic_gc_call *call, const sonic_aes_key *key,
                                   size_t chunk, unsigned stream, void *out, size_t n)
{
    call->gc->context->kernels.aes.ctr(out, n, key,
                                       (uint64_t)chunk * SONIC_GC_STREAMS + stream, 0);
}

/** Planes of l-bit values, and back.  `planes` has room for l rows of ceil(lanes / 64) words. */
void sonic_gc_planes(const sonic_gc_call *call, uint64_t *planes, const void *x, size_t lanes);
void sonic_gc_values(const sonic_gc_call *call, void *x, const uint64_t *planes, size_t lanes);

#endif
