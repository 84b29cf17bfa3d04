/* AES-128 over vectors of blocks, for the templates of kernels/aes and kernels/garble, over a
 * tier's vocabulary (lanes_<tier>.h):
 *
 *   VEC                    a vector of LANES blocks of 16 bytes
 *   LOAD(p), STORE(p, v)   at any alignment
 *   SPREAD(p)              one block, read at p, in every lane
 *   ZERO()                 all bits 0
 *   XOR, AND, ADD64, SUB64 bit by bit; on 64-bit halves
 *   SWAP(v)                the two 64-bit halves of each block exchanged
 *   LOW_TWICE(v)           the first half of each block in both
 *   ENC(v, k), ENCLAST(v, k)
 *
 * FLIGHT vectors are in flight at once: an AES round takes 3 to 8 cycles and one or two start every
 * cycle, so that 8 keep every processor that has the instruction busy. */
#include <string.h>

#include "kernels/common/load.h"
#include "kernels/common/loop.h"

enum { BLOCK = 16, ROUNDS = 10, FLIGHT = 8 };

typedef struct schedule {
    VEC round[ROUNDS + 1];
} schedule;

SONIC_INLINE void spread_key(schedule *s, const sonic_aes_key *key)
{
    SONIC_UNROLL
    for (int r = 0; r <= ROUNDS; r++)
        s->round[r] = SPREAD(key->round[r]);
}

/* All rounds but the last on blocks that have the first round key already. */
SONIC_INLINE void encrypt_middle(VEC v[FLIGHT], const schedule *key)
{
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++) {
        SONIC_UNROLL
        for (int i = 0; i < FLIGHT; i++)
            v[i] = ENC(v[i], key->round[r]);
    }
}

/* sigma(L || R) = (L ^ R) || L, `left` all ones in the first halves. */
SONIC_INLINE VEC sigma(VEC v, VEC left)
{
    return XOR(SWAP(v), AND(v, left));
}

/* Block `lane` holds first + step lane and `high`. */
SONIC_INLINE VEC ramp(uint64_t first, uint64_t step, uint64_t high)
{
    uint64_t halves[2 * LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
        halves[2 * lane] = first + step * lane;
        halves[2 * lane + 1] = high;
    }
    return LOAD(halves);
}

/* `low` and zeros in every block. */
SONIC_INLINE VEC spread_low(uint64_t low)
{
    const uint64_t halves[2] = {low, 0};
    return SPREAD(halves);
}
