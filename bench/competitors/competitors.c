/* The table of competitors: what configure found compilers and libraries for. */
#include "config.h"

#include "bench/competitors/competitors.h"

#define DECLARE(what, build) \
    extern bench_competitor_product what##_##build##_32, what##_##build##_64;
#define LOOPS(build, native, text)                                   \
    {"ikj-" text, native, {plain_##build##_32, plain_##build##_64}}, \
        {"ikj-blocked-" text, native, {blocked_##build##_32, blocked_##build##_64}},
#define EIGEN(build, native, text) \
    {"eigen-" text, native, {eigen_##build##_32, eigen_##build##_64}},

#ifdef HAVE_COMPETITOR_GCC
DECLARE(plain, gcc_v3)
DECLARE(plain, gcc_native)
DECLARE(plain, gcc_native512)
DECLARE(blocked, gcc_v3)
DECLARE(blocked, gcc_native)
DECLARE(blocked, gcc_native512)
#endif
#ifdef HAVE_COMPETITOR_CLANG
DECLARE(plain, clang_v3)
DECLARE(plain, clang_native)
DECLARE(plain, clang_native512)
DECLARE(blocked, clang_v3)
DECLARE(blocked, clang_native)
DECLARE(blocked, clang_native512)
#endif
#ifdef HAVE_EIGEN_GCC
DECLARE(eigen, gcc_v3)
DECLARE(eigen, gcc_native)
#endif
#ifdef HAVE_EIGEN_CLANG
DECLARE(eigen, clang_v3)
DECLARE(eigen, clang_native)
#endif

const bench_competitor bench_competitors[] = {
#ifdef HAVE_COMPETITOR_GCC
    LOOPS(gcc_v3, false, "gcc-v3") LOOPS(gcc_native, true, "gcc-native")
        LOOPS(gcc_native512, true, "gcc-native512")
#endif
#ifdef HAVE_COMPETITOR_CLANG
            LOOPS(clang_v3, false, "clang-v3") LOOPS(clang_native, true, "clang-native")
                LOOPS(clang_native512, true, "clang-native512")
#endif
#ifdef HAVE_EIGEN_GCC
                    EIGEN(gcc_v3, false, "gcc-v3") EIGEN(gcc_native, true, "gcc-native")
#endif
#ifdef HAVE_EIGEN_CLANG
                        EIGEN(clang_v3, false, "clang-v3") EIGEN(clang_native, true, "clang-native")
#endif
                            {NULL, false, {NULL, NULL}},
};

const size_t bench_competitors_count = sizeof bench_competitors / sizeof *bench_competitors - 1;
