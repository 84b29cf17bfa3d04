/* Convolutions, one of three ways: a product of whole images, depthwise, or a product with patches
 * packed straight into its panels. */
#include <sonicnn/ring.h>

#include <stdlib.h>
#include <string.h>

#include "dispatch/conv_shape.h"
#include "dispatch/depthwise.h"
#include "dispatch/error.h"
#include "dispatch/product.h"
#include "kernels/common/checked.h"

enum {
    /* Output channels of one input channel up to which packing patches does not pay. */
    DEPTHWISE_MAX = 3,
};

typedef enum conv_way {
    CONV_EMPTY,     /* nothing to multiply */
    CONV_CONNECTED, /* the kernel covers the whole input */
    CONV_DEPTHWISE,
    CONV_PATCHES,
} conv_way;

/* A checked convolution. */
typedef struct conv_job {
    sonic_conv_shape shape;
    sonic_conv_geometry geometry;
    conv_way way;
    size_t m, n, k; /* of one image's and group's product: outputs, positions, patch */
    const sonic_ring_kernels *ring;
    const sonic_conv_kernels *conv;
    int threads;
} conv_job;

struct sonic_conv_weights {
    sonic_conv_shape shape;
    sonic_ring ring;
    sonic_ring_kernels ring_kernels;
    sonic_conv_kernels conv_kernels;
    bool packed; /* else as they were */
    size_t size;
    void *data;
};

/* Whether tap (ky, kx) of output (0, 0) reads input (ky, kx), for all taps and the whole input. */
static bool covers_input(const sonic_conv_shape *s)
{
    return s->groups == 1 && s->kh == s->h && s->kw == s->w && !s->pad_top && !s->pad_left &&
           (s->kh == 1 || s->dilation_h == 1) && (s->kw == 1 || s->dilation_w == 1);
}

static conv_way way_of(const sonic_conv_shape *s, size_t positions)
{
    if (!s->n || !s->o || !s->c || !s->h || !s->w)
        return CONV_EMPTY;
    if (covers_input(s) && positions == 1)
        return CONV_CONNECTED;
    return s->c == s->groups && s->o / s->groups <= DEPTHWISE_MAX ? CONV_DEPTHWISE : CONV_PATCHES;
}

/* Whether the kernel is 1 x 1 and reads every input once. */
static bool is_pointwise(const sonic_conv_geometry *g)
{
    return g->kh == 1 && g->kw == 1 && g->stride_h == 1 && g->stride_w == 1 && g->oh == g->h &&
           g->ow == g->w;
}

static sonic_status conv_begin(conv_job *job, const sonic_conv_shape *s, sonic_error *error)
{
    size_t oh, ow;
    sonic_status status = sonic_conv_output(s, &oh, &ow, error);
    if (status)
        return status;
    *job = (conv_job){
        .shape = *s,
        .geometry = {s->h, s->w, oh, ow, s->kh, s->kw, s->stride_h, s->stride_w, s->dilation_h,
                     s->dilation_w, s->pad_top, s->pad_left},
        .way = way_of(s, oh * ow),
        .m = s->o / s->groups,
        .n = oh * ow,
        .k = s->c / s->groups * s->kh * s->kw,
    };
    return SONIC_OK;
}

/* Every image is one row of a product with the weights transposed. */
static sonic_product connected(const conv_job *job, void *y, const void *x, const void *w,
                               bool packed)
{
    sonic_product product = {
        .m = job->shape.n,
        .n = job->m,
        .groups = 1,
        .c = y,
        .ldc = job->m,
        .span = job->m,
        .a = {x, job->k, 1},
    };
    if (packed)
        product.b_packed = w;
    else
        product.b = (sonic_matrix){w, 1, job->k};
    return product;
}

static sonic_product patches(const conv_job *job, sonic_patches *p, void *y, const void *x,
                             const void *w, bool packed)
{
    const sonic_conv_shape *s = &job->shape;
    const size_t plane = job->geometry.h * job->geometry.w;
    *p = (sonic_patches){
        .kernels = job->conv,
        .geometry = job->geometry,
        .x = x,
        .image = s->c * plane,
        .group = s->c / s->groups * plane,
    };
    if (is_pointwise(&p->geometry)) { /* an image is one long row */
        p->pointwise = true;
        p->geometry.h = p->geometry.oh = 1;
        p->geometry.w = p->geometry.ow = plane;
    }
    sonic_product product = {
        .m = job->m,
        .n = s->n * job->n,
        .groups = s->groups,
        .c = y,
        .ldc = job->n,
        .c_group = job->m * job->n,
        .span = job->n,
        .c_span = s->o * job->n,
        .a_group = job->m * job->k,
        .patches = p,
    };
    if (packed)
        product.a_packed = w;
    else
        product.a = (sonic_matrix){w, job->k, 1};
    return product;
}

static sonic_status conv_run(const conv_job *job, void *y, const void *x, const void *w,
                             bool packed, bool accumulate, sonic_error *error)
{
    sonic_patches p;
    sonic_product product;
    if (job->way == CONV_EMPTY) {
        if (!accumulate && job->shape.n && job->shape.o)
            memset(y, 0, job->shape.n * job->shape.o * job->n * job->ring->bytes);
        return SONIC_OK;
    }
    if (job->way == CONV_DEPTHWISE) {
        const sonic_depthwise depthwise = {job->threads,     job->conv, &job->shape, &job->geometry,
                                           job->ring->bytes, y,         x,           w,
                                           accumulate};
        return sonic_depthwise_run(&depthwise, error);
    }
    if (job->way == CONV_CONNECTED)
        product = connected(job, y, x, w, packed);
    else
        product = patches(job, &p, y, x, w, packed);
    product.kernels = job->ring;
    product.k = job->k;
    product.accumulate = accumulate;
    return sonic_product_run(job->threads, &product, error);
}

