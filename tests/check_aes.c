/* Checks of kernels/aes against FIPS-197, SP 800-38A and the textbook AES. */
#include <stdio.h>
#include <string.h>

#include "tests/checks.h"
#include "tests/textbook_aes.h"

enum { BLOCK = 16, BATCH = 32, SIZES = 2048 };

/* --- the oracle --- */

static void counter_block(uint8_t block[16], uint64_t nonce, uint64_t counter)
{
    for (unsigned i = 0; i < 8; i++) {
        block[i] = (uint8_t)(counter >> 8 * i);
        block[8 + i] = (uint8_t)(nonce >> 8 * i);
    }
}

static void oracle_ctr(uint8_t *out, size_t n, uint8_t round[11][16], uint64_t nonce,
                       uint64_t counter)
{
    for (size_t done = 0; done < n; done += BLOCK, counter++) {
        uint8_t block[BLOCK];
        counter_block(block, nonce, counter);
        textbook_encrypt(block, block, round);
        memcpy(out + done, block, n - done < BLOCK ? n - done : BLOCK);
    }
}

static void oracle_ccr(uint8_t *out, const uint8_t *in, size_t n, uint8_t round[11][16])
{
    for (size_t j = 0; j < n; j++, in += BLOCK, out += BLOCK) {
        uint8_t sigma[BLOCK], hash[BLOCK];
        for (unsigned i = 0; i < 8; i++) {
            sigma[i] = in[i] ^ in[8 + i];
            sigma[8 + i] = in[i];
        }
        textbook_encrypt(hash, sigma, round);
        for (unsigned i = 0; i < BLOCK; i++)
            out[i] = hash[i] ^ sigma[i];
    }
}

static void oracle_tccr(uint8_t *out, const uint8_t *in, size_t n, uint8_t round[11][16],
                        uint64_t tweak)
{
    for (size_t j = 0; j < n; j++, in += BLOCK, out += BLOCK) {
        uint8_t inner[BLOCK], hash[BLOCK];
        textbook_encrypt(inner, in, round);
        counter_block(hash, 0, tweak + j);
        for (unsigned i = 0; i < BLOCK; i++)
            hash[i] ^= inner[i];
        textbook_encrypt(hash, hash, round);
        for (unsigned i = 0; i < BLOCK; i++)
            out[i] = hash[i] ^ inner[i];
    }
}

/* --- the checks --- */

static void from_hex(uint8_t *out, const char *hex)
{
    for (; *hex; hex += 2) {
        unsigned byte;
        sscanf(hex, "%2x", &byte);
        *out++ = (uint8_t)byte;
    }
}

/* A random key, expanded by the tier and by the oracle. */
static void keys(harness_tier *tier, sonic_aes_key *key, uint8_t round[11][16])
{
    uint8_t seed[16];
    harness_fill(&tier->random, seed, sizeof seed, HARNESS_RANDOM);
    tier->kernels->aes.expand(key, seed);
    textbook_expand(round, seed);
}

