/** @file
 * Inside a ppa call: its state, its scratch, and the rounds that ppa.c runs one after the other.
 *
 * State between rounds, a block of `rows` activations in ring x ceil(rows / 64) words, one plane a
 * bit position; positions below l - 1 enter the carry, position l - 1 keeps the sign's own bit:
 *   after round 0        plane j: share of g_j = x0_j x1_j; p_j = own bit j is made again from x
 *   after level t >= 0   carry block k ends at position top = 2 ((k + 1) 2^t - 1): plane top holds
 *                        its G, plane top - 1 its P (the lowest block has none)
 * so that every combine is done in place and after the last level plane l - 2 is the carry into
 * bit l - 1.  Inside a round, once a block's message is produced, a plane whose next value is a
 * product holds this party's own part of it:
 *   round 0              plane j: what the peer's opened bit is multiplied by
 *   level t >= 0         see sonic_bool_kernels.and_open; level 0's P alone has no place before g0
 *                        is done with
 *   last round           plane l - 2: this party's share of the bit to open; x: its share of the
 *                        element to open
 */
#ifndef SONIC_PROTO_COMPARE_PPA_RUN_H
#define SONIC_PROTO_COMPARE_PPA_RUN_H

#include "proto/compare/ppa.h"
#include "proto/offline/ppa_plan.h"
#include "proto/offline/streams.h"

typedef struct sonic_ppa_run {
    const sonic_context *context;
    const sonic_material *material;
    const sonic_relu_call *call;
    sonic_ring ring;
    unsigned round;
    uint64_t correction; /**< where this round's corrections start among the node's */
    uint8_t *x;          /**< the caller's elements; secret, as all below */
    uint64_t *state;     /**< ring bits an activation */
    /* Scratch of one block: all the planes a round opens, or an element an activation. */
    uint64_t *bits;   /**< own planes of x */
    uint64_t *mask;   /**< own masks */
    uint64_t *dealt;  /**< own shares of dealt values; room for four elements an activation */
    uint64_t *planes; /**< a message's planes where it does not hold them word by word */
    uint64_t *packed; /**< packed material before it is unpacked; a plane that no message holds */
} sonic_ppa_run;

/** Geometry of a block. */
static inline size_t sonic_ppa_rows(const sonic_ppa_run *run, size_t block)
{
    size_t left = run->call->n - block * SONIC_PPA_BLOCK;
    return left < SONIC_PPA_BLOCK ? left : SONIC_PPA_BLOCK;
}

static inline size_t sonic_ppa_words(size_t rows)
{
    return (rows + 63) / 64;
}

static inline uint64_t *sonic_ppa_state(const sonic_ppa_run *run, size_t block)
{
    return run->state + block * (SONIC_PPA_BLOCK / 64) * (size_t)run->ring;
}

static inline uint8_t *sonic_ppa_x(const sonic_ppa_run *run, size_t block)
{
    return run->x + block * SONIC_PPA_BLOCK * sonic_ring_bytes(run->ring);
}

/** This party's own bits: planes of x. */
void sonic_ppa_own_bits(const sonic_ppa_run *run, size_t block, uint64_t *planes);

/** Bytes of the current round's corrections. */
uint64_t sonic_ppa_round_dealt_bytes(const sonic_ppa_run *run);

/** Where the planes of a message are made: in the message itself where rows fill words ... */
uint64_t *sonic_ppa_outgoing(const sonic_ppa_run *run, size_t rows, uint8_t *out);
/** ... and else in scratch, from which they are packed here. */
void sonic_ppa_send(uint8_t *out, const uint64_t *planes, size_t count, size_t rows);

/** The planes of the peer's message. */
const uint64_t *sonic_ppa_incoming(const sonic_ppa_run *run, const uint8_t *in, size_t count,
                                   size_t rows);

/** Own random planes of a kind in the current round. */
void sonic_ppa_random_planes(const sonic_ppa_run *run, unsigned kind, size_t planes, size_t block,
                             uint64_t *out);

/** Own shares of dealt planes; `before`: bytes of this block's corrections before them. */
sonic_status sonic_ppa_dealt_planes(const sonic_ppa_run *run, unsigned kind, size_t planes,
                                    size_t block, size_t before, uint64_t *out, sonic_error *error);

/** Own shares of a block of dealt elements, `count` arrays of `rows`, in the last round. */
sonic_status sonic_ppa_dealt_elements_of(const sonic_ppa_run *run, size_t count, size_t block,
                                         void *out, sonic_error *error);

/** The rounds, as sonic_round wants them; arg is the run. */
sonic_status sonic_ppa_and_produce(void *arg, size_t block, uint8_t *out, sonic_error *error);
sonic_status sonic_ppa_and_consume(void *arg, size_t block, const uint8_t *in, sonic_error *error);
sonic_status sonic_ppa_carry_produce(void *arg, size_t block, uint8_t *out, sonic_error *error);
sonic_status sonic_ppa_carry_consume(void *arg, size_t block, const uint8_t *in,
                                     sonic_error *error);
sonic_status sonic_ppa_select_produce(void *arg, size_t block, uint8_t *out, sonic_error *error);
sonic_status sonic_ppa_select_consume(void *arg, size_t block, const uint8_t *in,
                                      sonic_error *error);

#endif
