/* The kernels of one ring.  A tier defines fold_lanes(), pack() and unpack(), includes this once
 * with BITS 32 and once with BITS 64, and hands fill_<BITS>() its table's entry.  BITS is undefined
 * at the end. */
#include "kernels/vole/lanes.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(x) JOIN(x, BITS)
#if BITS == 32
#define WORD uint32_t
#define ANY sonic_any32
#elif BITS == 64
#define WORD uint64_t
#define ANY sonic_any64
#else
#error "BITS must be 32 or 64"
#endif

/* Elements that are not sent as lanes are so many at once on the stack. */
enum { NAME(PIECE) = 256 };

/* One loop for each width of lanes, which is a constant in it. */
#define BY_LANE(lane, loop, ...)                                                                   \
    do {                                                                                           \
        if ((lane) == 1)                                                                           \
            NAME(loop)(__VA_ARGS__, 1);                                                            \
        else if ((lane) == 2)                                                                      \
            NAME(loop)(__VA_ARGS__, 2);                                                            \
        else if (BITS == 32 || (lane) == 4)                                                        \
            NAME(loop)(__VA_ARGS__, 4);                                                            \
        else                                                                                       \
            NAME(loop)(__VA_ARGS__, BITS / 8);                                                     \
    } while (0)

SONIC_INLINE size_t NAME(least)(size_t n)
{
    return n < (size_t)NAME(PIECE) ? n : (size_t)NAME(PIECE);
}

static void NAME(fold)(uint8_t *u, uint8_t *v, const uint8_t *seeds, size_t stride, size_t trees,
                       size_t n, const sonic_aes_key *pi, uint64_t counter, unsigned digit)
{
    fold_lanes(u, v, seeds, stride, trees, n, pi, counter, sonic_vole_lane(BITS, digit));
}

SONIC_INLINE void NAME(mask_lanes)(uint8_t *d, const ANY *x, const uint8_t *u, size_t n,
                                   size_t lane)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        lane_put(d, i, x[i] - lane_get(u, i, lane), lane);
}

static void NAME(mask)(uint8_t *d, const void *x, const uint8_t *u, size_t n, unsigned digit)
{
    const size_t wire = sonic_vole_wire(BITS, digit), lane = sonic_vole_lane(BITS, digit);
    const ANY *from = x;
    if (wire == lane) {
        BY_LANE(lane, mask_lanes, d, from, u, n);
        return;
    }
    for (size_t take; n > 0; n -= take, d += take * wire, from += take, u += take * lane) {
        uint8_t piece[NAME(PIECE) * sizeof(WORD)];
        take = NAME(least)(n);
        BY_LANE(lane, mask_lanes, piece, from, u, take);
        pack(d, piece, take, wire, lane);
    }
}

SONIC_INLINE void NAME(sent_lanes)(ANY *acc, const uint8_t *v, size_t n, unsigned shift,
                                   size_t lane)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        acc[i] += (WORD)lane_get(v, i, lane) << shift;
}

static void NAME(add_sent)(void *acc, const uint8_t *v, size_t n, unsigned digit)
{
    BY_LANE(sonic_vole_lane(BITS, digit), sent_lanes, acc, v, n, SONIC_VOLE_DIGIT_BITS * digit);
}

/* What a lane lacks at the top is shifted out. */
SONIC_INLINE void NAME(received_lanes)(ANY *acc, const uint8_t *d, const uint8_t *u,
                                       const uint8_t *v, size_t n, unsigned shift,
                                       unsigned multiplier, size_t lane)
{
    SONIC_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const uint64_t sum = lane_get(d, i, lane) + lane_get(u, i, lane);
        acc[i] += (WORD)lane_cut(multiplier * sum - lane_get(v, i, lane), lane) << shift;
    }
}

static void NAME(add_received)(void *acc, const uint8_t *d, const uint8_t *u, const uint8_t *v,
                               size_t n, unsigned digit, unsigned multiplier)
{
    const size_t wire = sonic_vole_wire(BITS, digit), lane = sonic_vole_lane(BITS, digit);
    const unsigned shift = SONIC_VOLE_DIGIT_BITS * digit;
    ANY *to = acc;
    if (wire == lane) {
        BY_LANE(lane, received_lanes, to, d, u, v, n, shift, multiplier);
        return;
    }
    for (size_t take; n > 0; n -= take, d += take * wire, to += take) {
        uint8_t piece[NAME(PIECE) * sizeof(WORD)];
        take = NAME(least)(n);
        unpack(piece, d, take, wire, lane);
        BY_LANE(lane, received_lanes, to, piece, u, v, take, shift, multiplier);
        u += take * lane;
        v += take * lane;
    }
}

static void NAME(fill)(sonic_vole_kernels *entry)
{
    entry->fold = NAME(fold);
    entry->mask = NAME(mask);
    entry->add_sent = NAME(add_sent);
    entry->add_received = NAME(add_received);
}

#undef JOIN_
#undef JOIN
#undef NAME
#undef WORD
#undef ANY
#undef BY_LANE
#undef BITS
