/* U and V over vectors of blocks.  A tier includes its vocabulary (kernels/aes/lanes_<tier>.h),
 * defines ADD8, ADD16 and ADD32 beside its ADD64, and includes this and pack_shuffle.h before
 * vole_tmpl.h.
 *
 * A vector's blocks are those of as many trees, with the same counter; of trees too few for that
 * they are blocks of one tree.  V is a sum of sums: adding up r_15, r_14, ... in that order,
 * r_x is part of x of the first 15 results. */
#include "kernels/aes/rounds_tmpl.h"

enum { LEAVES = SONIC_VOLE_LEAVES };

/* Lanes of `lane` bytes, a constant once this is inlined. */
SONIC_INLINE VEC add_lanes(VEC x, VEC y, size_t lane)
{
    switch (lane) {
    case 1: return ADD8(x, y);
    case 2: return ADD16(x, y);
    case 4: return ADD32(x, y);
    default: return ADD64(x, y);
    }
}

/* Where vectors go: blocks of one are `apart`, vectors `onward` bytes from each other. */
typedef struct rows {
    uint8_t *u, *v;
    size_t apart, onward;
} rows;

SONIC_INLINE void fold_vectors(rows to, const VEC seeds[LEAVES], VEC at, VEC step, size_t n,
                               const schedule *key, size_t lane)
{
    for (; n > 0; n--, to.u += to.onward, to.v += to.onward, at = ADD64(at, step)) {
        const VEC first = XOR(at, key->round[0]), last = XOR(at, key->round[ROUNDS]);
        VEC u = SPREAD64(0, 0), v = u;
        SONIC_UNROLL
        for (int from = LEAVES - FLIGHT; from >= 0; from -= FLIGHT) {
            VEC r[FLIGHT];
            SONIC_UNROLL
            for (int i = 0; i < FLIGHT; i++)
                r[i] = XOR(seeds[from + i], first);
            encrypt_middle(r, key);
            SONIC_UNROLL
            for (int i = FLIGHT - 1; i >= 0; i--) {
                u = add_lanes(u, ENCLAST(r[i], XOR(seeds[from + i], last)), lane);
                if (from + i > 0)
                    v = add_lanes(v, u, lane);
            }
        }
        STORE_APART(to.u, to.apart, u);
        STORE_APART(to.v, to.apart, v);
    }
}

/* One tree, and blocks of the last vector on the stack if they do not fill it. */
SONIC_INLINE void fold_tree(uint8_t *u, uint8_t *v, const VEC seeds[LEAVES], size_t n,
                            const schedule *key, uint64_t counter, size_t lane)
{
    const VEC step = SPREAD64(LANES, 0);
    const size_t whole = n / LANES, done = whole * LANES;
    uint8_t last[2][VECTOR];
    fold_vectors((rows){u, v, BLOCK, VECTOR}, seeds, ramp(counter, 1, 0), step, whole, key, lane);
    if (n == done)
        return;
    fold_vectors((rows){last[0], last[1], BLOCK, 0}, seeds, ramp(counter + done, 1, 0), step, 1,
                 key, lane);
    copy(u + BLOCK * done, last[0], BLOCK * (n - done));
    copy(v + BLOCK * done, last[1], BLOCK * (n - done));
}

SONIC_INLINE void fold_trees(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride,
                             size_t trees, size_t n, const sonic_aes_key *pi, uint64_t counter,
                             size_t lane)
{
    const size_t tree = BLOCK * n;
    VEC of[LEAVES];
    schedule key;
    spread_key(&key, pi);
    for (; trees >= LANES; trees -= LANES, seeds += VECTOR, u += LANES * tree, v += LANES * tree) {
        for (size_t x = 0; x < LEAVES; x++)
            of[x] = LOAD(seeds + BLOCK * stride * x);
        fold_vectors((rows){u, v, tree, BLOCK}, of, SPREAD64(counter, 0), SPREAD64(1, 0), n, &key,
                     lane);
    }
    for (; trees > 0; trees--, seeds += BLOCK, u += tree, v += tree) {
        for (size_t x = 0; x < LEAVES; x++)
            of[x] = SPREAD(seeds + BLOCK * stride * x);
        fold_tree(u, v, of, n, &key, counter, lane);
    }
}

static void fold_lanes(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride, size_t trees,
                       size_t n, const sonic_aes_key *pi, uint64_t counter, size_t lane)
{
    if (lane == 1)
        fold_trees(u, v, seeds, stride, trees, n, pi, counter, 1);
    else if (lane == 2)
        fold_trees(u, v, seeds, stride, trees, n, pi, counter, 2);
    else if (lane == 4)
        fold_trees(u, v, seeds, stride, trees, n, pi, counter, 4);
    else
        fold_trees(u, v, seeds, stride, trees, n, pi, counter, 8);
}
