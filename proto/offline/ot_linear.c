/* Products of an inference: masked inputs out, masked inputs in, the seeds of both directions
 * expanded on the way. */
#include "proto/offline/ot_linear.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "kernels/common/checked.h"
#include "proto/offline/ot_linear_run.h"

enum {
    BYTES = SONIC_OT_BLOCK_BYTES,
    SEEDS_BYTES = SONIC_TREES_SEEDS * SONIC_OT_TREES * BYTES,
    MASKS_BYTES = SONIC_TREES_LEVELS * SONIC_OT_TREES * BYTES,
    /* Elements of all trees folded at once, in lanes with what fills their last block. */
    LANES_BYTES = SONIC_OT_STEP_BYTES + SONIC_OT_TREES * BYTES
};

/* A direction's memory, and what its expansion of trees is good for. */
typedef struct side {
    uint64_t *seeds; /* rows of the trees that grow together */
    uint8_t *sum;    /* of a step's products over the channels */
    sonic_trees_keys keys;
    uint64_t keys_of; /* their number, plus 1 */
} side;

typedef struct call {
    sonic_ot_linear *linear;
    size_t batch;
    uint8_t *c;
    const uint8_t *a;
    sonic_ot_tap *taps;
    size_t blocks; /* of an output channel */
    side side[2];
    uint64_t *masks;
    uint8_t *u, *v, *x;
    uint8_t *scratch; /* all of these arrays */
} call;

/* What a block multiplies: `take` multipliers from `at` on by elements from .. from + n of a tap.
 */
typedef struct block {
    const sonic_ot_tap *tap;
    size_t output, channel, take, at, from, n;
    uint64_t number;
} block;

static block find(const call *k, size_t index)
{
    const sonic_ot_shape *shape = &k->linear->shape;
    const size_t output = index / k->blocks, within = index % k->blocks;
    size_t low = 0, high = shape->taps; /* the last tap that has blocks and begins before */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        *(k->taps[middle].first <= within ? &low : &high) = middle;
    }
    const sonic_ot_tap *tap = &k->taps[low];
    const size_t pieces = sonic_size_pieces(shape->channels, tap->take);
    block b = {.tap = tap,
               .output = output,
               .channel = (within - tap->first) % pieces * tap->take,
               .from = (within - tap->first) / pieces * tap->step,
               .number = k->linear->blocks + index};
    b.take = sonic_size_min(tap->take, shape->channels - b.channel);
    b.n = sonic_size_min(tap->step, tap->n - b.from);
    b.at = (output * shape->taps + low) * shape->channels + b.channel;
    return b;
}

/* Where elements of a step lie side by side: e .. e + n, in one row of one image. */
typedef struct run {
    size_t n, image, row, column; /* of the output */
} run;

static run run_at(const block *b, size_t e)
{
    const sonic_ot_tap *tap = b->tap;
    const size_t row = e / tap->columns, column = e % tap->columns;
    return (run){.n = sonic_size_min(tap->columns - column, b->from + b->n - e),
                 .image = row / tap->rows,
                 .row = tap->row + row % tap->rows,
                 .column = tap->column + column};
}

/* The inputs that a multiplier of a channel of the group meets. */
static void gather(const call *k, const block *b, size_t channel, uint8_t *out)
{
    const sonic_conv_shape *conv = &k->linear->shape.conv;
    const size_t size = sonic_ring_bytes(k->linear->shape.ring);
    channel += b->output / (conv->o / conv->groups) * k->linear->shape.channels;
    for (size_t e = b->from; e < b->from + b->n;) {
        const run r = run_at(b, e);
        const size_t y = r.row * conv->stride_h + b->tap->y * conv->dilation_h - conv->pad_top;
        const size_t x = r.column * conv->stride_w + b->tap->x * conv->dilation_w - conv->pad_left;
        const uint8_t *from =
            k->a + (((r.image * conv->c + channel) * conv->h + y) * conv->w + x) * size;
        if (conv->stride_w == 1)
            memcpy(out, from, r.n * size);
        else
            for (size_t i = 0; i < r.n; i++)
                memcpy(out + i * size, from + i * conv->stride_w * size, size);
        out += r.n * size;
        e += r.n;
    }
}