bool check_aes_known_answers(harness_tier *tier)
{
    static const char *const answers[][3] = {
        /* key, plain, cipher */
        /* FIPS-197, appendices B and C.1 */
        {"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
         "3925841d02dc09fbdc118597196a0b32"},
        {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
         "69c4e0d86a7b0430d8cdb78070b4c55a"},
        /* SP 800-38A, F.1.1 */
        {"2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a",
         "3ad77bb40d7a3660a89ecaf32466ef97"},
        {"2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51",
         "f5d3d58503b9699de785895a96fdbaaf"},
        {"2b7e151628aed2a6abf7158809cf4f3c", "30c81c46a35ce411e5fbc1191a0a52ef",
         "43b1cd7f598ece23881b00e3ed030688"},
        {"2b7e151628aed2a6abf7158809cf4f3c", "f69f2445df4f9b17ad2b417be66c3710",
         "7b0c785e27e8ad3f8223207104725dd4"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        uint8_t seed[16], plain[16], cipher[16], round[11][16], out[16];
        from_hex(seed, answers[i][0]);
        from_hex(plain, answers[i][1]);
        from_hex(cipher, answers[i][2]);
        textbook_expand(round, seed);
        textbook_encrypt(out, plain, round);
        HARNESS_CHECK(memcmp(out, cipher, 16) == 0, "the oracle fails known answer %zu", i);

        sonic_aes_key key;
        uint64_t halves[2] = {0, 0};
        for (unsigned b = 0; b < 16; b++)
            halves[b / 8] |= (uint64_t)plain[b] << b % 8 * 8;
        tier->kernels->aes.expand(&key, seed);
        tier->kernels->aes.ctr(out, sizeof out, &key, halves[1], halves[0]);
        HARNESS_CHECK(memcmp(out, cipher, 16) == 0, "known answer %zu is missed", i);
    }
    return true;
}

bool check_aes_expand(harness_tier *tier)
{
    for (size_t i = 0; i < harness_rounds(200); i++) {
        uint8_t seed[16], round[11][16];
        sonic_aes_key key;
        harness_fill(&tier->random, seed, sizeof seed, (harness_fill_kind)(i % HARNESS_FILLS));
        textbook_expand(round, seed);
        tier->kernels->aes.expand(&key, seed);
        HARNESS_CHECK(memcmp(key.round, round, sizeof round) == 0, "wrong round keys for key %zu",
                      i);
    }
    return true;
}

/* n keys from seeds at the given place, canaries included. */
static bool expand_many_at(harness_tier *tier, size_t n, harness_place place, size_t gap)
{
    harness_buffer seeds = harness_buffer_make(n * BLOCK, place, gap);
    harness_buffer keys = harness_buffer_make(n * sizeof(sonic_aes_key), place, 0);
    sonic_aes_key *const key = (sonic_aes_key *)(void *)keys.data;
    bool same = true;
    harness_fill(&tier->random, seeds.data, seeds.n, HARNESS_RANDOM);
    tier->kernels->aes.expand_many(key, seeds.data, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t round[11][16];
        textbook_expand(round, seeds.data + BLOCK * i);
        same = same && memcmp(key[i].round, round, sizeof round) == 0;
    }
    const bool intact = harness_buffer_intact(&seeds) && harness_buffer_intact(&keys);
    harness_buffer_free(&seeds);
    harness_buffer_free(&keys);
    HARNESS_CHECK(same, "wrong round keys of %zu keys, gap %zu", n, gap);
    HARNESS_CHECK(intact, "bytes outside of %zu keys, gap %zu were written", n, gap);
    return true;
}

bool check_aes_expand_many(harness_tier *tier)
{
    enum { KEYS = 16 }; /* the most that a tier makes at once */
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, KEYS);
    for (size_t i = 0; i < count; i++)
        if (!expand_many_at(tier, sizes[i], i % 2 ? HARNESS_AT_START : HARNESS_AT_END, 0))
            return false;
    for (size_t gap = 0; gap < 64; gap++)
        if (!expand_many_at(tier, KEYS + 3, HARNESS_AT_START, gap))
            return false;
    return true;
}

/* n bytes of generator at the given place, against the oracle, canaries included. */
static bool ctr_at(harness_tier *tier, size_t n, uint64_t counter, harness_place place, size_t gap)
{
    sonic_aes_key key;
    uint8_t round[11][16];
    keys(tier, &key, round);
    const uint64_t nonce = harness_next(&tier->random);
    harness_buffer out = harness_buffer_make(n, place, gap),
                   want = harness_buffer_make(n, place, 0);
    oracle_ctr(want.data, n, round, nonce, counter);
    tier->kernels->aes.ctr(out.data, n, &key, nonce, counter);
    const bool same = n == 0 || memcmp(out.data, want.data, n) == 0,
               intact = harness_buffer_intact(&out);
    harness_buffer_free(&out);
    harness_buffer_free(&want);
    HARNESS_CHECK(same, "wrong bytes for n = %zu, gap %zu, counter %llu", n, gap,
                  (unsigned long long)counter);
    HARNESS_CHECK(intact, "bytes outside of n = %zu, gap %zu were written", n, gap);
    return true;
}

