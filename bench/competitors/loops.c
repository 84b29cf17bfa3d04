/* The plain loop, and the same over blocks that stay in the caches.  Compiled once a compiler and
 * processor, BUILD being the name of that. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bench/competitors/needs.h"

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define NAME(what, ring) PASTE(what, BUILD, ring)

extern const bench_needs PASTE(loops, BUILD, needs);
const bench_needs PASTE(loops, BUILD, needs) = BENCH_NEEDS_HERE;

/* A block of B: half of a second-level cache of 256 KiB or more in the larger ring. */
enum { DEPTH = 64, WIDTH = 256 };

#define LOOPS(type, ring)                                                                          \
    static void NAME(add, ring)(size_t m, size_t n, size_t k, size_t ldc, size_t lda, size_t ldb,  \
                                type *restrict c, const type *restrict a, const type *restrict b)  \
    {                                                                                              \
        for (size_t i = 0; i < m; i++)                                                             \
            for (size_t p = 0; p < k; p++)                                                         \
                for (size_t j = 0; j < n; j++)                                                     \
                    c[i * ldc + j] += a[i * lda + p] * b[p * ldb + j];                             \
    }                                                                                              \
    void NAME(plain, ring)(size_t m, size_t n, size_t k, void *c, const void *a, const void *b);   \
    void NAME(plain, ring)(size_t m, size_t n, size_t k, void *c, const void *a, const void *b)    \
    {                                                                                              \
        memset(c, 0, m *n * sizeof(type));                                                         \
        NAME(add, ring)(m, n, k, n, k, n, c, a, b);                                                \
    }                                                                                              \
    void NAME(blocked, ring)(size_t m, size_t n, size_t k, void *c, const void *a, const void *b); \
    void NAME(blocked, ring)(size_t m, size_t n, size_t k, void *c, const void *a, const void *b)  \
    {                                                                                              \
        memset(c, 0, m *n * sizeof(type));                                                         \
        for (size_t j = 0; j < n; j += WIDTH)                                                      \
            for (size_t p = 0; p < k; p += DEPTH)                                                  \
                NAME(add, ring)                                                                    \
        (m, n - j < WIDTH ? n - j : WIDTH, k - p < DEPTH ? k - p : DEPTH, n, k, n, (type *)c + j,  \
         (const type *)a + p, (const type *)b + p * n + j);                                        \
    }

LOOPS(uint32_t, 32)
LOOPS(uint64_t, 64)
