/* The material of the last round, and of stochastic truncation: bits that become elements, and r
 * times u. */
#include <string.h>

#include "proto/offline/ot_relu_run.h"
#include "proto/offline/streams.h"
#include "proto/share/spill.h"

static const uint8_t nothing[16];

static const sonic_ot_elements *elements_of(const sonic_ot_run *run)
{
    return run->shape.ring == SONIC_RING_64 ? &sonic_ot_elements64 : &sonic_ot_elements32;
}

static void *at(const sonic_ot_run *run, void *elements, size_t i)
{
    return (uint8_t *)elements + i * sonic_ring_bytes(run->shape.ring);
}

/* Rows in which this party chooses the bits that become elements ... */
static size_t chosen_at(const sonic_ot_run *run, const sonic_ot_block *block)
{
    return run->pair->party == 0 ? 0 : block->shape.half;
}

/* ... and in which its peer does. */
static size_t answered_at(const sonic_ot_run *run, const sonic_ot_block *block)
{
    return block->shape.half - chosen_at(run, block);
}

/* What the bits of plane p are in, and what is made of them: the sum of 2^weight bits. */
typedef struct plane_place {
    void *source;
    unsigned bit;
    void *sum;
    unsigned weight;
    void *msb; /* which is this plane, or NULL */
} plane_place;

/* Of rows `first` and on. */
static plane_place place_of(const sonic_ot_run *run, const sonic_ot_block *block, size_t p,
                            size_t first)
{
    const unsigned shift = run->shape.shift, l = (unsigned)run->shape.ring, bit = (unsigned)p;
    if (shift == 0 || p == l)
        return (plane_place){at(run, block->r, first), 0, at(run, block->dealt_r, first), 0, NULL};
    return (plane_place){
        at(run, block->bits, first), bit, at(run, bit < shift ? block->low : block->high, first),
        bit < shift ? bit : bit - shift, bit == l - 1 ? at(run, block->msb, first) : NULL};
}

/* A bit is b_0 + b_1 - 2 b_0 b_1, and own b_i are in the sums from the start.  Adds factor x, where
 * the factor is -2 and x a share of b_0 b_1, or both are of the other sign. */
enum { SHARE = -2, MINUS_SHARE = 2 };
static void add_product(const sonic_ot_run *run, const plane_place *place, int factor,
                        const void *x, size_t n)
{
    const sonic_vec_kernels *vec = sonic_ot_vec(run);
    const uint64_t two = (uint64_t)(int64_t)factor;
    vec->scale_add(place->sum, x, two << place->weight, place->sum, n);
    if (place->msb)
        vec->scale_add(place->msb, x, two, place->msb, n);
}

/* Own masks of the block: bits as elements, and the planes to choose with. */
void sonic_ot_elements_begin(const sonic_ot_run *run, sonic_ot_block *block)
{
    const sonic_ot_shape *shape = &run->shape;
    const sonic_ot_elements *elements = elements_of(run);
    const sonic_bitmat_kernels *bitmat = &run->pair->context->kernels.bitmat;
    const unsigned last = sonic_ppa_levels(shape->ring) + 1;
    const size_t n = 2 * block->shape.half, size = sonic_ring_bytes(shape->ring);
    const size_t rows = block->shape.rows;
    uint64_t *r = run->planes + (block->shape.planes - 1) * SONIC_OT_PLANE_WORDS;

    memset(block->bits, 0, n * size);
    sonic_material_random(run->streams,
                          shape->relu ? SONIC_STREAM_PPA(run->index, last, SONIC_PPA_U)
                                      : SONIC_STREAM_TRUNC_MASK,
                          block->number * SONIC_OT_ROWS * size, block->bits, rows * size);
    if (shape->shift > 0) {
        elements->split(block->low, block->high, block->msb, block->bits, shape->shift, n);
        (size == 8 ? bitmat->planes64 : bitmat->planes32)(run->planes, SONIC_OT_PLANE_WORDS,
                                                          block->bits, n);
    }
    if (shape->relu) {
        memset(r, 0, SONIC_OT_ROWS / 8);
        sonic_material_random(run->streams, SONIC_STREAM_PPA(run->index, last, SONIC_PPA_R),
                              block->number * sonic_ppa_plane_bytes(1, SONIC_OT_ROWS), r,
                              sonic_ppa_plane_bytes(1, rows));
        elements->spread(block->r, (const uint8_t *)r, n);
        memcpy(block->dealt_r, block->r, n * size);
    }
}

/* Choices of a piece of planes: this party's half of each. */
static void gather(const sonic_ot_run *run, const sonic_ot_block *block,
                   const sonic_ot_piece *piece)
{
    const size_t half = block->shape.half;
    for (size_t done = 0; done < piece->n; done += half) {
        const size_t p = piece->first + done / half;
        memcpy(run->choice + done / 8,
               (const uint8_t *)(run->planes + p * SONIC_OT_PLANE_WORDS) +
                   chosen_at(run, block) / 8,
               half / 8);
    }
}

