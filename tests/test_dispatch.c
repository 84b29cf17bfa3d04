/* Which kernels a context gets: the processor's word, the environment's and the caller's. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dispatch/context.h"
#include "dispatch/cpu.h"

/* The flags that Linux reports for each tier, an independent reading of CPUID and XCR0; NULL if it
 * was not built. */
static const char *const linux_flags[SONIC_TIERS][16] = {
    [SONIC_TIER_REF] = {"fpu"},
#ifdef SONIC_HAVE_AESNI
    [SONIC_TIER_AESNI] = {"sse4_1", "aes", "pclmulqdq"},
#endif
#ifdef SONIC_HAVE_AVX2
    [SONIC_TIER_AVX2] = {"sse4_1", "aes", "pclmulqdq", "avx2", "bmi2"},
#endif
#ifdef SONIC_HAVE_VAES256
    [SONIC_TIER_VAES256] = {"sse4_1", "aes", "pclmulqdq", "avx2", "bmi2", "vaes", "vpclmulqdq"},
#endif
#ifdef SONIC_HAVE_AVX512
    [SONIC_TIER_AVX512] = {"sse4_1", "aes", "pclmulqdq", "avx2", "bmi2", "vaes", "vpclmulqdq",
                           "gfni", "avx512f", "avx512bw", "avx512dq", "avx512vl"},
#endif
#ifdef SONIC_HAVE_AVX512IFMA
    [SONIC_TIER_AVX512IFMA] = {"sse4_1", "aes", "pclmulqdq", "avx2", "bmi2", "vaes", "vpclmulqdq",
                               "gfni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512ifma",
                               "avx512_vnni"},
#endif
};

/* " flag flag ... " of the first processor in /proc/cpuinfo; empty where there is none. */
static void read_flags(char *text, size_t n)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/cpuinfo", "r");
    text[0] = '\0';
    while (file && getline(&line, &room, file) > 0)
        if (strncmp(line, "flags", 5) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(text, n, "%s ", strchr(line, ':') + 1);
            break;
        }
    free(line);
    if (file)
        fclose(file);
}

static bool linux_has(const char *flags, unsigned tier)
{
    char word[32];
    if (!linux_flags[tier][0])
        return false;
    for (const char *const *flag = linux_flags[tier]; *flag; flag++) {
        snprintf(word, sizeof word, " %s ", *flag);
        if (!strstr(flags, word))
            return false;
    }
    return true;
}

Test(dispatch, tiers_are_what_linux_reports)
{
    static char flags[16384];
    read_flags(flags, sizeof flags);
    if (!strstr(flags, " fpu "))
        cr_skip_test("no x86 flags in /proc/cpuinfo");
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        cr_assert_eq(sonic_cpu_tiers() >> t & 1, linux_has(flags, t), "tier %s",
                     sonic_tier_name((sonic_tier)t));
}

Test(dispatch, preferred_tiers_are_present)
{
    cr_assert(sonic_cpu_preferred() & 1u << SONIC_TIER_REF);
    cr_assert_eq(sonic_cpu_preferred() & ~sonic_cpu_tiers(), 0);
    cr_assert_eq(sonic_cpu_tiers() >> SONIC_TIERS, 0);
}

