/* Shares: the parts sum to the whole, the first is the randomness, the second its complement. */
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sonicnn/share.h>

#include "proto/share/random.h"
#include "tests/random_test.h"

enum { SIZES = 140 };

static const char *const tiers[] = {"ref", NULL};

static sonic_context *context_of(const char *tier)
{
    sonic_context *context;
    sonic_error error = {0};
    sonic_context_options options = {.tier = tier, .threads = 1};
    cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_OK, "%s", error.text);
    return context;
}

static const uint64_t corners[] = {
    0,          1,          UINT64_MAX,        (uint64_t)1 << 63, (uint64_t)1 << 31,
    0xffffffff, 0x7fffffff, 0x123456789abcdef0};

Test(share, additive_shares_sum_to_the_value)
{
    for (int t = 0; t < 2; t++) {
        sonic_context *context = context_of(tiers[t]);
        for (size_t n = 0; n < SIZES; n++) {
            uint32_t x32[SIZES], a32[SIZES], b32[SIZES], r32[SIZES];
            uint64_t x64[SIZES], a64[SIZES], b64[SIZES], r64[SIZES];
            for (size_t i = 0; i < n; i++) {
                x64[i] = i < 8 ? corners[i] : i * 0x9e3779b97f4a7c15u;
                x32[i] = (uint32_t)x64[i];
            }
            sonic_test_seed(n);
            sonic_random_bytes(r32, 4 * n);
            sonic_random_bytes(r64, 8 * n);
            sonic_test_seed(n);
            sonic_share_split(context, SONIC_RING_32, a32, b32, x32, n);
            sonic_share_split(context, SONIC_RING_64, a64, b64, x64, n);
            cr_assert_eq(memcmp(a32, r32, 4 * n), 0, "share 0 must be nothing but randomness");
            cr_assert_eq(memcmp(a64, r64, 8 * n), 0, "share 0 must be nothing but randomness");
            for (size_t i = 0; i < n; i++) {
                cr_assert_eq((uint32_t)(a32[i] + b32[i]), x32[i], "n %zu, element %zu", n, i);
                cr_assert_eq(a64[i] + b64[i], x64[i], "n %zu, element %zu", n, i);
            }
            sonic_share_join(context, SONIC_RING_32, a32, a32, b32, n);
            sonic_share_join(context, SONIC_RING_64, b64, a64, b64, n);
            cr_assert_eq(memcmp(a32, x32, 4 * n), 0);
            cr_assert_eq(memcmp(b64, x64, 8 * n), 0);

            /* in place: share 1 over the value */
            memcpy(b64, x64, 8 * n);
            sonic_share_split(context, SONIC_RING_64, a64, b64, b64, n);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(a64[i] + b64[i], x64[i]);
        }
        sonic_context_free(context);
    }
}

/* Two sharings of one value have nothing in common: fresh randomness each time. */
Test(share, randomness_is_fresh_each_time)
{
    enum { N = 64 };
    uint64_t x[N] = {0}, a[2][N], b[2][N];
    sonic_context *context = context_of(NULL);
    sonic_test_seed(1);
    for (int i = 0; i < 2; i++)
        sonic_share_split(context, SONIC_RING_64, a[i], b[i], x, N);
    for (int i = 0; i < N; i++) {
        cr_assert_neq(a[0][i], a[1][i]);
        cr_assert_neq(b[0][i], b[1][i]);
    }
    sonic_context_free(context);
}
