/* Oblivious transfer's kernels in portable C, on four bit-sliced blocks at a time. */
#include "kernels/ot/ot.h"

#include "kernels/aes/aes_slice.h"

/* to ^= from, n blocks. */
static void add_blocks(uint8_t *to, const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++)
        sonic_store64(to, i, sonic_load64(to, i) ^ sonic_load64(from, i));
}

/* Key by key, so that each is sliced once. */
static void vole(uint8_t *u, uint8_t *v, size_t stride, const sonic_aes_key *keys, unsigned k,
                 uint64_t counter, size_t n)
{
    if (u && n > 0)
        memset(u, 0, BLOCK * n);
    for (unsigned i = 0; i < k && n > 0; i++)
        memset(v + i * stride, 0, BLOCK * n);
    for (size_t x = u ? 0 : 1; x < (size_t)1 << k; x++) {
        planes sliced[ROUNDS + 1];
        slice_key(sliced, &keys[x]);
        for (size_t done = 0; done < n; done += BATCH) {
            const size_t take = n - done < BATCH ? n - done : BATCH;
            uint8_t leaf[BATCH * BLOCK] = {0};
            for (size_t b = 0; b < BATCH; b++)
                sonic_store64(leaf, 2 * b, sonic_le64(counter + done + b));
            encrypt(leaf, leaf, sliced);
            if (u)
                add_blocks(u + BLOCK * done, leaf, take);
            for (unsigned i = 0; i < k; i++)
                if (x >> i & 1)
                    add_blocks(v + i * stride + BLOCK * done, leaf, take);
        }
    }
}

/* hash[j] = H(labels[j] ^ delta), at most BATCH of them. */
static void hash_labels(uint8_t hash[BATCH * BLOCK], const uint8_t *labels, const uint8_t *delta,
                        size_t n, const planes pi[ROUNDS + 1])
{
    const uint64_t first = sonic_load64(delta, 0), second = sonic_load64(delta, 1);
    uint8_t sigma[BATCH * BLOCK] = {0};
    for (size_t j = 0; j < n; j++) {
        const uint64_t left = sonic_load64(labels, 2 * j) ^ first;
        sonic_store64(sigma, 2 * j, left ^ sonic_load64(labels, 2 * j + 1) ^ second);
        sonic_store64(sigma, 2 * j + 1, left);
    }
    encrypt(hash, sigma, pi);
    add_blocks(hash, sigma, BATCH);
}

static void pairs(uint8_t *out, const uint8_t *q, const uint8_t delta[16], size_t n,
                  const sonic_aes_key *pi)
{
    static const uint8_t nothing[BLOCK];
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t take = n - done < BATCH ? n - done : BATCH;
        uint8_t hash[2][BATCH * BLOCK];
        hash_labels(hash[0], q + BLOCK * done, nothing, take, sliced);
        hash_labels(hash[1], q + BLOCK * done, delta, take, sliced);
        for (size_t j = 0; j < 2 * take; j++)
            memcpy(out + BLOCK * (2 * done + j), hash[j % 2] + BLOCK * (j / 2), BLOCK);
    }
}

static void bits(uint8_t *low, uint8_t *high, const uint8_t *labels, const uint8_t delta[16],
                 size_t n, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += 8) {
        unsigned byte[2] = {0, 0};
        for (size_t half = done; half < done + 8 && half < n; half += BATCH) {
            const size_t take = n - half < BATCH ? n - half : BATCH;
            uint8_t hash[BATCH * BLOCK];
            hash_labels(hash, labels + BLOCK * half, delta, take, sliced);
            for (size_t j = 0; j < take; j++)
                for (unsigned i = 0; i < 2; i++)
                    byte[i] |= (hash[BLOCK * j] >> i & 1u) << (half + j - done);
        }
        low[done / 8] = (uint8_t)byte[0];
        if (high)
            high[done / 8] = (uint8_t)byte[1];
    }
}

/* Elements of `bytes` bytes. */
static void words(uint8_t *low, uint8_t *high, size_t bytes, const uint8_t *labels,
                  const uint8_t *delta, size_t n, const sonic_aes_key *pi)
{
    planes sliced[ROUNDS + 1];
    slice_key(sliced, pi);
    for (size_t done = 0; done < n; done += BATCH) {
        const size_t take = n - done < BATCH ? n - done : BATCH;
        uint8_t hash[BATCH * BLOCK];
        hash_labels(hash, labels + BLOCK * done, delta, take, sliced);
        for (size_t j = 0; j < take; j++) {
            memcpy(low + bytes * (done + j), hash + BLOCK * j, bytes);
            if (high)
                memcpy(high + bytes * (done + j), hash + BLOCK * j + bytes, bytes);
        }
    }
}

static void words32(void *low, void *high, const uint8_t *labels, const uint8_t delta[16], size_t n,
                    const sonic_aes_key *pi)
{
    words(low, high, 4, labels, delta, n, pi);
}

static void words64(void *low, void *high, const uint8_t *labels, const uint8_t delta[16], size_t n,
                    const sonic_aes_key *pi)
{
    words(low, high, 8, labels, delta, n, pi);
}

typedef struct element {
    uint64_t low, high;
} element;

static element load_element(const uint8_t *p)
{
    return (element){sonic_le64(sonic_load64(p, 0)), sonic_le64(sonic_load64(p, 1))};
}

/* The sum of the multiples of chi by those powers of x that z has: multiples[i] is chi x^i. */
static element multiply(element z, const element multiples[128])
{
    element sum = {0, 0};
    for (unsigned i = 0; i < 128; i++) {
        const uint64_t mask = 0 - ((i < 64 ? z.low : z.high) >> i % 64 & 1);
        sum.low ^= multiples[i].low & mask;
        sum.high ^= multiples[i].high & mask;
    }
    return sum;
}

static void row_hash(uint8_t *hash, const uint8_t *data, size_t stride, size_t rows, size_t n,
                     const uint8_t chi[16])
{
    element multiples[128];
    multiples[0] = load_element(chi);
    for (unsigned i = 1; i < 128; i++) {
        const element m = multiples[i - 1];
        const uint64_t modulus = 0x87 & (0 - (m.high >> 63)); /* x^7 + x^2 + x + 1 */
        multiples[i] = (element){m.low << 1 ^ modulus, m.high << 1 | m.low >> 63};
    }
    for (size_t i = 0; i < rows; i++) {
        element z = load_element(hash + BLOCK * i);
        for (size_t j = 0; j < n; j++) {
            const element x = load_element(data + i * stride + BLOCK * j);
            z = multiply((element){z.low ^ x.low, z.high ^ x.high}, multiples);
        }
        sonic_store64(hash, 2 * i, sonic_le64(z.low));
        sonic_store64(hash, 2 * i + 1, sonic_le64(z.high));
    }
}

void sonic_ot_select_ref(sonic_ot_kernels *table)
{
    table->vole = vole;
    table->pairs = pairs;
    table->bits = bits;
    table->words[0] = words32;
    table->words[1] = words64;
    table->row_hash = row_hash;
}
