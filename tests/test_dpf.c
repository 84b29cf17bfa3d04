/* The checks of kernels/dpf on every tier of this processor, and function secret sharing as
 * protocols use it: keys of one tier, shares of two others, every input of a small domain and the
 * corners of large ones; key sizes, the bytes as they have always been, and what one party sees. */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "tests/checks.h"
#include "tests/dpf_run.h"
#include "tests/elements.h"

SONIC_DPF_CHECKS(SONIC_KERNEL_TEST)

enum { BLOCK = 16, CHUNK = 4096, SLOW = 1 << 14 };

/* Of as many keys as a test has at once. */
typedef struct trial {
    dpf_run run;
    harness_random random;
    uint8_t *seeds[2], *alpha, *beta, *x, *keys, *out[2], *again;
    sonic_kernels tiers[SONIC_TIERS];
    unsigned count; /* of tiers, of which the first is the portable one */
} trial;

static uint8_t *take(trial *t, size_t bytes)
{
    uint8_t *p = malloc(bytes);
    cr_assert(p);
    harness_fill(&t->random, p, bytes, HARNESS_RANDOM);
    return p;
}

static unsigned width(unsigned ring)
{
    return ring == SONIC_MOD64 ? 64 : 32;
}

static trial begin(unsigned op, unsigned ring, unsigned bits, size_t n)
{
    trial t = {.run = {.op = op, .ring = ring, .bits = bits, .n = n}, .random = {7 * bits + op}};
    const size_t bytes = dpf_element(&t.run);
    uint8_t key[BLOCK];
    for (unsigned tier = 0; tier < SONIC_TIERS; tier++) {
        sonic_kernels *const kernels = &t.tiers[t.count];
        sonic_kernels_select(kernels, sonic_cpu_tiers() & ((2u << tier) - 1));
        t.count += kernels->chosen[SONIC_PRIMITIVE_DPF] == (sonic_tier)tier &&
                   (sonic_cpu_tiers() >> tier & 1);
    }
    harness_fill(&t.random, key, sizeof key, HARNESS_RANDOM);
    t.tiers[0].aes.expand(&t.run.pi, key);
    for (unsigned p = 0; p < 2; p++) {
        t.run.seeds[p] = t.seeds[p] = take(&t, BLOCK * n);
        t.out[p] = take(&t, dpf_out_bytes(&t.run));
    }
    t.run.alpha = t.alpha = take(&t, bytes * n);
    t.run.beta = t.beta = take(&t, 2 * bytes * n);
    t.run.x = t.x = take(&t, bytes * n);
    t.keys = take(&t, dpf_key_bytes(&t.run) * n);
    t.again = take(&t, dpf_out_bytes(&t.run));
    return t;
}

