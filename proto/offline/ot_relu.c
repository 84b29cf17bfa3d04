/* Material of comparisons and of stochastic truncations by oblivious transfers: groups of blocks,
 * two or three rounds each. */
#include "proto/offline/ot_relu.h"

#include <stdlib.h>

#include "dispatch/error.h"
#include "proto/offline/ot_relu_run.h"
#include "proto/share/secret.h"
#include "proto/share/spill.h"

/* Block b of a round is a piece of a block of values. */
static sonic_ot_block *find(sonic_ot_run *run, size_t b, sonic_ot_piece *piece)
{
    const size_t pieces = sonic_ot_pieces(&run->shape, &run->block[0].shape, run->stage);
    sonic_ot_block *block = &run->block[b / pieces]; /* only the last one is smaller */
    *piece = sonic_ot_piece_of(&block->shape, run->stage, b % pieces);
    return block;
}

static size_t piece_bytes(void *arg, size_t b)
{
    sonic_ot_run *run = arg;
    sonic_ot_piece piece;
    const sonic_ot_block *block = find(run, b, &piece);
    return sonic_ot_piece_bytes(run->pair->k, &run->shape, &block->shape, run->stage, &piece);
}

static void begin_block(const sonic_ot_run *run, sonic_ot_block *block)
{
    sonic_ot_elements_begin(run, block);
    if (run->shape.relu)
        sonic_ot_bits_begin(run, block);
}

static sonic_status choose(void *arg, size_t b, uint8_t *out, sonic_error *error)
{
    sonic_ot_run *run = arg;
    sonic_ot_piece piece;
    sonic_ot_block *block = find(run, b, &piece);
    if (b % sonic_ot_pieces(&run->shape, &run->block[0].shape, run->stage) == 0)
        begin_block(run, block);
    return piece.kind->choose(run, block, &piece, out, error);
}

static sonic_status answer(void *arg, size_t b, const uint8_t *in, sonic_error *error)
{
    sonic_ot_run *run = arg;
    sonic_ot_piece piece;
    sonic_ot_block *block = find(run, b, &piece);
    return piece.kind->answer(run, block, &piece, in, error);
}

static sonic_status send(void *arg, size_t b, uint8_t *out, sonic_error *error)
{
    sonic_ot_run *run = arg;
    sonic_ot_piece piece;
    const sonic_ot_block *block = find(run, b, &piece);
    (void)error;
    piece.kind->send(run, block, &piece, out);
    return SONIC_OK;
}

static sonic_status correct(void *arg, size_t b, const uint8_t *in, sonic_error *error)
{
    sonic_ot_run *run = arg;
    sonic_ot_piece piece;
    sonic_ot_block *block = find(run, b, &piece);
    (void)error;
    piece.kind->correct(run, block, &piece, in);
    return SONIC_OK;
}

static sonic_status run_stages(sonic_ot_run *run, sonic_error *error)
{
    const sonic_ot_block_shape *last = &run->block[run->blocks - 1].shape;
    const unsigned stages = sonic_ot_rounds(&run->shape);
    sonic_status status = SONIC_OK;
    for (unsigned s = 0; s < stages && !status; s++) {
        run->stage = (sonic_ot_stage)s;
        sonic_round round = {
            .blocks =
                (run->blocks - 1) * sonic_ot_pieces(&run->shape, &run->block[0].shape, run->stage) +
                sonic_ot_pieces(&run->shape, last, run->stage),
            .block_bytes = piece_bytes,
            .produce = s == SONIC_OT_CHOICES ? choose : send,
            .consume = s == SONIC_OT_CHOICES ? answer : correct,
            .arg = run};
        status = sonic_channel_round(run->pair->channel, &round, error);
    }
    return status;
}

static size_t dealt_bytes(const sonic_ot_run *run, unsigned round, size_t rows)
{
    return sonic_ppa_dealt_bytes(run->shape.ring, round, rows, run->shape.shift,
                                 SONIC_TRUNC_STOCHASTIC);
}

sonic_status sonic_ot_write_round(const sonic_ot_run *run, const sonic_ot_block *block,
                                  unsigned round, sonic_error *error)
{
    const sonic_ring ring = run->shape.ring;
    const size_t rows = block->shape.rows;
    if (!run->shape.relu) {
        const size_t two = 2 * sonic_ring_bytes(ring);
        return sonic_spill_write(run->file, run->at + block->number * SONIC_OT_ROWS * two, run->out,
                                 rows * two, error);
    }
    uint64_t at = run->at;
    for (unsigned r = 0; r < round; r++)
        at += sonic_ppa_round_bytes(ring, r, run->n, run->shape.shift, SONIC_TRUNC_STOCHASTIC);
    return sonic_spill_write(run->file, at + block->number * dealt_bytes(run, round, SONIC_OT_ROWS),
                             run->out, dealt_bytes(run, round, rows), error);
}

static sonic_status write_blocks(sonic_ot_run *run, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (size_t b = 0; b < run->blocks && !status; b++) {
        if (run->shape.relu)
            status = sonic_ot_bits_write(run, &run->block[b], error);
        if (!status)
            status = sonic_ot_elements_write(run, &run->block[b], error);
    }
    return status;
}

