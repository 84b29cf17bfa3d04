/** @file
 * Inside the material of comparisons and stochastic truncations made by oblivious transfers: the
 * pieces that blocks are made in, a block's state between rounds.  Private to
 * proto/offline/ot_relu*.c.
 *
 * A block's transfers, equally many in each direction, come in three kinds:
 *   bits    a string of choice bits: mu of the pairs that make p (hashes of two bits, for nu and
 *           omega), mu of each level's lowest pair (one bit), and half of round 0's own mask (one).
 *           Levels come one after the other, cut at bytes; each part is rounded up to words.
 *   planes  bits under XOR that become elements, plane by plane: u's, where truncation is
 *           stochastic, then r.  Party 0 chooses in the first `half` rows, party 1 in the others.
 *   select  r times u; or with stochastic truncation times u >> shift and msb(u): all rows.
 * Stages, a round each: choices, corrections, and with stochastic truncation the corrections of
 * select, which depend on what planes made.
 */
#ifndef SONIC_PROTO_OFFLINE_OT_RELU_RUN_H
#define SONIC_PROTO_OFFLINE_OT_RELU_RUN_H

#include "kernels/common/checked.h"
#include "proto/offline/ot_relu.h"
#include "proto/offline/ot_relu_elements.h"
#include "proto/offline/ppa_plan.h"

enum {
    SONIC_OT_RELU_PIECE = 8192, /**< transfers of an extension; with half and twice as many, the
                              same rate within 3% (avx512 on Ice Lake, k = 1, 4, 8) */
    SONIC_OT_ROWS = SONIC_PPA_BLOCK,
    SONIC_OT_BLOCKS = SONIC_OT_GROUP / SONIC_OT_ROWS,
    SONIC_OT_PLANE_WORDS = SONIC_OT_ROWS / 64,
    SONIC_OT_OUT_BYTES = 4 * SONIC_OT_ROWS * 8 /**< four arrays of elements */
};

typedef enum sonic_ot_stage {
    SONIC_OT_CHOICES,
    SONIC_OT_CORRECTIONS,
    SONIC_OT_LATE,
    SONIC_OT_STAGES
} sonic_ot_stage;

/** What is made. */
typedef struct sonic_ot_shape {
    sonic_ring ring;
    unsigned shift; /**< of stochastic truncation; 0: u is the sum of both parties' streams */
    bool relu;      /**< or a truncation by itself */
} sonic_ot_shape;

/** Transfers of a block, in each direction. */
typedef struct sonic_ot_block_shape {
    size_t rows;
    size_t two, one, and; /**< words of bits: of two-bit hashes, one-bit hashes, round 0 */
    size_t planes, half;  /**< planes of `half` transfers, a multiple of 16 */
    size_t select;        /**< 2 half, or none */
} sonic_ot_block_shape;

sonic_ot_shape sonic_ot_relu_shape(sonic_ring ring, unsigned shift, sonic_truncation truncation);
/** Stages, of a round a group each. */
unsigned sonic_ot_rounds(const sonic_ot_shape *shape);

sonic_ot_block_shape sonic_ot_block_shape_of(const sonic_ot_shape *shape, size_t rows);

/** Bits chosen in a block. */
static inline size_t sonic_ot_words(const sonic_ot_block_shape *block)
{
    return block->two + block->one + block->and;
}

typedef struct sonic_ot_kind sonic_ot_kind;

/** Transfers that are extended, hashed and corrected together. */
typedef struct sonic_ot_piece {
    const sonic_ot_kind *kind;
    size_t first; /**< bits: word of the string; planes: plane */
    size_t n;     /**< transfers, a multiple of 16 */
} sonic_ot_piece;

/** Pieces of a block in a stage. */
size_t sonic_ot_pieces(const sonic_ot_shape *shape, const sonic_ot_block_shape *block,
                       sonic_ot_stage stage);
sonic_ot_piece sonic_ot_piece_of(const sonic_ot_block_shape *block, sonic_ot_stage stage, size_t i);
/** Bytes of a piece's message in a stage. */
size_t sonic_ot_piece_bytes(unsigned k, const sonic_ot_shape *shape,
                            const sonic_ot_block_shape *block, sonic_ot_stage stage,
                            const sonic_ot_piece *piece);
/** Of a piece of bits, words that have a second bit. */
size_t sonic_ot_piece_two(const sonic_ot_block_shape *block, const sonic_ot_piece *piece);

