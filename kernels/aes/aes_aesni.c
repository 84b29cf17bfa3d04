/* AES-128 with the AES instructions on one block a register. */
#include "kernels/aes/aes.h"

#include "kernels/aes/lanes_aesni.h"
#include "kernels/aes/aes_tmpl.h"

/* From round key w and the assistant's S-box of its last word, rotated and with the constant, the
 * next one: word i is the XOR of words 0 to i of w and that word. */
SONIC_INLINE __m128i next_key(__m128i w, __m128i assist)
{
    w = _mm_xor_si128(w, _mm_slli_si128(w, 4));
    w = _mm_xor_si128(w, _mm_slli_si128(w, 8));
    return _mm_xor_si128(w, _mm_shuffle_epi32(assist, 0xff));
}

static void expand(sonic_aes_key *key, const uint8_t seed[16])
{
    __m128i w = LOAD(seed);
    STORE(key->round[0], w);
#define STEP(round_number, constant)                                                               \
    w = next_key(w, _mm_aeskeygenassist_si128(w, constant));                                       \
    STORE(key->round[round_number], w)
    STEP(1, 0x01);
    STEP(2, 0x02);
    STEP(3, 0x04);
    STEP(4, 0x08);
    STEP(5, 0x10);
    STEP(6, 0x20);
    STEP(7, 0x40);
    STEP(8, 0x80);
    STEP(9, 0x1b);
    STEP(10, 0x36);
#undef STEP
}

void sonic_aes_select_aesni(sonic_aes_kernels *table)
{
    fill(table);
    table->expand = expand;
}
