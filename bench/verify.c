/* Products and convolutions by their definition, at a sample of outputs. */
#include "bench/verify.h"

enum { SAMPLES = 256 };

uint64_t bench_element(sonic_ring ring, const void *array, size_t i)
{
    return ring == SONIC_RING_64 ? ((const uint64_t *)array)[i] : ((const uint32_t *)array)[i];
}

int64_t bench_signed(sonic_ring ring, const void *array, size_t i)
{
    return ring == SONIC_RING_64 ? ((const int64_t *)array)[i] : ((const int32_t *)array)[i];
}

/* Sample s of n outputs: the first, the last, and what a step that shares no factor with most
 * shapes meets. */
static size_t sample(size_t s, size_t n)
{
    return s == 0 ? n - 1 : (s - 1) * 1000003 % n;
}

bool bench_check_product(sonic_ring ring, size_t m, size_t n, size_t k, const void *c,
                         const void *a, const void *b)
{
    for (size_t s = 0; s < SAMPLES; s++) {
        const size_t at = sample(s, m * n);
        uint64_t sum = 0 - bench_element(ring, c, at);
        for (size_t p = 0; p < k; p++)
            sum += bench_element(ring, a, at / n * k + p) * bench_element(ring, b, p * n + at % n);
        if (ring == SONIC_RING_64 ? sum != 0 : (uint32_t)sum != 0)
            return false;
    }
    return true;
}

/* One output. */
static uint64_t conv_at(sonic_ring ring, const sonic_conv_shape *s, const void *x, const void *w,
                        size_t image, size_t channel, size_t oy, size_t ox)
{
    const size_t inputs = s->c / s->groups;
    const size_t first = channel / (s->o / s->groups) * inputs;
    uint64_t sum = 0;
    for (size_t i = 0; i < inputs * s->kh * s->kw; i++) {
        const size_t c = i / (s->kh * s->kw);
        const size_t y = oy * s->stride_h + i / s->kw % s->kh * s->dilation_h - s->pad_top;
        const size_t z = ox * s->stride_w + i % s->kw * s->dilation_w - s->pad_left;
        if (y < s->h && z < s->w) /* what lies before the image has wrapped */
            sum += bench_element(ring, x, ((image * s->c + first + c) * s->h + y) * s->w + z) *
                   bench_element(ring, w, channel * inputs * s->kh * s->kw + i);
    }
    return sum;
}

bool bench_check_conv(sonic_ring ring, const sonic_conv_shape *shape, const void *y, const void *x,
                      const void *w)
{
    size_t oh, ow;
    if (sonic_conv_output(shape, &oh, &ow, NULL))
        return false;
    for (size_t s = 0; s < SAMPLES; s++) {
        const size_t at = sample(s, shape->n * shape->o * oh * ow), plane = at / (oh * ow);
        const uint64_t sum =
            conv_at(ring, shape, x, w, plane / shape->o, plane % shape->o, at / ow % oh, at % ow) -
            bench_element(ring, y, at);
        if (ring == SONIC_RING_64 ? sum != 0 : (uint32_t)sum != 0)
            return false;
    }
    return true;
}