/** Bytes of a correction of plane p: of as many bits as reach u's and u >> shift's highest. */
size_t sonic_ot_plane_bytes(const sonic_ot_shape *shape, size_t p);
/** Bytes of the corrections of the planes before p. */
size_t sonic_ot_planes_at(const sonic_ot_shape *shape, const sonic_ot_block_shape *block, size_t p);
/** Bytes of a correction of msb(u) mod 2^shift. */
static inline size_t sonic_ot_msb_bytes(const sonic_ot_shape *shape)
{
    return ((size_t)shape->shift + 7) / 8;
}

/** A block between its rounds.  Secret. */
typedef struct sonic_ot_block {
    sonic_ot_block_shape shape;
    uint64_t number; /**< in the call */
    /* bits: words of the string */
    uint64_t *choice;
    uint64_t *correction[2]; /**< to send; before, what the peer's choices select */
    uint64_t *received[2];   /**< shares of what this party chose */
    uint64_t *sent[2];       /**< shares of what the peer chose, and of the own products */
    /* elements, 2 half each, zero beyond `rows` before shares are added */
    void *bits, *r;         /**< this party's u, or bits of u; its bits of r */
    void *low, *high, *msb; /**< shares of u mod 2^shift, as a sum of bits; u >> shift, or u; msb */
    void *dealt_r;          /**< share of r as an element */
    void *product[2];       /**< shares of r high, r msb */
    void *difference[2];    /**< of the hashes that corrections of select add to */
    uint8_t *packed;        /**< corrections of planes, to send */
} sonic_ot_block;

/** A call. */
typedef struct sonic_ot_run {
    sonic_ot_pair *pair;
    const sonic_material *streams;
    sonic_ot_shape shape;
    uint32_t index; /**< of the call */
    uint64_t n;
    int file;
    uint64_t at, u_at; /**< where corrections start in it, and shares of u */
    sonic_ot_stage stage;
    size_t blocks; /**< of this group */
    sonic_ot_block block[SONIC_OT_BLOCKS];
    /* Scratch of a piece or a block. */
    uint8_t *labels;
    uint64_t *hash[2];
    uint64_t *planes; /**< of the block that is chosen for, SONIC_OT_PLANE_WORDS apart */
    uint8_t *choice;  /**< of a piece of planes */
    uint8_t *out;     /**< what is written of a block's round */
} sonic_ot_run;

static inline const sonic_vec_kernels *sonic_ot_vec(const sonic_ot_run *run)
{
    return &run->pair->context->kernels.vec[sonic_ring_index(run->shape.ring)];
}

/** Writes what is dealt for a block in a round, or for its truncation: run->out. */
SONIC_MUST_CHECK sonic_status sonic_ot_write_round(const sonic_ot_run *run,
                                                   const sonic_ot_block *block, unsigned round,
                                                   sonic_error *error);

/** What is done with a kind's pieces.  choose: the receiver's half of the transfers; answer: the
 * sender's, and its corrections; send, correct: those to the peer, and those from it. */
struct sonic_ot_kind {
    sonic_status (*choose)(const sonic_ot_run *run, sonic_ot_block *block,
                           const sonic_ot_piece *piece, uint8_t *message, sonic_error *error);
    sonic_status (*answer)(const sonic_ot_run *run, sonic_ot_block *block,
                           const sonic_ot_piece *piece, const uint8_t *message, sonic_error *error);
    void (*send)(const sonic_ot_run *run, const sonic_ot_block *block, const sonic_ot_piece *piece,
                 uint8_t *message);
    void (*correct)(const sonic_ot_run *run, sonic_ot_block *block, const sonic_ot_piece *piece,
                    const uint8_t *message);
};

extern const sonic_ot_kind sonic_ot_bits, sonic_ot_planes, sonic_ot_select;

/** Make a block's masks out of the streams ... */
void sonic_ot_bits_begin(const sonic_ot_run *run, sonic_ot_block *block);
void sonic_ot_elements_begin(const sonic_ot_run *run, sonic_ot_block *block);
/** ... and write what has been made: all rounds but the last; that one, or a truncation's. */
SONIC_MUST_CHECK sonic_status sonic_ot_bits_write(const sonic_ot_run *run, sonic_ot_block *block,
                                                  sonic_error *error);
SONIC_MUST_CHECK sonic_status sonic_ot_elements_write(const sonic_ot_run *run,
                                                      const sonic_ot_block *block,
                                                      sonic_error *error);

#endif