/* The outputs get a step's sums. */
static void add_sum(const call *k, const block *b, const uint8_t *sum)
{
    const sonic_ot_shape *shape = &k->linear->shape;
    const size_t size = sonic_ring_bytes(shape->ring);
    const sonic_vec_kernels *vec =
        &k->linear->pair->context->kernels.vec[sonic_ring_index(shape->ring)];
    for (size_t e = b->from; e < b->from + b->n;) {
        const run r = run_at(b, e);
        uint8_t *out =
            k->c +
            (((r.image * shape->conv.o + b->output) * shape->oh + r.row) * shape->ow + r.column) *
                size;
        vec->add(out, out, sum, r.n);
        sum += r.n * size;
        e += r.n;
    }
}

/* Seeds of all trees of n multipliers, digit by digit. */
static void grow(call *k, unsigned direction, size_t at, size_t n)
{
    const sonic_ot_linear *linear = k->linear;
    const sonic_kernels *kernels = &linear->pair->context->kernels;
    side *own = &k->side[direction];
    const size_t digits = sonic_ot_digits(linear->shape.ring), trees = n * digits;
    const size_t nodes = direction ? SONIC_OT_PEER_NODES : SONIC_OT_OWN_NODES;
    const uint8_t *kept = linear->nodes[direction] + at * digits * nodes * BYTES;
    for (size_t i = 0; i < n; i++)
        for (size_t digit = 0; digit < digits; digit++) {
            const size_t t = digit * n + i;
            for (size_t j = 0; j < nodes; j++, kept += BYTES)
                memcpy(own->seeds +
                           ((direction ? (size_t)1 << j : j) * trees + t) * SONIC_TREES_WORDS,
                       kept, BYTES);
            if (direction)
                sonic_trees_mask(k->masks, trees, t, sonic_ot_digit(linear, at + i, digit));
        }
    if (own->keys_of != at / SONIC_OT_KEY_MULTIPLIERS + 1) {
        sonic_ot_trees_keys(&own->keys, kernels, &linear->seeds[direction], at);
        own->keys_of = at / SONIC_OT_KEY_MULTIPLIERS + 1;
    }
    if (direction)
        sonic_trees_regrow(kernels, own->seeds, k->masks, trees, &own->keys);
    else
        sonic_trees_grow(kernels, own->seeds, NULL, trees, &own->keys);
}

/* The message of a block, on its way out or in. */
typedef struct message {
    uint8_t *out;
    const uint8_t *in;
} message;

/* A block's multipliers done + first .. done + first + n, of those from `done` on whose `grown`
 * trees a digit have grown. */
static void multiply_some(const call *k, message *d, const block *b, const sonic_aes_key *pi,
                          size_t done, size_t first, size_t n, size_t grown)
{
    const sonic_ot_linear *linear = k->linear;
    const unsigned bits = (unsigned)linear->shape.ring, direction = d->in != NULL;
    const size_t digits = sonic_ot_digits(linear->shape.ring);
    const sonic_vole_kernels *vole =
        &linear->pair->context->kernels.vole[sonic_ring_index(linear->shape.ring)];
    const side *own = &k->side[direction];
    for (size_t i = 0; i < n && !direction; i++)
        gather(k, b, b->channel + done + first + i, k->x + i * b->n * (bits / 8));
    for (unsigned digit = 0; digit < digits; digit++) {
        const size_t blocks = sonic_size_pieces(b->n * sonic_vole_lane(bits, digit), BYTES);
        vole->fold(k->u, k->v,
                   (const uint8_t *)(own->seeds + (digit * grown + first) * SONIC_TREES_WORDS),
                   grown * digits, n, blocks, pi, 0, digit);
        for (size_t i = 0; i < n; i++) {
            const uint8_t *u = k->u + i * blocks * BYTES, *v = k->v + i * blocks * BYTES;
            if (direction) {
                vole->add_received(own->sum, d->in, u, v, b->n, digit,
                                   sonic_ot_digit(linear, b->at + done + first + i, digit));
                d->in += b->n * sonic_vole_wire(bits, digit);
            } else {
                vole->mask(d->out, k->x + i * b->n * (bits / 8), u, b->n, digit);
                vole->add_sent(own->sum, v, b->n, digit);
                d->out += b->n * sonic_vole_wire(bits, digit);
            }
        }
    }
}