static void end(trial *t)
{
    uint8_t *const all[] = {t->seeds[0], t->seeds[1], t->alpha,  t->beta, t->x,
                            t->keys,     t->out[0],   t->out[1], t->again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void share(const trial *t, const sonic_kernels *kernels)
{
    for (unsigned p = 0; p < 2; p++)
        dpf_eval(&t->run, kernels, t->out[p], t->keys, p);
}

/* Keys of the highest tier, and shares of it; every other tier from `lowest` has the same shares of
 * either party, so those of any two tiers come to the function if these do. */
static void verify(const trial *t, unsigned lowest)
{
    const size_t bytes = dpf_out_bytes(&t->run);
    dpf_generate(&t->run, &t->tiers[t->count - 1], t->keys);
    share(t, &t->tiers[t->count - 1]);
    for (unsigned tier = lowest; tier + 1 < t->count; tier++)
        for (unsigned p = 0; p < 2; p++) {
            dpf_eval(&t->run, &t->tiers[tier], t->again, t->keys, p);
            cr_assert(memcmp(t->again, t->out[p], bytes) == 0,
                      "%s, %u of %u bits: party %u's shares on tiers %u and %u differ",
                      dpf_name(&t->run), t->run.bits, width(t->run.ring), p, tier, t->count - 1);
        }
    for (size_t j = 0; j < t->run.n; j++)
        cr_assert(dpf_right(&t->run, t->out[0], t->out[1], j),
                  "%s, %u of %u bits: wrong at x %" PRIx64 ", alpha %" PRIx64, dpf_name(&t->run),
                  t->run.bits, width(t->run.ring), dpf_number(&t->run, t->x, j),
                  dpf_number(&t->run, t->alpha, j));
}

/* Whether a million values take minutes. */
static bool is_slow(const trial *t)
{
    return t->count == 1 || getenv("SANITIZED");
}

static void set(uint8_t *elements, const trial *t, size_t j, uint64_t v)
{
    element_put(elements, j, dpf_element(&t->run), v);
}

/* New seeds and payloads. */
static void redraw(trial *t)
{
    for (unsigned p = 0; p < 2; p++)
        harness_fill(&t->random, t->seeds[p], BLOCK * t->run.n, HARNESS_RANDOM);
    harness_fill(&t->random, t->beta, 2 * dpf_element(&t->run) * t->run.n, HARNESS_RANDOM);
}

/* One key at all inputs of 16 bits. */
static void exhaust(trial *t, uint64_t alpha, unsigned lowest)
{
    const size_t pair = 2 * dpf_element(&t->run);
    redraw(t);
    for (size_t j = 0; j < t->run.n; j++) {
        set(t->alpha, t, j, alpha);
        set(t->x, t, j, j);
        memcpy(t->seeds[0] + BLOCK * j, t->seeds[0], BLOCK);
        memcpy(t->seeds[1] + BLOCK * j, t->seeds[1], BLOCK);
        memcpy(t->beta + pair * j, t->beta, pair);
    }
    verify(t, lowest);
}

/* The portable tier has its turn with the first key of either width. */
Test(dpf, all_of_16_bits)
{
    static const uint64_t alphas[] = {0x5bd3, 0, 0xffff, 0x8000, 0xa480};
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
            trial t = begin(op, ring, 16, 1 << 16);
            const size_t keys = is_slow(&t) ? 1 : sizeof alphas / sizeof *alphas;
            for (size_t i = 0; i < keys; i++)
                exhaust(&t, alphas[i], i > 0);
            end(&t);
        }
}

/* --- large domains --- */

/* Corner i of `bits` bits; the last one is random. */
enum { CORNERS = 16 };

static uint64_t corner(harness_random *random, unsigned bits, size_t i)
{
    static const uint64_t small[] = {0, 1, 2, 7, 8, 63, 64, 127, 128};
    const uint64_t half = (uint64_t)1 << (bits - 1);
    const uint64_t large[] = {half - 1,         half, half + 1, 0 - (uint64_t)1, 0 - (uint64_t)2,
                              0 - (uint64_t)128};
    const size_t smalls = sizeof small / sizeof *small;
    if (i < smalls)
        return small[i];
    return i < CORNERS - 1 ? large[i - smalls] : harness_next(random);
}

/* Neighbour i of alpha: near it, or different in one bit. */
static uint64_t neighbour(uint64_t alpha, size_t i)
{
    return i < 3 ? alpha + i - 1 : alpha ^ (uint64_t)1 << (i - 3);
}

Test(dpf, corners)
{
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
            for (unsigned less = 0; less < 2; less++) {
                const unsigned bits = width(ring) - less;
                const size_t each = CORNERS + 3 + bits;
                trial t = begin(op, ring, bits, CORNERS * each);
                for (size_t j = 0; j < t.run.n; j++) {
                    const uint64_t alpha = corner(&t.random, bits, j / each);
                    const size_t i = j % each;
                    set(t.alpha, &t, j, alpha);
                    set(t.x, &t, j,
                        i < CORNERS ? corner(&t.random, bits, i) : neighbour(alpha, i - CORNERS));
                }
                verify(&t, 0);
                end(&t);
            }
}

/* A million values, of which the portable tier evaluates the first SLOW only: seconds already. */
Test(dpf, random_values)
{
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
            const unsigned bits = width(ring) - (op == DPF_LESS);
            trial t = begin(op, ring, bits, CHUNK);
            const size_t slow = harness_rounds(SLOW);
            const size_t values = is_slow(&t) ? slow : harness_rounds(1000000);
            for (size_t done = 0; done < values; done += CHUNK) {
                redraw(&t);
                for (size_t j = 0; j < CHUNK; j++) {
                    const uint64_t alpha = harness_next(&t.random);
                    set(t.alpha, &t, j, alpha);
                    set(t.x, &t, j,
                        j % 4 ? harness_next(&t.random)
                              : neighbour(alpha, harness_below(&t.random, 3 + bits)));
                }
                verify(&t, done < slow ? 0 : 1);
            }
            end(&t);
        }
}

/* --- keys --- */

Test(dpf, key_bytes)
{
    for (unsigned l = 32; l <= 64; l += 32) {
        const size_t key = sonic_dpf_key_bytes(l - 1);
        cr_assert(key == 16 * (size_t)(l - 7));
        cr_assert(8 * key + 2 * l <= l * (128 + 7) + 129, "a ReLU's key of %u bits is too large",
                  l);
        /* Of a truncation by 12 bits: 9 levels of a word and a pair, and 8 pairs. */
        cr_assert(sonic_dpf_step_key_bytes(l / 8, 12) == 9 * 16 + (9 + 8) * 2 * (size_t)(l / 8));
    }
    for (unsigned bits = 1; bits <= 7; bits++)
        cr_assert(sonic_dpf_key_bytes(bits) == 16);
    for (unsigned bits = 1; bits <= 3; bits++)
        cr_assert(sonic_dpf_step_key_bytes(8, bits) == (size_t)16 << bits);
}

