// Eigen's products of integers.  Signed ones, because Eigen has vector instructions for those only;
// -fwrapv makes them wrap.  Compiled once a compiler and processor, BUILD being the name of that.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include <cstddef>
#include <cstdint>

#include "bench/competitors/needs.h"

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define NAME(what, ring) PASTE(what, BUILD, ring)

extern "C" {
extern const bench_needs PASTE(eigen, BUILD, needs);
const bench_needs PASTE(eigen, BUILD, needs) = BENCH_NEEDS_HERE;
}

namespace
{
template <typename T>
void product(size_t m, size_t n, size_t k, void *c, const void *a, const void *b)
{
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto rows = static_cast<Eigen::Index>(m), columns = static_cast<Eigen::Index>(n),
               depth = static_cast<Eigen::Index>(k);
    Eigen::Map<Matrix>(static_cast<T *>(c), rows, columns).noalias() =
        Eigen::Map<const Matrix>(static_cast<const T *>(a), rows, depth) *
        Eigen::Map<const Matrix>(static_cast<const T *>(b), depth, columns);
}
} // namespace

extern "C" void NAME(eigen, 32)(size_t m, size_t n, size_t k, void *c, const void *a,
                                const void *b)
{
    product<int32_t>(m, n, k, c, a, b);
}

extern "C" void NAME(eigen, 64)(size_t m, size_t n, size_t k, void *c, const void *a,
                                const void *b)
{
    product<int64_t>(m, n, k, c, a, b);
}
