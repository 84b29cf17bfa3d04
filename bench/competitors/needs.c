/* What a file was compiled for against what the processor at hand has. */
#include "bench/competitors/needs.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

static uint32_t read_word(uint32_t leaf, uint32_t subleaf, unsigned word)
{
    uint32_t r[4] = {0};
    if (leaf != BENCH_XCR0) {
        (void)__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3]);
        return r[word];
    }
    if (!__get_cpuid(1, &r[0], &r[1], &r[2], &r[3]) || !(r[2] >> 27 & 1)) /* OSXSAVE */
        return 0;
    __asm__ volatile("xgetbv" : "=a"(r[0]), "=d"(r[3]) : "c"(0));
    return r[0];
}
#else
static uint32_t read_word(uint32_t leaf, uint32_t subleaf, unsigned word)
{
    (void)leaf;
    (void)subleaf;
    (void)word;
    return 0;
}
#endif

const char *bench_needs_missing(const bench_needs *needs)
{
#define ROW(macro, leaf, subleaf, word, bits) {#macro, leaf, subleaf, bits, word},
    static const struct {
        const char *macro;
        uint32_t leaf, subleaf, bits;
        unsigned word;
    } rows[BENCH_NEED_COUNT] = {BENCH_NEEDS(ROW)};
#undef ROW
    for (size_t i = 0; i < BENCH_NEED_COUNT; i++)
        if (needs->has[i] &&
            (read_word(rows[i].leaf, rows[i].subleaf, rows[i].word) & rows[i].bits) != rows[i].bits)
            return rows[i].macro;
    return NULL;
}