static void words(const sonic_ot_run *run, void *low, void *high, const sonic_ot_piece *piece,
                  const uint8_t *delta, const sonic_aes_key *pi)
{
    run->pair->context->kernels.ot.words[sonic_ring_index(run->shape.ring)](low, high, run->labels,
                                                                            delta, piece->n, pi);
}

static sonic_status choose_planes(const sonic_ot_run *run, sonic_ot_block *block,
                                  const sonic_ot_piece *piece, uint8_t *message, sonic_error *error)
{
    const size_t half = block->shape.half;
    sonic_cot_receiver *receiver = run->pair->receiver;
    gather(run, block, piece);
    sonic_status status =
        sonic_cot_receive(receiver, run->labels, message, run->choice, piece->n, error);
    if (status)
        return status;
    words(run, run->hash[0], NULL, piece, nothing, sonic_cot_receiver_pi(receiver));
    for (size_t done = 0; done < piece->n; done += half) {
        const plane_place place =
            place_of(run, block, piece->first + done / half, chosen_at(run, block));
        add_product(run, &place, SHARE, at(run, run->hash[0], done), half);
    }
    return SONIC_OK;
}

static sonic_status answer_planes(const sonic_ot_run *run, sonic_ot_block *block,
                                  const sonic_ot_piece *piece, const uint8_t *message,
                                  sonic_error *error)
{
    const size_t half = block->shape.half;
    const sonic_ot_elements *elements = elements_of(run);
    const sonic_cot_sender *sender = run->pair->sender;
    uint8_t *packed = block->packed + sonic_ot_planes_at(&run->shape, &block->shape, piece->first);
    sonic_status status = sonic_cot_send(run->pair->sender, run->labels, message, piece->n, error);
    if (status)
        return status;
    words(run, run->hash[0], NULL, piece, nothing, sonic_cot_sender_pi(sender));
    words(run, run->hash[1], NULL, piece, run->pair->delta, sonic_cot_sender_pi(sender));
    for (size_t done = 0; done < piece->n; done += half) {
        const size_t p = piece->first + done / half, bytes = sonic_ot_plane_bytes(&run->shape, p);
        const plane_place place = place_of(run, block, p, answered_at(run, block));
        void *pad = at(run, run->hash[0], done);
        add_product(run, &place, MINUS_SHARE, pad, half);
        sonic_ot_vec(run)->sub(pad, pad, at(run, run->hash[1], done), half);
        elements->add_bit(pad, place.source, place.bit, half);
        elements->store(packed, pad, bytes, half);
        packed += bytes * half;
    }
    return SONIC_OK;
}

static void send_planes(const sonic_ot_run *run, const sonic_ot_block *block,
                        const sonic_ot_piece *piece, uint8_t *message)
{
    const size_t begin = sonic_ot_planes_at(&run->shape, &block->shape, piece->first);
    const size_t end =
        sonic_ot_planes_at(&run->shape, &block->shape, piece->first + piece->n / block->shape.half);
    memcpy(message, block->packed + begin, end - begin);
}

static void correct_planes(const sonic_ot_run *run, sonic_ot_block *block,
                           const sonic_ot_piece *piece, const uint8_t *message)
{
    const size_t half = block->shape.half;
    const sonic_ot_elements *elements = elements_of(run);
    for (size_t done = 0; done < piece->n; done += half) {
        const size_t p = piece->first + done / half, bytes = sonic_ot_plane_bytes(&run->shape, p);
        const plane_place place = place_of(run, block, p, chosen_at(run, block));
        elements->load(run->hash[0], message, bytes, half);
        elements->keep(run->hash[0], place.source, place.bit, half);
        add_product(run, &place, SHARE, run->hash[0], half);
        message += bytes * half;
    }
}

const sonic_ot_kind sonic_ot_planes = {choose_planes, answer_planes, send_planes, correct_planes};

/* Words of two elements where msb(u) is wanted, too. */
static bool has_msb(const sonic_ot_run *run)
{
    return run->shape.shift > 0;
}

static sonic_status choose_select(const sonic_ot_run *run, sonic_ot_block *block,
                                  const sonic_ot_piece *piece, uint8_t *message, sonic_error *error)
{
    sonic_cot_receiver *receiver = run->pair->receiver;
    const uint64_t *r = run->planes + (block->shape.planes - 1) * SONIC_OT_PLANE_WORDS;
    sonic_status status =
        sonic_cot_receive(receiver, run->labels, message, (const uint8_t *)r, piece->n, error);
    if (!status)
        words(run, block->product[0], has_msb(run) ? block->product[1] : NULL, piece, nothing,
              sonic_cot_receiver_pi(receiver));
    return status;
}

