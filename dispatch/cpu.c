/* What the processor and the operating system can run: CPUID says what is there, XCR0 which
 * registers the system saves on a context switch.  A tier needs both. */
#include "config.h"

#include "dispatch/cpu.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dispatch/kernels.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define SONIC_CPU_X86 1
#endif

typedef enum feature {
    SSE41, AES, PCLMUL, AVX2, BMI2, VAES, VPCLMUL, GFNI,
    AVX512F, AVX512BW, AVX512DQ, AVX512VL, AVX512IFMA, AVX512VNNI,
    FEATURES
} feature;

static const char *const feature_names[FEATURES] = {
    "sse4.1", "aes", "pclmulqdq", "avx2", "bmi2", "vaes", "vpclmulqdq", "gfni",
    "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512ifma", "avx512_vnni",
};

#define HAS(f) (1u << (f))
enum {
    NEEDS_AESNI = HAS(SSE41) | HAS(AES) | HAS(PCLMUL),
    NEEDS_AVX2 = NEEDS_AESNI | HAS(AVX2) | HAS(BMI2),
    NEEDS_VAES256 = NEEDS_AVX2 | HAS(VAES) | HAS(VPCLMUL),
    NEEDS_AVX512 =
        NEEDS_VAES256 | HAS(GFNI) | HAS(AVX512F) | HAS(AVX512BW) | HAS(AVX512DQ) | HAS(AVX512VL),
    NEEDS_AVX512IFMA = NEEDS_AVX512 | HAS(AVX512IFMA) | HAS(AVX512VNNI),
};

#ifdef SONIC_CPU_X86
/* XCR0: SSE and AVX; these, the opmasks and both parts of ZMM. */
enum { STATE_YMM = 0x6, STATE_ZMM = 0xe6 };

static uint64_t enabled_states(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static unsigned features(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 0;
    unsigned found =
        (c >> 19 & 1) * HAS(SSE41) | (c >> 25 & 1) * HAS(AES) | (c >> 1 & 1) * HAS(PCLMUL);
    const bool xsave = c >> 27 & 1, avx = c >> 28 & 1;
    const uint64_t states = xsave ? enabled_states() : 0;
    if (!avx || (states & STATE_YMM) != STATE_YMM || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return found;
    found |= (b >> 5 & 1) * HAS(AVX2) | (b >> 8 & 1) * HAS(BMI2) | (c >> 8 & 1) * HAS(GFNI) |
             (c >> 9 & 1) * HAS(VAES) | (c >> 10 & 1) * HAS(VPCLMUL);
    if ((states & STATE_ZMM) == STATE_ZMM)
        found |= (b >> 16 & 1) * HAS(AVX512F) | (b >> 30 & 1) * HAS(AVX512BW) |
                 (b >> 17 & 1) * HAS(AVX512DQ) | (b >> 31 & 1) * HAS(AVX512VL) |
                 (b >> 21 & 1) * HAS(AVX512IFMA) | (c >> 11 & 1) * HAS(AVX512VNNI);
    return found;
}

static bool made_by(const char *name)
{
    uint32_t a, vendor[3];
    return __get_cpuid(0, &a, &vendor[0], &vendor[2], &vendor[1]) && !memcmp(vendor, name, 12);
}

/* Intel's vpmullq is three micro-operations and its vpmulld two; AMD's are one, on as many units as
 * vpmadd52 and vpdpwssd, of which a product takes more. */
static bool wide_multiplies_are_slow(void)
{
    return made_by("GenuineIntel");
}

/* Family 6 model 85 (Skylake-SP, Cascade Lake, Cooper Lake): their 512-bit units lower the clock of
 * the whole core by up to a third, for microseconds after the last use. */
static bool clock_drops(void)
{
    uint32_t a, b, c, d;
    if (!made_by("GenuineIntel") || !__get_cpuid(1, &a, &b, &c, &d))
        return false;
    const unsigned family = a >> 8 & 15, model = (a >> 4 & 15) | (a >> 12 & 0xf0);
    return family == 6 && model == 85;
}

void sonic_cpu_name(char *name, size_t n)
{
    uint32_t words[13] = {0}, a, b, c, d;
    char *brand = (char *)words;
    if (__get_cpuid(0x80000000u, &a, &b, &c, &d) && a >= 0x80000004u)
        for (unsigned i = 0; i < 3; i++)
            __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                        &words[4 * i + 3]);
    brand += strspn(brand, " ");
    size_t length = strlen(brand);
    while (length > 0 && brand[length - 1] == ' ')
        brand[--length] = '\0';
    if (n > 0)
        snprintf(name, n, "%s", length > 0 ? brand : "unknown");
}
#else
static unsigned features(void)
{
    return 0;
}

static bool clock_drops(void)
{
    return false;
}

static bool wide_multiplies_are_slow(void)
{
    return true;
}

void sonic_cpu_name(char *name, size_t n)
{
    if (n > 0)
        snprintf(name, n, "unknown");
}
#endif

void sonic_cpu_features(char *text, size_t n)
{
    const unsigned found = features();
    size_t used = 0;
    if (n == 0)
        return;
    text[0] = '\0';
    for (unsigned f = 0; f < FEATURES; f++) {
        if (!(found & HAS(f)))
            continue;
        const char *space = used > 0 ? " " : "";
        if (strlen(space) + strlen(feature_names[f]) >= n - used)
            return;
        used += (size_t)snprintf(text + used, n - used, "%s%s", space, feature_names[f]);
    }
}

unsigned sonic_cpu_tiers(void)
{
    const unsigned found = features();
    unsigned tiers = 1u << SONIC_TIER_REF;
    (void)found;
#ifdef SONIC_HAVE_AESNI
    tiers |= (unsigned)((found & NEEDS_AESNI) == NEEDS_AESNI) << SONIC_TIER_AESNI;
#endif
#ifdef SONIC_HAVE_AVX2
    tiers |= (unsigned)((found & NEEDS_AVX2) == NEEDS_AVX2) << SONIC_TIER_AVX2;
#endif
#ifdef SONIC_HAVE_VAES256
    tiers |= (unsigned)((found & NEEDS_VAES256) == NEEDS_VAES256) << SONIC_TIER_VAES256;
#endif
#ifdef SONIC_HAVE_AVX512
    tiers |= (unsigned)((found & NEEDS_AVX512) == NEEDS_AVX512) << SONIC_TIER_AVX512;
#endif
#ifdef SONIC_HAVE_AVX512IFMA
    tiers |= (unsigned)((found & NEEDS_AVX512IFMA) == NEEDS_AVX512IFMA) << SONIC_TIER_AVX512IFMA;
#endif
    return tiers;
}

unsigned sonic_cpu_preferred(void)
{
    unsigned tiers = sonic_cpu_tiers();
    if (clock_drops())
        tiers &= ~(1u << SONIC_TIER_AVX512 | 1u << SONIC_TIER_AVX512IFMA);
    if (!wide_multiplies_are_slow())
        tiers &= ~(1u << SONIC_TIER_AVX512IFMA);
    return tiers;
}
