/* AES-128 over vectors of blocks, for the templates of kernels/aes, kernels/garble, kernels/ot,
 * kernels/vole and kernels/ceiling, over a tier's vocabulary (lanes_<tier>.h):
 *
 *   VEC                        a vector of LANES blocks of 16 bytes
 *   REGISTER                   where it is, as a constraint of an asm statement
 *   LOAD(p), STORE(p, v)       at any alignment
 *   STORE_APART(p, stride, v)  block i to p + i stride
 *   SPREAD(p)                  the block at p in every block
 *   SPREAD64(x, y)             64-bit halves x and y in every block
 *   SPREAD32(x)                a 32-bit word everywhere
 *   FIRST_TWICE(p)             blocks at p, the first half of each in both of its halves
 *   SECOND(p)                  blocks at p, the second half of each for the first, and zeros
 *   XOR, XOR3, AND             of two or three, bit by bit
 *   ADD64                      on 64-bit halves
 *   BYTES(v, order)            pshufb in every block
 *   UP(v, n)                   n bytes towards the end in every block
 *   DEAL(p, x, y)              to p, block by block: the first of x, of y, the second of x, ...
 *   MASK, ODD(v, ones)         of a vector's 64-bit halves, those that are odd; `ones` are 1 each
 *   ADD_WHERE(x, mask, y)      x, XOR y in the halves of the mask
 *   ENC(v, k), ENCLAST(v, k)   a round
 *
 * FLIGHT vectors are in flight at once: an AES round takes 3 to 8 cycles and one or two start every
 * cycle, so that 8 keep every processor that has the instruction busy.  What else a block needs
 * counts: where two of three vector ports do AES, beside ten rounds there is room for five more. */
#include <string.h>

#include "kernels/common/load.h"
#include "kernels/common/loop.h"

enum { BLOCK = 16, ROUNDS = 10, FLIGHT = 8, VECTOR = LANES * BLOCK };

typedef struct schedule {
    VEC round[ROUNDS + 1];
} schedule;

SONIC_INLINE void spread_key(schedule *s, const sonic_aes_key *key)
{
    SONIC_UNROLL
    for (int r = 0; r <= ROUNDS; r++)
        s->round[r] = SPREAD(key->round[r]);
}

/* All blocks stay in registers and nothing else moves past: left alone, compilers keep round keys
 * there instead, and gather at the end what is meant to go on beside the rounds. */
SONIC_INLINE void hold(VEC v[FLIGHT])
{
    __asm__ volatile(""
                     : "+" REGISTER(v[0]), "+" REGISTER(v[1]), "+" REGISTER(v[2]),
                       "+" REGISTER(v[3]), "+" REGISTER(v[4]), "+" REGISTER(v[5]),
                       "+" REGISTER(v[6]), "+" REGISTER(v[7])
                     :
                     : "memory");
}

SONIC_INLINE void encrypt_round(VEC v[FLIGHT], const schedule *key, int r)
{
    VEC k = key->round[r];
    __asm__("" : "+" REGISTER(k));
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        v[i] = ENC(v[i], k);
    hold(v);
}

/* All rounds but the last, on blocks that have the first round key already. */
SONIC_INLINE void encrypt_middle(VEC v[FLIGHT], const schedule *key)
{
    SONIC_UNROLL
    for (int r = 1; r < ROUNDS; r++)
        encrypt_round(v, key, r);
}

/* h = pi(sigma) ^ sigma of the blocks at `in`, where XOR of `start` makes of their halves swapped
 * and added what the first round starts from, and XOR of `between` of that what the last one adds.
 */
SONIC_INLINE void hash_blocks(VEC h[FLIGHT], const uint8_t *in, VEC start, VEC between,
                              const schedule *key)
{
    VEC first[FLIGHT];
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        first[i] = h[i] = XOR3(FIRST_TWICE(in + i * VECTOR), SECOND(in + i * VECTOR), start);
    encrypt_middle(h, key);
    SONIC_UNROLL
    for (int i = 0; i < FLIGHT; i++)
        h[i] = ENCLAST(h[i], XOR(first[i], between));
}

/* Block `lane` holds first + step lane, the step 1 or 2, and `second`. */
SONIC_INLINE VEC ramp(uint64_t first, unsigned step, uint64_t second)
{
    static const uint64_t lanes[2][8] = {{0, 0, 1, 0, 2, 0, 3, 0}, {0, 0, 2, 0, 4, 0, 6, 0}};
    return ADD64(SPREAD64(first, second), LOAD(lanes[step - 1]));
}

/* memcpy of a size whose bounds are hidden: gcc would start a microcoded loop. */
SONIC_INLINE void copy(void *to, const void *from, size_t bytes)
{
    __asm__("" : "+r"(bytes));
    memcpy(to, from, bytes);
}

/* n blocks, and zeros behind them to fill so many vectors. */
SONIC_INLINE void copy_padded(uint8_t *to, const uint8_t *from, size_t n, int vectors)
{
    SONIC_UNROLL
    for (int i = 0; i < vectors; i++)
        STORE(to + i * VECTOR, SPREAD64(0, 0));
    copy(to, from, n * BLOCK);
}
