/* The table of competitors: what configure found compilers and libraries for. */
#include "config.h"

#include "bench/competitors/competitors.h"

#define NEEDS(file, build) extern const bench_needs file##_##build##_needs;
#define DECLARE(what, build)                                                                       \
    extern bench_competitor_product what##_##build##_32, what##_##build##_64;
#define DECLARE_LOOPS(build) NEEDS(loops, build) DECLARE(plain, build) DECLARE(blocked, build)
#define DECLARE_EIGEN(build) NEEDS(eigen, build) DECLARE(eigen, build)
#define COMPETITOR(name, native, file, what, build)                                                \
    {name, native, &file##_##build##_needs, {what##_##build##_32, what##_##build##_64}},
#define LOOPS(build, native, text)                                                                 \
    COMPETITOR("ikj-" text, native, loops, plain, build)                                           \
    COMPETITOR("ikj-blocked-" text, native, loops, blocked, build)
#define EIGEN(build, native, text) COMPETITOR("eigen-" text, native, eigen, eigen, build)

#ifdef HAVE_COMPETITOR_GCC
DECLARE_LOOPS(gcc_v3)
DECLARE_LOOPS(gcc_native)
DECLARE_LOOPS(gcc_native512)
#endif
#ifdef HAVE_COMPETITOR_CLANG
DECLARE_LOOPS(clang_v3)
DECLARE_LOOPS(clang_native)
DECLARE_LOOPS(clang_native512)
#endif
#ifdef HAVE_EIGEN_GCC
DECLARE_EIGEN(gcc_v3)
DECLARE_EIGEN(gcc_native)
#endif
#ifdef HAVE_EIGEN_CLANG
DECLARE_EIGEN(clang_v3)
DECLARE_EIGEN(clang_native)
#endif

/* clang-format off */
const bench_competitor bench_competitors[] = {
#ifdef HAVE_COMPETITOR_GCC
    LOOPS(gcc_v3, false, "gcc-v3")
    LOOPS(gcc_native, true, "gcc-native")
    LOOPS(gcc_native512, true, "gcc-native512")
#endif
#ifdef HAVE_COMPETITOR_CLANG
    LOOPS(clang_v3, false, "clang-v3")
    LOOPS(clang_native, true, "clang-native")
    LOOPS(clang_native512, true, "clang-native512")
#endif
#ifdef HAVE_EIGEN_GCC
    EIGEN(gcc_v3, false, "gcc-v3")
    EIGEN(gcc_native, true, "gcc-native")
#endif
#ifdef HAVE_EIGEN_CLANG
    EIGEN(clang_v3, false, "clang-v3")
    EIGEN(clang_native, true, "clang-native")
#endif
    {NULL, false, NULL, {NULL, NULL}},
};
/* clang-format on */

const size_t bench_competitors_count = sizeof bench_competitors / sizeof *bench_competitors - 1;
