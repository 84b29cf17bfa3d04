/* Products of an inference: masked inputs out, masked inputs in, the seeds of both directions
 * expanded on the way. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "dispatch/error.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"
#include "proto/offline/ot_linear_run.h"

enum {
    BYTES = SONIC_OT_NODE_BYTES,
    SEEDS_BYTES = SONIC_TREES_SEEDS * SONIC_OT_TREES * BYTES,
    MASKS_BYTES = SONIC_TREES_LEVELS * SONIC_OT_TREES * BYTES,
    /* Elements of the trees of a digit, in lanes with what fills their last blocks. */
    LANES_BYTES = SONIC_OT_STEP_BYTES + SONIC_OT_TREES * BYTES,
    /* Products below which a thread costs more than it saves: some 50 microseconds. */
    LEAST_WORK = 1 << 12
};

/* A thread's memory, all of it secret. */
typedef struct worker {
    _Alignas(64) uint64_t seeds[SEEDS_BYTES / 8];
    uint64_t masks[MASKS_BYTES / 8];
    uint8_t u[LANES_BYTES], v[LANES_BYTES];
    uint8_t x[SONIC_OT_STEP_BYTES];
    uint8_t sum[SONIC_OT_STEP_BYTES]; /* of a block's products over its channels */
} worker;

typedef struct call {
    const sonic_ot_products *products;
    uint8_t *c;
    const uint8_t *a;
    sonic_ot_tap *taps;
    size_t blocks; /* of an output channel */
    worker *workers;
} call;

/* What a block multiplies: `take` multipliers from `at` on by elements from .. from + n of a tap.
 */
typedef struct block {
    const sonic_ot_tap *tap;
    size_t output, channel, take, at, from, n;
} block;

static block find(const call *k, size_t index)
{
    const sonic_ot_shape *shape = &k->products->shape;
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
               .from = (within - tap->first) / pieces * tap->step};
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
    const sonic_conv_shape *conv = &k->products->shape.conv;
    const size_t size = sonic_ring_bytes(k->products->shape.ring);
    channel += b->output / (conv->o / conv->groups) * k->products->shape.channels;
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

/* The outputs get a worker's sums. */
static void add_sum(const call *k, const block *b, const uint8_t *sum)
{
    const sonic_ot_shape *shape = &k->products->shape;
    const size_t size = sonic_ring_bytes(shape->ring);
    const sonic_vec_kernels *vec =
        &k->products->pair->context->kernels.vec[sonic_ring_index(shape->ring)];
    for (size_t e = b->from; e < b->from + b->n;) {
        const run r = run_at(b, e);
        const size_t row = (r.image * shape->conv.o + b->output) * shape->oh + r.row;
        uint8_t *out = k->c + (row * shape->ow + r.column) * size;
        vec->add(out, out, sum, r.n);
        sum += r.n * size;
        e += r.n;
    }
}

/* A block on its way: its message, to be written in direction 0 and read in direction 1, and its
 * keys.  A block has fewer multipliers than a pair of keys serves, and so at most two pairs. */
typedef struct job {
    const call *call;
    block block;
    unsigned direction;
    uint8_t *out;
    const uint8_t *in;
    sonic_aes_key fold;
    sonic_trees_keys trees[2];
} job;

_Static_assert((int)SONIC_OT_WIRE_BYTES / 20 < (int)SONIC_OT_KEY_MULTIPLIERS,
               "20 bytes are the least that a product takes on the wire");

/* Seeds of all trees of n multipliers from `at` on, digit by digit. */
static void grow(const job *j, worker *w, size_t at, size_t n)
{
    const sonic_ot_products *products = j->call->products;
    const sonic_kernels *kernels = &products->pair->context->kernels;
    const size_t digits = sonic_ot_digits(products->shape.ring), trees = n * digits;
    const size_t nodes = j->direction ? SONIC_OT_PEER_NODES : SONIC_OT_OWN_NODES;
    const uint8_t *kept = products->nodes[j->direction] + at * digits * nodes * BYTES;
    const sonic_trees_keys *keys =
        &j->trees[at / SONIC_OT_KEY_MULTIPLIERS - j->block.at / SONIC_OT_KEY_MULTIPLIERS];
    for (size_t i = 0; i < n; i++)
        for (size_t digit = 0; digit < digits; digit++) {
            const size_t t = digit * n + i;
            for (size_t node = 0; node < nodes; node++, kept += BYTES) {
                const size_t row = j->direction ? (size_t)1 << node : node;
                memcpy(w->seeds + (row * trees + t) * SONIC_TREES_WORDS, kept, BYTES);
            }
            if (j->direction)
                sonic_trees_mask(w->masks, trees, t, sonic_ot_digit(products, at + i, digit));
        }
    if (j->direction)
        sonic_trees_regrow(kernels, w->seeds, w->masks, trees, keys);
    else
        sonic_trees_grow(kernels, w->seeds, NULL, trees, keys);
}