static void multiply(call *k, message d, size_t index)
{
    const sonic_ot_linear *linear = k->linear;
    const sonic_ot_shape *shape = &linear->shape;
    const size_t size = sonic_ring_bytes(shape->ring);
    const unsigned direction = d.in != NULL;
    const block b = find(k, index);
    sonic_aes_key pi;
    sonic_ot_key(&pi, &linear->pair->context->kernels, linear->seeds[direction].fold, b.number);
    if (b.channel == 0)
        memset(k->side[direction].sum, 0, b.n * size);
    const size_t most = SONIC_OT_STEP_BYTES / size / b.n;
    for (size_t done = 0, grown; done < b.take; done += grown) {
        grown = sonic_ot_together(shape, b.at + done, b.take - done);
        grow(k, direction, b.at + done, grown);
        for (size_t first = 0, n; first < grown; first += n) {
            n = sonic_size_min(most, grown - first);
            multiply_some(k, &d, &b, &pi, done, first, n, grown);
        }
    }
    if (b.channel + b.take == shape->channels)
        add_sum(k, &b, k->side[direction].sum);
}

static size_t block_bytes(void *arg, size_t index)
{
    const call *k = arg;
    const block b = find(k, index);
    return b.take * b.n * sonic_ot_wire(k->linear->shape.ring);
}

static sonic_status produce(void *arg, size_t index, uint8_t *out, sonic_error *error)
{
    (void)error;
    multiply(arg, (message){.out = out}, index);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t index, const uint8_t *in, sonic_error *error)
{
    (void)error;
    multiply(arg, (message){.in = in}, index);
    return SONIC_OK;
}

enum { SCRATCH_BYTES = 2 * SEEDS_BYTES + MASKS_BYTES + 2 * LANES_BYTES + 3 * SONIC_OT_STEP_BYTES };

static void lay_out(call *k)
{
    uint8_t *at = k->scratch;
    for (unsigned direction = 0; direction < 2; direction++) {
        k->side[direction].seeds = (uint64_t *)at;
        k->side[direction].sum = at + SEEDS_BYTES;
        at += SEEDS_BYTES + SONIC_OT_STEP_BYTES;
    }
    k->masks = (uint64_t *)at;
    k->u = at + MASKS_BYTES;
    k->v = k->u + LANES_BYTES;
    k->x = k->v + LANES_BYTES;
}

sonic_status sonic_ot_linear_make(sonic_ot_linear *linear, void *c, const void *a, size_t batch,
                                  sonic_error *error)
{
    const sonic_ot_shape *shape = &linear->shape;
    const size_t bytes =
        batch * shape->conv.o * shape->oh * shape->ow * sonic_ring_bytes(shape->ring);
    call k = {.linear = linear, .batch = batch, .c = c, .a = a};
    k.taps = calloc(shape->taps, sizeof *k.taps);
    k.scratch = aligned_alloc(64, SCRATCH_BYTES);
    sonic_status status = SONIC_OK;
    memset(c, 0, bytes);
    if (!k.taps || !k.scratch)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for a product of %zu images", batch);
    if (!status) {
        lay_out(&k);
        k.blocks = sonic_ot_taps(k.taps, shape, batch);
        const sonic_round round = {.blocks = k.blocks * shape->conv.o,
                                   .block_bytes = block_bytes,
                                   .produce = produce,
                                   .consume = consume,
                                   .arg = &k};
        status = sonic_channel_round(linear->pair->channel, &round, error);
        linear->blocks += round.blocks; /* their keys are used, whether or not all went well */
        sodium_memzero(k.scratch, SCRATCH_BYTES);
    }
    if (status)
        memset(c, 0, bytes);
    free(k.taps);
    free(k.scratch);
    return status;
}