/* Keys and shares of these seeds are on the wire as they have always been. */
Test(dpf, bytes_as_ever)
{
    static const unsigned sizes[] = {1, 3, 4, 7, 8, 12, 16, 31, 32, 63, 64};
    static const char expected[] = "7a220a20d0faadff0b2b3d48cb463162";
    crypto_generichash_state state;
    uint8_t digest[16];
    char text[2 * sizeof digest + 1];
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= width(ring); i++) {
                trial t = begin(op, ring, sizes[i], 37);
                dpf_generate(&t.run, &t.tiers[0], t.keys);
                share(&t, &t.tiers[0]);
                crypto_generichash_update(&state, t.keys, dpf_key_bytes(&t.run) * t.run.n);
                for (unsigned p = 0; p < 2; p++)
                    crypto_generichash_update(&state, t.out[p], dpf_out_bytes(&t.run));
                end(&t);
            }
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(text, sizeof text, digest, sizeof digest);
    cr_assert_str_eq(text, expected);
}

/* --- what one party sees --- */

/* Whether about half of n tries came true: within six and a half standard deviations. */
static bool is_half(size_t count, size_t n)
{
    const double off = 2 * (double)count - (double)n;
    return off * off <= 6.5 * 6.5 * (double)n;
}

/* Whether every bit of a tile of keys is set in about half of the tiles. */
static void balanced(const trial *t)
{
    const size_t bytes = dpf_key_bytes(&t->run), n = t->run.n;
    size_t *const counts = calloc(8 * bytes * SONIC_DPF_TILE, sizeof *counts);
    cr_assert(counts);
    const size_t tiles = n / SONIC_DPF_TILE, tile = bytes * SONIC_DPF_TILE;
    for (size_t i = 0; i < tiles; i++)
        for (size_t bit = 0; bit < 8 * tile; bit++)
            counts[bit] += t->keys[i * tile + bit / 8] >> bit % 8 & 1;
    for (size_t bit = 0; bit < 8 * tile; bit++)
        cr_assert(is_half(counts[bit], tiles), "%s: bit %zu of a tile is set in %zu of %zu",
                  dpf_name(&t->run), bit, counts[bit], tiles);
    free(counts);
}

/* Bits of correction words are balanced whatever alpha is, with a payload of 0, too, and so are a
 * party's shares both where the function is 1 and where it is not. */
Test(dpf, one_party)
{
    enum { N = 1 << 14 };
    static const uint64_t alphas[] = {0, 0 - (uint64_t)1, 0xa5};
    for (unsigned op = 0; op < DPF_OPS; op++)
        for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
            trial t = begin(op, SONIC_MOD64, 10, N);
            size_t ones[2][2] = {0}, inputs[2] = {0};
            for (size_t j = 0; j < N; j++) {
                set(t.alpha, &t, j, alphas[i]);
                set(t.x, &t, j, alphas[i] + j % 3 - 1);
            }
            memset(t.beta, 0, 2 * dpf_element(&t.run) * N);
            dpf_generate(&t.run, &t.tiers[t.count - 1], t.keys);
            balanced(&t);
            share(&t, &t.tiers[t.count - 1]);
            for (size_t j = 0; j < N; j++) {
                const bool one = dpf_holds(&t.run, j);
                inputs[one]++;
                for (unsigned p = 0; p < 2; p++)
                    ones[p][one] +=
                        op == DPF_STEP ? t.out[p][16 * j] & 1 : t.out[p][j / 8] >> j % 8 & 1;
            }
            for (unsigned one = 0; one < 2; one++)
                cr_assert(is_half(ones[0][one], inputs[one]) && is_half(ones[1][one], inputs[one]));
            end(&t);
        }
}

/* Of the same seeds: keys of different alphas and kinds are not the same from the level on where
 * these part. */
Test(dpf, keys_differ)
{
    enum { BITS = 20, LEVELS = BITS - SONIC_DPF_LEAF_BITS };
    trial t = begin(DPF_LESS, SONIC_MOD32, BITS, 1);
    uint8_t first[BLOCK * (LEVELS + 1)];
    set(t.alpha, &t, 0, 0x5a5a5);
    dpf_generate(&t.run, &t.tiers[0], first);
    t.run.op = DPF_EQUAL;
    dpf_generate(&t.run, &t.tiers[0], t.keys);
    cr_assert(memcmp(t.keys, first, BLOCK * LEVELS) == 0);
    cr_assert(memcmp(t.keys + BLOCK * LEVELS, first + BLOCK * LEVELS, BLOCK) != 0);
    for (unsigned bit = SONIC_DPF_LEAF_BITS; bit < BITS; bit++) {
        set(t.alpha, &t, 0, 0x5a5a5 ^ 1u << bit);
        dpf_generate(&t.run, &t.tiers[0], t.keys);
        for (unsigned level = 0; level <= LEVELS; level++)
            cr_assert((memcmp(t.keys + BLOCK * level, first + BLOCK * level, BLOCK) == 0) ==
                      (level < BITS - 1 - bit));
    }
    end(&t);
}
