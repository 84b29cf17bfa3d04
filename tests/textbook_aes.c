/* FIPS-197 as it is written, on a state of bytes, with the S-box computed. */
#include "tests/textbook_aes.h"

#include <string.h>

static uint8_t times(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b = (uint8_t)(b >> 1)) {
        if (b & 1)
            product ^= a;
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
    }
    return product;
}

static const uint8_t *sbox(void)
{
    static uint8_t table[256];
    if (table[0])
        return table;
    for (unsigned x = 0; x < 256; x++) {
        uint8_t inverse = 0;
        for (unsigned y = 1; y < 256 && !inverse; y++)
            if (times((uint8_t)x, (uint8_t)y) == 1)
                inverse = (uint8_t)y;
        uint8_t s = 0x63;
        for (unsigned turn = 0; turn < 5; turn++)
            s ^= (uint8_t)(inverse << turn | inverse >> (8 - turn));
        table[x] = s;
    }
    return table;
}

void textbook_expand(uint8_t round[11][16], const uint8_t key[16])
{
    uint8_t *w = round[0], constant = 1;
    memcpy(w, key, 16);
    for (unsigned i = 16; i < 176; i += 4) {
        uint8_t t[4];
        memcpy(t, w + i - 4, 4);
        if (i % 16 == 0) {
            const uint8_t first = t[0];
            for (unsigned j = 0; j < 4; j++)
                t[j] = sbox()[j < 3 ? t[j + 1] : first];
            t[0] ^= constant;
            constant = times(constant, 2);
        }
        for (unsigned j = 0; j < 4; j++)
            w[i + j] = w[i + j - 16] ^ t[j];
    }
}

void textbook_encrypt(uint8_t out[16], const uint8_t in[16], uint8_t round[11][16])
{
    uint8_t s[16], t[16];
    for (unsigned i = 0; i < 16; i++)
        s[i] = in[i] ^ round[0][i];
    for (unsigned r = 1; r <= 10; r++) {
        for (unsigned i = 0; i < 16; i++)
            t[i] = sbox()[s[(i + 4 * (i % 4)) % 16]];
        for (unsigned i = 0; i < 16; i++) {
            const uint8_t *column = t + i / 4 * 4;
            s[i] = r == 10 ? t[i]
                           : times(column[i % 4], 2) ^ times(column[(i + 1) % 4], 3) ^
                                 column[(i + 2) % 4] ^ column[(i + 3) % 4];
            s[i] ^= round[r][i];
        }
    }
    memcpy(out, s, 16);
}
