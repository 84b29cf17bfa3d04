/** @file
 * What of a processor a file was compiled for: as data, which every processor can read.
 *
 * For C and C++ compiled with -march: nothing here is code.
 */
#ifndef SONIC_BENCH_NEEDS_H
#define SONIC_BENCH_NEEDS_H

#ifdef __cplusplus
extern "C" {
#endif

/** No leaf of CPUID: the registers that the system saves, XCR0. */
#define BENCH_XCR0 0xffffffffu

/** X(macro that -march defines, leaf and subleaf of CPUID, register a ... d as 0 ... 3, bits that
 * are set in it): all that compilers and Eigen make use of unasked.  AVX10.2 is its leaf's version
 * 2. */
#define BENCH_NEEDS(X)                                                                             \
    X(__SSE3__, 1, 0, 2, 1u << 0)                                                                  \
    X(__SSSE3__, 1, 0, 2, 1u << 9)                                                                 \
    X(__FMA__, 1, 0, 2, 1u << 12)                                                                  \
    X(__SSE4_1__, 1, 0, 2, 1u << 19)                                                               \
    X(__SSE4_2__, 1, 0, 2, 1u << 20)                                                               \
    X(__MOVBE__, 1, 0, 2, 1u << 22)                                                                \
    X(__POPCNT__, 1, 0, 2, 1u << 23)                                                               \
    X(__AVX__, 1, 0, 2, 1u << 28)                                                                  \
    X(__AVX__, BENCH_XCR0, 0, 0, 0x6)                                                              \
    X(__F16C__, 1, 0, 2, 1u << 29)                                                                 \
    X(__BMI__, 7, 0, 1, 1u << 3)                                                                   \
    X(__AVX2__, 7, 0, 1, 1u << 5)                                                                  \
    X(__BMI2__, 7, 0, 1, 1u << 8)                                                                  \
    X(__AVX512F__, 7, 0, 1, 1u << 16)                                                              \
    X(__AVX512F__, BENCH_XCR0, 0, 0, 0xe6)                                                         \
    X(__AVX512DQ__, 7, 0, 1, 1u << 17)                                                             \
    X(__AVX512IFMA__, 7, 0, 1, 1u << 21)                                                           \
    X(__AVX512ER__, 7, 0, 1, 1u << 27)                                                             \
    X(__AVX512CD__, 7, 0, 1, 1u << 28)                                                             \
    X(__AVX512BW__, 7, 0, 1, 1u << 30)                                                             \
    X(__AVX512VL__, 7, 0, 1, 1u << 31)                                                             \
    X(__AVX512VBMI__, 7, 0, 2, 1u << 1)                                                            \
    X(__AVX512VBMI2__, 7, 0, 2, 1u << 6)                                                           \
    X(__GFNI__, 7, 0, 2, 1u << 8)                                                                  \
    X(__AVX512VNNI__, 7, 0, 2, 1u << 11)                                                           \
    X(__AVX512BITALG__, 7, 0, 2, 1u << 12)                                                         \
    X(__AVX512VPOPCNTDQ__, 7, 0, 2, 1u << 14)                                                      \
    X(__AVX512FP16__, 7, 0, 3, 1u << 23)                                                           \
    X(__AVXVNNI__, 7, 1, 0, 1u << 4)                                                               \
    X(__AVX512BF16__, 7, 1, 0, 1u << 5)                                                            \
    X(__AVXIFMA__, 7, 1, 0, 1u << 23)                                                              \
    X(__AVXVNNIINT8__, 7, 1, 3, 1u << 4)                                                           \
    X(__AVXVNNIINT16__, 7, 1, 3, 1u << 10)                                                         \
    X(__AVX10_1__, 7, 1, 3, 1u << 19)                                                              \
    X(__AVX10_2__, 0x24, 0, 1, 1u << 1)                                                            \
    X(__APX_F__, 7, 1, 3, 1u << 21)                                                                \
    X(__APX_F__, BENCH_XCR0, 0, 0, 1u << 19)                                                       \
    X(__LZCNT__, 0x80000001u, 0, 2, 1u << 5)                                                       \
    X(__XOP__, 0x80000001u, 0, 2, 1u << 11)                                                        \
    X(__FMA4__, 0x80000001u, 0, 2, 1u << 16)                                                       \
    X(__TBM__, 0x80000001u, 0, 2, 1u << 21)

#define BENCH_COUNT_NEED(macro, leaf, subleaf, word, bits) +1
enum { BENCH_NEED_COUNT = 0 BENCH_NEEDS(BENCH_COUNT_NEED) };

/** Which of them a file needs, in their order: 0 or 1. */
typedef struct bench_needs {
    unsigned char has[BENCH_NEED_COUNT];
} bench_needs;

/** The initialiser of what this file needs: a macro that is defined is not its name. */
#define BENCH_TEXT(macro) #macro
#define BENCH_NEED(macro, leaf, subleaf, word, bits) sizeof BENCH_TEXT(macro) != sizeof #macro,
#define BENCH_NEEDS_HERE {{BENCH_NEEDS(BENCH_NEED)}}

/** The macro of something that is needed and that this processor or system does not have; NULL if
 * it has all. */
const char *bench_needs_missing(const bench_needs *needs);

#ifdef __cplusplus
}
#endif
#endif