static sonic_status run_groups(sonic_ot_run *run, sonic_error *error)
{
    sonic_status status = SONIC_OK;
    for (uint64_t done = 0; done < run->n && !status; done += SONIC_OT_GROUP) {
        const size_t rows =
            (size_t)(run->n - done < SONIC_OT_GROUP ? run->n - done : SONIC_OT_GROUP);
        run->blocks = sonic_size_pieces(rows, SONIC_OT_ROWS);
        for (size_t b = 0; b < run->blocks; b++) {
            run->block[b].number = done / SONIC_OT_ROWS + b;
            run->block[b].shape = sonic_ot_block_shape_of(
                &run->shape, sonic_size_min(rows - b * SONIC_OT_ROWS, SONIC_OT_ROWS));
        }
        status = run_stages(run, error);
        if (!status)
            status = write_blocks(run, error);
    }
    return status;
}

/* Hands out memory, or, from NULL, counts it. */
typedef struct carver {
    uint8_t *memory;
    size_t bytes;
} carver;

static void *carve(carver *c, size_t bytes)
{
    void *part = c->memory ? c->memory + c->bytes : NULL;
    c->bytes += 64 * sonic_size_pieces(bytes, 64);
    return part;
}

static void carve_block(carver *c, sonic_ot_block *block, const sonic_ot_shape *shape,
                        const sonic_ot_block_shape *most)
{
    const size_t elements = 2 * most->half * sonic_ring_bytes(shape->ring);
    const size_t words[2] = {8 * sonic_ot_words(most), 8 * most->two};
    block->choice = carve(c, words[0]);
    for (unsigned i = 0; i < 2; i++) {
        block->correction[i] = carve(c, words[i]);
        block->received[i] = carve(c, words[i]);
        block->sent[i] = carve(c, words[i]);
        block->product[i] = carve(c, elements);
        block->difference[i] = carve(c, elements);
    }
    block->bits = carve(c, elements);
    block->r = carve(c, elements);
    block->low = carve(c, elements);
    block->high = carve(c, elements);
    block->msb = carve(c, elements);
    block->dealt_r = carve(c, elements);
    block->packed = carve(c, sonic_ot_planes_at(shape, most, most->planes));
}

static void carve_run(carver *c, sonic_ot_run *run)
{
    const size_t rows = (size_t)(run->n < SONIC_OT_ROWS ? run->n : SONIC_OT_ROWS);
    const size_t rows_most = (size_t)(run->n < SONIC_OT_GROUP ? run->n : SONIC_OT_GROUP);
    const sonic_ot_block_shape most = sonic_ot_block_shape_of(&run->shape, rows);
    const size_t size = sonic_ring_bytes(run->shape.ring);
    for (size_t b = 0; b < sonic_size_pieces(rows_most, SONIC_OT_ROWS); b++)
        carve_block(c, &run->block[b], &run->shape, &most);
    run->labels = carve(c, (size_t)SONIC_OT_RELU_PIECE * 16);
    run->hash[0] = carve(c, SONIC_OT_RELU_PIECE * size);
    run->hash[1] = carve(c, SONIC_OT_RELU_PIECE * size);
    run->planes = carve(c, most.planes * SONIC_OT_PLANE_WORDS * 8);
    run->choice = carve(c, SONIC_OT_RELU_PIECE / 8);
    run->out = carve(c, SONIC_OT_OUT_BYTES);
}

static sonic_status make(sonic_ot_run *run, sonic_error *error)
{
    carver c = {0};
    if (run->n == 0)
        return SONIC_OK;
    carve_run(&c, run);
    const size_t bytes = c.bytes;
    c = (carver){.memory = aligned_alloc(64, bytes)};
    if (!c.memory)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for the material of %llu values",
                          (unsigned long long)run->n);
    carve_run(&c, run);
    sonic_status status = run_groups(run, error);
    sonic_secret_free(c.memory, bytes);
    return status;
}

sonic_status sonic_ot_relu_make(sonic_ot_pair *pair, const sonic_material *streams, sonic_ring ring,
                                const sonic_relu_call *call, int file, uint64_t at,
                                sonic_error *error)
{
    sonic_ot_run run = {
        .pair = pair,
        .streams = streams,
        .shape = sonic_ot_relu_shape(ring, call->shift, call->truncation),
        .index = call->index,
        .n = call->n,
        .file = file,
        .at = at,
        .u_at = at + sonic_ppa_cost_of(ring, call->n, call->shift, call->truncation).offline_bytes,
    };
    return make(&run, error);
}

sonic_status sonic_ot_trunc_make(sonic_ot_pair *pair, const sonic_material *streams,
                                 sonic_ring ring, unsigned shift, uint64_t n, int file, uint64_t at,
                                 sonic_error *error)
{
    sonic_ot_run run = {
        .pair = pair,
        .streams = streams,
        .shape = {ring, shift, false},
        .n = n,
        .file = file,
        .at = at,
        .u_at = at + 2 * n * sonic_ring_bytes(ring),
    };
    return make(&run, error);
}
