/* Bit transposes in portable C: 64 elements at a time by halving exchanges. */
#include "kernels/bitmat/bitmat.h"

#include "kernels/common/checked.h"
#include "kernels/common/load.h"

enum { WORD = 64 };

/* Transposes the w x w bit matrices that the words w[0..count) hold side by side (count = w: 64, or
 * 32 with two matrices a word): bit i of row j and bit j of row i trade places. */
static void transpose(uint64_t *w, unsigned count)
{
    uint64_t mask = count == 64 ? UINT64_C(0x00000000ffffffff) : UINT64_C(0x0000ffff0000ffff);
    for (unsigned half = count / 2; half > 0; half /= 2, mask ^= mask << half)
        for (unsigned i = 0; i < count; i = (i + half + 1) & ~half) {
            const uint64_t t = ((w[i] >> half) ^ w[i + half]) & mask;
            w[i + half] ^= t;
            w[i] ^= t << half;
        }
}

static void planes32(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    for (size_t done = 0; done < n; done += WORD) {
        const size_t take = n - done < WORD ? n - done : WORD;
        uint64_t w[32] = {0};
        for (size_t i = 0; i < take; i++)
            w[i % 32] |= (uint64_t)sonic_load32(x, done + i) << i / 32 * 32;
        transpose(w, 32);
        for (size_t j = 0; j < 32; j++)
            planes[j * stride + done / WORD] = w[j];
    }
}

static void planes64(uint64_t *planes, size_t stride, const void *x, size_t n)
{
    for (size_t done = 0; done < n; done += WORD) {
        const size_t take = n - done < WORD ? n - done : WORD;
        uint64_t w[64] = {0};
        for (size_t i = 0; i < take; i++)
            w[i] = sonic_load64(x, done + i);
        transpose(w, 64);
        for (size_t j = 0; j < 64; j++)
            planes[j * stride + done / WORD] = w[j];
    }
}

static void labels128(uint8_t *labels, const uint8_t *rows, size_t stride, size_t n)
{
    for (size_t done = 0; done < n; done += WORD)
        for (size_t half = 0; half < 2; half++) {
            const size_t take = sonic_size_min(WORD, n - done);
            uint64_t w[WORD] = {0};
            for (size_t i = 0; i < WORD; i++) {
                memcpy(&w[i], rows + (WORD * half + i) * stride + done / 8,
                       sonic_size_pieces(take, 8));
                w[i] = sonic_le64(w[i]);
            }
            transpose(w, WORD);
            for (size_t j = 0; j < take; j++)
                sonic_store64(labels, 2 * (done + j) + half, sonic_le64(w[j]));
        }
}

void sonic_bitmat_select_ref(sonic_bitmat_kernels *table)
{
    table->planes32 = planes32;
    table->planes64 = planes64;
    table->labels128 = labels128;
}
