/* VOLE over rings in portable C: AES with four leaves bit-sliced. */
#include "kernels/vole/vole.h"

#include "kernels/aes/aes_slice.h"
#include "kernels/vole/lanes.h"

enum { LEAVES = SONIC_VOLE_LEAVES };

/* One block of U and of V, from a tree's seeds beside each other. */
static void fold_block(uint8_t *u, uint8_t *v, const uint8_t seeds[LEAVES * BLOCK],
                       const planes key[ROUNDS + 1], uint64_t counter, size_t lane)
{
    uint8_t in[LEAVES * BLOCK], r[LEAVES * BLOCK];
    memcpy(in, seeds, sizeof in);
    for (size_t x = 0; x < LEAVES; x++)
        sonic_store64(in, 2 * x, sonic_load64(in, 2 * x) ^ sonic_le64(counter));
    for (size_t x = 0; x < LEAVES; x += BATCH)
        encrypt(r + BLOCK * x, in + BLOCK * x, key);
    for (size_t i = 0; i < sizeof r / 8; i++)
        sonic_store64(r, i, sonic_load64(r, i) ^ sonic_load64(in, i));
    for (size_t i = 0; i < BLOCK / lane; i++) {
        uint64_t sum = 0, weighted = 0;
        for (size_t x = LEAVES - 1; x > 0; x--) {
            sum += lane_get(r + BLOCK * x, i, lane);
            weighted += sum;
        }
        lane_put(u, i, sum + lane_get(r, i, lane), lane);
        lane_put(v, i, weighted, lane);
    }
}

static void fold_lanes(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride, size_t trees,
                       size_t n, const sonic_aes_key *pi, uint64_t counter, size_t lane)
{
    planes key[ROUNDS + 1];
    slice_key(key, pi);
    for (size_t t = 0; t < trees; t++) {
        uint8_t tree[LEAVES * BLOCK];
        for (size_t x = 0; x < LEAVES; x++)
            memcpy(tree + BLOCK * x, seeds + (x * stride + t) * BLOCK, BLOCK);
        for (size_t c = 0; c < n; c++, u += BLOCK, v += BLOCK)
            fold_block(u, v, tree, key, counter + c, lane);
    }
}

static void pack(uint8_t *d, const uint8_t *lanes, size_t n, size_t wire, size_t lane)
{
    pack_each(d, lanes, n, wire, lane);
}

static void unpack(uint8_t *lanes, const uint8_t *d, size_t n, size_t wire, size_t lane)
{
    unpack_each(lanes, d, n, wire, lane);
}

#define BITS 32
#include "kernels/vole/vole_tmpl.h"
#define BITS 64
#include "kernels/vole/vole_tmpl.h"

void sonic_vole_select_ref(sonic_vole_kernels table[2])
{
    fill_32(&table[0]);
    fill_64(&table[1]);
}
