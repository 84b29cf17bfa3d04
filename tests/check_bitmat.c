/* Checks of kernels/bitmat against one bit at a time. */
#include <string.h>

#include "tests/checks.h"

/* Tiers take 64, 256 or 512 elements at a time. */
enum { BATCH = 64, WIDEST = 512, SIZES = 512 };

static const uint64_t UNTOUCHED = UINT64_C(0x5a5aa5a51234abcd);

/* n elements of the given width from the given place to planes `extra` words further apart than
 * needed. */
static bool transpose_at(harness_tier *tier, unsigned bits, size_t n, size_t extra,
                         harness_fill_kind kind, harness_place place, size_t gap)
{
    const size_t words = (n + 63) / 64, stride = words + extra;
    harness_buffer x = harness_buffer_make(n * bits / 8, place, gap);
    harness_buffer planes =
        harness_buffer_make(bits * stride * sizeof(uint64_t), place, 8 * (gap % 8));
    uint64_t *const out = (uint64_t *)(void *)planes.data;
    harness_fill(&tier->random, x.data, x.n, kind);
    for (size_t i = 0; i < bits * stride; i++)
        out[i] = UNTOUCHED;
    (bits == 32 ? tier->kernels->bitmat.planes32 : tier->kernels->bitmat.planes64)(out, stride,
                                                                                   x.data, n);

    bool right = true, untouched = true;
    for (size_t j = 0; j < bits; j++)
        for (size_t w = 0; w < stride; w++) {
            uint64_t want = 0;
            for (size_t i = 64 * w; i < 64 * w + 64 && i < n; i++) {
                uint64_t element = 0;
                memcpy(&element, x.data + i * bits / 8, bits / 8);
                want |= (element >> j & 1) << i % 64;
            }
            if (w < words)
                right = right && out[j * stride + w] == want;
            else
                untouched = untouched && out[j * stride + w] == UNTOUCHED;
        }
    const bool intact = harness_buffer_intact(&x) && harness_buffer_intact(&planes);
    harness_buffer_free(&x);
    harness_buffer_free(&planes);
    HARNESS_CHECK(right, "wrong planes of %zu elements of %u bits, fill %d, gap %zu", n, bits,
                  (int)kind, gap);
    HARNESS_CHECK(untouched && intact,
                  "words outside of the planes of %zu elements of %u bits were written", n, bits);
    return true;
}

bool check_bitmat_sizes(harness_tier *tier)
{
    size_t sizes[SIZES];
    size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (size_t n = WIDEST / 2; n <= 2 * WIDEST; n += WIDEST / 2)
        for (size_t off = 0; off < 4; off++)
            sizes[count++] = n - 1 + (off < 3 ? off : BATCH + 2);
    for (size_t i = 0; i < count; i++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            for (unsigned variant = 0; variant < 4; variant++)
                if (!transpose_at(tier, bits, sizes[i], variant / 2 * 3,
                                  (harness_fill_kind)((i + variant) % HARNESS_FILLS),
                                  variant % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
                    return false;
    return true;
}

bool check_bitmat_alignment(harness_tier *tier)
{
    for (size_t gap = 0; gap < 64; gap++)
        for (unsigned bits = 32; bits <= 64; bits += 32)
            if (!transpose_at(tier, bits, WIDEST + 150, 0, HARNESS_RANDOM, HARNESS_AT_START, gap))
                return false;
    return true;
}

/* Labels of n columns, from rows `extra` bytes further apart than needed; rows and labels end, or
 * start, `gap` bytes from a guard page. */
static bool labels_at(harness_tier *tier, size_t n, size_t extra, harness_fill_kind kind,
                      harness_place place, size_t gap)
{
    const size_t bytes = (n + 7) / 8, stride = bytes + extra;
    harness_buffer rows = harness_buffer_make(n ? 127 * stride + bytes : 0, place, gap);
    harness_buffer labels = harness_buffer_make(16 * n, place, gap / 2);
    harness_fill(&tier->random, rows.data, rows.n, kind);
    tier->kernels->bitmat.labels128(labels.data, rows.data, stride, n);

    bool right = true;
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < 128; i++)
            right = right && (labels.data[16 * j + i / 8] >> i % 8 & 1) ==
                                 (rows.data[i * stride + j / 8] >> j % 8 & 1);
    const bool intact = harness_buffer_intact(&rows) && harness_buffer_intact(&labels);
    harness_buffer_free(&rows);
    harness_buffer_free(&labels);
    HARNESS_CHECK(right, "wrong labels of %zu columns, fill %d, stride %zu, gap %zu", n, (int)kind,
                  stride, gap);
    HARNESS_CHECK(intact, "bytes outside of %zu labels were written", n);
    return true;
}

bool check_bitmat_labels(harness_tier *tier)
{
    size_t sizes[SIZES];
    size_t count = harness_sizes(sizes, SIZES, BATCH);
    sizes[count++] = 4 * WIDEST;
    sizes[count++] = 4 * WIDEST - 1;
    for (size_t i = 0; i < count; i++)
        for (unsigned variant = 0; variant < 4; variant++)
            if (!labels_at(tier, sizes[i], variant / 2 * (i % 70),
                           (harness_fill_kind)((i + variant) % HARNESS_FILLS),
                           variant % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
                return false;
    for (size_t gap = 0; gap < 64; gap++)
        if (!labels_at(tier, WIDEST + 150, gap % 5, HARNESS_RANDOM, HARNESS_AT_START, gap))
            return false;
    return true;
}