Test(dispatch, tables_inherit_downwards)
{
    const unsigned present = sonic_cpu_tiers();
    for (unsigned mask = 0; mask < 1u << SONIC_TIERS; mask++) {
        sonic_kernels kernels;
        if (mask & ~present)
            continue;
        memset(&kernels, 0xff, sizeof kernels);
        sonic_kernels_select(&kernels, mask);
        const unsigned allowed = mask | 1u << SONIC_TIER_REF;
        cr_assert_eq(allowed >> kernels.tier, 1, "the highest allowed tier is in use");
        for (unsigned p = 0; p < SONIC_PRIMITIVES; p++)
            cr_assert(allowed >> kernels.chosen[p] & 1, "%s comes from an allowed tier",
                      sonic_primitive_name((sonic_primitive)p));
        cr_assert(kernels.aes.expand && kernels.aes.expand_many && kernels.aes.ctr);
        cr_assert(kernels.aes.ccr && kernels.aes.tccr);
        cr_assert(kernels.garble.garble && kernels.garble.evaluate);
        cr_assert(kernels.ot.vole && kernels.ot.pairs && kernels.ot.bits);
        cr_assert(kernels.ot.words[0] && kernels.ot.words[1] && kernels.ot.row_hash);
        cr_assert(kernels.bitmat.planes32 && kernels.bitmat.planes64 && kernels.bitmat.labels128);
        cr_assert(kernels.boolean.bxor && kernels.boolean.and_xor);
        cr_assert(kernels.boolean.masked_xor);
        cr_assert(kernels.boolean.and_open && kernels.boolean.and_close);
        for (unsigned ring = 0; ring < SONIC_RINGS; ring++) {
            const sonic_vec_kernels *v = &kernels.vec[ring];
            cr_assert(v->add && v->sub && v->add_constant && v->scale_add && v->select &&
                      v->select_trunc && v->trunc && v->exact_select && v->exact_trunc &&
                      v->trunc_local);
            const sonic_vole_kernels *vole = &kernels.vole[ring];
            cr_assert(vole->fold && vole->mask && vole->add_sent && vole->add_received);
        }
    }
}

Test(dispatch, each_tier_brings_kernels)
{
    const unsigned present = sonic_cpu_tiers();
    for (unsigned t = 0; t < SONIC_TIERS; t++) {
        sonic_kernels kernels;
        bool own = false;
        sonic_kernels_select(&kernels, present & ((2u << t) - 1));
        for (unsigned p = 0; p < SONIC_PRIMITIVES; p++)
            own = own || kernels.chosen[p] == (sonic_tier)t;
        cr_assert(own || !(present >> t & 1), "tier %s has no kernel",
                  sonic_tier_name((sonic_tier)t));
    }
}

Test(dispatch, names_end)
{
    cr_assert_str_eq(sonic_tier_name(SONIC_TIER_VAES256), "vaes256");
    cr_assert_null(sonic_tier_name(SONIC_TIERS));
    cr_assert_str_eq(sonic_primitive_name(SONIC_PRIMITIVE_BOOL), "bool");
    cr_assert_null(sonic_primitive_name(SONIC_PRIMITIVES));
}

/* Asks for a tier by option or by environment: granted, or one sentence that names it. */
static void ask(const char *name, bool by_option, bool present)
{
    sonic_context *context = NULL;
    sonic_error error = {0};
    const sonic_context_options options = {.tier = by_option ? name : NULL};
    cr_assert_eq(setenv("SONIC_TIER", by_option ? "ref" : name, 1), 0);
    const sonic_status status = sonic_context_create(&context, &options, &error);
    if (present) {
        cr_assert_eq(status, SONIC_OK, "%s", error.text);
        cr_assert_str_eq(sonic_context_tier(context), name);
    } else {
        cr_assert_eq(status, SONIC_E_ARGUMENT);
        cr_assert_eq(error.status, SONIC_E_ARGUMENT);
        cr_assert_null(context);
        cr_assert(strstr(error.text, name), "%s", error.text);
        cr_assert(strstr(error.text, by_option ? "option" : "SONIC_TIER"), "%s", error.text);
    }
    sonic_context_free(context);
}

Test(dispatch, tiers_are_chosen_by_name)
{
    for (unsigned t = 0; t < SONIC_TIERS; t++)
        for (int by_option = 0; by_option < 2; by_option++)
            ask(sonic_tier_name((sonic_tier)t), by_option, sonic_cpu_tiers() >> t & 1);
}