static sonic_status answer_select(const sonic_ot_run *run, sonic_ot_block *block,
                                  const sonic_ot_piece *piece, const uint8_t *message,
                                  sonic_error *error)
{
    const sonic_vec_kernels *vec = sonic_ot_vec(run);
    const sonic_cot_sender *sender = run->pair->sender;
    sonic_status status = sonic_cot_send(run->pair->sender, run->labels, message, piece->n, error);
    if (status)
        return status;
    words(run, run->hash[0], has_msb(run) ? run->hash[1] : NULL, piece, nothing,
          sonic_cot_sender_pi(sender));
    words(run, block->difference[0], has_msb(run) ? block->difference[1] : NULL, piece,
          run->pair->delta, sonic_cot_sender_pi(sender));
    for (unsigned i = 0; i < (has_msb(run) ? 2 : 1); i++) {
        vec->sub(block->product[i], block->product[i], run->hash[i], piece->n);
        vec->sub(block->difference[i], run->hash[i], block->difference[i], piece->n);
    }
    return SONIC_OK;
}

/* u >> shift is complete, or is u. */
static void send_select(const sonic_ot_run *run, const sonic_ot_block *block,
                        const sonic_ot_piece *piece, uint8_t *message)
{
    const sonic_ot_elements *elements = elements_of(run);
    const size_t bytes[2] = {sonic_ring_bytes(run->shape.ring), sonic_ot_msb_bytes(&run->shape)};
    const void *value[2] = {has_msb(run) ? block->high : block->bits, block->msb};
    for (unsigned i = 0; i < (has_msb(run) ? 2 : 1); i++) {
        elements->add_signed(run->hash[0], block->difference[i], block->r, value[i], piece->n);
        elements->store(message, run->hash[0], bytes[i], piece->n);
        message += bytes[i] * piece->n;
    }
}

static void correct_select(const sonic_ot_run *run, sonic_ot_block *block,
                           const sonic_ot_piece *piece, const uint8_t *message)
{
    const sonic_vec_kernels *vec = sonic_ot_vec(run);
    const sonic_ot_elements *elements = elements_of(run);
    const size_t bytes[2] = {sonic_ring_bytes(run->shape.ring), sonic_ot_msb_bytes(&run->shape)};
    const void *value[2] = {has_msb(run) ? block->high : block->bits, block->msb};
    for (unsigned i = 0; i < (has_msb(run) ? 2 : 1); i++) {
        elements->load(run->hash[0], message, bytes[i], piece->n);
        vec->add(run->hash[0], run->hash[0], value[i], piece->n); /* own r_i u_i */
        elements->keep(run->hash[0], block->r, 0, piece->n);
        vec->add(block->product[i], block->product[i], run->hash[0], piece->n);
        message += bytes[i] * piece->n;
    }
}

const sonic_ot_kind sonic_ot_select = {choose_select, answer_select, send_select, correct_select};

/* r, r u; or r, -(u >> shift), -r (u >> shift), wrap; or -(u >> shift), msb(u): one after the
 * other, in run->out. */
static void arrange(const sonic_ot_run *run, const sonic_ot_block *block)
{
    const sonic_vec_kernels *vec = sonic_ot_vec(run);
    const uint64_t minus = (uint64_t)0 - 1;
    const size_t rows = block->shape.rows, bytes = rows * sonic_ring_bytes(run->shape.ring);
    uint8_t *out = run->out;
    if (run->shape.relu) {
        memcpy(out, block->dealt_r, bytes);
        out += bytes;
    }
    if (run->shape.shift > 0) {
        vec->scale_add(out, block->high, minus, NULL, rows);
        out += bytes;
    }
    if (!run->shape.relu) {
        memcpy(out, block->msb, bytes);
    } else if (run->shape.shift == 0) {
        memcpy(out, block->product[0], bytes);
    } else {
        vec->scale_add(out, block->product[0], minus, NULL, rows);
        elements_of(run)->wrap(out + bytes, block->msb, block->product[1], run->shape.shift, rows);
    }
}

sonic_status sonic_ot_elements_write(const sonic_ot_run *run, const sonic_ot_block *block,
                                     sonic_error *error)
{
    const size_t rows = block->shape.rows, size = sonic_ring_bytes(run->shape.ring);
    arrange(run, block);
    sonic_status status =
        sonic_ot_write_round(run, block, sonic_ppa_levels(run->shape.ring) + 1, error);
    if (status || run->shape.shift == 0)
        return status;
    sonic_ot_vec(run)->scale_add(run->out, block->high, (uint64_t)1 << run->shape.shift, block->low,
                                 rows);
    return sonic_spill_write(run->file, run->u_at + block->number * SONIC_OT_ROWS * size, run->out,
                             rows * size, error);
}
