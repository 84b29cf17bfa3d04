/* What a convolution's arguments must be. */
#include "dispatch/conv_shape.h"

#include "dispatch/error.h"
#include "kernels/common/checked.h"

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

sonic_status sonic_conv_check(const sonic_context *context, sonic_ring ring, sonic_error *error)
{
    if (!context)
        return sonic_fail(error, SONIC_E_ARGUMENT, "the context of a convolution is NULL");
    if (ring != SONIC_RING_32 && ring != SONIC_RING_64)
        return sonic_fail(error, SONIC_E_ARGUMENT,
                          "the ring of a convolution is 2^%d, not 2^32 or 2^64", (int)ring);
    return SONIC_OK;
}

sonic_status sonic_conv_check_data(const char *name, const void *data, bool empty,
                                   sonic_error *error)
{
    if (data || empty)
        return SONIC_OK;
    return sonic_fail(error, SONIC_E_ARGUMENT, "the convolution's %s is NULL but not empty", name);
}
