/* U and V over vectors of blocks.  A tier includes its vocabulary (kernels/aes/lanes_<tier>.h),
 * defines ADD8, ADD16 and ADD32 beside its ADD64, and includes this and pack_shuffle.h before
 * vole_tmpl.h.
 *
 * A vector's blocks are those of as many trees, with the same counter; of trees too few for that
 * they are blocks of one tree.  V is a sum of sums: adding up r_15, r_14, ... in that order,
 * r_x is part of x of the first 15 results.  What is beside the rounds goes on during those of
 * another flight, across trees, too: left to the processor, it takes ports from them. */
#include <stdbool.h>

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

/* A vector of U and of V on its way. */
typedef struct sums {
    const VEC *seeds;
    uint8_t *to_u, *to_v;
    size_t apart;    /* bytes from block to block there */
    VEC first, last; /* what its counters make of seeds before the first and in the last round */
    VEC u, v;
} sums;

SONIC_INLINE void sums_begin(sums *s, VEC at, const schedule *key)
{
    s->first = XOR(at, key->round[0]);
    s->last = XOR(at, key->round[ROUNDS]);
    s->u = s->v = SPREAD64(0, 0);
}

/* The last round of leaf x. */
SONIC_INLINE void sums_add(sums *s, VEC r, int x, size_t lane)
{
    s->u = add_lanes(s->u, ENCLAST(r, XOR(s->seeds[x], s->last)), lane);
    if (x > 0)
        s->v = add_lanes(s->v, s->u, lane);
}

/* The rounds of one flight.  Beside them another one ends, which has leaves `ended` and on, and
 * makes room for a new one that starts with leaves `started` and on. */
SONIC_INLINE void fly(VEC r[FLIGHT], VEC other[FLIGHT], sums *end, int ended, const sums *start,
                      int started, const schedule *key, size_t lane)
{
    SONIC_UNROLL
    for (int round = 1; round < ROUNDS; round++) {
        const int i = FLIGHT - round;
        encrypt_round(r, key, round);
        if (i >= 0) {
            sums_add(end, other[i], ended + i, lane);
            other[i] = XOR(start->seeds[started + i], start->first);
        }
    }
}

/* Trees of which each vector has a block, or one alone. */
typedef struct group {
    const uint8_t *seeds;
    size_t stride, next; /* bytes from leaf to leaf and from group to group */
    bool alone;
} group;

SONIC_INLINE void group_load(VEC seeds[LEAVES], const group *g)
{
    for (size_t x = 0; x < LEAVES; x++)
        seeds[x] = g->alone ? SPREAD(g->seeds + x * g->stride) : LOAD(g->seeds + x * g->stride);
}

/* Where vectors go: blocks of one are `apart`, vectors `onward` bytes from each other, and those of
 * a group `next` bytes from the one before. */
typedef struct rows {
    uint8_t *u, *v;
    size_t apart, onward, next;
} rows;

SONIC_INLINE void sums_store(const sums *s)
{
    STORE_APART(s->to_u, s->apart, s->u);
    STORE_APART(s->to_v, s->apart, s->v);
}

/* n > 0 vectors of each of so many groups, more than none. */
SONIC_INLINE void fold_groups(rows to, group from, size_t groups, size_t n, VEC start, VEC step,
                              const schedule *key, size_t lane)
{
    enum { HALF = LEAVES / 2 };
    VEC high[FLIGHT], low[FLIGHT], seeds[2][LEAVES], at = start;
    group_load(seeds[0], &from);
    sums now = {.seeds = seeds[0], .to_u = to.u, .to_v = to.v, .apart = to.apart}, before;
    sums_begin(&now, at, key);
    before = now;
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        low[i] = high[i] = XOR(seeds[0][HALF + i], now.first);
    for (size_t g = 1; g <= groups; g++)
        for (size_t left = n; left > 0; left--) {
            /* Of the very first vector nonsense is stored before the right thing is. */
            fly(high, low, &before, 0, &now, 0, key, lane);
            sums_store(&before);
            before = now;
            at = ADD64(at, step);
            now.to_u += to.onward;
            now.to_v += to.onward;
            if (left == 1) {
                at = start;
                now.to_u = to.u += to.next;
                now.to_v = to.v += to.next;
                if (g < groups) {
                    from.seeds += from.next;
                    now.seeds = seeds[g % 2];
                    group_load(seeds[g % 2], &from);
                }
            }
            sums_begin(&now, at, key);
            fly(low, high, &before, HALF, &now, HALF, key, lane);
        }
    SONIC_UNROLL
    for (int i = FLIGHT - 1; i >= 0; i--)
        sums_add(&before, low[i], i, lane);
    sums_store(&before);
}

SONIC_INLINE void fold_trees(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride,
                             size_t trees, size_t n, const sonic_aes_key *pi, uint64_t counter,
                             size_t lane)
{
    const size_t tree = BLOCK * n, groups = trees / LANES, whole = n / LANES, done = whole * LANES;
    const VEC step = SPREAD64(LANES, 0);
    group from = {seeds, BLOCK * stride, VECTOR, false};
    schedule key;
    if (n == 0)
        return;
    spread_key(&key, pi);
    if (groups > 0)
        fold_groups((rows){u, v, tree, BLOCK, LANES * tree}, from, groups, n, SPREAD64(counter, 0),
                    SPREAD64(1, 0), &key, lane);
    from.alone = true;
    for (size_t t = groups * LANES; t < trees; t++) {
        uint8_t *const to_u = u + t * tree, *const to_v = v + t * tree, last[2][VECTOR];
        from.seeds = seeds + t * BLOCK;
        if (whole > 0)
            fold_groups((rows){to_u, to_v, BLOCK, VECTOR, 0}, from, 1, whole, ramp(counter, 1, 0),
                        step, &key, lane);
        if (n == done)
            continue;
        fold_groups((rows){last[0], last[1], BLOCK, 0, 0}, from, 1, 1, ramp(counter + done, 1, 0),
                    step, &key, lane);
        copy(to_u + BLOCK * done, last[0], BLOCK * (n - done));
        copy(to_v + BLOCK * done, last[1], BLOCK * (n - done));
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
