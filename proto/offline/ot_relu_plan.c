/* The geometry and the costs of material made by oblivious transfers. */
#include "proto/offline/ot_relu_run.h"

static size_t words_of(size_t bits)
{
    return sonic_size_pieces(bits, 64);
}

sonic_ot_block_shape sonic_ot_block_shape_of(const sonic_ot_shape *shape, size_t rows)
{
    sonic_ot_block_shape block = {
        .rows = rows,
        .planes = (shape->shift > 0 ? (size_t)shape->ring : 0) + (shape->relu ? 1 : 0),
        .half = 16 * sonic_size_pieces(rows, 32),
    };
    if (!shape->relu)
        return block;
    size_t two = 0, one = 0;
    for (unsigned i = 0; i < sonic_ppa_levels(shape->ring); i++) {
        const sonic_ppa_level level = sonic_ppa_level_of(shape->ring, i);
        const size_t full = sonic_ppa_plane_bytes(level.full, rows);
        two += full;
        one += sonic_ppa_plane_bytes(level.pairs, rows) - full;
    }
    block.two = words_of(8 * two);
    block.one = words_of(8 * one);
    block.and = words_of(sonic_size_pieces(((size_t)shape->ring - 1) * rows, 2));
    block.select = 2 * block.half;
    return block;
}

static size_t planes_a_piece(const sonic_ot_block_shape *block)
{
    return SONIC_OT_RELU_PIECE / block->half;
}

static size_t bit_pieces(const sonic_ot_block_shape *block)
{
    return sonic_size_pieces(sonic_ot_words(block), SONIC_OT_RELU_PIECE / 64);
}

size_t sonic_ot_pieces(const sonic_ot_shape *shape, const sonic_ot_block_shape *block,
                       sonic_ot_stage stage)
{
    const size_t select = block->select > 0;
    if (stage == SONIC_OT_LATE)
        return select;
    return bit_pieces(block) + sonic_size_pieces(block->planes, planes_a_piece(block)) +
           (stage == SONIC_OT_CHOICES || shape->shift == 0 ? select : 0);
}

sonic_ot_piece sonic_ot_piece_of(const sonic_ot_block_shape *block, sonic_ot_stage stage, size_t i)
{
    const size_t bits = bit_pieces(block), most = planes_a_piece(block);
    if (stage != SONIC_OT_LATE && i < bits) {
        const size_t first = i * (SONIC_OT_RELU_PIECE / 64);
        return (sonic_ot_piece){
            &sonic_ot_bits, first,
            64 * sonic_size_min(SONIC_OT_RELU_PIECE / 64, sonic_ot_words(block) - first)};
    }
    const size_t plane = (i - bits) * most;
    if (stage != SONIC_OT_LATE && plane < block->planes)
        return (sonic_ot_piece){&sonic_ot_planes, plane,
                                block->half * sonic_size_min(most, block->planes - plane)};
    return (sonic_ot_piece){&sonic_ot_select, 0, block->select};
}

size_t sonic_ot_piece_two(const sonic_ot_block_shape *block, const sonic_ot_piece *piece)
{
    return piece->first < block->two ? sonic_size_min(block->two - piece->first, piece->n / 64) : 0;
}

size_t sonic_ot_plane_bytes(const sonic_ot_shape *shape, size_t p)
{
    const size_t l = (size_t)shape->ring, shift = shape->shift;
    const size_t place = shift == 0 || p == l ? 0 : p < shift ? p : p - shift;
    return sonic_size_pieces(l - 1 - place, 8); /* it is doubled */
}

size_t sonic_ot_planes_at(const sonic_ot_shape *shape, const sonic_ot_block_shape *block, size_t p)
{
    size_t bytes = 0;
    for (size_t before = 0; before < p; before++)
        bytes += block->half * sonic_ot_plane_bytes(shape, before);
    return bytes;
}

static size_t correction_bytes(const sonic_ot_shape *shape, const sonic_ot_block_shape *block,
                               const sonic_ot_piece *piece)
{
    if (piece->kind == &sonic_ot_bits)
        return piece->n / 8 + 8 * sonic_ot_piece_two(block, piece);
    if (piece->kind == &sonic_ot_planes)
        return sonic_ot_planes_at(shape, block, piece->first + piece->n / block->half) -
               sonic_ot_planes_at(shape, block, piece->first);
    return piece->n * (sonic_ring_bytes(shape->ring) + sonic_ot_msb_bytes(shape));
}

size_t sonic_ot_piece_bytes(unsigned k, const sonic_ot_shape *shape,
                            const sonic_ot_block_shape *block, sonic_ot_stage stage,
                            const sonic_ot_piece *piece)
{
    return stage == SONIC_OT_CHOICES ? sonic_cot_bytes(k, piece->n)
                                     : correction_bytes(shape, block, piece);
}

unsigned sonic_ot_rounds(const sonic_ot_shape *shape)
{
    return shape->relu && shape->shift > 0 ? SONIC_OT_STAGES : SONIC_OT_LATE;
}

/* Of a block in all stages. */
static uint64_t block_bytes(unsigned k, const sonic_ot_shape *shape, size_t rows)
{
    const sonic_ot_block_shape block = sonic_ot_block_shape_of(shape, rows);
    const unsigned stages = sonic_ot_rounds(shape);
    uint64_t bytes = 0;
    for (unsigned s = 0; rows > 0 && s < stages; s++) {
        const sonic_ot_stage stage = (sonic_ot_stage)s;
        for (size_t i = 0; i < sonic_ot_pieces(shape, &block, stage); i++) {
            const sonic_ot_piece piece = sonic_ot_piece_of(&block, stage, i);
            bytes += sonic_ot_piece_bytes(k, shape, &block, stage, &piece);
        }
    }
    return bytes;
}

static sonic_ot_cost cost_of(unsigned k, const sonic_ot_shape *shape, uint64_t n)
{
    return (sonic_ot_cost){
        .bytes = n / SONIC_OT_ROWS * block_bytes(k, shape, SONIC_OT_ROWS) +
                 block_bytes(k, shape, n % SONIC_OT_ROWS),
        .rounds = sonic_ot_rounds(shape) * (n / SONIC_OT_GROUP + (n % SONIC_OT_GROUP != 0)),
    };
}

sonic_ot_shape sonic_ot_relu_shape(sonic_ring ring, unsigned shift, sonic_truncation truncation)
{
    return (sonic_ot_shape){ring, truncation == SONIC_TRUNC_STOCHASTIC ? shift : 0, true};
}

sonic_ot_cost sonic_ot_relu_cost(unsigned k, sonic_ring ring, uint64_t n, unsigned shift,
                                 sonic_truncation truncation)
{
    const sonic_ot_shape shape = sonic_ot_relu_shape(ring, shift, truncation);
    sonic_ot_cost cost = cost_of(k, &shape, n);
    cost.kept_bytes = sonic_ppa_cost_of(ring, n, shift, truncation).offline_bytes +
                      (shape.shift > 0 ? n * sonic_ring_bytes(ring) : 0);
    return cost;
}

sonic_ot_cost sonic_ot_trunc_cost(unsigned k, sonic_ring ring, uint64_t n, unsigned shift)
{
    const sonic_ot_shape shape = {ring, shift, false};
    sonic_ot_cost cost = cost_of(k, &shape, n);
    cost.kept_bytes = 3 * n * sonic_ring_bytes(ring);
    return cost;
}