/* The block's multipliers done .. done + n, whose products with a step fit a worker. */
static void multiply_some(const job *j, worker *w, size_t done, size_t n)
{
    const sonic_ot_products *products = j->call->products;
    const block *b = &j->block;
    const unsigned bits = (unsigned)products->shape.ring;
    const size_t digits = sonic_ot_digits(products->shape.ring), size = bits / 8;
    const size_t message = done * b->n * sonic_ot_wire(products->shape.ring);
    const sonic_vole_kernels *vole =
        &products->pair->context->kernels.vole[sonic_ring_index(products->shape.ring)];
    uint8_t *out = j->direction ? NULL : j->out + message;
    const uint8_t *in = j->direction ? j->in + message : NULL;
    grow(j, w, b->at + done, n);
    for (size_t i = 0; i < n && !j->direction; i++)
        gather(j->call, b, b->channel + done + i, w->x + i * b->n * size);
    for (unsigned digit = 0; digit < digits; digit++) {
        const size_t lanes = sonic_size_pieces(b->n * sonic_vole_lane(bits, digit), BYTES);
        const size_t wire = b->n * sonic_vole_wire(bits, digit);
        vole->fold(w->u, w->v, (const uint8_t *)(w->seeds + digit * n * SONIC_TREES_WORDS),
                   n * digits, n, lanes, &j->fold, 0, digit);
        for (size_t i = 0; i < n; i++) {
            const uint8_t *u = w->u + i * lanes * BYTES, *v = w->v + i * lanes * BYTES;
            if (j->direction) {
                vole->add_received(w->sum, in, u, v, b->n, digit,
                                   sonic_ot_digit(products, b->at + done + i, digit));
                in += wire;
            } else {
                vole->mask(out, w->x + i * b->n * size, u, b->n, digit);
                vole->add_sent(w->sum, v, b->n, digit);
                out += wire;
            }
        }
    }
}

/* Multipliers are dealt to threads; sums do not depend on their order. */
static void multiply(const job *j)
{
    const block *b = &j->block;
    const sonic_ot_shape *shape = &j->call->products->shape;
    const size_t size = sonic_ring_bytes(shape->ring);
    const size_t together = sonic_ot_together(shape, 0, SONIC_OT_STEP_BYTES / size / b->n);
    const size_t tasks = sonic_size_pieces(b->take, together);
    const int threads = sonic_threads_for(j->call->products->pair->context->threads, tasks,
                                          b->take * b->n, LEAST_WORK);
    for (int t = 0; t < threads; t++)
        memset(j->call->workers[t].sum, 0, b->n * size);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        const size_t end = sonic_size_min(b->take, (task + 1) * together);
        for (size_t done = task * together, n; done < end; done += n) {
            n = sonic_ot_together(shape, b->at + done, end - done);
            multiply_some(j, &j->call->workers[sonic_thread_index()], done, n);
        }
    }
    for (int t = 0; t < threads; t++)
        add_sum(j->call, b, j->call->workers[t].sum);
}

static void run_block(const call *k, size_t index, unsigned direction, uint8_t *out,
                      const uint8_t *in)
{
    const sonic_ot_products *products = k->products;
    const sonic_kernels *kernels = &products->pair->context->kernels;
    const sonic_ot_seeds *seeds = &products->seeds[direction];
    job j = {.call = k, .block = find(k, index), .direction = direction, .out = out, .in = in};
    sonic_ot_key(&j.fold, kernels, seeds->fold, products->blocks + index);
    sonic_ot_trees_keys(&j.trees[0], kernels, seeds, j.block.at);
    sonic_ot_trees_keys(&j.trees[1], kernels, seeds, j.block.at + j.block.take - 1);
    multiply(&j);
}

static size_t block_bytes(void *arg, size_t index)
{
    const call *k = arg;
    const block b = find(k, index);
    return b.take * b.n * sonic_ot_wire(k->products->shape.ring);
}

static sonic_status produce(void *arg, size_t index, uint8_t *out, sonic_error *error)
{
    (void)error;
    run_block(arg, index, 0, out, NULL);
    return SONIC_OK;
}

static sonic_status consume(void *arg, size_t index, const uint8_t *in, sonic_error *error)
{
    (void)error;
    run_block(arg, index, 1, NULL, in);
    return SONIC_OK;
}

sonic_status sonic_ot_products_add(sonic_ot_products *products, void *c, const void *a,
                                   size_t batch, sonic_error *error)
{
    const sonic_ot_shape *shape = &products->shape;
    const size_t room = (size_t)products->pair->context->threads * sizeof(worker);
    call k = {.products = products, .c = c, .a = a};
    k.taps = calloc(shape->taps, sizeof *k.taps);
    k.workers = aligned_alloc(64, room);
    sonic_status status = SONIC_OK;
    if (!k.taps || !k.workers)
        status = sonic_fail(error, SONIC_E_MEMORY, "no memory for a product of %zu images", batch);
    if (!status) {
        k.blocks = sonic_ot_taps(k.taps, shape, batch);
        const sonic_round round = {.blocks = k.blocks * shape->conv.o,
                                   .block_bytes = block_bytes,
                                   .produce = produce,
                                   .consume = consume,
                                   .arg = &k};
        status = sonic_channel_round(products->pair->channel, &round, error);
        products->blocks += round.blocks; /* their keys are used, whether or not all went well */
        sodium_memzero(k.workers, room);
    }
    free(k.taps);
    free(k.workers);
    return status;
}
