/* sonic_conv(): the shape's checks, and one of three ways: a plain product, depthwise, or a product
 * with patches packed straight into its panels. */
#include <sonicnn/ring.h>

#include <string.h>

#include "dispatch/error.h"
#include "dispatch/product.h"
#include "dispatch/threads.h"
#include "kernels/common/checked.h"

enum {
    /* Output channels of one input channel up to which packing patches does not pay. */
    DEPTHWISE_MAX = 3,
    DEPTHWISE_LEAST = 16 << 10, /* outputs of a task: some 10 us */
    DEPTHWISE_ROWS = 3,         /* output rows that the kernels make at once */
    /* Bytes up to which all weights are packed at once, for all images and positions; beyond, each
     * task packs what it needs, so that scratch stays bounded whatever the layer. */
    WEIGHTS_MOST = 4 << 20,
};

/* A checked convolution. */
typedef struct conv_job {
    const sonic_context *context;
    const sonic_conv_shape *shape;
    sonic_conv_geometry geometry;
    sonic_ring ring;
    size_t bytes;
    size_t m, n, k; /* of one image's and group's product: outputs, positions, patch */
    uint8_t *y;
    const uint8_t *x, *w;
    bool accumulate;
} conv_job;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One dimension: *out = (size + before + after - dilation (kernel - 1) - 1) / stride + 1. */
static sonic_status check_extent(const char *name, size_t size, size_t before, size_t after,
                                 size_t kernel, size_t stride, size_t dilation, size_t *out,
                                 sonic_error *error)
{
    size_t padded, reach;
    if (!kernel || !stride || !dilation)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "the convolution's %s has kernel %zu, stride %zu, dilation "
                          "%zu: none may be 0",
                          name, kernel, stride, dilation);
    if (!sonic_size_add(&padded, size, before) || !sonic_size_add(&padded, padded, after) ||
        !sonic_size_mul(&reach, kernel - 1, dilation) || !sonic_size_add(&reach, reach, 1) ||
        padded > PTRDIFF_MAX || reach > PTRDIFF_MAX)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "the convolution's padded %s or its kernel's reach "
                          "overflows",
                          name);
    if (reach > padded)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "the convolution's kernel reaches over %zu elements of "
                          "%s, but the padded input has only %zu",
                          reach, name, padded);
    *out = (padded - reach) / stride + 1;
    return SONIC_OK;
}

/* Whether a b c d elements of 8 bytes can be addressed. */
static sonic_status check_tensor(const char *name, size_t a, size_t b, size_t c, size_t d,
                                 sonic_error *error)
{
    size_t size = 8;
    if (!a || !b || !c || !d)
        return SONIC_OK;
    if (!sonic_size_mul(&size, size, a) || !sonic_size_mul(&size, size, b) ||
        !sonic_size_mul(&size, size, c) || !sonic_size_mul(&size, size, d) || size > PTRDIFF_MAX)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "the convolution's %s of %zu x %zu x %zu x %zu elements is "
                          "larger than memory can be",
                          name, a, b, c, d);
    return SONIC_OK;
}

sonic_status sonic_conv_output(const sonic_conv_shape *s, size_t *oh, size_t *ow,
                               sonic_error *error)
{
    size_t height, width;
    if (!s || !oh || !ow)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the %s of a convolution is NULL",
                          !s    ? "shape"
                          : !oh ? "output height"
                                : "output width");
    if (!s->groups || s->c % s->groups || s->o % s->groups)
        return sonic_fail(error, SONIC_E_SHAPE,
                          "the convolution's %zu groups do not divide its %zu input "
                          "and %zu output channels",
                          s->groups, s->c, s->o);
    sonic_status status = check_extent("height", s->h, s->pad_top, s->pad_bottom, s->kh,
                                       s->stride_h, s->dilation_h, &height, error);
    if (!status)
        status = check_extent("width", s->w, s->pad_left, s->pad_right, s->kw, s->stride_w,
                              s->dilation_w, &width, error);
    if (!status)
        status = check_tensor("input", s->n, s->c, s->h, s->w, error);
    if (!status)
        status = check_tensor("kernel", s->o, s->c / s->groups, s->kh, s->kw, error);
    if (!status)
        status = check_tensor("output", s->n, s->o, height, width, error);
    if (status)
        return status;
    *oh = height;
    *ow = width;
    return SONIC_OK;
}

/* Whether tap (ky, kx) of output (0, 0) reads input (ky, kx), for all taps and the whole input. */
static bool covers_input(const sonic_conv_shape *s)
{
    return s->groups == 1 && s->kh == s->h && s->kw == s->w && !s->pad_top && !s->pad_left &&
           (s->kh == 1 || s->dilation_h == 1) && (s->kw == 1 || s->dilation_w == 1);
}

/* The kernel covers the whole input: every image is one row of a product with the weights
 * transposed. */