Test(dispatch, unknown_tiers_are_refused_with_the_list)
{
    for (int by_option = 0; by_option < 2; by_option++) {
        ask("avx1024", by_option, false);
        sonic_context *context = NULL;
        sonic_error error = {0};
        const sonic_context_options options = {.tier = "Ref"};
        cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_E_ARGUMENT);
        for (unsigned t = 0; t < SONIC_TIERS; t++)
            cr_assert(strstr(error.text, sonic_tier_name((sonic_tier)t)), "%s", error.text);
    }
    char hostile[1000];
    memset(hostile, '%', sizeof hostile - 1);
    hostile[sizeof hostile - 1] = '\0';
    const sonic_context_options options = {.tier = hostile};
    sonic_context *context = NULL;
    cr_assert_eq(sonic_context_create(&context, &options, NULL), SONIC_E_ARGUMENT);
}

Test(dispatch, defaults_are_the_preferred_tiers)
{
    const char *const unset[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        sonic_context *context = NULL;
        if (unset[i])
            setenv("SONIC_TIER", unset[i], 1);
        else
            unsetenv("SONIC_TIER");
        cr_assert_eq(sonic_context_create(&context, NULL, NULL), SONIC_OK);
        cr_assert_eq(sonic_cpu_preferred() >> context->kernels.tier, 1);
        cr_assert_geq(context->threads, 1);
        cr_assert_null(sonic_context_kernel(context, "no such primitive"));
        for (unsigned p = 0; p < SONIC_PRIMITIVES; p++)
            cr_assert_str_eq(
                sonic_context_kernel(context, sonic_primitive_name((sonic_primitive)p)),
                sonic_tier_name(context->kernels.chosen[p]));
        sonic_context_free(context);
    }
}

Test(dispatch, contexts_live_side_by_side)
{
    sonic_context *low = NULL, *high = NULL;
    const sonic_context_options ref = {.tier = "ref", .threads = 1};
    cr_assert_eq(sonic_context_create(&low, &ref, NULL), SONIC_OK);
    const sonic_kernels before = low->kernels;
    cr_assert_eq(sonic_context_create(&high, NULL, NULL), SONIC_OK);
    cr_assert_str_eq(sonic_context_tier(low), "ref");
    cr_assert_eq(memcmp(&before, &low->kernels, sizeof before), 0);
    if (sonic_cpu_preferred() >> 1)
        cr_assert_neq(low->kernels.aes.ctr, high->kernels.aes.ctr);
    sonic_context_free(low);
    sonic_context_free(high);
    sonic_context_free(NULL);
}

Test(dispatch, threads_are_checked)
{
    sonic_error error = {0};
    for (int threads = -1; threads <= 1025; threads += 1026) {
        sonic_context *context = NULL;
        const sonic_context_options options = {.threads = threads};
        cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_E_ARGUMENT);
        cr_assert_null(context);
        cr_assert(strstr(error.text, "threads"), "%s", error.text);
    }
    cr_assert_eq(sonic_context_create(NULL, NULL, &error), SONIC_E_ARGUMENT);
#ifdef _OPENMP
    sonic_context *context = NULL;
    const sonic_context_options options = {.threads = 3};
    cr_assert_eq(sonic_context_create(&context, &options, &error), SONIC_OK);
    cr_assert_eq(context->threads, 3);
    sonic_context_free(context);
#endif
}

/* Every length of buffer gets a terminated prefix, and nothing beyond it is written. */
Test(dispatch, texts_fit)
{
    void (*const writers[])(char *, size_t) = {sonic_cpu_name, sonic_cpu_features};
    for (size_t w = 0; w < 2; w++) {
        char whole[512], text[512];
        writers[w](whole, sizeof whole);
        cr_assert(w == 1 || strlen(whole) > 0);
        for (size_t n = 0; n < sizeof text; n++) {
            memset(text, '#', sizeof text);
            writers[w](text, n);
            cr_assert(n == 0 || memchr(text, '\0', n), "n = %zu is not terminated", n);
            cr_assert(n == 0 || strncmp(text, whole, strlen(text)) == 0, "n = %zu is no prefix", n);
            cr_assert_eq(text[n], '#', "n = %zu writes beyond it", n);
        }
    }
}