static sonic_status check_data(const sonic_conv_shape *s, const void *y, const void *x,
                               sonic_error *error)
{
    sonic_status status = sonic_conv_check_data("output", y, !s->n || !s->o, error);
    return status ? status
                  : sonic_conv_check_data("input", x, !s->n || !s->c || !s->h || !s->w, error);
}

sonic_status sonic_conv(const sonic_context *context, sonic_ring ring,
                        const sonic_conv_shape *shape, void *y, const void *x, const void *w,
                        bool accumulate, sonic_error *error)
{
    conv_job job;
    sonic_status status = sonic_conv_check(context, ring, error);
    if (!status)
        status = conv_begin(&job, shape, error);
    if (!status)
        status = check_data(shape, y, x, error);
    if (!status)
        status = sonic_conv_check_data("kernel", w, !shape->o || !shape->c, error);
    if (status)
        return status;
    job.ring = &context->kernels.ring[sonic_ring_index(ring)];
    job.conv = &context->kernels.conv[sonic_ring_index(ring)];
    job.threads = context->threads;
    return conv_run(&job, y, x, w, false, accumulate, error);
}

/* How many bytes the weights take as this way wants them; 0 if they overflow. */
static size_t weights_size(const conv_job *job, bool packed)
{
    const sonic_conv_shape *s = &job->shape;
    size_t size = 0;
    bool fits;
    if (!packed)
        fits = sonic_size_mul(&size, s->o * job->k, job->ring->bytes);
    else if (job->way == CONV_CONNECTED)
        fits = sonic_packed_b_size(job->ring, job->k, job->m, &size);
    else
        fits = sonic_packed_a_size(job->ring, job->m, job->k, &size) &&
               sonic_size_mul(&size, size, s->groups);
    return fits ? size : 0;
}

static void weights_fill(const conv_job *job, sonic_conv_weights *weights, const void *w)
{
    const size_t bytes = job->ring->bytes;
    if (!weights->packed) {
        memcpy(weights->data, w, weights->size);
    } else if (job->way == CONV_CONNECTED) {
        const sonic_matrix b = {w, 1, job->k};
        sonic_packed_b_fill(job->ring, weights->data, &b, job->k, job->m, job->threads);
    } else {
        const size_t groups = job->shape.groups, size = weights->size / groups;
        for (size_t group = 0; group < groups; group++) {
            const sonic_matrix a = {sonic_element(w, group * job->m * job->k, bytes), job->k, 1};
            sonic_packed_a_fill(job->ring, (uint8_t *)weights->data + group * size, &a, job->m,
                                job->k, job->threads);
        }
    }
}

static bool packs(const conv_job *job)
{
    return job->way == CONV_PATCHES ||
           (job->way == CONV_CONNECTED && job->shape.n > SONIC_PRODUCT_SKINNY);
}

bool sonic_conv_packs(const sonic_conv_shape *shape)
{
    conv_job job;
    return conv_begin(&job, shape, NULL) != SONIC_OK || packs(&job);
}

sonic_status sonic_conv_pack(sonic_conv_weights **weights, const sonic_context *context,
                             sonic_ring ring, const sonic_conv_shape *shape, const void *w,
                             sonic_error *error)
{
    conv_job job;
    if (!weights)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the place for a convolution's weights is NULL");
    sonic_status status = sonic_conv_check(context, ring, error);
    if (!status)
        status = conv_begin(&job, shape, error);
    if (!status)
        status = sonic_conv_check_data("kernel", w, !shape->o || !shape->c, error);
    if (status)
        return status;
    sonic_conv_weights *made = calloc(1, sizeof *made);
    if (!made)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory for a convolution's weights");
    made->shape = *shape;
    made->ring = ring;
    made->ring_kernels = context->kernels.ring[sonic_ring_index(ring)];
    made->conv_kernels = context->kernels.conv[sonic_ring_index(ring)];
    job.ring = &made->ring_kernels;
    job.threads = context->threads;
    made->packed = packs(&job);
    made->size = weights_size(&job, made->packed);
    size_t padded = made->size;
    made->data = made->size || !shape->o || !job.k ? sonic_scratch_take(1, &padded) : NULL;
    if (!made->data) {
        size_t size = made->size;
        free(made);
        return sonic_fail(error, SONIC_E_MEMORY,
                          "a convolution cannot have %zu bytes for packed weights", size);
    }
    if (made->size)
        weights_fill(&job, made, w);
    *weights = made;
    return SONIC_OK;
}

sonic_status sonic_conv_packed(const sonic_context *context, const sonic_conv_weights *weights,
                               size_t n, void *y, const void *x, bool accumulate,
                               sonic_error *error)
{
    conv_job job;
    if (!weights)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the weights of a convolution are NULL");
    sonic_conv_shape shape = weights->shape;
    shape.n = n;
    sonic_status status = sonic_conv_check(context, weights->ring, error);
    if (!status)
        status = conv_begin(&job, &shape, error);
    if (!status)
        status = check_data(&shape, y, x, error);
    if (status)
        return status;
    job.ring = &weights->ring_kernels;
    job.conv = &weights->conv_kernels;
    job.threads = context->threads;
    return conv_run(&job, y, x, weights->data, weights->packed, accumulate, error);
}

void sonic_conv_weights_free(sonic_conv_weights *weights)
{
    if (!weights)
        return;
    sonic_scratch_free(weights->data, 1, weights->size);
    free(weights);
}