static sonic_status run_connected(const conv_job *job, sonic_error *error)
{
    const sonic_product product = {
        .ring = job->ring,
        .m = job->shape->n,
        .n = job->m,
        .k = job->k,
        .c = job->y,
        .ldc = job->m,
        .a = job->x,
        .a_row = job->k,
        .a_column = 1,
        .b = job->w,
        .b_row = 1,
        .b_column = job->k,
        .accumulate = job->accumulate,
    };
    return sonic_product_run(job->context, &product, error);
}

/* Tasks are runs of channels of one image, or strips of rows where channels are few. */
static sonic_status run_depthwise(const conv_job *job, sonic_error *error)
{
    const sonic_conv_shape *s = job->shape;
    const sonic_conv_geometry *g = &job->geometry;
    const sonic_conv_kernels *kernels = &job->context->kernels.conv[sonic_ring_index(job->ring)];
    size_t bytes = job->bytes, outputs = s->o * job->n, strip = g->oh;
    size_t planes = DEPTHWISE_LEAST / job->n + 1; /* of a task */
    if (job->n > DEPTHWISE_LEAST)
        strip = (DEPTHWISE_LEAST / g->ow + DEPTHWISE_ROWS) / DEPTHWISE_ROWS * DEPTHWISE_ROWS;
    size_t runs = (s->o + planes - 1) / planes, strips = (g->oh + strip - 1) / strip;
    size_t tasks = s->n * runs * strips, size = SONIC_DEPTHWISE_SCRATCH;
    int threads =
        sonic_threads_for(job->context->threads, tasks,
                          sonic_product_work(s->n * s->o, job->n, job->k), SONIC_PRODUCT_LEAST);
    uint8_t *scratch = sonic_scratch_take((size_t)threads, &size);
    if (!scratch)
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a depthwise convolution cannot have %zu bytes for each of %d threads",
                          size, threads);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t image = task / strips / runs, first = task / strips % runs * planes,
               row = task % strips * strip;
        const sonic_depthwise_part part = {
            .first = first,
            .planes = smaller(planes, s->o - first),
            .multiplier = job->m,
            .row = row,
            .rows = smaller(strip, g->oh - row),
            .accumulate = job->accumulate,
        };
        kernels->depthwise(scratch + sonic_thread_index() * size, job->y + image * outputs * bytes,
                           job->x + image * s->c * g->h * g->w * bytes, job->w, g, &part);
    }
    sonic_scratch_free(scratch, (size_t)threads, size);
    return SONIC_OK;
}

/* All weights in panels: for each group, for each block of k, the panels of all its outputs. */
static void pack_weights(const conv_job *job, const sonic_ring_kernels *kernels, uint8_t *packed,
                         size_t rows, int threads)
{
    size_t depth = sonic_product_depth(kernels, job->k), blocks = (job->k + depth - 1) / depth;
    (void)threads; /* without OpenMP */
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t task = 0; task < job->shape->groups * blocks; task++) {
        size_t group = task / blocks, p = task % blocks * depth;
        kernels->pack_a(packed + (group * job->k + p) * rows * kernels->a_words * job->bytes,
                        job->w + (group * job->m * job->k + p) * job->bytes, job->k, 1, job->m,
                        smaller(depth, job->k - p));
    }
}

/* Outputs i0 to i0 + m of one group at positions j0 to j0 + n of one image.  `weights` are the
 * group's, packed, or NULL: then a block of them at a time goes into `own`. */
static void run_block(const conv_job *job, size_t image, size_t group, size_t i0, size_t m,
                      size_t j0, size_t n, const uint8_t *weights, uint8_t *panels,
                      uint8_t *own)
{
    const sonic_conv_shape *s = job->shape;
    const sonic_conv_geometry *g = &job->geometry;
    const sonic_ring_kernels *ring = &job->context->kernels.ring[sonic_ring_index(job->ring)];
    const sonic_conv_kernels *conv = &job->context->kernels.conv[sonic_ring_index(job->ring)];
    size_t depth = sonic_product_depth(ring, job->k), bytes = job->bytes;
    const uint8_t *x = job->x + (image * s->c + group * (s->c / s->groups)) * g->h * g->w * bytes;
    uint8_t *y = job->y + ((image * s->o + group * job->m + i0) * job->n + j0) * bytes;
    const uint8_t *w = job->w + (group * job->m + i0) * job->k * bytes;
    size_t rows = (job->m + ring->mr - 1) / ring->mr * ring->mr;
    bool pointwise = g->kh == 1 && g->kw == 1 && g->stride_h == 1 && g->stride_w == 1 &&
                     g->oh == g->h && g->ow == g->w;
    for (size_t p = 0; p < job->k; p += depth) {
        size_t k = smaller(depth, job->k - p);
        if (pointwise)
            ring->pack_b(panels, x + (p * job->n + j0) * bytes, job->n, 1, k, n);
        else
            conv->pack(panels, ring->nr, x, g, p, k, j0, n);
        for (size_t i = 0; i < m; i += ring->mc) {
            size_t height = smaller(ring->mc, m - i);
            const uint8_t *a = own;
            if (weights)
                a = weights + (p * rows + (i0 + i) * k) * ring->a_words * bytes;
            else
                ring->pack_a(own, w + (i * job->k + p) * bytes, job->k, 1, height, k);
            sonic_product_block(ring, bytes, y + i * job->n * bytes, job->n, a, panels, height, n,
                                k, job->accumulate || p);
        }
    }
}

