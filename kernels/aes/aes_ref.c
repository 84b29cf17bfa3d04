/* AES-128 in portable C. */
#include "kernels/aes/aes_slice.h"

/* The S-box on each byte of a word, whose bits are handed to it as planes of four. */
static uint32_t sub_word(uint32_t word)
{
    uint64_t q[8] = {0};
    for (int i = 0; i < 32; i++)
        q[i % 8] |= (uint64_t)(word >> i & 1) << (i / 8);
    sonic_aes_sub_bytes(q);
    uint32_t result = 0;
    for (int i = 0; i < 32; i++)
        result |= (uint32_t)(q[i % 8] >> (i / 8) & 1) << i;
    return result;
}

static void expand(sonic_aes_key *key, const uint8_t seed[16])
{
    uint32_t w[4];
    for (int i = 0; i < 4; i++)
        w[i] = load_le32(seed + 4 * i);
    uint32_t constant = 1;
    for (int r = 0; r <= ROUNDS; r++) {
        for (int i = 0; i < 4; i++)
            store_le32(key->round[r] + 4 * i, w[i]);
        w[0] ^= sub_word(w[3] >> 8 | w[3] << 24) ^ constant;
        for (int i = 1; i < 4; i++)
            w[i] ^= w[i - 1];
        constant = (constant << 1) ^ (constant >> 7) * 0x11b;
    }
}

static void expand_many(sonic_aes_key *keys, const uint8_t *seeds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expand(&keys[i], seeds + BLOCK * i);
}

static void ctr(uint8_t *out, size_t n, const sonic_aes_key *key, uint64_t nonce, uint64_t counter)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, key);
    while (n > 0) {
        uint8_t block[BATCH * BLOCK];
        for (size_t b = 0; b < BATCH; b++) {
            sonic_store64(block, 2 * b, sonic_le64(counter + b));
            sonic_store64(block, 2 * b + 1, sonic_le64(nonce));
        }
        encrypt(block, block, sliced);
        const size_t take = n < sizeof block ? n : sizeof block;
        memcpy(out, block, take);
        out += take;
        n -= take;
        counter += BATCH;
    }
}

static void ccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t take = n - done < BATCH ? n - done : BATCH;
        uint8_t sigma[BATCH * BLOCK] = {0}, hash[BATCH * BLOCK];
        for (size_t b = 0; b < take; b++) {
            const uint64_t left = sonic_load64(in, 2 * (done + b));
            const uint64_t right = sonic_load64(in, 2 * (done + b) + 1);
            sonic_store64(sigma, 2 * b, left ^ right);
            sonic_store64(sigma, 2 * b + 1, left);
        }
        encrypt(hash, sigma, sliced);
        for (size_t i = 0; i < 2 * take; i++)
            sonic_store64(out, 2 * done + i, sonic_load64(hash, i) ^ sonic_load64(sigma, i));
    }
}

static void tccr(uint8_t *out, const uint8_t *in, size_t n, const sonic_aes_key *pi, uint64_t tweak)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t take = n - done < BATCH ? n - done : BATCH;
        uint8_t inner[BATCH * BLOCK] = {0}, block[BATCH * BLOCK];
        memcpy(inner, in + BLOCK * done, BLOCK * take);
        encrypt(inner, inner, sliced);
        memcpy(block, inner, sizeof block);
        for (size_t b = 0; b < BATCH; b++)
            sonic_store64(block, 2 * b, sonic_load64(block, 2 * b) ^ sonic_le64(tweak + done + b));
        encrypt(block, block, sliced);
        for (size_t i = 0; i < 2 * take; i++)
            sonic_store64(out, 2 * done + i, sonic_load64(block, i) ^ sonic_load64(inner, i));
    }
}

void sonic_aes_select_ref(sonic_aes_kernels *table)
{
    table->expand = expand;
    table->ctr = ctr;
    table->ccr = ccr;
    table->tccr = tccr;
    table->expand_many = expand_many;
}
