/* Bit planes of n elements, 64 at a time.  A tier defines block32() and block64(), which write all
 * the planes' words of 64 elements, and hands fill() its table. */
#include <string.h>

static void planes32(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    const uint8_t *in = x;
    for (; n >= 64; n -= 64, in += 64 * 4)
        block32(planes++, stride, in);
    if (n > 0) {
        uint8_t tail[64 * 4] = {0};
        memcpy(tail, in, n * 4);
        block32(planes, stride, tail);
    }
}

static void planes64(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    const uint8_t *in = x;
    for (; n >= 64; n -= 64, in += 64 * 8)
        block64(planes++, stride, in);
    if (n > 0) {
        uint8_t tail[64 * 8] = {0};
        memcpy(tail, in, n * 8);
        block64(planes, stride, tail);
    }
}

static void fill(sonic_bitmat_kernels *table)
{
    table->planes32 = planes32;
    table->planes64 = planes64;
}