static sonic_status run_product(const conv_job *job, sonic_error *error)
{
    const sonic_conv_shape *s = job->shape;
    const sonic_ring_kernels *kernels = &job->context->kernels.ring[sonic_ring_index(job->ring)];
    size_t outer = s->n * s->groups, rows = (job->m + kernels->mr - 1) / kernels->mr * kernels->mr;
    size_t work = sonic_product_work(s->n * s->o, job->n, job->k);
    int threads = sonic_threads_for(job->context->threads, SIZE_MAX, work, SONIC_PRODUCT_LEAST);
    sonic_product_grid grid =
        sonic_product_split(kernels, job->m, job->n, ((size_t)threads + outer - 1) / outer);
    size_t blocks = grid.rows * grid.columns, tasks = outer * blocks;
    size_t depth = sonic_product_depth(kernels, job->k), packed;
    size_t own = smaller(kernels->mc, grid.height) * depth * kernels->a_words * job->bytes;
    size_t one = job->k * kernels->a_words * job->bytes; /* a row of weights */
    own = (own + 63) & ~(size_t)63;
    threads = sonic_threads_for(threads, tasks, work, SONIC_PRODUCT_LEAST);
    if (!sonic_size_mul(&packed, one, rows) || !sonic_size_mul(&packed, packed, s->groups) ||
        packed > WEIGHTS_MOST || s->n * grid.columns == 1)
        packed = 0;

    size_t size = grid.width * depth * job->bytes + (packed ? 0 : own);
    uint8_t *weights = packed ? sonic_scratch_take(1, &packed) : NULL;
    uint8_t *scratch = sonic_scratch_take((size_t)threads, &size);
    if (!scratch || (packed && !weights)) {
        sonic_scratch_free(weights, 1, packed);
        sonic_scratch_free(scratch, (size_t)threads, size);
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a convolution cannot have %zu bytes for packed weights and %zu for each "
                          "of %d threads",
                          packed, size, threads);
    }
    if (packed)
        pack_weights(job, kernels, weights, rows, threads);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t task = 0; task < tasks; task++) {
        size_t image = task / blocks / s->groups, group = task / blocks % s->groups,
               block = task % blocks;
        size_t i = block / grid.columns * grid.height, j = block % grid.columns * grid.width;
        uint8_t *mine = scratch + sonic_thread_index() * size;
        run_block(job, image, group, i, smaller(grid.height, job->m - i), j,
                  smaller(grid.width, job->n - j), packed ? weights + group * rows * one : NULL,
                  mine + (packed ? 0 : own), mine);
    }
    sonic_scratch_free(scratch, (size_t)threads, size);
    sonic_scratch_free(weights, 1, packed);
    return SONIC_OK;
}

sonic_status sonic_conv(const sonic_context *context, sonic_ring ring,
                        const sonic_conv_shape *shape, void *y, const void *x, const void *w,
                        bool accumulate, sonic_error *error)
{
    size_t oh, ow;
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context of a convolution is NULL");
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "the ring of a convolution is 2^%d, not 2^32 or 2^64", (int)ring);
    sonic_status status = sonic_conv_output(shape, &oh, &ow, error);
    if (status)
        return status;
    const sonic_conv_shape *s = shape;
    const struct {
        const char *name;
        const void *data;
        bool empty;
    } tensors[] = {
        {"output", y, !s->n || !s->o},
        {"input", x, !s->n || !s->c || !s->h || !s->w},
        {"kernel", w, !s->o || !s->c},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        if (!tensors[i].data && !tensors[i].empty)
            return sonic_fail(error, SONIC_E_ARGUMENT, "the convolution's %s is NULL but not empty",
                              tensors[i].name);
    const conv_job job = {
        .context = context,
        .shape = s,
        .ring = ring,
        .bytes = sonic_ring_bytes(ring),
        .geometry = {s->h, s->w, oh, ow, s->kh, s->kw, s->stride_h, s->stride_w, s->dilation_h,
                     s->dilation_w, s->pad_top, s->pad_left},
        .m = s->o / s->groups,
        .n = oh * ow,
        .k = s->c / s->groups * s->kh * s->kw,
        .y = y,
        .x = x,
        .w = w,
        .accumulate = accumulate,
    };
    if (!s->n || !s->o)
        return SONIC_OK;
    if (!job.k || !s->h || !s->w) {
        if (!accumulate)
            memset(y, 0, s->n * s->o * oh * ow * job.bytes);
        return SONIC_OK;
    }
    if (covers_input(s) && oh * ow == 1)
        return run_connected(&job, error);
    if (s->c == s->groups && job.m <= DEPTHWISE_MAX)
        return run_depthwise(&job, error);
    return run_product(&job, error);
}