bool check_aes_ctr(harness_tier *tier)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH * BLOCK);
    for (size_t i = 0; i < count; i++)
        for (harness_place place = HARNESS_AT_START; place <= HARNESS_AT_END; place++)
            if (!ctr_at(tier, sizes[i], harness_next(&tier->random), place, 0))
                return false;
    return true;
}

bool check_aes_ctr_wrap(harness_tier *tier)
{
    for (uint64_t before = 0; before <= 2 * BATCH; before += 1 + before / 4)
        if (!ctr_at(tier, 3 * BATCH * BLOCK + 5, UINT64_MAX - before, HARNESS_AT_END, 0))
            return false;
    return true;
}

/* How n blocks are hashed. */
typedef struct hashing {
    size_t n;
    bool tweaked, in_place;
    uint64_t tweak;
    harness_fill_kind kind;
    harness_place place;
    size_t gap;
} hashing;

static bool hash_at(harness_tier *tier, const hashing *h)
{
    const size_t bytes = h->n * BLOCK;
    sonic_aes_key key;
    uint8_t round[11][16];
    keys(tier, &key, round);
    harness_buffer in = harness_buffer_make(bytes, h->place, h->gap),
                   want = harness_buffer_make(bytes, h->place, 0);
    harness_buffer out = harness_buffer_make(bytes, h->place, (h->gap + 3) % 64);
    harness_fill(&tier->random, in.data, bytes, h->kind);
    uint8_t *const target = h->in_place ? in.data : out.data;
    if (h->tweaked) {
        oracle_tccr(want.data, in.data, h->n, round, h->tweak);
        tier->kernels->aes.tccr(target, in.data, h->n, &key, h->tweak);
    } else {
        oracle_ccr(want.data, in.data, h->n, round);
        tier->kernels->aes.ccr(target, in.data, h->n, &key);
    }
    const bool same = h->n == 0 || memcmp(target, want.data, bytes) == 0;
    const bool intact = harness_buffer_intact(&in) && harness_buffer_intact(&out);
    harness_buffer_free(&in);
    harness_buffer_free(&want);
    harness_buffer_free(&out);
    HARNESS_CHECK(same, "wrong hash of %zu blocks, tweaked %d, in place %d, fill %d, gap %zu", h->n,
                  h->tweaked, h->in_place, (int)h->kind, h->gap);
    HARNESS_CHECK(intact, "bytes outside of %zu blocks, gap %zu were written", h->n, h->gap);
    return true;
}

static bool hash_sizes(harness_tier *tier, bool tweaked)
{
    size_t sizes[SIZES];
    const size_t count = harness_sizes(sizes, SIZES, BATCH);
    for (size_t i = 0; i < count; i++)
        for (unsigned variant = 0; variant < 4; variant++) {
            const hashing h = {.n = sizes[i],
                               .tweaked = tweaked,
                               .in_place = variant & 1,
                               .tweak = harness_next(&tier->random),
                               .kind = (harness_fill_kind)(i % HARNESS_FILLS),
                               .place = variant & 2 ? HARNESS_AT_START : HARNESS_AT_END};
            if (!hash_at(tier, &h))
                return false;
        }
    return true;
}

bool check_aes_ccr(harness_tier *tier)
{
    return hash_sizes(tier, false);
}

bool check_aes_tccr(harness_tier *tier)
{
    return hash_sizes(tier, true);
}

bool check_aes_tccr_wrap(harness_tier *tier)
{
    for (uint64_t before = 0; before <= 2 * BATCH; before += 1 + before / 4) {
        const hashing h = {.n = 3 * BATCH + 5, .tweaked = true, .tweak = UINT64_MAX - before};
        if (!hash_at(tier, &h))
            return false;
    }
    return true;
}

bool check_aes_alignment(harness_tier *tier)
{
    for (size_t gap = 0; gap < 64; gap++) {
        hashing h = {.n = BATCH + 5, .in_place = gap & 1, .tweak = 3, .gap = gap};
        if (!ctr_at(tier, BATCH * BLOCK + 21, 7, HARNESS_AT_START, gap) || !hash_at(tier, &h))
            return false;
        h.tweaked = true;
        if (!hash_at(tier, &h))
            return false;
    }
    return true;
}
